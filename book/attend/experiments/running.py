"""Running experiments: what is missing or stale, as many runs at once as there are cores.

    python -m attend.experiments [NAME …]

An experiment is a module with `runs()`, a list of dicts that say what is run, and `measure(**run)`,
which returns what was found: a dict, or a list of dicts for several rows. A row of its table is a
run, what was found, and the CPU seconds of the run. Each run is written as soon as it ends.
"""

import argparse
import ast
import hashlib
import importlib
import importlib.util
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

from attend.experiments.provenance import HERE, SECONDS, Table, cores, spelt

__all__ = ["Experiment", "experiments", "fingerprint", "main"]

DIGITS = 6  # significant, of a number that was found


class Fault(Exception):
    """What a person must mend; its words are all that is shown."""


# ------------------------------------------------------------------------ what a result rests on


def fingerprint(source: str, of: str = "measure") -> str:
    """Twelve letters for a definition and all that it reaches among the functions, classes and
    constants of its module. Docstrings, comments, formatting and what it does not reach leave them
    as they are."""
    known = definitions(ast.parse(source))
    reached, open_ = set(), [of]
    while open_:
        name = open_.pop()
        if name in known and name not in reached:
            reached.add(name)
            nodes = (node for one in known[name] for node in ast.walk(one))
            open_ += [node.id for node in nodes if isinstance(node, ast.Name)]
    words = [word for name in sorted(reached) for one in known[name] for word in spell(one)]
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]


def definitions(module: ast.Module) -> dict[str, list[ast.AST]]:
    """The statements that make each name at the top of a module, imports left out."""
    found = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inside = [inner for target in targets for inner in ast.walk(target)]
            names = [inner.id for inner in inside if isinstance(inner, ast.Name)]
        else:
            names = []
        for name in names:
            found.setdefault(name, []).append(node)
    return found


def spell(node) -> Iterator[str]:
    """A syntax tree as words, the same on every Python: kinds, names and values, no docstrings."""
    if isinstance(node, ast.AST):
        yield type(node).__name__
        for name, value in ast.iter_fields(node):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and name == "body":
                value = value[has_docstring(node) :]
            if value not in (None, []) or (isinstance(node, ast.Constant) and name == "value"):
                yield f"{name}("
                yield from spell(value)
                yield ")"
    elif isinstance(node, list):
        for one in node:
            yield from spell(one)
    else:
        yield repr(node)


def has_docstring(node) -> bool:
    return ast.get_docstring(node, clean=False) is not None


# ---------------------------------------------------------------------------------- experiments


