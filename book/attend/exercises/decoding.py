"""The checkers of chapter 17."""

import math

import torch

from attend.decoding import filter_logits
from attend.exercises.checking import (
    NotYet,
    draw,
    exercise,
    looks_like,
    number_of,
    run,
    same,
    same_each,
)


def chances(*shape: int) -> torch.Tensor:
    """Probabilities to try an answer on."""
    return torch.softmax(2 * draw(*shape), dim=-1)


@exercise("17.1")
def even(answer) -> None:
    for short, few, long, many in ((-1.0, 2, -1.1, 5), (-2.5, 4, -4.0, 9), (-3.0, 1, -3.3, 2)):
        wanted = math.log(long / short) / math.log((5 + many) / (5 + few))
        when = f"for ln P = {short} of {few} words and {long} of {many}"
        found = run(answer, short, few, long, many)
        if looks_like(found, -wanted):
            raise NotYet(f"{when} the sign is wrong: one of the two quotients is upside down")
        same(found, wanted, when)


@exercise("17.2")
def nucleus_of(answer) -> None:
    p = torch.tensor([0.15, 0.5, 0.1, 0.25])
    for top_p in (0.4, 0.6, 0.8, 0.95, 1.0):
        wanted = filter_logits(p.log(), top_p=top_p) > -torch.inf
        same(run(answer, p, top_p), wanted, f"for 0.15, 0.5, 0.1, 0.25 and top_p = {top_p}")


@exercise("17.3")
def one_beam_step(answer) -> None:
    for n, words, beams in ((1, 5, 2), (3, 4, 3), (2, 7, 4)):
        log_p, step = chances(n).log(), chances(n, words).log()
        places = (log_p[:, None] + step).flatten().topk(beams).indices
        wanted = torch.stack([places // words, places % words], dim=1)
        when = f"for {n} beginnings, {words} words and {beams} beams"
        same(run(answer, log_p, step, beams), wanted, when)


@exercise("17.4")
def self_attention_cost(answer) -> None:
    for T, D, cache in ((1, 3, True), (4, 3, True), (1, 3, False), (4, 3, False), (9, 16, False)):
        steps = range(1, T + 1)
        words = [1 if cache else t for t in steps]
        wanted = sum(n * (4 * D * D + 2 * t * D) for n, t in zip(words, steps, strict=True))
        when = f"for T={T}, D={D}, {'with' if cache else 'without'} the cache"
        same(run(answer, T, D, cache), wanted, when)


@exercise("17.5")
def words_that_fit(answer) -> None:
    for room, B, N, sets, K, size in (
        (10**6, 1, 2, 3, 8, 4),
        (2**34, 1, 32, 8, 128, 2),
        (10**9, 64, 6, 8, 64, 4),
        (99, 3, 2, 2, 8, 2),
    ):
        when = f"for room={room}, B={B}, N={N}, sets={sets}, K={K}, size={size}"
        found = number_of(run(answer, room, B, N, sets, K, size), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:g}, expected whole words")
        wanted = room // (2 * B * N * sets * K * size)
        if wanted and found == room // (B * N * sets * K * size):
            raise NotYet(f"{when} there are keys and values: two numbers, not one")
        same(found, wanted, when)


@exercise("17.6")
def keep_or_redraw(answer) -> None:
    p, q = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.2, 0.2, 0.6])
    cases = [(p, q, "for p = 0.5, 0.3, 0.2 and q = 0.2, 0.2, 0.6"), (q, p, "for these exchanged")]
    cases += [(chances(7), chances(7), "for 7 words"), (p, p, "for p = q = 0.5, 0.3, 0.2")]
    for p, q, when in cases:
        missing = (p - q).clamp(min=0)
        wanted = {
            "the probability of keeping": (p / q).clamp(max=1),
            "the other distribution": missing / missing.sum() if missing.sum() > 0 else p,
        }
        found = run(answer, p, q)
        if isinstance(found, tuple | list) and len(found) == 2 and looks_like(found[1], p):
            kept = q * wanted["the probability of keeping"]
            if not torch.allclose(kept + (1 - kept.sum()) * p, p, atol=1e-6):
                raise NotYet(f"{when} redrawing from p gives the words that were kept too much")
        same_each(found, wanted, when)
