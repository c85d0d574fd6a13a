"""The numbers that Capacity shows on the page are those of its Python class."""

import numpy as np

from attend.widgets import Capacity

CHAPTER = "book/04_generalising.html"


def near(shown: str, wanted: float) -> bool:
    """Whether the text is the number, to the decimals shown."""
    return abs(float(shown) - wanted) <= 1e-4 * max(1, abs(wanted))


def assert_shows(widget, twin):
    for name, wanted in twin.errors().items():
        assert near(widget.locator(f"[data-role={name}]").inner_text(), wanted), name


def test_keyboard_changes_what_is_fitted(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Capacity]"), Capacity()
    assert_shows(widget, twin)
    widget.get_by_role("slider", name="Degree").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    widget.get_by_role("slider", name="Penalty λ").focus()
    for _ in range(22):
        page.keyboard.press("ArrowRight")
    widget.get_by_role("slider", name="Points").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    widget.get_by_role("combobox").select_option(index=3)
    page.wait_for_timeout(80)
    twin.degree, twin.strength, twin.points, twin.draw = 7, 10**-2.5, 3, 3
    assert_shows(widget, twin)


def test_pointer_chooses_in_the_error_pictures(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Capacity]"), Capacity()
    for plot, share in (("degree", 1 / 5), ("strength", 2 / 3)):
        panel = widget.locator(f"[data-plot={plot}]")
        box = panel.bounding_box()
        panel.click(position={"x": box["width"] * share, "y": box["height"] / 2})
        page.wait_for_timeout(80)
    twin.degree, twin.strength = 3, 10**-2
    assert_shows(widget, twin)


def test_table_holds_both_errors_at_every_degree(visit):
    page = visit(CHAPTER, width=360, theme="dark")
    widget, twin = page.locator("[data-widget=Capacity]"), Capacity()
    widget.get_by_role("slider", name="Degree").focus()
    page.keyboard.press("t")
    rows = widget.locator(".attend-numbers tbody tr").all()
    shown = np.array([row.locator("td").all_inner_texts() for row in rows])
    wanted = np.column_stack([twin.by_degree()[name] for name in ("training", "test")])
    assert shown.shape == (16, 2)
    assert all(near(text, number) for text, number in zip(shown.flat, wanted.flat, strict=True))


def test_the_other_draws_appear(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Capacity]")
    inked = """canvas => {
      const { width, height } = canvas;
      const options = { willReadFrequently: true };
      const copy = new OffscreenCanvas(width, height).getContext('2d', options);
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, width, height);
      return data.filter((channel, i) => i % 4 === 3 && channel).length;
    }"""
    canvas = widget.locator("[data-role=stage] canvas")
    before = canvas.evaluate(inked)
    widget.get_by_role("checkbox").check()
    page.wait_for_timeout(80)
    after = canvas.evaluate(inked)
    assert after > before + 7 * 200  # seven more curves, each at least as long as the plot is wide
    widget.get_by_role("checkbox").uncheck()
    page.wait_for_timeout(80)
    assert canvas.evaluate(inked) == before
