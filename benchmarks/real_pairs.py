"""Translators on real sentences: ours beside torch.nn.Transformer, in turns, in one run.

The file is named in ATTEND_PAIRS; otherwise the one beside the project is taken, and without any
the rows say so.
"""

import os
import random
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.data import Codec, PairBatches, in_tokens
from attend.decoding import greedy
from attend.masks import causal
from attend.seq2seq import Seq2Seq
from attend.text import read_pairs
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss
from benchmarks.table import ROOT

FILE = Path(os.environ.get("ATTEND_PAIRS", ROOT.parent / "shared/data/tatoeba-cmn-eng.tsv"))
SIZES = {"d_model": 128, "n_heads": 4, "n_layers": 2, "d_ff": 512, "dropout": 0.1}
BATCH, RATE, HELD_OUT, TURN = 96, 1e-3, 1_000, 10  # steps a turn


def real_sentences():
    """Codec, pairs to learn from and pairs held out, drawn with a fixed seed: no English sentence
    stands in both. Words seen once are unknown."""
    pairs = in_tokens(read_pairs(FILE))
    random.Random(0).shuffle(pairs)
    kept = {tuple(pair.target) for pair in pairs[:HELD_OUT]}
    learn = [pair for pair in pairs if tuple(pair.target) not in kept]
    return Codec(learn, min_count=2), learn, pairs[:HELD_OUT]


class TorchTransformer(nn.Module):
    """torch.nn.Transformer as its documentation uses it: post-norm, sinusoids, batch first."""

    def __init__(self, source_vocab, target_vocab):
        super().__init__()
        D, H, N, F, dropout = SIZES.values()
        self.source, self.target = nn.Embedding(source_vocab, D), nn.Embedding(target_vocab, D)
        places = Transformer(TransformerConfig(3, 3, **SIZES)).source_embedding.positions
        self.places, self.drop, self.scale = places, nn.Dropout(dropout), D**0.5
        self.body = nn.Transformer(D, H, N, N, F, dropout, batch_first=True)
        self.out = nn.Linear(D, target_vocab)

    def forward(self, source, target):
        x, y = (
            self.drop(self.places(embed(ids) * self.scale))
            for embed, ids in ((self.source, source), (self.target, target))
        )
        padding, future = source == 0, ~causal(target.shape[1])
        kept = {"src_key_padding_mask": padding, "memory_key_padding_mask": padding}
        return self.out(self.body(x, y, tgt_mask=future, tgt_is_causal=True, **kept))


class Plain(nn.Module):
    """Our Transformer as the paper writes it: post-norm, and the weights always computed."""

    def __init__(self, source_vocab, target_vocab):
        super().__init__()
        self.body = Transformer(TransformerConfig(source_vocab, target_vocab, **SIZES, norm="post"))

    def forward(self, source, target):
        return self.body(source, target, return_weights=True)[0]


def ours(source_vocab, target_vocab):
    return Transformer(TransformerConfig(source_vocab, target_vocab, **SIZES))


def with_attention(source_vocab, target_vocab):
    return Seq2Seq(source_vocab, target_vocab, attention="additive")


@torch.no_grad()
def held_out_loss(model, codec, pairs):
    """Nats a token, <eos> among them."""
    model.eval()
    total = words = 0
    for start in range(0, len(pairs), 100):
        source, target = codec.encode(pairs[start : start + 100])
        wanted = target[:, 1:].flatten()
        logits = model(source, target[:, :-1]).flatten(0, 1)
        total += cross_entropy(logits, wanted, ignore_index=0, reduction="sum").item()
        words += int((wanted != 0).sum())
    model.train()
    return total / words


def race(makers, seconds, codec, learn):
    """Train each model for `seconds` of CPU time, a few steps in turn. Returns for each the model
    and the sentences it took a second."""
    runners = {}
    for name, make in makers.items():
        torch.manual_seed(0)
        model = make(len(codec.source), len(codec.target))
        batches = PairBatches(codec, learn, BATCH)
        optimizer = torch.optim.Adam(model.parameters(), RATE)
        runners[name] = {"model": model, "batches": batches, "optimizer": optimizer}
        runners[name] |= {"pass": iter(()), "seconds": 0.0, "sentences": 0}
    while open_runners := [one for one in runners.values() if one["seconds"] < seconds]:
        for one in open_runners:
            some = [next_batch(one) for _ in range(TURN)]
            start = time.process_time()
            for batch in some:
                loss = next_word_loss(one["model"], batch)
                one["optimizer"].zero_grad()
                loss.backward()
                one["optimizer"].step()
            one["seconds"] += time.process_time() - start
            one["sentences"] += sum(len(batch[0]) for batch in some)
    return {
        name: (one["model"], one["sentences"] / one["seconds"]) for name, one in runners.items()
    }


def next_batch(one):
    batch = next(one["pass"], None)
    if batch is None:
        one["pass"] = iter(one["batches"])
        batch = next(one["pass"])
    return batch


def decoding_rows(model, codec, pairs):
    """64 tokens for 96 sentences, none of which may end: with the cache and without, in turns."""
    source, _ = codec.encode(pairs[:BATCH])
    times = {True: [], False: []}
    for _ in range(3):
        for cache, taken in times.items():
            start = time.process_time()
            greedy(model, source, 64, cache=cache, eos=-1)
            taken.append(time.process_time() - start)
    quick, slow = min(times[True]), min(times[False])
    value = f"{slow / quick:.1f} × ({slow:.2f} s, {quick:.2f} s)"
    return [("64 tokens for 96 sentences: without ÷ with the cache", value, "≥ 5 ×")]


def rows(seconds=60, seq2seq_seconds=90):
    if not FILE.is_file():
        return [("real sentence pairs", "skipped", "name a file in ATTEND_PAIRS")]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measured(seconds, seq2seq_seconds)
    finally:
        torch.set_num_threads(threads)


def measured(seconds, seq2seq_seconds):
    codec, learn, held_out = real_sentences()
    found = [("pairs to learn from, held out", f"{len(learn):,}, {len(held_out):,}", "")]
    recurrent = race({"": with_attention}, seq2seq_seconds, codec, learn)[""][0]
    loss = f"{held_out_loss(recurrent, codec, held_out):.2f} nats/token"
    found.append((f"seq2seq with attention, {seq2seq_seconds} s: held-out", loss, ""))
    makers = {"ours": ours, "torch.nn.Transformer": TorchTransformer, "plain, as the paper": Plain}
    raced = race(makers, seconds, codec, learn)
    losses = {name: held_out_loss(model, codec, held_out) for name, (model, _) in raced.items()}
    for name, (_, speed) in raced.items():
        times = f"{raced['ours'][1] / speed:.2f}"
        aim = "" if name == "ours" else f"ours {times} × as fast"
        aim += ", aim ≥ 1.1" if name.startswith("torch") else ""
        found.append((f"{name}: training", f"{speed:.0f} sentences/s", aim))
    for name, loss in losses.items():
        aim = "lower than both below" if name == "ours" else ""
        found.append((f"{name}: held-out after {seconds} s", f"{loss:.2f} nats/token", aim))
    return found + decoding_rows(raced["ours"][0].eval(), codec, held_out)


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
