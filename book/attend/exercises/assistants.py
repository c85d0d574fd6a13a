"""The checkers of chapter 22."""

import numpy as np
import torch

from attend.exercises.checking import (
    draw,
    exercise,
    number_of,
    numbers,
    parts,
    run,
    same,
    same_each,
)

TALKS = (
    "<user> who ? <end> <assistant> Anna <end>",
    "<user> 2 + 3 <end> <assistant> 5 <end> <user> and 1 more ? <end> <assistant> 6 now <end>",
    "<assistant> yes ? <end> <user> nothing <end>",
)


@exercise("22.1")
def what_counts(answer) -> None:
    for talk in TALKS:
        tokens = talk.split()
        same(run(answer, tokens), asked_for(tokens), f"for {talk!r}")


def asked_for(tokens) -> list[bool]:
    """True for what the assistant says, its <end> included."""
    speaker, counts = None, []
    for token in tokens:
        counts.append(speaker == "<assistant>" and token not in ("<user>", "<assistant>"))
        if token in ("<user>", "<assistant>"):
            speaker = token
        elif token == "<end>":
            speaker = None
    return counts


@exercise("22.2")
def numbers_of_lora(answer) -> None:
    for D, H, H_kv, N, r in ((12, 3, 1, 2, 2), (64, 4, 4, 2, 4), (4096, 32, 8, 32, 16)):
        narrow = D // H * H_kv
        few, many = N * r * (2 * D + D + narrow), N * (D * D + D * narrow)
        wanted = {"the numbers that learn": few, "their share": few / many}
        when = f"for D={D}, H={H}, H_kv={H_kv}, N={N}, r={r}"
        same_each(run(answer, D, H, H_kv, N, r), wanted, when)


@exercise("22.3")
def group_loss(answer) -> None:
    for P, G in ((1, 4), (3, 5), (7, 2)):
        rewards, log_p = (draw(P, G) > 0).double(), -draw(P, G).double().abs()
        better = rewards - rewards.mean(dim=1, keepdim=True)
        wanted = -(better * log_p).mean()
        same(run(answer, rewards, log_p), wanted, f"for {P} prompts with {G} answers each")


@exercise("22.4")
def best_of(answer) -> None:
    cases = [(np.array([0.5, 0.3, 0.2]), 2), (np.array([0.9, 0.1]), 1), (np.array([0.9, 0.1]), 16)]
    shares = np.exp(numbers(7))
    for p, n in [*cases, (shares / shares.sum(), 5)]:
        below = np.concatenate([[0.0], p.cumsum()])  # P(no better than the one before)
        told = f"for p={p.round(3).tolist()}, n={n}"
        same(run(answer, p, n), np.diff(below**n), told)


@exercise("22.5")
def groups_that_teach(answer) -> None:
    for p, G in ((0.5, 2), (0.1, 8), (0.9, 8), (0.01, 16), (0.0007, 64)):
        share, least = parts(run(answer, p, G), ["the share", "the group"], f"for p={p}, G={G}")
        same(number_of(share, f"for p={p}, G={G}"), teaching(p, G), f"for p={p}, G={G}, the share:")
        enough = next(size for size in range(2, 10_000) if teaching(p, size) >= 0.5)
        same(number_of(least, f"for p={p}"), enough, f"for p={p}, the smallest group:")


def teaching(p: float, G: int) -> float:
    """P(not all of G draws are alike)."""
    return 1 - p**G - (1 - p) ** G


@exercise("22.6")
def rank_of_change(answer) -> None:
    for rows, columns, rank in ((5, 7, 1), (7, 5, 2), (11, 11, 11)):
        before = draw(rows, columns).double()
        change = draw(rows, rank).double() @ draw(rank, columns).double()
        size = torch.linalg.svdvals(change).square().cumsum(0)
        wanted = int((size < 0.9 * size[-1]).sum()) + 1
        when = f"for a change of rank {rank}, [{rows}, {columns}]"
        same(run(answer, before, before + change), wanted, when)
