"""The checks that stand before the work: one line that names the argument, what came and what was
expected."""

import torch


def shape(tensor) -> str:
    """The shape of a tensor as the book writes it: [2, 3]."""
    return str(list(tensor.shape))


def float_tensor(name: str, value, min_dims: int = 0) -> None:
    """`value` must be a floating-point tensor of finite numbers with at least `min_dims` axes."""
    if not isinstance(value, torch.Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(value).__name__}")
    if not value.is_floating_point():
        raise TypeError(f"{name} must hold floating-point numbers, got {value.dtype}")
    if value.dim() < min_dims:
        raise ValueError(f"{name} must have at least {min_dims} axes, got shape {shape(value)}")
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
