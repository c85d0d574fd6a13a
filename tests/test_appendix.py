"""Glossary and symbols: in order, said briefly, and every link to a section that is there."""

import re

import nbformat
from mdit_py_plugins.anchors.index import slugify

from conftest import ROOT

BOOK = ROOT / "book"
TERM = re.compile(r"^(?P<term>\S.*)\n(?P<others>(?:\S.*\n)*)  (?P<said>\S.*)$", re.MULTILINE)
LINK = re.compile(r"\[(?P<number>\d\d) · (?P<words>[^]]+)\]\((?P<file>[\w.]+)#(?P<anchor>[^)]+)\)")
READ = {name: (BOOK / name).read_text(encoding="utf8") for name in ("glossary.md", "symbols.md")}


def headings(chapter):
    cells = nbformat.read(chapter, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return set(re.findall(r"^#+ (.*)$", text, re.MULTILINE))


HEADINGS = {path.name: headings(path) for path in BOOK.glob("*.ipynb")}


def terms():
    """(letter above it, term, its other names, definition) for each."""
    found = []
    for part in re.split(r"^## ", READ["glossary.md"], flags=re.MULTILINE)[1:]:
        body = part.split("```{glossary}\n")[1].split("\n```")[0]
        found += [
            (part[0], match["term"], match["others"].split("\n")[:-1], match["said"])
            for match in TERM.finditer(body)
        ]
    return found


def place(term):
    """Where a term stands: by its letters and digits, whatever their case."""
    return re.sub(r"[^a-z0-9]+", " ", term.casefold().replace("–", "-")).strip()


def test_terms_stand_in_order_under_their_letters():
    names = [term for _, term, _, _ in terms()]
    every = names + [other for _, _, others, _ in terms() for other in others]
    assert len(names) >= 140 and len(set(map(place, every))) == len(every)
    assert names == sorted(names, key=place)
    assert all(place(term)[0].upper() == letter for letter, term, _, _ in terms())


def test_each_term_is_said_briefly_and_leads_to_its_section():
    for _, term, _, said in terms():
        link = list(LINK.finditer(said))
        assert len(link) == 1 and said.endswith(link[0][0]), term
        definition = said[: link[0].start()].strip()
        assert definition.endswith((".", "?")) and 5 <= len(definition.split()) <= 50, term


def test_terms_name_sections_that_are_there():
    links = list(LINK.finditer(READ["glossary.md"]))
    assert READ["glossary.md"].count(".ipynb") == len(links)
    for link in links:
        assert link["file"].startswith(link["number"]), link[0]
        assert link["words"] in HEADINGS[link["file"]], link[0]
        assert link["anchor"] == slugify(link["words"]), link[0]


def test_symbols_lead_to_sections_that_are_there():
    links = re.findall(r"\[(\d\d)\]\(([\w.]+)#([^)]+)\)", READ["symbols.md"])
    assert len(links) > 70 and READ["symbols.md"].count(".ipynb") == len(links)
    for number, file, anchor in links:
        assert file.startswith(number) and anchor in map(slugify, HEADINGS[file]), (file, anchor)


def test_symbols_hold_the_legend_of_the_first_page():
    legend = re.findall(r"^\| `(\w)` \|", (BOOK / "index.md").read_text("utf8"), re.MULTILINE)
    assert len(legend) == 8
    for letter in legend:
        assert re.search(rf"^\| \${letter}\$ \|", READ["symbols.md"], re.MULTILINE), letter


def test_names_of_code_in_symbols_are_in_the_code():
    """In the column *in code* stands nothing that neither the package nor a chapter writes."""
    code = "\n".join(path.read_text("utf8") for path in (BOOK / "attend").rglob("*.py"))
    for path in BOOK.glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        code += "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    words = set(re.findall(r"\w+", code))
    rows = [line.split(" | ") for line in READ["symbols.md"].splitlines() if line.startswith("|")]
    for head, row in ((head, row) for head in rows if "in code" in head for row in rows):
        if len(row) == len(head):
            for name in re.findall(r"`([^`]+)`", row[head.index("in code")]):
                if not name.startswith("["):
                    assert set(re.findall(r"[A-Za-z]\w+", name)) <= words, name
