"""The checkers of chapter 05."""

from itertools import pairwise

import numpy as np
from torch import nn, tensor

from attend.autograd import Tensor, is_node
from attend.convolution import conv2d, places
from attend.exercises.checking import NotYet, draw, exercise, run, same


def numbers(answer, *arguments):
    """What the answer returns for copies of the arguments, as numbers."""
    copies = [each.copy() if isinstance(each, np.ndarray) else each for each in arguments]
    found = run(answer, *copies)
    if is_node(found):
        return found.data
    return np.asarray(found) if isinstance(found, list) else found


@exercise("05.1")
def output_size(answer) -> None:
    for n, k, stride, padding in (
        (8, 3, 1, 0),
        (8, 3, 1, 1),
        (9, 4, 2, 1),
        (28, 5, 3, 2),
        (3, 3, 1, 0),
    ):
        (wanted,) = places((n + 2 * padding,), (k,), (stride,))
        found = run(answer, n, k, stride, padding)
        when = f"for n={n}, k={k}, stride={stride}, padding={padding}"
        if isinstance(found, float):
            raise NotYet(f"{when} it returns the float {found:g}, expected the int {wanted}")
        same(found, wanted, when)


@exercise("05.2")
def convolve_slowly(answer) -> None:
    for (H, W), (h, w) in (((5, 7), (2, 3)), ((4, 4), (4, 4)), ((3, 6), (1, 1))):
        x, kernel = draw(H, W).numpy(), draw(h, w, 1)[..., 0].numpy()
        wanted = conv2d(x[None, None], kernel[None, None]).data[0, 0]
        flipped = conv2d(x[None, None], kernel[None, None, ::-1, ::-1]).data[0, 0]
        found = numbers(answer, x, kernel)
        if np.shape(found) == flipped.shape and np.allclose(found, flipped) and h * w > 1:
            raise NotYet("the kernel is flipped; here it is laid on as it stands")
        same(found, wanted, f"for a picture of {H} × {W} and a kernel of {h} × {w}")


@exercise("05.3")
def move_right(answer) -> None:
    found = np.asarray(numbers(answer))
    if found.shape != (3, 3):
        raise NotYet(f"the kernel has the shape {list(found.shape)}, expected [3, 3]")
    x = draw(5, 7).numpy()
    out = conv2d(x[None, None], found[None, None], padding=1).data[0, 0]
    left = np.pad(x, ((0, 0), (0, 1)))[:, 1:]
    if np.allclose(out, left):
        raise NotYet(
            "it moves the picture to the left: each output must take the pixel on its left"
        )
    same(out, np.pad(x, ((0, 0), (1, 0)))[:, :-1], "for a picture of 5 × 7, the output:")


@exercise("05.4")
def count_parameters(answer) -> None:
    cases = (((1, 16, 32), 3), ((3, 5), 2), ((7, 1, 7), 1))
    for channels, size in cases:
        layers = [nn.Conv2d(n, m, size) for n, m in pairwise(channels)]
        each = [p.numel() for layer in layers for p in layer.parameters()]
        found, when = run(answer, channels, size), f"for channels={channels} and size={size}"
        if found == sum(each[::2]):
            raise NotYet(f"{when} it is {found}: the biases are missing, one for each kernel")
        same(found, sum(each), when)


@exercise("05.5")
def receptive_field(answer) -> None:
    cases = (
        ((3, 1),),
        ((3, 1), (3, 1)),
        ((3, 1), (2, 2), (3, 1)),
        ((5, 2), (3, 2), (2, 2), (1, 1)),
    )
    for layers in cases:
        width, step = 1, 1
        for size, stride in layers:
            width += (size - 1) * step
            step *= stride
        same(run(answer, layers), width, f"for layers={layers}")


@exercise("05.6")
def kernel_gradient(answer) -> None:
    for (H, W), (h, w) in (((5, 7), (3, 2)), ((4, 4), (1, 4))):
        x, kernel = draw(H, W).numpy(), Tensor(np.zeros((1, 1, h, w)))
        upstream = draw(H - h + 1, W - w + 1, 1)[..., 0].numpy()
        conv2d(x[None, None], kernel).backward(upstream[None, None])
        when = f"for a picture of {H} × {W} and a kernel of {h} × {w}"
        same(numbers(answer, x, upstream), tensor(kernel.grad[0, 0]), when)
