"""What do heads learn, and who misses them? Small Transformers with 1 to 8 heads. Chapter 12.

    python -m attend.experiments.heads

trains each from three seeds on 8,000 sentences of the phrasebook and writes heads.csv: how much a
word gives to itself before training and after it, how far the heads of a layer are from each other
and from those of another seed, what single heads do, and how many can be switched off.
"""

import time
from contextlib import ExitStack, contextmanager
from itertools import permutations

import torch

from attend.data import Codec, PairBatches
from attend.experiments import provenance
from attend.metrics import alignment_error_rate
from attend.phrasebook import pairs
from attend.text import PAD_ID
from attend.transformer import Transformer, TransformerConfig
from attend.translation import train

__all__ = [
    "JUDGED",
    "SENTENCES",
    "accuracy",
    "all_switched_off",
    "apart",
    "attentions",
    "head_errors",
    "jobs",
    "looks",
    "small_transformer",
    "switched_off",
    "without_one",
]

SIZES = {"d_model": 64, "n_layers": 2, "d_ff": 256, "dropout": 0.0}
SENTENCES, EPOCHS, SEEDS, JUDGED = 8_000, 4, 3, 200


def small_transformer(codec, learn, n_heads: int = 4, seed: int = 0, epochs: int = EPOCHS):
    """A Transformer of width 64 with 2 + 2 layers; without epochs, untrained."""
    torch.manual_seed(seed)
    config = TransformerConfig(len(codec.source), len(codec.target), n_heads=n_heads, **SIZES)
    model = Transformer(config)
    if epochs:
        train(
            model, PairBatches(codec, learn, seed=seed), epochs, lr=0.005, warmup=100, name="heads"
        )
    return model.eval()


def attentions(model) -> dict:
    """Every `MultiHeadAttention` of a Transformer, by kind and layer: ("encoder", 0), …"""
    found = {("encoder", n): layer.attention for n, layer in enumerate(model.encoder)}
    found |= {("decoder", n): layer.attention for n, layer in enumerate(model.decoder)}
    return found | {("cross", n): layer.cross_attention for n, layer in enumerate(model.decoder)}


@contextmanager
def switched_off(attention, heads):
    """Inside the block these heads say nothing: the columns of W_O that read them are 0.

    attention: a `MultiHeadAttention`; heads: their numbers, from 0. Taught in chapter 12.
    """
    weight, K = attention.W_O.weight, attention.d_model // attention.n_heads
    whole = weight.detach().clone()  # [D, D]
    for head in heads:
        weight.data[:, head * K : (head + 1) * K] = 0.0
    try:
        yield
    finally:
        weight.data.copy_(whole)


def jobs(weights, words) -> dict:
    """What each head gives to four places, as a share, mean over all words: the word itself, the
    word before it, the word after it, and the last of the sentence.
    weights [B, H, T, T], words [B, T], False = padding → four times [H].

    Taught in chapter 12.
    """
    last = (words.sum(-1) - 1)[:, None, None, None].expand(*weights.shape[:3], 1)
    shares = {
        "itself": (weights.diagonal(0, -2, -1), words),
        "word before": (weights.diagonal(-1, -2, -1), words[:, 1:]),
        "word after": (weights.diagonal(1, -2, -1), words[:, 1:]),
        "last word": (weights.gather(-1, last).squeeze(-1), words),
    }
    return {
        name: (share * rows[:, None]).sum((0, 2)) / rows.sum()
        for name, (share, rows) in shares.items()
    }


def apart(one, other, words):
    """How far heads are from each other: half the sum of |a − b| over a row, mean over all words.
    0: the same map; 1: never a word in common.
    one [B, H, T, S], other [B, H, T, S], words [B, T] → [H, H].

    Taught in chapter 12.
    """
    distance = (one[:, :, None] - other[:, None]).abs().sum(-1) / 2  # [B, H, H, T]
    return (distance * words[:, None, None]).sum((0, 3)) / words.sum()


def between(distances):
    """The mean over pairs of different heads of a square [H, H]; nan for one head."""
    H = len(distances)
    return (distances.sum() - distances.trace()).item() / (H * (H - 1)) if H > 1 else float("nan")


def paired(distances):
    """The mean distance when each head is paired with its like: the best of all pairings."""
    rows = range(len(distances))
    return min(distances[rows, list(order)].mean().item() for order in permutations(rows))


