"""The checkers of chapter 12."""

import torch

from attend.attention import MultiHeadAttention
from attend.exercises.checking import draw, exercise, run, same, same_each


@exercise("12.1")
def unpack(answer) -> None:
    for B, T, H, K in ((2, 3, 5, 7), (1, 4, 2, 3), (3, 1, 1, 6)):
        views = draw(3, B, T, H, K)
        x = torch.cat([view.flatten(2) for view in views], dim=-1)
        wanted = dict(zip(("queries", "keys", "values"), views.transpose(2, 3), strict=True))
        case = f"for {B} sentences of {T} words and {H} heads of {K}"
        same_each(run(answer, x, H), wanted, case)


@exercise("12.2")
def merge_their_way(answer) -> None:
    for B, H, T, K in ((2, 5, 3, 7), (1, 2, 4, 3), (3, 1, 1, 6)):
        heads = draw(B, H, T, K)
        wanted = torch.stack([heads[:, h] for h in range(H)], dim=-1).reshape(B, T, H * K)
        same(run(answer, heads), wanted, f"for {B} sentences of {T} words and {H} heads of {K}")


@exercise("12.3")
def parameters(answer) -> None:
    for d_model, n_heads, n_kv_heads in ((12, 3, 3), (12, 6, 2), (64, 8, 1)):
        layer = MultiHeadAttention(d_model, n_heads, n_kv_heads=n_kv_heads)
        wanted = sum(parameter.numel() for parameter in layer.parameters())
        case = f"for d_model={d_model}, n_heads={n_heads}, n_kv_heads={n_kv_heads}"
        same(run(answer, d_model, n_heads, n_kv_heads), wanted, case)


@exercise("12.4")
def without_head(answer) -> None:
    H, K = 3, 2
    W_Q, W_O = draw(2, H * K, H * K)
    for head in range(H):
        left = [h for h in range(H) if h != head]
        queries = W_Q.view(H, K, H * K)[left].flatten(0, 1)
        output = W_O.view(H * K, H, K)[:, left].flatten(1)
        wanted = {"W_Q": queries, "W_O": output}
        same_each(run(answer, W_Q, W_O, H, head), wanted, f"without head {head} of {H}")


@exercise("12.5")
def entropies(answer) -> None:
    weights = torch.softmax(3 * draw(3, 5, 4), dim=-1)
    wanted = torch.distributions.Categorical(weights).entropy().mean(-1)
    same(run(answer, weights), wanted, "for 3 heads, 5 words over 4")
    certain = torch.eye(4)[None]
    same(run(answer, certain), torch.zeros(1), "for a head that is certain (0 · ln 0 counts as 0)")


@exercise("12.6")
def grouped(answer) -> None:
    for H, G, T, S, K in ((6, 2, 5, 4, 2), (4, 4, 1, 7, 3), (3, 1, 2, 3, 2)):
        queries, keys, values = draw(H, T, K), draw(G, S, K), draw(G, S, K + 1)
        of_groups = queries.view(G, H // G, T, K)
        scores = torch.einsum("ghtk,gsk->ghts", of_groups, keys) / K**0.5
        wanted = torch.einsum("ghts,gsv->ghtv", scores.softmax(-1), values).flatten(0, 1)
        case = f"for {H} heads, {G} sets, {T} words over {S}"
        same(run(answer, queries, keys, values), wanted, case)
