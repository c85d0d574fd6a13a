"""A cell with a verdict can be linked to, from any page: a small book, built by Sphinx."""

import subprocess
import sys

import execute
import nbformat
import pytest

from conftest import ROOT

BUILD = """
import sys
sys.path.insert(0, "tools")
from sphinx.application import Sphinx
root = sys.argv[1]
settings = {"extensions": ["myst_nb", "verdicts"], "root_doc": "ledger"}
settings |= {"nb_execution_mode": "off", "nb_merge_streams": True, "myst_heading_anchors": 3}
folders = [f"{root}/book", None, f"{root}/site/html", f"{root}/site/trees"]
Sphinx(*folders, "html", settings, status=None).build()
"""
LEDGER = """# Ledger

[there]({}), [and there](chapter.ipynb#claim-18), [a heading](chapter.ipynb#where)

```{{toctree}}
chapter
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A chapter whose second cell prints two verdicts and whose third mentions one of them again;
    returned is what builds it beside a page that links to an address: (what is said, page)."""
    root = tmp_path_factory.mktemp("root")
    (root / "book").mkdir()
    cells = [nbformat.v4.new_markdown_cell("# Title\n\n## Where")]
    for printed in ("one", "two\nClaim 17: so\n→ holds\n(proved)\nClaim 18: x\n", "Claim 17: so\n"):
        cell = nbformat.v4.new_code_cell(
            "f()", metadata={"tags": ["hide-input"]}, execution_count=1
        )
        cell.outputs = [nbformat.v4.new_output("stream", text=printed)]
        cells.append(cell)
    chapter = nbformat.v4.new_notebook(cells=cells, metadata=execute.METADATA)
    nbformat.write(chapter, root / "book" / "chapter.ipynb")

    def build(address):
        (root / "book" / "ledger.md").write_text(LEDGER.format(address), encoding="utf8")
        command = [sys.executable, "-W", "ignore", "-c", BUILD, str(root)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stderr, root / "site" / "html"

    return build


def test_a_link_to_a_verdict_leads_to_its_cell(book):
    said, pages = book("chapter.ipynb#claim-17")
    assert not said
    ledger = (pages / "ledger.html").read_text(encoding="utf8")
    for anchor in ("claim-17", "claim-18", "where"):
        assert f'href="chapter.html#{anchor}"' in ledger
    chapter = (pages / "chapter.html").read_text(encoding="utf8")
    before, _, cell = chapter.partition('id="claim-17"')
    assert chapter.count('id="claim-17"') == chapter.count('id="claim-18"') == 1
    assert before.rpartition("<div ")[2].startswith('class="cell ')
    assert "one" in before and "two\n" not in before and cell.index("two\n") < cell.index("Claim")


def test_it_is_found_where_only_the_other_page_is_read_again(book):
    book("chapter.ipynb#claim-17")
    said, pages = book("chapter.ipynb#claim-18")
    assert not said and (pages / "ledger.html").read_text("utf8").count("#claim-18") == 2


def test_a_verdict_that_is_not_there_is_missed(book):
    said, _ = book("chapter.ipynb#claim-19")
    assert "local id not found in doc 'chapter': 'claim-19'" in said
