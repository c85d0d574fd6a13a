"""`make bench`: every number the book says about its own speed and size."""

from benchmarks import chapters, pages, part_one, real_pairs, widget_cost
from benchmarks.table import show

show("Seconds to run each chapter", chapters.rows())
show("Part I: numpy on the digits, and beside torch", part_one.rows())
show("Translators on real sentences", real_pairs.rows())
show("What a page weighs, and when its first widget answers", pages.page_rows())
show("From pointer or key to frame, p50 / p95: the heat map by size", pages.size_rows())
show("From pointer or key to frame, p50 / p95: every widget", pages.widget_rows())
show("Milliseconds of work for each event, without the wait for a frame", widget_cost.rows())
