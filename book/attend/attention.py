"""Attention: which words look at which, and what they take from them. Taught in chapters 10 to
12."""

import torch
from torch import nn
from torch.nn.functional import dropout, linear, scaled_dot_product_attention

from attend import checks

__all__ = [
    "AdditiveAttention",
    "MultiHeadAttention",
    "MultiplicativeAttention",
    "attend",
    "mask_with_bias",
    "weighted_average",
    "widened",
]


def attend(queries, keys, values, mask=None):
    """softmax(Q Kᵀ / √K) V: each query averages the values, weighted by how well it fits each key.
    queries [..., T, K], keys [..., S, K], values [..., S, V]; mask: boolean, True = may attend,
    broadcasts to [..., T, S]. Returns context [..., T, V] and weights [..., T, S]. The weights of a
    query are never negative, and add up to 1. A query that may attend to nothing gets zeros, as
    weights and as context.

    Raises TypeError for integers and for a mask that is not boolean, ValueError for shapes that do
    not fit and, on the CPU, for NaN or infinite numbers. Source: Vaswani et al. 2017, section
    3.2.1, equation 1. Taught in chapter 11.
    """
    checks.attention_arguments(queries, keys, values, mask)
    scores = widened(queries) @ widened(keys).mT / queries.shape[-1] ** 0.5  # [..., T, S]
    return weighted_average(scores, values, mask)


def widened(x):
    """x in single precision at least: a score of half precision overflows beyond 65,504."""
    return x.float() if x.dtype.itemsize < 4 else x


def weighted_average(scores, values, mask=None):
    """The average of the values for each query, weighted by the softmax of its scores.
    scores [..., T, S], values [..., S, V], mask → context [..., T, V], weights [..., T, S].

    Taught in chapter 11, the mask in chapter 15.
    """
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)  # exp gives 0
    weights = torch.softmax(scores, dim=-1).to(values.dtype)  # [..., T, S]
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row with nothing to see becomes zeros
    return weights @ values, weights  # [..., T, V], [..., T, S]


class AdditiveAttention(nn.Module):
    """e = vᵀ tanh(W q + U k), weights = softmax of e over the keys: a small network with one hidden
    layer says how well a query and a key fit.
    q [..., T, d_query], k [..., S, d_key], values [..., S, V]; W, U and v map to, to and from
    d_hidden. Returns context [..., T, V] and weights [..., T, S].

    mask as in `attend`. Raises ValueError for widths that do not fit, and otherwise what `attend`
    raises. Source: Bahdanau, Cho and Bengio 2015, section 3.1 and appendix A.1.2. Taught in chapter
    10.
    """

    def __init__(self, d_query, d_key, d_hidden):
        super().__init__()
        checks.whole_numbers(d_query=d_query, d_key=d_key, d_hidden=d_hidden)
        self.d_query, self.d_key = d_query, d_key
        self.W = nn.Linear(d_query, d_hidden, bias=False)
        self.U = nn.Linear(d_key, d_hidden, bias=False)
        self.v = nn.Linear(d_hidden, 1, bias=False)

    def forward(self, queries, keys, values, mask=None):
        checks.scored_arguments(self, queries, keys, values, mask)
        return weighted_average(self.scores(queries, self.U(keys)), values, mask)

    def scores(self, queries, mapped_keys):
        """mapped_keys = U k [..., S, d_hidden]: the same for every query, so computed once."""
        hidden = self.W(queries)[..., :, None, :] + mapped_keys[..., None, :, :]  # [..., T, S, D]
        return self.v(hidden.tanh()).squeeze(-1)  # [..., T, S]


class MultiplicativeAttention(nn.Module):
    """weights = softmax of a score over the keys, by a product: "dot" q·k, "general" qᵀ W k, or
    "concat" vᵀ tanh(W [q; k]), which is the additive score written with one matrix.
    queries [..., T, d_query], keys [..., S, d_key], values [..., S, V] → context [..., T, V],
    weights [..., T, S].

    d_key is d_query unless given, and must be for "dot"; "concat" has a hidden layer of d_query.
    mask as in `attend`; nothing is divided by √K. Raises ValueError for another score and widths
    that do not fit, and otherwise what `attend` raises. Source: Luong, Pham and Manning 2015,
    section 3.1. Taught in chapter 10.
    """

    def __init__(self, d_query, d_key=None, score="dot"):
        super().__init__()
        d_key = d_query if d_key is None else d_key
        checks.whole_numbers(d_query=d_query, d_key=d_key)
        self.score = checks.luong_score(score, d_query, d_key)
        self.d_query, self.d_key = d_query, d_key
        if score == "general":
            self.W = nn.Linear(d_key, d_query, bias=False)
        elif score == "concat":
            self.W = nn.Linear(d_query + d_key, d_query, bias=False)
            self.v = nn.Linear(d_query, 1, bias=False)

    def forward(self, queries, keys, values, mask=None):
        checks.scored_arguments(self, queries, keys, values, mask)
        return weighted_average(self.scores(queries, keys), values, mask)

    def scores(self, queries, keys):
        """By the formula that was chosen: [..., T, S]."""
        if self.score == "dot":
            return widened(queries) @ widened(keys).mT
        if self.score == "general":
            return widened(queries) @ widened(self.W(keys)).mT
        of_queries, of_keys = self.W.weight.split([self.d_query, self.d_key], dim=1)
        of_queries, of_keys = linear(queries, of_queries), linear(keys, of_keys)
        hidden = of_queries[..., :, None, :] + of_keys[..., None, :, :]  # [..., T, S, d_query]
        return self.v(hidden.tanh()).squeeze(-1)


