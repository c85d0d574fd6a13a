"""A small Transformer with one part taken out at a time, and with and without warm-up. Chapter 14.

    python -m attend.experiments.ablation

trains every variant from three seeds on 3,000 short pairs of the phrasebook and writes
ablation.csv: the loss of the next word on the pairs learned from and on held-out ones, in nats a
word.
"""

import time

import torch
from torch import nn

from attend import masks
from attend.data import Codec, PairBatches
from attend.experiments import provenance
from attend.layers import BatchNorm
from attend.phrasebook import pairs
from attend.text import PAD_ID
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss, train

__all__ = ["VARIANTS", "data", "examine"]

SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 256}
PAIRS, LONGEST, EPOCHS, SIZE, RATE, WARMUP, SEEDS = 3_000, 7, 4, 32, 0.003, 50, 3
DEEP, DEEP_EPOCHS = 6, 2  # layers on each side, and epochs, with and without warm-up


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


# name: what is done to the model once it is built, and what is changed in its config
VARIANTS = {
    "nothing": (None, {}),
    "dropout": (None, {"dropout": 0.0}),
    "LayerNorm": (without_norm, {}),
    "feed-forward": (without("feed_forward"), {}),
    "encoder's self-attention": (without("attention", ("encoder",)), {}),
    "decoder's self-attention": (without("attention", ("decoder",)), {}),
    "cross-attention": (without("cross_attention", ("decoder",)), {}),
    "residual connections": (without_residual, {}),
    "LayerNorm, but BatchNorm in the encoder": (batch_norm_in_encoder, {}),
}


def build(codec, taken_out="nothing", seed=0, **changes):
    """A small Transformer without that part; `changes` go into its `TransformerConfig`."""
    take_out, own = VARIANTS[taken_out]
    torch.manual_seed(seed)
    sizes = {**SIZES, **own, **changes}
    model = Transformer(TransformerConfig(len(codec.source), len(codec.target), **sizes))
    if take_out is not None:
        take_out(model)
    return model


@torch.no_grad()
def held_out_loss(model, codec, sentences) -> float:
    """The loss of the next word, each batch counting by its words."""
    total, words = 0.0, 0
    for source, target in PairBatches(codec, sentences, size=200):
        n = int((target[:, 1:] != PAD_ID).sum())
        total, words = total + n * next_word_loss(model, (source, target)).item(), words + n
    return total / words


def examine(codec, learn, valid, taken_out="nothing", seed=0, warmup=WARMUP, epochs=EPOCHS, **more):
    """Train one variant and measure it: a row. `more` goes into the model's config."""
    model = build(codec, taken_out, seed, **more)
    batches = PairBatches(codec, learn, SIZE, seed)
    train(model, batches, epochs, lr=RATE, warmup=warmup, name=f"without {taken_out}")
    return {
        "without": taken_out,
        "norm": model.config.norm,
        "layers": model.config.n_layers,
        "warmup": warmup,
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "training_loss": round(held_out_loss(model, codec, learn[: len(valid)]), 4),
        "held_out_loss": round(held_out_loss(model, codec, valid), 4),
    }


def warm_ups(known, seed):
    """Deep models, pre and post, with and without warm-up: rows."""
    deep = {"n_layers": DEEP, "epochs": DEEP_EPOCHS, "seed": seed}
    return [
        examine(*known, norm=norm, warmup=warmup, **deep)
        for norm in ("pre", "post")
        for warmup in (0, WARMUP)
    ]


def data():
    """The codec, the pairs to learn from, and those held out."""
    learn, valid = (
        [pair for pair in pairs(split) if len(pair.source) <= LONGEST]
        for split in ("train", "valid")
    )
    return Codec(learn[:PAIRS]), learn[:PAIRS], valid


def main() -> None:
    torch.set_num_threads(1)
    rows, started, known = [], time.process_time(), data()
    for seed in range(SEEDS):
        rows += [examine(*known, name, seed) for name in VARIANTS]
        rows += warm_ups(known, seed)
        print(rows[-1], flush=True)
    print(provenance.write("ablation", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
