"""How far may a digit be moved before it is misread? Readers trained on digits in the middle of a
frame of 14 × 14 pixels, and two that were shown moved ones. Chapter 05."""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from attend.data import Batches, digits
from attend.training import fit

__all__ = ["SIDES", "framed", "measure", "runs"]

SIDES = {"down": (1, 0), "up": (-1, 0), "right": (0, 1), "left": (0, -1)}
EPOCHS = {"dense": 20, "dense, shown moved": 60, "CNN, shown moved": 16}  # the others: 8


def framed(rows, down=0, right=0):
    """8 × 8 digits [n, 64] in a frame of 14 × 14, moved by up to three pixels: [n, 1, 14, 14]."""
    frame = np.zeros((len(rows), 1, 14, 14), np.float32)
    frame[:, 0, 3 + down : 11 + down, 3 + right : 11 + right] = rows.reshape(-1, 8, 8)
    return torch.from_numpy(frame)


class Blur(nn.Module):
    """The mean of nine neighbours, weighted 1 2 1 both ways, at every second position (Zhang,
    2019). x [B, C, H, W] → [B, C, ⌈H / 2⌉, ⌈W / 2⌉]."""

    def forward(self, x):
        weights = torch.tensor([1.0, 2, 1])
        kernel = (torch.outer(weights, weights) / 16).expand(x.shape[1], 1, 3, 3)
        return nn.functional.conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


POOLS = {
    "stride 2": lambda: nn.MaxPool2d(2),
    "stride 1": lambda: nn.MaxPool2d(2, stride=1),
    "blurred": lambda: nn.Sequential(nn.MaxPool2d(2, stride=1), Blur()),
}


def reader(network):
    """The networks of chapter 05 in torch, initialised as there."""
    if network.startswith("dense"):
        layers = [nn.Flatten(), nn.Linear(196, 64), nn.ReLU(), nn.Linear(64, 10)]
    elif network.startswith("CNN"):
        layers = []
        for n, m in pairwise((1, 16, 32)):
            layers += [nn.Conv2d(n, m, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Flatten(), nn.Linear(32 * 3 * 3, 10)]
    else:
        layers = []
        for n, m in pairwise((1, 8, 24, 48)):
            layers += [nn.Conv2d(n, m, 3, padding=1), nn.ReLU()]
        layers.insert(2, POOLS[network.removeprefix("global, ")]())
        layers += [nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(48, 10)]
    for layer in layers:
        if isinstance(layer, nn.Linear | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


class Framed(Batches):
    """Batches of digits in the middle of their frame or, if they are `moving`, each somewhere else,
    anew each time."""

    moving = False

    def __iter__(self):
        for rows, labels in super().__iter__():
            if self.moving:
                steps = self.rng.integers(-3, 4, size=(len(rows), 2))
                moved = [framed(row[None], *step) for row, step in zip(rows, steps, strict=True)]
            else:
                moved = [framed(rows)]
            yield torch.cat(moved), torch.from_numpy(labels)


def loss(model, batch):
    inputs, labels = batch
    return nn.functional.cross_entropy(model(inputs), labels)


def accuracy(model, inputs, labels):
    with torch.no_grad():
        return float((model(inputs).argmax(dim=1).numpy() == labels).mean())


def runs():
    """Three networks at four rates; the cures at one, for what they change is large."""
    compared = ("dense", "CNN", "global, stride 2")
    cures = ("global, stride 1", "global, blurred", "dense, shown moved", "CNN, shown moved")
    grid = [(network, rate) for network in compared for rate in (0.003, 0.006, 0.0015, 0.012)]
    grid += [(network, 0.003) for network in cures]
    return [
        {"network": network, "rate": rate, "seed": seed}
        for seed in range(2)
        for network, rate in grid
    ]


def measure(network, rate, seed):
    """A row for each distance: the share read right, the mean over the four sides, and the least
    and the most of them. `valid`: of 144 training digits kept back, in the middle."""
    torch.manual_seed(seed)
    train_x, train_y, test_x, test_y = digits()
    kept = len(train_x) - 144
    model = reader(network)
    batches = Framed(train_x[:kept], train_y[:kept], seed=seed)
    batches.moving = network.endswith("shown moved")
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    fit(model, batches, loss, optimizer, epochs=EPOCHS.get(network, 8))
    valid = accuracy(model, framed(train_x[kept:]), train_y[kept:])
    rows = []
    for far in range(4):
        moves = [(far * down, far * right) for down, right in SIDES.values()]
        right = [accuracy(model, framed(test_x, *move), test_y) for move in moves]
        found = {"far": far, "right": np.mean(right), "least": min(right), "most": max(right)}
        rows.append(found | {"valid": valid})
    return rows
