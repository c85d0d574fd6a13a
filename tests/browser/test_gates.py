"""The numbers that Gates shows are Python's, and so are the gates of the trained networks below
it."""

import base64
import json

import numpy as np
import pytest

from attend.widgets import Gates
from attend.widgets.unrolled import QUANTITIES, ROWS, unroll

CHAPTER = "book/08_gates.html"
STATE = "document.querySelector('script[type=\"application/vnd.jupyter.widget-state+json\"]').text"


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def assert_shows(widget, twin):
    """The sentence above the picture says of the chosen step what Python computes."""
    wanted = {"cell": twin.cell(), "hidden": twin.hidden(), "left": twin.left()}
    wanted = {name: numbers[twin.step] for name, numbers in wanted.items()}
    for name, value in (wanted | {"last": twin.cell()[-1]}).items():
        shown = number(widget.locator(f"[data-role=readout] [data-role={name}]").inner_text())
        assert abs(shown - value) <= 5.001e-5, name


@pytest.mark.parametrize("width, theme", [(1280, "light"), (360, "dark")])
def test_keyboard_moves_the_gates(visit, width, theme):
    page = visit(CHAPTER, width, theme)
    widget, twin = page.locator("[data-widget=Gates]"), Gates()
    stage = widget.locator("[data-role=stage]")
    assert_shows(widget, twin)
    stage.focus()
    for key in ("ArrowRight", "ArrowRight", "Minus", "Minus", "ArrowUp", "Space", "End", "Home"):
        page.keyboard.press(key)
    page.wait_for_timeout(80)
    twin.forget = [0.5, 0.5, 0.3, *[0.5] * 5]
    twin.input = [0.5, 0.5, 0.0, *[0.5] * 5]
    assert_shows(widget, twin)
    assert stage.get_attribute("aria-label").startswith("input gate i, step 1 of 8: 0.50")
    for key in ("ArrowUp", "+", "+", "+", "+", "ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    page.wait_for_timeout(80)
    twin.value = [1.0, -0.4, -0.6, *twin.value[3:]]  # no further than 1
    twin.step = 2
    assert_shows(widget, twin)


def test_sliders_change_one_step_or_every_step(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Gates]"), Gates()
    widget.get_by_role("slider", name="output o").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(80)
    twin.output = [0.55, *[0.5] * 7]
    assert_shows(widget, twin)
    widget.get_by_role("checkbox").check()
    widget.get_by_role("slider", name="forget f").focus()
    page.keyboard.press("End")
    page.wait_for_timeout(80)
    twin.forget = 1.0
    assert_shows(widget, twin)


def test_programs_set_all_gates_and_a_change_makes_them_ones_own(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Gates]"), Gates()
    programs = widget.get_by_role("combobox")
    for name, rows in twin._programs.items():
        programs.select_option(label=name)
        page.wait_for_timeout(80)
        for row, numbers in rows.items():
            setattr(twin, row, numbers)
        assert_shows(widget, twin)
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("Minus")
    page.wait_for_timeout(80)
    assert programs.evaluate("select => select.value") == "your own"


def place(stage, row: int, step: int, height: float = 0.5) -> dict:
    """The point of a box in the drawing at 1280 pixels: rows and steps from 0."""
    column = min(max(int((stage["inside"] - 148 - 4) / 8), 31), 72)
    return {"x": 150 + (step + 0.4) * column, "y": 28 + row * 44 + 36 * (1 - height)}


def test_pointer_chooses_drags_and_taps(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Gates]"), Gates()
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    box["inside"] = widget.locator("[data-role=readout]").bounding_box()["width"]

    def at(*where):
        point = place(box, *where)
        return box["x"] + point["x"], box["y"] + point["y"]

    page.mouse.click(*at(2, 4))  # the forget gate of step 5
    page.wait_for_timeout(80)
    twin.step = 4
    assert_shows(widget, twin)
    page.mouse.click(*at(2, 4))  # again: shut
    page.wait_for_timeout(80)
    twin.forget = [*[0.5] * 4, 0.0, *[0.5] * 3]
    assert_shows(widget, twin)
    page.mouse.move(*at(1, 0))
    page.mouse.down()
    page.mouse.move(*at(1, 0, 0.8))
    page.mouse.up()
    page.wait_for_timeout(80)
    twin.step, twin.input = 0, [0.8, *[0.5] * 7]
    assert_shows(widget, twin)


def test_table_holds_every_number(visit):
    page = visit(CHAPTER, width=360)
    widget, twin = page.locator("[data-widget=Gates]"), Gates()
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    rows = widget.locator(".attend-numbers tbody tr").all()
    shown = [[number(text) for text in row.locator("td").all_inner_texts()] for row in rows]
    parts = [twin.value, twin.input, twin.forget, twin.cell(), twin.output, twin.hidden()]
    np.testing.assert_allclose(shown, np.column_stack([*parts, twin.left()]), atol=5.001e-5)


def networks(page) -> list[dict]:
    """Kind, words, tokens and weights of the networks that the page carries."""
    found = []
    for model in json.loads(page.evaluate(STATE))["state"].values():
        state = model["state"]
        if "_kind" not in state:
            continue
        (buffer,) = (each for each in model["buffers"] if each["path"] == ["_weights"])
        numbers = np.frombuffer(base64.b64decode(buffer["data"]), "<f4").astype(float)
        V, I, D = state["_sizes"]
        G = ROWS[state["_kind"]] * D
        sizes = [(V, I), (G, I), (G, D), (G,), (G,)]
        ends = np.cumsum([np.prod(size) for size in sizes])
        arrays = [
            part.reshape(size) for part, size in zip(np.split(numbers, ends), sizes, strict=False)
        ]
        found.append({"state": state, "arrays": arrays})
    return found


@pytest.mark.parametrize("which, kind", [(0, "LSTM"), (1, "GRU")])
def test_gates_of_the_trained_networks_are_those_python_computes(visit, which, kind):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Unrolled]").nth(which)
    (network,) = (each for each in networks(page) if each["state"]["_kind"] == kind)
    vectors, *weights = network["arrays"]
    tokens, words = list(network["state"]["tokens"]), network["state"]["_words"]
    widget.get_by_role("combobox").first.select_option(label="D")  # in place of the first letter
    tokens[0] = "D"
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    wanted = unroll(kind, vectors[[words.index(token) for token in tokens]], *weights)
    for show in range(len(QUANTITIES[kind])):
        widget.get_by_role("combobox").nth(1).select_option(index=show)
        page.wait_for_timeout(80)
        rows = widget.locator(".attend-numbers tbody tr").all()[: weights[1].shape[1]]
        shown = [[number(text) for text in row.locator("td").all_inner_texts()] for row in rows]
        np.testing.assert_allclose(np.array(shown).T, wanted[QUANTITIES[kind][show]], atol=6e-5)
