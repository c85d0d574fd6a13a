"""MaskExplorer: its weights are attend's, its other ways of masking are torch's, bad input is
named."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.attention import weighted_average
from attend.masks import causal, padding
from attend.widgets import MaskExplorer
from attend.widgets.base import HEAVY
from attend.widgets.mask_explorer import PAD, written

SENTENCES = [["tea", "is", "hot"], ["I", "read", "a", "good", "book"], ["come", "in"]]
MEMORY = [["茶", "很", "热"], ["我", "看", "一", "本", "好", "书", "。"], ["请", "进"]]
HOSTILE = [["<img src=x onerror=alert(1)>", "&amp;]]>", "x" * 200, "مرحبا", "😀", "", "\x00\ud800"]]


def draw(*shape, seed=0):
    return np.round(np.random.default_rng(seed).standard_normal(shape) * 3, 2)


def explorer(**options):
    return MaskExplorer(SENTENCES, draw(3, 5, 5), **options)


def ids_of(lengths, width):
    return (torch.arange(width) < torch.tensor(lengths)[:, None]).long()


# --- the numbers ---


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(1, 7), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.data(),
)
def test_weights_are_those_of_average(sizes, is_causal, left, data):
    lengths = [data.draw(st.integers(0, size)) for size in sizes]
    B, T = len(sizes), max(sizes)
    scores = draw(B, T, T, seed=data.draw(st.integers(0, 99)))
    tokens = [[f"w{i}" for i in range(size)] for size in sizes]
    widget = MaskExplorer(tokens, scores, lengths, is_causal, left=left)
    ids = ids_of(lengths, T)
    mask = padding(ids.flip(-1) if left else ids)
    mask = (mask & causal(T) if is_causal else mask).expand(B, T, T)
    _, wanted = weighted_average(
        torch.tensor(scores), torch.zeros(B, T, 1, dtype=torch.double), mask
    )
    np.testing.assert_array_equal(widget.mask(), mask.numpy())
    np.testing.assert_allclose(widget.weights(), wanted.numpy(), atol=1e-12)
    np.testing.assert_array_equal(
        widget.masked_scores(), torch.tensor(scores).masked_fill(~mask, -torch.inf).numpy()
    )


def test_cross_attention_hides_the_padding_of_the_memory_alone():
    scores = draw(3, 5, 7)
    widget = MaskExplorer(
        SENTENCES, memory=MEMORY, memory_scores=scores, cross=True, causal=True, lengths=[1, 1, 1]
    )
    mask = padding(ids_of([3, 7, 2], 7)).expand(3, 5, 7)
    np.testing.assert_array_equal(widget.mask(), mask.numpy())
    _, wanted = weighted_average(
        torch.tensor(scores), torch.zeros(3, 7, 1, dtype=torch.double), mask
    )
    np.testing.assert_allclose(widget.weights(), wanted.numpy(), atol=1e-12)
    widget.cross = False
    assert widget.weights().shape == (3, 5, 5) and not widget.mask()[:, 0, 1:].any()


def test_a_row_with_nothing_to_see_is_zeros_or_nan():
    widget = explorer(lengths=[0, 5, 2])
    assert (widget.weights()[0] == 0).all()
    widget.masking = "infinity"
    assert np.isnan(widget.weights()[0]).all() and np.isfinite(widget.weights()[1:]).all()
    widget.masking = "after"
    assert (widget.weights()[0] == 0).all()
    widget.masking = "renormalised"
    assert np.isnan(widget.weights()[0]).all()


def test_zeros_after_the_softmax_leave_rows_short():
    widget = explorer(causal=True, masking="after")
    shares = torch.softmax(torch.tensor(draw(3, 5, 5)), dim=-1).numpy()
    np.testing.assert_allclose(widget.weights(), np.where(widget.mask(), shares, 0))
    assert (widget.weights().sum(axis=-1)[:, :4] < 1).all()


def test_multiplied_scores_leave_what_is_hidden_a_part():
    widget = explorer(causal=True, lengths=[3, 5, 0], masking="multiplied")
    product = torch.tensor(draw(3, 5, 5)) * torch.tensor(widget.mask())
    np.testing.assert_allclose(widget.masked_scores(), product.numpy())
    np.testing.assert_allclose(widget.weights(), torch.softmax(product, dim=-1).numpy())
    assert (widget.weights()[~widget.mask()] > 0).all()
    assert (widget.weights()[2] == 0.2).all()  # nothing may be seen, and all is
    hidden = ET.fromstring(widget.picture()).iter("{http://www.w3.org/2000/svg}rect")
    assert "#e8ebef" not in [box.get("fill") for box in hidden][-25:]


def test_renormalised_rows_are_right_until_they_underflow():
    widget = explorer(causal=True)
    right = widget.weights()
    widget.masking = "renormalised"
    np.testing.assert_allclose(widget.weights(), right, atol=1e-12)
    scores = np.array(widget.scores)
    scores[1, 0, 4] = 900  # hidden, and louder than a double can bear
    widget.scores = scores
    assert np.isnan(widget.weights()[1, 0, 0])
    widget.masking = "book"
    np.testing.assert_allclose(widget.weights(), right, atol=1e-12)


def test_padding_is_where_the_words_are_not():
    widget = explorer(lengths=[2, 5, 0])
    assert widget.words() == ["tea", "is", PAD, PAD, PAD]
    widget.left = True
    assert widget.words() == [PAD, PAD, PAD, "tea", "is"]
    assert widget.mask()[0, 0].tolist() == [False, False, False, True, True]


def test_scores_made_up_are_always_the_same_and_travel_rounded():
    assert MaskExplorer(SENTENCES).scores == MaskExplorer(SENTENCES).scores
    assert MaskExplorer([["a"]], [[[0.126]]]).scores == [[[0.13]]]
    assert MaskExplorer([["a"]], torch.tensor([[[2]]])).scores == [[[2.0]]]


def test_numbers_are_written_as_on_the_page():
    shown = [written(x) for x in (0.25, -0.25, 3.0, 0.00004, -0.00001, np.nan, -np.inf)]
    assert shown == ["0.25", "−0.25", "3", "0", "0", "NaN", "−∞"]
    assert written(0.1234567, 6) == "0.123457" and written(2.345, 0) == "2"


# --- what it refuses ---

BAD = [
    ({"tokens": "tea"}, TypeError, "tokens must be a list of sentences"),
    ({"tokens": ["tea"]}, TypeError, r"tokens\[0\] must be a list of strings"),
    ({"tokens": [["tea"], []]}, ValueError, r"tokens\[1\] is empty"),
    ({"tokens": [["a"]] * 9}, ValueError, "tokens has 9 sentences"),
    ({"tokens": [["a"] * 65]}, ValueError, r"tokens\[0\] has 65 words"),
    ({"gloss": [["a"]]}, ValueError, "gloss must have one entry"),
    ({"scores": np.zeros((3, 5, 4))}, ValueError, r"scores has shape \[3, 5, 4\], expected"),
    ({"scores": np.full((3, 5, 5), np.nan)}, ValueError, "scores holds nan"),
    ({"scores": np.full((3, 5, 5), 1001)}, ValueError, "scores holds 1001"),
    ({"scores": "high"}, TypeError, "scores must be an array"),
    ({"lengths": [4, 5, 2]}, ValueError, r"lengths\[0\]=4"),
    ({"lengths": [-1, 5, 2]}, ValueError, r"lengths\[0\]=-1"),
    ({"lengths": [3, 5]}, ValueError, "lengths has 2 entries"),
    ({"lengths": 3}, TypeError, "lengths must be a list"),
    ({"causal": 1}, TypeError, "causal must be True or False"),
    ({"cross": True}, ValueError, "cross=True needs memory"),
    ({"memory_scores": np.zeros((3, 5, 5))}, ValueError, "memory_scores needs memory"),
    ({"memory": MEMORY[:2]}, ValueError, "memory has 2 sentences"),
    ({"masking": "none"}, ValueError, "masking='none'"),
    ({"step": 2}, ValueError, "step=2"),
    ({"sentence": 3}, ValueError, "sentence=3"),
    ({"cell": (0, 5)}, ValueError, r"cell\[1\]=5"),
    ({"cell": (0,)}, ValueError, "cell="),
    ({"title": 3}, TypeError, "title"),
]


@pytest.mark.parametrize("options, error, message", BAD)
def test_bad_arguments_are_named_in_one_line(options, error, message):
    with pytest.raises(error, match=message) as caught:
        MaskExplorer(**{"tokens": SENTENCES} | options)
    assert "\n" not in str(caught.value)


def test_a_refused_assignment_changes_nothing():
    widget = explorer()
    before = widget.get_state()
    for name, value in (("lengths", [9, 9, 9]), ("cell", [7, 7]), ("scores", [[1]])):
        with pytest.raises(ValueError, match=name):
            setattr(widget, name, value)
    assert widget.get_state() == before


def test_sentences_change_together_and_the_cell_is_brought_back():
    widget = explorer(cell=(4, 4), sentence=2)
    with widget.hold_trait_notifications():
        widget.tokens, widget.scores, widget.lengths = [["a", "b"]], draw(1, 2, 2), [2]
    assert (widget.sentence, widget.cell) == (0, [1, 1])
    assert widget.weights().shape == (1, 2, 2)


def test_the_cell_comes_back_when_cross_is_switched_off():
    widget = explorer(memory=MEMORY, cross=True, cell=(0, 6))
    widget.cross = False
    assert widget.cell == [0, 4]


# --- how it stands alone ---


@pytest.mark.parametrize(
    "options", [{}, {"masking": "after"}, {"lengths": [0, 0, 0], "masking": "infinity"}]
)
def test_it_is_light_and_has_a_picture(options):
    widget = explorer(memory=MEMORY, causal=True, **options)
    assert widget.state_size() < HEAVY
    root = ET.fromstring(widget.picture())
    assert widget.describe() in root[0].text
    assert ("NaN" in widget.describe()) == (options.get("masking") == "infinity")


def test_a_long_batch_has_a_small_picture():
    widget = MaskExplorer([["word"] * 64] * 2, causal=True)
    assert len(widget.picture()) < 80_000 and widget.state_size() < HEAVY


def test_hostile_words_stay_text():
    widget = MaskExplorer(HOSTILE, gloss=HOSTILE, title="<b>")
    root = ET.fromstring(widget.picture())
    tags = {each.tag.rpartition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "title", "rect", "text"}


def test_the_script_loads_nothing_and_never_writes_markup():
    script = MaskExplorer._esm
    assert not re.search(r"^import |\bimport\(|\beval\(|innerHTML|fetch\(", script, re.M)
    assert script.count("export ") == 1
