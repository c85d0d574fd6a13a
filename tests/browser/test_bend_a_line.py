"""BendALine on the page: what it shows after keys and drags is what its Python class computes."""

import re

from attend.widgets import BendALine

PAGE = "book/01_functions.html"
TERM = re.compile(r"([+−]) ([\d.]+)·relu\(x − ([\d.]+)\)")


def shown(widget):
    return widget.locator("output b").all_inner_texts()[:2]


def twin_of(widget, target):
    """The Python widget with the units that the page's formula names."""
    text = widget.locator("[data-role=formula]").inner_text()
    start = float(re.match(r"y = (−?[\d.]+)", text)[1].replace("−", "-"))
    units = [
        (float(kink), float(slope) * (1 if sign == "+" else -1))
        for sign, slope, kink in TERM.findall(text)
    ]
    kinks, slopes = zip(*units, strict=True)
    return BendALine(target, kinks=kinks, slopes=slopes, start=start)


def wanted(twin):
    found = twin.error()
    return [f"{found['mean_squared']:.6f}", f"{found['largest']:.4f}"]


def open_widget(visit, **kwargs):
    page = visit(PAGE, **kwargs)
    widget = page.locator("[data-widget=BendALine]")
    widget.scroll_into_view_if_needed()
    return page, widget, widget.locator("[data-role=stage]")


def test_by_keyboard(visit):
    page, widget, stage = open_widget(visit)
    assert shown(widget) == wanted(twin_of(widget, "wave"))
    stage.focus()
    for key in ("3", "Shift+ArrowLeft", "ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("PageUp")
    page.wait_for_timeout(60)
    twin = twin_of(widget, "wave")
    assert (twin.kinks[2], twin.slopes[2], twin.start) == (0.41, -1.2, 0.1)
    assert shown(widget) == wanted(twin)


def test_the_fit_is_python_s(visit):
    page, widget, _stage = open_widget(visit)
    for target in ("wave", "hill", "root", "tent", "jump"):
        widget.locator("select").nth(0).select_option(target)
        widget.locator("select").nth(1).select_option("7")
        widget.get_by_role("button", name="Even kinks").click()
        widget.get_by_role("button", name="Fit slopes").click()
        page.wait_for_timeout(60)
        kinks = [round(i / 7, 2) for i in range(7)]
        twin = BendALine(target, kinks=kinks, slopes=[0] * 7).fit()
        assert shown(widget) == wanted(twin)


def test_a_kink_and_a_slope_are_dragged(visit):
    page, widget, stage = open_widget(visit)
    box = stage.bounding_box()
    squares = stage.locator("rect").evaluate_all(
        """all => all.map(each => {
            const box = each.getBoundingClientRect();
            const width = Number(each.getAttribute('width'));
            return [box.x + box.width / 2, box.y + box.height / 2, width];
        })"""
    )
    handles = [
        (x, y) for x, y, width in squares if width == 11
    ]  # of the units not chosen, and start
    x, y = handles[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 0.05, y, steps=4)
    page.mouse.up()
    page.wait_for_timeout(60)
    twin = twin_of(widget, "wave")
    assert 0.52 < twin.kinks[2] < 0.6 and twin.slopes == [4, -4, 0, 0]
    assert shown(widget) == wanted(twin)
    x = x + box["width"] * 0.05
    page.mouse.move(x + 46, y)  # the arm of the unit now chosen
    page.mouse.down()
    page.mouse.move(x + 46, y + 60, steps=4)
    page.mouse.up()
    page.wait_for_timeout(60)
    twin = twin_of(widget, "wave")
    assert twin.slopes[2] < -3
    assert shown(widget) == wanted(twin)
