"""Checks of torch's tensors: type, dtype, shape, device, and finite values where it matters.

Type, dtype and shape are always checked. Values are read only where that is free: see `readable`.
"""

import math
import operator

import numpy as np
import torch
from torch import nn

from attend.checks.numbers import (
    above_0,
    at_least_0,
    heads,
    is_number,
    kv_heads,
    one_of,
    whole_number,
)

__all__ = [
    "alignment",
    "alignments",
    "array",
    "attention_arguments",
    "attention_mask",
    "beams",
    "begins_with",
    "checkpoint",
    "cut_in_squares",
    "device_of",
    "even_for_positions",
    "filters",
    "float_tensor",
    "floats",
    "gold_links",
    "heads_arguments",
    "language_model_config",
    "luong_score",
    "masking",
    "memory_of",
    "model_length",
    "padding_on_the_right",
    "picture_tensor",
    "readable",
    "row_for_row",
    "rows_positions",
    "scored_arguments",
    "shape",
    "speculation",
    "token_ids",
    "transformer_config",
    "width",
]

PLAIN = (torch.Tensor, nn.Parameter)


def shape(tensor) -> str:
    """The shape of a tensor as the book writes it: [2, 3]."""
    return str(list(tensor.shape))


def readable(tensor) -> bool:
    """Whether the values of a tensor may be read.

    Not on a GPU, which would have to finish its work first, and not while the tensor is traced
    (torch.compile, torch.export, torch.vmap), when there are no values yet.
    """
    return (
        not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
        and tensor.device.type == "cpu"
        and type(tensor) in PLAIN
        and not torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


def is_finite(tensor) -> bool:
    """Whether all numbers are finite. One sum tells it, nearly always: NaN and infinity spread."""
    tensor = tensor.detach()
    return math.isfinite(tensor.sum().item()) or bool(torch.isfinite(tensor).all())


def width(x, d_model: int) -> None:
    """x must be a floating-point tensor [..., d_model]."""
    floats("x", x, min_dims=1)
    if x.shape[-1] != d_model:
        raise ValueError(f"x must be {d_model} numbers wide, got shape {shape(x)}")


def floats(name: str, value, min_dims: int = 0) -> None:
    """`value` must be a floating-point tensor with at least `min_dims` axes."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got {value.dtype}")
    if value.dim() < min_dims:
        raise ValueError(f"{name} must have at least {min_dims} axes, got shape {shape(value)}")


def float_tensor(name: str, value, min_dims: int = 0) -> None:
    """`value` must be a floating-point tensor of finite numbers with at least `min_dims` axes."""
    floats(name, value, min_dims)
    if readable(value) and not is_finite(value):
        what = "NaN" if torch.isnan(value).any() else "an infinity"
        raise ValueError(f"{name} must hold finite numbers, got {what} in shape {shape(value)}")


# ------------------------------------------------------------------------------------- attention


def attention_arguments(queries, keys, values, mask) -> None:
    """The shapes `attend` needs: queries [..., T, K], keys [..., S, K], values [..., S, V], mask →
    [..., T, S]."""
    for name, tensor in (("queries", queries), ("keys", keys), ("values", values)):
        float_tensor(name, tensor, min_dims=2)
    if queries.shape[-1] == 0:
        raise ValueError(f"queries must be at least one number wide, got shape {shape(queries)}")
    if keys.shape[-1] != queries.shape[-1]:
        raise ValueError(
            f"keys must be as wide as queries, {queries.shape[-1]}, got shape {shape(keys)}"
        )
    answers(queries, keys, values, mask)


def scored_arguments(module, queries, keys, values, mask) -> None:
    """What `attend` needs, but queries and keys of the module's widths instead of one width."""
    named = (("queries", queries, module.d_query), ("keys", keys, module.d_key))
    for name, tensor, wide in named:
        float_tensor(name, tensor, min_dims=2)
        if tensor.shape[-1] != wide:
            raise ValueError(f"{name} must be {wide} numbers wide, got shape {shape(tensor)}")
    float_tensor("values", values, min_dims=2)
    answers(queries, keys, values, mask)


def answers(queries, keys, values, mask) -> None:
    """Keys and values must go with the queries, and the mask with all of them."""
    for name, tensor in (("keys", keys), ("values", values)):
        if tensor.dtype != queries.dtype and not torch.is_autocast_enabled(tensor.device.type):
            raise TypeError(
                f"{name} must have the dtype of queries, {queries.dtype}, got {tensor.dtype}"
            )
        if tensor.device != queries.device:
            raise ValueError(
                f"{name} must be on the device of queries, {queries.device}, got {tensor.device}"
            )
    if values.shape[-2] != keys.shape[-2]:
        raise ValueError(
            f"values must have one row a key, {keys.shape[-2]}, got shape {shape(values)}"
        )
    batch = queries.shape[:-2]
    if not batch == keys.shape[:-2] == values.shape[:-2]:
        try:
            batch = torch.broadcast_shapes(batch, keys.shape[:-2], values.shape[:-2])
        except RuntimeError:
            shapes = ", ".join(map(shape, (queries, keys, values)))
            raise ValueError(
                f"queries, keys and values must agree in all but the last two axes, got {shapes}"
            ) from None
    if mask is not None:
        attention_mask(mask, (*batch, queries.shape[-2], keys.shape[-2]), queries.device)


def attention_mask(mask, scores_shape: tuple, device: torch.device) -> None:
    """`mask` must be boolean and broadcast to the scores, [..., T, S]."""
    if not isinstance(mask, torch.Tensor):
        raise TypeError(
            f"mask must be a boolean torch.Tensor (True = may attend), got {type(mask).__name__}"
        )
    if mask.dtype != torch.bool:
        raise TypeError(f"mask must be boolean (True = may attend), got {mask.dtype}")
    if mask.device != device:
        raise ValueError(f"mask must be on the device of queries, {device}, got {mask.device}")
    try:
        fits = torch.broadcast_shapes(mask.shape, scores_shape) == scores_shape
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"mask must broadcast to the scores' shape {list(scores_shape)}, got {shape(mask)}"
        )


