"""A chapter on paper: numbered from where the one before it ended, widgets as pictures, and none of
the furniture of a page."""

import base64
import io
from xml.etree import ElementTree

import nbformat
import pdf
from pypdf import PdfReader

from conftest import ROOT

NAME = "book/01_functions"


def words_of(source: str) -> list[str]:
    """What is written in a still picture, without blanks."""
    svg = ElementTree.fromstring(base64.b64decode(source.partition(",")[2]))
    written = ("".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    return ["".join(words.split()) for words in written]


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
    squeezed = "".join(whole.split())
    for picture in pdf.still_pictures(chapter):
        words = words_of(picture["src"])
        assert words and all(word in squeezed for word in words), picture["alt"]
    for cell in chapter.cells:
        if "solution" in cell.metadata.get("tags", []):
            assert " ".join(cell.source.split()) not in whole
