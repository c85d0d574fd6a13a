"""The numbers that Activations shows on the page are those of its Python class."""

from attend.widgets import Activations

PAGE = "book/01_functions.html"


def shown(widget):
    return [text.replace("−", "-") for text in widget.locator("output b").all_inner_texts()[:3]]


def wanted(twin):
    found = twin.reading()
    return [f"{twin.z:.2f}", f"{found['value']:.4f}", f"{found['slope']:.4f}"]


def test_by_keyboard(visit):
    page = visit(PAGE)
    widget = page.locator("[data-widget=Activations]")
    stage = widget.locator("[data-role=stage]")
    assert shown(widget) == wanted(Activations("sigmoid", z=1.0))
    for number, name in enumerate(("step", "sigmoid", "tanh", "relu", "gelu"), 1):
        stage.focus()
        page.keyboard.press("Home")
        page.keyboard.press(str(number))
        for _ in range(3):
            page.keyboard.press("PageUp")
        for _ in range(7):
            page.keyboard.press("ArrowRight")
        page.wait_for_timeout(60)
        assert shown(widget) == wanted(Activations(name, z=-1.3))
        assert stage.get_attribute("aria-valuenow") == "-1.3"


def test_by_pointer_and_as_a_table(visit):
    page = visit(PAGE)
    widget = page.locator("[data-widget=Activations]")
    stage = widget.locator("[data-role=stage]")
    widget.get_by_role("radio", name="GELU").check()
    widget.get_by_role("checkbox").check()
    box = stage.bounding_box()
    stage.hover(position={"x": box["width"] * 0.8, "y": box["height"] * 0.5})
    page.wait_for_timeout(60)
    z = float(shown(widget)[0])
    assert 0 < z < 3
    assert shown(widget) == wanted(Activations("gelu", z=z))
    stage.focus()
    page.keyboard.press("t")
    rows = widget.locator("tbody tr").all_inner_texts()
    cells = {row.split("\t")[0]: row.split("\t")[1:] for row in rows}
    number = f"{Activations('gelu', z=2.0).reading()['slope']:.4f}"
    assert cells["2.00"][-1] == number
