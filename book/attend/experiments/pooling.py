"""What must a pooling keep? The CNN of chapter 05 with the largest, the mean, every second and a
random number of each window of 2 × 2. Chapter 05."""

import numpy as np

from attend.autograd import cross_entropy, relu
from attend.convolution import CNN, max_pool2d
from attend.data import Batches, digits
from attend.nn import accuracy
from attend.optimizers import Adam
from attend.training import fit

__all__ = ["POOLS", "measure", "runs"]


def windows(x):
    """x [B, C, H, W] → [B, C, H // 2, 2, W // 2, 2]."""
    B, C, H, W = x.shape
    return x.reshape(B, C, H // 2, 2, W // 2, 2)


def mean(x, rng):
    return windows(x).mean(axis=(3, 5))


def every_second(x, rng):
    return windows(x)[:, :, :, 0, :, 0]


def one_at_random(x, rng):
    """The same one of the four for all channels of a window; another one for every window."""
    B, _, H, W = x.shape
    picked = rng.integers(4, size=(B, 1, H // 2, W // 2))
    mask = np.zeros((B, 1, H // 2, 2, W // 2, 2))
    for k in range(4):
        mask[:, :, :, k // 2, :, k % 2] = picked == k
    return (windows(x) * mask).sum(axis=(3, 5))


POOLS = {
    "largest": lambda x, rng: max_pool2d(x, 2),
    "mean": mean,
    "every second": every_second,
    "random": one_at_random,
}


class Pooled(CNN):
    """The CNN with another pooling."""

    def __init__(self, pool, seed):
        super().__init__(seed=seed)
        self.pool, self.rng = POOLS[pool], np.random.default_rng(seed)

    def __call__(self, x):
        x = np.reshape(x, (len(x), 1, 8, 8))
        for convolution in self.stages:
            x = self.pool(relu(convolution(x)), self.rng)
        return self.output(x.reshape(len(x), -1))


def loss(model, batch):
    inputs, labels = batch
    return cross_entropy(model(inputs), labels)


def runs() -> list[dict]:
    """Each way of pooling at six rates, three seeds."""
    return [
        {"pool": pool, "rate": rate, "seed": seed}
        for pool in POOLS
        for rate in (0.0015, 0.003, 0.006, 0.012, 0.024, 0.048)
        for seed in range(3)
    ]


def measure(pool, rate, seed):
    """The share of test digits read right, and of 144 training digits kept back (`valid`)."""
    train_x, train_y, test_x, test_y = digits()
    kept = len(train_x) - 144
    model = Pooled(pool, seed)
    batches = Batches(train_x[:kept], train_y[:kept], seed=seed)
    fit(model, batches, loss, Adam(model.parameters(), rate), epochs=8)
    return {
        "valid": accuracy(model, train_x[kept:], train_y[kept:]),
        "right": accuracy(model, test_x, test_y),
    }
