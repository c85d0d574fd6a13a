"""What Merges learns in the page is what attend.text learns in Python, to the last tie."""

import random
import unicodedata
from collections import Counter

import pytest

from attend.widgets import Merges

CHAPTER = "book/06_text.html"
FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467"  # five characters, one picture
TEXTS = {
    "many scripts": "It's tea, it's TEA.\nnaïve café naïve café — 我喜欢喝茶，我喜欢茶。 "
    "다람쥐 다람쥐 שלום שלום مرحبا مرحبا ½ ½ Straße Straße \t\tend ",
    "beyond the first plane": f"{FAMILY} {FAMILY} 👍🏽👍🏽 𝒳𝒴 𝒳𝒴 \ufb01\ufb01 \uffed\uffed "
    "𠮷野家 𠮷野家 🇨🇭🇨🇭",
    "accents apart": "e\u0301te\u0301 e\u0301te\u0301 n\u0303n\u0303",
    "odd blanks": "a\u00a0a a\u2003a a\u3000a a\u0085b a\ufeffb a\u200bb a\u001fb a\u001fb\u2028b",
    "markup": "<script>alert(1)</script> &amp;&amp; </textarea><b>x</b> <b>x</b>",
    "one letter": "a" * 300,
}
ROWS = """table => [...table.tBodies[0].rows]
    .map(row => [...row.cells].map(cell => cell.textContent))"""


def visible(token):
    """A token as the page shows it."""
    first = unicodedata.category(token[0])
    unseen = first[0] == "Z" or first in ("Cc", "Cf") or "\ufe00" <= token <= "\ufe0f"
    if len(token) == 1 and unseen and token not in " \n\t":
        return f"U+{ord(token):04X}"
    for blank, sign in ((" ", "␣"), ("\n", "↵"), ("\t", "⇥")):
        token = token.replace(blank, sign)
    return "◌" * (first[0] == "M") + token


def settle(page):
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 60)))")


def type_text(page, widget, text):
    widget.locator("textarea").fill(text)
    page.wait_for_timeout(400)  # a long text is learned to its end when the typing pauses


def assert_shows(widget, twin):
    learned, tokens = twin.learned(), twin.tokens()
    merges, counts = (table.evaluate(ROWS) for table in widget.locator("table").all())
    assert merges == [
        [str(i + 1), visible(m.left), visible(m.right), str(m.count)]
        for i, m in enumerate(learned[: twin.step])
    ]
    order = sorted(Counter(tokens).items(), key=lambda entry: (-entry[1], entry[0]))
    assert counts == [[visible(token), str(n)] for token, n in order]
    pairs = [entry.inner_text().split("\n") for entry in widget.locator("[data-role=pair]").all()]
    assert [("".join(text), number) for *text, number in pairs] == [
        (f"{visible(m.left)} + {visible(m.right)}", f"{m.count}×") for m in twin.commonest()
    ]
    said = widget.locator("[data-role=tokens]").inner_text()
    assert said == f"{len(tokens)} token{'s' * (len(tokens) != 1)}"


def test_keyboard_steps_through_the_merges(visit):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Merges]"), Merges("new newer lower")
    stage = widget.locator("[data-role=stage]")
    stage.focus()
    page.keyboard.press("t")
    for keys, step in (("", 0), ("ArrowRight", 1), ("End", 3), ("ArrowLeft", 2), ("Home", 0)):
        if keys:
            page.keyboard.press(keys)
        settle(page)
        twin.step = step
        assert_shows(widget, twin)
    page.keyboard.press("Space")
    page.wait_for_timeout(2200)  # four steps of 450 ms, and it stops by itself
    twin.step = 3
    assert_shows(widget, twin)
    assert widget.get_by_role("button", name="Run").is_visible()


def test_pointer_steps_and_goes_back(visit):
    page = visit(CHAPTER, width=360, theme="dark")
    widget, twin = page.locator("[data-widget=Merges]"), Merges("new newer lower", step=1)
    widget.get_by_role("button", name="Merge", exact=True).click()
    widget.get_by_role("button", name="Merge", exact=True).click()
    widget.get_by_role("button", name="Back").click()
    widget.get_by_role("button", name="Numbers").click()
    settle(page)
    assert_shows(widget, twin)


@pytest.mark.parametrize("name", TEXTS)
def test_the_page_and_python_learn_the_same_of_any_text(visit, name):
    page = visit(CHAPTER)
    widget, twin = page.locator("[data-widget=Merges]"), Merges(TEXTS[name])
    type_text(page, widget, TEXTS[name])
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    for step in {1, len(twin.learned()) // 2, len(twin.learned())}:
        slider = widget.get_by_role("slider", name="Merges")
        slider.fill(str(step))
        settle(page)
        twin.step = step
        assert_shows(widget, twin)


def test_four_thousand_random_characters(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Merges]")
    draw = random.Random(1)
    text = "".join(draw.choices("etaoin  shr我们é", k=4000))
    type_text(page, widget, text)
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    page.keyboard.press("End")
    settle(page)
    twin = Merges(text)
    twin.step = len(twin.learned())
    assert twin.step > 200
    assert_shows(widget, twin)


def test_an_emptied_text_is_no_trouble(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=Merges]")
    type_text(page, widget, "")
    assert "Type a text" in widget.locator("[data-role=readout]").inner_text()
    assert widget.get_by_role("button", name="Run").is_disabled()
    type_text(page, widget, "t ta tat")  # a t in the field is a letter, not the table
    assert widget.locator("table").count() == 0
