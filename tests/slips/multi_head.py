"""Answers to the exercises of chapter 12: other right ones, and slips."""

import torch


def cut_last(x, H):
    """By name: [B, T, 3, H, K]."""
    return x.unflatten(-1, (3, H, -1)).permute(2, 0, 3, 1, 4).unbind()


def zipped(x, H):
    return [x[..., i::3].unflatten(-1, (H, -1)).transpose(1, 2) for i in range(3)]


def without_by_slices(W_Q, W_O, H, head):
    K = W_Q.shape[0] // H
    a, b = head * K, (head + 1) * K
    return torch.cat([W_Q[:a], W_Q[b:]]), torch.cat([W_O[:, :a], W_O[:, b:]], dim=1)


def both_by_rows(W_Q, W_O, H, head):
    left = [i for i in range(len(W_Q)) if i // (len(W_Q) // H) != head]
    return W_Q[left], W_O[left]


def repeated(q, k, v):
    n = len(q) // len(k)
    weights = torch.softmax(q @ k.repeat(n, 1, 1).mT / q.shape[-1] ** 0.5, dim=-1)
    return weights @ v.repeat(n, 1, 1)


RIGHT = [("12.1", cut_last), ("12.4", without_by_slices)]
SLIPS = [
    ("12.1", lambda x, H: [p.unflatten(-1, (H, -1)) for p in x.chunk(3, -1)], "shape is"),
    ("12.1", zipped, "queries"),
    ("12.1", lambda x, H: cut_last(x, H)[::-1], "queries"),
    ("12.1", lambda x, H: cut_last(x, H)[:2], "queries, keys, values"),
    ("12.2", lambda heads: heads.transpose(1, 2).flatten(2), r"at \[0, 0, 1\]"),
    ("12.2", lambda heads: heads.flatten(2), "shape is"),
    ("12.3", lambda D, H, G: 4 * (D * D + D), "n_kv_heads=2"),
    ("12.3", lambda D, H, G: 2 * D * D + 2 * D * D // H * G, "is 576, expected 624"),
    ("12.4", both_by_rows, "without head 0 of 3, W_O: the shape"),
    ("12.4", lambda W_Q, W_O, H, head: (W_Q[2:], W_O[:, 2:]), "without head 1"),
    ("12.5", lambda w: -(w * w.log()).sum(-1).mean(-1), "certain"),
    ("12.5", lambda w: -torch.special.xlogy(w, w).sum(-1), r"shape is \[3, 5\], expected \[3\]"),
    ("12.6", repeated, "for 6 heads, 2 sets"),
    ("12.6", lambda q, k, v: torch.softmax(q @ k.mT, dim=-1) @ v, "it stops with RuntimeError"),
]
