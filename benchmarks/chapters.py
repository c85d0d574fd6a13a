"""How long each chapter takes to run, from a fresh kernel to its last cell."""

import time

import nbformat
from nbclient import NotebookClient

from benchmarks.table import ROOT


def rows():
    for chapter in sorted((ROOT / "book").glob("*.ipynb")):
        notebook = nbformat.read(chapter, as_version=4)
        resources = {"metadata": {"path": str(ROOT / "book")}}
        start = time.perf_counter()
        NotebookClient(notebook, timeout=600, resources=resources).execute()
        yield chapter.stem, f"{time.perf_counter() - start:.1f} s", "≤ 60 s"
