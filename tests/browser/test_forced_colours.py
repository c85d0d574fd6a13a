"""In the reader's own colours, as a contrast theme of Windows sets them: what is chosen can be
told, what has the keyboard too, and what is drawn is drawn in the colours in force.

The page's own theme is the other one each time: it must not count.
"""

import pytest

from everyone import DRAWN, FOCUS, first
from kinds import KINDS, pages

PAGES = pages()
# The look of every element that says it is chosen or not, with what bears it; radio buttons and
# check boxes that are seen draw their state themselves.
STATES = """root => {
  const say = (e) => {
    const { backgroundColor, color, borderTopColor, outlineStyle, outlineColor, outlineWidth } =
      getComputedStyle(e);
    const outline = outlineStyle === 'none' ? 'none' : `${outlineWidth} ${outlineColor}`;
    return { background: backgroundColor, border: borderTopColor, outline, color };
  };
  const found = [];
  for (const radio of root.querySelectorAll('.attend-choice input')) {
    const bearer = radio.nextElementSibling;
    if (bearer.checkVisibility()) {
      found.push({ group: radio.name, chosen: radio.checked, look: say(bearer) });
    }
  }
  for (const name of ['aria-pressed', 'aria-current', 'aria-expanded']) {
    for (const e of root.querySelectorAll(`button[${name}]`)) {
      const group = `${name} ${e.parentElement.className}`;
      const chosen = e.getAttribute(name) === 'true';
      if (e.checkVisibility()) found.push({ group, chosen, look: say(e) });
    }
  }
  for (const e of root.querySelectorAll('.attend-shown, .attend-next')) {
    const group = e.parentElement.className;
    found.push({ group, chosen: true, look: say(e) });
    for (const other of e.parentElement.children) {
      if (other !== e) found.push({ group, chosen: false, look: say(other) });
    }
  }
  return found;
}"""
LOOK = """e => {
  const { backgroundColor, borderTopColor } = getComputedStyle(e);
  return [backgroundColor, borderTopColor];
}"""
# The colours of two CSS colours as they are seen, one over the other, and their contrast.
CONTRAST = """
const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
pen.canvas.width = pen.canvas.height = 1;
const seen = (...colours) => {
  for (const colour of colours) {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
  }
  return [...pen.getImageData(0, 0, 1, 1).data.subarray(0, 3)];
};
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((each) => each / 255)
    .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
window.contrastOf = (ink, paper, under = 'Canvas') => {
  const [a, b] = [luminance(seen(under, paper)), luminance(seen(under, paper, ink))];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};
"""
# Every text that a canvas is given, and its contrast with what lies there when it is written: the
# median over its box, since thin lines may run behind it. A canvas may lie over another.
WRITTEN = (
    CONTRAST
    + """
window.written = [];
const context = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, options) {
  return context.call(this, kind, { ...options, willReadFrequently: true });
};
const pixels = (context, x, y, width, height) => {
  const data = context.getImageData(x, y, width, height).data;
  const { canvas } = context;
  const below = canvas.previousElementSibling;
  const base = below?.tagName === 'CANVAS' && below.width === canvas.width;
  const under = base ? pixels(below.getContext('2d'), x, y, width, height) : [];
  return Array.from({ length: data.length / 4 }, (_, i) => {
    const [r, g, b, alpha] = data.subarray(4 * i, 4 * i + 4);
    return alpha === 255 || !under[i] ? `rgba(${r} ${g} ${b} / ${alpha / 255})` : under[i];
  });
};
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  const root = this.canvas.closest('.attend');
  if (root && text.trim()) {
    const { width } = this.measureText(text);
    const starts = { left: 0, center: width / 2, right: width }[this.textAlign];
    const middle = new DOMPoint(x - starts + width / 2, y - 4).matrixTransform(this.getTransform());
    const half = Math.max(2, Math.min(width / 2, 20));
    const box = [Math.max(0, middle.x - half), Math.max(0, middle.y - 2), 2 * half, 4];
    const papers = pixels(this, ...box.map(Math.round));
    const each = [...new Set(papers)];
    const found = new Map(each.map((paper) => [paper, contrastOf(this.fillStyle, paper)]));
    const sorted = papers.map((paper) => found.get(paper)).sort((a, b) => a - b);
    const kind = root.dataset.widget;
    window.written.push({ kind, text, ink: this.fillStyle, contrast: sorted[sorted.length >> 1] });
  }
  return write.apply(this, arguments);
};
"""
)
# The same of the texts of a drawing that is SVG.
SVG_TEXTS = """root => [...root.querySelectorAll('svg text')].map((e) => {
  const ink = getComputedStyle(e).fill;
  const [r, g, b] = ink.match(/\\d+/g).map((each) => Number(each).toString(16).padStart(2, '0'));
  return { text: e.textContent, ink: `#${r}${g}${b}`, contrast: contrastOf(ink, 'Canvas') };
})"""
OTHER = {"light": "dark", "dark": "light"}


