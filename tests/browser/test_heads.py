"""The numbers that Heads shows on the page are those of its Python class, given the same maps."""

import base64
import json

import numpy as np
import pytest

from attend.widgets import Heads
from attend.widgets.attention_heatmap import decode

CHAPTER = "book/12_multi_head.html"
STATE = "script[type='application/vnd.jupyter.widget-state+json']"


def twin_of(page, title: str) -> Heads:
    """A Heads in Python from the state that the page carries: its maps were trained in the chapter,
    so they are not the same on every machine."""
    models = json.loads(page.locator(STATE).first.text_content())["state"].values()
    (model,) = (m for m in models if m["state"].get("title", "").startswith(title))
    data = {buffer["path"][0]: base64.b64decode(buffer["data"]) for buffer in model["buffers"]}
    state = model["state"]
    vocabulary = sorted({word for words in state["_words"] for word in words})
    outputs = np.zeros((state["_settings"], len(state["steps"]), len(vocabulary)))
    shares = iter(decode(data["_shares"]))
    for setting in outputs:
        for row, words in zip(setting, state["_words"], strict=True):
            for word in words:
                row[vocabulary.index(word)] = next(shares)
    names = ("tokens", "memory_tokens", "gloss", "memory_gloss", "steps")
    return Heads(
        decode(data["_cells"]).reshape(state["_shape"]),
        **{name: state[name] for name in names},
        **{"outputs": outputs, "vocabulary": vocabulary},
    )


@pytest.fixture(params=["Cross", "Encoder"])
def opened(request, visit):
    """The page, one of its two widgets, and the same in Python."""
    narrow = request.param == "Encoder"
    page = visit(CHAPTER, width=360 if narrow else 1280, theme="dark" if narrow else "light")
    widgets = page.locator("[data-widget=Heads]")
    widget = widgets.filter(has_text="Encoder" if narrow else "Cross-attention").first
    return page, widget, twin_of(page, request.param)


def assert_writes(widget, twin):
    assert widget.locator("[data-role=now]").all_inner_texts() == twin.written()
    if twin.off:
        whole = [words[0] for words in twin._words]
        changed = sum(a != b for a, b in zip(whole, twin.written(), strict=True))
        assert widget.locator("[data-role=changed]").inner_text() == str(changed)


def test_the_summary_under_each_map_is_python_s(opened):
    _, widget, twin = opened
    cards = widget.locator(".attend-card").all()
    assert len(cards) == 4
    for card, about in zip(cards, twin.summary(), strict=True):
        for name, value in about.items():
            shown = card.locator(f"[data-measure={name}]").inner_text()
            assert abs(float(shown) - value) <= 0.00051, name


def test_switching_heads_off_by_keyboard_changes_the_words(opened):
    page, widget, twin = opened
    assert_writes(widget, twin)
    for heads in ([0], [0, 1], [0, 1, 2], [0, 1, 2, 3]):
        widget.get_by_role("checkbox", name=f"head {heads[-1]} on").focus()
        page.keyboard.press("Space")
        page.wait_for_timeout(100)
        twin.off = heads
        assert_writes(widget, twin)
    page.keyboard.press("Escape")
    page.wait_for_timeout(100)
    twin.off = []
    assert_writes(widget, twin)
    assert widget.get_by_role("checkbox", name="head 3 on").is_checked()


def test_arrow_keys_read_the_cells_of_the_chosen_head(opened):
    page, widget, twin = opened
    widget.locator("[data-head='2']").click()
    twin.head = 2
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowDown")  # the first key begins at the corner
    for t, s, key in ((0, 0, "ArrowRight"), (0, 1, "ArrowDown"), (1, 1, "End"), (1, -1, "Home")):
        page.wait_for_timeout(100)
        shown = widget.locator("[data-role=weight]").inner_text()
        assert shown == f"{twin.shown()[t, s]:.4f}"
        page.keyboard.press(key)


def test_the_table_holds_summary_candidates_and_map(opened):
    page, widget, twin = opened
    widget.get_by_role("checkbox", name="head 1 on").uncheck()
    widget.locator("[data-step='3']").click()
    twin.off, twin.step = [1], 3
    page.keyboard.press("t")
    page.wait_for_timeout(100)
    tables = [
        [row.locator("td").all_inner_texts() for row in each.locator("tbody tr").all()]
        for each in widget.locator(".attend-numbers table").all()
    ]
    summary, candidates, weights = (np.array(each, dtype=float) for each in tables)
    wanted = np.array([list(about.values()) for about in twin.summary()])
    np.testing.assert_allclose(summary, wanted, atol=0.000051)
    shown = widget.locator(".attend-numbers table").nth(1).locator("tbody th").all_inner_texts()
    rows = zip(shown, candidates.tolist(), strict=True)
    assert {word: tuple(pair) for word, pair in rows} == {
        word: (whole, now) for word, whole, now in twin.candidates()
    }
    np.testing.assert_array_equal(weights, twin.shown())


def test_pointer_reads_the_cell_under_it(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Heads]").first, twin_of(page, "Cross")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box, seen = stage.bounding_box(), set()
    for share in np.linspace(0.3, 0.95, 9):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * share)
        page.wait_for_timeout(60)
        if widget.locator("[data-role=weight]").count():
            seen.add(widget.locator("[data-role=weight]").inner_text())
    assert len(seen) > 2 and seen <= {f"{weight:.4f}" for weight in twin.shown().flat}
