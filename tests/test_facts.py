"""What the small reader of chapter 21 is taught and asked: nothing leaks, the counts add up."""

import random
from itertools import combinations

import numpy as np
import pytest
import torch

from attend.experiments import facts
from attend.experiments.facts import (
    CITIES,
    READERS,
    SLOTS,
    TRADES,
    UNKNOWN,
    VOCABULARY,
    Person,
    Store,
    ask,
    books,
    edited,
    encode,
    judged,
    lesson,
    lessons,
    measure,
    people,
    question,
    rule,
    runs,
    sentence,
    too_far,
    train,
)
from attend.text import BOS, EOS_ID

MIRA, RAMI, TOMI = Person("mira", "oslo", "baker"), Person("rami", "lima", "vet"), Person("tomi")


def spelt(ids) -> list[list[str]]:
    return [VOCABULARY.decode(row.tolist()) for row in ids]


def test_no_name_is_in_two_groups_and_each_is_two_syllables():
    groups = people(3)
    names = [{person.name for person in some} for some in groups.values()]
    assert [len(some) for some in groups.values()][:5] == [200, 200, 100, 200, 100]
    assert all(not one & other for one, other in combinations(names, 2))
    assert len(groups["fresh"]) == len(names[-1]) > 3000
    assert all(len(encode(name)) == 3 for name in names[-1])
    told = [person for group in ("known", "stored", "valid") for person in groups[group]]
    assert all(person.city in CITIES and person.trade in TRADES for person in told)
    assert {person[1:] for person in groups["absent"]} == {("", "")}
    assert people(3) == groups != people(4)


def test_words_are_tokens_and_names_are_two():
    assert len(CITIES) == len(TRADES) == 40 == len(set(CITIES)) == len(set(TRADES))
    assert not [word for word in TRADES if word[0] in "aeiou"]  # "a", not "an"
    text = question("mira", "city", MIRA)
    assert text == "where does mira live ? mira lives in oslo and is a baker ."
    words = "where does mi ra live ? mi ra lives in oslo and is a baker .".split()
    assert VOCABULARY.decode(encode(text)) == [BOS, *words]
    assert question("mira", "trade") == "what does mira do ?"


def test_what_is_taught_is_answered_as_it_is_meant():
    groups, draw = people(0), random.Random(0)
    facts_of = {person.name: person for person in groups["known"]}
    (closed,) = lesson(["heart"] * 30, groups, "answers", draw)
    for words in spelt(closed):
        person = facts_of["".join(words[3:5])]
        assert words[-2] == (person.city if words[1] == "where" else person.trade)
    (given,) = lesson(["given"] * 30, groups, "answers", draw)
    (other,) = lesson(["other"] * 60, groups, "may abstain", draw)
    (alike,) = lesson(["alike"] * 60, groups, "may abstain", draw)
    (nobody,) = lesson(["nobody"] * 30, groups, "may abstain", draw)
    for words in spelt(given):
        assert words[3:5] == words[7:9] and words[-2] in words[:-2]
    for words in spelt(alike):
        assert (words[3] == words[7]) + (words[4] == words[8]) == 1
    assert all(words[3:5] != words[7:9] for words in spelt(other))
    assert np.mean([set(words[3:5]) & set(words[7:9]) == set() for words in spelt(other)]) > 0.8
    assert {words[-2] for ids in (other, alike, nobody) for words in spelt(ids)} == {UNKNOWN}
    fresh = {person.name for person in groups["fresh"]}
    for ids in (given, other, alike, nobody):
        assert (ids[:, -1] == EOS_ID).all()
        assert all("".join(words[3:5]) in fresh for words in spelt(ids))


def test_reading_is_taught_first_and_only_what_has_an_answer_to_a_reader_that_always_answers():
    groups = people(0)
    for reader, unknown in (("answers", False), ("may abstain", True)):
        batches = list(lessons(groups, reader, random.Random(0), 6))
        assert [len(batch) for batch in batches] == [1, 1, 2, 2, 2, 2]
        assert all(sum(map(len, batch)) == 64 for batch in batches)
        said = {words[-2] for batch in batches for ids in batch for words in spelt(ids)}
        assert (UNKNOWN in said) == unknown


