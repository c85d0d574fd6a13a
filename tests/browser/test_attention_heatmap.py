"""The numbers that AttentionHeatmap shows on the page are the numbers in the notebook."""

import numpy as np
import torch

from kinds import rows_of

CHAPTER = "book/11_self_attention.html"


def by_hand():
    X = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    return torch.softmax(X @ X.T, dim=-1).numpy()


def numbers(widget):
    """The numbers of the widget's table."""
    return np.array(rows_of(widget.locator(".attend-numbers")), dtype=float)


def test_arrow_keys_read_every_cell(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=AttentionHeatmap]").first
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("Control+Home")
    weights = by_hand()
    for t, row in enumerate(weights):
        page.keyboard.press("Home")
        for s, weight in enumerate(row):
            page.wait_for_timeout(40)
            shown = widget.locator("[data-role=weight]").inner_text()
            assert shown == f"{weight:.4f}", (t, s)
            page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")


def test_pointer_reads_the_cell_under_it(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=AttentionHeatmap]").first
    stage = widget.locator("[data-role=stage]")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    seen = set()
    for fraction in np.linspace(0.05, 0.95, 19):
        page.mouse.move(box["x"] + box["width"] * fraction, box["y"] + box["height"] * fraction)
        page.wait_for_timeout(40)
        if widget.locator("[data-role=weight]").count():
            seen.add(widget.locator("[data-role=weight]").inner_text())
    assert seen and seen <= {f"{weight:.4f}" for weight in by_hand().flat}


def test_table_holds_the_numbers(visit):
    page = visit(CHAPTER)
    widget = page.locator("[data-widget=AttentionHeatmap]").first
    widget.locator("[data-role=stage]").focus()
    page.keyboard.press("t")
    np.testing.assert_array_equal(numbers(widget), np.round(by_hand(), 4).astype(float).round(4))


def test_trained_maps_are_shares(visit):
    """The maps of the trained reader, as the page shows them: rows of the table add up to one."""
    page = visit(CHAPTER)
    for widget in page.locator("[data-widget=AttentionHeatmap]").all()[1:]:
        widget.get_by_role("button", name="Numbers").click()
        table = numbers(widget)
        assert table.shape == (11, 11)
        np.testing.assert_allclose(table.sum(axis=1), 1, atol=11 * 0.00005)
