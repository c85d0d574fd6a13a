"""Answers to the exercises of chapter 19: other right ones, and slips."""

import torch
from torch.nn.functional import fold, interpolate


def before(H, W, C, P, D, token=1, bias=1):
    words = (H // P) * (W // P) + token
    return words, (P * P * C + bias) * D + D + words * D


def turn(table, n, by):
    squares = table[1:].reshape(n, n, -1).rot90(by, dims=(0, 1))
    return torch.cat([table[:1], squares.flatten(0, 1)])


def gates(x, W_1, W_2, last=torch.sigmoid):
    def small(m):
        return (m @ W_1.T).relu() @ W_2.T

    return last(small(x.mean(dim=(2, 3))) + small(x.amax(dim=(2, 3))))


def smallest(side, D, d_ff, budget, token=1):
    def cost(P):
        T = (side // P) ** 2 + token
        return 4 * T * D**2 + 2 * T**2 * D + 2 * T * D * d_ff

    return next(P for P in range(1, side + 1) if side % P == 0 and cost(P) <= budget)


def stretch(table, old, new, mode="bilinear", keep=True):
    squares = table[1:].T.reshape(1, -1, old, old)
    larger = interpolate(squares, (new, new), mode=mode)[0].flatten(1).T
    return torch.cat([table[:1], larger]) if keep else larger


RIGHT = [
    ("19.2", lambda words, shape, P: fold(words.mT, shape[1:], P, stride=P)),
    ("19.3", lambda table, n: turn(table, n, -3)),
]


SLIPS = [
    ("19.1", lambda *sizes: before(*sizes, token=0), "4 × 4 pixels.* words: the value is 4"),
    ("19.1", lambda *sizes: before(*sizes, bias=0), "4 × 4 pixels.* numbers: the value is"),
    ("19.1", lambda H, W, C, P, D: (P + 1, 0), "4 × 4 pixels.* words"),
    ("19.2", lambda words, shape, P: words.reshape(len(words), *shape), "grey pictures of 4 × 4"),
    (
        "19.2",
        lambda words, shape, P: fold(words.mT, shape[1:], P, stride=P).mT,
        "grey pictures of 4 × 4",
    ),
    ("19.3", lambda table, n: table, "2 × 2"),
    ("19.3", lambda table, n: turn(table, n, -1), "2 × 2"),
    ("19.3", lambda table, n: turn(table, n, 1)[1:], r"shape is \[4, 3\], expected \[5, 3\]"),
    ("19.4", lambda *given: gates(*given, last=lambda g: g.softmax(dim=-1)), "4 channels"),
    (
        "19.4",
        lambda x, W_1, W_2: (
            ((x.mean(dim=(2, 3)) + x.amax(dim=(2, 3))) @ W_1.T).relu() @ W_2.T
        ).sigmoid(),
        "for [46] channels",
    ),
    (
        "19.4",
        lambda x, W_1, W_2: ((x.mean(dim=(2, 3)) @ W_1.T).relu() @ W_2.T).sigmoid(),
        "4 channels",
    ),
    ("19.5", lambda *given: smallest(*given, token=0), "budget=12000"),
    ("19.5", lambda side, D, d_ff, budget: 1, "budget=12000"),
    ("19.6", lambda *given: stretch(*given, mode="nearest"), "from 2 × 2 to 3 × 3"),
    ("19.6", lambda *given: stretch(*given, keep=False), r"shape is \[9, 5\], expected \[10, 5\]"),
]
