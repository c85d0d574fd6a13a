"""The parts of the block against torch's own with copied weights, values and gradients."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attend.attention import MultiHeadAttention
from attend.layers import (
    BatchNorm,
    DecoderLayer,
    EncoderLayer,
    FeedForward,
    LayerNorm,
    Residual,
    RMSNorm,
    SwiGLU,
)
from attend.positions import Alibi

B, T, S, D, H, F = 2, 3, 5, 14, 7, 11


def draw(*shape):
    return torch.randn(shape, dtype=torch.double, requires_grad=True)


def shaken(module):
    """Every parameter off its first value, so that a γ of 1 and a β of 0 hide nothing."""
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double()


def copy_attention(ours, theirs):
    with torch.no_grad():
        views = (ours.W_Q, ours.W_K, ours.W_V)
        theirs.in_proj_weight.copy_(torch.cat([view.weight for view in views]))
        theirs.in_proj_bias.copy_(torch.cat([view.bias for view in views]))
    theirs.out_proj.load_state_dict(ours.W_O.state_dict())


def copy_layer(ours, theirs):
    """Ours, encoder or decoder layer, into torch's."""
    copy_attention(ours.attention, theirs.self_attn)
    if hasattr(ours, "cross_attention"):
        copy_attention(ours.cross_attention, theirs.multihead_attn)
    theirs.linear1.load_state_dict(ours.feed_forward.inner.state_dict())
    theirs.linear2.load_state_dict(ours.feed_forward.outer.state_dict())
    for n, residual in enumerate(ours.residuals, 1):
        getattr(theirs, f"norm{n}").load_state_dict(residual.norm.state_dict())


def same(ours, theirs, *inputs):
    """Two outputs and the gradients of the inputs."""
    assert_close(ours, theirs)
    direction = torch.randn_like(ours)
    mine = torch.autograd.grad((ours * direction).sum(), inputs, retain_graph=True)
    their = torch.autograd.grad((theirs * direction).sum(), inputs, retain_graph=True)
    for a, b in zip(mine, their, strict=True):
        assert_close(a, b)


@pytest.mark.parametrize("shape", [(D,), (B, D), (B, T, D), (1, 1, D)])
@pytest.mark.parametrize(("kind", "torch_s"), [(LayerNorm, nn.LayerNorm), (RMSNorm, nn.RMSNorm)])
def test_norms_of_one_word_equal_torch(kind, torch_s, shape):
    ours, x = shaken(kind(D)), draw(*shape)
    theirs = torch_s(D, eps=ours.eps).double()
    theirs.load_state_dict(ours.state_dict())
    same(ours(x), theirs(x), x)
    same(ours.by_hand(x), theirs(x), x)
    loss = ours(x).square().sum()
    for a, b in zip(
        torch.autograd.grad(loss, list(ours.parameters())),
        torch.autograd.grad(theirs(x).square().sum(), list(theirs.parameters())),
        strict=True,
    ):
        assert_close(a, b)


def test_rms_norm_is_layer_norm_where_the_mean_is_0():
    ours, theirs, x = RMSNorm(D, 1e-9).double(), LayerNorm(D, 1e-9).double(), draw(B, D)
    x = x - x.mean(dim=-1, keepdim=True)
    assert_close(ours(x), theirs(x))
    assert_close(ours(torch.zeros(D).double()), torch.zeros(D).double())
    assert not torch.allclose(ours(x + 1), theirs(x + 1))


def test_layer_norm_of_equal_numbers_is_beta():
    norm = shaken(LayerNorm(D))
    assert_close(norm(torch.full((2, D), 7.0).double()), norm.bias.expand(2, D))


@pytest.mark.parametrize("masked", [False, True])
def test_batch_norm_equals_torch_in_training_and_after(masked):
    ours, theirs, x = shaken(BatchNorm(D)), nn.BatchNorm1d(D).double(), draw(B, T, D)
    theirs.load_state_dict(ours.state_dict(), strict=False)  # without its count of batches
    mask = torch.tensor([[True, True, True], [True, False, False]]) if masked else None
    there = torch.ones(B, T).bool() if mask is None else mask
    for _ in range(3):
        same(ours(x, mask)[there], theirs(x[there]), x)
    assert_close(ours.running_mean, theirs.running_mean)
    assert_close(ours.running_var, theirs.running_var)
    same(ours.eval()(x), theirs.eval()(x.flatten(0, 1)).view(B, T, D), x)


def test_feed_forward_is_its_formula_for_each_word_alone():
    net, x = shaken(FeedForward(D, F)), draw(B, T, D)
    for b in range(B):
        for t in range(T):
            inner = (net.inner.weight @ x[b, t] + net.inner.bias).clamp(min=0)
            assert_close(net(x)[b, t], net.outer.weight @ inner + net.outer.bias)


