"""Answers to the exercises of chapter 04: other right ones, and slips."""

import numpy as np


def ridge(X, y, strength):
    n, width = X.shape
    stacked = np.vstack([X, np.sqrt(n * strength) * np.eye(width)])
    return np.linalg.lstsq(stacked, np.append(y, np.zeros(width)), rcond=None)[0]


def both_penalties(a, l1, l2):
    return np.where(a > 0, np.maximum(a - l1, 0), np.minimum(a + l1, 0)) / (1 + l2)


def dropped_sum(x, p):
    return np.array([np.sum(x), np.sum(x**2) * (1 / (1 - p) - 1)])


def mend(signal):
    return float(np.exp((np.log(signal[0]) - np.log(signal[-1])) / (len(signal) - 1)))


def epoch_to_keep(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


def shifted(picture, down, right):
    height, width = picture.shape
    frame = np.pad(picture, ((height, height), (width, width)))
    return frame[height - down : 2 * height - down, width - right : 2 * width - right]


RIGHT = [
    ("04.1", ridge),
    ("04.2", both_penalties),
    ("04.3", dropped_sum),
    ("04.4", epoch_to_keep),
    ("04.6", mend),
]


def at_once(losses, patience):
    return int(np.argmin(losses))


def impatient(losses, patience):
    return next((i for i in range(len(losses) - 1) if losses[i + 1] >= losses[i]), len(losses) - 1)


def divided_first(a, l1, l2):
    w = a / (1 + l2)
    return np.sign(w) * np.maximum(np.abs(w) - l1, 0)


def past_zero(a, l1, l2):
    return (a - l1 * np.sign(a)) / (1 + l2)


SLIPS = [
    ("04.1", lambda X, y, s: np.linalg.solve(X.T @ X + s * np.eye(X.shape[1]), X.T @ y), "a mean"),
    ("04.1", lambda X, y, s: np.linalg.lstsq(X, y, rcond=None)[0], "λ = 0.5 the value"),
    ("04.2", divided_first, "the division comes first"),
    ("04.2", past_zero, "λ₁ = 0.5 and λ₂ = 0.0 the value"),
    ("04.2", lambda a, l1, l2: a / (1 + l1 + l2), "λ₁ = 0.5 and λ₂ = 0.0 the value"),
    ("04.3", lambda x, p: (x.sum(), (x**2).sum() * p * (1 - p)), "not divided by"),
    ("04.3", lambda x, p: (x.sum() * (1 - p), (x**2).sum() * p / (1 - p)), "the mean"),
    ("04.3", lambda x, p: x.sum(), "expected 2 results: the mean"),
    ("04.4", at_once, "patience of 2 the value is 5, expected 2"),
    ("04.4", impatient, "patience of 2 the value is 1, expected 3"),
    ("04.5", lambda p, down, right: np.roll(p, (down, right), (0, 1)), "comes back"),
    ("04.5", lambda p, down, right: shifted(p, right, down), r"1 down and 0 right, the value"),
    (
        "04.6",
        lambda signal: (signal[0] / signal[-1]) ** (1 / len(signal)),
        "only 2 layers lie between",
    ),
    ("04.6", lambda signal: (signal[-1] / signal[0]) ** (1 / (len(signal) - 1)), "upside down"),
    ("04.6", lambda signal: signal[0] / signal[-1], "the value is 4, expected 2"),
]
