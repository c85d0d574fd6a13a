"""The drawings: well-formed, told in words, nothing out of the picture, no two words on top of each
other, nor a word and a line."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest

from attend import drawings
from attend.drawings.pen import text_width
from conftest import ROOT

ALL = {
    "neuron": drawings.neuron,
    "sequences": drawings.sequences,
    "rnn": drawings.rnn,
    "lstm": drawings.lstm,
    "gru": drawings.gru,
    "encoder_decoder": drawings.encoder_decoder,
    "attention before": lambda: drawings.encoder_decoder_attention("before"),
    "attention after": lambda: drawings.encoder_decoder_attention(order="after"),
    "multi_head": drawings.multi_head,
    "block pre": lambda: drawings.residual_block("pre"),
    "block post": lambda: drawings.residual_block(norm="post"),
    "transformer pre": lambda: drawings.transformer("pre"),
    "transformer post": lambda: drawings.transformer(norm="post"),
}
PHONE = 320  # px that a drawing has on the narrowest telephones
STEP = re.compile(r"([MLHVQaZ])([^MLHVQaZ]*)")
each = pytest.mark.parametrize("drawing", [make() for make in ALL.values()], ids=list(ALL))


def root(text: str) -> ET.Element:
    """The SVG as a tree, without the name space."""
    return ET.fromstring(text.replace(' xmlns="http://www.w3.org/2000/svg"', ""))


def number(element, name) -> float:
    return float(element.get(name))


def text_box(text: ET.Element) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a label, about."""
    size, x, y = number(text, "font-size"), number(text, "x"), number(text, "y")
    runs = [(text.text or "", size)]
    for span in text:
        runs += [(span.text or "", float(span.get("font-size", size))), (span.tail or "", size)]
    width = sum(text_width(run, s) for run, s in runs) * (1.1 if text.get("font-weight") else 1)
    left = x - {"middle": width / 2, "end": width}.get(text.get("text-anchor"), 0)
    return left, y - 0.75 * size, left + width, y + 0.25 * size


def labels(tree) -> dict[str, tuple]:
    found = [("".join(text.itertext()), text_box(text)) for text in tree.iter("text")]
    return {f"{i} {words}": box for i, (words, box) in enumerate(found)}


def points(path: str) -> list[tuple[float, float]]:
    """Points along a path, one unit apart; a bridge counts as the straight line under it."""
    corners, x, y = [], 0.0, 0.0
    for step, rest in STEP.findall(path):
        at = [float(each) for each in rest.split()]
        if step in "ML":
            x, y = at
        elif step == "Q":
            x, y = at[2:]
        elif step == "a":
            x, y = x + at[-2], y + at[-1]
        elif step in "HV":
            x, y = (at[0], y) if step == "H" else (x, at[0])
        corners.append((x, y))
    found = []
    for (a, b), (c, d) in itertools.pairwise(corners):
        n = max(1, round(((c - a) ** 2 + (d - b) ** 2) ** 0.5))
        found += [(a + (c - a) * i / n, b + (d - b) * i / n) for i in range(n + 1)]
    return found


def inside(point, box) -> bool:
    left, top, right, bottom = box
    return left < point[0] < right and top < point[1] < bottom


@each
def test_it_is_an_svg_with_a_title_and_words(drawing):
    for text in (drawing._repr_html_(), drawing._repr_svg_()):
        tree = root(text)
        assert [child.tag for child in tree][:2] == ["title", "desc"]
        assert tree.find("title").text == drawing.title
        assert tree.find("desc").text == drawing.words and drawing.words.endswith(".")
        assert tree.get("role") == ("group" if tree.find(".//a") is not None else "img")
    assert repr(drawing) == f"Drawing: {drawing.title}. {drawing.words}"


def test_a_drawing_is_the_same_each_time_and_different_from_the_others():
    first, second = ([make()._repr_html_() for make in ALL.values()] for _ in range(2))
    assert first == second and len(set(first)) == len(ALL)


@each
def test_two_on_a_page_do_not_collide(drawing):
    assert not [e for e in root(drawing._repr_html_()).iter() if e.get("id") or e.get("class")]


