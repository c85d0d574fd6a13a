"""The decks in a browser: walked by key, with live widgets, from a server and from a disk."""

import pytest
from chromium import served

from conftest import ROOT
from everyone import answers_keys

DECKS = ROOT / "_build" / "slides"
WALK = ("01_functions", "11_self_attention")
ON_SCREEN = ".present > .present, section.present:not(:has(section))"


@pytest.fixture(scope="session")
def address():
    """Where the decks are served, on loopback."""
    assert (DECKS / "index.html").is_file(), "there are no decks: run make slides first"
    with served(DECKS) as address:
        yield address


def place(page):
    return page.evaluate("Object.values(Reveal.getIndices()).slice(0, 2)")


def keys_walk_the_deck(page):
    assert place(page) == [0, 0]
    page.keyboard.press("ArrowRight")
    assert place(page) == [1, 0]
    assert page.locator(f"{ON_SCREEN} >> h2").is_visible()
    page.keyboard.press("Space")
    assert place(page) != [1, 0]


def widgets_answer_in_the_deck(page):
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('[data-widget]')].map((widget) =>
            Object.values(Reveal.getIndices(widget.closest('section'))).slice(0, 2))"""
    )
    assert wanted, "no widget is alive in this deck"
    for number, (across, down) in enumerate(wanted):
        page.evaluate(f"Reveal.slide({across}, {down})")
        widget = page.locator("[data-widget]").nth(number)
        assert widget.bounding_box()["height"] > 50
        assert answers_keys(page, widget)
        assert place(page) == [across, down], "a key meant for the widget moved the deck"


def slides_fit_the_wall(page):
    """At 1280 × 720 next to nothing is wider than the screen or much higher; long code scrolls."""
    page.set_viewport_size({"width": 1280, "height": 720})
    sizes = page.evaluate(
        """() => Reveal.getSlides().map((slide) => {
            Reveal.slide(...Object.values(Reveal.getIndices(slide)).slice(0, 2));
            const code = slide.querySelectorAll('.highlight, [data-widget]').length > 0;
            return [slide.scrollHeight / 720, slide.scrollWidth > slide.clientWidth, code];
        })"""
    )
    assert len(sizes) > 30
    assert not any(wide for _, wide, _ in sizes)
    assert all(high <= 1.1 for high, _, code in sizes if not code)
    assert sum(high > 1.02 for high, _, _ in sizes) <= len(sizes) / 10


def mathematics_is_set(page):
    page.wait_for_selector("mjx-container", state="attached", timeout=15_000)
    assert page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("name", WALK)
def test_a_deck(visit, subtests, name):
    page = visit(f"{name}.html")
    page.wait_for_function("Reveal.isReady()")
    for asked in (
        keys_walk_the_deck,
        mathematics_is_set,
        slides_fit_the_wall,
        widgets_answer_in_the_deck,
    ):
        with subtests.test(asked.__name__):
            asked(page)


def test_a_deck_is_alive_from_a_disk(chromium):
    """No server, no network: the file opened by a double click."""
    page = chromium.new_page()
    faults = []
    page.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((DECKS / "11_self_attention.html").as_uri())
    page.wait_for_selector("[data-widget]", state="attached", timeout=30_000)
    page.wait_for_selector("mjx-container", state="attached", timeout=30_000)
    page.close()
    assert not faults


def test_every_deck_is_on_the_list(visit):
    page = visit("index.html")
    links = page.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert sorted(links) == sorted(path.name for path in DECKS.glob("[0-9]*.html"))
    assert len(links) == len(list((ROOT / "book").glob("*.ipynb")))
