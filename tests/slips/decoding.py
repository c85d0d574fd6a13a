"""Answers to the exercises of chapter 17: other right ones, and slips."""

import torch


def beam_step(log_p, step, beams):
    rows = [(log_p[i] + step[i, w], i, w) for i in range(len(step)) for w in range(step.shape[1])]
    return torch.tensor([place for _, *place in sorted(rows, reverse=True)[:beams]])


def cost(T, D, cache):
    once = T * 4 * D * D + T * (T + 1) * D
    again = T * (T + 1) * 2 * D * D + T * (T + 1) * (2 * T + 1) * D // 3
    return once if cache else again


RIGHT = [
    ("17.1", lambda log_p, alpha: log_p.sum() * (6 / (5 + len(log_p))) ** alpha),
    ("17.4", beam_step),
    ("17.5", cost),
    ("17.6", lambda room, B, S, D, N: max(room // (8 * N * B * D) - S, 0)),
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
    ("17.1", lambda log_p, alpha: log_p.mean(), "5 words and α = 0.0"),
    ("17.1", lambda log_p, alpha: log_p.sum() / len(log_p) ** alpha, "5 words and α = 0.6"),
    ("17.2", lambda p, tau: p ** (1 / tau), r"τ = 0.5"),
    ("17.2", lambda p, tau: p**tau / (p**tau).sum(), r"τ = 0.5"),
    ("17.2", lambda p, tau: torch.softmax(p / tau, 0), r"τ = 1.0"),
    ("17.3", top_p_short, r"top_p = 0.4 the value at \[1\]"),
    ("17.3", top_p_in_order, r"top_p = 0.4 the value at \[0\]"),
    ("17.3", lambda p, top_p: (p > 0).double(), "expected booleans"),
    ("17.4", flat_places, r"shape is \[2\], expected \[2, 2\]"),
    ("17.4", blind_step, "3 beginnings"),
    ("17.5", lambda T, D, cache: cost(T, D, True), "without the cache"),
    ("17.5", lambda T, D, cache: T * 4 * D * D, "with the cache"),
    ("17.6", lambda room, B, S, D, N: room // (8 * N * B * D) - S, "room=999"),
    ("17.6", lambda room, B, S, D, N: room / (8 * N * B * D) - S, "whole words"),
    ("17.6", lambda *sizes: sizes[9], "it stops with IndexError"),
]
