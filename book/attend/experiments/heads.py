"""What do heads learn, and is one enough? Small Transformers with 1 to 8 heads. Chapter 12.

Each is trained on 8,000 sentences of the phrasebook. Measured are how often it errs, how much a
word gives to itself before training and after it, what the heads of cross-attention break when they
are muted, beside random groups of numbers as wide as a head, and how well their maps align.
"""

from contextlib import ExitStack, contextmanager
from itertools import combinations

import torch
from torch import nn

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.metrics import alignment_error_rate
from attend.phrasebook import pairs
from attend.text import PAD_ID
from attend.transformer import Transformer, TransformerConfig
from attend.translation import score, train

__all__ = [
    "BEST",
    "JUDGED",
    "SENTENCES",
    "accuracy",
    "all_switched_off",
    "attentions",
    "broken",
    "groups",
    "head_errors",
    "hit_hardest",
    "jobs",
    "looks",
    "measure",
    "muted",
    "numbers_of",
    "overlap",
    "runs",
    "small_transformer",
    "switched_off",
    "without_one",
]

SIZES = {"d_model": 64, "n_layers": 2, "d_ff": 256, "dropout": 0.0}
SENTENCES, EPOCHS, JUDGED, TRANSLATED = 8_000, 4, 400, 400
BEST = 0.005  # at half of it one head errs in 9.3 words of 100 on `valid`, in place of 3.6
CHANGES = ((1, "no self"), (4, "norm"))


class NoSelf(nn.Module):
    """A position that forbids each word to look at itself (chapter 13 has others)."""

    def rotate(self, x, first):
        return x

    def bias(self, n_heads, T, S, device):
        return torch.zeros(n_heads, T, S, device=device).masked_fill_(torch.eye(T).bool(), -100.0)


