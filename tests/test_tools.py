"""The tools that keep chapters, ledger and pages in step, tried on small trees of their own."""

import ast
import contextlib
import io
import json
import shutil
import subprocess
import sys

import icons
import ledger
import mathematics
import mutants
import nbformat
import places
import pytest
import road
import vendor
import weave
import widget_files

from attend.claims import CLAIMS, claim
from attend.widgets import AttentionHeatmap
from conftest import ROOT

MODULE = '''"""A module."""

from functools import cache

WIDTH = 3


# Comments above a definition belong to it.
@cache
def double(x):
    """x [T] → 2x [T]."""
    return 2 * x


class Layer:
    size = WIDTH
'''
DOUBLE = MODULE[MODULE.index("# Comments") : MODULE.index("\n\n\nclass")]


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A house with one module and room for chapters."""
    (tmp_path / "book" / "attend").mkdir(parents=True)
    (tmp_path / "book" / "attend" / "things.py").write_text(MODULE, encoding="utf8")
    (tmp_path / "_config.yml").write_text("repository: {url: 'https://example.org/book'}\n")
    monkeypatch.setattr(weave, "ROOT", tmp_path)
    return tmp_path


def chapter(house, *sources):
    path = house / "book" / "01_things.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in (weave.SETUP.split("\n")[0], *sources)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["weave.py", *arguments])
    return weave.main()


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_weave_fills_cells_and_then_finds_nothing(house, monkeypatch, capsys):
    path = chapter(house, "# attend/things.py: double", "# attend/things.py: WIDTH, Layer", "x = 1")
    assert run(monkeypatch) == 0
    setup, double, two, own = sources(path)
    assert setup.endswith('%pip install --quiet "attend @ git+https://example.org/book"')
    assert double == "# attend/things.py: double\n" + DOUBLE
    assert two == "# attend/things.py: WIDTH, Layer\nWIDTH = 3\n\n\nclass Layer:\n    size = WIDTH"
    assert own == "x = 1"
    constants = ["A = 1", "# Why it is two.\nB = (\n    2\n)", "C = 3", "def f(): ..."]
    assert weave.one_after_another(constants[:3]) == "\n".join(constants[:3])
    assert weave.one_after_another(constants[2:]) == "C = 3\n\n\ndef f(): ..."
    capsys.readouterr()
    assert run(monkeypatch, "--check") == 0 and capsys.readouterr().out == ""


def test_check_names_the_cell_that_was_edited_and_changes_nothing(house, monkeypatch, capsys):
    path = chapter(house, "# attend/things.py: double")
    run(monkeypatch)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].source = notebook.cells[1].source.replace("2 * x", "3 * x")
    nbformat.write(notebook, path)
    capsys.readouterr()
    assert run(monkeypatch, "--check") == 1
    assert "01_things.ipynb, cell 1 (# attend/things.py: double) differs" in capsys.readouterr().out
    assert "3 * x" in sources(path)[1]


DOCUMENTED = '''class Gate:
    """σ(W x): how far it is open.

    x [B, D] → [B, D]. Raises ValueError.
    """

    def close(self, x):
        r"""A line that ends in \\

        Raises TypeError.
        """
        return x

    def open(self, x):
        """One paragraph
        stays as it is.
        """

        def inner():
            """Ends "so"

            and goes on."""
        return inner


def wide(x):
    """''' + "x" * 91 + '''

    The quotes no longer fit on the line above."""
'''  # fmt: skip
SHOWN = '''class Gate:
    """σ(W x): how far it is open."""

    def close(self, x):
        r"""A line that ends in \\
        """
        return x

    def open(self, x):
        """One paragraph
        stays as it is.
        """

        def inner():
            """Ends "so"
            """
        return inner


def wide(x):
    """''' + "x" * 91 + '''
    """'''  # fmt: skip


def test_a_docstring_is_shown_up_to_its_first_blank_line(house, monkeypatch):
    (house / "book" / "attend" / "gates.py").write_text(DOCUMENTED, encoding="utf8")
    path = chapter(house, "# attend/gates.py: Gate, wide")
    assert run(monkeypatch) == 0
    assert sources(path)[1] == "# attend/gates.py: Gate, wide\n" + SHOWN
    assert run(monkeypatch, "--check") == 0
    path = chapter(house, "# attend/gates.py: Gate\n" + DOCUMENTED[: DOCUMENTED.index("\n\n\ndef")])
    assert run(monkeypatch, "--check") == 1  # a docstring shown whole is a difference


def trimmed(tree):
    """The tree with each docstring up to its first blank line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            words = ast.get_docstring(node).split("\n\n")[0].rstrip()
            node.body[0].value = ast.Constant(words)
    return ast.dump(tree)


