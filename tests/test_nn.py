"""attend.nn and attend.data against torch's layers with the same weights, and against bad input."""

import copy

import numpy as np
import pytest
import torch

from attend.autograd import Tensor, check_gradient, cross_entropy
from attend.data import Batches, digits
from attend.nn import (
    ACTIVATIONS,
    MLP,
    BatchNorm,
    Dropout,
    Hidden,
    Layer,
    LayerNorm,
    Linear,
    accuracy,
    initial_weights,
    predict,
)
from attend.optimizers import SGD, Adam
from attend.training import fit
from conftest import assert_one_line

rng = np.random.default_rng(11)
TORCH_ACTIVATIONS = {
    "identity": torch.nn.Identity(),
    "sigmoid": torch.nn.Sigmoid(),
    "tanh": torch.nn.Tanh(),
    "relu": torch.nn.ReLU(),
    "gelu": torch.nn.GELU(approximate="tanh"),
}


def equal(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


def copied(linear):
    """torch's Linear with our weights; it keeps them as [n_out, n_in]."""
    theirs = torch.nn.Linear(*linear.weight.shape, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(linear.weight.data.T))
        theirs.bias.copy_(torch.tensor(linear.bias.data))
    return theirs


def compare(ours, theirs, x):
    """Outputs and the gradient in x, in the mode both are in."""
    t, u = Tensor(x), torch.tensor(x, requires_grad=True)
    out, reference = ours(t), theirs(u)
    equal(out.data, reference)
    gradient = np.random.default_rng(1).normal(size=out.shape)
    out.backward(gradient)
    reference.backward(torch.tensor(gradient))
    equal(t.grad, u.grad)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("norm", [None, "layer", "batch"])
def test_mlp_equals_torch(activation, norm):
    ours = MLP([5, 7, 2, 3], activation=activation, norm=norm, seed=4)
    norms = {
        None: lambda width: torch.nn.Identity(),
        "layer": torch.nn.LayerNorm,
        "batch": torch.nn.BatchNorm1d,
    }
    layers = []
    for hidden in ours.hidden:
        width = hidden.linear.weight.shape[1]
        layers += [
            copied(hidden.linear),
            norms[norm](width).double(),
            TORCH_ACTIVATIONS[activation],
        ]
    theirs = torch.nn.Sequential(*layers, copied(ours.output))
    x = rng.normal(size=(11, 5))
    compare(ours, theirs, x)
    equal(ours.output.weight.grad.T, theirs[-1].weight.grad)
    equal(ours.output.bias.grad, theirs[-1].bias.grad)
    for i, hidden in enumerate(ours.hidden):
        equal(hidden.linear.weight.grad.T, theirs[3 * i].weight.grad)
        equal(hidden.linear.bias.grad, theirs[3 * i].bias.grad)
        if norm:
            equal(hidden.norm.gamma.grad, theirs[3 * i + 1].weight.grad)
            equal(hidden.norm.beta.grad, theirs[3 * i + 1].bias.grad)
    compare(ours.eval(), theirs.eval(), x)  # BatchNorm: with the running averages of one step
    assert len(ours.parameters()) == len(list(theirs.parameters()))


def test_norms_use_their_scale_and_shift():
    x = rng.normal(2, 3, size=(7, 5))
    for ours, theirs in (
        (LayerNorm(5), torch.nn.LayerNorm(5)),
        (BatchNorm(5), torch.nn.BatchNorm1d(5)),
    ):
        theirs = theirs.double()
        ours.gamma.data, ours.beta.data = rng.normal(size=5), rng.normal(size=5)
        with torch.no_grad():
            theirs.weight.copy_(torch.tensor(ours.gamma.data))
            theirs.bias.copy_(torch.tensor(ours.beta.data))
        for _ in range(3):
            compare(ours, theirs, x)
            x = rng.normal(1, 2, size=(7, 5))
        compare(ours.eval(), theirs.eval(), x[:1])
    equal(ours.running_mean, theirs.running_mean)
    equal(ours.running_variance, theirs.running_var)
    assert check_gradient(LayerNorm(5), x) < 1e-6 and check_gradient(BatchNorm(5), x) < 1e-6


def test_residual_layer_begins_as_the_identity_and_learns():
    x = rng.normal(size=(7, 5))
    layer = Hidden(5, 5, "tanh", residual=True, seed=1)
    np.testing.assert_array_equal(layer(x).data, x)
    layer.alpha.data = np.array(0.7)
    theirs = copied(layer.linear)
    t = torch.tensor(x)
    equal(layer(x).data, t + 0.7 * torch.tanh(theirs(t)))
    assert any(p is layer.alpha for p in layer.parameters())
    assert check_gradient(layer, x) < 1e-6
    widths = [hidden.residual for hidden in MLP([3, 5, 5, 2, 2, 7], residual=True).hidden]
    assert widths == [False, True, False, True]


def test_parameters_are_found_once_and_modes_reach_every_layer():
    class Twice(Layer):
        def __init__(self):
            self.first = Linear(2, 3)
            self.more = [self.first, BatchNorm(3), (Dropout(0.5))]
            self.scale = Tensor(1.0)
            self.not_learned = np.ones(3)

    model = Twice()
    assert len(model.parameters()) == 5 and len({id(p) for p in model.parameters()}) == 5
    assert model.eval() is model and not any(layer.training for layer in [model, *model.more])
    assert model.train() is model and all(layer.training for layer in [model, *model.more])


def test_dropout():
    x = np.ones((200, 50))
    layer = Dropout(0.3, seed=2)
    t = Tensor(x)
    out = layer(t)
    kept = out.data != 0
    np.testing.assert_allclose(out.data[kept], 1 / 0.7)
    assert abs(kept.mean() - 0.7) < 5 * (0.3 * 0.7 / x.size) ** 0.5  # five standard errors
    out.sum().backward()
    np.testing.assert_array_equal(t.grad, out.data)  # what was dropped hears nothing
    assert (layer(x).data != out.data).any()
    np.testing.assert_array_equal(Dropout(0.3, seed=2)(x).data, out.data)
    np.testing.assert_array_equal(layer.eval()(x).data, x)


@pytest.mark.parametrize(
    ("scheme", "spread"),
    [
        ("he", (2 / 300) ** 0.5),
        ("xavier", (2 / 500) ** 0.5),
        ("small", 0.01),
        ("large", 1.0),
        (0.2, 0.2),
    ],
)
def test_initial_weights(scheme, spread):
    weights = initial_weights((300, 200), scheme, np.random.default_rng(0))
    standard_error = 1 / (2 * weights.size) ** 0.5
    assert abs(weights.std() / spread - 1) < 5 * standard_error
    assert abs(weights.mean() / spread) < 5 / weights.size**0.5


def test_he_keeps_the_signal_and_others_lose_or_blow_it_up():
    x = rng.normal(size=(100, 64))
    sizes = {}
    for scheme in ("he", "small", "large"):
        model = MLP([64] * 12, initialisation=scheme)
        sizes[scheme] = np.sqrt((model(x).data ** 2).mean())
    assert 0.1 < sizes["he"] < 10 and sizes["small"] < 1e-8 and sizes["large"] > 1e6


def test_a_seed_is_a_network():
    assert all(
        (p.data == q.data).all()
        for p, q in zip(*(MLP([5, 3, 2], seed=3).parameters() for _ in "ab"), strict=True)
    )
    first, second = (MLP([5, 5, 5], seed=s).hidden[0].linear.weight.data for s in (0, 1))
    assert (first != second).all()
    deep = MLP([5, 5, 5, 5], seed=0)
    assert (deep.hidden[0].linear.weight.data != deep.hidden[1].linear.weight.data).all()


def test_batches_visit_every_example_once_in_a_new_order():
    x = np.arange(23)
    batches = Batches(x[:, None], x, size=5, seed=1)
    first, second = list(batches), list(batches)
    assert len(batches) == len(first) == 5
    assert [len(labels) for _, labels in first] == [5, 5, 5, 5, 3]
    orders = [np.concatenate([labels for _, labels in epoch]) for epoch in (first, second)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), x)
    assert (orders[0] != orders[1]).any()
    assert all((inputs[:, 0] == labels).all() for inputs, labels in first)
    np.testing.assert_array_equal(
        np.concatenate([b for _, b in Batches(x, x, size=4, shuffle=False)]), x
    )
    again = np.concatenate([labels for _, labels in Batches(x[:, None], x, size=5, seed=1)])
    np.testing.assert_array_equal(again, orders[0])


