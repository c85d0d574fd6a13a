"""The recall task of chapters 07 and 08: its sequences, model, open forget gates and CSV."""

import pytest
import torch

from attend.experiments.provenance import read
from attend.experiments.recall import (
    CELLS,
    DISTANCES,
    FILLERS,
    SEEDS,
    SYMBOLS,
    VARIANTS,
    VOCABULARY,
    Recaller,
    examine,
    open_forget_gates,
    run,
    sequences,
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


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns_a_short_distance_and_says_how_large_its_gradients_are(cell):
    found = examine(train_recaller(cell, 2, steps=150), 2)
    assert found["accuracy"] > 0.9 and 0 < found["loss"] < 0.7
    untrained = examine(Recaller(cell), 40)
    assert untrained["accuracy"] < 0.5
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


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="cell must be one of rnn, lstm, gru, got 'elman'"):
        Recaller("elman")
    with pytest.raises(ValueError, match=r"forget_bias=1\.0 belongs to cell 'lstm', got 'gru'"):
        Recaller("gru", forget_bias=1.0)


def test_the_committed_runs_are_complete():
    rows = read("recall")
    keys = {(row["cell"], row["distance"], row["seed"]) for row in rows}
    wanted = {(cell, d, seed) for cell in VARIANTS for d in DISTANCES for seed in SEEDS}
    wanted |= {(f"{cell} x4", 20, seed) for cell in CELLS for seed in SEEDS}
    assert keys == wanted and len(rows) == len(wanted)
    assert set(rows[0]) == set(run("rnn", 2, 0))
    assert all(0 <= row["accuracy"] <= 1 for row in rows)
