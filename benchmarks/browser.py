"""The built pages in Chromium, as the browser tests see them."""

import sys
from contextlib import contextmanager

from benchmarks.table import ROOT

sys.path.insert(0, str(ROOT / "tests" / "browser"))
sys.path.insert(0, str(ROOT / "tools"))
from chromium import MOUNTED, launched, served

__all__ = ["MOUNTED", "SITE", "browser_on"]

SITE = ROOT / "_build" / "html"


@contextmanager
def browser_on(folder):
    """Chromium, and the address of `folder` served on loopback."""
    with served(folder) as address, launched() as browser:
        yield browser, address
