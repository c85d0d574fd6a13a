"""Answers to the exercises of chapter 18: other right ones, and slips."""

import math

import numpy as np
import torch
from torch.nn.functional import cross_entropy


def by_hundred(logits, ids, asked):
    targets = ids.masked_fill(~asked, -100)
    if not asked.any():
        return 0.0
    return cross_entropy(logits.flatten(0, 1), targets.flatten())


def by_polyfit(sizes, losses):
    slope, level = np.polyfit(np.log(sizes), np.log(losses), 1)
    return math.exp(level), -slope


def documents(lengths):
    at = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    return at[:, None] == at


RIGHT = [
    ("18.2", by_hundred),
    ("18.4", lambda lengths: documents(lengths).tril()),
    ("18.5", by_polyfit),
    ("18.6", lambda p, n: 100 * torch.tensor(p) ** n),
]

SLIPS = [
    ("18.1", lambda nats, tokens, text: nats * tokens / math.log(2) / len(text), "7, '茶 and tea'"),
    ("18.1", lambda nats, tokens, text: nats * tokens / len(text.encode()), "for 2.00 nats"),
    ("18.1", lambda nats, tokens, text: nats / math.log(2) / tokens, "for 2.00 nats"),
    (
        "18.2",
        lambda logits, ids, asked: cross_entropy(logits.flatten(0, 1), ids.flatten()),
        "for 3 words of 10 asked for",
    ),
    (
        "18.2",
        lambda logits, ids, asked: cross_entropy(logits[asked], ids[asked]),
        "for no word asked for the value is nan",
    ),
    (
        "18.2",
        lambda logits, ids, asked: cross_entropy(logits[asked], ids[asked], reduction="sum"),
        "for 3 words of 10 asked for",
    ),
    ("18.3", lambda D, H, H_kv, F: 4 * D * D + 3 * D * F + 2 * D, "D=12, H=2, H_kv=1"),
    (
        "18.3",
        lambda D, H, H_kv, F: 2 * D * D + 2 * D * D // H * H_kv + 2 * D * F + 2 * D,
        "D=12, H=2, H_kv=1",
    ),
    (
        "18.3",
        lambda D, H, H_kv, F: 2 * D * D + 2 * D * (D // H) * H_kv + 3 * D * F,
        "D=12, H=2, H_kv=1",
    ),
    ("18.4", documents, r"for lengths \[3\]"),
    ("18.4", lambda lengths: torch.ones(sum(lengths), sum(lengths)).bool().tril(), r"\[2, 3\]"),
    ("18.4", lambda lengths: documents(lengths).triu(), r"for lengths \[3\]"),
    ("18.5", lambda sizes, losses: by_polyfit(sizes, losses)[::-1], "three losses"),
    (
        "18.5",
        lambda sizes, losses: (by_polyfit(sizes, losses)[0], -by_polyfit(sizes, losses)[1]),
        "three losses that halve with ten times the size, b:",
    ),
    ("18.5", lambda sizes, losses: by_polyfit(sizes, losses)[0], "expected 2 results: a, b"),
    ("18.6", lambda p, n: [100 * each * n for each in p], r"for p=\[0.5"),
    ("18.6", lambda p, n: [each**n for each in p], r"for p=\[0.5"),
]
