"""Answers to the exercises of chapter 11: other right ones, and slips."""

import torch


def no_shift(query, keys, values):
    powers = torch.exp((keys @ query) / len(query) ** 0.5)
    return powers @ values / powers.sum()


def no_scale(query, keys, values):
    return torch.softmax(keys @ query, 0) @ values


def one_score_at_a_time(query, keys, values):
    scores = torch.tensor([float(key @ query) for key in keys]) / len(query) ** 0.5
    return torch.softmax(scores, dim=0) @ values


RIGHT = [
    ("11.1", one_score_at_a_time),
    ("11.3", lambda values: torch.full((len(values),) * 2, 1 / len(values)) @ values),
]
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
