"""The chapters and pages that changed, and what proves them: for `make check`.

Changed is what differs from where this branch left main (on main itself: what is not committed),
files that git does not know yet among them. A chapter is run and compared when it changed itself,
or a file of book/attend that it imports, also through others. Its page and any page of words that
changed are built by themselves in _build/check and tested in the browser; a page also changes with
the script or the style of a widget on it. What may change every page, and chapters that only import
the change where they would take longer than minutes, are left to `make test`; a line says so.
"""

import ast
import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import chapters
import nbformat
import yaml
from jupyter_cache import get_cache

ROOT = Path(__file__).resolve().parent.parent
CHECK = ROOT / "_build" / "check"
# Seconds of two cores for chapters and pages that only import what changed; those that changed
# themselves are always taken. A page takes about 30 s to test; a chapter never run here, 40.
BUDGET, PAGE, UNKNOWN = 100, 30, 40
# What may change every page, or asks every page.
EVERYWHERE = ("_config.yml", "_toc.yml", "requirements.txt", "book/assets/", "tools/")
EVERYWHERE += ("tests/browser/",)


def git(*arguments) -> list[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines() if done.returncode == 0 else []


def changed_files() -> list[str]:
    bases = [line for name in ("main", "origin/main") for line in git("merge-base", name, "HEAD")]
    base = bases[0] if bases else "HEAD"
    new = git("ls-files", "--others", "--exclude-standard")
    return sorted({*git("diff", "--name-only", base), *new})


class Imports:
    """What the chapters need of book/attend, read from their import statements."""

    def __init__(self, book: Path):
        self.book, self.paths = book, {}
        for path in (book / "attend").rglob("*.py"):
            parts = path.relative_to(book).with_suffix("").parts
            self.paths[".".join(parts).removesuffix(".__init__")] = path

    def home(self, module: str, name: str) -> str:
        """The module that `from module import name` is about: where a package takes it from."""
        if f"{module}.{name}" in self.paths:
            return f"{module}.{name}"
        if self.paths[module].name == "__init__.py":
            for source, names in imported(self.paths[module].read_text(encoding="utf8")):
                if name in names and source in self.paths and source != module:
                    return self.home(source, name)
        return module

    def direct(self, source: str) -> set[str]:
        found = set()
        for module, names in imported(source):
            if module in self.paths:
                found |= {self.home(module, name) for name in names} or {module}
        return found

    @functools.cache  # noqa: B019 (there is one of it)
    def needed(self, module: str) -> frozenset[str]:
        """A module and all that it imports, also through others. (No two import each other.)"""
        found = {module}
        for other in self.direct(self.paths[module].read_text(encoding="utf8")) - {module}:
            found |= self.needed(other)
        return frozenset(found)

    def of_chapter(self, chapter: Path) -> set[str]:
        """The files of book/attend that a chapter's code depends on: paths from the book."""
        cells = nbformat.read(chapter, as_version=4).cells
        source = "\n\n".join(cell.source for cell in cells if cell.cell_type == "code")
        modules = set()
        for module in self.direct(source):
            modules |= self.needed(module)
        if "attend.exercises.checking" in modules:
            modules |= self.checkers(chapter.name[:2])
        files = {self.paths[module] for module in modules}
        tables = (self.book / "attend" / "experiments").glob("*.csv")
        files |= {table for table in tables if named(table.stem, source) or beside(table, files)}
        return {path.relative_to(self.book).as_posix() for path in files}

    def checkers(self, number: str) -> set[str]:
        """The modules with the checkers of a chapter's exercises, which it names by number."""
        found = set()
        for module in [name for name in self.paths if name.startswith("attend.exercises.")]:
            if f'"{number}.' in self.paths[module].read_text(encoding="utf8"):
                found |= self.needed(module)
        return found


def imported(source: str) -> list[tuple[str, list[str]]]:
    """(module, names taken from it) of each import statement, in functions too."""
    found = []
    for line in ast.walk(ast.parse(re.sub(r"(?m)^([ \t]*)[%!].*", r"\1pass", source))):
        if isinstance(line, ast.Import):
            found += [(alias.name, []) for alias in line.names]
        elif isinstance(line, ast.ImportFrom) and line.module:
            found.append((line.module, [alias.name for alias in line.names]))
    return found


def named(stem: str, source: str) -> bool:
    return f'"{stem}"' in source or f'"{stem}.csv"' in source


def beside(table: Path, files: set[Path]) -> bool:
    return table.with_suffix(".py") in files


def affected(files: list[str], book: Path) -> tuple[list[Path], list[Path], list[str], list[str]]:
    """(chapters that changed themselves, chapters that import what changed, pages whose look or
    words changed, what changes every page)."""
    ours = {name.removeprefix("book/") for name in files if name.startswith("book/")}
    existing = sorted(book.glob("*.ipynb"))
    itself = [chapter for chapter in existing if chapter.name in ours]
    imports, through, looks = Imports(book), [], []
    for chapter in [chapter for chapter in existing if chapter not in itself]:
        needs = imports.of_chapter(chapter)
        shown = {name.replace("/base.py", "/common.py") for name in needs}  # whose script that is
        drawn = {
            Path(name).with_suffix(end).as_posix() for name in shown for end in (".js", ".css")
        }
        if needs & ours:
            through.append(chapter)
        elif drawn & ours:
            looks.append(chapter)
    looks += [page for page in sorted(book.glob("*.md")) if page.name in ours]
    everywhere = [name for name in files if name.startswith(EVERYWHERE)]
    return itself, through, looks, everywhere


def within_budget(itself, others, build=chapters.BUILD) -> tuple[list[Path], list[Path]]:
    """(those to take, those left): the quickest first, until the minutes are spent."""

    def cost(path):
        noted = build / "seconds" / path.stem
        seconds = float(noted.read_text()) if noted.is_file() else UNKNOWN
        return PAGE + (seconds if path.suffix == ".ipynb" else 0)

    taken, left, spent = list(itself), [], sum(map(cost, itself))
    for path in sorted(others, key=cost):
        spent += cost(path)
        (taken if spent <= BUDGET * chapters.AT_ONCE else left).append(path)
    return taken, left


def contents(names: list[str]) -> dict:
    """A table of contents of these pages; one without chapters may not say that it has some."""
    root, *rest = names
    inside = {"chapters": [{"file": name} for name in rest]} if rest else {}
    return {"format": "jb-book", "root": root, **inside}


def build(pages: list[Path]) -> None:
    """Build some pages by themselves, from the outputs of the chapters that ran."""
    CHECK.mkdir(parents=True, exist_ok=True)
    toc = contents([page.relative_to(ROOT).with_suffix("").as_posix() for page in pages])
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
    config["execute"]["cache"] = str(chapters.BUILD / chapters.CACHE)
    extensions = config["sphinx"]["local_extensions"]  # looked for beside the configuration
    extensions.update((name, str(ROOT / folder)) for name, folder in list(extensions.items()))
    config["sphinx"]["config"]["suppress_warnings"].append("myst.xref_missing")  # other chapters
    for name, content in (("_toc.yml", toc), ("_config.yml", config)):
        (CHECK / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf8")
    run("jupyter-book", "build", ".", "--quiet", "--warningiserror", "--path-output", CHECK,
        "--toc", CHECK / "_toc.yml", "--config", CHECK / "_config.yml")  # fmt: skip


def run(name, *arguments, **environment) -> None:
    """One of the environment's programs; where it fails, this ends."""
    command = [str(Path(sys.executable).parent / name), *map(str, arguments)]
    code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}).returncode
    if code:
        sys.exit(code)


