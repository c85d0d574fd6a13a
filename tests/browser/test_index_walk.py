"""IndexWalk: what the page says is what Python found, by keyboard, pointer and table."""

import numpy as np
import pytest

from attend.widgets import IndexWalk
from attend.widgets.index_walk import KINDS
from kinds import rows_of


def twin(**options):
    rng = np.random.default_rng(0)
    middles = rng.uniform(-2.3, 2.3, (7, 2))
    points = middles[np.arange(150) % 7] + rng.normal(0, 0.45, (150, 2))
    return IndexWalk(points.clip(-3, 3), query=(0.4, -0.3), title="A <b>walk</b>", **options)


def assert_shows(widget, mine):
    """The sentences above the plane say what Python found."""
    widget.page.wait_for_timeout(80)
    found, said = mine.found(), widget.locator("[data-role=readout]")
    assert said.locator("[data-role=compared]").inner_text() == str(found.compared)
    assert said.locator("[data-role=recall]").inner_text() == f"{found.recall:.2f}"
    result = said.locator("[data-result]").inner_text()
    true = mine.found(index="every point").ids
    missed = [i for i in true.tolist() if i not in found.ids]
    assert [i for i in true.tolist() if f" {i}" in result.partition("Missed")[2]] == missed
    assert bool(missed) == ("Missed" in result)


@pytest.mark.parametrize("width, theme", [(1280, "light"), (320, "dark")])
def test_keyboard_moves_the_query_and_picks_index_and_setting(visit, page_of, width, theme):
    mine = twin()
    page = visit(page_of(mine), width, theme)
    widget = page.locator("[data-widget=IndexWalk]")
    settings = {"cells": "Cells read", "codes": "Measured again", "graph": "Candidates kept"}
    traits = {"cells": ("probes", 2), "codes": ("again", 5), "graph": ("breadth", 6)}
    for kind in KINDS:
        widget.get_by_role("radio", name=kind).focus()
        page.keyboard.press("Space")
        mine.index = kind
        widget.locator("[data-role=stage]").focus()
        for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowUp"):
            page.keyboard.press(key)
        x, y = mine.query
        mine.query = [x - 0.1, y + 0.11]
        assert_shows(widget, mine)
        shown = [name for name in settings.values() if widget.get_by_label(name).is_visible()]
        assert shown == [settings[kind] for _ in range(kind in settings)]
        if kind not in settings:
            continue
        widget.get_by_role("slider", name=settings[kind]).press("ArrowRight")
        setattr(mine, *traits[kind])
        assert_shows(widget, mine)
    page.keyboard.press("Home")  # of the slider: the query stays
    widget.locator("[data-role=stage]").press("Home")
    mine.query, mine.breadth = [0, 0], 5
    assert_shows(widget, mine)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert widget.locator(".attend-caption b").count() == 0


def test_the_search_is_walked_by_keys_buttons_and_slider(visit, page_of):
    mine = twin(probes=3)
    page = visit(page_of(mine))
    widget = page.locator("[data-widget=IndexWalk]")
    said = widget.locator("[data-role=said]")
    lists = [len(ids) for ids in mine._cells["lists"]]

    def step():
        page.wait_for_timeout(60)
        number = int(said.inner_text().split()[1])
        compared = widget.locator("[data-role=compared]")
        return number, int(compared.inner_text()) if compared.count() else 0

    whole = (4, mine.found().compared)
    assert step() == whole
    stage = widget.locator("[data-role=stage]")
    stage.press("s")  # from the end it begins anew
    assert step() == (1, len(lists))
    widget.get_by_role("button", name="Step", exact=True).click()
    second = step()
    assert second[0] == 2 and second[1] - len(lists) in lists
    widget.get_by_role("button", name="Back").click()
    assert step() == (1, len(lists))
    widget.locator("[data-role=stage]").press("b")
    assert step() == (0, 0) and said.inner_text().endswith("Nothing is compared yet.")
    stage.press("b")
    assert step() == (0, 0)
    widget.get_by_role("slider", name="Step").press("End")
    assert step() == whole
    stage.press("b")
    assert step()[0] == 3
    stage.press("w")
    assert step() == whole
    assert_shows(widget, mine)


@pytest.mark.parametrize("kind", KINDS)
def test_the_query_can_be_dragged(visit, page_of, kind):
    mine = twin(index=kind, again=10)
    page = visit(page_of(mine))
    widget = page.locator("[data-widget=IndexWalk]")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 260, box["y"] + 180, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"] + 60, box["y"] + 60)  # released: this moves nothing
    page.wait_for_timeout(80)
    label = stage.get_attribute("aria-label").replace("−", "-")
    place = [float(each) for each in label.split(" among")[0].split("at ")[1].split(", ")]
    assert place != mine.query
    mine.query = place
    assert_shows(widget, mine)


@pytest.mark.parametrize("kind", KINDS)
def test_the_table_has_the_found_the_true_and_every_step(visit, page_of, kind):
    mine = twin(index=kind)
    page = visit(page_of(mine), 360)
    widget = page.locator("[data-widget=IndexWalk]")
    widget.get_by_role("button", name="Numbers").click()
    tables = widget.locator(".attend-numbers table")
    found, true = mine.found(), mine.found(index="every point")
    for row, *numbers in zip(
        rows_of(tables.nth(0)), found.ids, found.distances, true.ids, true.distances, strict=True
    ):
        assert row[0::2] == [f"point {numbers[0]}", f"point {numbers[2]}"]
        assert row[1::2] == [f"{numbers[1]:.4f}", f"{numbers[3]:.4f}"]
    steps = rows_of(tables.nth(1))
    assert steps[-1][1] == str(found.compared)
    assert steps[-1][2:] == [f"point {found.ids[0]}", f"{found.distances[0]:.4f}"]
    if kind == "cells":
        sizes = sorted(int(row[1]) for row in rows_of(tables.nth(2)))
        assert sizes == sorted(len(ids) for ids in mine._cells["lists"])
    if kind == "graph":
        layers = [int(row[0]) for row in rows_of(tables.nth(2))]
        assert layers == [len(layer) for layer in reversed(mine._graph["layers"])]
