"""Every link and picture of the built pages leads somewhere, and every page can be reached."""

import functools
import itertools
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from conftest import SITE
from test_pages import PAGES

LOADED = {"img": "src", "script": "src", "link": "href", "source": "src", "iframe": "src"}


class Page(HTMLParser):
    """The anchors of a page, its links, and the files that it shows or loads."""

    def __init__(self, path: Path):
        super().__init__()
        self.anchors, self.links, self.files = {"", "top"}, [], []
        self.feed(path.read_text(encoding="utf8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if given.get(LOADED.get(tag)) and given.get("rel") not in ("search", "canonical"):
            self.files.append(given[LOADED[tag]])


@functools.cache
def pages() -> dict[str, Page]:
    found = {str(path.relative_to(SITE).as_posix()): path for path in SITE.rglob("*.html")}
    return {name: Page(path) for name, path in found.items() if not name.startswith("_")}


def inside(page: str, address: str) -> tuple[str, str] | None:
    """(file, anchor) of an address on a page; None if it leads out of the book."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    return unquote(urljoin(page, parts.path) if parts.path else page), unquote(parts.fragment)


def is_there(page: str, address: str) -> bool:
    target = inside(page, address)
    if target is None:
        return True
    name, anchor = target
    if name in pages():
        return anchor in pages()[name].anchors
    return (SITE / name).is_file()


def test_what_is_not_there_is_noticed():
    assert is_there(PAGES[1], f"../{PAGES[2]}#further-reading")
    assert not is_there(PAGES[1], f"../{PAGES[2]}#nowhere")
    assert not is_there(PAGES[1], "nowhere.html") and not is_there(PAGES[1], "../_static/no.png")


@pytest.mark.parametrize("kind, many", [("links", 2_000), ("files", 500)])
def test_every_link_and_every_file_of_a_page_is_there(kind, many):
    named = [(page, address) for page in pages() for address in getattr(pages()[page], kind)]
    missing = [f"{page}: {address}" for page, address in named if not is_there(page, address)]
    assert len(named) > many
    assert not missing, "\n".join(missing)


def test_every_page_is_reached_from_the_first():
    """By links alone, as a reader goes; index.html of the site sends there."""
    start = f'content="0;url={PAGES[0]}"'
    assert start in (SITE / "index.html").read_text(encoding="utf8").replace("; ", ";")
    reached, left = set(), [PAGES[0]]
    while left:
        page = left.pop()
        if page in pages() and page not in reached:
            reached.add(page)
            left += [inside(page, link)[0] for link in pages()[page].links if inside(page, link)]
    ours = {name for name in pages() if name.startswith("book/")}
    assert set(PAGES) <= ours and ours <= reached, ours - reached


def test_each_page_leads_to_its_neighbours():
    for before, after in itertools.pairwise(PAGES):
        assert after in {inside(before, link)[0] for link in arrows(before, "right-next")}, before
        assert before in {inside(after, link)[0] for link in arrows(after, "left-prev")}, after


def arrows(page: str, side: str) -> list[str]:
    """The links of a page that its arrow to one side bears."""
    found = []

    class Arrows(HTMLParser):
        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            if tag == "a" and side in (given.get("class") or ""):
                found.append(given["href"])

    Arrows().feed((SITE / page).read_text(encoding="utf8"))
    return found
