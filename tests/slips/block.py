"""Answers to the exercises of chapter 14: other right ones, and slips."""

import torch
from torch.nn.functional import layer_norm


def features(x, mask, eps, correction=0, zeros=True):
    variance, mean = torch.var_mean(x[mask], dim=0, correction=correction)
    normed = (x - mean) / (variance + eps).sqrt()
    return normed * mask[..., None] if zeros else normed


def swallow(W, b, mean, var, gamma, beta, eps):
    scale = gamma / (var + eps).sqrt()
    return W * scale[:, None], (b - mean) * scale + beta


def by_a_diagonal(W, b, mean, var, gamma, beta, eps):
    scale = torch.eye(len(W)) * gamma / (var + eps).sqrt()
    return scale @ W, scale @ (b - mean) + beta


RIGHT = [
    ("14.6", by_a_diagonal),
    ("14.1", lambda x, eps: layer_norm(x, x.shape[-1:], eps=eps)),
    (
        "14.3",
        lambda D, d_ff: max(w for w in range(0, d_ff, 8) if 3 * D * w <= 2 * D * d_ff + d_ff + D),
    ),
]


SLIPS = [
    (
        "14.1",
        lambda x, eps: (x - x.mean(-1, True)) / (x.std(-1, correction=0, keepdim=True) + eps),
        "for an eps of 0.5|for one word",
    ),
    (
        "14.1",
        lambda x, eps: (x - x.mean(-1, True)) / (x.var(-1, keepdim=True) + eps).sqrt(),
        "for one word",
    ),
    ("14.1", lambda x, eps: (x - x.mean()) / (x.var(correction=0) + eps).sqrt(), "2 sentences"),
    ("14.1", lambda x, eps: layer_norm(x, x.shape[-1:], eps=1e-12), "for an eps of 0.5"),
    (
        "14.1",
        lambda x, eps: (x - x.mean(-1, True)) / x.std(-1, correction=0, keepdim=True),
        "equal numbers the value at .* is nan",
    ),
    ("14.2", lambda x, mask, eps: features(x, torch.ones_like(mask), eps), "5, 2 and 3 words"),
    ("14.2", lambda x, mask, eps: features(x, mask, eps, correction=1), "without padding"),
    (
        "14.2",
        lambda x, mask, eps: features(x, mask, eps, zeros=False),
        r"at \[1, 2, 0\] .*expected 0",
    ),
    ("14.2", lambda x, mask, eps: features(x, mask, 1e-5), "eps of 0.5"),
    ("14.2", lambda x, mask, eps: features(x, mask, eps)[mask], r"shape is \[15, 2\], expected"),
    ("14.3", lambda D, d_ff: 2 * d_ff // 3, "D=512, d_ff=2048"),
    ("14.3", lambda D, d_ff: 2 * D * d_ff // (3 * D) // 8 * 8, "D=7, d_ff=95"),
    ("14.3", lambda D, d_ff: round((2 * D * d_ff + d_ff + D) / (3 * D) / 8) * 8, "D=512"),
    ("14.4", lambda y, s, g: g / s, "word of 4"),
    ("14.4", lambda y, s, g: (g - g.mean()) / s, "word of 4"),
    ("14.4", lambda y, s, g: (g - g.mean() - (g * y).sum() * y) / s, "word of 4"),
    ("14.5", lambda T, D, F: 3 * T * D**2 + 2 * T**2 * D + 2 * T * D * F, "T=2, D=3, d_ff=5"),
    ("14.5", lambda T, D, F: 4 * T * D**2 + T**2 * D + 2 * T * D * F, "T=2, D=3, d_ff=5"),
    ("14.6", lambda W, *others: W, "a tensor of shape .*expected 2 results: W, b"),
    ("14.6", lambda W, b, *others: (W, b), "first of the pair"),
    (
        "14.6",
        lambda W, b, m, v, g, beta, eps: (swallow(W, b, m, v, g, beta, eps)[0], b + beta),
        "second of the pair",
    ),
]
