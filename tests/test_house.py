"""The rules of the house: chapters executed and in order, whole exercises, Markdown that every
reader sees."""

import ast
import itertools
import re

import execute
import exercises
import nbformat
import pytest
import road
import yaml
from nbconvert import ScriptExporter

from conftest import ROOT

BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
VIEW = "application/vnd.jupyter.widget-view+json"
FORBIDDEN = (
    r"(inner|outer)HTML",
    r"insertAdjacentHTML",
    r"document\.write",
    r"\beval\(",
    r"new Function",
    r"from \"https?:",
    r"import\(",
)
# What a printed sentence may not say unless it was computed: a number, or how two compare.
TOLD = re.compile(
    r"\d|\b(above|below|over|under|at least|at most|between|(more|less|fewer|longer|larger|smaller|"
    r"better|worse) than)\b"
)
MYST = re.compile(r"^(:::|```\{)|\{(ref|numref|cite|doc|eq|term)[^}]*\}`", re.MULTILINE)


def read(chapter):
    return nbformat.read(chapter, as_version=4)


def code_cells(notebook):
    """The code cells with their place among all cells, as a reader of the file counts them."""
    return [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]


def is_silent(source: str) -> bool:
    """Whether a cell may store no output: nothing in it prints, shows, checks or ends on a bare
    value."""
    if re.search(r"\b(print|display|check|claim)\(|plt\.show\(", source):
        return source.startswith("# attend/") or (
            "def " in source
            and not re.search(
                r"^(print|display|check|claim|plt\.show)\(|^    (print|display)\(",
                source,
                re.MULTILINE,
            )
        )
    last = source.rstrip().split("\n")[-1]
    return not re.fullmatch(r"[A-Z]\w+\(.*\)|[\w.]+( @ [\w.]+)*(  #.*)?", last)


def faults(notebook) -> list[str]:
    """What is wrong with the state in which a notebook is stored."""
    found, count = [], 0
    for i, cell in code_cells(notebook):
        if not cell.source.strip():
            found.append(f"cell {i} is empty")
            continue
        if cell.execution_count is None:
            found.append(f"cell {i} is not executed")
        elif cell.execution_count != count + 1:
            found.append(f"cell {i} is out of order: [{cell.execution_count}] after [{count}]")
        count = cell.execution_count or count
        if not cell.outputs and not is_silent(cell.source):
            found.append(f"cell {i} prints or shows something and stores no output")
        for output in cell.outputs:
            if output.output_type == "error":
                found.append(f"cell {i} stores an error")
            if output.get("name") == "stderr":
                found.append(f"cell {i} stores stderr")
            if VIEW in output.get("data", {}):
                found.append(f"cell {i} stores a widget's view")
    if "widgets" in notebook.metadata:
        found.append("it stores widget state")
    return found


def typed(source: str) -> list[str]:
    """What a cell prints without having computed it: a call of print with nothing but words in it,
    of which some tell a number or compare. The head of a table (words with gaps) is none."""
    printed = []
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "print":
            words = [part.value for part in call.args if isinstance(part, ast.Constant)]
            text = " ".join(map(str, words))
            if len(words) == len(call.args) and TOLD.search(text) and "  " not in text.strip():
                printed.append(text)
    return printed


def is_assert(statement) -> bool:
    call = getattr(statement, "value", None)
    name = getattr(call.func, "attr", "") if isinstance(call, ast.Call) else ""
    return isinstance(statement, ast.Assert) or name.startswith("assert_")


