"""The Transformer against a recurrent network with attention: the same recipe, as many weights,
each at its best rate; and the Transformer with other positions. Chapter 16.

Rows are of two kinds. "valid": one short training, to choose a rate by; the choice is made by
`runs`, so that the command has to be given twice. "test": a whole training, with a row after some
passes; the last one is measured on everything.
"""

import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import torch

from attend import seq2seq
from attend.attention import weighted_average
from attend.data import Codec, PairBatches, TokenPair
from attend.decoding import greedy
from attend.experiments import provenance
from attend.experiments.bottleneck import bleu_by_split, gold
from attend.metrics import alignment_error_rate
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.text import PAD_ID
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss, score, train

__all__ = [
    "EPOCHS",
    "SIZES",
    "USUAL",
    "build",
    "by_recipe",
    "flat",
    "in_groups",
    "influence",
    "kept",
    "likeliest",
    "measure",
    "other_maps",
    "runs",
    "shifted",
    "train_transformer",
    "two_in_a_row",
]

SIZES = {"d_model": 128, "n_heads": 4, "n_layers": 2, "d_ff": 512}
WIDTH = 200  # of the recurrent network, which makes about as many weights
EPOCHS = 2
ALL, TENTH = 20_000, 2_000
RATES = (0.001, 0.002, 0.004, 0.008, 0.016)
HIGHER = (0.032, 0.064)  # for the GRU with a tenth, which does best at the highest of RATES
USUAL = {"GRU": "none", "Transformer": "sinusoidal"}  # positions
OTHER_POSITIONS = ("learned", "rotary", "alibi")
SEEDS = range(3)
WATCHED = 300  # sentences of valid, translated after a pass


def build(kind, codec, **changes):
    """A "Transformer" of SIZES, or a "GRU" with additive attention that has as many weights.
    `changes` go into the `TransformerConfig`."""
    words = len(codec.source), len(codec.target)
    if kind == "GRU":
        return Seq2Seq(*words, WIDTH, attention="additive")
    return Transformer(TransformerConfig(*words, **{**SIZES, **changes}))


def by_recipe(model, batches, epochs, lr, warmup=None, smoothing=0.1):
    """Train a translator as the paper does, in small: labels smoothed, and a rate that climbs for
    `warmup` steps, a fifth of all if not told, and then falls to 0."""
    warmup = epochs * len(batches) // 5 if warmup is None else warmup

    def loss(model, batch):
        return next_word_loss(model, batch, smoothing)

    train(model, batches, epochs, lr, warmup, loss, name=type(model).__name__)
    return model


def train_transformer(
    codec, learn, seed: int = 0, epochs: int = EPOCHS, lr=0.004, warmup=None, **changes
) -> Transformer:
    """A small Transformer, trained `by_recipe` in batches of 64. `changes` go into its
    `TransformerConfig`."""
    torch.manual_seed(seed)
    model = build("Transformer", codec, **changes)
    return by_recipe(model, PairBatches(codec, learn, seed=seed), epochs, lr, warmup)


class Watched:
    """Batches that have the model translate sentences of valid after passes over them: `seen` has
    the pass, the CPU seconds of training so far, and BLEU."""

    def __init__(self, model, codec, batches, every):
        self.model, self.codec, self.batches, self.every = model, codec, batches, every
        self.seen, self.passes, self.seconds = [], 0, 0.0

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        if self.passes:
            self.look()
        self.passes, self.started = self.passes + 1, time.process_time()
        yield from self.batches

    def look(self):
        self.seconds += time.process_time() - self.started
        if self.passes % self.every == 0:
            self.model.eval()
            bleu = score(greedy, self.model, self.codec, pairs("valid")[:WATCHED]).bleu
            self.model.train()
            self.seen.append({"pass": self.passes, "train_seconds": self.seconds, "valid": bleu})


