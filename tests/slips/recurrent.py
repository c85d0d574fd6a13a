"""Answers to the exercises of chapter 07: other right ones, and slips."""

import numpy as np


def jordan(x, W_xh, W_yh, W_hy, b_h, b_y):
    y, said = np.zeros((len(x), len(b_y))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh.T + y @ W_yh.T + b_h)
        y = h @ W_hy.T + b_y
        said.append(y)
    return np.stack(said, axis=1)


def leaky(dh, x, h_before, W_xh, W_hh, b_h, a):
    new = np.tanh(x @ W_xh.T + h_before @ W_hh.T + b_h)
    da = a * dh * (1 - new**2)
    return da.T @ h_before, da @ W_hh + (1 - a) * dh


RIGHT = [
    (
        "07.5",
        lambda found, n: np.exp(sum(k * np.log(p) for p, k in zip(found, n, strict=True)) / sum(n)),
    ),
]


def nothing_fed_back(x, W_xh, W_yh, W_hy, b_h, b_y):
    return np.tanh(x @ W_xh.T + b_h) @ W_hy.T + b_y


def only_the_last(*arguments):
    return jordan(*arguments)[:, -1]


def elman(x, W_xh, W_yh, W_hy, b_h, b_y):
    """Feeds back the state, for which the matrix has no room."""
    h, said = np.zeros((len(x), len(b_h))), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_xh.T + h @ W_yh.T + b_h)
        said.append(h @ W_hy.T + b_y)
    return np.stack(said, axis=1)


def one_way(dh, x, h_before, W_xh, W_hh, b_h, a):
    """Forgets the share that is kept as it is."""
    dW_hh, dh_before = leaky(dh, x, h_before, W_xh, W_hh, b_h, a)
    return dW_hh, dh_before - (1 - a) * dh


def slope_of_h(dh, x, h_before, W_xh, W_hh, b_h, a):
    """Takes the slope at the new state, which is no tanh of anything."""
    h = (1 - a) * h_before + a * np.tanh(x @ W_xh.T + h_before @ W_hh.T + b_h)
    da = a * dh * (1 - h**2)
    return da.T @ h_before, da @ W_hh + (1 - a) * dh


def without_a(dh, x, h_before, W_xh, W_hh, b_h, a):
    da = dh * (1 - np.tanh(x @ W_xh.T + h_before @ W_hh.T + b_h) ** 2)
    return da.T @ h_before, da @ W_hh + (1 - a) * dh


SLIPS = [
    ("07.1", nothing_fed_back, "2 rows of 7 words"),
    ("07.1", only_the_last, "2 rows of 1 words"),
    ("07.1", elman, "stops with ValueError"),
    ("07.2", lambda n_in, width: 1 + width // n_in, "3 inputs and 5 units"),  # as many, not more
    ("07.2", lambda n_in, width: -(-width // n_in) + 1, "64 inputs and 128 units"),  # ⌈1 + D/I⌉
    ("07.2", lambda n_in, width: 1 + width / n_in, "3 inputs and 5 units"),
    ("07.3", one_way, "a = 0.25.* dh_before:"),
    ("07.3", slope_of_h, "a = 0.25.* dW_hh:"),
    ("07.3", without_a, "a = 0.25.* dW_hh:"),
    ("07.3", lambda *arguments: leaky(*arguments)[0], "2 results: dW_hh, dh_before"),
    ("07.4", lambda: (2.0, 0.9, 0.0), "at step .*above 0.5"),
    ("07.4", lambda: (9.0, 3.0, 0.0), "above 0.5"),
    ("07.4", lambda: (2.0, 3.0), "a tuple of 2, expected 3 results: w_x, w_h, b"),
    ("07.4", lambda: 3.0, "a float, expected 3 results: w_x, w_h, b"),
    ("07.5", lambda found, lengths: np.average(found, weights=lengths), "two texts of one length"),
    ("07.5", lambda found, lengths: np.exp(np.mean(np.log(found))), "the first three times"),
    ("07.6", lambda T, N: T * N, "5 words and 3 layers"),
]
