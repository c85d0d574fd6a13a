"""Answers to the exercises of chapter 13: other right ones, and slips."""

import math

import torch

from attend.positions import sinusoidal


def steps_between(P, Q):
    angles = [math.atan2(*v[32:34].tolist()) for v in (P, Q)]
    turned = (angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi
    return round(100 * turned)


def steps(T, reach):
    place = torch.arange(T)
    return (place[None] - place[:, None]).clamp(-reach, reach) + reach


def by_a_permutation(weights):
    K = len(weights)
    return torch.eye(K)[[*range(0, K, 2), *range(1, K, 2)]] @ weights


RIGHT = [
    ("13.4", by_a_permutation),
    ("13.3", steps_between),
]


SLIPS = [
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base), r"shape is \[4, 4\], expected \[4\]"),
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base)[p].flip(0), r"p=3, d_model=4"),
    ("13.2", lambda d, D, base: 2 * math.pi * base ** (2 * d / D), "dimension 1 of 4"),
    ("13.2", lambda d, D, base: base ** (2 * (d // 2) / D), "dimension 0 of 4"),
    ("13.3", lambda P, Q: abs(steps_between(P, Q)), "positions 8 and 5 the value is 3"),
    ("13.3", lambda P, Q: round(math.atan2(*Q[:2]) - math.atan2(*P[:2])), "positions 700 and 411"),
    ("13.3", lambda P, Q: Q - P, r"the shape is \[64\], expected \[\]"),
    ("13.4", lambda weights: weights, "head of 4 numbers, the score"),
    ("13.4", lambda weights: weights[0::2], r"weights \[4, 6\]"),
    ("13.4", lambda weights: weights.flip(0), "the score"),
    ("13.5", lambda T, reach: steps(T, reach).T, "T=5"),
    ("13.5", lambda T, reach: steps(T, reach) - reach, "T=5 and a reach of 2"),
    ("13.6", lambda length, trained: torch.arange(length) * trained / length, "3 words"),
    ("13.6", lambda length, trained: torch.arange(length), "8 words, trained on 4"),
]
