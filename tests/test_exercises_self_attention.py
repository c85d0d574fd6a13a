"""The checkers of chapter 11: right answers are right, stubs are not attempted, slips are named.

(The folded solutions of every chapter are run through these checkers by pytest --nbval.)
"""

import re

import pytest
import torch

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("11.")]


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def no_shift(query, keys, values):
    powers = torch.exp((keys @ query) / len(query) ** 0.5)
    return powers @ values / powers.sum()


def no_scale(query, keys, values):
    return torch.softmax(keys @ query, 0) @ values


SLIPS = [
    ("11.1", no_shift, "scores in the thousands"),
    ("11.1", no_scale, "3 numbers, 5 keys"),
    ("11.1", lambda q, k, v: q[9], "it stops with IndexError"),
    ("11.2", lambda T, reach: torch.ones(T, T), "expected booleans"),
    ("11.2", lambda T, reach: torch.ones(T, T).tril().bool(), r"at \[0, 1\]"),
    ("11.3", lambda values: values.mean(0), r"shape is \[3\], expected \[5, 3\]"),
    ("11.4", lambda p, g: p * g, "3 rows of 5 weights"),
    ("11.5", lambda T, S, K, V: T * S * K, "T=2, S=3, K=5, V=7"),
    ("11.6", lambda first, second: second @ first, "two rounds"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said)


def test_an_unknown_number_is_an_error():
    with pytest.raises(ValueError, match=r"number must be one of .*11\.1"):
        check("99.9", None)
