"""The checkers of chapter 03."""

from itertools import pairwise

import numpy as np
import torch

from attend.autograd import Tensor, check_gradient
from attend.checks import is_node
from attend.exercises.checking import (
    NotYet,
    call,
    described,
    exercise,
    numbers,
    run,
    same,
    same_each,
)


def torch_gradients(loss, **arrays) -> dict:
    """What torch finds: the gradient of `loss(**tensors)` with respect to each array."""
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    gradients = torch.autograd.grad(loss(**tensors), list(tensors.values()))
    return dict(zip(tensors, gradients, strict=True))


@exercise("03.1")
def neuron_gradients(answer) -> None:
    for w, x, b, y in ((0.5, 2.0, -1.0, 0.25), (-1.5, 0.5, 0.25, 1.0)):
        wanted = torch_gradients(
            lambda w, x, b, y=y: (torch.tanh(w * x + b) - y) ** 2, w=w, x=x, b=b
        )
        found = run(answer, w, x, b, y)
        same_each(
            found,
            {f"∂L/∂{name}": gradient for name, gradient in wanted.items()},
            f"for w={w}, x={x}, b={b}, y={y}",
        )


@exercise("03.2")
def visits(answer) -> None:
    for n in (0, 1, 2, 5, 60):
        same(run(answer, n), 2 * 3**n - 1, f"for n={n}")


@exercise("03.3")
def softplus(answer) -> None:
    array = numbers(2, 3)
    found = run(answer, Tensor(array))
    if not is_node(found):
        raise NotYet(f"it returns {described(found)}, expected a Tensor")
    same(found, np.logaddexp(0, array), "for numbers of shape [2, 3] the value is wrong:")
    if not found.parents:
        raise NotYet("the Tensor has no parents: no gradient would go back")
    error = call(check_gradient, lambda x: answer(x * 1.0), array)  # a copy that knows its parent
    if not error < 1e-6:
        raise NotYet(f"the value is right, but the gradient is off by {error:.2g}")
    with np.errstate(all="ignore"):
        values, slopes = call(value_and_gradient, answer, np.array([1000.0, -1000.0]))
    same(values, [1000.0, 0.0], "for 1000 and −1000")
    same(slopes, [1.0, 0.0], "for 1000 and −1000 the gradient is wrong:")


def value_and_gradient(answer, array):
    x = Tensor(array)
    y = answer(x * 1.0)
    y.backward(np.ones(array.shape))
    return y.data, x.grad


@exercise("03.4")
def scaled_rows_backward(answer) -> None:
    x, s, g = numbers(3, 5), numbers(3, 1), numbers(5, 3).T.copy()
    wanted = torch_gradients(lambda x, s: (x * s * torch.tensor(g)).sum(), x=x, s=s)
    names = {f"the gradient in {name}": gradient for name, gradient in wanted.items()}
    same_each(run(answer, x, s, g), names, "for 3 rows of 5 numbers")


@exercise("03.5")
def two_layers_backward(answer) -> None:
    x, W, b, V, y = numbers(7, 3), numbers(3, 5), numbers(5), numbers(5, 2), numbers(7, 2)

    def loss(W, b, V):
        h = torch.relu(torch.tensor(x) @ W + b)
        return ((h @ V - torch.tensor(y)) ** 2).mean()

    wanted = torch_gradients(loss, W=W, b=b, V=V)
    names = {f"the gradient in {name}": gradient for name, gradient in wanted.items()}
    same_each(run(answer, x, W, b, V, y), names, "for B=7, n=3, m=5, k=2")


@exercise("03.6")
def multiplications(answer) -> None:
    for sizes in ([2, 3, 5], [64, 64, 64, 1], [1, 7, 5, 3], [4, 3]):
        inner = list(pairwise(sizes))
        wanted = {
            "backwards": sizes[-1] * sum(a * b for a, b in inner[:-1]),
            "forwards": sizes[0] * sum(a * b for a, b in inner[1:]),
        }
        same_each(run(answer, sizes), wanted, f"for sizes {sizes}")
