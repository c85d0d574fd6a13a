"""Overfitting made on purpose, and what helps against it: one run, changed in one thing at a time.
Chapter 04.

The same network is trained on 100 digits, with right labels and with one label in five wrong:
without help, on more examples (for as many steps, and for as many passes), and with each remedy at
three strengths. Eight seeds at a learning rate of 0.003; at two other rates, to see whether the
order of the remedies changes, some at the middle strength from one seed.
"""

from itertools import chain, islice, repeat

import numpy as np

from attend.autograd import cross_entropy
from attend.data import Batches
from attend.nn import MLP
from attend.optimizers import AdamW, soft_threshold
from attend.training import fit

__all__ = [
    "LEARNING_RATE",
    "RATES",
    "SIZES",
    "STEPS",
    "STRENGTHS",
    "add_noise",
    "best_strengths",
    "deal",
    "losses_and_errors",
    "measure",
    "mirror",
    "runs",
    "shift",
    "stopped_early",
    "train",
    "turn",
]

SIZES, STEPS, LEARNING_RATE = [64, 256, 256, 10], 300, 0.003
RATES = (0.0015, 0.003, 0.006)
# Three strengths of each remedy; the one with the smallest mean validation loss is reported.
STRENGTHS = {
    "noise": (0.1, 0.3, 0.5),
    "shift": (0.3, 0.6, 1.0),
    "turn": (5, 15, 45),
    "mirror": (0.1, 0.25, 0.5),
    "L1": (0.03, 0.3, 1.0),
    "L2": (0.3, 1.0, 3.0),
    "dropout": (0.2, 0.5, 0.7),
}
# How many examples, and how many steps: 300 steps are 60 passes over 100 examples.
MORE = {
    "200 examples": (200, 300),
    "797 examples": (797, 300),
    "797, equal passes": (797, 2400),
}


def deal(seed, n=100, wrong=0.0):
    """Digits for one run: n to train on, 100 to validate on, 900 to test on, as (inputs, labels).

    A fraction `wrong` of the training and validation labels is replaced by another class; the test
    labels stay right. n is at most 797.
    """
    from sklearn.datasets import load_digits  # slow to import, and only this function wants it

    rng = np.random.default_rng(seed)
    inputs, labels = load_digits(return_X_y=True)
    order = rng.permutation(len(labels))
    inputs, labels = inputs[order] / 16, labels[order]
    spoilt = (labels + rng.integers(1, 10, len(labels))) % 10
    careless = np.where(rng.random(len(labels)) < wrong, spoilt, labels)
    train, valid, test = slice(n), slice(797, 897), slice(897, None)
    return (
        (inputs[train], careless[train]),
        (inputs[valid], careless[valid]),
        (inputs[test], labels[test]),
    )


def add_noise(inputs, strength, rng):
    """Normal noise on every pixel: x + strength · ε, with ε of variance 1."""
    return inputs + rng.normal(0, strength, inputs.shape)


def shift(inputs, share, rng):
    """A share of the 8 × 8 pictures moved by at most one pixel each way; the edge fills with 0."""
    pictures = np.pad(inputs.reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1)))  # [B, 10, 10]
    moved = np.where(rng.random(len(inputs)) < share, 1, 0)
    tops, lefts = 1 + moved * rng.integers(-1, 2, (2, len(inputs)))
    rows, columns = tops[:, None, None] + np.arange(8)[:, None], lefts[:, None, None] + np.arange(8)
    return pictures[np.arange(len(inputs))[:, None, None], rows, columns].reshape(-1, 64)


def turn(inputs, degrees, rng):
    """Each 8 × 8 picture turned about its middle, by up to so many degrees to either side; between
    four pixels their weighted mean, outside the picture 0."""
    if degrees == 0:
        return inputs
    angles = np.deg2rad(degrees) * rng.uniform(-1, 1, (len(inputs), 1, 1))
    down, right = np.mgrid[:8, :8] - 3.5
    rows = np.cos(angles) * down - np.sin(angles) * right + 3.5 + 2  # [B, 8, 8], where to look
    columns = np.sin(angles) * down + np.cos(angles) * right + 3.5 + 2
    pictures = np.pad(inputs.reshape(-1, 8, 8), ((0, 0), (2, 3), (2, 3)))
    i, j = np.floor(rows).astype(int), np.floor(columns).astype(int)
    y, x, which = rows - i, columns - j, np.arange(len(inputs))[:, None, None]
    above = (1 - x) * pictures[which, i, j] + x * pictures[which, i, j + 1]
    below = (1 - x) * pictures[which, i + 1, j] + x * pictures[which, i + 1, j + 1]
    return ((1 - y) * above + y * below).reshape(-1, 64)


def mirror(inputs, share, rng):
    """A share of the 8 × 8 pictures with left and right exchanged."""
    if share == 0:
        return inputs
    flipped = inputs.reshape(-1, 8, 8)[:, :, ::-1].reshape(-1, 64)
    return np.where(rng.random((len(inputs), 1)) < share, flipped, inputs)


