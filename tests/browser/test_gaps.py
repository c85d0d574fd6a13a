"""Gaps: the page shows what Python computed, by keyboard, pointer and table."""

import numpy as np
import pytest
import torch

from attend.language import LanguageModel, LanguageModelConfig
from attend.text import BOS, EOS, Vocabulary
from attend.widgets import Gaps
from kinds import rows_of

WORDS = ["we", "drink", "苹果", "<img src=x onerror=alert(1)>", "مرحبا", "."]
SENTENCES = [[BOS, *WORDS, EOS], [BOS, "we", "drink", ".", EOS]]


def twin():
    torch.manual_seed(0)
    vocabulary = Vocabulary(SENTENCES, specials=(BOS, EOS, "<mask>"))
    model = LanguageModel(LanguageModelConfig(len(vocabulary), 12, 3, 2, 16, causal=False))
    return Gaps(model, SENTENCES, vocabulary, title="Two sentences")


def assert_shows(widget, twin):
    """The sentence above the picture says what Python computed."""
    last = twin.guesses()[-1]
    said = widget.locator("[data-role=readout]")
    assert said.locator("[data-role=guess]").inner_text() == last["words"][0]
    assert float(said.locator("[data-role=share]").inner_text()) == round(last["shares"][0], 4)
    assert float(said.locator("[data-role=truth]").inner_text()) == round(last["share"], 4)


@pytest.mark.parametrize("width, theme", [(1280, "light"), (320, "dark")])
def test_keyboard_covers_a_word_and_picks_a_head(visit, page_of, width, theme):
    mine = twin()
    page = visit(page_of(mine), width, theme)
    widget = page.locator("[data-widget=Gaps]")
    assert_shows(widget, mine)
    widget.get_by_role("radio", name="we").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.wait_for_timeout(80)
    mine.place = 4
    assert_shows(widget, mine)
    widget.get_by_role("combobox").select_option(index=1)
    page.wait_for_timeout(80)
    mine.sentence = 1
    assert mine.place == 3
    assert_shows(widget, mine)
    widget.get_by_role("radio", name="2", exact=True).focus()
    page.keyboard.press("Space")
    page.keyboard.press("t")
    mine.head = 2
    shown = np.array(rows_of(widget.locator(".attend-numbers table").nth(1)), float)
    np.testing.assert_allclose(shown[:2], mine.looks(), atol=5.1e-5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("img[src=x]").count() == 0


def test_the_table_has_every_number(visit, page_of):
    mine = twin()
    page = visit(page_of(mine))
    widget = page.locator("[data-widget=Gaps]")
    widget.get_by_role("button", name="Numbers").click()
    candidates = rows_of(widget.locator(".attend-numbers table").nth(0))
    for depth, found in enumerate(mine.guesses()):
        assert [row[2 * depth] for row in candidates[:-1]] == found["words"]
        shown = [float(row[2 * depth + 1]) for row in candidates]
        assert shown == [round(share, 4) for share in [*found["shares"], found["share"]]]
        assert candidates[-1][2 * depth].endswith(f"number {found['rank']}")
    weights = np.array(rows_of(widget.locator(".attend-numbers table").nth(1)), float)
    np.testing.assert_allclose(weights[:2], mine.looks(), atol=5.1e-5)
    whole = mine.weights[0][0] / 10_000  # [N, H, T]
    np.testing.assert_allclose(weights[2:], whole.reshape(-1, whole.shape[-1]), atol=5.1e-5)


def test_a_word_of_the_map_is_covered_by_a_click(visit, page_of):
    mine = twin()
    page = visit(page_of(mine))
    widget = page.locator("[data-widget=Gaps]")
    canvas = widget.locator("[data-role=stage] canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    pitch = min((box["width"] - 62) / 8, 84)
    page.mouse.click(box["x"] + 58 + 2.5 * pitch, box["y"] + box["height"] - 20)
    page.wait_for_timeout(80)
    mine.place = 2
    assert_shows(widget, mine)
