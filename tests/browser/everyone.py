"""What each kind of widget is asked: by keyboard alone, by ear, on a small screen, at rest. The
tests of the pages ask it where a kind stands first."""

import re

# Where the keyboard is, and whether one sees it: the outline's width, its contrast with the panel.
# A radio button lies unseen over the words beside it, which bear the ring.
FOCUS = """root => {
  const element = document.activeElement;
  if (!root.contains(element)) return null;
  const channels = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((each) => each / 255);
  const linear = (each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4;
  const luminance = (text) => {
    const [r, g, b] = channels(text).map(linear);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const seen = getComputedStyle(element).opacity === '0' ? element.nextElementSibling : element;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(seen);
  const [a, b] = [luminance(outlineColor), luminance(getComputedStyle(root).backgroundColor)];
  return {
    name: element.dataset.tabbed ||= String(window.tabbed = (window.tabbed ?? 0) + 1),
    what: element.outerHTML.slice(0, 120),
    width: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth),
    contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
  };
}"""
# What Tab must reach: of a group of radio buttons one, nothing that is hidden or switched off.
TAB_STOPS = """root => {
  const groups = new Set();
  const all = 'button, input, select, textarea, [tabindex="0"]';
  return [...root.querySelectorAll(all)].filter((e) => {
    if (e.disabled || !e.checkVisibility({ visibilityProperty: true })) return false;
    if (e.type !== 'radio') return true;
    return !groups.has(e.name) && groups.add(e.name);
  }).length;
}"""
BEFORE = """root => {
  const stop = Object.assign(document.createElement('button'), { textContent: 'before' });
  root.before(stop);
  stop.focus();
}"""
DRAWN = """root => root.innerText
  + [...root.querySelectorAll('canvas')].map((e) => e.width ? e.toDataURL() : '').join()
  + [...root.querySelectorAll('svg')].map((e) => e.outerHTML).join()"""
CONTROLS = "button, select, textarea, input:not([type=radio]), .attend-choice label"
# What a widget looks like now: its elements, what is chosen in them, the pixels of its canvases.
APPEARANCE = """root => root.outerHTML
    + [...root.querySelectorAll('input, select')].map(e => e.value + e.checked).join()
    + [...root.querySelectorAll('canvas')].map(c => c.width && c.height ? c.toDataURL() : '').join()
"""
FOCUSABLE = "button, input, select, [tabindex='0']"
KEYS = ("ArrowRight", "ArrowDown", "Space", "Enter")
# Frames asked for and timers that repeat, counted; whether there is half a second without a frame.
RESTLESS = """
window.frames_ = window.loops = 0;
const frame = window.requestAnimationFrame;
window.requestAnimationFrame = (act) => { window.frames_++; return frame(act); };
const repeat = window.setInterval;
window.setInterval = (...all) => { window.loops++; return repeat(...all); };
"""
RESTS = """async () => {
  for (let i = 0; i < 8; i++) {
    window.frames_ = 0;
    await new Promise((done) => setTimeout(done, 500));
    if (!window.frames_) return true;
  }
  return false;
}"""
MOVING = """root => [...root.querySelectorAll('*')].filter((e) => {
  const { transitionDuration, animationName } = getComputedStyle(e);
  return animationName !== 'none' || transitionDuration.split(', ').some((t) => t !== '0s');
}).map((e) => e.outerHTML.slice(0, 80))"""


def first(page, kind):
    widget = page.locator(f"[data-widget={kind}]").first
    widget.scroll_into_view_if_needed()
    return widget


def tab_through(page, widget, key="Tab"):
    """The stops from one end of a widget to the other, until the keyboard has left it."""
    stops = []
    for _ in range(150):
        page.keyboard.press(key)
        stop = widget.evaluate(FOCUS)
        if stop is None:
            return stops
        stops.append(stop)
    raise AssertionError(f"the keyboard is caught at {stops[-1]['what']}")


def the_keyboard_reaches_every_control_is_seen_and_leaves(page, widget):
    wanted = widget.evaluate(TAB_STOPS)
    widget.evaluate(BEFORE)
    stops = tab_through(page, widget)
    assert len({stop["name"] for stop in stops}) == len(stops) == wanted
    for stop in stops:
        assert stop["width"] >= 2 and stop["contrast"] >= 3, f"no ring on {stop['what']}"
    page.keyboard.press("Shift+Tab")
    assert len(tab_through(page, widget, "Shift+Tab")) == wanted - 1
    widget.evaluate("root => root.previousElementSibling.remove()")


