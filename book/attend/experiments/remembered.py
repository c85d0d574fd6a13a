"""What does a store of states bring to a language model, and when? Chapter 21.

A small decoder of the block of today (one block, 32 numbers a word) is trained on the phrasebook's
English for a number of steps. Then its states after 32,000 words of the same text are put into a
store, each with the word that came next, and while it reads held-out sentences the 32 nearest
states vote: p = (1 − λ) p_model + λ p_store, each neighbour with weight exp(−distance² / τ), as in
Khandelwal and others (2020). λ and τ are chosen on the first half of the held-out words, and all
losses are of the second half, in nats a word.
"""

from itertools import product

import numpy as np
import torch

from attend.experiments.experts import text, train
from attend.language import LanguageModel, LanguageModelConfig
from attend.retrieval import Flat

__all__ = ["measure", "runs"]

LENGTH, STORED, ASKED, NEIGHBOURS = 32, 1000, 100, 32  # words a row, rows, rows, states
SHARES, WIDTHS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (0.5, 1, 2, 4, 8, 16)  # λ, τ


def runs() -> list[dict]:
    """Four rates and three seeds, for 100 to 800 steps."""
    return [
        {"steps": steps, "lr": lr, "seed": seed}
        for seed in range(3)
        for steps in (100, 200, 400, 800)
        for lr in (0.008, 0.016, 0.032, 0.064)
    ]


@torch.no_grad()
def read(model, row, n_rows):
    """The states before each next word [n, D], that word [n] and its probabilities [n, V]."""
    rows = row[: LENGTH * n_rows + 1].unfold(0, LENGTH + 1, LENGTH)  # [rows, T + 1]
    shares = model(rows[:, :-1]).softmax(dim=-1)
    found = model.states(rows[:, :-1]), rows[:, 1:], shares
    return [part.flatten(0, 1).numpy() for part in found]


def voted(distances, right, width):
    """What the neighbours give the right word: distances [Q, k], right [Q, k] of bool → [Q]."""
    weights = np.exp(-(distances - distances.min(axis=1, keepdims=True)) / width)  # [Q, k]
    return (weights * right).sum(axis=1) / weights.sum(axis=1)


def measure(steps: int, lr: float, seed: int) -> dict:
    """The loss of the second half without the store and with it, and what was chosen."""
    words, learn, held_out = text()
    torch.manual_seed(seed)
    model = LanguageModel(LanguageModelConfig(len(words), 32, 4, 1, 85, max_length=LENGTH))
    train(model, learn, lr, steps)
    stored, came_next, _ = read(model, learn, STORED)
    states, wanted, shares = read(model, held_out, ASKED)
    store = Flat(32)
    store.add(stored)
    distances, ids = store.search(states, NEIGHBOURS)
    right = came_next[ids] == wanted[:, None]  # [Q, k]
    alone, half = shares[np.arange(len(wanted)), wanted], len(wanted) // 2

    def loss(share, width, part):
        both = (1 - share) * alone[part] + share * voted(distances[part], right[part], width)
        return -np.log(both).mean()

    first, second = slice(half), slice(half, None)
    share, width = min(product(SHARES, WIDTHS), key=lambda chosen: loss(*chosen, first))
    return {
        "alone": -np.log(alone[second]).mean(),
        "with_store": loss(share, width, second),
        "chosen_by": loss(0, 1, first),
        "share": share,
        "width": width,
    }
