"""Running the chapters before the build: side by side, once, and with faults that say where."""

import subprocess
import sys

import chapters
import nbformat
import pytest
from jupyter_cache import get_cache

from conftest import ROOT


@pytest.fixture
def write(tmp_path):
    """write(name, *sources) → the path of a chapter whose code cells stand between words."""

    def write_it(name, *sources):
        new = nbformat.v4
        cells = [new.new_markdown_cell("words")]
        for source in sources:
            cells += [new.new_code_cell(source), new.new_markdown_cell("words")]
        path = tmp_path / f"{name}.ipynb"
        kernel = {"kernelspec": {"display_name": "", "language": "python", "name": "python3"}}
        nbformat.write(new.new_notebook(cells=cells, metadata=kernel), path)
        return path

    return write_it


def shown(path, build):
    """What the build would show: the outputs of the code cells, and the state of the widgets."""
    notebook = chapters.read(path)
    _, merged = get_cache(build / chapters.CACHE).merge_match_into_notebook(notebook)
    code = [cell for cell in merged.cells if cell.cell_type == "code"]
    outputs = [[output.get("text") for output in cell.outputs] for cell in code]
    states = merged.metadata.get("widgets", {}).values()
    return outputs, [name for state in states for name in state["state"]]


def test_chapters_run_once_and_a_fault_says_where(write, tmp_path, capsys):
    right = write("01_right", "a = 1", "print(a + 1)")
    wrong = write("02_wrong", "a = 1", "a / 0", "print('never')")
    faults = chapters.run_all([right, wrong], build=tmp_path)
    assert faults == ["02_wrong.ipynb, cell [2]: ZeroDivisionError: division by zero\n    a / 0"]
    assert shown(right, tmp_path) == ([[], ["2\n"]], [])
    cache = get_cache(tmp_path / chapters.CACHE)
    assert chapters.is_done(right, cache) and not chapters.is_done(wrong, cache)
    said = capsys.readouterr().out
    assert "s  01_right\n" in said and "s  02_wrong\n" in said
    write("01_right", "a = 1", "print(a + 2)")
    assert not chapters.is_done(right, cache)


PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
# A page

```{code-cell} ipython3
print(6 * 7)
```
"""


def test_a_page_of_words_with_code_in_it_runs_too(write, tmp_path):
    chapter = write("01_right", "a = 1")
    (tmp_path / "page.md").write_text(PAGE, encoding="utf8")
    (tmp_path / "words.md").write_text("# Words\n", encoding="utf8")
    page = tmp_path / "page.md"
    assert chapters.sources(tmp_path) == [chapter, page]
    assert chapters.run_all([page], build=tmp_path) == []
    assert chapters.is_done(page, get_cache(tmp_path / chapters.CACHE))
    assert shown(page, tmp_path) == ([["42\n"]], [])


def test_a_chapter_that_takes_too_long_is_named(write):
    chapter = write("03_slow", "import time", "time.sleep(60)")
    _, seconds, fault = chapters.run(chapter, timeout=1)
    assert fault == "03_slow.ipynb, cell [2]: ran for more than 1 s\n    time.sleep(60)"
    assert seconds < 30


def test_the_longest_begin_first(tmp_path):
    names = [tmp_path / f"{name}.ipynb" for name in ("01_a", "02_b", "03_c", "04_d")]
    assert chapters.longest_first(names, build=tmp_path) == names[::-1]
    (tmp_path / "seconds").mkdir()
    for stem, seconds in (("01_a", "100.5"), ("02_b", "20"), ("04_d", "9")):
        (tmp_path / "seconds" / stem).write_text(seconds)
    order = [path.stem for path in chapters.longest_first(names, build=tmp_path)]
    assert order == ["03_c", "01_a", "02_b", "04_d"]


def test_outputs_are_dropped_when_the_code_changes_and_only_then(tmp_path):
    package, build = tmp_path / "book" / "attend", tmp_path / "_build"
    package.mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    (package / "one.py").write_text("a = 1\n")
    first, dropped = chapters.forget_stale(tmp_path, build)
    assert not dropped
    (build / chapters.CACHE).mkdir()
    assert chapters.forget_stale(tmp_path, build) == (first, False)
    (package / "one.js").write_text("a")
    assert chapters.forget_stale(tmp_path, build) == (first, False)
    for path, text in ((package / "runs.csv", "1"), (tmp_path / "requirements.txt", "")):
        path.write_text(text)
        second, dropped = chapters.forget_stale(tmp_path, build)
        assert dropped and second != first and not (build / chapters.CACHE).exists()
        (build / chapters.CACHE).mkdir()
        first = second


WIDGET = "from ipywidgets import IntSlider\nIntSlider(7)"


def record(folder, *chapters):
    """pytest --nbval as make test runs it, in a tree of its own."""
    code = f"""
import pathlib, sys
sys.path[:0] = [{str(ROOT / "tests")!r}, {str(ROOT / "tools")!r}]
import chapters
store, build = chapters.store, pathlib.Path({str(folder)!r})
chapters.BUILD = build
chapters.store = lambda *arguments: store(*arguments, build=build)
chapters.forget_stale = lambda: None
chapters.longest_first.__defaults__ = (build,)
import pytest
names = sys.argv[1:]
sys.exit(pytest.main(["-p", "recording", "-q", "-s", "--nbval", "--rootdir", str(build), *names]))
"""
    command = [sys.executable, "-c", code, *map(str, chapters)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_what_nbval_gets_is_what_the_build_shows(write, tmp_path):
    """And a chapter of which a cell differs from what is stored is not taken."""
    right = write("01_right", "print('a')\nprint('b')", WIDGET, "del a")
    notebook = nbformat.read(right, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[0].outputs = [nbformat.v4.new_output("stream", text="a\nb\n")]
    text = {"text/plain": "IntSlider(value=7)"}
    code[1].outputs = [nbformat.v4.new_output("execute_result", text, execution_count=2)]
    code[2].source = "a = 2"
    for count, cell in enumerate(code, 1):
        cell.execution_count = count
    nbformat.write(notebook, right)
    code[0].outputs[0].text = "a\nc\n"
    wrong = tmp_path / "02_wrong.ipynb"
    code[2].source = "a = 3"
    nbformat.write(notebook, wrong)
    done = record(tmp_path, right, wrong)
    assert done.returncode == 1
    assert "1 failed, 5 passed" in done.stdout, done.stdout + done.stderr
    assert "s  01_right\n" in done.stdout
    cache = get_cache(tmp_path / chapters.CACHE)
    assert chapters.is_done(right, cache) and not chapters.is_done(wrong, cache)
    (first, _, last), states = shown(right, tmp_path)
    assert "".join(first) == "a\nb\n" and last == [] and len(states) == 3
