"""`make bench`: every number the book says about its own speed and size.

`python -m benchmarks pages` measures one part only; so do the other names in PARTS.
"""

import sys

from benchmarks import chapters, live_kernel, pages, part_one, real_pairs, widget_cost
from benchmarks.table import show

PARTS = {
    "chapters": [("Seconds to run each chapter", chapters.rows)],
    "part_one": [("Part I: numpy on the digits, and beside torch", part_one.rows)],
    "real_pairs": [("Translators on real sentences", real_pairs.rows)],
    "pages": [
        ("What a page weighs, and when its first widget answers", pages.page_rows),
        ("From pointer or key to frame, p50 / p95: the heat map by size", pages.size_rows),
        ("From pointer or key to frame, p50 / p95: every widget", pages.widget_rows),
        ("Milliseconds of work for each event, without the wait for a frame", widget_cost.rows),
        ("A slider's step, from key to frame, p50 / p95: the page and the usual way",
         live_kernel.rows),
    ],
}  # fmt: skip


def main(names: list[str]) -> None:
    if unknown := set(names) - set(PARTS):
        sys.exit(f"benchmarks: no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    for name in names or PARTS:
        for title, rows in PARTS[name]:
            show(title, rows())


main(sys.argv[1:])
