"""The repository's address: one command sets it, and buttons need it."""

import re
import subprocess
import sys

import nbformat
import pytest
import repository
import weave
import yaml

from conftest import ROOT

FORK = "https://github.com/someone/a-book"
# One page of the book's theme with the settings of its _config.yml, but for the address.
BUILD = """
import sys
from pathlib import Path
sys.path.insert(0, "tools")
import yaml
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
root, address = Path(sys.argv[1]), sys.argv[2]
config = yaml.safe_load(Path("_config.yml").read_text(encoding="utf8"))
config["repository"]["url"] = address
final = get_final_config(user_yaml=config, cli_config={"latex_individualpages": False})[0]
settings = {"html_theme_options": final["html_theme_options"], "html_theme": final["html_theme"]}
settings |= {"extensions": ["myst_nb", "sphinx_book_theme", "repository"], "root_doc": "chapter"}
folders = [str(root), None, str(root / "html"), str(root / "trees")]
Sphinx(*folders, "html", settings | {"nb_execution_mode": "off"}, status=None).build()
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """What a build with this address says, and the links of its page."""

    def build(address):
        root = tmp_path_factory.mktemp("book")
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title")])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, root / "chapter.ipynb")
        command = [sys.executable, "-W", "ignore", "-c", BUILD, str(root), address]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        page = (root / "html" / "chapter.html").read_text(encoding="utf8")
        return done.stdout + done.stderr, re.findall(r'href="(http[^"]+)"', page), page

    return build


def test_the_buttons_of_a_fork_lead_to_the_fork(built):
    said, links, page = built(FORK)
    assert FORK in links and f"{FORK}/edit/main/chapter.ipynb" in links
    assert any(link.startswith(f"{FORK}/issues/new") for link in links)
    assert (
        "https://colab.research.google.com/github/someone/a-book/blob/main/chapter.ipynb" in links
    )
    assert "https://mybinder.org/v2/gh/someone/a-book/main?urlpath=lab/tree/chapter.ipynb" in links
    assert "fa-rocket" in page and "address" not in said


def test_with_the_placeholder_no_button_leads_nowhere_and_one_line_says_so(built):
    said, links, page = built(repository.PLACEHOLDER)
    assert said.splitlines() == [repository.NONE]
    assert not [link for link in links if re.search("colab|binder|github.com/paying", link)]
    assert "fa-rocket" not in page and "source-buttons" not in page
    assert "chapter.ipynb" in page  # which can still be downloaded


@pytest.fixture
def house(tmp_path, monkeypatch):
    """The book's own _config.yml, and a chapter with its first cell alone."""
    (tmp_path / "book").mkdir()
    text = (ROOT / "_config.yml").read_text(encoding="utf8")
    (tmp_path / "_config.yml").write_text(text, encoding="utf8")
    cell = nbformat.v4.new_code_cell(weave.SETUP.partition("\n")[0])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "book" / "01_x.ipynb")
    monkeypatch.setattr(repository, "CONFIG", tmp_path / "_config.yml")
    monkeypatch.setattr(weave, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("given", [FORK, FORK + "/", FORK + ".git"])
def test_one_command_sets_the_address_and_weave_follows(house, monkeypatch, given):
    monkeypatch.setattr(sys, "argv", ["repository.py", given])
    before = (house / "_config.yml").read_text(encoding="utf8")
    assert repository.main() == 0
    after = (house / "_config.yml").read_text(encoding="utf8")
    assert yaml.safe_load(after)["repository"] == {"url": FORK, "branch": "main"}
    old = yaml.safe_load(before)["repository"]["url"]
    assert after == before.replace(f"url: {old}", f"url: {FORK}")
    monkeypatch.setattr(sys, "argv", ["weave.py"])
    assert weave.main() == 0
    notebook = nbformat.read(house / "book" / "01_x.ipynb", as_version=4)
    assert f'"attend @ git+{FORK}"' in notebook.cells[0].source


@pytest.mark.parametrize(
    "given", ["", "me/book", "https://github.com/me", "https://example.org/me/book", FORK + "/tree"]
)
def test_what_is_not_an_address_is_refused_in_one_line(house, monkeypatch, capsys, given):
    before = (house / "_config.yml").read_text(encoding="utf8")
    monkeypatch.setattr(sys, "argv", ["repository.py", given])
    assert repository.main() == 1
    assert capsys.readouterr().out == (
        f"repository: REPOSITORY must be https://github.com/NAME/BOOK, got {given!r}\n"
    )
    assert (house / "_config.yml").read_text(encoding="utf8") == before


def test_the_address_stands_in_the_configuration_and_in_woven_cells_alone():
    """So that one command can set it: whatever else named it would be left behind by a fork."""
    address = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["repository"]["url"]
    folders = [ROOT / name for name in ("book", "binder", "tools", "tests", "benchmarks")]
    files = [path for folder in folders for path in folder.rglob("*.*")]
    files += [*ROOT.glob("*.*"), *ROOT.glob(".github/*/*"), ROOT / "Makefile"]
    texts = {path: path.read_bytes() for path in files if path.is_file()}
    naming = {path for path, text in texts.items() if address.encode() in text}
    naming = {path for path in naming if ".ipynb_checkpoints" not in path.parts}
    chapters = set((ROOT / "book").glob("[0-9]*.ipynb"))
    assert naming - {ROOT / "tools" / "repository.py"} == {ROOT / "_config.yml", *chapters}
