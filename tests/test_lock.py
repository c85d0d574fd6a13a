"""The pins: raised until each has a wheel for each Python and machine, and no further."""

import subprocess

import install
import lock
import pytest


class Index:
    """A stand-in for uv: which version of a package is the newest, and which have wheels for which
    Python."""

    def __init__(self, newest, wheels):
        self.newest, self.wheels, self.asked = newest, wheels, []

    def __call__(self, *arguments):
        self.asked.append(arguments)
        if "--universal" in arguments:
            return self.resolve(arguments)
        pins = dict(line.split("==") for line in self.file(arguments[-1]).read_text().split())
        for name, version in pins.items():
            minor = int(arguments[0].partition("=3.")[2])
            if minor not in self.wheels.get((name, version), install.pythons()):
                said = f"cause: Because {name}=={version} has no usable wheels and you require it"
                return subprocess.CompletedProcess(arguments, 1, "", said)
        return subprocess.CompletedProcess(arguments, 0, "", "")

    def file(self, name):
        return lock.Path(name)

    def resolve(self, arguments):
        path = self.file(arguments[-1].removeprefix("--output-file="))
        pins = dict(line.split("==") for line in path.read_text().split())
        for name in pins:
            if f"--upgrade-package={name}" in arguments or "--upgrade" in arguments:
                pins[name] = self.newest[name]
        lines = [f"{name}=={version}" for name, version in (pins | {"nvidia-cublas": "1"}).items()]
        path.write_text("\n".join(lines) + "\n")
        return subprocess.CompletedProcess(arguments, 0, "", "")


@pytest.fixture
def pins(tmp_path):
    path = tmp_path / "pins.txt"
    path.write_text("numpy==2.2\nscipy==1.15\ntqdm==4.0\n")
    return path


def test_a_pin_without_a_wheel_is_raised_and_the_others_stay(pins, monkeypatch, capsys):
    newest = {"numpy": "2.4", "scipy": "1.17", "tqdm": "4.9"}
    old = {("numpy", "2.2"): [11, 12, 13], ("scipy", "1.15"): [11, 12]}
    monkeypatch.setattr(lock, "uv", Index(newest, old))
    assert lock.lock(pins) is None
    assert pins.read_text() == "numpy==2.4\nscipy==1.17\ntqdm==4.0\n"  # and no CUDA
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said] == ["numpy", "scipy"] and "Python 3.14" in said[0]


def test_a_pin_for_which_there_is_no_wheel_anywhere_is_named(pins, monkeypatch):
    none = {("numpy", version): [11] for version in ("2.2", "2.4")}
    monkeypatch.setattr(lock, "uv", Index({"numpy": "2.4"}, none))
    missing = lock.lock(pins)
    assert missing.startswith("Python 3.14 on ") and "numpy==2.4 has no usable wheels" in missing


def test_all_may_be_raised(pins, monkeypatch):
    monkeypatch.setattr(lock, "uv", Index({"numpy": "3", "scipy": "2", "tqdm": "5"}, {}))
    assert lock.lock(pins, upgrade=True) is None
    assert pins.read_text() == "numpy==3\nscipy==2\ntqdm==5\n"


def test_every_python_is_tried_on_every_machine_with_wheels_alone(pins, monkeypatch):
    index = Index({}, {})
    monkeypatch.setattr(lock, "uv", index)
    assert lock.without_wheel(pins) is None
    tried = {arguments[:2] for arguments in index.asked}
    assert len(tried) == len(index.asked) == 4 * 4
    assert all("--only-binary=:all:" in arguments for arguments in index.asked)
    for system in ("x86_64-unknown-linux", "aarch64-unknown-linux", "aarch64-apple", "windows"):
        assert sum(system in machine for _, machine in tried) == 4


def test_what_cannot_be_resolved_ends_in_uvs_words(pins, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "No solution found")
    monkeypatch.setattr(lock, "uv", lambda *arguments: failed)
    with pytest.raises(SystemExit, match="No solution found"):
        lock.lock(pins)
