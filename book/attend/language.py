"""Language models: the block of today, stacked, learning from text without labels. Taught in
chapter 18."""

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.functional import gelu

from attend import checks, masks
from attend.attention import MultiHeadAttention
from attend.cache import Cache
from attend.layers import FeedForward, LayerNorm, RMSNorm, SwiGLU
from attend.positions import Alibi, Learned, Rotary, Sinusoidal
from attend.text import BOS_ID, EOS_ID, PAD_ID

__all__ = [
    "FEED_FORWARDS",
    "NORMS",
    "POSITIONS",
    "Block",
    "GeluNetwork",
    "LanguageModel",
    "LanguageModelConfig",
    "Prompt",
    "load_gpt2",
    "logit_lens",
    "mask_tokens",
    "read_safetensors",
]


class GeluNetwork(FeedForward):
    """gelu(x W_1 + b_1) W_2 + b_2, with gelu(a) = a Φ(a), Φ the normal distribution function: a
    ReLU with a rounded corner, [..., D] → [..., D]. With `by_tanh`, GPT-2's approximation ½ a (1 +
    tanh(√(2/π) (a + 0.044715 a³))).

    Raises ValueError for sizes below 1. Source: Hendrycks and Gimpel 2016. Taught in chapter 18.
    """

    def __init__(self, d_model, d_ff, by_tanh=False):
        super().__init__(d_model, d_ff)
        self.approximate = "tanh" if by_tanh else "none"

    def forward(self, x):
        return self.outer(gelu(self.inner(x), approximate=self.approximate))  # [..., D]


NORMS = {"rms": RMSNorm, "layer": LayerNorm}
FEED_FORWARDS = {
    "swiglu": SwiGLU,
    "gelu": GeluNetwork,
    "relu": FeedForward,
    "gelu_tanh": lambda d_model, d_ff: GeluNetwork(d_model, d_ff, by_tanh=True),
}
POSITIONS = ("rotary", "learned", "sinusoidal", "alibi", "none")


@dataclass(frozen=True)
class LanguageModelConfig:
    """The sizes and switches of a `LanguageModel`; the defaults are the block of today.
    vocab: tokens known; n_kv_heads: how many heads have keys and values of their own (None: all);
    norm: "rms", and then no map has a bias, or "layer", with biases; feed_forward: "swiglu",
    "gelu" or "relu"; positions: "rotary" or "alibi" inside attention, "learned" or "sinusoidal"
    added to the embeddings (times √D for "sinusoidal", as in the paper), or "none"; causal: whether
    a token sees only what stands before it; tie_embeddings: the embedding is the output's matrix
    too; pad, bos, eos: the tokens that `attend.decoding` fills up with, begins and stops at.

    feed_forward "gelu_tanh" is GPT-2's. Raises ValueError for sizes and switches that do not go
    together. Taught in chapter 18.
    """

    vocab: int
    d_model: int
    n_heads: int
    n_layers: int
    d_ff: int
    n_kv_heads: int | None = None
    norm: str = "rms"
    feed_forward: str = "swiglu"
    positions: str = "rotary"
    causal: bool = True
    tie_embeddings: bool = True
    dropout: float = 0.0
    max_length: int = 512
    pad: int = PAD_ID
    bos: int = BOS_ID
    eos: int = EOS_ID

    def __post_init__(self):
        known = tuple(NORMS), tuple(FEED_FORWARDS), POSITIONS
        for name, value in checks.language_model_config(self, *known).items():
            object.__setattr__(self, name, value)  # numpy's numbers become Python's


class Block(nn.Module):
    """x + attention(norm(x)), then x + network(norm(x)): one layer of a language model, pre-norm,
    x [B, T, D] → x [B, T, D], weights [B, H, T, T] (None unless return_weights). Which parts it is
    made of, the config says; with norm="rms" no linear map has a bias.

    mask and cache as in `MultiHeadAttention`. Equal to torch.nn.TransformerEncoderLayer with
    norm_first for norm="layer" and "relu" or "gelu". Source: Touvron et al. 2023 for the parts.
    Taught in chapter 18.
    """

    def __init__(self, config):
        super().__init__()
        D, H = config.d_model, config.n_heads
        position = {"rotary": Rotary(), "alibi": Alibi()}.get(config.positions)
        self.attention_norm, self.network_norm = (NORMS[config.norm](D) for _ in range(2))
        self.attention = MultiHeadAttention(D, H, 0.0, position, config.n_kv_heads)
        self.network = FEED_FORWARDS[config.feed_forward](D, config.d_ff)
        self.dropout = nn.Dropout(config.dropout)
        if config.norm == "rms":
            for part in self.modules():
                if isinstance(part, nn.Linear):
                    part.bias = None

    def forward(self, x, mask=None, return_weights=False, cache=None):
        read = self.attention_norm(x)
        heard, weights = self.attention(read, read, mask, return_weights, cache)
        x = x + self.dropout(heard)
        return x + self.dropout(self.network(self.network_norm(x))), weights