def heads_arguments(module, queries, memory, mask, finite: bool, cache) -> None:
    """What `MultiHeadAttention` needs: queries [B, T, D], memory [B, S, D] and a mask that
    broadcasts to [B, H, T, S], S with what the cache holds."""
    if memory is None and (cache is None or not len(cache)):
        raise ValueError("memory must be a tensor [B, S, D] while the cache is empty, got None")
    for name, tensor in (("queries", queries), ("memory", memory)):
        if tensor is None:
            continue
        check = float_tensor if finite else floats
        check(name, tensor)
        if tensor.dim() != 3 or tensor.shape[-1] != module.d_model:
            letter = "T" if name == "queries" else "S"
            expected = f"[B, {letter}, {module.d_model}]"
            raise ValueError(f"{name} must be {expected}, got shape {shape(tensor)}")
        if len(tensor) != len(queries):
            raise ValueError(
                f"memory must have the batch of queries, {len(queries)}, got {len(tensor)}"
            )
    if mask is not None:
        S = (0 if memory is None else memory.shape[1]) + (0 if cache is None else len(cache))
        B, T = queries.shape[:2]
        for_heads = mask[:, None] if isinstance(mask, torch.Tensor) and mask.dim() == 3 else mask
        attention_mask(for_heads, (B, module.n_heads, T, S), queries.device)


def luong_score(score, d_query: int, d_key: int) -> str:
    """`score`, which must be one of Luong's, for queries and keys of these widths."""
    one_of("score", score, ("dot", "general", "concat"))
    if score == "dot" and d_key != d_query:
        raise ValueError(f"d_key must be d_query={d_query} for score='dot', got {d_key}")
    return score


