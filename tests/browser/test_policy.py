"""Policy: the page computes what Python computes, by keyboard, pointer, finger and table."""

import json

import numpy as np
import pytest

import everyone
from attend.widgets import Policy
from attend.widgets.policy import ADVANTAGES, MOST, PRESETS, percent, signed
from kinds import rows_of

HOSTILE = ["<script>alert(1)</script>", "مرحبا بالعالم", "👩‍👩‍👧👍🏽", "x" * 200, "a &amp; b"]
HOSTILE += ["6", "8", "one answer of many words", "7"]
SPOKEN = {"reward": "r", "less the mean": "r − mean", "scaled": "(r − mean) / std"}


def twin(**options):
    reference = [0.4, 0.3, 0.2, 0.0999, 0.0001]
    rewards = [1, 0, 0.5, -1, 2]
    return Policy("3 + 4 =", ["7", "6", "8", "12", "1"], reference, rewards, **options)


def hostile(**options):
    shares = [0.3, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05]
    rewards = [1, -2, 0.25, 0, 0, 0, 0, 0.5, 2]
    return Policy("<b>Which?</b> " + "y" * 180, HOSTILE, shares, rewards, title="<i>", **options)


def number(text):
    return float(text.replace("−", "-"))


def assert_shows(widget, mine):
    """The sentences and the table say what Python found, to six decimals."""
    widget.page.wait_for_timeout(60)
    found, said = mine.measures(), widget.locator("[data-role=readout]")
    shown = said.locator("[data-role=said] b").all_inner_texts()
    assert shown == [str(mine.steps), *(signed(each, 3) for each in found[:3])]
    if not widget.locator(".attend-numbers table").count():
        widget.get_by_role("button", name="Numbers").click()
    widget.page.wait_for_timeout(250)  # the table follows when it rests
    tables = widget.locator(".attend-numbers table")
    rows = rows_of(tables.nth(0))
    columns = list(zip(*rows, strict=True))
    wanted = [mine.reference, mine.policy(), mine.optimum()]
    for column, values in zip(columns[:3], wanted, strict=True):
        np.testing.assert_allclose([number(each) for each in column], values, atol=1e-6)
    assert [number(each) for each in columns[3]] == pytest.approx(mine.rewards, abs=0.005)
    if mine._drawn:
        counts = [sum(i == answer for answer, *_ in mine._drawn) for i in range(len(rows))]
        assert list(map(int, columns[4])) == counts
        group = rows_of(tables.nth(1))
        assert [row[0] for row in group] == [mine.answers[answer] for answer, *_ in mine._drawn]
        numbers = [[number(each) for each in row[1:]] for row in group]
        np.testing.assert_allclose(numbers, [row[1:] for row in mine._drawn], atol=5.1e-3)
        shown = [number(row[2]) for row in group]
        np.testing.assert_allclose(shown, [row[2] for row in mine._drawn], atol=1e-6)
    if mine._history:
        steps = [[number(each) for each in row] for row in rows_of(tables.last)]
        np.testing.assert_allclose(steps, mine._history, atol=1e-6)


def first(page):
    return page.locator("[data-widget=Policy]").first


def press(page, keys, times=1):
    for _ in range(times):
        page.keyboard.press(keys)


