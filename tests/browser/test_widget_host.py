"""A few kilobytes of our own bring a page to life; any other ipywidget gets the full manager."""

import json

import pytest
from ipywidgets import IntSlider, Layout
from ipywidgets.embed import dependency_state, embed_data

from conftest import MOUNTED, SITE

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>one widget</title><body>
<script defer src="_static/widgets.js" data-require="npm/requirejs/require.js"
  data-manager="npm/@jupyter-widgets/html-manager" data-anywidget="npm/anywidget/dist/index"
  data-cdn="https://cdn.invalid/"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script type="application/vnd.jupyter.widget-view+json">{view}</script>
"""


@pytest.fixture
def slider_page():
    """A page with a slider of ipywidgets and nothing else, beside the book's own."""
    slider = IntSlider(7, layout=Layout())
    alone = dependency_state([slider], drop_defaults=False)  # not all that other tests have made
    data = embed_data(views=[slider], drop_defaults=False, state=alone)
    path = SITE / "a_slider.html"
    state, view = json.dumps(data["manager_state"]), json.dumps(data["view_specs"][0])
    path.write_text(PAGE.format(state=state, view=view), encoding="utf8")
    yield path.name
    path.unlink()


def test_another_widget_gets_the_full_manager(visit, slider_page):
    page = visit(slider_page, ours=False)
    page.wait_for_selector(".widget-slider", timeout=15_000)
    assert page.locator(".widget-readout").inner_text() == "7"
    assert page.evaluate("typeof window.requirejs") == "function"


def test_the_books_own_pages_do_without_it(visit):
    page = visit("book/index.html")
    assert page.evaluate("typeof window.requirejs") == "undefined"


def test_two_views_of_a_page_keep_apart(visit):
    """Each widget has its own model: choosing a word in one leaves the other as it was."""
    page = visit("book/index.html")
    first, second = page.locator("[data-widget=AttentionHeatmap]").all()
    before = second.locator("[data-role=readout]").inner_text()
    first.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(60)
    assert second.locator("[data-role=readout]").inner_text() == before


def test_a_widget_does_not_wait_for_the_end_of_the_page(chromium, address):
    """The last script of the page is held back, so that its end is not read."""
    page = chromium.new_page()
    held = []
    page.route("**/bootstrap.js*", lambda route: held.append(route))
    page.goto(f"{address}/book/08_gates.html", wait_until="commit")
    page.locator("[data-widget=Unrolled], [data-widget=Gates]").first.wait_for()
    assert page.evaluate("document.readyState") == "loading"
    held[0].continue_()
    page.wait_for_function("document.readyState !== 'loading'")
    page.close()


# A front end in which the script of one kind of widget does not run to its end.
BROKEN = """
self.attendWidgets = {};
Object.defineProperty(attendWidgets, 'unrolled', {
  get: () => () => { throw new Error('broken on purpose'); },
  set: () => {},
});
"""


def test_a_widget_that_fails_leaves_its_picture_and_the_others_alive(chromium, address):
    page = chromium.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(BROKEN)
    page.goto(f"{address}/book/08_gates.html")
    page.wait_for_function(MOUNTED)
    assert any("broken on purpose" in line for line in said)
    assert page.locator("[data-widget=Unrolled]").count() == 0
    picture = page.locator(".widget-place img").first
    picture.scroll_into_view_if_needed()
    assert picture.bounding_box()["height"] > 50
    gates = page.locator("[data-widget=Gates]").first
    before = gates.inner_html()
    gates.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    assert gates.inner_html() != before
    page.close()


def test_a_page_opened_from_the_disk_is_alive(chromium):
    """No server, no network: a copied folder will do. (The preloads of its fonts are refused there;
    the stylesheet brings them.)"""
    page = chromium.new_page()
    page.goto((SITE / "book" / "11_self_attention.html").as_uri())
    page.wait_for_function(MOUNTED)
    page.wait_for_function("document.fonts.check('16px KaTeX_Math')")
    widget = page.locator("[data-widget=AttentionHeatmap]").first
    before = widget.inner_html()
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(60)
    assert widget.inner_html() != before
    page.close()
