"""A few kilobytes of our own bring a page to life; any other ipywidget gets the full manager."""

import ipywidgets

from attend.widgets import Activations, ScaledSoftmax
from conftest import MOUNTED, SITE

SEEN = """() => [...document.querySelectorAll('.widget-place')].map((place) => {
  const { height } = place.getBoundingClientRect();
  return height > 20 && [...place.querySelectorAll('*')].every(
    (e) => getComputedStyle(e).visibility === 'visible');
})"""


def test_another_widget_gets_the_full_manager(visit, page_of):
    page = visit(page_of(ipywidgets.IntSlider(7)), ours=False)
    page.wait_for_selector(".widget-slider", timeout=15_000)
    assert page.locator(".widget-readout").inner_text() == "7"
    assert page.evaluate("typeof window.requirejs") == "function"
    page.wait_for_function(MOUNTED)
    assert page.evaluate(SEEN) == [True]


def other_kinds():
    """Of ipywidgets those that hold others, and those that come with icons."""
    button, check = ipywidgets.Button(icon="check"), ipywidgets.ToggleButton(icon="anchor")
    slider = ipywidgets.IntSlider(7)
    inside = ipywidgets.Tab([ipywidgets.Accordion([ipywidgets.Text("words")])])
    play = ipywidgets.Play()
    return slider, ipywidgets.HBox([button, check]), inside, ipywidgets.VBox([play])


def test_beside_other_kinds_every_widget_of_the_page_stands(visit, page_of):
    """visit() sees to it that nothing was not found, and that the console is silent."""
    slider, *others = other_kinds()
    ours = Activations(z=1.5), ScaledSoftmax(n_keys=4, draws=2)
    page = visit(page_of(ours[0], slider, *others, ours[1]), ours=False)
    page.wait_for_function(MOUNTED)
    assert page.evaluate(SEEN) == [True] * 6
    for icon in page.locator(".jupyter-button i").all():
        drawn = icon.evaluate("e => getComputedStyle(e, '::before').content.length > 2")
        assert drawn and icon.bounding_box()["width"] > 5
    page.wait_for_function("document.fonts.status === 'loaded'")
    fonts = page.evaluate("[...document.fonts].map((f) => [f.family, f.weight, f.status])")
    assert ["Font Awesome 5 Free", "900", "loaded"] in [
        [family.strip('"'), weight, status] for family, weight, status in fonts
    ]
    widget = page.locator("[data-widget=Activations]")
    before = widget.locator("output").first.inner_text()
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    assert widget.locator("output").first.inner_text() != before


# What each widget says, where all say the same and it is not what they said.
AGREED = """before => {
  const said = [...document.querySelectorAll('[data-widget] output')].map((e) => e.innerText);
  return said[0] !== before && new Set(said).size === 1;
}"""


def test_linked_widgets_stand_and_move_together(visit, page_of):
    first, second = Activations(z=0.0), Activations(z=0.0)
    link = ipywidgets.jslink((first, "z"), (second, "z"))
    page = visit(page_of(first, second, also=[link]))
    page.wait_for_function(MOUNTED)
    assert page.evaluate(SEEN) == [True, True]
    before = page.locator("output").first.inner_text()
    assert page.locator("output").count() == 2
    page.locator("[data-role=stage]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(AGREED, arg=before)


def test_a_slider_linked_to_one_of_the_books_moves_it(visit, page_of):
    slider, widget = ipywidgets.FloatSlider(0.0, min=-5, max=5), Activations(z=0.0)
    link = ipywidgets.jslink((slider, "value"), (widget, "z"))
    page = visit(page_of(slider, widget, also=[link]))
    page.wait_for_function(MOUNTED)
    before = page.locator("output").inner_text()
    handle = page.locator(".noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    page.wait_for_function(AGREED, arg=before)


def test_a_kind_that_cannot_be_had_leaves_the_others_alive(chromium, address, page_of):
    def unknown(state):
        for model in state.values():
            if model["model_name"] == "IntSliderModel":
                model["model_module"] = model["state"]["_model_module"] = "nowhere"
                model["state"]["_view_module"] = "nowhere"

    path = page_of(ipywidgets.IntSlider(7), Activations(), change=unknown)
    page = chromium.new_page()
    page.route("https://cdn.invalid/**", lambda route: route.abort())
    page.goto(f"{address}/{path}")
    page.wait_for_function(MOUNTED)
    assert page.locator("[data-widget=Activations] canvas, [data-widget=Activations] svg").count()
    page.close()


def test_where_the_full_manager_does_not_come_the_still_pictures_show(chromium, address, page_of):
    path = page_of(ipywidgets.IntSlider(7), Activations())
    page = chromium.new_page()
    page.route("**/embed-amd.js", lambda route: route.abort())
    page.goto(f"{address}/{path}")
    page.wait_for_function(MOUNTED)
    assert page.evaluate(SEEN) == [True, True]
    assert page.locator(".widget-place img").count() == 2
    page.close()


def test_the_books_own_pages_do_without_it(visit):
    page = visit("book/index.html")
    assert page.evaluate("typeof window.requirejs") == "undefined"


def test_two_views_of_a_page_keep_apart(visit):
    """Each widget has its own model: choosing a word in one leaves the other as it was."""
    page = visit("book/index.html")
    first, second = page.locator("[data-widget=AttentionHeatmap]").all()
    before = second.locator("[data-role=readout]").inner_text()
    first.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(60)
    assert second.locator("[data-role=readout]").inner_text() == before


def test_a_widget_does_not_wait_for_the_end_of_the_page(chromium, address):
    """The last script of the page is held back, so that its end is not read."""
    page = chromium.new_page()
    held = []
    page.route("**/bootstrap.js*", lambda route: held.append(route))
    page.goto(f"{address}/book/08_gates.html", wait_until="commit")
    page.locator("[data-widget=Unrolled], [data-widget=Gates]").first.wait_for()
    assert page.evaluate("document.readyState") == "loading"
    held[0].continue_()
    page.wait_for_function("document.readyState !== 'loading'")
    page.close()


# A front end in which the script of one kind of widget does not run to its end.
BROKEN = """
self.attendWidgets = {};
Object.defineProperty(attendWidgets, 'unrolled', {
  get: () => () => { throw new Error('broken on purpose'); },
  set: () => {},
});
"""


def test_a_widget_that_fails_leaves_its_picture_and_the_others_alive(chromium, address):
    page = chromium.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.add_init_script(BROKEN)
    page.goto(f"{address}/book/08_gates.html")
    page.wait_for_function(MOUNTED)
    assert any("broken on purpose" in line for line in said)
    assert page.locator("[data-widget=Unrolled]").count() == 0
    picture = page.locator(".widget-place img").first
    picture.scroll_into_view_if_needed()
    assert picture.bounding_box()["height"] > 50
    gates = page.locator("[data-widget=Gates]").first
    before = gates.inner_html()
    gates.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(60)
    assert gates.inner_html() != before
    page.close()


def test_a_page_opened_from_the_disk_is_alive(chromium):
    """No server, no network: a copied folder will do. (The preloads of its fonts are refused there;
    the stylesheet brings them.)"""
    page = chromium.new_page()
    page.goto((SITE / "book" / "11_self_attention.html").as_uri())
    page.wait_for_function(MOUNTED)
    page.wait_for_function("document.fonts.check('16px KaTeX_Math')")
    widget = page.locator("[data-widget=AttentionHeatmap]").first
    before = widget.inner_html()
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(60)
    assert widget.inner_html() != before
    page.close()