class Prompt(NamedTuple):
    """What `attend.decoding` goes on from: ids [B, T], the same number in each row."""

    ids: torch.Tensor

    def choose(self, rows):
        """These rows of the batch, in this order."""
        return Prompt(self.ids[rows])


class LanguageModel(nn.Module):
    """P(token | the tokens it may see), at every place at once. Called with ids [B, T]: logits
    [B, T, V], at place t for the token after ids[:, t] if causal, for the one at t if not; with
    return_weights also the weights of every layer and head [N, B, H, T, T].

    mask: True = may be seen, [B, 1, T] as `masks.padding` makes it, or [T, T] or [B, T, T], for
    documents packed into one row; a causal model sees nothing ahead besides. Padding is no more
    than a token unless the mask says so. cache: a `Cache` of what is known of the tokens before
    ids, to which these are added. `states` gives what the last norm gives. `encode`, `start` and
    `step` are the protocol of `attend.decoding`, where the prompt stands in the place of the
    source. Raises TypeError for ids that are not torch.long and masks that are not boolean,
    ValueError for rows that are empty or past max_length and, on the CPU, for ids outside the
    vocabulary. Source: Radford et al. 2018 (causal), Devlin et al. 2019 (not causal). Taught in
    chapter 18.
    """

    def __init__(self, config):
        super().__init__()
        self.config, D = config, config.d_model
        self.pad, self.bos, self.eos = config.pad, config.bos, config.eos
        self.max_length = config.max_length
        self.scale = D**0.5 if config.positions == "sinusoidal" else 1.0
        self.embedding = nn.Embedding(config.vocab, D)
        nn.init.normal_(self.embedding.weight, std=D**-0.5)
        tables = {"sinusoidal": Sinusoidal, "learned": Learned}
        table = tables.get(config.positions)
        self.positions = table(D, config.max_length) if table else None
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = NORMS[config.norm](D)
        self.out = nn.Linear(D, config.vocab, bias=False)
        nn.init.normal_(self.out.weight, std=D**-0.5)
        if config.tie_embeddings:
            self.out.weight = self.embedding.weight

    def forward(self, ids, mask=None, return_weights=False, cache=None):
        streams, weights = self._run(ids, mask, return_weights, cache)
        logits = self.out(self.norm(streams[-1]))  # [B, T, V]
        return (logits, torch.stack(weights)) if return_weights else logits

    def states(self, ids, mask=None):
        """ids [B, T] → what is known at each place, before the output [B, T, D]."""
        return self.norm(self._run(ids, mask)[0][-1])

    def streams(self, ids, mask=None):
        """ids [B, T] → the stream as embedded and after each block [N + 1, B, T, D], not normed."""
        return torch.stack(self._run(ids, mask)[0])

    def encode(self, ids):
        """ids [B, T], a prompt without padding → the `Prompt` to go on from."""
        checks.token_ids("prompt", ids, self.config.vocab, self.max_length)
        if (
            self.pad not in (self.bos, self.eos)
            and checks.readable(ids)
            and (ids == self.pad).any()
        ):
            raise ValueError(f"prompt must hold no padding, {self.pad}, as rows go on at their end")
        return Prompt(ids)

    def start(self, prompt, cache=True):
        """The state before the first token: an empty `Cache`, or None to do without."""
        return Cache(self.config.n_layers) if cache else None

    def step(self, prompt, state, ids):
        """ids [B, 1 + T]: the T tokens written so far, after a <bos> that the prompt takes the
        place of → logits of the next token [B, V], the state after, and None."""
        ids = torch.cat([prompt.ids, ids[:, 1:]], dim=1)
        known = 0 if state is None else len(state)
        streams, _ = self._run(ids[:, known:], cache=state)
        return self.out(self.norm(streams[-1][:, -1])), state, None

    def _run(self, ids, mask=None, return_weights=False, cache=None):
        known = 0 if cache is None else len(cache)
        checks.token_ids("ids", ids, self.config.vocab, self.max_length, known)
        mask = self._mask(ids, known, mask)  # [T, S], [B, T, S] or None
        x = self.embedding(ids) * self.scale  # [B, T, D]
        x = self.dropout(x if self.positions is None else self.positions(x, known))
        streams, weights = [x], []
        for n, block in enumerate(self.blocks):
            store = None if cache is None else cache.layers[n].own
            x, of_block = block(x, mask, return_weights, store)
            streams.append(x)
            weights.append(of_block)
        return streams, weights

    def _mask(self, ids, known, mask):
        """The mask as given, and nothing ahead if the model is causal."""
        B, T = ids.shape
        if mask is not None:
            checks.attention_mask(mask, (B, T, known + T), ids.device)
        if not self.config.causal:
            return mask
        causal = masks.causal(T, known, ids.device)  # [T, known + T]
        return causal if mask is None else mask & causal


