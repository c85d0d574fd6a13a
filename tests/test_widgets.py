"""The widgets' Python side: what they refuse, what they send to the page, how they stand alone."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attend.widgets import AttentionHeatmap, ScaledSoftmax
from attend.widgets.attention_heatmap import decode, encode
from attend.widgets.base import HEAVY, HERE, SCALE, shorten

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "&amp;]]>",
    "x" * 200,
    "مرحبا",
    "😀",
    "",
    "the",
    "the",
    "\x00\ud800\x1b",
]


def rows(*shape, sharp=2.0, seed=0):
    """Random softmax rows."""
    scores = np.random.default_rng(seed).standard_normal(shape) * sharp
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def named(count, prefix="t"):
    return [f"{prefix}{i}" for i in range(count)]


def heatmap(*shape, **kwargs):
    """A heat map of T × S words, T and S the last two of `shape`."""
    return AttentionHeatmap(rows(*shape), named(shape[-2]), named(shape[-1], "s"), **kwargs)


# --- AttentionHeatmap: the data ---


def test_words_are_never_cut_between_letter_and_accent():
    assert shorten("café", 4) == "café" and shorten("cafés", 4) == "caf…"
    assert shorten("cafe\u0301s", 4) == "caf…" and shorten("cafe\u0301s", 5) == "cafe\u0301s"
    assert shorten("e" + 9 * "\u0301", 1) == "e" + 9 * "\u0301"
    assert shorten("ae" + 9 * "\u0301" + "b", 2) == "a…"


@given(arrays(np.float64, st.integers(1, 50), elements=st.floats(0, 1)))
def test_every_weight_arrives_rounded_to_four_decimals(weights):
    np.testing.assert_array_equal(decode(encode(weights)), np.round(weights, 4))


def test_all_ten_thousandths_survive_the_encoding():
    every = np.arange(10_001) / 10_000
    np.testing.assert_array_equal(decode(encode(every)), every)


def test_small_weights_take_one_byte():
    assert len(encode(np.array([0.0, 0.0127, 0.0128, 1.0]))) == 1 + 1 + 2 + 2


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7), (2, 3, 5, 7)])
def test_shown_numbers_are_those_of_the_selected_layer_and_head(shape):
    widget = heatmap(
        *shape, layer=shape[0] - 1 if len(shape) == 4 else 0, head=2 if len(shape) > 2 else 0
    )
    selected = rows(*shape)[(-1, -1)[: len(shape) - 2]]
    np.testing.assert_array_equal(widget.shown(), np.round(selected, 4))
    sent = decode(widget.get_state()["_cells"]).reshape(widget.get_state()["_shape"])
    np.testing.assert_array_equal(sent, np.round(rows(*shape), 4))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_torch_weights_of_any_precision_with_gradient(dtype):
    weights = torch.softmax(torch.randn(5, 7), dim=-1).to(dtype).requires_grad_()
    widget = AttentionHeatmap(weights, named(5), named(7))
    np.testing.assert_array_equal(widget.weights, weights.detach().double().numpy())


def test_gold_as_mask_and_as_pairs_is_the_same():
    mask = np.zeros((3, 5), dtype=bool)
    mask[[0, 2], [4, 1]] = True
    pairs = [[0, 4], [2, 1]]
    for gold in (
        mask,
        torch.tensor(mask),
        mask.tolist(),
        {(2, 1), (0, 4)},
        iter([(2, 1), (0, 4), (0, 4)]),
    ):
        assert heatmap(3, 5, gold=gold).gold == pairs
    assert heatmap(3, 5, gold=[]).gold == []


# --- AttentionHeatmap: what it refuses ---

BAD = {
    "more rows than tokens": (lambda: AttentionHeatmap(rows(3, 3), named(2)), ValueError, "tokens"),
    "self-attention not square": (
        lambda: AttentionHeatmap(rows(3, 5), named(3)),
        ValueError,
        "tokens",
    ),
    "memory tokens": (
        lambda: AttentionHeatmap(rows(3, 5), named(3), named(4)),
        ValueError,
        "memory_tokens",
    ),
    "one axis": (lambda: AttentionHeatmap([0.5, 0.5], named(2)), ValueError, r"weights .*\[2\]"),
    "five axes": (lambda: AttentionHeatmap(np.ones((1, 1, 1, 1, 1)), ["a"]), ValueError, "weights"),
    "ragged": (lambda: AttentionHeatmap([[1.0], [0.5, 0.5]], named(2)), TypeError, "weights"),
    "words for weights": (lambda: AttentionHeatmap([["a"]], ["a"]), TypeError, "weights"),
    "negative": (lambda: AttentionHeatmap([[-0.1]], ["a"]), ValueError, "weights .*-0.1"),
    "above one": (lambda: AttentionHeatmap([[1.01]], ["a"]), ValueError, "weights .*1.01"),
    "NaN": (lambda: AttentionHeatmap([[np.nan]], ["a"]), ValueError, "weights .*NaN"),
    "infinite": (lambda: AttentionHeatmap([[np.inf]], ["a"]), ValueError, "weights .*infinite"),
    "no tokens": (
        lambda: AttentionHeatmap(np.ones((0, 0)), []),
        ValueError,
        "expected at least one",
    ),
    "a string for tokens": (lambda: AttentionHeatmap([[1.0]], "a"), TypeError, "tokens"),
    "a number for a token": (lambda: AttentionHeatmap([[1.0]], [7]), TypeError, r"tokens\[0\]"),
    "gloss": (lambda: heatmap(3, 5, gloss=named(5)), ValueError, "gloss has 5"),
    "memory gloss": (
        lambda: heatmap(3, 5, memory_gloss=named(3)),
        ValueError,
        "memory_gloss has 3",
    ),
    "gold shape": (
        lambda: heatmap(3, 5, gold=np.ones((5, 3), dtype=bool)),
        ValueError,
        "gold .*5, 3",
    ),
    "gold outside": (lambda: heatmap(3, 5, gold=[(0, 0), (3, 0)]), ValueError, "gold .*3, 0"),
    "gold not pairs": (lambda: heatmap(3, 5, gold=[(0, 0, 0)]), ValueError, "gold"),
    "threshold": (lambda: heatmap(3, 5, threshold=1.5), ValueError, "threshold=1.5"),
    "threshold NaN": (lambda: heatmap(3, 5, threshold=float("nan")), ValueError, "threshold"),
    "threshold type": (lambda: heatmap(3, 5, threshold="0.1"), TypeError, "threshold"),
    "layer": (lambda: heatmap(2, 4, 3, 5, layer=2), ValueError, "layer=2"),
    "head": (lambda: heatmap(2, 4, 3, 5, head=-1), ValueError, "head=-1"),
    "head type": (lambda: heatmap(2, 4, 3, 5, head=1.0), TypeError, "head"),
    "query": (lambda: heatmap(3, 5, query=3), ValueError, "query=3"),
    "view": (lambda: heatmap(3, 5, view="grid"), ValueError, "view='grid'"),
    "title": (lambda: heatmap(3, 5, title=7), TypeError, "title"),
}


@pytest.mark.parametrize("build, error, message", BAD.values(), ids=BAD)
def test_bad_arguments_are_named_in_one_line(build, error, message):
    with pytest.raises(error, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_rounding_above_one_is_clipped():
    assert AttentionHeatmap([[1.0005]], ["a"]).weights.max() == 1


@pytest.mark.parametrize(
    "name, value", [("head", 4), ("tokens", ["a"]), ("weights", [[2.0]]), ("cell", [0])]
)
def test_a_refused_assignment_changes_nothing(name, value):
    widget = heatmap(2, 4, 3, 5, head=1, query=2)
    before = widget.get_state()
    with pytest.raises(ValueError, match=name):
        setattr(widget, name, value)
    assert widget.get_state() == before


def test_weights_and_tokens_change_together():
    widget = heatmap(4, 3, 5, head=3, query=2)
    widget.cell = [2, 4]
    with widget.hold_trait_notifications():
        widget.weights, widget.tokens, widget.memory_tokens = rows(2, 2), named(2), None
    assert widget.shown().shape == (2, 2)
    assert (widget.head, widget.query, widget.cell) == (0, -1, [])
    with pytest.raises(ValueError, match="tokens"), widget.hold_trait_notifications():
        widget.weights, widget.tokens = rows(3, 3), named(4)
    assert widget.tokens == named(2) and widget.weights.shape == (2, 2)


def test_no_selected_row_is_minus_one_so_that_sliders_can_link():
    assert heatmap(3, 5).query == -1
    widget = heatmap(3, 5, query=2)
    widget.query = None
    assert widget.query == -1


# --- AttentionHeatmap: size and stills ---


@pytest.mark.parametrize("count", [16, 64, 256])
def test_a_square_of_softmax_rows_is_light(count):
    widget = AttentionHeatmap(rows(count, count, sharp=1.0), named(count))
    assert widget.state_size() < HEAVY


def test_a_heavy_widget_warns():
    with pytest.warns(UserWarning, match="kB"):
        AttentionHeatmap(rows(12, 128, 128), named(128))


def test_picture_shows_hostile_tokens_as_text():
    widget = AttentionHeatmap(rows(9, 9), HOSTILE, gloss=HOSTILE[::-1], title="<b>")
    root = ET.fromstring(widget.picture())
    assert root.tag == f"{SVG}svg"
    assert {each.tag for each in root.iter()} <= {
        f"{SVG}{tag}" for tag in "svg title rect g path text".split()
    }
    words = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert any(word.startswith("<img src=x") for word in words)
    assert root.find(f"{SVG}title").text.startswith("attention of 9 tokens")


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (64, 64), (256, 256), (200, 3)])
def test_picture_is_well_formed_and_compact(shape):
    picture = heatmap(*shape).picture()
    ET.fromstring(picture)
    assert len(picture) < 80_000


def test_all_zero_weights_have_a_picture():
    ET.fromstring(AttentionHeatmap(np.zeros((3, 3)), named(3)).picture())


def test_mimebundle_stands_without_a_script():
    widget = heatmap(3, 5)
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == f"AttentionHeatmap: {widget.describe()}"
    assert data["image/svg+xml"] == widget.picture()
    assert f"{widget.shown().max():.4f}" in widget.describe()


# --- ScaledSoftmax ---


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("d_k", [1, 16, 512])
def test_scores_and_weights_are_those_of_the_drawn_vectors(d_k, scaled):
    widget = ScaledSoftmax(n_keys=5, draws=3, d_k=d_k, scaled=scaled, temperature=0.7, draw=2)
    query, keys = torch.tensor(widget.queries[2, :d_k]), torch.tensor(widget.keys_drawn[2, :, :d_k])
    scores = keys @ query / (d_k**0.5 if scaled else 1)
    torch.testing.assert_close(torch.tensor(widget.scores()), scores)
    torch.testing.assert_close(torch.tensor(widget.weights()), torch.softmax(scores / 0.7, dim=-1))


def test_the_gradient_is_the_norm_of_softmax_s_jacobian():
    widget = ScaledSoftmax(d_k=4, temperature=2.0)
    jacobian = torch.func.jacrev(lambda x: torch.softmax(x, dim=-1))(
        torch.tensor(widget.scores() / 2)
    )
    assert widget.consequences()["gradient"] == pytest.approx(float(torch.linalg.norm(jacobian)))


def test_without_scaling_the_variance_grows_and_the_gradient_dies():
    scaled, raw = (ScaledSoftmax(d_k=512, scaled=each).consequences() for each in (True, False))
    assert 0.7 < scaled["variance"] < 1.4 and 350 < raw["variance"] < 700
    assert raw["largest"] > 0.99 and raw["effective_keys"] < 1.1 and raw["gradient"] < 0.02
    assert scaled["effective_keys"] > 2 and scaled["gradient"] > 0.2


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"d_k": 3}, ValueError, "d_k=3"),
        ({"temperature": 0}, ValueError, "temperature=0"),
        ({"temperature": "hot"}, TypeError, "temperature"),
        ({"scaled": 1}, TypeError, "scaled"),
        ({"draw": 8}, ValueError, "draw=8"),
        ({"n_keys": 1}, ValueError, "n_keys=1"),
        ({"draws": 0}, ValueError, "draws=0"),
    ],
)
def test_scaled_softmax_refuses(kwargs, error, message):
    with pytest.raises(error, match=message):
        ScaledSoftmax(**kwargs)


def test_scaled_softmax_is_light_and_has_a_picture():
    widget = ScaledSoftmax()
    assert widget.state_size() < HEAVY
    ET.fromstring(widget.picture())
    assert f"{widget.weights().max():.4f}" in widget.describe()


# --- the scripts ---


def test_python_and_page_paint_the_same_scale():
    light = re.search(
        r"SEQUENTIAL = \{\s*light: \[(.*?)\]", (HERE / "common.js").read_text("utf8")
    ).group(1)
    assert re.findall(r"#\w{6}", light) == SCALE


@pytest.mark.parametrize("widget", [AttentionHeatmap, ScaledSoftmax])
def test_scripts_load_nothing_and_never_write_markup(widget):
    script = widget._esm
    assert not re.search(
        r"^import |\bimport\(|\beval\(|new Function|innerHTML|insertAdjacentHTML|fetch\(",
        script,
        re.M,
    )
    assert script.count("export ") == 1  # export default { render }
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script + widget._css)


SCRIPTS = sorted(path for path in HERE.glob("*.js") if path.name != "common.js")
DECLARED = re.compile(r"(?m)^(?:export )?(?:const|let|class|(?:async )?function\*?) (\w+)")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_declares_no_name_that_common_has(script):
    """Both become one module: a name declared twice is a syntax error, and no widget at all."""
    ours, common = (
        set(DECLARED.findall(path.read_text(encoding="utf8")))
        for path in (script, HERE / "common.js")
    )
    assert len(common) > 30 and ours
    assert not ours & common
