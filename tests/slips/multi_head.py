"""Answers to the exercises of chapter 12: other right ones, and slips."""

import torch


def the_others_zero(contexts, W_O, head):
    H, T, K = contexts.shape
    joined = torch.zeros(T, H * K)
    joined[:, head * K : (head + 1) * K] = contexts[head]
    return joined @ W_O.T


RIGHT = [("12.4", the_others_zero)]
SLIPS = [
    ("12.1", lambda x, H: x.reshape(len(x), H, x.shape[1], -1), r"at \[0, 0, 1, 0\]"),
    ("12.1", lambda x, H: x.unflatten(-1, (H, -1)), "shape is"),
    ("12.2", lambda heads: heads.flatten(2), "shape is"),
    ("12.2", lambda heads: heads.transpose(1, 2).transpose(2, 3).flatten(2), r"at \[0, 0, 1\]"),
    ("12.3", lambda d_model, n_heads: 4 * d_model**2, "is 576, expected 624"),
    ("12.3", lambda d_model, n_heads: n_heads * 4 * d_model * (d_model + 1), "n_heads=3"),
    ("12.4", lambda c, W, h: c[h] @ W[h * 2 : h * 2 + 2], "for head 0 of 3"),
    ("12.5", lambda w: -(w * w.log()).sum(-1).mean(-1), "certain"),
    ("12.5", lambda w: -torch.special.xlogy(w, w).sum(-1), r"shape is \[3, 5\], expected \[3\]"),
    ("12.6", lambda q, k, v: torch.softmax(q @ k.mT, dim=-1) @ v, "for 3 heads"),
    ("12.6", lambda q, k, v: q[9], "it stops with IndexError"),
]
