"""The installation: which Pythons it takes, and where PyTorch comes from."""

import ast
import http.server
import os
import subprocess
import sys
import threading
import zipfile

import install
import pytest
from chromium import served

from conftest import ROOT

NAME = "torch-2.13.0+cpu"


@pytest.fixture
def calls(monkeypatch):
    """What would be run, without running it; everything succeeds."""
    made = []
    monkeypatch.setattr(install.subprocess, "call", lambda command, **_: made.append(command) or 0)
    return made


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13), (3, 15, 0), (4, 0, 0)])
def test_other_pythons_are_refused_in_one_line_before_anything_is_run(
    calls, tmp_path, monkeypatch, version
):
    monkeypatch.setattr(install, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(sys, "version_info", version)
    line = install.main()
    got = ".".join(map(str, version))
    assert line.startswith(f"install: the book needs Python 3.11 to 3.14, got {got}; name another")
    assert "\n" not in line and not calls and not (tmp_path / ".venv").exists()


def test_the_range_is_that_of_the_project():
    assert install.pythons() == [11, 12, 13, 14]
    assert all(install.serves((3, minor, 0)) for minor in install.pythons())


def test_an_old_python_can_read_the_file_as_far_as_its_refusal():
    text = (ROOT / "tools" / "install.py").read_text(encoding="ascii")
    new = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Match)
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, new), f"line {node.lineno}"
        if isinstance(node, (ast.List, ast.Tuple)):
            assert not any(isinstance(item, ast.Starred) for item in node.elts)
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            assert node.returns is None and not any(a.annotation for a in arguments.args)
            assert not arguments.kwonlyargs and not arguments.posonlyargs
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import)]
    assert {alias.name for node in imported for alias in node.names} == {
        "os",
        "re",
        "subprocess",
        "sys",
    }


@pytest.mark.parametrize(
    "said, ready",
    [
        ("version = 3.12.1", True),
        ("version_info = 3.14.0.final.0", True),
        ("version = 3.10.13", False),
        ("version = 3.15.0", False),
        ("home = /usr/bin", False),
    ],
)
def test_an_environment_serves_by_its_own_python(tmp_path, said, ready):
    assert not install.is_ready(str(tmp_path))
    python = tmp_path / os.path.relpath(install.python_of(str(tmp_path)), tmp_path)
    python.parent.mkdir()
    python.touch()
    (tmp_path / "pyvenv.cfg").write_text(f"home = /usr/bin\n{said}\n")
    assert install.is_ready(str(tmp_path)) is ready


def test_a_new_environment_takes_the_place_of_one_that_does_not_serve(calls, tmp_path, monkeypatch):
    monkeypatch.setattr(install, "VENV", str(tmp_path))
    filled = []
    monkeypatch.setattr(install, "fill", lambda *asks: filled.append(asks) or 0)
    assert install.main() == 0 and (tmp_path / "ready").exists()
    assert calls == [[sys.executable, "-m", "venv", "--clear", str(tmp_path)]]
    requirements = str(ROOT / "requirements.txt")
    assert filled == [(install.python_of(str(tmp_path)), "torch==2.13.0", "-r", requirements)]


def test_what_fails_leaves_no_mark_of_success(calls, tmp_path, monkeypatch):
    monkeypatch.setattr(install, "VENV", str(tmp_path))
    monkeypatch.setattr(install, "fill", lambda *asks: 2)
    assert install.main() == 2 and not (tmp_path / "ready").exists()
    monkeypatch.setattr(install.subprocess, "call", lambda command: 1)
    assert install.main() == "install: no venv module (on Debian: apt install python3-venv)"


@pytest.fixture
def linux(monkeypatch):
    """Linux without an NVIDIA card and without torch; what pip is asked for."""
    asked = []
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(install, "has_nvidia", lambda: False)
    monkeypatch.setattr(install, "has_torch", lambda python, version: False)
    monkeypatch.setattr(install, "answers", lambda address: True)
    monkeypatch.setattr(install, "pip", lambda python, *asks: asked.append(asks) or 0)
    return asked


def test_linux_takes_the_build_for_processors(linux, capsys):
    install.install_torch("python", "torch==2.13.0")
    assert linux == [("--no-deps", "--index-url", install.CPU_INDEX, "torch==2.13.0")]
    assert install.CPU_INDEX == "https://download.pytorch.org/whl/cpu"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("silent", [True, False])
def test_the_ordinary_index_serves_where_pytorchs_does_not_and_one_line_says_so(
    linux, capsys, monkeypatch, silent
):
    monkeypatch.setattr(install, "answers", lambda address: not silent)
    if not silent:  # it answers, but has no such build
        fails = lambda python, *asks: linux.append(asks) or int("--index-url" in asks)  # noqa: E731
        monkeypatch.setattr(install, "pip", fails)
    install.install_torch("python", "torch==2.13.0")
    assert linux[-1] == ("--no-deps", "torch==2.13.0") and len(linux) == 2 - silent
    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith(f"install: no PyTorch from {install.CPU_INDEX}, so it comes from")


