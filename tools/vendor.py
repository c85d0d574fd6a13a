"""Bring the scripts that the pages load from the npm registry into _build/vendor/, so that the book
serves them itself.

vendor.lock.json pins each package's version and checksum and names the files taken from it. Where
npm is missing or out of reach the pages load the same versions from a CDN instead: see pages.py.
"""

import base64
import fnmatch
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TOOLS = Path(__file__).resolve().parent
LOCK = TOOLS / "vendor.lock.json"
STATIC = TOOLS.parent / "_build" / "vendor"  # what Sphinx copies into _static
FOLDER = STATIC / "npm"


def packages(lock: Path = LOCK) -> dict[str, dict]:
    return json.loads(lock.read_text(encoding="utf8"))


def fetch(name: str, package: dict, scratch: Path, lock: Path = LOCK) -> Path:
    """The package's tarball, its checksum compared with the lock file's."""
    npm = shutil.which("npm")
    if npm is None:
        raise OSError("npm is not installed")
    command = [
        npm,
        "pack",
        "--silent",
        f"{name}@{package['version']}",
        "--pack-destination",
        str(scratch),
    ]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise OSError(
            f"npm pack {name} failed: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}"
        )
    tarball = scratch / done.stdout.split()[-1]
    digest = hashlib.sha512(tarball.read_bytes()).digest()
    if "sha512-" + base64.b64encode(digest).decode() != package["integrity"]:
        raise ValueError(
            f"{name} {package['version']} is not what {lock.name} pins: its checksum differs"
        )
    return tarball


def unpack(name: str, package: dict, tarball: Path, folder: Path) -> None:
    """The files named in the lock, under folder/name, and the licence they come with."""
    with tarfile.open(tarball) as archive:
        for member in archive.getmembers():
            path = member.name.partition("/")[2]
            if member.isfile() and any(
                fnmatch.fnmatch(path, take) for take in [*package["take"], "LICENSE*"]
            ):
                target = folder / name / path
                target.parent.mkdir(parents=True, exist_ok=True)
                part = target.with_name(f"{target.name}.{os.getpid()}")
                part.write_bytes(archive.extractfile(member).read())
                part.replace(target)  # whole or not there, whoever else reads or writes it


def vendor(lock: Path = LOCK, folder: Path | None = None) -> None:
    """Fill the folder (_build/vendor/npm) unless it already holds what the lock names. Raises
    OSError where npm cannot deliver."""
    folder = folder or FOLDER
    stamp = folder / "lock.sha256"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, package in packages(lock).items():
            unpack(name, package, fetch(name, package, Path(scratch), lock), folder)
    stamp.write_text(wanted)


if __name__ == "__main__":
    try:
        vendor()
    except OSError as error:
        sys.exit(f"vendor: {error}")
    print(
        "vendor: "
        + ", ".join(f"{name} {package['version']}" for name, package in packages().items())
    )
