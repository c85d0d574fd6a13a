"""The numbers that Embeddings shows on the page are those of its Python class."""

import base64
import json

import numpy as np

from attend.widgets import Embeddings

CHAPTER = "book/06_text.html"
STATE = """() => document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]')
    .textContent"""


def twin_of(page):
    """The widget of the page, made again from the numbers that the page carries."""
    models = json.loads(page.evaluate(STATE))["state"].values()
    model = next(each for each in models if "_share" in each["state"])
    buffers = {each["path"][0]: base64.b64decode(each["data"]) for each in model["buffers"]}
    words = model["state"]["words"]
    vectors = np.frombuffer(buffers["_vectors"], "<f4").reshape(len(words), -1)
    return Embeddings(
        words, vectors, word=model["state"]["word"], analogy=["eat", "eating", "sing"]
    )


def settle(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))")


def assert_shows(widget, twin):
    rows = widget.locator("[data-role=neighbour] button").all_inner_texts()
    labels = [" ".join(row.split()) for row in rows]
    wanted = twin.neighbours()
    assert len(labels) == 10
    for label, (word, cosine) in zip(labels, wanted, strict=True):
        assert label.startswith(f"{word} ") and label.endswith(f" cosine {cosine:.4f}")
    if twin.asks:
        assert widget.locator("[data-role=answer]").inner_text() == twin.answer()
        return
    assert widget.locator("[data-role=cosine]").inner_text() == f"{wanted[0][1]:.4f}"
    shared = {word for word, _ in wanted} & set(twin.near_on_map())
    assert widget.locator("[data-role=shared]").inner_text() == str(len(shared))


def test_a_word_is_chosen_by_typing(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Embeddings]"), twin_of(page)
    assert_shows(widget, twin)
    field = widget.get_by_role("combobox", name="Word")
    for word in ("bank", "six", "Mrs"):
        field.fill(word)
        settle(page)
        twin.word = word
        assert_shows(widget, twin)
    field.fill("penguin")
    page.keyboard.press("Tab")
    settle(page)
    assert "is not among" in widget.locator("[data-role=readout]").inner_text()
    assert field.get_attribute("aria-invalid") == "true"


def test_arrow_keys_and_pointer_choose_on_the_map(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Embeddings]"), twin_of(page)
    stage = widget.locator("[data-role=stage]")
    stage.focus()
    places = dict(zip(twin.words, twin.places, strict=True))
    for key, axis, sign in (("ArrowRight", 0, 1), ("ArrowUp", 1, 1), ("ArrowLeft", 0, -1)):
        page.keyboard.press(key)
        settle(page)
        now = widget.get_by_role("combobox", name="Word").input_value()
        assert sign * (places[now][axis] - places[twin.word][axis]) > 0
        twin.word = now
        assert_shows(widget, twin)
    box = stage.bounding_box()
    stage.click(position={"x": 3, "y": box["height"] / 2})
    settle(page)
    twin.word = widget.get_by_role("combobox", name="Word").input_value()
    assert twin.places[twin.words.index(twin.word)][0] < np.quantile(twin.places[:, 0], 0.2)
    assert_shows(widget, twin)
    widget.locator("[data-role=neighbour] button").nth(2).click()
    settle(page)
    twin.word = twin.neighbours()[2][0]
    assert_shows(widget, twin)


def test_an_analogy_is_asked(visit):
    page = visit(CHAPTER, width=360, theme="dark")
    widget, twin = page.locator("[data-widget=Embeddings]"), twin_of(page)
    widget.get_by_role("checkbox", name="analogy").check()
    settle(page)
    twin.asks = True
    assert_shows(widget, twin)
    for letter, word in zip("abc", ("father", "mother", "brother"), strict=True):
        widget.get_by_role("combobox", name=f"Analogy: {letter}").fill(word)
    settle(page)
    twin.analogy = ["father", "mother", "brother"]
    assert_shows(widget, twin)


def test_zoom_and_table(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Embeddings]"), twin_of(page)
    widget.get_by_role("radio", name="4×").focus()
    page.keyboard.press("ArrowRight")  # 8×
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    settle(page)
    rows = widget.locator(".attend-numbers tbody tr").all()
    assert [row.locator("th").inner_text() for row in rows] == [w for w, _ in twin.neighbours()]
    assert [row.locator("td").first.inner_text() for row in rows] == [
        f"{number:.4f}" for _, number in twin.neighbours()
    ]
