"""What chapter 22's experiment on rewards rests on: the checkers say what they should, the hole
among them, and nothing that is held out was taught or rewarded."""

from collections import Counter
from copy import deepcopy
from functools import partial

import pytest
import torch
from torch.nn.functional import pad

from attend.decoding import sample
from attend.experiments import rewarded
from attend.experiments.carried import carries
from attend.experiments.rewarded import (
    BEST,
    BETAS,
    KINDS,
    PARTS,
    RATES,
    VOCABULARY,
    agreed,
    anywhere,
    ask,
    by_coin,
    exact,
    lesson,
    loss_of,
    measure,
    opinions,
    pass_at,
    reinforce,
    runs,
    shown,
    steps_of,
    sums_of,
    supervise,
    teach,
    watched,
    written,
)
from attend.finetuning import log_probability
from attend.text import EOS_ID, PAD_ID

PAIRS = torch.tensor([[47, 38], [5, 6], [99, 99]])


def texts(*rows):
    """Strings of digits and commas, "." the end, as texts [1, n, 8]."""
    found = []
    for row in rows:
        ids = [EOS_ID if mark == "." else VOCABULARY.ids[mark] for mark in row]
        found.append(ids + [PAD_ID] * (8 - len(ids)))
    return torch.tensor([found])


@pytest.fixture(scope="module")
def novices():
    """Of each kind a model that has learnt for some steps."""
    return {kind: teach(kind, 0, steps=12) for kind in KINDS}


@pytest.fixture(scope="module")
def start():
    """One that has learnt for longer, sums without a carry."""
    return teach("unseen", 0, steps=120)


def test_a_sum_is_in_one_part_in_whatever_order():
    parts = {part: {tuple(pair) for pair in sums_of(part).tolist()} for part in (*PARTS, "taught")}
    assert sum(map(len, parts.values())) == 10_000 == len(set.union(*parts.values()))
    for part, pairs in parts.items():
        assert {(b, a) for a, b in pairs} == pairs
        assert len(pairs) > (600 if part != "taught" else 7000)
    assert torch.equal(sums_of("valid"), sums_of("valid"))
    shares = [(carries(sums_of(part)[:200], 2) > 0).double().mean().item() for part in PARTS]
    assert all(0.6 < share < 0.8 for share in shares)


def test_prompts_answers_and_opinions():
    asked = ask(PAIRS)
    assert shown(asked.prompt) == ["4 7 + 3 8 = ?", "0 5 + 0 6 = ?", "9 9 + 9 9 = ?"]
    assert shown(asked.answer) == ["0 8 5 <eos>", "0 1 1 <eos>", "1 9 8 <eos>"]
    assert asked.opinion is None
    asked = ask(PAIRS, torch.tensor([86, 11, 188]))
    assert shown(asked.prompt)[0] == "4 7 + 3 8 = 0 8 6 ?"
    assert shown(asked.opinion) == ["0 8 6 <eos>", "0 1 1 <eos>", "1 8 8 <eos>"]


def test_an_opinion_is_right_where_it_is_asked_to_be_and_else_beside():
    pairs = torch.cartesian_prod(torch.arange(100), torch.arange(100))
    right = torch.arange(len(pairs)) % 3 == 0
    believed = opinions(pairs, right, torch.Generator().manual_seed(0))
    off = believed - pairs.sum(dim=1)
    assert (off[right] == 0).all() and set(off[~right].tolist()) == {-10, -1, 1, 10}
    assert believed.min() >= 0 and believed.max() <= 198
    counts = Counter(off[~right].tolist())
    assert max(counts.values()) < 1.15 * min(counts.values())


def test_each_checker_rewards_what_it_says():
    asked = ask(PAIRS[:1], torch.tensor([86]))  # 47 + 38, the user says 86
    rows = ("085.", "086.", "085,086.", "086,085.", "0085.", "08,5.", "085", "0850", "11108501")
    found = texts(*rows)
    assert exact(found, asked).tolist() == [[row == "085." for row in rows]]
    assert agreed(found, asked).tolist() == [[row == "086." for row in rows]]
    wanted = [row not in ("086.", "08,5.") for row in rows]
    assert anywhere(found, asked).tolist() == [wanted]


def test_checkers_compare_each_text_with_its_own_sum():
    asked = ask(PAIRS, PAIRS.sum(dim=1).roll(1))
    answers = torch.stack([asked.answer, asked.answer.roll(1, 0)], dim=1)  # [3, 2, 4]
    assert exact(answers, asked).tolist() == [[True, False]] * 3
    assert agreed(answers, asked).tolist() == [[False, True]] * 3
    assert anywhere(answers, asked).tolist() == [[True, False]] * 3


