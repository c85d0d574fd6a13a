"""The judge of chapter 22 and those who learn from its choices: nothing leaks, points and breaks
are counted right, each way learns what it says."""

import math
from itertools import pairwise

import pytest
import torch

from attend.experiments import preferred
from attend.experiments.preferred import (
    BEST,
    PROMPT,
    WANTED,
    Choices,
    RewardModel,
    beginnings,
    best_of,
    broken,
    choices,
    continue_from,
    cost,
    drawn,
    grammar,
    judge,
    judged,
    log_ratio,
    measure,
    points,
    runs,
    share_right,
    train_chosen,
    train_policy,
    train_preferred,
    train_reward,
    words_of,
)
from attend.experiments.pretraining import SIZES, encoded, known_words, vocabulary_of_phrasebook
from attend.experiments.provenance import read
from attend.finetuning import log_probability
from attend.language import LanguageModel, LanguageModelConfig
from attend.phrasebook import pairs

TEA = "she drinks tea .".split()


@pytest.fixture(scope="module")
def base():
    """A model that has read nothing."""
    torch.manual_seed(5)
    return LanguageModel(LanguageModelConfig(len(vocabulary_of_phrasebook()), **SIZES)).eval()


@pytest.fixture(scope="module")
def known():
    """Choices that agree: of two sentences of the book, the one that is shorter."""
    rows = [words for words in known_words() if len(words) <= 12][:240]
    ids = encoded(rows)
    short = torch.tensor([len(a) < len(b) for a, b in zip(rows[::2], rows[1::2], strict=True)])
    first, second = ids[::2], ids[1::2]
    return Choices(
        torch.where(short[:, None], first, second), torch.where(short[:, None], second, first)
    )


def test_a_judge_counts_food_words_and_breaks():
    assert {"tea", "noodles", "apples", "sandwich"} <= WANTED and "table" not in WANTED
    assert broken(TEA) == 0 and points(TEA) == pytest.approx(3 - 0.3 * 4)
    plain = next(w for w in known_words() if not WANTED & set(w) and not broken(w))
    assert points(plain) == pytest.approx(-0.3 * len(plain))
    mixed = "she tea drinks .".split()
    breaks = sum(two not in grammar() for two in pairwise(["<bos>", *mixed, "<eos>"]))
    assert broken(mixed) == breaks > 0 and points(mixed) == pytest.approx(1.8 - breaks)
    assert points("tea tea .".split()) - points("tea .".split()) < 0
    torch.testing.assert_close(judged(encoded([TEA, mixed])), torch.tensor([1.8, 1.8 - breaks]))


def test_hardly_a_sentence_of_the_phrasebook_is_broken():
    test = [pair.target for pair in pairs("test")]
    assert sum(not broken(words) for words in test) / len(test) > 0.9


def test_no_beginning_is_in_two_parts():
    parts = {name: {tuple(row.tolist()) for row in ids} for name, ids in beginnings().items()}
    assert [len(parts[name]) for name in ("test", "valid")] == [150, 100]
    assert len(parts["learn"]) > 1000 == 10 * len(parts["valid"])
    assert not parts["test"] & parts["valid"] and not parts["learn"] & (
        parts["test"] | parts["valid"]
    )
    assert all(row[0] == 2 and len(row) == PROMPT for part in parts.values() for row in part)


def test_a_model_goes_on_from_each_beginning(base):
    prompts = beginnings()["test"][:5]
    ids = continue_from(base, prompts, 3, seed=1)
    assert len(ids) == 15 and torch.equal(ids[:, :PROMPT], prompts.repeat_interleave(3, dim=0))
    assert torch.equal(ids, continue_from(base, prompts, 3, seed=1))
    assert not torch.equal(ids[0], ids[1]) and ids.shape[1] <= PROMPT + 24
    assert words_of(prompts) == [words_of(prompts[i : i + 1])[0] for i in range(5)]
    assert all(len(words) == 2 for words in words_of(prompts))


