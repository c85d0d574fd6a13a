"""attend.autograd against torch, against finite differences, and against bad input."""

import inspect

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from attend import autograd as ag
from attend.autograd import Tensor
from conftest import assert_one_line

rng = np.random.default_rng(7)


def numbers(*shape):
    return rng.normal(size=shape)


def equal(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-10, atol=1e-10)


def agree(ours, theirs, *arrays, differences=True):
    """The same value and gradients in both libraries, and finite differences agree."""
    tensors = [Tensor(a.copy()) for a in arrays]
    references = [torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in arrays]
    out, reference = ours(*tensors), theirs(*references)
    assert out.shape == tuple(reference.shape)
    equal(out.data, reference)
    gradient = np.random.default_rng(1).normal(size=out.shape)
    out.backward(gradient)
    reference.backward(torch.tensor(gradient))
    for tensor, expected in zip(tensors, references, strict=True):
        assert tensor.grad.shape == tensor.shape
        equal(tensor.grad, expected.grad)
    if differences:
        assert ag.check_gradient(ours, *arrays) < 1e-6


SHAPES = [
    ((2, 3), (2, 3)),
    ((2, 3, 5), (5,)),
    ((3, 1), (1, 7)),
    ((2, 1, 5), (3, 1)),
    ((), (2, 3)),
    ((1,), ()),
    ((7,), (1, 1)),
]


@pytest.mark.parametrize(("left", "right"), SHAPES)
@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / (b * b + 1),
        lambda a, b: (a * a + 0.5) ** b,
        lambda a, b: a * b + a / 2 - a * a,  # a is used four times
    ],
)
def test_arithmetic_broadcasts(operation, left, right):
    agree(operation, operation, numbers(*left), numbers(*right))


@settings(max_examples=40, deadline=None)
@given(
    hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=4),
    st.integers(0, 2**32 - 1),
)
def test_any_shapes_that_broadcast(shapes, seed):
    random = np.random.default_rng(seed)
    arrays = [random.normal(size=shape) for shape in shapes.input_shapes]

    def function(a, b, c):
        return a * b - c / (a * a + 1) + b

    agree(function, function, *arrays, differences=False)
    assert function(*map(Tensor, arrays)).shape == shapes.result_shape


@settings(max_examples=40, deadline=None)
@given(
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
    hnp.array_shapes(min_dims=0, max_dims=3, max_side=4),
)
def test_shapes_broadcast_or_are_refused(left, right):
    try:
        shape = np.broadcast_shapes(left, right)
    except ValueError:
        with pytest.raises(ValueError, match="must broadcast in") as caught:
            Tensor(np.zeros(left)) + np.zeros(right)
        assert f"got {list(left)} and {list(right)}" in str(caught.value)
    else:
        assert (Tensor(np.zeros(left)) + np.zeros(right)).shape == shape


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((2, 3), (3, 5)),
        ((3,), (3,)),
        ((3,), (3, 5)),
        ((2, 3), (3,)),
        ((7, 2, 3), (7, 3, 5)),
        ((7, 2, 3), (3, 5)),
        ((2, 3), (7, 3, 5)),
        ((2, 1, 3, 5), (7, 5, 2)),
        ((3,), (7, 3, 5)),
        ((7, 2, 3), (3,)),
    ],
)
def test_matmul(left, right):
    agree(lambda a, b: a @ b, lambda a, b: a @ b, numbers(*left), numbers(*right))