def test_steps_by_keyboard_are_pythons_whatever_is_set_between_them(visit, page_of):
    mine = twin(seed=7)
    page = visit(page_of(mine))
    widget = first(page)
    widget.get_by_role("button", name="Step", exact=True).focus()
    press(page, "s", 12)
    mine.advance(12)
    assert_shows(widget, mine)
    widget.get_by_label("Reward of 6").focus()
    press(page, "ArrowRight", 15)  # 0.1 each
    press(page, "s", 5)
    mine.rewards = [1, 1.5, 0.5, -1, 2]
    mine.advance(5)
    assert_shows(widget, mine)
    for advantage in ADVANTAGES:
        widget.get_by_role("radio", name=SPOKEN[advantage], exact=True).focus()
        press(page, "Space")
        press(page, "s", 6)
        mine.advantage = advantage
        mine.advance(6)
        assert_shows(widget, mine)
    widget.get_by_role("slider", name="Group").press("ArrowRight")
    widget.get_by_role("slider", name="β").press("ArrowRight")
    press(page, "s", 4)
    mine.group, mine.beta = 9, 0.15
    mine.advance(4)
    assert_shows(widget, mine)
    widget.get_by_role("radio", name="every answer").check()
    assert widget.get_by_role("slider", name="Group").is_hidden()
    press(page, "s", 7)
    mine.update = "every answer"
    mine.advance(7)
    assert_shows(widget, mine)
    press(page, "z")
    mine.start_over()
    assert_shows(widget, mine)
    widget.get_by_role("radio", name="a group").check()
    widget.get_by_label("Seed of the draws").fill("123")
    widget.get_by_role("button", name="Step", exact=True).click()
    mine.update, mine.seed = "a group", 123
    mine.advance()
    assert_shows(widget, mine)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_pythons(visit, page_of, name):
    page = visit(page_of(twin(steps=3)))
    widget = first(page)
    widget.get_by_label("Case").select_option(label=name)
    page.wait_for_timeout(60)
    press(page, "Escape")
    widget.get_by_role("button", name="Step", exact=True).focus()
    mine = Policy.preset(name)
    page.wait_for_timeout(60)
    assert_shows(widget, mine)
    assert widget.locator(".attend-policy-asked").inner_text().startswith(mine.prompt)
    assert PRESETS[name]["note"] in widget.locator(".attend-policy-asked").inner_text()
    press(page, "s", 20)
    mine.advance(20)
    assert_shows(widget, mine)
    best = mine.policy()[np.array(mine.rewards) == max(mine.rewards)].sum()
    chance = widget.locator("[data-role=chance]")
    if name == "all the same":
        assert chance.count() == 0
        said = widget.locator("[data-role=outcome]").inner_text()
        assert said == "The last group taught nothing: equal rewards."
    else:
        assert chance.inner_text() == percent(1 - (1 - best) ** 8)
    widget.get_by_label("Case").select_option(label="as given")
    assert_shows(widget, twin())


def test_it_runs_pauses_and_takes_a_changed_reward_at_once(visit, page_of):
    page = visit(page_of(twin(update="every answer", beta=0, learning_rate=1)))
    widget = first(page)
    said = widget.locator("[data-role=readout]")

    def steps():
        return int(said.locator("[data-role=step]").inner_text())

    widget.get_by_role("button", name="Run").click()
    pause = widget.get_by_role("button", name="Pause")
    assert pause.is_visible() and said.get_attribute("aria-live") == "off"  # no chatter meanwhile
    page.wait_for_function("() => document.querySelector('[data-role=step]').innerText > 4")
    widget.get_by_label("Reward of 12").press("End")  # −1 → 2 while it runs
    at = steps()
    assert pause.is_visible()
    page.wait_for_function(
        f"() => Number(document.querySelector('[data-role=step]').innerText) > {at + 3}"
    )
    page.keyboard.press("r")
    page.wait_for_timeout(80)
    stood = steps()
    assert widget.get_by_role("button", name="Run").is_visible()
    assert said.get_attribute("aria-live") == "polite"
    page.wait_for_timeout(150)
    assert steps() == stood > at
    widget.get_by_role("button", name="Start over").click()
    page.wait_for_timeout(80)
    assert steps() == 0 and said.locator("[data-role=kl]").inner_text() == "0.000"
    assert widget.get_by_label("Reward of 12").input_value() == "2"  # rewards stay


def test_a_run_ends_where_nothing_moves_and_at_the_last_step(visit, page_of):
    right = "the right answer is rewarded"
    exact = Policy.preset(right, update="every answer", learning_rate=2, beta=1)
    long = twin(steps=MOST - 2)
    page = visit(page_of(exact, long))
    for place, words in ((0, "It stands still"), (1, f"{MOST} steps are the most")):
        widget = page.locator("[data-widget=Policy]").nth(place)
        widget.get_by_role("button", name="Run").click()
        widget.locator("[data-role=outcome]", has_text=words).wait_for()
        widget.get_by_role("button", name="Run").wait_for()
    assert page.locator("[data-role=step]").nth(1).inner_text() == str(MOST)
    best = exact.measures(np.log(exact.optimum())).objective
    shown = page.locator("[data-role=objective]").first.inner_text()
    assert number(shown) == pytest.approx(best, abs=5.1e-4)


def test_without_motion_run_jumps(visit, page_of):
    mine = twin(seed=2)
    page = visit(page_of(mine), reduced_motion="reduce", script=everyone.RESTLESS)
    widget = first(page)
    everyone.nothing_moves_by_itself_where_motion_is_unwelcome(page, widget)  # presses Run
    mine.advance(100)
    assert_shows(widget, mine)


