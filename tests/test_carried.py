"""What chapter 22's experiment on steps rests on: the rows say what they should, nothing that is
asked was taught, and the budget is the same."""

import pytest
import torch

from attend.experiments import carried
from attend.experiments.carried import (
    BEST,
    EQUALS,
    RATES,
    SHARES,
    VOCABULARY,
    WAYS,
    answers,
    asked,
    build,
    carries,
    columns,
    cost,
    drawn,
    lessons,
    loss_of,
    measure,
    runs,
    share_right,
    shown,
    spell,
    steps_of,
    train,
    training,
    voted,
)

SUMS = torch.tensor([[47, 38], [5, 6], [99, 99]])
CHAINS = torch.tensor([[4, 7, 3, 9], [0, 0, 1, 9]])
WIDEST = [(task, max(shares)) for task, shares in SHARES.items()]


def generator(seed: int = 0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    "way, written",
    [
        ("direct", ["", "0 8 5", ""]),
        ("deeper", ["", "0 8 5", ""]),
        ("reversed", ["", "5 8 0", ""]),
        ("dots", [". . . .", "0 8 5", ""]),
        ("steps", ["1 5 0 8", "0 8 5", ""]),
        ("other steps", ["1 8 1 9", "0 8 5", ""]),  # of 99 + 99, the row before
        ("steps after", ["", "0 8 5", "1 5 0 8"]),
    ],
)
def test_a_sum_is_spelled_as_its_way_says(way, written):
    parts = spell(SUMS, "2 digits", 2, way)
    assert [shown(part)[0] for part in parts] == ["4 7 + 3 8 =", *written]


@pytest.mark.parametrize(
    "way, written",
    [
        ("direct", ["", "3", ""]),
        ("dots", [". .", "3", ""]),
        ("steps", ["1 4", "3", ""]),
        ("other steps", ["0 1", "3", ""]),
        ("steps after", ["", "3", "1 4"]),
    ],
)
def test_a_chain_is_spelled_as_its_way_says(way, written):
    parts = spell(CHAINS, "chain", 4, way)
    assert [shown(part)[0] for part in parts] == ["4 7 3 9 =", *written]


def test_steps_say_the_answer_and_their_first_digits_are_the_carries():
    numbers = drawn(200, "3 digits", 3, "train", generator())
    _, steps, answer, _ = spell(numbers, "3 digits", 3, "steps")
    ones, tens = steps[:, 1::2], steps[:, 0::2]
    assert (answer == torch.cat([tens[:, -1:], ones.flip(1)], dim=1)).all()
    assert (tens - VOCABULARY.ids["0"]).sum(dim=1).tolist() == carries(numbers, 3).tolist()
    written = [int("".join(row.split())) for row in shown(answer)]
    assert written == numbers.sum(dim=1).tolist()
    assert columns(SUMS, 2).tolist() == [[15, 8], [11, 1], [18, 19]]
    assert carries(SUMS, 2).tolist() == [1, 1, 2]


def test_the_last_step_of_a_chain_before_its_answer_is_one_number_short():
    numbers = drawn(50, "chain", 6, "train", generator())
    _, steps, answer, _ = spell(numbers, "chain", 6, "steps")
    assert ((steps[:, -1:] + numbers[:, -1:] - answer) % 10 == 0).all()
    assert steps.shape == (50, 4)
    assert (answer[:, 0] - VOCABULARY.ids["0"]).tolist() == (numbers.sum(dim=1) % 10).tolist()


@pytest.mark.parametrize("task, width", WIDEST)
def test_nothing_that_is_asked_was_taught_in_any_order(task, width):
    parts = {}
    for part in ("train", "valid", "test"):
        numbers = drawn(3000, task, width, part, generator(3))
        assert len(numbers) == 3000
        parts[part] = {tuple(sorted(row)) for row in numbers.tolist()}
    assert not parts["train"] & parts["test"] and not parts["train"] & parts["valid"]
    assert not parts["valid"] & parts["test"]
    prompts = {text for parts in lessons("direct", task, 20, 0) for text in shown(parts[0])}
    held_out = drawn(500, task, width, "test", generator(width))
    assert not prompts & set(shown(spell(held_out, task, width, "direct")[0]))


def test_every_digit_is_taught_in_every_column():
    numbers = drawn(2000, "3 digits", 3, "train", generator())
    prompt = spell(numbers, "3 digits", 3, "direct")[0]
    assert {len(set(prompt[:, place].tolist())) for place in (0, 1, 2, 4, 5, 6)} == {10}


def test_lessons_are_of_every_width_and_the_same_again():
    widths = {parts[0].shape[1] for parts in lessons("direct", "chain", 60, 1)}
    assert widths == {3, 5, 7}
    one, same, other = (next(iter(lessons("steps", "chain", 1, seed))) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])


def test_only_what_is_written_is_learnt():
    model, parts = build("steps"), spell(SUMS, "2 digits", 2, "steps")
    ids = torch.cat(parts, dim=1)
    log_p = model(ids[:, :-1]).log_softmax(dim=-1)
    wanted = -log_p.gather(-1, ids[:, 1:, None])[:, parts[0].shape[1] - 1 :].mean()
    torch.testing.assert_close(loss_of(model, parts), wanted)


def test_every_way_has_the_same_multiply_adds():
    for task in SHARES:
        budget = steps_of("direct", task) * cost("direct", task)
        for way in WAYS:
            assert steps_of(way, task) * cost(way, task) == pytest.approx(budget, rel=0.005)
        assert cost("dots", task) == cost("steps", task) > 1.2 * cost("direct", task)
        assert cost("reversed", task) == cost("direct", task) or task == "chain"


