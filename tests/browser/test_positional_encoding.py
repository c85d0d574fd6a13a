"""The numbers that PositionalEncoding shows on the page are those of its Python class, which are
those of attend.positions."""

import numpy as np
import pytest
import torch

from attend.positions import alibi, rotate, sinusoidal
from attend.widgets import PositionalEncoding

CHAPTER = "book/13_position.html"
SINUSOIDAL = {"pinned": [16]}
ROTARY = {"scheme": "rotary", "d_model": 8, "n_positions": 32, "position": 7, "other": 4}
ALIBI = {"scheme": "alibi", "n_positions": 48, "position": 30, "other": 24, "head": 2}


def find(page, which):
    return page.locator("[data-widget=PositionalEncoding]").nth(which)


def shown(widget, role):
    return number(widget.locator(f"[data-role={role}]").inner_text())


def number(text):
    return float(text.replace("−", "-").replace(",", ""))


def focus(widget):
    widget.locator("[data-role=stage]").focus()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_timeout(80)


def table(widget, which):
    """The numbers of one of the tables that `t` opens: [rows, columns]."""
    body = widget.locator(".attend-numbers tbody").nth(which)
    rows = body.evaluate("body => [...body.rows].map(r => [...r.cells].map(c => c.innerText))")
    return np.array([[number(text) for text in row[1:]] for row in rows])


def same(found, wanted):
    """To the six decimals shown."""
    np.testing.assert_allclose(found, wanted, atol=1.1e-6)


def slide(page, widget, name, key, times=1):
    widget.get_by_role("slider", name=name, exact=True).focus()
    press(page, *[key] * times)


def test_keyboard_walks_through_the_table(visit):
    page = visit(CHAPTER)
    widget, twin = find(page, 0), PositionalEncoding(**SINUSOIDAL)
    focus(widget)
    press(page, "ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowLeft")
    twin.position, twin.dimension, twin.other = 22, 9, 25
    same(shown(widget, "value"), twin.encoding()[22, 9])
    same(shown(widget, "dot"), twin.dot_products()[25])
    assert shown(widget, "wavelength") == pytest.approx(twin.wavelengths()[9], abs=0.006)
    press(page, "Home", "ArrowUp")
    same(shown(widget, "value"), twin.encoding()[0, 8])
    press(page, "t")
    twin.position = 0
    same(table(widget, 0)[:, 1], twin.encoding()[0])
    same(table(widget, 1)[:, 1], twin.dot_products())


@pytest.mark.parametrize("width, d_model, keys", [(1280, 16, 9), (360, 512, 3)])
def test_another_table_is_that_of_positions(visit, width, d_model, keys):
    page = visit(CHAPTER, width=width, theme="dark")
    widget = find(page, 0)
    widget.get_by_role("combobox", name="d_model").select_option(str(d_model))
    slide(page, widget, "base", "ArrowLeft", keys)
    slide(page, widget, "positions", "ArrowRight", 10)
    base = float(f"{10 ** (4 - keys / 4):.4g}")
    wanted = sinusoidal(74, d_model, base).double().numpy()
    focus(widget)
    press(page, "t", "End")
    for position in (73, 0, 1):
        same(table(widget, 0)[:, 1], wanted[position])
        press(page, {73: "Home", 0: "ArrowRight", 1: "End"}[position])
    np.testing.assert_allclose(table(widget, 1)[:, 1], wanted @ wanted[73], atol=1e-4)


def test_pointer_reads_the_table_and_the_dot_products(visit):
    page = visit(CHAPTER)
    widget = find(page, 0)
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 44, box["y"] + 28)  # the table's first corner
    page.wait_for_timeout(80)
    readout = widget.locator("[data-role=readout]")
    assert readout.inner_text().startswith("PE[0, 0] = sin(0 / 10,000^(0/64)) = 0.000000")
    page.mouse.move(box["x"] + 45, box["y"] + box["height"] - 60)  # the lowest curve
    page.wait_for_timeout(80)
    assert "PE(0) · PE(0) = 32.000000" in readout.inner_text()


