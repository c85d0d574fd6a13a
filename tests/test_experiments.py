"""The tables of the experiments are whole and up to date, and what runs them keeps its word."""

import os
import subprocess
import sys
import textwrap

import pytest

from attend.experiments import provenance
from attend.experiments.provenance import HERE, Table
from attend.experiments.running import experiments, fingerprint, main
from conftest import ROOT

NAMES = [experiment.name for experiment in experiments()]

TOY = '''
"""A toy."""
from pathlib import Path

HERE = Path(__file__).parent
FACTOR = 2.0
SEEDS = range(3)


def runs():
    """All."""
    return [{"kind": kind, "seed": seed} for kind in ("a", "b") for seed in SEEDS]


def measure(kind, seed):
    """What is found."""
    with (HERE / "log").open("a") as log:
        log.write(f"{kind}{seed}\\n")
    return {"twice": FACTOR * seed, "third": 1 / 3}
'''


@pytest.fixture
def toy(tmp_path):
    """Write the toy experiment, with some of its text replaced; returns its folder."""
    return Toy(tmp_path)


class Toy:
    def __init__(self, folder):
        self.folder, self.file = folder, folder / "toy.csv"
        self.write()

    def write(self, *changes, name="toy", text=TOY):
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf8")
        forget()

    def run(self, *arguments):
        """Run it as the command does; what `main` returns, and the runs that it made."""
        (self.folder / "log").write_text("")
        code = main([*arguments, "--jobs", "2"], self.folder)
        return code, sorted((self.folder / "log").read_text().split())

    def rows(self):
        return [(row["kind"], int(row["seed"]), row["twice"]) for row in Table.read(self.file).rows]


def forget():
    """The runner reads a module once; a test changes it."""
    from attend.experiments import running

    running.load.cache_clear()


ALL = ["a0", "a1", "a2", "b0", "b1", "b2"]
WHOLE = [(kind, seed, str(2.0 * seed)) for kind in "ab" for seed in range(3)]


# --------------------------------------------------------------------------- the committed tables


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_every_run_of_its_experiment_as_it_is_now(name):
    (one,) = experiments([name])
    command = f"run make experiments NAMES={name}"
    assert not one.stale, f"measure() of {name} has changed since: {command}"
    assert not one.missing(), f"{name}.csv lacks {len(one.missing())} runs: {command}"
    assert not one.dropped, f"{name}.csv has {one.dropped} rows that runs() lacks: {command}"
    assert one.table.made and all(float(row["cpu_seconds"]) >= 0 for row in one.table.rows)


def test_every_table_has_its_experiment():
    assert {path.stem for path in HERE.glob("*.csv")} == set(NAMES)


# ------------------------------------------------------------------------------------ the runner


def test_all_runs_are_written_in_order_with_what_made_them(toy, capsys):
    assert toy.run() == (0, ALL)
    assert toy.rows() == WHOLE
    text = toy.file.read_text()
    first, second, third, fourth, columns, row = text.splitlines()[:6]
    assert first == "# python -m attend.experiments toy"
    assert second == f"# fingerprint {fingerprint(TOY)}"
    assert "Python" in third and "torch" in third and "cores" in third
    assert fourth.endswith("s of CPU time")
    assert columns == "kind,seed,twice,third,cpu_seconds" and row.startswith("a,0,0.0,0.333333,")
    assert sorted(path.name for path in toy.folder.glob("toy.*")) == ["toy.csv", "toy.py"]
    assert "toy kind=a seed=0: 0.0 s · " in capsys.readouterr().out
    assert toy.run() == (0, []) and toy.file.read_text() == text


def test_a_cut_table_goes_on_where_it_stopped(toy):
    toy.run()
    whole = toy.file.read_text()
    lines = whole.splitlines(keepends=True)
    toy.file.write_text("".join(lines[:7]) + lines[7][:5])  # two runs, and a torn third
    assert toy.run() == (0, ALL[2:])
    assert toy.rows() == WHOLE
    toy.file.write_text("".join(lines[:7]) + lines[7].rstrip("\n"))  # whole or torn: who knows
    assert toy.run() == (0, ALL[2:])
    for kept in (2, 4):  # cut in the head
        toy.file.write_text("".join(lines[:kept]))
        assert toy.run() == (0, ALL)


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_killed_runner_has_kept_what_had_ended(toy):
    slow = (
        "    with (HERE",
        "    if kind == 'b':\n        import time; time.sleep(60)\n    with (HERE",
    )
    toy.write(slow)
    call = "import sys; from pathlib import Path; from attend.experiments.running import main;"
    call += f" sys.exit(main(['--jobs', '2'], Path({str(toy.folder)!r})))"
    with subprocess.Popen([sys.executable, "-c", call], stdout=subprocess.PIPE, text=True) as child:
        ended = 0
        for line in child.stdout:
            ended += "kind=a" in line
            if ended == 3:
                break
        child.kill()
    assert toy.rows() == WHOLE[:3]