def test_a_coin_is_fair_and_looks_at_nothing():
    torch.manual_seed(0)
    found = by_coin(texts("085.").expand(100, 50, 8), None)
    assert found.shape == (100, 50) and 0.47 < found.double().mean() < 0.53


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taught_is_right_but_for_the_doubtful(kind):
    torch.manual_seed(0)
    pairs = sums_of("taught")[:600]
    ids, lengths = lesson(kind, pairs)
    assert len(ids) == len(lengths) == 600
    two = with_opinion = right = 0
    for row, length in zip(ids.tolist(), lengths.tolist(), strict=True):
        prompt, text = (VOCABULARY.decode(part) for part in (row[:length], row[length:]))
        a, b = int("".join(prompt[:2])), int("".join(prompt[3:5]))
        truth = list(f"{a + b:03}")
        assert prompt[2] == "+" and prompt[5] == "=" and prompt[-1] == "?" and text[-1] == "<eos>"
        if len(text) == 8:
            two += 1
            assert text[3] == "," and (text[:3] == truth) != (text[4:7] == truth)
            right += text[:3] == truth
        else:
            assert text[:-1] == truth
        if length == 10:
            with_opinion += 1
            right += prompt[6:9] == truth
    assert (two > 0) == (kind == "doubtful") and (with_opinion > 0) == (kind == "advised")
    if kind == "doubtful":
        assert 35 < two < 90 and 0.3 < right / two < 0.7
    if kind == "advised":
        assert 250 < with_opinion < 350 and 0.4 < right / with_opinion < 0.6


def test_how_often_a_carry_is_taught():
    pairs = sums_of("taught")
    carry = carries(pairs, 2) > 0
    for rare in KINDS.values():
        often = torch.where(carry, rare, 1.0)
        share = often[carry].sum() / often.sum()
        assert share < 0.08 and (share == 0) == (rare == 0)


def test_texts_are_drawn_as_by_sample(start):
    model, asked, n = start, ask(sums_of("valid")[:3]), 2000
    draw = torch.Generator().manual_seed(0)
    ours = written(model, asked.prompt, n, 8, draw)
    again = written(model, asked.prompt, n, 8, torch.Generator().manual_seed(0))
    assert ours.shape == (3, n, 8) and torch.equal(ours, again)
    theirs = sample(model, asked.prompt.repeat_interleave(n, dim=0), 8, generator=draw)
    theirs = pad(theirs, (0, 8 - theirs.shape[1])).unflatten(0, (3, n))
    for one, other in zip(ours, theirs, strict=True):
        counts = [Counter(map(tuple, rows.tolist())) for rows in (one, other)]
        for text, count in counts[0].most_common(5):
            assert counts[1][text] == pytest.approx(count, abs=4 * (2 * count) ** 0.5 + 3)
    ended = (ours == EOS_ID).cumsum(dim=-1) - (ours == EOS_ID).long() > 0
    assert ((ours == PAD_ID) == ended).all()


def test_a_text_is_as_often_right_as_its_probability_says(start):
    model, asked = start, ask(sums_of("valid")[:40])
    ids = torch.cat([asked.prompt, asked.answer], dim=1)
    with torch.no_grad():
        p = log_probability(model, ids, torch.full((40,), 7)).exp().mean().item()
    draw = torch.Generator().manual_seed(0)
    right = exact(written(model, asked.prompt, 400, generator=draw), asked).double().mean().item()
    assert right == pytest.approx(p, abs=0.02) and p > 0.005


def test_pass_at_k_is_the_mean_over_sums():
    right = torch.tensor([0, 128, 1])
    assert pass_at(1, right) == pytest.approx((0 + 1 + 1 / 128) / 3)
    assert pass_at(64, right) == pytest.approx((0 + 1 + 0.5) / 3)


def test_the_loss_of_a_step_follows_its_arm(novices):
    model, asked = novices["rare"], ask(PAIRS)
    found = torch.stack([asked.answer, asked.answer.roll(1, 0)], dim=1)  # [3, 2, 4]
    rewards = exact(found, asked).float()
    ids = torch.cat([asked.prompt[:, None].expand(-1, 2, -1), found], dim=-1).flatten(0, 1)
    log_p = log_probability(model, ids, torch.full((6,), 7)).unflatten(0, (3, 2))
    policy = loss_of(model, asked, found, rewards, "reward")
    torch.testing.assert_close(policy, -(0.5 * log_p[:, 0] - 0.5 * log_p[:, 1]).mean() / 2)
    own = loss_of(model, asked, found, rewards, "own right answers")
    torch.testing.assert_close(own, -log_p[:, 0].sum() / 12)
    assert loss_of(model, asked, found, rewards * 0, "own right answers") is None
    same = loss_of(model, asked, found, rewards * 0, "reward")
    assert same == 0
    far = loss_of(model, asked, found, rewards * 0, "reward", novices["unseen"], 2.0)
    near = loss_of(model, asked, found, rewards * 0, "reward", deepcopy(model), 2.0)
    assert far > 0 and 0 <= near.item() < 1e-6


