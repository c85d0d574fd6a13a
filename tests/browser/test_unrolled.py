"""Unrolled runs its network in the page: its numbers are those of Python, for every cell."""

import base64
import json

import numpy as np
import pytest
import torch
from torch import nn

from attend.recurrent import GRU, LSTM, RNN
from attend.widgets import Unrolled
from attend.widgets.unrolled import QUANTITIES, unroll

CHAPTER = "book/07_recurrent.html"
STATES = "script[type='application/vnd.jupyter.widget-state+json']"
WORDS = ["the", "film", "was", "not", "good", "苹果", "<img src=x onerror=alert(1)>", "مرحبا"]
SENTENCE = ["the", "苹果", "was", "not", "<img src=x onerror=alert(1)>", "good", "مرحبا"]
CELLS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}

# A widget mounted by hand on whatever page is open, with its traits in `window.traits`.
MOUNT = """async ([source, state, weights]) => {
    const traits = window.traits = {...state, _weights: Uint8Array.from(weights)};
    const listeners = {};
    const model = {
        get: name => traits[name],
        set: (name, value) => { traits[name] = value; (listeners[name] ?? []).forEach(f => f()) },
        save_changes: () => {},
        on: (event, f) => (listeners[event.slice(7)] ??= []).push(f),
        off: () => {},
    };
    const blob = new Blob([source + '\\nexport { readNetwork };'], {type: 'text/javascript'});
    const {default: widget, readNetwork} = await import(URL.createObjectURL(blob));
    const here = document.createElement('div');
    here.id = 'by-hand';
    document.querySelector('article').prepend(here);
    widget.render({model, el: here});
    window.traits.set = model.set;
    return readNetwork(model).runner()(state.tokens);
}"""


def mounted(page, kind, **options):
    """A widget with random weights on the page, its Python twin, and the steps that JavaScript
    computes."""
    torch.manual_seed(3)
    cell, embed = CELLS[kind](5, 11), torch.randn(len(WORDS), 5)
    options = {
        "gloss": {"苹果": "apple"},
        "readout": (["no", "<b>yes"], nn.Linear(11, 2)),
    } | options
    twin = Unrolled(cell, SENTENCE, WORDS, embed, **options)
    state = twin.get_state()
    names = [name for name in state if name not in ("_weights", "_esm", "_css", "layout")]
    plain = {name: state[name] for name in names}
    found = page.evaluate(MOUNT, [twin._esm, plain, list(state["_weights"])])
    return page.locator("#by-hand [data-widget=Unrolled]"), twin, found


def number(text):
    return float(text.replace("−", "-"))


def reads(widget, role):
    return number(widget.locator(f"[data-role={role}]").inner_text())


