"""The experiment of chapter 13: its tasks against plain loops, its model's schemes, its file."""

import pytest
import torch

from attend.experiments.lengths import (
    BACK,
    LENGTHS,
    MARKS,
    SCHEMES,
    TASKS,
    WORDS,
    OneLayer,
    accuracy,
    back,
    last,
    train,
)
from attend.experiments.provenance import read


def test_answers_are_those_of_plain_loops():
    ids = torch.randint(WORDS, (7, 23), generator=torch.Generator().manual_seed(0))
    for row, found_back, found_last in zip(ids.tolist(), back(ids), last(ids), strict=True):
        for t in range(len(row)):
            marks = [word for word in row[: t + 1] if word < MARKS]
            assert found_back[t] == (row[t - BACK] if t >= BACK else -100)
            assert found_last[t] == (marks[-1] if marks else -100)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_word_sees_only_what_came_before(scheme):
    torch.manual_seed(0)
    model, ids = OneLayer(scheme), torch.randint(WORDS, (2, 11))
    logits = model(ids)
    assert logits.shape == (2, 11, WORDS)
    torch.testing.assert_close(model(ids[:, :5]), logits[:, :5])
    assert 0 <= accuracy(model, "back", 16) < 0.3  # nothing learnt yet


def test_unknown_schemes_and_lengths_are_named():
    with pytest.raises(ValueError, match="scheme must be one of none, learned"):
        OneLayer("t5")
    with pytest.raises(ValueError, match="x must end before position 64, got 65 positions"):
        OneLayer("learned")(torch.zeros(1, 65, dtype=torch.long))


@pytest.mark.parametrize("scheme", ["shifted", "rotary"])
def test_training_is_the_same_from_the_same_seed(scheme):
    one, other = (train(scheme, "back", seed=3, steps=3) for _ in range(2))
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_file_holds_every_run():
    rows = read("lengths")
    names = ("task", "scheme", "heads", "base", "seed", "length")
    found = {tuple(row[name] for name in names) for row in rows}
    lines = len(SCHEMES) + 2  # rotary besides with more clocks, and with slower ones
    assert len(rows) == len(found) == len(TASKS) * lines * 5 * len(LENGTHS)
    assert all(0 <= row["accuracy"] <= 1 for row in rows)
