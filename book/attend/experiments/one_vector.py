"""Is one context vector too small, or only slow to learn? Translators of other widths, and one
trained for longer. Chapter 09.

    python -m attend.experiments.one_vector

trains `seq2seq.Seq2Seq` on the 20,000 sentences of train: without attention (context "last") at
half and at twice the width of `bottleneck`, and at the same width three times as long; with
additive attention at half the width. Writes one_vector.csv: BLEU on test and on its four
quarters by length. Six minutes on one core.
"""

import time

import torch

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.experiments import provenance
from attend.experiments.bottleneck import KINDS
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.translation import score, train

__all__ = []

RUNS = (("additive", 64, 4), ("last", 64, 4), ("last", 256, 4), ("last", 128, 12))


def main() -> None:
    torch.set_num_threads(1)
    learn, test = pairs("train"), pairs("test")
    codec, rows, started = Codec(learn), [], time.process_time()
    for kind, d_model, epochs in RUNS:
        torch.manual_seed(0)
        model = Seq2Seq(len(codec.source), len(codec.target), d_model, **KINDS[kind])
        train(model, PairBatches(codec, learn), epochs, name=f"{kind}, {d_model} wide")
        found = score(greedy, model, codec, test)
        quarters = {f"quarter_{q}": round(each, 4) for q, each in enumerate(found.quarters, 1)}
        row = {"kind": kind, "d_model": d_model, "epochs": epochs, "seed": 0}
        rows.append({**row, "bleu": round(found.bleu, 4), **quarters})
        print(rows[-1], flush=True)
    print(provenance.write("one_vector", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
