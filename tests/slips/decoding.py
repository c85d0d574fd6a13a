"""Answers to the exercises of chapter 17: other right ones, and slips."""

import math

import torch


def beam_step(log_p, step, beams):
    rows = [(log_p[i] + step[i, w], i, w) for i in range(len(step)) for w in range(step.shape[1])]
    return torch.tensor([place for _, *place in sorted(rows, reverse=True)[:beams]])


def cost(T, D, cache):
    once = T * 4 * D * D + T * (T + 1) * D
    again = T * (T + 1) * 2 * D * D + T * (T + 1) * (2 * T + 1) * D // 3
    return once if cache else again


def redraw(p, q):
    kept = torch.minimum(p, q)
    rest = p - kept
    return kept / q, (rest / rest.sum() if rest.sum() > 0 else p)


def only_kept(p, q):
    return (p / q).clamp(max=1), p


def not_shared(p, q):
    return (p / q).clamp(max=1), (p - q).clamp(min=0)


RIGHT = [
    (
        "17.1",
        lambda a, m, b, n: (math.log(-b) - math.log(-a)) / (math.log(5 + n) - math.log(5 + m)),
    ),
    ("17.3", beam_step),
    ("17.4", cost),
    ("17.5", lambda room, *sizes: room // (2 * math.prod(sizes))),
    ("17.6", redraw),
]


def top_p_short(p, top_p):
    """Stops before the word that reaches top_p."""
    ordered, places = p.sort(descending=True)
    kept = torch.zeros(len(p), dtype=torch.bool)
    kept[places[ordered.cumsum(0) <= top_p]] = True
    return kept


def top_p_in_order(p, top_p):
    """Forgets where the words stood."""
    ordered = p.sort(descending=True).values
    return ordered.cumsum(0) - ordered < top_p


def flat_places(log_p, step, beams):
    return (log_p[:, None] + step).flatten().topk(beams).indices


def blind_step(log_p, step, beams):
    """Forgets the beginnings."""
    places = step.flatten().topk(beams).indices
    return torch.stack([places // step.shape[1], places % step.shape[1]], dim=1)


SLIPS = [
    ("17.1", lambda a, m, b, n: math.log(b / a) / math.log((5 + m) / (5 + n)), "upside down"),
    ("17.1", lambda a, m, b, n: math.log(b / a) / math.log(n / m), r"ln P = -1.0 of 2 words"),
    ("17.1", lambda a, m, b, n: (b - a) / (n - m), r"ln P = -1.0 of 2 words"),
    ("17.2", top_p_short, r"top_p = 0.4 the value at \[1\]"),
    ("17.2", top_p_in_order, r"top_p = 0.4 the value at \[0\]"),
    ("17.2", lambda p, top_p: (p > 0).double(), "expected booleans"),
    ("17.3", flat_places, r"shape is \[2\], expected \[2, 2\]"),
    ("17.3", blind_step, "3 beginnings"),
    ("17.4", lambda T, D, cache: cost(T, D, True), "without the cache"),
    ("17.4", lambda T, D, cache: T * 4 * D * D, "with the cache"),
    ("17.5", lambda room, *sizes: room // math.prod(sizes), "keys and values"),
    ("17.5", lambda room, *sizes: room / (2 * math.prod(sizes)), "whole words"),
    ("17.5", lambda *sizes: sizes[9], "it stops with IndexError"),
    ("17.6", only_kept, "kept too much"),
    ("17.6", not_shared, "the other distribution"),
    ("17.6", lambda p, q: (p / q, redraw(p, q)[1]), "the probability of keeping"),
    ("17.6", lambda p, q: (p / q).clamp(max=1), "expected 2 results"),
]
