"""How many digits does a reader of pictures need? A Transformer on patches, a convolutional network
and a dense one, with 50, 200 and 1,250 digits to learn from. Chapter 19.

shown: "as is", "moved" (each digit of a batch moved by up to one pixel), or "permuted" (all pixels
of all digits change places, by one permutation, in training and in the test). Adam, batches of 32.
"""

from itertools import pairwise

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.data import digits
from attend.training import fit
from attend.vision import ViT

__all__ = ["NETWORKS", "build", "dealt", "he", "measure", "pictures", "read_right", "runs"]

KEPT = 188  # training digits that choose the learning rate
SIZES = {"d_model": 16, "n_heads": 4, "d_ff": 48}  # as many numbers as the CNN has
WIDTHS = tuple(pairwise((1, 16, 32)))
RATES = {
    "dense": (0.0015, 0.003, 0.006, 0.012, 0.024),
    "CNN": (0.0015, 0.003, 0.006, 0.012, 0.024),
    "ViT": (0.001, 0.002, 0.004, 0.008, 0.016),
}


def he(network):
    """Initialised as in chapter 05."""
    for layer in network:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return network


def dense():
    return he(nn.Sequential(nn.Flatten(), nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 10)))


def convolutional():
    """The CNN of chapter 05 in torch."""
    stages = [(nn.Conv2d(n, m, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)) for n, m in WIDTHS]
    return he(nn.Sequential(*sum(stages, ()), nn.Flatten(), nn.Linear(128, 10)))


def with_stem():
    """The first stage of the CNN, then a ViT for which each of its 4 × 4 places is a word."""
    stem = he(nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)))
    return nn.Sequential(stem, ViT((16, 4, 4), 1, **SIZES))


NETWORKS = {
    "dense": dense,
    "CNN": convolutional,
    "ViT": lambda: ViT(**SIZES),
    "ViT, stem": with_stem,
    "ViT, 64 words": lambda: ViT(size=1, **SIZES),
    "ViT, 4 words": lambda: ViT(size=4, **SIZES),
}


def build(network: str) -> nn.Module:
    """[B, 1, 8, 8] → [B, 10]."""
    return NETWORKS[network]()


def pictures():
    """The digits as tensors: to learn from [1250, 1, 8, 8], to choose the rate, to test; each with
    its labels."""
    X, y, test_X, test_y = (torch.as_tensor(part) for part in digits())
    X, test_X = (part.float().reshape(-1, 1, 8, 8) for part in (X, test_X))
    return X[KEPT:], y[KEPT:], X[:KEPT], y[:KEPT], test_X, test_y


def dealt(n: int, steps: int) -> list:
    """The numbers 0 … n − 1 in batches of 32, dealt anew whenever they are used up."""
    rows = []
    while len(rows) < steps:
        rows += torch.randperm(n).split(32)
    return rows[:steps]


def read_right(model, X, y) -> float:
    """The share of pictures X [n, C, H, W] whose label y [n] a model gives."""
    with torch.no_grad():
        return (model(X).argmax(-1) == y).float().mean().item()


def all_moves(X):
    """X [n, 1, 8, 8] moved by −1, 0 or 1 pixel down and right: [9, n, 1, 8, 8]."""
    wide = nn.functional.pad(X, (1, 1, 1, 1))
    return torch.stack([wide[..., i : i + 8, j : j + 8] for i in range(3) for j in range(3)])


def permuted(X):
    order = torch.randperm(64, generator=torch.Generator().manual_seed(64))
    return X.flatten(1)[:, order].view_as(X)


def runs() -> list[dict]:
    """Three networks on three numbers of digits; then what might help, where it might help; then
    the CNN on permuted pixels, and other sizes of the patches."""
    kinds = [
        (network, n, "as is", 300, 3)
        for network in ("dense", "CNN", "ViT")
        for n in (50, 200, 1250)
    ]
    kinds += [("CNN", n, "permuted", 300, 2) for n in (50, 200, 1250)]
    kinds += [("ViT, stem", n, "as is", 300, 2) for n in (50, 1250)]
    kinds += [(network, n, "moved", 300, 2) for network in ("CNN", "ViT") for n in (50, 1250)]
    kinds += [(network, 1250, "as is", 1200, 2) for network in ("CNN", "ViT")]
    kinds += [("ViT, 4 words", 1250, "as is", 300, 2), ("ViT, 64 words", 1250, "as is", 300, 1)]
    return [
        {"network": network, "n": n, "shown": shown, "steps": steps, "rate": rate, "seed": seed}
        for network, n, shown, steps, seeds in kinds
        for rate in RATES[network.partition(",")[0]]
        if rate > 0.001 or n < 1250  # there the best of the others is not the smallest
        for seed in range(seeds)
    ]


def measure(network: str, n: int, shown: str, steps: int, rate: float, seed: int) -> dict:
    """The share of test digits read right; `valid`, of the digits that choose the rate; and the
    loss on the n digits it learned from, which are the same for every network."""
    X, y, valid_X, valid_y, test_X, test_y = pictures()
    if shown == "permuted":
        X, valid_X, test_X = map(permuted, (X, valid_X, test_X))
    torch.manual_seed(seed)
    few = torch.randperm(len(X))[:n]
    X, y = X[few], y[few]
    moves = all_moves(X) if shown == "moved" else X[None]
    model = build(network)

    def loss(model, rows):
        move = torch.randint(len(moves), rows.shape)
        return cross_entropy(model(moves[move, rows]), y[rows])

    fit(model, dealt(n, steps), loss, torch.optim.Adam(model.parameters(), lr=rate, fused=True))
    with torch.no_grad():
        learned = cross_entropy(model(X), y).item()
    return {
        "right": read_right(model, test_X, test_y),
        "valid": read_right(model, valid_X, valid_y),
        "loss": learned,
    }
