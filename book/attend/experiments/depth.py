"""Deep plain networks: what they learn of their own training examples. Chapter 04.

Networks of 2 to 20 hidden layers of 32 units are trained on the digits: plain ones at five learning
rates, with Adam at four, four times as long, with tanh and orthogonal weights; and residual ones.
"""

import numpy as np

from attend.autograd import cross_entropy
from attend.data import Batches, digits
from attend.nn import MLP, accuracy
from attend.optimizers import SGD, Adam, clip_gradients
from attend.training import fit

__all__ = ["WIDTH", "measure", "runs", "train_deep"]

WIDTH = 32
RULES = {"SGD": SGD, "Adam": Adam}


def limited(optimizer, max_norm):
    """The optimiser, before each step of which all gradients together are cut to max_norm."""
    step = optimizer.step

    def limited_step():
        clip_gradients(optimizer.parameters, max_norm)
        step()

    optimizer.step = limited_step
    return optimizer


def train_deep(
    data,
    depth,
    seed=0,
    rule="SGD",
    rate=0.1,
    passes=5,
    max_norm=None,
    residual="",
    orthogonal=False,
    **options,
):
    """`depth` hidden layers, batches of 32. Returns training and test accuracy.

    residual: "αF" is x + αF(x) with α learned from 0, "F" is x + F(x). Where the loss or a gradient
    stops being finite, so does the training: (0, 0), not a number of its own. options: arguments
    of `MLP`.
    """
    inputs, labels, test_inputs, test_labels = data
    model = MLP([64] + [WIDTH] * depth + [10], seed=seed, residual=bool(residual), **options)
    for layer in model.hidden:
        if residual == "F" and layer.residual:
            layer.alpha = 1.0  # a number, not a parameter
        if orthogonal:
            columns = np.linalg.qr(layer.linear.weight.data)[0]  # [n_in, WIDTH], orthonormal
            layer.linear.weight.data = orthogonal * columns
    optimizer = RULES[rule](model.parameters(), rate)
    if max_norm is not None:
        optimizer = limited(optimizer, max_norm)

    def loss(model, batch):
        inputs, labels = batch
        return cross_entropy(model(inputs), labels)

    try:
        with np.errstate(all="ignore"):
            fit(model, Batches(inputs, labels, seed=seed), loss, optimizer, passes)
            accuracies = accuracy(model, inputs, labels), accuracy(model, test_inputs, test_labels)
    except (FloatingPointError, ValueError):  # from `fit`, and from clipping an infinite gradient
        return 0.0, 0.0
    return accuracies


KINDS = {
    "plain": {},
    "tanh, orthogonal": {"activation": "tanh", "orthogonal": 1.0},
    "x + αF(x)": {"residual": "αF"},
    "x + F(x)": {"residual": "F"},
}
DEPTHS, RATES = (2, 5, 10, 20), (0.0125, 0.025, 0.05, 0.1, 0.2)


def runs() -> list[dict]:
    """Kinds of network by depth, rule, learning rate and number of passes; three seeds."""
    grid = [("plain", depth, "SGD", rate, 15) for rate in RATES for depth in DEPTHS]
    grid += [("x + αF(x)", depth, "SGD", 0.1, 15) for depth in DEPTHS]
    for depth in (5, 20):
        grid += [("plain", depth, "Adam", rate, 15) for rate in (0.0005, 0.001, 0.002, 0.004)]
        grid += [("plain", depth, "SGD", 0.05, 60)]
        grid += [("tanh, orthogonal", depth, "SGD", rate, 15) for rate in (0.025, 0.05, 0.1)]
    grid += [("x + F(x)", 20, "SGD", rate, 15) for rate in (0.0125, 0.05)]
    names = ("kind", "depth", "rule", "rate", "passes")
    return [dict(zip(names, one, strict=True)) | {"seed": s} for s in range(3) for one in grid]


def measure(kind, depth, rule, rate, passes, seed) -> dict:
    """The training and the test accuracy; 0 where the loss stopped being finite."""
    options = KINDS[kind]
    learnt, test = train_deep(digits(), depth, seed, rule, rate, passes, **options)
    return {"training_accuracy": learnt, "test_accuracy": test}
