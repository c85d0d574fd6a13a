"""The three translators side by side: one context vector, attention over a recurrent network, and
the Transformer; with all the sentences and with a tenth of them. Chapters 12, 14 and 16.

    python -m attend.experiments.translators

trains each from three seeds and writes translators.csv: BLEU on test, on its quarters by length, on
test_long and test_novel, the CPU seconds of training, and how many numbers were learned. The two
recurrent ones on all the sentences are those of bottleneck.csv.
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

__all__ = ["EPOCHS", "SIZES", "build", "train_transformer"]

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


def recurrent_rows(codec) -> list[dict]:
    """What bottleneck.csv knows of the recurrent translators on all the sentences."""
    rows, kinds = [], {kind: name for name, kind in RECURRENT.items()}
    for row in provenance.read("bottleneck"):
        if row["kind"] in kinds:
            name = kinds[row.pop("kind")]
            size = sum(parameter.numel() for parameter in build(name, codec).parameters())
            del row["aer"]
            rows.append({"sentences": 20_000, "translator": name, "parameters": size, **row})
    return rows


def main() -> None:
    torch.set_num_threads(1)
    started, learn = time.process_time(), pairs("train")
    codec = Codec(learn)  # the same words, however many sentences
    rows = recurrent_rows(codec)
    runs = [("Transformer", learn, EPOCHS)]
    runs += [(kind, learn[:TENTH], TENTH_EPOCHS) for kind in TRANSLATORS]
    for kind, some, epochs in runs:
        for seed in range(SEEDS):
            begun = time.process_time()
            model = train_translator(kind, codec, some, seed, epochs)
            seconds = time.process_time() - begun
            size = sum(parameter.numel() for parameter in model.parameters())
            about = {"sentences": len(some), "translator": kind, "parameters": size, "seed": seed}
            found = bleu_by_split(greedy, model, codec)
            found = {key: round(value, 4) for key, value in found.items()}
            rows.append({**about, "train_seconds": round(seconds), **found})
            print(rows[-1], flush=True)
    print(provenance.write("translators", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
