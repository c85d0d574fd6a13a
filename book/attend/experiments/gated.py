"""Does attention inside a convolutional network help it to read digits among clutter? The CNN of
chapter 05 with a gate behind each of its two stages, of several kinds, and the same CNN with as
many numbers more in its kernels. Chapter 19.

A picture is 12 × 12: a digit somewhere, and three pieces of other digits, 3 × 3 each, strewn over
it. Adam, 400 steps of 32.
"""

from functools import cache

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.experiments.pictures import dealt, he, pictures, read_right
from attend.training import fit
from attend.vision import CBAM, ECA, SpatialAttention, SqueezeExcite

__all__ = [
    "BEST",
    "GATES",
    "build",
    "cluttered",
    "measure",
    "runs",
    "sheets",
    "train",
]

SIDE, PIECES, STEPS = 12, 3, 400
GATES = {
    "none": None,
    "wider": None,
    "SE": lambda channels: SqueezeExcite(channels, 4),
    "ECA": lambda channels: ECA(channels, 3),
    "spatial": lambda channels: SpatialAttention(7),
    "CBAM": lambda channels: CBAM(channels, 4),
}


def build(gate: str) -> nn.Sequential:
    """[B, 1, 12, 12] → [B, 10]. "wider" has 17 and 34 kernels, the others 16 and 32."""
    n, m = (17, 34) if gate == "wider" else (16, 32)
    first, second = [nn.Conv2d(1, n, 3, padding=1)], [nn.Conv2d(n, m, 3, padding=1)]
    if GATES[gate]:
        first.append(GATES[gate](n))
        second.append(GATES[gate](m))
    layers = [*first, nn.ReLU(), nn.MaxPool2d(2), *second, nn.ReLU(), nn.MaxPool2d(2)]
    return he(nn.Sequential(*layers, nn.Flatten(), nn.Linear(m * SIDE * SIDE // 16, 10)))


def cluttered(X, others, generator):
    """8 × 8 digits X [n, 8, 8], each somewhere on a sheet with pieces of the others [m, 8, 8]:
    [n, 1, 12, 12] and the row and column of the digit [n, 2]. Where ink meets, the darker stays."""

    def draw(high, *shape):
        return torch.randint(high, shape, generator=generator).tolist()

    sheets = torch.zeros(len(X), 1, SIDE, SIDE)
    places = torch.randint(SIDE - 7, (len(X), 2), generator=generator)
    for sheet, digit, (i, j) in zip(sheets[:, 0], X, places.tolist(), strict=True):
        sheet[i : i + 8, j : j + 8] = digit
        to, of = draw(SIDE - 2, PIECES, 2), draw(6, PIECES, 2)
        for piece, (i, j), (p, q) in zip(draw(len(others), PIECES), to, of, strict=True):
            here = sheet[i : i + 3, j : j + 3]
            here.copy_(torch.maximum(here, others[piece, p : p + 3, q : q + 3]))
    return sheets, places


@cache
def sheets(seed=0):
    """To learn from, to choose the rate and to test, each with its labels; the places of the digits
    to test last. The test is the same for every seed."""
    X, y, valid_X, valid_y, test_X, test_y = pictures()
    X, valid_X, test_X = (part[:, 0] for part in (X, valid_X, test_X))  # [n, 8, 8]
    test, places = cluttered(test_X, test_X, torch.Generator().manual_seed(99))
    generator = torch.Generator().manual_seed(seed)
    learn, _ = cluttered(X, X, generator)
    valid, _ = cluttered(valid_X, valid_X, generator)
    return learn, y, valid, valid_y, test, test_y, places


def train(gate: str, rate: float, seed: int):
    """A trained network, and the sheets."""
    data = sheets(seed)
    X, y = data[:2]
    torch.manual_seed(seed)
    model = build(gate)

    def loss(model, rows):
        return cross_entropy(model(X[rows]), y[rows])

    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    fit(model, dealt(len(y), STEPS), loss, optimizer)
    return model, data


RATES = (0.002, 0.004, 0.008, 0.016)
BEST = {  # of four rates, by the digits kept back and two seeds; four more seeds at that one
    "none": 0.004,
    "wider": 0.008,
    "SE": 0.008,
    "ECA": 0.008,
    "spatial": 0.008,
    "CBAM": 0.016,
}


def runs() -> list[dict]:
    """Each gate at four rates with two seeds, then four more seeds at the best of them."""
    grid = [(gate, rate, seed) for gate in GATES for rate in RATES for seed in range(2)]
    grid += [("CBAM", 0.032, seed) for seed in range(2)]  # its best was the last of the four
    grid += [(gate, rate, seed) for gate, rate in BEST.items() for seed in range(2, 6)]
    return [{"gate": gate, "rate": rate, "seed": seed} for gate, rate, seed in grid]


def measure(gate: str, rate: float, seed: int) -> dict:
    """The share of test digits read right, and `valid`, of those that choose the rate."""
    model, (_, _, valid_X, valid_y, test_X, test_y, _) = train(gate, rate, seed)
    return {
        "right": read_right(model, test_X, test_y),
        "valid": read_right(model, valid_X, valid_y),
        "numbers": sum(p.numel() for p in model.parameters()),
    }
