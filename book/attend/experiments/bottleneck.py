"""One context vector against attention: translators on the phrasebook, from several seeds. Chapters
09 and 10.

    python -m attend.experiments.bottleneck

trains each kind of `seq2seq.Seq2Seq` on the 20,000 sentences of train, from three seeds, and writes
bottleneck.csv: BLEU on test, on its four quarters by length, on test_long and test_novel, and how
far the attention is from the gold alignment. Twenty minutes on one core.
"""

import time

import torch

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.experiments import provenance
from attend.metrics import alignment_error_rate
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.translation import score, train

__all__ = ["KINDS", "alignments", "bleu_by_split", "gold"]

EPOCHS, SEEDS = 4, 3
KINDS = {
    "last": {"context": "last"},
    "transform": {"context": "transform"},
    "all": {"context": "all"},
    "additive": {"attention": "additive"},
    "dot": {"attention": "dot"},
    "general": {"attention": "general"},
    "concat": {"attention": "concat"},
}


def train_translator(kind: str, codec, learn, seed: int = 0, epochs: int = EPOCHS) -> Seq2Seq:
    """A GRU encoder–decoder of width 128, trained with teacher forcing in batches of 64."""
    torch.manual_seed(seed)
    model = Seq2Seq(len(codec.source), len(codec.target), **KINDS[kind])
    train(model, PairBatches(codec, learn, seed=seed), epochs, name=kind)
    return model


@torch.no_grad()
def alignments(model, codec, test) -> list[torch.Tensor]:
    """Where the model looks while it is given the right words: for each pair the weights [T, S], a
    row for every target word, without <bos> and <eos>."""
    maps = []
    for pair in test:
        source, target = codec.encode([pair])
        _, weights = model(source, target[:, :-1], return_weights=True)  # [1, T + 1, S]
        maps.append(weights[0, : len(pair.target)])
    return maps


def gold(test) -> list[list[tuple[int, int]]]:
    """The gold alignment of each pair, as places (t, s) in its map."""
    return [[(t, s) for s, t in pair.alignment] for pair in test]


def bleu_by_split(write, model, codec) -> dict[str, float]:
    """BLEU on test, on its quarters by length, on test_long and on test_novel; `write` as in
    `translation.score`."""
    whole = score(write, model, codec, pairs("test"))
    row = {"bleu": whole.bleu} | {f"quarter_{q}": b for q, b in enumerate(whole.quarters, 1)}
    for split in ("test_long", "test_novel"):
        row[split] = score(write, model, codec, pairs(split)).bleu
    return row


def examine(model, codec) -> dict[str, float]:
    """BLEU by split, and the alignment error rate on test, where there is one."""
    row = bleu_by_split(greedy, model, codec) | {"aer": float("nan")}
    if model.kind is not None:
        test = pairs("test")
        row["aer"] = alignment_error_rate(alignments(model, codec, test), gold(test))
    return row


def main() -> None:
    torch.set_num_threads(1)
    learn = pairs("train")
    codec, rows, started = Codec(learn), [], time.process_time()
    for kind in KINDS:
        for seed in range(SEEDS):
            begun = time.process_time()
            model = train_translator(kind, codec, learn, seed)
            seconds = time.process_time() - begun
            found = {key: round(value, 4) for key, value in examine(model, codec).items()}
            rows.append({"kind": kind, "seed": seed, "train_seconds": round(seconds), **found})
            print(rows[-1], flush=True)
    print(provenance.write("bottleneck", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