def test_swiglu_is_its_formula_for_each_word_alone():
    net, x = shaken(SwiGLU(D, F)), draw(B, T, D)
    assert {name: list(p.shape) for name, p in net.named_parameters()} == {
        "W_1.weight": [F, D],
        "W_3.weight": [F, D],
        "W_2.weight": [D, F],
    }
    gate, value = (torch.einsum("fd,btd->btf", W.weight, x) for W in (net.W_1, net.W_3))
    same(net(x), torch.einsum("df,btf->btd", net.W_2.weight, gate * gate.sigmoid() * value), x)


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_residual_says_where_the_norm_stands(norm):
    part, x = shaken(Residual(D, norm=norm)), draw(B, D)
    expected = x + (part.norm(x) * 3) if norm == "pre" else part.norm(x + x * 3)
    out, rest = part(x, lambda x: (x * 3, "rest"))
    assert_close(out, expected)
    assert rest == "rest" and part(x, lambda x: x * 3)[1] is None


@pytest.mark.parametrize("return_weights", [True, False])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_encoder_layer_equals_torch(norm, return_weights):
    ours = shaken(EncoderLayer(D, H, F, norm=norm))
    theirs = nn.TransformerEncoderLayer(
        D, H, F, dropout=0.0, batch_first=True, norm_first=norm == "pre", dtype=torch.double
    )
    copy_layer(ours, theirs)
    x = draw(B, S, D)
    there = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]).bool()
    out, weights = ours(x, there[:, None], return_weights)
    same(out, theirs(x, src_key_padding_mask=~there), x)
    assert (weights is None) != return_weights


@pytest.mark.parametrize("return_weights", [True, False])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_decoder_layer_equals_torch(norm, return_weights):
    ours = shaken(DecoderLayer(D, H, F, norm=norm))
    theirs = nn.TransformerDecoderLayer(
        D, H, F, dropout=0.0, batch_first=True, norm_first=norm == "pre", dtype=torch.double
    )
    copy_layer(ours, theirs)
    x, memory = draw(B, T, D), draw(B, S, D)
    causal = torch.ones(T, T).tril().bool()
    there = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]]).bool()
    out, own, cross = ours(x, memory, causal, there[:, None], return_weights)
    expected = theirs(x, memory, tgt_mask=~causal, memory_key_padding_mask=~there)
    same(out, expected, x, memory)
    if return_weights:
        assert own.shape == (B, H, T, T) and cross.shape == (B, H, T, S)
        assert (own.triu(1) == 0).all() and (cross[1, :, :, 2:] == 0).all()


def test_the_residual_stream_is_the_sum_of_what_the_parts_said():
    layer, x = shaken(EncoderLayer(D, H, F)), draw(B, S, D)
    said = []
    layer.attention.register_forward_hook(lambda module, inputs, out: said.append(out[0]))
    layer.feed_forward.register_forward_hook(lambda module, inputs, out: said.append(out))
    assert_close(layer(x)[0], x + said[0] + said[1])


WRONG = [
    (lambda: LayerNorm(0), ValueError, "d_model must be a whole number, at least 1, got 0"),
    (lambda: LayerNorm(4, eps=0), ValueError, "eps must be a number above 0, got 0"),
    (lambda: LayerNorm(4)(torch.ones(2, 5)), ValueError, "x must be 4 numbers wide, got shape"),
    (lambda: LayerNorm(4)(torch.ones(4).long()), TypeError, "x must hold floating-point numbers"),
    (lambda: BatchNorm(4)(torch.ones(1, 4)), ValueError, "more than one word in training, got 1"),
    (lambda: BatchNorm(4)(torch.ones(3, 5)), ValueError, "x must be 4 numbers wide"),
    (lambda: RMSNorm(0), ValueError, "d_model must be a whole number, at least 1, got 0"),
    (lambda: RMSNorm(4, eps=0), ValueError, "eps must be a number above 0, got 0"),
    (lambda: RMSNorm(4)(torch.ones(2, 5)), ValueError, "x must be 4 numbers wide, got shape"),
    (lambda: FeedForward(4, 0), ValueError, "d_ff must be a whole number, at least 1, got 0"),
    (lambda: SwiGLU(4, 0), ValueError, "d_ff must be a whole number, at least 1, got 0"),
    (lambda: SwiGLU(0, 4), ValueError, "d_model must be a whole number, at least 1, got 0"),
    (
        lambda: Residual(4, 1.5),
        ValueError,
        r"dropout must be a number, at least 0 and below 1, got 1\.5",
    ),
    (lambda: Residual(4, norm="mid"), ValueError, "norm must be one of pre, post"),
    (lambda: EncoderLayer(8, 3, 16), ValueError, "n_heads=3 must divide d_model=8"),
]


