"""What is a magazine, when only the last word tells? English sentences with magazine, bank and bat,
and their Chinese, which has two words for each. Chapter 10.

The phrasebook is turned round here, English to Chinese.
"""

from itertools import product
from typing import NamedTuple

import torch

from attend.data import Codec, PairBatches
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.translation import train

__all__ = ["examples", "open_examples", "train_reader"]

MEANINGS = {"magazine": ("杂志", "弹匣"), "bank": ("银行", "河岸"), "bat": ("蝙蝠", "球棒")}
# words before which, and up to which, nothing tells one meaning from the other
OPEN = ("opened the magazine", "found a magazine", "walked to the bank", "saw a bat")


class Example(NamedTuple):
    """English words [S], Chinese words [T] with their gloss [T], the word of two meanings, and the
    Chinese word for the one that is meant."""

    source: list[str]
    target: list[str]
    gloss: list[str]
    word: str
    meant: str


def examples(split: str, seed: int = 0) -> list[Example]:
    """The sentences of a split that hold one of the three words."""
    found = []
    for pair in pairs(split, seed):
        for word, both in MEANINGS.items():
            meant = next((each for each in both if each in pair.source), None)
            if word in pair.target and meant:
                found.append(Example(pair.target, pair.source, pair.gloss, word, meant))
    return found


def open_examples(seeds: int = 2) -> list[Example]:
    """Held-out sentences in which only a later word tells, each once: from valid and test of the
    phrasebook under several seeds. (Which sentences are held out does not depend on the seed.)"""
    found = {}
    for seed, split in product(range(seeds), ("valid", "test")):
        for one in examples(split, seed):
            english = " ".join(one.source)
            if any(words in english for words in OPEN):
                found[english] = one
    return list(found.values())


def train_reader(learn, attention, epochs: int = 11, seed: int = 0) -> tuple[Codec, Seq2Seq]:
    """A GRU translator of width 64 from English to Chinese, with the attention named, or None."""
    torch.manual_seed(seed)
    codec = Codec(learn)
    model = Seq2Seq(len(codec.source), len(codec.target), d_model=64, attention=attention)
    name = attention or "one vector"
    train(model, PairBatches(codec, learn, size=32, seed=seed), epochs, lr=0.008, name=name)
    return codec, model