def rows_positions(positions, x) -> torch.Tensor:
    """`positions` as a tensor on the CPU, which must be one a row of x [..., T, K]."""
    positions = torch.as_tensor(positions, device="cpu")
    if positions.shape != x.shape[-2:-1]:
        raise ValueError(
            f"positions must be one a row of x, {x.shape[-2]}, got shape {shape(positions)}"
        )
    return positions


# ------------------------------------------------------------------------------------ translators


def token_ids(name: str, ids, vocab: int, max_length: int | None = None, known: int = 0) -> None:
    """`ids` must be a torch.long tensor [B, T] with at least one row and one word, numbers in 0 …
    vocab − 1, and with the `known` words before them at most max_length words, where that is
    given."""
    if not isinstance(ids, torch.Tensor) or ids.dtype != torch.long:
        got = ids.dtype if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise TypeError(f"{name} must be a tensor of torch.long, got {got}")
    if ids.dim() != 2 or 0 in ids.shape:
        raise ValueError(
            f"{name} must have at least one row and one word [B, T], got shape {shape(ids)}"
        )
    if max_length is not None and known + ids.shape[1] > max_length:
        got = known + ids.shape[1]
        raise ValueError(f"{name} must be at most max_length={max_length} words long, got {got}")
    if readable(ids):
        least, most = (int(end) for end in torch.aminmax(ids))
        if least < 0 or most >= vocab:
            wrong = least if least < 0 else most
            raise ValueError(f"{name} must lie in 0 … {vocab - 1}, got {wrong}")


def padding_on_the_right(source, pad: int) -> torch.Tensor:
    """The number of words in each row of ids [B, S], at least one, with padding behind them."""
    there = source != pad  # [B, S]
    lengths = there.sum(dim=1)  # [B]
    if readable(source):
        if (lengths == 0).any():
            row = int((lengths == 0).nonzero()[0])
            raise ValueError(f"source must hold at least one word a row, got none in row {row}")
        if (there[:, 1:] & ~there[:, :-1]).any():
            raise ValueError("source must have its padding on the right, got a word after padding")
    return lengths


def begins_with(target, bos: int | None) -> None:
    """Every row of `target` must begin with `bos`; None: with anything."""
    if bos is None or not readable(target):
        return
    if (others := (target[:, 0] != bos).nonzero()).numel():
        row = int(others[0])
        raise ValueError(
            f"target must begin with <bos>, {bos}, in every row, "
            f"got {int(target[row, 0])} in row {row}"
        )


def row_for_row(target, source) -> None:
    """Each sentence must have its translation."""
    if len(target) != len(source):
        raise ValueError(f"target must have a row a source, {len(source)}, got {len(target)}")


def memory_of(memory, source, d_model: int) -> None:
    """`memory` must be as large as what a model makes of `source`: [B, S, D]."""
    expected = [*source.shape, d_model]
    if not hasattr(memory, "shape") or list(memory.shape) != expected:
        got = f"shape {shape(memory)}" if hasattr(memory, "shape") else type(memory).__name__
        raise ValueError(f"memory must be {expected} for this source, got {got}")


def transformer_config(config, norms: tuple, positions: tuple) -> dict:
    """The sizes of a `TransformerConfig`, whose parts must go together, as Python's numbers."""
    sizes = ("source_vocab", "target_vocab", "d_model", "n_heads", "n_layers", "d_ff", "max_length")
    checked = {name: whole_number(name, getattr(config, name)) for name in sizes}
    heads(config.d_model, config.n_heads, config.dropout)
    one_of("norm", config.norm, norms)
    one_of("positions", config.positions, positions)
    even_for_positions(config)
    for token in ("pad", "bos"):
        if getattr(config, token) is None and token == "bos":
            continue
        checked[token] = whole_number(token, getattr(config, token), least=0)
        for name in ("source_vocab", "target_vocab"):
            if checked[token] >= checked[name]:
                limit = f"0 … {checked[name] - 1} ({name}={checked[name]})"
                raise ValueError(f"{token} must lie in {limit}, got {checked[token]}")
    return {**checked, "dropout": float(config.dropout)}