def two_in_a_row(pairs, longest=7):
    """Short sentences, and the same written one after the other in twos."""
    short = [pair for pair in pairs if len(pair.source) <= longest]
    short = short[: len(short) // 2 * 2]
    twos = zip(short[::2], short[1::2], strict=True)
    return short, [TokenPair(a.source + b.source, a.target + b.target) for a, b in twos]


def looks_of(model, source, target):
    """Logits [B, T, V], and one map [B, T, S] of where a translator looks: the mean over a
    Transformer's layers and heads, or the only one that the other has."""
    logits, weights = model(source, target, return_weights=True)
    return logits, weights if torch.is_tensor(weights) else weights.cross.mean(dim=(0, 2))


@torch.no_grad()
def influence(model, codec, pair):
    """Weights [T, S], and what each source word's absence costs each target word in nats [T, S]."""
    source, target = codec.encode([pair])
    S, words = source.shape[1], target[:, 1:, None]
    without = source.expand(S, S)[~torch.eye(S, dtype=torch.bool)].view(S, S - 1)
    logits, weights = looks_of(model, source, target[:, :-1])
    full = logits.log_softmax(-1).gather(-1, words)[0, :, 0]  # [T]
    shorter = model(without, target[:, :-1].expand(S, -1)).log_softmax(-1)  # [S, T, V]
    left = shorter.gather(-1, words.expand(S, -1, -1))[..., 0]  # [S, T]
    return weights[0, :-1], (full - left).T[:-1]  # without <eos>


@torch.no_grad()
def next_words(model, codec, test):
    """The mean loss of the next word in nats, not smoothed, and the share that is named right."""
    loss = right = count = 0
    for source, target in PairBatches(codec, test, size=200):
        n = int((target[:, 1:] != PAD_ID).sum())
        named = model(source, target[:, :-1]).argmax(-1)
        loss += next_word_loss(model, (source, target)).item() * n
        right += int((named == target[:, 1:])[target[:, 1:] != PAD_ID].sum())
        count += n
    return {"loss": loss / count, "accuracy": right / count}


@torch.no_grad()
def pointing(model, codec, test):
    """How far the maps are from the gold alignment (200 sentences), for a Transformer also those of
    each layer, the mean of its heads; and in how many rows the largest weight lies on the word that
    is missed most (40 sentences)."""
    maps = defaultdict(list)
    for pair in test[:200]:
        source, target = codec.encode([pair])
        _, weights = model(source, target[:, :-1], return_weights=True)
        if isinstance(model, Transformer):
            layers = weights.cross.mean(dim=2)[:, 0]  # [N, T, S]
            kinds = {"aer": layers.mean(0)} | {f"aer_{n}": each for n, each in enumerate(layers)}
        else:
            kinds = {"aer": weights[0]}
        for name, each in kinds.items():
            maps[name].append(each[: len(pair.target)])
    errors = {name: alignment_error_rate(each, gold(test[:200])) for name, each in maps.items()}
    found = [influence(model, codec, pair) for pair in test[:40]]
    agree = torch.cat([weights.argmax(-1) == cost.argmax(-1) for weights, cost in found])
    return errors | {"agree": agree.float().mean().item()}


def shifted(weights):
    """Every weight one word further right, the last one first."""
    return weights.roll(1, dims=-1)


def flat(weights):
    """The same weight for every word."""
    return torch.full_like(weights, 1 / weights.shape[-1])


@contextmanager
def other_maps(attentions, change, heads=slice(None)):
    """Within it these layers of a Transformer average by other weights, in all heads or some."""

    def instead(*given, usual):
        weights = usual(*given)[1].clone()  # [B, H, T, S]
        weights[:, heads] = change(weights[:, heads])
        return weights @ given[2], weights  # given: queries, keys, values, …

    for one in attentions:
        one.attend_with_weights = partial(instead, usual=one.attend_with_weights)
    try:
        yield
    finally:
        for one in attentions:
            del one.attend_with_weights


@contextmanager
def other_map(change):
    """The same for the one map of a recurrent translator."""

    def instead(scores, values, mask):
        weights = change(weighted_average(scores, values, mask)[1])
        return weights @ values, weights

    with patch.object(seq2seq, "weighted_average", instead):
        yield


def in_groups(codec, test):
    """Sentences as ids, in groups of one length, so that no padding is shifted in."""
    same_length = defaultdict(list)
    for pair in test:
        same_length[len(pair.source)].append(pair)
    return [codec.encode(group) for group in same_length.values()]


@torch.no_grad()
def likeliest(model, groups):
    """For each group the likeliest word at each place, given the right words before it [B, T]."""
    return [
        model(source, target[:, :-1], return_weights=True)[0].argmax(-1)
        for source, target in groups
    ]


def kept(model, groups, usual, maps):
    """The shares of next words, and of whole sentences, that within `maps` are what is `usual`."""
    same = words = sentences = whole = 0
    with maps:
        now = likeliest(model, groups)
    for (_, target), before, after in zip(groups, usual, now, strict=True):
        there = target[:, 1:] != PAD_ID
        stays = (after == before) | ~there
        same, words = same + int((stays & there).sum()), words + int(there.sum())
        whole, sentences = whole + int(stays.all(1).sum()), sentences + len(target)
    return same / words, whole / sentences


def by_other_maps(model, codec, test):
    """What is kept of 150 sentences when maps to the source are shifted: the head of a Transformer
    for which it is least, and all; and when all of the encoder's are flat."""
    groups = in_groups(codec, test[:150])
    usual = likeliest(model, groups)
    if not isinstance(model, Transformer):
        return {"kept_all": kept(model, groups, usual, other_map(shifted))[0]}
    cross = [layer.cross_attention for layer in model.decoder]
    own = [layer.attention for layer in model.encoder]
    one = [
        kept(model, groups, usual, other_maps([layer], shifted, [head]))
        for layer in cross
        for head in range(layer.n_heads)
    ]
    return {
        "kept_one": min(words for words, _ in one),
        "kept_one_whole": min(whole for _, whole in one),
        "kept_all": kept(model, groups, usual, other_maps(cross, shifted))[0],
        "kept_flat": kept(model, groups, usual, other_maps(own, flat))[0],
    }


def on_everything(model, codec):
    """What the last row of a whole training has."""
    test = pairs("test")
    short, doubled = two_in_a_row(test)
    found = bleu_by_split(greedy, model, codec)
    found["short"] = score(greedy, model, codec, short).bleu
    found["doubled"] = score(greedy, model, codec, doubled).bleu
    found |= next_words(model, codec, test) | pointing(model, codec, test)
    return found | by_other_maps(model, codec, test)


def measure(kind, judged, sentences, passes, lr, positions, seed):
    """Rows: pass, CPU seconds of training so far, BLEU on valid; after the last pass, also the
    number of parameters and `next_words` of valid, and with judged="test" `on_everything`."""
    learn = pairs("train")
    codec = Codec(learn)  # the same words, however many sentences
    torch.manual_seed(seed)
    model = build(kind, codec, **({"positions": positions} if kind == "Transformer" else {}))
    batches = PairBatches(codec, learn[:sentences], seed=seed)
    watched = Watched(model, codec, batches, every=max(1, passes // 4))
    by_recipe(model, watched, passes, lr)
    watched.look()
    model.eval()
    last = watched.seen[-1]
    last["parameters"] = sum(parameter.numel() for parameter in model.parameters())
    on_valid = next_words(model, codec, pairs("valid"))
    last |= {f"valid_{name}": value for name, value in on_valid.items()}
    if judged == "test":
        last |= on_everything(model, codec)
    return watched.seen if judged == "test" else [last]


def run(kind, judged, passes, lr, seed, sentences=ALL, positions=None):
    """A run as a dict; `positions` is USUAL's if not told."""
    about = {"kind": kind, "judged": judged, "sentences": sentences, "passes": passes}
    return about | {"lr": lr, "positions": positions or USUAL[kind], "seed": seed}


def best_rate(rows, kind, sentences=ALL, positions=None):
    """The rate at which a short training ended with the highest BLEU on valid; None before that is
    known. Ties go to the smaller loss."""
    wanted = {"judged": "valid", "kind": kind, "sentences": sentences}
    wanted["positions"] = positions or USUAL[kind]
    tried = [row for row in rows if wanted.items() <= row.items()]
    if len({row["lr"] for row in tried}) < len(RATES):
        return None
    return max(tried, key=lambda row: (row["valid"], -row["valid_loss"]))["lr"]


def runs() -> list[dict]:
    """Short trainings at five rates or more; then, at the rate that was best among them, whole
    ones."""
    known = provenance.read("translators") if (provenance.HERE / "translators.csv").exists() else []
    short = [run(kind, "valid", 1, lr, 0) for kind in USUAL for lr in RATES]
    short += [run(kind, "valid", 5, lr, 0, TENTH) for kind in USUAL for lr in RATES]
    short += [run("GRU", "valid", 5, lr, 0, TENTH) for lr in HIGHER]
    short += [
        run("Transformer", "valid", 1, lr, 0, ALL, p) for p in OTHER_POSITIONS for lr in RATES
    ]
    asked = [(kind, sentences, None) for kind in USUAL for sentences in (ALL, TENTH)]
    asked += [("Transformer", ALL, positions) for positions in OTHER_POSITIONS]
    whole = []
    for kind, sentences, positions in asked:
        lr = best_rate(known, kind, sentences, positions)
        passes = EPOCHS if sentences == ALL else 10
        if lr is not None:
            whole += [run(kind, "test", passes, lr, seed, sentences, positions) for seed in SEEDS]
    return short + whole
