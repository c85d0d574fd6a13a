"""Longer than trained: two small tasks that need positions, learnt on 16 words and tried on up to
64. Chapter 13.

One layer of attention is trained with each scheme on each task from five seeds, with 8 heads of 8
numbers; the rotary ones besides with one head of 64, which has 32 clocks in place of 4, and with
slower clocks (base 500,000).
"""

import torch
from torch import nn

from attend import checks
from attend.attention import MultiHeadAttention
from attend.masks import causal
from attend.positions import Alibi, Learned, Rotary, Sinusoidal
from attend.training import fit

__all__ = [
    "BACK",
    "LENGTHS",
    "MARKS",
    "SCHEMES",
    "TASKS",
    "WORDS",
    "OneLayer",
    "accuracy",
    "back",
    "last",
    "measure",
    "runs",
    "train",
]

WORDS, MARKS = 32, 8  # ids 0 … 31; those below 8 are marks
TRAINED, LENGTHS = 16, (16, 24, 32, 48, 64)
BACK = 3
TASKS = ("back", "last")
SCHEMES = ("none", "learned", "sinusoidal", "shifted", "rotary", "alibi")


def back(ids):
    """The word three places back; −100, which the loss leaves out, where there is none. [B, T]"""
    answers = torch.full_like(ids, -100)
    answers[:, BACK:] = ids[:, :-BACK]
    return answers


def last(ids):
    """The most recent mark, this word included; −100 before the first. [B, T]"""
    place = torch.arange(ids.shape[1]).expand_as(ids)
    latest = torch.where(ids < MARKS, place, -1).cummax(dim=1).values  # [B, T]
    return ids.gather(1, latest.clamp(min=0)).masked_fill(latest < 0, -100)


class OneLayer(nn.Module):
    """Words with a sense of position, one layer of causal attention, and an answer for each word:
    ids [B, T] → logits [B, T, 32]. first: the position of the first word, for schemes that add one.
    Taught in chapter 13."""

    def __init__(self, scheme, d_model=64, n_heads=8, base=10000.0):
        super().__init__()
        checks.one_of("scheme", scheme, SCHEMES)
        self.embed = nn.Embedding(WORDS, d_model)
        kinds = {"learned": Learned, "sinusoidal": Sinusoidal, "shifted": Sinusoidal}
        self.add = kinds[scheme](d_model, max(LENGTHS)) if scheme in kinds else None
        position = {"rotary": Rotary(base), "alibi": Alibi()}.get(scheme)
        self.attention = MultiHeadAttention(d_model, n_heads, position=position)
        self.answer = nn.Linear(d_model, WORDS)

    def forward(self, ids, first=0):
        x = self.embed(ids)  # [B, T, D]
        x = x if self.add is None else self.add(x, first)
        context, _ = self.attention(x, x, causal(ids.shape[1]), return_weights=False)
        return self.answer(context)  # [B, T, 32]


def train(scheme, task, seed=0, steps=500, heads=8, base=10000.0, lr=0.005):
    """A model that has read 16 words at a time, 64 times `steps` sentences of random words.
    "shifted" begins each batch at a random position, so that it has met all 64."""
    torch.manual_seed(seed)
    model, answers = OneLayer(scheme, n_heads=heads, base=base), {"back": back, "last": last}[task]
    shifts = max(LENGTHS) - TRAINED + 1 if scheme == "shifted" else 1

    def loss(model, ids):
        first = torch.randint(shifts, ()).item()
        logits = model(ids, first) if shifts > 1 else model(ids)
        return nn.functional.cross_entropy(logits.flatten(0, 1), answers(ids).flatten())

    def batches():
        return (torch.randint(WORDS, (64, TRAINED)) for _ in range(steps))

    fit(model, batches, loss, torch.optim.Adam(model.parameters(), lr=lr), name=scheme)
    return model


@torch.no_grad()
def accuracy(model, task, length, seed=1):
    """The share of right answers at the last eight words of 200 sentences of `length` words."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(WORDS, (200, length), generator=generator)
    wanted = {"back": back, "last": last}[task](ids)[:, -8:]
    known = wanted >= 0
    return (model(ids)[:, -8:].argmax(-1) == wanted)[known].float().mean().item()


def runs() -> list[dict]:
    """Every task with every scheme, from five seeds; rotary also with more clocks, and slower."""
    plain = {"heads": 8, "base": 10_000, "lr": 0.005}
    schemes = [{**plain, "scheme": scheme} for scheme in SCHEMES]
    schemes += [
        {**plain, "scheme": "rotary", **other} for other in ({"heads": 1}, {"base": 500_000})
    ]
    return [
        {"task": task, **scheme, "seed": seed}
        for scheme in schemes
        for seed in range(5)
        for task in TASKS
    ]


def measure(task, scheme, heads, base, lr, seed) -> list[dict]:
    """A row for each length: the share of right answers."""
    torch.set_num_threads(1)
    model = train(scheme, task, seed, heads=heads, base=base, lr=lr)
    return [{"length": length, "accuracy": accuracy(model, task, length)} for length in LENGTHS]