@pytest.mark.parametrize("make, kind, message", WRONG)
def test_bad_arguments_are_named(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("kind", [LayerNorm, BatchNorm, RMSNorm])
def test_norms_begin_as_torch_s_do(kind):
    theirs = {LayerNorm: nn.LayerNorm, BatchNorm: nn.BatchNorm1d, RMSNorm: nn.RMSNorm}[kind](D)
    x = torch.randn(5, D)
    assert_close(kind(D)(x), theirs(x))
    assert_close(kind(D).eval()(x), theirs.__class__(D).eval()(x))


def test_the_feed_forward_network_begins_by_xavier_and_without_biases():
    torch.manual_seed(0)
    net = FeedForward(40, 90)
    for linear in (net.inner, net.outer):
        bound = (6 / (40 + 90)) ** 0.5
        assert 0.98 * bound < linear.weight.abs().max() <= bound
        assert (linear.bias == 0).all()


def test_swiglu_begins_by_xavier():
    torch.manual_seed(0)
    for linear in (net := SwiGLU(40, 90)).children():
        bound = (6 / (40 + 90)) ** 0.5
        assert 0.98 * bound < linear.weight.abs().max() <= bound
    assert sum(parameter.numel() for parameter in net.parameters()) == 3 * 40 * 90


def test_dropout_falls_on_what_a_part_says_and_in_training_alone():
    part, x = Residual(D, 0.5), torch.full((50, D), 7.0)
    torch.manual_seed(0)
    out, _ = part(x, torch.ones_like)
    assert set((out - x).unique().tolist()) == {0.0, 2.0}
    assert_close(part.eval()(x, torch.ones_like)[0], x + 1)


@pytest.mark.parametrize("kind", [EncoderLayer, DecoderLayer])
def test_a_layer_hands_on_its_dropout(kind):
    layer, x = kind(D, H, F, 0.5), torch.randn(B, S, D)
    inputs = (x,) if kind is EncoderLayer else (x, x)
    torch.manual_seed(0)
    assert not torch.allclose(layer(*inputs)[0], layer(*inputs)[0])
    layer.eval()
    assert_close(layer(*inputs)[0], layer(*inputs)[0])


@pytest.mark.parametrize("kind", [EncoderLayer, DecoderLayer])
def test_a_layer_hands_on_its_sense_of_position(kind):
    layer, plain = (shaken(kind(12, 3, F, 0.0, "pre", sense)) for sense in (Alibi(), None))
    x = draw(B, S, 12)
    inputs = (x,) if kind is EncoderLayer else (x, draw(B, T, 12))
    attention = MultiHeadAttention(12, 3, 0.0, Alibi()).double()
    attention.load_state_dict(layer.attention.state_dict())
    normed = layer.residuals[0].norm(x)
    assert_close(layer(*inputs, return_weights=True)[1], attention(normed, normed)[1])
    assert not torch.allclose(layer(*inputs)[0], plain(*inputs)[0])


def test_when_nothing_is_said_the_norm_is_first_and_no_weights_come():
    layer, x = shaken(EncoderLayer(D, H, F)), draw(B, S, D)
    assert_close(layer(x)[0], shaken(EncoderLayer(D, H, F, norm="pre"))(x)[0])
    assert layer(x)[1] is None
    layer, memory = shaken(DecoderLayer(D, H, F)), draw(B, T, D)
    assert_close(layer(x, memory)[0], shaken(DecoderLayer(D, H, F, norm="pre"))(x, memory)[0])
    assert layer(x, memory)[1:] == (None, None)


def test_two_words_are_enough_for_a_batch_and_eps_is_named():
    assert BatchNorm(4)(torch.randn(2, 4)).isfinite().all()
    for kind in (LayerNorm, BatchNorm):
        with pytest.raises(ValueError, match=r"^eps\b"):
            kind(4, eps=0)


def test_eps_is_what_it_is_said_to_be():
    ours, theirs, x = LayerNorm(D, 0.5), nn.LayerNorm(D, 0.5), torch.randn(3, D)
    assert_close(ours(x), theirs(x))
    assert_close(ours.by_hand(x), theirs(x))
    assert_close(BatchNorm(D, 0.5)(x), nn.BatchNorm1d(D, 0.5)(x))
    ours, theirs = RMSNorm(D, 0.5), nn.RMSNorm(D, 0.5)
    assert_close(ours(x), theirs(x))
    assert_close(ours.by_hand(x), theirs(x))
    assert RMSNorm(D).eps == 1e-6


def test_a_residual_connection_norms_first_when_nothing_is_said():
    part, x = shaken(Residual(D)), draw(B, D)
    assert_close(part(x, torch.tanh)[0], x + part.norm(x).tanh())


@pytest.mark.parametrize(
    "name, make",
    [
        ("d_model", lambda: FeedForward(0, 4)),
        ("d_ff", lambda: FeedForward(4, 0)),
        ("norm", lambda: Residual(4, norm="mid")),
        ("dropout", lambda: Residual(4, 1.5)),
        ("momentum", lambda: BatchNorm(4, momentum=torch.nan)),
    ],
)
def test_the_line_begins_with_the_argument(name, make):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        make()
