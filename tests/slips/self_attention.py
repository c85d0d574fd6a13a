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


def from_the_end(maps):
    shares = torch.eye(len(maps[0]))
    for weights in reversed(maps):
        shares = shares @ (weights + torch.eye(len(weights))) / 2
    return shares


def first_round_last(maps):
    shares = torch.eye(len(maps[0]))
    for weights in reversed(maps):
        shares = (weights + torch.eye(len(weights))) / 2 @ shares
    return shares


def only_what_is_heard(maps):
    shares = torch.eye(len(maps[0]))
    for weights in maps:
        shares = weights @ shares
    return shares


def with_a_loop(values):
    return torch.stack([values[: t + 1].mean(dim=0) for t in range(len(values))])


def one_window(T, reach, step):
    place = torch.arange(T)
    return (place[:, None] - place).abs() <= reach * step


RIGHT = [
    ("11.1", one_score_at_a_time),
    ("11.3", with_a_loop),
    ("11.5", lambda T, D, K: T * K * (3 * D + 2 * T)),
    ("11.6", from_the_end),
]
SLIPS = [
    ("11.1", no_shift, "scores in the thousands"),
    ("11.1", no_scale, "3 numbers, 5 keys"),
    ("11.1", lambda q, k, v: q[9], "it stops with IndexError"),
    ("11.2", lambda T, reach, step: torch.ones(T, T), "expected booleans"),
    ("11.2", lambda T, reach, step: torch.ones(T, T).tril().bool(), "7 words"),
    ("11.2", one_window, "7 words, a reach of 1 and a step of 2"),
    ("11.3", lambda values: values.mean(0).expand_as(values), "5 values of 3 numbers"),
    ("11.3", lambda values: values.cumsum(0) / len(values), "5 values of 3 numbers"),
    ("11.4", lambda p, g: p * g, "3 rows of 5 weights"),
    ("11.5", lambda T, D, K: 2 * T * T * K, "for T=2, D=5, K=7"),
    ("11.6", first_round_last, "for 2 rounds over 5 words"),
    ("11.6", only_what_is_heard, "for 2 rounds over 5 words"),
]