def mask_tokens(ids, mask_id, vocab, p=0.15, generator=None):
    """The masked language model's question: ids [B, T] → inputs, targets [B, T]. Each token that is
    no padding is asked for with probability p; in inputs it then stands as mask_id (8 times of 10),
    as a token drawn from 1 … vocab − 1 (1 of 10), or as itself (1 of 10). targets: the tokens asked
    for, and −100, which `cross_entropy` leaves out, everywhere else.

    `generator` makes the draw repeat. Raises TypeError for ids that are not torch.long, ValueError
    for p outside (0, 1], a mask_id outside the vocabulary and a vocab below 2. Source: Devlin et
    al. 2019, section 3.1. Taught in chapter 18.
    """
    mask_id, vocab, p = checks.masking(mask_id, vocab, p)
    checks.token_ids("ids", ids, vocab)

    def draw():
        return torch.rand(ids.shape, generator=generator, device=ids.device)

    asked = (draw() < p) & (ids != PAD_ID)  # [B, T]
    targets = ids.masked_fill(~asked, -100)
    how = draw()  # below 0.8 hidden, below 0.9 exchanged, else as it was
    other = torch.randint(1, vocab, ids.shape, generator=generator, device=ids.device)
    inputs = torch.where(asked & (how < 0.9), other, ids)
    return inputs.masked_fill(asked & (how < 0.8), mask_id), targets


def logit_lens(model, ids, mask=None):
    """What the model would say if it stopped sooner: the stream as embedded and after each block,
    through the last norm and the output's matrix. ids [B, T] → logits [N + 1, B, T, V]; the last
    are the model's own.

    mask and errors as in `LanguageModel`. Source: nostalgebraist 2020. Taught in chapter 18.
    """
    return model.out(model.norm(model.streams(ids, mask)))


