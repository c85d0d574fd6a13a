"""Reverse-mode differentiation over numpy arrays. Taught in chapter 03.

A value remembers what it was computed from, and how to send a gradient back there. Two ideas carry
the whole module. An operation is a value and, for each input, a *pull*: a function that turns the
gradient of the loss with respect to the output into that with respect to the input (its
vector–Jacobian product). And `backward` walks the graph once, outputs before inputs, adding up what
each node is sent.

Numbers behave as numpy's: NaN and infinity are let through, as in torch (`attend.training.fit`
stops at a loss that is not finite). Integers and booleans become float64; float32 stays float32.
"""

import numpy as np

from attend import checks

__all__ = [
    "Node",
    "Tensor",
    "absolute",
    "add",
    "as_tensor",
    "check_gradient",
    "concatenate",
    "cross_entropy",
    "divide",
    "exp",
    "gelu",
    "getitem",
    "log",
    "log_softmax",
    "matmul",
    "maximum",
    "mean_squared_error",
    "multiply",
    "negative",
    "numerical_gradient",
    "operands",
    "power",
    "reduce_max",
    "reduce_mean",
    "reduce_sum",
    "relu",
    "reshape",
    "sigmoid",
    "softmax",
    "spread",
    "stack",
    "subtract",
    "swapped",
    "tanh",
    "topological_order",
    "transpose",
    "unbroadcast",
    "where",
]


class Node:
    """A value in a computation graph: its numbers, where they came from, and its gradient.
    data: array of floats, not copied when it is one already. parents: pairs (node, pull), where
    pull(∂L/∂self) is ∂L/∂node, in the shape of node or one that it broadcasts to.

    The pulls look at the numbers once more in `backward`, so these must not change in between. What
    was computed is read-only; of what was given (data, parameters) each node keeps a copy in
    `inputs`, and `backward` raises RuntimeError, as torch does, when one differs. After `backward`
    a parameter may change, by `data -= …` or a new array.

    Source: Wengert 1964, Linnainmaa 1970. Taught in chapter 03.
    """

    def __init__(self, data, parents=()):
        self.data = checks.float_array("data", data)
        self.grad = None  # ∂L/∂self, the shape of data
        self.parents = parents
        self.inputs = [(node, node.data.tobytes()) for node, _ in parents if not node.parents]
        if parents:
            self.data.setflags(write=False)  # no change before `backward` reads it again

    def backward(self, gradient=None):
        """Add ∂L/∂node to the .grad of every node that this one was computed from, itself included.
        ∂L/∂node = Σ over users of pull(∂L/∂user). gradient is ∂L/∂self, in the shape of self; for a
        single number it may be left out and is 1.

        Raises ValueError without it for more numbers, or when its shape is another; RuntimeError
        when data changed since the forward pass.
        """
        arrived = {id(self): checks.first_gradient(gradient, self.data)}
        for node in reversed(topological_order(self)):
            checks.unchanged(node)
            g = arrived.pop(id(node))  # whole: every user of this node came earlier
            node.grad = g.copy() if node.grad is None else node.grad + g
            for parent, pull in node.parents:
                share = unbroadcast(pull(g), parent.data)
                if id(parent) in arrived:
                    share = arrived[id(parent)] + share
                arrived[id(parent)] = share


def topological_order(root):
    """Every node that `root` depends on, each once, inputs before what uses them.
    Without recursion, so that a deep graph does not overflow Python's stack. Chapter 03.
    """
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((parent, False) for parent, _ in node.parents)
    return order


def unbroadcast(gradient, like):
    """Sum a gradient over the axes along which `like` was repeated: n uses, n gradients, added.
    gradient [..., n, m], like an array that broadcasts to that shape -> gradient in the shape and
    dtype of like. Chapter 03.
    """
    if gradient.shape != like.shape:
        new = gradient.ndim - like.ndim  # axes that broadcasting put in front
        stretched = [new + i for i, n in enumerate(like.shape) if n == 1]
        gradient = gradient.sum(axis=(*range(new), *stretched), keepdims=True).reshape(like.shape)
    return gradient.astype(like.dtype, copy=False)


