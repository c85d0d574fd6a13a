"""Every kind of widget in the book, and the first page on which one stands."""

import functools

import nbformat

from attend import widgets
from attend.widgets.base import Widget
from conftest import ROOT

KINDS = [
    name
    for name, kind in vars(widgets).items()
    if isinstance(kind, type) and issubclass(kind, Widget) and kind is not Widget
]
CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))


def shown_in(chapter) -> str:
    """All that a chapter's outputs say in plain text; a widget says its name first."""
    cells = nbformat.read(chapter, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("data", {}).get("text/plain", "") for output in outputs)


# The words of a table's cells, row by row, in one question to the browser.
CELLS = (
    """rows => rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.innerText))"""
)


def rows_of(table) -> list[list[str]]:
    """What stands in a table's cells, less its headers; of all tables where there are more."""
    return table.locator("tbody tr").evaluate_all(CELLS)


@functools.cache
def pages() -> dict[str, str]:
    """kind → page; a kind that stands nowhere is missing."""
    texts = {chapter.stem: shown_in(chapter) for chapter in CHAPTERS}
    found = {}
    for kind in KINDS:
        on = [stem for stem, text in texts.items() if f"\n{kind}: " in f"\n{text}"]
        if on:
            found[kind] = f"book/{on[0]}.html"
    return found


def first_on(path) -> list[str]:
    """The kinds whose first page this is."""
    return [kind for kind, page in pages().items() if page == path]
