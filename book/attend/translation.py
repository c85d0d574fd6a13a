"""From sentence pairs to batches, and from a trained model to translations and their score. Taught
in chapter 09; chapters 10 and 16 train and score their translators with it."""

import random
from itertools import pairwise
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from attend.metrics import bleu
from attend.text import BOS, EOS, Vocabulary, at_least_1, pad, tokenise
from attend.training import fit


class Codec:
    """The vocabularies of both languages: sentences to ids and back.

    pairs: anything with .source and .target, lists of tokens. On both sides 0 is padding, 1 an
    unknown word, 2 <bos>, 3 <eos>; a word seen fewer than min_count times is unknown. Raises
    ValueError for no pairs. Taught in chapter 09.
    """

    def __init__(self, pairs, min_count=1):
        pairs = some(pairs)
        self.source = Vocabulary((pair.source for pair in pairs), min_count, (BOS, EOS))
        self.target = Vocabulary((pair.target for pair in pairs), min_count, (BOS, EOS))

    def encode(self, pairs):
        """Source ids [B, S] and target ids [B, T], the target between <bos> and <eos>."""
        source = pad([self.source.encode(pair.source) for pair in pairs])
        target = pad([self.target.encode([BOS, *pair.target, EOS]) for pair in pairs])
        return source, target

    def decode(self, ids):
        """Target ids [B, T] to B lists of words, each up to its <eos>."""
        rows = [self.target.decode(row) for row in ids]
        return [row[: row.index(EOS)] if EOS in row else row for row in rows]


class Batches:
    """Pairs in batches of `size`, sentences of like length together, so that little is padding.

    Each pass shuffles anew, from `seed` on: a sentence keeps near those of its length, batches come
    in any order. Yields source [B, S] and target [B, T] as `Codec.encode` makes them. Raises
    ValueError for no pairs and a size below 1. Taught in chapter 09.
    """

    def __init__(self, codec, pairs, size=64, seed=0):
        self.codec, self.pairs = codec, some(pairs)
        self.size, self.rng = at_least_1("size", size), random.Random(seed)

    def __len__(self):
        return -(-len(self.pairs) // self.size)

    def __iter__(self):
        near = sorted(self.pairs, key=lambda pair: len(pair.source) + 3 * self.rng.random())
        starts = list(range(0, len(near), self.size))
        self.rng.shuffle(starts)
        for start in starts:
            yield self.codec.encode(near[start : start + self.size])


def next_word_loss(model, batch, smoothing=0.0):
    """The mean of −ln P(y_t | y_1 … y_{t−1}, x) over all words of a batch, <eos> among them.

    model(source [B, S], target [B, T]) → logits [B, T, V]; the target goes in without its last
    word and is compared without its first. smoothing: the share of the right answer that is spread
    over all words (chapter 16). Taught in chapter 09.
    """
    source, target = batch
    logits = model(source, target[:, :-1])  # [B, T − 1, V]
    wanted = target[:, 1:].flatten()
    return cross_entropy(logits.flatten(0, 1), wanted, ignore_index=0, label_smoothing=smoothing)


def train(model, batches, epochs, lr=0.003, warmup=0, loss=next_word_loss, name="translating"):
    """Adam on the loss of the next word; the learning rate falls in a straight line from `lr` to 0
    after the last step, and the gradient is clipped to length 1. With `warmup` (chapter 16) the
    rate first climbs in a straight line for so many steps. Returns the mean loss of each epoch.
    Taught in chapter 09."""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    total = epochs * len(batches)

    def share(step):
        return min((step + 1) / (warmup + 1), 1 - step / total)

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    return fit(model, batches, loss, optimizer, epochs, name, clip=1.0, scheduler=scheduler)


class Score(NamedTuple):
    """BLEU of all sentences, and of the shortest to the longest quarter of them."""

    bleu: float
    quarters: list[float]
    hypotheses: list[str]


def score(translate, model, codec, pairs, max_length=40, size=200):
    """Translate the pairs' sources and compare with their targets, word by word.

    translate(model, source [B, S], max_length) → ids [B, T], alone or first of a tuple.
    Quarters are by the length of the source. Raises ValueError for fewer than
    four pairs. Taught in chapter 09.
    """
    if len(pairs) < 4:
        raise ValueError(f"pairs must be at least 4, one a quarter, got {len(pairs)}")
    pairs_by_length = sorted(range(len(pairs)), key=lambda i: len(pairs[i].source))
    hypotheses = [""] * len(pairs)
    for start in range(0, len(pairs), size):
        some_places = pairs_by_length[start : start + size]
        source, _ = codec.encode([pairs[i] for i in some_places])
        ids = translate(model, source, max_length)
        ids = ids[0] if isinstance(ids, tuple) else ids
        for i, words in zip(some_places, codec.decode(ids), strict=True):
            hypotheses[i] = " ".join(words)
    references = [" ".join(pair.target) for pair in pairs]

    def of(places):
        return bleu([hypotheses[i] for i in places], [references[i] for i in places], "none")

    cuts = [round(len(pairs) * q / 4) for q in range(5)]
    quarters = [of(pairs_by_length[a:b]) for a, b in pairwise(cuts)]
    return Score(of(pairs_by_length), quarters, hypotheses)


class TokenPair(NamedTuple):
    """A sentence and its translation in tokens."""

    source: list[str]
    target: list[str]


def in_tokens(sentence_pairs):
    """What `text.read_pairs` reads, in tokens: Chinese character by character → English words in
    lower case. Taught in chapter 09."""
    return [
        TokenPair(tokenise(pair.chinese, split_han=True), tokenise(pair.english.lower()))
        for pair in sentence_pairs
    ]


def some(pairs):
    pairs = list(pairs)
    if not pairs:
        raise ValueError("pairs must hold at least one pair, got none")
    return pairs