UNARY = {
    "exp": (ag.exp, torch.exp),
    "log": (lambda x: ag.log(x * x + 1), lambda x: torch.log(x * x + 1)),
    "abs": (abs, torch.abs),
    "negative": (lambda x: -x, torch.neg),
    "sigmoid": (ag.sigmoid, torch.sigmoid),
    "tanh": (ag.tanh, torch.tanh),
    "relu": (ag.relu, torch.relu),
    "gelu": (ag.gelu, lambda x: torch.nn.functional.gelu(x, approximate="tanh")),
    "softmax": (ag.softmax, lambda x: torch.softmax(x, -1)),
    "softmax over axis 0": (lambda x: ag.softmax(x, 0), lambda x: torch.softmax(x, 0)),
    "log_softmax": (ag.log_softmax, lambda x: torch.log_softmax(x, -1)),
    "log_softmax over axis 1": (lambda x: x.log_softmax(1), lambda x: torch.log_softmax(x, 1)),
    "cube": (lambda x: x**3, lambda x: x**3),
    "power 0": (lambda x: x**0, lambda x: x**0),
    "rpow": (lambda x: 2**x, lambda x: 2**x),
    "rsub": (lambda x: 1 - x, lambda x: 1 - x),
    "rdiv": (lambda x: 1 / (2 + x * x), lambda x: 1 / (2 + x * x)),
    "sum": (lambda x: x.sum(), lambda x: x.sum()),
    "sum over an axis": (lambda x: x.sum(1), lambda x: x.sum(1)),
    "sum over a negative axis": (
        lambda x: x.sum(-2, keepdims=True),
        lambda x: x.sum(-2, keepdim=True),
    ),
    "sum over two axes": (lambda x: x.sum((0, -1)), lambda x: x.sum((0, -1))),
    "mean": (lambda x: x.mean(), lambda x: x.mean()),
    "mean over two axes": (
        lambda x: x.mean((0, 2), keepdims=True),
        lambda x: x.mean((0, 2), keepdim=True),
    ),
    "max": (lambda x: x.max(), lambda x: x.amax()),
    "max over an axis": (lambda x: x.max(1), lambda x: x.amax(1)),
    "max over two axes": (
        lambda x: x.max((0, 2), keepdims=True),
        lambda x: x.amax((0, 2), keepdim=True),
    ),
    "reshape": (lambda x: x.reshape(5, -1), lambda x: x.reshape(5, -1)),
    "reshape by a tuple": (lambda x: x.reshape((3, 10)), lambda x: x.reshape((3, 10))),
    "transpose": (lambda x: x.transpose(2, 0, -2), lambda x: x.permute(2, 0, -2)),
    "T": (lambda x: x.T, lambda x: x.permute(2, 1, 0)),
    "mT": (lambda x: x.mT, lambda x: x.mT),
    "slice": (lambda x: x[:, 1:, ::2], lambda x: x[:, 1:, ::2]),
    "new axis": (lambda x: x[..., None, 1], lambda x: x[..., None, 1]),
    "one row twice": (lambda x: x[[0, 1, 0, 0]], lambda x: x[[0, 1, 0, 0]]),
    "pairs of indices": (lambda x: x[[0, 1, 1], [2, 0, 0]], lambda x: x[[0, 1, 1], [2, 0, 0]]),
    "two uses": (lambda x: x * x + x.exp() * x.sum(), lambda x: x * x + x.exp() * x.sum()),
}


@pytest.mark.parametrize("name", UNARY)
def test_functions(name):
    agree(*UNARY[name], numbers(2, 3, 5))


def test_functions_take_plain_arrays():
    x = numbers(2, 3)
    for name, function in vars(ag).items():
        if name in {
            "exp",
            "tanh",
            "sigmoid",
            "relu",
            "gelu",
            "absolute",
            "softmax",
            "negative",
            "reduce_sum",
        }:
            np.testing.assert_array_equal(function(x).data, function(Tensor(x)).data)


def test_boolean_index():
    x = numbers(2, 3, 5)
    agree(lambda t: t[x > 0], lambda t: t[torch.tensor(x > 0)], x)


def test_ties():
    x = np.array([[1.0, 3.0, 3.0, 0.0], [2.0, 2.0, 2.0, 2.0]])
    agree(lambda t: t.max(1), lambda t: t.amax(1), x, differences=False)
    agree(lambda t: t.max(), lambda t: t.amax(), x, differences=False)
    agree(ag.maximum, torch.maximum, x, x[:1], differences=False)
    agree(ag.relu, torch.relu, np.zeros(3), differences=False)
    agree(abs, torch.abs, np.zeros(3), differences=False)
    agree(lambda t: t**0, lambda t: t**0, np.zeros(3), differences=False)
    agree(
        lambda a, b: a**b,
        lambda a, b: a**b,
        np.array([0.0, 0.0]),
        np.array([2.0, 1.0]),
        differences=False,
    )


