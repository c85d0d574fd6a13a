"""The checkers of chapter 10."""

import math

import torch

from attend.attention import AdditiveAttention, MultiplicativeAttention
from attend.exercises.checking import NotYet, draw, exercise, looks_like, run, same


@exercise("10.1")
def look(answer) -> None:
    for T, S, Q, K, V in ((3, 5, 2, 4, 7), (1, 2, 3, 3, 1)):
        queries, W, keys, values = draw(T, Q), draw(Q, K), draw(S, K), draw(S, V)
        module = MultiplicativeAttention(Q, K, score="general")
        with torch.no_grad():
            module.W.weight.copy_(W)
            wanted, _ = module(queries, keys, values)
        found = run(answer, queries, W, keys, values)
        when = f"for {T} queries of {Q}, {S} keys of {K} and {S} values of {V} numbers"
        over_queries = torch.softmax(queries @ W @ keys.mT, dim=0) @ values
        if T > 1 and looks_like(found, over_queries):
            raise NotYet(f"the softmax runs over the queries: {when} each row must add up to 1")
        same(found, wanted, when)


@exercise("10.2")
def additive_scores(answer) -> None:
    Q, K, H = 3, 4, 5
    module = AdditiveAttention(Q, K, H)
    with torch.no_grad():
        W, U, v = draw(H, Q), draw(H, K), draw(H)
        module.W.weight.copy_(W), module.U.weight.copy_(U), module.v.weight.copy_(v[None])
        query, keys = draw(Q), draw(7, K)
        wanted = module.scores(query[None], module.U(keys))[0]
    found = run(answer, query, keys, W, U, v)
    same(found, wanted, "for a query of 3 numbers and 7 keys of 4 (scores, before any softmax)")


@exercise("10.3")
def shares_of_words(answer) -> None:
    for S, length in ((5, 3), (4, 4), (6, 1)):
        scores = draw(S)
        wanted = torch.zeros(S)
        wanted[:length] = torch.softmax(scores[:length], dim=0)
        same(run(answer, scores, length), wanted, f"for {S} scores of which {length} are words,")


@exercise("10.4")
def error_rate(answer) -> None:
    sure, possible = {(0, 0), (1, 3)}, {(2, 1), (2, 2)}
    cases = (
        ("when the links are the sure ones and none is only possible", sure, set(), 0.0),
        ("when no link is sure or possible", {(0, 1), (1, 1)}, possible, 1.0),
        ("for both sure links and a possible one", {*sure, (2, 1)}, possible, 0.0),
        ("for a sure, a possible and a wrong link", {(0, 0), (2, 2), (3, 3)}, possible, 0.4),
    )
    for when, found, others, wanted in cases:
        same(run(answer, found, sure, others), wanted, when)


@exercise("10.5")
def temperature_for(answer) -> None:
    for gap, share in ((2.0, 0.9), (0.3, 0.99), (5.0, 0.6)):
        wanted = gap / math.log(share / (1 - share))
        same(run(answer, gap, share), wanted, f"for a gap of {gap} and a share of {share}")


@exercise("10.6")
def scores_backward(answer) -> None:
    scores, values, upstream = draw(5).requires_grad_(), draw(5, 3), draw(3)
    weights = torch.softmax(scores, dim=0)
    (wanted,) = torch.autograd.grad(weights @ values, scores, upstream)
    same(run(answer, weights.detach(), values, upstream), wanted, "for 5 values of 3 numbers")
