"""A few kilobytes of our own bring a page to life; any other ipywidget gets the full manager."""

import json

import pytest
from ipywidgets import IntSlider, Layout
from ipywidgets.embed import dependency_state, embed_data

from conftest import SITE

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
