"""Attention: who looks at whom, and what they take away. Taught in chapters 10 to 12."""

import torch

from attend import checks


def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / √K) V: each query averages the values, weighted by how well it fits each key.

    queries [..., T, K], keys [..., S, K], values [..., S, V]; mask: boolean, True = may attend,
    broadcasts to [..., T, S]. Returns context [..., T, V] and weights [..., T, S]. The weights of
    a query are shares: none is negative, and they add up to 1. A query that may attend to nothing
    gets zeros, as weights and as context.

    Raises TypeError for integers and for a mask that is not boolean, ValueError for shapes that do
    not fit and for NaN or infinite numbers. Source: Vaswani et al. 2017, section 3.2.1, equation 1.
    Taught in chapter 11.
    """
    checks.attention_arguments(queries, keys, values, mask)
    scores = queries @ keys.mT / queries.shape[-1] ** 0.5  # [..., T, S]
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)  # exp gives 0
    weights = torch.softmax(scores, dim=-1)  # [..., T, S]
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row with nothing to see becomes zeros
    return weights @ values, weights  # [..., T, V], [..., T, S]
