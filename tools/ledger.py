"""Write book/claims.md from the verdicts that the chapters printed; `--check` says whether it
differs.

A verdict is a call `claim(27, "holds …", evidence)` in a chapter. The page repeats the words that
the cell printed and links to the heading above it, so that the two cannot disagree; that the
evidence is true, the cell asserts.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "claims.md"
# What attend.claims.claim prints: two paragraphs, their further lines indented.
PRINTED = re.compile(r"^Claim (\d+): .*(?:\n  .*)*\n→ (.*(?:\n  .*)*)$", re.MULTILINE)
sys.path.insert(0, str(ROOT / "book"))
from attend.claims import CLAIMS  # noqa: E402

HEAD = """\
# The ledger of claims

Notes on this subject repeat each other's claims. Here they are, worded as they are commonly told, \
each with the verdict of the cell that tests it. Every verdict is asserted where it stands: if the \
evidence failed, the chapter would not run, and this page is written from those cells.

{counts}

| | the claim as told | verdict | where |
|---|---|---|---|
"""


def verdicts() -> dict[int, list[tuple[str, str, str]]]:
    """For each claim the verdicts given: (verdict, chapter's file, heading)."""
    found = {}
    for chapter in sorted((ROOT / "book").glob("*.ipynb")):
        heading = ""
        for cell in nbformat.read(chapter, as_version=4).cells:
            if cell.cell_type == "markdown":
                titles = re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE)
                heading = titles[-1] if titles else heading
            elif cell.cell_type == "code":
                printed = "".join(output.get("text", "") for output in cell.outputs)
                for number, verdict in PRINTED.findall(printed):
                    verdict = verdict.replace("\n  ", " ")
                    found.setdefault(int(number), []).append((verdict, chapter.name, heading))
    return found


def page() -> str:
    found = verdicts()
    if unknown := sorted(set(found) - set(CLAIMS)):
        raise ValueError(f"claims must be among 1 … {max(CLAIMS)}, got {unknown}")
    rows = []
    for number, text in CLAIMS.items():
        given = found.get(number, [])
        verdict = "<br>".join(words for words, _, _ in given) or "*not tested yet*"
        links = [f"[{name[:2]} · {heading}]({name})" for _, name, heading in given]
        rows.append(f"| {number} | {text} | {verdict} | {'<br>'.join(links)} |")
    tested = [words for given in found.values() for words, _, _ in given[:1]]
    plain = sum(words.startswith("holds") and not words.startswith("holds if") for words in tested)
    conditional = sum(words.startswith("holds if") for words in tested)
    counts = (
        f"Of {len(CLAIMS)} claims, {len(tested)} have been tested so far: {plain} hold, "
        f"{conditional} hold under a condition that is seldom told, "
        f"{len(tested) - plain - conditional} do not hold."
    )
    return HEAD.format(counts=counts) + "\n".join(rows) + "\n"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument(
        "--check", action="store_true", help="change nothing; fail if it differs"
    )
    wanted = page()
    if PAGE.is_file() and PAGE.read_text(encoding="utf8") == wanted:
        return 0
    if arguments.parse_args().check:
        print("ledger: book/claims.md differs from the verdicts in the chapters: run make weave")
        return 1
    PAGE.write_text(wanted, encoding="utf8")
    print("ledger: book/claims.md rewritten")
    return 0


if __name__ == "__main__":
    sys.exit(main())
