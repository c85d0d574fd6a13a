"""Answers to the exercises of chapter 02: other right ones, and slips."""

import numpy as np


def slopes(w, b, x, y, factor=2.0):
    errors = w * x + b - y
    return factor * np.mean(errors * x), factor * np.mean(errors)


def surprise(logits, label):
    shifted = logits - logits.max()
    return np.log(np.exp(shifted).sum()) - shifted[label]


def adam(gradients, rate, correct=True, sign=-1, beta1=0.9):
    theta, m, s, places = 0.0, 0.0, 0.0, []
    for t, g in enumerate(gradients, start=1):
        m, s = beta1 * m + (1 - beta1) * g, 0.999 * s + 0.001 * g**2
        mean, square = (m / (1 - beta1**t), s / (1 - 0.999**t)) if correct else (m, s)
        theta += sign * rate * mean / (square**0.5 + 1e-8)
        places.append(theta)
    return places


def standardise(X):
    spread = X.std(axis=0)
    return (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)


RIGHT = [
    ("02.2", lambda x: 1 / np.mean(x**2)),
]


def in_order(n, size, rng):
    return [np.arange(n)[start : start + size] for start in range(0, n, size)]


def no_rest(n, size, rng):
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n - size + 1, size)]


def with_repeats(n, size, rng):
    return [rng.integers(n, size=min(size, n - start)) for start in range(0, n, size)]


SLIPS = [
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, 1.0), "half as large"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, 14.0), "the loss is a mean"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y, -2.0), "wrong sign"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y)[::-1], "swapped"),
    ("02.1", lambda w, b, x, y: slopes(w, b, x, y)[0], "expected 2 results: ∂L/∂w, ∂L/∂b"),
    ("02.1", lambda w, b, x, y: (x, 0.0), r"∂L/∂w: the shape is \[7\]"),
    ("02.2", lambda x: 0.5 / np.mean(x**2), "begins to swing"),
    ("02.2", lambda x: 2 / np.mean(x**2), "twice too large"),
    ("02.2", lambda x: 1 / np.sum(x**2), "for the tap"),
    ("02.3", lambda z, j: np.log(np.exp(z).sum()) - z[j], "take the largest off"),
    ("02.3", lambda z, j: -surprise(z, j), "the loss is −log p"),
    ("02.3", lambda z, j: -np.log(np.exp(z - z.max())[j] / np.exp(z - z.max()).sum()), "e.z is 0"),
    ("02.4", in_order, "whatever rng is"),
    ("02.4", no_rest, "not every index"),
    ("02.4", with_repeats, "not every index"),
    ("02.4", lambda n, size, rng: [rng.permutation(n)], "the batches hold"),
    ("02.4", lambda n, size, rng: 3, "returns an int, expected a list of arrays of indices"),
    ("02.5", lambda g, rate: adam(g, rate, correct=False), "divided by 1 − βᵗ"),
    ("02.5", lambda g, rate: adam(g, rate, sign=1), "uphill"),
    ("02.5", lambda g, rate: adam(g, rate, beta1=0.8), "for five gradients the value"),
    ("02.5", lambda g, rate: adam(g, rate)[-1], "the shape is"),
    ("02.6", lambda X: (X - X.mean()) / X.std(), "whole table"),
    ("02.6", lambda X: standardise(X.T).T, "along the rows"),
    ("02.6", lambda X: (X - X.mean(axis=0)) / X.std(axis=0), "became NaN"),
    ("02.6", lambda X: X - X.mean(axis=0), "different units the value"),
]
