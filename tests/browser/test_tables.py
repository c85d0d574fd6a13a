"""The numbers as a table: whole where they are few, a page at a time where they are many."""

import numpy as np
import pytest

from attend.widgets import AttentionHeatmap, Heads, Merges
from conftest import MOUNTED

SIDE = 512
RNG = np.random.default_rng(23)
MAP = RNG.dirichlet(np.full(SIDE, 0.02), SIDE).round(6)  # rows of 512 that sum to 1
WORDS = [f"word{i}" for i in range(SIDE)]
FOCUSED = "e => e === document.activeElement"


@pytest.fixture
def large(visit, page_of):
    """A page with a map of 512 × 512, its table open."""
    with pytest.warns(UserWarning, match="kB"):
        path = page_of(AttentionHeatmap(MAP, WORDS))
    page = visit(path, permissions=["clipboard-read", "clipboard-write"])
    page.wait_for_function(MOUNTED)
    page.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    page.locator(".attend-numbers table caption").wait_for()
    return page


def shown(page):
    """The headers of the columns, those of the rows, and the numbers that are on the page."""
    head, *rows = page.locator(".attend-numbers table").evaluate(
        "table => [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    return head[1:], [row[0] for row in rows], np.array([row[1:] for row in rows], dtype=float)


def test_a_part_is_shown_and_says_which(large):
    table = large.locator(".attend-numbers table")
    caption = table.locator("caption").inner_text()
    assert "rows 1–32 of 512, columns 1–32 of 512" in caption
    assert table.get_attribute("aria-rowcount") == table.get_attribute("aria-colcount") == "513"
    columns, rows, numbers = shown(large)
    assert columns == rows == WORDS[:32]
    np.testing.assert_array_equal(numbers, MAP[:32, :32].round(4))
    assert table.locator("th").evaluate_all("all => all.every((e) => e.scope && e.innerText)")


def test_the_whole_is_reached_by_keyboard_and_said(large):
    region = large.locator(".attend-numbers")
    said = region.get_by_role("status")
    forth, back = (
        region.get_by_role("button", name=f"{word} rows") for word in ("next", "previous")
    )
    region.focus()
    for wanted in (back, forth):
        large.keyboard.press("Tab")
        assert wanted.evaluate(FOCUSED)
    rows = shown(large)[1]
    while forth.get_attribute("aria-disabled") == "false":
        large.keyboard.press("Enter")
        assert forth.evaluate(FOCUSED), "the focus was lost"
        rows += shown(large)[1]
        assert said.inner_text() == f"rows {len(rows) - 31}–{len(rows)} of 512, columns 1–32 of 512"
    assert rows == WORDS
    large.keyboard.press("Enter")  # at the end: nothing, and the focus stays
    assert shown(large)[1] == WORDS[-32:] and forth.evaluate(FOCUSED)
    across = region.get_by_role("button", name="next columns")
    for _ in range(15):
        across.press("Enter")
    columns, rows, numbers = shown(large)
    assert columns == rows == WORDS[-32:]
    np.testing.assert_array_equal(numbers, MAP[-32:, -32:].round(4))
    last = region.locator("tbody tr:last-child td:last-child")
    assert last.get_attribute("aria-colindex") == "513"
    assert last.evaluate("e => e.parentElement.getAttribute('aria-rowindex')") == "513"
    back.press("Enter")
    assert shown(large)[1] == WORDS[-64:-32]


def test_a_change_of_the_picture_keeps_the_page_and_the_focus(large):
    region = large.locator(".attend-numbers")
    forth = region.get_by_role("button", name="next rows")
    forth.press("Enter")
    large.locator("label", has_text="Lines").locator("input").evaluate("e => e.click()")
    large.wait_for_timeout(100)
    assert shown(large)[1] == WORDS[32:64]
    assert region.get_by_role("button", name="next rows").evaluate(FOCUSED)


def test_all_of_it_is_copied(large):
    large.get_by_role("button", name="Copy all").click()
    large.wait_for_function("document.querySelector('.attend-numbers [role=status]').innerText")
    text = large.evaluate("navigator.clipboard.readText()")
    head, *lines = text.rstrip("\n").split("\n")
    assert head.split("\t")[1:] == WORDS == [line.split("\t")[0] for line in lines]
    numbers = np.array([line.split("\t")[1:] for line in lines], dtype=float)
    np.testing.assert_array_equal(numbers, MAP.round(4))


def test_opening_and_turning_write_few_cells_whatever_the_size(large):
    """All 262,144 at once held the page up for nine seconds."""
    table, forth = large.locator(".attend-numbers *"), large.get_by_role("button", name="next rows")
    stage = large.locator("[data-role=stage]")
    for _ in range(3):
        assert 32 * 32 < table.count() < 1500
        forth.press("Enter")
        assert 32 * 32 < table.count() < 1500
        stage.press("t")
        assert table.count() == 0
        stage.press("t")
        large.locator(".attend-numbers table caption").wait_for()


def test_what_is_narrow_and_long_has_all_its_columns(visit, page_of):
    text = " ".join(chr(0x4E00 + i) for i in range(1900))
    page = visit(page_of(Merges(text)))
    page.get_by_role("button", name="Numbers").click()
    table = page.locator(".attend-numbers table").last
    assert table.locator("thead th").all_inner_texts() == ["token", "times"]
    assert table.locator("tbody tr").count() == 1024
    assert page.get_by_role("button", name="next columns").count() == 0
    page.get_by_role("button", name="next rows").click()
    assert table.locator("tbody tr").count() < 1024


def test_of_two_tables_each_turns_alone(visit, page_of):
    maps = RNG.dirichlet(np.ones(64), (2, 64))
    page = visit(page_of(Heads(maps, WORDS[:64])))
    page.get_by_role("button", name="Numbers").click()
    small, big = page.locator(".attend-numbers table").all()
    assert small.locator("tbody tr").count() == 2 and big.locator("tbody tr").count() == 32
    page.get_by_role("button", name="next rows").click()
    assert big.locator("tbody th").first.inner_text() == WORDS[32]
    np.testing.assert_array_equal(shown_in(big), maps[0, 32:, :32].round(4))


def shown_in(table):
    return table.locator("tbody tr").evaluate_all(
        "rows => rows.map((row) => [...row.cells].slice(1).map((cell) => Number(cell.textContent)))"
    )


def test_what_is_small_is_whole_and_as_before(visit, page_of):
    page = visit(page_of(AttentionHeatmap(MAP[:40, :40], WORDS[:40])))
    page.get_by_role("button", name="Numbers").click()
    region = page.locator(".attend-numbers")
    assert region.evaluate("e => e.firstElementChild.tagName") == "TABLE"
    assert region.locator("tbody tr").count() == 40 and region.locator("button").count() == 0
    assert region.locator("caption").inner_text() == "Attention weights: rows look at columns"
    attributes = region.locator("table, tr, th, td").evaluate_all(
        "all => [...new Set(all.flatMap((e) => e.getAttributeNames()))].sort()"
    )
    assert attributes == ["dir", "scope"]


def test_the_buttons_are_named_and_their_state_is_said(large):
    spoken = large.locator(".attend-numbers").aria_snapshot()
    for wanted in ('button "previous rows" [disabled]', 'button "next columns"', "status", "table"):
        assert wanted in spoken, wanted
