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
def neighbours(answer) -> None:
    for length, reach in ((5, 1), (7, 2), (3, 0), (2, 9)):
        place = torch.arange(length)
        wanted = (place[:, None] - place[None, :]).abs() <= reach
        same(run(answer, length, reach), wanted, f"for {length} words and a reach of {reach}")


@exercise("11.3")
def silent_queries(answer) -> None:
    for words, width in ((5, 3), (1, 2)):
        values = draw(words, width)
        wanted, _ = attend(torch.zeros_like(values), torch.zeros_like(values), values)
        same(run(answer, values), wanted, f"for {words} values of {width} numbers")


@exercise("11.4")
def softmax_backward(answer) -> None:
    scores = draw(3, 5).requires_grad_()
    weights = torch.softmax(scores, dim=-1)
    upstream = draw(5, 3).T.contiguous()
    (wanted,) = torch.autograd.grad(weights, scores, upstream)
    same(run(answer, weights.detach(), upstream), wanted, "for 3 rows of 5 weights")


@exercise("11.5")
def multiplications(answer) -> None:
    for T, S, K, V in ((2, 3, 5, 7), (11, 11, 64, 64), (1, 1, 1, 1)):
        same(run(answer, T, S, K, V), T * S * K + T * S * V, f"for T={T}, S={S}, K={K}, V={V}")


@exercise("11.6")
def heard_from(answer) -> None:
    first, second = (torch.softmax(draw(size, 5), dim=-1)[:5] for size in (5, 6))
    wanted = second @ (first + torch.eye(5)) / 2
    same(run(answer, first, second), wanted, "for two rounds over 5 words")