class MultiHeadAttention(nn.Module):
    """[head_1 … head_H] W_O, where head_h = attend(Q W_Q,h, M W_K,h, M W_V,h): H attentions side by
    side, each of K = D/H numbers, each with its own view of what fits.
    queries [B, T, D], memory [B, S, D] → output [B, T, D], weights [B, H, T, S]. The words of
    queries ask, those of memory answer; for self-attention they are the same tensor. mask: True =
    may attend, [T, S], [B, 1 or T, S] for all heads or [B, 1 or H, 1 or T, S]. Without
    return_weights the weights are None, and torch's fused kernel does the work: the same numbers,
    sooner.

    All H matrices of one kind lie in one, [D, D], with a bias each; dropout drops weights, as torch
    does. With n_kv_heads, a divisor of n_heads, groups of heads share their keys and values, of
    which there are then so many fewer (grouped queries; with 1, multi-query). position gives the
    heads a sense of position (chapter 13); cache, a `cache.KeyValues`, keeps keys and values of
    words that are known already, and then memory may be None (chapter 17). Raises ValueError for an
    n_heads that does not divide d_model and for shapes that do not fit, TypeError for other dtypes.
    Source: Vaswani et al. 2017, section 3.2.2; for groups, Ainslie et al. 2023. Taught in chapter
    12.
    """

    def __init__(self, d_model, n_heads, dropout=0.0, position=None, n_kv_heads=None):
        super().__init__()
        checks.heads(d_model, n_heads, dropout)
        self.d_model, self.n_heads, self.d_k = d_model, n_heads, d_model // n_heads
        self.n_kv_heads = checks.kv_heads(n_heads, n_kv_heads)
        self.dropout, self.position = float(dropout), position
        shared = self.n_kv_heads * self.d_k
        widths = (d_model, shared, shared, d_model)
        self.W_Q, self.W_K, self.W_V, self.W_O = (nn.Linear(d_model, width) for width in widths)
        for linear_map in (self.W_Q, self.W_K, self.W_V, self.W_O):
            nn.init.xavier_uniform_(linear_map.weight)
            nn.init.zeros_(linear_map.bias)

    def forward(self, queries, memory, mask=None, return_weights=True, cache=None):
        checks.heads_arguments(self, queries, memory, mask, return_weights, cache)
        queries = self.split(self.W_Q(queries))  # [B, H, T, K]
        keys, values = map(self.for_each_head, self.keys_and_values(memory, cache))
        T, S = queries.shape[-2], keys.shape[-2]
        bias = None
        if self.position is not None:
            queries = self.position.rotate(queries, S - T)
            bias = self.position.bias(self.n_heads, T, S, queries.device)  # [H, T, S] or None
        mask = mask[:, None] if mask is not None and mask.dim() == 3 else mask
        p = self.dropout if self.training else 0.0
        if return_weights:
            context, weights = self.attend_with_weights(queries, keys, values, mask, bias, p)
        else:
            mask, weights = mask_with_bias(mask, bias, queries.dtype), None
            context = scaled_dot_product_attention(queries, keys, values, mask, dropout_p=p)
        return self.W_O(context.transpose(1, 2).flatten(2)), weights  # [B, T, D]

    def split(self, x):
        """[B, T, D] → [B, H, T, K]: each head gets K numbers of every word."""
        return x.unflatten(-1, (-1, self.d_k)).transpose(1, 2)

    def for_each_head(self, x):
        """[B, n_kv_heads, S, K] → [B, H, S, K]: the heads of a group get the same."""
        shared = self.n_heads // self.n_kv_heads
        return x[:, :, None].expand(-1, -1, shared, -1, -1).flatten(1, 2)

    def keys_and_values(self, memory, cache):
        """Those of all words that may answer, the words in the cache first."""
        if memory is None:
            return cache.keys, cache.values
        keys, values = self.split(self.W_K(memory)), self.split(self.W_V(memory))
        if self.position is not None:
            keys = self.position.rotate(keys, 0 if cache is None else len(cache))
        return (keys, values) if cache is None else cache.extend(keys, values)

    def attend_with_weights(self, queries, keys, values, mask, bias, p):
        """What the fused kernel computes, with its weights; p: how many of them are dropped."""
        scores = widened(queries) @ widened(keys).mT / queries.shape[-1] ** 0.5  # [B, H, T, S]
        scores = scores if bias is None else scores + bias.to(scores.dtype)
        context, weights = weighted_average(scores, values, mask)
        return (context if p == 0 else dropout(weights, p) @ values), weights


def mask_with_bias(mask, bias, dtype):
    """Mask and bias as the one argument that torch's kernel takes: −∞ where no one may look."""
    if bias is None:
        return mask
    bias = bias.to(dtype)
    return bias if mask is None else bias.masked_fill(~mask, -torch.inf)
