"""The chapters for handing out: every exercise, no solution."""

import exercises
import nbformat
import pytest

from conftest import ROOT

CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))


def tags(cell):
    return cell.metadata.get("tags", [])


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.name)
def test_solutions_are_gone_and_stubs_are_there(chapter):
    whole = nbformat.read(chapter, as_version=4)
    copy = exercises.without_solutions(nbformat.read(chapter, as_version=4))
    solutions = [cell for cell in whole.cells if "solution" in tags(cell)]
    assert len(solutions) >= 4
    text = "\n".join(cell.source for cell in copy.cells)
    assert not any("solution" in tags(cell) for cell in copy.cells)
    assert not any(cell.source in text for cell in solutions)
    assert len(copy.cells) == len(whole.cells) - len(solutions)
    stubs = [c for c in copy.cells if c.cell_type == "code" and "\ncheck(" in c.source]
    assert len(stubs) == len(solutions) and all("..." in stub.source for stub in stubs)
    assert exercises.FOLDED not in text


def test_the_copies_are_written_and_then_left_alone(tmp_path):
    written = exercises.write(tmp_path)
    assert [path.name for path in written] == [path.name for path in CHAPTERS]
    before = [path.stat().st_mtime_ns for path in written]
    assert [path.stat().st_mtime_ns for path in exercises.write(tmp_path)] == before
    nbformat.validate(nbformat.read(written[0], as_version=4))