def the_numbers_are_one_key_away_and_have_headers(page, widget):
    stage = widget.locator("[data-role=stage][tabindex='0']")
    start = stage.first if stage.count() else widget.locator("button, input").first
    start.focus()
    page.keyboard.press("t")
    region = widget.locator(".attend-numbers")
    region.locator("table").first.wait_for()
    spoken = region.aria_snapshot()
    for role in ("table", "columnheader", "rowheader", "cell"):
        assert re.search(rf"^\s*- '?{role}\b", spoken, re.MULTILINE), f"no {role} is spoken"
    for table in region.locator("table").all():
        assert table.locator("caption").inner_text().strip()
        assert table.locator("th").evaluate_all("all => all.every((e) => e.scope && e.innerText)")
    region.focus()
    page.keyboard.press("Escape")
    assert region.is_hidden()
    button = widget.get_by_role("button", name="Numbers")
    assert button.evaluate("e => e === document.activeElement")


def who_listens_hears_what_it_is_and_what_it_says(page, widget):
    spoken = widget.aria_snapshot()
    assert re.match(r"- '?group \"[^\"]{8,}\"", spoken), spoken[:80]
    said = widget.locator("output[aria-live=polite]")
    assert said.count() >= 1 and all(len(text.strip()) > 15 for text in said.all_inner_texts())
    for stage in widget.locator("[data-role=stage][tabindex='0']").all():
        role, name = stage.get_attribute("role"), stage.get_attribute("aria-label") or ""
        assert role in ("application", "group", "slider") and len(name) > 15
    for canvas in widget.locator("canvas").all():
        inside = canvas.evaluate("e => !!e.closest('[tabindex], button')")
        assert inside or canvas.get_attribute("aria-hidden") or canvas.get_attribute("aria-label")


def on_a_small_screen_it_is_whole(page, widget):
    width = page.viewport_size["width"]
    box = widget.bounding_box()
    left, right = box["x"], box["x"] + box["width"]
    assert left >= 0 and right <= width
    assert widget.evaluate("e => e.scrollWidth <= e.clientWidth"), "something is cut off"
    for control in widget.locator(CONTROLS).all():
        if not control.is_visible():
            continue
        what = control.evaluate("e => e.outerHTML.slice(0, 120)")
        place = control.bounding_box()
        label = control.evaluate("e => e.closest('label')?.getBoundingClientRect().height ?? 0")
        assert max(place["width"], label) >= 24 and max(place["height"], label) >= 24, what
        if not control.evaluate("e => !!e.closest('[class*=-scroll]')"):
            assert left <= place["x"] and place["x"] + place["width"] <= right, what


def it_follows_a_finger(page, widget):
    before = widget.evaluate(DRAWN)
    for target in widget.locator(f"[data-role=stage], {CONTROLS}").all():
        if not target.is_visible() or target.is_disabled():
            continue
        target.tap()
        page.wait_for_timeout(80)
        if widget.evaluate(DRAWN) != before:
            return
    raise AssertionError("no tap changes it")


def nothing_moves_by_itself_where_motion_is_unwelcome(page, widget):
    """On a page opened with RESTLESS."""
    assert widget.evaluate(MOVING) == []
    assert page.evaluate(RESTS), "something runs though nobody touched it"
    run = widget.get_by_role("button", name="Run", exact=True)
    if run.count():
        page.evaluate("window.loops = 0")
        run.click()
        assert page.evaluate(RESTS) and page.evaluate("window.loops") == 0, "Run is a film"
    assert page.evaluate("document.getAnimations().length") == 0


def changed(page, widget, before) -> bool:
    page.wait_for_timeout(60)
    return widget.evaluate(APPEARANCE) != before


def answers_keys(page, widget) -> bool:
    before = widget.evaluate(APPEARANCE)
    for control in widget.locator(FOCUSABLE).all():
        if not control.is_visible() or control.is_disabled():
            continue
        for key in KEYS:
            control.focus()
            page.keyboard.press(key)
            if changed(page, widget, before):
                return True
    return False


def answers_pointer(page, widget) -> bool:
    before = widget.evaluate(APPEARANCE)
    for control in widget.locator(f"[data-role=stage], {FOCUSABLE}").all():
        if not control.is_visible() or control.is_disabled():
            continue
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6)
        if changed(page, widget, before):
            return True
    return False