def language_model_config(config, norms: tuple, feed_forwards: tuple, positions: tuple) -> dict:
    """The sizes of a `LanguageModelConfig`, whose parts must go together, as Python's numbers."""
    sizes = ("vocab", "d_model", "n_heads", "n_layers", "d_ff", "max_length")
    checked = {name: whole_number(name, getattr(config, name)) for name in sizes}
    heads(config.d_model, config.n_heads, config.dropout)
    if config.n_kv_heads is not None:
        checked["n_kv_heads"] = kv_heads(config.n_heads, config.n_kv_heads)
    one_of("norm", config.norm, norms)
    one_of("feed_forward", config.feed_forward, feed_forwards)
    one_of("positions", config.positions, positions)
    for name in ("causal", "tie_embeddings"):
        if not isinstance(getattr(config, name), bool):
            raise TypeError(f"{name} must be True or False, got {getattr(config, name)!r}")
    even_for_positions(config)
    for token in ("pad", "bos", "eos"):
        checked[token] = whole_number(token, getattr(config, token), least=0)
    return {**checked, "dropout": float(config.dropout)}


def even_for_positions(config) -> None:
    """Sines come in pairs, and so do the numbers that are rotated."""
    if config.positions == "sinusoidal" and config.d_model % 2:
        raise ValueError(f"d_model must be even for sinusoidal positions, got {config.d_model}")
    if config.positions == "rotary" and config.d_model // config.n_heads % 2:
        raise ValueError(
            f"d_model must give each of n_heads={config.n_heads} heads an even number of numbers "
            f"for rotary positions, got {config.d_model}"
        )


def masking(mask_id, vocab, p) -> tuple[int, int, float]:
    """What `mask_tokens` is given, as Python's numbers."""
    vocab = whole_number("vocab", vocab, least=2)
    if whole_number("mask_id", mask_id, least=0) >= vocab:
        raise ValueError(f"mask_id must lie in 0 … {vocab - 1} (vocab={vocab}), got {mask_id}")
    if not is_number(p) or not 0 < p <= 1:
        raise ValueError(f"p must be a number above 0 and at most 1, got {p!r}")
    return int(mask_id), vocab, float(p)


def checkpoint(found: dict, wanted: dict) -> None:
    """The tensors of a file, name → shape, must be those that are wanted; all faults in a line."""
    faults = [f"{name} is missing" for name in wanted if name not in found]
    faults += [f"{name} is surplus" for name in found if name not in wanted]
    faults += [
        f"{name} must be {wanted[name]}, got {found[name]}"
        for name in wanted
        if found.get(name, wanted[name]) != wanted[name]
    ]
    if faults:
        raise ValueError(f"the checkpoint does not fit: {'; '.join(faults)}")


def device_of(model, tensor) -> torch.device:
    """Where the parameters of a model are; where the tensor is, if the model has none."""
    parameters = getattr(model, "parameters", tuple)()
    return next(iter(parameters), tensor).device


def model_length(model, max_length: int) -> int:
    """`max_length`, which must be no more than the model can write."""
    max_length = whole_number("max_length", max_length)
    if max_length > model.max_length:
        raise ValueError(
            f"max_length must be at most the model's, {model.max_length}, got {max_length}"
        )
    return max_length


def filters(temperature, top_k, top_p) -> tuple[float, int | None, float | None]:
    """What `filter_logits` is given, as Python's numbers."""
    temperature = above_0("temperature", temperature)
    top_k = None if top_k is None else whole_number("top_k", top_k)
    if top_p is not None:
        if not is_number(top_p) or not 0 < top_p <= 1:
            raise ValueError(f"top_p must be a number above 0 and at most 1, got {top_p!r}")
        top_p = float(top_p)
    return temperature, top_k, top_p