@pytest.mark.parametrize(
    "module", sorted((ROOT / "book" / "attend").rglob("*.py")), ids=lambda path: path.stem
)
def test_only_docstrings_are_shortened(module):
    """What a chapter would show of a module is, to the parser, the module's own definitions."""
    tree = ast.parse(module.read_text(encoding="utf8"))
    nodes = {
        node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)
    }
    found = weave.definitions(module)
    assert nodes.keys() <= found.keys()
    for name, node in nodes.items():
        assert trimmed(ast.parse(found[name])) == trimmed(ast.Module([node], [])), name
        assert max(map(len, found[name].splitlines())) <= weave.WIDTH or "# fmt" in found[name]


@pytest.mark.parametrize(
    "mark, complaint",
    [
        ("# attend/nothing.py: double", "there is no book/attend/nothing.py"),
        ("# attend/things.py: triple", "book/attend/things.py does not define triple"),
    ],
)
def test_marks_that_lead_nowhere_fail_both_ways(house, monkeypatch, capsys, mark, complaint):
    chapter(house, mark)
    assert run(monkeypatch) == 1 and complaint in capsys.readouterr().out
    assert run(monkeypatch, "--check") == 1


def test_a_chapter_without_the_setup_cell_is_told_so(house, monkeypatch, capsys):
    path = chapter(house)
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "x = 1"
    nbformat.write(notebook, path)
    assert run(monkeypatch) == 1
    assert "the first code cell must begin with" in capsys.readouterr().out
    assert sources(path) == ["x = 1"]


def test_ledger_takes_verdicts_from_the_cells(tmp_path, monkeypatch):
    (tmp_path / "book").mkdir()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        claim(1, "holds", True, "proved")
        claim(2, "holds if wide", True, "counted: all of them")
        claim(3, "does not hold: " + "and so on " * 12, True, "measured: " + "more, " * 20 + "end")
    text = printed.getvalue()
    cell = nbformat.v4.new_code_cell("…")
    cell.outputs = [nbformat.v4.new_output("stream", text=part) for part in (text[:9], text[9:])]
    cells = [nbformat.v4.new_markdown_cell("# 01 · Title\n\n## Where it is shown"), cell]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "book" / "01_x.ipynb")
    monkeypatch.setattr(ledger, "ROOT", tmp_path)
    page = ledger.page()
    assert "3 have been tested so far: 1 hold, 1 hold under a condition" in page
    assert "1 are proved, 1 are counted, 1 are measured" in page
    where = "[01 · Where it is shown](01_x.ipynb#claim-2)"
    assert f"| holds if wide | counted: all of them | {where} |" in page
    verdict, proof = "and so on " * 12, "more, " * 20  # wrapped where printed
    assert f"| does not hold: {verdict.strip()} | measured: {proof}end |" in page
    assert page.count("*not tested yet*") == len(ledger.CLAIMS) - 3


def test_ledger_loses_no_verdict(tmp_path, monkeypatch):
    """A cell that was executed when claim() said less."""
    (tmp_path / "book").mkdir()
    cell = nbformat.v4.new_code_cell("…")
    cell.outputs = [nbformat.v4.new_output("stream", text="Claim 1: so\n→ holds\n")]
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "book" / "01_x.ipynb")
    monkeypatch.setattr(ledger, "ROOT", tmp_path)
    with pytest.raises(ValueError, match=r"01_x\.ipynb must say .* execute it again"):
        ledger.page()


def test_claims_need_evidence():
    with pytest.raises(AssertionError, match=r"claim 27 .* no evidence"):
        claim(27, "holds", False, "proved")
    with pytest.raises(ValueError, match="verdict must begin with"):
        claim(27, "perhaps", True, "proved")
    with pytest.raises(ValueError, match="proof must begin with one of proved, counted, measured"):
        claim(27, "holds", True, "seen")
    with pytest.raises(ValueError, match=f"number must be one of 1 … {max(CLAIMS)}, got 99"):
        claim(99, "holds", True, "proved")


