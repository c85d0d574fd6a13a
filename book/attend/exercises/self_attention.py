"""The checkers of chapter 11."""

import torch

from attend.attention import attend
from attend.exercises.checking import draw, exercise, run, same


@exercise("11.1")
def one_query(answer) -> None:
    query, keys, values = draw(3), draw(5, 3), draw(5, 2)
    wanted, _ = attend(query[None], keys, values)
    same(
        run(answer, query, keys, values),
        wanted[0],
        "for a query of 3 numbers, 5 keys and values of 2 numbers",
    )
    wanted, _ = attend(query[None] * 1000, keys, values)
    same(
        run(answer, query * 1000, keys, values),
        wanted[0],
        "for scores in the thousands (shift them before exp)",
    )


@exercise("11.2")
def dilated(answer) -> None:
    for length, reach, step in ((7, 1, 2), (9, 2, 3), (5, 2, 1), (3, 0, 2), (2, 9, 1)):
        apart = (torch.arange(length)[:, None] - torch.arange(length)[None, :]).abs()
        wanted = (apart % step == 0) & (apart <= reach * step)
        what = f"for {length} words, a reach of {reach} and a step of {step}"
        same(run(answer, length, reach, step), wanted, what)


@exercise("11.3")
def silent_past(answer) -> None:
    for words, width in ((5, 3), (1, 2)):
        values = draw(words, width)
        past = torch.ones(words, words).tril().bool()
        wanted, _ = attend(torch.zeros_like(values), torch.zeros_like(values), values, past)
        same(run(answer, values), wanted, f"for {words} values of {width} numbers")


@exercise("11.4")
def softmax_backward(answer) -> None:
    scores = draw(3, 5).requires_grad_()
    weights = torch.softmax(scores, dim=-1)
    upstream = draw(5, 3).T.contiguous()
    (wanted,) = torch.autograd.grad(weights, scores, upstream)
    same(run(answer, weights.detach(), upstream), wanted, "for 3 rows of 5 weights")


@exercise("11.5")
def cost_of_a_head(answer) -> None:
    for T, D, K in ((2, 5, 7), (11, 64, 16), (1, 1, 1)):
        wanted = 3 * T * D * K + 2 * T * T * K
        same(run(answer, T, D, K), wanted, f"for T={T}, D={D}, K={K}")


@exercise("11.6")
def rollout(answer) -> None:
    maps = [torch.softmax(draw(size, 5), dim=-1)[:5] for size in (5, 6, 7)]
    for rounds in (2, 3, 1):
        wanted = torch.eye(5)
        for weights in maps[:rounds]:
            wanted = (weights + torch.eye(5)) / 2 @ wanted
        what = f"for {rounds} round{'s' * (rounds > 1)} over 5 words"
        same(run(answer, maps[:rounds]), wanted, what)
