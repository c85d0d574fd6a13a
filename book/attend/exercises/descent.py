"""The checkers of chapter 02."""

from itertools import chain

import numpy as np
import torch

from attend.exercises.checking import (
    NotYet,
    array_of,
    exercise,
    looks_like,
    numbers,
    parts,
    run,
    same,
    same_each,
    sequence,
    whole_numbers,
)


@exercise("02.1")
def huber_slopes(answer) -> None:
    w, b, x, y = 0.5, -1.25, numbers(7), 3 * numbers(7)[::-1].copy()
    errors = w * x + b - y
    for delta, when in ((1.0, "for δ = 1"), (100.0, "for a δ that no error reaches")):
        cut = np.clip(errors, -delta, delta)
        wanted = np.array([np.mean(cut * x), np.mean(cut)])
        found = run(answer, w, b, x, y, delta)
        for factor, slip in (
            (2, "twice as large as expected: the derivative of ½e² is e"),
            (7, "7 times as large as expected, for 7 points: the loss is a mean"),
            (-1, "of the wrong sign: the error is prediction − target"),
        ):
            if looks_like(found, factor * wanted):
                raise NotYet(f"{when} both slopes are {slip}")
        if looks_like(found, wanted[::-1]):
            raise NotYet("the two slopes are swapped: ∂L/∂w comes first")
        if delta == 1 and looks_like(found, [np.mean(errors * x), np.mean(errors)]):
            raise NotYet(f"{when} those are the slopes of ½e²; beyond δ the slope stays at ±δ")
        if delta == 1 and looks_like(
            found, [np.mean(np.sign(errors) * x), np.mean(np.sign(errors))]
        ):
            raise NotYet(f"{when} those are the slopes of |e|; up to δ the loss is a parabola")
        same_each(found, dict(zip(("∂L/∂w", "∂L/∂b"), wanted, strict=True)), when)


@exercise("02.2")
def largest_rate(answer) -> None:
    for x, name in ((np.array([1.0, 2.0]), "the tap"), (numbers(9), "9 points")):
        wanted = 1 / np.mean(x**2)
        found = run(answer, x)
        if looks_like(found, wanted / 2):
            raise NotYet(
                f"for {name} that is 1/c, where it begins to swing; it converges up to 2/c"
            )
        if looks_like(found, 2 * wanted):
            raise NotYet(f"for {name} it is twice too large: the second derivative of (wx)² is 2x²")
        same(found, wanted, f"for {name}")


@exercise("02.3")
def surprise(answer) -> None:
    cases = (
        (numbers(5), 3, "for 5 logits"),
        (np.array([1000.0, 998.0, -3.0]), 1, "for logits of 1000"),
        (np.array([-1000.0, 0.0, 1000.0]), 0, "for a label of which e^z is 0"),
    )
    for logits, label, when in cases:
        wanted = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(label))
        with np.errstate(all="ignore"):
            found = array_of(run(answer, logits, label), when)
        if not found.shape and not np.isfinite(found):
            raise NotYet(f"{when} it is {found:g}: take the largest off before e^z")
        if looks_like(found, -wanted):
            raise NotYet(f"{when} that is log p; the loss is −log p")
        same(found, wanted, when)


@exercise("02.4")
def one_epoch(answer) -> None:
    for n, size in ((10, 4), (9, 3), (5, 8)):
        when = f"for {n} examples, {size} at a time,"
        batches = index_batches(run(answer, n, size, np.random.default_rng(0)), when)
        sizes = [len(batch) for batch in batches]
        wanted = [min(size, n - start) for start in range(0, n, size)]
        if sorted(chain(*batches)) != list(range(n)):
            raise NotYet(f"{when} not every index from 0 to {n - 1} comes exactly once")
        if sizes != wanted:
            raise NotYet(f"{when} the batches hold {sizes} examples, expected {wanted}")
    first, second = (
        list(chain(*index_batches(run(answer, 50, 8, np.random.default_rng(seed)), "")))
        for seed in (1, 2)
    )
    if first in (second, list(range(50))):
        raise NotYet("the order is the same whatever rng is: draw it with rng.permutation")


def index_batches(found, when: str) -> list[list[int]]:
    expected = "a list of arrays of indices"
    return [whole_numbers(batch, when, expected) for batch in sequence(found, when, expected)]


@exercise("02.5")
def adamax(answer) -> None:
    gradients = [0.3, -2.0, 5.0, 0.0, 1.5]
    weight = torch.zeros((), dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.Adamax([weight], lr=0.1)
    wanted = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.double)
        optimizer.step()
        wanted.append(weight.item())
    found = array_of(run(answer, gradients, 0.1), "for five gradients")
    if found.shape == (len(gradients),):
        if looks_like(found[0], -wanted[0]):
            raise NotYet("the first step goes uphill: the change is taken off")
        if not np.isclose(found[0], wanted[0], rtol=1e-6):
            raise NotYet(
                f"after the first gradient it is at {found[0]:.6g}, expected {wanted[0]:.6g}: "
                "that step is η long, once m is divided by 1 − β₁ᵗ with t = 1, and u is not"
            )
    same(found, wanted, "for five gradients")


@exercise("02.6")
def standardise(answer) -> None:
    train = numbers(9, 3) * np.array([1.0, 1000.0, 0.01]) + np.array([5.0, -300.0, 0.0])
    test = 2 * train[:4][::-1] + 1
    for constant in (False, True):
        when = "with a column that is the same everywhere" if constant else "for 3 columns"
        if constant:
            train[:, 1] = 7.0
        mean, spread = train.mean(axis=0), train.std(axis=0)
        spread = np.where(spread > 0, spread, 1)
        with np.errstate(all="ignore"):
            both = run(answer, train.copy(), test.copy())
        one, other = parts(both, ["train", "test"])
        one, other = array_of(one, f"{when}, train:"), array_of(other, f"{when}, test:")
        if looks_like(one, (train - train.mean()) / train.std()):
            raise NotYet("it uses one mean and one spread for the whole table, not one a column")
        if one.shape == train.shape and not np.isfinite(one).all():
            raise NotYet("a column that is the same everywhere has spread 0, and became NaN")
        own = test.std(axis=0)
        if looks_like(other, (test - test.mean(axis=0)) / np.where(own > 0, own, 1)):
            raise NotYet("the test data have been given their own mean and spread, not training's")
        same(one, (train - mean) / spread, f"{when}, train:")
        same(other, (test - mean) / spread, f"{when}, test:")
