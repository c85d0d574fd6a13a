"""Checks of torch's tensors: type, dtype, shape, device, and finite values where it matters."""

import torch


def shape(tensor) -> str:
    """The shape of a tensor as the book writes it: [2, 3]."""
    return str(list(tensor.shape))


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
    if not torch.isfinite(value).all():
        what = "NaN" if torch.isnan(value).any() else "an infinity"
        raise ValueError(f"{name} must hold finite numbers, got {what} in shape {shape(value)}")


def attention_arguments(queries, keys, values, mask) -> None:
    """The shapes `attend` needs: queries [..., T, K], keys [..., S, K], values [..., S, V], mask →
    [..., T, S]."""
    for name, tensor in (("queries", queries), ("keys", keys), ("values", values)):
        float_tensor(name, tensor, min_dims=2)
    for name, tensor in (("keys", keys), ("values", values)):
        if tensor.dtype != queries.dtype:
            raise TypeError(
                f"{name} must have the dtype of queries, {queries.dtype}, got {tensor.dtype}"
            )
        if tensor.device != queries.device:
            raise ValueError(
                f"{name} must be on the device of queries, {queries.device}, got {tensor.device}"
            )
    if queries.shape[-1] == 0:
        raise ValueError(f"queries must be at least one number wide, got shape {shape(queries)}")
    if keys.shape[-1] != queries.shape[-1]:
        raise ValueError(
            f"keys must be as wide as queries, {queries.shape[-1]}, got shape {shape(keys)}"
        )
    if values.shape[-2] != keys.shape[-2]:
        raise ValueError(
            f"values must have one row a key, {keys.shape[-2]}, got shape {shape(values)}"
        )
    try:
        batch = torch.broadcast_shapes(queries.shape[:-2], keys.shape[:-2], values.shape[:-2])
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


def token_ids(name: str, ids, vocab: int, max_length: int, known: int = 0) -> None:
    """`ids` must be a torch.long tensor [B, T] with at least one row and one word, numbers in 0 …
    vocab − 1, and with the `known` words before them at most max_length words."""
    if not isinstance(ids, torch.Tensor) or ids.dtype != torch.long:
        got = ids.dtype if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise TypeError(f"{name} must be a tensor of torch.long, got {got}")
    if ids.dim() != 2 or 0 in ids.shape:
        raise ValueError(
            f"{name} must have at least one row and one word [B, T], got shape {shape(ids)}"
        )
    if known + ids.shape[1] > max_length:
        got = known + ids.shape[1]
        raise ValueError(f"{name} must be at most max_length={max_length} words long, got {got}")
    least, most = (int(number) for number in torch.aminmax(ids))
    if least < 0 or most >= vocab:
        wrong = least if least < 0 else most
        raise ValueError(f"{name} must lie in 0 … {vocab - 1}, got {wrong}")


def row_for_row(target, source) -> None:
    """Each sentence must have its translation."""
    if len(target) != len(source):
        raise ValueError(f"target must have a row a source, {len(source)}, got {len(target)}")


def heads_arguments(module, queries, memory, mask, finite: bool, cache) -> None:
    """What `MultiHeadAttention` needs: queries [B, T, D], memory [B, S, D] and a mask that
    broadcasts to [B, H, T, S], S with what the cache holds."""
    if memory is None and (cache is None or not len(cache)):
        raise ValueError("memory must be a tensor [B, S, D] while the cache is empty, got None")
    for name, tensor in (("queries", queries), ("memory", memory)):
        if tensor is None:
            continue
        (float_tensor if finite else floats)(name, tensor)
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
        as_heads = mask[:, None] if isinstance(mask, torch.Tensor) and mask.dim() == 3 else mask
        attention_mask(as_heads, (B, module.n_heads, T, S), queries.device)
