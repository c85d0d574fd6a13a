"""PositionalEncoding: its numbers are those of attend.positions; bad input is named."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.positions import alibi, frequencies, rotate, sinusoidal, slopes
from attend.widgets import PositionalEncoding
from attend.widgets.base import HEAVY, HERE
from attend.widgets.positional_encoding import DIVERGING, SCHEMES

SETTINGS = [(2, 2, 10000.0), (6, 11, 7.0), (64, 100, 500.0), (512, 512, 10000.0)]
FIRST = {"position": 1, "other": 0, "dimension": 0}


@pytest.mark.parametrize("d_model, n_positions, base", SETTINGS)
def test_the_table_is_that_of_positions(d_model, n_positions, base):
    widget = PositionalEncoding(d_model=d_model, n_positions=n_positions, base=base, **FIRST)
    wanted = sinusoidal(n_positions, d_model, base).numpy()
    np.testing.assert_allclose(widget.encoding(), wanted, atol=1e-6)
    waves = 2 * np.pi / frequencies(d_model, base).numpy()
    np.testing.assert_allclose(widget.wavelengths(), np.repeat(waves, 2))
    np.testing.assert_allclose(widget.dot_products(), wanted @ wanted[1], atol=1e-4)


@pytest.mark.parametrize("pairing", ["half", "interleaved"])
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("d_model, n_positions, base", SETTINGS[:3])
def test_scores_are_those_of_rotate(d_model, n_positions, base, alike, pairing):
    widget = PositionalEncoding(
        "rotary", d_model, n_positions, base, pairing=pairing, alike=alike, **FIRST
    )
    widget.position = n_positions - 1
    query, key = (torch.tensor(v)[None] for v in (widget.query, widget.key))
    assert torch.equal(query, key) is alike
    turned = rotate(query, [n_positions - 1], pairing, base), rotate(key, [0], pairing, base)
    for found, wanted in zip(widget.turned(), turned, strict=True):
        np.testing.assert_allclose(found, wanted[0], atol=1e-9)
    assert widget.score() == pytest.approx((turned[0] @ turned[1].T).item())
    by_distance = widget.scores_by_distance()
    assert len(by_distance) == 2 * n_positions - 1
    assert by_distance[-1] == pytest.approx(widget.score())
    for distance in (1 - n_positions, 0, 1):
        apart = rotate(query, [distance], pairing, base) @ key.T
        assert by_distance[distance + n_positions - 1] == pytest.approx(apart.item())


def test_the_score_stands_still_when_both_move():
    widget = PositionalEncoding("rotary", 8, alike=False, position=7, other=4)
    before, hands = widget.score(), widget.turned()[0]
    widget.position, widget.other = 40, 37
    assert widget.score() == pytest.approx(before)
    assert not np.allclose(widget.turned()[0], hands)
    widget.pairing = "interleaved"
    assert widget.score() != pytest.approx(before)


@pytest.mark.parametrize("n_heads", [1, 6, 8, 16])
def test_the_bias_is_that_of_positions(n_heads):
    widget = PositionalEncoding(
        "alibi", n_positions=13, n_heads=n_heads, head=n_heads - 1, position=5, other=2
    )
    wanted = alibi(n_heads, 13, 13)
    np.testing.assert_allclose(widget.bias(), wanted, atol=1e-6)
    np.testing.assert_allclose(widget.slopes(), slopes(n_heads), rtol=1e-6)
    np.testing.assert_allclose(widget.shares(), wanted[-1, 5].softmax(-1), atol=1e-6)


def test_choices_follow_when_the_table_shrinks():
    widget = PositionalEncoding("alibi", 64, 64, dimension=60, pinned=[3, 50], head=7)
    widget.n_positions, widget.d_model, widget.n_heads = 10, 16, 4
    assert (widget.position, widget.other, widget.dimension) == (9, 9, 15)
    assert (widget.pinned, widget.head) == ([3], 3)


def test_what_the_page_writes_together_is_taken_together():
    widget = PositionalEncoding()
    widget.set_state({"n_positions": 200, "position": 150, "d_model": 128, "dimension": 100})
    assert (widget.position, widget.dimension) == (150, 100)
    assert widget.encoding().shape == (200, 128)


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"scheme": "learned"}, ValueError, "scheme='learned' must be one of"),
        ({"d_model": 7}, ValueError, "d_model=7 must be even"),
        ({"d_model": 514}, ValueError, "d_model=514"),
        ({"d_model": 8.0}, TypeError, "d_model must be an int"),
        ({"n_positions": 1}, ValueError, "n_positions=1"),
        ({"base": 1}, ValueError, "base=1.0 must be between 2.0 and"),
        ({"base": float("nan")}, ValueError, "base=nan"),
        ({"base": "10000"}, TypeError, "base must be a number"),
        ({"position": 64}, ValueError, "position=64"),
        ({"other": -1}, ValueError, "other=-1"),
        ({"dimension": 64}, ValueError, "dimension=64"),
        ({"pinned": [64]}, ValueError, "pinned=64"),
        ({"pinned": range(5)}, ValueError, "pinned must hold at most 4 dimensions, got 5"),
        ({"pinned": "3"}, TypeError, "pinned must be a list"),
        ({"pairing": "both"}, ValueError, "pairing='both'"),
        ({"alike": 1}, TypeError, "alike must be True or False, got int"),
        ({"n_heads": 0}, ValueError, "n_heads=0"),
        ({"head": 8}, ValueError, "head=8"),
        ({"title": 7}, TypeError, "title must be a string"),
    ],
)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        PositionalEncoding(**kwargs)
    assert "\n" not in str(caught.value)


def test_a_refused_assignment_changes_nothing():
    widget = PositionalEncoding()
    before = widget.get_state()
    with pytest.raises(ValueError, match="d_model=5"):
        widget.d_model = 5
    assert widget.get_state() == before


@pytest.mark.parametrize("size", [2, 64, 512])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_it_is_light_and_has_a_picture(scheme, size):
    widget = PositionalEncoding(scheme, size, size, title="<b>&\x00", **FIRST)
    assert widget.state_size() < HEAVY
    picture = widget.picture()
    assert len(picture) < 80_000
    root = ET.fromstring(picture)
    assert root[0].text == widget.describe()


def test_python_and_page_paint_the_same_scale():
    stops = re.search(r"DIVERGING = \{\s*light: \[(.*?)\]", (HERE / "common.js").read_text("utf8"))
    assert re.findall(r"#\w{6}", stops[1]) == DIVERGING
