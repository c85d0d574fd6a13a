"""Every page of the book: whole, quiet, within its width, and every widget on it alive."""

import re
from collections import Counter

import nbformat
import pytest
import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

import everyone
from conftest import ROOT, SITE
from everyone import answers_keys, answers_pointer
from kinds import first_on

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
CHAPTERS = [entry["file"] for part in TOC.get("parts", []) for entry in part["chapters"]]
PAGES = [f"{name}.html" for name in (TOC["root"], *CHAPTERS)]
SCREENS = [(width, theme) for width in (360, 1280) for theme in ("light", "dark")]

BOXES = """() => [...document.querySelectorAll('article .katex-html')].map((formula) => {
  const box = formula.getBoundingClientRect();
  return [box.width, box.height];
})"""


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


FONTS = """() => [...document.fonts]
    .filter((font) => font.status !== 'unloaded' && font.family.startsWith('KaTeX'))
    .map((font) => font.family + (font.weight === '700' ? '-Bold' : '-')
      + (font.style === 'italic' ? 'Italic' : font.weight === '700' ? '' : 'Regular'))"""
PRELOADED = """() => [...document.querySelectorAll('link[rel=preload][as=font]')]
    .map((link) => link.href.match(/KaTeX_[^.]+/)[0])"""
PICTURES = """() => [...document.querySelectorAll('article .cell_output img')].map((img) => {
  const [width, height] = ['width', 'height'].map((name) => img.getAttribute(name));
  return [img.width, img.height, width / height];
})"""
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


def nothing_moved(page):
    """As the page came to life; so this is asked first."""
    for reserved, height in page.evaluate(RESERVED):
        assert abs(reserved - height) <= 4, (
            "a widget's height changed: make heights, then make html"
        )
    assert page.evaluate(SHIFT) <= 0.01


def stands(page, width, theme):
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    assert page.locator("article h1").count() == 1
    for widget in page.locator("[data-widget]").all():
        box = widget.bounding_box()
        assert box["width"] > 200 and box["height"] > 50
        assert box["x"] >= 0 and box["x"] + box["width"] <= width


def mathematics_is_set(page, name):
    """Every formula of the source, for the eye and for the ear, by no script of the page's."""
    inline, display = formulas(name)
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


def the_fonts_of_the_formulas_come_with_the_page(page):
    """Those and no others: one that comes late moves its line, one too many is a wasted request."""
    assert sorted(page.evaluate(PRELOADED)) == sorted(page.evaluate(FONTS))


def icons_are_drawn(page):
    page.wait_for_function("document.fonts.check('16px \"Font Awesome 6 Free\"', '\uf0c9')")
    drawn = page.locator(".fas, .fa-solid, .fab, .fa-brands").evaluate_all(
        "icons => icons.map((e) => getComputedStyle(e, '::before').content)"
    )
    assert len(drawn) > 8 and not {"none", ""} & set(drawn)


def pictures_keep_their_shape_and_can_be_read(page):
    pictures = page.evaluate(PICTURES)
    assert pictures
    for wide, high, shape in pictures:
        assert abs(wide / high / shape - 1) < 0.02
        assert wide >= 480  # of 680 or so: letters of 9 px at least


def is_numbered(path) -> bool:
    return path.startswith("book/") and path[5].isdigit()


def every_widget_answers(page, subtests):
    for number, widget in enumerate(page.locator("[data-widget]").all(), 1):
        name = f"{widget.get_attribute('data-widget')}, the page's widget {number}"
        widget.scroll_into_view_if_needed()
        with subtests.test(f"{name}, answers the keyboard"):
            assert answers_keys(page, widget)
        with subtests.test(f"{name}, answers the pointer"):
            assert answers_pointer(page, widget)


# Each visit asks all that wants it, so that no question has to load the page anew: what moved
# first, then what only looks, then what uses the widgets. Neither layout depends on the theme nor
# colours on the width (test_axe.py looks at all four).


@pytest.mark.parametrize("path", PAGES)
def test_on_a_wide_screen(visit, subtests, path):
    page = visit(path, fresh=True)
    with subtests.test("nothing moved as the page came to life"):
        nothing_moved(page)
    with subtests.test("it stands"):
        stands(page, 1280, "light")
    with subtests.test("the fonts of the formulas come with the page"):
        the_fonts_of_the_formulas_come_with_the_page(page)
    with subtests.test("icons are drawn"):
        icons_are_drawn(page)
    if is_numbered(path):
        with subtests.test("pictures keep their shape"):
            pictures_keep_their_shape_and_can_be_read(page)
    for kind in first_on(path):
        for asked in (
            everyone.who_listens_hears_what_it_is_and_what_it_says,
            everyone.the_keyboard_reaches_every_control_is_seen_and_leaves,
            everyone.the_numbers_are_one_key_away_and_have_headers,
        ):
            with subtests.test(f"{kind}: {asked.__name__}"):
                asked(page, everyone.first(page, kind))
    every_widget_answers(page, subtests)


@pytest.mark.parametrize("path", PAGES)
def test_on_a_narrow_screen(visit, subtests, path):
    page = visit(path, width=360, theme="dark", fresh=True)
    with subtests.test("nothing moved as the page came to life"):
        nothing_moved(page)
    with subtests.test("it stands"):
        stands(page, 360, "dark")
    if path.removesuffix(".html") in CHAPTERS:
        with subtests.test("mathematics is set"):
            mathematics_is_set(page, path.removesuffix(".html"))
    if is_numbered(path):
        with subtests.test("pictures keep their shape"):
            pictures_keep_their_shape_and_can_be_read(page)
    for kind in first_on(path):
        for asked in (everyone.on_a_small_screen_it_is_whole, everyone.it_follows_a_finger):
            with subtests.test(f"{kind}: {asked.__name__}"):
                asked(page, everyone.first(page, kind))
    every_widget_answers(page, subtests)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_where_a_link_leads_into_a_page(visit, subtests, path):
    for width in (360, 1280):
        page = visit(f"{path}#exercises", width)
        with subtests.test(f"at {width} pixels"):
            nothing_moved(page)


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


ICON = re.compile(r'class="([^"]*\bfa-[^"]*)"')
STYLES = {"fa-solid", "fa-brands", "fa-regular", "fa-lg"}


def test_every_icon_of_the_pages_is_in_the_small_stylesheet():
    css = (SITE / "_static" / "icons.css").read_text(encoding="utf8")
    used = set()
    for path in SITE.rglob("*.html"):
        for classes in ICON.findall(path.read_text(encoding="utf8")):
            used |= {name for name in classes.split() if name.startswith("fa-")}
    assert {"fa-bars", "fa-sun"} <= used
    used.add("fa-rocket")  # on the pages of a book whose address is known
    for name in used - STYLES:
        assert f".{name}::before" in css, f"{name}: name it in tools/icons.py"


def test_pages_carry_no_foreign_address():
    """What a page loads by itself comes from the book: the log of requests shows it, the source
    too."""
    for path in PAGES:
        source = (SITE / path).read_text(encoding="utf8")
        for tag in ("<script src=", '<link rel="stylesheet" href=', "<img src="):
            for piece in source.split(tag)[1:]:
                assert not piece.lstrip('"').startswith(("http:", "https:", "//")), piece[:80]
