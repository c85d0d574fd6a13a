"""Embeddings, the widget: its neighbours are those of WordVectors, bad input is named."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.embeddings import WordVectors
from attend.widgets import Embeddings
from attend.widgets.base import HEAVY

WORDS = [f"w{i}" for i in range(41)]
VECTORS = torch.randn(41, 7, generator=torch.Generator().manual_seed(0))


def test_neighbours_are_those_of_the_word_vectors():
    widget, vectors = Embeddings(WORDS, VECTORS, word="w9"), WordVectors(WORDS, VECTORS)
    for (word, number), (wanted, cosine) in zip(
        widget.neighbours(), vectors.nearest("w9", 10), strict=True
    ):
        assert word == wanted and number == pytest.approx(cosine, abs=1e-6)


def test_analogies_are_those_of_the_word_vectors():
    vectors = WordVectors(WORDS, VECTORS)
    for three in (["w1", "w2", "w3"], ["w40", "w0", "w40"]):
        widget = Embeddings(WORDS, VECTORS, analogy=three, asks=True)
        raw = vectors.analogy(*three, n=10, raw=True)
        assert [word for word, _ in widget.neighbours()] == [word for word, _ in raw]
        assert widget.answer() == vectors.analogy(*three)[0][0]
        assert repr(widget.answer()) in widget.describe()


def test_the_map_is_the_best_plane():
    widget = Embeddings(WORDS, VECTORS)
    unit = torch.nn.functional.normalize(VECTORS.double(), dim=1)
    centred = unit - unit.mean(dim=0)
    values = torch.linalg.eigvalsh(centred.T @ centred)
    np.testing.assert_allclose((widget.places**2).sum(), values[-2:].sum(), rtol=1e-6)
    assert widget.get_state()["_share"] == pytest.approx((values[-2:].sum() / values.sum()).item())


def test_near_on_the_map_is_near_on_paper():
    widget = Embeddings(WORDS, VECTORS, word="w5")
    apart = np.hypot(*(widget.places - widget.places[5]).T)
    assert widget.near_on_map() == [WORDS[i] for i in np.argsort(apart)[1:11]]


def test_the_numbers_travel_whole():
    state = Embeddings(WORDS, VECTORS).get_state()
    np.testing.assert_array_equal(
        np.frombuffer(state["_vectors"], "<f4").reshape(41, 7), VECTORS.numpy()
    )


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"words": "abc"}, TypeError, "words must be a list of strings"),
        ({"words": WORDS[:40]}, ValueError, r"vectors has shape \[41, 7\]: expected \[40, D\]"),
        ({"words": [*WORDS[:40], "w0"]}, ValueError, "words holds 'w0' twice"),
        ({"words": ["a", "b"], "vectors": VECTORS[:2]}, ValueError, "words has 2 entries"),
        ({"vectors": VECTORS[:, :1]}, ValueError, r"vectors has shape \[41, 1\]"),
        ({"vectors": VECTORS[0]}, ValueError, "vectors has shape"),
        ({"vectors": VECTORS / 0}, ValueError, "NaN or infinite"),
        ({"vectors": VECTORS * 0}, ValueError, r"vectors\[0\] is all zeros"),
        ({"vectors": [["a"] * 2] * 41}, TypeError, "vectors"),
        ({"word": "tea"}, ValueError, "word: 'tea' is not among the 41 words"),
        ({"word": 7}, TypeError, "word must hold strings"),
        ({"analogy": ["w1", "w2"]}, ValueError, "analogy has 2 words"),
        ({"analogy": ["w1", "w2", "tea"]}, ValueError, "analogy: 'tea'"),
        ({"asks": 1}, TypeError, "asks"),
        ({"zoom": 3}, ValueError, "zoom=3"),
        ({"title": 7}, TypeError, "title"),
    ],
)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        Embeddings(**{"words": WORDS, "vectors": VECTORS, **kwargs})
    assert "\n" not in str(caught.value)


def test_a_refused_assignment_changes_nothing():
    widget = Embeddings(WORDS, VECTORS)
    before = widget.get_state()
    for name, value in (("word", "tea"), ("analogy", ["x"] * 3), ("words", WORDS[:9])):
        with pytest.raises(ValueError, match=name):
            setattr(widget, name, value)
        assert widget.get_state() == before


def test_it_is_light_and_has_a_picture_with_hostile_words():
    words = ["<script>", "&", "👩‍👩‍👧", "שלום", "x" * 200, *WORDS]
    vectors = torch.cat([VECTORS[:5] + 0.1, VECTORS])
    for asks in (False, True):
        widget = Embeddings(words, vectors, asks=asks, word="x" * 200)
        root = ET.fromstring(widget.picture())
        assert widget.describe() in root[0].text
    many = Embeddings([f"word {i}" for i in range(600)], torch.randn(600, 32))
    assert many.state_size() < HEAVY
    assert len(many.picture()) < 80_000


def test_three_words_are_enough():
    widget = Embeddings(["a", "b", "c"], [[1.0, 0], [0, 1], [1, 1]])
    assert len(widget.neighbours()) == 2
    ET.fromstring(widget.picture())
