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
    pins = matrix.pins("python3.10")
    assert "torch==2.13.0" in pins and all(re.match(r"[\w.-]+==", pin) for pin in pins)


def test_a_python_that_is_not_there_is_said_to_be_missing(monkeypatch, capsys):
    monkeypatch.setattr(matrix.shutil, "which", lambda name: None)
    monkeypatch.setenv("MATRIX", "python3.10")
    monkeypatch.setattr(sys, "argv", ["matrix.py"])
    assert matrix.main() == 1
    assert (
        "python3.10 is not installed here, so the chapters were NOT run" in capsys.readouterr().out
    )


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