# -------------------------------------------------------------------------------------- arithmetic


def as_tensor(x, like=None):
    """x itself if it is a Tensor, else a constant. A bare number takes the dtype of `like`: float32
    stays. Chapter 03.
    """
    if checks.is_node(x):
        return x
    if isinstance(x, int | float | np.number) and checks.is_node(like):
        return Tensor(np.asarray(x, dtype=like.data.dtype))
    return Tensor(x)


def operands(a, b, operation):
    """Both sides of an operation as tensors.

    Raises ValueError when their shapes do not fit. Chapter 03.
    """
    a, b = as_tensor(a, like=b), as_tensor(b, like=a)
    if operation == "@":
        checks.factors(a.data.shape, b.data.shape)
    else:
        checks.broadcasting(operation, a.data.shape, b.data.shape)
    return a, b


def add(a, b):
    """a + b. ∂/∂a = 1, ∂/∂b = 1. Chapter 03."""
    a, b = operands(a, b, "+")
    return Tensor(a.data + b.data, ((a, lambda g: g), (b, lambda g: g)))


def subtract(a, b):
    """a − b. ∂/∂a = 1, ∂/∂b = −1. Chapter 03."""
    a, b = operands(a, b, "-")
    return Tensor(a.data - b.data, ((a, lambda g: g), (b, lambda g: -g)))


def multiply(a, b):
    """a · b, number by number. ∂/∂a = b, ∂/∂b = a. Chapter 03."""
    a, b = operands(a, b, "*")
    return Tensor(a.data * b.data, ((a, lambda g: g * b.data), (b, lambda g: g * a.data)))


def divide(a, b):
    """a / b. ∂/∂a = 1/b, ∂/∂b = −a/b². Chapter 03."""
    a, b = operands(a, b, "/")
    value = a.data / b.data
    return Tensor(value, ((a, lambda g: g / b.data), (b, lambda g: -g * value / b.data)))


def negative(a):
    """−a. Chapter 03."""
    a = as_tensor(a)
    return Tensor(-a.data, ((a, lambda g: -g),))


def power(a, b):
    """aᵇ. ∂/∂a = b aᵇ⁻¹, ∂/∂b = aᵇ ln a (NaN for a < 0, where no real slope exists). Chapter 03."""
    base, exponent = operands(a, b, "**")
    value = base.data**exponent.data

    def to_base(g):
        one_less = np.where(exponent.data == 0, 1, exponent.data - 1)  # a⁰ is flat, even at a = 0
        return g * exponent.data * base.data**one_less

    def to_exponent(g):
        with np.errstate(invalid="ignore"):
            return g * value * np.log(np.where(base.data == 0, 1, base.data))  # 0ᵇ is flat in b

    if not checks.is_node(b):  # x ** 2: a fixed exponent needs no gradient
        return Tensor(value, ((base, to_base),))
    return Tensor(value, ((base, to_base), (exponent, to_exponent)))


def matmul(a, b):
    """a @ b by numpy's rules. ∂L/∂A = G Bᵀ, ∂L/∂B = Aᵀ G, where G is ∂L/∂(A @ B).
    a [..., n, k] or [k], b [..., k, m] or [k] -> [..., n, m], less the axes that a or b lack.

    Raises ValueError when the k differ or the batch axes do not broadcast. Chapter 03.
    """
    a, b = operands(a, b, "@")
    if b.ndim == 1:
        return matmul(a, b[:, None])[..., 0]
    if a.ndim == 1:
        return matmul(a[None, :], b)[..., 0, :]
    to_a, to_b = (lambda g: g @ b.data.swapaxes(-1, -2)), (lambda g: a.data.swapaxes(-1, -2) @ g)
    return Tensor(a.data @ b.data, ((a, to_a), (b, to_b)))  # [..., n, m]


# -------------------------------------------------------------------------------- number by number


def exp(x):
    """eˣ, its own derivative. Chapter 03."""
    x = as_tensor(x)
    value = np.exp(x.data)
    return Tensor(value, ((x, lambda g: g * value),))


