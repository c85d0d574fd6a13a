"""How do ReLUs make a curve? A few of them, each with a kink and a slope, against a target."""

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_number,
    svg,
    svg_text,
)

GRID = np.arange(201) / 200  # x from 0 to 1: where curve and target are compared
TARGETS = {
    "wave": np.sin(2 * np.pi * GRID),
    "hill": np.exp(-(((GRID - 0.5) / 0.15) ** 2)),
    "tent": 1 - np.abs(2 * GRID - 1),
    "root": np.sqrt(GRID),
    "jump": np.where(GRID >= 0.5, 1.0, 0.0),
}
MOST = 8  # units
STEEPEST = 1000.0
RIDGE = 1e-8  # keeps least squares definite when two kinks coincide


class BendALine(Widget):
    """start + Σ slopes[i] · relu(x − kinks[i]) for x from 0 to 1, beside a target curve.

    One hidden layer of ReLU units whose input weights are 1 and whose biases are −kinks: each unit
    adds its slope to the curve from its kink on. The error is taken at 201 points, 0, 0.005 … 1.

    Args:
        target: "wave" (one period of a sine), "hill", "tent", "root" or "jump".
        kinks: 1 to 8 places, 0 to 1, to two decimals.
        slopes: as many numbers, −1000 to 1000.
        start: the height of the curve at x = 0.
        unit: the unit that is selected, from 0.

    All but the length of both lists, which go together, may be assigned one by one: `kinks`,
    `slopes`, `start`, `target` and `unit` are written by the reader's hand too; observe or link
    them. To change how many units there are assign kinks and slopes inside
    `with widget.hold_trait_notifications():`.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 01.
    """

    target = Checked("wave").tag(sync=True)
    kinks = Checked([0.0, 0.25, 0.5, 0.75]).tag(sync=True)
    slopes = Checked([1.0, 0.0, 0.0, 0.0]).tag(sync=True)
    start = Checked(0.0).tag(sync=True)
    unit = Checked(0).tag(sync=True)
    _targets = traitlets.Bytes().tag(sync=True)
    _names = traitlets.List().tag(sync=True)

    def __init__(
        self,
        target="wave",
        kinks=(0.0, 0.25, 0.5, 0.75),
        slopes=(1.0, 0.0, 0.0, 0.0),
        start=0.0,
        unit=0,
    ):
        check_units(check_kinks(kinks), check_slopes(slopes))
        table = np.stack(list(TARGETS.values())).astype("<f8")
        super().__init__(
            **{"_targets": table.tobytes(), "_names": list(TARGETS)},
            **{"target": target, "kinks": kinks, "slopes": slopes, "start": start, "unit": unit},
        )

    def curve(self, x=GRID) -> np.ndarray:
        """The sum of the units at the points x."""
        x = np.asarray(x, dtype=float)
        return self.start + np.maximum(x[..., None] - self.kinks, 0) @ np.array(self.slopes)

    def error(self) -> dict[str, float]:
        """What the page shows: the mean of the squared differences, and the largest difference."""
        apart = np.abs(self.curve() - TARGETS[self.target])
        return {"mean_squared": float((apart**2).mean()), "largest": float(apart.max())}

    def fitted(self) -> tuple[float, list[float]]:
        """The start and slopes of least mean squared error for these kinks, to four decimals."""
        parts = np.column_stack(
            [np.ones_like(GRID), np.maximum(GRID[:, None] - np.array(self.kinks), 0)]
        )
        square = parts.T @ parts + RIDGE * np.eye(parts.shape[1])
        start, *slopes = np.linalg.solve(square, parts.T @ TARGETS[self.target])
        return round(float(start), 4), [
            round(float(np.clip(slope, -STEEPEST, STEEPEST)), 4) for slope in slopes
        ]

    def fit(self) -> "BendALine":
        """Set start and slopes to `fitted()`, as the button does."""
        self.start, self.slopes = self.fitted()
        return self

    @traitlets.validate("target")
    def _check_target(self, proposal):
        return as_choice("target", proposal["value"], tuple(TARGETS))

    @traitlets.validate("kinks", "slopes")
    def _check_lists(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        lists = {"kinks": self.kinks, "slopes": self.slopes}
        lists[name] = check_kinks(value) if name == "kinks" else check_slopes(value)
        check_units(lists["kinks"], lists["slopes"])
        return lists[name]

    @traitlets.validate("start")
    def _check_start(self, proposal):
        return as_number("start", proposal["value"], -STEEPEST, STEEPEST)

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        value = proposal["value"]
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise WrongType(f"unit must be an int, got {type(value).__name__}")
        if not 0 <= value < len(self.kinks):
            raise WrongValue(f"unit={value} is out of range: expected 0 to {len(self.kinks) - 1}")
        return int(value)

    @traitlets.observe("kinks")
    def _keep_unit(self, change):
        if self.unit >= len(self.kinks):
            self.unit = len(self.kinks) - 1

    def describe(self) -> str:
        found, count = self.error(), len(self.kinks)
        return (
            f"{count} ReLU unit{'s' * (count > 1)} against the target “{self.target}”: mean "
            f"squared error {found['mean_squared']:.6f}, largest error {found['largest']:.4f}."
        )

    def picture(self) -> str:
        target, curve = TARGETS[self.target], self.curve()
        low, high = min(target.min(), curve.min()), max(target.max(), curve.max())
        across = lambda x: 40 + 480 * x  # noqa: E731
        down = lambda y: 200 - (y - low) / ((high - low) or 1) * 160  # noqa: E731
        join = lambda ys: " ".join(  # noqa: E731
            f"{across(x):.1f},{down(y):.1f}" for x, y in zip(GRID, ys, strict=True)
        )
        parts = [
            svg_text("target (dashed) and the sum of the units", 40, 24, font_weight=600),
            f'<path d="M40 {down(0):.1f}h480" stroke="#c9d1da"/>',
            f'<polyline points="{join(target)}" fill="none" stroke="#1c2430" '
            'stroke-width="2" stroke-dasharray="6 4"/>',
            f'<polyline points="{join(curve)}" fill="none" stroke="#2a78b0" stroke-width="2.5"/>',
        ]
        for kink, height in zip(self.kinks, self.curve(self.kinks), strict=True):
            parts.append(
                f'<rect x="{across(kink) - 4.5:.1f}" y="{down(height) - 4.5:.1f}" width="9" '
                'height="9" fill="#ffffff" stroke="#1c2430" stroke-width="2"/>'
            )
        for tick in (0, 0.5, 1):
            parts.append(svg_text(f"{tick:g}", across(tick), 220, text_anchor="middle"))
        return svg(560, 232, self.describe(), parts)


# --- checks ---


def check_kinks(value) -> list[float]:
    kinks = row("kinks", value)
    outside = kinks[(kinks < 0) | (kinks > 1)]
    if len(outside):
        raise WrongValue(f"kinks has the value {outside[0]:g}: expected places from 0 to 1")
    return [round(float(kink), 2) for kink in kinks]


def check_slopes(value) -> list[float]:
    slopes = row("slopes", value)
    if np.abs(slopes).max() > STEEPEST:
        steep = slopes[np.abs(slopes).argmax()]
        raise WrongValue(f"slopes has the value {steep:g}: expected −{STEEPEST:g} to {STEEPEST:g}")
    return [float(slope) for slope in slopes]


def row(name: str, value) -> np.ndarray:
    """`value` as one row of 1 to MOST finite numbers."""
    array = as_array(name, value if hasattr(value, "__len__") else list(value)).astype(float)
    if array.ndim != 1 or not 1 <= len(array) <= MOST:
        raise WrongValue(
            f"{name} has shape {list(array.shape)}: expected one row of 1 to {MOST} numbers"
        )
    if not np.isfinite(array).all():
        raise WrongValue(f"{name} has a NaN or infinite value: expected finite numbers")
    return array


def check_units(kinks, slopes) -> None:
    if len(kinks) != len(slopes):
        raise WrongValue(f"slopes has {len(slopes)} numbers: expected {len(kinks)}, one for a kink")
