"""Masks: True means may attend, for every length, with and without words that are known already."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attend.masks import causal, padding


@given(st.integers(1, 7), st.integers(0, 5))
def test_causal_is_itself_and_what_came_before(T, past):
    mask = causal(T, past)
    assert mask.dtype == torch.bool and mask.shape == (T, past + T)
    for t in range(T):
        for s in range(past + T):
            assert mask[t, s] == (s <= past + t)


def test_causal_with_a_past_is_the_end_of_the_whole():
    assert torch.equal(causal(3, past=4), causal(7)[4:])


@pytest.mark.parametrize("pad", [0, 3])
def test_padding_is_true_where_a_word_is(pad):
    ids = torch.tensor([[5, 3, 0], [0, 0, 0]])
    mask = padding(ids, pad)
    assert mask.dtype == torch.bool and mask.shape == (2, 1, 3)
    assert mask[:, 0].tolist() == [[number != pad for number in row] for row in ids.tolist()]


def test_both_at_once_by_and():
    both = padding(torch.tensor([[5, 6, 0]])) & causal(3)  # [1, 3, 3]
    assert both.int().tolist() == [[[1, 0, 0], [1, 1, 0], [1, 1, 0]]]


WRONG = [
    (lambda: causal(0), ValueError, "T must be a whole number, at least 1, got 0"),
    (lambda: causal(2.0), ValueError, "T must be a whole number, at least 1, got 2.0"),
    (lambda: causal(2, past=-1), ValueError, "past must be a whole number, at least 0, got -1"),
    (lambda: padding(torch.ones(2, 3)), TypeError, "ids must be a tensor of whole numbers, got"),
    (lambda: padding([[1, 2]]), TypeError, "ids must be a tensor of whole numbers, got list"),
    (lambda: padding(torch.ones(3).long()), ValueError, r"ids must be \[B, S\], got shape \[3\]"),
]


@pytest.mark.parametrize("call, kind, message", WRONG)
def test_bad_arguments_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_masks_lie_where_they_are_asked_for():
    assert causal(3, past=2, device="meta").device.type == "meta"
    assert causal(3).device.type == "cpu"


def test_ids_with_a_point_are_named_by_their_dtype():
    with pytest.raises(TypeError, match=r"got torch\.float32"):
        padding(torch.ones(2, 3))
