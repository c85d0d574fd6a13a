"""The checkers of chapter 16: right answers are right, stubs are not attempted, slips are named.

(The folded solutions of the chapter are run through these checkers by pytest --nbval.)
"""

import re

import pytest
import torch
from torch.nn.functional import cross_entropy

from attend.exercises import check, transformer, verdict  # noqa: F401
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("16.")]


def test_there_are_six():
    assert len(OURS) == 6


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def embed(ids, words, places):
    return words[ids] * words.shape[1] ** 0.5 + places[: ids.shape[1]]


def smoothed_loss(logits, wanted, smoothing):
    log_p = logits.log_softmax(-1)
    right = -log_p[torch.arange(len(wanted)), wanted]
    return ((1 - smoothing) * right - smoothing * log_p.mean(-1)).mean()


def decoder_only(D, F, N, V):
    return V * D + N * (4 * (D * D + D) + 2 * D * F + F + D + 4 * D) + 2 * D


def sentence_log_p(logits, wanted):
    each = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
    return (each * (wanted != 0)).sum(-1)


def other_weights(weights, values):
    both = torch.cat([values, torch.ones(len(values), 1, dtype=values.dtype)], dim=1)
    step = torch.linalg.svd(both.T)[2][-1]
    return weights + step * 0.9 / (-step / weights).max()


RIGHT = [
    ("16.1", embed),
    ("16.2", smoothed_loss),
    ("16.3", lambda d_model, highest: 1 / (d_model * highest**2)),
    ("16.4", decoder_only),
    ("16.5", sentence_log_p),
    ("16.6", other_weights),
]


@pytest.mark.parametrize("number, answer", RIGHT)
def test_a_right_answer_is_right(number, answer):
    assert verdict(number, answer) == "right"


def no_padding(logits, wanted):
    return logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0].sum(-1)


SLIPS = [
    ("16.1", lambda ids, words, places: words[ids] + places[: ids.shape[1]], r"ids \[2, 5\]"),
    ("16.1", lambda ids, words, places: words[ids] * 6**0.5 + places, "it stops with Runtime"),
    ("16.2", lambda logits, wanted, s: cross_entropy(logits, wanted), "smoothing 0.1"),
    ("16.2", lambda logits, wanted, s: -logits.log_softmax(-1).mean(-1), r"shape is \[5\]"),
    ("16.3", lambda d_model, highest: d_model * highest**2, "d_model=512"),
    ("16.4", lambda D, F, N, V: decoder_only(D, F, N, V) - 2 * D, "D=512, F=2048"),
    ("16.5", no_padding, r"at \[1\]"),
    ("16.5", lambda logits, wanted: sentence_log_p(logits, wanted).mean(), r"shape is \[\]"),
    ("16.6", lambda weights, values: weights, "the same weights"),
    ("16.6", lambda weights, values: weights * 1.1, "sum of the weights"),
    ("16.6", lambda weights, values: weights.flip(0), "of the average"),
    ("16.6", lambda weights, values: weights - 1, "expected none below 0"),
    ("16.6", lambda weights, values: weights[1:], "of the shape"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