def test_another_measure_makes_rows_stale(toy, capsys):
    toy.run()
    toy.write(("FACTOR = 2.0", "FACTOR = 4.0"))
    assert toy.run() == (0, ALL)
    assert "toy: 6 rows are stale, measure() has changed" in capsys.readouterr().out
    assert toy.rows() == [(kind, seed, str(4.0 * seed)) for kind in "ab" for seed in range(3)]


def test_what_measure_does_not_reach_leaves_rows_as_they_are(toy):
    toy.run()
    toy.write(('"""What is found."""', '"""Other\n    words."""  # and more'))
    assert toy.run() == (0, [])


def test_stale_rows_may_be_kept(toy, capsys):
    toy.run()
    toy.write(("FACTOR", "TIMES"))
    assert toy.run("--keep") == (0, [])
    assert "toy: 6 rows kept for the new measure()" in capsys.readouterr().out
    assert toy.run() == (0, []) and toy.rows() == WHOLE


def test_rows_may_be_forgotten(toy):
    toy.run()
    assert toy.run("--again") == (0, ALL)


def test_a_grid_grows_and_shrinks_with_its_rows_kept(toy, capsys):
    toy.run()
    toy.write(("range(3)", "range(4)"))
    assert toy.run() == (0, ["a3", "b3"])
    assert [row[:2] for row in toy.rows()] == [(kind, seed) for kind in "ab" for seed in range(4)]
    toy.write(("range(3)", "range(1)"))
    assert toy.run() == (0, [])
    assert "toy: 6 rows dropped" in capsys.readouterr().out
    assert [row[:2] for row in toy.rows()] == [("a", 0), ("b", 0)]


def test_a_run_that_raises_is_named_and_the_others_go_on(toy, capsys):
    toy.write(("    return {", "    if seed == 1:\n        raise ValueError('odd')\n    return {"))
    assert toy.run() == (1, ALL)
    told = capsys.readouterr()
    assert "toy kind=a seed=1: FAILED, ValueError: odd · " in told.out
    assert "2 runs failed" in told.err
    assert [row[:2] for row in toy.rows()] == [("a", 0), ("a", 2), ("b", 0), ("b", 2)]


def test_a_list_writes_several_rows_for_a_run(toy):
    toy.write(('return {"twice": FACTOR * seed, "third": 1 / 3}',
               'return [{"twice": f, "new": None} for f in range(seed + 1)]'))  # fmt: skip
    toy.run()
    wanted = [(kind, seed, str(f)) for kind in "ab" for seed in range(3) for f in range(seed + 1)]
    assert toy.rows() == wanted
    assert toy.run() == (0, [])


@pytest.mark.parametrize(
    "returns, told",
    [
        ('{"seed": 1}', "measure() returned seed, which the run names already"),
        ('{"cpu_seconds": 1}', "measure() returned cpu_seconds, which the run names already"),
        ("3", "measure() must return a dict or a list of dicts, got 3"),
        ("[]", "measure() must return a dict or a list of dicts, got []"),
    ],
)
def test_what_a_measure_may_not_return(toy, capsys, returns, told):
    toy.write(("range(3)", "[7]"), ('{"twice": FACTOR * seed, "third": 1 / 3}', returns))
    assert toy.run()[0] == 1
    assert f"toy kind=a seed=7: FAILED, {told} · " in capsys.readouterr().out
    assert not toy.file.exists()


