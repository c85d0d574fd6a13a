"""The block of a Transformer: attention and a small network, each with its residual connection and
its norm. Taught in chapter 14."""

import torch
from torch import nn
from torch.nn.functional import layer_norm, rms_norm, silu

from attend import checks
from attend.attention import MultiHeadAttention

__all__ = [
    "NORMS",
    "BatchNorm",
    "DecoderLayer",
    "EncoderLayer",
    "FeedForward",
    "LayerNorm",
    "RMSNorm",
    "Residual",
    "SwiGLU",
]

NORMS = ("pre", "post")


class LayerNorm(nn.Module):
    """γ (x − μ) / √(σ² + ε) + β, with μ and σ² over the D numbers of one word: [..., D] → [..., D].
    γ [D] begins at 1, β [D] at 0. σ² is divided by D, not by D − 1. No word sees another, no
    sentence another, and training is as testing.

    `by_hand` is the formula; a call takes torch's kernel, the same numbers sooner. Equal to
    torch.nn.LayerNorm. Raises ValueError for another width and an eps that is not above 0. Source:
    Ba, Kiros and Hinton 2016. Taught in chapter 14.
    """

    def __init__(self, d_model, eps=1e-5):
        super().__init__()
        checks.whole_numbers(d_model=d_model)
        self.eps = checks.above_0("eps", eps)
        self.weight = nn.Parameter(torch.ones(d_model))  # γ
        self.bias = nn.Parameter(torch.zeros(d_model))  # β

    def forward(self, x):
        checks.width(x, len(self.weight))
        return layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)  # [..., D]

    def by_hand(self, x):
        mean = x.mean(dim=-1, keepdim=True)  # [..., 1]
        variance = (x - mean).square().mean(dim=-1, keepdim=True)  # [..., 1]
        return self.weight * (x - mean) / (variance + self.eps).sqrt() + self.bias  # [..., D]


class RMSNorm(nn.Module):
    """γ x / √(mean of x² + ε), the mean over the D numbers of one word: [..., D] → [..., D]. γ [D]
    begins at 1. A LayerNorm that takes no mean away and adds no β.

    `by_hand` is the formula; a call takes torch's kernel, the same numbers sooner. Equal to
    torch.nn.RMSNorm. Raises ValueError for another width and an eps that is not above 0. Source:
    Zhang and Sennrich 2019. Taught in chapter 14.
    """

    def __init__(self, d_model, eps=1e-6):
        super().__init__()
        checks.whole_numbers(d_model=d_model)
        self.eps = checks.above_0("eps", eps)
        self.weight = nn.Parameter(torch.ones(d_model))  # γ

    def forward(self, x):
        checks.width(x, len(self.weight))
        return rms_norm(x, self.weight.shape, self.weight, self.eps)  # [..., D]

    def by_hand(self, x):
        mean_square = x.square().mean(dim=-1, keepdim=True)  # [..., 1]
        return self.weight * x / (mean_square + self.eps).sqrt()  # [..., D]


class BatchNorm(nn.Module):
    """γ (x − μ) / √(σ² + ε) + β, with μ and σ² of each of the D numbers over all words of the
    batch: [B, T, D] or [B, D] → the same. In training μ and σ² are those of the batch, and a
    running average of them is kept: new = (1 − momentum) old + momentum now, with σ² divided by
    n − 1 there; in eval mode that average is taken. mask [B, 1, T] or [B, T], True = a word, leaves
    padding out.

    For the comparison with LayerNorm. Equal to torch.nn.BatchNorm1d on the words that are there.
    Raises ValueError for another width and, in training, for a single word. Source: Ioffe and
    Szegedy 2015. Taught in chapter 14.
    """

    def __init__(self, d_model, eps=1e-5, momentum=0.1):
        super().__init__()
        checks.whole_numbers(d_model=d_model)
        self.eps, self.momentum = checks.above_0("eps", eps), checks.number("momentum", momentum)
        self.weight = nn.Parameter(torch.ones(d_model))  # γ
        self.bias = nn.Parameter(torch.zeros(d_model))  # β
        self.register_buffer("running_mean", torch.zeros(d_model))
        self.register_buffer("running_var", torch.ones(d_model))

    def forward(self, x, mask=None):
        checks.width(x, len(self.weight))
        mean, variance = self.running_mean, self.running_var
        if self.training:
            words = x.flatten(0, -2) if mask is None else x[mask.reshape(x.shape[:-1])]  # [n, D]
            mean, variance = self.batch_statistics(words)
        return (x - mean) * (variance + self.eps).rsqrt() * self.weight + self.bias

    def batch_statistics(self, words):
        if len(words) < 2:
            raise ValueError(f"x must hold more than one word in training, got {len(words)}")
        variance, mean = torch.var_mean(words, dim=0, correction=0)  # [D] each
        with torch.no_grad():
            n = len(words)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * n / (n - 1), self.momentum)
        return mean, variance


class FeedForward(nn.Module):
    """max(0, x W_1 + b_1) W_2 + b_2: the same small network for every word, [..., D] → [..., D].
    W_1 [D, d_ff], W_2 [d_ff, D].

    Raises ValueError for sizes below 1. Source: Vaswani et al. 2017,
    section 3.3. Taught in chapter 14.
    """

    def __init__(self, d_model, d_ff):
        super().__init__()
        checks.whole_numbers(d_model=d_model, d_ff=d_ff)
        self.inner, self.outer = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)
        for linear in (self.inner, self.outer):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, x):
        return self.outer(self.inner(x).relu())  # [..., D]


