"""Two processes, by torchrun: their gradient against that of one, and what is said when one of them
ends too soon."""

import json
import subprocess
import sys

import pytest

from attend import parallel


@pytest.fixture(scope="module")
def found():
    cases = [("layer", (5, 5)), ("batch", (5, 5)), ("layer", (8, 2)), ("none", (7, 7))]
    return parallel.start(cases, shard=True)


def test_equal_parts_give_the_gradient_of_the_whole_batch(found):
    assert found["processes"] == 2
    (layer, same, equal), (_, _, batch), (_, parts, uneven), (none, _, plain) = found["apart"]
    assert (layer, none, same, parts) == ("layer", "none", [5, 5], [8, 2])
    assert 0 <= equal < 1e-5 and plain < 1e-5
    assert batch > 0.01 and uneven > 0.01


def test_what_is_cut_lies_in_one_place(found):
    numbers = found["numbers"]
    assert numbers == sum(p.numel() for p in parallel.build().parameters())
    assert found["bytes"] == {
        "weights": 4 * numbers,
        "gradients": 4 * numbers,
        "optimiser": 8 * numbers,
    }
    for kind, size in found["bytes"].items():
        assert (
            found["sharded"][kind] == size // 2
        )  # all of its matrices have an even number of rows


def test_a_process_that_ends_is_named_in_one_line():
    with pytest.raises(RuntimeError) as raised:
        parallel.start(dies=1)
    assert str(raised.value) == (
        "attend.parallel: process 1 of 2 ended with exit code 3 before its work was done; "
        "the others were stopped"
    )


def test_it_can_be_started_from_a_shell():
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "1", "-m", "attend.parallel", "--case", "none", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["apart"][0][:2] == ["none", [3]]


@pytest.mark.parametrize(
    "options, told",
    [
        ({"cases": [("layer", (5, 0))]}, "parts must be a whole number, at least 1, got 0"),
        ({"cases": [("layer", (5, 2.5))]}, "parts must be a whole number"),
        ({"cases": [("group", (5, 5))]}, "norm must be one of none, layer, batch, got 'group'"),
        ({"cases": [("layer", (5,)), ("layer", (5, 5))]}, "as many parts in each"),
        ({"cases": []}, "cases must be pairs"),
        ({"cases": ("layer", 5)}, "cases must be pairs"),
        ({"dies": 2}, r"dies must lie in 0 … 1, got 2"),
        ({"dies": -1}, "dies must be a whole number, at least 0, got -1"),
    ],
)
def test_arguments_are_checked_before_anything_is_started(options, told, monkeypatch):
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: pytest.fail("it was started"))
    with pytest.raises(ValueError, match=told):
        parallel.start(**options)


def test_the_command_line_says_it_in_one_line_too(capsys):
    assert parallel.main(["--case", "group", "5", "5"]) == 1
    assert capsys.readouterr().err == (
        "attend.parallel: norm must be one of none, layer, batch, got 'group'\n"
    )
    assert parallel.main(["--case", "layer", "5", "x"]) == 1
    assert "attend.parallel: " in capsys.readouterr().err
