"""What a widget costs for each event, without the wait for the screen's next frame.

From event to frame passes a wait of up to 16.7 ms, and the work. The work is the processor time of
the page's main thread: script, style, layout and paint, as Chromium counts it, however busy the
machine is with other things.
"""

import sys

import numpy as np

from benchmarks.pages import BETWEEN_MS, browser_on
from benchmarks.table import ROOT

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from kinds import pages

EVENTS = 60
AIM = "≤ 16.7 ms"


def spent(session) -> float:
    """Seconds of processor time of the page's tasks so far."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(each["value"] for each in metrics if each["name"] == "TaskDuration")


def per_event(page, session, act) -> float:
    """Milliseconds for each of EVENTS calls of `act(number)`."""
    page.wait_for_timeout(300)
    before = spent(session)
    for number in range(EVENTS):
        act(number)
        page.wait_for_timeout(BETWEEN_MS)
    return (spent(session) - before) * 1000 / EVENTS


def costs(page, widget) -> dict[str, float]:
    """Kind of event → milliseconds of work, for the kinds that the widget follows."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    stage = widget.locator("[data-role=stage]").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    places = np.random.default_rng(1).uniform(0.2, 0.9, (EVENTS, 2))

    def move(number):
        x, y = places[number]
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * y)

    def press(number):
        page.keyboard.press("ArrowRight" if number % 8 < 4 else "ArrowLeft")

    found = {"move": per_event(page, session, move)}
    for name, control in (
        ("key", "[data-role=stage][tabindex]"),
        ("slider", "input[type=range]:not(:disabled)"),
    ):
        if widget.locator(control).count():
            widget.locator(control).first.focus()
            found[name] = per_event(page, session, press)
    return found


def rows():
    """The first widget of each kind, on the page where it stands."""
    with browser_on(ROOT / "_build" / "html") as (browser, address):
        for kind, path in sorted(pages().items()):
            page = browser.new_page()
            page.goto(f"{address}/{path}", wait_until="load")
            widget = page.locator(f"[data-widget={kind}]").first
            widget.wait_for()
            found = costs(page, widget)
            yield kind, " / ".join(f"{name} {cost:.1f}" for name, cost in found.items()), AIM
            page.close()
