"""Attention: who looks at whom, and what they take away. Taught in chapters 10 to 12."""

import torch
from torch import nn
from torch.nn.functional import linear

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
    return average(scores, values, mask)


def average(scores, values, mask=None):
    """The average of the values for each query, its shares the softmax of its scores.

    scores [..., T, S], values [..., S, V], mask → context [..., T, V], weights [..., T, S].
    """
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)  # exp gives 0
    weights = torch.softmax(scores, dim=-1)  # [..., T, S]
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)  # a row with nothing to see becomes zeros
    return weights @ values, weights  # [..., T, V], [..., T, S]


class AdditiveAttention(nn.Module):
    """e = vᵀ tanh(W q + U k), weights = softmax of e over the keys: a small network with one hidden
    layer says how well a query and a key fit.

    q [..., T, d_query], k [..., S, d_key], values [..., S, V]; W, U and v map to, to and from
    d_hidden. mask and what comes back as in `attend`: context [..., T, V], weights [..., T, S].
    Raises ValueError for widths that do not fit, and else what `attend` raises. Source: Bahdanau,
    Cho and Bengio 2015, section 3.1 and appendix A.1.2. Taught in chapter 10.
    """

    def __init__(self, d_query, d_key, d_hidden):
        super().__init__()
        at_least_1(d_query=d_query, d_key=d_key, d_hidden=d_hidden)
        self.d_query, self.d_key = d_query, d_key
        self.W = nn.Linear(d_query, d_hidden, bias=False)
        self.U = nn.Linear(d_key, d_hidden, bias=False)
        self.v = nn.Linear(d_hidden, 1, bias=False)

    def forward(self, queries, keys, values, mask=None):
        scored_arguments(self, queries, keys, values, mask)
        return average(self.score(queries, self.U(keys)), values, mask)

    def score(self, queries, mapped_keys):
        """mapped_keys = U k [..., S, d_hidden]: it waits for no query, so it is computed once."""
        hidden = self.W(queries)[..., :, None, :] + mapped_keys[..., None, :, :]  # [..., T, S, D]
        return self.v(hidden.tanh()).squeeze(-1)  # [..., T, S]


class MultiplicativeAttention(nn.Module):
    """weights = softmax of a score over the keys, by a product: "dot" q·k, "general" qᵀ W k, or
    "concat" vᵀ tanh(W [q; k]), which is the additive score written with one matrix.

    queries [..., T, d_query], keys [..., S, d_key], values [..., S, V]; d_key is d_query unless
    given, and must be for "dot"; "concat" has a hidden layer of d_query. mask and what comes back
    as in `attend`; nothing is divided by √K. Raises ValueError for another score and widths that do
    not fit, and else what `attend` raises. Source: Luong, Pham and Manning 2015, section 3.1.
    Taught in chapter 10.
    """

    def __init__(self, d_query, d_key=None, score="dot"):
        super().__init__()
        d_key = d_query if d_key is None else d_key
        at_least_1(d_query=d_query, d_key=d_key)
        luong_score(score, d_query, d_key)
        self.score, self.d_query, self.d_key = score, d_query, d_key
        if score == "general":
            self.W = nn.Linear(d_key, d_query, bias=False)
        elif score == "concat":
            self.W = nn.Linear(d_query + d_key, d_query, bias=False)
            self.v = nn.Linear(d_query, 1, bias=False)

    def forward(self, queries, keys, values, mask=None):
        scored_arguments(self, queries, keys, values, mask)
        return average(getattr(self, self.score)(queries, keys), values, mask)

    def dot(self, queries, keys):
        return queries @ keys.mT  # [..., T, S]

    def general(self, queries, keys):
        return queries @ self.W(keys).mT  # [..., T, S]

    def concat(self, queries, keys):
        of_queries, of_keys = self.W.weight.split([self.d_query, self.d_key], dim=1)
        of_queries, of_keys = linear(queries, of_queries), linear(keys, of_keys)
        hidden = of_queries[..., :, None, :] + of_keys[..., None, :, :]  # [..., T, S, d_query]
        return self.v(hidden.tanh()).squeeze(-1)  # [..., T, S]


# ------------------------------------------------------- what may come in, and what is said if not


def at_least_1(**sizes):
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}={value!r} must be a whole number, at least 1")


def luong_score(score, d_query, d_key):
    if score not in ("dot", "general", "concat"):
        raise ValueError(f"score={score!r} must be one of dot, general, concat")
    if score == "dot" and d_key != d_query:
        raise ValueError(f"score='dot' needs d_key={d_key} to be d_query={d_query}")


def scored_arguments(module, queries, keys, values, mask):
    """What `attend` asks for, but queries and keys of the module's widths, not of one."""
    named = (("queries", queries, module.d_query), ("keys", keys, module.d_key))
    for name, tensor, width in named:
        checks.float_tensor(name, tensor, min_dims=2)
        if tensor.shape[-1] != width:
            got = checks.shape(tensor)
            raise ValueError(f"{name} must be {width} numbers wide, got shape {got}")
    checks.attention_arguments(queries[..., :1], keys[..., :1], values, mask)
