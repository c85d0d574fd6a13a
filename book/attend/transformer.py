"""The Transformer: all parts of chapters 11 to 15, put together. Taught in chapter 16."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from attend import checks, masks
from attend.layers import NORMS, DecoderLayer, EncoderLayer, LayerNorm
from attend.positions import Alibi, Learned, Rotary, Sinusoidal

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi")


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes and switches of a `Transformer`; the defaults are the paper's base model, but
    pre-norm, which is "post" in the paper.

    source_vocab, target_vocab: words known; n_layers: so many in the encoder and as many in the
    decoder; positions: "sinusoidal" or "learned", added to the embeddings, "rotary" (pairing
    "half") or "alibi", inside self-attention (of the distance |i − j|, so that an encoder with
    "alibi" cannot tell a sentence from its mirror image); tie_embeddings: the target embedding is
    the output's matrix too, and where both vocabularies are of one size (one shared vocabulary, as
    in the paper) the source embedding as well; pad: padding; bos: what every target begins with,
    None for no such rule; max_length: no sentence may be longer. Raises ValueError for what cannot
    be. Source: Vaswani et al. 2017, table 3. Taught in chapter 16.
    """

    source_vocab: int
    target_vocab: int
    d_model: int = 512
    n_heads: int = 8
    n_layers: int = 6
    d_ff: int = 2048
    dropout: float = 0.1
    norm: str = "pre"
    positions: str = "sinusoidal"
    tie_embeddings: bool = False
    pad: int = 0
    bos: int | None = 2
    max_length: int = 512

    def __post_init__(self):
        check_config(self)


class Maps(NamedTuple):
    """The weights of every layer and head: encoder [N, B, H, S, S], decoder [N, B, H, T, T], cross
    [N, B, H, T, S]."""

    encoder: torch.Tensor
    decoder: torch.Tensor
    cross: torch.Tensor


class Embedding(nn.Module):
    """Word vectors times √D, so that they are not drowned by positions, and the positions added:
    ids [B, T] → [B, T, D]. `first`: the place of the first word. Source: Vaswani et al. 2017,
    section 3.4. Taught in chapter 16."""

    def __init__(self, vocab, config):
        super().__init__()
        D = config.d_model
        self.scale, self.dropout = D**0.5, nn.Dropout(config.dropout)
        self.words = nn.Embedding(vocab, D, padding_idx=config.pad)
        nn.init.normal_(self.words.weight, std=D**-0.5)
        self.words.weight.data[config.pad] = 0.0
        self.positions = None
        if config.positions == "sinusoidal":
            self.positions = Sinusoidal(D, config.max_length)
        elif config.positions == "learned":
            self.positions = Learned(D, config.max_length)

    def forward(self, ids, first=0):
        x = self.words(ids) * self.scale  # [B, T, D]
        return self.dropout(x if self.positions is None else self.positions(x, first))


class Transformer(nn.Module):
    """P(y_t | y_1 … y_{t−1}, x) for all t at once.

    Called with source [B, S] and target [B, T], which begins with <bos>: logits [B, T, V], at place
    t for the word after target[:, t]; with return_weights also the `Maps`. `encode` reads the
    source, `decode` writes on from what was read. Padding changes nothing, and no word sees a later
    one. Equal to torch.nn.Transformer between the embeddings and the output; with norm="pre" each
    stack ends in a LayerNorm, with "post" it does not, as in the paper (torch.nn.Transformer has
    one in both). Raises TypeError for ids that are not torch.long, ValueError for ids outside the
    vocabulary, sentences that are empty or past max_length, a target without <bos>. Source: Vaswani
    et al. 2017. Taught in chapter 16.
    """

    def __init__(self, config):
        super().__init__()
        self.config, D = config, config.d_model
        place = {"rotary": Rotary, "alibi": Alibi}.get(config.positions, lambda: None)()
        sizes = (D, config.n_heads, config.d_ff, config.dropout, config.norm, place)
        self.source_embedding = Embedding(config.source_vocab, config)
        self.target_embedding = Embedding(config.target_vocab, config)
        self.encoder = nn.ModuleList(EncoderLayer(*sizes) for _ in range(config.n_layers))
        self.decoder = nn.ModuleList(DecoderLayer(*sizes) for _ in range(config.n_layers))
        final = LayerNorm if config.norm == "pre" else lambda d_model: nn.Identity()
        self.encoder_norm, self.decoder_norm = final(D), final(D)
        self.out = nn.Linear(D, config.target_vocab, bias=False)
        nn.init.xavier_uniform_(self.out.weight)
        if config.tie_embeddings:
            self.out.weight = self.target_embedding.words.weight
            if config.source_vocab == config.target_vocab:
                self.source_embedding.words.weight = self.out.weight

    def forward(self, source, target, return_weights=False):
        check_source(source, self.config)
        check_pair(target, source, self.config)
        memory, encoder = self.read(source, return_weights)
        logits, decoder, cross = self.write(memory, source, target, return_weights)
        return (logits, Maps(encoder, decoder, cross)) if return_weights else logits

    def encode(self, source):
        """source [B, S] → memory [B, S, D]."""
        check_source(source, self.config)
        return self.read(source)[0]

    def decode(self, memory, source, target, cache=None):
        """memory [B, S, D], source [B, S] for its padding, target [B, T] → logits [B, T, V]. With a
        `decoding.Cache`, target holds only the words that the cache does not know yet."""
        check_target(target, self.config, known=0 if cache is None else len(cache))
        return self.write(memory, source, target, cache=cache)[0]

    def read(self, source, return_weights=False):
        mask = masks.padding(source, self.config.pad)  # [B, 1, S]
        x, maps = self.source_embedding(source), []  # [B, S, D]
        for layer in self.encoder:
            x, weights = layer(x, mask, return_weights)
            maps.append(weights)
        return self.encoder_norm(x), stacked(maps)

    def write(self, memory, source, target, return_weights=False, cache=None):
        (_, T), past = target.shape, 0 if cache is None else len(cache)
        mask = None if T == 1 else masks.causal(T, past, target.device)  # [T, past + T]
        memory_mask = masks.padding(source, self.config.pad)  # [B, 1, S]
        x, own, cross = self.target_embedding(target, past), [], []  # [B, T, D]
        for n, layer in enumerate(self.decoder):
            known = None if cache is None else cache.layers[n]
            x, *weights = layer(x, memory, mask, memory_mask, return_weights, known)
            own.append(weights[0]), cross.append(weights[1])
        return self.out(self.decoder_norm(x)), stacked(own), stacked(cross)


