"""Numpy's words and numbers are shown and spoken as Python's, by every kind of widget."""

import enum

import numpy as np
import pytest
import torch

from attend import widgets
from attend.autograd import Tensor
from attend.language import LanguageModel, LanguageModelConfig
from attend.recurrent import LSTM
from attend.text import Vocabulary
from attend.widgets.base import WrongValue, as_choice, characters, plain, shorten
from attend.widgets.decoder import make_node

WORDS = ["the", "cat", "sat", "down"]
HALF = np.full((2, 4, 4), 0.25).tolist()
ENDING = [make_node((), np.log([0.1, 0.2, 0.3, 0.4]), 4)]
A, B = Tensor(2.0), Tensor(3.0)
SPOKEN = Vocabulary([WORDS], specials=("<mask>",))
torch.manual_seed(0)
READER = LanguageModel(LanguageModelConfig(len(SPOKEN), 4, 2, 1, 4, causal=False))
# Of each kind the arguments of one, in Python's own types.
EXAMPLES = {
    "Activations": ([], {"function": "tanh", "z": 0.5, "compare": True}),
    "AttentionHeatmap": (
        [HALF, WORDS, ["m", "n", "o", "p"]],
        {
            **{"gloss": list("abcd"), "memory_gloss": list("efgh"), "threshold": 0.5, "head": 1},
            **{"query": 2, "view": "lines", "title": "Heads", "gold": [[0, 1], [2, 2]]},
        },
    ),
    "BendALine": (["hill"], {"kinks": [0.0, 0.5], "slopes": [1.0, -2.0], "start": 0.5, "unit": 1}),
    "Capacity": ([], {"degree": 3, "strength": 0.1, "points": 9, "draw": 1, "others": True}),
    "Convolution": (
        [[[1, 2, 3], [4, 5, 6], [7, 8, 9]], "blur"],
        {"stride": 1, "padding": 1, "place": [1, 2], "so_far": True, "title": "Nine"},
    ),
    "Decoder": (
        [ENDING, WORDS, ["x", "y"]],
        {
            **{"gloss": ["u", "v"], "reference": ["down"], "path": [2], "view": "tree"},
            **{"temperature": 0.5, "top_k": 3, "top_p": 0.9, "beams": 2, "length_penalty": 0.4},
        },
    ),
    "DecoderCosts": ([], {"d_model": 64, "n_heads": 4, "n_kv_heads": 2, "d_ff": 170, "length": 99}),
    "Descent": (
        ["saddle"],
        {"start": [0.5, 0.5], "learning_rate": 0.1, "optimiser": "Adam", "momentum": 0.5},
    ),
    "Embeddings": (
        [WORDS, np.eye(4).tolist()],
        {"word": "sat", "analogy": ["the", "cat", "sat"], "asks": True, "title": "Four"},
    ),
    "Gaps": ([READER, [WORDS], SPOKEN], {"mask": "<mask>", "place": 1, "head": 1, "title": "One"}),
    "Gates": ([[0.5, -0.5], [1.0, 0.5], 1.0, [0.5, 1.0]], {"row": "forget", "title": "One unit"}),
    "Graph": ([A * B + A, {"a": A, "b": B}], {"title": "Two", "step": 1}),
    "Heads": (
        [HALF, WORDS],
        {
            **{"gloss": list("abcd"), "outputs": np.full((4, 2, 3), 0.3).tolist()},
            **{"vocabulary": ["u", "v", "w"], "steps": ["u", "v"], "head": 1, "off": [0]},
        },
    ),
    "IndexWalk": (
        [(np.arange(60).reshape(30, 2) % 7 - 3).tolist()],
        {
            **{"cells": 4, "n_centres": 3, "links": 3, "seed": 1, "query": [0.5, -0.5]},
            **{"index": "graph", "probes": 2, "again": 7, "breadth": 9, "step": 3, "title": "A"},
        },
    ),
    "MaskExplorer": (
        [[["a", "b"], ["c", "d"]]],
        {"lengths": [2, 1], "causal": True, "masking": "after", "sentence": 1, "cell": [1, 0]},
    ),
    "Merges": (["low low lower"], {"step": 2, "title": "Low"}),
    "NormAxes": (
        [np.arange(12.0).reshape(2, 2, 3).tolist(), [["a", "b"], ["c", "d"]]],
        {"norm": "group", "groups": 3, "cell": [1, 0, 2], "running_mean": [0.5, 0.5, 0.5]},
    ),
    "Policy": (
        ["3 + 4 =", ["7", "6"], [0.25, 0.75], [1.0, 0.0]],
        {
            **{"update": "a group", "advantage": "scaled", "group": 5, "learning_rate": 0.3},
            **{"beta": 0.2, "seed": 3, "steps": 4, "note": "One is right.", "title": "Two"},
        },
    ),
    "PositionalEncoding": (
        ["rotary"],
        {"d_model": 4, "n_positions": 8, "base": 100.0, "position": 3, "other": 1},
    ),
    "ScaledSoftmax": ([], {"n_keys": 4, "d_k": 16, "scaled": False, "temperature": 0.5}),
    "SoftDictionary": (
        [[[0.0, 1.0], [1.0, 0.0]], [5, 7], ["up", "right"]],
        {"query": [0.5, 0.5], "temperature": 0.5, "score": "dot", "unit": "m", "title": "Two"},
    ),
    "Unrolled": (
        [LSTM(4, 2), ["cat", "sat"], WORDS],
        {
            **{"gloss": {"cat": "chat", "sat": "assis"}, "show": "cell", "step": 1, "unit": 1},
            "readout": (["yes", "no"], [[1.0, 0.0], [0.0, 1.0]]),
        },
    ),
}  # fmt: skip