def test_vendored_packages_are_pinned_with_their_checksums():
    locks = (vendor.LOCK, ROOT / "tools" / "slides.lock.json")
    for package in (package for lock in locks for package in vendor.packages(lock).values()):
        assert package["version"][0].isdigit() and package["integrity"].startswith("sha512-")


def npm(folder, script):
    """A stand-in for npm, first on the path."""
    (folder / "npm").write_text(f"#!{sys.executable}\nimport pathlib, sys\n{script}")
    (folder / "npm").chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a script")
@pytest.mark.parametrize(
    "script, error, complaint",
    [
        (
            "sys.exit('npm error no network')",
            OSError,
            "npm pack requirejs failed: npm error no network",
        ),
        (
            "pathlib.Path(sys.argv[-1], 'x.tgz').write_bytes(b'other'); print('x.tgz')",
            ValueError,
            "requirejs 2.3.8 is not what vendor.lock.json pins",
        ),
    ],
)
def test_vendor_stops_where_npm_fails_or_delivers_something_else(
    tmp_path, monkeypatch, script, error, complaint
):
    npm(tmp_path, script)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(vendor, "FOLDER", tmp_path / "site" / "npm")
    with pytest.raises(error, match=complaint):
        vendor.vendor()
    assert not (tmp_path / "site" / "npm" / "lock.sha256").exists()


