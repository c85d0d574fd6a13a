"""One way to print what was measured."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def show(title: str, rows) -> None:
    """Print rows of (what, measured, aimed at) as they come."""
    print(f"\n{title}\n{'-' * len(title)}", flush=True)
    for what, measured, aim in rows:
        print(f"{what:<58} {measured:>22}   {aim}", flush=True)
