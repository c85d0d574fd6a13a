"""Graph, the Python side: its numbers are `.data` and `.grad`, and it says what it refuses."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend import autograd
from attend.autograd import Tensor
from attend.widgets import Graph
from attend.widgets.base import HEAVY
from attend.widgets.graph import BOX, arrange, number, operation, texts


def neuron():
    w, x, b, y = Tensor(3.0), Tensor(2.0), Tensor(-1.0), Tensor(3.0)
    u = w * x
    e = u + b - y
    return e**2, {"w": w, "x": x, "b": b, "y": y, "u": u, "e": e}


def twice():
    a, b = Tensor(2.0), Tensor(3.0)
    p, q = a * b, a + b
    return p * q, {"a": a, "b": b, "p": p, "q": q}


def layer():
    rng = np.random.default_rng(0)
    X, W, bias = (Tensor(rng.normal(size=shape)) for shape in ((2, 3), (3, 5), (5,)))
    h = (X @ W + bias).tanh()
    return (h * h).mean() + X.max(), {"X": X, "W": W, "bias": bias, "h": h}


GRAPHS = [neuron, twice, layer]


@pytest.mark.parametrize("make", GRAPHS)
def test_the_last_step_shows_data_and_grad(make):
    root, names = make()
    widget = Graph(root, names)
    assert all(tensor.grad is None for tensor in names.values()), "making it left gradients behind"
    root.backward()
    widget.step = widget.last
    for name, tensor in names.items():
        np.testing.assert_array_equal(widget.values()[name], tensor.data)
        np.testing.assert_array_equal(widget.gradients()[name], tensor.grad)


@pytest.mark.parametrize("make", GRAPHS)
def test_values_come_forward_and_gradients_backward_one_node_a_step(make):
    widget = Graph(*make())
    known = []
    for step in range(widget.last + 1):
        widget.step = step
        values = sum(value is not None for value in widget.values().values())
        gradients = sum(value is not None for value in widget.gradients().values())
        known.append((values, gradients))
    nodes = len(widget.values())
    made = len([step for step, (_, gradients) in enumerate(known) if step and not gradients])
    assert known[0] == (nodes - made, 0)
    assert [values for values, _ in known[: made + 1]] == list(range(nodes - made, nodes + 1))
    assert known[made + 1] == (nodes, 1) and known[-1] == (nodes, nodes)
    assert widget.last == 2 * made + 1


def test_a_number_used_twice_shows_its_first_part_then_the_whole():
    widget = Graph(*twice())
    seen = []
    for step in range(widget.last + 1):
        widget.step = step
        if (gradient := widget.gradients()["a"]) is not None:
            seen.append(float(gradient))
    assert seen == [15.0, 21.0]
    (a,) = (node for node in widget.get_state()["_graph"]["nodes"] if node["label"] == "a")
    assert [(text, whole) for _, text, _, whole in a["gradients"]] == [("15", False), ("21", True)]


def test_local_derivatives_are_torch_s():
    """Of every operation on single numbers."""
    for name in ("exp", "log", "tanh", "sigmoid", "relu", "sqrt"):
        x = Tensor(0.7)
        root = x**0.5 if name == "sqrt" else getattr(x, name)()
        (edge,) = Graph(root).get_state()["_graph"]["edges"]
        t = torch.tensor(0.7, dtype=torch.double, requires_grad=True)
        getattr(torch, name)(t).backward()
        assert edge["local"] == number(t.grad.item()), name


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "maximum"])
def test_operations_are_named(name):
    node = getattr(autograd, name)(Tensor(2.0), Tensor(3.0))
    signs = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷"}
    assert operation(node) == signs.get(name, name)


def test_an_operation_of_the_reader_s_is_named_and_an_unknown_one_stands():
    assert operation(Tensor(1.0)) == ""
    assert operation(autograd.concatenate([Tensor([1.0]), Tensor([2.0])])) == "concatenate"
    root = Tensor(2.0, ((Tensor(1.0), np.negative),))
    assert operation(root) == "operation"
    Graph(root)


def test_unnamed_nodes_get_labels_that_differ():
    x = Tensor(1.0)
    root = (x * 2) * (x * 3) + x
    labels = list(Graph(root, {"× 2": x}).values())
    assert len(labels) == len(set(labels)) and "× 2" in labels and "× 3" in labels


def test_nodes_do_not_overlap_and_edges_lead_right():
    for make in GRAPHS:
        widget = Graph(*make())
        sent = widget.get_state()["_graph"]
        places = [node["place"] for node in sent["nodes"]]
        for i, (x, y) in enumerate(places):
            assert x >= 0 and y >= 0
            assert x + BOX[0] <= sent["size"][0] and y + BOX[1] <= sent["size"][1]
            for other_x, other_y in places[:i]:
                assert x != other_x or abs(y - other_y) > BOX[1]
        for edge in sent["edges"]:
            (x, y), (_, top) = edge["way"][-1], places[edge["child"]]
            assert x == places[edge["child"]][0] and top < y < top + BOX[1]
            assert edge["way"][0][0] == places[edge["parent"]][0] + BOX[0]
            across = [x for x, _ in edge["way"]]
            assert across == sorted(across)


def test_a_long_edge_keeps_clear_of_the_nodes_it_passes():
    chain = [[], [0], [1], [2], [0, 3]]
    places, ways, _ = arrange(chain)
    (long,) = (way for way in ways if len(way) > 2)
    for x, y in places[1:4]:
        near = [point_y for point_x, point_y in long if x <= point_x <= x + BOX[0]]
        assert near and all(not y <= point_y <= y + BOX[1] for point_y in near)


@pytest.mark.parametrize(
    "value, text",
    [
        (4.0, "4"),
        (-1 / 3, "−0.3333"),
        (1234567, "1.235e+06".replace("e+0", "e")),
        (1e-12, "1e−12"),
        (-0.0, "0"),
        (np.nan, "NaN"),
        (-np.inf, "−∞"),
    ],
)
def test_numbers_as_text(value, text):
    assert number(value) == text


def test_arrays_as_text():
    assert texts(np.array([[2.5]])) == ["2.5", "2.5"]
    assert texts(np.array([1.0, 2.0])) == ["1, 2", "[2]: 1, 2"]
    assert texts(np.ones((2, 3)))[0] == "[2, 3]"
    assert texts(np.ones(100))[1].endswith(", …")


def chain(length):
    x = Tensor(1.0)
    for _ in range(length):
        x = x.tanh()
    return x


@pytest.mark.parametrize(
    "arguments, error, message",
    [
        (lambda: (3.0,), TypeError, "root must be a Tensor"),
        (lambda: (Tensor([1.0, 2.0]) * 2,), ValueError, r"root has shape \(2,\)"),
        (lambda: (Tensor(1.0),), ValueError, "computed from nothing"),
        (lambda: (chain(60),), ValueError, "61 nodes"),
        (lambda: (Tensor(np.ones(5000)).sum(),), ValueError, "5000 numbers"),
        (lambda: (chain(2), ["x"]), TypeError, "names must be a dict"),
        (lambda: (chain(2), {1: Tensor(1.0)}), TypeError, "names has the key 1"),
        (lambda: (chain(2), {"x": Tensor(1.0)}), ValueError, "not in the graph"),
        (lambda: (chain(2), None, 3), TypeError, "title"),
        (lambda: (chain(2), None, "", 6), ValueError, "step=6"),
        (lambda: (chain(2), None, "", "last"), TypeError, "step"),
    ],
)
def test_graph_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        Graph(*arguments())


def test_one_node_has_one_name():
    x = Tensor(1.0)
    with pytest.raises(ValueError, match="already named 'x'"):
        Graph(x * x, {"x": x, "z": x})


def test_step_is_checked_later_too():
    widget = Graph(*twice())
    with pytest.raises(ValueError, match="step=8"):
        widget.step = 8
    assert widget.step == 0


def test_it_is_light_and_has_a_picture_and_a_sentence():
    root, names = neuron()
    widget = Graph(root, names)
    assert widget.state_size() < HEAVY
    picture = widget.picture()
    ET.fromstring(picture)
    assert ">12</text>" in picture and ">−4</text>" in picture
    assert "w 8" in widget.describe() and "x 12" in widget.describe()


def test_hostile_names_stay_text():
    x = Tensor(1.0)
    for name in (
        "<img src=x onerror=alert(1)>",
        "&amp;]]>",
        "x" * 200,
        "مرحبا",
        "😀",
        "\x00\ud800",
    ):
        ET.fromstring(Graph(x * 2, {name: x}, title=name).picture())


def test_not_finite_numbers_are_said():
    with np.errstate(all="ignore"):
        x = Tensor(0.0)
        widget = Graph(x.log() * x, {"x": x})
    assert "NaN" in widget.describe() or "−∞" in widget.picture()


def test_the_script_loads_nothing_and_never_writes_markup():
    script = Graph(*twice())._esm
    assert not re.search(
        r"^import |\bimport\(|\beval\(|new Function|innerHTML|insertAdjacentHTML|fetch\(",
        script,
        re.M,
    )
    assert script.count("export ") == 1
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script)
