"""Change one operator, number, argument or condition of the package at a time, with mutmut, and see
whether a test notices. `python tools/mutants.py [MODULE …]`, or `make mutants MODULES="masks"`.

Each module of tests/mutants.toml is laid, with its tests, into a project of its own under
_build/mutants, because mutmut knows no package below book/. Annotations, docstrings and what stands
in a `raise` are left as they are. A mutant that a test fails, or that runs too long, is killed. The
others must be in the list of survivors, each with the reason why nothing can tell it from the
original. Exit status 1: a survivor that is not in the list, an entry of the list that no longer
survives, or less than 95 % killed.
"""

import argparse
import ast
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAGE = ROOT / "_build" / "mutants"
ENOUGH = 0.95
PROJECT = """\
[tool.pytest.ini_options]
filterwarnings = ["error::RuntimeWarning"]

[tool.mutmut]
source_paths = ["attend"]
only_mutate = ["attend/{module}.py"]
do_not_mutate_patterns = ['^\\s*raise ']
pytest_add_cli_args = [
    "-p", "_hypothesis_pytestplugin", "-p", "no:unraisableexception", "-p", "no:cacheprovider",
    "--hypothesis-seed=0",
]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 5.0
timeout_constant = 2.0
"""
# A failing example needs no smaller one, a slow mutant no reminder, and 25 examples do for most.
CONFTEST = """

from hypothesis import Phase, settings

phases = [Phase.explicit, Phase.generate]
settings.register_profile(
    "mutants", phases=phases, max_examples=25, deadline=None, database=None
)
settings.load_profile("mutants")
"""


def main(modules: list[str], children: int) -> int:
    listed = tomllib.loads((ROOT / "tests" / "mutants.toml").read_text(encoding="utf8"))
    unknown = [module for module in modules if module not in listed["tests"]]
    if unknown:
        print(f"mutants: modules must be of {', '.join(listed['tests'])}, got {', '.join(unknown)}")
        return 2
    killed = total = 0
    wrong = []
    for module in modules or listed["tests"]:
        start = time.monotonic()
        stage(module, listed["tests"][module])
        count, survivors = mutate(module, children)
        dead, seconds = count - len(survivors), time.monotonic() - start
        print(f"{module}: {dead} of {count} killed, {seconds:.0f} s", flush=True)
        killed, total = killed + dead, total + count
        wrong += compare(module, survivors, listed.get("survivor", []))
    print(f"mutants: {killed} of {total} killed, {killed / total:.1%}")
    print(*wrong, sep="\n")
    return int(bool(wrong) or killed < ENOUGH * total)


def stage(module: str, tests: list[str]) -> None:
    """The package and the module's tests, as mutmut finds them: attend/, tests/, pyproject.toml."""
    home = STAGE / module
    shutil.rmtree(home, ignore_errors=True)
    (home / "tests").mkdir(parents=True)
    shutil.copytree(
        ROOT / "book" / "attend", home / "attend", ignore=shutil.ignore_patterns("__p*")
    )
    for test in (ROOT / "tests").glob("*.py"):  # all, because some import each other
        shutil.copy(test, home / "tests")
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf8") + CONFTEST
    (home / "tests" / "conftest.py").write_text(conftest, encoding="utf8")
    project = PROJECT.format(module=module, tests=json.dumps([f"tests/{test}" for test in tests]))
    (home / "pyproject.toml").write_text(project, encoding="utf8")
    path = home / "attend" / f"{module}.py"
    path.write_text(undecorated(path.read_text(encoding="utf8")), encoding="utf8")


def undecorated(source: str) -> str:
    """The same module with `f = decorator(f)` for decorators: mutmut passes decorated functions by,
    and `@torch.no_grad()` stands on every loop that decodes."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: -node.lineno):
        wrapped = node.name
        for decorator in reversed(node.decorator_list):
            wrapped = f"{ast.unparse(decorator)}({wrapped})"
        if node.decorator_list:
            lines.insert(node.end_lineno, f"{' ' * node.col_offset}{node.name} = {wrapped}")
            del lines[node.decorator_list[0].lineno - 1 : node.lineno - 1]
    return "\n".join(lines) + "\n"


def mutate(module: str, children: int) -> tuple[int, list[tuple[str, str]]]:
    """How many mutants there are, and those that survive: their function and their mutation."""
    from mutmut.mutation.data import SourceFileMutationData
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.stats import status_by_exit_code

    run(STAGE / module, children)
    path = Path("attend") / f"{module}.py"
    with contextlib.chdir(STAGE / module):
        found = SourceFileMutationData(path=path)
        found.load()
        survivors = [
            change(name, get_diff_for_mutant(name, path=path))
            for name, code in found.exit_code_by_key.items()
            if status_by_exit_code[code] not in ("killed", "timeout", "segfault")
        ]
    return len(found.exit_code_by_key), survivors


def run(project: Path, children: int) -> None:
    """Let mutmut try every mutant of a project; its own words where it fails."""
    plain = {"OMP_NUM_THREADS": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [Path(sys.executable).parent / "mutmut", "run", "--max-children", str(children)],
        cwd=project,
        env={**os.environ, **plain},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        print(*done.stdout.splitlines()[-12:], done.stderr, sep="\n")
        sys.exit(f"mutants: mutmut fails in {project}")


def change(name: str, diff: str) -> tuple[str, str]:
    """A mutant by its function and by the lines that differ, without their numbers."""
    name = name.rpartition("__mutmut_")[0].rpartition(".")[2]
    function = name.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    lines = [line for line in diff.splitlines()[2:] if line[:1] in ("-", "+")]
    return function, "\n".join(f"{line[0]} {line[1:].strip()}" for line in lines)


def compare(module: str, survivors: list[tuple[str, str]], listed: list[dict]) -> list[str]:
    """Survivors that are not in the list, and entries that no longer survive, a paragraph each."""
    expected = {
        (entry["function"], change.strip())
        for entry in listed
        if entry["module"] == module
        for change in entry["changes"]
    }

    def paragraphs(what, changes):
        return [f"{what}: {module}.{name}\n{text}" for name, text in sorted(changes)]

    return paragraphs("survives", set(survivors) - expected) + paragraphs(
        "listed, but does not survive", expected - set(survivors)
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="(default: all)")
    parser.add_argument("--max-children", type=int, default=os.cpu_count(), help="mutants at once")
    options = parser.parse_args()
    sys.exit(main(options.modules, options.max_children))
