"""The reading tasks of chapter 07: the labels are right, the order decides, nothing leaks."""

from collections import Counter

import numpy as np
import pytest
import torch

from attend.experiments.provenance import read
from attend.experiments.readings import (
    SAYING,
    TAGGERS,
    Tagger,
    answer,
    apples,
    batches,
    opinions,
    runs,
    tensors,
    told_later,
    train_judge,
)
from attend.phrasebook import pairs
from attend.recurrent import NumpyRNN
from attend.text import Vocabulary


@pytest.fixture(scope="module")
def unseen():
    return apples("valid", "test")


def test_labels_are_those_of_the_translation(unseen):
    for pair, at, company in unseen:
        assert pair.source[at] == "苹果" and "苹果" not in pair.source[:at]
        assert ("Apple" in pair.target) == bool(company)


def test_no_sentence_is_in_both(unseen):
    learned = {" ".join(pair.source) for pair, _, _ in apples("train")}
    assert not learned & {" ".join(pair.source) for pair, _, _ in unseen}
    assert len(learned) > 500 and len(unseen) > 50


def test_what_tells_later_has_both_senses(unseen):
    later = [e for e, told in zip(unseen, told_later(unseen), strict=True) if told]
    assert all(pair.source[at - 1] in SAYING for pair, at, _ in later)
    assert {company for _, _, company in later} == {0, 1}
    others = [e for e, told in zip(unseen, told_later(unseen), strict=True) if not told]
    assert {company for _, _, company in others} == {0}  # here it is always the fruit


def test_the_tagger_is_asked_at_the_word_or_at_the_end(unseen):
    vocabulary = Vocabulary(pair.source for pair, _, _ in unseen)
    ids, lengths, at, _ = tensors(unseen, vocabulary, at_end=False)
    assert (ids.gather(1, at) == vocabulary.ids["苹果"]).all()
    *_, end, _ = tensors(unseen, vocabulary, at_end=True)
    assert (end[:, 0] == lengths - 1).all() and (ids.gather(1, end) > 0).all()


def test_a_tagger_of_single_words_has_one_answer_for_one_word():
    ids, lengths = torch.tensor([[3, 5, 4], [5, 3, 3]]), torch.tensor([3, 3])
    logits = Tagger(7, remembers=False)(ids, lengths)
    assert logits.shape == (2, 3) and logits[0, 1] == logits[1, 0]
    reading = Tagger(7, remembers=True)(ids, lengths)
    assert reading.shape == (2, 3) and reading[0, 1] != reading[1, 0]


def test_opinions_are_even_and_their_order_matters():
    found = opinions()
    assert len({tuple(tokens) for tokens, _ in found}) == len(found)
    assert Counter(kind for _, kind in found) == {0: len(found) / 2, 1: len(found) / 2}
    known = {" ".join(tokens): kind for tokens, kind in found}
    assert known["the film was good , not bad"] == 1 and known["the film was bad , not good"] == 0
    assert known["the film was not really good"] == 0 and known["the show was not dull"] == 1
    assert opinions() == found != opinions(seed=1)


def test_batches_hold_every_sentence_once_and_one_length_each():
    found = opinions()[:50]
    words = sorted({word for tokens, _ in found for word in tokens})
    vectors = dict(zip(words, np.eye(len(words)), strict=True))
    seen = []
    for x, labels in batches(found, vectors, 7, np.random.default_rng(0)):
        assert len(x) == len(labels) <= 7 and (x.sum(axis=-1) == 1).all()
        rows = [[words[k] for k in row] for row in x.argmax(axis=-1)]
        seen += zip(map(tuple, rows), labels.tolist(), strict=True)
    assert sorted(seen) == sorted((tuple(tokens), kind) for tokens, kind in found)


def test_the_judge_learns_what_it_reads():
    found = [example for example in opinions() if len(example[0]) == 5]
    words = sorted({word for tokens, _ in found for word in tokens})
    vectors = dict(zip(words, np.eye(len(words)), strict=True))
    judge = train_judge(found, vectors, epochs=60)
    x, labels = next(batches(found, vectors, len(found), np.random.default_rng(0)))
    shares, y = answer(judge, x)
    assert y.shape == (len(found), 5, 2) and (shares.argmax(axis=1) == labels).mean() > 0.95
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert isinstance(judge, NumpyRNN)


def test_the_file_is_complete_and_within_the_bounds_of_the_chapter():
    rows = read("readings")
    names = ("tagger", "lr", "seed")
    assert {tuple(row[n] for n in names) for row in rows} == {
        tuple(run[n] for n in names) for run in runs()
    }
    later = {tagger: [r["later"] for r in rows if r["tagger"] == tagger] for tagger in TAGGERS}
    assert max(later["the word alone"] + later["asked at the word"]) < 0.7
    assert min(later["asked at the end"]) > 0.95
    assert all(row["before"] > 0.95 for row in rows)


def test_it_reads_the_phrasebook():
    assert all(pair in pairs("valid", 0) + pairs("valid", 1) for pair, _, _ in apples("valid"))
