"""Answers to the exercises of chapter 09: other right ones, and slips."""

import math
from collections import Counter

import torch


def each_right(probabilities, words):
    return -probabilities[torch.arange(len(words)), words].log()


def mean_of_words(states, lengths):
    there = (torch.arange(states.shape[1]) < lengths[:, None])[..., None]
    return (states * there).sum(dim=1) / lengths[:, None]


def write(step, state, max_length, keep_eos=False, keep_state=False, first=(), weigh_end=True):
    words, word, log_p = list(first), 2, 0.0
    while len(words) < max_length:
        shares, after = step(word, state)
        state = state if keep_state else after
        word = int(shares.argmax())
        if word == 3:
            end = float(shares[3].log()) if weigh_end else 0.0
            return words + [3] * keep_eos, log_p + end
        log_p += float(shares[word].log())
        words.append(word)
    return words, log_p


def matches(ours, references, n, clip=True, largest=True):
    def count(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    ours, allowed = count(ours), Counter()
    for reference in references:
        allowed = allowed | count(reference) if largest else allowed + count(reference)
    found = sum((ours & allowed).values()) if clip else sum(ours[g] for g in ours if g in allowed)
    return found, ours.total()


def bleu(counts, brief=True):
    found, totals = (
        [sum(column) for column in zip(*part, strict=True)]
        for part in list(zip(*counts, strict=True))[:2]
    )
    ours, theirs = sum(row[2] for row in counts), sum(row[3] for row in counts)
    brevity = min(1, math.exp(1 - theirs / ours)) if brief else 1
    return 100 * brevity * math.prod(m / t for m, t in zip(found, totals, strict=True)) ** 0.25


def mean_of_shares(counts):
    return 100 * sum(m / n for row in counts for m, n in zip(row[0], row[1], strict=True)) / 4


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
    ("09.4", lambda *a: write(*a, weigh_end=False), "leaves out the end"),
    ("09.4", lambda *a: (write(*a)[0], math.exp(write(*a)[1])), "as ln P"),
    ("09.4", lambda *a: write(*a)[0], "2 results: the ids, ln P"),
    ("09.5", lambda *a: matches(*a, clip=False), "the reference that has it most"),
    ("09.5", lambda *a: matches(*a, largest=False), "the reference that has it most"),
    (
        "09.5",
        lambda ours, theirs, n: matches(ours, theirs[:1], n),
        "the reference that has it most",
    ),
    ("09.5", lambda *a: matches(*a)[0], "2 results: the matches, the n-grams"),
    ("09.6", lambda counts: bleu(counts, brief=False), "shorter than its reference"),
    ("09.6", lambda counts: bleu(counts) / 100, "from 0 to 100"),
    ("09.6", lambda counts: sum(bleu([row]) for row in counts) / len(counts), "add up the counts"),
    ("09.6", mean_of_shares, "for 1 sentences"),
]
