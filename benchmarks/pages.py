"""The built pages in Chromium: their weight, their first answer, and how fast a widget follows.

The server, the browser and its flags are those of the browser tests.
"""

import functools
import gzip
import http.server
import json
import statistics
import sys
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
from ipywidgets.embed import embed_data
from playwright.sync_api import sync_playwright

from attend.widgets import AttentionHeatmap
from benchmarks.table import ROOT

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from conftest import FLAGS, Quiet, find_chromium
from test_pages import PAGES

STATE = 'script[type="application/vnd.jupyter.widget-state+json"]'
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
  addEventListener('DOMContentLoaded', try_);
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


@contextmanager
def browser_on(folder):
    """Chromium, and the address of `folder` served on loopback."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
            yield browser, f"http://127.0.0.1:{server.server_port}"
            browser.close()
        server.shutdown()


def packed(body: bytes) -> int:
    """Bytes on the wire if the server compresses; fonts are compressed already."""
    return min(len(body), len(gzip.compress(body, 9)))


def weight(browser, address, path):
    """(all bytes, script bytes, requests, requests to elsewhere) of one page, compressed."""
    page = browser.new_page()
    answers = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(f"{address}/{path}", wait_until="networkidle")
    loaded = [answer for answer in answers if answer.ok and answer.url.startswith("http")]
    sizes = {answer.url: packed(answer.body()) for answer in loaded}
    scripts = sum(size for url, size in sizes.items() if urlsplit(url).path.endswith(".js"))
    foreign = sum(urlsplit(url).hostname != "127.0.0.1" for url in sizes)
    page.close()
    return sum(sizes.values()), scripts, len(sizes), foreign


def first_answer(browser, address, path) -> float | None:
    """Seconds until the first widget with a stage answers a key, on a slowed processor."""
    page = browser.new_page()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    page.add_init_script(FIRST_ANSWER)
    page.goto(f"{address}/{path}", wait_until="load")
    widgets = page.locator(STATE).count()
    milliseconds = page.evaluate("window.firstAnswer") if widgets else None
    page.close()
    return milliseconds and milliseconds / 1000


def page_rows():
    with browser_on(ROOT / "_build" / "html") as (browser, address):
        for path in PAGES:
            total, scripts, requests, foreign = weight(browser, address, path)
            yield (
                path,
                f"{total / 1e3:.0f} kB",
                f"gzipped, {requests} requests, {foreign} to elsewhere",
            )
            yield "  of it script", f"{scripts / 1e3:.0f} kB", "≤ 1300 kB"
            if (seconds := first_answer(browser, address, path)) is not None:
                yield f"  first widget answers, CPU slowed {SLOWED}×", f"{seconds:.2f} s", "≤ 1.5 s"


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
    with browser_on(ROOT / "_build" / "html") as (browser, address):
        for path in PAGES:
            page = browser.new_page()
            page.add_init_script(FOLLOW)
            page.goto(f"{address}/{path}", wait_until="networkidle")
            if page.locator(STATE).count():
                page.wait_for_selector("[data-widget]")
            for widget in page.locator("[data-widget]").all():
                name = widget.get_attribute("data-widget")
                if name not in seen:
                    seen.add(name)
                    yield f"{name}, {path}", p50_p95(delays_of(page, widget)), AIM
            page.close()
