"""The numbers that Graph shows on the page are `.data` and `.grad` in Python."""

from attend.autograd import Tensor
from attend.widgets import Graph

CHAPTER = "book/03_backpropagation.html"


def neuron():
    w, x, b, y = Tensor(3.0), Tensor(2.0), Tensor(-1.0), Tensor(3.0)
    u = w * x
    s = u + b
    e = s - y
    return e**2, {"w": w, "x": x, "b": b, "y": y, "u": u, "s": s, "e": e}


def table(widget):
    """node → (value, gradient), as the widget's table says them."""
    rows = {}
    for row in widget.locator(".attend-numbers tbody tr").all():
        _, value, gradient = row.locator("td").all_inner_texts()
        rows[row.locator("th").inner_text()] = (value, gradient)
    return rows


def as_number(text):
    return None if text == "·" else float(text.replace("−", "-").replace(" + …", ""))


def test_every_step_by_keyboard_shows_what_python_has(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Graph]").first
    root, names = neuron()
    twin = Graph(root, {**names, "L": root})
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    page.keyboard.press("Home")
    for step in range(twin.last + 1):
        page.wait_for_timeout(50)
        twin.step = step
        values, gradients = twin.values(), twin.gradients()
        for name, (value, gradient) in table(widget).items():
            assert as_number(value) == values[name], (step, name)
            assert as_number(gradient) == gradients[name], (step, name)
        page.keyboard.press("ArrowRight")
    root.backward()
    final = table(widget)
    for name, tensor in names.items():
        assert as_number(final[name][1]) == float(tensor.grad)


def test_the_second_graph_adds_up_what_its_inputs_are_sent(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Graph]").nth(1)
    readout = widget.locator("[data-role=readout]")
    widget.get_by_role("button", name="Numbers").click()
    assert table(widget)["a"] == ("2", "15 + …")
    assert readout.locator("b").all_inner_texts() == ["5", "15", "10"]
    widget.get_by_role("button", name="One step on").click()
    page.wait_for_timeout(50)
    assert table(widget)["a"] == ("2", "21") and table(widget)["b"] == ("3", "16")
    assert widget.get_by_role("button", name="One step on").is_disabled()
    widget.get_by_role("button", name="Start").click()
    page.wait_for_timeout(50)
    assert table(widget)["p"] == ("·", "·")


def test_a_click_on_a_node_goes_to_where_it_acts(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Graph]").first
    widget.scroll_into_view_if_needed()
    widget.get_by_text("u", exact=True).first.click()
    page.wait_for_timeout(50)
    assert "u = w × x = 6" in widget.locator("[data-role=readout]").inner_text()


def test_on_a_narrow_page_it_scrolls_in_its_own_box(visit):
    page = visit(CHAPTER, width=360)
    stage = page.locator("[data-widget=Graph] [data-role=stage]").first
    page.locator("[data-widget=Graph]").first.get_by_role("button", name="End").click()
    page.wait_for_timeout(50)
    inner, outer = stage.evaluate("e => [e.scrollWidth, e.clientWidth]")
    assert inner > outer
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
