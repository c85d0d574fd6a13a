"""NormAxes: its numbers are torch's and attend.layers', what shares a mean is what moves together,
bad input is named."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch import nn

from attend.layers import BatchNorm, LayerNorm
from attend.widgets import NormAxes
from attend.widgets.base import HEAVY
from attend.widgets.norm_axes import EXAMPLE, NORMS, SENTENCES, written

rng = np.random.default_rng(14)
X = rng.integers(-500, 500, size=(2, 5, 6)) / 100
TOKENS = [["a", "b", "c"], ["d", "e", "f", "g", "h"]]
THERE = np.arange(5) < np.array([3, 5])[:, None]


def by_torch(x, norm, groups=2):
    x = torch.tensor(x)
    D = x.shape[-1]
    with torch.no_grad():
        return {
            "layer": lambda: LayerNorm(D).double()(x),
            "batch": lambda: BatchNorm(D).double()(x),
            "instance": lambda: nn.functional.instance_norm(x.mT).mT,
            "group": lambda: nn.functional.group_norm(x.mT, groups).mT,
        }[norm]().numpy()


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("norm", NORMS)
def test_outputs_are_those_of_torch(norm, groups):
    widget = NormAxes(X, TOKENS, norm=norm, groups=groups)
    np.testing.assert_allclose(widget.outputs(), by_torch(X, norm, groups), atol=1e-9)


def test_without_padding_the_words_alone_count():
    widget = NormAxes(X, TOKENS, norm="batch", with_padding=False)
    with torch.no_grad():
        wanted = BatchNorm(6).double()(torch.tensor(X), torch.tensor(THERE))
    np.testing.assert_allclose(widget.outputs(), wanted.numpy(), atol=1e-9)
    for norm in ("instance", "group"):
        widget.norm = norm
        np.testing.assert_allclose(widget.outputs()[:1, :3], by_torch(X[:1, :3], norm), atol=1e-9)
    widget.norm = "layer"  # a padded word is normed by itself, whatever is switched
    np.testing.assert_allclose(widget.outputs(), by_torch(X, "layer"), atol=1e-9)


@pytest.mark.parametrize("with_padding", [True, False])
def test_running_averages_are_those_of_batch_norm(with_padding):
    widget = NormAxes(X, TOKENS, norm="batch", with_padding=with_padding)
    ours, mask = BatchNorm(6).double(), None if with_padding else torch.tensor(THERE)
    for _ in range(3):
        widget.take_in()
        ours(torch.tensor(X), mask)
    np.testing.assert_allclose(widget.running_mean, ours.running_mean.numpy(), atol=1e-12)
    np.testing.assert_allclose(widget.running_var, ours.running_var.numpy(), atol=1e-12)
    widget.inference = True
    wanted = ours.eval()(torch.tensor(X)).detach().numpy()
    np.testing.assert_allclose(widget.outputs(), wanted, atol=1e-9)
    assert not widget.sharing().any()


@pytest.mark.parametrize("with_padding", [True, False])
@pytest.mark.parametrize("norm", NORMS)
def test_what_is_lit_has_the_mean_and_variance_shown(norm, with_padding):
    widget = NormAxes(X, TOKENS, norm=norm, groups=3, with_padding=with_padding)
    for cell in ([0, 0, 0], [1, 4, 5], [0, 4, 3], [1, 2, 1]):
        widget.cell = cell
        lit = X[widget.sharing()]
        mean, variance = (each[tuple(cell)] for each in widget.statistics())
        assert mean == pytest.approx(lit.mean()) and variance == pytest.approx(lit.var())
    counts = {"layer": 6, "batch": 10 if with_padding else 8, "instance": 5, "group": 10}
    assert widget.sharing().sum() == counts[norm]


@pytest.mark.parametrize("norm", NORMS)
def test_a_number_moves_only_what_it_shares_a_mean_with(norm):
    widget = NormAxes(X, norm=norm, groups=3, cell=(1, 2, 3))
    assert not widget.changed().any()
    moved = X.copy()
    moved[1, 2, 3] += 7
    widget.x = moved
    np.testing.assert_array_equal(widget.changed() & ~widget.sharing(), False)
    assert widget.changed().sum() > 1 and widget.changed()[1, 2, 3]
    widget.before = widget.x
    assert not widget.changed().any()


def test_the_example_is_padded():
    widget = NormAxes(norm="instance")
    assert widget.words().tolist()[1] == [True, True, True, False]
    with_padding = widget.outputs()
    widget.with_padding = False
    assert np.abs(widget.outputs() - with_padding)[1].max() > 0.1
    np.testing.assert_allclose(widget.outputs()[[0, 2]], with_padding[[0, 2]])


def test_takes_tensors_and_rounds_to_two_decimals():
    widget = NormAxes(torch.tensor([[[1 / 3, -2 / 3]]]))
    assert widget.x == [[[0.33, -0.67]]] and widget.tokens == [["word 0"]]
    assert NormAxes(np.zeros((1, 2, 3)), norm="batch").outputs().tolist() == [[[0.0] * 3] * 2]


BAD = {
    "two axes": ({"x": np.ones((5, 7))}, ValueError, r"x has shape \[5, 7\]"),
    "too many": ({"x": np.ones((SENTENCES + 1, 2, 2))}, ValueError, "at most"),
    "words": ({"x": [["a"]]}, TypeError, "x must be an array of numbers"),
    "NaN": ({"x": np.full((1, 2, 2), np.nan)}, ValueError, "x holds nan"),
    "large": ({"x": np.full((1, 2, 2), 1001)}, ValueError, "x holds 1001"),
    "tokens": ({"tokens": [["a"]]}, ValueError, "tokens has 1 sentences: expected 2"),
    "long": ({"tokens": [["a"] * 6, ["b"]]}, ValueError, r"tokens\[0\] has 6 words"),
    "no words": ({"tokens": [["a"], []]}, ValueError, r"tokens\[1\] is empty"),
    "text": ({"tokens": "ab"}, TypeError, "tokens must be a list of sentences"),
    "norm": ({"norm": "spectral"}, ValueError, "norm='spectral' must be one of"),
    "groups": ({"groups": 4}, ValueError, "groups=4 must divide the 6 features"),
    "no groups": ({"groups": 0}, ValueError, "groups=0 is out of range"),
    "switch": ({"inference": 1}, TypeError, "inference must be True or False"),
    "cell": ({"cell": (0, 5, 0)}, ValueError, r"cell\[1\]=5 is out of range"),
    "place": ({"cell": 3}, ValueError, "cell=3 must be"),
    "mean": ({"running_mean": [1, 2]}, ValueError, r"running_mean has shape \[2\], expected \[6\]"),
    "variance": ({"running_var": -1}, ValueError, "running_var must hold numbers from 0"),
    "title": ({"title": 3}, TypeError, "title must be a string"),
}


@pytest.mark.parametrize("changes, error, message", BAD.values(), ids=BAD)
def test_bad_arguments_are_named_in_one_line(changes, error, message):
    with pytest.raises(error, match=message) as caught:
        NormAxes(**{"x": X, **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, value", [("x", X[:1]), ("before", X[:1]), ("norm", "none"), ("cell", [2, 0, 0])]
)
def test_a_refused_assignment_changes_nothing(name, value):
    widget = NormAxes(X, TOKENS)
    before = widget.get_state()
    with pytest.raises(ValueError):
        setattr(widget, name, value)
    assert widget.get_state() == before


@pytest.mark.parametrize("norm", NORMS)
def test_stands_without_a_script(norm):
    hard = [["<script>", "ש" * 200, "&"], ["a", "b", "c", "d", "e"]]
    widget = NormAxes(X, hard, norm=norm, cell=(1, 4, 5), title="<b>")
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == f"NormAxes: {widget.describe()}"
    assert written(widget.outputs()[1, 4, 5]) in widget.describe()
    ET.fromstring(data["image/svg+xml"])
    assert len(widget.picture()) < 80_000


def test_the_largest_state_is_light():
    most = rng.integers(-99_999, 99_999, size=(4, 6, 8)) / 100
    assert NormAxes(most).state_size() < HEAVY
    assert NormAxes().x == (np.array(EXAMPLE) / 1).tolist()


def test_the_script_loads_nothing_and_never_writes_markup():
    script = NormAxes._esm
    forbidden = r"^import |\bimport\(|\beval\(|new Function|innerHTML|insertAdjacentHTML|fetch\("
    assert not re.search(forbidden, script, re.M)
    assert script.count("export ") == 1  # export default { render }
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script + NormAxes._css)
