"""The numbers that NormAxes shows on the page are those of its Python class."""

import numpy as np
import pytest

from attend.widgets import NormAxes
from attend.widgets.norm_axes import written
from kinds import rows_of

CHAPTER = "book/14_block.html"


def twin(**options):
    """The chapter's widget, in Python."""
    return NormAxes(**{"cell": (1, 2, 3), **options})


@pytest.fixture
def widget(visit):
    return visit(CHAPTER).locator("[data-widget=NormAxes]")


def said(widget, role):
    widget.page.wait_for_timeout(80)
    return widget.locator(f"[data-role={role}]").inner_text()


def assert_shows(widget, python):
    b, t, d = python.cell
    mean, variance = (each[b, t, d] for each in python.statistics())
    assert said(widget, "value") == written(python.outputs()[b, t, d])
    assert said(widget, "mean") == written(mean)
    assert said(widget, "variance") == written(variance)


def choose(widget, norm):
    widget.get_by_role("group", name="Norm").get_by_role("radio", name=norm, exact=True).check()


def tables(widget, count):
    """x and the outputs of every sentence, from the table of numbers: [2, B, T, D]."""
    found = [
        [[float(cell.replace("−", "-").rstrip(" *")) for cell in row] for row in rows_of(table)]
        for table in widget.locator(".attend-numbers table").all()[: 2 * count]
    ]
    return np.array(found[0::2]), np.array(found[1::2])


def test_arrow_keys_move_in_three_directions(widget):
    python = twin()
    widget.locator("[data-role=stage]").focus()
    assert_shows(widget, python)
    for key, cell in (
        ("ArrowRight", (1, 2, 4)),
        ("ArrowUp", (1, 1, 4)),
        ("PageDown", (2, 1, 4)),
        ("PageDown", (2, 1, 4)),
        ("ArrowDown", (2, 2, 4)),
        ("Home", (2, 2, 0)),
        ("PageUp", (1, 2, 0)),
        ("Control+End", (2, 3, 5)),
    ):
        widget.page.keyboard.press(key)
        python.cell = cell
        assert_shows(widget, python)


@pytest.mark.parametrize("norm", ["layer", "batch", "instance", "group"])
def test_every_number_is_pythons(widget, norm):
    choose(widget, norm)
    widget.get_by_role("button", name="Numbers").click()
    for with_padding in (True, False) if norm != "layer" else (True,):
        if norm != "layer":
            widget.get_by_role("checkbox").set_checked(with_padding)
        widget.page.wait_for_timeout(80)
        x, outputs = tables(widget, 3)
        python = twin(norm=norm, with_padding=with_padding)
        np.testing.assert_array_equal(x, python.x)
        np.testing.assert_allclose(outputs, python.outputs(), atol=0.00006)


def test_groups_and_running_averages(widget):
    choose(widget, "group")
    python = twin(norm="group", groups=3)
    widget.get_by_role("group", name="Groups").get_by_role("radio", name="3", exact=True).check()
    assert_shows(widget, python)
    choose(widget, "batch")
    python.norm = "batch"
    for _ in range(2):
        widget.locator("[data-role=learn]").click()
        python.take_in()
        assert_shows(widget, python)
    widget.get_by_role("radio", name="inference").check()
    python.inference = True
    assert_shows(widget, python)


def test_a_typed_number_moves_the_outputs_that_python_names(widget):
    python = twin(norm="instance")
    choose(widget, "instance")
    stage = widget.locator("[data-role=stage]")
    stage.focus()
    widget.page.keyboard.press("9")
    widget.page.keyboard.type(".5")
    x = np.array(python.x)
    x[1, 2, 3] = 9.5
    python.x = x
    assert_shows(widget, python)
    there = python.words()[:, :, None]
    assert said(widget, "changed") == str((python.changed() & there).sum())
    widget.page.keyboard.press("Enter")
    assert stage.evaluate("element => element === document.activeElement")
    widget.locator("[data-role=number]").fill("5000")  # marked, and not taken
    assert_shows(widget, python)
    assert widget.locator("input[aria-invalid]").count() == 1
    widget.locator("[data-role=back]").click()
    python.x = python.before
    assert_shows(widget, python)


def test_other_sentences_move_batch_norm_and_not_layer_norm(widget):
    widget.locator("select").select_option(label="the other sentences")
    widget.locator("[data-role=twice]").click()
    python = twin()
    x = np.array(python.x)
    x[[0, 2]] *= 2
    python.x = x
    for norm in ("layer", "batch", "instance", "group"):
        choose(widget, norm)
        python.norm = norm
        moved = (python.changed() & python.words()[:, :, None]).sum()
        assert said(widget, "changed") == str(moved)
        assert (moved > 0) == (norm == "batch")
    choose(widget, "batch")
    widget.locator("[data-role=keep]").click()
    widget.page.wait_for_timeout(80)
    assert widget.locator("[data-role=changed]").count() == 0


@pytest.mark.parametrize("width, theme", [(360, "dark"), (1280, "light")])
def test_pointer_chooses_a_number(visit, width, theme):
    widget = visit(CHAPTER, width, theme).locator("[data-widget=NormAxes]")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box["width"] <= width
    python, seen = twin(), set()
    for share in np.linspace(0.1, 0.9, 9):
        stage.click(position={"x": box["width"] * 0.4, "y": box["height"] * share})
        seen.add(said(widget, "value"))
    allowed = {written(number) for number in python.outputs().flat}
    assert len(seen) > 3 and seen <= allowed
