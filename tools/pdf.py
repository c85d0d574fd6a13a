"""Print the built pages as one PDF, _build/paying-attention.pdf: a page break and a bookmark for
each chapter, page numbers throughout, and each widget as the still picture that its chapter stores.

Chromium prints (book/assets/print.css says how), pypdf puts the pages together.
"""

import base64
import io
import json
import sys
from pathlib import Path

import nbformat
import road
import yaml
from chromium import find_chromium, launched, served

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
OUT = ROOT / "_build" / "paying-attention.pdf"
VIEW = "application/vnd.jupyter.widget-view+json"

# Puts a picture in the place of each widget before any script of the page can mount it.
STAND_IN = """([type, pictures]) => {
  let next = 0;
  const replace = () => {
    for (const view of document.querySelectorAll('script[type="' + type + '"]')) {
      const picture = pictures[next++];
      if (picture === undefined) continue;
      const image = document.createElement("img");
      image.className = "attend-still";
      image.alt = picture.alt;
      image.src = picture.src;
      view.replaceWith(image);
    }
  };
  new MutationObserver(replace).observe(document, { childList: true, subtree: true });
}"""


def contents() -> list[str]:
    """The pages in the order of _toc.yml, the home page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    return [toc["root"], *(entry["file"] for part in toc["parts"] for entry in part["chapters"])]


def still_pictures(notebook) -> list[dict[str, str]]:
    """The stored pictures of a chapter's widgets, in order, as addresses that hold the picture."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if road.is_widget(output):
                data = output["data"]
                svg = base64.b64encode("".join(data["image/svg+xml"]).encode()).decode()
                alt = "".join(data["text/plain"])
                found.append({"alt": alt, "src": f"data:image/svg+xml;base64,{svg}"})
    return found


def print_page(browser, address: str, name: str, first: int) -> bytes:
    """One page of the book as a PDF whose pages are numbered from `first`."""
    page = browser.new_page()
    chapter = ROOT / f"{name}.ipynb"
    if chapter.is_file():
        pictures = still_pictures(nbformat.read(chapter, as_version=4))
        page.add_init_script(f"({STAND_IN})({json.dumps([VIEW, pictures])})")
    page.emulate_media(media="print", color_scheme="light")
    page.goto(f"{address}/{name}.html", wait_until="load", timeout=120_000)
    page.add_style_tag(content=f"html {{ counter-reset: page {first - 1} }}")
    page.evaluate(
        """async () => {
            for (const image of document.images) { image.loading = "eager"; }
            await window.MathJax?.startup?.promise;
            await document.fonts.ready;
            await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
        }"""
    )
    pdf = page.pdf(prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
    page.close()
    return pdf


def make(names: list[str], out: Path = OUT) -> int:
    """Print the pages and put them together; the number of pages on paper."""
    from pypdf import PdfReader, PdfWriter

    book = PdfWriter()
    with served(SITE) as address, launched() as browser:
        for name in names:
            pdf = print_page(browser, address, name, first=len(book.pages) + 1)
            book.append(PdfReader(io.BytesIO(pdf)), import_outline=True)
    book.add_metadata({"/Title": "Paying Attention", "/Author": "The Paying Attention authors"})
    book.page_mode = "/UseOutlines"
    for page in book.pages:
        page.compress_content_streams()
    book.compress_identical_objects()
    book.write(out)
    return len(book.pages)


def missing() -> str:
    """What is not there to print with, in words; empty if nothing is missing."""
    if find_chromium() is None:
        return "no Chromium was found: install it, or name it in PLAYWRIGHT_CHROMIUM"
    if not (SITE / "index.html").is_file():
        return "there are no built pages: run make html first"
    return ""


def main() -> int:
    if lacks := missing():
        print(f"pdf: {lacks}")
        return 1
    pages = make(sys.argv[1:] or contents())
    size = OUT.stat().st_size / 1e6
    print(f"pdf: {OUT.relative_to(ROOT)}, {pages} pages, {size:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