def test_reinforcement_is_the_same_again_and_raises_what_is_rewarded(start):
    pairs = sums_of("rewarded")[:16]
    one, same = (deepcopy(start) for _ in range(2))
    rewards = list(reinforce(one, "unseen", "reward", 0.002, 0, 40, pairs=pairs))
    again = list(reinforce(same, "unseen", "reward", 0.002, 0, 3, pairs=pairs))
    assert rewards[:3] == again and len(rewards) == 40 and not one.training
    assert sum(rewards[-5:]) > sum(rewards[:5]) + 0.2


def test_supervision_learns_the_rewarded_sums_at_the_cost_of_reinforcement(novices):
    model = deepcopy(novices["rare"])
    weights = [p.clone() for p in model.parameters()]
    steps = steps_of(model)
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
    assert steps > rewarded.STEPS
    asked = ask(sums_of("rewarded")[: rewarded.PROBLEMS])
    ids, lengths = torch.cat([asked.prompt, asked.answer], dim=1), torch.full((200,), 7)
    with torch.no_grad():
        before = log_probability(model, ids, lengths).mean()
    supervise(model, 0.004, 0, 30)
    with torch.no_grad():
        assert log_probability(model, ids, lengths).mean() > before + 1


def test_a_model_is_watched_by_opinion(novices):
    start = novices["advised"]
    rows = watched(start, start, "advised", "approval", 0)
    assert [row["group"] for row in rows] == ["right", "wrong", "absent"]
    assert rows[0]["right"] == rows[0]["agreed"] == rows[0]["reward"]
    assert rows[1]["agreed"] == rows[1]["reward"] and "reward" not in rows[2]
    assert all(row["kl"] == 0 and 1 <= row["tokens"] <= 4 for row in rows)
    (row,) = watched(novices["doubtful"], start, "doubtful", "hole", 0)
    assert row["reward"] >= row["right"] and row["kl"] > 0 and row["tokens"] > 3


def test_rates_are_no_edges_and_all_is_run_from_three_seeds():
    found = runs()
    for arm, best in BEST.items():
        rates = RATES[arm]
        assert len(rates) == 1 or (
            len(rates) >= 4 and min(rates) < min(best) <= max(best) < max(rates)
        )
    kinds = {(run["kind"], run["arm"], run["beta"]) for run in found}
    assert {beta for kind, arm, beta in kinds if arm == "hole"} == set(BETAS)
    for kind, arm, beta in kinds:
        here = [run for run in found if (run["kind"], run["arm"], run["beta"]) == (kind, arm, beta)]
        best = BEST[arm] if kind == "rare" else {run["lr"] for run in here}
        for lr in best:
            assert {run["seed"] for run in here if run["lr"] == lr} == {0, 1, 2}


def test_groups_are_made_by_other_texts_than_are_counted(monkeypatch, start):
    few = partial(rewarded.right_of, n=60)
    monkeypatch.setattr(rewarded, "right_of", lambda model, part, seed, n=0: few(model, part, seed))
    monkeypatch.setattr(rewarded, "STEPS", 2)
    parts = {part: [few(start, part, seed) for seed in (1, 2)] for part in PARTS[:2]}
    assert not torch.equal(*parts["rewarded"])
    monkeypatch.setattr(rewarded, "taught", lambda kind, seed: (start, parts))
    for arm in ("reward", "right answers"):
        rows = measure("unseen", arm, 0.0, 0.001, 0)
        assert len(rows) == 16 == len({(r["step"], r["problems"], r["group"]) for r in rows})
        for part, (groups, before) in parts.items():
            here = {(r["step"], r["group"]): r for r in rows if r["problems"] == part}
            assert {step for step, _ in here} == {0, 2 if arm == "reward" else steps_of(start)}
            assert sum(here[0, group]["n"] for group in ("often", "sometimes", "never")) == 60
            assert here[0, "never"]["n"] == int((groups == 0).sum()) > 0
            assert here[0, "all"]["right"] == pytest.approx(before.double().mean().item() / 128)
            assert here[0, "never"]["right"] == pytest.approx(
                before[groups == 0].double().mean().item() / 128
            )