class SwiGLU(nn.Module):
    """(silu(x W_1) ⊙ x W_3) W_2, with silu(a) = a σ(a): a feed-forward network in which one half of
    the hidden units is a gate for the other, [..., D] → [..., D]. W_1 and W_3 [D, d_ff], W_2
    [d_ff, D], no biases.

    It has the weights of a `FeedForward` if its d_ff is two thirds of the other's. Raises
    ValueError for sizes below 1. Source: Shazeer 2020. Taught in chapter 14.
    """

    def __init__(self, d_model, d_ff):
        super().__init__()
        checks.whole_numbers(d_model=d_model, d_ff=d_ff)
        self.W_1, self.W_3 = (nn.Linear(d_model, d_ff, bias=False) for _ in range(2))
        self.W_2 = nn.Linear(d_ff, d_model, bias=False)
        for linear in (self.W_1, self.W_2, self.W_3):
            nn.init.xavier_uniform_(linear.weight)

    def forward(self, x):
        return self.W_2(silu(self.W_1(x)) * self.W_3(x))  # [..., D]


class Residual(nn.Module):
    """What a sub-layer f adds to the stream: x + f(x), and where the norm stands. norm="post", as
    in the paper: LayerNorm(x + f(x)); norm="pre", as in most code since: x + f(LayerNorm(x)), and
    the stream itself is never normed. dropout falls on the output of f before it is added.
    x [..., D] → [..., D] and, where f returns a pair, its second part, otherwise None.

    As in the paper, nothing else is dropped in a layer; torch's layers also drop attention weights
    and the inside of the feed-forward network. Raises ValueError for another norm. Source: He et
    al. 2016; Vaswani et al. 2017, section 3.1; pre: Wang et al. 2019, Xiong et al. 2020. Taught in
    chapter 14.
    """

    def __init__(self, d_model, dropout=0.0, norm="pre"):
        super().__init__()
        self.norm_first = checks.one_of("norm", norm, ("pre", "post")) == "pre"
        self.norm = LayerNorm(d_model)
        self.dropout = nn.Dropout(checks.probability("dropout", dropout))

    def forward(self, x, f):
        output = f(self.norm(x) if self.norm_first else x)
        output, rest = output if isinstance(output, tuple) else (output, None)
        x = x + self.dropout(output)
        return (x if self.norm_first else self.norm(x)), rest


class EncoderLayer(nn.Module):
    """Self-attention, in which every word looks at every word, then `FeedForward`: x [B, S, D] → x
    [B, S, D], weights [B, H, S, S] (None unless return_weights). mask: which words may be seen,
    True = may. norm: "pre" or "post", see `Residual`.

    Equal to torch.nn.TransformerEncoderLayer with norm_first to match. Raises what its parts raise.
    Source: Vaswani et al. 2017, section 3.1. Taught in chapter 14.
    """

    def __init__(self, d_model, n_heads, d_ff, dropout=0.0, norm="pre", position=None):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads, position=position)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.residuals = nn.ModuleList(Residual(d_model, dropout, norm) for _ in range(2))

    def forward(self, x, mask=None, return_weights=False):
        x, weights = self.residuals[0](x, lambda x: self.attention(x, x, mask, return_weights))
        x, _ = self.residuals[1](x, self.feed_forward)
        return x, weights


class DecoderLayer(nn.Module):
    """Self-attention to the words so far, cross-attention to the source, then `FeedForward`: x
    [B, T, D], memory [B, S, D] → x [B, T, D], own weights [B, H, T, T], cross weights [B, H, T, S]
    (None both unless return_weights). mask: which target words may see which, usually
    `masks.causal`; memory_mask: which source words may be seen.

    cache, a `cache.LayerCache`: what is known of the words before these (chapter 17). Equal to
    torch.nn.TransformerDecoderLayer with norm_first to match. Source: Vaswani et al. 2017, section
    3.1. Taught in chapter 14.
    """

    def __init__(self, d_model, n_heads, d_ff, dropout=0.0, norm="pre", position=None):
        super().__init__()
        self.attention = MultiHeadAttention(d_model, n_heads, position=position)
        self.cross_attention = MultiHeadAttention(d_model, n_heads)
        self.feed_forward = FeedForward(d_model, d_ff)
        self.residuals = nn.ModuleList(Residual(d_model, dropout, norm) for _ in range(3))

    def forward(self, x, memory, mask=None, memory_mask=None, return_weights=False, cache=None):
        own, cross = (None, None) if cache is None else (cache.own, cache.cross)
        if cross is not None and len(cross):
            memory = None  # its keys and values are known

        def look_back(x):
            return self.attention(x, x, mask, return_weights, own)

        def look_over(x):
            return self.cross_attention(x, memory, memory_mask, return_weights, cross)

        x, own_weights = self.residuals[0](x, look_back)
        x, cross_weights = self.residuals[1](x, look_over)
        x, _ = self.residuals[2](x, self.feed_forward)
        return x, own_weights, cross_weights