def log(x):
    """ln x. Derivative 1/x. Chapter 03."""
    x = as_tensor(x)
    return Tensor(np.log(x.data), ((x, lambda g: g / x.data),))


def absolute(x):
    """|x|. Derivative the sign of x, taken as 0 at the corner (as in torch). Chapter 04 (L1)."""
    x = as_tensor(x)
    return Tensor(np.abs(x.data), ((x, lambda g: g * np.sign(x.data)),))


def sigmoid(x):
    """σ(x) = 1 / (1 + e⁻ˣ). Derivative σ (1 − σ), at most ¼. Chapters 01, 03."""
    x = as_tensor(x)
    value = np.exp(-np.logaddexp(0, -x.data))  # e⁻ˣ alone would overflow at x = −800
    return Tensor(value, ((x, lambda g: g * value * (1 - value)),))


def tanh(x):
    """(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). Derivative 1 − tanh², at most 1. Chapters 01, 03."""
    x = as_tensor(x)
    value = np.tanh(x.data)
    return Tensor(value, ((x, lambda g: g * (1 - value**2)),))


def relu(x):
    """max(x, 0). Derivative 1 where x > 0, else 0 (0 at the corner). Chapters 01, 03."""
    x = as_tensor(x)
    return Tensor(np.maximum(x.data, 0), ((x, lambda g: g * (x.data > 0)),))


def gelu(x):
    """x Φ(x), Φ the normal distribution function; here ½x (1 + tanh(√(2/π) (x + 0.044715 x³))).
    The paper's own approximation, equal to torch's gelu(approximate="tanh") and within 5e-4 of the
    exact one.

    Source: Hendrycks & Gimpel 2016. Chapter 01.
    """
    x = as_tensor(x)
    scale = (2 / np.pi) ** 0.5
    bend = np.tanh(scale * (x.data + 0.044715 * x.data**3))

    def pull(g):
        slope = (1 - bend**2) * scale * (1 + 3 * 0.044715 * x.data**2)  # of bend, the chain rule
        return g * 0.5 * (1 + bend + x.data * slope)

    return Tensor(0.5 * x.data * (1 + bend), ((x, pull),))


def maximum(a, b):
    """The larger of a and b. Where they are equal each gets half the gradient. Chapter 03."""
    a, b = operands(a, b, "maximum")
    share = (a.data > b.data) + 0.5 * (a.data == b.data)
    pulls = ((a, lambda g: g * share), (b, lambda g: g * (1 - share)))
    return Tensor(np.maximum(a.data, b.data), pulls)


def where(condition, a, b):
    """a where condition holds, else b. The gradient goes to the one that was taken.
    condition: booleans that broadcast with a and b; another dtype raises TypeError. Chapter 03.
    """
    a, b = operands(a, b, "where")
    condition = checks.condition(condition, np.broadcast_shapes(a.shape, b.shape))
    pulls = ((a, lambda g: np.where(condition, g, 0)), (b, lambda g: np.where(condition, 0, g)))
    return Tensor(np.where(condition, a.data, b.data), pulls)


# ------------------------------------------------------------------------------------ over an axis


def reduce_sum(x, axis=None, keepdims=False):
    """Σ x over an axis, several (a tuple) or all. Each term gets the whole gradient. Chapter 03."""
    x = as_tensor(x)
    value = x.data.sum(axis=axis, keepdims=keepdims)
    return Tensor(value, ((x, lambda g: spread(g, x.shape, axis, keepdims)),))


def reduce_mean(x, axis=None, keepdims=False):
    """Σ x / n. Raises ValueError when there is nothing to average. Chapter 03."""
    x = as_tensor(x)
    checks.not_empty("x", x)
    total = reduce_sum(x, axis, keepdims)
    return total * (total.data.size / x.data.size)


def reduce_max(x, axis=None, keepdims=False):
    """The largest x. The gradient goes to where it stood; ties share it equally, as in torch.amax.
    Chapter 03.
    """
    x = as_tensor(x)
    checks.not_empty("x", x)
    value = x.data.max(axis=axis, keepdims=keepdims)

    def pull(g):
        winners = x.data == x.data.max(axis=axis, keepdims=True)
        with np.errstate(invalid="ignore"):  # no winner among NaN: 0 / 0, and NaN is the answer
            share = winners / winners.sum(axis=axis, keepdims=True)
            return spread(g, x.shape, axis, keepdims) * share

    return Tensor(value, ((x, pull),))


