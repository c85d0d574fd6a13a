"""Answers to the exercises of chapter 03: other right ones, and slips."""

from itertools import pairwise

import numpy as np

from attend.autograd import Tensor


def neuron(w, x, b, y):
    h = np.tanh(w * x + b)
    slope = 2 * (h - y) * (1 - h**2)
    return slope * x, slope * w, slope


def softplus_without_its_slope(x):
    return Tensor(np.logaddexp(0, x.data), ((x, lambda g: g),))


def softplus_that_overflows(x):
    value = np.log(1 + np.exp(x.data))
    return Tensor(value, ((x, lambda g: g / (1 + np.exp(-x.data))),))


def two_layers(x, W, b, V, y, mean=True, mask=True):
    z = x @ W + b
    h = np.maximum(z, 0)
    to_out = 2 * (h @ V - y) / (y.size if mean else 1)
    to_z = (to_out @ V.T) * ((z > 0) if mask else 1)
    return x.T @ to_z, to_z.sum(axis=0), h.T @ to_out


def both_ways(sizes):
    pairs = [a * b for a, b in pairwise(sizes)]
    return sizes[-1] * sum(pairs[:-1]), sizes[0] * sum(pairs[1:])


RIGHT = [
    ("03.1", lambda *given: np.array(neuron(*given))),
    ("03.2", lambda n: float(2 * 3**n - 1)),
    ("03.2", lambda n: 2 * 3**n - 1),
]


SLIPS = [
    ("03.1", lambda w, x, b, y: neuron(w, x, b, y)[:2], "expected 3 results"),
    ("03.1", lambda w, x, b, y: neuron(w, x, b, y)[::-1], "∂L/∂w"),
    ("03.1", lambda w, x, b, y: 1.0, "returns a float, expected 3 results: ∂L/∂w"),
    ("03.2", lambda n: 2 ** (n + 1) - 1, "expected 5"),
    ("03.2", lambda n: 3**n / 2, "n=0 the value is 0.5, expected 1"),
    ("03.3", lambda x: np.logaddexp(0, x.data), "expected a Tensor"),
    ("03.3", lambda x: Tensor(np.logaddexp(0, x.data)), "no parents"),
    ("03.3", softplus_without_its_slope, "gradient is off"),
    ("03.3", lambda x: x, "the value is wrong"),
    ("03.3", softplus_that_overflows, "1000"),
    ("03.4", lambda x, s, g: (g * s, g * x), r"gradient in s: the shape is \[3, 5\]"),
    ("03.4", lambda x, s, g: (g * s, (g * x).sum(axis=1)), r"expected \[3, 1\]"),
    ("03.5", lambda *a: two_layers(*a, mean=False), "gradient in W"),
    ("03.5", lambda *a: two_layers(*a, mask=False), "gradient in W"),
    ("03.5", lambda x, W, b, V, y: x @ V, "it stops with ValueError"),
    ("03.6", lambda sizes: both_ways(sizes)[::-1], "backwards"),
    ("03.6", lambda sizes: sum(sizes), "returns an int, expected 2 results: backwards"),
]