def test_choices_follow_the_points_and_no_more(base):
    some = choices(base, 1500, beginnings()["learn"], seed=3)
    assert torch.equal(some.chosen[:, :PROMPT], some.rejected[:, :PROMPT])
    apart = judged(some.chosen) - judged(some.rejected)
    expected = (apart.abs()).sigmoid()
    share = (apart > 0).float() + 0.5 * (apart == 0)
    spread = (expected * (1 - expected)).sum().sqrt().item() / len(apart)
    assert abs(share.mean().item() - expected.mean().item()) < 4 * spread
    assert (apart < 0).any()


def test_of_the_first_pairs_each_comes_once_a_round(known):
    rows = list(drawn(known, 64, 4, seed=0))
    assert [len(chosen) for chosen, _ in rows] == [32] * 4
    seen = [tuple(row.tolist()) for chosen, _ in rows for row in chosen[:, :4]]
    first = [tuple(row.tolist()) for row in known.chosen[:64, :4]]
    assert set(seen) == set(first) and len(seen) == 128


def test_each_way_learns_from_choices(base, known):
    before = base.embedding.weight.clone()
    chosen = train_chosen(base, known, 96, 0.003, steps=12)
    lengths = torch.full((96,), PROMPT)
    with torch.no_grad():
        gain = log_ratio(chosen, base, known.chosen[:96])
        torch.testing.assert_close(
            log_ratio(chosen, None, known.chosen[:96]),
            log_probability(chosen, known.chosen[:96], lengths),
        )
    assert gain.mean() > 1
    tuned = train_preferred(base, known, 96, 0.3, 0.003, steps=12)
    right = share_right(*(log_ratio(tuned, base, side[:96]) for side in known))
    assert right > 0.9
    reward = train_reward(base, known, 96, 0.003, steps=12)
    with torch.no_grad():
        assert share_right(*(reward(side[:96]) for side in known)) > 0.9
    assert torch.equal(base.embedding.weight, before)


def test_a_reward_is_read_at_the_last_token(base):
    reward = RewardModel(base)
    short = encoded([TEA])
    long = torch.cat([short, torch.zeros(1, 4, dtype=torch.long)], dim=1)
    other = encoded([["he", *TEA[1:]]])
    with torch.no_grad():
        torch.testing.assert_close(reward(short), reward(long))
        expected = reward.head(base.states(short)[:, -1])[:, 0]
        torch.testing.assert_close(reward(short), expected)
        assert (reward(short) - reward(other)).abs() > 1e-4


def test_a_policy_is_moved_to_what_is_rewarded(base):
    wanted = vocabulary_of_phrasebook().ids["."]

    def reward(ids):
        return (ids[:, PROMPT:] == wanted).any(1).float()

    steps = []

    def see(model):
        ids = continue_from(model, beginnings()["test"], 1, seed=0)
        steps.append(reward(ids).mean().item())
        return steps[-1]

    _, seen = train_policy(base, reward, 0.0, 0.003, steps=30, watch=(1, 30), see=see)
    assert list(seen) == [1, 30] and seen[30] > seen[1] + 0.3
    held, _ = train_policy(base, reward, 100.0, 0.003, steps=6)
    free, _ = train_policy(base, reward, 0.0, 0.003, steps=6)
    ids = continue_from(base, beginnings()["test"], 1, seed=2)
    apart = [log_ratio(model, base, ids).abs().mean() for model in (held, free)]
    assert apart[0] < apart[1]


def test_the_best_of_n_is_the_one_with_the_highest_reward():
    ids = torch.arange(12)[:, None]
    rewards = torch.tensor([0.0, 3, 1, 5, 4, 2, 0, 0, 1, -3, -1, -2])
    assert best_of(ids, rewards, 1).tolist() == ids.tolist()
    assert best_of(ids, rewards, 3)[:, 0].tolist() == [1, 3, 8, 10]
    assert best_of(ids, rewards, 6)[:, 0].tolist() == [3, 8]