def train(
    learn,
    valid,
    test,
    seed=0,
    steps=STEPS,
    every=10,
    rate=LEARNING_RATE,
    noise=0,
    shifts=0,
    turns=0,
    mirrors=0,
    L1=0,
    L2=0,
    p=0,
):
    """One run: steps of AdamW on batches of 20. Returns the model and its history.

    The history has a row every so many steps: {"step", "training loss", "training error", and the
    same for validation and test}. p is the dropout; the other remedies are off at 0.
    """
    model = MLP(SIZES, dropout=p, seed=seed)
    optimizer = AdamW(model.parameters(), rate, weight_decay=L2)
    weights = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    rng, history = np.random.default_rng(seed), []
    dealt = chain.from_iterable(repeat(Batches(*learn, size=20, seed=rng)))  # epoch after epoch

    def batches():
        for step, (inputs, labels) in enumerate(islice(dealt, steps), start=1):
            inputs = shift(add_noise(inputs, noise, rng), shifts, rng)
            inputs = mirror(turn(inputs, turns, rng), mirrors, rng)
            yield inputs, labels
            # `fit` asks for the next batch when it has taken a step
            soft_threshold(weights, rate * L1)
            if step % every == 0:
                history.append({"step": step, **losses_and_errors(model, learn, valid, test)})

    fit(model, batches, lambda model, batch: cross_entropy(model(batch[0]), batch[1]), optimizer)
    return model, history


def losses_and_errors(model, *parts):
    """Loss (nats) and error (fraction of wrong answers) on training, validation, test data."""
    row = {}
    model.eval()
    for name, (inputs, labels) in zip(("training", "validation", "test"), parts, strict=True):
        logits = model(inputs)  # [n, 10]
        row[f"{name} loss"] = cross_entropy(logits, labels).item()
        row[f"{name} error"] = float((logits.data.argmax(axis=-1) != labels).mean())
    model.train()
    return row


def stopped_early(history):
    """The row of the history where the validation loss was least."""
    return min(history, key=lambda row: row["validation loss"])


ARGUMENTS = {"noise": "noise", "shift": "shifts", "turn": "turns", "mirror": "mirrors"}
ARGUMENTS |= {"L1": "L1", "L2": "L2", "dropout": "p"}


def best_strengths(rows, rate=LEARNING_RATE):
    """For each share of wrong labels and each method: the strength with the least mean validation
    loss at a learning rate. {(wrong, method): strength}"""
    losses = {}
    for row in rows:
        if row["rate"] == rate:
            key = (row["wrong"], row["method"]), row["strength"]
            losses.setdefault(key, []).append(row["validation_loss"])
    means = sorted((np.mean(values), key) for key, values in losses.items())
    chosen = {}
    for _, (run, strength) in means:
        chosen.setdefault(run, strength)
    return chosen


def runs() -> list[dict]:
    """Every method and strength, with right and wrong labels, from eight seeds (two of what costs
    most and of what came later); and six of them from one seed at the other rates."""
    methods = [("nothing", 0), *((name, 0) for name in MORE)]
    methods += [(name, strength) for name, values in STRENGTHS.items() for strength in values]
    few = ("797, equal passes", "turn", "mirror")
    grid = [
        (LEARNING_RATE, *one, seed)
        for seed in range(8)
        for one in methods
        if seed < 2 or one[0] not in few
    ]
    middle = [("nothing", 0), ("797 examples", 0)]
    middle += [(name, STRENGTHS[name][1]) for name in ("noise", "shift", "L2", "dropout")]
    grid += [(rate, *one, 0) for rate in RATES for one in middle]
    return [
        {"wrong": wrong, "method": method, "strength": strength, "rate": rate, "seed": seed}
        for rate, method, strength, seed in dict.fromkeys(grid)
        for wrong in (0.0, 0.2)
    ]


def measure(wrong, method, strength, rate, seed) -> dict:
    """Losses and errors at the end. For the run without help also where the validation loss was
    least (early stopping), and the least that the test was at any time."""
    n, steps = MORE.get(method, (100, STEPS))
    options = {ARGUMENTS[method]: strength} if method in ARGUMENTS else {}
    watched = method == "nothing"
    _, history = train(
        *deal(seed, n, wrong), seed, steps, 10 if watched else steps, rate, **options
    )
    found = {key.replace(" ", "_"): value for key, value in history[-1].items()}
    stop, least = stopped_early(history), {"stopped_step": None}
    for what in ("loss", "error"):
        least[f"stopped_test_{what}"] = stop[f"test {what}"] if watched else None
        values = [row[f"test {what}"] for row in history]
        least[f"least_test_{what}"] = min(values) if watched else None
    least["stopped_step"] = stop["step"] if watched else None
    return found | least
