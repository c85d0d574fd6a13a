"""The checkers of chapter 12."""

import torch

from attend.exercises.checking import draw, exercise, run, same


@exercise("12.1")
def split(answer) -> None:
    for B, T, H, K in ((2, 3, 5, 7), (1, 4, 2, 3), (3, 1, 1, 6)):
        x = draw(B, T, H * K)
        wanted = x.reshape(B, T, H, K).permute(0, 2, 1, 3)
        same(run(answer, x, H), wanted, f"for {B} sentences of {T} words and {H} heads of {K}")


@exercise("12.2")
def merge(answer) -> None:
    for B, H, T, K in ((2, 5, 3, 7), (1, 2, 4, 3), (3, 1, 1, 6)):
        heads = draw(B, H, T, K)
        wanted = torch.cat([heads[:, h] for h in range(H)], dim=-1)
        same(run(answer, heads), wanted, f"for {B} sentences of {T} words and {H} heads of {K}")


@exercise("12.3")
def parameters(answer) -> None:
    for d_model, n_heads in ((12, 3), (12, 6), (512, 8)):
        wanted = 4 * (d_model * d_model + d_model)
        same(run(answer, d_model, n_heads), wanted, f"for d_model={d_model}, n_heads={n_heads}")


@exercise("12.4")
def contribution(answer) -> None:
    H, T, K = 3, 5, 2
    contexts, W_O = draw(H, T, K), draw(H * K, H * K)
    for head in range(H):
        rest = torch.zeros_like(contexts)
        rest[head] = contexts[head]
        wanted = rest.transpose(0, 1).flatten(1) @ W_O.T
        same(run(answer, contexts, W_O, head), wanted, f"for head {head} of {H}")


@exercise("12.5")
def entropies(answer) -> None:
    weights = torch.softmax(3 * draw(3, 5, 4), dim=-1)
    wanted = torch.distributions.Categorical(weights).entropy().mean(-1)
    same(run(answer, weights), wanted, "for 3 heads, 5 words over 4")
    certain = torch.eye(4)[None]
    same(run(answer, certain), torch.zeros(1), "for a head that is certain (0 · ln 0 counts as 0)")


@exercise("12.6")
def multi_query(answer) -> None:
    for H, T, S, K in ((3, 5, 4, 2), (2, 1, 7, 3)):
        queries, keys, values = draw(H, T, K), draw(S, K), draw(S, K + 1)
        weights = torch.softmax(torch.einsum("htk,sk->hts", queries, keys) / K**0.5, dim=-1)
        wanted = torch.einsum("hts,sv->htv", weights, values)
        same(run(answer, queries, keys, values), wanted, f"for {H} heads, {T} words over {S}")
