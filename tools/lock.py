"""Write requirements.txt: everything the book is built and tested with, at one version each for all
the Pythons that pyproject.toml admits; and see, without installing anything, that each pin has a
wheel for each of them on every kind of machine. Both are uv's work.

A pin stays where it is as long as it serves: one that lacks a wheel is raised, and `--upgrade`
raises all. PyTorch has no wheels for Macs with Intel's processors (its last were those of 2.2), so
those are not among the machines.
"""

import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from install import ROOT, pythons

PINS = Path(ROOT) / "requirements.txt"
UV = Path(sys.executable).with_name("uv")
HEAD = """\
# What the book is built and tested with, whole: `make lock` writes it from pyproject.toml. Each pin
# has a wheel for each Python from 3.{} to 3.{} on Linux, macOS and Windows (tools/lock.py).
# CUDA's packages are left out on purpose: torch brings its own where it needs them.
"""
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
MACHINES = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
)
MACOS = "14.0"  # the oldest for which torch has wheels
MISSING = re.compile(r"([\w.-]+)==\S+ has no (?:usable )?wheels")
QUIET = ["--no-header", "--no-annotate", "--no-python-downloads"]


def uv(*arguments: str) -> subprocess.CompletedProcess:
    """`uv pip compile`: what it resolved on stdout, why it could not on stderr."""
    command = [UV, "pip", "compile", *QUIET, *arguments]
    environment = os.environ | {"MACOSX_DEPLOYMENT_TARGET": MACOS}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def resolve(pins: Path, raised: set[str], upgrade: bool) -> None:
    """Rewrite `pins` from pyproject.toml for all Pythons and machines at once, keeping what is in
    it where that may stay."""
    options = [f"--upgrade-package={name}" for name in sorted(raised)]
    options += ["--upgrade"] if upgrade else []
    options += ["--universal", f"--python-version=3.{pythons()[0]}", "--fork-strategy=fewest"]
    extras = ("--extra=book", "--extra=test")  # mutmut is installed by `make mutants`, when wanted
    done = uv(*options, *extras, "pyproject.toml", f"--output-file={pins}")
    if done.returncode:
        raise SystemExit(done.stderr)
    kept = [line for line in pins.read_text("utf8").splitlines() if line and not CUDA.match(line)]
    pins.write_text("\n".join(kept) + "\n", encoding="utf8")


def without_wheel(pins: Path) -> str | None:
    """The first machine and Python for which a pin has no wheel, in uv's words; None if each
    has."""
    for minor, machine in itertools.product(reversed(pythons()), MACHINES):
        options = [f"--python-version=3.{minor}", f"--python-platform={machine}"]
        done = uv(*options, "--no-deps", "--only-binary=:all:", str(pins))
        if done.returncode:
            return f"Python 3.{minor} on {machine}: {done.stderr.strip()}"
    return None


def lock(pins: Path, upgrade: bool = False) -> str | None:
    """Resolve until each pin has its wheels; the words for one that still has none."""
    raised: set[str] = set()
    while True:
        resolve(pins, raised, upgrade)
        missing = without_wheel(pins)
        names = set(MISSING.findall(missing or ""))
        if names <= raised:
            return missing
        print(f"lock: {', '.join(names - raised)} raised: no wheel for {missing.partition(':')[0]}")
        raised |= names


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    arguments.add_argument("--upgrade", action="store_true", help="raise every pin")
    upgrade = arguments.parse_args().upgrade
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder) / "pins.txt"
        old = PINS.read_text(encoding="utf8").replace("-e .", "")
        pins.write_text(old, encoding="utf8")
        missing = lock(pins, upgrade)
        new = pins.read_text(encoding="utf8")
    if missing:
        print(f"lock: {missing}")
        return 1
    head = HEAD.format(pythons()[0], pythons()[-1])
    PINS.write_text(head + new + "-e .\n", encoding="utf8")
    print(f"lock: {len(new.splitlines())} pins, each with a wheel for each Python and machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
