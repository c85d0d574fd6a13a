"""BendALine, Python's side: the sum of its units, the fit, what it refuses, how it stands alone."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.widgets import BendALine
from attend.widgets.base import HEAVY
from attend.widgets.bend_a_line import GRID, TARGETS

UNITS = st.lists(st.tuples(st.integers(0, 100), st.floats(-9, 9)), min_size=1, max_size=8)


@settings(deadline=None)  # the first widget of a run loads its script
@given(UNITS, st.floats(-2, 2))
def test_the_sum_is_a_network_of_one_hidden_layer(units, start):
    kinks, slopes = [kink / 100 for kink, _ in units], [slope for _, slope in units]
    widget = BendALine(kinks=kinks, slopes=slopes, start=start)
    net = torch.nn.Sequential(
        torch.nn.Linear(1, len(units)), torch.nn.ReLU(), torch.nn.Linear(len(units), 1)
    ).double()
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].bias.copy_(-torch.tensor(kinks, dtype=torch.double))
        net[2].weight.copy_(torch.tensor([slopes], dtype=torch.double))
        net[2].bias.fill_(start)
        expected = net(torch.tensor(GRID)[:, None])[:, 0].numpy()
    np.testing.assert_allclose(widget.curve(), expected, atol=1e-12)
    apart = expected - TARGETS["wave"]
    assert widget.error()["mean_squared"] == pytest.approx((apart**2).mean())
    assert widget.error()["largest"] == pytest.approx(np.abs(apart).max())


@pytest.mark.parametrize("target", TARGETS)
def test_the_fit_is_the_least_squares_one(target):
    kinks = [0.0, 0.07, 0.31, 0.62, 0.9]
    widget = BendALine(target, kinks=kinks, slopes=[0] * 5).fit()
    parts = np.column_stack([np.ones(201), np.maximum(GRID[:, None] - kinks, 0)])
    best, *_ = np.linalg.lstsq(parts, TARGETS[target], rcond=None)
    np.testing.assert_allclose([widget.start, *widget.slopes], best, atol=2e-3)
    least = ((parts @ best - TARGETS[target]) ** 2).mean()
    assert least <= widget.error()["mean_squared"] + 1e-12 <= least + 1e-6


def test_the_tent_is_met_exactly_by_two_units():
    widget = BendALine("tent", kinks=[0, 0.5], slopes=[0, 0]).fit()
    assert (widget.start, widget.slopes) == (0.0, [2.0, -4.0])
    assert widget.error()["largest"] < 1e-12


@settings(deadline=None)  # the first widget of a run loads its script
@given(UNITS)
def test_no_kinks_meet_the_jump(units):
    """With kinks at 0.49 and 0.5 the sum is on a straight line at 0.49, 0.495 and 0.5, where the
    target is 0, 0 and 1: some point is off by at least a quarter."""
    kinks = [kink / 100 for kink, _ in units]
    widget = BendALine("jump", kinks=kinks, slopes=[0.0] * len(kinks)).fit()
    assert widget.error()["largest"] >= 0.25


@pytest.mark.parametrize("kinks", [[0.5, 0.5], [1.0], [0.0, 0.0, 1.0, 1.0]])
def test_kinks_that_coincide_or_do_nothing_still_fit(kinks):
    widget = BendALine(kinks=kinks, slopes=[1] * len(kinks)).fit()
    assert np.isfinite(widget.slopes).all() and widget.error()["mean_squared"] < 0.51


def test_units_are_added_and_removed_together():
    widget = BendALine(kinks=[0, 0.5], slopes=[1, 2], unit=1)
    with widget.hold_trait_notifications():
        widget.kinks, widget.slopes = [0.1, 0.2, 0.3], [1, 2, 3]
    widget.set_state({"kinks": [0.4], "slopes": [5], "unit": 0})  # as the page does
    assert (widget.kinks, widget.slopes, widget.unit) == ([0.4], [5.0], 0)


BAD = [
    ({"target": "sine"}, ValueError, "target='sine' must be one of 'wave'"),
    ({"kinks": [0.5], "slopes": [1, 2]}, ValueError, "slopes has 2 numbers: expected 1"),
    ({"kinks": [], "slopes": []}, ValueError, r"kinks has shape \[0\]"),
    ({"kinks": [0.1] * 9, "slopes": [1] * 9}, ValueError, r"kinks has shape \[9\]"),
    ({"kinks": [1.2], "slopes": [1]}, ValueError, "kinks has the value 1.2"),
    ({"kinks": ["a"], "slopes": [1]}, TypeError, "kinks must be an array of numbers"),
    ({"kinks": [0.5], "slopes": [float("nan")]}, ValueError, "slopes has a NaN"),
    ({"kinks": [0.5], "slopes": [1001]}, ValueError, "slopes has the value 1001"),
    ({"start": float("inf")}, ValueError, "start=inf"),
    ({"unit": 4}, ValueError, "unit=4 is out of range"),
    ({"unit": 0.0}, TypeError, "unit must be an int"),
]


@pytest.mark.parametrize("kwargs, error, message", BAD)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        BendALine(**kwargs)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, value", [("kinks", [0.5]), ("slopes", [1]), ("target", "x"), ("unit", 9)]
)
def test_a_refused_assignment_changes_nothing(name, value):
    widget = BendALine()
    before = widget.get_state()
    with pytest.raises(ValueError, match=name if name != "kinks" else "slopes"):
        setattr(widget, name, value)
    assert widget.get_state() == before


@pytest.mark.parametrize("target", TARGETS)
def test_is_light_and_stands_without_a_script(target):
    widget = BendALine(target)
    assert widget.state_size() < HEAVY
    ET.fromstring(widget.picture())
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == f"BendALine: {widget.describe()}"
    assert f"{widget.error()['mean_squared']:.6f}" in widget.describe()
