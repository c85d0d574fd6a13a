"""The built pages in a real browser, with the network closed.

`visit("book/11_self_attention.html", width=360, theme="dark")` opens a page and hands back
Playwright's Page once its widgets stand (`ours=False`: they are not the book's, or no script may
run); `script` runs before the page's own, further options are those of Playwright's new_context.
`page_of(widget, …)` makes a page for `visit` that the book does not have.
When the test ends, a message in the console, an uncaught error or a request to any other machine
than this one fails it.

A new tab costs more than most pages (1.1 of 1.9 s), so tabs are used again: the page is another
document then, but it finds what all pages share in the browser's cache. `fresh=True` comes as a
first reader does, with nothing in the cache.
"""

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from ipywidgets.embed import dependency_state, embed_data

pytest.register_assert_rewrite("everyone")
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from chromium import MOUNTED, find_chromium, launched, served  # noqa: E402

SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
# Ajv, inside the full widget manager, remarks on its own schema; nothing of ours. And the browser
# asks for an icon where a page made for a test names none.
KNOWN = ("strict mode: use allowUnionTypes",)
# A page made for a test: its head, and one widget's place as tools/places.py writes it.
MADE_HEAD = """<!doctype html><html lang="en" data-mode="light" data-theme="light">
<meta charset="utf-8"><title>some widgets</title>
<link rel="stylesheet" href="_static/icons.css"><link rel="stylesheet" href="_static/places.css">
<script async src="_static/widgets.js" data-require="npm/requirejs/require.js"
  data-manager="npm/@jupyter-widgets/html-manager" data-anywidget="npm/anywidget/dist/index"
  data-cdn="https://cdn.invalid/"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<body>
"""
MADE_PLACE = """<div class="widget-place">
<script type="application/vnd.jupyter.widget-view+json">{view}</script>
<noscript><img alt="a still picture" src="_static/favicon.svg" height="60"></noscript></div>
"""
WIDGETS_WANTED = """() => document.querySelectorAll(
    'script[type="application/vnd.jupyter.widget-view+json"]').length"""


def pytest_addoption(parser):
    parser.addoption("--pages", default="", help="of the book's pages only these: a.html,b.html")


def page_about(item) -> str | None:
    """The page that a test is about: its parameter, or the one that its file is about."""
    given = getattr(item, "callspec", None)
    named = given and (given.params.get("path") or given.params.get("name"))
    about = [getattr(item.module, name, None) for name in ("CHAPTER", "PAGE")]
    return next((name for name in (named, *about) if name and name.startswith("book/")), None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """The pages asked for. Without a browser these tests are skipped, loudly; in CI that is a
    failure."""
    pages = config.getoption("--pages").replace(".html", "").split(",")
    if pages != [""]:
        wanted = [(page_about(item) or "").removesuffix(".html") in pages for item in items]
        config.hook.pytest_deselected(
            items=[item for item, kept in zip(items, wanted, strict=True) if not kept]
        )
        items[:] = [item for item, kept in zip(items, wanted, strict=True) if kept]
    if not items or find_chromium():
        return
    line = (
        "NO CHROMIUM FOUND: the browser tests did not run (install it or set PLAYWRIGHT_CHROMIUM)"
    )
    if os.environ.get("CI") == "true":
        pytest.exit(line, returncode=1)
    config.get_terminal_writer().line(f"\n{'!' * 20} {line} {'!' * 20}", red=True, bold=True)
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=line))


@pytest.fixture(scope="session")
def address():
    """Where the built book is served, on loopback."""
    assert (SITE / "index.html").is_file(), "there are no built pages: run make html first"
    with served(SITE) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    """A browser that finds no other machine than this one."""
    with launched("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1") as browser:
        yield browser


class Tab:
    """A tab in a context of its own, and what went wrong on the page that it shows."""

    def __init__(self, browser, theme, script, options):
        self.faults, self.theme, self.options = [], theme, options
        self.context = browser.new_context(color_scheme=theme, **options)
        self.context.add_init_script(script)
        choose = "localStorage.setItem('mode', '{0}'); localStorage.setItem('theme', '{0}')"
        self.context.add_init_script(choose.format(theme))
        self.context.on("request", self.on_request)
        self.page = self.context.new_page()
        self.page.on("console", self.on_console)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))

    def on_request(self, request):
        url = urlsplit(request.url)
        if url.hostname != "127.0.0.1" and url.scheme not in ("data", "blob"):
            self.faults.append(f"asked for {request.url}")

    def on_console(self, message):
        known = message.text.startswith(KNOWN) or message.location["url"].endswith("/favicon.ico")
        if message.type in ("error", "warning") and not known:
            self.faults.append(f"console {message.type}: {message.text}")

    def clear(self, width):
        """An empty page, as a new tab has it."""
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)
        self.page.emulate_media(
            media="screen",
            color_scheme=self.theme,
            reduced_motion=self.options.get("reduced_motion", "no-preference"),
            forced_colors=self.options.get("forced_colors", "none"),
        )
        self.page.set_viewport_size({"width": width, "height": 900})
        self.faults.clear()


@pytest.fixture(scope="session")
def tabs():
    """Tabs to be used again: what they were made with → those that are free."""
    return defaultdict(list)


class Visit:
    """What the fixture `visit` hands out; see above."""

    def __init__(self, address, browser, free):
        self.address, self.browser, self.free = address, browser, free
        self.taken = []  # (the list to give the tab back to, tab)

    def take(self, theme, script, fresh, options) -> Tab:
        key = theme, script, str(sorted(options.items()))
        free = [] if fresh else self.free[key]
        tab = free.pop() if free else Tab(self.browser, theme, script, options)
        self.taken.append((None if fresh else free, tab))
        return tab

    def __call__(
        self, path, width=1280, theme="light", ours=True, script="", fresh=False, **options
    ):
        tab = self.take(theme, script, fresh, {"has_touch": width < 500, **options})
        tab.clear(width)
        page = tab.page
        page.goto(f"{self.address}/{path}", wait_until="load")
        if ours:
            page.wait_for_function(
                "n => document.querySelectorAll('[data-widget]').length >= n",
                arg=page.evaluate(WIDGETS_WANTED),
                timeout=30_000,
            )
            page.wait_for_function(MOUNTED)
        return page

    @property
    def faults(self) -> list[str]:
        return [fault for _, tab in self.taken for fault in tab.faults]

    def give_back(self):
        for free, tab in self.taken:
            if free is None or tab.page.is_closed():
                tab.context.close()
            else:
                free.append(tab)


@pytest.fixture
def visit(address, chromium, tabs):
    """Open a page at a width and in a theme; see above."""
    visit = Visit(address, chromium, tabs)
    yield visit
    faults = visit.faults
    visit.give_back()
    assert not faults, "\n".join(faults)


@pytest.fixture
def page_of(address):
    """page_of(widget, …) writes a page that shows them, each in its place; `also` are models that
    belong to it and are not shown, such as a link."""
    made = []

    def write(*views, also=(), change=lambda state: None):
        alone = dependency_state([*views, *also], drop_defaults=False)  # not all others' tests made
        data = embed_data(views=views, drop_defaults=False, state=alone)
        change(data["manager_state"]["state"])
        state = json.dumps(data["manager_state"]).replace("</", "<\\/")
        places = [MADE_PLACE.format(view=json.dumps(view)) for view in data["view_specs"]]
        made.append(SITE / f"made_{uuid4()}.html")  # an address that no tab has in its cache
        made[-1].write_text(MADE_HEAD.format(state=state) + "".join(places), encoding="utf8")
        return made[-1].name

    yield write
    for path in made:
        path.unlink()