@torch.no_grad()
def looks(model, codec, test):
    """The maps of all pairs while the model is given the right words, and which words are no
    padding: Maps, source words [B, S], target words [B, T]."""
    source, target = codec.encode(test)
    _, maps = model(source, target[:, :-1], return_weights=True)
    return maps, source != PAD_ID, target[:, 1:] != PAD_ID


@torch.no_grad()
def accuracy(model, codec, test) -> float:
    """The share of the next words that are named right, <eos> among them, given those before."""
    source, target = codec.encode(test)
    wanted = target[:, 1:]
    right = model(source, target[:, :-1]).argmax(-1) == wanted
    return right[wanted != PAD_ID].float().mean().item()


def head_errors(cross, test) -> list[float]:
    """The alignment error rate of each head of cross-attention: cross [B, H, T, S] → H numbers."""
    gold = [[(t, s) for s, t in pair.alignment] for pair in test]
    return [
        alignment_error_rate(
            [w[: len(p.target), : len(p.source)] for w, p in zip(cross[:, h], test, strict=True)],
            gold,
        )
        for h in range(cross.shape[1])
    ]


def without_one(model, codec, test) -> dict:
    """The accuracy with one head switched off, for every head: {(kind, layer, head): share}."""
    found = {}
    for (kind, layer), attention in attentions(model).items():
        for head in range(attention.n_heads):
            with switched_off(attention, [head]):
                found[kind, layer, head] = accuracy(model, codec, test)
    return found


@contextmanager
def all_switched_off(model, places):
    """Like `switched_off`, for heads (kind, layer, head) of the whole model."""
    found = attentions(model)
    with ExitStack() as stack:
        for kind, layer, head in places:
            stack.enter_context(switched_off(found[kind, layer], [head]))
        yield


def examine(model, fresh, other, codec, test) -> dict[str, float]:
    """A row of heads.csv: a trained model, the same before training, and one of another seed."""
    maps, words, _ = looks(model, codec, test)
    (before, *_), (elsewhere, *_) = looks(fresh, codec, test), looks(other, codec, test)
    layers = range(len(maps.encoder))
    found = [jobs(maps.encoder[n], words) for n in layers]
    new = [jobs(before.encoder[n], words) for n in layers]
    mine = [apart(maps.encoder[n], maps.encoder[n], words) for n in layers]
    young = [apart(before.encoder[n], before.encoder[n], words) for n in layers]
    theirs = [apart(maps.encoder[n], elsewhere.encoder[n], words) for n in layers]
    one_off, whole = without_one(model, codec, test), accuracy(model, codec, test)
    order = sorted(one_off, key=one_off.get, reverse=True)  # the least missed first
    with all_switched_off(model, order[: len(order) // 2]):
        half = accuracy(model, codec, test)
    errors = head_errors(maps.cross[-1], test)

    def mean(values):
        return sum(values) / len(layers)

    return {
        "accuracy": whole,
        "equal": (1 / words.sum(-1)).repeat_interleave(words.sum(-1)).mean().item(),
        "itself_new": mean(each["itself"].mean().item() for each in new),
        "itself": mean(each["itself"].mean().item() for each in found),
        "itself_most": max(each["itself"].max().item() for each in found),
        "before_most": max(each["word before"].max().item() for each in found),
        "after_most": max(each["word after"].max().item() for each in found),
        "last_most": max(each["last word"].max().item() for each in found),
        "apart_new": mean(map(between, young)),
        "apart": mean(map(between, mine)),
        "paired": mean(map(paired, theirs)) if len(mine[0]) < 8 else float("nan"),
        "aer_best": min(errors),
        "aer_worst": max(errors),
        "heads": len(one_off),
        "missed": sum(share < whole - 0.01 for share in one_off.values()),
        "worst_off": min(one_off.values()),
        "half_off": half,
    }


def main() -> None:
    torch.set_num_threads(1)
    started = time.process_time()
    learn, test = pairs("train"), pairs("valid")[:JUDGED]
    codec, rows = Codec(learn), []
    for n_heads in (1, 2, 4, 8):
        models = [
            small_transformer(codec, learn[:SENTENCES], n_heads, seed) for seed in range(SEEDS)
        ]
        for seed, model in enumerate(models):
            fresh = small_transformer(codec, learn, n_heads, seed, epochs=0)
            found = examine(model, fresh, models[(seed + 1) % SEEDS], codec, test)
            numbers = {key: round(value, 4) for key, value in found.items()}
            rows.append({"n_heads": n_heads, "seed": seed, **numbers})
            print(rows[-1], flush=True)
    print(provenance.write("heads", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
