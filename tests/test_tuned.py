"""How chapter 18's model is taught to answer: nothing leaks, only what an arm names learns, and the
rates were the best of their grids."""

import random
from collections import Counter
from itertools import combinations, pairwise

import pytest
import torch
from torch.nn.functional import cross_entropy

from attend.experiments import tuned
from attend.experiments.pretraining import SIZES, known_words, vocabulary_of_phrasebook
from attend.experiments.provenance import read
from attend.experiments.tuned import (
    ADDED,
    ARMS,
    BEST,
    Exchange,
    Lesson,
    accuracy,
    answer,
    at_its_best,
    batches,
    exchanges,
    grown,
    learner,
    lesson,
    measure,
    old_loss,
    old_text,
    parts,
    runs,
    tune,
    vocabulary,
    weights_trained,
)
from attend.language import LanguageModel, LanguageModelConfig

TEA = Exchange(("she", "drinks", "tea", ".", "who", "?"), ("she",))
SORT = Exchange(("sort", "7", "2"), ("2", "7"))


@pytest.fixture
def base(monkeypatch):
    """A model that has read nothing stands in for the one that has, which takes long to make."""
    torch.manual_seed(5)
    model = LanguageModel(LanguageModelConfig(len(vocabulary_of_phrasebook()), **SIZES)).eval()
    monkeypatch.setattr(tuned, "pretrain", lambda objective, seed: model)
    grown.cache_clear()
    yield model
    grown.cache_clear()


# ---------------------------------------------------------------------------------------- the data


def test_old_words_keep_their_numbers():
    old, new = vocabulary_of_phrasebook().tokens, vocabulary().tokens
    assert new == [*old, *ADDED] and len(ADDED) == 17 == len(set(ADDED) - set(old))


def test_nobody_has_read_what_is_asked_and_no_question_comes_twice():
    read, asked = set(known_words()), exchanges("near")
    sentences = [tuned_sentence(one) for one in asked]
    assert len(asked) == 4200 == len(set(sentences)) and not read & set(sentences)
    assert max(map(len, sentences)) <= 10
    digits = [one.user for one in exchanges("far")]
    assert len(digits) == 4200 == len(set(digits))
    few, same, others = (exchanges.__wrapped__("near", n=80, seed=seed) for seed in (0, 0, 1))
    assert few == same != others and len(few) == 80


def tuned_sentence(one) -> tuple:
    kind = next(words for words in tuned.QUESTIONS.values() if ends(one.user, words))
    return one.user[: len(one.user) - len(kind.split())]


def ends(user, words) -> bool:
    return user[-len(words.split()) :] == tuple(words.split())


def test_answers_are_right_and_yes_is_as_frequent_as_no():
    said, kinds = Counter(), Counter()
    for one in exchanges("near"):
        words, kind = tuned_sentence(one), " ".join(one.user[len(tuned_sentence(one)) :])
        kinds[kind], said[kind, one.assistant] = kinds[kind] + 1, said[kind, one.assistant] + 1
        if kind == "who ?":
            assert words[: len(one.assistant)] == one.assistant
        if kind == "question ?":
            assert one.assistant == ("yes" if words[-1] == "?" else "no",)
        if kind == "he or she ?":
            assert one.assistant[0] in ("I", "you", "he", "she", "it", "we", "they")
            if words[0] in ("he", "she", "we", "they", "I", "you"):
                assert one.assistant == words[:1]
            if words[0] in ("Mr", "David", "Tom"):
                assert one.assistant == ("he",)
    assert set(kinds.values()) == {1050}
    for kind in ("past ?", "question ?"):
        assert abs(said[kind, ("yes",)] - said[kind, ("no",)]) <= 1
    assert said["past ?", ("yes",)] + said["past ?", ("no",)] == 1050
    for one in exchanges("far"):
        assert one.user[0] == "sort" and list(one.assistant) == sorted(one.user[1:])


def test_further_sentences_stand_before_the_one_that_is_asked_about():
    read = set(known_words())
    for one in exchanges("near", before=2)[:200]:
        words = tuned_sentence(one)
        cuts = [i for i in range(1, len(words)) if words[:i] in read]
        assert any(words[i:j] in read for i in cuts for j in range(i + 1, len(words)))
        assert sum(word in (".", "?", "!") for word in words) == 3


