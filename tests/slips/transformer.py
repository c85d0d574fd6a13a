"""Answers to the exercises of chapter 16: other right ones, and slips."""

import torch
from torch.nn.functional import cross_entropy


def decoder_only(D, F, N, V):
    return V * D + N * (4 * (D * D + D) + 2 * D * F + F + D + 4 * D) + 2 * D


def sentence_log_p(logits, wanted):
    each = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
    return (each * (wanted != 0)).sum(-1)


def no_padding(logits, wanted):
    return logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0].sum(-1)


def by_one_hot_rows(ids, words, places):
    rows = torch.nn.functional.one_hot(ids, len(words)).float()
    return rows @ words * words.shape[1] ** 0.5 + places[: ids.shape[1]]


RIGHT = [("16.1", by_one_hot_rows)]
SLIPS = [
    ("16.1", lambda ids, words, places: words[ids] + places[: ids.shape[1]], r"ids \[2, 5\]"),
    ("16.1", lambda ids, words, places: words[ids] * 6**0.5 + places, "it stops with Runtime"),
    ("16.2", lambda logits, wanted, s: cross_entropy(logits, wanted), "smoothing 0.1"),
    ("16.2", lambda logits, wanted, s: -logits.log_softmax(-1).mean(-1), r"shape is \[5\]"),
    ("16.3", lambda d_model, highest: d_model * highest**2, "d_model=512"),
    ("16.4", lambda D, F, N, V: decoder_only(D, F, N, V) - 2 * D, "D=512, F=2048"),
    ("16.5", no_padding, r"at \[1\]"),
    ("16.5", lambda logits, wanted: sentence_log_p(logits, wanted).mean(), r"shape is \[\]"),
    ("16.6", lambda weights, values: weights, "the same weights"),
    ("16.6", lambda weights, values: weights * 1.1, "sum of the weights"),
    ("16.6", lambda weights, values: weights.flip(0), "of the average"),
    ("16.6", lambda weights, values: weights - 1, "expected none below 0"),
    ("16.6", lambda weights, values: weights[1:], r"shape is \[4\], expected \[5\]"),
]
