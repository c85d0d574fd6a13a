"""`make chapter`: refused in one line where it cannot be, and otherwise a chapter that stands."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import new_chapter
import pytest
import yaml

from conftest import ROOT

CHAPTERS = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
TOC = """\
parts:
  - caption: Functions
    chapters:
      - file: book/01_one
      - file: book/03_three
  - caption: Sequences
    chapters:
      - file: book/05_five
"""
PAGE = """\
<a href="../_static/exercises/01_one.ipynb" download>01</a> ·
<a href="../_static/exercises/03_three.ipynb" download>03</a>

| 1 · [01](01_one.ipynb) | a |
| 2 · [03](03_three.ipynb) | b |
| 3 · [the ledger](claims.md) | c |

| [01](01_one.ipynb) | say what | 01.1 |
| | say why | 01.2 |
| [03](03_three.ipynb) | say how | 03.1 |
"""


@pytest.mark.parametrize(
    "arguments, told",
    [
        (("", ""), "N must be a whole number from 1 to 99, got ''"),
        (("0", "new"), "N must be a whole number from 1 to 99, got '0'"),
        (("100", "new"), "N must be a whole number from 1 to 99, got '100'"),
        (("1.5", "new"), "N must be a whole number from 1 to 99, got '1.5'"),
        ((CHAPTERS[0][:2], "new"), f"N must be free, got 01, which is {CHAPTERS[0]}.ipynb"),
        (("1", "new"), f"N must be free, got 01, which is {CHAPTERS[0]}.ipynb"),
        (("99", ""), "NAME must be small letters, digits and _, as in multi_head, got ''"),
        (("99", "Name"), "got 'Name'"),
        (("99", "../name"), "got '../name'"),
        (("99", "lambda"), "got 'lambda'"),
        (("99", "decoding"), "NAME must be new, got 'decoding'"),
        (("99", "new", "two\nlines"), "TITLE must be one line"),
        (("99", "new", "", "a  b"), "PART must be one line"),
        (("99", "new", "", "Sequences"), "PART must be "),
    ],
)
def test_refused_before_anything_is_written(arguments, told, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["new_chapter.py", *arguments])
    monkeypatch.setattr(new_chapter.Path, "write_text", lambda *_, **__: pytest.fail("it writes"))
    assert new_chapter.main() == 1
    said = capsys.readouterr().out
    assert said.startswith("chapter: ") and told in said and said.count("\n") == 1


def files(text):
    return {p["caption"]: [e["file"] for e in p["chapters"]] for p in yaml.safe_load(text)["parts"]}


@pytest.mark.parametrize(
    "number, before, part, wanted",
    [
        ("02", "01_one", "", {"Functions": "one new three", "Sequences": "five"}),
        ("04", "03_three", "", {"Functions": "one three new", "Sequences": "five"}),
        ("04", "03_three", "Sequences", {"Functions": "one three", "Sequences": "new five"}),
        ("04", "03_three", "A: B", {"Functions": "one three", "A: B": "new", "Sequences": "five"}),
        (
            "06",
            "05_five",
            "Beyond",
            {"Functions": "one three", "Sequences": "five", "Beyond": "new"},
        ),
    ],
)
def test_a_chapter_enters_the_contents(number, before, part, wanted):
    text = new_chapter.contents(TOC, new_chapter.asked(number, "new", part=part), before)
    found = {
        caption: " ".join(name[8:] for name in names) for caption, names in files(text).items()
    }
    assert found == wanted and list(found) == list(wanted)


def test_a_new_part_does_not_cut_another_in_two():
    with pytest.raises(ValueError, match="PART must be 'Functions' between chapters of that part"):
        new_chapter.contents(TOC, new_chapter.asked("2", "new", part="Beyond"), "01_one")


def test_a_chapter_enters_the_lessons_and_moves_those_behind_it():
    text = new_chapter.teaching(PAGE, new_chapter.asked("2", "new"), "01_one")
    assert re.findall(r"exercises/(\w+)\.ipynb.*>(?: ·)?$", text, re.M) == [
        "01_one", "02_new", "03_three"
    ]  # fmt: skip
    assert re.findall(r"^\| (\d) · \[(.*?)\]", text, re.M) == [
        ("1", "01"), ("2", "02"), ("3", "03"), ("4", "the ledger")
    ]  # fmt: skip
    goals = [line[:12] for line in text.splitlines()[-5:]]
    assert goals == ["| [01](01_on", "| | say why ", "| [02](02_ne", "| | TODO(cha", "| [03](03_th"]


def test_a_list_without_the_chapter_before_is_named():
    with pytest.raises(ValueError, match=r"teaching\.md must have a hand-out"):
        new_chapter.teaching("", new_chapter.asked("2", "new"), "01_one")
    with pytest.raises(ValueError, match=r"index\.md must have a line"):
        new_chapter.after("", "^01: ", "02: New?", "index.md")


def test_a_new_chapter_stands_at_once(tmp_path):
    """In a copy of the book: woven, executed, clean, and within every rule of the house but the one
    that says what is left to write."""
    left_out = (".*", "_build", "vendor", "node_modules", "__pycache__")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(*left_out))
    number = f"{int(CHAPTERS[-1][:2]) + 1:02d}"
    stem, name = f"{number}_a_new_one", "a_new_one"
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "copy" / "book")}
    environment.pop("PYTEST_XDIST_WORKER", None)

    def run(*command):
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path / "copy", env=environment, capture_output=True, text=True,
        )  # fmt: skip

    made = run("tools/new_chapter.py", "--", number, name, "A new one", "Beyond")
    assert made.returncode == 0, made.stdout + made.stderr
    notebook = nbformat.read(tmp_path / "copy" / "book" / f"{stem}.ipynb", as_version=4)
    assert notebook.cells[0].source.startswith(f"# {number} · A new one\n")
    headings = re.findall(r"^## (.*)$", "\n".join(c.source for c in notebook.cells), re.MULTILINE)
    assert headings == [
        "By hand first", "The formula", "Is it right?", "Play with it", "The experiment",
        "What it cannot do", "What you now have", "Exercises", "Further reading",
    ]  # fmt: skip
    for tool in ("weave", "ledger", "references"):
        checked = run(f"tools/{tool}.py", "--check")
        assert checked.returncode == 0, checked.stdout
    code = re.findall(r"^chapter: (\S+\.(?:py|ipynb))$", made.stdout, re.MULTILINE)
    clean = run("-m", "ruff", "check", *code)
    assert clean.returncode == 0, clean.stdout
    tests = ("house", "teaching", "exercises")
    ours = f"{stem} or [{number}. or every_checker or teaching or left_to_write"
    judged = run("-m", "pytest", *(f"tests/test_{test}.py" for test in tests), "-k", ours)
    failed = re.findall(r"^FAILED \S+::(\w+)", judged.stdout, re.MULTILINE)
    assert failed == ["test_nothing_is_left_to_write"], judged.stdout[-2000:]
    assert int(re.search(r"(\d+) passed", judged.stdout)[1]) >= 40
    places = re.findall(r"^E +(\S+?)[:,].*TODO\(chapter\)", judged.stdout, re.MULTILINE)
    assert {f"book/{stem}.ipynb", "book/index.md", "book/teaching.md"} <= set(places)
    again = run("tools/new_chapter.py", "--", number, name)
    assert again.returncode == 1 and "N must be free" in again.stdout
