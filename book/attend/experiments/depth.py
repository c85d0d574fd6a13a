"""Deep plain networks and what rescues them: training accuracy on the digits. Chapter 04.

    python -m attend.experiments.depth

trains plain networks of 2 to 20 hidden layers at three learning rates, and three sick networks with
each of the cures, from five seeds each, and writes depth.csv.
"""

import time

import numpy as np

from attend.autograd import cross_entropy
from attend.data import Batches, digits
from attend.experiments import provenance
from attend.nn import MLP, accuracy
from attend.optimizers import SGD, clip_gradients
from attend.training import fit

__all__ = ["CURES", "SICK", "sick_and_cured", "train_deep"]

WIDTH = 32
SEEDS = range(5)
# What is wrong with each network: hidden layers, and the initialisation of their weights.
SICK = {
    "weights too small": {"depth": 5, "initialisation": "small"},
    "weights too large": {"depth": 10, "initialisation": 0.4},
    "20 layers": {"depth": 20, "initialisation": "he"},
}
CURES = {
    "nothing": {},
    "He's initialisation": {"initialisation": "he"},
    "clipping at 1": {"max_norm": 1.0},
    "LayerNorm": {"norm": "layer"},
    "BatchNorm": {"norm": "batch"},
    "residual": {"residual": True},
}


class ClippedSGD(SGD):
    """Plain SGD on gradients that together are no longer than max_norm, if one is given."""

    def __init__(self, parameters, learning_rate, max_norm=None):
        super().__init__(parameters, learning_rate)
        self.max_norm = max_norm

    def step(self):
        if self.max_norm is not None:
            clip_gradients(self.parameters, self.max_norm)
        super().step()


def train_deep(
    data, depth, seed=0, learning_rate=0.1, epochs=5, max_norm=None, width=WIDTH, **options
):
    """`depth` hidden layers, plain SGD, batches of 32. Returns training and test accuracy.

    Where the loss or a gradient stops being finite, so does the training: (0, 0), not a number of
    its own. options: arguments of `MLP`.
    """
    inputs, labels, test_inputs, test_labels = data
    model = MLP([64] + [width] * depth + [10], seed=seed, **options)
    batches = Batches(inputs, labels, seed=seed)
    optimizer = ClippedSGD(model.parameters(), learning_rate, max_norm)

    def loss(model, batch):
        inputs, labels = batch
        return cross_entropy(model(inputs), labels)

    try:
        with np.errstate(all="ignore"):
            fit(model, batches, loss, optimizer, epochs)
    except FloatingPointError:
        return 0.0, 0.0

    return accuracy(model, inputs, labels), accuracy(model, test_inputs, test_labels)


def sick_and_cured(data, seed=0):
    """Training and test accuracy of every sick network with every cure: rows."""
    rows = []
    for sickness, network in SICK.items():
        for cure, options in CURES.items():
            learnt, test = train_deep(data, seed=seed, **(network | options))
            rows.append(row(sickness, cure, network["depth"], 0.1, seed, learnt, test))
    return rows


def deeper(data, depths=(2, 5, 10, 20), rates=(0.01, 0.03, 0.1), seed=0, epochs=15):
    """Training and test accuracy of plain networks by depth and learning rate: rows."""
    rows = []
    for rate in rates:
        for depth in depths:
            learnt, test = train_deep(data, depth, seed, rate, epochs)
            rows.append(row("plain", "nothing", depth, rate, seed, learnt, test))
    for depth in depths:
        learnt, test = train_deep(data, depth, seed, max(rates), epochs, residual=True)
        rows.append(row("plain", "residual", depth, max(rates), seed, learnt, test))
    return rows


def row(sickness, cure, depth, rate, seed, learnt, test):
    return {
        "network": sickness,
        "cure": cure,
        "depth": depth,
        "learning_rate": rate,
        "seed": seed,
        "training_accuracy": round(learnt, 4),
        "test_accuracy": round(test, 4),
    }


def main() -> None:
    started, data = time.process_time(), digits()
    rows = [row for seed in SEEDS for row in sick_and_cured(data, seed)]
    rows += [row for seed in SEEDS for row in deeper(data, seed=seed)]
    print(provenance.write("depth", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
