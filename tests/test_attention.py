"""attend() against torch's scaled_dot_product_attention, finite differences and its own
promises."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention
from torch.testing import assert_close

from attend.attention import attend

SHAPES = [  # leading axes of queries, keys and values; T, S, K, V share no factor
    ((), ()),
    ((2,), (2,)),
    ((2, 3), (2, 3)),
    ((2, 3), (1, 3)),
    ((3,), (2, 1)),
]
SIZES = st.integers(1, 7)


def draw(*shape, dtype=torch.double, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.double).to(dtype)


def inputs(lead=(), other=(), T=5, S=7, K=3, V=4, seed=0):
    return (
        draw(*lead, T, K, seed=seed).requires_grad_(),
        draw(*other, S, K, seed=seed + 1).requires_grad_(),
        draw(*other, S, V, seed=seed + 2).requires_grad_(),
    )


def some_mask(T, S, seed=0):
    """A mask in which every row may see something, since torch has no rule for a row that may
    not."""
    mask = torch.rand(T, S, generator=torch.Generator().manual_seed(seed)) < 0.5
    mask[torch.arange(T), torch.arange(T) % S] = True
    return mask


def same_as_torch(arguments, mask):
    theirs = [tensor.detach().clone().requires_grad_() for tensor in arguments]
    context, _ = attend(*arguments, mask)
    expected = scaled_dot_product_attention(*theirs, attn_mask=mask)
    assert_close(context, expected)
    upstream = torch.randn_like(expected)
    context.backward(upstream)
    expected.backward(upstream)
    for ours, other in zip(arguments, theirs, strict=True):
        assert_close(ours.grad, other.grad)


@pytest.mark.parametrize("lead, other", SHAPES)
@pytest.mark.parametrize("masked", [False, True])
def test_values_and_gradients_equal_torch(lead, other, masked):
    same_as_torch(inputs(lead, other), some_mask(5, 7) if masked else None)


@given(SIZES, SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_any_shape_equals_torch(B, T, S, K, V, seed):
    same_as_torch(inputs((B,), (B,), T, S, K, V, seed), some_mask(T, S, seed))


def test_gradients_equal_finite_differences():
    mask = some_mask(5, 7)
    mask[2] = False
    assert torch.autograd.gradcheck(lambda *tensors: attend(*tensors, mask), inputs((2,), (2,)))


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 99))
def test_weights_are_shares_of_what_may_be_seen(T, S, seed):
    mask = torch.rand(T, S, generator=torch.Generator().manual_seed(seed)) < 0.4
    _, weights = attend(*inputs(T=T, S=S, seed=seed), mask)
    assert (weights >= 0).all() and (weights[~mask] == 0).all()
    assert_close(weights.sum(-1), mask.any(-1).double())


@pytest.mark.parametrize("dtype", [torch.double, torch.float, torch.bfloat16, torch.half])
def test_nothing_to_see_gives_zeros_and_no_nan(dtype):
    arguments = [tensor.detach().to(dtype).requires_grad_() for tensor in inputs()]
    mask = some_mask(5, 7)
    mask[3] = False
    context, weights = attend(*arguments, mask)
    assert context.dtype == weights.dtype == dtype
    assert (context[3] == 0).all() and (weights[3] == 0).all()
    context.sum().backward()
    assert all(torch.isfinite(tensor.grad).all() for tensor in arguments)
    assert (arguments[0].grad[3] == 0).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.half])
def test_scores_of_half_precision_may_be_of_any_size(dtype):
    queries, keys = torch.full((1, 4), 300.0), torch.tensor([[300.0] * 4, [298.0] * 4, [0.0] * 4])
    values = torch.eye(3)
    context, weights = attend(*(tensor.to(dtype) for tensor in (queries, keys, values)))
    assert weights.dtype == dtype  # the scores are 180,000, 178,800 and 0
    assert_close(weights, torch.tensor([[1, 0, 0]], dtype=dtype), rtol=0, atol=0)
    assert_close(context, weights, rtol=0, atol=0)


def test_shuffled_words_give_shuffled_outputs():
    x, order = draw(7, 3), torch.randperm(7, generator=torch.Generator().manual_seed(0))
    context, weights = attend(x, x, x)
    shuffled, shuffled_weights = attend(x[order], x[order], x[order])
    assert_close(shuffled, context[order])
    assert_close(shuffled_weights, weights[order][:, order])


def test_masked_words_have_no_influence():
    queries, keys, values = (tensor.detach() for tensor in inputs())
    mask = some_mask(5, 7)
    mask[:, 6] = False
    before, _ = attend(queries, keys, values, mask)
    keys[6], values[6] = 1e6, -1e6
    assert_close(attend(queries, keys, values, mask)[0], before, rtol=0, atol=0)


Q, K, V = (tensor.detach() for tensor in inputs())
WRONG = [
    ((Q.numpy(), K, V), TypeError, "queries must be a torch.Tensor, got ndarray"),
    ((Q.long(), K, V), TypeError, "queries must hold floating-point numbers, got torch.int64"),
    ((Q, K.long(), V), TypeError, "keys must hold floating-point numbers"),
    ((Q, K, V > 0), TypeError, "values must hold floating-point numbers, got torch.bool"),
    ((Q, K.float(), V), TypeError, "keys must have the dtype of queries, torch.float64"),
    ((Q[0], K, V), ValueError, r"queries must have at least 2 axes, got shape \[3\]"),
    ((Q, K * float("nan"), V), ValueError, "keys must hold finite numbers, got NaN"),
    ((Q, K, V * float("inf")), ValueError, "values must hold finite numbers, got an infinity"),
    ((Q, K[:, :2], V), ValueError, r"keys must be as wide as queries, 3, got shape \[7, 2\]"),
    ((Q[:, :0], K[:, :0], V), ValueError, "queries must be at least one number wide"),
    ((Q, K, V[:6]), ValueError, r"values must have one row a key, 7, got shape \[6, 4\]"),
    ((Q.expand(2, 5, 3), K.expand(3, 7, 3), V), ValueError, "must agree in all but the last two"),
    ((Q, K, V, torch.ones(5, 7)), TypeError, "mask must be boolean .* got torch.float32"),
    ((Q, K, V, [[True] * 7] * 5), TypeError, "mask must be a boolean torch.Tensor .* got list"),
    ((Q, K, V, some_mask(7, 5)), ValueError, r"scores' shape \[5, 7\], got \[7, 5\]"),
    ((Q, K, V, some_mask(5, 7)[None]), ValueError, r"scores' shape \[5, 7\], got \[1, 5, 7\]"),
]


@pytest.mark.parametrize("arguments, kind, message", WRONG)
def test_bad_arguments_are_named_in_one_line(arguments, kind, message):
    with pytest.raises(kind, match=message) as caught:
        attend(*arguments)
    assert "\n" not in str(caught.value)
