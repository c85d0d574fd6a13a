"""The checkers of chapter 06: right answers are right, stubs are not attempted, slips are named."""

import re
from itertools import pairwise

import pytest
import torch

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("06.")]


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def one_hot(ids, size):
    return (torch.tensor(ids)[:, None] == torch.arange(size)).double()


def cut(rows, length):
    return torch.tensor([(row + [0] * length)[:length] for row in rows])


def padded(rows, length):
    return cut(
        [row if len(row) <= length else [*row[: length - 1], row[-1]] for row in rows], length
    )


def counted(words):
    counts = {}
    for word, times in words.items():
        for pair in pairwise(word):
            counts[pair] = counts.get(pair, 0) + times
    return counts


def best_pair(words):
    counts = counted(words)
    return min(counts, key=lambda pair: (-counts[pair], pair))


def unweighted(words):
    return best_pair(dict.fromkeys(words, 1))


def last_pair(words):
    counts = counted(words)
    return max(counts, key=lambda pair: (counts[pair], pair))


def step(u, v, label, rate):
    error = torch.sigmoid(u @ v) - label
    return u - rate * error * v, v - rate * error * u


def step_in_turn(u, v, label, rate):
    u = u - rate * (torch.sigmoid(u @ v) - label) * v
    return u, v - rate * (torch.sigmoid(u @ v) - label) * u


def nearest(table, row):
    unit = table / table.norm(dim=1, keepdim=True)
    cosines = unit @ unit[row]
    cosines[row] = -2
    return cosines.argmax()


def by_dot(table, row):
    scores = table @ table[row]
    scores[row] = -1e9
    return scores.argmax()


def means(ids, table):
    real = (ids != 0).double()[:, :, None]
    return (table[ids] * real).sum(1) / real.sum(1).clamp(min=1)


def bare_means(ids, table):
    real = (ids != 0).double()[:, :, None]
    return (table[ids] * real).sum(1) / real.sum(1)


ANSWERS = [
    ("06.1", one_hot),
    ("06.2", padded),
    ("06.3", best_pair),
    ("06.4", step),
    ("06.5", nearest),
    ("06.6", means),
]
SLIPS = [
    ("06.1", lambda ids, size: one_hot(ids, size).T, r"shape is \[5, 3\], expected \[3, 5\]"),
    ("06.1", lambda ids, size: one_hot(ids, size + 1), "ids"),
    ("06.2", cut, r"length of 4 the value at \[0, 3\] is 7, expected 3"),
    ("06.3", unweighted, "expected"),
    ("06.3", last_pair, "first in the order of their letters"),
    ("06.3", lambda words: "ug", "returns a str, expected a pair"),
    ("06.4", lambda u, v, label, rate: u, "expected two"),
    ("06.4", lambda u, v, label, rate: step(u, v, 1, rate), "for a drawn word"),
    ("06.4", step_in_turn, "the new v"),
    ("06.5", by_dot, "row"),
    ("06.5", lambda table, row: row, "row 2"),
    ("06.6", lambda ids, table: table[ids].mean(1), "2 and 4 words, padded"),
    ("06.6", bare_means, "all padding"),
    ("06.6", lambda ids, table: ids[9], "it stops with IndexError"),
]


@pytest.mark.parametrize("number, answer", ANSWERS)
def test_a_right_answer_is_right(number, answer):
    assert verdict(number, answer) == "right"


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