def beams(beams, length_penalty) -> tuple[int, float]:
    """What beam search is given, as Python's numbers."""
    return whole_number("beams", beams), at_least_0("length_penalty", length_penalty)


def speculation(model, draft, prompt, max_length, ahead) -> int:
    """`ahead`, where two models, a prompt [1, T] and a length go together."""
    ahead, most = whole_number("ahead", ahead), whole_number("max_length", max_length)
    if model.config.vocab != draft.config.vocab:
        raise ValueError(
            f"draft must know the words of model, {model.config.vocab}, got {draft.config.vocab}"
        )
    token_ids("prompt", prompt, model.config.vocab)
    if len(prompt) != 1:
        raise ValueError(f"prompt must be one row [1, T], got shape {shape(prompt)}")
    room = min(model.max_length, draft.max_length) - prompt.shape[1]
    if most > room:
        raise ValueError(f"max_length must be at most {room} after this prompt, got {most}")
    return ahead


# -------------------------------------------------------------------------------------- pictures


def picture_tensor(name: str, x, of: tuple = (None, None, None)) -> None:
    """x must be pictures [B, C, H, W], at least one, with the channels, rows and columns `of` a
    model's; None: any number."""
    floats(name, x)
    fits = x.dim() == 4 and all(n in (None, m) for n, m in zip(of, x.shape[1:], strict=True))
    if not fits or 0 in x.shape:
        axes = ", ".join(axis if n is None else str(n) for axis, n in zip("CHW", of, strict=True))
        raise ValueError(f"{name} must be [B, {axes}], got shape {shape(x)}")


def cut_in_squares(images, size) -> None:
    """Pictures [B, C, H, W] whose rows and columns squares of this side fill exactly."""
    whole_number("size", size)
    picture_tensor("images", images)
    if any(side % size for side in images.shape[2:]):
        raise ValueError(f"size={size} must divide both sides of images, got {shape(images)}")


# ------------------------------------------------------------------------------------- alignments


def array(value) -> np.ndarray:
    """A tensor, an array or a list as an array; numpy has no bfloat16."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value
    return np.asarray(value)


def alignment(weights) -> np.ndarray:
    """`weights` as an array, which must be a map [T, S] of finite numbers, none below 0."""
    weights = array(weights)
    if weights.ndim != 2 or not weights.size:
        raise ValueError(f"weights must be a map [T, S], got shape {shape(weights)}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("weights must be finite and at least 0")
    return weights


def alignments(weights, gold) -> list[tuple[np.ndarray, set]]:
    """Each map [T, S] and its gold links, whether one map came or several."""
    several = isinstance(weights, list | tuple) and len(weights) and np.ndim(weights[0]) == 2
    if not several and np.ndim(weights) != 3:
        weights, gold = [weights], [gold]
    weights, gold = [alignment(one) for one in weights], list(gold)
    if len(weights) != len(gold):
        raise ValueError(f"gold must be as many as the maps, {len(weights)}, got {len(gold)}")
    return [(one, gold_links(its, one.shape)) for one, its in zip(weights, gold, strict=True)]


def gold_links(gold, limits: tuple) -> set[tuple[int, int]]:
    """Gold as pairs (t, s) within a map [T, S], from pairs or a boolean array [T, S]."""
    if hasattr(gold, "shape") and array(gold).dtype == bool:
        if tuple(gold.shape) != tuple(limits):
            raise ValueError(f"gold must have the map's shape {list(limits)}, got {shape(gold)}")
        return {(int(t), int(s)) for t, s in np.argwhere(array(gold))}
    try:
        pairs = {(operator.index(t), operator.index(s)) for t, s in gold}
    except (TypeError, ValueError):
        raise TypeError("gold must be a boolean array [T, S] or pairs (t, s)") from None
    for t, s in pairs:
        if not (0 <= t < limits[0] and 0 <= s < limits[1]):
            raise ValueError(f"gold must lie within the map's shape {list(limits)}, got {(t, s)}")
    return pairs