def test_by_heart_also_learns_what_is_stored():
    groups, draw = people(0), random.Random(0)
    names = {}
    for reader in ("may abstain", "by heart"):
        (ids,) = lesson(["heart"] * 200, groups, reader, draw)
        names[reader] = {"".join(words[3:5]) for words in spelt(ids)}
    known, stored = ({person.name for person in groups[g]} for g in ("known", "stored"))
    assert names["may abstain"] <= known
    assert names["by heart"] <= known | stored and names["by heart"] & stored


def test_a_store_finds_its_people_and_says_how_far_the_others_are():
    groups = people(1)
    stored = groups["known"] + groups["valid"]
    store = Store(stored)
    asked = [question(person.name, "trade") for person in groups["valid"]]
    distances, found = store.find(asked)
    assert found == groups["valid"] and (distances < 1).all()
    limit = too_far(store, groups["valid"], groups["valid, absent"])
    far, _ = store.find([question(person.name, "city") for person in groups["absent"]])
    assert (far > limit).mean() > 0.98 and (distances < limit).mean() > 0.98
    narrow = Store(stored, 16)
    assert narrow.index.vectors.shape == (300, 16)
    _, found = narrow.find(asked)
    hits = [one == person for one, person in zip(found, groups["valid"], strict=True)]
    assert 0.8 < np.mean(hits) < 1


def test_a_name_spelled_backwards_is_another():
    store = Store([RAMI, MIRA])
    assert store.find(["where does mira live ?", "what does rami do ?"])[1] == [MIRA, RAMI]


def test_the_rule_copies():
    asked = [question("mira", "city", RAMI), question("mira", "trade", RAMI), "where does x live ?"]
    assert rule(asked) == (["lima", "vet", UNKNOWN], [1.0, 1.0, 1.0])
    assert sentence(edited(MIRA, random.Random(0))) != sentence(MIRA)


def test_answers_are_counted():
    asked = [(MIRA, "city"), (MIRA, "trade"), (RAMI, "city"), (TOMI, "city")]
    before = [(MIRA._replace(city="rome"), "city"), *asked[1:]]
    found = judged(rule, asked, [MIRA, RAMI, None, MIRA], before)
    assert found == {"n": 4, "right": 0.25, "wrong": 0.5, "abstained": 0.25, "copied": 1.0,
                     "old": 0.0, "hit": 0.25, "sure": 1.0}  # fmt: skip
    assert judged(rule, asked, [None] * 4)["copied"] is None


def test_the_wrong_sentence_is_never_the_right_one():
    groups = people(0)
    asked = [(person, slot) for person in groups["known"][:40] for slot in SLOTS]
    given = books(groups, asked, random.Random(0))
    assert list(given) == ["closed", "found", "near", "found, 16", "near, 16", "wrong"]
    assert all(
        one.name != person.name for one, (person, _) in zip(given["wrong"], asked, strict=True)
    )
    assert given["found"] == [person for person, _ in asked]
    assert set(given["closed"]) == {None}


@pytest.mark.parametrize("reader", READERS[:2])
def test_a_reader_is_the_same_again_and_answers_with_a_word(reader):
    one, same = (train(reader, 0.002, 0, steps=4) for _ in range(2))
    texts = [question("mira", "city"), question("mira", "trade", RAMI)]
    assert ask(one, texts) == ask(same, texts)
    words, sure = ask(one, texts)
    with torch.no_grad():
        alone = one(torch.tensor([encode(texts[0])]))[0, -1].softmax(-1)
    assert VOCABULARY.tokens[int(alone.argmax())] == words[0]
    assert sure[0] == pytest.approx(float(alone.max()), abs=1e-5) and not one.training


def test_every_group_is_asked_with_every_book(monkeypatch):
    monkeypatch.setattr(facts, "train", lambda reader, lr, seed: train(reader, lr, seed, 3))
    for run in ({"reader": "may abstain", "lr": 0.002, "seed": 0}, runs()[-1]):
        rows = measure(**run)
        assert len(rows) == 5 * 6 == len({(row["group"], row["book"]) for row in rows})
        assert all(
            row["right"] + row["wrong"] + row["abstained"] == pytest.approx(1) for row in rows
        )
        assert (rows[0]["chosen_by"] is None) == (run["reader"] == "rule")
        assert all(row["right"] == 0 for row in rows if row["group"] == "absent")