def test_a_model_is_the_same_again_and_an_average_of_those_before():
    one, same = (train("steps", "2 digits", 0.004, 0, 3) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    found = {}
    for step, model in training("steps", "2 digits", 0.004, 0, (1, 2, 3)):
        found[step] = model.embedding.weight.detach().clone()
    assert torch.equal(found[3], one.embedding.weight)
    torch.manual_seed(0)
    moved = [(found[step] - build("steps").embedding.weight).abs().mean().item() for step in (1,)]
    later = (found[2] - found[1]).abs().mean().item()
    assert 0 < later < moved[0] * 2


@pytest.fixture
def scribe(monkeypatch):
    """What a model writes, by prompt: the rows of `table` after their prompts."""
    table = {}

    def write(model, prompt, length, generator=None):
        return torch.stack([table[tuple(row)] for row in prompt.tolist()])[:, :length]

    monkeypatch.setattr(carried, "greedy", write)
    monkeypatch.setattr(carried, "sample", write)
    return table


def test_the_answer_is_what_stands_behind_the_steps(scribe):
    parts = spell(SUMS, "2 digits", 2, "steps")
    for prompt, *written in zip(*(part for part in parts[:3]), strict=True):
        scribe[tuple(prompt.tolist())] = torch.cat(written)
    said = answers(None, parts)
    assert torch.equal(said, parts[2]) and share_right(said, parts[2]) == 1
    wrong = said.clone()
    wrong[0, 1] = EQUALS
    assert share_right(wrong, parts[2]) == pytest.approx(2 / 3)
    assert torch.equal(voted(None, parts, 0), parts[2])
    given = spell(SUMS, "2 digits", 2, "other steps")[1]
    for prompt, steps, answer in zip(parts[0], given, parts[2], strict=True):
        scribe[tuple(torch.cat([prompt, steps]).tolist())] = answer.flip(0)
    assert torch.equal(answers(None, parts, given), parts[2].flip(1))


def test_most_votes_win(monkeypatch):
    ballots = iter([[1, 2], [3, 4], [5, 6], [3, 4], [7, 8], [9, 9], [9, 8], [0, 0], [0, 1]])
    monkeypatch.setattr(
        carried, "answers", lambda model, parts, generator: torch.tensor([next(ballots)])
    )
    assert voted(None, None, 0).tolist() == [[3, 4]]


def test_a_model_is_asked_by_carries_and_told_other_steps(monkeypatch):
    def follow(model, parts, given=None, generator=None):
        """Reads the answer off the steps that are given, else is right."""
        if given is None:
            return parts[2]
        return torch.cat([given[:, -2:-1], given[:, 1::2].flip(1)], dim=1)

    monkeypatch.setattr(carried, "answers", follow)
    rows = asked(None, "steps", "2 digits", 2, True)
    assert [row["carries"] for row in rows] == [0, 1, 2] and sum(row["n"] for row in rows) == 500
    for row in rows:
        assert row["right"] == row["voted"] == row["told"] == row["followed"] == 1
    (row,) = asked(None, "direct", "chain", 6, False)
    assert row == {"width": 6, "carries": 0, "n": 500, "right": 1.0}


def test_the_steps_of_another_chain_lead_to_their_last_and_the_own_last_number(monkeypatch):
    zero = VOCABULARY.ids["0"]

    def follow(model, parts, given=None, generator=None):
        steps = parts[1] if given is None else given
        return zero + (steps[:, -1:] + parts[0][:, -2:-1] - 2 * zero) % 10

    monkeypatch.setattr(carried, "answers", follow)
    (row,) = asked(None, "steps", "chain", 6, True)
    assert row["right"] == row["told"] == row["followed"] == 1
    monkeypatch.setattr(carried, "answers", lambda model, parts, *_, **__: parts[2])
    (row,) = asked(None, "steps", "chain", 6, True)  # who looks at the problem alone
    assert row["told"] == 1 and row["followed"] < 0.2


def test_every_run_of_a_way_is_at_its_best_from_three_seeds():
    found = runs()
    for task, way in {(run["task"], run["way"]) for run in found}:
        here = [run for run in found if (run["task"], run["way"]) == (task, way)]
        rates = [run["lr"] for run in here if run["seed"] == 0]
        assert set(RATES) <= set(rates)
        best = BEST[task, way]
        assert min(rates) < best < max(rates)
        assert {run["seed"] for run in here if run["lr"] == best} >= {0, 1, 2}


def test_rows_are_marked_and_the_longer_are_asked_at_the_end(monkeypatch):
    monkeypatch.setattr(carried, "STEPS", dict.fromkeys(SHARES, 12))
    monkeypatch.setattr(carried, "ASKED", 40)
    rows = measure("chain", "direct", 0.004, 0)
    assert [row["at"] for row in rows] == ["1/4", "2/4", "examples", "3/4", "4/4", "4/4"]
    assert [row["width"] for row in rows] == [6] * 5 + [7]
    assert [row["steps"] for row in rows] == [3, 6, steps_of("steps", "chain"), 9, 12, 12]
    assert all(row["voted"] is None for row in rows[:4]) and rows[4]["voted"] is not None
    assert rows[4]["multiply_adds"] == pytest.approx(12 * cost("direct", "chain"))
    rows = measure("chain", "steps", 0.004, 0)
    assert [row["at"] for row in rows] == ["1/4", "2/4", "3/4", "4/4", "4/4"]
    assert rows[-1]["followed"] is not None and len({tuple(row) for row in rows}) == 1
    assert rows[-1]["used"] > 1.2 * measure("chain", "direct", 0.004, 0)[0]["used"]
