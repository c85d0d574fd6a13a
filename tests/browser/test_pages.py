"""Every page of the book: whole, quiet, within its width, and every widget on it alive."""

import nbformat
import pytest
import yaml

from conftest import ROOT, SITE

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
CHAPTERS = [entry["file"] for part in TOC.get("parts", []) for entry in part["chapters"]]
PAGES = [f"{name}.html" for name in (TOC["root"], *CHAPTERS)]
SCREENS = [(width, theme) for width in (360, 1280) for theme in ("light", "dark")]

# What a widget looks like now: its elements, what is chosen in them, the pixels of its canvases.
APPEARANCE = """root => root.outerHTML
    + [...root.querySelectorAll('input, select')].map(e => e.value + e.checked).join()
    + [...root.querySelectorAll('canvas')].map(c => c.width && c.height ? c.toDataURL() : '').join()
"""
FOCUSABLE = "button, input, select, [tabindex='0']"
KEYS = ("ArrowRight", "ArrowDown", "Space", "Enter")


def changed(page, widget, before) -> bool:
    page.wait_for_timeout(60)
    return widget.evaluate(APPEARANCE) != before


def answers_keys(page, widget) -> bool:
    before = widget.evaluate(APPEARANCE)
    for control in widget.locator(FOCUSABLE).all():
        if not control.is_visible() or control.is_disabled():
            continue
        for key in KEYS:
            control.focus()
            page.keyboard.press(key)
            if changed(page, widget, before):
                return True
    return False


def answers_pointer(page, widget) -> bool:
    before = widget.evaluate(APPEARANCE)
    for control in widget.locator(f"[data-role=stage], {FOCUSABLE}").all():
        if not control.is_visible() or control.is_disabled():
            continue
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
        if changed(page, widget, before):
            return True
    return False


@pytest.mark.parametrize("width, theme", SCREENS)
@pytest.mark.parametrize("path", PAGES)
def test_page_stands(visit, path, width, theme):
    page = visit(path, width, theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    assert page.locator("article h1").count() == 1
    for widget in page.locator("[data-widget]").all():
        box = widget.bounding_box()
        assert box["width"] > 200 and box["height"] > 50
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_every_widget_answers(visit, path, width):
    page = visit(path, width)
    for widget in page.locator("[data-widget]").all():
        name = widget.get_attribute("data-widget")
        widget.scroll_into_view_if_needed()
        assert answers_keys(page, widget), f"{name} does not answer the keyboard"
        assert answers_pointer(page, widget), f"{name} does not answer the pointer"


@pytest.mark.parametrize("name", CHAPTERS)
def test_mathematics_is_set(visit, name):
    chapter = ROOT / f"{name}.ipynb"
    cells = nbformat.read(chapter, as_version=4).cells if chapter.is_file() else []
    if not any("$" in cell.source for cell in cells if cell.cell_type == "markdown"):
        pytest.skip("no formula on this page")
    page = visit(f"{name}.html")
    page.wait_for_selector("mjx-container", timeout=15_000)
    assert page.locator("mjx-merror").count() == 0


def test_pages_carry_no_foreign_address():
    """What a page loads by itself comes from the book: the log of requests shows it, the source
    too."""
    for path in PAGES:
        source = (SITE / path).read_text(encoding="utf8")
        for tag in ("<script src=", '<link rel="stylesheet" href=', "<img src="):
            for piece in source.split(tag)[1:]:
                assert not piece.lstrip('"').startswith(("http:", "https:", "//")), piece[:80]
