"""AdditiveAttention and MultiplicativeAttention against explicit loops, finite differences and
torch's attention."""

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention
from torch.testing import assert_close

from attend.attention import AdditiveAttention, MultiplicativeAttention

B, T, S, Q, K, V, H = 2, 3, 5, 4, 7, 6, 11


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.double)


def build(score):
    torch.manual_seed(0)
    if score == "additive":
        return AdditiveAttention(Q, K, H).double()
    return MultiplicativeAttention(Q, Q if score == "dot" else K, score).double()


def inputs(score):
    width = Q if score == "dot" else K
    return draw(B, T, Q), draw(B, S, width, seed=1), draw(B, S, V, seed=2)


def score_slowly(module, score, q, k):
    if score == "dot":
        return sum(a * b for a, b in zip(q, k, strict=True))
    if score == "general":
        return sum(q[i] * module.W.weight[i, j] * k[j] for i in range(Q) for j in range(K))
    if score == "concat":
        return (module.v.weight[0] * (module.W.weight @ torch.cat([q, k])).tanh()).sum()
    return (module.v.weight[0] * (module.W.weight @ q + module.U.weight @ k).tanh()).sum()


MASK = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 1, 1, 1]]).bool()
SCORES = ["additive", "dot", "general", "concat"]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("mask", [None, MASK])
def test_scores_equal_explicit_loops(score, mask):
    module, (queries, keys, values) = build(score), inputs(score)
    context, weights = module(queries, keys, values, mask)
    assert context.shape == (B, T, V) and weights.shape == (B, T, S)
    for b in range(B):
        for t in range(T):
            seen = [s for s in range(S) if mask is None or mask[t, s]]
            scores = [score_slowly(module, score, queries[b, t], keys[b, s]).exp() for s in seen]
            expected = torch.zeros(S, dtype=torch.double)
            for s, one in zip(seen, scores, strict=True):
                expected[s] = one / sum(scores)
            assert_close(weights[b, t], expected)
            assert_close(context[b, t], expected @ values[b])


@pytest.mark.parametrize("score", SCORES)
def test_gradients_equal_finite_differences(score):
    module = build(score)
    tensors = [tensor.requires_grad_() for tensor in inputs(score)]
    weights = tuple(module.parameters())
    assert torch.autograd.gradcheck(
        lambda q, k, v, *_: module(q, k, v, MASK), (*tensors, *weights), check_undefined_grad=False
    )


def test_dot_is_torchs_attention_without_the_scale():
    queries, keys, values = inputs("dot")
    expected = scaled_dot_product_attention(queries, keys, values, scale=1.0)
    assert_close(build("dot")(queries, keys, values)[0], expected)


def test_concat_is_additive_with_one_matrix():
    one, two = build("concat"), AdditiveAttention(Q, K, Q).double()
    with torch.no_grad():
        two.W.weight.copy_(one.W.weight[:, :Q])
        two.U.weight.copy_(one.W.weight[:, Q:])
        two.v.weight.copy_(one.v.weight)
    for a, b in zip(one(*inputs("concat")), two(*inputs("concat")), strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("score", SCORES)
def test_bad_arguments_are_named(score):
    module, (queries, keys, values) = build(score), inputs(score)
    width = keys.shape[-1]
    wrong = [
        ((queries[..., :3], keys, values), ValueError, "queries must be 4 numbers wide"),
        ((queries, keys[..., :2], values), ValueError, f"keys must be {width} numbers wide"),
        ((queries, keys, values[:, :4]), ValueError, "values must have one row a key, 5"),
        ((queries, keys, values, MASK.double()), TypeError, "mask must be boolean"),
        ((queries, keys, values, MASK.T), ValueError, "mask must broadcast"),
        ((queries, keys * torch.nan, values), ValueError, "keys must hold finite numbers"),
        ((queries.long(), keys, values), TypeError, "queries must hold floating-point"),
    ]
    for arguments, kind, message in wrong:
        with pytest.raises(kind, match=message):
            module(*arguments)


def test_bad_options_are_named():
    with pytest.raises(ValueError, match="score must be one of dot, general, concat"):
        MultiplicativeAttention(Q, score="cosine")
    with pytest.raises(ValueError, match="d_key must be d_query=4 for score='dot', got 7"):
        MultiplicativeAttention(Q, K)
    with pytest.raises(ValueError, match="d_hidden must be a whole number, at least 1, got 0"):
        AdditiveAttention(Q, K, 0)


@pytest.mark.parametrize("score", SCORES)
def test_a_score_has_no_biases(score):
    assert all(name.endswith(".weight") for name, _ in build(score).named_parameters())


@pytest.mark.parametrize(
    "name, make",
    [
        ("d_query", lambda: AdditiveAttention(0, K, H)),
        ("d_key", lambda: AdditiveAttention(Q, 0, H)),
        ("d_query", lambda: MultiplicativeAttention(0, K, "general")),
        ("d_key", lambda: MultiplicativeAttention(Q, 0, "general")),
    ],
)
def test_each_width_is_named(name, make):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        make()