def test_digits_are_dealt_without_overlap():
    train_inputs, train_labels, test_inputs, test_labels = digits(0.25, seed=1)
    assert len(train_inputs) == len(train_labels) and len(test_inputs) == len(test_labels)
    assert len(train_labels) + len(test_labels) == 1797 and len(test_labels) == round(0.25 * 1797)
    assert train_inputs.shape[1] == 64 and train_inputs.min() == 0 and train_inputs.max() == 1
    assert set(train_labels) == set(test_labels) == set(range(10))
    np.testing.assert_array_equal(digits(0.25, seed=1)[0], train_inputs)


def test_predict_leaves_the_mode_alone_and_accuracy_counts():
    model = MLP([4, 5, 3], dropout=0.5, seed=1)
    x = rng.normal(size=(50, 4))
    expected = copy.deepcopy(model).eval()(x).data.argmax(1)
    np.testing.assert_array_equal(predict(model, x), expected)
    assert model.training and model.hidden[0].dropout.training
    labels = expected.copy()
    labels[:10] = (labels[:10] + 1) % 3
    assert accuracy(model, x, labels) == 0.8
    with pytest.raises(ValueError, match="x must have shape"):
        predict(model, x[:, :3])
    assert model.training
    assert not model.eval().training and predict(model, x) is not None and not model.training


