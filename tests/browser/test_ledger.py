"""From the ledger of claims to the cell that gave the verdict. (Of two pages: where only some are
built, these tests are left out.)"""

import re

from conftest import SITE

LEDGER = "book/claims.html"
ROW = re.compile(r'href="(\d\d_\w+\.html)#(claim-\d+)"')


def test_every_verdict_leads_to_a_cell_that_prints_its_claim():
    rows = ROW.findall((SITE / LEDGER).read_text(encoding="utf8"))
    assert len(rows) > 50
    for name, anchor in rows:
        cell = (SITE / "book" / name).read_text(encoding="utf8").partition(f'id="{anchor}"')[2]
        number = anchor.removeprefix("claim-")
        claims = re.findall(r"Claim (\d+): ", cell)
        assert number in claims[:2], (name, anchor)  # one cell may give two verdicts


def test_a_click_lands_on_the_cell(visit):
    page = visit(LEDGER)
    page.locator("a[href$='#claim-17']").click()
    page.wait_for_url("**/07_recurrent.html#claim-17")
    cell = page.locator("#claim-17")
    assert "Claim 17: An RNN forgets what came early." in cell.inner_text()
    cell.evaluate("e => new Promise((done) => setTimeout(() => done(), 500))")
    top = cell.evaluate("e => e.getBoundingClientRect().top")
    assert 0 <= top < page.viewport_size["height"]


def test_on_a_telephone_a_claim_is_a_list(visit):
    page = visit(LEDGER, width=360)
    row = page.locator("#the-ledger-of-claims tbody tr").nth(16)
    assert row.locator("td").evaluate_all(
        "cells => cells.every((cell) => cell.getBoundingClientRect().width > 300)"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
