"""The page for teachers says what is in the book: its sections, widgets, exercises and verdicts."""

import re

import nbformat
import pytest

from conftest import ROOT

BOOK = ROOT / "book"
PAGE = (BOOK / "teaching.md").read_text(encoding="utf8")
CHAPTERS = {path.name: nbformat.read(path, as_version=4) for path in sorted(BOOK.glob("*.ipynb"))}
HEADINGS = {
    name: set(re.findall(r"^#+ (.*)$", "\n".join(c.source for c in notebook.cells), re.MULTILINE))
    for name, notebook in CHAPTERS.items()
}
CODE = {
    name: "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for name, notebook in CHAPTERS.items()
}
WIDGETS = {  # a widget's output begins with its name
    name: {
        output.data["text/plain"].partition(":")[0]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    }
    for name, notebook in CHAPTERS.items()
}
EXERCISES = {n for code in CODE.values() for n in re.findall(r'check\("(\d\d\.\d)"', code)}
GOALS = PAGE.split("## Goals")[1].split("## What students believe")[0]


def rows(text):
    return [line for line in text.split("\n") if line.startswith("| ")]


LESSONS = [row for row in rows(PAGE.split("## Goals")[0]) if ".ipynb" in row]


@pytest.mark.parametrize("row", LESSONS, ids=lambda row: row[:14])
def test_a_lesson_names_what_its_chapters_hold(row):
    names = re.findall(r"\((\d\d_\w+\.ipynb)\)", row)
    for section in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", row):
        known = set.union(*(HEADINGS[name] for name in names))
        if section[0].isupper() or section.startswith('"'):  # words from a sentence are no section
            assert section in known, f"{names} have no section {section!r}"
    for widget in re.findall(r"`([A-Z]\w+)`", row):
        assert any(widget in WIDGETS[name] for name in names), f"no {widget} in {names}"
    for exercise in re.findall(r"\b\d\d\.\d\b", row):
        assert exercise in EXERCISES and exercise[:2] in {name[:2] for name in names}
    assert sum(map(int, re.findall(r"(\d+) min", row))) == 90


def test_seven_weeks_hold_every_chapter_and_every_exercise_once():
    plan = PAGE.split("## Seven weeks")[1].split("## Two days")[0]
    chapters = re.findall(r"\d+ · \[\d\d\]\((\d\d_\w+\.ipynb)\)", plan)
    assert chapters == list(CHAPTERS)
    assert sorted(re.findall(r"\b\d\d\.\d\b", plan)) == sorted(EXERCISES)


def test_every_exercise_tests_one_goal():
    assert sorted(re.findall(r"\b\d\d\.\d\b", GOALS)) == sorted(EXERCISES)


def test_goals_without_an_exercise_name_a_section_of_their_chapter():
    chapter = ""
    for row in rows(GOALS)[1:]:
        found = re.search(r"\((\d\d_\w+\.ipynb)\)", row)
        chapter = found[1] if found else chapter
        for section in re.findall(r"\*([^*]+)\*", row):
            assert section in HEADINGS[chapter]


def test_the_ledger_is_quoted_as_it_stands():
    """Every claim that does not hold is told, and every claim told stands in the right table."""
    ledger = dict(
        re.findall(r"^\| (\d+) \| .*? \| (.*?) \| ", (BOOK / "claims.md").read_text("utf8"), re.M)
    )
    wrong, conditional = PAGE.split("## What students believe")[1].split("**Holds, under")
    told = set(re.findall(r"^\| (\d+) \|", wrong, re.MULTILINE))
    assert told == {n for n, verdict in ledger.items() if verdict.startswith("does not hold")}
    for cell in re.findall(r"^\| ([\d, ]+) \|", conditional, re.MULTILINE):
        assert all(ledger[number].startswith("holds if") for number in cell.split(", "))
    for row in rows(PAGE.split("## What students believe")[1]):
        names = re.findall(r"\((\d\d_\w+\.ipynb)\), \*", row)
        for name, section in zip(names, re.findall(r"\.ipynb\), \*([^*]+)\*", row), strict=True):
            assert section in HEADINGS[name]


def test_every_copy_without_solutions_can_be_had():
    assert re.findall(r'href="\.\./_static/exercises/(\S+)" download', PAGE) == list(CHAPTERS)