def test_without_npm_the_pages_turn_to_the_cdn_and_say_so(tmp_path):
    """The extension's own code, in a process that has no npm: one line, and addresses that are
    pinned."""
    code = """
import json, pathlib, sys, types
sys.path.insert(0, "tools")
import pages, vendor
vendor.FOLDER = pathlib.Path(sys.argv[1])
config = types.SimpleNamespace(html_static_path=[])
pages.scripts(None, config)
static = [pathlib.Path(folder) == vendor.STATIC for folder in config.html_static_path]
print(json.dumps([config.nb_ipywidgets_js, config.mathjax_path, static]))
"""
    command = [sys.executable, "-c", code, str(tmp_path / "none")]
    environment = {"PATH": str(tmp_path), "PYTHONUTF8": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    said, settings = done.stdout.splitlines()
    assert said.startswith(
        "pages: npm is not installed; the pages will load their scripts from https://"
    )
    scripts, mathjax, static = json.loads(settings)
    assert mathjax.endswith("npm/mathjax@3.2.2/es5/tex-chtml.js") and static == [True]
    assert scripts["widgets.js"]["data-manager"].endswith("@jupyter-widgets/html-manager@1.0.15")


def test_pages_are_read_again_when_the_package_changes_and_only_then(tmp_path):
    (tmp_path / "book" / "attend").mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("torch==2.13.0\n")
    (tmp_path / "book" / "index.rst").write_text("Title\n=====\n")
    build = """
import io, pathlib, sys
sys.path.insert(0, "tools")
import pages
from sphinx.application import Sphinx
root, said = pathlib.Path(sys.argv[1]), io.StringIO()
pages.ROOT, pages.scripts = root, lambda app, config: None
folders = [str(root / "book"), None, str(root / "_build/html"), str(root / "_build/.doctrees")]
Sphinx(*folders, "dummy", confoverrides={"extensions": ["pages"]}, status=said).build()
print("0 added, 0 changed" not in said.getvalue())
"""

    def reads():
        command = [sys.executable, "-c", build, str(tmp_path)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        return run.stdout.strip() == "True"

    assert reads() and not reads()
    (tmp_path / "book" / "attend" / "new.py").write_text("a = 1\n")
    assert reads() and not reads()
    (tmp_path / "book" / "attend" / "new.js").write_text("export const a = 1;\n")
    assert not reads()


@pytest.fixture
def heatmap_state():
    """What a page embeds of one of the book's widgets: its whole state, as a kernel sends it."""
    widget = AttentionHeatmap([[1.0]], ["word"])
    return {
        "state": {
            "layout": {"model_module": "@jupyter-widgets/base", "state": {}},
            "map": {"model_module": "anywidget", "state": widget.get_state()},
        }
    }


def test_a_page_names_the_files_of_its_widgets_and_keeps_the_rest_of_their_state(heatmap_state):
    traits = heatmap_state["state"]["map"]["state"]
    before = dict(traits)
    assert widget_files.lighten(heatmap_state) == ["common", "attention_heatmap"]
    assert traits.pop("_module") == "attention_heatmap"
    assert traits == {name: before[name] for name in before if name not in ("_esm", "_css")}


def test_a_page_with_another_widget_keeps_scripts_in_its_state(heatmap_state):
    heatmap_state["state"]["slider"] = {"model_module": "@jupyter-widgets/controls", "state": {}}
    heatmap_state["state"]["map"]["state"]["_esm"] = "// as it was when the chapter ran"
    heatmap_state["state"]["map"]["state"]["_css"] = "/* as it was */"
    assert widget_files.lighten(heatmap_state) == []
    traits = heatmap_state["state"]["map"]["state"]
    assert traits["_esm"] == AttentionHeatmap._esm and traits["_css"] == AttentionHeatmap._css


def test_a_readers_own_widget_keeps_its_script(heatmap_state):
    heatmap_state["state"]["map"]["state"]["_anywidget_id"] = "__main__.Mine"
    assert widget_files.lighten(heatmap_state) == []
    traits = heatmap_state["state"]["map"]["state"]
    assert traits["_esm"] == AttentionHeatmap._esm and traits["_css"] == AttentionHeatmap._css


@pytest.mark.skipif(not shutil.which("node"), reason="no node to read the scripts with")
def test_every_widget_stands_as_a_classic_script(tmp_path):
    """Read as a page may read them, what they share last; each hands over its render function when
    the host asks for it."""
    widget_files.stage(tmp_path)
    names = [path.stem for path in widget_files.WIDGETS.glob("*.js") if path.stem != "common"]
    code = "const vm = require('vm'), fs = require('fs'); globalThis.self = globalThis;"
    code += "globalThis.document = { createElement: () => ({ getContext: () => ({}) }) };"
    for name in [*names, "common"]:
        path = json.dumps(str(tmp_path / f"{name}.js"))
        code += f"vm.runInThisContext(fs.readFileSync({path}, 'utf8'));"
    code += "const module = (name) => attendWidgets[name](module);"
    code += "console.log(Object.keys(attendWidgets).filter(n => module(n).render).join())"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True)
    assert done.stdout.strip().split(",") == names, done.stderr


def test_the_road_knows_every_chapter_and_nothing_else():
    numbers = [chapter.stem[:2] for chapters in road.parts().values() for chapter in chapters]
    assert numbers == [path.stem[:2] for path in sorted((ROOT / "book").glob("*.ipynb"))]
    questions = {number: f"Why {number} & not <more>?" for number in numbers}
    html = road.road(dict(questions))
    assert html.count("<li") == html.count("<svg") == len(numbers)
    assert "Why 03 &amp; not &lt;more&gt;?" in html
    with pytest.raises(ValueError, match=f"no question for {numbers[-1]}_"):
        road.road({number: questions[number] for number in numbers[:-1]})
    with pytest.raises(ValueError, match="questions without a chapter: 99"):
        road.road(questions | {"99": "What next?"})


def test_a_chapter_on_the_road_says_how_long_it_takes(tmp_path):
    silent = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 01 · Silent")])
    nbformat.write(silent, tmp_path / "01_silent.ipynb")
    with pytest.raises(ValueError, match="must say its title and how long"):
        road.about(tmp_path / "01_silent.ipynb")


@pytest.fixture(scope="module")
def katex():
    if not shutil.which("node"):
        pytest.skip("no node: formulas are left to the reader's browser")
    try:
        vendor.vendor()
    except OSError as error:
        pytest.skip(f"no KaTeX: {error}")


def test_formulas_are_set_for_the_eye_and_for_the_ear(katex):
    inline = mathematics.render(r"\frac{1}{2} < \text{one}", display=False)
    assert 'class="katex-html" aria-hidden="true"' in inline and "<mfrac>" in inline
    assert "katex-display" not in inline and "<script" not in inline
    rows = r"\begin{aligned} a &= b \\ c &= d \end{aligned}"
    assert "katex-display" in mathematics.render(rows, display=True)
    assert inline == mathematics.render(r"\frac{1}{2} < \text{one}", display=False)


def test_a_formula_that_cannot_be_set_says_why_and_the_next_one_is_set(katex):
    with pytest.raises(mathematics.CannotBeSet, match=r"Undefined control sequence: \\softmax"):
        mathematics.render(r"\softmax(x)", display=False)
    assert "katex" in mathematics.render("x", display=False)


def test_a_build_names_the_chapter_of_a_formula_that_cannot_be_set(katex, tmp_path):
    (tmp_path / "index.rst").write_text("Title\n=====\n\n:math:`a_b` and :math:`\\nosuch`\n")
    build = """
import io, pathlib, sys
sys.path.insert(0, "tools")
import mathematics
import mutants
from sphinx.application import Sphinx
root, warned = sys.argv[1], io.StringIO()
folders = [root, None, root + "/out", root + "/trees"]
settings = {"html_theme": "basic"}
app = Sphinx(*folders, "html", settings, status=io.StringIO(), warning=warned)
mathematics.set_here(app)
app.build()
print(warned.getvalue())
print(pathlib.Path(root, "out", "index.html").read_text(encoding="utf8"))
"""
    command = [sys.executable, "-c", build, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "index.rst:4: WARNING: this formula cannot be set: \\nosuch" in done.stdout
    assert done.stdout.count('class="katex-html"') == 1 and "katex.min.css" in done.stdout


def test_the_stylesheet_of_icons_is_small_and_has_each_of_them():
    css = icons.stylesheet()
    assert len(css) < 15_000 and css.count("@font-face") == 2 and "http" not in css[400:]
    for name in (*icons.SOLID, *icons.BRANDS):
        assert f".fa-{name}::before" in css
    assert icons.code_points()["pencil-alt"] == icons.code_points()["pencil"] == "\uf303"


def test_the_height_of_every_place_is_known_at_every_width():
    css, known = places.css(), places.heights()
    assert known, "make heights"
    for rows in known.values():
        for row in rows:
            assert len(row) == len(places.WIDTHS) and min(row) > 50
    for width in places.WIDTHS:
        assert f"var(--at-{width}, " in css and f"--at-{width}: " in places.place(row)


def test_pictures_say_how_large_they_are(tmp_path):
    svg, png, other = tmp_path / "a.svg", tmp_path / "b.png", tmp_path / "c.gif"
    svg.write_text(
        '<?xml version="1.0"?>\n<svg height="36pt" width="72pt" viewBox="0 0 1 1"></svg>'
    )
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0\0\0\x07\0\0\0\x05")
    other.write_bytes(b"GIF")
    assert [places.size(path) for path in (svg, png, other)] == [(96, 48), (7, 5), None]


# --------------------------------------------------------------------------------------- mutants

DECORATED = """
class Model:
    @torch.no_grad()
    def guess(self):
        return 1

    @property
    @cache
    def size(self):
        return 2
"""


def test_decorators_become_assignments():
    """So that mutmut, which passes decorated functions by, changes these too."""
    assert (
        mutants.undecorated(DECORATED)
        == """
class Model:
    def guess(self):
        return 1
    guess = torch.no_grad()(guess)

    def size(self):
        return 2
    size = property(cache(size))
"""
    )
    assert mutants.undecorated(MODULE) == MODULE.replace("@cache\n", "").replace(
        "2 * x\n", "2 * x\ndouble = cache(double)\n"
    )


DIFF = """\
--- attend/masks.py
+++ attend/masks.py
@@ -1,3 +1,3 @@
 def guess(self):

-    return 1
+    return 2
"""


def test_a_survivor_is_known_by_its_function_and_its_lines():
    survivor = mutants.change("attend.masks.xǁModelǁguess__mutmut_12", DIFF)
    assert survivor == ("Model.guess", "- return 1\n+ return 2")
    assert mutants.change("attend.masks.x_causal__mutmut_1", DIFF)[0] == "causal"
    entry = {
        "module": "masks",
        "function": "Model.guess",
        "changes": ["\n- return 1\n+ return 2\n"],
    }
    assert mutants.compare("masks", [survivor], [entry]) == []
    assert mutants.compare("masks", [survivor], []) == [
        "survives: masks.Model.guess\n- return 1\n+ return 2"
    ]
    assert mutants.compare("masks", [], [entry]) == [
        "listed, but does not survive: masks.Model.guess\n- return 1\n+ return 2"
    ]
    assert mutants.compare("layers", [], [entry]) == []
