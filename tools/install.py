"""Install what the book needs into .venv: `python tools/install.py`, as every target of make does.

* A Python outside the range of pyproject.toml is refused in one line, before anything is fetched.
  So that such a Python can read this file at all, it keeps to what they share: no f-strings, no
  annotations, no letters beyond ASCII.
* On Linux without an NVIDIA card PyTorch comes from its own index of builds for processors alone.
  Pip's ordinary index has only the build with CUDA, some gigabytes; it serves where PyTorch's index
  does not answer, and one line says so. A PyTorch of the pinned version is left as it is.
* The rest is left to uv, which takes a sixth of pip's time; where uv does not serve, pip goes on.
* Only wheels are taken: where one is missing, that is said at once, and nothing is compiled.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
SECONDS = 5  # that PyTorch's index has for an answer
ASK = "import sys, urllib.request as web; web.urlopen(sys.argv[1], timeout=float(sys.argv[2]))"
HAS = """
import sys
from importlib.metadata import version
sys.exit(version("torch").split("+")[0] != sys.argv[1])
"""


def read(*path):
    with open(os.path.join(ROOT, *path), "rb") as file:
        return file.read().decode("utf8")


def pythons():
    """The minor versions that pyproject.toml admits: [11, 12, 13, 14] for ">=3.11,<3.15"."""
    found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', read("pyproject.toml"))
    return list(range(int(found.group(1)), int(found.group(2))))


def say(line):
    print(line)
    sys.stdout.flush()  # before what pip says


def serves(version):
    return version[0] == 3 and version[1] in pythons()


def refusal():
    """The one line for a Python that does not serve."""
    first, last = "3." + str(pythons()[0]), "3." + str(pythons()[-1])
    line = "install: the book needs Python " + first + " to " + last + ", got "
    line += ".".join(str(number) for number in sys.version_info[:3])
    return line + "; name another: make PYTHON=python3.12, or python3.12 tools/install.py"


def python_of(folder):
    """The Python of an environment."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(folder, *inside)


def is_ready(folder):
    """Whether the environment is there, with a Python that serves."""
    if not (os.path.exists(python_of(folder)) and os.path.exists(folder + "/pyvenv.cfg")):
        return False
    with open(folder + "/pyvenv.cfg") as file:
        version = re.search(r"^version\w* *= *(\d+)\.(\d+)", file.read(), re.MULTILINE)
    return version is not None and serves([int(number) for number in version.groups()])


def answers(address):
    """Whether there is an answer in time. A process of its own, because the look-up of a host's
    name knows no limit."""
    asking = [sys.executable, "-c", ASK, address, str(SECONDS)]
    try:
        return subprocess.call(asking, stderr=subprocess.DEVNULL, timeout=SECONDS + 1) == 0
    except subprocess.TimeoutExpired:
        return False


def has_nvidia():
    """Whether the driver of an NVIDIA card answers."""
    try:
        nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.call(["nvidia-smi", "-L"], **nowhere) == 0
    except OSError:
        return False


def has_torch(python, version):
    """Whether the environment has this version of torch, of whatever build."""
    return subprocess.call([python, "-c", HAS, version], stderr=subprocess.DEVNULL) == 0


def pip(python, *arguments):
    """The exit status of `pip install` in the environment of `python`."""
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command.extend(["--no-compile", "--only-binary", ":all:"])
    command.extend(arguments)
    return subprocess.call(command)


def uv(python, *arguments):
    """The exit status of `uv pip install`; uv itself stands in the environment."""
    command = [python, "-m", "uv", "pip", "install", "--quiet", "--python", python]
    command.extend(["--only-binary", ":all:"])
    command.extend(arguments)
    return subprocess.call(command)


def pinned(name):
    """The package's line of requirements.txt, name==version."""
    return re.search("^" + name + r"==\S+", read("requirements.txt"), re.MULTILINE).group(0)


def install_torch(python, pin):
    """PyTorch without what it depends on, where the build for processors is the one to have."""
    version = pin.partition("==")[2]
    if not sys.platform.startswith("linux") or has_nvidia() or has_torch(python, version):
        return
    wanted = ["--no-deps", "--index-url", CPU_INDEX, pin]
    if answers(CPU_INDEX + "/torch/") and pip(python, *wanted) == 0:
        return
    line = "install: no PyTorch from " + CPU_INDEX + ", so it comes from pip's ordinary index"
    say(line + ", as a rule with CUDA (some gigabytes)")
    pip(python, "--no-deps", pin)


def fill(python, torch, *arguments):
    """The exit status of an installation into the environment of `python`: this pin of PyTorch,
    and what the arguments ask of pip."""
    install_torch(python, torch)
    if pip(python, pinned("uv")) == 0 and uv(python, *arguments) == 0:
        return 0
    say("install: uv does not serve here, so pip goes on, which takes longer")
    return pip(python, *arguments)


def main():
    if not is_ready(VENV):
        if not serves(sys.version_info):
            return refusal()
        if subprocess.call([sys.executable, "-m", "venv", "--clear", VENV]):
            return "install: no venv module (on Debian: apt install python3-venv)"
    say("install: the packages of requirements.txt into .venv, which takes some minutes")
    requirements = os.path.join(ROOT, "requirements.txt")
    status = fill(python_of(VENV), pinned("torch"), "-r", requirements)
    if status == 0:
        open(os.path.join(VENV, "ready"), "w").close()  # what make looks for
    return status


if __name__ == "__main__":
    sys.exit(main())
