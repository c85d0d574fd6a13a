"""What each word may see. Masks are boolean, and True means may attend. Taught in chapter 15."""

import torch

from attend import checks
from attend.text import PAD_ID

__all__ = ["causal", "padding"]


def padding(ids, pad=PAD_ID):
    """True where there is a word: ids [B, S] → [B, 1, S], the same for every query.

    Raises TypeError for ids that are not whole numbers in a tensor, ValueError for another shape.
    Taught in chapter 15.
    """
    if not isinstance(ids, torch.Tensor) or ids.is_floating_point() or ids.dtype == torch.bool:
        got = ids.dtype if isinstance(ids, torch.Tensor) else type(ids).__name__
        raise TypeError(f"ids must be a tensor of whole numbers, got {got}")
    if ids.dim() != 2:
        raise ValueError(f"ids must be [B, S], got shape {list(ids.shape)}")
    return (ids != pad)[:, None]  # [B, 1, S]


def causal(T, past=0, device=None):
    """True from each word to itself and to what stands before it: [T, T], or [T, past + T] when the
    T words follow `past` words that are known already (chapter 17).

    Raises ValueError for T below 1 and past below 0. Source: Vaswani et al. 2017, section 3.2.3.
    Taught in chapter 15.
    """
    T, past = checks.whole_number("T", T), checks.whole_number("past", past, least=0)
    everything = torch.ones(T, past + T, dtype=torch.bool, device=device)
    return everything.tril(diagonal=past)  # [T, past + T]
