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
def neuron(answer) -> None:
    x, w = numbers(5), numbers(5)[::-1].copy()
    for b, when in ((0.5, "positive"), (-9.0, "negative")):
        wanted = max(float(x @ w) + b, 0.0)
        same(run(answer, x, w, b), wanted, f"where w · x + b is {when}")


@exercise("01.2")
def collapse(answer) -> None:
    W1, b1, W2, b2 = numbers(3, 7), numbers(7), numbers(7, 2), numbers(2)
    W, b = arrays(run(answer, W1, b1, W2, b2), ["W", "b"])
    if W.shape == (2, 3):
        raise NotYet("W has shape [2, 3], expected [3, 2]: examples are rows, so W₁ comes first")
    same(W, W1 @ W2, "for layers 3 → 7 → 2, W:")
    if looks_like(b, b1[:2] + b2):
        raise NotYet("b₁ passes through the second layer too: it is multiplied by W₂")
    same(b, b1 @ W2 + b2, "for layers 3 → 7 → 2, b:")


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
def count(answer) -> None:
    for sizes in ([64, 32, 10], [3, 1], [2, 7, 5, 1]):
        wanted = sum((n + 1) * m for n, m in pairwise(sizes))
        found = run(answer, sizes)
        weights = sum(n * m for n, m in pairwise(sizes))
        if looks_like(found, weights):
            raise NotYet(f"for {sizes} {weights} counts the weights: each unit has a bias as well")
        same(found, wanted, f"for {sizes}")


@exercise("01.6")
def units_needed(answer) -> None:
    for curvature, error in ((4 * np.pi**2, 0.01), (2.0, 0.001), (8.0, 0.25), (1.0, 10.0)):
        wanted = max(int(np.ceil((curvature / (8 * error)) ** 0.5)), 1)
        when = f"for a curvature of {curvature:.4g} and an error of {error:g}"
        found = number_of(run(answer, curvature, error), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:.6g}: units come whole, so round up")
        same(found, wanted, when)