def loss(model, batch):
    return cross_entropy(model(batch[0]), batch[1])


def test_a_loss_that_is_not_finite_stops_training():
    model = MLP([2, 3, 2])
    batches = [(np.array([[1.0, np.nan]]), np.array([0]))]
    with pytest.raises(FloatingPointError, match="step 1"):
        fit(model, batches, loss, SGD(model.parameters()))


def test_an_mlp_reads_digits():
    inputs, labels, test_inputs, test_labels = digits()
    model = MLP([64, 128, 10])
    losses = fit(model, Batches(inputs, labels), loss, Adam(model.parameters(), 0.003), epochs=15)
    assert losses[-1] < losses[0] / 10 and not model.training
    assert accuracy(model, test_inputs, test_labels) >= 0.95


def test_a_deep_residual_net_learns_what_a_plain_one_cannot():
    inputs, labels, _, _ = digits()
    scores = []
    for residual in (False, True):
        model = MLP([64] + [32] * 20 + [10], residual=residual)
        fit(model, Batches(inputs, labels), loss, SGD(model.parameters(), 0.02, momentum=0.9), 3)
        scores.append(accuracy(model, inputs, labels))
    assert scores[1] > 0.9 > 0.6 > scores[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Linear(0, 3), ["n_in must", "got 0", "at least 1"]),
        (lambda: Linear(3, 2.5), ["n_out must", "got 2.5"]),
        (lambda: Linear(3, 2)(np.zeros((5, 4))), ["x", "[5, 4]", "[..., 3]"]),
        (
            lambda: Linear(3, 2, initialisation="lecun"),
            ["initialisation must", "got 'lecun'", "he", "xavier"],
        ),
        (lambda: Linear(3, 2, initialisation=-1.0), ["initialisation must", "got -1.0"]),
        (lambda: Dropout(1.0), ["p must", "got 1.0", "below 1"]),
        (lambda: Dropout(-0.1), ["p must", "got -0.1"]),
        (lambda: LayerNorm(0), ["width must", "got 0"]),
        (lambda: LayerNorm(3)(np.zeros((2, 5))), ["x", "[2, 5]", "[..., 3]"]),
        (lambda: LayerNorm(3, epsilon=0), ["epsilon must", "got 0"]),
        (lambda: BatchNorm(3, momentum=1), ["momentum must", "got 1"]),
        (lambda: BatchNorm(3)(np.zeros((1, 3))), ["x must", "got 1", "at least 2 rows"]),
        (lambda: BatchNorm(3)(np.zeros((2, 5, 3))), ["x", "[2, 5, 3]", "[B, 3]"]),
        (lambda: MLP([3]), ["sizes must", "got [3]", "at least two"]),
        (lambda: MLP([3, 0, 2]), ["sizes must", "got 0"]),
        (lambda: MLP([3, 4, 2], activation="swish"), ["activation must", "got 'swish'", "relu"]),
        (lambda: MLP([3, 4, 2], norm="group"), ["norm must", "got 'group'", "layer"]),
        (lambda: Hidden(3, 4, residual=True), ["residual", "n_in=3 must", "n_out=4"]),
        (
            lambda: Batches(np.zeros((3, 2)), np.zeros(4)),
            ["inputs and labels must", "[3, 2] and [4]"],
        ),
        (lambda: Batches(np.zeros((3, 2)), np.zeros(3), size=0), ["size must", "got 0"]),
        (
            lambda: accuracy(MLP([2, 2]), np.zeros((3, 2)), np.zeros(2)),
            ["inputs and labels must", "[3, 2] and [2]"],
        ),
        (lambda: digits(test_share=1), ["test_share must", "got 1"]),
    ],
)
def test_bad_input_is_named_in_one_line(call, words):
    assert_one_line(call, ValueError, words)
    with pytest.raises(TypeError, match="colour"):
        MLP([3, 4, 2], colour="red")
