"""attend.optimizers against torch.optim, step for step, and against bad input."""

import numpy as np
import pytest
import torch

from attend import optimizers
from attend.autograd import Tensor, cross_entropy
from attend.optimizers import SGD, Adam, AdamW, RMSProp, clip_gradients, soft_threshold
from conftest import assert_one_line

STEPS = 100
CASES = [
    (SGD, torch.optim.SGD, {}, {}),
    (SGD, torch.optim.SGD, {"momentum": 0.9}, {"momentum": 0.9}),
    (
        SGD,
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True},
        {"momentum": 0.9, "nesterov": True},
    ),
    (
        SGD,
        torch.optim.SGD,
        {"momentum": 0.5, "weight_decay": 0.1},
        {"momentum": 0.5, "weight_decay": 0.1},
    ),
    (RMSProp, torch.optim.RMSprop, {"decay": 0.9}, {"alpha": 0.9}),
    (
        RMSProp,
        torch.optim.RMSprop,
        {"epsilon": 1e-3, "weight_decay": 0.1},
        {"eps": 1e-3, "weight_decay": 0.1},
    ),
    (Adam, torch.optim.Adam, {}, {}),
    (
        Adam,
        torch.optim.Adam,
        {"betas": (0.5, 0.9), "epsilon": 1e-3},
        {"betas": (0.5, 0.9), "eps": 1e-3},
    ),
    (Adam, torch.optim.Adam, {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    (AdamW, torch.optim.AdamW, {}, {}),
    (AdamW, torch.optim.AdamW, {"weight_decay": 0.1}, {"weight_decay": 0.1}),
]


@pytest.mark.parametrize(("ours", "theirs", "options", "torch_options"), CASES)
@pytest.mark.parametrize("learning_rate", [0.01, 0.1])
def test_a_hundred_steps_equal_torch(ours, theirs, options, torch_options, learning_rate):
    rng = np.random.default_rng(3)
    x, labels = rng.normal(size=(7, 5)), rng.integers(0, 3, 7)
    start = rng.normal(size=(5, 3)), rng.normal(size=3)
    weight, bias, idle = Tensor(start[0]), Tensor(start[1]), Tensor([1.0, 2.0])
    torch_weight, torch_bias = (torch.tensor(a, requires_grad=True) for a in start)
    optimizer = ours([weight, bias, idle], learning_rate=learning_rate, **options)
    reference = theirs([torch_weight, torch_bias], lr=learning_rate, **torch_options)
    for _ in range(STEPS):
        optimizer.zero_grad()
        cross_entropy(x @ weight + bias, labels).backward()
        optimizer.step()
        reference.zero_grad()
        logits = torch.tensor(x) @ torch_weight + torch_bias
        torch.nn.functional.cross_entropy(logits, torch.tensor(labels)).backward()
        reference.step()
        np.testing.assert_allclose(weight.data, torch_weight.detach().numpy(), rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(bias.data, torch_bias.detach().numpy(), rtol=1e-6, atol=1e-6)
    assert not np.allclose(weight.data, start[0])
    np.testing.assert_array_equal(idle.data, [1, 2])  # no gradient, no step


@pytest.mark.parametrize("rule", [SGD, RMSProp, Adam, AdamW])
def test_a_parameter_that_rests_falls_out_of_step_like_torch(rule):
    """The step count of Adam's correction is each parameter's own."""
    theirs = getattr(torch.optim, {"RMSProp": "RMSprop"}.get(rule.__name__, rule.__name__))
    p, q = Tensor([1.0, -2.0]), torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer, reference = rule([p], learning_rate=0.1), theirs([q], lr=0.1)
    for i in range(10):
        p.grad = None if i % 3 == 0 else 2 * p.data
        q.grad = None if i % 3 == 0 else 2 * q.detach()
        optimizer.step()
        reference.step()
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("rule", [SGD, RMSProp, Adam, AdamW])
def test_float32_stays_and_given_arrays_are_left_alone(rule):
    array = np.ones(3, np.float32)
    p = Tensor(array)
    optimizer = rule([p])
    p.grad = np.ones(3, np.float32)
    optimizer.step()
    assert p.data.dtype == np.float32
    np.testing.assert_array_equal(array, 1)
    optimizer.zero_grad()
    assert p.grad is None


def test_works_on_anything_with_data_and_grad():
    class Weight:
        data, grad = np.array([1.0]), np.array([2.0])

    weight = Weight()
    SGD(iter([weight]), learning_rate=0.25).step()
    assert weight.data == 0.5


@pytest.mark.parametrize("max_norm", [0.1, 1.0, 100.0])
def test_clipping_equals_torch(max_norm):
    rng = np.random.default_rng(5)
    gradients = [rng.normal(size=(2, 3)), rng.normal(size=5)]
    ours = [Tensor(np.zeros(g.shape)) for g in gradients] + [Tensor([0.0])]
    theirs = [torch.zeros(g.shape, dtype=torch.float64, requires_grad=True) for g in gradients]
    for p, q, g in zip(ours, theirs, gradients, strict=False):
        p.grad, q.grad = g.copy(), torch.tensor(g)
    norm = clip_gradients(ours, max_norm)
    reference = torch.nn.utils.clip_grad_norm_(theirs, max_norm)
    np.testing.assert_allclose(norm, reference.item())
    for p, q in zip(ours, theirs, strict=False):
        np.testing.assert_allclose(
            p.grad, q.grad.numpy(), rtol=2e-5
        )  # torch divides by norm + 1e-6
    assert clip_gradients(ours, max_norm) <= max_norm * (1 + 1e-12)


def test_soft_threshold_is_the_minimum_of_its_problem():
    """It solves argmin over z of ½(z − θ)² + a|z|, found here by trying a fine grid."""
    theta, amount = np.array([-2.0, -0.3, 0.0, 0.29, 0.31, 5.0]), 0.3
    p = Tensor(theta)
    soft_threshold([p], amount)
    grid = np.linspace(-6, 6, 120_001)
    best = [grid[np.argmin(0.5 * (grid - t) ** 2 + amount * np.abs(grid))] for t in theta]
    np.testing.assert_allclose(p.data, best, atol=1e-4)
    assert (p.data[1:4] == 0).all()


one = [Tensor([1.0])]


def with_gradient(value):
    p = Tensor([1.0])
    p.grad = np.array([value])
    return [p]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: SGD(one, learning_rate=-0.1),
            ValueError,
            ["learning_rate must", "got -0.1", "at least 0"],
        ),
        (
            lambda: Adam(one, learning_rate=float("nan")),
            ValueError,
            ["learning_rate must", "got nan"],
        ),
        (
            lambda: RMSProp(one, learning_rate=float("inf")),
            ValueError,
            ["learning_rate must", "got inf"],
        ),
        (lambda: SGD(one, "fast"), ValueError, ["learning_rate must", "got 'fast'"]),
        (lambda: SGD(one, momentum=1.0), ValueError, ["momentum must", "below 1", "got 1.0"]),
        (lambda: SGD(one, momentum=-0.5), ValueError, ["momentum must", "got -0.5"]),
        (lambda: SGD(one, nesterov=True), ValueError, ["nesterov", "momentum must", "got 0"]),
        (lambda: SGD(one, weight_decay=-1), ValueError, ["weight_decay must", "got -1"]),
        (lambda: RMSProp(one, decay=1.5), ValueError, ["decay must", "got 1.5"]),
        (lambda: RMSProp(one, epsilon=0), ValueError, ["epsilon must", "got 0"]),
        (lambda: RMSProp(one, weight_decay=-1), ValueError, ["weight_decay must", "got -1"]),
        (lambda: Adam(one, betas=(0.9, 1.0)), ValueError, ["betas must", "below 1", "got 1.0"]),
        (lambda: Adam(one, betas=(0.9,)), ValueError, ["betas must", "got (0.9,)", "2 numbers"]),
        (lambda: Adam(one, betas=0.9), ValueError, ["betas must", "got 0.9", "2 numbers"]),
        (lambda: AdamW(one, weight_decay=-1), ValueError, ["weight_decay must", "got -1"]),
        (lambda: SGD([]), ValueError, ["parameters must hold", "got none"]),
        (lambda: SGD([np.ones(3)]), TypeError, ["parameters", "ndarray", "Tensor"]),
        (lambda: SGD(3), TypeError, ["parameters", "int"]),
        (lambda: SGD(Tensor([[1.0]])), TypeError, ["parameters", "Tensor", "list"]),
        (lambda: clip_gradients(one, 0), ValueError, ["max_norm must", "got 0"]),
        (lambda: clip_gradients(with_gradient(np.nan), 1), ValueError, ["gradients", "nan"]),
        (lambda: clip_gradients(with_gradient(np.inf), 1), ValueError, ["gradients", "inf"]),
        (lambda: soft_threshold(one, -1), ValueError, ["amount must", "got -1"]),
        (
            lambda: optimizers.Optimizer(with_gradient(1.0), 0.1).step(),
            NotImplementedError,
            ["Optimizer"],
        ),
    ],
)
def test_bad_input_is_named_in_one_line(call, error, words):
    assert_one_line(call, error, words)


