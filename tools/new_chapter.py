"""Begin a chapter: `make chapter N=18 NAME=pretraining` (TITLE="Pre-training" PART="Beyond" if the
title is not the name, or the chapter opens a part or goes into another one than its neighbour's).

Writes, from skeleton/, the notebook with its sections, the checkers of its exercises, the slips on
which these are tried and the picture for the road; adds a line to every list of chapters: _toc.yml,
the road of index.md, and in teaching.md the hand-outs, the lessons and the goals; and runs the
notebook. All of it passes the tests at once, but for the one that names what is left to write: each
place is marked TODO(chapter). Every argument is looked at before anything is written.
"""

import argparse
import json
import keyword
import re
import sys
from pathlib import Path
from string import Template
from typing import NamedTuple

import execute
import nbformat
import weave
import yaml

ROOT = Path(__file__).resolve().parent.parent
SKELETON = Path(__file__).resolve().parent / "skeleton"
FENCE = re.compile(r"^```python ?(.*)\n((?:.*\n)*?)```\n", re.MULTILINE)


class Chapter(NamedTuple):
    number: str  # as in 03
    name: str
    title: str
    part: str | None  # its heading in the table of contents; None: that of the chapter before

    @property
    def stem(self) -> str:
        return f"{self.number}_{self.name}"


def asked(number: str, name: str, title: str = "", part: str = "") -> Chapter:
    """The chapter that the arguments ask for; ValueError where there can be none."""
    if not re.fullmatch(r"[1-9]\d?|0[1-9]", number):
        raise ValueError(f"N must be a whole number from 1 to 99, got {number!r}")
    number = number.zfill(2)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(
            f"NAME must be small letters, digits and _, as in multi_head, got {name!r}"
        )
    title = title or name.replace("_", " ").capitalize()
    for argument, value in (("TITLE", title), ("PART", part)):
        if value != " ".join(value.split()):
            raise ValueError(f"{argument} must be one line with single spaces, got {value!r}")
    return Chapter(number, name, title, part or None)


def fitting(chapter: Chapter) -> None:
    """ValueError unless the number and the files of the chapter are still free."""
    for taken in (ROOT / "book").glob(f"{chapter.number}_*.ipynb"):
        raise ValueError(f"N must be free, got {chapter.number}, which is {taken.name}")
    for path in files(chapter):
        if path.exists():
            raise ValueError(f"NAME must be new, got {chapter.name!r}: {path.relative_to(ROOT)}")


def filled(file: str, chapter: Chapter) -> str:
    text = (SKELETON / file).read_text(encoding="utf8")
    return Template(text).substitute(number=chapter.number, title=chapter.title)


def files(chapter: Chapter) -> dict[Path, str]:
    """The chapter's own files but for the notebook, and from what they are made."""
    return {
        ROOT / "book" / "attend" / "exercises" / f"{chapter.name}.py": "checkers.py",
        ROOT / "tests" / "slips" / f"{chapter.name}.py": "slips.py",
        ROOT / "book" / "assets" / "road" / f"{chapter.stem}.svg": "picture.svg",
    }


def notebook(text: str) -> nbformat.NotebookNode:
    """Markdown with blocks of Python as a notebook; the words after ```python are a cell's tags."""
    cells, end = [], 0
    for block in FENCE.finditer(text):
        cells.append(nbformat.v4.new_markdown_cell(text[end : block.start()].strip()))
        cells.append(nbformat.v4.new_code_cell(block[2].strip()))
        if block[1]:
            cells[-1].metadata["tags"] = block[1].split()
        end = block.end()
    cells.append(nbformat.v4.new_markdown_cell(text[end:].strip()))
    return nbformat.v4.new_notebook(cells=[cell for cell in cells if cell.source])


def after(text: str, pattern: str, added: str, what: str) -> str:
    """The text with lines put in below the last line that fits the pattern."""
    found = list(re.finditer(pattern, text, re.MULTILINE))
    if not found:
        raise ValueError(f"{what} must have a line for the chapter before, got none")
    return text[: found[-1].end()] + "\n" + added + text[found[-1].end() :]


