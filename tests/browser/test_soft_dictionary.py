"""The numbers that SoftDictionary shows on the page are those of its Python class."""

import pytest

from attend.widgets.soft_dictionary import SoftDictionary

CHAPTER = "book/10_attention.html"
KEYS = [[-2.2, -1.5], [-0.8, 1.9], [1.9, 1.6], [0.6, -0.4], [2.3, -2.0]]
VALUES = [12.0, 30.0, 4.0, 18.0, 9.0]


@pytest.fixture
def twin():
    """The chapter's widget, in Python."""
    return SoftDictionary(KEYS, VALUES, query=(-0.4, 0.6))


def open_widget(visit, **screen):
    return visit(CHAPTER, **screen).locator("[data-widget=SoftDictionary]")


def assert_shows(widget, twin):
    widget.page.wait_for_timeout(60)
    found = twin.answer()
    assert widget.locator("[data-role=soft]").inner_text() == f"{found.soft:.4f}"
    assert float(widget.locator("[data-role=exact]").inner_text()) == found.exact


def press(widget, key, times=1):
    for _ in range(times):
        widget.page.keyboard.press(key)


def test_arrow_keys_move_the_query(visit, twin):
    widget = open_widget(visit)
    assert_shows(widget, twin)
    widget.locator("[data-role=stage]").focus()
    press(widget, "ArrowRight", 7)
    press(widget, "ArrowDown", 12)
    press(widget, "Shift+ArrowLeft", 3)
    twin.query = [0.27, -0.6]
    assert_shows(widget, twin)
    press(widget, "ArrowLeft", 60)
    twin.query = [-3, -0.6]
    assert_shows(widget, twin)
    for number, place in enumerate(KEYS, 1):
        press(widget, str(number))
        twin.query = place
        assert_shows(widget, twin)
    press(widget, "Home")
    twin.query = [0, 0]
    assert_shows(widget, twin)


def test_score_and_temperature_by_keyboard(visit, twin):
    widget = open_widget(visit, theme="dark")
    widget.get_by_role("radio", name="dot product").check()
    slider = widget.get_by_role("slider", name="Temperature")
    slider.focus()
    press(widget, "Home")
    twin.score, twin.temperature = "dot", 0.05
    assert_shows(widget, twin)
    assert slider.get_attribute("aria-valuetext") == "0.05"
    press(widget, "End")
    twin.temperature = 5
    assert_shows(widget, twin)
    widget.get_by_role("radio", name="distance").check()
    press(widget, "t")
    twin.score = "distance"
    assert_shows(widget, twin)


def test_the_query_can_be_dragged(visit, twin):
    widget = open_widget(visit)
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box, mouse = stage.bounding_box(), widget.page.mouse
    mouse.move(box["x"] + 100, box["y"] + 100)
    mouse.down()
    mouse.move(box["x"] + 160, box["y"] + 180, steps=4)
    mouse.up()
    mouse.move(box["x"] + 60, box["y"] + 60)  # released: this moves nothing
    widget.page.wait_for_timeout(80)
    label = stage.get_attribute("aria-label").replace("−", "-")
    twin.query = [float(each) for each in label.split(" among")[0].split("at ")[1].split(", ")]
    assert twin.query != [-0.4, 0.6]
    assert_shows(widget, twin)


def test_the_table_holds_every_number(visit, twin):
    widget = open_widget(visit, width=360)
    widget.locator("[data-role=stage]").focus()
    press(widget, "t")
    widget.page.wait_for_timeout(60)
    rows = widget.locator(".attend-numbers tbody tr").all()
    shown = [row.locator("td").all_inner_texts() for row in rows]
    found = twin.answer()
    for cells, value, score, weight in zip(
        shown, VALUES, found.scores, found.weights, strict=False
    ):
        numbers = [float(cell.replace("−", "-")) for cell in cells[1:]]
        assert numbers == pytest.approx([value, score, weight, value * weight], abs=5.1e-5)
    assert shown[-1][-1] == f"{found.soft:.4f}" and len(shown) == len(KEYS) + 1