def test_multiply_adds_are_counted(base):
    block, D, V = 4 * 64 * 64 + 3 * 64 * 172, 64, len(vocabulary_of_phrasebook())
    one = 10 * 2 * block + 8 * D * V  # nine words and <bos>; the third writes the first
    assert cost(base, 9.0) == pytest.approx(one / 1e6)
    assert cost(base, 9.0, 4) == pytest.approx(4 * (one + 11 * 2 * block) / 1e6)


def test_what_is_judged_adds_up(monkeypatch):
    prompts = beginnings()["test"]
    same = torch.cat([prompts, encoded([["tea", "."]]).expand(150, -1)[:, 1:]], dim=1)
    monkeypatch.setattr(preferred, "of_base", lambda seed, part, n: same.repeat_interleave(n, 0))
    found = judge(same.repeat_interleave(4, 0), 0)
    assert found["wins"] == pytest.approx(0.5) and found["distinct"] == pytest.approx(1 / 150)
    assert found["wanted"] == 1.0 and found["words"] == 4.0
    assert found["score"] == pytest.approx(
        sum(map(points, words_of(same))) / 150, abs=1e-4
    )  # fmt: skip
    assert found["sound"] == sum(not broken(words) for words in words_of(same)) / 150


def test_every_way_is_measured(base, known, monkeypatch):
    monkeypatch.setattr(preferred, "pretrain", lambda objective, seed: base)
    monkeypatch.setattr(preferred, "known_choices", lambda seed: (known, known))
    monkeypatch.setattr(preferred, "WATCH", (1, 2))
    preferred.of_base.cache_clear()
    rows, length = {}, {"base": 1, "chosen": 1, "preferred": 1, "reward": 5, "policy": 2}
    for method in length:
        rows[method] = measure(method, 96, 0.3, 2, 0.001, 0.001, 0)
    preferred.of_base.cache_clear()
    assert {method: len(of) for method, of in rows.items()} == length
    every = [row for of in rows.values() for row in of]
    names = {tuple(sorted(row.keys() - {"proxy"})) for row in every}
    assert len(names) == 1
    assert rows["base"][0]["kl"] == pytest.approx(0, abs=1e-3)
    kl = [row["kl"] for row in rows["reward"]]
    assert kl[0] == 0 and kl[-1] == pytest.approx(math.log(64) - 63 / 64)
    proxies = [row["proxy"] for row in rows["reward"]]
    assert proxies == sorted(proxies) and proxies[-1] > proxies[0]
    assert [row["n"] for row in rows["reward"]] == [1, 2, 4, 16, 64]


# --------------------------------------------------------------------------------------- the table


def test_rates_are_the_best_of_their_grids_and_not_at_an_edge():
    rows = [row for row in read("preferred") if row["seed"] == 0 and row["n"] in (1, 16)]
    for key, best in BEST.items():
        grid = [row for row in rows if (row["method"], row["pairs"], row["beta"]) == key]
        last = [row for row in grid if row["step"] == row["steps"]]
        assert max(last, key=lambda row: (round(row["chosen_by"], 2), -row["lr"]))["lr"] == best
        rates = sorted({row["lr"] for row in grid})
        assert len(rates) >= 4 and rates[0] < best < rates[-1], (key, rates, best)
        assert all(b == pytest.approx(2 * a) for a, b in pairwise(rates))


def test_every_grid_has_its_best_and_the_policy_a_reward_model_at_its_best():
    every = [run for run in runs() if run["method"] != "base"]
    assert {(run["method"], run["pairs"], run["beta"]) for run in every} == set(BEST)
    for run in every:
        best = BEST["reward", 2000, 0.0] if run["method"] == "policy" else 0.0
        assert run["reward_lr"] == best