def contents(text: str, chapter: Chapter, before: str) -> str:
    """_toc.yml with the chapter: below the one before it, in a part that is begun for it, or at the
    head of the next part."""
    parts = {
        p["caption"]: [e["file"] for e in p["chapters"]] for p in yaml.safe_load(text)["parts"]
    }
    home = next(caption for caption, names in parts.items() if f"book/{before}" in names)
    entry, wanted = f"      - file: book/{chapter.stem}", chapter.part
    if wanted in (None, home):
        return after(text, rf"^      - file: book/{before}$", entry, "_toc.yml")
    following = list(parts)[list(parts).index(home) + 1 :][:1]
    if parts[home][-1] != f"book/{before}" or (wanted in parts and [wanted] != following):
        raise ValueError(f"PART must be {home!r} between chapters of that part, got {wanted!r}")
    if wanted in parts:
        head = rf"^  - caption: [\"']?{re.escape(wanted)}[\"']?\n    chapters:$"
        return after(text, head, entry, "_toc.yml")
    caption = json.dumps(wanted, ensure_ascii=False) if ":" in wanted or "#" in wanted else wanted
    head = f"  - caption: {caption}\n    chapters:\n"
    return after(text, rf"^      - file: book/{before}$", head + entry, "_toc.yml")


def teaching(text: str, chapter: Chapter, before: str) -> str:
    """teaching.md with the chapter's hand-out, its lesson, which moves those after it, and its
    goals."""
    n, link = chapter.number, f"[{chapter.number}]({chapter.stem}.ipynb)"
    old = rf"\[{before[:2]}\]\({before}\.ipynb\)"
    handout = '<a href="../_static/exercises/{}.ipynb" download>{}</a>'
    one, two = handout.format(before, before[:2]), handout.format(chapter.stem, n)
    if one not in text:
        raise ValueError("teaching.md must have a hand-out of the chapter before, got none")
    text = text.replace(one, f"{one} ·\n{two}")
    lesson = re.search(rf"^\| (\d+) · {old} \|.*$", text, re.MULTILINE)
    if not lesson:
        raise ValueError("teaching.md must have a lesson for the chapter before, got none")
    head, tail = text[: lesson.end()], text[lesson.end() :]
    tail = re.sub(r"^\| (\d+) · \[", lambda m: f"| {int(m[1]) + 1} · [", tail, flags=re.MULTILINE)
    row = (
        f"\n| {int(lesson[1]) + 1} · {link} | 20 min: *By hand first*, TODO(chapter) | 20 min: "
        f"*Play with it* | 25 min: *Is it right?*; *The experiment* | 25 min: {n}.1, {n}.2 | "
        f"{n}.3, {n}.4 |"
    )
    goals = (
        f"| {link} | TODO(chapter): what one can do, in a sentence each | {n}.1, {n}.2 |\n"
        f"| | TODO(chapter) | {n}.3, {n}.4 |"
    )
    return after(head + row + tail, rf"^\| {old} \|.*(?:\n\| \|.*)*$", goals, "teaching.md")


def lists(chapter: Chapter) -> dict[Path, str]:
    """Every list of chapters with this one in it: {path: text}."""
    before = max(
        path.stem for path in (ROOT / "book").glob("*.ipynb") if path.stem < chapter.number
    )
    toc, index, page = (ROOT / p for p in ("_toc.yml", "book/index.md", "book/teaching.md"))
    question = f"{chapter.number}: What does this chapter answer? TODO(chapter)?"
    return {
        toc: contents(toc.read_text("utf8"), chapter, before),
        index: after(index.read_text("utf8"), rf"^{before[:2]}: .*$", question, "index.md"),
        page: teaching(page.read_text("utf8"), chapter, before),
    }


def begin(chapter: Chapter) -> list[Path]:
    """Write all that a chapter needs to stand, and run it. Returns what was written."""
    fitting(chapter)
    texts = {path: filled(file, chapter) for path, file in files(chapter).items()}
    texts |= lists(chapter)
    whole = notebook(filled("chapter.md", chapter))
    for path, text in texts.items():
        path.write_text(text, encoding="utf8")
    path = ROOT / "book" / f"{chapter.stem}.ipynb"
    nbformat.write(whole, path)
    nbformat.write(weave.weave(path)[0], path)
    execute.execute(path)
    return [path, *texts]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("number", "name", "title", "part"):
        arguments.add_argument(name, nargs="?", default="")
    given = arguments.parse_args()
    try:
        written = begin(asked(given.number, given.name, given.title, given.part))
    except ValueError as error:
        print(f"chapter: {error} (make chapter N=18 NAME=pretraining)")
        return 1
    for path in written:
        print(f"chapter: {path.relative_to(ROOT)}")
    print("chapter: make unit names what is left to write, each place marked TODO(chapter)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
