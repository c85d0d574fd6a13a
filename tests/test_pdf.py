"""The printed book: pages in order, a picture for every widget, a word where something lacks."""

import re

import nbformat
import pdf
import pytest

from conftest import ROOT

CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))


def test_the_order_is_that_of_the_contents():
    names = pdf.contents()
    assert names[0] == "book/index" and "book/claims" in names
    assert [n for n in names if n[5].isdigit()] == [f"book/{path.stem}" for path in CHAPTERS]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.name)
def test_every_widget_has_its_still_picture(chapter):
    notebook = nbformat.read(chapter, as_version=4)
    pictures = pdf.still_pictures(notebook)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", []) if "data" in o]
    words = [o.data.get("text/plain", "") for o in outputs if "image/svg+xml" in o.data]
    widgets = [w for w in words if re.match(r"\w+: ", w) and not w.startswith("Drawing: ")]
    assert [p["alt"] for p in pictures] == widgets
    shows = any("attend.widgets import" in cell.source for cell in notebook.cells)
    assert bool(widgets) == shows
    assert all(p["alt"] and p["src"].startswith("data:image/svg+xml;base64,") for p in pictures)


def test_it_says_what_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pdf, "find_chromium", lambda: None)
    assert pdf.main() == 1
    assert "no Chromium was found" in capsys.readouterr().out
    monkeypatch.setattr(pdf, "find_chromium", lambda: "chromium")
    monkeypatch.setattr(pdf, "SITE", tmp_path)
    assert pdf.main() == 1
    assert "run make html first" in capsys.readouterr().out
