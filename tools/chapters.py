"""Run the chapters side by side, before the pages are built: each in a kernel of its own, the
longest first. What they show lies in _build/.jupyter_cache, where the build finds it.

A chapter runs again when its code changes, and all of them when book/attend or the pinned packages
do. tests/recording.py fills the same cache with what pytest --nbval gets, so `make test` runs each
chapter once. Chapters may be named on the command line.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader, is_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
CACHE = ".jupyter_cache"  # under _build: Jupyter Book's own place
AT_ONCE = min(os.cpu_count() or 1, 4)


def digest(files) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def forget_stale(root: Path = ROOT, build: Path = BUILD) -> tuple[str, bool]:
    """Drop all outputs when the code that they were made with is no longer the code; return what
    identifies the code, and whether outputs were dropped."""
    code = (root / "book" / "attend").rglob("*.*")
    made_with = digest(
        [root / "requirements.txt", *(path for path in code if path.suffix in (".py", ".csv"))]
    )
    stamp = build / "attend.sha256"
    stale = not stamp.is_file() or stamp.read_text() != made_with
    dropped = stale and (build / CACHE).is_dir()
    if dropped:
        shutil.rmtree(build / CACHE)
    build.mkdir(parents=True, exist_ok=True)
    stamp.write_text(made_with)
    return made_with, dropped


def sources(book: Path) -> list[Path]:
    """The chapters, and the pages of words with code in them, as the home page is."""
    pages = [
        page for page in book.glob("*.md") if is_myst_markdown_notebook(page.read_text("utf8"))
    ]
    return sorted([*book.glob("*.ipynb"), *pages])


def read(source: Path):
    """A chapter or such a page as a notebook, as the build reads it."""
    text = source.read_text(encoding="utf8")
    return create_nb_reader(str(source), MdParserConfig(), NbParserConfig(), text).read(text)


def is_done(chapter: Path, cache) -> bool:
    """Whether the outputs of a chapter's code, as it now is, lie in the cache."""
    try:
        cache.match_cache_notebook(read(chapter))
    except KeyError:
        return False
    return True


def store(notebook, chapter: Path, seconds: float, build: Path = BUILD) -> None:
    """Put an executed notebook where the build looks for it."""
    bundle = CacheBundleIn(notebook, str(chapter), data={"execution_seconds": seconds})
    get_cache(build / CACHE).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    (build / "seconds").mkdir(exist_ok=True)
    (build / "seconds" / chapter.stem).write_text(f"{seconds:.1f}")


def longest_first(chapters, build: Path = BUILD) -> list[Path]:
    """By the seconds of their last run; those never run come first, the last chapters before the
    others, for these train the larger networks."""

    def seconds(chapter):
        noted = build / "seconds" / chapter.stem
        return float(noted.read_text()) if noted.is_file() else float("inf")

    backwards = sorted(chapters, key=lambda chapter: chapter.name, reverse=True)
    return sorted(backwards, key=seconds, reverse=True)


def said(seconds: float, chapter: Path) -> str:
    return f"chapters: {seconds:6.1f} s  {chapter.stem}"


def run(chapter: Path, timeout: float):
    """(the executed notebook, seconds, what went wrong: "" if nothing)."""
    notebook = read(chapter)
    reached = [0]
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,  # in the cells, where it would make another hash
        resources={"metadata": {"path": str(chapter.parent)}},
        on_cell_start=lambda cell, cell_index: reached.append(cell_index),
    )
    start, fault = time.perf_counter(), ""
    try:
        client.execute(stderr=subprocess.DEVNULL)  # the kernel itself; cells have their own
    except CellTimeoutError:
        fault = f"ran for more than {timeout} s"
    except DeadKernelError:
        fault = "the kernel died"
    except CellExecutionError as error:
        fault = f"{error.ename}: {error.evalue}"
    if fault:
        ran = [cell for cell in notebook.cells[: reached[-1] + 1] if cell.cell_type == "code"]
        source = textwrap.indent(ran[-1].source, "    ")
        fault = f"{chapter.name}, cell [{len(ran)}]: {fault}\n{source}"
    return notebook, time.perf_counter() - start, fault


def run_all(chapters, build: Path = BUILD, timeout: float = 600) -> list[str]:
    """Run chapters side by side, store what they show, and return what went wrong."""
    faults = []
    with ProcessPoolExecutor(AT_ONCE) as pool:
        running = {pool.submit(run, each, timeout): each for each in longest_first(chapters, build)}
        for done in as_completed(running):
            notebook, seconds, fault = done.result()
            print(said(seconds, running[done]), flush=True)
            if fault:
                faults.append(fault)
            else:
                store(notebook, running[done], seconds, build)
    return faults


def set_environment() -> None:
    """As the Makefile does: one thread a kernel, as many kernels as cores, no progress bars."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")


def main(names) -> int:
    set_environment()
    if forget_stale()[1]:
        print("chapters: book/attend or requirements.txt changed, so every chapter runs again")
    cache = get_cache(BUILD / CACHE)
    chapters = [Path(name).resolve() for name in names] or sources(ROOT / "book")
    left = [chapter for chapter in chapters if not is_done(chapter, cache)]
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    faults = run_all(left, timeout=config["execute"]["timeout"])
    print(f"chapters: {len(left) - len(faults)} run, {len(chapters) - len(left)} were run already")
    for fault in faults:
        print(f"chapters: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
