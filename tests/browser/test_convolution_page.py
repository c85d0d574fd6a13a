"""The numbers that Convolution shows on the page are those of attend.convolution.conv2d."""

import numpy as np
import pytest

from attend.convolution import conv2d
from attend.data import digits
from attend.widgets import Convolution
from attend.widgets.convolution import KERNELS, written
from kinds import rows_of

CHAPTER = "book/05_convolution.html"


@pytest.fixture(scope="module")
def twin():
    """The chapter's widget, in Python."""
    train_x, train_y, _, _ = digits()
    three = np.rint(16 * train_x[train_y == 3][3]).reshape(8, 8)
    return lambda **options: Convolution(three, **options)


@pytest.fixture
def widget(visit):
    return visit(CHAPTER).locator("[data-widget=Convolution]")


def value(widget):
    widget.page.wait_for_timeout(60)
    return widget.locator("[data-role=value]").inner_text()


def table(widget):
    """The output, from the table of numbers."""
    cells = rows_of(widget.locator(".attend-numbers table").first)
    return np.array([[float(cell.replace("−", "-")) for cell in row] for row in cells])


def test_arrow_keys_read_every_number(widget, twin):
    output = twin().output()
    widget.locator("[data-role=stage]").focus()
    widget.page.keyboard.press("Control+Home")
    for row in output:
        widget.page.keyboard.press("Home")
        for number in row:
            assert value(widget) == written(number)
            widget.page.keyboard.press("ArrowRight")
        widget.page.keyboard.press("ArrowDown")


def test_space_goes_on_to_the_next_row(widget, twin):
    widget.locator("[data-role=stage]").focus()
    widget.page.keyboard.press("Control+Home")
    for _ in range(7):
        widget.page.keyboard.press("Space")
    assert value(widget) == written(twin().output()[1, 1])
    assert widget.locator("[data-role=readout]").inner_text().startswith("output[1, 1] = ")


@pytest.mark.parametrize("name", KERNELS)
def test_known_kernels_strides_and_paddings(widget, twin, name):
    kernel, divisor = (np.array(each, dtype=float) for each in KERNELS[name])
    pixels = np.array(twin().pixels)
    widget.locator("select").select_option(name)
    widget.get_by_role("button", name="Numbers").click()
    for stride, padding in ((1, 0), (2, 1), (3, 2)):
        for group, number in (("Stride", stride), ("Padding", padding)):
            options = widget.get_by_role("group", name=group)
            options.get_by_role("radio", name=str(number), exact=True).check()
        widget.page.wait_for_timeout(60)
        wanted = conv2d(pixels[None, None], kernel[None, None], None, stride, padding).data[0, 0]
        np.testing.assert_allclose(table(widget), wanted / divisor, atol=0.00005)


def test_typed_numbers_are_taken(widget, twin):
    widget.get_by_label("Kernel, row 1, column 1").fill("0.5")
    widget.get_by_label("Divisor of the sum").fill("3")
    kernel = [[-1, 0, 1], [-1, 0.5, 1], [-1, 0, 1]]
    wanted = twin(kernel=kernel, divisor=3, place=(1, 2))
    assert value(widget) == written(wanted.output()[1, 2])
    assert widget.locator("select").input_value() == "custom"
    widget.get_by_label("Kernel, row 0, column 0").fill("")  # no number: marked, and not taken
    assert widget.locator("input[aria-invalid]").count() == 1
    assert value(widget) == written(wanted.output()[1, 2])
    widget.locator("[data-role=stage]").focus()
    widget.page.wait_for_timeout(60)
    assert widget.get_by_label("Kernel, row 0, column 0").input_value() == "-1"


@pytest.mark.parametrize("width", [360, 1280])
def test_pointer_reads_what_it_points_at(visit, twin, width):
    widget = visit(CHAPTER, width).locator("[data-widget=Convolution]")
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    allowed = {written(number) for number in twin().output().flat}
    seen = set()
    for fraction in np.linspace(0.05, 0.95, 19):
        position = {"x": box["width"] * 0.3 * (1 + fraction) / 2, "y": box["height"] * fraction}
        stage.hover(position=position)
        seen.add((value(widget), widget.locator("[data-role=readout]").inner_text()))
    assert len(seen) > 3 and {number for number, _ in seen} <= allowed
