"""Answers to the exercises of chapter $number: slips."""

# TODO(chapter): the slips that readers make, and words of what each of them is told.
SLIPS = [
    ("$number.1", lambda x: x + 2, "for x=3"),
    ("$number.2", lambda x: 3 * x, "for x=-5"),
    ("$number.3", lambda x, y: abs(x - y), "for x=3, y=5"),
    ("$number.4", lambda numbers: numbers[0], r"for \[3, 7, 5\]"),
]
