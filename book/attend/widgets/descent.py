"""What does the learning rate do? A loss surface, and the path an optimiser takes down it."""

import numpy as np
import traitlets

from attend.optimizers import SGD, Adam, RMSProp
from attend.widgets.base import (
    Checked,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    as_number,
    shade,
    svg,
    svg_text,
)

MOST = 300  # steps
FAR = 1000.0  # a point with a larger coordinate has diverged
CLOSE = 1e-6  # this near the lowest loss, or to a slope of 0, it has arrived
WIDE, HIGH = 2.5, 2.0  # half the sides of the map

# Loss, its two partial derivatives, the lowest points, the middle of the map, a start worth seeing.
# Only + − · on purpose: descent.js has the same lines, and the page finds the same numbers.
SURFACES = {
    "bowl": {
        "loss": lambda x, y: 0.5 * (x * x + y * y),
        "gradient": lambda x, y: (x, y),
        "lowest": [(0.0, 0.0)],
        "middle": 0.0,
        "start": [-2.0, 1.4],
    },
    "valley": {
        "loss": lambda x, y: 0.5 * (x * x + 25 * y * y),
        "gradient": lambda x, y: (x, 25 * y),
        "lowest": [(0.0, 0.0)],
        "middle": 0.0,
        "start": [-2.0, 0.8],
    },
    "turned valley": {  # the same valley, turned by 45 degrees
        "loss": lambda x, y: 6.5 * (x * x + y * y) - 12 * x * y,
        "gradient": lambda x, y: (13 * x - 12 * y, 13 * y - 12 * x),
        "lowest": [(0.0, 0.0)],
        "middle": 0.0,
        "start": [-2.0, -0.8],
    },
    "bend": {  # after Rosenbrock 1960, less steep
        "loss": lambda x, y: 0.5 * (1 - x) * (1 - x) + 5 * (y - x * x) * (y - x * x),
        "gradient": lambda x, y: (x - 1 - 20 * x * (y - x * x), 10 * (y - x * x)),
        "lowest": [(1.0, 1.0)],
        "middle": 1.0,
        "start": [-1.6, 2.4],
    },
    "saddle": {
        "loss": lambda x, y: 0.5 * x * x - 0.5 * y * y + 0.25 * y * y * y * y,
        "gradient": lambda x, y: (x, y * y * y - y),
        "lowest": [(0.0, 1.0), (0.0, -1.0)],
        "middle": 0.0,
        "start": [1.8, 0.02],
    },
}
OPTIMISERS = ("SGD", "momentum", "RMSProp", "Adam")


