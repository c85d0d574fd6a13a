"""Data to learn from: the digits, examples dealt into batches, sentence pairs as batches of ids.
Taught in chapters 02, 03 and 09."""

import random
from typing import NamedTuple

import numpy as np

from attend import checks
from attend.text import BOS, EOS, Vocabulary, pad, tokenise

__all__ = ["Batches", "Codec", "PairBatches", "TokenPair", "digits", "in_tokens"]


class Batches:
    """Mini-batches: each `for` visits every example once, in a new order, `size` at a time.
    inputs [n, …], labels [n]. Yields (inputs [B, …], labels [B]), the last batch holding the rest;
    len() is how many. shuffle=False keeps the order.

    Raises ValueError when inputs and labels are not equally many or size is below 1. Chapters 02,
    03.
    """

    def __init__(self, inputs, labels, size=32, seed=0, shuffle=True):
        self.inputs, self.labels = checks.equally_many(inputs, labels)
        self.size, self.shuffle = checks.whole_number("size", size), shuffle
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return -(-len(self.inputs) // self.size)

    def __iter__(self):
        n = len(self.inputs)
        order = self.rng.permutation(n) if self.shuffle else np.arange(n)
        for start in range(0, n, self.size):
            picked = order[start : start + self.size]
            yield self.inputs[picked], self.labels[picked]


def digits(test_share=0.2, seed=0):
    """1 797 scans of handwritten digits, dealt at random into training and test.
    Returns train_inputs [n, 64], train_labels [n], test_inputs [m, 64], test_labels [m]; inputs are
    8 × 8 grey values from 0 to 1. Nothing is fetched: scikit-learn brings them.

    Raises ValueError unless 0 < test_share < 1. Source: Alpaydin & Kaynak 1998. Chapter 03.
    """
    from sklearn.datasets import load_digits  # slow to import, and only this function wants it

    if not 0 < checks.above_0("test_share", test_share) < 1:
        raise ValueError(f"test_share must be between 0 and 1, got {test_share}")
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    inputs, labels = data.data[order] / 16, data.target[order]
    n_test = round(test_share * len(labels))
    return inputs[n_test:], labels[n_test:], inputs[:n_test], labels[:n_test]


# ---------------------------------------------------------------------------------- sentence pairs


class Codec:
    """The vocabularies of both languages: sentences to ids and back.

    pairs: anything with .source and .target, lists of tokens. On both sides 0 is padding, 1 an
    unknown word, 2 <bos>, 3 <eos>; a word seen fewer than min_count times is unknown. Raises
    ValueError for no pairs. Taught in chapter 09.
    """

    def __init__(self, pairs, min_count: int = 1):
        pairs = _at_least_one(pairs)
        self.source = Vocabulary((pair.source for pair in pairs), min_count, (BOS, EOS))
        self.target = Vocabulary((pair.target for pair in pairs), min_count, (BOS, EOS))

    def encode(self, pairs):
        """Source ids [B, S] and target ids [B, T], the target between <bos> and <eos>."""
        source = pad([self.source.encode(pair.source) for pair in pairs])
        target = pad([self.target.encode([BOS, *pair.target, EOS]) for pair in pairs])
        return source, target

    def decode(self, ids) -> list[list[str]]:
        """Target ids [B, T] to B lists of words, each up to its <eos>."""
        rows = [self.target.decode(row) for row in ids]
        return [row[: row.index(EOS)] if EOS in row else row for row in rows]


class PairBatches:
    """Pairs in batches of `size`, sentences of like length together, so that little is padding.

    Each pass shuffles anew, from `seed` on: a sentence keeps near those of its length, batches come
    in any order. Yields source [B, S] and target [B, T] as `Codec.encode` makes them. Raises
    ValueError for no pairs and a size below 1. Taught in chapter 09.
    """

    def __init__(self, codec: Codec, pairs, size: int = 64, seed: int = 0):
        self.codec, self.pairs = codec, _at_least_one(pairs)
        self.size, self.rng = checks.whole_number("size", size), random.Random(seed)

    def __len__(self) -> int:
        return -(-len(self.pairs) // self.size)

    def __iter__(self):
        near = sorted(self.pairs, key=lambda pair: len(pair.source) + 3 * self.rng.random())
        starts = list(range(0, len(near), self.size))
        self.rng.shuffle(starts)
        for start in starts:
            yield self.codec.encode(near[start : start + self.size])


class TokenPair(NamedTuple):
    """A sentence and its translation in tokens."""

    source: list[str]
    target: list[str]


def in_tokens(sentence_pairs) -> list[TokenPair]:
    """What `text.read_pairs` reads, in tokens: Chinese character by character → English words in
    lower case. Taught in chapter 09."""
    return [
        TokenPair(tokenise(pair.chinese, split_han=True), tokenise(pair.english.lower()))
        for pair in sentence_pairs
    ]


def _at_least_one(pairs) -> list:
    pairs = list(pairs)
    if not pairs:
        raise ValueError("pairs must hold at least one pair, got none")
    return pairs
