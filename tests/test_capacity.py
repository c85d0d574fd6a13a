"""Capacity: its fits are ridge regression's, its errors are those of its points, bad input is
named."""

import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from attend.widgets import Capacity
from attend.widgets.base import HEAVY
from attend.widgets.capacity import DEGREES, STRENGTHS, features


def test_features_are_orthonormal_on_the_interval():
    x, share = np.polynomial.legendre.leggauss(20)
    gram = features(x, 15).T * share / 2 @ features(x, 15)
    np.testing.assert_allclose(gram, np.eye(16), atol=1e-12)


@pytest.mark.parametrize("degree, strength, points", [(3, 0.1, 15), (11, 0.001, 7), (15, 1.0, 40)])
def test_weights_are_those_of_ridge_regression(degree, strength, points):
    widget = Capacity(degree=degree, strength=strength, points=points, draw=3)
    x, y = widget.training_points()
    theirs = Ridge(alpha=points * strength).fit(features(x, degree)[:, 1:], y)
    ours = widget.weights()
    np.testing.assert_allclose(ours[1:], theirs.coef_, atol=1e-9)
    np.testing.assert_allclose(ours[0], theirs.intercept_, atol=1e-9)


def test_degree_0_is_the_mean():
    widget = Capacity(degree=0, strength=10)
    np.testing.assert_allclose(widget.predict([-1, 0.5]), widget.training_points()[1].mean())


def test_errors_are_mean_squares_of_what_is_left():
    widget = Capacity(degree=5, strength=0.01, points=11, draw=7)
    for name, (x, y) in (
        ("training", widget.training_points()),
        ("test", widget.test_points()),
    ):
        assert len(x) == {"training": 11, "test": 200}[name]
        assert widget.errors()[name] == pytest.approx(np.mean((widget.predict(x) - y) ** 2))
    assert widget.by_degree()["test"][5] == widget.errors()["test"]
    widget.strength = STRENGTHS[10]
    assert widget.by_strength()["training"][10] == widget.errors()["training"]


def test_more_freedom_never_fits_its_own_points_worse():
    training = Capacity(points=20).by_degree()["training"]
    assert len(training) == DEGREES
    assert all(after <= before + 1e-9 for before, after in pairwise(training))


def test_the_default_overfits_and_the_penalty_mends_it():
    free, held = Capacity(), Capacity(strength=0.01)
    assert free.errors()["training"] < held.errors()["training"] < 0.09
    assert free.errors()["test"] > 10 and held.errors()["test"] < 0.2


def test_draws_differ_and_the_truth_is_under_the_noise():
    one, other = Capacity(draw=0), Capacity(draw=1)
    assert not np.array_equal(one.training_points(), other.training_points())
    x, y = Capacity(noise=0.3).test_points()
    assert 0.06 < np.mean((y - np.sin(3 * x)) ** 2) < 0.12
    x, y = Capacity(noise=0).test_points()
    np.testing.assert_allclose(y, np.sin(3 * x), atol=6e-4)


def test_the_points_travel_whole():
    widget = Capacity(points=40, draw=2)
    whole = np.frombuffer(widget.get_state()["_points"], "<i2").reshape(2, -1) / 1000
    np.testing.assert_array_equal(whole[:, 80:120], widget.training_points())
    np.testing.assert_array_equal(whole[:, -200:], widget.test_points())


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"degree": 16}, ValueError, "degree=16"),
        ({"degree": 1.5}, TypeError, "degree"),
        ({"strength": 0}, ValueError, "strength=0"),
        ({"strength": float("nan")}, ValueError, "strength"),
        ({"strength": "1"}, TypeError, "strength"),
        ({"points": 1}, ValueError, "points=1"),
        ({"points": 41}, ValueError, "points=41"),
        ({"draw": 8}, ValueError, "draw=8"),
        ({"draws": 0}, ValueError, "draws=0"),
        ({"others": 1}, TypeError, "others"),
        ({"noise": 1.5}, ValueError, "noise=1.5"),
    ],
)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        Capacity(**kwargs)
    assert "\n" not in str(caught.value)


def test_a_refused_assignment_changes_nothing():
    widget = Capacity()
    before = widget.get_state()
    with pytest.raises(ValueError, match="degree"):
        widget.degree = 99
    assert widget.get_state() == before


@pytest.mark.parametrize("degree, points, noise", [(15, 16, 1.0), (0, 2, 0.0), (3, 40, 0.3)])
def test_it_is_light_and_has_a_picture(degree, points, noise):
    widget = Capacity(degree=degree, points=points, noise=noise)
    assert widget.state_size() < HEAVY
    root = ET.fromstring(widget.picture())
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == points
    assert f"{widget.errors()['test']:.4f}" in widget.describe()
    assert widget.describe() in root[0].text
