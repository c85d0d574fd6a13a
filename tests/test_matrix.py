"""The second environments: which versions are asked for, and that an error is an error."""

import re
import sys

import matrix
import nbformat
import pytest


def test_colab_has_its_own_versions_and_the_oldest_torch(monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    assert matrix.oldest("torch").count(".") == 2
    wanted = ["ipywidgets==7.7.1", "numpy==2.0.2", f"torch=={matrix.oldest('torch')}"]
    assert matrix.pins("colab") == wanted


def test_another_torch_can_be_asked_for(monkeypatch):
    monkeypatch.setenv("TORCH", "2.13.0")
    assert matrix.pins("colab")[-1] == "torch==2.13.0"


def test_other_pythons_keep_the_books_pins():
    pins = matrix.pins("python3.12")
    assert "torch==2.13.0" in pins and all(re.match(r"[\w.-]+==", pin) for pin in pins)


def test_each_python_of_the_range_has_its_environment():
    assert matrix.PYTHONS == ("python3.11", "python3.12", "python3.13", "python3.14")
    assert matrix.python_of(f"python3.{sys.version_info.minor}") == sys.executable


def test_an_environment_is_filled_with_its_pins_and_once(tmp_path, monkeypatch):
    """Torch is asked for at the pin of the environment, the rest under its limits; a second time
    finds it filled."""
    asked = []
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    monkeypatch.setattr(matrix, "pins", lambda name: ["numpy==2.0.2", "torch==2.3.0"])
    monkeypatch.setattr(matrix.install, "fill", lambda *asks: asked.append(asks) or 0)
    make = matrix.subprocess.run
    bare = lambda command, **options: make([*command, "--without-pip"], **options)  # noqa: E731
    monkeypatch.setattr(matrix.subprocess, "run", bare)
    inside = matrix.prepare("colab", sys.executable)
    assert inside == matrix.prepare("colab", sys.executable) and inside.exists()
    [(python, torch, option, limits, *rest)] = asked
    assert (python, torch, option) == (str(inside), "torch==2.3.0", "-c")
    assert matrix.Path(limits).read_text().split() == ["numpy==2.0.2", "torch==2.3.0"]
    assert rest == [*matrix.NEEDED, "-e", str(tmp_path)]


def test_a_python_that_is_not_there_is_said_to_be_missing(monkeypatch, capsys):
    monkeypatch.setattr(matrix.shutil, "which", lambda name: None)
    other = next(name for name in matrix.PYTHONS if not name.endswith(f".{sys.version_info.minor}"))
    monkeypatch.setenv("MATRIX", other)
    monkeypatch.setattr(sys, "argv", ["matrix.py"])
    assert matrix.main() == 1
    said = capsys.readouterr().out
    assert f"{other} is not installed here, so the chapters were NOT run" in said


def test_unknown_environments_are_refused(monkeypatch, capsys):
    monkeypatch.setenv("MATRIX", "python2.7")
    assert matrix.main() == 1
    assert "got ['python2.7']" in capsys.readouterr().out


@pytest.mark.parametrize("source, fault", [("x = 1", ""), ("1 / 0", "ZeroDivisionError")])
def test_a_chapter_that_fails_is_reported(tmp_path, source, fault):
    path = tmp_path / "chapter.ipynb"
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    found = matrix.ask(matrix.Path(sys.executable), matrix.RUN, path, tmp_path)
    assert found["fault"].startswith(fault) and bool(found["fault"]) == bool(fault)
