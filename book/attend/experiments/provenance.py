"""The tables of the experiments: how a chapter reads them, and how `python -m attend.experiments`
keeps them. The lines that begin with # say which command, versions, machine and CPU time made a
table, and with which `measure` (a fingerprint)."""

import csv
import io
import os
import platform
import re
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

__all__ = ["HERE", "Table", "cores", "read", "spelt"]

HERE = Path(__file__).parent
SECONDS = "cpu_seconds"  # the last column: of the run that a row belongs to


def read(name: str) -> list[dict]:
    """The rows of `name`.csv, numbers as numbers."""
    path = HERE / f"{name}.csv"
    if not path.is_file():
        command = f"python -m attend.experiments {name}"
        raise FileNotFoundError(f"{path.name} is not there: run {command}")
    rows = Table.read(path).rows
    return [{key: number(value) for key, value in row.items()} for row in rows]


def number(text: str):
    """'3' → 3, '0.5' → 0.5, 'dog' → 'dog'."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def spelt(value, digits: int | None = None) -> str:
    """A value as it stands in a table; with `digits`, a number to so many significant ones."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and digits is not None:
        value = float(f"{value:.{digits}g}")
    return "" if value is None else str(value)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@dataclass
class Table:
    """A table as it stands in its file: rows of text, the fingerprint of the `measure` that found
    them ("" where none is given), and the day and the versions of the last ones."""

    rows: list[dict[str, str]] = field(default_factory=list)
    fingerprint: str = ""
    made: str = ""

    @classmethod
    def read(cls, path: Path) -> "Table":
        """The table of a file, an empty one where there is none. A last row that was cut is left
        out."""
        text = path.read_text(encoding="utf8") if path.is_file() else ""
        lines = text.splitlines(keepends=True)
        head = [line[2:].strip() for line in lines if line.startswith("#")]
        stamp = next((line for line in head if line.startswith("fingerprint ")), "")
        made = next((line for line in head if re.match(r"\d{4}-\d\d-\d\d", line)), "")
        body = "".join(line for line in lines if not line.startswith("#"))
        names, *rows = list(csv.reader(io.StringIO(body))) or [[]]
        if rows and (len(rows[-1]) != len(names) or not text.endswith("\n")):
            rows.pop()
        rows = [dict(zip(names, row, strict=True)) for row in rows]
        return cls(rows, stamp.removeprefix("fingerprint "), made)

    def stamp(self) -> None:
        """Note the day, the versions and the machine: they are those of the last rows."""
        versions = f"Python {platform.python_version()}, numpy {version('numpy')}"
        versions += f", torch {version('torch')}, {cores()} cores"
        self.made = f"{time.strftime('%Y-%m-%d')}, {versions}"

    def write(self, path: Path, seconds: float) -> None:
        """Put the table into its file, whole or not at all. seconds: of CPU, of all runs."""
        columns = list(dict.fromkeys(key for row in self.rows for key in row if key != SECONDS))
        file = io.StringIO()
        file.write(f"# python -m attend.experiments {path.stem}\n")
        file.write(f"# fingerprint {self.fingerprint}\n# {self.made}\n")
        file.write(f"# {seconds:.0f} s of CPU time\n")
        table = csv.DictWriter(file, [*columns, SECONDS], restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(self.rows)
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.write_text(file.getvalue(), encoding="utf8", newline="")
        beside.replace(path)