@cache
def load(path: Path):
    """The module at a path, one of the package by its name."""
    if path.parent == HERE:
        return importlib.import_module(f"attend.experiments.{path.stem}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Experiment:
    """A module with `runs()` and `measure()`, and its table beside it.

    Raises Fault where one of the two is missing, where runs differ in what they name, and where one
    stands twice.
    """

    def __init__(self, path: Path):
        self.path, self.name, self.file = path, path.stem, path.with_suffix(".csv")
        self.source = path.read_text(encoding="utf8")
        known = definitions(ast.parse(self.source))
        for needed in ("runs", "measure"):
            if needed not in known:
                raise Fault(f"{self.name} has no {needed}(), which an experiment must have")
        self.fingerprint = fingerprint(self.source)
        self.runs = load(path).runs()
        self.keys = list(self.runs[0]) if self.runs else []
        for run in self.runs:
            if set(run) != set(self.keys):
                names = f"{', '.join(self.keys)} and {', '.join(run)}"
                raise Fault(f"{self.name}: every run must name the same things, got {names}")
        self.places = {self.key(run): place for place, run in enumerate(self.runs)}
        if len(self.places) < len(self.runs):
            raise Fault(f"{self.name}: a run stands twice in runs()")
        self.read()

    def read(self) -> None:
        """Take what the file has: rows of `table` that are still asked for, `dropped` and `stale`
        ones by number, and the CPU seconds of each run in it."""
        table = Table.read(self.file)
        rows = [row for row in table.rows if self.key(row) in self.places]
        rows.sort(key=lambda row: self.places[self.key(row)])
        self.dropped = len(table.rows) - len(rows)
        self.seconds = {self.key(row): float(row.get(SECONDS) or 0) for row in rows}
        self.stale = rows if table.fingerprint != self.fingerprint else []
        self.table = Table([] if self.stale else rows, self.fingerprint, table.made)

    def key(self, row: dict) -> tuple[str, ...]:
        """What tells one run, or a row of it, from the others: as it is spelt in the file."""
        return tuple(spelt(row.get(name)) for name in self.keys)

    def missing(self) -> list[dict]:
        """The runs that the table lacks."""
        there = {self.key(row) for row in self.table.rows}
        return [run for run in self.runs if self.key(run) not in there]

    def mean_seconds(self) -> float | None:
        """CPU seconds of a run, the mean over those in the file."""
        return sum(self.seconds.values()) / len(self.seconds) if self.seconds else None

    def add(self, run: dict, found: dict | list[dict], seconds: float) -> None:
        """Write a run into the file, between those that other processes wrote meanwhile."""
        found = rows_of(run, found)
        took = {SECONDS: spelt(float(seconds), 4)}
        of_run = {name: spelt(run[name]) for name in self.keys}
        self.read()
        rows = [row for row in self.table.rows if self.key(row) != self.key(run)]
        for row in found:
            rows.append(of_run | {name: spelt(row[name], DIGITS) for name in row} | took)
        rows.sort(key=lambda row: self.places[self.key(row)])
        self.table.rows = rows
        self.seconds[self.key(run)] = seconds
        self.table.stamp()
        self.write()

    def write(self) -> None:
        there = {self.key(row) for row in self.table.rows}
        self.table.write(self.file, sum(self.seconds.get(key, 0) for key in there))

    def keep(self) -> int:
        """Take stale rows for good: how many."""
        kept, self.table.rows, self.stale = len(self.stale), self.stale or self.table.rows, []
        self.write()
        return kept


def rows_of(run: dict, found) -> list[dict]:
    """What `measure` returned as a list of rows. Raises Fault for anything else."""
    rows = found if isinstance(found, list) else [found]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise Fault(f"measure() must return a dict or a list of dicts, got {found!r:.60}")
    clash = {SECONDS, *run} & {name for row in rows for name in row}
    if clash:
        raise Fault(f"measure() returned {', '.join(sorted(clash))}, which the run names already")
    return rows


def experiments(names=(), folder: Path = HERE) -> list[Experiment]:
    """Those of these names, or all, of a folder. Raises Fault for a name that is none."""
    paths = {path.stem: path for path in sorted(folder.glob("*.py")) if path.stem[0] != "_"}
    offering = [name for name, path in paths.items() if offers_runs(path)]
    for name in names:
        if name not in paths:
            raise Fault(f"no experiment {name!r}; there are {', '.join(offering)}")
    return [Experiment(paths[name]) for name in dict.fromkeys(names or offering)]


def offers_runs(path: Path) -> bool:
    return "runs" in definitions(ast.parse(path.read_text(encoding="utf8")))


# -------------------------------------------------------------------------------------- running


def begin() -> None:
    """A process of the pool does not outlive its parent."""
    Thread(target=end_with, args=(parent_process(),), daemon=True).start()


def end_with(parent) -> None:
    parent.join()
    os._exit(1)


def carry_out(path: Path, run: dict) -> tuple:
    """In a process of its own: what was found, and the CPU seconds it took."""
    measure = load(path).measure
    started = time.process_time()
    return measure(**run), time.process_time() - started


def told(run: dict) -> str:
    return " ".join(f"{name}={value}" for name, value in run.items())


def left(waiting: dict) -> str:
    """How much there is to do. waiting: experiment → number of runs."""
    known = [(one.mean_seconds(), count) for one, count in waiting.items()]
    minutes = sum(mean * count for mean, count in known if mean is not None) / 60
    unknown = sum(count for mean, count in known if mean is None)
    words = f"{sum(waiting.values())} left, about {minutes:.1f} CPU minutes"
    return words + f" and {unknown} runs not yet known" * bool(unknown)


def carry_out_all(chosen: list[Experiment], at_once: int) -> int:
    """Run what is missing in each; how many runs failed."""
    jobs = [(one, run) for one in chosen for run in one.missing()]
    waiting = {one: len(one.missing()) for one in chosen}
    failed = 0
    if jobs:
        print(left(waiting), flush=True)
    os.environ.update(OMP_NUM_THREADS="1", TQDM_DISABLE="1")  # the processes inherit them
    pool = ProcessPoolExecutor(
        min(at_once, len(jobs)) or 1, mp_context=get_context("spawn"), initializer=begin
    )
    try:
        futures = {pool.submit(carry_out, one.path, run): (one, run) for one, run in jobs}
        for future in as_completed(futures):
            one, run = futures[future]
            waiting[one] -= 1
            try:
                found, seconds = future.result()
                one.add(run, found, seconds)
                outcome = f"{seconds:.1f} s"
            except Exception as fault:  # whatever a run raises; the others go on
                failed += 1
                kind = "" if isinstance(fault, Fault) else f"{type(fault).__name__}: "
                outcome = f"FAILED, {kind}{fault}"
            print(f"{one.name} {told(run)}: {outcome} · {left(waiting)}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    return failed


def main(arguments=None, folder: Path = HERE) -> int:
    """The command line; 0, 1 where runs failed, 2 where what was asked cannot be done."""
    parser = argparse.ArgumentParser("python -m attend.experiments", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="an experiment; all without one")
    parser.add_argument(
        "--keep", action="store_true", help="take stale rows for good: after a mere renaming"
    )
    parser.add_argument(
        "--again", action="store_true", help="forget the rows, and run all of them again"
    )
    parser.add_argument(
        "--list", action="store_true", help="say what would be run, and run nothing"
    )
    parser.add_argument("--jobs", type=int, default=cores(), help="runs at once; one a core")
    asked = parser.parse_args(arguments)
    try:
        chosen = experiments(asked.names, folder)
    except Fault as fault:
        print(f"experiments: {fault}", file=sys.stderr)
        return 2
    for one in chosen:
        if one.stale and asked.keep:
            print(f"{one.name}: {one.keep()} rows kept for the new measure()")
        elif one.stale and not asked.again:
            print(f"{one.name}: {len(one.stale)} rows are stale, measure() has changed")
        elif asked.again and not asked.list:
            one.file.unlink(missing_ok=True)
            one.table.rows = []
        elif one.dropped and not asked.list:
            print(f"{one.name}: {one.dropped} rows dropped that runs() no longer names")
            one.write()
        if asked.list:
            print(f"{one.name}: {left({one: len(one.missing())})}")
    if asked.list:
        return 0
    failed = carry_out_all(chosen, max(1, asked.jobs))
    if failed:
        print(f"experiments: {failed} runs failed", file=sys.stderr)
    return int(failed > 0)
