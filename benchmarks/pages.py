"""The built pages in Chromium: their weight, their first answer, what moves while they come to
life, and how fast a widget follows.

A page that does not come within PATIENCE_MS is a row that says so, and the bench goes on.
"""

import gzip
import json
import statistics
from urllib.parse import unquote, urlsplit

import numpy as np
from ipywidgets.embed import embed_data
from playwright.sync_api import Error as PlaywrightError

from attend.widgets import AttentionHeatmap
from benchmarks.browser import MOUNTED, SITE, browser_on
from benchmarks.table import ROOT
from test_pages import PAGES, SHIFT  # found once benchmarks.browser has said where

STATE = 'script[type="application/vnd.jupyter.widget-state+json"]'
PATIENCE_MS = 30_000
AIM = "p95 ≤ 16.7 ms"
BETWEEN_MS = 23  # as a hand moves: no faster than the frames, and out of step with them
SLOWED = 4  # an old telephone beside this machine
# From the start of the navigation to the first frame in which a widget has answered: a key on its
# stage, or else a step of its first slider.
FIRST_ANSWER = """
window.firstAnswer = new Promise((resolve) => {
  const try_ = () => {
    const widget = document.querySelector('[data-widget]');
    const stage = widget?.querySelector('[data-role=stage][tabindex]');
    const slider = widget?.querySelector('input[type=range]');
    const before = widget?.innerHTML;
    if (stage) stage.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowDown', bubbles: true}));
    else if (slider) {
      slider.stepUp();
      slider.dispatchEvent(new Event('input', {bubbles: true}));
    }
    requestAnimationFrame(() => {
      if (widget && widget.innerHTML !== before) resolve(performance.now());
      else try_();
    });
  };
  try_();
  setTimeout(() => resolve(null), 30000);
});
"""
# For every pointer move and key: from the event's own time stamp to just after the frame it led to.
FOLLOW = """
window.delays = [];
for (const kind of ['pointermove', 'keydown']) {
  addEventListener(kind, (event) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.delays.push(performance.now() - event.timeStamp);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  }, {capture: true});
}
"""
PAGE = """<!doctype html><meta charset="utf-8"><title>bench</title><body style="width: 760px">
<script defer src="/html/_static/widgets.js"></script>
<script type="application/vnd.jupyter.widget-state+json">{state}</script>
<script type="application/vnd.jupyter.widget-view+json">{view}</script>
"""


def packed(body: bytes) -> int:
    """Bytes on the wire if the server compresses; fonts are compressed already."""
    return min(len(body), len(gzip.compress(body, 9)))


def weight(browser, address, path):
    """What one page loads: bytes in all, of scripts and of HTML, compressed; requests; those to
    elsewhere."""
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url)))
    page.goto(f"{address}/{path}", wait_until="load", timeout=PATIENCE_MS)
    page.wait_for_function(MOUNTED, timeout=PATIENCE_MS)
    page.close()
    asked = {url for url in asked if url.scheme.startswith("http")}
    ours = {url.path for url in asked if url.hostname == "127.0.0.1"}
    sizes = {name: packed((SITE / unquote(name).lstrip("/")).read_bytes()) for name in ours}
    scripts = sum(size for name, size in sizes.items() if name.endswith(".js"))
    html = sizes[f"/{path}"]
    return sum(sizes.values()), scripts, html, len(asked), sum(
        url.hostname != "127.0.0.1" for url in asked
    )  # fmt: skip


def first_answer(browser, address, path) -> tuple[float | None, float]:
    """On a slowed processor: seconds until the first widget answers, and how much has moved till
    all of them stand (cumulative layout shift)."""
    page = browser.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.add_init_script(FIRST_ANSWER)
    page.goto(f"{address}/{path}", wait_until="load", timeout=PATIENCE_MS)
    milliseconds = page.evaluate("window.firstAnswer") if page.locator(STATE).count() else None
    page.wait_for_function(MOUNTED, timeout=PATIENCE_MS)
    shift = page.evaluate(SHIFT)
    page.close()
    return milliseconds and milliseconds / 1000, shift


