"""Every page of the book: whole, quiet, within its width, and every widget on it alive."""

import re
from collections import Counter

import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

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


BOXES = """() => [...document.querySelectorAll('article .katex-html')].map((formula) => {
  const box = formula.getBoundingClientRect();
  return [box.width, box.height];
})"""


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


def formulas(name) -> tuple[int, int]:
    """How many formulas the source of a page has: in its lines, and on lines of their own."""
    chapter, page = (ROOT / f"{name}.{kind}" for kind in ("ipynb", "md"))
    if chapter.is_file():
        cells = nbformat.read(chapter, as_version=4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    else:
        texts = [page.read_text(encoding="utf8")]
    reader = MarkdownIt().use(dollarmath_plugin).enable("table")
    counts = Counter()
    for text in texts:  # grows by what stands inside of directives
        for token in reader.parse(text):
            counts.update(part.type for part in (token, *(token.children or [])))
            if token.type == "fence" and token.info.startswith("{"):
                texts.append(token.content)
    return counts["math_inline"], counts["math_block"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_mathematics_is_set(visit, name):
    """Every formula of the source, for the eye and for the ear, by no script of the page's."""
    inline, display = formulas(name)
    page = visit(f"{name}.html", width=360)
    article = page.locator("article.bd-article")
    assert article.locator("span.math > .katex").count() == inline
    assert article.locator("div.math > .katex-display").count() == display
    assert article.locator(".katex math").count() == inline + display
    assert page.locator(".katex-error, mjx-container").count() == 0
    assert page.evaluate("typeof window.MathJax") == "undefined"
    if inline:
        assert page.evaluate("document.fonts.check('16px KaTeX_Math')")
        boxes = page.evaluate(BOXES)
        assert all(width > 0 and height > 0 for width, height in boxes)


FONTS = """() => [...document.fonts]
    .filter((font) => font.status !== 'unloaded' && font.family.startsWith('KaTeX'))
    .map((font) => font.family + (font.weight === '700' ? '-Bold' : '-')
      + (font.style === 'italic' ? 'Italic' : font.weight === '700' ? '' : 'Regular'))"""
PRELOADED = """() => [...document.querySelectorAll('link[rel=preload][as=font]')]
    .map((link) => link.href.match(/KaTeX_[^.]+/)[0])"""


@pytest.mark.parametrize("path", PAGES)
def test_the_fonts_of_the_formulas_come_with_the_page(visit, path):
    """Those and no others: one that comes late moves its line, one too many is a wasted request."""
    page = visit(path)
    assert sorted(page.evaluate(PRELOADED)) == sorted(page.evaluate(FONTS))


ICON = re.compile(r'class="([^"]*\bfa-[^"]*)"')
STYLES = {"fa-solid", "fa-brands", "fa-regular", "fa-lg"}


def test_every_icon_of_the_pages_is_in_the_small_stylesheet():
    css = (SITE / "_static" / "icons.css").read_text(encoding="utf8")
    used = set()
    for path in SITE.rglob("*.html"):
        for classes in ICON.findall(path.read_text(encoding="utf8")):
            used |= {name for name in classes.split() if name.startswith("fa-")}
    assert {"fa-bars", "fa-rocket", "fa-sun"} <= used
    for name in used - STYLES:
        assert f".{name}::before" in css, f"{name}: name it in tools/icons.py"


@pytest.mark.parametrize("path", ["book/index.html", "book/11_self_attention.html"])
def test_icons_are_drawn(visit, path):
    page = visit(path)
    page.wait_for_function("document.fonts.check('16px \"Font Awesome 6 Free\"', '\uf0c9')")
    icons = page.locator(".fas, .fa-solid, .fab, .fa-brands").all()
    assert len(icons) > 8
    for icon in icons:
        assert icon.evaluate("e => getComputedStyle(e, '::before').content") not in ("none", "")


PICTURES = """() => [...document.querySelectorAll('article .cell_output img')].map((img) => {
  const [width, height] = ['width', 'height'].map((name) => img.getAttribute(name));
  return [img.width, img.height, width / height];
})"""


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", [name for name in CHAPTERS if "/" in name and name[5].isdigit()])
def test_pictures_keep_their_shape_and_can_be_read(visit, name, width):
    page = visit(f"{name}.html", width)
    pictures = page.evaluate(PICTURES)
    assert pictures
    for wide, high, shape in pictures:
        assert abs(wide / high / shape - 1) < 0.02
        assert wide >= 480  # of 680 or so: letters of 9 px at least


# How far things moved under the reader's eyes, all in all; from the first paint on.
SHIFT = """() => new Promise((resolve) => {
  let sum = 0;
  const add = (shift) => { sum += shift.hadRecentInput ? 0 : shift.value; };
  const seen = (list) => list.getEntries().forEach(add);
  new PerformanceObserver(seen).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => resolve(sum), 400);
})"""
RESERVED = """() => [...document.querySelectorAll('.widget-place')].map((place) => [
    parseFloat(getComputedStyle(place).getPropertyValue('--reserved')),
    place.getBoundingClientRect().height])"""


@pytest.mark.parametrize("anchor", ["", "#exercises"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_as_the_page_comes_to_life(visit, path, width, anchor):
    page = visit(path + anchor, width)
    for reserved, height in page.evaluate(RESERVED):
        assert abs(reserved - height) <= 4, (
            "a widget's height changed: make heights, then make html"
        )
    assert page.evaluate(SHIFT) <= 0.01


@pytest.mark.parametrize("path", PAGES)
def test_still_pictures_stand_where_no_script_runs(visit, path):
    views = (SITE / path).read_text(encoding="utf8").count("jupyter.widget-view+json")
    page = visit(path, ours=False, java_script_enabled=False)
    pictures = page.locator(".widget-place img")
    assert page.locator(".widget-place").count() == pictures.count() == views
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert len(picture.get_attribute("alt")) > 20
        assert picture.bounding_box()["height"] > 50


def test_pages_carry_no_foreign_address():
    """What a page loads by itself comes from the book: the log of requests shows it, the source
    too."""
    for path in PAGES:
        source = (SITE / path).read_text(encoding="utf8")
        for tag in ("<script src=", '<link rel="stylesheet" href=', "<img src="):
            for piece in source.split(tag)[1:]:
                assert not piece.lstrip('"').startswith(("http:", "https:", "//")), piece[:80]
