"""axe-core on every built page, its folds open and its widgets used: no violation of any impact,
in light and dark, wide and narrow.

The library is pinned in axe.lock.json and comes from npm as the pages' scripts do
(tools/vendor.py), into _build/axe; no page loads it.
"""

import json

import pytest
from vendor import fetch, unpack

from conftest import ROOT, SITE
from test_pages import PAGES

LOCK = json.loads((ROOT / "tests" / "browser" / "axe.lock.json").read_text(encoding="utf8"))
EXTRA = ("genindex.html", "search.html")
# All rules run but for colours, which need the longest: those once in each theme, and once more
# on the narrow page without its code, whose colours do not depend on a page's width.
COLOURS = {"runOnly": ["color-contrast"]}
REST = {"rules": {"color-contrast": {"enabled": False}}}
# Open every fold and every table of numbers, and move every control of every widget.
USE = """() => {
  const send = (element, kind) => element.dispatchEvent(new Event(kind, { bubbles: true }));
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  for (const widget of document.querySelectorAll('[data-widget]')) {
    const start = widget.querySelector('[data-role=stage]') ?? widget;
    start.dispatchEvent(new KeyboardEvent('keydown', { key: 't', bubbles: true }));
    for (const input of widget.querySelectorAll('input[type=range]:not(:disabled)')) {
      input.stepUp();
      send(input, 'input');
    }
    for (const picker of widget.querySelectorAll('select')) {
      picker.selectedIndex = picker.length - 1;
      send(picker, 'change');
    }
    for (const box of widget.querySelectorAll('input[type=checkbox]:not(:disabled)')) box.click();
    for (const set of widget.querySelectorAll('fieldset')) {
      [...set.querySelectorAll('input')].at(-1).click();
    }
  }
}"""
# A page settles: its widgets have drawn, and the theme has given what scrolls a tab stop (it does
# so 300 ms after the last change).
DRAWN_MS = 400
STOPS_STAND = """() => [...document.querySelectorAll('pre, .cell_output > .output')].every(
  (e) => (e.tabIndex === 0) === (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight))
"""
# One exception, node by node: a header that is a formula has its words as MathML, which axe-core
# does not count as text and screen readers read.
RUN = """async ([context, options]) => {
  const always = { resultTypes: ['violations'], preload: false };
  const { violations } = await axe.run(context, { ...always, ...options });
  const formula = ({ target }) => document.querySelector(target.join(' ')).querySelector('math');
  const wrong = ({ id, nodes }) =>
    nodes.filter((node) => id !== 'empty-table-header' || !formula(node));
  return violations.flatMap(({ id, impact, nodes }) => wrong({ id, nodes }).map(
    ({ target, html, failureSummary }) =>
      `${id} (${impact}) ${target}: ${html.slice(0, 160)}: ${failureSummary}`));
}"""


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The library's text; fetched once for each version."""
    ((name, package),) = LOCK.items()
    folder = ROOT / "_build" / "axe" / package["version"]
    script = folder / name / "axe.min.js"
    if not script.is_file():
        unpack(name, package, fetch(name, package, tmp_path_factory.mktemp("npm")), folder)
    return script.read_text(encoding="utf8")


def settle(page):
    page.wait_for_timeout(DRAWN_MS)
    page.wait_for_function(STOPS_STAND, timeout=10_000)


def found(page, options, context=None):
    return page.evaluate(RUN, [context or {"include": ["html"]}, options])


@pytest.mark.parametrize("path", [*PAGES, *EXTRA])
def test_no_violation(visit, axe, path):
    page = visit(path)
    page.evaluate(USE)
    settle(page)
    page.evaluate(axe)
    faults = found(page, {})
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    settle(page)
    faults += found(page, COLOURS)
    page.set_viewport_size({"width": 360, "height": 900})
    settle(page)
    faults += found(page, REST)
    no_code = {"include": ["html"], "exclude": ["pre"]}
    faults += found(page, COLOURS, no_code)
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    settle(page)
    faults += found(page, COLOURS, no_code)
    assert not faults, "\n".join(dict.fromkeys(faults))


def test_axe_sees_what_is_wrong(visit, axe):
    """The check itself: a picture without words and grey on white are found."""
    page = visit("search.html")
    page.evaluate("""() => {
      const wrong = document.createElement('p');
      wrong.append(new Image(), 'hard to read');
      wrong.style = 'color: #aaa; background: #fff';
      document.querySelector('main').append(wrong);
    }""")
    page.evaluate(axe)
    rules = {fault.split()[0] for fault in found(page, {})}
    assert {"image-alt", "color-contrast"} <= rules


def test_no_page_loads_axe():
    assert not [path for path in SITE.rglob("*") if path.name.startswith("axe")]
