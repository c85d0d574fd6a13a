"""SoftDictionary: its weights are torch's softmax, its limits are the exact lookup and the mean,
bad input is named."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.attention import MultiplicativeAttention
from attend.widgets.base import HEAVY
from attend.widgets.soft_dictionary import SoftDictionary

KEYS = [[-2.2, -1.5], [-0.8, 1.9], [1.9, 1.6], [0.6, -0.4], [2.3, -2.0]]
VALUES = [12.0, 30.0, 4.0, 18.0, 9.0]
HOSTILE = ["<img src=x onerror=alert(1)>", "&amp;]]>", "x" * 200, "مرحبا", "\x00\ud800"]


def book(**options):
    return SoftDictionary(KEYS, VALUES, **options)


@pytest.mark.parametrize("temperature", [0.05, 0.7, 5])
@pytest.mark.parametrize("score", ["dot", "distance"])
def test_answers_are_softmax_averages(score, temperature):
    query = (-0.43, 0.61)
    found = book(query=query, temperature=temperature, score=score).answer()
    q, k, v = (torch.tensor(each, dtype=torch.double) for each in (query, KEYS, VALUES))
    scores = k @ q if score == "dot" else -((k - q) ** 2).sum(-1) / 2
    weights = torch.softmax(scores / temperature, dim=0)
    np.testing.assert_allclose(found.scores, scores, atol=1e-12)
    np.testing.assert_allclose(found.weights, weights, atol=1e-12)
    assert found.soft == pytest.approx(float(weights @ v))
    assert found.best == int(scores.argmax()) and found.exact == VALUES[found.best]


def test_by_dot_product_it_is_the_attention_of_the_chapter():
    query, keys = torch.tensor([[0.5, -1.25]]).double(), torch.tensor(KEYS).double()
    context, _ = MultiplicativeAttention(2)(query, keys, torch.tensor(VALUES).double()[:, None])
    assert book(score="dot").answer((0.5, -1.25)).soft == pytest.approx(context.item())


def test_cold_is_the_exact_lookup_and_hot_the_mean():
    near_hill = book().answer((-0.8, 1.5), 0.05)
    assert near_hill.soft == pytest.approx(near_hill.exact) and near_hill.exact == 30
    close = SoftDictionary([[0.1, 0], [0, 0.1], [-0.1, 0]], [1, 2, 6]).answer((0, 0.03), 5)
    assert close.soft == pytest.approx(3, abs=0.01)


def test_keys_of_one_length_score_alike_both_ways():
    keys = [[1.2, 1.6], [-2, 0], [1.6, -1.2]]
    dot, distance = (SoftDictionary(keys, [1, 2, 3], score=each) for each in ("dot", "distance"))
    np.testing.assert_allclose(
        dot.answer((0.3, -2), 0.5).weights, distance.answer((0.3, -2), 0.5).weights
    )


def test_of_equal_scores_the_first_is_the_exact_one():
    twins = SoftDictionary([[1, 0], [1, 0]], [0, 10])
    assert twins.answer((1, 0)).exact == 0 and twins.answer((1, 0), 0.05).soft == 5


@pytest.mark.parametrize(
    "arguments, options, error, message",
    [
        (([[0, 0, 0]], [1]), {}, ValueError, r"keys has shape \[1, 3\]"),
        (([], []), {}, ValueError, r"keys has shape \[0\]"),
        (([[0, 0]] * 13, [1] * 13), {}, ValueError, r"keys has shape \[13, 2\]"),
        (([[0, 4]], [1]), {}, ValueError, "keys holds 4"),
        (([[0, float("nan")]], [1]), {}, ValueError, "keys holds nan"),
        (([["a", "b"]], [1]), {}, TypeError, "keys"),
        ((KEYS, VALUES[:3]), {}, ValueError, r"values has shape \[3\], expected \[5\]"),
        ((KEYS, [1, 2, 3, 4, 2000]), {}, ValueError, "values holds 2000"),
        ((KEYS, VALUES, ["a"]), {}, ValueError, "labels has 1 entries"),
        ((KEYS, VALUES, "abcde"), {}, TypeError, "labels"),
        ((KEYS, VALUES, [1, 2, 3, 4, 5]), {}, TypeError, r"labels\[0\]"),
        ((KEYS, VALUES), {"query": [0]}, ValueError, r"query has shape \[1\]"),
        ((KEYS, VALUES), {"query": [0, float("inf")]}, ValueError, "query holds inf"),
        ((KEYS, VALUES), {"temperature": 0}, ValueError, "temperature=0"),
        ((KEYS, VALUES), {"temperature": float("nan")}, ValueError, "temperature"),
        ((KEYS, VALUES), {"score": "cosine"}, ValueError, "score='cosine'"),
        ((KEYS, VALUES), {"unit": 3}, TypeError, "unit"),
        ((KEYS, VALUES), {"title": 7}, TypeError, "title"),
    ],
)
def test_bad_arguments_are_named_in_one_line(arguments, options, error, message):
    with pytest.raises(error, match=message) as caught:
        SoftDictionary(*arguments, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, value",
    [("query", [9, 0]), ("places", [[0, 0]]), ("values", [1]), ("labels", ["a"]), ("score", "x")],
)
def test_a_refused_assignment_changes_nothing(name, value):
    widget = book(temperature=0.5)
    before = widget.get_state()
    with pytest.raises(ValueError, match=name):
        setattr(widget, name, value)
    assert widget.get_state() == before


def test_bad_questions_are_refused():
    with pytest.raises(ValueError, match="query"):
        book().answer((0, 3.5))
    with pytest.raises(ValueError, match="temperature"):
        book().answer((0, 0), 0.01)


@pytest.mark.parametrize("count", [1, 5, 12])
def test_it_is_light_and_has_a_picture(count):
    places = [[0.4 * i - 2.5, 0.3 * i - 2] for i in range(count)]
    widget = SoftDictionary(places, range(count), unit="mm")
    assert widget.state_size() < HEAVY
    root = ET.fromstring(widget.picture())
    assert len(root.findall("{http://www.w3.org/2000/svg}circle")) == count
    assert f"{widget.answer().soft:.4f} mm" in widget.describe()
    assert widget.describe() in root[0].text


def test_hostile_labels_are_text():
    widget = SoftDictionary(KEYS, VALUES, HOSTILE, title="<b>", unit="<i>")
    root = ET.fromstring(widget.picture())
    tags = {each.tag.partition("}")[2] for each in root.iter()}
    assert tags <= {"svg", "title", "rect", "line", "circle", "text"}


def test_the_script_loads_nothing_and_never_writes_markup():
    script = SoftDictionary._esm
    forbidden = r"^import |\bimport\(|\beval\(|new Function|innerHTML|insertAdjacentHTML|fetch\("
    assert not re.search(forbidden, script, re.MULTILINE)
    assert script.count("export ") == 1
