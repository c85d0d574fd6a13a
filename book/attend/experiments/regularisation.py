"""Overfitting made on purpose, and what helps against it: one run, changed in one thing at a time.
Chapter 04.

    python -m attend.experiments.regularisation

trains the same network on 100 digits without and with each cure, at three strengths, from eight
seeds each, with right labels and with one label in five wrong, and writes regularisation.csv.
"""

import time
from itertools import chain, islice, repeat

import numpy as np

from attend.autograd import cross_entropy
from attend.data import Batches
from attend.experiments import provenance
from attend.nn import MLP
from attend.optimizers import AdamW, soft_threshold
from attend.training import fit

__all__ = [
    "ARGUMENTS",
    "LEARNING_RATE",
    "SIZES",
    "STEPS",
    "STRENGTHS",
    "add_noise",
    "measure",
    "shift",
]

SIZES, STEPS, LEARNING_RATE = [64, 256, 256, 10], 300, 0.003
SEEDS = range(8)
# Three strengths of each cure; the one with the smallest mean validation loss is reported.
STRENGTHS = {
    "noise": (0.1, 0.3, 0.5),
    "shift": (0.3, 0.6, 1.0),
    "L1": (0.03, 0.3, 1.0),
    "L2": (0.3, 1.0, 3.0),
    "dropout": (0.2, 0.5, 0.7),
}


def deal(seed, n=100, wrong=0.0):
    """Digits for one run: n to train on, 100 to validate on, 900 to test on, as (inputs, labels).

    A fraction `wrong` of the training and validation labels is replaced by another class; the test
    labels stay right. n is at most 797.
    """
    from sklearn.datasets import load_digits  # slow to import, and only this function wants it

    rng = np.random.default_rng(seed)
    inputs, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    inputs, labels = inputs[order] / 16, labels[order]
    spoilt = (labels + rng.integers(1, 10, len(labels))) % 10
    careless = np.where(rng.random(len(labels)) < wrong, spoilt, labels)
    train, valid, test = slice(n), slice(797, 897), slice(897, None)
    return (
        (inputs[train], careless[train]),
        (inputs[valid], careless[valid]),
        (inputs[test], labels[test]),
    )


def add_noise(inputs, strength, rng):
    """Normal noise on every pixel: x + strength · ε, with ε of variance 1."""
    return inputs + rng.normal(0, strength, inputs.shape)


def shift(inputs, share, rng):
    """A share of the 8 × 8 pictures moved by at most one pixel each way; the edge fills with 0."""
    pictures = np.pad(inputs.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))  # [B, 10, 10]
    moved = np.where(rng.random(len(inputs)) < share, 1, 0)
    tops, lefts = 1 + moved * rng.integers(-1, 2, (2, len(inputs)))
    rows, columns = tops[:, None, None] + np.arange(8)[:, None], lefts[:, None, None] + np.arange(8)
    return pictures[np.arange(len(inputs))[:, None, None], rows, columns].reshape(-1, 64)


def train(learn, valid, test, seed=0, steps=STEPS, every=10, noise=0, shifts=0, L1=0, L2=0, p=0):
    """One run: 300 steps of AdamW on batches of 20. Returns the model and its history.

    The history has a row every so many steps: {"step", "training loss", "training error", and the
    same for validation and test}. p is the dropout; the other cures are off at 0.
    """
    model = MLP(SIZES, dropout=p, seed=seed)
    optimizer = AdamW(model.parameters(), LEARNING_RATE, weight_decay=L2)
    weights = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    rng, history = np.random.default_rng(seed), []
    dealt = chain.from_iterable(repeat(Batches(*learn, size=20, seed=rng)))  # epoch after epoch

    def batches():
        for step, (inputs, labels) in enumerate(islice(dealt, steps), start=1):
            yield shift(add_noise(inputs, noise, rng), shifts, rng), labels
            # `fit` asks for the next batch when it has taken a step
            soft_threshold(weights, LEARNING_RATE * L1)
            if step % every == 0:
                history.append({"step": step, **measure(model, learn, valid, test)})

    fit(model, batches, lambda model, batch: cross_entropy(model(batch[0]), batch[1]), optimizer)
    return model, history


def measure(model, *parts):
    """Loss (nats) and error (fraction of wrong answers) on training, validation, test data."""
    row = {}
    model.eval()
    for name, (inputs, labels) in zip(("training", "validation", "test"), parts, strict=True):
        logits = model(inputs)  # [n, 10]
        row[f"{name} loss"] = cross_entropy(logits, labels).item()
        row[f"{name} error"] = float((logits.data.argmax(axis=-1) != labels).mean())
    model.train()
    return row


def stopped_early(history):
    """The row of the history where the validation loss was least."""
    return min(history, key=lambda row: row["validation loss"])


ARGUMENTS = {"noise": "noise", "shift": "shifts", "L1": "L1", "L2": "L2", "dropout": "p"}


def one_seed(seed, wrong, strengths=STRENGTHS):
    """Every cure on the run of one seed: rows of method, strength, and what was measured."""
    learn, valid, test = deal(seed, wrong=wrong)
    _, history = train(learn, valid, test, seed)
    runs = [("nothing", 0, history[-1]), ("early stopping", 0, stopped_early(history))]
    for n in (200, 797):
        more, *_ = deal(seed, n, wrong)
        runs.append((f"{n} examples", 0, train(more, valid, test, seed, every=STEPS)[1][-1]))
    for method, values in strengths.items():
        for value in values:
            options = {ARGUMENTS[method]: value, "every": STEPS}
            runs.append((method, value, train(learn, valid, test, seed, **options)[1][-1]))
    return [
        {"wrong": wrong, "method": method, "strength": value, "seed": seed}
        | {key.replace(" ", "_"): round(number, 4) for key, number in row.items()}
        for method, value, row in runs
    ]


def best_strengths(rows):
    """For each share of wrong labels and each method: the strength with the least mean validation
    loss. {(wrong, method): strength}"""
    losses = {}
    for row in rows:
        key = (row["wrong"], row["method"]), row["strength"]
        losses.setdefault(key, []).append(row["validation_loss"])
    means = sorted((np.mean(values), key) for key, values in losses.items())
    chosen = {}
    for _, (run, strength) in means:
        chosen.setdefault(run, strength)
    return chosen


def main() -> None:
    started = time.process_time()
    rows = [row for wrong in (0.0, 0.2) for seed in SEEDS for row in one_seed(seed, wrong)]
    print(provenance.write("regularisation", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
