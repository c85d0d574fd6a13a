"""Answers to the exercises of chapter 09: other right ones, and slips."""

import math
from collections import Counter

import torch


def each_right(probabilities, words):
    return -probabilities[torch.arange(len(words)), words].log()


def mean_of_words(states, lengths):
    there = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]
    return (states * there).sum(dim=1) / lengths[:, None]


def write(step, state, max_length, keep_eos=False, keep_state=False, first=()):
    words, word = list(first), 2
    while len(words) < max_length:
        shares, after = step(word, state)
        state = state if keep_state else after
        word = int(shares.argmax())
        if word == 3:
            return words + [3] * keep_eos
        words.append(word)
    return words


def matches(ours, theirs, n, clip=True):
    ours, theirs = (
        Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        for words in (ours, theirs)
    )
    found = sum((ours & theirs).values()) if clip else sum(ours[g] for g in ours if g in theirs)
    return found, ours.total()


def bleu(found, totals, ours, theirs):
    brevity = min(1, math.exp(1 - theirs / ours))
    return 100 * brevity * math.prod(m / t for m, t in zip(found, totals, strict=True)) ** 0.25


def no_brevity(found, totals, ours, theirs):
    return 100 * math.prod(m / t for m, t in zip(found, totals, strict=True)) ** 0.25


def by_a_product(states, lengths):
    weights = torch.zeros(len(states), states.shape[1])
    for row, length in zip(weights, lengths, strict=True):
        row[:length] = 1 / length
    return (weights[:, None] @ states)[:, 0]


RIGHT = [("09.3", by_a_product)]
SLIPS = [
    ("09.1", lambda p, w: -each_right(p, w).mean(), "negative"),
    ("09.1", lambda p, w: each_right(p, w).sum(), "the sum over the words"),
    ("09.1", lambda p, w: each_right(p, w), "shape"),
    ("09.2", lambda words: ([2, *words, 3], [*words, 3]), "what is given"),
    ("09.2", lambda words: ([2, *words], words), "what is wanted"),
    (
        "09.2",
        lambda words: [2, *words, 3],
        "a list of 5, expected 2 results: what is g",
    ),
    ("09.3", lambda states, lengths: states.mean(dim=1), "padding counts as well"),
    (
        "09.3",
        lambda s, n: mean_of_words(s, n) * n[:, None] / s.shape[1],
        "not by the number of words",
    ),
    ("09.3", lambda states, lengths: states[:, -1], "rows of"),
    ("09.4", lambda *a: write(*a, keep_eos=True), "<eos> is among the words"),
    ("09.4", lambda *a: write(*a, first=(2,)), "<bos> is among the words"),
    ("09.4", lambda *a: write(*a, keep_state=True), "the state that the last one returned"),
    ("09.4", lambda step, state, n: 7, "list of ids"),
    ("09.5", lambda *a: matches(*a, clip=False), "more often than it stands"),
    (
        "09.5",
        lambda *a: matches(*a)[0],
        "2 results: the matches, the n-grams",
    ),
    ("09.6", no_brevity, "shorter than its reference"),
    ("09.6", lambda *a: bleu(*a) / 100, "from 0 to 100"),
    ("09.6", lambda f, t, o, r: 100 * sum(m / n for m, n in zip(f, t, strict=True)) / 4, "matches"),
]
