"""The checkers of chapter 01: right answers are right, stubs are not attempted, slips are named."""

import re
from itertools import pairwise

import numpy as np
import pytest

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("01.")]


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


# Other answers than the chapter's own, which pytest --nbval runs.
RIGHT = {
    "01.1": lambda x, w, b: np.maximum(np.dot(w, x) + b, 0),
    "01.2": lambda W1, b1, W2, b2: [np.einsum("nm,mk->nk", W1, W2), b2 + W2.T @ b1],
    "01.3": lambda: (np.ones((3, 4)), [-2, 0, -1, 5], [1, 1, -2, 0]),  # one unit unused
    "01.4": lambda z: sigmoid(z) * (1 + z * sigmoid(-z)),
    "01.5": lambda sizes: sum(n * m for n, m in pairwise(sizes)) + sum(sizes[1:]),
    "01.6": lambda curvature, error: int(max(1, -(-((curvature / 8 / error) ** 0.5) // 1))),
}


@pytest.mark.parametrize("number", OURS)
def test_another_right_answer_is_right(number):
    assert verdict(number, RIGHT[number]) == "right"


def exclusive_or():
    return np.ones((3, 2)), np.array([0.0, -1]), np.array([1.0, -2])


SLIPS = [
    ("01.1", lambda x, w, b: x @ w + b, "where w · x \\+ b is negative"),
    ("01.1", lambda x, w, b: max(x @ w, 0), "is positive"),
    ("01.1", lambda x, w, b: np.maximum(x * w + b, 0), r"shape is \[5\], expected \[\]"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2, b1[:2] + b2), "b₁ passes through"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2, b2), "b: the value"),
    ("01.2", lambda W1, b1, W2, b2: ((W1 @ W2).T, b1 @ W2 + b2), "rows, so W₁ comes first"),
    ("01.2", lambda W1, b1, W2, b2: W2 @ W1, "it stops with ValueError"),
    ("01.2", lambda W1, b1, W2, b2: W1 @ W2, "must return W, b"),
    ("01.3", exclusive_or, r"\[1, 1, 1\] it gives -1, expected 0"),
    ("01.3", lambda: (np.ones((2, 2)), [0, 0], [0, 0]), r"\[2, 2\], \[2\], \[2\], expected \[3, H"),
    ("01.3", lambda: ("a", "b", "c"), "arrays of numbers"),
    ("01.4", sigmoid, "one of two terms"),
    ("01.4", lambda z: z * sigmoid(z), "SiLU itself"),
    ("01.4", lambda z: sigmoid(z) * (1 - sigmoid(z)), "z from −4 to 4 the value"),
    ("01.5", lambda sizes: sum(n * m for n, m in pairwise(sizes)), "a bias"),
    ("01.5", lambda sizes: sum(sizes), r"for \[64, 32, 10\] the value is 106, expected 2410"),
    ("01.6", lambda curvature, error: (curvature / (8 * error)) ** 0.5, "round up"),
    ("01.6", lambda curvature, error: int((curvature / (8 * error)) ** 0.5), "is 22, expected 23"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
