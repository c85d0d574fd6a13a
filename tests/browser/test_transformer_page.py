"""Chapter 16's page: the drawing leads to chapters, and every map can be read."""

import re

import numpy as np

from kinds import rows_of

CHAPTER = "book/16_transformer.html"


def shares(widget):
    """The sums of the rows of the widget's table of numbers."""
    return np.array(rows_of(widget.locator(".attend-numbers")), dtype=float).sum(axis=1)


def test_the_drawing_names_and_links_chapters(visit):
    page = visit(CHAPTER)
    links = page.locator("svg[role=group] a").all()
    assert len(links) == 16
    for link in links:
        target, text = link.get_attribute("href"), link.text_content()
        assert re.fullmatch(r"\d\d_\w+\.html", target)
        assert target[:2] == text.split("·")[1].strip()[:2]


def test_every_layer_and_head_can_be_read(visit):
    page = visit(CHAPTER)
    widgets = page.locator("[data-widget=AttentionHeatmap]")
    assert widgets.count() == 4
    widget = widgets.last  # the decoder at the source
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    layers, heads = widget.locator("select").all()
    seen = set()
    for layer in "01":
        for head in "0123":
            layers.select_option(index=int(layer))
            heads.select_option(index=int(head))
            page.wait_for_timeout(60)
            np.testing.assert_allclose(shares(widget), 1, atol=1e-3)
            seen.add(widget.locator(".attend-numbers tbody").inner_text())
    assert len(seen) == 8  # each map is another


def test_the_decoder_writes_by_keyboard(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Decoder]").first
    widget.scroll_into_view_if_needed()
    first = widget.locator("[data-role=word]").inner_text()
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert widget.locator("[data-role=word]").inner_text() != first


def test_the_drawing_and_the_table_fit_a_phone(visit):
    page = visit(CHAPTER, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
