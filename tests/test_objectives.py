"""The questions that the models of chapter 18 are asked: the labels are right, nothing leaks."""

from collections import Counter, defaultdict

import pytest
import torch

from attend.experiments.objectives import (
    BOTH_ROLES,
    GRAMMAR,
    counts,
    grammar,
    is_past,
    probe_at,
    roles,
    told_later,
)
from attend.experiments.pretraining import encoded, known_words, probe
from attend.experiments.senses import SENSES, with_two_senses


@pytest.mark.parametrize("task", GRAMMAR)
def test_answers_are_even_and_of_sentences_that_nobody_read(task):
    sentences, yes = grammar(task)
    assert len(set(sentences)) > 0.98 * len(sentences) == 0.98 * 1800
    assert Counter(yes.tolist()) == {0: 900, 1: 900}
    assert all(words[-1] == "." and "?" not in words for words in sentences)
    if task != "question":  # there, a sentence with another mark may have been read
        statements = {words for words in known_words() if words[-1] == "."}
        questions = {(*words[:-1], ".") for words in known_words() if words[-1] == "?"}
        both = [words for words in sentences if words in statements and words not in questions]
        assert len(both) < 5


def test_answers_are_those_of_the_words():
    openers = {"who", "what", "where", "why", "how", "which", "whose", "when"}
    helpers = {"do", "does", "did", "is", "are", "am", "was", "were", "can", "will", "don't"}
    helpers |= {"didn't", "doesn't", "isn't", "aren't", "have", "has", "should", "must", "won't"}
    sentences, yes = grammar("question")
    opens = [words[0] in openers | helpers for words in sentences]
    agree = torch.tensor(opens) == yes.bool()
    assert agree.float().mean() > 0.95
    for words, past in zip(*grammar("past"), strict=True):
        assert any(map(is_past, words)) == bool(past) and "read" not in words
    for words, plural in zip(*grammar("plural"), strict=True):
        if words[0] in ("they", "we", "you"):
            assert plural
        if words[0] in ("he", "she"):
            assert not plural


def test_what_is_not_told_later_has_one_sense_a_word():
    senses = defaultdict(set)
    later = Counter()
    for words, place, sense in with_two_senses("train"):
        if told_later(words, place):
            later[sense] += 1
        else:
            senses[words[place]].add(sense)
    assert all(len(of) == 1 for of in senses.values())
    assert set(later) == set(range(len(SENSES)))


def test_roles_know_nouns_from_verbs():
    found = roles()
    assert {words[place] for words, place, _ in found} == set(BOTH_ROLES)
    for words, place, noun in found:
        if words[place] == "cook" and place and words[place - 1] == "can":
            assert not noun
        if place and words[place - 1] in ("a", "this", "that"):
            assert noun
    assert 0.3 < sum(noun for *_, noun in found) / len(found) < 0.8


def test_a_probe_finds_a_plane_and_chooses_its_penalty_elsewhere():
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(600, 5, generator=draw)
    labels = (x @ torch.tensor([1.0, -2, 0, 0, 0.5]) > 0).long()
    learn, choose, one, two = torch.arange(600).split([300, 100, 100, 100])
    rights = probe(x, labels, learn, choose, one, two)
    assert len(rights) == 2 and min(rights) > 0.93
    noise = torch.randint(2, (600,), generator=draw)
    assert all(0.3 < right < 0.7 for right in probe(x, noise, learn, choose, one, two))


def test_the_word_alone_is_its_usual_sense():
    examples = with_two_senses("train")
    found = probe_at(None, examples, 0, 400, 150, "sense", told_later)
    at = {(row["task"], row["told"]): row for row in found}
    before, after = (at["sense, at the word", told] for told in ("before", "after"))
    assert before["accuracy"] == 1.0  # the usual sense of each is the one that is told before
    assert 0.3 < after["accuracy"] < 0.7
    assert before["n"] + after["n"] == len(examples) - 550


def test_counts_leave_padding_out():
    ids = encoded([("we", "drink", "tea", "."), ("we", ".")])
    assert counts(ids).sum(1).tolist() == [6, 4]
