"""Answers to the exercises of chapter 01: other right ones, and slips."""

from itertools import pairwise

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def in_columns(x, layers, g, bend_last=False, turn=False):
    a = x.T  # as papers have it
    for i, (W, b) in enumerate(layers):
        a = (W.T if turn else W) @ a + b[:, None]
        a = g(a) if bend_last or i + 1 < len(layers) else a
    return a


def widest(n_in, n_out, hidden, budget, biases=1, more=0):
    width = 0
    while True:
        sizes = [n_in] + [width + 1] * hidden + [n_out]
        if sum((n + biases) * m for n, m in pairwise(sizes)) > budget:
            return width + more
        width += 1


RIGHT = [
    ("01.1", lambda x, layers, g: in_columns(x, layers, g).T),
    ("01.2", lambda W1, b1, W2, b2: [W1 @ W2 + np.eye(len(W1)), b2 + W2.T @ b1]),
    ("01.3", lambda: (np.ones((3, 4)), [-2, 0, -1, 5], [1, 1, -2, 0])),
    ("01.4", lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    ("01.5", widest),
    ("01.6", lambda curvature, error: int(max(1, -(-((curvature / 8 / error) ** 0.5) // 1)))),
]


def exclusive_or():
    return np.ones((3, 2)), np.array([0.0, -1]), np.array([1.0, -2])


SLIPS = [
    ("01.1", lambda x, layers, g: in_columns(x, layers, g, bend_last=True).T, "bends too"),
    ("01.1", lambda x, layers, g: in_columns(x, layers, g, turn=True).T, "one row for each unit"),
    ("01.1", in_columns, "expected one a row"),
    ("01.1", lambda x, layers, g: in_columns(x, layers, abs).T, "for widths 5, 5, 5 the value"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2, b1 @ W2 + b2), "x itself is added"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2 + np.eye(3), b1[:3] + b2), "b₁ passes through"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2 + np.eye(3), b2), "b: the value"),
    ("01.2", lambda W1, b1, W2, b2: ((W1 @ W2).T + np.eye(3), b2), "rows, so W₁ comes first"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2 + 1, b1 @ W2 + b2), "W: the value"),
    ("01.2", lambda W1, b1, W2, b2: W1 @ W2, "an array of shape .*expected 2 results: W, b"),
    ("01.3", exclusive_or, r"\[1, 1, 1\] it gives -1, expected 0"),
    ("01.3", lambda: (np.ones((2, 2)), [0, 0], [0, 0]), r"\[2, 2\], \[2\], \[2\], expected \[3, H"),
    ("01.3", lambda: ("a", "b", "c"), "W: it returns a str, expected an array of numbers"),
    ("01.4", sigmoid, "one of two terms"),
    ("01.4", lambda z: z * sigmoid(z), "SiLU itself"),
    ("01.4", lambda z: sigmoid(z) * (1 - sigmoid(z)), "z from −4 to 4 the value"),
    ("01.5", lambda *given: widest(*given, biases=0), "a bias as well"),
    ("01.5", lambda *given: widest(*given, more=1), "one too many"),
    ("01.5", lambda n_in, n_out, hidden, budget: budget // (n_in + n_out + 1), "the value is 133"),
    ("01.6", lambda curvature, error: (curvature / (8 * error)) ** 0.5, "round up"),
    ("01.6", lambda curvature, error: int((curvature / (8 * error)) ** 0.5), "is 22, expected 23"),
]
