"""The checkers of chapter 12: right answers are right, stubs are not attempted, slips are named."""

import re

import pytest
import torch

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("12.")]


def entropies(weights):
    return -torch.special.xlogy(weights, weights).sum(-1).mean(-1)


def multi_query(queries, keys, values):
    return torch.softmax(queries @ keys.mT / queries.shape[-1] ** 0.5, dim=-1) @ values


def contribution(contexts, W_O, head):
    K = contexts.shape[-1]
    return contexts[head] @ W_O[:, head * K : (head + 1) * K].T


RIGHT = [
    ("12.1", lambda x, H: x.unflatten(-1, (H, -1)).transpose(1, 2)),
    ("12.2", lambda heads: heads.transpose(1, 2).flatten(2)),
    ("12.3", lambda d_model, n_heads: 4 * d_model * (d_model + 1)),
    ("12.4", contribution),
    ("12.5", entropies),
    ("12.6", multi_query),
]
SLIPS = [
    ("12.1", lambda x, H: x.reshape(len(x), H, x.shape[1], -1), r"at \[0, 0, 1, 0\]"),
    ("12.1", lambda x, H: x.unflatten(-1, (H, -1)), "shape is"),
    ("12.2", lambda heads: heads.flatten(2), "shape is"),
    ("12.2", lambda heads: heads.transpose(1, 2).transpose(2, 3).flatten(2), r"at \[0, 0, 1\]"),
    ("12.3", lambda d_model, n_heads: 4 * d_model**2, "is 576, expected 624"),
    ("12.3", lambda d_model, n_heads: n_heads * 4 * d_model * (d_model + 1), "n_heads=3"),
    ("12.4", lambda c, W, h: c[h] @ W[h * 2 : h * 2 + 2], "for head 0 of 3"),
    ("12.5", lambda w: -(w * w.log()).sum(-1).mean(-1), "certain"),
    ("12.5", lambda w: -torch.special.xlogy(w, w).sum(-1), r"shape is \[3, 5\], expected \[3\]"),
    ("12.6", lambda q, k, v: torch.softmax(q @ k.mT, dim=-1) @ v, "for 3 heads"),
    ("12.6", lambda q, k, v: q[9], "it stops with IndexError"),
]


def test_every_exercise_has_a_right_answer_here():
    assert sorted(number for number, _ in RIGHT) == sorted(OURS)


@pytest.mark.parametrize("number, answer", RIGHT)
def test_a_right_answer_is_right(number, answer):
    assert verdict(number, answer) == "right"


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
