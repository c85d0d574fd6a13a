"""Merges: its merges, tokens and counts are those of attend.text; bad input is named."""

import random
import xml.etree.ElementTree as ET
from collections import Counter
from itertools import pairwise

import pytest

from attend.text import BytePairEncoder, words
from attend.widgets import Merges
from attend.widgets.base import HEAVY

TEXT = "low low lowest newer newest, wider.\nIt's 我喜欢喝茶，我喜欢茶。 👩‍👩‍👧 👩‍👩‍👦 naïve naïve"


def test_merges_are_those_of_the_encoder():
    widget, encoder = Merges(TEXT), BytePairEncoder(TEXT, 1000)
    assert widget.learned() == encoder.merges and len(encoder.merges) > 15


@pytest.mark.parametrize("step", [0, 1, 5, 12])
def test_tokens_and_counts_after_some_merges(step):
    widget, encoder = Merges(TEXT, step=step), BytePairEncoder(TEXT, step)
    tokens = widget.tokens()
    assert tokens == encoder.split(TEXT) and "".join(tokens) == TEXT
    counts = Counter()
    for word in words(TEXT):
        counts.update(pairwise(encoder.split(word)))
    order = sorted(counts, key=lambda pair: (-counts[pair], pair))[:8]
    assert [(m.left, m.right) for m in widget.commonest()] == order
    assert [m.count for m in widget.commonest()] == [counts[pair] for pair in order]


def test_the_next_merge_is_the_commonest_pair():
    widget = Merges(TEXT)
    for step, merge in enumerate(widget.learned()):
        widget.step = step
        assert widget.commonest()[0] == merge
    widget.step += 1
    assert not widget.commonest() or widget.commonest()[0].count == 1


def test_a_new_text_keeps_the_step_as_far_as_it_goes():
    widget = Merges("abab abab", step=2)
    widget.text = "abab"
    assert widget.step == 1 and widget.tokens() == ["ab", "ab"]
    widget.text = ""
    assert widget.step == 0 and widget.tokens() == [] and widget.commonest() == []
    assert "0 tokens" in widget.describe()


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"text": 7}, TypeError, "text must be a string, got int"),
        ({"text": "a" * 4001}, ValueError, "text has 4001 characters: expected at most 4000"),
        ({"text": "a\ud83d"}, ValueError, "half a surrogate pair"),
        ({"text": "abab", "step": 3}, ValueError, "step=3"),
        ({"text": "abab", "step": -1}, ValueError, "step=-1"),
        ({"text": "abab", "step": 0.5}, TypeError, "step"),
        ({"text": "abab", "title": 7}, TypeError, "title"),
    ],
)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        Merges(**kwargs)
    assert "\n" not in str(caught.value)


def test_a_refused_assignment_changes_nothing():
    widget = Merges("abab", step=1)
    before = widget.get_state()
    for name, value in (("text", None), ("step", 9)):
        with pytest.raises((TypeError, ValueError), match=name):
            setattr(widget, name, value)
        assert widget.get_state() == before


HOSTILE = "<script>alert(1)</script> &amp; \u202eשלום \x00\x1b " + "x" * 200


@pytest.mark.parametrize("text", [HOSTILE, "", " ", "我" * 4000, "ab " * 1300])
def test_it_is_light_and_has_a_picture(text):
    widget = Merges(text)
    assert widget.state_size() < HEAVY
    root = ET.fromstring(widget.picture())
    tags = {each.tag.partition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "title", "rect", "text"}
    assert widget.describe() in root[0].text


def test_random_texts_of_four_thousand_characters():
    draw = random.Random(0)
    text = "".join(draw.choices("ab  c我👍é", k=4000))
    widget = Merges(text, step=40)
    assert "".join(widget.tokens()) == text
    assert widget.learned()[:40] == BytePairEncoder(text, 40).merges