def test_choice_and_joining():
    a, b, c = numbers(2, 3), numbers(2, 3), numbers(3)
    mask = a > 0
    agree(ag.maximum, torch.maximum, a, c)
    agree(
        lambda x, y: ag.where(mask, x, y), lambda x, y: torch.where(torch.tensor(mask), x, y), a, c
    )
    agree(lambda x, y: ag.concatenate([x, y, x]), lambda x, y: torch.cat([x, y, x]), a, b)
    agree(
        lambda x, y: ag.concatenate([x, y], -1),
        lambda x, y: torch.cat([x, y], -1),
        a,
        numbers(2, 5),
    )
    for axis in (0, 1, -1):
        agree(
            lambda x, y, k=axis: ag.stack([x, y], k),
            lambda x, y, k=axis: torch.stack([x, y], k),
            a,
            b,
        )


def test_losses():
    logits, labels = numbers(7, 5), rng.integers(0, 5, 7)
    target = torch.tensor(labels)
    agree(
        lambda x: ag.cross_entropy(x, labels),
        lambda x: torch.nn.functional.cross_entropy(x, target),
        logits,
    )
    agree(ag.mean_squared_error, torch.nn.functional.mse_loss, numbers(2, 3), numbers(2, 3))
    sequence, tags = numbers(2, 3, 5), rng.integers(0, 5, (2, 3))
    agree(
        lambda x: ag.cross_entropy(x, tags),
        lambda x: torch.nn.functional.cross_entropy(x.flatten(0, 1), torch.tensor(tags).flatten()),
        sequence,
    )
    x = Tensor(logits)
    ag.cross_entropy(x, labels).backward()
    np.testing.assert_allclose(
        x.grad, (ag.softmax(logits).data - np.eye(5)[labels]) / 7, atol=1e-15
    )


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_large_numbers_stay_finite(size):
    x = np.array([[size, -size, 0.0]])
    for function in (ag.softmax, ag.log_softmax, ag.sigmoid, ag.tanh, ag.relu):
        t = Tensor(x)
        out = function(t)
        out.backward(np.ones_like(x))
        assert np.isfinite(out.data).all() and np.isfinite(t.grad).all()
    assert float(ag.cross_entropy(Tensor(x), [0])) == 0


def test_sigmoid_keeps_small_values():
    x = np.array([-700.0, -40.0, 0.0, 40.0])
    np.testing.assert_allclose(
        ag.sigmoid(x).data, torch.sigmoid(torch.tensor(x)).numpy(), rtol=1e-12
    )


def test_each_node_is_visited_once_and_its_gradient_is_whole():
    visits = []

    def watched(x, name):
        return Tensor(x.data, ((x, lambda g: (visits.append(name), g)[1]),))

    a = Tensor(3.0)
    b = watched(a * a, "b")
    c = watched(b + b * b, "c")
    (c * b + c).backward()
    assert sorted(visits) == ["b", "c"]
    t = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    u = t * t
    v = u + u * u
    (v * u + v).backward()
    equal(a.grad, t.grad)


def test_a_doubling_graph_takes_linear_time():
    x = y = Tensor(1.0)
    for _ in range(200):  # 2 ** 200 paths
        y = y + y
    y.backward()
    assert x.grad == 2.0**200


@pytest.mark.parametrize("depth", [10_000, 50_000])
def test_deep_graph(depth):
    x = y = Tensor(1.0)
    for _ in range(depth):
        y = y + 1.0
    y.backward()
    assert x.grad == 1
    del y  # nor may freeing it recurse


def test_gradients_add_up_over_calls_and_are_not_shared():
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    out = (a + b).sum()
    out.backward()
    a.grad *= 10
    np.testing.assert_array_equal(b.grad, [1, 1])
    out.backward()
    np.testing.assert_array_equal(b.grad, [2, 2])
    np.testing.assert_array_equal(out.grad, 2)


