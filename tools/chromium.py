"""The browser that prints the book, measures and tests its pages, and the server of those pages.

Whoever tests or prints has Playwright; a build does without it, so it is imported when asked for.
"""

import functools
import http.server
import os
import shutil
import threading
from contextlib import contextmanager

CHROMIUM = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
MOUNTED = "() => !document.querySelector('.widget-place:not(.mounted)')"  # all widgets stand
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find_chromium() -> str | None:
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    return next(filter(None, map(shutil.which, (named, *CHROMIUM) if named else CHROMIUM)), None)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that does not tell about each."""

    def log_message(self, *arguments):
        pass


@contextmanager
def served(folder):
    """The address of `folder`, served on loopback."""
    handler = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def launched(*flags):
    """Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*FLAGS, *flags])
        yield browser
        browser.close()