def test_a_lesson_is_the_template_and_says_where_answers_begin():
    ids, lengths = lesson([TEA, SORT])
    assert lengths.tolist() == [9, 6]
    rows = [vocabulary().decode(row.tolist()) for row in ids]
    assert rows[0] == ["<user>", *TEA.user, "<end>", "<assistant>", "she", "<end>"]
    assert rows[1] == ["<user>", *SORT.user, "<end>", "<assistant>", "2", "7", "<end>"]


def test_no_part_shares_a_question():
    for task in ("near", "far"):
        rows = [{tuple(row.tolist()) for row in part.ids} for part in parts(task, 0)]
        assert [len(some) for some in rows] == [3000, 400, 800]
        assert not any(one & other for one, other in combinations(rows, 2))


def test_every_example_comes_once_a_round_and_old_text_takes_its_share():
    taught = Lesson(torch.arange(1, 81)[:, None].expand(80, 3), torch.full((80,), 2))
    rows = list(batches(taught, 5, 0.0, 0))
    assert [len(ids) for ids, _, _ in rows] == [32] * 5 and not any(len(old) for *_, old in rows)
    seen = Counter(torch.cat([ids[:, 0] for ids, _, _ in rows]).tolist())
    assert len(seen) == 80 and set(seen.values()) == {2}
    for ids, lengths, old in batches(taught, 3, 0.1, 0):
        assert (len(ids), len(lengths), len(old)) == (29, 29, 3) and (old[:, 0] == 2).all()
    assert [len(old) for *_, old in batches(taught, 2, 0.5, 0)] == [16, 16]


# --------------------------------------------------------------------------------------- the model


def test_added_rows_change_nothing_that_was_known(base):
    model, ids = grown(0), old_text("valid")[:50]
    with torch.no_grad():
        torch.testing.assert_close(model(ids)[..., : base.config.vocab], base(ids))
    new = model.embedding.weight[-17:]
    assert model.out.weight is model.embedding.weight and len(torch.unique(new, dim=0)) == 17


@pytest.mark.parametrize("arm", ARMS)
def test_only_what_an_arm_names_learns(base, arm):
    first, pupil = grown(0), learner(grown(0), arm)
    n_old = len(first.embedding.weight) - 17
    before = {name: value.clone() for name, value in pupil.state_dict().items()}
    tune(pupil, lesson([TEA, SORT] * 20), 0.01, steps=3)
    after = pupil.state_dict()
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    changed -= {"embedding.weight", "out.weight"}
    old = (after["embedding.weight"] != before["embedding.weight"])[:n_old].any()
    assert (after["embedding.weight"] != before["embedding.weight"])[n_old:].any()
    assert old == (arm == "everything")
    loras = {name for name in before if name.endswith((".A", ".B"))}
    wanted = {"rows": set(), "everything": set(before) - {"embedding.weight", "out.weight"}}
    wanted["last"] = {name for name in before if name.startswith(("blocks.1.", "norm."))}
    assert changed == wanted.get(arm, loras)
    assert (len(loras) > 0) == arm.startswith("lora")
    assert torch.equal(first.embedding.weight, before["embedding.weight"])  # the base is a copy


def test_weights_are_counted(base):
    count = {arm: weights_trained(learner(grown(0), arm), arm) for arm in ARMS}
    assert count["rows"] == 17 * 64
    assert [count[f"lora {r}"] - count["rows"] for r in (1, 2, 4, 8, 16)] == [
        2 * 2 * r * (64 + 64) for r in (1, 2, 4, 8, 16)
    ]
    both = 2 * 8 * (4 * (64 + 64) + 3 * (64 + 172))
    assert count["lora 8, all"] == count["rows"] + both
    assert count["everything"] == sum(p.numel() for p in base.parameters()) + count["rows"]
    block = 4 * 64 * 64 + 3 * 64 * 172 + 2 * 64
    assert count["last"] == count["rows"] + block + 64


