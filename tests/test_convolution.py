"""attend.convolution against torch, against plain loops, and against bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.autograd import Tensor, check_gradient, cross_entropy
from attend.convolution import CNN, Conv2d, MaxPool2d, conv2d, fold, max_pool2d, pad, unfold
from attend.data import Batches, digits
from attend.nn import accuracy
from attend.optimizers import Adam
from attend.training import fit
from conftest import assert_one_line

rng = np.random.default_rng(13)


def equal(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


def agree(ours, theirs, *arrays):
    """The same value and the same gradients in both libraries."""
    tensors = [Tensor(a) for a in arrays]
    references = [torch.tensor(a, requires_grad=True) for a in arrays]
    out, reference = ours(*tensors), theirs(*references)
    equal(out.data, reference)
    gradient = np.random.default_rng(1).normal(size=out.shape)
    out.backward(gradient)
    reference.backward(torch.tensor(gradient))
    for tensor, expected in zip(tensors, references, strict=True):
        equal(tensor.grad, expected.grad)


CASES = [
    ((2, 3, 7, 5), (5, 3, 3, 2), 1, 0),
    ((2, 3, 7, 5), (5, 3, 3, 2), 2, 1),
    ((2, 3, 7, 11), (5, 3, 2, 5), (2, 3), (1, 2)),
    ((1, 1, 5, 7), (1, 1, 5, 7), 1, 0),  # the kernel is the picture
    ((3, 2, 5, 7), (7, 2, 1, 1), 3, 0),  # rows and columns that no window reaches
    ((3, 2, 1, 1), (7, 2, 3, 3), 1, 1),
]


@pytest.mark.parametrize(("x", "kernels", "stride", "padding"), CASES)
def test_conv2d(x, kernels, stride, padding):
    x, kernels, bias = rng.normal(size=x), rng.normal(size=kernels), rng.normal(size=kernels[0])

    def ours(x, kernels, bias):
        return conv2d(x, kernels, bias, stride, padding)

    agree(
        ours, lambda x, k, b: torch.nn.functional.conv2d(x, k, b, stride, padding), x, kernels, bias
    )
    assert check_gradient(ours, x[:1], kernels[:2], bias[:2]) < 1e-6
    np.testing.assert_allclose(
        conv2d(x, kernels, None, stride, padding).data,
        ours(x, kernels, np.zeros_like(bias)).data,
    )


def test_conv2d_is_the_sum_in_its_docstring():
    x, kernels, bias = (
        rng.normal(size=(2, 3, 5, 7)),
        rng.normal(size=(2, 3, 3, 2)),
        rng.normal(size=2),
    )
    out = conv2d(x, kernels, bias, stride=2).data
    for b, f, i, j in np.ndindex(out.shape):
        patch = x[b, :, 2 * i : 2 * i + 3, 2 * j : 2 * j + 2]
        assert np.isclose(out[b, f, i, j], bias[f] + (kernels[f] * patch).sum())


sides = st.integers(1, 7)
small = st.integers(1, 3)


@settings(max_examples=50, deadline=None)
@given(small, small, sides, sides, small, small, small, small, st.integers(0, 2), st.integers(0, 2))
def test_any_geometry(B, C, H, W, h, w, down, right, p, q):
    x, kernels = rng.normal(size=(B, C, H, W)), rng.normal(size=(2, C, h, w))
    if h > H + 2 * p or w > W + 2 * q:
        with pytest.raises(ValueError, match="larger than x"):
            conv2d(x, kernels, stride=(down, right), padding=(p, q))
        return
    agree(
        lambda a, k: conv2d(a, k, stride=(down, right), padding=(p, q)),
        lambda a, k: torch.nn.functional.conv2d(a, k, stride=(down, right), padding=(p, q)),
        x,
        kernels,
    )
    if h <= H and w <= W:
        agree(
            lambda a: max_pool2d(a, (h, w), (down, right)),
            lambda a: torch.nn.functional.max_pool2d(a, (h, w), (down, right)),
            x,
        )
        columns = unfold(x, (h, w), (down, right))
        equal(columns, torch.nn.functional.unfold(torch.tensor(x), (h, w), stride=(down, right)))
        theirs = torch.nn.functional.fold(
            torch.tensor(columns), (H, W), (h, w), stride=(down, right)
        )
        equal(fold(columns, x.shape, (h, w), (down, right)), theirs)


def test_fold_is_the_transpose_of_unfold():
    x = rng.normal(size=(2, 3, 7, 5))
    columns = unfold(x, (3, 2), (2, 1))
    other = rng.normal(size=columns.shape)
    np.testing.assert_allclose(
        (columns * other).sum(), (x * fold(other, x.shape, (3, 2), (2, 1))).sum()
    )


@pytest.mark.parametrize(("size", "stride"), [(2, None), (3, 2), ((2, 3), 1), (1, 1)])
def test_max_pool(size, stride):
    x = rng.normal(size=(2, 3, 7, 5))
    agree(
        lambda a: max_pool2d(a, size, stride),
        lambda a: torch.nn.functional.max_pool2d(a, size, stride),
        x,
    )
    assert check_gradient(lambda a: max_pool2d(a, size, stride), x) < 1e-6
    flat = np.zeros((1, 2, 4, 6))  # all ties, as after a ReLU
    agree(
        lambda a: max_pool2d(a, size, stride),
        lambda a: torch.nn.functional.max_pool2d(a, size, stride),
        flat,
    )


def test_pad():
    x = rng.normal(size=(2, 3, 5, 7))
    agree(lambda a: pad(a, (1, 2)), lambda a: torch.nn.functional.pad(a, (2, 2, 1, 1)), x)
    t = Tensor(x)
    assert pad(t, (0, 0)) is t


def test_float32_stays():
    x, kernels = (
        rng.normal(size=(2, 3, 5, 5)).astype(np.float32),
        rng.normal(size=(2, 3, 3, 3)).astype(np.float32),
    )
    t = Tensor(x)
    out = max_pool2d(conv2d(t, kernels, padding=1), 2)
    out.sum().backward()
    assert out.data.dtype == t.grad.dtype == np.float32


def test_a_shift_of_the_picture_shifts_the_output():
    picture = np.zeros((1, 1, 9, 9))
    picture[0, 0, 2:5, 2:5] = rng.normal(size=(3, 3))
    layer = Conv2d(1, 2, 3, padding=1, seed=1)
    moved = np.roll(picture, (2, 3), (2, 3))
    np.testing.assert_allclose(layer(moved).data[..., 2:, 3:], layer(picture).data[..., :-2, :-3])


def test_cnn_equals_torch():
    ours = CNN(image=(2, 7, 9), channels=(3, 5), n_classes=4, seed=2)
    x = rng.normal(size=(3, 2, 7, 9))
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(3, 5, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(5 * 1 * 2, 4),
    ).double()
    layers = [theirs[0], theirs[3], theirs[7]]
    weights = [ours.stages[0].kernels, ours.stages[1].kernels, ours.output.weight]
    biases = [ours.stages[0].bias, ours.stages[1].bias, ours.output.bias]
    with torch.no_grad():
        for layer, weight, bias in zip(layers, weights, biases, strict=True):
            layer.weight.copy_(torch.tensor(weight.data if weight.ndim == 4 else weight.data.T))
            layer.bias.copy_(torch.tensor(rng.normal(size=bias.shape)))
            bias.data = layer.bias.detach().numpy().copy()
    agree(ours, theirs, x)
    for layer, weight, bias in zip(layers, weights, biases, strict=True):
        equal(weight.grad if weight.ndim == 4 else weight.grad.T, layer.weight.grad)
        equal(bias.grad, layer.bias.grad)
    assert sum(p.data.size for p in ours.parameters()) == sum(
        p.numel() for p in theirs.parameters()
    )
    np.testing.assert_array_equal(ours(x.reshape(3, -1)).data, ours(x).data)
    maps = ours.feature_maps(x)
    assert [m.shape for m in maps] == [(3, 3, 7, 9), (3, 5, 3, 4)]
    equal(maps[1].data, theirs[:5](torch.tensor(x)))


def test_layers():
    x = rng.normal(size=(2, 3, 7, 5))
    layer = Conv2d(3, 5, (3, 2), stride=2, padding=(1, 0), seed=1)
    np.testing.assert_array_equal(
        layer(x).data, conv2d(x, layer.kernels, layer.bias, 2, (1, 0)).data
    )
    assert layer.kernels.shape == (5, 3, 3, 2) and len(layer.parameters()) == 2
    np.testing.assert_array_equal(MaxPool2d(2)(x).data, max_pool2d(x, 2).data)
    assert MaxPool2d(2).parameters() == []
    spread = Conv2d(20, 300, 3).kernels.data.std()
    assert abs(spread / (2 / 180) ** 0.5 - 1) < 0.02  # He: a kernel sees 20 · 3 · 3 numbers
    assert (CNN(seed=1).stages[0].kernels.data == CNN(seed=1).stages[0].kernels.data).all()


def test_a_cnn_reads_digits():
    inputs, labels, test_inputs, test_labels = digits()
    model = CNN()

    def loss(model, batch):
        return cross_entropy(model(batch[0]), batch[1])

    fit(model, Batches(inputs, labels), loss, Adam(model.parameters(), 0.003), epochs=6)
    assert accuracy(model, test_inputs, test_labels) >= 0.96


picture = np.zeros((2, 3, 5, 7))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: conv2d(np.zeros((3, 5, 7)), np.zeros((2, 3, 3, 3))),
            ["x", "[3, 5, 7]", "[B, C, H, W]"],
        ),
        (lambda: conv2d(picture, np.zeros((3, 3))), ["kernels", "[3, 3]", "[F, 3, h, w]"]),
        (lambda: conv2d(picture[:0], np.zeros((2, 3, 3, 3))), ["x", "[0, 3, 5, 7]"]),
        (
            lambda: conv2d(picture, np.zeros((2, 4, 3, 3))),
            ["kernels", "[F, 3, h, w]", "[2, 4, 3, 3]"],
        ),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 6, 3))),
            ["kernels", "[6, 3]", "larger", "[5, 7]"],
        ),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 3, 10)), padding=1),
            ["kernels", "[3, 10]", "[7, 9]"],
        ),
        (lambda: conv2d(picture, np.zeros((2, 3, 3, 3)), np.zeros(3)), ["bias", "[3]", "[2]"]),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 3, 3)), stride=0),
            ["stride must", "got 0", "at least 1"],
        ),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 3, 3)), stride=1.5),
            ["stride must", "got 1.5", "whole"],
        ),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 3, 3)), padding=-1),
            ["padding must", "got -1", "at least 0"],
        ),
        (
            lambda: conv2d(picture, np.zeros((2, 3, 3, 3)), padding=(1, 2, 3)),
            ["padding must", "got (1, 2, 3)"],
        ),
        (lambda: max_pool2d(np.zeros((5, 7)), 2), ["x", "[5, 7]", "[B, C, H, W]"]),
        (lambda: max_pool2d(picture, 6), ["size must", "got [6, 6]", "larger", "[5, 7]"]),
        (lambda: max_pool2d(picture, 0), ["size must", "got 0"]),
        (lambda: max_pool2d(picture, 2, stride=0), ["stride must", "got 0"]),
        (lambda: Conv2d(0, 2, 3), ["n_in must", "got 0"]),
        (lambda: Conv2d(2, 0, 3), ["n_out must", "got 0"]),
        (lambda: Conv2d(2, 2, 0), ["size must", "got 0"]),
        (lambda: CNN(image=(8, 8)), ["image must", "got (8, 8)"]),
        (lambda: CNN(channels=()), ["channels must", "got none"]),
        (
            lambda: CNN(channels=(2, 2, 2, 2)),
            ["channels must", "got (2, 2, 2, 2)", "image=(1, 8, 8)", "halved"],
        ),
        (lambda: CNN()(picture), ["x", "[2, 3, 5, 7]", "[B, 1, 8, 8]", "[B, 64]"]),
    ],
)
def test_bad_input_is_named_in_one_line(call, words):
    assert_one_line(call, ValueError, words)