@each
def test_ink_is_the_pages(drawing):
    """Nothing that would vanish on a dark page: areas are tinted, the rest is currentColor."""
    for element in root(drawing._repr_html_()).iter():
        assert element.get("fill") in (None, "none", "currentColor")
        assert element.get("stroke") in (None, "none", "currentColor")
        assert element.tag != "rect" or element.get("fill") == "none" or element.get("fill-opacity")


@each
def test_every_label_is_in_the_picture(drawing):
    for name, (left, top, right, bottom) in labels(root(drawing.svg())).items():
        assert left >= 0 and top >= 0, name
        assert right <= drawing.width and bottom <= drawing.height, name


@each
def test_no_two_labels_overlap(drawing):
    for (one, a), (two, b) in itertools.combinations(labels(root(drawing.svg())).items(), 2):
        apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        assert apart, f"{one} and {two}"


@each
def test_no_line_runs_through_a_label(drawing):
    tree = root(drawing.svg())
    lines = [point for path in tree.iter("path") for point in points(path.get("d"))]
    for name, box in labels(tree).items():
        struck = [point for point in lines if inside(point, box)]
        assert not struck, f"{name} at {struck[0]}"


@each
def test_a_label_is_wholly_in_its_box_or_outside(drawing):
    tree = root(drawing.svg())
    boxes = []
    for rect in tree.iter("rect"):
        x, y = float(rect.get("x", 0)), float(rect.get("y", 0))
        boxes.append((x, y, x + number(rect, "width"), y + number(rect, "height")))
    for name, (left, top, right, bottom) in labels(tree).items():
        for box in boxes:
            apart = right <= box[0] or box[2] <= left or bottom <= box[1] or box[3] <= top
            within = box[0] < left and right < box[2] and box[1] < top and bottom < box[3]
            assert apart or within, f"{name} and {box}"


@each
def test_it_reads_on_a_telephone(drawing):
    sizes = [number(text, "font-size") for text in root(drawing.svg()).iter("text")]
    assert min(sizes, default=12) * PHONE / drawing.width >= 11


@each
def test_a_box_that_leads_somewhere_leads_to_a_chapter(drawing):
    for link in root(drawing._repr_html_()).iter("a"):
        assert (ROOT / "book" / link.get("href").replace(".html", ".ipynb")).is_file()


@pytest.mark.parametrize(
    "draw, wrong",
    [
        (drawings.residual_block, {"norm": "middle"}),
        (drawings.transformer, {"norm": None}),
        (drawings.encoder_decoder_attention, {"order": "bahdanau"}),
    ],
)
def test_a_wrong_switch(draw, wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be one of"):
        draw(**wrong)


class TestTheTestsThemselves:
    """They see what they look for."""

    def drawing(self, *steps):
        made = drawings.Drawing(100, 60, "A test", "Words.")
        for name, *arguments in steps:
            getattr(made, name)(*arguments)
        return made

    def test_a_label_that_sticks_out(self):
        with pytest.raises(AssertionError):
            test_every_label_is_in_the_picture(self.drawing(("label", 90, 20, "too long")))

    def test_labels_on_each_other(self):
        with pytest.raises(AssertionError):
            test_no_two_labels_overlap(
                self.drawing(("label", 50, 20, "one"), ("label", 52, 22, "two"))
            )

    def test_a_line_through_a_label(self):
        with pytest.raises(AssertionError):
            test_no_line_runs_through_a_label(
                self.drawing(("line", (0, 20), (99, 20)), ("label", 50, 20, "struck"))
            )

    def test_a_label_over_the_edge_of_its_box(self):
        with pytest.raises(AssertionError):
            test_a_label_is_wholly_in_its_box_or_outside(
                self.drawing(("box", 50, 30, 20, 20, "far too long"))
            )


def test_symbols_are_set_as_in_formulas():
    made = drawings.Drawing(100, 60, "A test", "Words & <signs>.")
    made.label(50, 30, "a $h_{t−1}$ & $c_2$")
    (text,) = root(made.svg()).iter("text")
    assert "".join(text.itertext()) == "a ht−1 & c2"
    assert [span.get("dy") for span in text] == [None, "3.5", None, "-3.5", None, "3.5"]
    assert root(made._repr_html_()).find("desc").text == "Words & <signs>."