def spread(gradient, shape, axis, keepdims):
    """Hand a reduction's gradient back to every number that was reduced. Chapter 03."""
    if axis is not None and not keepdims:
        gradient = np.expand_dims(gradient, axis)
    return np.broadcast_to(gradient, shape)


# ------------------------------------------------------------------------------------- rearranging


def reshape(x, *shape):
    """The same numbers in another shape. The gradient is put back into the old one. Chapter 03."""
    x = as_tensor(x)
    shape = checks.new_shape(shape, x.shape)
    return Tensor(x.data.reshape(shape), ((x, lambda g: g.reshape(x.shape)),))


def transpose(x, *axes):
    """The axes in another order (reversed when none is named). The gradient is put back in order.
    Chapter 03.
    """
    x = as_tensor(x)
    axes = checks.axis_order(axes, x.ndim)
    return Tensor(x.data.transpose(axes), ((x, lambda g: g.transpose(np.argsort(axes))),))


def getitem(x, index):
    """x[index], by numpy's rules. A number picked twice gets both gradients, added. Chapter 03."""
    x = as_tensor(x)

    def pull(g):
        gradient = np.zeros(x.shape, g.dtype)
        np.add.at(gradient, index, g)  # gradient[index] += g would keep one of two
        return gradient

    return Tensor(x.data[index], ((x, pull),))


def concatenate(tensors, axis=0):
    """Tensors end to end along an existing axis. Each gets its own stretch of the gradient.
    Chapter 03.
    """
    tensors = [as_tensor(t) for t in tensors]
    checks.arrays_to_join([t.shape for t in tensors], axis)
    ends = np.cumsum([t.shape[axis] for t in tensors])

    def pull_of(tensor, end):
        return tensor, lambda g: g.take(np.arange(end - tensor.shape[axis], end), axis)

    parents = tuple(pull_of(tensor, end) for tensor, end in zip(tensors, ends, strict=True))
    return Tensor(np.concatenate([t.data for t in tensors], axis), parents)


def stack(tensors, axis=0):
    """Tensors of one shape, side by side along a new axis. Chapter 07."""
    tensors = [as_tensor(t) for t in tensors]
    return concatenate([t.reshape(np.expand_dims(t.data, axis).shape) for t in tensors], axis)


# ------------------------------------------------------------------------------ classes and losses


def softmax(x, axis=-1):
    """pᵢ = e^(xᵢ) / Σ e^(xⱼ) along an axis. ∂L/∂x = p (g − Σ g p).
    The largest x is taken off first, so that nothing overflows. Chapters 02, 03.
    """
    x = as_tensor(x)
    exps = np.exp(x.data - x.data.max(axis=axis, keepdims=True))
    p = exps / exps.sum(axis=axis, keepdims=True)
    return Tensor(p, ((x, lambda g: p * (g - (g * p).sum(axis=axis, keepdims=True))),))


def log_softmax(x, axis=-1):
    """xᵢ − log Σ e^(xⱼ), the logarithm of softmax without ever taking log 0. ∂L/∂x = g − p Σ g.
    Chapters 02, 03.
    """
    x = as_tensor(x)
    shifted = x.data - x.data.max(axis=axis, keepdims=True)
    value = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return Tensor(value, ((x, lambda g: g - np.exp(value) * g.sum(axis=axis, keepdims=True)),))


def cross_entropy(logits, labels):
    """−(1/B) Σ log p[label], p = softmax(logits), in nats. ∂L/∂logits = (p − one_hot(labels)) / B.
    logits [..., C], labels [...] of integers 0 … C−1 -> a single number.

    Raises ValueError for labels outside the classes or of another shape, TypeError for labels that
    are not integers. Chapters 02, 03.
    """
    labels = checks.class_labels(labels, logits)
    log_p = log_softmax(logits).reshape(-1, logits.shape[-1])  # [B, C]
    return -log_p[np.arange(len(labels)), labels].mean()