def test_numpy_on_the_left():
    x, w = numbers(2, 3), numbers(3, 5)
    for out in (
        x + Tensor(x),
        x * Tensor(x),
        x - Tensor(x),
        x / Tensor(x),
        x @ Tensor(w),
        np.float64(2) * Tensor(x),
    ):
        assert isinstance(out, Tensor)
    np.testing.assert_array_equal((x @ Tensor(w)).data, x @ w)
    np.testing.assert_array_equal((x - Tensor(2 * x)).data, -x)
    np.testing.assert_array_equal(np.asarray(Tensor(x)), x)
    with pytest.raises(TypeError, match="Tensor"):
        np.exp(Tensor(x))  # it would leave the graph without a word


def test_dtypes():
    assert Tensor([1, 2]).data.dtype == Tensor(True).data.dtype == np.float64
    x = Tensor(np.ones((2, 3), np.float32))
    y = (
        (2 * x + 1) ** 2 / 3
        - x.mean(0)
        + x.softmax()
        + x.sigmoid() * x.max(1, keepdims=True)
        + x.gelu()
    )
    assert y.data.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32
    (x * np.ones(3)).sum().backward()  # a float64 user does not change the gradient's type
    assert x.grad.dtype == np.float32


def test_not_a_number_is_let_through():
    x = Tensor([1.0, np.nan])
    out = x.max() + (x * 2).sum() + x.relu().sum()
    out.backward()
    assert np.isnan(out.data) and np.isnan(x.grad).all()


def test_length_iteration_and_text():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (
        len(x) == 2
        and [row.shape for row in x] == [(2,), (2,)]
        and float(x.sum()) == x.sum().item() == 10
    )
    assert sum(x).shape == (2,)
    assert repr(Tensor([1.0, 2.5])) == "Tensor([1. , 2.5])"


def test_a_chapters_own_copy_mixes_with_the_package():
    """A woven cell defines Node and Tensor anew; what is imported must go on working with them."""
    cell = {name: value for name, value in vars(ag).items() if not name.startswith("__")}
    exec(inspect.getsource(ag.Node) + "\n\n" + inspect.getsource(ag.Tensor), cell)
    theirs, ours = cell["Tensor"](numbers(2, 3)), Tensor(numbers(2, 3))
    assert type(theirs) is not Tensor
    (ours * theirs + theirs @ ours.T @ theirs - ag.relu(theirs)).sum().backward()
    a, b = (torch.tensor(t.data, requires_grad=True) for t in (theirs, ours))
    (b * a + a @ b.T @ a - a.relu()).sum().backward()
    equal(theirs.grad, a.grad)
    equal(ours.grad, b.grad)


def test_check_gradient_finds_a_wrong_derivative():
    def wrong(x):
        return Tensor(np.sin(x.data), ((x, lambda g: g * x.data),))

    assert ag.check_gradient(wrong, numbers(3)) > 0.01
    assert ag.check_gradient(lambda a, b: a.tanh() @ b, numbers(2, 3), numbers(3, 5)) < 1e-7
    assert ag.check_gradient(lambda a, b: a * 2, numbers(2), numbers(3)) < 1e-7  # b is not used
    numerical = ag.numerical_gradient(lambda x: (x**3).sum(), np.array([1, 2]))
    np.testing.assert_allclose(numerical, [3, 12], rtol=1e-8)


