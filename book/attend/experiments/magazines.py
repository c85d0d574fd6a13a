"""What is a magazine, when only the last word tells? English sentences with magazine, bank and bat,
and their Chinese, which has two words for each. Chapter 10.

The phrasebook is turned round here, English to Chinese. Small translators, with attention or
without, whose encoder reads both ways or from left to right, learn these sentences and are tested
on held-out ones in which only a later word tells. Then states are exchanged between a sentence
that ends in a poem and the same that ends in a bullet, to find where the choice is made.
"""

from itertools import product
from typing import NamedTuple

import torch

from attend import checks
from attend.cache import Memory, RecurrentState
from attend.data import Codec, PairBatches
from attend.decoding import translate
from attend.phrasebook import pairs
from attend.recurrent import GRU
from attend.seq2seq import Encoder, Seq2Seq
from attend.text import PAD_ID
from attend.translation import train

__all__ = [
    "examples",
    "exchanged",
    "measure",
    "open_examples",
    "right",
    "runs",
    "train_reader",
    "twins",
]

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


class LeftToRight(Encoder):
    """An encoder of one direction, as wide as the two of `Encoder` together."""

    def __init__(self, vocab, d_model):
        super().__init__(vocab, d_model, "gru", "transform", 0.1, PAD_ID, 512)
        self.cell = GRU(d_model, d_model)

    def forward(self, source):
        lengths = checks.padding_on_the_right(source, self.pad)  # [B]
        states, last = self.cell(self.dropout(self.embed(source)), lengths=lengths)  # [B, S, D]
        context = self.transform(last[0]).tanh()  # [B, D]
        return Memory(states, (source != self.pad)[:, None], context, RecurrentState(context[None]))


def train_reader(
    learn,
    attention,
    epochs: int = 11,
    seed: int = 0,
    directions: int = 2,
    lr: float = 0.008,
    size: int = 32,
) -> tuple[Codec, Seq2Seq]:
    """A GRU translator of width 64 from English to Chinese, with the attention named, or None, from
    batches of `size`."""
    torch.manual_seed(seed)
    codec = Codec(learn)
    model = Seq2Seq(len(codec.source), len(codec.target), d_model=64, attention=attention)
    if directions == 1:
        model.encode = LeftToRight(len(codec.source), 64)
    name = attention or "one vector"
    train(model, PairBatches(codec, learn, size, seed=seed), epochs, lr, name=name)
    return codec, model


def right(codec, model, some: list[Example]) -> tuple[float, float]:
    """The share of sentences with the right sense, and of those right in every word."""
    said = codec.decode(translate(model, codec.encode(some)[0])[0])
    sense = sum(one.meant in words for one, words in zip(some, said, strict=True))
    whole = sum(one.target == words for one, words in zip(some, said, strict=True))
    return sense / len(said), whole / len(said)


def twins() -> list[tuple[list[str], list[str], list[str]]]:
    """Held-out sentences with an opened magazine, each with a poem at its end and with a bullet,
    and the Chinese up to the word for magazine. Words are [S], [S] and [T]."""
    found = {}
    for one in open_examples():
        if "opened the magazine" in " ".join(one.source):
            end = 1 + max(one.source.index(w) for w in ("out", "found") if w in one.source)
            poem, bullet = ([*one.source[:end], "a", last, "."] for last in ("poem", "bullet"))
            found[" ".join(poem)] = poem, bullet, one.target[: one.target.index(one.meant)]
    return list(found.values())


@torch.no_grad()
def exchanged(codec, model, words: tuple[str, ...], others: bool = False) -> int:
    """In how many of the `twins` the choice of 杂志 or 弹匣 turns round in both sentences, when the
    states of these words (or of all others) are those of the other sentence. poem and bullet are
    both "noun"."""
    turned = 0
    for poem, bullet, before in twins():
        memory = model.encode(torch.tensor([codec.source.encode(each) for each in (poem, bullet)]))
        named = [word if word not in ("poem", "bullet") else "noun" for word in poem]
        swap = torch.tensor([(word in words) != others for word in named])  # [S]
        states = torch.where(swap[:, None], memory.states.flip(0), memory.states)
        known = torch.tensor([codec.target.encode(["<bos>", *before])] * 2)
        logits = model._decode(memory._replace(states=states), memory.first_state, known)[0]
        paper, bullets = logits[:, -1, codec.target.encode(["杂志", "弹匣"])].unbind(1)
        turned += bool(paper[0] < bullets[0] and paper[1] > bullets[1])
    return turned


EXCHANGES = {
    "magazine": ("magazine",),
    "a": ("a",),
    "noun": ("noun",),
    "stop": (".",),
    "a noun": ("a", "noun"),
    "noun stop": ("noun", "."),
    "after": ("a", "noun", "."),
}


def runs() -> list[dict]:
    """With attention and without, both ways and one way, from three seeds."""
    kinds = product(("none", "additive"), (2, 1), range(3))
    return [{"attention": a, "directions": d, "seed": seed} for a, d, seed in kinds]


def measure(attention, directions, seed) -> dict:
    """Shares of test sentences with the right sense, and right in every word; with attention also
    the `exchanged`, of each of EXCHANGES and of all but the magazine."""
    attention = None if attention == "none" else attention
    codec, model = train_reader(examples("train"), attention, seed=seed, directions=directions)
    sense, whole = right(codec, model, open_examples())
    row = {"sense": sense, "whole": whole, "twins": len(twins())}
    for name, words in EXCHANGES.items():
        row[name] = float("nan") if attention is None else exchanged(codec, model, words)
    no_magazine = exchanged(codec, model, ("magazine",), others=True) if attention else float("nan")
    return row | {"all but magazine": no_magazine}
