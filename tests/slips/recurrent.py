"""Answers to the exercises of chapter 07: other right ones, and slips."""

from math import prod

import numpy as np


def step_backward(dh, x, h_before, h, W_hh):
    da = dh * (1 - h**2)
    return da.T @ x, da.T @ h_before, da.sum(axis=0), da @ W_hh


RIGHT = [
    ("07.5", lambda shares: np.exp(-sum(np.log(share) for share in shares) / len(shares))),
]


def no_tanh(dh, x, h_before, h, W_hh):
    return dh.T @ x, dh.T @ h_before, dh.sum(axis=0), dh @ W_hh


def the_wrong_side(dh, x, h_before, h, W_hh):
    da = dh * (1 - h**2)
    return da.T @ x, da.T @ h_before, da.sum(axis=0), da @ W_hh.T


SLIPS = [
    ("07.1", lambda x, h, W_xh, W_hh, b: x @ W_xh.T + h @ W_hh.T + b, "2 rows, 3 inputs"),
    ("07.1", lambda x, h, W_xh, W_hh, b: np.tanh(x @ W_xh + h @ W_hh), "stops with ValueError"),
    ("07.1", lambda x, h, W_xh, W_hh, b: np.tanh(x @ W_xh.T + h @ W_hh + b), r"at \[0, 0\]"),
    ("07.2", lambda n_in, D, n_out: D * n_in + D * D + n_out * D, "2 inputs, 3 units"),
    ("07.3", no_tanh, "2 rows, .* dW_xh:"),
    ("07.3", the_wrong_side, "2 rows, .* dh_before:"),
    (
        "07.3",
        lambda *arguments: step_backward(*arguments)[0],
        "4 results: dW_xh, dW_hh, db_h, dh",
    ),
    ("07.4", lambda: (2.0, 0.9, 0.0), "at step .*above 0.5"),
    ("07.4", lambda: (9.0, 3.0, 0.0), "above 0.5"),
    ("07.4", lambda: (2.0, 3.0), "a tuple of 2, expected 3 results: w_x, w_h, b"),
    ("07.4", lambda: 3.0, "a float, expected 3 results: w_x, w_h, b"),
    ("07.5", lambda shares: prod(shares) ** (-1 / len(shares)), "400 tokens|stops"),
    ("07.5", lambda shares: 1 / np.mean(shares), "two tokens"),
    ("07.6", lambda T, N: T * N, "5 words and 3 layers"),
]