class Norm(nn.Module):
    """Queries and keys of one length each, √K times a learned gain."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(()))

    def rotate(self, x, first):
        return self.gain * x / x.square().mean(-1, keepdim=True).sqrt()

    def bias(self, n_heads, T, S, device):
        return None


def small_transformer(
    codec, learn, n_heads: int = 4, seed: int = 0, epochs: int = EPOCHS, lr=BEST, change="none"
):
    """A Transformer of width 64 with 2 + 2 layers; without epochs, untrained. change: "no self",
    no word of the encoder may look at itself; "norm", queries and keys are normed everywhere."""
    torch.manual_seed(seed)
    config = TransformerConfig(len(codec.source), len(codec.target), n_heads=n_heads, **SIZES)
    model = Transformer(config)
    for (kind, _), attention in attentions(model).items():
        if change == "no self" and kind == "encoder":
            attention.position = NoSelf()
        elif change == "norm":
            attention.position = Norm()
    if epochs:
        train(model, PairBatches(codec, learn, seed=seed), epochs, lr, warmup=100, name="heads")
    return model.eval()


def attentions(model) -> dict:
    """Every `MultiHeadAttention` of a Transformer, by kind and layer: ("encoder", 0), …"""
    found = {("encoder", n): layer.attention for n, layer in enumerate(model.encoder)}
    found |= {("decoder", n): layer.attention for n, layer in enumerate(model.decoder)}
    return found | {("cross", n): layer.cross_attention for n, layer in enumerate(model.decoder)}


def switched_off(attention, heads):
    """Inside a `with` block these heads say nothing.

    attention: a `MultiHeadAttention`; heads: their numbers, from 0. Taught in chapter 12.
    """
    return muted(attention, numbers_of(attention, heads))


def numbers_of(attention, heads) -> list[int]:
    """Which of the D numbers before W_O belong to these heads."""
    K = attention.d_k
    return [head * K + k for head in heads for k in range(K)]


@contextmanager
def muted(attention, numbers):
    """Inside the block these of the D numbers that the heads hand over are lost: the columns of W_O
    that read them are 0.

    Taught in chapter 12.
    """
    weight = attention.W_O.weight
    whole = weight.detach().clone()  # [D, D]
    weight.data[:, numbers] = 0.0
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


@torch.no_grad()
def broken(model, codec, test, attention, numbers):
    """The words that the model names right, and wrong while these numbers are muted: True, [B, T].

    Taught in chapter 12.
    """
    source, target = codec.encode(test)
    given, wanted = target[:, :-1], target[:, 1:]
    before = (model(source, given).argmax(-1) == wanted) & (wanted != PAD_ID)
    with muted(attention, numbers):
        return before & (model(source, given).argmax(-1) != wanted)


def overlap(sets) -> float:
    """Of the words that one of two breaks, the share that the other breaks too: the mean over all
    pairs of `sets`, each [B, T].

    Taught in chapter 12.
    """
    shares = [(a & b).sum() / (a | b).sum() for a, b in combinations(sets, 2)]
    return torch.stack(shares).mean().item()


def hit_hardest(lost, wanted, least: int = 10) -> tuple[int, int, int]:
    """Of the words that are wanted `least` times or more, the one of which the largest share is
    lost: its id, how often it is lost, and how often it is wanted. lost, wanted: [B, T].

    Taught in chapter 12.
    """
    times = torch.bincount(wanted.flatten())
    gone = torch.bincount(wanted[lost], minlength=len(times))
    times[PAD_ID] = 0
    word = torch.where(times >= least, gone / times.clamp(min=1), -1.0).argmax().item()
    return word, gone[word].item(), times[word].item()


def groups(attention, seed: int) -> list[list[int]]:
    """The control of heads: the same D numbers dealt out at random, as many to each as a head
    has."""
    order = torch.randperm(attention.d_model, generator=torch.Generator().manual_seed(seed))
    return order.view(attention.n_heads, -1).tolist()


def different(model, codec, test) -> dict:
    """What breaks without a head of cross-attention, how much of it breaks without another, and the
    share of the word that is hit hardest; the same for random groups as wide as a head. And how
    much the two halves of one head have in common."""
    kinds = ("broken", "overlap", "hardest")
    found = {name: [] for kind in kinds for name in (kind, f"{kind}_random")} | {"halves": []}
    wanted = codec.encode(test)[1][:, 1:]
    for layer in model.decoder:
        attention = layer.cross_attention

        def sets(parts, attention=attention):
            return [broken(model, codec, test, attention, part) for part in parts]

        heads = [numbers_of(attention, [head]) for head in range(attention.n_heads)]
        at_random = groups(attention, 0)
        for name, parts in (("", heads), ("_random", at_random)):
            without = sets(parts)
            found["broken" + name].append(torch.stack(without).sum().item() / len(parts))
            found["overlap" + name].append(overlap(without))
            for lost in without:
                _, gone, times = hit_hardest(lost, wanted)
                found["hardest" + name].append(gone / times)
        for head in heads:
            order = torch.randperm(len(head), generator=torch.Generator().manual_seed(0)).tolist()
            half = len(head) // 2
            found["halves"].append(
                overlap(sets([[head[i] for i in part] for part in (order[:half], order[half:])]))
            )
    return {name: sum(values) / len(values) for name, values in found.items()}


def to_itself(maps, words) -> dict:
    """How much the words of the encoder give to themselves, and at most to one of four places; and
    how often nobody gets more than the word itself."""
    found = [jobs(weights, words) for weights in maps.encoder]
    places, first = torch.arange(words.shape[1]), []
    for weights in maps.encoder:
        rows = words[:, None].expand(weights.shape[:3])  # [B, H, T]
        first.append((weights.argmax(-1) == places)[rows])
    return {
        "itself": sum(each["itself"].mean().item() for each in found) / len(found),
        "first": torch.cat(first).float().mean().item(),
        "most": max(share.max().item() for each in found for share in each.values()),
    }


def half_off(model, codec, test) -> float:
    """The accuracy without half of the heads, those that are missed least when alone."""
    one_off = without_one(model, codec, test)
    order = sorted(one_off, key=one_off.get, reverse=True)
    with all_switched_off(model, order[: len(order) // 2]):
        return accuracy(model, codec, test)


def runs() -> list[dict]:
    """One head, four and eight, from two seeds; and from one, one head that may not look at the
    word itself, four whose queries and keys are normed, and one head at half the rate."""
    seeds = [(n_heads, BEST, seed, "none") for seed in range(2) for n_heads in (1, 8, 4)]
    changed = [(n_heads, BEST, 0, change) for n_heads, change in CHANGES]
    every = [*seeds, *changed, (1, 0.0025, 0, "none")]
    return [dict(zip(("n_heads", "lr", "seed", "change"), run, strict=True)) for run in every]


def measure(n_heads, lr, seed, change) -> dict:
    """One translator, trained, and what its heads do. Errors are next words named wrong, in
    points."""
    learn, valid, test = pairs("train"), pairs("valid"), pairs("test")
    codec = Codec(learn)
    fresh, model = (
        small_transformer(codec, learn[:SENTENCES], n_heads, seed, epochs, lr, change)
        for epochs in (0, EPOCHS)
    )
    judged = test[:JUDGED]
    maps, words, _ = looks(model, codec, judged)
    before = to_itself(looks(fresh, codec, judged)[0], words)
    row = {
        "errors_valid": 100 * (1 - accuracy(model, codec, valid)),
        "errors": 100 * (1 - accuracy(model, codec, test)),
        "bleu": score(greedy, model, codec, test[:TRANSLATED]).bleu,
        "equal": (1 / words.sum(-1)).repeat_interleave(words.sum(-1)).mean().item(),
        "itself_new": before["itself"],
        **to_itself(maps, words),
    }
    errors = head_errors(maps.cross[-1], judged)
    (of_mean,) = head_errors(maps.cross[-1].mean(dim=1, keepdim=True), judged)
    row |= {"aer_best": min(errors), "aer_worst": max(errors), "aer_mean": of_mean}
    kinds = ("broken", "overlap", "hardest")
    names = [name for kind in kinds for name in (kind, f"{kind}_random")]
    row |= dict.fromkeys([*names, "halves", "half_off"])
    if n_heads == 4 and change == "none":
        row |= different(model, codec, judged) | {"half_off": half_off(model, codec, judged)}
    return row
