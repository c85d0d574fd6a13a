"""The Transformer: all parts of chapters 11 to 15, put together. Taught in chapter 16."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn

from attend import checks, masks
from attend.cache import Cache, Memory
from attend.layers import NORMS, DecoderLayer, EncoderLayer, LayerNorm
from attend.positions import Alibi, Learned, Rotary, Sinusoidal
from attend.text import BOS_ID, PAD_ID

__all__ = [
    "POSITIONS",
    "Embedding",
    "Maps",
    "Transformer",
    "TransformerConfig",
    "noam",
    "parameters_of",
]

POSITIONS = ("sinusoidal", "learned", "rotary", "alibi")


@dataclass(frozen=True)
class TransformerConfig:
    """The sizes and switches of a `Transformer`; the defaults are the paper's base model, but
    pre-norm, which is "post" in the paper.
    source_vocab, target_vocab: words known; n_layers: the number of layers in the encoder, and in
    the decoder; positions: "sinusoidal" or "learned", added to the embeddings, "rotary" (pairing
    "half") or "alibi", inside self-attention (of the distance |i − j|, so that an encoder with
    "alibi" cannot tell a sentence from its mirror image); tie_embeddings: the target embedding is
    the output's matrix too, and where both vocabularies are of one size (one shared vocabulary, as
    in the paper) the source embedding as well; pad: padding; bos: the token that every target
    begins with, None for no such rule; max_length: no sentence may be longer.

    Raises ValueError for sizes and switches that do not go together. Source: Vaswani et al. 2017,
    table 3. Taught in chapter 16.
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
    pad: int = PAD_ID
    bos: int | None = BOS_ID
    max_length: int = 512

    def __post_init__(self):
        for name, value in checks.transformer_config(self, NORMS, POSITIONS).items():
            object.__setattr__(self, name, value)  # numpy's numbers become Python's


class Maps(NamedTuple):
    """The weights of every layer and head: encoder [N, B, H, S, S], decoder [N, B, H, T, T], cross
    [N, B, H, T, S]."""

    encoder: torch.Tensor
    decoder: torch.Tensor
    cross: torch.Tensor


class Embedding(nn.Module):
    """Word vectors times √D, so that they are not drowned by positions, and the positions added:
    ids [B, T] → [B, T, D]. `first`: the position of the first word.

    Source: Vaswani et al. 2017, section 3.4. Taught in chapter 16.
    """

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
    """P(y_t | y_1 … y_{t−1}, x) for all t at once. Called with source [B, S] and target [B, T],
    which begins with <bos>: logits [B, T, V], at place t for the word after target[:, t]; with
    return_weights also the `Maps`.

    `encode` reads the source, `decode` gives the logits of a target that is known, `step` those of
    the next word. Padding changes nothing, and no word sees a later one. Equal to
    torch.nn.Transformer between the embeddings and the output; with norm="pre" each stack ends in a
    LayerNorm, with "post" it does not, as in the paper (torch.nn.Transformer has one in both).
    Raises TypeError for ids that are not torch.long, ValueError for sentences that are empty or
    past max_length and, on the CPU, for ids outside the vocabulary and a target without <bos>.
    Source: Vaswani et al. 2017. Taught in chapter 16.
    """

    def __init__(self, config):
        super().__init__()
        self.config, D = config, config.d_model
        self.pad, self.max_length = config.pad, config.max_length
        schemes = {"rotary": Rotary(), "alibi": Alibi()}  # the others are added to the embeddings
        position = schemes.get(config.positions)
        sizes = (D, config.n_heads, config.d_ff, config.dropout, config.norm, position)
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
        self._check_source(source)
        self._check_target(target)
        checks.row_for_row(target, source)
        checks.begins_with(target, self.config.bos)
        memory, encoder = self._encode(source, return_weights)
        logits, decoder, cross = self._decode(memory, target, None, return_weights)
        return (logits, Maps(encoder, decoder, cross)) if return_weights else logits

    def encode(self, source):
        """source [B, S] → `Memory` of states [B, S, D]."""
        self._check_source(source)
        return self._encode(source)[0]

    def decode(self, memory, source, target, cache=None):
        """memory [B, S, D] of source [B, S], target [B, T] → logits [B, T, V].

        memory: what `encode` gave, or states of one's own; these have their padding where source
        has it. With a `Cache`, target holds only the words that the cache does not know yet.
        """
        self._check_source(source)
        self._check_target(target, known=0 if cache is None else len(cache))
        checks.memory_of(memory, source, self.config.d_model)
        checks.row_for_row(target, source)
        if isinstance(memory, torch.Tensor):
            memory = Memory(memory, masks.padding(source, self.pad))
        return self._decode(memory, target, cache)[0]

    def start(self, memory, cache=True):
        """The state before the first word: an empty `Cache`, or None to do without."""
        return Cache(self.config.n_layers) if cache else None

    def step(self, memory, state, ids):
        """ids [B, T], all words so far, <bos> first → logits of the next word [B, V], the state
        after, and None: the fused kernel has no weights to show."""
        known = 0 if state is None else len(state)
        self._check_target(ids[:, known:], known)
        logits, _, _ = self._decode(memory, ids[:, known:], state)  # [B, 1, V] with a cache
        return logits[:, -1], state, None

    def _encode(self, source, return_weights=False):
        mask, maps = masks.padding(source, self.pad), []  # [B, 1, S]
        x = self.source_embedding(source)  # [B, S, D]
        for layer in self.encoder:
            x, weights = layer(x, mask, return_weights)
            maps.append(weights)
        maps = torch.stack(maps) if return_weights else None  # [N, B, H, S, S]
        return Memory(self.encoder_norm(x), mask), maps

    def _decode(self, memory, target, cache=None, return_weights=False):
        T, known = target.shape[1], 0 if cache is None else len(cache)
        mask = None if T == 1 else masks.causal(T, known, target.device)  # [T, known + T]
        x, own, cross = self.target_embedding(target, known), [], []  # [B, T, D]
        for n, layer in enumerate(self.decoder):
            layer_cache = None if cache is None else cache.layers[n]
            x, *weights = layer(x, memory.states, mask, memory.mask, return_weights, layer_cache)
            own.append(weights[0])
            cross.append(weights[1])
        own, cross = (torch.stack(maps) if return_weights else None for maps in (own, cross))
        return self.out(self.decoder_norm(x)), own, cross

    def _check_source(self, source):
        checks.token_ids("source", source, self.config.source_vocab, self.max_length)

    def _check_target(self, target, known=0):
        checks.token_ids("target", target, self.config.target_vocab, self.max_length, known)


def noam(step, d_model, warmup):
    """The paper's learning rate at a step, counted from 1: D^(−½) · min(step^(−½), step ·
    warmup^(−3/2)). It climbs in a straight line for `warmup` steps, then falls as 1/√step.

    Raises ValueError for sizes below 1. Source: Vaswani et al. 2017, section 5.3, equation 3.
    Taught in chapter 16.
    """
    checks.whole_numbers(step=step, d_model=d_model, warmup=warmup)
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)


def parameters_of(config):
    """How many numbers a `Transformer` of this config learns, part by part, from the formulas:
    attention 4 (D² + D), feed-forward 2 D F + F + D, a norm 2 D.

    Taught in chapter 16.
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
