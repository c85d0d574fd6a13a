"""The recall task of chapters 07 and 08: its sequences, model, open forget gates and CSV."""

from itertools import product

import pytest
import torch

from attend.experiments.provenance import read
from attend.experiments.recall import (
    FILLERS,
    FRESH,
    RATES,
    SYMBOLS,
    TRIAL,
    TRIED,
    VARIANTS,
    VOCABULARY,
    WIDE_RATES,
    Recaller,
    examine,
    examine_many,
    open_forget_gates,
    runs,
    sequences,
    shown,
    train_many,
    train_recaller,
)
from attend.recurrent import LSTM


@pytest.mark.parametrize("distance", [1, 7])
def test_a_symbol_comes_first_and_fillers_follow(distance):
    ids, wanted = sequences(distance, 50, torch.Generator().manual_seed(0))
    assert ids.shape == (50, distance + 1) and wanted.shape == (50,)
    for row, number in zip(ids.tolist(), wanted.tolist(), strict=True):
        first, *rest = VOCABULARY.decode(row)
        assert first == SYMBOLS[number] and set(rest) <= set(FILLERS)
    assert set(wanted.tolist()) == set(range(len(SYMBOLS)))
    again, _ = sequences(distance, 50, torch.Generator().manual_seed(0))
    assert torch.equal(ids, again)


@pytest.mark.parametrize("cell", VARIANTS)
def test_every_cell_learns_a_short_distance_and_says_how_large_its_gradients_are(cell):
    found = examine(train_recaller(cell, 2, batches=150), 2)
    assert found["accuracy"] > 0.9 and 0 < found["loss"] < 0.7
    untrained = examine(Recaller(cell), 40)
    assert untrained["accuracy"] < 0.5
    if cell in ("rnn", "gru", "lstm"):  # as torch begins them
        assert untrained["gradient_first"] < 1e-4 * untrained["gradient_last"]


def test_gradients_are_those_of_each_sequence():
    model = Recaller("gru")
    ids, wanted = sequences(3, 500, torch.Generator().manual_seed(1234))
    x = model.embed(ids[:1]).detach().requires_grad_()
    torch.nn.functional.cross_entropy(model.read(x), wanted[:1]).backward()
    one = x.grad[0, 0].norm()
    assert 0.1 * one < examine(model, 3)["gradient_first"] < 10 * one


def test_forget_gates_are_opened_and_nothing_else_changes():
    torch.manual_seed(0)
    lstm = LSTM(3, 5, num_layers=2, bidirectional=True)
    before = {name: weight.clone() for name, weight in lstm.state_dict().items()}
    open_forget_gates(lstm, 2.0)
    for name, weight in lstm.state_dict().items():
        wanted = before[name].clone()
        if name.startswith("bias_ih"):
            wanted[5:10] += 2.0
        assert torch.equal(weight, wanted), name


def test_variants_begin_as_they_are_named():
    def fresh(variant):
        torch.manual_seed(0)
        return Recaller(variant).state_dict()

    plain, turned = fresh("rnn"), fresh("rnn orthogonal")
    W = turned["cell.weight_hh_l0"]
    torch.testing.assert_close(W @ W.T, torch.eye(16))
    assert [name for name in plain if not torch.equal(plain[name], turned[name])] == [
        "cell.weight_hh_l0"
    ]
    closed, opened = fresh("lstm"), fresh("lstm+3")
    forget = slice(16, 32)
    moved = opened["cell.bias_ih_l0"] - closed["cell.bias_ih_l0"]
    assert (moved[forget] == 3).all() and moved.count_nonzero() == 16


@pytest.mark.parametrize("variant", ["rnn", "rnn orthogonal", "gru", "lstm+1"])
def test_many_are_trained_as_each_would_be(variant):
    """Also where the gradient is clipped: it is at some of these steps."""
    rates, seeds = (0.005, 0.02), (0, 3)
    many = train_many(variant, 7, rates, seeds, batches=12, n_hidden=5)
    found = examine_many(many, 7, variant, count=70)
    for k, (lr, seed) in enumerate(product(rates, seeds)):
        one = train_recaller(variant, 7, lr, seed, batches=12, n_hidden=5)
        for name, weight in one.state_dict().items():
            torch.testing.assert_close(many[name][k].detach(), weight, rtol=1e-3, atol=1e-5)
        for name, value in examine(one, 7, count=70).items():
            assert found[name][k] == pytest.approx(value, rel=1e-3, abs=1e-6), name


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match=r"variant must be one of rnn, .*, got 'elman'"):
        Recaller("elman")


def test_the_committed_runs_are_complete():
    rows, plans = read("recall"), ("cell", "distance", "batches", "width")
    found = {}
    for row in rows:
        found.setdefault(tuple(row[name] for name in plans), set()).add((row["lr"], row["seed"]))
    assert set(found) == {tuple(run[name] for name in plans) for run in runs()}
    for (*_, width), made in found.items():
        rates, seeds = {lr for lr, _ in made}, {seed for _, seed in made}
        assert rates == set(WIDE_RATES if width >= 64 else RATES)
        assert seeds == set(TRIAL + FRESH if width < 256 else TRIAL + FRESH[:3])
        assert len(made) == len(rates) * len(seeds)
    assert all(0 <= row["accuracy"] <= 1 for row in rows)


def test_a_rate_is_chosen_by_runs_that_are_not_shown():
    for cell, far in TRIED.items():
        for distance in far:
            lr, rows = shown(cell, distance)
            assert lr in RATES and [row["seed"] for row in rows] == list(FRESH)
            assert all(row["lr"] == lr and row["cell"] == cell for row in rows)
