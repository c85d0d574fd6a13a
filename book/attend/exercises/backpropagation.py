"""The checkers of chapter 03."""

from itertools import pairwise

import numpy as np
import torch

from attend.autograd import Tensor, check_gradient
from attend.exercises.checking import NotYet, draw, exercise, run, same


def array(*shape: int) -> np.ndarray:
    """Numbers to try an answer on, the same each time."""
    return draw(*shape).numpy()


def same_each(found, wanted: dict, when: str) -> None:
    """`found` must be as many results as `wanted` names, each the same."""
    if not isinstance(found, tuple | list) or len(found) != len(wanted):
        count = f"{len(found)}" if isinstance(found, tuple | list) else "one"
        raise NotYet(
            f"{when} it returns {count}, expected {len(wanted)} results: {', '.join(wanted)}"
        )
    for result, (name, right) in zip(found, wanted.items(), strict=True):
        same(result, right, f"{when}, {name}:")


def torch_gradients(loss, **arrays) -> dict:
    """What torch finds: the gradient of `loss(**tensors)` by each of the arrays."""
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
        found = run(answer, n)
        if isinstance(found, float) and not found.is_integer():
            raise NotYet(f"for n={n} it returns {found}, expected a whole number")
        right = 2 * 3**n - 1
        if found != right and not (isinstance(found, float) and found == float(right)):
            raise NotYet(f"for n={n} it returns {found}, expected {right}")


@exercise("03.3")
def softplus(answer) -> None:
    numbers = array(2, 3)
    found = run(answer, Tensor(numbers))
    if not (hasattr(found, "parents") and hasattr(found, "data")):
        raise NotYet(f"it returns a {type(found).__name__}, expected a Tensor")
    same(found.data, np.logaddexp(0, numbers), "for numbers of shape [2, 3] the value is wrong:")
    if not found.parents:
        raise NotYet("the Tensor has no parents: no gradient would go back")
    try:
        error = check_gradient(answer, numbers)
    except Exception as problem:
        raise NotYet(f"backward stops with {type(problem).__name__}: {problem}") from problem
    if not error < 1e-6:
        raise NotYet(f"the value is right, but the gradient is off by {error:.2g}")
    large = Tensor(np.array([1000.0, -1000.0]))
    with np.errstate(all="ignore"):
        found = run(answer, large)
        found.backward(np.ones(2))
    same(found.data, np.array([1000.0, 0.0]), "for 1000 and −1000")
    same(large.grad, np.array([1.0, 0.0]), "for 1000 and −1000 the gradient is wrong:")


@exercise("03.4")
def scaled_rows_backward(answer) -> None:
    x, s, g = array(3, 5), array(3, 1), array(5, 3).T.copy()
    wanted = torch_gradients(lambda x, s: (x * s * torch.tensor(g)).sum(), x=x, s=s)
    found = run(answer, x.copy(), s.copy(), g.copy())
    names = {f"the gradient by {name}": gradient for name, gradient in wanted.items()}
    same_each(found, names, "for 3 rows of 5 numbers")


@exercise("03.5")
def two_layers_backward(answer) -> None:
    x, W, b, V, y = array(7, 3), array(3, 5), array(5), array(5, 2), array(7, 2)

    def loss(W, b, V):
        h = torch.relu(torch.tensor(x) @ W + b)
        return ((h @ V - torch.tensor(y)) ** 2).mean()

    wanted = torch_gradients(loss, W=W, b=b, V=V)
    found = run(answer, *(each.copy() for each in (x, W, b, V, y)))
    names = {f"the gradient by {name}": gradient for name, gradient in wanted.items()}
    same_each(found, names, "for B=7, n=3, m=5, k=2")


@exercise("03.6")
def multiplications(answer) -> None:
    for sizes in ([2, 3, 5], [64, 64, 64, 1], [1, 7, 5, 3], [4, 3]):
        inner = list(pairwise(sizes))
        wanted = {
            "backwards": sizes[-1] * sum(a * b for a, b in inner[:-1]),
            "forwards": sizes[0] * sum(a * b for a, b in inner[1:]),
        }
        same_each(run(answer, list(sizes)), wanted, f"for sizes {sizes}")
