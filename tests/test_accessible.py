"""What accessible.py mends in a page's body, tried on small ones."""

import pytest
from accessible import mended

EMPTY = '<th class="head"><p></p></th>'
ROW = "<tbody>\n<tr><td><p>1</p></td></tr>\n</tbody>"


def head(*cells):
    return f'<thead>\n<tr class="row-odd">{"".join(cells)}\n</tr>\n</thead>\n'


def test_an_empty_header_beside_others_is_a_cell():
    named = '<th class="head"><p>cause</p></th>'
    assert mended(head(EMPTY, named) + ROW) == head("<td></td>", named) + ROW


def test_a_head_of_empty_headers_goes():
    assert mended(head(EMPTY, EMPTY) + ROW) == ROW


@pytest.mark.parametrize("body", [ROW, head('<th class="head"><p>x</p></th>'), "<p>text</p>", ""])
def test_what_is_whole_stays(body):
    assert mended(body) == body


def test_a_fold_is_named_by_its_words():
    fold = '<summary aria-label="Toggle hidden content">\n<p>Show code</p></summary>'
    assert mended(fold) == "<summary>\n<p>Show code</p></summary>"
