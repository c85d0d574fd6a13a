"""Write each chapter once more without its solutions, for handing out: _build/handouts/exercises.

The pages link to these copies (the download menu, book/teaching.md), so the build writes them too.
"""

import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import TagRemovePreprocessor
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
HANDOUTS = ROOT / "_build" / "handouts"  # what Sphinx copies into _static
FOLDED = "Solutions are folded below each one."
LEFT_OUT = "This copy comes without the solutions."


def without_solutions(notebook):
    """The notebook less the cells tagged `solution`, and less the sentence that points at them."""
    config = Config({"TagRemovePreprocessor": {"remove_cell_tags": {"solution"}}})
    notebook, _ = TagRemovePreprocessor(config=config, enabled=True).preprocess(notebook, {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = cell.source.replace(FOLDED, LEFT_OUT)
    return notebook


def write(folder: Path = HANDOUTS / "exercises") -> list[Path]:
    """Write all copies that differ from what stands there; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for chapter in sorted((ROOT / "book").glob("*.ipynb")):
        copy = folder / chapter.name
        text = nbformat.writes(without_solutions(nbformat.read(chapter, as_version=4))) + "\n"
        if not copy.is_file() or copy.read_text(encoding="utf8") != text:
            copy.write_text(text, encoding="utf8")
        written.append(copy)
    return written


def hand_out(app, config) -> None:
    """Sphinx: have the copies stand in the pages' static folder."""
    write()
    config.html_static_path.append(str(HANDOUTS))


def offer(app, pagename, templatename, context, doctree) -> None:
    """Sphinx: put the copy into the download menu of its chapter."""
    copy = HANDOUTS / "exercises" / f"{Path(pagename).name}.ipynb"
    menus = [b for b in context.get("header_buttons", []) if b.get("label") == "download-buttons"]
    if copy.is_file() and menus:
        place = menus[0]["buttons"][:1]
        menus[0]["buttons"][len(place) : len(place)] = [
            {
                "type": "link",
                "url": context["pathto"](f"_static/exercises/{copy.name}", 1),
                "text": ".ipynb, no solutions",
                "icon": "fas fa-pencil",
                "tooltip": "Download the chapter without the solutions",
                "label": "download-exercises-button",
            }
        ]


if __name__ == "__main__":
    copies = write()
    print(f"exercises: {len(copies)} chapters without solutions, in {copies[0].parent}")
    sys.exit(0)
