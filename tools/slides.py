"""Make a deck of each chapter, in _build/slides: nbconvert's reveal.js exporter over the chapter,
cut into slides by its headings.

A chapter is prose, and prose is no slide. So of a long paragraph the slide has the first sentences
and the speaker's notes have the whole. A heading begins a slide; what does not fit on one goes on
the next, below it; a widget has a slide to itself. Left out are the first cell, imports, cells
that neither show nor define nor assert anything, the code that draws a picture, solutions and the
further reading.

Tags on a cell overrule that: `slide` begins a slide at it, `subslide` one below, `fragment` shows
the cell at the next press of a key, `notes` moves it into the speaker's notes, `skip` leaves it
out.

Outputs and the widgets' state come from the run that built the pages (_build/.jupyter_cache);
where a chapter is not in there, its stored outputs and the widgets' still pictures do.
"""

import argparse
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from markdown_it import MarkdownIt
from nbconvert import SlidesExporter
from vendor import packages, vendor
from widget_files import lighten, stage

ROOT = Path(__file__).resolve().parent.parent
DECK = ROOT / "tools" / "deck"
LOCK = ROOT / "tools" / "slides.lock.json"
CACHE = ROOT / "_build" / ".jupyter_cache"
OUT = ROOT / "_build" / "slides"
VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"

LINES = 16.0  # what fits on a slide below its heading, in lines of text
LETTERS = 90  # … of about so many letters
WORDS = 45  # a paragraph of more is shown by its first sentences
LEFT_OUT = ("Further reading",)
ASIDE = re.compile(r"\*Reading: about |.*Solutions are folded below")  # of no use on a wall
EXERCISE = re.compile(r"\*\*\d\d\.\d\*\*")
SENTENCE = re.compile(r"(?<=[.?!:])[)\"”*]*(?=\s+[A-Z*(*`“\"$0-9])")


@dataclass
class Block:
    """One thing on a slide: a piece of Markdown or a code cell, and how high it stands."""

    cell: nbformat.NotebookNode
    lines: float
    place: str = ""  # "slide", "subslide", "fragment" or nothing: where there is room
    alone: bool = False  # nothing else on its slide
    notes: str = ""
    head: str = field(default="")  # the running head of a slide that this block begins


# --- Markdown ---


def pieces(source: str) -> list[tuple[str, str]]:
    """The blocks of a Markdown text, in order: (kind, text). Folded text is left out."""
    source = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    lines, found = source.split("\n"), []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.level == 0 and token.map and token.nesting != -1:
            text = "\n".join(lines[slice(*token.map)]).strip()
            found.append((token.type.removesuffix("_open"), text))
    return found


def balanced(text: str) -> bool:
    """Whether no formula, emphasis, code or bracket is left open at the end of the text."""
    plain = re.sub(r"`[^`]*`|\$[^$]*\$", "", text)
    return (
        "`" not in plain
        and "$" not in plain
        and plain.count("**") % 2 == 0
        and plain.replace("**", "").count("*") % 2 == 0
        and plain.count("(") == plain.count(")")
        and plain.count("[") == plain.count("]")
        and plain.count("“") == plain.count("”")
        and plain.count('"') % 2 == 0
    )


def shorten(text: str, words: int = WORDS) -> str:
    """The first sentences of a paragraph, about half of `words` at least; all of it if it is
    short."""
    if len(text.split()) <= words or "$$" in text:
        return text
    for end in (match.end() for match in SENTENCE.finditer(text)):
        head = text[:end]
        if len(head.split()) >= words // 2 and balanced(head):
            return head + " …"
    return text


def shorten_list(text: str) -> str:
    """A list with each of its items shortened."""
    items = re.split(r"\n(?=(?:[-*+]|\d+[.)])\s)", text)
    return "\n".join(shorten(item, words=30) for item in items)


