"""Chromium on the built pages: the server, the browser and its flags are those of the browser
tests."""

import functools
import http.server
import sys
import threading
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from benchmarks.table import ROOT

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from conftest import FLAGS, SITE, Quiet, find_chromium

__all__ = ["MOUNTED", "SITE", "browser_on"]
MOUNTED = "() => !document.querySelector('.widget-place:not(.mounted)')"  # every widget stands


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
