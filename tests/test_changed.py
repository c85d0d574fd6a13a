"""What make check takes: chapters by what they import, pages by what is on them, minutes."""

import subprocess

import changed
import nbformat
import pytest
from sphinx_external_toc.parsing import parse_toc_data

FILES = {
    "attend/__init__.py": "",
    "attend/checks/__init__.py": "",
    "attend/checks/numbers.py": "",
    "attend/layers.py": "def f():\n    from attend.checks.numbers import a\n",
    "attend/masks.py": "from attend import checks\n",
    "attend/widgets/__init__.py": "from attend.widgets.gates import Gates\n"
    "from attend.widgets.heads import Heads\n",
    "attend/widgets/base.py": "",
    "attend/widgets/gates.py": "from attend.widgets.base import Widget\n",
    "attend/widgets/heads.py": "from attend.widgets.base import Widget\nimport attend.layers\n",
    "attend/exercises/__init__.py": "from attend.exercises import first, second\n"
    "from attend.exercises.checking import check\n",
    "attend/exercises/checking.py": "",
    "attend/exercises/first.py": '@exercise("01.1")\ndef f(): ...\n',
    "attend/exercises/second.py": '@exercise("02.1")\ndef f(): ...\n',
    "attend/experiments/runs.py": "",
    "attend/experiments/runs.csv": "",
    "attend/experiments/other.csv": "",
    "words.md": "",
}
CHAPTERS = {
    "01_first": ["%pip install a\nfrom attend.widgets import Gates", 'read("other")'],
    "02_second": ["if a:\n    %pip install a", "from attend.exercises import check"],
    "03_third": ["import attend.layers as layers", "from attend.experiments.runs import a"],
    "04_fourth": ["from attend.widgets import Heads\nfrom attend.masks import causal"],
}


@pytest.fixture
def book(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / "book" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf8")
    for name, sources in CHAPTERS.items():
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book" / f"{name}.ipynb")
    return tmp_path / "book"


@pytest.mark.parametrize(
    "name, itself, through, looks, everywhere",
    [
        ("attend/checks/numbers.py", "", "03 04", "", ""),
        ("attend/layers.py", "", "03 04", "", ""),
        ("attend/masks.py", "", "04", "", ""),
        ("attend/widgets/gates.py", "", "01", "", ""),
        ("attend/widgets/gates.js", "", "", "01", ""),
        ("attend/widgets/common.js", "", "", "01 04", ""),
        ("attend/widgets/base.py", "", "01 04", "", ""),
        ("attend/exercises/checking.py", "", "02", "", ""),
        ("attend/exercises/first.py", "", "", "", ""),
        ("attend/exercises/second.py", "", "02", "", ""),
        ("attend/experiments/runs.csv", "", "03", "", ""),
        ("attend/experiments/other.csv", "", "01", "", ""),
        ("words.md", "", "", "words", ""),
        ("02_second.ipynb", "02", "", "", ""),
        ("assets/book.css", "", "", "", "book/assets/book.css"),
    ],
)
def test_a_change_is_followed(book, name, itself, through, looks, everywhere):
    found = changed.affected([f"book/{name}"], book)
    stems = [" ".join(path.stem.split("_")[0] for path in paths) for paths in found[:3]]
    assert (*stems, " ".join(found[3])) == (itself, through, looks, everywhere)


def test_what_touches_all_pages_is_left_to_make_test(book):
    names = ["tools/pages.py", "requirements.txt", "README.md", "tests/test_text.py"]
    assert changed.affected(names, book) == ([], [], [], ["tools/pages.py", "requirements.txt"])


def test_minutes_bound_what_only_imports_the_change(book, tmp_path, monkeypatch):
    monkeypatch.setattr(changed.chapters, "AT_ONCE", 2)
    (tmp_path / "seconds").mkdir()
    paths = {path.stem[:2]: path for path in sorted(book.glob("*.ipynb"))}
    for number, seconds in (("01", 500), ("02", 70), ("03", 90), ("04", 10)):
        (tmp_path / "seconds" / paths[number].stem).write_text(f"{seconds}")
    others = [paths["02"], paths["03"], paths["04"]]
    taken, left = changed.within_budget([], others, tmp_path)
    assert (taken, left) == ([paths["04"], paths["02"]], [paths["03"]])
    taken, left = changed.within_budget([paths["01"]], others, tmp_path)
    assert taken == [paths["01"]] and len(left) == 3


def test_changed_are_the_branch_the_working_tree_and_new_files(tmp_path, monkeypatch):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    def write(name, text):
        (tmp_path / name).write_text(text, encoding="utf8")

    monkeypatch.setattr(changed, "ROOT", tmp_path)
    git("init", "-b", "main")
    for name in ("one", "two", "three"):
        write(name, "1")
    git("add", ".")
    git("commit", "-m", "a")
    assert changed.changed_files() == []
    git("checkout", "-b", "branch")
    write("one", "2")
    git("commit", "-am", "b")
    write("two", "2")
    write("new é", "1")
    assert changed.changed_files() == ["new é", "one", "two"]


@pytest.mark.parametrize("names", [["book/a"], ["book/a", "book/b", "book/c"]])
def test_one_page_or_several_are_a_book(names):
    site = parse_toc_data(changed.contents(names))
    assert site.root.docname == names[0] and list(site) == names
