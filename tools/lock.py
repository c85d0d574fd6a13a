"""Write requirements.txt: everything the book is built and tested with, resolved once for Python
3.10 to 3.13 by uv."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = """\
# What the book is built and tested with, whole: `make lock` writes it from pyproject.toml.
# CUDA's packages are left out on purpose: torch brings its own where it needs them.
"""
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
RESOLVE = """uv pip compile --universal --python-version 3.10 --fork-strategy fewest
    --no-header --no-annotate --all-extras pyproject.toml"""


def main() -> int:
    if shutil.which("uv") is None:
        print("lock: needs uv (pip install uv)")
        return 1
    done = subprocess.run(RESOLVE.split(), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return done.returncode
    pins = [line for line in done.stdout.splitlines() if line and not CUDA.match(line)]
    (ROOT / "requirements.txt").write_text(HEAD + "\n".join(pins) + "\n-e .\n", encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
