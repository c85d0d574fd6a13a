"""MultiHeadAttention against torch.nn.MultiheadAttention with copied weights, values and gradients;
its two paths against each other; and what it may not do."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from attend.attention import MultiHeadAttention, attend, mask_with_bias
from attend.cache import KeyValues
from attend.positions import Alibi, Rotary, alibi, rotate

B, T, S, D, H = 2, 3, 5, 14, 7


def both(d_model=D, n_heads=H, bias=True):
    """Ours and torch's with the same weights, in float64."""
    torch.manual_seed(0)
    ours = MultiHeadAttention(d_model, n_heads).double()
    theirs = nn.MultiheadAttention(d_model, n_heads, batch_first=True, dtype=torch.double)
    views = (ours.W_Q, ours.W_K, ours.W_V)
    for linear in (*views, ours.W_O):
        nn.init.normal_(linear.bias)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([view.weight for view in views]))
        theirs.in_proj_bias.copy_(torch.cat([view.bias for view in views]))
        theirs.out_proj.weight.copy_(ours.W_O.weight)
        theirs.out_proj.bias.copy_(ours.W_O.bias)
    return ours, theirs


def draw(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


@pytest.mark.parametrize("return_weights", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("itself", [False, True])
def test_values_and_gradients_equal_torch(itself, masked, return_weights):
    ours, theirs = both()
    x = draw(B, T, D)
    memory = x if itself else draw(B, S, D)
    mask = torch.rand(B, T, memory.shape[1]) < 0.7 if masked else None
    if masked:
        mask[..., 0] = True  # torch has NaN for a row with nothing to see
    output, weights = ours(x, memory, mask, return_weights)
    torchs = None if mask is None else ~mask.repeat_interleave(H, dim=0)  # True = may not
    expected, their_weights = theirs(
        x, memory, memory, attn_mask=torchs, average_attn_weights=False
    )
    assert_close(output, expected)
    if return_weights:
        assert_close(weights, their_weights)
    else:
        assert weights is None
    direction = torch.randn_like(output)
    inputs = (x,) if itself else (x, memory)
    mine = torch.autograd.grad((output * direction).sum(), [*inputs, *ours.parameters()])
    their = torch.autograd.grad((expected * direction).sum(), [*inputs, *theirs.parameters()])
    n = len(inputs)
    for a, b in zip(mine[:n], their[:n], strict=True):
        assert_close(a, b)
    assert_close(torch.cat([mine[n], mine[n + 2], mine[n + 4]]), their[n])  # W_Q, W_K, W_V
    assert_close(torch.cat([mine[n + 1], mine[n + 3], mine[n + 5]]), their[n + 1])
    assert_close(mine[n + 6], their[n + 2])
    assert_close(mine[n + 7], their[n + 3])


@pytest.mark.parametrize("return_weights", [True, False])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("n_kv_heads", [1, 2, 3, 6])
def test_groups_equal_torch(n_kv_heads, masked, return_weights):
    """scaled_dot_product_attention with enable_gqa, values and gradients."""
    torch.manual_seed(0)
    ours = MultiHeadAttention(30, 6, n_kv_heads=n_kv_heads).double()
    assert ours.W_K.weight.shape == ours.W_V.weight.shape == (5 * n_kv_heads, 30)
    x, memory = draw(B, T, 30), draw(B, S, 30)
    mask = torch.rand(B, T, S) < 0.7 if masked else None
    output, weights = ours(x, memory, mask, return_weights)
    q = ours.W_Q(x).view(B, T, 6, 5).transpose(1, 2)
    k, v = (W(memory).view(B, S, n_kv_heads, 5).transpose(1, 2) for W in (ours.W_K, ours.W_V))
    given = None if mask is None else mask[:, None]
    context = nn.functional.scaled_dot_product_attention(q, k, v, given, enable_gqa=True)
    expected = ours.W_O(context.transpose(1, 2).reshape(B, T, 30))
    assert_close(output, expected)
    assert weights is None or weights.shape == (B, 6, T, S)
    inputs, direction = [x, memory, *ours.parameters()], torch.randn_like(output)
    mine, theirs = (
        torch.autograd.grad((one * direction).sum(), inputs) for one in (output, expected)
    )
    assert_close(mine, theirs)


def test_one_group_a_head_is_the_whole_layer():
    torch.manual_seed(0)
    whole = MultiHeadAttention(12, 6)
    torch.manual_seed(0)
    same = MultiHeadAttention(12, 6, n_kv_heads=6)
    assert whole.n_kv_heads == same.n_kv_heads == 6
    for a, b in zip(whole.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("position", [None, Rotary(), Alibi()])
@pytest.mark.parametrize("return_weights", [True, False])
def test_the_cache_holds_a_set_for_each_group_and_changes_nothing(return_weights, position):
    torch.manual_seed(0)
    module = MultiHeadAttention(24, 6, position=position, n_kv_heads=2).double()
    x, cache = draw(B, T, 24), KeyValues()
    whole = module(x, x, torch.ones(T, T).tril().bool(), return_weights)[0]
    for t in range(T):
        word = x[:, t : t + 1]
        assert_close(module(word, word, None, return_weights, cache)[0], whole[:, t : t + 1])
    assert cache.keys.shape == cache.values.shape == (B, 2, T, 4)


sizes = st.integers(1, 5)


@settings(deadline=None)
@given(sizes, sizes, sizes, st.sampled_from([(1, 2), (3, 2), (2, 4), (5, 6)]), st.integers(0, 99))
def test_both_paths_give_the_same_for_any_shape_and_mask(B, T, S, heads, seed):
    H, K = heads
    torch.manual_seed(seed)
    module = MultiHeadAttention(H * K, H).double()
    for position in (None, Rotary(), Alibi()):
        module.position = position
        x, memory = draw(B, T, H * K), draw(B, T if position else S, H * K)
        mask = torch.rand(B, T, memory.shape[1]) < 0.5  # rows with nothing to see among them
        found = []
        for return_weights in (True, False):
            output, weights = module(x, memory, mask, return_weights)
            grads = torch.autograd.grad(output.square().sum(), [x, *module.parameters()])
            assert output.isfinite().all() and all(grad.isfinite().all() for grad in grads)
            found.append([output, *grads])
            if return_weights:
                assert_close(weights.sum(-1), mask.any(-1)[:, None].double().expand(B, H, T))
        for a, b in zip(*found, strict=True):
            assert_close(a, b)


def test_it_is_its_heads_side_by_side():
    ours, _ = both()
    x, memory = draw(B, T, D), draw(B, S, D)
    output, weights = ours(x, memory)
    K, contexts = D // H, []
    for h in range(H):
        rows = slice(h * K, (h + 1) * K)
        q, k, v = (
            each @ view.weight[rows].T + view.bias[rows]
            for each, view in ((x, ours.W_Q), (memory, ours.W_K), (memory, ours.W_V))
        )
        context, head_weights = attend(q, k, v)
        contexts.append(context)
        assert_close(weights[:, h], head_weights)
    assert_close(output, torch.cat(contexts, -1) @ ours.W_O.weight.T + ours.W_O.bias)


def test_masks_of_every_shape_mean_the_same():
    ours, _ = both()
    x = draw(B, T, D)
    mask = torch.ones(T, T).tril().bool()
    expected = ours(x, x, mask)[1]
    for shaped in (mask.expand(B, T, T), mask.expand(B, 1, T, T), mask.expand(B, H, T, T)):
        assert_close(ours(x, x, shaped)[1], expected)
    assert (expected.triu(1) == 0).all()


def test_rotary_turns_queries_and_keys_and_alibi_adds_to_the_scores():
    ours, _ = both(12, 3)
    x = draw(B, T, 12)
    q, k, v = (ours.split(view(x)) for view in (ours.W_Q, ours.W_K, ours.W_V))
    there = torch.arange(T)
    ours.position = Rotary()
    expected = attend(rotate(q, there), rotate(k, there), v)[1]
    assert_close(ours(x, x)[1], expected)
    ours.position = Alibi()
    assert_close(ours(x, x)[1], (q @ k.mT / 2 + alibi(3, T, T)).softmax(-1))


@pytest.mark.parametrize("position", [None, Rotary(), Alibi()])
@pytest.mark.parametrize("return_weights", [True, False])
def test_everything_lies_where_the_queries_lie_wherever_torch_would_put_it(
    return_weights, position
):
    ours, _ = both(12, 3)
    ours.position, x = position, draw(B, T, 12)
    mask = torch.ones(T, T).tril().bool()
    expected = ours(x, x, mask, return_weights)
    with torch.device("meta"):
        found = ours(x, x, mask, return_weights)
    assert_close(found, expected, rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.double, torch.float, torch.bfloat16])
def test_the_kernel_gets_one_mask_of_the_dtype_of_its_queries(monkeypatch, dtype):
    """torch documents no other masks of numbers."""
    given, kernel = [], nn.functional.scaled_dot_product_attention

    def spy(queries, keys, values, attn_mask, **options):
        given.append(attn_mask)
        return kernel(queries, keys, values, attn_mask, **options)

    monkeypatch.setattr("attend.attention.scaled_dot_product_attention", spy)
    module = MultiHeadAttention(12, 3, position=Alibi()).to(dtype)
    x, mask = torch.randn(B, T, 12).to(dtype), torch.ones(T, T).tril().bool()
    module(x, x, None, False)
    module(x, x, mask, False)
    bias = alibi(3, T, T).to(dtype)
    assert_close(given[0], bias, rtol=0, atol=0)
    assert_close(given[1], bias.masked_fill(~mask, -torch.inf), rtol=0, atol=0)
    assert mask_with_bias(mask, None, dtype) is mask


@pytest.mark.parametrize("return_weights", [True, False])
def test_dropout_drops_weights_in_training_only(return_weights):
    torch.manual_seed(0)
    module = MultiHeadAttention(8, 2, dropout=0.5)
    x = torch.randn(1, 40, 8)
    with torch.no_grad():
        first, second = (module(x, x, None, return_weights)[0] for _ in range(2))
        assert not torch.allclose(first, second)
        still = module.eval()(x, x, None, return_weights)[0]
        assert_close(still, module(x, x, None, return_weights)[0])
        mean = torch.stack(
            [module.train()(x, x, None, return_weights)[0] for _ in range(800)]
        ).mean(0)
    assert (mean - still).abs().max() < 0.1 * still.abs().max()


def test_bfloat16_and_batch_and_length_of_one():
    module = MultiHeadAttention(8, 2).bfloat16()
    x = torch.randn(1, 1, 8).bfloat16()
    output, weights = module(x, x, torch.zeros(1, 1).bool())
    assert output.dtype == torch.bfloat16 and (weights == 0).all() and output.isfinite().all()


def call(**changed):
    arguments = {"queries": torch.ones(2, 3, 8), "memory": torch.ones(2, 5, 8), **changed}
    return MultiHeadAttention(8, 2)(**arguments)


WRONG = [
    (lambda: MultiHeadAttention(8, 3), ValueError, "n_heads=3 must divide d_model=8"),
    (
        lambda: MultiHeadAttention(8, 4, n_kv_heads=3),
        ValueError,
        "n_kv_heads=3 must divide n_heads=4",
    ),
    (
        lambda: MultiHeadAttention(8, 4, n_kv_heads=8),
        ValueError,
        "n_kv_heads=8 must divide n_heads=4",
    ),
    (
        lambda: MultiHeadAttention(8, 4, n_kv_heads=0),
        ValueError,
        "n_kv_heads must be a whole number, at least 1, got 0",
    ),
    (
        lambda: MultiHeadAttention(8, 0),
        ValueError,
        "n_heads must be a whole number, at least 1, got 0",
    ),
    (
        lambda: MultiHeadAttention(8, 2, 1.0),
        ValueError,
        "dropout must be a number, at least 0 and below 1, got 1",
    ),
    (
        lambda: call(queries=torch.ones(3, 8)),
        ValueError,
        r"queries must be \[B, T, 8\], got shape \[3, 8\]",
    ),
    (
        lambda: call(memory=torch.ones(2, 5, 7)),
        ValueError,
        r"memory must be \[B, S, 8\], got shape",
    ),
    (
        lambda: call(memory=torch.ones(3, 5, 8)),
        ValueError,
        "memory must have the batch of queries, 2, got 3",
    ),
    (lambda: call(memory=None), ValueError, "memory must be a tensor"),
    (
        lambda: call(queries=torch.ones(2, 3, 8).long()),
        TypeError,
        "queries must hold floating-point",
    ),
    (lambda: call(queries=torch.ones(2, 3, 8) / 0), ValueError, "queries must hold finite numbers"),
    (lambda: call(mask=torch.ones(3, 5)), TypeError, "mask must be boolean"),
    (
        lambda: call(mask=torch.ones(5, 3).bool()),
        ValueError,
        "mask must broadcast to the scores' shape",
    ),
]


@pytest.mark.parametrize("make, kind, message", WRONG)
def test_bad_arguments_are_named_in_one_line(make, kind, message):
    with pytest.raises(kind, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_it_begins_by_xavier_and_without_biases():
    torch.manual_seed(0)
    module = MultiHeadAttention(40, 5)
    bound = (6 / (40 + 40)) ** 0.5
    for linear in (module.W_Q, module.W_K, module.W_V, module.W_O):
        assert 0.98 * bound < linear.weight.abs().max() <= bound
        assert (linear.bias == 0).all()


def test_when_nothing_is_said_weights_come_and_none_are_dropped():
    module, x = MultiHeadAttention(8, 2), torch.randn(2, 3, 8)
    output, weights = module(x, x)
    assert weights.shape == (2, 2, 3, 3)
    assert_close(output, module(x, x)[0], rtol=0, atol=0)


def test_what_is_left_of_the_weights_is_scaled_up():
    module, x = MultiHeadAttention(8, 2, 0.25), torch.randn(2, 5, 8)
    torch.manual_seed(1)
    output, weights = module(x, x)
    torch.manual_seed(1)
    kept = nn.functional.dropout(weights, 0.25)
    values = module.W_V(x).unflatten(-1, (2, 4)).transpose(1, 2)
    assert_close(output, module.W_O((kept @ values).transpose(1, 2).flatten(2)))
