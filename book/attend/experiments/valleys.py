"""How many steps does each rule need in a badly scaled valley of 2, 10, 40 and 120 dimensions,
along the axes and turned? Chapter 02.

A valley is ½ θᵀ A θ with curvatures from 1 to κ, evenly spaced in their logarithms; `turned` at
random or along the axes. Twenty random starts, 41 learning rates, eight a decade; the rate is
constant or falls to 0 in a straight line over 600 steps. Counted are the steps until the loss
stays below 1e-4, and 1e-8, of where it began; a run that ever climbs above ten times its first loss
is out.
"""

import numpy as np

from attend.autograd import Tensor
from attend.optimizers import SGD, Adam, RMSProp

__all__ = ["RATES", "RULES", "measure", "runs"]

RULES = {
    "plain": lambda p: SGD(p),
    "momentum": lambda p: SGD(p, momentum=0.9),
    "RMSProp 0.99": lambda p: RMSProp(p, decay=0.99),
    "RMSProp 0.9": lambda p: RMSProp(p, decay=0.9),
    "Adam": lambda p: Adam(p),
}
RATES = 10.0 ** (np.arange(41) / 8 - 4)  # 1e-4 … 10
BUDGET, FALLING = 2000, 600  # steps, with a constant and with a falling rate


def runs() -> list[dict]:
    """Every rule in 20 valleys, with a constant and a falling rate."""
    grid = [(d, kappa) for d in (2, 10, 40) for kappa in (10, 100, 1000)] + [(120, 100)]
    return [
        {"rule": rule, "dimensions": d, "kappa": kappa, "turned": turned, "falls": falls}
        for d, kappa in grid
        for turned in (0, 1)
        for falls in (0, 1)
        for rule in RULES
    ]


def measure(rule, dimensions, kappa, turned, falls) -> dict:
    """Median steps over the starts at the best rate, and that rate; inf and 0 for never."""
    rng = np.random.default_rng(dimensions)
    curvatures = np.geomspace(1, kappa, dimensions)
    axes = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))[0] if turned else None
    points = Tensor(
        np.tile(rng.normal(size=(20, dimensions)), (len(RATES), 1, 1))
    )  # [rates, 20, D]
    optimizer = RULES[rule]([points])
    steps = FALLING if falls else BUDGET
    losses = []
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # runs that diverge overflow
        for step in range(steps + 1):
            along = points.data if axes is None else points.data @ axes
            losses.append((along**2 * curvatures).sum(axis=-1))  # twice the loss [rates, 20]
            gradient = along * curvatures
            points.grad = gradient if axes is None else gradient @ axes.T
            optimizer.learning_rate = RATES[:, None, None] * (1 - step / steps if falls else 1)
            optimizer.step()
        share = np.array(losses) / losses[0]  # [steps + 1, rates, 20]
    sound = (share <= 10).all(axis=0)  # a NaN is not
    found = {}
    for end in (4, 8):
        arrived = arrival(share, sound, 10.0**-end)  # [rates]
        best = RATES[arrived.argmin()] if np.isfinite(arrived).any() else 0
        found |= {f"to_{end}": float(arrived.min()), f"lr_{end}": round(float(best), 6)}
    return found


def arrival(share, sound, end):
    """The median over the starts of the first step from which the share stays at or below end."""
    above = ~(share <= end)
    last = len(share) - 1 - above[::-1].argmax(axis=0)  # the last step above it
    first = np.where(above.any(axis=0), last + 1, 0).astype(float)
    first[~sound | (last == len(share) - 1)] = np.inf
    return np.median(first, axis=1)  # [rates]