matrix = Tensor(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: matrix + np.zeros(2), ValueError, ["+", "[2, 3] and [2]"]),
        (lambda: np.zeros(2) * matrix, ValueError, ["*", "[2] and [2, 3]"]),
        (lambda: matrix - np.zeros(2), ValueError, ["-", "[2, 3]", "[2]"]),
        (lambda: matrix / np.zeros(2), ValueError, ["/", "[2, 3]", "[2]"]),
        (lambda: matrix ** np.zeros(2), ValueError, ["**", "[2, 3]", "[2]"]),
        (lambda: ag.maximum(matrix, np.zeros(2)), ValueError, ["maximum", "[2, 3]", "[2]"]),
        (lambda: matrix @ matrix, ValueError, ["@", "[2, 3] and [2, 3]"]),
        (lambda: matrix @ np.zeros(2), ValueError, ["@", "[2, 3]", "[2]"]),
        (lambda: matrix @ 2.0, ValueError, ["@", "[]", "*"]),
        (
            lambda: np.zeros((2, 7, 3)) @ Tensor(np.zeros((5, 3, 7))),
            ValueError,
            ["batch", "[2]", "[5]"],
        ),
        (lambda: matrix.backward(), ValueError, ["gradient", "[2, 3]"]),
        (lambda: matrix.backward(np.zeros(3)), ValueError, ["gradient", "[3]", "[2, 3]"]),
        (lambda: matrix.reshape(4, -1), ValueError, ["shape", "[4, -1]", "6", "[2, 3]"]),
        (lambda: matrix.reshape(-1, -1), ValueError, ["shape", "[-1, -1]"]),
        (lambda: matrix.transpose(0, 0), ValueError, ["axes", "(0, 0)", "2 axes"]),
        (lambda: matrix.sum(2), ValueError, ["axis 2"]),
        (lambda: Tensor(np.zeros((0, 3))).mean(), ValueError, ["x must", "[0, 3]"]),
        (lambda: Tensor(np.zeros((0, 3))).max(), ValueError, ["x must", "[0, 3]"]),
        (lambda: Tensor("abc"), TypeError, ["data", "str"]),
        (lambda: Tensor(None), TypeError, ["data", "NoneType"]),
        (lambda: Tensor(1j), TypeError, ["data", "complex"]),
        (lambda: Tensor([[1, 2], [3]]), ValueError, ["data", "different lengths"]),
        (lambda: Tensor(matrix), TypeError, ["data", "Tensor"]),
        (lambda: Tensor([matrix, matrix]), TypeError, ["data", "stack"]),
        (lambda: matrix + "abc", TypeError, ["data", "str"]),
        (lambda: ag.where([1, 0, 1], matrix, 0), TypeError, ["condition", "int", "boolean"]),
        (lambda: ag.where([True, False], matrix, 0), ValueError, ["condition", "[2]", "[2, 3]"]),
        (lambda: ag.concatenate([]), ValueError, ["tensors must hold", "got none"]),
        (
            lambda: ag.concatenate([matrix, np.zeros((2, 5))]),
            ValueError,
            ["tensors", "[2, 5]", "axis 0"],
        ),
        (lambda: ag.concatenate([matrix], axis=2), ValueError, ["axis must", "got 2", "[2, 3]"]),
        (lambda: ag.cross_entropy(matrix, [0, 3]), ValueError, ["labels", "got 3", "0 … 2"]),
        (lambda: ag.cross_entropy(matrix, [-1, 0]), ValueError, ["labels", "got -1", "0 … 2"]),
        (
            lambda: ag.cross_entropy(matrix, [0.0, 1.0]),
            TypeError,
            ["labels", "float64", "integers"],
        ),
        (lambda: ag.cross_entropy(matrix, [0]), ValueError, ["labels", "[1]", "[2, 3]"]),
        (lambda: ag.cross_entropy([[1.0]], [0]), TypeError, ["logits", "list"]),
        (
            lambda: ag.mean_squared_error(matrix, np.zeros(3)),
            ValueError,
            ["targets", "[2, 3]", "[3]"],
        ),
        (lambda: ag.numerical_gradient(np.sum, [1.0], epsilon=0), ValueError, ["epsilon", "0"]),
        (lambda: ag.check_gradient(lambda x: x.data, [1.0]), TypeError, ["function", "ndarray"]),
    ],
)
def test_bad_input_is_named_in_one_line(call, error, words):
    assert_one_line(call, error, words)


def change(tensor, how):
    if how == "one number":
        tensor.data[0] += 1
    elif how == "in place":
        tensor.data *= 2
    else:
        tensor.data = tensor.data + 1


