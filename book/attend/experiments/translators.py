"""The three translators side by side: one context vector, attention over a recurrent network, and
the Transformer; with all the sentences and with a tenth of them. Chapters 12, 14 and 16.

    python -m attend.experiments.translators

trains each from three seeds and writes translators.csv: BLEU on test, on its quarters by length, on
test_long and test_novel, the CPU seconds of an epoch, and how many numbers were learned.
"""

import time

import torch

from attend.decoding import greedy
from attend.experiments import provenance
from attend.experiments.bottleneck import KINDS
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq, translate
from attend.transformer import Transformer, TransformerConfig
from attend.translation import Batches, Codec, next_word_loss, score, train

TRANSLATORS = ("one vector", "attention", "Transformer")
SIZES = {"d_model": 128, "n_heads": 4, "n_layers": 2, "d_ff": 512}
EPOCHS = {"one vector": 4, "attention": 4, "Transformer": 8}
SEEDS, TENTH = 3, 2_000


def train_transformer(
    codec, learn, seed: int = 0, epochs: int = EPOCHS["Transformer"], smoothing=0.1, **changes
) -> Transformer:
    """A small Transformer, trained in batches of 64 with a rate that climbs for 200 steps and then
    falls to 0. `changes` go into its `TransformerConfig`."""
    torch.manual_seed(seed)
    config = TransformerConfig(len(codec.source), len(codec.target), **{**SIZES, **changes})
    model = Transformer(config)

    def loss(model, batch):
        return next_word_loss(model, batch, smoothing)

    batches = Batches(codec, learn, seed=seed)
    train(model, batches, epochs, lr=0.002, warmup=200, loss=loss, name="Transformer")
    return model


def train_translator(kind: str, codec, learn, seed: int = 0, epochs: int | None = None):
    """One of TRANSLATORS; fewer sentences are gone through oftener, so that all take as many
    steps."""
    epochs = epochs or round(EPOCHS[kind] * 20_000 / len(learn))
    if kind == "Transformer":
        return train_transformer(codec, learn, seed, epochs)
    torch.manual_seed(seed)
    options = KINDS["last" if kind == "one vector" else "additive"]
    model = Seq2Seq(len(codec.source), len(codec.target), **options)
    train(model, Batches(codec, learn, seed=seed), epochs, name=kind)
    return model


def writer_of(model):
    """How this model writes: greedily, with its own loop."""
    return greedy if isinstance(model, Transformer) else translate


def examine(model, codec) -> dict[str, float]:
    """BLEU by split and by quarter."""
    whole = score(writer_of(model), model, codec, pairs("test"))
    row = {"bleu": whole.bleu} | {f"quarter_{q}": b for q, b in enumerate(whole.quarters, 1)}
    for split in ("test_long", "test_novel"):
        row[split] = score(writer_of(model), model, codec, pairs(split)).bleu
    return row


def main() -> None:
    torch.set_num_threads(1)
    rows, started = [], time.process_time()
    for n in (len(pairs("train")), TENTH):
        learn = pairs("train")[:n]
        codec = Codec(pairs("train"))  # the same words, however many sentences
        for kind in TRANSLATORS:
            for seed in range(SEEDS):
                begun = time.process_time()
                model = train_translator(kind, codec, learn, seed)
                seconds = time.process_time() - begun
                found = {key: round(value, 4) for key, value in examine(model, codec).items()}
                numbers = sum(parameter.numel() for parameter in model.parameters())
                about = {"sentences": n, "translator": kind, "seed": seed, "parameters": numbers}
                rows.append({**about, "train_seconds": round(seconds), **found})
                print(rows[-1], flush=True)
    print(provenance.write("translators", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
