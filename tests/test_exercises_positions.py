"""The checkers of chapter 13: right answers are right, stubs are not attempted, slips are named."""

import math
import re

import pytest
import torch

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS
from attend.positions import sinusoidal

OURS = [number for number in CHECKS if number.startswith("13.")]


def vector(p, d_model, base):
    angles = [p / base ** (2 * i / d_model) for i in range(d_model // 2)]
    return [f(angle) for angle in angles for f in (math.sin, math.cos)]


def steps_between(P, Q):
    angles = [math.atan2(*v[32:34].tolist()) for v in (P, Q)]
    turned = (angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi
    return round(100 * turned)


def in_halves(weights):
    return torch.cat([weights[0::2], weights[1::2]])


def steps(T, reach):
    place = torch.arange(T)
    return (place[None] - place[:, None]).clamp(-reach, reach) + reach


RIGHT = {
    "13.1": vector,
    "13.2": lambda d, d_model, base: 2 * math.pi * base ** (2 * (d // 2) / d_model),
    "13.3": steps_between,
    "13.4": in_halves,
    "13.5": steps,
    "13.6": lambda length, trained: torch.arange(length) * min(1, trained / length),
}


@pytest.mark.parametrize("number", OURS)
def test_a_right_answer_is_right(number):
    assert verdict(number, RIGHT[number]) == "right"


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"


SLIPS = [
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base), r"shape is \[4, 4\], expected \[4\]"),
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base)[p].flip(0), r"p=3, d_model=4"),
    ("13.2", lambda d, D, base: 2 * math.pi * base ** (2 * d / D), "dimension 1 of 4"),
    ("13.2", lambda d, D, base: base ** (2 * (d // 2) / D), "dimension 0 of 4"),
    ("13.3", lambda P, Q: abs(steps_between(P, Q)), "positions 8 and 5 the value is 3"),
    ("13.3", lambda P, Q: round(math.atan2(*Q[:2]) - math.atan2(*P[:2])), "positions 700 and 411"),
    ("13.3", lambda P, Q: Q - P, r"the shape is \[64\], expected \[\]"),
    ("13.4", lambda weights: weights, "head of 4 numbers, the score"),
    ("13.4", lambda weights: weights[0::2], r"weights \[4, 6\]"),
    ("13.4", lambda weights: weights.flip(0), "the score"),
    ("13.5", lambda T, reach: steps(T, reach).T, "T=5"),
    ("13.5", lambda T, reach: steps(T, reach) - reach, "T=5 and a reach of 2"),
    ("13.6", lambda length, trained: torch.arange(length) * trained / length, "3 words"),
    ("13.6", lambda length, trained: torch.arange(length), "8 words, trained on 4"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
