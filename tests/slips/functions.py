"""Answers to the exercises of chapter 01: other right ones, and slips."""

from itertools import pairwise

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


RIGHT = [
    ("01.1", lambda x, w, b: np.maximum(np.dot(w, x) + b, 0)),
    ("01.2", lambda W1, b1, W2, b2: [np.einsum("nm,mk->nk", W1, W2), b2 + W2.T @ b1]),
    ("01.3", lambda: (np.ones((3, 4)), [-2, 0, -1, 5], [1, 1, -2, 0])),
    ("01.4", lambda z: sigmoid(z) * (1 + z * sigmoid(-z))),
    ("01.5", lambda sizes: sum(n * m for n, m in pairwise(sizes)) + sum(sizes[1:])),
    ("01.6", lambda curvature, error: int(max(1, -(-((curvature / 8 / error) ** 0.5) // 1)))),
]


def exclusive_or():
    return np.ones((3, 2)), np.array([0.0, -1]), np.array([1.0, -2])


SLIPS = [
    ("01.1", lambda x, w, b: x @ w + b, "where w · x \\+ b is negative"),
    ("01.1", lambda x, w, b: max(x @ w, 0), "is positive"),
    ("01.1", lambda x, w, b: np.maximum(x * w + b, 0), r"shape is \[5\], expected \[\]"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2, b1[:2] + b2), "b₁ passes through"),
    ("01.2", lambda W1, b1, W2, b2: (W1 @ W2, b2), "b: the value"),
    ("01.2", lambda W1, b1, W2, b2: ((W1 @ W2).T, b1 @ W2 + b2), "rows, so W₁ comes first"),
    ("01.2", lambda W1, b1, W2, b2: W2 @ W1, "it stops with ValueError"),
    ("01.2", lambda W1, b1, W2, b2: W1 @ W2, "an array of shape .*expected 2 results: W, b"),
    ("01.3", exclusive_or, r"\[1, 1, 1\] it gives -1, expected 0"),
    ("01.3", lambda: (np.ones((2, 2)), [0, 0], [0, 0]), r"\[2, 2\], \[2\], \[2\], expected \[3, H"),
    ("01.3", lambda: ("a", "b", "c"), "W: it returns a str, expected an array of numbers"),
    ("01.4", sigmoid, "one of two terms"),
    ("01.4", lambda z: z * sigmoid(z), "SiLU itself"),
    ("01.4", lambda z: sigmoid(z) * (1 - sigmoid(z)), "z from −4 to 4 the value"),
    ("01.5", lambda sizes: sum(n * m for n, m in pairwise(sizes)), "a bias"),
    ("01.5", lambda sizes: sum(sizes), r"for \[64, 32, 10\] the value is 106, expected 2410"),
    ("01.6", lambda curvature, error: (curvature / (8 * error)) ** 0.5, "round up"),
    ("01.6", lambda curvature, error: int((curvature / (8 * error)) ** 0.5), "is 22, expected 23"),
]
