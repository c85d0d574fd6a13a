"""The checkers of chapter 07: right answers are right, stubs are not attempted, slips are named.

(The folded solutions of every chapter are run through these checkers by pytest --nbval.)
"""

import re
from math import prod

import numpy as np
import pytest

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("07.")]


def step_backward(dh, x, h_before, h, W_hh):
    da = dh * (1 - h**2)
    return da.T @ x, da.T @ h_before, da.sum(axis=0), da @ W_hh


RIGHT = {
    "07.1": lambda x, h, W_xh, W_hh, b: np.tanh(x @ W_xh.T + h @ W_hh.T + b),
    "07.2": lambda n_in, D, n_out: D * (n_in + D + 1) + n_out * (D + 1),
    "07.3": step_backward,
    "07.4": lambda: (2.0, 3.0, 0.0),
    "07.5": lambda shares: np.exp(-sum(np.log(share) for share in shares) / len(shares)),
    "07.6": lambda T, N: T + N - 1,
}


def test_there_are_six():
    assert sorted(OURS) == sorted(RIGHT)


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


@pytest.mark.parametrize("number", RIGHT)
def test_a_right_answer_is_right(number):
    assert verdict(number, RIGHT[number]) == "right"


def no_tanh(dh, x, h_before, h, W_hh):
    return dh.T @ x, dh.T @ h_before, dh.sum(axis=0), dh @ W_hh


def the_wrong_side(dh, x, h_before, h, W_hh):
    da = dh * (1 - h**2)
    return da.T @ x, da.T @ h_before, da.sum(axis=0), da @ W_hh.T


SLIPS = [
    ("07.1", lambda x, h, W_xh, W_hh, b: x @ W_xh.T + h @ W_hh.T + b, "2 rows, 3 inputs"),
    ("07.1", lambda x, h, W_xh, W_hh, b: np.tanh(x @ W_xh + h @ W_hh), "stops with ValueError"),
    ("07.1", lambda x, h, W_xh, W_hh, b: np.tanh(x @ W_xh.T + h @ W_hh + b), r"at \[0, 0\]"),
    ("07.2", lambda n_in, D, n_out: D * n_in + D * D + n_out * D, "2 inputs, 3 units"),
    ("07.3", no_tanh, "dW_xh, for 2 rows"),
    ("07.3", the_wrong_side, "dh_before, for 2 rows"),
    ("07.3", lambda *arguments: step_backward(*arguments)[0], "four arrays"),
    ("07.4", lambda: (2.0, 0.9, 0.0), "at step .*above 0.5"),
    ("07.4", lambda: (9.0, 3.0, 0.0), "above 0.5"),
    ("07.4", lambda: (2.0, 3.0), "three numbers"),
    ("07.4", lambda: 3.0, "three numbers"),
    ("07.5", lambda shares: prod(shares) ** (-1 / len(shares)), "400 tokens|stops"),
    ("07.5", lambda shares: 1 / np.mean(shares), "two tokens"),
    ("07.6", lambda T, N: T * N, "5 words and 3 layers"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
