"""Write book/claims.md from the verdicts that the chapters printed; `--check` says whether it
differs.

A verdict is a call `claim(27, "holds …", evidence, "proved")` in a chapter. The page repeats the
words that the cell printed and links to that cell (verdicts.py gives it its address), so that the
two cannot disagree; that the evidence is true, the cell asserts.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from verdicts import CLAIM, slug

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "book" / "claims.md"
# What attend.claims.claim prints: three paragraphs, their further lines indented.
PARAGRAPH = r"(.*(?:\n  .*)*)"
PRINTED = re.compile(rf"^Claim (\d+): {PARAGRAPH}\n→ {PARAGRAPH}\n\({PARAGRAPH}\)$", re.MULTILINE)
sys.path.insert(0, str(ROOT / "book"))
from attend.claims import CLAIMS, PROOFS  # noqa: E402

HEAD = """\
# The ledger of claims

Notes on this subject repeat each other's claims. Here they are, worded as they are commonly told, \
each with the verdict of the cell that tests it. Every verdict is asserted where it stands: if the \
evidence failed, the chapter would not run, and this page is written from those cells; the last \
column leads to them.

{counts}

Verdicts are not all equally firm, so the page says how each was found:

- **proved**: by algebra, or by an equality that the cell checks to the last digit. A longer run \
would change nothing.
- **counted**: a formula, and code that counts and finds the same number.
- **measured**: by training, or on random draws, with what was run: how many seeds, learning \
rates, batches. Another rate, size or language may come out differently.

| | the claim as told | verdict | how | where |
|---|---|---|---|---|
"""


class Verdict(NamedTuple):
    words: str
    proof: str
    chapter: str
    heading: str


def verdicts() -> dict[int, list[Verdict]]:
    """For each claim the verdicts that the chapters' cells printed."""
    found = {}
    for chapter in sorted((ROOT / "book").glob("*.ipynb")):
        heading = ""
        for cell in nbformat.read(chapter, as_version=4).cells:
            if cell.cell_type == "markdown":
                titles = re.findall(r"^#+ (.*)$", cell.source, re.MULTILINE)
                heading = titles[-1] if titles else heading
            elif cell.cell_type == "code":
                printed = "".join(output.get("text", "") for output in cell.outputs)
                whole = PRINTED.findall(printed)
                if len(whole) != len(CLAIM.findall(printed)):
                    raise ValueError(
                        f"{chapter.name} must say of a claim its verdict and how it was found, "
                        f"got {printed!r}: execute it again"
                    )
                for number, _, *told in whole:
                    words, proof = (text.replace("\n  ", " ") for text in told)
                    verdict = Verdict(words, proof, chapter.name, heading)
                    found.setdefault(int(number), []).append(verdict)
    return found


def page() -> str:
    found = verdicts()
    if unknown := sorted(set(found) - set(CLAIMS)):
        raise ValueError(f"claims must be among 1 … {max(CLAIMS)}, got {unknown}")
    rows = []
    for number, text in CLAIMS.items():
        given = found.get(number, [])
        cells = [
            "<br>".join(verdict.words for verdict in given) or "*not tested yet*",
            "<br>".join(verdict.proof for verdict in given),
            "<br>".join(
                f"[{verdict.chapter[:2]} · {verdict.heading}]({verdict.chapter}#{slug(number)})"
                for verdict in given
            ),
        ]
        rows.append(f"| {number} | {text} | {' | '.join(cells)} |")
    tested = [given[0] for given in found.values()]
    conditional = sum(verdict.words.startswith("holds if") for verdict in tested)
    plain = sum(verdict.words.startswith("holds") for verdict in tested) - conditional
    proved, counted, measured = (
        sum(verdict.proof.startswith(kind) for verdict in tested) for kind in PROOFS
    )
    counts = (
        f"Of {len(CLAIMS)} claims, {len(tested)} have been tested so far: {plain} hold, "
        f"{conditional} hold under a condition that is seldom told, "
        f"{len(tested) - plain - conditional} do not hold. Of the verdicts "
        f"{proved} are proved, {counted} are counted, {measured} are measured."
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
