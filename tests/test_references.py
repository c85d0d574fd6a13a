"""References: works are found where chapters name them, and what is missing is said."""

import sys

import nbformat
import pytest
import references
from references import BOOK, citations, named_in, titled, works

KNOWN = works()


def cited(text, code=False):
    return [mention.keys for mention in citations(text, KNOWN, code)]


@pytest.mark.parametrize(
    "text, key",
    [
        ("(Vaswani and others, 2017, section 3.5)", "vaswani2017"),
        ("Ba, Kiros and Hinton (2016) norm a word.", "ba2016"),
        ("Rosenblatt's perceptron, 1958", "rosenblatt1958"),
        ("Rosenblatt’s perceptron, 1958", "rosenblatt1958"),
        ("Bengio, Simard and Frasconi proved in 1994 that", "bengio1994"),
        ("Anna Rogers, Aleksandr Drozd and Bofang Li (2017) found", "rogers2017"),
        ("the datasheet (Gebru and others', 2021)", "gebru2021"),
        ("van den Oord, Kalchbrenner and Kavukcuoglu, 2016", "oord2016"),
        ("S. Hochreiter's diploma thesis (Munich, 1991, in German)", "hochreiter1991"),
        ("Bahdanau, Cho and Bengio in 2014", "bahdanau2015"),
    ],
)
def test_names_and_year_find_the_work(text, key):
    assert cited(text) == [(key,)]


def test_a_docstring_needs_no_comma():
    assert cited("Source: Vaswani et al. 2017, table 3.", code=True) == [("vaswani2017",)]
    assert cited("Glorot & Bengio 2010", code=True) == [("glorot2010",)]


def test_two_years_are_two_works():
    assert cited("Hubel and Wiesel (1959, 1962) found") == [("hubel1959",), ("hubel1962",)]


def test_the_whole_list_of_names_must_fit():
    assert cited("Kiros and Hinton, 2016") == [()]
    assert cited("Ba and Hinton, 2016") == [()]
    assert cited("Ba and others, 2016") == [("ba2016",)]
    assert cited("Rosenblatt and others, 1958") == [()]
    assert cited("Vaswani and others, 2018") == [()]


def test_a_title_finds_its_work():
    assert titled("Attention is all you need", "", KNOWN) == ("vaswani2017",)
    assert titled("Delving deep into rectifiers", "2015", KNOWN) == ("he2015",)
    assert titled("Dropout", "2014", KNOWN) == ("srivastava2014",)
    assert titled("Dropout", "", KNOWN) == ()  # a word in italics is no title
    assert titled("Attention Is All You Need", "2016", KNOWN) == ()


def test_of_two_works_the_one_that_the_chapter_names():
    """Two papers of 1998 by LeCun and others: chapter 01 reads one, chapter 05 the other."""
    where, _ = references.survey(KNOWN)
    assert "01_functions.ipynb" in where["lecun1998efficient"]
    assert "01_functions.ipynb" not in where["lecun1998"]
    assert "05_convolution.ipynb" in where["lecun1998"]


def test_faults_are_named():
    text = "(Miller and Foo, 2019). A. Vaswani and others, *All You Need* (2017)"
    assert named_in(text, KNOWN)[2] == [
        "*All You Need* (2017) is not in references.bib",
        "“Miller and Foo, 2019” is not in references.bib",
    ]
    wrong = "- A. Nobody, *Attention Is All You Need* (2017)."
    assert named_in(wrong, KNOWN)[2] == ["*Attention Is All You Need* is by A. Vaswani"]


def test_each_entry_is_whole():
    for work in KNOWN.values():
        assert work.title and work.year.isdigit() and (work.authors or work.named), work.key
        assert work.venue or work.links, work.key
        assert work.key == "".join(filter(str.isalnum, work.key))
        for _, address in work.links:
            assert address.startswith("https://"), work.key
    addresses = [address for work in KNOWN.values() for _, address in work.links]
    assert len(set(addresses)) == len(addresses)


def test_the_page_links_both_ways():
    page = (BOOK / "references.md").read_text(encoding="utf8")
    where, faults = references.survey(KNOWN)
    assert not faults
    for key, files in where.items():
        entry = page.split(f"({key})=\n")[1].split("\n")[0]
        for file in files:
            assert f"({file})" in entry or f"`{file}`" in entry


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A book of one chapter that names one work, with a list of that one."""
    monkeypatch.setattr(references, "BOOK", tmp_path)
    monkeypatch.setattr(references, "PAGE", tmp_path / "references.md")
    (tmp_path / "attend").mkdir()
    (tmp_path / "references.bib").write_text(
        "@article{doe2001,\n author = {Doe, J. and Roe, R.},\n title = {On Things},\n"
        " year = {2001},\n journal = {Things},\n}\n",
        encoding="utf8",
    )
    write(tmp_path, "Doe and Roe (2001) said so.")
    return tmp_path


def write(house, text):
    cells = [nbformat.v4.new_markdown_cell(text)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), house / "01_things.ipynb")


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["references.py", *arguments])
    return references.main()


def test_the_page_is_written_and_then_nothing_differs(house, monkeypatch, capsys):
    assert run(monkeypatch, "--check") == 1
    assert run(monkeypatch) == 0
    assert "J. Doe and R. Roe, *On Things* (2001), Things. Chapter [01](01_things.ipynb)." in (
        house / "references.md"
    ).read_text(encoding="utf8")
    capsys.readouterr()
    assert run(monkeypatch, "--check") == 0 and capsys.readouterr().out == ""


def test_check_fails_for_an_unknown_work_and_for_one_that_nothing_names(house, monkeypatch, capsys):
    run(monkeypatch)
    write(house, "Doe and Roe (2001), and Poe (2002), said so.")
    assert run(monkeypatch, "--check") == 1
    assert "cell 0: “Poe (2002)” is not in references.bib" in capsys.readouterr().out
    write(house, "Nobody said so.")
    assert run(monkeypatch, "--check") == 1
    assert "no text names doe2001" in capsys.readouterr().out


def test_code_and_formulas_name_nothing():
    assert "Poe" not in references.prose("a `Poe, 2002` b $Poe, 2002$ c ```\nPoe, 2002\n``` d")
