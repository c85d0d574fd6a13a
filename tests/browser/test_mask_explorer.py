"""The numbers that MaskExplorer shows on the page are those of its Python class."""

import numpy as np
import pytest

from attend.widgets import MaskExplorer
from attend.widgets.mask_explorer import MASKINGS, PAD, written
from kinds import rows_of

CHAPTER = "book/15_masks.html"
SENTENCES = [text.split() for text in ("tea is hot", "I read a good book", "come in")]
CHINESE = [["茶", "很", "热"], ["我", "看", "一", "本", "好", "书"], ["请", "进"]]


@pytest.fixture
def twin():
    """The chapter's widget, in Python."""
    return MaskExplorer(SENTENCES, causal=True, memory=CHINESE, cell=(1, 0))


@pytest.fixture
def widget(visit):
    return visit(CHAPTER).locator("[data-widget=MaskExplorer]")


def settle(widget):
    widget.page.wait_for_timeout(80)


def text(widget, role):
    settle(widget)
    return widget.locator(f"[data-role={role}]").inner_text()


def number(cell):
    cell = cell.replace("−", "-").replace("∞", "inf")
    return float(cell)  # "NaN" and "-inf" too


def tables(widget):
    """The tables of numbers, last step first: weights, masked, scores."""
    settle(widget)
    found = []
    for table in widget.locator(".attend-numbers table").all():
        found.append(np.array([[number(cell) for cell in row] for row in rows_of(table)]))
    return found


def assert_shows(widget, twin):
    """All three matrices and the sums, to the digits of the table."""
    weights, middle, scores = tables(widget)
    b, cross = twin.sentence, twin.cross
    np.testing.assert_allclose(weights[:, :-1], twin.weights()[b], atol=1e-6)
    np.testing.assert_allclose(weights[:, -1], twin.weights()[b].sum(axis=-1), atol=1e-6)
    wanted = np.array((twin.memory_scores if cross else twin.scores)[b])
    np.testing.assert_allclose(scores, wanted, atol=1e-9)
    if twin.masking in ("book", "infinity", "multiplied"):
        np.testing.assert_allclose(middle, twin.masked_scores()[b], atol=1e-9)


def test_every_way_of_masking(widget, twin):
    widget.get_by_role("button", name="Numbers").click()
    for kind in ("self", "cross"):
        widget.get_by_role("radio", name=kind, exact=True).check(force=True)
        twin.cross = kind == "cross"
        for masking in MASKINGS:
            widget.get_by_role("combobox").select_option(masking)
            twin.masking = masking
            for b in range(3):
                widget.get_by_role("radio", name=f"Show sentence {b}").check()
                twin.sentence = b
                assert_shows(widget, twin)


def test_lengths_causal_and_left_by_keyboard(widget, twin):
    page = widget.page
    widget.get_by_role("slider", name="Length of sentence 1").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    twin.lengths, twin.sentence = [3, 2, 2], 1
    page.keyboard.press("t")
    assert_shows(widget, twin)
    assert widget.locator(".attend-sentence").nth(1).locator(".attend-pad").count() == 3
    for name, trait in (("causal", "causal"), ("padding on the left", "left")):
        box = widget.get_by_role("checkbox", name=name)
        box.focus()
        page.keyboard.press("Space")
        setattr(twin, trait, not getattr(twin, trait))
        assert_shows(widget, twin)
    widget.get_by_role("checkbox", name="causal").check()
    twin.causal = True
    assert_shows(widget, twin)  # the first places see padding alone: rows of zeros
    assert twin.weights()[1, 0].sum() == 0


def test_a_row_with_nothing_to_see(widget, twin):
    widget.get_by_role("slider", name="Length of sentence 0").focus()
    widget.page.keyboard.press("Home")
    widget.page.keyboard.press("t")
    twin.lengths = [0, 5, 2]
    assert_shows(widget, twin)
    assert text(widget, "sum") == "0" and f"{PAD} may look at nothing" in text(widget, "row")
    widget.get_by_role("combobox").select_option("infinity")
    twin.masking = "infinity"
    assert_shows(widget, twin)
    assert text(widget, "sum") == "NaN" and text(widget, "value") == "NaN"