def numpied(value):
    """`value` with every word and number, and every list of them, as numpy has it."""
    if isinstance(value, dict):
        return {numpied(key): numpied(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(map(numpied, value))
    if isinstance(value, bool | int | float | str):
        return np.array(value)[()]
    if isinstance(value, list) and value and not isinstance(value[0], tuple):
        return np.array(value)
    return value


def strangers(value, where="") -> list[str]:
    """Where in a state something is that is not of Python's own types."""
    if type(value) is dict:
        pairs = value.items()
    elif type(value) in (list, tuple):
        pairs = enumerate(value)
    else:
        own = type(value) in (str, int, float, bool, bytes, type(None))
        return [] if own or where.startswith(("/layout", "/_dom_classes")) else [where]
    parts = [(part, f"{where}/{key}") for key, each in pairs for part in (key, each)]
    return [found for part, place in parts for found in strangers(part, place)]


def made(kind, change=lambda value: value):
    """The widget of an example."""
    arguments, options = EXAMPLES[kind]
    options = {name: change(value) for name, value in options.items()}
    return getattr(widgets, kind)(*map(change, arguments), **options)


def shown(widget):
    state = {k: v for k, v in widget.get_state().items() if k not in ("layout", "_esm", "_css")}
    return {"its words": repr(widget), "its picture": widget.picture(), **state}


def test_no_kind_is_left_out():
    assert set(EXAMPLES) == set(widgets.__all__)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_made_of_numpys_values_it_is_the_same(kind):
    wanted, found = shown(made(kind)), shown(made(kind, numpied))
    assert found == wanted
    assert not strangers(found)
    assert "np." not in found["its words"] and "np." not in found["its picture"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_given_numpys_values_one_by_one_it_stays_the_same(kind):
    widget = made(kind)
    wanted = shown(widget)
    own = [name for name in widget.traits(sync=True) if name in vars(type(widget).__mro__[1])]
    tried = 0
    for name in own:
        if name.startswith("_") or not type(widget.traits()[name]).__module__.endswith(".base"):
            continue
        setattr(widget, name, numpied(getattr(widget, name)))
        tried += 1
        assert shown(widget) == wanted and not strangers(shown(widget)), name
    assert tried >= 2


class Colour(str, enum.Enum):  # noqa: UP042 (str() of it is not its value)
    RED = "red"


@pytest.mark.parametrize("word", [np.str_("red"), Colour.RED, "red"])
def test_a_word_is_a_word_whatever_its_class(word):
    assert type(plain(word)) is str and repr(plain(word)) == "'red'"


@pytest.mark.parametrize("number, wanted", [
    (np.float64(0.5), 0.5), (np.float32(0.5), 0.5), (np.int8(3), 3), (np.bool_(True), True),
    (torch.tensor(2), 2), (np.array([1, 2]), [1, 2]), (None, None), ([1], [1]),
])  # fmt: skip
def test_a_number_is_a_number_whatever_its_class(number, wanted):
    assert plain(number) == wanted and type(plain(number)) is type(wanted)


def test_errors_name_what_came_in_plain_words():
    with pytest.raises(WrongValue, match="view='line' must be one of 'matrix'"):
        as_choice("view", np.str_("line"), ("matrix",))
    with pytest.raises(WrongValue, match=r"zoom=3\.0 must"):
        as_choice("zoom", np.float64(3), (1, 2))
    heatmap = made("AttentionHeatmap")
    with pytest.raises(WrongValue, match=r"cell=\[1, 2, 3\] must be"):
        heatmap.cell = np.array([1, 2, 3])


# --- words cut short ---

FAMILY = "👩‍👩‍👧"  # five code points: one emoji
CUT = [
    ("cafe\u0301 au lait", 5, "cafe\u0301"[:5] + "…"),
    ("e\u0301" * 9, 4, "e\u0301" * 3 + "…"),
    ("e\u0301" * 4, 4, "e\u0301" * 4),
    (FAMILY * 4, 3, FAMILY * 2 + "…"),
    ("👍🏽" * 4, 3, "👍🏽" * 2 + "…"),
    ("🇫🇷🇩🇪🇮🇹", 3, "🇫🇷🇩🇪🇮🇹"),
    ("🇫🇷🇩🇪🇮🇹🇪🇸", 3, "🇫🇷🇩🇪…"),
    ("❤️" * 4, 3, "❤️" * 2 + "…"),
    ("नमस्ते" * 3, 4, "नमस्…"),
    ("plain words", 6, "plain…"),
    ("", 3, ""),
]


@pytest.mark.parametrize("word, limit, wanted", CUT)
def test_a_word_is_never_cut_inside_a_character(word, limit, wanted):
    assert shorten(word, limit) == wanted
    assert "".join(characters(word)) == word
