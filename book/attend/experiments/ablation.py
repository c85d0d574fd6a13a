"""A small Transformer with one part taken out, or exchanged for what is used today; and deep ones,
pre-norm and post-norm, with little warm-up and with much. Chapter 14.

Two tasks. "short": 3,000 pairs of the phrasebook, of at most seven Chinese tokens. "all": all
20,000, of every length. Measured are the losses of the next word on pairs learned from and on
held-out ones, in nats a word.
"""

from functools import cache

import torch
from torch import nn

from attend import masks
from attend.data import Codec, PairBatches
from attend.layers import BatchNorm, RMSNorm, SwiGLU
from attend.phrasebook import pairs
from attend.text import PAD_ID
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss, train

__all__ = ["DEEP", "ON_ALL", "TASKS", "VARIANTS", "build", "data", "examine", "measure", "runs"]

SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 256, "dropout": 0.0}
# task: how many pairs, the most Chinese tokens in one, and the size of a batch
TASKS = {"short": (3_000, 7, 32), "all": (20_000, 99, 64)}
# Six layers on each side: where the norm stands, the rate, and the steps over which it climbs. 6
# epochs are 564 steps.
DEEP = [
    ("pre", 0.003, 0),
    ("post", 0.003, 0),
    ("post", 0.003, 400),
    ("post", 0.00075, 400),
]
# What is taken out or exchanged on all pairs; the first four also six layers deep, on short ones
ON_ALL = (
    "nothing",
    "encoder's self-attention",
    "LayerNorm",
    "feed-forward",
    "decoder's self-attention",
    "ReLU network, SwiGLU put in",
    "nothing, dropout put in",
)
HELD_OUT = 400  # of the pairs learned from, on which the training loss is measured


class Silent(nn.Module):
    """A part that says nothing: zeros, as wide as its input."""

    def forward(self, x, *others):
        return torch.zeros_like(x)


class NoStream(nn.Module):
    """What the part of a pre-norm `Residual` says takes the place of x, instead of being added."""

    def __init__(self, residual):
        super().__init__()
        self.norm, self.dropout = residual.norm, residual.dropout

    def forward(self, x, f):
        output = f(self.norm(x))
        output, rest = output if isinstance(output, tuple) else (output, None)
        return self.dropout(output), rest


def without_residual(model):
    for layer in layers_of(model):
        layer.residuals = nn.ModuleList(NoStream(residual) for residual in layer.residuals)


def without_norm(model):
    for layer in layers_of(model):
        for residual in layer.residuals:
            residual.norm = nn.Identity()
    model.encoder_norm = model.decoder_norm = nn.Identity()


class WordsBatchNorm(BatchNorm):
    """BatchNorm over the source words of a batch, its padding left out."""

    def forward(self, x):
        return super().forward(x, self.words)


def batch_norm_in_encoder(model):
    residuals = [residual for layer in model.encoder for residual in layer.residuals]
    for residual in residuals:
        residual.norm = WordsBatchNorm(model.config.d_model)
    model.encoder_norm = WordsBatchNorm(model.config.d_model)

    def look_for_words(model, inputs):
        for norm in (*(residual.norm for residual in residuals), model.encoder_norm):
            norm.words = masks.padding(inputs[0])

    model.register_forward_pre_hook(look_for_words)


def without(part, of=("encoder", "decoder")):
    """What silences `part` in every layer of these stacks."""

    def take_out(model):
        for stack in of:
            for layer in getattr(model, stack):
                setattr(layer, part, Silent())

    return take_out


def layers_of(model):
    return [*model.encoder, *model.decoder]


def exchange(norm=None, feed_forward=None):
    """What puts `norm`(width) in the place of every LayerNorm, `feed_forward`(width, d_ff) in that
    of every feed-forward network."""

    def change(model):
        D, d_ff = model.config.d_model, model.config.d_ff
        for layer in layers_of(model):
            if norm is not None:
                for residual in layer.residuals:
                    residual.norm = norm(D)
            if feed_forward is not None:
                layer.feed_forward = feed_forward(D, d_ff)
        if norm is not None:
            model.encoder_norm, model.decoder_norm = norm(D), norm(D)

    return change


def swiglu(d_model, d_ff):
    """As many weights as a `FeedForward` of d_ff has, to a few."""
    return SwiGLU(d_model, round(2 / 3 * d_ff))


