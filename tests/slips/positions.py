"""Answers to the exercises of chapter 13: other right ones, and slips."""

import math

import torch

from attend.positions import rotate, sinusoidal


def steps_between(P, Q):
    angles = [math.atan2(*v[32:34].tolist()) for v in (P, Q)]
    turned = (angles[1] - angles[0] + math.pi) % (2 * math.pi) - math.pi
    return round(100 * turned)


def pairing(query, key, scores, names=("half", "interleaved"), otherwise="neither"):
    T = len(scores)
    for name in names:
        q, k = (rotate(x.repeat(T, 1), torch.arange(T), name) for x in (query, key))
        if (q @ k.T - scores).abs().max() < 1e-3:
            return name
    return otherwise


def ranges(distances, n, furthest, half=None, cut=True):
    half, found = half or n // 2, []
    for d in distances.tolist():
        far = half + int((n - half) * math.log(max(d, half) / half) / math.log(furthest / half))
        found.append(d if d < half else min(far, n - 1) if cut else far)
    return found


RIGHT = [
    ("13.3", steps_between),
    ("13.4", pairing),
    ("13.5", ranges),
]


SLIPS = [
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base), r"shape is \[4, 4\], expected \[4\]"),
    ("13.1", lambda p, d, base: sinusoidal(p + 1, d, base)[p].flip(0), r"p=3, d_model=4"),
    ("13.2", lambda d, D, base: 2 * math.pi * base ** (2 * d / D), "dimension 1 of 4"),
    ("13.2", lambda d, D, base: base ** (2 * (d // 2) / D), "dimension 0 of 4"),
    ("13.3", lambda P, Q: abs(steps_between(P, Q)), "positions 8 and 5 the value is 3"),
    ("13.3", lambda P, Q: round(math.atan2(*Q[:2]) - math.atan2(*P[:2])), "positions 700 and 411"),
    ("13.3", lambda P, Q: Q - P, r"the shape is \[64\], expected \[\]"),
    ("13.4", lambda *given: pairing(*given, otherwise="half"), 'ALiBi it returns "half"'),
    ("13.4", lambda *given: pairing(*given, names=("half",)), "made with interleaved"),
    ("13.4", lambda query, key, scores: scores, 'expected "half", "interleaved" or "neither"'),
    ("13.5", lambda d, n, furthest: d.clamp(max=n - 1), "for 16 numbers, the furthest 130"),
    ("13.5", lambda *given: ranges(*given, cut=False), "the last number is 15"),
    ("13.5", lambda d, n, furthest: ranges(d, n, furthest, half=n // 4), "for 16 numbers"),
    ("13.6", lambda length, trained: torch.arange(length) * trained / length, "3 words"),
    ("13.6", lambda length, trained: torch.arange(length), "8 words, trained on 4"),
]