def not_yet(notebook) -> list[str]:
    """What a chapter still lacks of the measures for its pages (CONTRIBUTING.md, step 3)."""
    found, cells = [], road.before_exercises(notebook)
    measured = road.measured(notebook)
    if measured.words < 10 * measured.lines:
        ratio = measured.words / measured.lines
        found.append(f"{ratio:.1f} words of prose for a visible line of code, 10 are wanted")
    for i, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        source = re.sub(r"(?m)^([ \t]*)[%!].*", r"\1pass", cell.source)
        if "remove-cell" not in cell.metadata.get("tags", []):
            found += [f"cell {i} prints what was typed: {text!r}" for text in typed(source)]
        if not road.is_visible(cell):
            continue
        if (lines := road.lines_of(cell)) > 30:
            found.append(f"cell {i} shows {lines} lines, 30 are long")
        parts = ast.parse(source).body
        if parts and all(isinstance(part, (ast.Import, ast.ImportFrom)) for part in parts):
            found.append(f"cell {i} shows nothing but imports: fold it")
        if not cell.outputs and any(map(is_assert, parts)):
            found.append(f"cell {i} asserts and shows nothing: print the number, or fold it")
    words = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    heading, _, rest = words.rpartition("\n## ")[2].partition("\n")
    lines = [line for line in rest.splitlines() if line.strip()]
    if heading != "What you now have" or not 4 <= len(lines) <= 8:
        found.append("no section 'What you now have' of about five lines before the exercises")
    said = re.search(r"Reading: about (\d+) minutes", words)
    whole = "TODO(chapter)" not in words  # what `make chapter` wrote is not measured before
    if whole and not (said and abs(int(said[1]) - measured.minutes) <= 5):
        found.append(f"reading takes about {measured.minutes:.0f} minutes")
    return found


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.name)
class TestChapter:
    def test_is_a_page_worth_reading(self, chapter):
        lacks = not_yet(read(chapter))
        assert not lacks, "\n".join(lacks)

    def test_is_stored_executed_and_in_order(self, chapter):
        assert not faults(read(chapter))

    def test_says_what_language_it_is_in_and_no_version(self, chapter):
        """nbconvert and Jupytext name a script by it; a version would differ by machine."""
        notebook = read(chapter)
        assert notebook.metadata == execute.METADATA
        assert "version" not in notebook.metadata.language_info
        for each in (notebook, exercises.without_solutions(notebook)):
            _, resources = ScriptExporter().from_notebook_node(each)
            assert resources["output_extension"] == ".py"

    def test_uses_plain_markdown(self, chapter):
        for i, cell in enumerate(read(chapter).cells):
            if cell.cell_type == "markdown":
                assert not MYST.search(cell.source), f"cell {i} uses MyST, which shows raw in Colab"

    def test_reads_like_a_book(self, chapter):
        """Prose outweighs code, and cells are short: what is long belongs in the package."""
        notebook = read(chapter)
        words = sum(len(c.source.split()) for c in notebook.cells if c.cell_type == "markdown")
        sources = [cell.source for _, cell in code_cells(notebook)]
        lines = sorted(source.count("\n") + 1 for source in sources)
        assert lines[len(lines) // 2] <= 9, "half of the cells should have at most 8 lines or so"
        assert words >= 5 * sum(lines), "prose should outweigh code"

    def test_opens_with_one_title_that_has_its_number(self, chapter):
        titles = re.findall(
            r"^# (.*)$",
            "\n".join(c.source for c in read(chapter).cells if c.cell_type == "markdown"),
            re.MULTILINE,
        )
        assert len(titles) == 1 and titles[0].startswith(f"{chapter.name[:2]} · ")

    def test_redefines_nothing_of_the_package(self, chapter):
        taught = set()
        for module in (BOOK / "attend").glob("*.py"):
            taught |= set(
                re.findall(r"^(?:def|class) ([A-Za-z]\w+)", module.read_text("utf8"), re.M)
            )
        for i, cell in code_cells(read(chapter)):
            if cell.source.startswith("# attend/") or "solution" in cell.metadata.get("tags", []):
                continue
            again = set(re.findall(r"^(?:def|class) (\w+)", cell.source, re.M)) & taught
            assert not again, f"cell {i} defines {again}, which the package holds: weave it"

    def test_plumbing_is_out_of_the_readers_way(self, chapter):
        """On a page, what Colab needs is not shown and the imports are folded."""
        setup, imports = [cell.metadata.get("tags", []) for _, cell in code_cells(read(chapter))][
            :2
        ]
        assert "remove-cell" in setup and "hide-input" in imports

    def test_exercises_are_whole(self, chapter):
        """Each stub says *not attempted*; the next code cell is its folded solution and says
        *right*."""
        cells = [cell for _, cell in code_cells(read(chapter))]
        number = int(chapter.name[:2])
        seen = []
        for stub, solution in itertools.pairwise(cells):
            call = re.search(rf'^check\("({number:02d}|{number})\.(\d)"', stub.source, re.MULTILINE)
            if not call or "solution" in stub.metadata.get("tags", []):
                continue
            seen.append(int(call[2]))
            assert "..." in stub.source
            assert stub.outputs[0].text.strip().endswith("not attempted")
            assert {"hide-input", "solution"} <= set(solution.metadata.get("tags", []))
            assert solution.outputs[0].text.strip().endswith("right")
        assert 4 <= len(seen) <= 6 and seen == list(range(1, len(seen) + 1))

    def test_figures_have_words_for_those_who_cannot_see_them(self, chapter):
        for i, cell in code_cells(read(chapter)):
            if "plt.show()" in cell.source:
                alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
                assert len(alt) > 40, f"cell {i} draws a figure and has no alternative text"

    def test_still_pictures_of_widgets_have_titles(self, chapter):
        for i, cell in code_cells(read(chapter)):
            for output in cell.outputs:
                if road.is_widget(output):
                    told = re.search(r"<title>[^<]{15,}</title>", output["data"]["image/svg+xml"])
                    assert told, f"cell {i} stores a picture without a title"

    def test_is_on_the_road(self, chapter):
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
        files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
        assert f"book/{chapter.stem}" in files
        title, minutes = road.about(chapter)
        assert title and 20 <= minutes <= 90
        assert re.search(
            rf"^{chapter.name[:2]}: .+\?$", (BOOK / "index.md").read_text("utf8"), re.M
        )
        assert (road.PICTURES / f"{chapter.stem}.svg").is_file()


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for count, cell in enumerate(cells, 1):
        cell.execution_count = count
    return nbformat.v4.new_notebook(cells=cells)


HAVE = "## What you now have\n\n- a\n- b\n- c\n- d\n- e"


def page(words=499, code="x = 1\n" * 10, tags=(), minutes=5, have=HAVE, together=False):
    """A chapter of one cell, that many words (those of the headings and of `have` not counted), and
    its exercises."""
    about = f"# 01 · A\n\nReading: about {minutes} minutes\n\n"
    rest = words - len(re.findall(r"\w+", about + have))
    text, ends, exercises = (
        nbformat.v4.new_markdown_cell(source)
        for source in (about + "word " * rest, have, "## Exercises\n\n" + "word " * 9999)
    )
    if together:
        ends.source += "\n\n" + exercises.source
        exercises.source = "More."
    cell = nbformat.v4.new_code_cell(code, metadata={"tags": list(tags)})
    shown = nbformat.v4.new_code_cell("y\n" * 99, metadata={"tags": ["hide-input"]})
    return nbformat.v4.new_notebook(cells=[text, cell, ends, exercises, shown])


class TestTheRulesThemselves:
    """A rule that cannot fail is no rule."""

    def test_unexecuted(self):
        stored = notebook("x = 1", "y = 2")
        assert not faults(stored)
        stored.cells[1].execution_count = None
        assert faults(stored) == ["cell 1 is not executed"]

    def test_out_of_order(self):
        stored = notebook("x = 1", "y = 2", "z = 3")
        stored.cells[1].execution_count = 5
        assert "cell 1 is out of order: [5] after [1]" in faults(stored)

    @pytest.mark.parametrize(
        "source",
        ["print(1)", "X @ X.T  # [T, T]", "AttentionHeatmap(weights)", 'check("11.1", f)',
         "for x in y:\n    print(x)", "plt.plot(x)\nplt.show()", "x = 1\nx",
         "def f(x):\n    return x\n\n\nprint(f(1))"],
    )  # fmt: skip
    def test_outputs_deleted(self, source):
        assert faults(notebook(source)) == ["cell 0 prints or shows something and stores no output"]

    @pytest.mark.parametrize(
        "source", ["x = 1", "def f(x):\n    return x", "import torch", "assert x == 1",
                   "torch.testing.assert_close(a, b)", "figures.set_style()"],
    )  # fmt: skip
    def test_silent_cells_may_store_nothing(self, source):
        assert not faults(notebook(source))

    def test_widget_state_and_stderr(self):
        stored = notebook("x = 1")
        stored.cells[0].outputs = [nbformat.v4.new_output("stream", name="stderr", text="…")]
        stored.metadata["widgets"] = {}
        assert faults(stored) == ["cell 0 stores stderr", "it stores widget state"]

    @pytest.mark.parametrize("together", [False, True])
    def test_a_page_worth_reading(self, together):
        assert not not_yet(page(together=together))

    @pytest.mark.parametrize(
        "lack, change",
        [
            ("9.9 words of prose", {"words": 99}),
            ("cell 1 shows 31 lines", {"words": 999, "code": "x = 1\n" * 31, "minutes": 9}),
            ("cell 1 shows nothing but imports", {"code": "import a\nfrom b import c"}),
            ("cell 1 asserts and shows nothing", {"code": "x = 1\nassert x == 1"}),
            ("cell 1 asserts", {"code": "torch.testing.assert_close(x, 1)"}),
            ("cell 1 prints what was typed: 'BLEU above 90'", {"code": 'print("BLEU above 90")'}),
            ("typed: 'longer than 8 words'", {"code": 'print("longer than",\n  "8 words")'}),
            ("cell 1 prints", {"code": 'if a:\n    print("half of 9")', "tags": ["hide-input"]}),
            ("no section 'What you now have'", {"have": "## What you have"}),
            ("no section 'What you now have'", {"have": "## What you now have\n\n- one"}),
            ("no section", {"have": "## What you now have\n\n" + "- one\n" * 9}),
            ("no section", {"have": "## What you now have\n- a\n- b\n- c\n- d\n\n## Then"}),
            ("reading takes about 12 minutes", {"words": 2200}),
            ("reading takes about 4 minutes", {"minutes": 10}),
        ],
    )
    def test_what_a_page_lacks(self, lack, change):
        assert len(found := not_yet(page(**change))) == 1 and lack in found[0], found

    @pytest.mark.parametrize(
        "code, tags",
        [
            ("import a", ["hide-input"]),
            ("assert x == 1", ["hide-input"]),
            ("import a\n\na.b()", []),
            ("def f(x):\n    assert x == 1", []),
            ('print("     κ = 1   κ = 10")', []),
            ('print("a map of the heads")', []),
            ('print(f"above {x}")', []),
            ('print("above", x)', []),
            ("%pip install a", []),
        ],
    )
    def test_a_page_may_have(self, code, tags):
        assert not not_yet(page(code=code, tags=tags))

    def test_what_is_left_to_write(self):
        texts = {"a": "done\n- TODO(chapter): more", "b": "done"}
        assert left_to_write(texts) == ["a: - TODO(chapter): more"]


def test_everything_on_the_toc_is_there():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    for entry in (entry for part in toc["parts"] for entry in part["chapters"]):
        assert list(BOOK.glob(f"{entry['file'].removeprefix('book/')}.*"))


def test_pins_are_exact_and_the_package_comes_last():
    lines = [line for line in (ROOT / "requirements.txt").read_text("utf8").splitlines() if line]
    pins = [line for line in lines if not line.startswith("#")]
    assert pins[-1] == "-e ." and "torch==2.13.0" in pins
    assert all(re.match(r"[\w.-]+==[\w.]+( ;.*)?$", pin) for pin in pins[:-1])


def left_to_write(texts: dict[str, str]) -> list[str]:
    """Where `make chapter` left a place for somebody to write: the file, and what belongs there."""
    return [
        f"{name}: {line.strip()[:100]}"
        for name, text in texts.items()
        for line in text.splitlines()
        if "TODO(chapter)" in line
    ]


def test_nothing_is_left_to_write():
    pages = [ROOT / "_toc.yml", *BOOK.glob("*.md"), *BOOK.glob("assets/road/*.svg")]
    checkers = [*BOOK.glob("attend/exercises/*.py"), *ROOT.glob("tests/slips/*.py")]
    texts = {str(path.relative_to(ROOT)): path.read_text("utf8") for path in pages + checkers}
    for chapter in CHAPTERS:
        for i, cell in enumerate(read(chapter).cells):
            texts[f"book/{chapter.name}, cell {i}"] = cell.source
    left = left_to_write(texts)
    assert not left, "\n".join(["still to be written:", *left])


def test_text_enters_pages_as_text():
    """No widget writes HTML from data, loads code by address, or evaluates a string."""
    for script in (BOOK / "attend" / "widgets").glob("*.js"):
        text = script.read_text(encoding="utf8")
        for word in FORBIDDEN:
            assert not re.search(word, text), f"{script.name} uses {word}"


def test_stylesheets_close_what_they_open():
    """A lost brace nests all that follows, and no browser complains."""
    for sheet in BOOK.rglob("*.css"):
        text = sheet.read_text(encoding="utf8")
        assert text.count("{") == text.count("}"), sheet.name
