"""Run the chapters in the other environments that readers have; outputs are not compared.

* `colab`: what Google Colab has had for long (ipywidgets 7.7.1, numpy 2.0), with the oldest torch
  that pyproject.toml admits. TORCH=2.13.0 in the environment asks for another torch, where the
  oldest has no build for the machine or for its Python.
* `python3.11` and those after it: each Python that pyproject.toml admits, with the pins of
  requirements.txt. Where such a Python is not installed, a line says so.

Each has its own folder, .venv-NAME, made at the first run. MATRIX=colab in the environment runs one
only; chapters may be named on the command line. Any error in any cell fails.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import install

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
COLAB = {"ipywidgets": "7.7.1", "numpy": "2.0.2"}
NEEDED = ("ipykernel", "nbclient", "nbformat")  # to run a notebook, besides what the book needs
SHOWN = ("ipywidgets", "numpy", "torch", "matplotlib", "anywidget")
PYTHONS = tuple(f"python3.{minor}" for minor in install.pythons())

# What the other environment's Python runs: one chapter, and a line of JSON about it.
RUN = """
import json, sys, time
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

chapter, folder = sys.argv[1:]
notebook = nbformat.read(chapter, as_version=4)
started, fault = time.time(), ""
try:
    NotebookClient(notebook, timeout=1800, resources={"metadata": {"path": folder}}).execute()
except CellExecutionError as error:
    fault = f"{error.ename}: {error.evalue}"
print(json.dumps({"seconds": time.time() - started, "fault": fault}))
"""
VERSIONS = """
import json, platform, sys
from importlib.metadata import version
print(json.dumps({"python": platform.python_version()} | {n: version(n) for n in sys.argv[1:]}))
"""


def oldest(package: str) -> str:
    """The lowest version that pyproject.toml admits, with three numbers."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf8")
    version = re.search(rf'"{package}>=([\d.]+)', text)[1]
    return ".".join([*version.split("."), "0", "0"][:3])


def pins(name: str) -> list[str]:
    """What pip must keep to in this environment."""
    if name == "colab":
        torch = os.environ.get("TORCH", oldest("torch"))
        return [f"{package}=={version}" for package, version in (COLAB | {"torch": torch}).items()]
    lines = (ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-e"))]


def python_of(name: str) -> str | None:
    """The interpreter to make the environment with; None where it does not run."""
    running = ("colab", f"python3.{sys.version_info.minor}")
    found = sys.executable if name in running else shutil.which(name)
    if found is None:
        return None
    works = subprocess.run([found, "-c", "import venv, ensurepip"], capture_output=True)
    return None if works.returncode else found


def prepare(name: str, python: str) -> Path:
    """The environment's own Python, made and filled unless it holds these pins already."""
    folder = ROOT / f".venv-{name}"
    inside = Path(install.python_of(str(folder)))
    wanted, stamp = pins(name), folder / "pins.txt"
    if inside.exists() and stamp.is_file() and stamp.read_text().split("\n") == wanted:
        return inside
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([python, "-m", "venv", folder], check=True)
    limits = folder / "limits.txt"
    limits.write_text("\n".join(wanted), encoding="utf8")
    torch = next(pin for pin in wanted if pin.startswith("torch=="))
    if install.fill(str(inside), torch, "-c", str(limits), *NEEDED, "-e", str(ROOT)):
        raise SystemExit(f"matrix: {folder.name} cannot be filled")
    stamp.write_text("\n".join(wanted))
    return inside


def ask(python: Path, script: str, *arguments) -> dict:
    """What the script prints as its last line, in the environment of `python`."""
    clean = os.environ | {
        "PYTHONPATH": str(BOOK),
        "TQDM_DISABLE": "1",
        "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    command = [str(python), "-W", "ignore", "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=clean, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-2000:])
        return {"seconds": 0.0, "fault": f"the run itself ended with {done.returncode}"}
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> int:
    chosen = os.environ.get("MATRIX", " ".join(("colab", *PYTHONS))).split()
    if unknown := set(chosen) - {"colab", *PYTHONS}:
        print(f"matrix: MATRIX must be of colab, {', '.join(PYTHONS)}, got {sorted(unknown)}")
        return 1
    chapters = [Path(name).resolve() for name in sys.argv[1:]] or sorted(BOOK.glob("*.ipynb"))
    failed, ran = 0, 0
    for name in chosen:
        python = python_of(name)
        if python is None:
            print(f"matrix: {name} is not installed here, so the chapters were NOT run on it")
            continue
        inside = prepare(name, python)
        print(f"{name}: {ask(inside, VERSIONS, *SHOWN)}", flush=True)
        for chapter in chapters:
            found = ask(inside, RUN, chapter, BOOK)
            verdict = found["fault"] or "runs"
            print(f"  {chapter.stem:24} {found['seconds']:6.0f} s  {verdict}", flush=True)
            failed, ran = failed + bool(found["fault"]), ran + 1
    print(f"matrix: {ran} runs, {failed} failed")
    return 1 if failed or not ran else 0


if __name__ == "__main__":
    started = time.time()
    code = main()
    print(f"matrix: {time.time() - started:.0f} s")
    sys.exit(code)
