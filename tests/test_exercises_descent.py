"""The checkers of chapter 02: right answers are right, stubs are not attempted, slips are named."""

import re

import numpy as np
import pytest

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("02.")]


def test_there_are_six():
    assert sorted(OURS) == [f"02.{i}" for i in range(1, 7)]


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"


def slopes(w, b, x, y, factor=2.0):
    errors = w * x + b - y
    return factor * np.mean(errors * x), factor * np.mean(errors)


def surprise(logits, label):
    shifted = logits - logits.max()
    return np.log(np.exp(shifted).sum()) - shifted[label]


def one_epoch(n, size, rng):
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


def adam(gradients, rate, correct=True, sign=-1, beta1=0.9):
    theta, m, s, places = 0.0, 0.0, 0.0, []
    for t, g in enumerate(gradients, start=1):
        m, s = beta1 * m + (1 - beta1) * g, 0.999 * s + 0.001 * g**2
        mean, square = (m / (1 - beta1**t), s / (1 - 0.999**t)) if correct else (m, s)
        theta += sign * rate * mean / (square**0.5 + 1e-8)
        places.append(theta)
    return places


def standardise(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


RIGHT = {
    "02.1": slopes,
    "02.2": lambda x: 1 / np.mean(x**2),
    "02.3": surprise,
    "02.4": one_epoch,
    "02.5": adam,
    "02.6": standardise,
}


@pytest.mark.parametrize("number", OURS)
def test_a_right_answer_is_right(number):
    assert verdict(number, RIGHT[number]) == "right"


def in_order(n, size, rng):
    return [np.arange(n)[start : start + size] for start in range(0, n, size)]


def no_rest(n, size, rng):
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n - size + 1, size)]


def with_repeats(n, size, rng):
    return [rng.integers(n, size=min(size, n - start)) for start in range(0, n, size)]


SLIPS = [
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, 1.0), "half as large"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, 14.0), "the loss is a mean"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, -2.0), "wrong sign"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y)[::-1], "swapped"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y)[0], "expected two numbers"),
    ("02.1", lambda w, b, x, y: (x, 0.0), "two numbers"),
    ("02.2", lambda x: 0.5 / np.mean(x**2), "begins to swing"),
    ("02.2", lambda x: 2 / np.mean(x**2), "twice too large"),
    ("02.2", lambda x: 1 / np.sum(x**2), "for the tap"),
    ("02.3", lambda z, j: np.log(np.exp(z).sum()) - z[j], "take the largest off"),
    ("02.3", lambda z, j: -surprise(z, j), "the loss is −log p"),
    ("02.3", lambda z, j: -np.log(np.exp(z - z.max())[j] / np.exp(z - z.max()).sum()), "e.z is 0"),
    ("02.4", in_order, "whatever rng is"),
    ("02.4", no_rest, "not every index"),
    ("02.4", with_repeats, "not every index"),
    ("02.4", lambda n, size, rng: [rng.permutation(n)], "the batches hold"),
    ("02.4", lambda n, size, rng: 3, "does not return a list"),
    ("02.5", lambda g, rate: adam(g, rate, correct=False), "divided by 1 − βᵗ"),
    ("02.5", lambda g, rate: adam(g, rate, sign=1), "uphill"),
    ("02.5", lambda g, rate: adam(g, rate, beta1=0.8), "for five gradients the value"),
    ("02.5", lambda g, rate: adam(g, rate)[-1], "the shape is"),
    ("02.6", lambda X: (X - X.mean()) / X.std(), "whole table"),
    ("02.6", lambda X: standardise(X.T).T, "along the rows"),
    ("02.6", lambda X: (X - X.mean(axis=0)) / X.std(axis=0), "became NaN"),
    ("02.6", lambda X: X - X.mean(axis=0), "different units the value"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