def test_a_kept_curve_stays(visit):
    page = visit(CHAPTER)
    widget = find(page, 0)
    picture = "c => c.querySelector('canvas').toDataURL()"
    focus(widget)
    press(page, "ArrowDown")
    without = widget.evaluate(picture)
    press(page, "ArrowUp", "Space", "ArrowDown")
    assert widget.evaluate(picture) != without
    press(page, "ArrowUp", "Space", "ArrowDown")
    assert widget.evaluate(picture) == without


def test_clocks_turn_and_the_score_stands_still(visit):
    page = visit(CHAPTER)
    widget, twin = find(page, 1), PositionalEncoding(**ROTARY, dimension=2)
    same(shown(widget, "value"), twin.score())
    same(shown(widget, "term"), twin.terms()[1])
    picture = "c => c.querySelector('canvas').toDataURL()"
    before = widget.evaluate(picture)
    focus(widget)
    press(page, "Space", "Space", "Space")
    assert widget.locator("[data-role=readout]").inner_text().startswith("query at 10, key at 7,")
    assert widget.evaluate(picture) != before
    same(shown(widget, "value"), twin.score())
    widget.get_by_role("button", name="Both one back").click()
    press(page, "ArrowRight")
    twin.position, twin.other = 9, 6
    same(shown(widget, "value"), twin.score())


@pytest.mark.parametrize("pairing", ["half", "interleaved"])
def test_scores_are_those_of_rotate_in_both_pairings(visit, pairing):
    page = visit(CHAPTER, width=360)
    widget = find(page, 1)
    twin = PositionalEncoding(**ROTARY, pairing=pairing, alike=False, base=1000.0)
    widget.get_by_role("radio", name=pairing).check(force=True)
    widget.get_by_role("checkbox").uncheck()
    slide(page, widget, "base", "ArrowLeft", 4)
    slide(page, widget, "query at", "ArrowRight", 5)
    slide(page, widget, "key at", "ArrowLeft", 2)
    focus(widget)
    press(page, "ArrowDown", "t")
    query, key = (torch.tensor(v)[None] for v in (twin.query, twin.key))
    turned = rotate(query, [12], pairing, 1000.0), rotate(key, [2], pairing, 1000.0)
    same(shown(widget, "value"), (turned[0] @ turned[1].T).item())
    twin.position, twin.other = 12, 2
    same(table(widget, 0)[:, 2], twin.terms())
    same(table(widget, 1)[:, 0], twin.scores_by_distance())
    heads = widget.locator(".attend-numbers tbody").first.locator("th").all_inner_texts()
    assert heads == [f"{a} and {b}" for a, b in twin.pairs()]


def test_pointer_chooses_a_clock_and_a_distance(visit):
    page = visit(CHAPTER)
    widget = find(page, 1)
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 65, box["y"] + 80)
    page.wait_for_timeout(80)
    readout = widget.locator("[data-role=readout]")
    assert "numbers 0 and 4 turn" in readout.inner_text()
    page.mouse.move(box["x"] + 47, box["y"] + box["height"] - 80)  # the far left of the curve
    page.wait_for_timeout(80)
    assert "distance −31" in readout.inner_text()


def test_bias_is_that_of_positions(visit):
    page = visit(CHAPTER)
    widget = find(page, 2)
    focus(widget)
    press(page, "ArrowLeft", "ArrowUp", "Shift+ArrowDown")
    same(shown(widget, "value"), alibi(8, 48, 48)[3, 29, 23].item())
    widget.get_by_role("combobox", name="heads").select_option("6")
    slide(page, widget, "head", "End")
    focus(widget)
    press(page, "t")
    twin = PositionalEncoding(**{**ALIBI, "position": 29, "other": 23, "n_heads": 6, "head": 5})
    wanted = alibi(6, 48, 48)[5, 29]
    same(shown(widget, "share"), wanted.softmax(-1)[23].item())
    same(table(widget, 0)[:, 0], twin.slopes())
    same(table(widget, 1), np.stack([wanted, twin.shares()], axis=1))


def test_schemes_change_in_place(visit):
    page = visit(CHAPTER)
    widget = find(page, 2)
    widget.get_by_role("radio", name="sinusoidal").check(force=True)
    page.wait_for_timeout(80)
    same(shown(widget, "value"), sinusoidal(31, 64)[30, 8].item())
    assert not widget.get_by_role("slider", name="head", exact=True).is_visible()