def names(paths) -> str:
    return ", ".join(path.stem for path in paths) or "none"


def main() -> None:
    book = ROOT / "book"
    itself, through, looks, everywhere = affected(changed_files(), book)
    taken, left = within_budget(itself, [*through, *looks])
    chapters.forget_stale()
    cache = get_cache(chapters.BUILD / chapters.CACHE)
    notebooks = [path for path in taken if path.suffix == ".ipynb"]
    to_run = [path for path in notebooks if path not in looks or not chapters.is_done(path, cache)]
    print(f"check: chapters to run: {names(to_run)}; pages to test: {names(taken)}", flush=True)
    if left:
        print(f"check: left to make test, for their minutes: {names(left)}")
    if everywhere:
        print(f"check: left to make test, for every page may differ: {', '.join(everywhere)}")
    abreast = ("-n", "logical", "--maxprocesses", "4", "--dist")
    if to_run:
        run("pytest", "-p", "recording", "--nbval", *to_run, *abreast, "loadfile",
            "--no-loadscope-reorder", PYTHONPATH="tests")  # fmt: skip
    if taken:
        build(taken)
        pages = ",".join(f"book/{path.stem}.html" for path in taken)
        run("pytest", "tests/browser", f"--pages={pages}", *abreast, "worksteal",
            BOOK_SITE=str(CHECK / "_build" / "html"))  # fmt: skip


if __name__ == "__main__":
    chapters.set_environment()
    main()
