"""The checkers of chapter 04."""

import numpy as np

from attend.exercises.checking import NotYet, exercise, looks_like, numbers, parts, run, same


@exercise("04.1")
def ridge(answer) -> None:
    for n, width, strength in ((7, 3, 0.5), (3, 5, 0.1), (11, 2, 0.0)):
        X, y = numbers(n, width), numbers(n)
        left = X.T @ X + n * strength * np.eye(width)
        when = f"for {n} examples of {width} numbers and λ = {strength}"
        found = run(answer, X, y, strength)
        forgot_n = np.linalg.solve(X.T @ X + (strength or 1) * np.eye(width), X.T @ y)
        if strength and looks_like(found, forgot_n):
            raise NotYet(
                f"{when} the penalty is too weak: the loss is a mean, so λ stands beside n"
            )
        same(found, np.linalg.solve(left, X.T @ y), when)


@exercise("04.2")
def pull_to_zero(answer) -> None:
    weights = np.array([3.0, -3.0, 0.5, -0.5, 0.2, -0.2, 0.0])
    same(
        run(answer, weights, 0.5),
        [2.5, -2.5, 0.0, 0.0, 0.0, 0.0, 0.0],
        "for the weights 3, −3, 0.5, −0.5, 0.2, −0.2, 0 and an amount of 0.5",
    )
    grid = numbers(5, 3)
    wanted = np.sign(grid) * np.maximum(np.abs(grid) - 0.7, 0)
    same(run(answer, grid, 0.7), wanted, "for weights of shape [5, 3] and an amount of 0.7")


@exercise("04.3")
def drop(answer) -> None:
    for p in (0.5, 0.2, 0.0):
        x = numbers(3, 5)
        kept = numbers(5, 3).T > 0 if p else np.ones((3, 5), dtype=bool)
        when = f"for p = {p}"
        found = run(answer, x, kept, p)
        if p and looks_like(found, np.where(kept, x, 0)):
            raise NotYet(f"{when} what is kept is not scaled up: its mean has become smaller")
        same(found, np.where(kept, x / (1 - p), 0), when)


@exercise("04.4")
def epoch_to_keep(answer) -> None:
    cases = [
        ([0.9, 0.5, 0.4, 0.6, 0.7, 0.1], 2, 2),  # it stops before it could see the 0.1
        ([0.9, 0.5, 0.6, 0.4, 0.5], 2, 3),  # one bad epoch is forgiven
        ([3.0, 2.0, 1.0], 5, 2),  # it never stops
        ([1.0, 1.0, 1.0, 0.2], 2, 0),  # equal is no better
        ([0.5], 1, 0),
    ]
    for losses, patience, wanted in cases:
        when = f"for the losses {losses} and a patience of {patience}"
        same(run(answer, losses, patience), wanted, when)


@exercise("04.5")
def shifted(answer) -> None:
    picture = np.arange(1.0, 16.0).reshape(3, 5)
    for down, right in ((1, 0), (0, 1), (-1, 2), (0, 0), (2, -4)):
        wanted = np.zeros((3, 5))
        for row in range(3):
            for column in range(5):
                if 0 <= row + down < 3 and 0 <= column + right < 5:
                    wanted[row + down, column + right] = picture[row, column]
        when = f"for a picture of shape [3, 5], {down} down and {right} right,"
        found = run(answer, picture, down, right)
        if (down or right) and looks_like(found, np.roll(picture, (down, right), axis=(0, 1))):
            raise NotYet(f"{when} what leaves on one side comes back on the other: fill with 0")
        same(found, wanted, when)


@exercise("04.6")
def clip(answer) -> None:
    for size, max_norm, what in ((10.0, 1.0, "longer than"), (0.01, 1.0, "shorter than")):
        gradients = [size * numbers(3, 2), size * numbers(5), np.array(size)]
        norm = sum((g**2).sum() for g in gradients) ** 0.5
        names = [f"the array of place {i}" for i in range(3)]
        when = f"for gradients {what} {max_norm:g}"
        found = parts(run(answer, gradients, max_norm), names, when)
        for mine, gradient, name in zip(found, gradients, names, strict=True):
            alone = gradient * min(1, max_norm / np.linalg.norm(gradient))
            if norm > max_norm and looks_like(mine, alone):
                raise NotYet("each array is clipped by itself: one length, that of all together")
            same(mine, gradient * min(1, max_norm / norm), f"{when}, {name}:")
