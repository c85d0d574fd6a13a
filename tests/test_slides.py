"""The decks: cut where they should be, whole, and without what a wall does not need."""

import re

import nbformat
import pytest
import slides

from conftest import ROOT

CHAPTERS = sorted((ROOT / "book").glob("*.ipynb"))
LONG = "One two three four five six. " * 20


def markdown(source, *tags):
    return nbformat.v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def code(source, *tags, outputs=()):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})
    cell.outputs = [nbformat.v4.new_output("stream", text=text) for text in outputs]
    return cell


def pages(*cells):
    """The slides of a small chapter, each as the sources of what stands on it."""
    found = slides.paginate(slides.blocks(nbformat.v4.new_notebook(cells=cells)))
    return [[block.cell.source for block in slide] for slide in found]


class TestWhereSlidesBegin:
    def test_a_heading_begins_one(self):
        assert pages(markdown("# T\n\na\n\n## B\n\nb\n\n### C\n\nc")) == [
            ["# T", "a"],
            ["## B", "b"],
            ["### C", "c"],
        ]

    def test_what_has_no_room_goes_on_the_next_under_its_heading(self):
        paragraph = " ".join(["word"] * 40) + "."
        cells = [markdown("## B\n\n" + "\n\n".join([paragraph] * 12))]
        found = slides.paginate(slides.blocks(nbformat.v4.new_notebook(cells=cells)))
        assert len(found) > 1 and sum(len(slide) for slide in found) == 13
        assert [slide[0].head for slide in found] == ["", *["B"] * (len(found) - 1)]
        assert all(sum(block.lines for block in slide) <= slides.LINES for slide in found)

    def test_tags_overrule_the_headings(self):
        cells = [markdown("# T\n\na"), markdown("b", "slide"), markdown("c", "subslide")]
        assert pages(*cells) == [["# T", "a"], ["b"], ["c"]]
        assert pages(*cells[:1], markdown("b", "skip")) == [["# T", "a"]]

    def test_a_fragment_stays_on_its_slide_and_comes_later(self):
        cells = [markdown("# T\n\na"), markdown("b", "fragment")]
        made = slides.cells(slides.paginate(slides.blocks(nbformat.v4.new_notebook(cells=cells))))
        kinds = [(cell.source, cell.metadata.slideshow.slide_type) for cell in made]
        assert kinds == [("# T", "slide"), ("a", "-"), ("b", "fragment")]

    def test_notes_go_to_the_speaker(self):
        cells = [markdown("# T\n\na"), markdown("say this", "notes")]
        made = slides.cells(slides.paginate(slides.blocks(nbformat.v4.new_notebook(cells=cells))))
        assert made[-1].source.strip() == "say this"
        assert made[-1].metadata.slideshow.slide_type == "notes"


class TestWhatIsShown:
    def test_a_long_paragraph_is_cut_at_a_sentence_and_whole_in_the_notes(self):
        short = slides.shorten(LONG)
        assert short.endswith(". …") and len(short.split()) < slides.WORDS
        (block,) = slides.of_markdown(markdown(LONG), exercises=False)
        assert block.cell.source == slides.shorten(LONG.strip())
        assert block.notes == LONG.strip()

    def test_a_short_one_stands_as_it_is(self):
        assert slides.shorten("One sentence. Another.") == "One sentence. Another."

    @pytest.mark.parametrize(
        "text",
        ["**One. Two.** Three.", "(One. Two.) Three.", "$a. B$ and. Three.", "`a. B` c. Three."],
    )
    def test_nothing_is_cut_inside_emphasis_brackets_formulas_or_code(self, text):
        kept = slides.shorten(text + " " + LONG, words=2)
        assert kept.removesuffix(" …") == text.rpartition(" Three.")[0]

    def test_solutions_imports_and_silent_cells_are_left_out(self):
        kept = code("def f():\n    ...\n\n\ncheck('01.1', f)", outputs=["01.1: not attempted"])
        shown = pages(
            markdown("# T"),
            code("# In Colab this fetches the book's code"),
            code("import torch"),
            code("x = 3"),
            kept,
            code("def f():\n    return 3", "hide-input", "solution", outputs=["01.1: right"]),
            markdown("## Further reading\n\nA book."),
            code("print(1)", outputs=["1"]),
        )
        assert shown == [["# T", kept.source]]

    def test_links_lead_to_the_other_decks(self):
        (block,) = slides.of_markdown(markdown("[11](11_self_attention.ipynb)"), exercises=False)
        assert block.cell.source == "[11](11_self_attention.html)"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.name)
def test_every_chapter_makes_a_whole_deck(chapter):
    """Made here from the stored notebook, with still pictures; the browser tests see it alive."""
    notebook = nbformat.read(chapter, as_version=4)
    html = slides.deck(notebook)
    assert not re.search(r'(?:src|href)="(?:https?:)?//[^"]*\.(?:js|css|woff2?)', html)
    made = slides.paginate(slides.blocks(nbformat.read(chapter, as_version=4)))
    begun = sum(slide[0].place == "slide" for slide in made)  # each with a section around it
    assert "<h2" in html and html.count("<section") == html.count("</section>")
    assert html.count("<section") == len(made) + begun
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^##? (.*)$", text, re.MULTILINE)
    assert begun == len([heading for heading in headings if heading not in slides.LEFT_OUT])
    solutions = [c for c in notebook.cells if "solution" in c.metadata.get("tags", [])]
    assert len(solutions) >= 4 and "not attempted" not in html
    stubs = re.findall(r"^\*\*(\d\d\.\d)\*\*", "\n".join(c.source for c in notebook.cells), re.M)
    assert len(stubs) >= 4 and all(f"<strong>{number}</strong>" in html for number in stubs)
    pictures = [o for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    plots = [o for o in pictures if "image/svg+xml" in o.data and "text/html" not in o.data]
    assert html.count('src="data:image/svg+xml;base64,') == len(plots)
    drawn = "".join(o.data["text/html"] for o in pictures if "text/html" in o.data)
    assert all(title in html for title in re.findall(r"<title>.*?</title>", drawn))


def test_the_list_names_every_deck():
    page = slides.index({"01_functions": "01 · From functions to neurons"})
    assert '<a href="01_functions.html">01 · From functions to neurons</a>' in page
