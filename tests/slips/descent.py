"""Answers to the exercises of chapter 02: other right ones, and slips."""

import numpy as np


def slopes(w, b, x, y, delta, factor=1.0):
    errors = np.clip(w * x + b - y, -delta, delta)
    return factor * np.mean(errors * x), factor * np.mean(errors)


def of_squares(w, b, x, y, delta):
    return slopes(w, b, x, y, np.inf)


def of_sizes(w, b, x, y, delta):
    signs = np.sign(w * x + b - y)
    return np.mean(signs * x), np.mean(signs)


def surprise(logits, label):
    shifted = logits - logits.max()
    return np.log(np.exp(shifted).sum()) - shifted[label]


def adamax(gradients, rate, correct=True, sign=-1, beta1=0.9, keep=True, u_too=False):
    theta, m, u, places = 0.0, 0.0, 0.0, []
    for t, g in enumerate(gradients, start=1):
        m = beta1 * m + (1 - beta1) * g
        u = max(0.999 * u, abs(g)) if keep else abs(g) or u
        mean = m / (1 - beta1**t) if correct else m
        theta += sign * rate * mean / (u / (1 - 0.999**t) if u_too else u)
        places.append(theta)
    return places


def standardise(train, test, of=None):
    of = train if of is None else of
    mean, spread = of.mean(axis=0), of.std(axis=0)
    return (train - train.mean(axis=0)) / np.where(train.std(axis=0) > 0, train.std(axis=0), 1), (
        test - mean
    ) / np.where(spread > 0, spread, 1)


def without_guard(train, test):
    return tuple((part - train.mean(axis=0)) / train.std(axis=0) for part in (train, test))


RIGHT = [
    ("02.2", lambda x: 1 / np.mean(x**2)),
    ("02.5", adamax),
    ("02.6", standardise),
]


def in_order(n, size, rng):
    return [np.arange(n)[start : start + size] for start in range(0, n, size)]


def no_rest(n, size, rng):
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n - size + 1, size)]


def with_repeats(n, size, rng):
    return [rng.integers(n, size=min(size, n - start)) for start in range(0, n, size)]


SLIPS = [
    ("02.1", lambda *given: slopes(*given, factor=2.0), "twice as large"),
    ("02.1", lambda *given: slopes(*given, factor=7.0), "the loss is a mean"),
    ("02.1", lambda *given: slopes(*given, factor=-1.0), "wrong sign"),
    ("02.1", lambda *given: slopes(*given)[::-1], "swapped"),
    ("02.1", lambda *given: slopes(*given)[0], "expected 2 results: ∂L/∂w, ∂L/∂b"),
    ("02.1", of_squares, "beyond δ the slope stays"),
    ("02.1", of_sizes, "a parabola"),
    ("02.1", lambda w, b, x, y, delta: (x, 0.0), r"∂L/∂w: the shape is \[7\]"),
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
    ("02.5", lambda g, rate: adamax(g, rate, correct=False), "once m is divided"),
    ("02.5", lambda g, rate: adamax(g, rate, u_too=True), "and u is not"),
    ("02.5", lambda g, rate: adamax(g, rate, sign=1), "uphill"),
    ("02.5", lambda g, rate: adamax(g, rate, keep=False), "for five gradients the value"),
    ("02.5", lambda g, rate: adamax(g, rate, beta1=0.8), "for five gradients the value"),
    ("02.5", lambda g, rate: adamax(g, rate)[-1], "the shape is"),
    ("02.6", lambda a, b: standardise(a, b, of=b), "their own mean and spread"),
    ("02.6", lambda a, b: ((a - a.mean()) / a.std(), (b - a.mean()) / a.std()), "whole table"),
    ("02.6", without_guard, "became NaN"),
    ("02.6", lambda a, b: (standardise(a, b)[0], b - a.mean(axis=0)), "test: the value"),
    ("02.6", lambda a, b: standardise(a, b)[0], "expected 2 results: train, test"),
]
