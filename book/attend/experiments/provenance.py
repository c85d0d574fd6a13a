"""The one way in which an experiment writes its numbers and a chapter reads them."""

import csv
import os
import platform
import time
from pathlib import Path

import numpy as np
import torch

__all__ = ["HERE", "read", "write"]

HERE = Path(__file__).parent


def write(name: str, rows: list[dict], seconds: float) -> Path:
    """Write rows to `name`.csv; the lines that begin with # say which command, versions, machine
    and CPU time made it."""
    path = HERE / f"{name}.csv"
    with path.open("w", encoding="utf8", newline="") as file:
        file.write(f"# python -m attend.experiments.{name}\n")
        day, cores, python = time.strftime("%Y-%m-%d"), os.cpu_count(), platform.python_version()
        file.write(f"# {day}, {seconds:.0f} s of CPU time, {cores} cores\n")
        file.write(f"# Python {python}, numpy {np.__version__}, torch {torch.__version__}\n")
        table = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    return path


def read(name: str) -> list[dict]:
    """The rows of `name`.csv, numbers as numbers."""
    path = HERE / f"{name}.csv"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.name} is not there: run python -m attend.experiments.{name}"
        )
    with path.open(encoding="utf8", newline="") as file:
        table = csv.DictReader(line for line in file if not line.startswith("#"))
        return [{key: number(value) for key, value in row.items()} for row in table]


def number(text: str):
    """'3' → 3, '0.5' → 0.5, 'dog' → 'dog'."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