class Descent(Widget):
    """A surface of losses over two parameters, and the path that an optimiser takes down it.

    The path is that of `attend.optimizers`: SGD, SGD with momentum, RMSProp with decay 0.99, Adam
    with β₂ = 0.999. It ends early where a coordinate passes 1000: it has diverged.

    Args:
        surface: "bowl" (curvature 1 in every direction), "valley" (1 along x, 25 along y),
            "turned valley" (the same, turned by 45 degrees), "bend" (a curved valley, after
            Rosenbrock) or "saddle" (two lowest points with a pass between them).
        start: the point [x, y] it begins at, on the map; None: the surface's own.
        learning_rate: 0.001 to 10.
        optimiser: "SGD", "momentum", "RMSProp" or "Adam".
        momentum: 0 to 0.99; the β₁ of Adam. SGD and RMSProp have none.
        steps: how many are shown, 0 to 300.

    All of them are written by the reader's hand too: observe or link them. A new surface keeps
    start and steps in Python; on the page it begins anew.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 02.
    """

    surface = Checked("valley").tag(sync=True)
    start = Checked([-2.0, 0.8]).tag(sync=True)
    learning_rate = Checked(0.07).tag(sync=True)
    optimiser = Checked("SGD").tag(sync=True)
    momentum = Checked(0.9).tag(sync=True)
    steps = Checked(0).tag(sync=True)

    def __init__(
        self,
        surface="valley",
        start=None,
        learning_rate=0.07,
        optimiser="SGD",
        momentum=0.9,
        steps=20,
    ):
        as_choice("surface", surface, tuple(SURFACES))
        start = SURFACES[surface]["start"] if start is None else start
        super().__init__(
            **{"surface": surface, "start": start, "learning_rate": learning_rate},
            **{"optimiser": optimiser, "momentum": momentum, "steps": steps},
        )

    def path(self) -> np.ndarray:
        """Every point from the start to the last step, or to divergence: [steps + 1, 2]."""
        point = Point(self.start)
        rule = {
            "SGD": lambda: SGD([point], self.learning_rate),
            "momentum": lambda: SGD([point], self.learning_rate, momentum=self.momentum),
            "RMSProp": lambda: RMSProp([point], self.learning_rate),
            "Adam": lambda: Adam([point], self.learning_rate, betas=(self.momentum, 0.999)),
        }[self.optimiser]()
        points = [point.data]
        while len(points) <= self.steps and np.abs(points[-1]).max() <= FAR:
            point.grad = self.gradient(points[-1])
            rule.step()
            points.append(point.data)
        return np.array(points)

    def loss(self, point) -> float:
        """The height of the surface at [x, y]."""
        return float(SURFACES[self.surface]["loss"](*point))

    def gradient(self, point) -> np.ndarray:
        """Its slopes at [x, y]: [∂L/∂x, ∂L/∂y]."""
        return np.array(SURFACES[self.surface]["gradient"](*point))

    def reading(self) -> dict:
        """What the page says of the last point: step, point, loss, gradient, outcome.

        outcome: "diverged", "arrived" (the loss is within 1e-6 of the lowest), "stands still" (the
        slope is 0 and it no longer moves, but there are lower places) or "under way".
        """
        path = self.path()
        last = path[-1]
        loss, gradient = self.loss(last), self.gradient(last)
        moved = np.abs(last - path[-2]).max() if len(path) > 1 else 0.0
        outcome = "under way"
        if np.abs(last).max() > FAR:
            outcome = "diverged"
        elif loss - self.loss(SURFACES[self.surface]["lowest"][0]) <= CLOSE:
            outcome = "arrived"
        elif max(np.abs(gradient).max(), moved) <= CLOSE:
            outcome = "stands still"
        return {
            "step": len(path) - 1,
            "point": last.tolist(),
            "loss": loss,
            "gradient": gradient.tolist(),
            "outcome": outcome,
        }

    @traitlets.validate("surface")
    def _check_surface(self, proposal):
        return as_choice("surface", proposal["value"], tuple(SURFACES))

    @traitlets.validate("start")
    def _check_start(self, proposal):
        start = as_array("start", proposal["value"]).astype(float)
        if start.shape != (2,):
            raise WrongValue(f"start has shape {list(start.shape)}: expected two numbers, [x, y]")
        return [as_number(f"start[{i}]", value, -3, 3) for i, value in enumerate(start.tolist())]

    @traitlets.validate("learning_rate")
    def _check_rate(self, proposal):
        return as_number("learning_rate", proposal["value"], 0.001, 10)

    @traitlets.validate("optimiser")
    def _check_optimiser(self, proposal):
        return as_choice("optimiser", proposal["value"], OPTIMISERS)

    @traitlets.validate("momentum")
    def _check_momentum(self, proposal):
        return as_number("momentum", proposal["value"], 0, 0.99)

    @traitlets.validate("steps")
    def _check_steps(self, proposal):
        if isinstance(proposal["value"], bool):
            raise WrongType("steps must be an int, got bool")
        return as_index("steps", proposal["value"], MOST + 1)

    def describe(self) -> str:
        found = self.reading()
        x, y = (round(each, 4) + 0.0 for each in found["point"])  # never −0
        return (
            f"{self.optimiser} on the {self.surface} with learning rate {self.learning_rate:g}: "
            f"after {found['step']} step{'s' * (found['step'] != 1)} at ({x:.4f}, {y:.4f}), "
            f"loss {found['loss']:.4g}, {found['outcome']}."
        )

    def picture(self) -> str:
        form = SURFACES[self.surface]
        across = lambda x: 40 + (x + WIDE) * 80  # noqa: E731
        down = lambda y: 20 + (form["middle"] + HIGH - y) * 80  # noqa: E731
        parts = [*bands(form)]
        path = self.path().clip(-9, 9)
        joined = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in path)
        parts += [
            '<clipPath id="map"><rect x="40" y="20" width="400" height="320"/></clipPath>',
            '<g clip-path="url(#map)" fill="none" stroke-linejoin="round">',
            f'<polyline points="{joined}" stroke="#ffffff" stroke-width="5"/>',
            f'<polyline points="{joined}" stroke="#c2410c" stroke-width="2.2"/>',
        ]
        for (x, y), fill in ((path[0], "#ffffff"), (path[-1], "#c2410c")):
            parts.append(
                f'<rect x="{across(x) - 5:.1f}" y="{down(y) - 5:.1f}" width="10" height="10" '
                f'fill="{fill}" stroke="#1c2430" stroke-width="2"/>'
            )
        parts.append("</g>")
        for x in range(-2, 3):
            parts.append(svg_text(f"{x}".replace("-", "−"), across(x), 358, text_anchor="middle"))
            y = int(x + form["middle"])
            if y != form["middle"] - HIGH:
                parts.append(svg_text(f"{y}".replace("-", "−"), 32, down(y) + 4, text_anchor="end"))
        return svg(460, 372, self.describe(), parts)


class Point:
    """What an optimiser wants: `.data` and `.grad`."""

    def __init__(self, data):
        self.data, self.grad = np.array(data, dtype=float), None


def bands(form, cell=8) -> list[str]:
    """The map in squares of a few pixels, one path for each band of the loss."""
    columns, rows = int(WIDE * 160 / cell), int(HIGH * 160 / cell)
    x = -WIDE + (np.arange(columns) + 0.5) * cell / 80
    y = form["middle"] + HIGH - (np.arange(rows) + 0.5) * cell / 80
    above = form["loss"](x[None, :], y[:, None]) - form["loss"](*form["lowest"][0])  # [rows, cols]
    levels = np.floor(np.log2(above + 0.02)).astype(int) + 6
    parts = []
    for level in range(levels.min(), levels.max() + 1):
        runs = "".join(run(row, line, cell) for line, row in enumerate(levels == level))
        if runs:
            parts.append(f'<path fill="{shade((0.042 * level) ** 2)}" d="{runs}"/>')
    return parts


def run(row: np.ndarray, line: int, cell: int) -> str:
    """The stretches of True in a row, as one path's rectangles."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
    return "".join(
        f"M{40 + a * cell} {20 + line * cell}H{40 + b * cell}v{cell}H{40 + a * cell}z"
        for a, b in edges.reshape(-1, 2).tolist()
    )