def test_what_the_best_policy_is_said_in_words(visit, page_of):
    page = visit(page_of(twin(beta=0)))
    widget = first(page)
    best = widget.locator("[data-role=best]")
    assert (
        best.inner_text() == "With β = 0 the best policy gives all to “1”: expected reward 2.000."
    )
    widget.get_by_label("Reward of 7").press("End")
    page.wait_for_timeout(60)
    said = "With β = 0 the best policies keep to the 2 best rewarded: expected reward 2.000."
    assert best.inner_text() == said
    widget.get_by_role("slider", name="β").press("End")
    page.wait_for_timeout(60)
    mine = twin(beta=2)
    mine.rewards = [2, 0, 0.5, -1, 2]
    most = mine.measures(np.log(mine.optimum())).objective
    wanted = f"Reward − β KL: {signed(mine.measures().objective, 3)}, at best {signed(most, 3)}."
    assert best.inner_text() == wanted


def test_a_reward_is_set_by_mouse_and_by_finger(visit, page_of):
    page = visit(page_of(twin()))
    slider = first(page).get_by_label("Reward of 8")
    box = slider.bounding_box()
    page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    assert slider.input_value() == "2"
    page = visit(page_of(twin()), 360)
    slider = first(page).get_by_label("Reward of 8")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box["height"] >= 44
    page.touchscreen.tap(box["x"] + 2, box["y"] + box["height"] / 2)
    assert slider.input_value() == "-2"
    page.wait_for_timeout(60)
    mine = twin()
    mine.rewards = [1, 0, -2, -1, 2]
    assert_shows(first(page), mine)


def test_a_seed_that_is_none_is_marked_and_let_go(visit, page_of):
    page = visit(page_of(twin(seed=5)))
    seed = first(page).get_by_label("Seed of the draws")
    seed.fill("-3")
    assert seed.get_attribute("aria-invalid") is not None
    seed.blur()
    assert seed.input_value() == "5" and seed.get_attribute("aria-invalid") is None


@pytest.mark.parametrize("width, theme", [(1280, "dark"), (360, "light"), (320, "dark")])
def test_any_text_is_text_and_nothing_is_cut_off(visit, page_of, width, theme):
    page = visit(page_of(hostile(steps=5)), width, theme)
    widget = first(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert widget.locator("script, b:not([data-role]), i").count() == 0
    assert widget.locator(".attend-policy-prompt").inner_text().startswith("<b>Which?</b>")
    everyone.on_a_small_screen_it_is_whole(page, widget)
    assert widget.get_by_label(f"Reward of {HOSTILE[0]}").count() == 1
    assert_shows(widget, hostile(steps=5))


def test_it_is_for_everyone(visit, page_of):
    page = visit(page_of(twin(steps=2)))
    widget = first(page)
    everyone.the_keyboard_reaches_every_control_is_seen_and_leaves(page, widget)
    everyone.the_numbers_are_one_key_away_and_have_headers(page, widget)
    everyone.who_listens_hears_what_it_is_and_what_it_says(page, widget)
    page = visit(page_of(twin()), 320)
    everyone.it_follows_a_finger(page, first(page))


@pytest.mark.parametrize("case", PRESETS)
def test_it_is_no_higher_than_a_screen(visit, page_of, case):
    """As wide as a chapter makes it: 768 px on a screen of 1,280, 328 px on one of 360."""
    path = page_of(Policy.preset(case, steps=9))
    for width, wide, most in ((784, 768, 620), (360, 328, 1000)):
        page = visit(path, width)
        page.evaluate(f"document.body.style = 'margin: 0 auto; width: {wide}px'")
        page.wait_for_timeout(120)
        assert first(page).bounding_box()["height"] <= most, width


def test_the_copied_picture_has_the_words_and_the_bars(visit, page_of):
    mine = twin(steps=4)
    grab = "Object.defineProperty(navigator, 'clipboard', { value: {"
    grab += " writeText: async (text) => { window.copied = text; } } });"
    page = visit(page_of(mine), script=grab)
    widget = first(page)
    widget.get_by_role("button", name="Copy as SVG").click()
    page.wait_for_function("() => window.copied")
    found = page.evaluate("""() => {
      const svg = new DOMParser().parseFromString(window.copied, 'image/svg+xml');
      const all = [...svg.querySelectorAll('rect')];
      const filled = all.filter((e) => e.getAttribute('height') === '12');
      return {
        words: [...svg.querySelectorAll('text')].map((e) => e.textContent),
        bars: filled.map((e) => Number(e.getAttribute('width'))),
      };
    }""")
    assert {"3 + 4 =", "7", "reference", "policy", "best"} <= set(found["words"])
    assert {percent(each) for each in mine.policy()} <= set(found["words"])
    bars = np.array(found["bars"])
    np.testing.assert_allclose(bars / bars.sum(), mine.policy(), atol=1e-3)
    assert json.dumps(found).count("NaN") == 0