@pytest.mark.parametrize("how", ["one number", "in place", "a new array"])
@pytest.mark.parametrize("operation", [lambda x: x * x, lambda x: x**3, ag.relu, lambda x: x @ x])
def test_data_changed_between_forward_and_backward_is_an_error(how, operation):
    x, theirs = Tensor([2.0, 3.0]), torch.tensor([2.0, 3.0], requires_grad=True)
    loss, their_loss = operation(x).sum(), (theirs * theirs).sum()
    change(x, how)
    with torch.no_grad():
        theirs *= 2
    with pytest.raises(RuntimeError, match=r"must not change .* shape \[2\]"):
        loss.backward()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        their_loss.backward()
    assert x.grad is None


def test_what_was_given_as_an_array_is_watched_too():
    array, w = np.ones((2, 3)), Tensor(np.ones((3, 2)))
    loss = (Tensor(array) @ w).sum()
    array[1, 2] = np.nan
    with pytest.raises(RuntimeError, match=r"shape \[2, 3\]"):
        loss.backward()


def test_what_was_computed_is_read_only():
    x = Tensor([2.0, 3.0])
    squares = x * x
    with pytest.raises(ValueError, match="read-only"):
        squares.data[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        squares.data *= 2


def test_parameters_may_change_after_backward_and_nan_is_itself():
    x = Tensor([2.0, np.nan])
    for expected in (4.0, 8.0, 16.0):
        (x * x).sum().backward()
        assert x.grad[0] == expected
        x.data += x.grad * [0.5, 0]
        x.grad = None


def test_numpy_s_numbers_take_the_dtype_of_the_tensor():
    x = Tensor(np.ones(3, np.float32))
    for number in (np.float32(2), np.float64(2), np.int64(2), np.int8(2), 2, 2.0):
        for y in (x * number, number * x, x**number, x - number, number / x):
            assert y.data.dtype == np.float32


@given(st.integers(-3, 8), st.integers(1, 4))
def test_labels_in_or_out_of_the_classes(label, classes):
    logits = Tensor(np.zeros((1, classes)))
    if 0 <= label < classes:
        assert np.isclose(float(ag.cross_entropy(logits, [label])), np.log(classes))
    else:
        with pytest.raises(ValueError, match="labels"):
            ag.cross_entropy(logits, [label])


def test_what_is_said_of_an_axis_counts_from_the_end_too():
    a, b = numbers(2, 3), numbers(5, 3)
    agree(lambda x, y: ag.concatenate([x, y], -2), lambda x, y: torch.cat([x, y], -2), a, b)
    agree(lambda x: ag.stack([x, x]), lambda x: torch.stack([x, x]), a)
    agree(lambda x: x.transpose(-2, -1), lambda x: x, a)
    for n in (6, np.int64(6), -1):
        agree(lambda x, n=n: x.reshape(n), lambda x: x.reshape(6), a)


def test_power_at_0_and_below():
    agree(
        lambda a, b: a**b,
        lambda a, b: a**b,
        np.array([0.0, 0.0, 3.0]),
        np.array([0.0, 2.0, 0.0]),
        differences=False,
    )
    base, exponent = Tensor([-2.0]), Tensor([2.0])
    (base**exponent).backward()
    assert base.grad == -4 and np.isnan(exponent.grad)


def test_numbers_alone_and_arrays_of_others():
    assert ag.add(2, 3).data == ag.maximum(5, 1).data == 5
    np.testing.assert_array_equal((Tensor([1.0, 2.0]) * torch.tensor([2.0, 3.0])).data, [2, 6])
    np.testing.assert_array_equal(ag.where(np.array([True, False]), 1.0, 2.0).data, [1, 2])
    assert float(ag.cross_entropy(Tensor(np.zeros((1, 4))), np.array([2], np.uint8))) > 1


def test_the_gradient_that_begins_takes_the_dtype_of_its_tensor():
    x = Tensor(np.ones(3, np.float32))
    given = np.arange(3.0)
    x.backward(given)
    assert x.grad.dtype == np.float32
    x.grad *= 2
    np.testing.assert_array_equal(given, [0, 1, 2])
    x.backward(Tensor([1.0, 1.0, 1.0]))
    np.testing.assert_array_equal(x.grad, [1, 3, 5])


def test_as_an_array_and_as_text():
    x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    assert repr(x) == "Tensor([[1., 2.],\n        [3., 4.]])"


def test_nothing_is_rearranged_and_checked_as_something_is():
    nothing = Tensor(np.zeros((0, 3)))
    assert nothing.reshape(-1, 3).shape == (0, 3) and nothing.reshape(3, 0).shape == (3, 0)
    assert ag.check_gradient(lambda a: a * 2, np.zeros((0, 3))) == 0


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: Tensor(np.zeros((0, 3))).reshape(0, -1), "shape"),
        (lambda: Tensor(np.zeros(4)).reshape(-2, -2), "shape"),
        (lambda: matrix.transpose(2, 1), "axes"),
        (lambda: matrix.transpose(-3, 0), "axes"),
        (lambda: ag.concatenate([matrix, np.zeros(2)], axis=1), "tensors"),
        (lambda: ag.concatenate([matrix], axis=-3), "axis"),
        (lambda: ag.cross_entropy(Tensor(1.0), 0), "labels"),
        (lambda: ag.cross_entropy(Tensor(np.zeros((0, 3))), np.zeros(0, int)), "labels"),
        (lambda: ag.where([True] * 3, matrix, np.zeros(2)), "where"),
    ],
)
def test_what_numpy_would_take_in_another_sense_is_refused(call, word):
    with pytest.raises(ValueError, match=word):
        call()


