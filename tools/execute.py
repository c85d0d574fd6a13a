"""Run the chapters and store their outputs as they are committed: everything in order, no widget
state, no stderr.

A widget's output keeps its sentence and its still picture; the live view is made anew wherever the
chapter runs.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

BOOK = Path(__file__).resolve().parent.parent / "book"
VIEW = "application/vnd.jupyter.widget-view+json"
# What a kernel says of its language, without what differs by machine: the version. nbconvert names
# and colours a script by it.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}


def execute(chapter: Path) -> None:
    notebook = nbformat.read(chapter, as_version=4)
    place = {"metadata": {"path": str(BOOK)}}
    NotebookClient(notebook, timeout=600, resources=place, coalesce_streams=True).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            for output in cell.outputs:
                output.get("data", {}).pop(VIEW, None)
    notebook.metadata = METADATA
    nbformat.write(notebook, chapter)


if __name__ == "__main__":
    for chapter in [Path(name).resolve() for name in sys.argv[1:]] or sorted(BOOK.glob("*.ipynb")):
        print(f"executing {chapter.name}")
        execute(chapter)
