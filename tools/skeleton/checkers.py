"""The checkers of chapter $number."""

from attend.exercises.checking import exercise, run, same

# TODO(chapter): try each answer on many inputs, with sizes that differ in every axis; whoever is
# wrong is told in which case, in the words of the exercise.


@exercise("$number.1")
def doubled(answer) -> None:
    for x in (3, 0, -5):
        same(run(answer, x), 2 * x, f"for x={x}")


@exercise("$number.2")
def squared(answer) -> None:
    for x in (3, 0, -5):
        same(run(answer, x), x * x, f"for x={x}")


@exercise("$number.3")
def less(answer) -> None:
    for x, y in ((5, 3), (3, 5)):
        same(run(answer, x, y), x - y, f"for x={x}, y={y}")


@exercise("$number.4")
def largest(answer) -> None:
    for numbers in ([2], [3, 7, 5], [-3, -2, -5]):
        same(run(answer, numbers), max(numbers), f"for {numbers}")