@pytest.mark.parametrize("function", [ag.softmax, ag.log_softmax])
def test_each_row_is_shifted_by_its_own_largest_number(function):
    x = np.array([[1e4, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(function(x).data[1], function(x[1]).data)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ag.maximum(matrix, np.zeros(2)), r"\bmaximum\b"),
        (lambda: ag.where([True] * 3, matrix, np.zeros(2)), r"\bwhere\b"),
        (lambda: ag.where([True] * 4, 1.0, matrix), r"\bcondition\b"),
        (lambda: Tensor(np.zeros((0, 3))).max(), "at least one"),
        (lambda: Tensor(np.zeros((0, 3))).mean(), "at least one"),
        (lambda: ag.cross_entropy(Tensor(np.zeros((2, 7, 3))), np.full((2, 7), 5)), r"\b5\b"),
    ],
)
def test_the_line_says_what_was_done(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_check_is_relative_and_takes_the_step_it_is_given():
    assert ag.check_gradient(lambda x: 1e6 * x**3, np.array([1.0])) < 1e-6
    assert ag.check_gradient(lambda x: x**3, np.array([0.1]), epsilon=0.5) > 1e-3


@pytest.mark.parametrize(
    ("call", "sign"),
    [
        (lambda: matrix + np.zeros(2), r"\+"),
        (lambda: matrix - np.zeros(2), "-"),
        (lambda: matrix * np.zeros(2), r"\*"),
        (lambda: matrix / np.zeros(2), "/"),
        (lambda: matrix ** np.zeros(2), r"\*\*"),
    ],
)
def test_the_operation_stands_in_the_line(call, sign):
    with pytest.raises(ValueError, match=rf"(^| ){sign}[ :,]"):
        call()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_check_is_of_the_slope_and_of_1_where_the_slope_is_less(scale):
    """A derivative that is half too large, by the weights that it was sent."""
    sent = []

    def wrong(x):
        return Tensor(scale * x.data, ((x, lambda g: (sent.append(g), 1.5 * scale * g)[1]),))

    found = ag.check_gradient(wrong, np.array([0.5]))
    slope = np.abs(scale * sent[0])
    np.testing.assert_allclose(found, (0.5 * slope / np.maximum(1, slope))[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "error", "name"),
    [
        (lambda: ag.numerical_gradient(np.sum, [1.0], epsilon=0), ValueError, "epsilon"),
        (lambda: ag.check_gradient(lambda x: x.data, [1.0]), TypeError, "what function returns"),
        (lambda: Tensor("abc"), TypeError, "data"),
    ],
)
def test_the_line_begins_with_what_is_wrong(call, error, name):
    with pytest.raises(error, match=rf"^{name}\b"):
        call()
