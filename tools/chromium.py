"""The browser that prints the book and tests its pages."""

import http.server
import os
import shutil

CHROMIUM = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def find_chromium() -> str | None:
    named = os.environ.get("PLAYWRIGHT_CHROMIUM")
    return next(filter(None, map(shutil.which, (named, *CHROMIUM) if named else CHROMIUM)), None)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that does not tell about each."""

    def log_message(self, *arguments):
        pass
