"""Write the definitions of book/attend into the chapters that teach them; `--check` says where one
differs.

A code cell whose first line is `# attend/attention.py: attend` is woven: the rest of it is the
definition `attend` of book/attend/attention.py (several names: `# attend/text.py: tokenise,
Vocabulary`), to the letter but for the docstrings. Of these a chapter shows the first paragraph,
the equation and the shapes; what is raised and the source stay in the package. The first code
cell of every chapter is woven too: it lets the chapter run in Colab, and names the repository of
_config.yml. Edit the module, then `make weave`; never the cell.
"""

import argparse
import ast
import itertools
import re
import sys
from pathlib import Path

import nbformat
import yaml

WIDTH = 100  # columns, as in pyproject.toml
ROOT = Path(__file__).resolve().parent.parent
MARK = re.compile(r"# (attend/[\w/]+\.py): (\w+(?:, \w+)*)")
BLOCK = re.compile(r"^(def |class |@)", re.MULTILINE)
SETUP = """\
# In Colab this fetches the book's code; everywhere else it does nothing.
import importlib.util

if importlib.util.find_spec("attend") is None:
    %pip install --quiet "attend @ git+{repository}"
"""


def first_paragraph(docstring: list[str]) -> list[str]:
    """The lines of a docstring up to its first blank line, closed again with its own quotes: on the
    last line where they fit, else on a line of their own."""
    kept = list(itertools.takewhile(str.strip, docstring))
    if len(kept) == len(docstring):
        return kept
    quotes = docstring[-1].rstrip()[-3:]
    last = kept[-1].rstrip()
    if len(last) + len(quotes) <= WIDTH and not last.endswith(("\\", quotes[0])):
        return [*kept[:-1], last + quotes]
    return [*kept, " " * (len(docstring[-1]) - len(docstring[-1].lstrip())) + quotes]


def shown(node: ast.stmt, lines: list[str]) -> str:
    """The source of a definition as a chapter shows it, with the comments above it: each docstring
    in it, its own and its methods', up to the first blank line."""
    first = min([node.lineno, *(line.lineno for line in getattr(node, "decorator_list", []))])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    source, last = [], node.end_lineno
    inside = [n for n in ast.walk(node) if isinstance(n, ast.ClassDef | ast.FunctionDef)]
    for documented in sorted(filter(ast.get_docstring, inside), key=lambda n: n.lineno):
        docstring = documented.body[0]
        source += lines[first - 1 : docstring.lineno - 1]
        source += first_paragraph(lines[docstring.lineno - 1 : docstring.end_lineno])
        first = docstring.end_lineno + 1
    return "\n".join(source + lines[first - 1 : last])


def definitions(module: Path) -> dict[str, str]:
    """Every top-level class, function and constant of a module: its name and its source, as a
    chapter shows it."""
    text = module.read_text(encoding="utf8")
    lines = text.splitlines()
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            names = [node.name]
        else:
            continue
        found |= dict.fromkeys(names, shown(node, lines))
    return found


def woven(cell: str, first: bool) -> str | None:
    """What a code cell must hold, judged by its first line; None for a cell of the chapter's
    own."""
    line = cell.partition("\n")[0]
    if first:
        if line != SETUP.partition("\n")[0]:
            raise LookupError(
                f"the first code cell must begin with {SETUP.partition(chr(10))[0]!r}"
            )
        config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
        return SETUP.format(repository=config["repository"]["url"]).rstrip()
    mark = MARK.fullmatch(line)
    if mark is None:
        return None
    path, names = mark[1], mark[2].split(", ")
    if not (ROOT / "book" / path).is_file():
        raise LookupError(f"there is no book/{path}")
    found = definitions(ROOT / "book" / path)
    if missing := [name for name in names if name not in found]:
        raise LookupError(f"book/{path} does not define {', '.join(missing)}")
    return line + "\n" + one_after_another([found[name] for name in names])


def one_after_another(sources: list[str]) -> str:
    """Definitions as a module spaces them: two free lines around classes and functions, none
    between constants."""
    text = sources[0]
    for above, below in itertools.pairwise(sources):
        text += ("\n\n\n" if BLOCK.search(above + "\n" + below) else "\n") + below
    return text


def weave(chapter: Path) -> tuple[nbformat.NotebookNode, list[str], list[str]]:
    """The chapter as it should be, the cells in which it is not so yet, and the marks that lead
    nowhere."""
    notebook = nbformat.read(chapter, as_version=4)
    differing, errors = [], []
    first = True
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        where = f"{chapter.relative_to(ROOT)}, cell {number} ({cell.source.partition(chr(10))[0]})"
        try:
            wanted = woven(cell.source, first)
        except LookupError as error:
            errors.append(f"{where}: {error}")
        else:
            if wanted not in (None, cell.source):
                differing.append(where)
                cell.source = wanted
        first = False
    return notebook, differing, errors


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument(
        "--check", action="store_true", help="change nothing; fail where a cell differs"
    )
    check = arguments.parse_args().check
    failed = False
    for chapter in sorted((ROOT / "book").glob("*.ipynb")):
        notebook, differing, errors = weave(chapter)
        for error in errors:
            print(f"weave: {error}")
        for where in differing:
            print(f"weave: {where} {'differs from its source' if check else 'rewritten'}")
        if differing and not check:
            nbformat.write(notebook, chapter)
        failed = failed or bool(errors) or (check and bool(differing))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
