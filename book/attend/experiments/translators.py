"""The three translators side by side: one context vector, attention over a recurrent network, and
the Transformer; with all the sentences and with a tenth of them. Chapters 12, 14 and 16.

Each is trained from three seeds. Measured are BLEU on test, on its quarters by length, on test_long
and test_novel, the CPU seconds of training, and how many numbers were learned. The two recurrent
ones on all the sentences are those of bottleneck.csv.
"""

import time

import torch

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.experiments import provenance
from attend.experiments.bottleneck import KINDS, bleu_by_split
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss, train

__all__ = ["EPOCHS", "SIZES", "build", "measure", "read_all", "runs", "train_transformer"]

TRANSLATORS = ("one vector", "attention", "Transformer")
SIZES = {"d_model": 128, "n_heads": 4, "n_layers": 2, "d_ff": 512}
EPOCHS, SEEDS = 4, 3
TENTH, TENTH_EPOCHS = 2_000, 20  # half as many steps as on all 20,000
RECURRENT = {"one vector": "last", "attention": "additive"}


def train_transformer(
    codec, learn, seed: int = 0, epochs: int = EPOCHS, smoothing=0.1, **changes
) -> Transformer:
    """A small Transformer, trained in batches of 64 with a rate that climbs for 200 steps and then
    falls to 0. `changes` go into its `TransformerConfig`."""
    torch.manual_seed(seed)
    config = TransformerConfig(len(codec.source), len(codec.target), **{**SIZES, **changes})
    model = Transformer(config)

    def loss(model, batch):
        return next_word_loss(model, batch, smoothing)

    batches = PairBatches(codec, learn, seed=seed)
    train(model, batches, epochs, lr=0.002, warmup=200, loss=loss, name="Transformer")
    return model


def build(kind: str, codec) -> Seq2Seq:
    """A recurrent translator of TRANSLATORS, untrained."""
    return Seq2Seq(len(codec.source), len(codec.target), **KINDS[RECURRENT[kind]])


def train_translator(kind: str, codec, learn, seed: int = 0, epochs: int = EPOCHS):
    """One of TRANSLATORS."""
    if kind == "Transformer":
        return train_transformer(codec, learn, seed, epochs)
    torch.manual_seed(seed)
    model = build(kind, codec)
    train(model, PairBatches(codec, learn, seed=seed), epochs, name=kind)
    return model


def runs() -> list[dict]:
    """The Transformer on all the sentences, and all three on a tenth."""
    kinds = [(20_000, "Transformer"), *((TENTH, kind) for kind in TRANSLATORS)]
    return [
        {"sentences": sentences, "translator": kind, "seed": seed}
        for sentences, kind in kinds
        for seed in range(SEEDS)
    ]


def measure(sentences, translator, seed) -> dict:
    """How many numbers are learnt, the CPU seconds of training, and BLEU."""
    learn = pairs("train")
    codec = Codec(learn)  # the same words, however many sentences
    epochs = TENTH_EPOCHS if sentences == TENTH else EPOCHS
    begun = time.process_time()
    model = train_translator(translator, codec, learn[:sentences], seed, epochs)
    seconds = round(time.process_time() - begun)
    size = sum(parameter.numel() for parameter in model.parameters())
    return {
        "parameters": size,
        "train_seconds": seconds,
        **bleu_by_split(greedy, model, codec),
    }


def read_all() -> list[dict]:
    """The rows of translators.csv, and those of the recurrent ones on all the sentences, which are
    in bottleneck.csv."""
    names = {kind: name for name, kind in RECURRENT.items()}
    others = [
        {"sentences": 20_000, "translator": names[row["kind"]]} | row
        for row in provenance.read("bottleneck")
        if row["kind"] in names and row["lr"] == 0.003
    ]
    return others + provenance.read("translators")
