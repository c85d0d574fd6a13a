"""Visits to pages: what goes wrong there is noticed, and nothing is left behind for the next."""

import pytest

PAGE = "search.html"


def test_what_goes_wrong_is_noticed(visit):
    page = visit(PAGE, ours=False)
    page.evaluate("fetch('https://example.org/a').catch(() => 0)")
    page.evaluate("fetch('http://192.0.2.1/b').catch(() => 0)")
    page.evaluate("setTimeout(() => { throw new Error('on purpose'); })")
    page.evaluate("console.warn('said on purpose')")
    page.wait_for_timeout(200)
    noticed = "\n".join(visit.faults)
    for part in ("asked for https://example.org/a", "asked for http://192.0.2.1/b"):
        assert part in noticed
    assert "uncaught: on purpose" in noticed and "said on purpose" in noticed
    for _, tab in visit.taken:
        tab.faults.clear()


def test_the_network_is_closed(visit):
    page = visit(PAGE, ours=False)
    for address in ("https://example.org/", "http://192.0.2.1/"):
        assert page.evaluate(
            "url => fetch(url).then(() => 'there', () => 'not there')", address
        ) == ("not there")
    for _, tab in visit.taken:
        tab.faults.clear()


@pytest.mark.parametrize("turn", [1, 2])
def test_a_tab_is_as_new(visit, turn):
    """Twice the same: what the first visit leaves must not be there in the second."""
    page = visit(PAGE, width=500, ours=False)
    assert page.evaluate("[innerWidth, innerHeight, scrollY]") == [500, 900, 0]
    for question in ("(prefers-color-scheme: dark)", "(forced-colors: active)", "print"):
        assert not page.evaluate("asked => matchMedia(asked).matches", question)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("typeof window.mine") == "undefined"
    assert page.locator("main").evaluate("main => main.matches(':hover')") is False
    page.evaluate("window.mine = 1; localStorage.setItem('theme', 'dark'); scrollTo(0, 9)")
    page.emulate_media(color_scheme="dark", forced_colors="active")
    page.set_viewport_size({"width": 900, "height": 300})
    page.locator("main").hover()


def test_two_visits_of_a_test_have_tabs_of_their_own(visit):
    first, second = visit(PAGE, ours=False), visit(PAGE, ours=False)
    first.evaluate("window.mine = 1")
    assert second.evaluate("typeof window.mine") == "undefined"
    assert first.evaluate("window.mine") == 1
