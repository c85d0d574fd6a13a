"""The package from outside: in which order its modules stand, what is public, and that the chapters
use nothing else."""

import ast
import importlib
import inspect
import re
import sys

import nbformat
import pytest

import attend
from conftest import ROOT

PACKAGE = ROOT / "book" / "attend"
CHAPTERS = {
    path.stem: [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
    for path in sorted((ROOT / "book").glob("*.ipynb"))
}
CELL = r"^```\{code-cell\}.*\n(?::.*\n)*((?s:.*?))^```$"
CHAPTERS["index"] = re.findall(CELL, (ROOT / "book" / "index.md").read_text("utf8"), re.MULTILINE)
ORDER = re.findall(r"\w+", re.search(r"in this list:\n\n(.*?)\n\n", attend.__doc__, re.DOTALL)[1])
ROOMS = {  # each module or package right under attend, and the files in it
    path.stem: sorted(path.rglob("*.py")) if path.is_dir() else [path]
    for path in PACKAGE.iterdir()
    if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
}
INSIDE = ("checks", "experiments")  # packages that offer what the modules in them offer
PUBLIC = [f"attend.{name}" for name in ORDER if name not in INSIDE] + [
    f"attend.{name}.{path.stem}" for name in INSIDE for path in ROOMS[name] if path.stem[0] != "_"
]


def rooms_imported(tree: ast.AST) -> set[str]:
    """The rooms of attend that a piece of code imports from, at its top or anywhere in it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "attend":
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("attend."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {n.name.split(".")[1] for n in node.names if n.name.startswith("attend.")}
    return found


def out_of_order(order: list[str], imports: dict[str, set[str]]) -> list[str]:
    """Every import of a room that does not stand above."""
    return [
        f"{room} imports {other}, which does not stand above it"
        for place, room in enumerate(order)
        for other in sorted(imports[room] - {room} - set(order[:place]))
    ]


def faults(name: str) -> list[str]:
    """What is wrong with what a module says is public."""
    module = importlib.import_module(name)
    if "__all__" not in vars(module):
        return [f"{name} has no __all__"]
    found, foreign = [], passed_on(module)
    for public in module.__all__:
        value = getattr(module, public, None)
        if not hasattr(module, public):
            found.append(f"{name} has no {public}")
        elif public in foreign:
            found.append(f"{name} passes on {public}, which is from {foreign[public]}")
        elif (inspect.isclass(value) or inspect.isroutine(value)) and not value.__doc__:
            found.append(f"{name}.{public} has no docstring")
    return found


def passed_on(module) -> dict[str, str]:
    """The names that a module imports from outside itself, and from where."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Import):
            found |= {n.asname or n.name.split(".")[0]: n.name for n in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.module.startswith(module.__name__ + "."):
            found |= {n.asname or n.name: node.module for n in node.names}
    return found


def uses(cells: list[str]) -> set[tuple[str, str]]:
    """(module, name) for each name that a chapter takes from attend, by import or after a dot."""
    source = re.sub(r"^(\s*)[%!].*$", r"\1pass", "\n".join(cells), flags=re.MULTILINE)
    nodes = list(ast.walk(ast.parse(source)))
    found, modules = set(), {}
    for node in nodes:
        if isinstance(node, ast.Import):
            modules |= {n.asname: n.name for n in node.names if n.asname and is_ours(n.name)}
        elif isinstance(node, ast.ImportFrom) and is_ours(node.module or ""):
            for name in node.names:
                if is_module(f"{node.module}.{name.name}"):
                    modules[name.asname or name.name] = f"{node.module}.{name.name}"
                else:
                    found.add((node.module, name.name))
    for node in nodes:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in modules:
            found.add((modules[ast.unparse(node.value)], node.attr))
    return found


def is_ours(module: str) -> bool:
    return module.split(".")[0] == "attend"


def is_module(name: str) -> bool:
    """Whether attend has a module of that name."""
    file = PACKAGE.parent.joinpath(*name.split("."))
    return file.with_suffix(".py").is_file() or (file / "__init__.py").is_file()


def hidden(taken: set[tuple[str, str]]) -> list[str]:
    """What a chapter takes that its module does not offer."""
    return [f"{name} of {module}" for module, name in sorted(taken) if name not in offered(module)]


def offered(name: str) -> set[str]:
    """What a module offers; `checks` has the names of the modules in it."""
    if name == "attend.checks":
        return set.union(*(offered(inner) for inner in PUBLIC if inner.startswith(name + ".")))
    return set(getattr(importlib.import_module(name), "__all__", ()))


def test_every_module_stands_once_in_the_list():
    """In the package's docstring, which CONTRIBUTING.md points to."""
    assert sorted(ORDER) == sorted(ROOMS)


def test_a_module_imports_only_modules_above_it():
    imports = {
        room: set.union(*(rooms_imported(ast.parse(file.read_text("utf8"))) for file in files))
        for room, files in ROOMS.items()
    }
    assert not out_of_order(ORDER, imports)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_module_says_what_is_public(name):
    assert not faults(name)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_takes_only_what_is_public(chapter):
    assert not hidden(uses(CHAPTERS[chapter]))


class TestTheRulesThemselves:
    """A rule that cannot fail is no rule."""

    def test_an_import_of_what_stands_below(self):
        tree = ast.parse("def f():\n    from attend.low import x\nimport attend.high.part\n")
        imports = {"high": set(), "room": rooms_imported(tree), "low": set()}
        assert imports["room"] == {"high", "low"}
        wanted = ["room imports low, which does not stand above it"]
        assert out_of_order(["high", "room", "low"], imports) == wanted
        assert not out_of_order(["low", "high", "room"], imports)

    @pytest.mark.parametrize(
        "code, told",
        [
            ("x = 1", "no __all__"),
            ("__all__ = ['x']", "has no x"),
            ("from math import sqrt\n__all__ = ['sqrt']", "passes on sqrt, which is from math"),
            ("from attend.timing import seconds\n__all__ = ['seconds']", "from attend.timing"),
            ("import numpy as np\n__all__ = ['np']", "passes on np, which is from numpy"),
            ("__all__ = ['f']\ndef f(): ...", "f has no docstring"),
            ("__all__ = ['A']\nclass B:\n    'b'\nclass A(B): ...", "A has no docstring"),
        ],
    )
    def test_a_module_that_says_it_wrongly(self, code, told, tmp_path, monkeypatch):
        (tmp_path / "attend_room.py").write_text(code, encoding="utf8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "attend_room", raising=False)
        (fault,) = faults("attend_room")
        assert told in fault

    def test_what_a_chapter_takes(self):
        cells = [
            "%pip install attend",
            "import attend.timing as t\nfrom attend import figures",
            "from attend.claims import claim as c",
            "figures.plt, t.np, c.__doc__",
        ]
        assert uses(cells) == {
            ("attend.claims", "claim"),
            ("attend.figures", "plt"),
            ("attend.timing", "np"),
        }

    def test_a_library_through_attend(self):
        assert hidden({("attend.figures", "plt"), ("attend.claims", "claim")}) == [
            "plt of attend.figures"
        ]
