"""The beam as a tree: the page keeps, drops and ranks as Decoder does in Python."""

import math
from itertools import pairwise

import pytest

from test_decoder import text, twins

CHAPTER = "book/17_decoding.html"


def number(shown: str) -> float:
    return float(shown.replace("−", "-"))


@pytest.fixture
def open_tree(visit):
    def open_it(which=0, **options):
        """The page, its Decoder (0 the pencil's, 1 the translator's) and the Python twin."""
        page = visit(CHAPTER, **options)
        widget = page.locator("[data-widget=Decoder]").nth(which)
        widget.scroll_into_view_if_needed()
        pencil = sorted(twins(page), key=lambda twin: twin.source != ["(no source)"])
        return page, widget, pencil[which]

    return open_it


def slide(page, widget, name, key, times=1):
    widget.get_by_role("slider", name=name).focus()
    for _ in range(times):
        page.keyboard.press(key)
    page.wait_for_timeout(100)


def assert_shows_best(widget, best, twin):
    assert text(widget, "best") == " ".join(twin.words(best.words))
    assert text(widget, "score").replace("−", "-") == f"{best.score:.4f}"
    assert text(widget, "log").replace("−", "-") == f"{best.log_prob:.4f}"


def table(widget) -> list[list[str]]:
    rows = widget.locator(".attend-numbers tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def test_greedy_misses_the_likeliest_sentence(open_tree):
    page, widget, twin = open_tree()
    assert text(widget, "best") == "more tea <eos>"
    assert_shows_best(widget, twin.best_beams()[0], twin)
    slide(page, widget, "Beams", "ArrowLeft")
    assert text(widget, "best") == "no more <eos>"
    assert number(text(widget, "log")) == pytest.approx(math.log(0.2), abs=6e-5)


@pytest.mark.parametrize("which", [0, 1])
def test_every_number_of_the_search(open_tree, which):
    page, widget, twin = open_tree(which, width=360, theme="dark")
    slide(page, widget, "Beams", "End")
    page.keyboard.press("t")
    page.wait_for_timeout(100)
    expected = []
    for step, found in enumerate(twin.beam_steps(beams=5), 1):
        for rank, each in enumerate([*found["kept"], *found["dropped"]], 1):
            kept = "ended" if each.ended else "kept"
            kept = kept if rank <= len(found["kept"]) else "dropped"
            kept = "not explored" if each.stuck else kept
            words, logs = " ".join(twin.words(each.words)), (each.score, each.log_prob)
            expected.append(
                [f"{step}.{rank}", words, *(f"{x:.4f}".replace("-", "−") for x in logs), kept]
            )
    assert table(widget) == expected
    scrolls = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(scrolls) <= 0


def test_steps_are_shown_one_by_one(open_tree):
    page, widget, twin = open_tree(1)
    steps = twin.beam_steps()
    slide(page, widget, "Step", "Home")
    for step in (1, 2, 3):
        assert_shows_best(widget, steps[step - 1]["kept"][0], twin)
        assert f"after step {step} of {len(steps)}" in text(widget, "readout")
        assert widget.locator("[data-hit^=final-]").count() == len(steps[step - 1]["kept"])
        assert widget.locator(f"[data-hit^=beam-{step}-]").count() == 0  # the next row
        slide(page, widget, "Step", "ArrowRight")
    slide(page, widget, "Step", "End")
    assert "after step" not in text(widget, "readout")
    assert_shows_best(widget, steps[-1]["kept"][0], twin)


def test_no_two_branches_cross(open_tree):
    """In each row the children stand in the order of their parents."""
    page, widget, twin = open_tree(1)
    slide(page, widget, "Beams", "End")
    rows = widget.evaluate(
        """root => [...root.querySelectorAll('[data-hit^=beam-]')].map(box =>
            [...box.dataset.hit.split('-').slice(1).map(Number), box.x.baseVal.value,
             box.width.baseVal.value])"""
    )
    by_step = {}
    for step, _, x, wide in rows:
        by_step.setdefault(step, []).append((x, wide))
    for boxes in by_step.values():
        for (x, wide), (after, _) in pairwise(boxes):
            assert x + wide <= after + 0.5  # none lies on its neighbour
    steps = twin.beam_steps(beams=5)
    for step, boxes in by_step.items():
        grown = sum(len(each.words) > step for each in steps[step]["kept"])
        assert len(boxes) >= grown


def test_the_ranking_leads_to_the_words(open_tree):
    page, widget, twin = open_tree()
    widget.locator("[data-hit=final-1]").click()
    page.wait_for_timeout(100)
    widget.get_by_role("radio", name="Words").check(force=True)
    page.wait_for_timeout(100)
    second = twin.best_beams()[1]
    assert float(text(widget, "probability")) == pytest.approx(math.exp(second.log_prob), abs=6e-5)


def test_arrows_walk_the_tree(open_tree):
    page, widget, twin = open_tree()
    widget.locator("[data-role=stage]").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown"):  # no, more, more tea
        page.keyboard.press(key)
        page.wait_for_timeout(80)
    page.keyboard.press("Enter")  # to the words
    page.wait_for_timeout(80)
    twin.path = [5, 6]
    shares, _ = twin.probabilities()
    assert text(widget, "word") == "<eos>" and text(widget, "share") == f"{shares[0]:.4f}"
