"""Answers to the exercises of chapter 22: other right ones, and slips."""

import math

import numpy as np
import torch


def counting(tokens, end=True, mark=False, once=False):
    """Which tokens the assistant says, by walking along."""
    speaks, turns, found = False, 0, []
    for token in tokens:
        if token in ("<user>", "<assistant>"):
            speaks = token == "<assistant>" and not (once and turns)
            turns += token == "<assistant>"
            found.append(mark and speaks)
        else:
            found.append(speaks and (end or token != "<end>"))
            speaks = speaks and token != "<end>"
    return found


def lora(D, H, H_kv, N, r, grouped=True, share=True):
    out = D * H_kv // H if grouped else D
    few = sum(r * (D + wide) for wide in (D, out)) * N
    return few, few / (N * D * (D + out)) if share else few / D**2


def loss(rewards, log_p, dim=1, sign=-1, scaled=False):
    better = rewards - rewards.mean(dim=dim, keepdim=True)
    if scaled:
        better = better / (rewards.std(dim=1, keepdim=True) + 1e-6)
    return sign * (better * log_p).sum() / rewards.numel()


def best(p, n, least=False):
    below = np.cumsum(p)
    if least:  # of the worst of n
        above = np.append(np.cumsum(p[::-1])[::-1], 0)
        return above[:-1] ** n - above[1:] ** n
    return [below[a] ** n - (below[a - 1] ** n if a else 0) for a in range(len(p))]


def teach(p, G, both=True):
    def share(size):
        return 1 - (1 - p) ** size - (p**size if both else 0)

    size = 2
    while share(size) < 0.5:
        size += 1
    return share(G), size


def directions(before, after, power=2, part=0.9):
    size = torch.linalg.svd(after - before).S ** power
    return 1 + sum(float(size[:n].sum()) < part * float(size.sum()) for n in range(1, len(size)))


# A right answer, told in another way: exercise, answer.
RIGHT = [
    ("22.1", counting),
    ("22.2", lora),
    ("22.3", loss),
    ("22.4", best),
    ("22.5", teach),
    ("22.6", directions),
]
# A slip, and words of what the reader is told of it: exercise, answer, pattern.
SLIPS = [
    ("22.1", lambda tokens: counting(tokens, end=False), "<user> who"),
    ("22.1", lambda tokens: counting(tokens, mark=True), "<user> who"),
    ("22.1", lambda tokens: counting(tokens, once=True), "and 1 more"),
    ("22.2", lambda *of: lora(*of, grouped=False), "H_kv=1, N=2, r=2, the numbers that learn"),
    ("22.2", lambda *of: lora(*of, share=False), "H_kv=1, N=2, r=2, their share"),
    ("22.3", lambda *of: loss(*of, dim=0), "for 1 prompts with 4 answers each"),
    ("22.3", lambda *of: loss(*of, sign=1), "for 1 prompts with 4 answers each"),
    ("22.3", lambda *of: loss(*of, scaled=True), "for 1 prompts with 4 answers each"),
    ("22.4", lambda p, n: best(p, n, least=True), r"for p=\[0.5, 0.3, 0.2\], n=2"),
    ("22.4", lambda p, n: p**n / (p**n).sum(), r"for p=\[0.5, 0.3, 0.2\], n=2"),
    ("22.5", lambda *of: teach(*of, both=False), "for p=0.5, G=2, the share"),
    ("22.5", lambda p, G: (teach(p, G)[0], math.ceil(0.5 / p)), "for p=0.5, the smallest group"),
    ("22.6", lambda *of: directions(*of, power=1), "for a change of rank"),
    ("22.6", lambda b, a: int(torch.linalg.matrix_rank(a - b)), "for a change of rank"),
]