def without_biases(model):
    """Every bias of the layers stays at 0."""
    for layer in layers_of(model):
        for name, parameter in layer.named_parameters():
            if name.endswith("bias"):
                nn.init.zeros_(parameter).requires_grad_(False)


# name: what is done to the model once it is built, and what is changed in its config
VARIANTS = {
    "nothing": (None, {}),
    "LayerNorm": (without_norm, {}),
    "feed-forward": (without("feed_forward"), {}),
    "encoder's self-attention": (without("attention", ("encoder",)), {}),
    "decoder's self-attention": (without("attention", ("decoder",)), {}),
    "cross-attention": (without("cross_attention", ("decoder",)), {}),
    "residual connections": (without_residual, {}),
    "biases": (without_biases, {}),
    "LayerNorm, RMSNorm put in": (exchange(norm=RMSNorm), {}),
    "ReLU network, SwiGLU put in": (exchange(feed_forward=swiglu), {}),
    "LayerNorm, BatchNorm put into the encoder": (batch_norm_in_encoder, {}),
    "nothing, dropout put in": (None, {"dropout": 0.1}),
}


def build(codec, taken_out="nothing", seed=0, **changes):
    """A small Transformer without that part; `changes` go into its `TransformerConfig`."""
    change, own = VARIANTS[taken_out]
    torch.manual_seed(seed)
    sizes = {**SIZES, **own, **changes}
    model = Transformer(TransformerConfig(len(codec.source), len(codec.target), **sizes))
    if change is not None:
        change(model)
    return model


@torch.no_grad()
def held_out_loss(model, codec, sentences) -> float:
    """The loss of the next word, each batch counting by its words."""
    total, words = 0.0, 0
    for source, target in PairBatches(codec, sentences, size=200):
        n = int((target[:, 1:] != PAD_ID).sum())
        total, words = total + n * next_word_loss(model, (source, target)).item(), words + n
    return total / words


@cache
def data(task="short"):
    """The codec, the pairs to learn from, and those held out."""
    count, longest, _ = TASKS[task]
    learn, valid = (
        [pair for pair in pairs(split) if len(pair.source) <= longest]
        for split in ("train", "valid")
    )
    return Codec(learn[:count]), learn[:count], valid


def examine(known, taken_out="nothing", size=32, epochs=4, lr=0.003, warmup=50, seed=0, **changes):
    """Train one variant on `known`, a `data(task)`, and measure it; `changes` go into the model's
    config."""
    codec, learn, valid = known
    model = build(codec, taken_out, seed, **changes)
    batches = PairBatches(codec, learn, size, seed)
    train(model, batches, epochs, lr=lr, warmup=warmup, name=f"without {taken_out}")
    return {
        "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "training_loss": held_out_loss(model, codec, learn[:HELD_OUT]),
        "held_out_loss": held_out_loss(model, codec, valid),
    }


def runs() -> list[dict]:
    """Each variant on the short pairs, the first of `ON_ALL` also six layers deep; the whole at six
    layers, pre and post, with little warm-up and much, at the same rate and at a quarter of it; and
    `ON_ALL` on all pairs, the first two from two seeds."""
    short = {"task": "short", "norm": "pre", "layers": 2, "lr": 0.003, "warmup": 50, "epochs": 4}
    kinds = [({"without": name} | short, 3) for name in VARIANTS]  # and how many seeds
    for norm, lr, warmup in DEEP:
        depth = {"norm": norm, "layers": 6, "lr": lr, "warmup": warmup, "epochs": 6}
        kinds.append(({"without": "nothing"} | short | depth, 1))
    deep = short | {"layers": 6, "epochs": 10}
    kinds += [({"without": name} | deep, 1) for name in ON_ALL[:4]]
    long = short | {"task": "all", "warmup": 200, "epochs": 5}
    kinds += [({"without": name} | long, 2 if name in ON_ALL[:2] else 1) for name in ON_ALL]
    return [kind | {"seed": seed} for kind, seeds in kinds for seed in range(seeds)]


def measure(without, task, norm, layers, lr, warmup, epochs, seed) -> dict:
    """The number of parameters, and both losses."""
    size, changes = TASKS[task][2], {"norm": norm, "n_layers": layers}
    return examine(data(task), without, size, epochs, lr, warmup, seed, **changes)
