"""Heads: the numbers it shows are those of the maps and outputs given; bad input is named."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.widgets.attention_heatmap import decode
from attend.widgets.base import HEAVY
from attend.widgets.heads import Heads

rng = np.random.default_rng(0)
WORDS = ["the", "cat", "sat", "<eos>", "dog", "mat", "hat"]


def shares(*shape):
    values = rng.random(shape) ** 4 + 1e-3
    return values / values.sum(-1, keepdims=True)


def heads(H=3, T=4, S=None, settings=None, **options):
    maps = shares(H, T, S or T)
    memory = None if S is None else [f"m{s}" for s in range(S)]
    outputs = shares(settings or 2**H, 4, 7)
    given = {"outputs": outputs, "vocabulary": WORDS, "steps": WORDS[:4], **options}
    return Heads(maps, WORDS[:T], memory, **given), maps, given["outputs"]


def test_the_summary_is_that_of_the_maps():
    widget, maps, _ = heads(H=3, T=5)
    for about, map_ in zip(widget.summary(), torch.tensor(maps), strict=True):
        entropy = torch.distributions.Categorical(map_).entropy().mean().item()
        assert about["entropy"] == pytest.approx(entropy, abs=2e-3)
        assert about["most"] == pytest.approx(map_.max(-1).values.mean().item(), abs=1e-4)
        assert about["itself"] == pytest.approx(map_.diagonal().mean().item(), abs=1e-4)
        assert about["before"] == pytest.approx(map_.diagonal(-1).mean().item(), abs=1e-4)


def test_cross_attention_has_no_itself():
    widget, maps, _ = heads(T=3, S=5)
    assert set(widget.summary()[0]) == {"entropy", "most"}
    widget.head = 2
    np.testing.assert_allclose(widget.shown(), np.round(maps[2], 4), atol=1e-9)


def test_the_maps_travel_whole():
    widget, maps, _ = heads()
    np.testing.assert_array_equal(decode(widget.get_state()["_cells"]), np.round(maps.ravel(), 4))


@pytest.mark.parametrize("off, row", [([], 0), ([0], 1), ([2], 4), ([0, 2], 5), ([0, 1, 2], 7)])
def test_every_set_of_heads_has_its_row(off, row):
    widget, _, outputs = heads()
    widget.off = off
    assert widget.setting() == row
    assert widget.written() == [WORDS[i] for i in outputs[row].argmax(-1)]
    for step in range(4):
        for word, whole, now in widget.candidates(step):
            index = WORDS.index(word)
            assert whole == round(outputs[0, step, index], 4)
            assert now == round(outputs[row, step, index], 4)


def test_with_one_row_a_head_only_one_may_be_off():
    widget, _, outputs = heads(settings=4)
    widget.off = [1]
    assert widget.setting() == 2
    assert widget.written() == [WORDS[i] for i in outputs[2].argmax(-1)]
    with pytest.raises(ValueError, match=r"off=\[0, 1\] must be one head"):
        widget.off = [0, 1]
    assert widget.off == [1]


def test_without_outputs_nothing_can_be_switched_off():
    widget = Heads(shares(2, 3, 3), WORDS[:3])
    assert widget.candidates.__doc__ and widget.written() == []
    with pytest.raises(ValueError, match="needs outputs"):
        widget.off = [0]


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"weights": np.ones((3, 3)) / 3}, ValueError, r"\[3, 3\]: expected \[H, T, S\]"),
        ({"weights": np.ones((17, 3, 3)) / 3}, ValueError, "at most 16 heads"),
        ({"weights": np.full((2, 3, 3), np.nan)}, ValueError, "NaN"),
        ({"weights": np.ones((2, 3, 4)) / 4}, ValueError, "not square"),
        ({"tokens": ["a"]}, ValueError, "tokens has 1 entries: expected 3"),
        ({"gloss": ["a"]}, ValueError, "gloss has 1 entries"),
        ({"head": 2}, ValueError, "head=2"),
        ({"head": "0"}, TypeError, "head"),
        ({"off": [5]}, ValueError, "off=5"),
        ({"off": 1}, TypeError, "off must be a list"),
        ({"step": 9}, ValueError, "step=9"),
        ({"outputs": shares(5, 3, 7)}, ValueError, r"expected \[4 or 3, steps, V\]"),
        ({"outputs": shares(4, 3, 6)}, ValueError, "vocabulary has 7 entries: expected 6"),
        ({"outputs": shares(4, 2, 7)}, ValueError, "steps has 3 entries: expected 2"),
        ({"outputs": 2 * np.ones((4, 3, 7))}, ValueError, "probabilities"),
        ({"outputs": None}, ValueError, "outputs is None"),
        ({"vocabulary": None}, ValueError, "vocabulary is empty"),
        ({"title": 3}, TypeError, "title must be a string"),
    ],
)
def test_bad_arguments_are_named_in_one_line(change, error, message):
    given = {"weights": shares(2, 3, 3), "tokens": WORDS[:3], "outputs": shares(4, 3, 7)}
    given |= {"vocabulary": WORDS, "steps": WORDS[:3]} | change
    with pytest.raises(error, match=message) as caught:
        Heads(**given)
    assert "\n" not in str(caught.value)


def test_any_token_is_text():
    nasty = ["<script>alert(1)</script>", "&amp;", "שלום", "😀" * 50, "x" * 200]
    widget = Heads(
        shares(4, 5, 5), nasty, gloss=nasty, outputs=shares(16, 5, 5), vocabulary=nasty, steps=nasty
    )
    widget.off = [0, 3]
    assert "<script>" not in widget.picture()
    ET.fromstring(widget.picture())


@pytest.mark.parametrize("H, T, settings", [(4, 30, 16), (16, 40, 17), (1, 1, 2)])
def test_it_is_light_and_has_a_picture(H, T, settings):
    words = [f"w{t}" for t in range(T)]
    outputs = shares(settings, min(T, 24), 60)
    names = [f"v{v}" for v in range(60)]
    widget = Heads(
        shares(H, T, T),
        words,
        outputs=outputs,
        vocabulary=names,
        steps=names[: min(T, 24)],
        off=[0],
    )
    assert widget.state_size() < HEAVY
    root = ET.fromstring(widget.picture())
    assert widget.describe() in root[0].text and "Without head 0" in widget.describe()
    assert f"{widget.summary()[0]['entropy']:.3f}" in widget.describe() or H > 1