def kinds_of(page):
    return [kind for kind in KINDS if PAGES[kind] == page]


def told_apart(states) -> list[str]:
    """What is wrong with the looks of what is chosen and what is not."""
    faults = []
    for group in {state["group"] for state in states}:
        mine = [state for state in states if state["group"] == group]
        chosen = [state["look"] for state in mine if state["chosen"]]
        others = [state["look"] for state in mine if not state["chosen"]]
        parts = ("background", "border", "outline")
        for look in chosen:
            for other in others:
                if all(look[part] == other[part] for part in parts):
                    faults.append(f"{group}: chosen looks like not chosen, {look}")
    return faults


@pytest.fixture(params=["light", "dark"])
def scheme(request):
    return request.param


@pytest.mark.parametrize("path", sorted(set(PAGES.values())))
def test_state_focus_and_ink_are_those_of_the_colours_in_force(visit, path, scheme):
    page = visit(path, theme=scheme, forced_colors="active", script=WRITTEN)
    page.evaluate("theme => document.documentElement.dataset.theme = theme", OTHER[scheme])
    faults = []
    for kind in kinds_of(path):
        widget = first(page, kind)
        states = widget.evaluate(STATES)
        faults += [f"{kind}: {fault}" for fault in told_apart(states)]
        for state in states:
            look = state["look"]
            contrast = page.evaluate("l => contrastOf(l.color, l.background)", look)
            if contrast < 4.5:
                faults.append(f"{kind}: {state['group']} has the contrast {contrast:.1f}, {look}")
        opener = widget.get_by_role("button", name="Numbers")
        shut, _ = opener.evaluate(LOOK), opener.press("Enter")
        if opener.evaluate(LOOK) == shut:
            faults.append(f"{kind}: an open button looks like a shut one")
        opener.press("Enter")
        for stage in widget.locator("[data-role=stage][tabindex='0']").all()[:1]:
            stage.focus()
            for key in ("ArrowRight", "ArrowDown"):
                page.keyboard.press(key)
            ring = widget.evaluate(FOCUS)
            if ring["width"] < 2 or ring["contrast"] < 3:
                faults.append(f"{kind}: no ring on {ring['what']}")
        page.wait_for_timeout(60)
        written = [each for each in page.evaluate("window.written") if each["kind"] == kind]
        written += widget.evaluate(SVG_TEXTS)
        assert written, f"{kind} writes nothing"
        faint = {
            f"{each['text']} in {each['ink']}, {each['contrast']:.1f}"
            for each in written
            if each["contrast"] < 4.5
        }
        faults += [f"{kind}: hard to read: {text}" for text in sorted(faint)[:5]]
        inks = {each["ink"] for each in written}
        wanted = "#000000" if scheme == "light" else "#ffffff"
        if wanted not in inks:
            faults.append(f"{kind}: writes in {inks} and not in the text's own {wanted}")
    assert not faults, "\n".join(faults)


def test_colours_that_come_into_force_are_taken_at_once(visit):
    page = visit("book/01_functions.html")
    widget = first(page, "Activations")
    before = widget.evaluate(DRAWN)
    page.emulate_media(forced_colors="active", color_scheme="dark")
    page.wait_for_timeout(100)
    dark = widget.evaluate(DRAWN)
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(100)
    light = widget.evaluate(DRAWN)
    page.emulate_media(forced_colors="none")
    page.wait_for_timeout(100)
    assert len({before, dark, light}) == 3 and widget.evaluate(DRAWN) == before


def test_the_road_is_drawn_in_the_colours_in_force(visit, scheme):
    page = visit("book/index.html", theme=scheme, forced_colors="active")
    page.evaluate("theme => document.documentElement.dataset.theme = theme", OTHER[scheme])
    lines = page.locator(".road-stop > svg").first.evaluate("""svg => {
      const inks = [...svg.querySelectorAll('*')].flatMap((e) => {
        const { stroke, fill } = getComputedStyle(e);
        return [stroke, fill];
      });
      return [...new Set(inks)];
    }""")
    assert ("rgb(0, 0, 0)" if scheme == "light" else "rgb(255, 255, 255)") in lines
    assert not {"rgb(68, 80, 106)", "rgb(185, 194, 214)"} & set(lines), "the theme's own ink"


def test_more_contrast_is_given_where_it_is_asked_for(visit, scheme):
    page = visit("book/11_self_attention.html", theme=scheme, contrast="more", script=CONTRAST)
    found = page.locator(".attend").first.evaluate("""root => {
      const style = getComputedStyle(root);
      const [paper, ...inks] = ['paper', 'ink', 'muted', 'accent', 'gold', 'edge', 'hair']
        .map((name) => style.getPropertyValue(`--${name}`).trim());
      return inks.map((ink) => contrastOf(ink, paper));
    }""")
    assert all(contrast >= 7 for contrast in found[:5]) and found[5] >= 3, found
