"""One context vector against attention: translators on the phrasebook, from several seeds. Chapters
09 and 10.

Each kind of `seq2seq.Seq2Seq` is trained on the 20,000 sentences of train, width 128, four passes.
Measured are BLEU on valid, by which a rate may be chosen; BLEU on test, on its four quarters by
length, on test_long and test_novel; how far the attention is from the gold alignment; and whether a
word with a large weight is missed when it is gone.
"""

import time

import torch
from torch.nn.functional import normalize

from attend.attention import MultiplicativeAttention
from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.metrics import alignment_error_rate
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.translation import score, train

__all__ = [
    "KINDS",
    "agreement",
    "alignments",
    "bleu_by_split",
    "gold",
    "influence",
    "measure",
    "runs",
]

EPOCHS = 4
SIZE = 100  # sentences at once
KINDS = {
    "last": {"context": "last"},
    "transform": {"context": "transform"},
    "all": {"context": "all"},
    "additive": {"attention": "additive"},
    "dot": {"attention": "dot"},
    "general": {"attention": "general"},
    "concat": {"attention": "concat"},
}


class ScaledDot(MultiplicativeAttention):
    """q·k / √128: the dot product, and its size as if it had one term."""

    def scores(self, queries, keys):
        return super().scores(queries, keys) / self.d_query**0.5


class Cosine(MultiplicativeAttention):
    """q·k / |q| |k|, between −1 and 1."""

    def scores(self, queries, keys):
        return normalize(queries, dim=-1) @ normalize(keys, dim=-1).mT


OTHER_DOTS = {"scaled dot": ScaledDot, "cosine": Cosine}
WHOLE_GRID = ("last", "additive", "dot", "scaled dot")  # measured at four rates


def build(kind: str, codec) -> Seq2Seq:
    """A GRU encoder–decoder of width 128: one of KINDS, or with one of OTHER_DOTS for its score."""
    sizes = len(codec.source), len(codec.target)
    if kind in KINDS:
        return Seq2Seq(*sizes, **KINDS[kind])
    model = Seq2Seq(*sizes, attention="dot")
    model.attention = OTHER_DOTS[kind](model.embed.embedding_dim)
    return model


@torch.no_grad()
def alignments(model, codec, test) -> list[torch.Tensor]:
    """Where the model looks while it is given the right words: for each pair the weights [T, S], a
    row for every target word, without <bos> and <eos>."""
    maps = []
    for start in range(0, len(test), SIZE):
        pairs_here = test[start : start + SIZE]
        source, target = codec.encode(pairs_here)
        _, weights = model(source, target[:, :-1], return_weights=True)  # [B, T + 1, S]
        for one, pair in zip(weights, pairs_here, strict=True):
            maps.append(one[: len(pair.target), : len(pair.source)])
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


@torch.no_grad()
def log_probability(model, source, target, keep=None):
    """ln P of each right word [B, T] and the weights; keep [B, S]: what may be attended to."""
    memory = model.encode(source)
    if keep is not None:
        memory = memory._replace(mask=keep[:, None])
    logits, weights = model.decode(memory, source, target[:, :-1], return_weights=True)
    return logits.log_softmax(-1).gather(-1, target[:, 1:, None])[..., 0], weights


def influence(model, codec, pair):
    """For the words of one pair the weights, and by how much ln P of each target word falls when a
    source word is hidden from the decoder, and when the encoder never reads it: [T, S] each."""
    source, target = codec.encode([pair])
    S, others = source.shape[1], ~torch.eye(source.shape[1], dtype=torch.bool)
    full, weights = log_probability(model, source, target)
    many, target = source.expand(S, S), target.expand(S, -1)
    hidden, _ = log_probability(model, many, target, keep=others)
    dropped, _ = log_probability(model, many[others].view(S, S - 1), target)
    words = len(pair.target)
    return weights[0, :words], (full - hidden).T[:words], (full - dropped).T[:words]


def ranks(rows):
    """0 for the least of each row."""
    return rows.argsort(dim=-1).argsort(dim=-1).float()


def agreement(weights, cost):
    """For each row of [T, S]: whether the largest weight is the largest cost, and Spearman's rank
    correlation of the others, without the word of the largest weight."""
    most = weights.argmax(dim=-1)  # [T]
    rest = torch.arange(weights.shape[1]) != most[:, None]  # [T, S]
    a, b = (ranks(each[rest].view(len(most), -1)) for each in (weights, cost))  # [T, S − 1]
    a, b = a - a.mean(dim=-1, keepdim=True), b - b.mean(dim=-1, keepdim=True)
    correlation = (a * b).sum(dim=-1) / (a.norm(dim=-1) * b.norm(dim=-1))
    return torch.stack([(most == cost.argmax(dim=-1)).float(), correlation])  # [2, T]


def misses(model, codec, test) -> dict[str, float]:
    """Means of `agreement` over all target words, for hiding and for dropping."""
    looked, found = [influence(model, codec, pair) for pair in test], {}
    for way, name in ((1, "hidden"), (2, "dropped")):
        top, rest = torch.cat([agreement(row[0], row[way]) for row in looked], dim=1)
        found |= {f"top_{name}": top.mean(), f"rest_{name}": rest.mean()}
    return found


def runs() -> list[dict]:
    """Every kind at two rates, four of them at four; those with a second and a third seed at the
    rate that is best among them."""
    grid = [(kind, lr, 0) for kind in (*KINDS, *OTHER_DOTS) for lr in (0.003, 0.006)]
    grid += [(kind, lr, 0) for kind in WHOLE_GRID for lr in (0.0015, 0.012)]
    grid += [(kind, 0.006, seed) for kind in (*WHOLE_GRID, "general", "concat") for seed in (1, 2)]
    return [{"kind": kind, "lr": lr, "seed": seed} for kind, lr, seed in grid]


def measure(kind, lr, seed) -> dict:
    """How many numbers are learnt, the CPU seconds of training and BLEU on all splits; where there
    is attention, its alignment error rate on test, and `misses` on 100 sentences."""
    learn, test = pairs("train"), pairs("test")
    codec, begun = Codec(learn), time.process_time()
    torch.manual_seed(seed)
    model = build(kind, codec)
    train(model, PairBatches(codec, learn, seed=seed), EPOCHS, lr, name=kind)
    row = {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_seconds": round(time.process_time() - begun),
        "valid": score(greedy, model, codec, pairs("valid")).bleu,
        **bleu_by_split(greedy, model, codec),
    }
    looks = dict.fromkeys(("aer", "top_hidden", "rest_hidden", "top_dropped", "rest_dropped"))
    if model.kind is not None:
        looks["aer"] = alignment_error_rate(alignments(model, codec, test), gold(test))
        looks |= misses(model, codec, test[:100])
    return row | looks
