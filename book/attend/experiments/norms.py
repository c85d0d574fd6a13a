"""Nine layers that read digits, without a norm and with each of three: how well they learn, at
which rates; and whether BatchNorm still helps when the shift it takes away is put back. Chapter 14.

norm: "none", "layer", "rms", "batch", or "batch, shift 0.5": after every BatchNorm each feature is
multiplied and moved by random numbers that are drawn anew at every step, as in the experiment of
Santurkar and others (2018). Plain descent: 16 passes in batches of 64, 4 of 8, or 1 of 2.
"""

from math import inf

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.data import digits
from attend.layers import BatchNorm, LayerNorm, RMSNorm
from attend.training import fit

__all__ = ["NORMS", "build", "measure", "runs"]

WIDTH, DEPTH = 64, 8  # units of a hidden layer, and hidden layers
PASSES = {64: 16, 8: 4, 2: 1}  # by the size of a batch


class Shift(nn.Module):
    """In training, gives every feature another mean, −strength … strength, and another spread,
    1 … 1 + strength / 2, at every step."""

    def __init__(self, strength):
        super().__init__()
        self.strength = strength

    def forward(self, x):
        if not self.training:
            return x
        mean = self.strength * (2 * torch.rand(x.shape[-1]) - 1)
        return x * (1 + self.strength / 2 * torch.rand(x.shape[-1])) + mean


def shifted(strength):
    return lambda width: nn.Sequential(BatchNorm(width), Shift(strength))


NORMS = {
    "none": nn.Identity,
    "layer": LayerNorm,
    "rms": RMSNorm,
    "batch": BatchNorm,
    "batch, shift 0.25": shifted(0.25),
    "batch, shift 0.5": shifted(0.5),
    "batch, shift 1": shifted(1.0),
}


def build(norm: str) -> nn.Sequential:
    """64 pixels → 8 hidden layers of 64 units, each linear, norm, ReLU → 10 logits."""
    layers = []
    for _ in range(DEPTH):
        linear = nn.Linear(WIDTH, WIDTH)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        layers += [linear, NORMS[norm](WIDTH), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(WIDTH, 10))


def runs() -> list[dict]:
    """Each norm at its rates; the two that claim 38 compares in small batches, and five seeds."""
    kinds = []
    for norm in NORMS:
        seeds = 5 if norm in ("layer", "batch") else 3
        first = 2 if "shift" in norm else 0
        kinds += [(norm, 64, 0.01 * 2**step, seeds) for step in range(first, 7)]
    for norm in ("layer", "batch"):
        kinds += [(norm, 8, 0.005 * 2**step, 5) for step in range(5)]
        kinds += [(norm, 2, 0.00125 * 2**step, 3) for step in range(5)]
    return [
        {"norm": norm, "size": size, "lr": lr, "seed": seed}
        for norm, size, lr, seeds in kinds
        for seed in range(seeds)
    ]


def measure(norm: str, size: int, lr: float, seed: int) -> dict:
    """Train on the 1,408 digits of `data.digits`: the losses, and the share of digits misread. A
    run whose loss stops being a number has an infinite loss and misreads all."""
    X, y, test_X, test_y = (torch.as_tensor(part) for part in digits())
    X, test_X = X.float(), test_X.float()  # [n, 64]
    torch.manual_seed(seed)
    model = build(norm)
    try:
        fit(
            model,
            batches=lambda: torch.randperm(len(y)).split(size),
            loss=lambda model, rows: cross_entropy(model(X[rows]), y[rows]),
            optimizer=torch.optim.SGD(model.parameters(), lr=lr),
            epochs=PASSES[size],
        )
    except FloatingPointError:
        return {"training_loss": inf, "test_loss": inf, "test_error": 1.0}
    with torch.no_grad():
        train, test = model(X), model(test_X)  # fit leaves the model in eval mode
        return {
            "training_loss": cross_entropy(train, y).item(),
            "test_loss": cross_entropy(test, test_y).item(),
            "test_error": (test.argmax(-1) != test_y).float().mean().item(),
        }