def test_answers_alone_are_learnt_or_all_tokens(base):
    ids, lengths = lesson([TEA, SORT])
    seen = {}
    for on in ("answers", "all"):
        pupil = learner(grown(0), "everything")
        tune(pupil, lesson([TEA, SORT] * 16), 0.003, 30, on=on)
        with torch.no_grad():
            nats = cross_entropy(pupil(ids)[:, :-1].mT, ids[:, 1:], reduction="none")
        places = torch.arange(1, ids.shape[1])
        seen[on] = nats[places < lengths[:, None]].mean().item()
        assert nats[(places >= lengths[:, None]) & (ids[:, 1:] != 0)].mean() < 4
    assert seen["all"] < 4.5 < 5.5 < seen["answers"]


def test_old_text_among_the_new_is_read(base):
    losses = []
    for mix in (0.0, 0.5):
        pupil = learner(grown(0), "everything")
        tune(pupil, lesson([TEA, SORT] * 16), 0.003, 15, mix=mix)
        losses.append(old_loss(pupil))
    assert losses[1] < losses[0] - 0.5


def test_what_is_seen_under_way_is_of_that_step_and_the_same_again(base):
    found = []
    for _ in range(2):
        pupil = learner(grown(0), "lora 4")
        found.append(tune(pupil, lesson([TEA, SORT]), 0.01, 6, watch=(0, 2, 6), see=old_loss))
    assert found[0] == found[1] and list(found[0]) == [0, 2, 6]
    assert found[0][0] == pytest.approx(old_loss(grown(0))) and len(set(found[0].values())) == 3


def test_accuracy_is_that_of_greedy_answers(base):
    draw, some = random.Random(0), exchanges("far")[:24]
    pupil = learner(grown(0), "everything")
    tune(pupil, lesson(some), 0.004, 60)
    asked = [*some[:12], *(one._replace(assistant=one.assistant[::-1]) for one in some[12:18])]
    draw.shuffle(asked)
    right = [tuple(answer(pupil, one.user)) == one.assistant for one in asked]
    share, nats = accuracy(pupil, lesson(asked))
    assert share == pytest.approx(sum(right) / len(right)) and 0 < share < 1 and nats > 0


def test_a_run_has_a_row_for_each_step_that_is_watched(base, monkeypatch):
    monkeypatch.setattr(tuned, "WATCH", (0, 2))
    held, fallen = (
        measure("near", "rows", 200, 0, "answers", 0.1, schedule, 2, 0.01, 1)
        for schedule in ("holds", "falls")
    )
    assert [row["step"] for row in held] == [0, 2] and [row["step"] for row in fallen] == [2]
    assert list(held[0]) == list(fallen[0]) and held[0]["weights"] == 1088
    assert all(0 <= row["accuracy"] <= 1 and row["old"] > 0 for row in held + fallen)


# --------------------------------------------------------------------------------------- the table


def test_rates_are_the_best_of_their_grids_and_not_at_an_edge():
    rows = [row for row in read("tuned") if row["schedule"] == "falls" and row["seed"] == 0]
    for task, arm, n, before, on, steps in BEST:
        of = {"task": task, "arm": arm, "n": n, "before": before, "on": on, "steps": steps}
        grid = [row for row in rows if all(row[key] == value for key, value in of.items())]
        best = max(grid, key=lambda row: (row["chosen_by"], -row["nats"]))["lr"]
        assert best == BEST[task, arm, n, before, on, steps]
        rates = sorted(row["lr"] for row in grid)
        assert len(rates) >= 4 and rates[0] < best < rates[-1], (task, arm, n, on, rates, best)
        assert all(b == pytest.approx(2 * a) for a, b in pairwise(rates))


def test_every_grid_has_its_best_and_the_way_there_goes_at_that_rate():
    falls = [run for run in runs() if run["schedule"] == "falls"]
    keys = {tuple(run[k] for k in ("task", "arm", "n", "before", "on", "steps")) for run in falls}
    assert keys == set(BEST)
    assert {run["lr"] for run in at_its_best("far", "lora 1", 3)[-2:]} == {
        BEST["far", "lora 1", 3000, 0, "answers", 160]
    }
    for run in runs():
        if run["schedule"] == "holds":
            best = BEST[run["task"], run["arm"], 3000, 0, "answers", 160]
            assert run["lr"] in (best, best / 4)
