"""Descent: the path is that of torch.optim, the outcomes are told apart, bad values are refused."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.autograd import numerical_gradient
from attend.widgets import Descent
from attend.widgets.base import HEAVY
from attend.widgets.descent import FAR, MOST, OPTIMISERS, SURFACES

THEIRS = {
    "SGD": lambda p, rate, mu: torch.optim.SGD(p, rate),
    "momentum": lambda p, rate, mu: torch.optim.SGD(p, rate, momentum=mu),
    "RMSProp": lambda p, rate, mu: torch.optim.RMSprop(p, rate),
    "Adam": lambda p, rate, mu: torch.optim.Adam(p, rate, betas=(mu, 0.999)),
}


@pytest.mark.parametrize("surface", SURFACES)
def test_gradients_are_the_slopes_of_the_losses(surface):
    widget = Descent(surface)
    for point in np.random.default_rng(0).uniform(-2, 3, size=(20, 2)):
        moved = numerical_gradient(widget.loss, point)
        np.testing.assert_allclose(widget.gradient(point), moved, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("surface", SURFACES)
def test_the_lowest_points_are_lowest(surface):
    widget, form = Descent(surface), SURFACES[surface]
    for point in form["lowest"]:
        np.testing.assert_array_equal(widget.gradient(point), [0, 0])
        assert widget.loss(point) == widget.loss(form["lowest"][0])
    around = np.random.default_rng(1).uniform(-3, 3, size=(200, 2))
    assert min(widget.loss(point) for point in around) > widget.loss(form["lowest"][0])


def test_the_turned_valley_is_the_valley_turned():
    turn = np.array([[1, 1], [1, -1]]) / 2**0.5
    straight, turned = Descent("valley"), Descent("turned valley")
    for point in np.random.default_rng(2).uniform(-2, 2, size=(20, 2)):
        assert turned.loss(point) == pytest.approx(straight.loss(turn @ point))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("surface", SURFACES)
def test_the_path_is_torch_s(surface, optimiser):
    widget = Descent(surface, optimiser=optimiser, learning_rate=0.01, momentum=0.7, steps=100)
    point = torch.tensor(widget.start, dtype=torch.double, requires_grad=True)
    theirs = THEIRS[optimiser]([point], 0.01, 0.7)
    expected = [point.detach().numpy().copy()]
    for _ in range(100):
        theirs.zero_grad()
        SURFACES[surface]["loss"](*point).backward()
        theirs.step()
        expected.append(point.detach().numpy().copy())
    np.testing.assert_allclose(widget.path(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "kwargs, outcome",
    [
        ({"surface": "bowl", "learning_rate": 1.0, "steps": 1}, "arrived"),
        ({"surface": "bowl", "learning_rate": 1.9, "steps": 300}, "arrived"),
        ({"surface": "bowl", "learning_rate": 2.1, "steps": 300}, "diverged"),
        ({"surface": "valley", "learning_rate": 0.05, "steps": 10}, "under way"),
        ({"surface": "valley", "learning_rate": 0.09, "steps": 300}, "diverged"),
        ({"surface": "saddle", "start": [1.8, 0.0], "learning_rate": 0.1, "steps": 300}, "stands "),
        ({"surface": "saddle", "start": [1.8, 0.1], "learning_rate": 0.1, "steps": 300}, "arrived"),
        ({"surface": "saddle", "start": [0.0, 0.0], "steps": 0}, "stands still"),
    ],
)
def test_outcomes(kwargs, outcome):
    assert Descent(**kwargs).reading()["outcome"].startswith(outcome)


def test_a_path_ends_where_it_diverges():
    path = Descent("bowl", start=[1.0, 0.5], learning_rate=3.0, steps=MOST).path()
    assert len(path) == 11  # 2 ** 10 is the first power of two beyond 1000
    assert np.abs(path[-1]).max() > FAR >= np.abs(path[-2]).max()


def test_no_steps_show_the_start():
    widget = Descent("bend", steps=0)
    np.testing.assert_array_equal(widget.path(), [widget.start])


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"surface": "hill"}, ValueError, "surface='hill'"),
        ({"optimiser": "adam"}, ValueError, "optimiser='adam'"),
        ({"learning_rate": -0.1}, ValueError, "learning_rate=-0.1"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate=nan"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate"),
        ({"momentum": 1.0}, ValueError, "momentum=1.0"),
        ({"start": [0.0]}, ValueError, r"start has shape \[1\]"),
        ({"start": [0.0, 9.0]}, ValueError, r"start\[1\]=9.0"),
        ({"start": [0.0, float("nan")]}, ValueError, r"start\[1\]=nan"),
        ({"start": ["a", "b"]}, TypeError, "start"),
        ({"steps": 301}, ValueError, "steps=301"),
        ({"steps": -1}, ValueError, "steps=-1"),
        ({"steps": 2.5}, TypeError, "steps"),
        ({"steps": True}, TypeError, "steps"),
    ],
)
def test_descent_refuses(kwargs, error, message):
    with pytest.raises(error, match=message):
        Descent(**kwargs)


@pytest.mark.parametrize("surface", SURFACES)
def test_it_stands_without_a_script(surface):
    widget = Descent(surface, optimiser="Adam", learning_rate=0.1, steps=MOST)
    assert widget.state_size() < HEAVY
    picture = widget.picture()
    ET.fromstring(picture)
    assert len(picture) < 40_000
    assert f"after {len(widget.path()) - 1} steps" in widget.describe()
    assert "-0.0000" not in widget.describe()
