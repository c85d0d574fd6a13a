"""Checks of numpy's arrays and of the tensors of `attend.autograd`: numbers, shapes and classes."""

import math

import numpy as np

from attend.checks import numbers

__all__ = [
    "array",
    "arrays_to_join",
    "axis_order",
    "broadcasting",
    "class_labels",
    "condition",
    "convolution",
    "enough_vectors",
    "equally_many",
    "factors",
    "first_gradient",
    "float_array",
    "has_shape",
    "image",
    "is_node",
    "neighbours",
    "new_shape",
    "not_empty",
    "parameters",
    "pictures",
    "pooling",
    "same_shape",
    "tensor",
    "unchanged",
    "vectors",
]


def is_node(x) -> bool:
    """Whether x is part of a graph: asked by what it has, not by its class, so that a chapter's
    own, edited copy of Tensor mixes with the package's."""
    return hasattr(x, "parents") and hasattr(x, "backward")


def tensor(name: str, value):
    """`value`, which must be a Tensor."""
    if not is_node(value):
        raise TypeError(f"{name} must be a Tensor, got {type(value).__name__}")
    return value


def float_array(name: str, value) -> np.ndarray:
    """`value` as an array of floats, not copied when it is one. Other real numbers become
    float64."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value
    if is_node(value) or (isinstance(value, list | tuple) and any(map(is_node, value))):
        raise TypeError(
            f"{name} must be numbers, got a Tensor: use it as it is, or stack(...) several"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be a full array of numbers, got rows of different lengths"
        ) from None
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__
        raise TypeError(f"{name} must be real numbers, got {kind} of dtype {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


# ------------------------------------------------------------------------------------------ shapes


def has_shape(name: str, value, *expected) -> None:
    """The shape of `value` must be the expected one: a number stands for itself, a letter for any
    number from 1 on, "..." in front for any axes."""
    shape, sizes = value.data.shape if is_node(value) else np.shape(value), expected
    end = shape
    if sizes[:1] == ("...",):
        sizes = sizes[1:]
        end = shape[max(0, len(shape) - len(sizes)) :]
    fits = end == sizes or (
        len(end) == len(sizes)
        and all(
            n >= 1 if isinstance(size, str) else n == size
            for n, size in zip(end, sizes, strict=True)
        )
    )
    if not fits:
        letters = ", ".join(size for size in sizes if isinstance(size, str))
        rule = f" with {letters} at least 1" if letters else ""
        axes = ", ".join(map(str, expected))
        raise ValueError(f"{name} must have shape [{axes}]{rule}, got {list(shape)}")


def array(name: str, value, *expected) -> np.ndarray:
    """`value` as an array of the expected shape."""
    value = np.asarray(value)
    has_shape(name, value, *expected)
    return value


def broadcasting(operation: str, left: tuple, right: tuple) -> None:
    """Two shapes must broadcast."""
    if left != right:
        try:
            np.broadcast_shapes(left, right)
        except ValueError:
            raise ValueError(
                f"shapes must broadcast in {operation} (from the right, sizes equal or 1), got "
                f"{list(left)} and {list(right)}"
            ) from None


def factors(left: tuple, right: tuple) -> None:
    """The shapes of two arrays that @ can multiply."""
    if not left or not right:
        raise ValueError(
            f"both sides of @ must have at least one axis (else use *), got {list(left)} and "
            f"{list(right)}"
        )
    if left[-1] != right[-2:][0]:
        raise ValueError(
            "the last axis of the left side of @ must equal the last but one of the right, got "
            f"{list(left)} and {list(right)}"
        )
    broadcasting("the batch axes of @", left[:-2], right[:-2])


def same_shape(**two) -> None:
    """The two must have the same shape."""
    (name, value), (other_name, other) = two.items()
    if value.shape != other.shape:
        raise ValueError(
            f"{name} and {other_name} must have the same shape, got {list(value.shape)} and "
            f"{list(other.shape)}"
        )


def not_empty(name: str, x) -> None:
    """There must be at least one number."""
    if x.data.size == 0:
        raise ValueError(f"{name} must have at least one number, got shape {list(x.shape)}")


def equally_many(inputs, labels) -> tuple[np.ndarray, np.ndarray]:
    """Examples and their labels as arrays, which must be equally many, at least one."""
    inputs, labels = np.asarray(inputs), np.asarray(labels)
    if not inputs.ndim or not labels.ndim or len(inputs) != len(labels) or not len(inputs):
        raise ValueError(
            "inputs and labels must be equally many, at least one, got shapes "
            f"{list(inputs.shape)} and {list(labels.shape)}"
        )
    return inputs, labels


def new_shape(shape: tuple, old: tuple) -> tuple:
    """The shape that `reshape` is asked for, as a tuple: it must have room for every number."""
    shape, size = unpacked(shape), math.prod(old)
    known = math.prod(n for n in shape if n != -1)
    free = sum(n == -1 for n in shape)
    fits = size == known if not free else free == 1 and known and size % known == 0
    if not fits or any(n < -1 for n in shape):
        raise ValueError(
            f"shape must fit the {size} numbers of shape {list(old)}, got {list(shape)}"
        )
    return shape


def axis_order(axes: tuple, ndim: int) -> tuple:
    """The order that `transpose` is asked for, counted from 0: it must name each axis once. None
    named: all of them reversed."""
    axes = unpacked(axes) or tuple(reversed(range(ndim)))
    if sorted(a % ndim if -ndim <= a < ndim else a for a in axes) != list(range(ndim)):
        raise ValueError(f"axes must name each of the {ndim} axes once, got {axes}")
    return tuple(a % ndim for a in axes)


def unpacked(numbers: tuple) -> tuple:
    """reshape(2, 3) and reshape((2, 3)) are the same."""
    if len(numbers) == 1 and not isinstance(numbers[0], int | np.integer):
        return tuple(numbers[0])
    return numbers


def arrays_to_join(shapes: list, axis: int) -> None:
    """The shapes of arrays to put end to end along `axis`."""
    if not shapes:
        raise ValueError("tensors must hold at least one, got none")
    ndim = len(shapes[0])
    if not -ndim <= axis < ndim:
        raise ValueError(f"axis must be one of the {ndim} axes of {list(shapes[0])}, got {axis}")
    others = {shape[: axis % ndim] + shape[axis % ndim + 1 :] for shape in shapes}
    if any(len(shape) != ndim for shape in shapes) or len(others) > 1:
        got = ", ".join(str(list(shape)) for shape in shapes)
        raise ValueError(f"tensors must have equal shapes but for axis {axis}, got {got}")


# -------------------------------------------------------------------------------- automatic grad


def first_gradient(gradient, data: np.ndarray) -> np.ndarray:
    """The gradient with which `backward` begins, in the shape of `data`: 1 for a single number when
    none is given."""
    if gradient is None:
        if data.size != 1:
            raise ValueError(
                "backward must be given a gradient unless there is one number, got none for shape "
                f"{list(data.shape)}"
            )
        return np.ones_like(data)
    gradient = gradient.data if is_node(gradient) else float_array("gradient", gradient)
    if gradient.shape != data.shape:
        raise ValueError(
            f"gradient must have the tensor's shape, {list(data.shape)}, got {list(gradient.shape)}"
        )
    return gradient.astype(data.dtype)


def unchanged(node) -> None:
    """What a node was computed from must be, to the last bit, what it was then."""
    for leaf, seen in getattr(node, "inputs", ()):
        if leaf.data.tobytes() != seen:
            raise RuntimeError(
                "data must not change between forward and backward, got other numbers in the "
                f"tensor of shape {list(leaf.data.shape)}; compute the loss again"
            )


def condition(value, shape: tuple) -> np.ndarray:
    """The condition of `where` as an array of booleans that broadcasts with `shape`."""
    value = np.asarray(value)
    if value.dtype != bool:
        raise TypeError(f"condition must be boolean, got dtype {value.dtype}")
    broadcasting("where, of condition and values,", value.shape, shape)
    return value


def class_labels(labels, logits) -> np.ndarray:
    """Labels as integers [B], which must be classes of logits [..., C]."""
    tensor("logits", logits)
    labels, shape = np.asarray(labels), logits.shape
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, got dtype {labels.dtype}")
    if not shape or labels.shape != shape[:-1] or not labels.size:
        raise ValueError(
            f"labels must be [B] for logits [B, C], B at least 1, got {list(labels.shape)} and "
            f"{list(shape)}"
        )
    if labels.min() < 0 or labels.max() >= shape[-1]:
        wrong = labels[(labels < 0) | (labels >= shape[-1])][0]
        raise ValueError(f"labels must lie in 0 … {shape[-1] - 1}, got {wrong}")
    return labels.reshape(-1)


def parameters(values) -> list:
    """Parameters as a list: things with .data and .grad, at least one."""
    # a Tensor alone would be taken for the list of its rows, and nothing would move
    if hasattr(values, "grad") or not hasattr(values, "__iter__"):
        kind = type(values).__name__
        raise TypeError(
            f"parameters must be a list of Tensors, such as model.parameters(), got {kind}"
        )
    values = list(values)
    if not values:
        raise ValueError("parameters must hold at least one, got none")
    for value in values:
        if not hasattr(value, "data") or not hasattr(value, "grad"):
            kind = type(value).__name__
            raise TypeError(f"parameters must hold Tensors (.data and .grad), got {kind}")
    return values


# --------------------------------------------------------------------------------------- retrieval


def vectors(name: str, value, width="D") -> np.ndarray:
    """Vectors [N, width] as float32, at least one: numbers whose squares float32 can add up."""
    value = float_array(name, value)
    has_shape(name, value, "N", width)
    if not (np.abs(value) <= 1e15).all():  # not what is not a number either
        wrong = value[~(np.abs(value) <= 1e15)][0]
        raise ValueError(f"{name} must be finite numbers, at most 1e15 in size, got {wrong}")
    return np.ascontiguousarray(value, dtype=np.float32)


def enough_vectors(vectors, n_centres: int) -> None:
    """k-means starts at as many vectors as it looks for centres."""
    if len(vectors) < n_centres:
        raise ValueError(
            f"vectors must be at least as many as the centres, {n_centres}, got {len(vectors)}"
        )


def neighbours(k, stored: int) -> int:
    """How many neighbours are asked for: no more than there are vectors."""
    if not stored:
        raise ValueError("vectors must be added before a search, got an empty index")
    if numbers.whole_number("k", k) > stored:
        raise ValueError(f"k must be at most the number of vectors stored, {stored}, got {k}")
    return int(k)


# ---------------------------------------------------------------------------------------- pictures


def convolution(x, kernels, bias, padding: tuple) -> None:
    """What `conv2d` needs: x [B, C, H, W], kernels [F, C, h, w] no larger than the padded x, and
    bias [F]."""
    has_shape("x", x, "B", "C", "H", "W")
    has_shape("kernels", kernels, "F", x.shape[1], "h", "w")
    padded = [n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]
    size = list(kernels.shape[2:])
    if size[0] > padded[0] or size[1] > padded[1]:
        raise ValueError(f"kernels must be no larger than x with its padding, {padded}, got {size}")
    if bias is not None:
        has_shape("bias", bias, len(kernels))


def pooling(x, size: tuple) -> None:
    """What `max_pool2d` needs: x [B, C, H, W] and a window no larger."""
    has_shape("x", x, "B", "C", "H", "W")
    if size[0] > x.shape[2] or size[1] > x.shape[3]:
        raise ValueError(f"size must be no larger than x, {list(x.shape[2:])}, got {list(size)}")


def image(image, channels) -> tuple[int, int, int]:
    """The shape (channels, height, width) of a picture that every stage of a CNN halves."""
    if not isinstance(image, tuple | list) or len(image) != 3:
        raise ValueError(f"image must be (channels, height, width), got {image!r}")
    shape = tuple(numbers.whole_number("image", n) for n in image)
    if not channels:
        raise ValueError("channels must name at least one stage, got none")
    if min(shape[1:]) < 2 ** len(channels):
        raise ValueError(
            f"channels must have no more stages than image={shape} can be halved, got {channels}"
        )
    return shape


def pictures(x, image: tuple) -> None:
    """Pictures [B, C, H, W], or rows [B, C·H·W]."""
    shape = np.shape(x.data if is_node(x) else x)
    if shape[1:] not in (image, (math.prod(image),)) or 0 in shape:
        axes = ", ".join(map(str, image))
        raise ValueError(
            f"x must be [B, {axes}] or [B, {math.prod(image)}], got shape {list(shape)}"
        )
