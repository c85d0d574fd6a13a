"""The checkers of chapter 04."""

import numpy as np

from attend.exercises.checking import NotYet, exercise, looks_like, numbers, run, same, same_each


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
def both_penalties(answer) -> None:
    for a, l1, l2 in (
        (np.array([3.0, -3.0, 1.0, 0.5, -0.2, 0.0]), 0.5, 0.0),
        (np.array([3.0, -3.0, 1.0, 0.5, -0.2, 0.0]), 0.0, 0.5),
        (numbers(5, 3), 0.7, 0.4),
    ):
        when = f"for an array of shape {list(a.shape)}, λ₁ = {l1} and λ₂ = {l2}"
        found = run(answer, a, l1, l2)
        first = a / (1 + l2)
        wrong_way = np.sign(first) * np.maximum(np.abs(first) - l1, 0)
        if l1 and l2 and looks_like(found, wrong_way):
            raise NotYet(f"{when} the division comes first; set the slope to 0 and solve for w")
        same(found, np.sign(a) * np.maximum(np.abs(a) - l1, 0) / (1 + l2), when)


@exercise("04.3")
def dropped_sum(answer) -> None:
    for x, p in (
        (np.array([2.0, 4.0, 6.0, 8.0]), 0.5),
        (numbers(7), 0.2),
        (numbers(7), 0.0),
        (numbers(1000), 0.75),
    ):
        wanted = {"the mean": x.sum(), "the variance": (x**2).sum() * p / (1 - p)}
        found = run(answer, x, p)
        when = f"for {len(x)} numbers and p = {p}"
        undivided = (x**2).sum() * p * (1 - p)
        pair = isinstance(found, tuple | list) and len(found) == 2
        if p and pair and looks_like(found[1], undivided):
            raise NotYet(f"{when} the variance is that of numbers not divided by 1 − p")
        same_each(found, wanted, when)


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
def mend(answer) -> None:
    for signal in (
        np.array([2.0, 1.0, 0.5]),
        0.8 * 0.6 ** np.arange(20),
        0.8 * 1.6 ** np.arange(5) * np.array([1.0, 1.1, 0.9, 1.2, 1.0]),
        np.array([0.7, 0.7]),
    ):
        layers = len(signal)
        when = (
            f"for a signal of {signal[0]:.3g} after the first and {signal[-1]:.3g} after the last"
        )
        when += f" of {layers} layers"
        ratio = signal[0] / signal[-1]
        found = run(answer, signal)
        if ratio != 1 and looks_like(found, ratio ** (1 / layers)):
            raise NotYet(f"{when} only {layers - 1} layers lie between the two signals")
        if ratio != 1 and looks_like(found, 1 / ratio ** (1 / (layers - 1))):
            raise NotYet(f"{when} it is upside down: what has shrunk needs larger weights")
        same(found, ratio ** (1 / (layers - 1)), when)
