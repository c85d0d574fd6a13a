"""Answers to the exercises of chapter 10: other right ones, and slips."""

import math

import torch


def shares_of_words(scores, length):
    powers = torch.exp(scores) * (torch.arange(len(scores)) < length)
    return powers / powers.sum()


RIGHT = [
    ("10.3", shares_of_words),
]


def mask_after(scores, length):
    return torch.softmax(scores, dim=0) * (torch.arange(len(scores)) < length)


SLIPS = [
    ("10.1", lambda q, W, k, v: torch.softmax(q @ W @ k.mT, 0) @ v, "over the queries"),
    (
        "10.1",
        lambda q, W, k, v: torch.softmax(q @ W @ k.mT, -1) @ k,
        r"shape is \[3, 4\], expected",
    ),
    ("10.1", lambda q, W, k, v: (q @ W @ k.mT) @ v, "5 keys of 4 and 5 values of 7"),
    ("10.1", lambda q, W, k, v: torch.softmax(q @ k.mT, -1) @ v, "it stops with RuntimeError"),
    ("10.1", lambda q, W, k, v: torch.softmax(q @ W @ k.mT / 2, -1) @ v, "3 queries of 2"),
    ("10.2", lambda q, k, W, U, v: (W @ q + k @ U.T) @ v, "before any softmax"),
    ("10.2", lambda q, k, W, U, v: torch.softmax((W @ q + k @ U.T).tanh() @ v, 0), "before any"),
    ("10.2", lambda q, k, W, U, v: (W @ k).tanh() @ v, "it stops with RuntimeError"),
    ("10.3", mask_after, "5 scores of which 3 are words"),
    ("10.3", lambda scores, n: torch.softmax(scores[:n], 0), r"shape is \[3\], expected \[5\]"),
    ("10.4", lambda A, S, P: 1 - 2 * len(A & S) / (len(A) + len(S)), "a possible one"),
    ("10.4", lambda A, S, P: 1 - len((A & S) | (A & P)) / (len(A) + len(S)), "the sure ones"),
    ("10.4", lambda A, S, P: 1 - (len(A & S) + len(A & P)) / (len(A) + len(S)), "the sure ones"),
    ("10.5", lambda gap, share: gap / math.log(share), "gap of 2.0"),
    ("10.6", lambda w, h, g: w * (h @ g), "5 values of 3 numbers"),
]
