"""The checkers of chapter 17."""

import torch

from attend.decoding import filter_logits
from attend.exercises.checking import NotYet, draw, exercise, number_of, run, same


def chances(*shape: int) -> torch.Tensor:
    """Probabilities to try an answer on."""
    return torch.softmax(2 * draw(*shape), dim=-1)


@exercise("17.1")
def penalised(answer) -> None:
    for words, alpha in ((5, 0.0), (5, 0.6), (1, 0.6), (9, 1.0)):
        log_p = chances(words).log()
        wanted = log_p.sum() / ((5 + words) / 6) ** alpha
        same(run(answer, log_p, alpha), wanted, f"for {words} words and α = {alpha}")


@exercise("17.2")
def warmed(answer) -> None:
    for tau in (1.0, 0.5, 2.0):
        p = chances(5)
        same(run(answer, p, tau), filter_logits(p.log(), tau).exp(), f"for 5 words and τ = {tau}")
    p = torch.tensor([0.64, 0.0, 0.36])
    same(run(answer, p, 2.0), [4 / 7, 0, 3 / 7], "for 0.64, 0 and 0.36 at τ = 2")


@exercise("17.3")
def nucleus_of(answer) -> None:
    p = torch.tensor([0.15, 0.5, 0.1, 0.25])
    for top_p in (0.4, 0.6, 0.8, 0.95, 1.0):
        wanted = filter_logits(p.log(), top_p=top_p) > -torch.inf
        same(run(answer, p, top_p), wanted, f"for 0.15, 0.5, 0.1, 0.25 and top_p = {top_p}")


@exercise("17.4")
def one_beam_step(answer) -> None:
    for n, words, beams in ((1, 5, 2), (3, 4, 3), (2, 7, 4)):
        log_p, step = chances(n).log(), chances(n, words).log()
        places = (log_p[:, None] + step).flatten().topk(beams).indices
        wanted = torch.stack([places // words, places % words], dim=1)
        when = f"for {n} beginnings, {words} words and {beams} beams"
        same(run(answer, log_p, step, beams), wanted, when)


@exercise("17.5")
def self_attention_cost(answer) -> None:
    for T, D, cache in ((1, 3, True), (4, 3, True), (1, 3, False), (4, 3, False), (9, 16, False)):
        steps = range(1, T + 1)
        words = [1 if cache else t for t in steps]
        wanted = sum(n * (4 * D * D + 2 * t * D) for n, t in zip(words, steps, strict=True))
        when = f"for T={T}, D={D}, {'with' if cache else 'without'} the cache"
        same(run(answer, T, D, cache), wanted, when)


@exercise("17.6")
def words_that_fit(answer) -> None:
    for room, B, S, D, N in ((10**6, 1, 7, 16, 2), (10**9, 64, 100, 512, 6), (999, 3, 5, 8, 2)):
        wanted = max(0, room // (2 * N * B * D * 4) - S)
        when = f"for room={room}, B={B}, S={S}, D={D}, N={N}"
        found = number_of(run(answer, room, B, S, D, N), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:g}, expected whole words")
        same(found, wanted, when)