def test_arrow_keys_read_every_weight(widget, twin):
    widget.locator("[data-role=stage]").focus()
    widget.page.keyboard.press("Control+Home")
    for row in twin.weights()[0]:
        widget.page.keyboard.press("Home")
        for weight in row:
            assert text(widget, "value") == written(weight, 6)
            widget.page.keyboard.press("ArrowRight")
        widget.page.keyboard.press("ArrowDown")


def test_a_number_typed_in_the_matrix_becomes_the_score(widget, twin):
    page, stage = widget.page, widget.locator("[data-role=stage]")
    stage.focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("-2.75")
    page.keyboard.press("Enter")
    assert stage.evaluate("stage => stage === document.activeElement")
    scores = np.array(twin.scores)
    scores[0, 1, 1] = -2.75
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("PageUp")
    scores[0, 1, 0] += 0.5
    twin.scores = scores
    page.keyboard.press("t")
    assert_shows(widget, twin)
    assert text(widget, "value") == written(twin.weights()[0, 1, 0], 6)
    field = widget.get_by_label("Score of the chosen cell")
    field.fill("")  # no number: marked, and not taken
    assert widget.locator("input[aria-invalid]").count() == 1
    assert_shows(widget, twin)
    widget.get_by_role("button", name="Reset scores").click()
    assert_shows(widget, MaskExplorer(SENTENCES, causal=True))


def test_a_hidden_score_counts_after_the_softmax_and_not_before(widget, twin):
    page = widget.page
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    before = text(widget, "value")
    page.keyboard.press("End")
    page.keyboard.type("900")
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    assert text(widget, "value") == before  # hidden before the softmax
    assert text(widget, "sum") == "1"
    widget.get_by_role("combobox").select_option("after")
    assert text(widget, "sum") == "0"
    widget.get_by_role("combobox").select_option("renormalised")
    assert text(widget, "sum") == "NaN"


@pytest.mark.parametrize("width", [360, 1280])
def test_pointer_chooses_a_cell(visit, twin, width):
    widget = visit(CHAPTER, width).locator("[data-widget=MaskExplorer]")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    allowed = {written(weight, 6) for weight in twin.weights()[0].flat}
    seen = set()
    for down in np.linspace(0.45, 0.95, 4):
        for along in np.linspace(0.3, 0.75, 4):
            stage.click(position={"x": box["width"] * along, "y": box["height"] * down})
            seen.add((text(widget, "value"), text(widget, "cell")))
    assert len(seen) > 4 and {value for value, _ in seen} <= allowed


def test_a_score_is_drawn_up_with_the_mouse(widget, twin):
    page, stage = widget.page, widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.13, box["y"] + box["height"] * 0.9)
    page.mouse.down()
    settle(widget)
    before = float(widget.get_by_label("Score of the chosen cell").input_value())
    page.mouse.move(box["x"] + box["width"] * 0.13, box["y"] + box["height"] * 0.9 - 40, steps=4)
    settle(widget)
    page.mouse.up()
    settle(widget)
    after = float(widget.get_by_label("Score of the chosen cell").input_value())
    assert 1.8 <= after - before <= 2.2


def test_steps_reveal_one_matrix_after_the_other(visit):
    page = visit(CHAPTER, width=360, theme="dark")
    widget = page.locator("[data-widget=MaskExplorer]")
    looks = set()
    for step in "123":
        widget.get_by_role("radio", name=step, exact=True).check(force=True)
        settle(widget)
        looks.add(widget.locator("canvas").evaluate("canvas => canvas.toDataURL()"))
    assert len(looks) == 3