def stacked(maps):
    return None if maps[0] is None else torch.stack(maps)  # [N, B, H, T, S]


def noam(step, d_model, warmup):
    """The paper's learning rate at a step, counted from 1: D^(−½) · min(step^(−½), step ·
    warmup^(−3/2)). It climbs in a straight line for `warmup` steps, then falls as 1/√step. Raises
    ValueError for sizes below 1. Source: Vaswani et al. 2017, section 5.3, equation 3. Taught in
    chapter 16."""
    checks.whole_numbers(step=step, d_model=d_model, warmup=warmup)
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)


def parameters_of(config):
    """How many numbers a `Transformer` of this config learns, part by part, from the formulas.

    Attention 4 (D² + D), feed-forward 2 D F + F + D, a norm 2 D. Taught in chapter 16.
    """
    D, F, N = config.d_model, config.d_ff, config.n_layers
    attention, feed_forward, norm = 4 * (D * D + D), 2 * D * F + F + D, 2 * D
    words = (config.source_vocab + 2 * config.target_vocab) * D
    if config.tie_embeddings:
        same = config.source_vocab == config.target_vocab
        words = (config.target_vocab + (0 if same else config.source_vocab)) * D
    return {
        "words": words,
        "positions": 2 * config.max_length * D if config.positions == "learned" else 0,
        "encoder": N * (attention + feed_forward + 2 * norm),
        "decoder": N * (2 * attention + feed_forward + 3 * norm),
        "last norms": 2 * norm if config.norm == "pre" else 0,
    }


# ------------------------------------------------------- what may come in, and what is said if not


def check_config(config):
    sizes = ("source_vocab", "target_vocab", "d_model", "n_heads", "n_layers", "d_ff", "max_length")
    checks.whole_numbers(**{name: getattr(config, name) for name in sizes})
    checks.heads(config.d_model, config.n_heads, config.dropout)
    checks.one_of("norm", config.norm, NORMS)
    checks.one_of("positions", config.positions, POSITIONS)
    if config.positions == "sinusoidal" and config.d_model % 2:
        raise ValueError(f"d_model={config.d_model} must be even for sinusoidal positions")
    if config.positions == "rotary" and config.d_model // config.n_heads % 2:
        raise ValueError(
            f"d_model={config.d_model} must give each of n_heads={config.n_heads} heads an even "
            "number of numbers for rotary positions"
        )
    for name in ("source_vocab", "target_vocab"):
        for token in ("pad", "bos"):
            number, vocab = getattr(config, token), getattr(config, name)
            if number is not None and not 0 <= number < vocab:
                raise ValueError(f"{token}={number} must lie in 0 … {vocab - 1} ({name}={vocab})")


def check_source(source, config):
    checks.token_ids("source", source, config.source_vocab, config.max_length)


def check_target(target, config, known=0):
    checks.token_ids("target", target, config.target_vocab, config.max_length, known)


def check_pair(target, source, config):
    check_target(target, config)
    checks.row_for_row(target, source)
    if config.bos is not None and not (target[:, 0] == config.bos).all():
        row = int((target[:, 0] != config.bos).nonzero()[0])
        raise ValueError(
            f"target must begin with <bos>, {config.bos}, in every row, "
            f"got {int(target[row, 0])} in row {row}"
        )
