"""Two marks on a strip, near or far: may a network relate them? Chapter 19.

The strip is 4 × 16 pixels of faint noise, each mark a stroke of 2 × 2 that leans left or right.
ask: "same" (do both lean alike?) or "order" (they lean differently; does the left one lean left?).
Adam, 300 steps of 64 strips.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.experiments.pictures import he, read_right
from attend.training import fit
from attend.vision import ViT

__all__ = ["FAR", "NETWORKS", "measure", "runs", "strips"]

MARKS = torch.tensor([[[1.0, 0], [0, 1]], [[0.0, 1], [1, 0]]])  # leans left, leans right
FAR = range(2, 15, 2)  # columns from one mark to the other


def strips(n: int, ask: str, generator, far=None):
    """n strips [n, 1, 4, 16] and their answers [n], at a distance or at all of them."""

    def draw(high):
        return torch.randint(high, (n,), generator=generator)

    apart = 2 * draw(len(FAR)) + 2 if far is None else torch.full((n,), far)
    left = 2 * (torch.rand(n, generator=generator) * (16 - apart) / 2).long()
    row, kind, answer = 2 * draw(2), draw(2), draw(2)
    X = 0.2 * torch.rand(n, 1, 4, 16, generator=generator)
    if ask == "same":
        first, second = kind, torch.where(answer == 1, kind, 1 - kind)
    else:
        first, second = 1 - answer, answer
    spelt = torch.stack([row, left, left + apart, first, second], dim=1).tolist()
    for x, (i, j, k, a, b) in zip(X[:, 0], spelt, strict=True):
        x[i : i + 2, j : j + 2] += MARKS[a]
        x[i : i + 2, k : k + 2] += MARKS[b]
    return X, answer


class Largest(nn.Module):
    """The largest number of each channel, wherever it is: [B, C, H, W] → [B, C]."""

    def forward(self, x):
        return x.amax(dim=(2, 3))


def stages():
    return nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()


def places_alone():
    """Every place answers for itself, from the 5 × 5 pixels it sees; the surest answer counts."""
    return he(nn.Sequential(*stages(), nn.Conv2d(16, 2, 1), Largest()))


def pooled():
    """What was seen anywhere is pooled, and a small network answers."""
    return he(nn.Sequential(*stages(), Largest(), nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 2)))


NETWORKS = {
    "each place alone": places_alone,
    "global pooling": pooled,
    "ViT, one layer": lambda: ViT((1, 4, 16), 2, 2, d_model=16, n_heads=4, n_layers=1, d_ff=48),
}


def runs() -> list[dict]:
    """Two questions, three networks, four rates; two seeds of the first question."""
    return [
        {"ask": ask, "network": network, "rate": rate, "seed": seed}
        for ask in ("same", "order")
        for network in NETWORKS
        for rate in (0.0025, 0.005, 0.01, 0.02)
        for seed in range(2 if ask == "same" else 1)
    ]


def measure(ask: str, network: str, rate: float, seed: int) -> list[dict]:
    """A row for each distance: the share of 200 new strips answered right; `valid`, of 500 others
    at all distances, chooses the rate."""
    generator = torch.Generator().manual_seed(seed)
    X, y = strips(64 * 300, ask, generator)  # no strip is seen twice
    valid_X, valid_y = strips(500, ask, generator)
    torch.manual_seed(seed)
    model = NETWORKS[network]()

    def loss(model, rows):
        return cross_entropy(model(X[rows]), y[rows])

    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    fit(model, torch.arange(len(y)).split(64), loss, optimizer)
    valid = read_right(model, valid_X, valid_y)
    return [
        {"far": far, "right": read_right(model, *strips(200, ask, generator, far)), "valid": valid}
        for far in FAR
    ]