def mean_squared_error(predictions, targets):
    """(1/n) Σ (prediction − target)², over all numbers.

    Raises ValueError when the shapes differ, even if they would broadcast: [B, 1] less [B] is
    [B, B], a famous silent mistake. Chapters 02, 03.
    """
    predictions, targets = as_tensor(predictions), as_tensor(targets)
    checks.same_shape(predictions=predictions, targets=targets)
    return ((predictions - targets) ** 2).mean()


# ------------------------------------------------------------------------------------------ Tensor


def swapped(operation):
    """The operation with its operands swapped: 1 - x is asked of x, as x.__rsub__(1)."""
    return lambda b, a: operation(a, b)


class Tensor(Node):
    """An array that remembers how it was made: numpy forward, `.backward()` for the gradients.
    Every symbol and method is a function of this module. `array * tensor` works too. Chapter 03.
    """

    __add__, __radd__ = add, swapped(add)
    __mul__, __rmul__ = multiply, swapped(multiply)
    __neg__, __abs__, __getitem__ = negative, absolute, getitem
    __sub__, __rsub__ = subtract, swapped(subtract)
    __truediv__, __rtruediv__ = divide, swapped(divide)
    __pow__, __rpow__ = power, swapped(power)
    __matmul__, __rmatmul__ = matmul, swapped(matmul)
    __array_ufunc__ = None  # numpy hands array * tensor to __rmul__ instead of looping over it

    exp, log, abs, sigmoid, tanh, relu, gelu = exp, log, absolute, sigmoid, tanh, relu, gelu
    sum, mean, max = reduce_sum, reduce_mean, reduce_max
    reshape, transpose = reshape, transpose
    softmax, log_softmax = softmax, log_softmax

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    T = property(transpose)  # all axes reversed
    mT = property(lambda self: transpose(self, *range(self.ndim - 2), -1, -2))  # the last two

    def item(self):
        return self.data.item()

    def __float__(self):
        return float(self.item())

    def __len__(self):
        return len(self.data)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype=dtype)  # so that numpy and matplotlib can read it

    def __repr__(self):
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')})"


# ---------------------------------------------------------------------------------- is it correct?


def numerical_gradient(function, x, epsilon=1e-6):
    """∂f/∂xᵢ ≈ (f(x + ε eᵢ) − f(x − ε eᵢ)) / 2ε: two runs of `function` for every number in x.
    function: array in the shape of x -> a number. The error is of order ε² from the formula and
    1e-16/ε from rounding, so neither a large nor a tiny ε is good.

    Raises ValueError unless epsilon > 0. Chapter 03.
    """
    checks.above_0("epsilon", epsilon)
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        here = x[i]
        x[i] = here + epsilon
        above = float(function(x))
        x[i] = here - epsilon
        gradient[i] = (above - float(function(x))) / (2 * epsilon)
        x[i] = here
    return gradient


def check_gradient(function, *arrays, epsilon=1e-6):
    """How far `backward` is from finite differences: max |ours − numerical| / max(1, |numerical|).
    function: tensors, one for each array -> a tensor of any shape. Its numbers are weighted by
    fixed random weights and added, because a plain sum would hide errors (a softmax always adds up
    to 1). About 1e-9 when all is well.

    Raises TypeError when function returns no Tensor. Chapter 03.
    """
    tensors = [Tensor(np.array(array, dtype=float)) for array in arrays]
    output = checks.tensor("what function returns", function(*tensors))
    weights = np.random.default_rng(0).normal(size=output.shape)
    output.backward(weights)
    worst = 0.0
    for i, tensor in enumerate(tensors):

        def loss(x, i=i):
            return (function(*tensors[:i], Tensor(x), *tensors[i + 1 :]).data * weights).sum()

        numerical = numerical_gradient(loss, tensor.data, epsilon)
        ours = np.zeros(tensor.shape) if tensor.grad is None else tensor.grad
        error = np.abs(ours - numerical) / np.maximum(1, np.abs(numerical))
        worst = max(worst, float(error.max(initial=0.0)))
    return worst