def page_rows():
    with browser_on(SITE) as (browser, address):
        for path in PAGES:
            try:
                total, scripts, html, requests, foreign = weight(browser, address, path)
                seconds, shift = first_answer(browser, address, path)
            except PlaywrightError as error:
                yield path, "not measured", str(error).splitlines()[0]
                continue
            yield path, f"{total / 1e3:.0f} kB", f"gzipped, {requests} requests"
            yield "  of it script", f"{scripts / 1e3:.0f} kB", "≤ 300 kB"
            yield "  of it HTML with the widgets' state", f"{html / 1e3:.0f} kB", ""
            yield "  requests to elsewhere", f"{foreign}", "0"
            if seconds is not None:
                yield f"  first widget answers, CPU slowed {SLOWED}×", f"{seconds:.2f} s", "≤ 1.5 s"
            yield f"  what moves meanwhile (CLS), CPU slowed {SLOWED}×", f"{shift:.3f}", "≤ 0.01"


def heatmap_page(size: int) -> str:
    """A page with nothing but one AttentionHeatmap of size × size, mounted as in the book."""
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 2, (size, size))
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    widget = AttentionHeatmap(weights, [f"word{i}" for i in range(size)])
    data = embed_data(views=[widget], drop_defaults=False)
    parts = {"state": data["manager_state"], "view": data["view_specs"][0]}
    return PAGE.format(
        **{key: json.dumps(part).replace("</", "<\\/") for key, part in parts.items()}
    )


def delays_of(page, widget, moves: int = 120) -> list[float]:
    """Move the pointer over a widget's stage and press arrow keys in it; the delays, sorted."""
    stage = widget.locator("[data-role=stage]").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.wait_for_timeout(500)  # the page has loaded and settled
    page.evaluate("window.delays = []")
    for x, y in np.random.default_rng(1).uniform(0.2, 0.9, (moves, 2)):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        page.wait_for_timeout(BETWEEN_MS)
    for control in ("[data-role=stage][tabindex]", "input[type=range]"):
        if widget.locator(control).count():
            widget.locator(control).first.focus()
            break
    for number in range(moves // 4):
        page.keyboard.press("ArrowRight" if number % 8 < 4 else "ArrowLeft")
        page.wait_for_timeout(BETWEEN_MS)
    page.wait_for_timeout(100)
    return sorted(page.evaluate("window.delays"))


def p50_p95(delays) -> str:
    return f"{statistics.median(delays):.1f} / {delays[int(len(delays) * 0.95)]:.1f} ms"


def size_rows():
    """The heat map alone on a page, by size."""
    folder = ROOT / "_build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    with browser_on(ROOT / "_build") as (browser, address):
        for size in (16, 64, 256):
            (folder / f"{size}.html").write_text(heatmap_page(size), encoding="utf8")
            page = browser.new_page()
            page.add_init_script(FOLLOW)
            page.goto(f"{address}/bench/{size}.html", wait_until="load")
            page.wait_for_selector("[data-role=stage]")
            measured = p50_p95(delays_of(page, page.locator("[data-widget]")))
            yield f"AttentionHeatmap, {size} × {size}", measured, AIM if size <= 64 else "usable"
            page.close()


def widget_rows():
    """The first widget of each kind, on the page where it stands."""
    seen = set()
    with browser_on(SITE) as (browser, address):
        for path in PAGES:
            page = browser.new_page()
            page.add_init_script(FOLLOW)
            page.goto(f"{address}/{path}", wait_until="load")
            page.wait_for_function(MOUNTED)
            for widget in page.locator("[data-widget]").all():
                name = widget.get_attribute("data-widget")
                if name not in seen:
                    seen.add(name)
                    yield f"{name}, {path}", p50_p95(delays_of(page, widget)), AIM
            page.close()
