"""The checkers of chapter 01."""

from itertools import pairwise

import numpy as np
import torch

from attend.exercises.checking import (
    NotYet,
    array_of,
    exercise,
    looks_like,
    number_of,
    numbers,
    parts,
    run,
    same,
)


def arrays(found, names: list[str]) -> list[np.ndarray]:
    """What a function returned, as so many arrays."""
    each = zip(parts(found, names), names, strict=True)
    return [array_of(part, f"{name}:", "an array of numbers") for part, name in each]


@exercise("01.1")
def from_paper(answer) -> None:
    for sizes, when in (([5, 5, 5], "for widths 5, 5, 5"), ([3, 7, 2], "for widths 3, 7, 2")):
        x = numbers(4, sizes[0])
        layers = [(numbers(m, n) / n, numbers(m)) for n, m in pairwise(sizes)]
        (first, first_bias), (last, last_bias) = layers
        hidden = np.tanh(x @ first.T + first_bias)
        wanted = hidden @ last.T + last_bias
        found = run(answer, x, layers, np.tanh)
        if looks_like(found, np.tanh(wanted)):
            raise NotYet(f"{when} the output layer bends too: only hidden layers do")
        if looks_like(found, wanted.T):
            raise NotYet(f"{when} examples stand in columns, expected one a row")
        if sizes[0] == sizes[2]:
            straight = np.tanh(x @ first + first_bias) @ last + last_bias
            if looks_like(found, straight):
                raise NotYet(f"{when} W is used as it is: it has one row for each unit, so turn it")
        same(found, wanted, when)


@exercise("01.2")
def collapse(answer) -> None:
    W1, b1, W2, b2 = numbers(3, 7), numbers(7), numbers(7, 3), numbers(3)
    W, b = arrays(run(answer, W1, b1, W2, b2), ["W", "b"])
    wanted = np.eye(3) + W1 @ W2
    if looks_like(W, W1 @ W2):
        raise NotYet("W is that of the two layers alone: x itself is added, and it is x @ identity")
    if looks_like(W, wanted.T):
        raise NotYet("W is turned round: examples are rows, so W₁ comes first")
    same(W, wanted, "for layers 3 → 7 → 3, W:")
    if looks_like(b, b1[:3] + b2):
        raise NotYet("b₁ passes through the second layer too: it is multiplied by W₂")
    same(b, b1 @ W2 + b2, "for layers 3 → 7 → 3, b:")


@exercise("01.3")
def exactly_one(answer) -> None:
    W, b, w = arrays(run(answer), ["W", "b", "w"])
    units = b.size
    if W.shape != (3, units) or b.shape != (units,) or w.shape != (units,):
        shapes = ", ".join(str(list(part.shape)) for part in (W, b, w))
        raise NotYet(f"the shapes of W, b, w are {shapes}, expected [3, H], [H], [H]")
    inputs = np.array(list(np.ndindex(2, 2, 2)), dtype=float)  # [8, 3]
    with np.errstate(all="ignore"):
        found = np.maximum(inputs @ W + b, 0) @ w  # [8]
    for bits, value in zip(inputs.astype(int).tolist(), found.tolist(), strict=True):
        wanted = float(sum(bits) == 1)
        if not np.isclose(value, wanted, atol=1e-6):
            raise NotYet(f"for the inputs {bits} it gives {value:.6g}, expected {wanted:g}")


@exercise("01.4")
def silu_slope(answer) -> None:
    z = np.linspace(-4, 4, 9)
    leaf = torch.tensor(z, requires_grad=True)
    (wanted,) = torch.autograd.grad(torch.nn.functional.silu(leaf).sum(), leaf)
    found = run(answer, z)
    sigmoid = 1 / (1 + np.exp(-z))
    if looks_like(found, sigmoid):
        raise NotYet("that is σ(z), one of two terms: z · σ(z) is a product")
    if looks_like(found, z * sigmoid):
        raise NotYet("that is SiLU itself; its slope is asked for")
    same(found, wanted, "for z from −4 to 4")


@exercise("01.5")
def widest(answer) -> None:
    def count(width, n_in, n_out, hidden, biases=1):
        sizes = [n_in] + [width] * hidden + [n_out]
        return sum((n + biases) * m for n, m in pairwise(sizes))

    for n_in, n_out, hidden, budget in ((64, 10, 1, 2410), (64, 10, 2, 10_000), (9, 5, 3, 7)):
        when = f"for {n_in} inputs, {hidden} hidden, {n_out} outputs, at most {budget} numbers"
        widths = range(1, budget + 1)
        wanted = sum(count(width, n_in, n_out, hidden) <= budget for width in widths)
        bare = sum(count(width, n_in, n_out, hidden, biases=0) <= budget for width in widths)
        found = number_of(run(answer, n_in, n_out, hidden, budget), when)
        if bare != wanted and found == bare:
            raise NotYet(f"{when} {bare} counts the weights: each unit has a bias as well")
        if found == wanted + 1:
            raise NotYet(f"{when} width {wanted + 1} is one too many: it takes more than that")
        same(found, wanted, when)


@exercise("01.6")
def units_needed(answer) -> None:
    for curvature, error in ((4 * np.pi**2, 0.01), (2.0, 0.001), (8.0, 0.25), (1.0, 10.0)):
        wanted = max(int(np.ceil((curvature / (8 * error)) ** 0.5)), 1)
        when = f"for a curvature of {curvature:.4g} and an error of {error:g}"
        found = number_of(run(answer, curvature, error), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:.6g}: units come whole, so round up")
        same(found, wanted, when)
