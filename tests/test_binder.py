"""What Binder installs is what pyproject.toml asks for, without CUDA."""

import os
import re

import install
import yaml

from conftest import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf8")
ENVIRONMENT = yaml.safe_load((ROOT / "binder" / "environment.yml").read_text(encoding="utf8"))


def wanted(name):
    return next(line for line in ENVIRONMENT["dependencies"] if re.match(rf"{name}\b", line))


def test_torch_is_the_build_for_processors_in_the_range_of_the_project():
    least = re.search(r'"torch(>=[\d.]+)"', PROJECT)[1]
    assert wanted("pytorch-cpu") == f"pytorch-cpu{least}"
    assert not any(re.match(r"(py)?torch\b(?!-cpu)|.*cuda", d) for d in ENVIRONMENT["dependencies"])


def test_python_is_one_that_the_project_admits():
    assert int(wanted("python").removeprefix("python=3.")) in install.pythons()


def test_the_rest_is_installed_from_the_project():
    """Nothing else is named, so pyproject.toml alone says what the book needs."""
    assert sorted(re.match(r"[\w-]+", line)[0] for line in ENVIRONMENT["dependencies"]) == [
        "pip",
        "python",
        "pytorch-cpu",
    ]
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK) and "pip install --no-cache-dir -e ." in script.read_text()
