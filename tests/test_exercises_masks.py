"""The checkers of chapter 15: right answers are right, stubs are not attempted, slips are named."""

import re

import pytest
import torch

from attend.exercises import check, verdict
from attend.exercises.checking import CHECKS

OURS = [number for number in CHECKS if number.startswith("15.")]
LOWEST = torch.finfo(torch.float64).min


@pytest.mark.parametrize("number", OURS)
def test_a_stub_is_not_attempted(number, capsys):
    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"


def triangle(T):
    return torch.ones(T, T).tril().bool()


def there(lengths, T):
    return torch.arange(T) < lengths[:, None]


def softmax_by_hand(scores, mask):
    scores = scores.masked_fill(~mask, LOWEST)
    powers = torch.exp(scores - scores.amax(-1, keepdim=True)) * mask
    return powers / powers.sum(-1, keepdim=True).clamp(min=1e-300)


def additive(given, dtype, hide=None):
    lowest = torch.finfo(dtype).min if hide is None else hide
    return torch.zeros(given.shape, dtype=dtype).masked_fill(given == 0, lowest)[:, None, None]


def means(x, ids):
    there = (ids != 0)[..., None]
    return (x * there).sum(1) / there.sum(1).clamp(min=1)


def paths(mask, n):
    step = (mask | torch.eye(len(mask)).bool()).double()
    return torch.linalg.matrix_power(step, n) > 0


RIGHT = {
    "15.1": lambda lengths, T: there(lengths, T)[:, None] & triangle(T),
    "15.2": lambda T, n: triangle(T) | (torch.arange(T) < n),
    "15.3": softmax_by_hand,
    "15.4": means,
    "15.5": additive,
    "15.6": paths,
}


@pytest.mark.parametrize("number", OURS)
def test_a_right_answer_is_right(number):
    assert verdict(number, RIGHT[number]) == "right"


SLIPS = [
    ("15.1", lambda n, T: there(n, T)[:, None].expand(-1, T, T), r"at \[0, 0, 1\]"),
    ("15.1", lambda n, T: triangle(T), r"shape is \[5, 5\], expected \[3, 5, 5\]"),
    ("15.1", lambda n, T: ~(there(n, T)[:, None] & triangle(T)), "is 0, expected 1"),
    ("15.1", lambda n, T: (there(n, T)[:, None] & triangle(T)).int(), "expected booleans"),
    ("15.2", lambda T, n: triangle(T), r"T=5 and a prefix of 2 the value at \[0, 1\]"),
    ("15.2", lambda T, n: triangle(T) & (torch.arange(T) < n), "prefix of 2"),
    ("15.3", lambda s, m: torch.softmax(s, -1) * m, "3 rows of 5"),
    (
        "15.3",
        lambda s, m: (lambda k: k / k.sum(-1, keepdim=True))(torch.softmax(s, -1) * m),
        "hidden score of 1000",
    ),
    (
        "15.3",
        lambda s, m: (lambda p: p / p.sum(-1, keepdim=True))(
            torch.exp(s.masked_fill(~m, -torch.inf))
        ),
        "about 1000 that may be seen",
    ),
    (
        "15.3",
        lambda s, m: torch.softmax(s.masked_fill(~m, -torch.inf), -1),
        "row with nothing to see the value at .* is nan, expected 0",
    ),
    ("15.3", lambda s, m: torch.softmax(s.masked_fill(~m, LOWEST), -1), "nothing to see"),
    ("15.4", lambda x, ids: x.mean(1), "sentences of 3, 5 and 2"),
    ("15.4", lambda x, ids: (x * (ids != 0)[..., None]).mean(1), "sentences of 3, 5 and 2"),
    (
        "15.4",
        lambda x, ids: (x * (ids != 0)[..., None]).sum(1) / (ids != 0).sum(1)[:, None],
        "an empty sentence the value at .* is nan",
    ),
    ("15.5", lambda given, dtype: given[:, None, None].to(dtype), "padding .* still seen"),
    ("15.5", lambda given, dtype: additive(1 - given, dtype), "padding .* still seen"),
    ("15.5", lambda given, dtype: additive(given, dtype, -torch.inf), "become NaN"),
    ("15.5", lambda given, dtype: additive(given, dtype)[:, 0], r"returns \[3, 1, 3\], expected"),
    ("15.5", lambda given, dtype: additive(given, torch.float32), "returns torch.float32"),
    ("15.5", lambda given, dtype: additive(given, dtype, -1e9), "it stops with RuntimeError"),
    ("15.5", lambda given, dtype: "mask", "returns str"),
    ("15.6", lambda mask, n: mask, "window of 3 and 2 layers"),
    (
        "15.6",
        lambda mask, n: torch.linalg.matrix_power(mask.double(), n) > 0,
        "only the one before",
    ),
    ("15.6", lambda mask, n: torch.linalg.matrix_power(mask.double(), n), "expected booleans"),
]


@pytest.mark.parametrize("number, answer, told", SLIPS)
def test_a_slip_is_named(number, answer, told):
    said = verdict(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said), said