def height(kind: str, text: str) -> float:
    rows = text.split("\n")
    if kind == "heading":
        return 0.0  # LINES counts without it
    if kind == "table":
        return 1.15 * (len(rows) - 1) + 0.5
    if kind == "fence":
        return 0.67 * len(rows) + 0.8
    formulas = text.count("$$") // 2
    return sum(-(-len(row) // LETTERS) or 1 for row in rows) + 0.5 + 1.5 * formulas


def of_markdown(cell, exercises: bool) -> list[Block]:
    """A Markdown cell as blocks. Exercises are not shortened: they are read to the end."""
    found = []
    for kind, text in pieces(cell.source):
        if kind == "paragraph" and ASIDE.match(text):
            continue
        shown = text
        if not exercises and kind == "paragraph":
            shown = shorten(text)
        elif not exercises and kind.endswith("list"):
            shown = shorten_list(text)
        shown = re.sub(r"\]\((\d\d_\w+)\.ipynb", r"](\1.html", shown)
        block = Block(nbformat.v4.new_markdown_cell(shown), height(kind, shown))
        block.notes = text if shown.endswith("…") or "…\n" in shown else ""
        if kind == "heading":
            level = len(text) - len(text.lstrip("#"))
            block.place = "slide" if level <= 2 else "subslide"
        elif exercises and EXERCISE.match(text):
            block.place = "subslide"
        found.append(block)
    return found


# --- code ---


def shows_picture(cell) -> bool:
    kinds = {kind for output in cell.outputs for kind in output.get("data", {})}
    return bool(kinds & {VIEW, "image/svg+xml", "image/png"})


def is_dull(cell) -> bool:
    """A cell that a class need not see: it shows nothing, defines nothing and asserts nothing."""
    if cell.source.startswith("# In Colab this fetches"):
        return True
    return not cell.outputs and not re.search(
        r"^\s*(def|class) |^# attend/|\bassert", cell.source, re.MULTILINE
    )


def of_code(cell) -> list[Block]:
    tags = cell.metadata.get("tags", [])
    if "solution" in tags or is_dull(cell):
        return []
    cell = deepcopy(cell)
    cell.metadata.pop("tags", None)
    if re.search(r"^check\(", cell.source, re.MULTILINE):
        cell.outputs = []  # "not attempted" goes without saying
    widget = shows_picture(cell) and "plt." not in cell.source
    if widget and len(cell.outputs) > 1:  # two widgets are two slides
        found = []
        for n, output in enumerate(cell.outputs):
            found += of_code(
                nbformat.from_dict(cell | {"outputs": [output], "id": f"{cell.id}-{n}"})
            )
        return found
    lines = 0.0
    if "hide-input" in tags or "remove-input" in tags or shows_picture(cell):
        cell.metadata.transient = {"remove_source": True}
    else:
        lines += 0.67 * (cell.source.count("\n") + 1) + 1.2
    alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/svg+xml" in data:
            output.metadata["alt"] = alt or data.get("text/plain", "")
        rows = output.get("text", data.get("text/plain", "")).count("\n") + 1
        lines += 11 if shows_picture(cell) or "text/html" in data else 0.67 * rows + 0.5
    return [Block(cell, lines, alone=widget)]


# --- slides ---


def blocks(notebook) -> list[Block]:
    """What is shown of a chapter, in order."""
    found, section = [], ""
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", []))
        if cell.cell_type == "markdown":
            parts = []
            for kind, text in pieces(cell.source):  # a cell may end one section and begin another
                if kind == "heading":
                    section = text.lstrip("# ")
                if section not in LEFT_OUT:
                    part = nbformat.v4.new_markdown_cell(text)
                    parts += of_markdown(part, section == "Exercises")
        else:
            parts = of_code(cell) if section not in LEFT_OUT else []
        if "skip" in tags:
            continue
        if "notes" in tags and found:
            found[-1].notes += "\n\n" + cell.source
            continue
        for place in ("slide", "subslide", "fragment"):
            if place in tags and parts:
                parts[0].place = place
        found += parts
    return found


def introduces(slides: list[list[Block]]) -> bool:
    """Whether the last thing on the last slide is a few words that belong to what follows."""
    if not slides or len(slides[0]) < 2:
        return False
    last = slides[0][-1]
    return last.cell.cell_type == "markdown" and not last.place and 0 < last.lines < 4


def paginate(found: list[Block]) -> list[list[Block]]:
    """The blocks, slide by slide: a new one where a block asks for it or has no room."""
    slides, used, head = [], 0.0, ""
    for block in found:
        heading = re.match(r"#{1,3} (.*)", block.cell.source)
        heading = heading if block.cell.cell_type == "markdown" else None
        full = used + block.lines > LINES or block.alone or (slides and slides[-1][-1].alone)
        begins = block.place in ("slide", "subslide")
        if slides and used == 0 and not heading:  # nothing but a heading stands there yet
            begins = full = False
        if block.place == "fragment" and slides:
            full = False
        if not slides or begins or full:
            block.place = block.place if begins else "subslide"
            block.head = "" if heading else head
            slides.append([])
            if block.alone and introduces(slides[-2:-1]):
                slides[-1].append(slides[-2].pop())
                slides[-1][0].place, slides[-1][0].head = block.place, block.head
                block.place = block.head = ""
            used = 0.0
        slides[-1].append(block)
        used += block.lines
        head = heading[1] if heading else head
    return slides


def cells(slides: list[list[Block]]) -> list[nbformat.NotebookNode]:
    """The slides as the cells that nbconvert's exporter understands."""
    found = []

    def add(cell, kind):
        cell.metadata["slideshow"] = {"slide_type": kind}
        found.append(cell)

    for slide in slides:
        place = slide[0].place
        if slide[0].head:
            add(nbformat.v4.new_markdown_cell(f"###### {slide[0].head}"), place)
            place = "-"
        for block in slide:
            add(block.cell, "fragment" if block.place == "fragment" else place)
            place = "-"
        notes = "\n\n".join(block.notes for block in slide if block.notes)
        if notes:
            add(nbformat.v4.new_markdown_cell(notes), "notes")
    return found


def executed(chapter: Path):
    """The chapter with the outputs and the widget state of the run that built the pages."""
    notebook = nbformat.read(chapter, as_version=4)
    if CACHE.is_dir():
        try:
            _, notebook = get_cache(CACHE).merge_match_into_notebook(notebook, cell_meta=())
        except KeyError:
            print(f"slides: {chapter.name} was not run by make html: its widgets are pictures")
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if VIEW in data and data[VIEW]["model_id"] not in models:
                del data[VIEW]
    return notebook


def title_of(notebook) -> str:
    return re.search(r"^# (.*)$", "\n".join(c.source for c in notebook.cells), re.MULTILINE)[1]


def deck(notebook) -> str:
    """The chapter as one page of HTML."""
    made = nbformat.v4.new_notebook(
        cells=cells(paginate(blocks(notebook))), metadata=deepcopy(notebook.metadata)
    )
    made.metadata["title"] = title_of(notebook)
    state = made.metadata.get("widgets", {}).get(STATE)
    modules = lighten(state) if state else []
    exporter = SlidesExporter(
        template_name="deck", extra_template_basedirs=[str(DECK.parent)], anchor_link_text=""
    )
    html, _ = exporter.from_notebook_node(made, resources={"widgets": modules})
    return html


def index(titles: dict[str, str]) -> str:
    """The page that lists the decks."""
    rows = "\n".join(f'<li><a href="{name}.html">{text}</a></li>' for name, text in titles.items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Paying Attention: the decks</title>
<link rel="icon" href="assets/favicon.svg">
<link rel="stylesheet" href="assets/deck.css">
</head>
<body class="decks">
<h1>Paying Attention: the decks</h1>
<p>One for each chapter. They need no network: copy this folder to where you teach.</p>
<ul>
{rows}
</ul>
<p><kbd>→</kbd> the next section, <kbd>↓</kbd> on within it, <kbd>Space</kbd> through everything in
order, <kbd>Esc</kbd> all slides at once, <kbd>F</kbd> the whole screen, <kbd>S</kbd> the speaker's
notes, where the paragraphs stand whole. In a widget the keys are the widget's; <kbd>Esc</kbd>
leaves it.</p>
</body>
</html>
"""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("chapters", nargs="*", type=Path, help="all, if none is named")
    chosen = arguments.parse_args().chapters or sorted((ROOT / "book").glob("*.ipynb"))
    try:
        vendor(LOCK, OUT / "npm")
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"slides: {error}; the decks need {' and '.join(packages(LOCK))} from npm")
        return 1
    assets = OUT / "assets"
    assets.mkdir(parents=True, exist_ok=True)
    book = ROOT / "book" / "assets"
    for file in (DECK / "deck.css", DECK / "deck.js", book / "widgets.js", book / "favicon.svg"):
        shutil.copy(file, assets)
    stage(assets / "widgets")
    titles = {}
    for chapter in chosen:
        notebook = executed(chapter)
        titles[chapter.stem] = title_of(notebook)
        (OUT / f"{chapter.stem}.html").write_text(deck(notebook), encoding="utf8")
    (OUT / "index.html").write_text(index(titles), encoding="utf8")
    print(f"slides: {len(titles)} decks, {OUT.relative_to(ROOT)}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