# ------------------------------------------------------------------------------------ checkpoints

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def read_safetensors(path):
    """The tensors of a file in the safetensors format, by name: 8 bytes that say how long the head
    is, the head in JSON (for each name its dtype, shape, and from which byte to which it lies in
    the rest), and the rest, the numbers themselves. Nothing in it is ever executed.

    Raises FileNotFoundError for a path that is no file, ValueError for a file that is cut or of
    another format, and for a dtype that torch does not have. Taught in chapter 18.
    """
    data = checks.existing_file("path", path).read_bytes()
    end = 8 + int.from_bytes(data[:8], "little")
    try:
        head = json.loads(data[8:end]) if 8 <= end <= len(data) else None
        places = {
            name: (about["dtype"], about["shape"], *about["data_offsets"])
            for name, about in head.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise ValueError(f"{path} must be a safetensors file, got no readable head") from None
    body, tensors = bytearray(data[end:]), {}
    for name, (dtype, shape, first, last) in places.items():
        if dtype not in DTYPES:
            raise ValueError(f"{name} must be one of {', '.join(DTYPES)}, got {dtype}")
        lies = last - first == math.prod(shape) * DTYPES[dtype].itemsize
        if not lies or not 0 <= first <= last <= len(body):
            raise ValueError(
                f"{name} must lie whole in {path}, got {len(body)} bytes after the head"
            )
        numbers = torch.frombuffer(body[first:last] or bytearray(8), dtype=DTYPES[dtype])
        tensors[name] = numbers[: math.prod(shape)].reshape(shape)
    return tensors


def load_gpt2(path, n_heads=None):
    """GPT-2 from a checkpoint in safetensors, as a `LanguageModel` in eval mode: a file by the
    names that everybody uses (wte, wpe, h.0.attn.c_attn …), with or without "transformer." before
    them, or the folder that holds model.safetensors. Equal to transformers' GPT2LMHeadModel.

    What the tensors do not tell is read from config.json beside the file, where there is one:
    n_head, layer_norm_epsilon, bos_token_id, eos_token_id. Otherwise heads are 64 numbers wide, as
    in every GPT-2 that was published, unless n_heads is given, and <|endoftext|>, the last token,
    is begin, end and padding. Half precision becomes single. Raises FileNotFoundError for a path
    that is no file, ValueError that names each tensor that is missing, surplus or of another shape.
    Source: Radford et al. 2019. Taught in chapter 18.
    """
    if isinstance(path, str | os.PathLike) and os.path.isdir(path):
        path = Path(path) / "model.safetensors"
    tensors, beside = read_safetensors(path), Path(path).with_name("config.json")
    found = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    for name in [name for name in found if name.endswith((".attn.bias", ".attn.masked_bias"))]:
        del found[name]  # the causal mask, which some files carry along
    if "wte.weight" in found and torch.equal(found.get("lm_head.weight", DOT), found["wte.weight"]):
        del found["lm_head.weight"]  # tied, and written twice
    about = json.loads(beside.read_text("utf8")) if beside.is_file() else {}
    model = LanguageModel(_gpt2_config(found, about, n_heads))
    for part in model.modules():
        if isinstance(part, LayerNorm):
            part.eps = about.get("layer_norm_epsilon", part.eps)
    _copy_gpt2(model, found)
    return model.eval()


DOT = torch.zeros(1)
GELUS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu"}


def _gpt2_config(found, about, n_heads):
    """The sizes, from the shapes of the two embeddings and of the first network."""
    sizes = {}
    for name, axes in {"wte.weight": 2, "wpe.weight": 2, "h.0.mlp.c_fc.weight": 2}.items():
        if name not in found:
            raise ValueError(f"the checkpoint must hold {name}, which is missing")
        if found[name].dim() != axes:
            raise ValueError(f"{name} must have {axes} axes, got shape {list(found[name].shape)}")
        sizes[name] = found[name].shape
    vocab, D = sizes["wte.weight"]
    n_heads = n_heads or about.get("n_head") or (None if D % 64 else D // 64)
    if n_heads is None:
        raise ValueError(f"n_heads must be given for a checkpoint {D} numbers wide, got None")
    activation = about.get("activation_function", "gelu_new")
    last = vocab - 1  # <|endoftext|>
    eos = last if about.get("eos_token_id") is None else about["eos_token_id"]
    return LanguageModelConfig(
        vocab=vocab,
        d_model=D,
        n_heads=n_heads,
        n_layers=1 + max(_layer(name) for name in found),
        d_ff=sizes["h.0.mlp.c_fc.weight"][1],
        norm="layer",
        feed_forward=GELUS[checks.one_of("activation_function", activation, tuple(GELUS))],
        positions="learned",
        tie_embeddings="lm_head.weight" not in found,
        max_length=sizes["wpe.weight"][0],
        pad=eos,
        bos=last if about.get("bos_token_id") is None else about["bos_token_id"],
        eos=eos,
    )


def _layer(name):
    """The number in h.3.ln_1.weight; −1 where there is none."""
    parts = name.split(".")
    return int(parts[1]) if parts[0] == "h" and parts[1].isdigit() else -1


@torch.no_grad()
def _copy_gpt2(model, found):
    """Every tensor into its place; a linear map lies there as [in, out], in torch as [out, in]."""
    places = {"wte.weight": model.embedding.weight, "wpe.weight": model.positions.table}
    norms, turned = {"ln_f": model.norm}, {}
    for n, block in enumerate(model.blocks):
        norms |= {f"h.{n}.ln_1": block.attention_norm, f"h.{n}.ln_2": block.network_norm}
        of = block.attention
        turned[f"h.{n}.attn.c_attn"] = (of.W_Q, of.W_K, of.W_V)
        turned[f"h.{n}.attn.c_proj"] = (of.W_O,)
        turned[f"h.{n}.mlp.c_fc"] = (block.network.inner,)
        turned[f"h.{n}.mlp.c_proj"] = (block.network.outer,)
    if not model.config.tie_embeddings:
        places["lm_head.weight"] = model.out.weight
    for name, norm in norms.items():
        places |= {f"{name}.weight": norm.weight, f"{name}.bias": norm.bias}
    wanted = {name: list(place.shape) for name, place in places.items()}
    for name, maps in turned.items():
        wide = sum(linear.out_features for linear in maps)
        wanted |= {f"{name}.weight": [maps[0].in_features, wide], f"{name}.bias": [wide]}
    checks.checkpoint({name: list(tensor.shape) for name, tensor in found.items()}, wanted)
    for name, place in places.items():
        place.copy_(found[name])
    for name, maps in turned.items():
        weights = found[f"{name}.weight"].mT.chunk(len(maps))
        biases = found[f"{name}.bias"].chunk(len(maps))
        for linear, weight, bias in zip(maps, weights, biases, strict=True):
            linear.weight.copy_(weight)
            linear.bias.copy_(bias)
