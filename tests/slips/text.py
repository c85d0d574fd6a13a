"""Answers to the exercises of chapter 06: other right ones, and slips."""

from itertools import pairwise

import numpy as np
import torch


def one_hot(ids, size):
    return (torch.tensor(ids)[:, None] == torch.arange(size)).double()


def cut(rows, length):
    return torch.tensor([(row + [0] * length)[:length] for row in rows])


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


def means_by_a_product(ids, table):
    real = (ids != 0).float()
    return (real[:, None] @ table[ids])[:, 0] / real.sum(1, keepdim=True).clamp(min=1)


RIGHT = [
    ("06.3", lambda words: list(best_pair(words))),
    ("06.3", lambda words: np.array(best_pair(words))),
    ("06.4", lambda *given: torch.stack(step(*given))),
    ("06.6", means_by_a_product),
    ("06.6", means),
]


SLIPS = [
    ("06.1", lambda ids, size: one_hot(ids, size).T, r"shape is \[5, 3\], expected \[3, 5\]"),
    ("06.1", lambda ids, size: one_hot(ids, size + 1), "ids"),
    ("06.2", cut, r"length of 4 the value at \[0, 3\] is 7, expected 3"),
    ("06.3", unweighted, "expected"),
    ("06.3", last_pair, "first in the order of their letters"),
    ("06.3", lambda words: "ug", "returns a str, expected a pair"),
    ("06.4", lambda u, v, label, rate: u, "a tensor .*expected 2 results: the new u, the new v"),
    ("06.4", lambda u, v, label, rate: step(u, v, 1, rate), "for a drawn word"),
    ("06.4", step_in_turn, "the new v"),
    ("06.5", by_dot, "row"),
    ("06.5", lambda table, row: row, "row 2"),
    ("06.6", lambda ids, table: table[ids].mean(1), "2 and 4 words, padded"),
    ("06.6", bare_means, "all padding"),
    ("06.6", lambda ids, table: ids[9], "it stops with IndexError"),
]
