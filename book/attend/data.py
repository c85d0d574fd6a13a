"""From files and sentences to batches of tensors."""

import random
from typing import NamedTuple

from attend import checks
from attend.text import BOS, EOS, Vocabulary, pad, tokenise

__all__ = ["Codec", "PairBatches", "TokenPair", "in_tokens"]

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