@pytest.mark.parametrize(
    ("rule", "expected"),  # for a weight of 1 and a gradient of 2
    [
        (SGD, 0.01 * 2),
        (RMSProp, 0.01 / 0.1),  # √s = √(1 − 0.99) · 2
        (Adam, 0.001),
        (AdamW, 0.001 + 0.001 * 0.01),
    ],
)
def test_the_first_step_where_only_the_parameters_are_named(rule, expected):
    p = Tensor([1.0])
    optimizer = rule([p])
    p.grad = np.array([2.0])
    optimizer.step()
    np.testing.assert_allclose(1 - p.data, expected, rtol=1e-6)


def test_adamw_hands_on_its_betas_and_its_epsilon():
    p, q = Tensor([1.0, -2.0]), torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    optimizer = AdamW([p], 0.1, betas=(0.5, 0.7), epsilon=0.3)
    reference = torch.optim.AdamW([q], 0.1, betas=(0.5, 0.7), eps=0.3)
    for _ in range(5):
        p.grad, q.grad = 2 * p.data, 2 * q.detach()
        optimizer.step()
        reference.step()
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("epsilon", lambda: Adam(one, epsilon=0)),
        ("weight_decay", lambda: Adam(one, weight_decay=-1)),
        ("weight_decay", lambda: AdamW(one, weight_decay=-1)),
        ("learning_rate", lambda: AdamW(one, -1)),
        ("epsilon", lambda: RMSProp(one, epsilon=float("inf"))),
        ("epsilon", lambda: RMSProp(one, epsilon="small")),
        ("momentum", lambda: SGD(one, momentum="some")),
        ("betas", lambda: Adam(one, betas=("some", 0.9))),
    ],
)
def test_the_line_begins_with_the_argument(name, call):
    with pytest.raises((TypeError, ValueError), match=rf"^{name}\b"):
        call()


def test_a_tensor_alone_is_not_the_list_of_its_rows():
    with pytest.raises(TypeError, match=r"^parameters\b"):
        SGD(torch.ones(2, 3, requires_grad=True))


def test_a_gradient_that_is_not_finite_is_named():
    with pytest.raises(ValueError, match=r"^(parameters|the norm)\b"):
        clip_gradients(with_gradient(np.nan), 1)