@pytest.mark.parametrize(
    "name, value",
    [("has_nvidia", lambda: True), ("has_torch", lambda python, version: True)],
)
def test_a_card_or_a_torch_that_is_there_is_left_alone(linux, monkeypatch, name, value):
    monkeypatch.setattr(install, name, value)
    install.install_torch("python", "torch==2.13.0")
    assert linux == []


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_have_but_one_build(linux, monkeypatch, platform):
    monkeypatch.setattr(sys, "platform", platform)
    install.install_torch("python", "torch==2.13.0")
    assert linux == []


def test_torch_is_recognised_whatever_its_build():
    assert install.has_torch(sys.executable, "2.13.0")
    assert not install.has_torch(sys.executable, "2.3.0")


def test_a_driver_that_is_not_there_or_finds_no_card_is_no_card(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not install.has_nvidia()
    if os.name == "nt":
        return
    for status, found in ((0, True), (9, False)):
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\nexit {status}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
        assert install.has_nvidia() is found


def wheel(folder):
    """A wheel as small as may be, by the name of PyTorch's build for processors."""
    folder.mkdir(parents=True)
    files = {
        "torch/__init__.py": "",
        f"{NAME}.dist-info/METADATA": "Metadata-Version: 2.1\nName: torch\nVersion: 2.13.0+cpu\n",
        f"{NAME}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{NAME}.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    with zipfile.ZipFile(folder / f"{NAME}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def test_pip_takes_the_build_from_that_index(tmp_path, monkeypatch):
    """The real pip and an index on loopback that has one build."""
    wheel(tmp_path / "index" / "torch")
    monkeypatch.setattr(install, "has_nvidia", lambda: False)
    monkeypatch.setattr(install, "has_torch", lambda python, version: False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "site"))
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with served(tmp_path / "index") as address:
        monkeypatch.setattr(install, "CPU_INDEX", address)
        install.install_torch(sys.executable, "torch==2.13.0")
    assert (tmp_path / "site" / f"{NAME}.dist-info").is_dir()


class Mute(http.server.BaseHTTPRequestHandler):
    """A server that takes a question and never answers."""

    def do_GET(self):
        self.server.end.wait()


def test_an_index_that_does_not_answer_is_given_up_in_time(monkeypatch, tmp_path):
    with served(tmp_path) as address:
        assert install.answers(address)
    assert not install.answers(address)  # nobody listens any more
    monkeypatch.setattr(install, "SECONDS", 0.2)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mute) as server:
        server.end = threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert not install.answers(f"http://127.0.0.1:{server.server_port}")
        server.end.set()
        server.shutdown()


def test_the_look_up_of_a_name_cannot_hold_the_installation_up(monkeypatch):
    monkeypatch.setattr(install, "ASK", "import time; time.sleep(60)")
    monkeypatch.setattr(install, "SECONDS", -0.5)
    assert not install.answers("http://no.such.host")


@pytest.mark.parametrize("uv_installs, uv_works", [(True, True), (True, False), (False, True)])
def test_pip_goes_on_where_uv_does_not_serve(linux, monkeypatch, capsys, uv_installs, uv_works):
    done = []
    monkeypatch.setattr(install, "install_torch", lambda python, pin: done.append(pin))

    def pip(python, *asks):
        done.append(("pip", *asks))
        return int(asks[0].startswith("uv==") and not uv_installs)

    def uv(python, *asks):
        done.append(("uv", *asks))
        return int(not uv_works)

    monkeypatch.setattr(install, "pip", pip)
    monkeypatch.setattr(install, "uv", uv)
    assert install.fill("python", "torch==2.13.0", "-r", "pins.txt") == 0
    assert done[:2] == ["torch==2.13.0", ("pip", install.pinned("uv"))]
    assert done[2:] == [("uv", "-r", "pins.txt")] * uv_installs + [("pip", "-r", "pins.txt")] * (
        not (uv_installs and uv_works)
    )
    said = capsys.readouterr().out
    assert ("uv does not serve" in said) is not (uv_installs and uv_works)


def test_nothing_is_compiled(calls):
    """Where a wheel is missing, both say so; the book's own folder needs none."""
    install.pip("python", "-r", "pins.txt")
    install.uv("python", "-r", "pins.txt")
    for command in calls:
        assert command[-4:] == ["--only-binary", ":all:", "-r", "pins.txt"]


def test_make_leaves_the_refusal_to_the_installation():
    """So that both ways say the same: make runs the file that the README names."""
    rule = (ROOT / "Makefile").read_text(encoding="utf8").partition("$(READY): ")[2]
    assert rule.splitlines()[1] == "\t@$(PYTHON) tools/install.py"
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert "python tools/install.py" in readme
    command = [sys.executable, "-c", "import install; print(install.VENV)"]
    run = subprocess.run(command, cwd=ROOT / "tools", capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(ROOT / ".venv")
