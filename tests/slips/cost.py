"""Answers to the exercises of chapter 20: other right ones, and slips."""

import math

import torch


def merged(one, other, shrink=True):
    top = max(one[0], other[0])
    a, b = (math.exp(each[0] - top) if shrink else 1.0 for each in (one, other))
    return top, a * one[1] + b * other[1], a * one[2] + b * other[2]


def first_only(one, other):
    """Shrinks the first block alone, as if the second had the largest score."""
    shrink = math.exp(one[0] - max(one[0], other[0]))
    return max(one[0], other[0]), shrink * one[1] + other[1], shrink * one[2] + other[2]


def longest(room, D, H, size=4, heads=None):
    numbers, heads = room // size, H if heads is None else heads
    root = math.isqrt((5 * D) ** 2 + 4 * heads * numbers)
    return (root - 5 * D) // (2 * heads), numbers // (5 * D)


def rounding(weight, bits, dim=1, signed=False, less=1):
    size = weight if signed else weight.abs()
    scale = size.amax(dim=dim, keepdim=True) / (2 ** (bits - 1) - less)
    return (weight / scale).round() * scale


def balance(logits, count=True, times=True, dim=1):
    n, E = logits.shape
    shares = logits.softmax(dim=dim)
    f = logits.argmax(dim=1).bincount(minlength=E) / n if count else shares.mean(dim=0)
    return (E if times else 1) * (f * shares.mean(dim=0)).sum()


def ahead(a, c, words=lambda a, k: sum(a**i for i in range(k + 1)), draft=1):
    times = [(1 + draft * k * c) / words(a, k) for k in range(21)]
    return times.index(min(times)), min(times)


def by_logarithms(one, other):
    """The same by the logarithms of both sums."""
    logs = torch.tensor([each[0] + math.log(each[1]) for each in (one, other)], dtype=torch.double)
    top = max(one[0], other[0])
    below = math.exp(logs.logsumexp(0).item() - top)
    above = sum(each[2] * math.exp(each[0] - top) for each in (one, other))
    return [top, below, above]


RIGHT = [
    ("20.1", by_logarithms),
    ("20.4", lambda logits: balance(logits)),
    ("20.5", lambda parts: torch.tensor(parts) / torch.tensor(parts).float().mean()),
    ("20.6", lambda a, c: ahead(a, c, lambda a, k: (1 - a ** (k + 1)) / (1 - a))),
]

SLIPS = [
    ("20.1", lambda one, other: merged(one, other, shrink=False), "below the line: the value is"),
    ("20.1", first_only, "in the first block, below the line"),
    ("20.1", lambda one, other: merged(one, other)[1:], "expected 3 results"),
    ("20.2", lambda *given: longest(*given, size=1), "room=1000.* with its maps: the value is"),
    ("20.2", lambda room, D, H: longest(room, D, H, heads=1), "room=1000.* with its maps"),
    ("20.2", lambda *given: longest(*given)[::-1], "with its maps"),
    ("20.3", lambda weight, bits: rounding(weight, bits, dim=0), "2 × 3 numbers in 4 bits"),
    ("20.3", lambda weight, bits: rounding(weight, bits, signed=True), "2 × 3 numbers in 4 bits"),
    ("20.3", lambda weight, bits: rounding(weight, bits, less=0), "2 × 3 numbers in 4 bits"),
    ("20.4", lambda logits: balance(logits, count=False), "5 words and 3 experts"),
    ("20.4", lambda logits: balance(logits, times=False), "4 words and 2 experts"),
    ("20.4", lambda logits: balance(logits, dim=0), "4 words and 2 experts"),
    ("20.5", lambda parts: [n / sum(parts) for n in parts], "parts of 32 and 32 .*expected 1"),
    ("20.5", lambda parts: [1.0] * len(parts), "parts of 40 and 24 and 7"),
    (
        "20.5",
        lambda parts: [sum(parts) / len(parts) / n for n in parts],
        "parts of 40 and 24 and 7",
    ),
    ("20.6", lambda a, c: ahead(a, c, lambda a, k: 1 + a * k), "a=0.8, c=0.05, the number"),
    ("20.6", lambda a, c: ahead(a, c, draft=0), "a=0.8, c=0.05, the number of guesses"),
    ("20.6", lambda a, c: ahead(a, c)[0], "expected 2 results"),
]
