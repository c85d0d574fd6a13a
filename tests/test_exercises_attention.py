"""The checkers of chapter 10: right answers are right, stubs are not attempted, slips are named."""

import math
import re

import pytest
import torch

from attend.exercises import attention as _checkers  # noqa: F401  (registers them)
from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [f"10.{number}" for number in range(1, 7)]


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def test_there_are_as_many_as_are_tested():
    assert sorted(number for number in CHECKS if number.startswith("10.")) == OURS


def look(state, states):
    return torch.softmax(states @ state, dim=0) @ states


def additive_scores(query, keys, W, U, v):
    return (W @ query + keys @ U.T).tanh() @ v


def shares_of_words(scores, length):
    powers = torch.exp(scores) * (torch.arange(len(scores)) < length)
    return powers / powers.sum()


def error_rate(found, gold):
    return 1 - 2 * len(found & gold) / (len(found) + len(gold))


def temperature_for(gap, share):
    return gap / math.log(share / (1 - share))


def scores_backward(weights, values, upstream):
    return weights * ((values - weights @ values) @ upstream)


RIGHT = (look, additive_scores, shares_of_words, error_rate, temperature_for, scores_backward)


@pytest.mark.parametrize("number, answer", list(zip(OURS, RIGHT, strict=True)))
def test_a_right_answer_is_right(number, answer):
    assert verdict(number, answer) == "right"


def mask_after(scores, length):
    return torch.softmax(scores, dim=0) * (torch.arange(len(scores)) < length)


SLIPS = [
    ("10.1", lambda s, h: torch.softmax(h @ s / len(s) ** 0.5, 0) @ h, "5 states of 3 numbers"),
    ("10.1", lambda s, h: (h @ s) @ h, "5 states of 3 numbers"),
    ("10.1", lambda s, h: torch.softmax(h @ s, 0), r"shape is \[5\], expected \[3\]"),
    ("10.2", lambda q, k, W, U, v: (W @ q + k @ U.T) @ v, "before any softmax"),
    ("10.2", lambda q, k, W, U, v: torch.softmax((W @ q + k @ U.T).tanh() @ v, 0), "before any"),
    ("10.2", lambda q, k, W, U, v: (W @ k).tanh() @ v, "it stops with RuntimeError"),
    ("10.3", mask_after, "5 scores of which 3 are words"),
    ("10.3", lambda scores, n: torch.softmax(scores[:n], 0), r"shape is \[3\], expected \[5\]"),
    ("10.4", lambda found, gold: 1 - len(found & gold) / len(found), "two right links of three"),
    ("10.4", lambda found, gold: 2 * len(found & gold) / (len(found) + len(gold)), "gold links"),
    ("10.5", lambda gap, share: gap / math.log(share), "gap of 2.0"),
    ("10.6", lambda w, h, g: w * (h @ g), "5 values of 3 numbers"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said)
