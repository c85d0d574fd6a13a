"""The parts that the ablation takes out are out, and nothing else is; its file is whole."""

import pytest
import torch
from torch.testing import assert_close

from attend.data import PairBatches
from attend.experiments import ablation
from attend.experiments.ablation import VARIANTS, build
from attend.layers import LayerNorm, RMSNorm, SwiGLU
from attend.translation import next_word_loss


@pytest.fixture(scope="module")
def known():
    return ablation.data()


@pytest.fixture(scope="module")
def batch(known):
    codec, learn, _ = known
    return next(iter(PairBatches(codec, learn[:7], size=7)))


def names_of(model):
    return {name for name, _ in model.named_parameters()}


TAKEN = {
    "feed-forward": "feed_forward.",
    "encoder's self-attention": "encoder.",
    "decoder's self-attention": "decoder.",
    "cross-attention": "cross_attention.",
    "LayerNorm": "norm",
}


@pytest.mark.parametrize("name", [name for name in VARIANTS if "put in" not in name])
def test_only_what_is_named_is_taken_out(known, name):
    whole, model = build(known[0]), build(known[0], name)
    gone = names_of(whole) - names_of(model)
    assert names_of(model) <= names_of(whole)
    assert bool(gone) == (name in TAKEN)
    assert all(TAKEN[name] in parameter for parameter in gone)
    if "self-attention" in name:
        assert all(".attention.W_" in parameter for parameter in gone)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_learns_with_all_it_has_left(known, batch, name):
    model = build(known[0], name)
    loss = next_word_loss(model, batch)
    loss.backward()
    assert loss.isfinite()
    for parameter, value in model.named_parameters():
        unread = name in TAKEN and ".residuals." in parameter  # the norm of a silent part
        unasked = name == "cross-attention" and parameter.startswith(("encoder", "source"))
        if value.requires_grad and not (unread or unasked):
            assert value.grad is not None and value.grad.isfinite().all(), parameter


def test_a_silent_part_leaves_the_stream_as_it_was(known):
    layer = build(known[0], "feed-forward", dropout=0.0).encoder[0]
    x = torch.randn(2, 5, 64)
    read_by_attention = layer.residuals[0].norm(x)
    wanted = x + layer.attention(read_by_attention, read_by_attention)[0]
    assert_close(layer(x)[0], wanted)


def test_without_the_stream_what_is_said_takes_its_place(known):
    layer = build(known[0], "residual connections", dropout=0.0).encoder[0]
    x = torch.randn(2, 5, 64)
    read = layer.residuals[0].norm(x)
    said = layer.attention(read, read)[0]
    wanted = layer.feed_forward(layer.residuals[1].norm(said))
    assert_close(layer(x)[0], wanted, atol=1e-5, rtol=1e-4)


def test_batch_norm_in_the_encoder_sees_words_alone(known, batch):
    model = build(known[0], "LayerNorm, BatchNorm put into the encoder", dropout=0.0)
    source, target = batch
    longer = torch.nn.functional.pad(source, (0, 3))
    assert_close(model(source, target), model(longer, target), atol=1e-4, rtol=1e-4)
    assert not any(isinstance(module, LayerNorm) for module in model.encoder.modules())
    assert any(isinstance(module, LayerNorm) for module in model.decoder.modules())


def test_what_is_exchanged_is_exchanged_everywhere(known):
    kinds = {"LayerNorm, RMSNorm put in": RMSNorm, "ReLU network, SwiGLU put in": SwiGLU}
    for (name, kind), count in zip(kinds.items(), (12, 4), strict=True):
        model = build(known[0], name)
        assert sum(isinstance(module, kind) for module in model.modules()) == count
    assert not any(
        isinstance(module, LayerNorm)
        for module in build(known[0], "LayerNorm, RMSNorm put in").modules()
    )
    weights = [
        sum(p.numel() for p in build(known[0], name).encoder[0].feed_forward.parameters())
        for name in ("nothing", "ReLU network, SwiGLU put in")
    ]
    assert abs(weights[1] / weights[0] - 1) < 0.02


def test_without_biases_none_moves(known):
    codec, learn, valid = known
    model = build(codec, "biases")
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    layers = {
        name
        for name, _ in model.named_parameters()
        if name.startswith(("encoder.", "decoder.")) and name.endswith("bias")
    }
    assert frozen == layers and all((model.get_parameter(name) == 0).all() for name in frozen)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    row = ablation.examine((codec, learn[:64], valid[:20]), "biases", epochs=1)
    assert row["parameters"] == count < sum(p.numel() for p in build(codec).parameters())


def test_one_variant_is_trained_and_measured(known):
    codec, learn, valid = known
    few = codec, learn[:64], valid[:20]
    row = ablation.examine(few, epochs=1, warmup=0)
    assert 0 < row["held_out_loss"] < 10
    assert ablation.examine(few, epochs=1, warmup=0) == row


def test_held_out_loss_is_the_mean_over_words(known):
    codec, _, valid = known
    model = build(codec).eval()
    with torch.no_grad():
        one_by_one = [codec.encode([pair]) for pair in valid[:9]]
        losses = [next_word_loss(model, batch).item() for batch in one_by_one]
    words = [target.shape[1] - 1 for _, target in one_by_one]
    wanted = sum(loss * n for loss, n in zip(losses, words, strict=True)) / sum(words)
    assert abs(ablation.held_out_loss(model, codec, valid[:9]) - wanted) < 1e-4
