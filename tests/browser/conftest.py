"""The built pages in a real browser, with the network closed.

`visit("book/11_self_attention.html", width=360, theme="dark")` opens a page and hands back
Playwright's Page once its widgets stand (`ours=False`: they are not the book's, or no script may
run); `script` runs before the page's own, further options are those of Playwright's new_context.
`page_of(widget, …)` makes a page for `visit` that the book does not have.
When the test ends, a message in the console, an uncaught error or a request to any other machine
than this one fails it.
"""

import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from ipywidgets.embed import dependency_state, embed_data

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from chromium import MOUNTED, find_chromium, launched, served  # noqa: E402

SITE = ROOT / "_build" / "html"
# Ajv, inside the full widget manager, remarks on its own schema; nothing of ours.
KNOWN = ("strict mode: use allowUnionTypes",)
# A page made for a test: its head, and one widget's place as tools/places.py writes it.
MADE_HEAD = """<!doctype html><html lang="en" data-mode="light" data-theme="light">
<meta charset="utf-8"><title>some widgets</title>
<link rel="stylesheet" href="_static/icons.css"><link rel="stylesheet" href="_static/places.css">
<body>
<script async src="_static/widgets.js" data-require="npm/requirejs/require.js"
  data-manager="npm/@jupyter-widgets/html-manager" data-anywidget="npm/anywidget/dist/index"
  data-cdn="https://cdn.invalid/"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
"""
MADE_PLACE = """<div class="widget-place">
<script type="application/vnd.jupyter.widget-view+json">{view}</script>
<noscript><img alt="a still picture" src="_static/favicon.svg" height="60"></noscript></div>
"""
WIDGETS_WANTED = """() => document.querySelectorAll(
    'script[type="application/vnd.jupyter.widget-view+json"]').length"""


def pytest_collection_modifyitems(config, items):
    """Without a browser these tests are skipped, loudly; in CI that is a failure."""
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
    with launched() as browser:
        yield browser


@pytest.fixture
def visit(address, chromium):
    """Open a page at a width and in a theme; see above."""
    contexts, faults = [], []

    def on_request(route):
        url = urlsplit(route.request.url)
        if url.hostname == "127.0.0.1" or url.scheme in ("data", "blob"):
            route.continue_()
        else:
            faults.append(f"asked for {route.request.url}")
            route.abort()

    def on_console(message):
        if message.type in ("error", "warning") and not message.text.startswith(KNOWN):
            faults.append(f"console {message.type}: {message.text}")

    def open_page(path, width=1280, theme="light", ours=True, script="", **options):
        options |= {"viewport": {"width": width, "height": 900}, "has_touch": width < 500}
        context = chromium.new_context(color_scheme=theme, **options)
        contexts.append(context)
        context.add_init_script(script)
        choose = "localStorage.setItem('mode', '{0}'); localStorage.setItem('theme', '{0}')"
        context.add_init_script(choose.format(theme))
        context.route("**/*", on_request)
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: faults.append(f"uncaught: {error}"))
        page.goto(f"{address}/{path}", wait_until="load")
        if ours:
            page.wait_for_function(
                "n => document.querySelectorAll('[data-widget]').length >= n",
                arg=page.evaluate(WIDGETS_WANTED),
                timeout=30_000,
            )
            page.wait_for_function(MOUNTED)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, "\n".join(faults)


@pytest.fixture
def page_of(address):
    """page_of(widget, …) writes a page that shows them, each in its place; `also` are models that
    belong to it and are not shown, such as a link."""
    path = SITE / f"made_{os.getpid()}.html"

    def write(*views, also=(), change=lambda state: None):
        alone = dependency_state([*views, *also], drop_defaults=False)  # not all others' tests made
        data = embed_data(views=views, drop_defaults=False, state=alone)
        change(data["manager_state"]["state"])
        state = json.dumps(data["manager_state"]).replace("</", "<\\/")
        places = [MADE_PLACE.format(view=json.dumps(view)) for view in data["view_specs"]]
        path.write_text(MADE_HEAD.format(state=state) + "".join(places), encoding="utf8")
        return path.name

    yield write
    path.unlink(missing_ok=True)
