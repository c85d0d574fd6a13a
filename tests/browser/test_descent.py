"""The path that Descent draws on the page is the one attend.optimizers takes in Python."""

import numpy as np
import pytest

from attend.widgets import Descent
from kinds import rows_of

CHAPTER = "book/02_gradient_descent.html"


def first(page):
    return page.locator("[data-widget=Descent]").first


def settle(page):
    page.wait_for_timeout(80)


def number(text: str) -> float:
    return float(text.replace("−", "-"))


def table(widget) -> np.ndarray:
    rows = rows_of(widget.locator(".attend-numbers"))
    return np.array([[number(text) for text in row] for row in rows])


def set_rate(widget, power: float):
    slider = widget.get_by_label("Learning rate")
    slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", str(power))


@pytest.mark.parametrize("optimiser", ["SGD", "momentum", "RMSProp", "Adam"])
def test_the_table_is_the_path_in_python(visit, optimiser):
    page = visit(CHAPTER)
    widget = first(page)
    widget.get_by_role("button", name="Numbers").click()
    for surface in ("bowl", "valley", "turned valley", "bend", "saddle"):
        widget.get_by_label("Surface").select_option(label=surface)
        widget.get_by_role("radio", name=optimiser, exact=True).check()
        set_rate(widget, -2)
        widget.locator("[data-role=stage]").focus()
        for _ in range(25):
            page.keyboard.press("s")
        page.wait_for_function(
            "() => document.querySelectorAll('.attend-numbers tbody tr').length === 26"
        )
        page.wait_for_timeout(300)  # the table is filled once the keys rest
        twin = Descent(surface, optimiser=optimiser, learning_rate=0.01, steps=25)
        wanted = [[*point, twin.loss(point), *twin.gradient(point)] for point in twin.path()]
        np.testing.assert_allclose(table(widget), wanted, rtol=1e-9, atol=1e-12)


def test_arrow_keys_move_the_start(visit):
    page = visit(CHAPTER)
    widget = first(page)
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("z")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    settle(page)
    shown = [number(t) for t in widget.locator("[data-role=readout] b").all_inner_texts()]
    twin = Descent("valley", start=[-1.9, 0.81], steps=0)
    expected = [0, -1.9, 0.81, twin.loss([-1.9, 0.81]), *twin.gradient([-1.9, 0.81])]
    np.testing.assert_allclose(shown, expected, atol=5.1e-5)


def test_a_click_sets_the_start(visit):
    page = visit(CHAPTER)
    widget = first(page)
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    page.keyboard.press("z")
    stage.click(position={"x": 200, "y": 100})
    settle(page)
    place = stage.get_attribute("aria-label").split("start at ")[1].split(". Arrow")[0]
    start = [number(text) for text in place.split(", ")]
    assert abs(start[0]) < 2.5 and abs(start[1]) < 2
    readout = [number(t) for t in widget.locator("[data-role=readout] b").all_inner_texts()]
    twin = Descent("valley", start=start, steps=int(readout[0]))
    np.testing.assert_allclose(readout[1:3], twin.path()[-1], atol=5.1e-5)


def test_divergence_is_said_and_ends_the_run(visit):
    page = visit(CHAPTER)
    widget = first(page)
    set_rate(widget, 0)
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("z")
    page.keyboard.press("r")
    widget.get_by_role("button", name="Run").wait_for()
    page.wait_for_function(
        "() => document.querySelector('[data-widget=Descent]').dataset.outcome === 'diverged'"
    )
    twin = Descent("valley", learning_rate=1.0, steps=300)
    said = widget.locator("[data-role=outcome]").inner_text()
    assert said.startswith(f"Diverged at step {len(twin.path()) - 1}:")


def test_a_run_arrives_and_stops(visit):
    page = visit(CHAPTER)
    widget = first(page)
    widget.get_by_label("Surface").select_option(label="bowl")
    set_rate(widget, -0.3)
    widget.get_by_role("button", name="Run").click()
    page.wait_for_function(
        "() => document.querySelector('[data-widget=Descent]').dataset.outcome === 'arrived'"
    )
    widget.get_by_role("button", name="Run").wait_for()
    said = widget.locator("[data-role=outcome]").inner_text()
    twin = Descent("bowl", learning_rate=0.501, steps=300)
    low = [twin.loss(point) <= 1e-6 for point in twin.path()]
    assert f"after {low.index(True)} steps" in said
