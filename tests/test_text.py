"""Tokens, vocabularies and padding."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attend.text import Vocabulary, pad, tokenise


def test_words_keep_their_apostrophes_and_marks_stand_alone():
    assert tokenise("The animal didn't cross.") == ["The", "animal", "didn't", "cross", "."]
    assert tokenise("<bos> 我 看书。 <eos>") == ["<bos>", "我", "看书", "。", "<eos>"]
    assert tokenise("") == []
    with pytest.raises(TypeError, match="text must be a string, got list"):
        tokenise(["a"])


@given(st.text())
def test_tokens_hold_all_that_is_not_space(text):
    assert "".join(tokenise(text)) == "".join(text.split())


@given(st.lists(st.lists(st.text(min_size=1), max_size=5), max_size=5))
def test_known_tokens_come_back(sentences):
    sentences = [[token for token in tokens if token != "<pad>"] for tokens in sentences]
    vocabulary = Vocabulary(sentences)
    for tokens in sentences:
        assert vocabulary.decode(vocabulary.encode(tokens)) == tokens
    assert vocabulary.encode(["<pad>", "<unk>"]) == [0, 1]


def test_unknown_tokens_and_wrong_arguments():
    vocabulary = Vocabulary([["a", "b"], ["b", "c"]])
    assert len(vocabulary) == 5 and "c" in vocabulary and "d" not in vocabulary
    assert vocabulary.encode(["c", "d"]) == [4, 1]
    assert vocabulary.decode([2, 0, 1]) == ["a", "<unk>"]
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match=rf"ids must lie in 0 … 4, got {wrong}"):
            vocabulary.decode([2, wrong])
    with pytest.raises(TypeError, match="tokens must be a list of tokens, got 'ab'"):
        vocabulary.encode("ab")
    with pytest.raises(TypeError, match="sentences must hold lists of tokens, got 'ab'"):
        Vocabulary(["ab"])


@given(st.lists(st.lists(st.integers(1, 9), max_size=7), min_size=1, max_size=5))
def test_padding_fills_the_right_with_zeros(rows):
    padded = pad(rows)
    assert padded.shape == (len(rows), max(map(len, rows))) and padded.dtype == torch.long
    for row, line in zip(rows, padded.tolist(), strict=True):
        assert line == row + [0] * (padded.shape[1] - len(row))


def test_no_rows_is_an_error():
    with pytest.raises(ValueError, match="rows must hold at least one row"):
        pad([])