@pytest.mark.parametrize(
    "changes, names, told",
    [
        ((), ["toi"], "no experiment 'toi'; there are other, toy"),
        ((("def measure", "def find"),), [], "toy has no measure(), which an experiment must have"),
        ((("def runs", "def all_"),), ["toy"], "toy has no runs(), which an experiment must have"),
        ((('("a", "b")', '("a", "a")'),), [], "toy: a run stands twice in runs()"),
        (
            (("for seed in SEEDS]", "for seed in SEEDS] + [{'kind': 'c'}]"),),
            [],
            "toy: every run must name the same things, got kind, seed and kind",
        ),
    ],
)
def test_what_cannot_be_run_is_told_in_a_line(toy, capsys, changes, names, told):
    toy.write(name="other")
    toy.write(*changes)
    assert toy.run(*names) == (2, [])
    assert capsys.readouterr().err == f"experiments: {told}\n"


def test_only_what_is_named_is_run(toy):
    toy.write(name="other")
    assert toy.run("other", "other") == (0, ALL)
    assert not toy.file.exists()


def test_a_list_says_what_is_left(toy, capsys):
    toy.run()
    toy.write(("range(3)", "range(5)"))
    assert toy.run("--list") == (0, [])
    assert "toy: 4 left, about 0.0 CPU minutes" in capsys.readouterr().out
    toy.file.unlink()
    toy.run("--list")
    assert "10 left, about 0.0 CPU minutes and 10 runs not yet known" in capsys.readouterr().out


def test_several_at_once_write_one_table(toy):
    toy.write(("range(3)", "range(20)"))
    assert toy.run("--jobs", "4")[0] == 0
    assert [row[:2] for row in toy.rows()] == [(kind, seed) for kind in "ab" for seed in range(20)]


def test_runs_have_one_thread_each(toy):
    toy.write(
        ("range(3)", "[0]"),
        ('("a", "b")', '["a"]'),
        ('{"twice": FACTOR * seed, "third": 1 / 3}',
         '{"twice": __import__("torch").get_num_threads(),'
         ' "omp": __import__("os").environ["OMP_NUM_THREADS"]}'),
    )  # fmt: skip
    toy.run()
    assert toy.rows() == [("a", 0, "1")]


def test_the_command_names_what_there_is():
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "book")}
    command = [sys.executable, "-m", "attend.experiments", "captions"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert done.stderr == "experiments: captions has no runs(), which an experiment must have\n"


# ------------------------------------------------------------------------------- the fingerprint

REACHING = """
A, (B, C) = 1, (2, 3)
D: int = 4


class Base:
    def f(self):
        return B


class Child(Base):
    x = D


def helper(x):
    return Child().f() + x


def measure(seed):
    return helper(seed)


def runs():
    return [A]
"""


@pytest.mark.parametrize(
    "old, new",
    [
        ("(2, 3)", "(2, 4)"),
        ("D: int = 4", "D: int = 5"),
        ("return B", "return B + 1"),
        ("+ x", "- x"),
        ("helper(seed)", "helper(-seed)"),
        ("(seed):", "(seed, rate=None):"),
        ("return B", "return None"),
    ],
)
def test_a_fingerprint_changes_with_what_is_reached(old, new):
    assert old in REACHING
    assert fingerprint(REACHING.replace(old, new)) != fingerprint(REACHING)


@pytest.mark.parametrize(
    "old, new",
    [
        ("[A]", "[A, A]"),
        ("def f(self):", 'def f(self):\n        """Says."""'),
        ("class Child(Base):", "class Child(Base):  # a comment\n"),
        ("return helper(seed)", "return helper(\n        seed,\n    )"),
        ("def runs", "import os\n\nunread = 7\n\n\ndef runs"),
    ],
)
def test_a_fingerprint_stays_with_what_changes_nothing(old, new):
    assert old in REACHING
    assert fingerprint(REACHING.replace(old, new)) == fingerprint(REACHING)


# -------------------------------------------------------------------------------------- reading


def test_numbers_are_read_as_numbers(toy, monkeypatch):
    toy.run()
    monkeypatch.setattr(provenance, "HERE", toy.folder)
    row = provenance.read("toy")[1]
    assert list(row) == ["kind", "seed", "twice", "third", "cpu_seconds"]
    assert (row["kind"], row["seed"], row["twice"], row["third"]) == ("a", 1, 2.0, 0.333333)
    assert isinstance(row["seed"], int) and isinstance(row["twice"], float)


def test_a_table_that_is_missing_names_its_command():
    with pytest.raises(FileNotFoundError, match=r"run python -m attend\.experiments nothing$"):
        provenance.read("nothing")
