"""What Decoder shows on the page is what its Python class computes from the same nodes."""

import base64
import json
import math

import numpy as np
import pytest

from attend.widgets import Decoder
from attend.widgets.decoder import Node

CHAPTER = "book/09_seq2seq.html"


def twins(page) -> list[Decoder]:
    """A Python widget for each Decoder of the page, from the state that the page carries."""
    text = page.locator("script[type='application/vnd.jupyter.widget-state+json']").text_content()
    found = []
    for model in json.loads(text)["state"].values():
        state = model["state"]
        raw = {b["path"][0]: base64.b64decode(b["data"]) for b in model.get("buffers", [])}
        if "_links" not in raw:
            continue
        links = np.frombuffer(raw["_links"], "<i4").reshape(-1, 2)
        n, prefixes, nodes = len(links), [], []
        ids, logs, rest = (
            np.frombuffer(raw[name], kind).reshape(n, -1)
            for name, kind in (("_ids", "<i4"), ("_logs", "<f4"), ("_rest", "<f4"))
        )
        for i, (parent, word) in enumerate(links.tolist()):
            prefixes.append((*prefixes[parent], word) if parent >= 0 else ())
            nodes.append(Node(prefixes[i], ids[i], logs[i], rest[i]))
        words = [f"#{i}" for i in range(state["_vocabulary_size"])]
        for i, word in state["_words"].items():
            words[int(i)] = word
        names = ("path", "view", "beams", "length_penalty", "temperature", "top_k", "top_p")
        options = {name: state[name] for name in names}
        found.append(Decoder(nodes, words, state["source"], eos=state["_eos"], **options))
    return sorted(found, key=lambda twin: twin.view == "tree")  # the order of the page


def text(widget, role) -> str:
    return widget.locator(f"[data-role={role}]").inner_text()


@pytest.fixture
def translator(visit):
    """The page, its first Decoder, and the Python twin of that."""
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Decoder]").first
    widget.scroll_into_view_if_needed()
    return page, widget, twins(page)[0]


def assert_shows(widget, twin, candidate=0):
    shares, _ = twin.probabilities()
    assert text(widget, "word") == twin.words([twin.node.ids[candidate]])[0]
    assert text(widget, "share") == f"{shares[candidate]:.4f}"


def test_keyboard_writes_and_takes_back(translator):
    page, widget, twin = translator
    assert_shows(widget, twin)
    widget.locator("[data-role=stage]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    twin.path = [int(twin.node.ids[0])]
    twin.path = [*twin.path, int(twin.node.ids[0])]
    assert_shows(widget, twin, 1)
    page.keyboard.press("Backspace")
    page.wait_for_timeout(60)
    twin.path = twin.path[:1]
    assert_shows(widget, twin)
    page.keyboard.press("Home")
    page.keyboard.press("End")
    page.wait_for_timeout(60)
    best = twin.best_beams(1, 0.0)[0]
    assert float(text(widget, "probability")) == pytest.approx(math.exp(best.log_prob), abs=6e-5)


def test_sliders_reshape_the_bars_exactly(translator):
    page, widget, twin = translator
    for name, key, times in (("Temperature", "ArrowRight", 4), ("top-k", "ArrowRight", 5)):
        widget.get_by_role("slider", name=name).focus()
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press("t")
    page.wait_for_timeout(80)
    twin.temperature, twin.top_k = 1.4, 5
    assert_shows(widget, twin)
    widget.get_by_role("slider", name="top-p").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(80)
    twin.top_p = 0.9
    assert_shows(widget, twin)
    rows = widget.locator(".attend-numbers tbody tr").all()
    shown = [float(row.locator("td").last.inner_text()) for row in rows]
    shares, rest = twin.probabilities()
    np.testing.assert_allclose(shown, [*shares, rest], atol=6e-5)


def test_drawing_draws_what_python_draws(translator):
    page, widget, twin = translator
    for _ in range(4):
        drawn = twin.drawn()
        widget.get_by_role("button", name="Draw").click()
        page.wait_for_timeout(80)
        twin.draws += 1
        if drawn is None:
            continue
        twin.path = [*twin.path, int(twin.node.ids[drawn])]
        if twin.node is None:
            break
        assert_shows(widget, twin)


def test_pointer_chooses_another_word(translator):
    page, widget, twin = translator
    widget.locator("[data-hit=candidate-2]").click()
    page.wait_for_timeout(80)
    twin.path = [int(twin.node.ids[2])]
    if twin.node is not None:
        assert_shows(widget, twin)
    widget.locator("[data-hit=written-0]").click()
    page.wait_for_timeout(80)
    twin.path = []
    assert_shows(widget, twin, 2)


def test_the_tree_is_beam_search(translator):
    page, widget, twin = translator
    widget.get_by_role("radio", name="Tree").check(force=True)
    for beams, penalty, presses in ((3, 0.6, 0), (3, 0.4, 2), (3, 0.3, 1)):
        widget.get_by_role("slider", name="Length penalty").focus()
        for _ in range(presses):
            page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(80)
        best = twin.best_beams(beams, penalty)[0]
        assert text(widget, "best") == " ".join(twin.words(best.words))
        assert text(widget, "score").replace("−", "-") == f"{best.score:.4f}"
    widget.locator("[data-hit=beam-0-1]").click()
    page.wait_for_timeout(80)
    widget.get_by_role("radio", name="Words").check(force=True)
    page.wait_for_timeout(80)
    twin.path = twin.beam_steps(3, 0.3)[0]["kept"][1].words
    assert_shows(widget, twin)


def test_greedy_misses_what_two_beams_find(visit):
    page = visit(CHAPTER, width=360, theme="dark")
    widget, twin = page.locator("[data-widget=Decoder]").nth(1), twins(page)[1]
    assert text(widget, "best") == "hello <eos>" == " ".join(twin.words(twin.best_beams()[0].words))
    widget.get_by_role("slider", name="Beams").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("t")
    page.wait_for_timeout(80)
    assert text(widget, "best") == "good morning <eos>"
    cells = widget.locator(".attend-numbers tbody tr").first.locator("td").all_inner_texts()
    assert cells[:3] == ["good", f"−{math.log(2):.4f}", f"−{math.log(2):.4f}"]
    assert cells[3] == "kept"
