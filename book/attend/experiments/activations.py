"""Which activation trains? One network on the digits, with seven of them, one hidden layer and
five. Chapter 01.

For each activation, depth, learning rate and seed: plain descent in batches of 32, ten times
through the examples; the share of scans read rightly, on those kept back to choose the rate
(`valid`) and on those kept back from everything (`test`).
"""

from itertools import pairwise

import torch
from torch import nn

from attend.data import digits

__all__ = ["ACTIVATIONS", "DEPTHS", "RATES", "SEEDS", "measure", "runs"]

ACTIVATIONS = {  # and the spread of the first weights, times √n
    "relu": (torch.relu, 2**0.5),
    "gelu": (nn.functional.gelu, 2**0.5),
    "tanh": (torch.tanh, 1.0),
    "sigmoid": (torch.sigmoid, 4.0),
    "sine": (torch.sin, 1.0),
    "exp": (torch.exp, 1.0),
    "square": (torch.square, 1.0),
}
DEPTHS = (1, 5)  # hidden layers of 32 units
RATES = tuple(0.01 * 2**k for k in range(2, 10))  # 0.04 … 5.12
SEEDS = (0, 1, 2)


def runs() -> list[dict]:
    """Every activation at two depths and eight learning rates, from three seeds."""
    return [
        {"activation": name, "layers": layers, "lr": lr, "seed": seed}
        for name in ACTIVATIONS
        for layers in DEPTHS
        for lr in RATES
        for seed in SEEDS
    ]


def measure(activation, layers, lr, seed) -> dict:
    """Weights begin at √2 / √n for the two that cut off half (He), at 4 / √n for the sigmoid, whose
    largest slope is ¼, else at 1 / √n; biases at 0."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(seed)
    x, y, test_x, test_y = (torch.as_tensor(part) for part in digits())
    x, test_x = x.float(), test_x.float()
    x, valid_x, y, valid_y = x[:-288], x[-288:], y[:-288], y[-288:]  # 1150 to learn from
    g, gain = ACTIVATIONS[activation]
    linear = [nn.Linear(n, m) for n, m in pairwise([64] + [32] * layers + [10])]
    for layer in linear:
        nn.init.normal_(layer.weight, 0, gain / layer.in_features**0.5, generator=generator)
        nn.init.zeros_(layer.bias)
    optimizer = torch.optim.SGD([p for layer in linear for p in layer.parameters()], lr)

    def logits(x):
        for layer in linear[:-1]:
            x = g(layer(x))
        return linear[-1](x)

    for _ in range(10):
        for batch in torch.randperm(len(x), generator=generator).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(logits(x[batch]), y[batch]).backward()
            optimizer.step()

    def right(x, y):
        with torch.no_grad():
            return round((logits(x).argmax(dim=1) == y).float().mean().item(), 4)

    return {"valid": right(valid_x, valid_y), "test": right(test_x, test_y)}
