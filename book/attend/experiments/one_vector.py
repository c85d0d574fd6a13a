"""Is one context vector too small, or only slow to learn? Translators of other widths, and some
trained for longer. Chapter 09.

`seq2seq.Seq2Seq` without attention (context "last") is trained on the 20,000 sentences of train: at
width 128 three times as long as in `bottleneck`, and at half and at twice the width.
Measured are BLEU on valid, on test, on its four quarters by length, and on test_long.
"""

import torch

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.translation import score, train

__all__ = ["measure", "runs"]


def runs() -> list[dict]:
    """Half the width, twice the width at two rates, and three times the passes; one seed each."""
    grid = [(64, 4, 0.006), (256, 4, 0.003), (256, 4, 0.006), (128, 12, 0.006)]
    return [{"d_model": d, "epochs": e, "lr": lr, "seed": 0} for d, e, lr in grid]


def measure(d_model, epochs, lr, seed) -> dict:
    """BLEU on valid, on test, on the quarters of test and on test_long."""
    learn = pairs("train")
    codec = Codec(learn)
    torch.manual_seed(seed)
    model = Seq2Seq(len(codec.source), len(codec.target), d_model, context="last")
    train(model, PairBatches(codec, learn, seed=seed), epochs, lr, name=f"{d_model} wide")
    found = score(greedy, model, codec, pairs("test"))
    quarters = {f"quarter_{q}": each for q, each in enumerate(found.quarters, 1)}
    other = {
        split: score(greedy, model, codec, pairs(split)).bleu for split in ("valid", "test_long")
    }
    return {"bleu": found.bleu, **quarters, **other}
