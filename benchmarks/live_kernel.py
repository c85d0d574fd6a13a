"""The usual way to put a slider into a notebook, timed beside the book's: `interact` and matplotlib
in JupyterLab, where each step goes to a kernel and comes back as a picture.

Both draw the same: the sinusoidal code of 64 positions as a map, for the width the slider says.
The clock runs from the key's own time stamp to just after the frame that shows the answer.
"""

import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nbformat
from playwright.sync_api import Error as PlaywrightError

from benchmarks.browser import SITE, browser_on
from benchmarks.pages import FOLLOW, p50_p95

STEPS = 20
CELL = """
import matplotlib.pyplot as plt
from ipywidgets import interact

from attend.positions import sinusoidal


@interact(d_model=(8, 128, 2))
def draw(d_model=64):
    plt.figure(figsize=(7, 3))
    plt.imshow(sinusoidal(64, d_model).T, aspect="auto")
    plt.show()
"""
# From a key to just after the frame with another picture than before.
ANSWERS = """
window.delays = [];
const last = () => [...document.querySelectorAll('.jp-OutputArea-output img')].at(-1)?.src;
addEventListener('keydown', (event) => {
  const before = last();
  const look = async () => {
    const now = last();
    if (!now || now === before) return requestAnimationFrame(look);
    await [...document.querySelectorAll('.jp-OutputArea-output img')].at(-1).decode();
    const channel = new MessageChannel();
    channel.port1.onmessage = () => window.delays.push(performance.now() - event.timeStamp);
    requestAnimationFrame(() => channel.port2.postMessage(0));
  };
  look();
}, {capture: true});
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def jupyterlab(folder: Path):
    """A JupyterLab of its own on `folder`; hands back its address."""
    port = free_port()
    options = {
        "ip": "127.0.0.1", "port": port, "port_retries": 0, "open_browser": False, "token": "",
        "password": "", "root_dir": str(folder), "allow_root": True,
    }  # fmt: skip
    command = [sys.executable, "-m", "jupyterlab"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    settings = {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder),
    }
    server = subprocess.Popen(
        command,
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(120):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2).close()
                break
            if server.poll() is not None:
                raise OSError("JupyterLab did not start")
            time.sleep(0.5)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()


def press(page, steps: int, seconds: float) -> list[float]:
    """Press an arrow key `steps` times, each when the one before has been answered; the delays."""
    page.evaluate("window.delays = []")
    for number in range(steps):
        page.keyboard.press("ArrowRight" if number % 10 < 5 else "ArrowLeft")
        page.wait_for_function(
            "n => window.delays.length >= n", arg=number + 1, timeout=seconds * 1000
        )
        page.wait_for_timeout(120)
    return sorted(page.evaluate("window.delays"))


def through_a_kernel(browser) -> list[float]:
    with tempfile.TemporaryDirectory() as folder:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.strip())])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, Path(folder) / "usual.ipynb")
        with jupyterlab(Path(folder)) as address:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(ANSWERS)
            page.goto(f"{address}/doc/tree/usual.ipynb", wait_until="load", timeout=90_000)
            page.locator(".jp-CodeCell .cm-content").first.click(timeout=90_000)
            page.wait_for_timeout(3000)  # the kernel starts
            page.keyboard.press("Shift+Enter")
            page.locator(".jp-OutputArea-output img").wait_for(timeout=90_000)
            page.locator(".noUi-handle").first.focus()
            press(page, 3, 60)  # the first steps are slower: not counted
            delays = press(page, STEPS, 60)
            page.close()
    return delays


def in_the_page(browser, address) -> list[float]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(FOLLOW)
    page.goto(f"{address}/book/13_position.html", wait_until="load")
    slider = page.locator("[data-widget=PositionalEncoding] input[type=range]").first
    slider.wait_for()
    slider.focus()
    page.wait_for_timeout(1000)
    press(page, 3, 30)
    delays = press(page, STEPS, 30)
    page.close()
    return delays


def rows():
    with browser_on(SITE) as (browser, address):
        ours = in_the_page(browser, address)
        yield "PositionalEncoding, in the page", p50_p95(ours), "p95 ≤ 16.7 ms"
        try:
            usual = through_a_kernel(browser)
        except (OSError, PlaywrightError) as error:
            yield "interact + matplotlib, through a live kernel", "not measured", str(error)[:60]
            return
        yield "interact + matplotlib, through a live kernel", p50_p95(usual), "the usual way"
        times = statistics.median(usual) / statistics.median(ours)
        yield "the usual way takes", f"{times:.0f} times as long", "at the median"
