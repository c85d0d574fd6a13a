"""Each kind of widget where its page tests leave it out: at rest, on the smallest screens; and the
words of every picture. (Keyboard, numbers, listening: see test_pages.py.)"""

import re

import pytest
from bs4 import BeautifulSoup

import everyone
from conftest import SITE
from kinds import KINDS, first_on, pages
from test_pages import PAGES as ALL_PAGES

PAGES = pages()


def test_every_kind_stands_on_a_page():
    assert set(PAGES) == set(KINDS)


@pytest.mark.parametrize("path", sorted(set(PAGES.values())))
def test_nothing_moves_by_itself_where_motion_is_unwelcome(visit, subtests, path):
    page = visit(path, reduced_motion="reduce", script=everyone.RESTLESS)
    for kind in first_on(path):
        with subtests.test(kind):
            everyone.nothing_moves_by_itself_where_motion_is_unwelcome(
                page, everyone.first(page, kind)
            )


@pytest.mark.parametrize("path", sorted(set(PAGES.values())))
def test_on_the_smallest_screen_it_is_whole_and_follows_a_finger(visit, subtests, path):
    page = visit(path, width=320)
    for kind in first_on(path):
        for asked in (everyone.on_a_small_screen_it_is_whole, everyone.it_follows_a_finger):
            with subtests.test(f"{kind}: {asked.__name__}"):
                asked(page, everyone.first(page, kind))


@pytest.mark.parametrize("path", ALL_PAGES)
def test_every_picture_says_what_it_shows(path):
    article = BeautifulSoup((SITE / path).read_text(encoding="utf8"), "lxml").article
    for picture in article.find_all("img"):
        alt = picture.get("alt", "")
        assert len(alt) > 40, f"no words for {str(picture)[:120]}"
        assert not re.search(r"\.(svg|png)$|^(image|figure|picture)\b", alt, re.IGNORECASE)
    for drawing in article.find_all("svg"):
        if drawing.get("aria-hidden") or drawing.find_parent(attrs={"aria-hidden": "true"}):
            continue  # the root sign of a formula, whose words stand beside it
        words = drawing.get("aria-label") or (drawing.title and drawing.title.string) or ""
        assert len(words) >= 15 or drawing.get("aria-labelledby"), str(drawing)[:120]
