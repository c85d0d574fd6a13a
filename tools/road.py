"""The road on the home page: every chapter of the table of contents, with its picture, its question
and how long it takes to read.

    ```{road}
    01: What do you write when you do not know the rule?
    ```

Only the questions stand on the home page. The parts come from _toc.yml, titles and minutes from the
chapters, the pictures from book/assets/road/. A chapter without a question, a question without a
chapter or a chapter without a picture is an error.
"""

import re
from html import escape
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "book" / "assets" / "road"
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def parts() -> dict[str, list[Path]]:
    """The chapters (those with a number) of each part of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    files = {
        part["caption"]: [entry["file"] for entry in part["chapters"]] for part in toc["parts"]
    }
    numbered = {
        caption: [ROOT / f"{name}.ipynb" for name in names if re.search(r"/\d\d_", name)]
        for caption, names in files.items()
    }
    return {caption: chapters for caption, chapters in numbered.items() if chapters}


def about(chapter: Path) -> tuple[str, int]:
    """(title, minutes of reading) as the chapter itself says."""
    text = "\n".join(
        cell.source
        for cell in nbformat.read(chapter, as_version=4).cells
        if cell.cell_type == "markdown"
    )
    title = re.search(r"^# \d\d · (.+)$", text, re.MULTILINE)
    minutes = re.search(r"Reading: about (\d+) minutes", text)
    if not title or not minutes:
        raise ValueError(f"{chapter.name} must say its title and how long it takes to read")
    return title[1], int(minutes[1])


class Measures(NamedTuple):
    """What a reader has before the exercises: words of prose, lines of code that are not folded,
    widgets."""

    words: int
    lines: int
    widgets: int

    @property
    def minutes(self) -> float:
        """200 words or 8 lines of code a minute, and 3 for each widget."""
        return self.words / 200 + self.lines / 8 + 3 * self.widgets


def before_exercises(notebook) -> list:
    """The cells of a notebook up to the heading of its exercises."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            before, heading, _ = f"\n{cell.source}".partition("\n## Exercises")
            if heading:
                return [*cells, nbformat.v4.new_markdown_cell(before.strip())]
        cells.append(cell)
    return cells


def is_visible(cell) -> bool:
    return not FOLDED & set(cell.metadata.get("tags", []))


def lines_of(cell) -> int:
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def is_widget(output) -> bool:
    """Whether an output is a widget's: a picture, and words that begin with the widget's name.
    A drawing has both too, and stands in the page as HTML."""
    data = output.get("data", {})
    pictured = "image/svg+xml" in data and "text/html" not in data
    return pictured and bool(re.match(r"[A-Z]\w+: ", data.get("text/plain", "")))


def measured(notebook) -> Measures:
    cells = before_exercises(notebook)
    code = [cell for cell in cells if cell.cell_type == "code"]
    return Measures(
        sum(len(re.findall(r"\w+", cell.source)) for cell in cells if cell.cell_type == "markdown"),
        sum(lines_of(cell) for cell in code if is_visible(cell)),
        sum(any(map(is_widget, cell.outputs)) for cell in code),
    )


def stop(chapter: Path, question: str) -> tuple[str, int]:
    """One chapter on the road, as HTML, and its minutes."""
    title, minutes = about(chapter)
    picture = (PICTURES / f"{chapter.stem}.svg").read_text(encoding="utf8")
    html = (
        f'<li class="road-stop">{picture}<div><a href="{chapter.stem}.html">'
        f'<span class="road-number">{chapter.stem[:2]}</span> {escape(title)}</a>'
        f'<p>{escape(question)} <span class="road-minutes">{minutes} min</span></p></div></li>'
    )
    return html, minutes


def road(questions: dict[str, str]) -> str:
    """The whole road as HTML."""
    parts_found, total = [], 0
    for caption, chapters in parts().items():
        stops = []
        for chapter in chapters:
            if chapter.stem[:2] not in questions:
                raise ValueError(f"the road has no question for {chapter.name}")
            html, minutes = stop(chapter, questions.pop(chapter.stem[:2]))
            stops.append(html)
            total += minutes
        parts_found.append(f'<h3>{escape(caption)}</h3><ol class="road-part">{"".join(stops)}</ol>')
    if questions:
        raise ValueError(f"the road has questions without a chapter: {', '.join(questions)}")
    length = f"<p>All of it takes about {round(total / 60)} hours to read.</p>"
    return f'<div class="road">{"".join(parts_found)}{length}</div>'


class Road(SphinxDirective):
    has_content = True

    def run(self):
        for path in [ROOT / "_toc.yml", *PICTURES.glob("*.svg")]:
            self.env.note_dependency(str(path))
        for chapters in parts().values():
            for chapter in chapters:
                self.env.note_dependency(str(chapter))
        lines = [line.partition(": ") for line in self.content if line.strip()]
        try:
            html = road({number.strip(): question.strip() for number, _, question in lines})
        except (ValueError, OSError) as error:
            raise self.error(str(error)) from error
        return [nodes.raw("", html, format="html")]


def setup(app):
    app.add_directive("road", Road)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
