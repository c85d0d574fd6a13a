"""A chapter on paper: numbered from where the one before it ended, widgets as pictures, and none of
the furniture of a page."""

import io

import nbformat
import pdf
from pypdf import PdfReader

from conftest import ROOT

NAME = "book/01_functions"


def test_a_chapter_on_paper(address, chromium):
    printed = PdfReader(io.BytesIO(pdf.print_page(chromium, address, NAME, first=41)))
    texts = [page.extract_text() for page in printed.pages]
    for number, text in enumerate(texts, start=41):
        assert text.split()[-1] == str(number) or text.split()[0] == str(number)
    titles = [item.title for item in printed.outline if not isinstance(item, list)]
    assert titles[0].startswith("01 · From functions to neurons")
    whole = " ".join("".join(texts).split())
    assert "On this page" not in whole and "Fit slopes" not in whole.replace("press Fit slopes", "")
    chapter = nbformat.read(ROOT / f"{NAME}.ipynb", as_version=4)
    for cell in chapter.cells:
        if "solution" in cell.metadata.get("tags", []):
            assert " ".join(cell.source.split()) not in whole