@pytest.mark.parametrize("kind", CELLS)
def test_javascript_computes_what_python_computes(visit, kind):
    _, twin, found = mounted(visit(CHAPTER), kind)
    wanted = twin.run()
    assert tuple(wanted) == QUANTITIES[kind]
    for name, array in wanted.items():
        shown = np.array([step[name] for step in found])
        np.testing.assert_allclose(shown, array, rtol=0, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("width, theme", [(1280, "light"), (360, "dark")])
def test_keyboard_walks_edits_and_reads(visit, kind, width, theme):
    page = visit(CHAPTER, width, theme)
    widget, twin, _ = mounted(page, kind)
    twin.show = QUANTITIES[kind][-1]
    if kind != "RNN":
        widget.get_by_label("Show").select_option(value=twin.show)
    widget.locator("[data-role=stage]").focus()
    for key in ("End", "ArrowLeft", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_timeout(60)
    twin.step, twin.unit = 5, 2
    assert abs(reads(widget, "value") - twin.shown()[5, 2]) < 1e-4
    page.keyboard.press("Home")
    page.keyboard.press("w")
    page.wait_for_timeout(60)
    assert page.evaluate("document.activeElement.tagName") == "SELECT"
    page.keyboard.press("ArrowDown")  # the next word of the vocabulary
    page.wait_for_timeout(60)
    twin.tokens, twin.step = ["film", *SENTENCE[1:]], 0
    assert abs(reads(widget, "change") - twin.change()[0]) < 1e-4
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(60)
    assert abs(reads(widget, "change") - twin.change()[-1]) < 1e-4
    assert abs(reads(widget, "share") - twin.probabilities()[-1].max()) < 1e-4
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_table_holds_every_number(visit):
    page = visit(CHAPTER)
    widget, twin, _ = mounted(page, "LSTM", show="forget")
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    rows = widget.locator(".attend-numbers tbody tr").all()
    shown = np.array([[number(t) for t in r.locator("td").all_inner_texts()] for r in rows])
    wanted = np.vstack([twin.shown().T, twin.change(), twin.probabilities().T])
    np.testing.assert_allclose(shown, wanted, atol=6e-5)
    heads = widget.locator(".attend-numbers thead :is(th, td)").all_inner_texts()
    assert heads[2] == "苹果 (apple)" and heads[5] == WORDS[6]
    assert page.locator("#by-hand img").count() == 0  # a token is text


def test_pointer_reads_a_cell_and_original_words_come_back(visit):
    page = visit(CHAPTER)
    widget, twin, _ = mounted(page, "GRU")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.4)
    page.wait_for_timeout(60)
    step, unit = page.evaluate("[traits.step, traits.unit]")
    assert step >= 5 and unit > 0
    assert abs(reads(widget, "value") - twin.shown()[step, unit]) < 1e-4
    restore = widget.get_by_role("button", name="Original words")
    assert restore.is_disabled()
    widget.get_by_role("combobox").first.select_option(index=0)
    page.wait_for_timeout(60)
    assert page.evaluate("traits.tokens")[step] == "the" and restore.is_enabled()
    restore.click()
    page.wait_for_timeout(60)
    assert page.evaluate("traits.tokens") == SENTENCE and restore.is_disabled()


def test_a_sentence_of_another_length_is_drawn_from_python(visit):
    page = visit(CHAPTER)
    widget, _, _ = mounted(page, "RNN", step=6)
    page.evaluate("traits.set('tokens', ['good', 'film'])")  # `original` comes later
    page.wait_for_timeout(60)
    assert widget.locator("[data-role=change]").count() == 0
    assert "“film”" in widget.locator("[data-role=readout]").inner_text()


def test_the_networks_of_the_chapter_are_those_of_its_kernel(visit):
    page = visit(CHAPTER)
    models = json.loads(page.locator(STATES).first.text_content())["state"].values()
    ours = {m["state"]["title"]: m for m in models if "_kind" in m["state"]}
    assert len(ours) == 2
    for title, model in ours.items():
        (data,) = [b["data"] for b in model["buffers"] if b["path"] == ["_weights"]]
        weights = np.frombuffer(base64.b64decode(data), "<f4").astype(float)
        V, n_in, D = model["state"]["_sizes"]
        cuts = np.cumsum([V * n_in, D * n_in, D * D, D, D])
        vectors, W_ih, W_hh, b_ih, b_hh, _ = np.split(weights, cuts)
        places = [model["state"]["_words"].index(word) for word in model["state"]["tokens"]]
        inputs = vectors.reshape(V, n_in)[places]
        arrays = W_ih.reshape(D, n_in), W_hh.reshape(D, D), b_ih, b_hh
        wanted = unroll("RNN", inputs, *arrays)["hidden"]
        widget = page.get_by_role("group", name="A recurrent network").filter(has_text=title)
        widget.locator("[data-role=stage]").focus()
        for key in ("End", "ArrowDown"):
            page.keyboard.press(key)
        page.wait_for_timeout(60)
        assert abs(reads(widget, "value") - wanted[-1, 1]) < 1e-4
