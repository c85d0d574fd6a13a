"""What does a unit do? The activation functions and their slopes, read at any point."""

import numpy as np
import traitlets

from attend.widgets.base import Checked, Flag, Widget, as_choice, as_number, svg, svg_text

# g(z) for arrays z. GELU by its authors' formula with tanh, within 5e-4 of z Φ(z).
FUNCTIONS = {
    "step": lambda z: np.where(z >= 0, 1.0, 0.0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "gelu": lambda z: 0.5 * z * (1 + np.tanh((2 / np.pi) ** 0.5 * (z + 0.044715 * z**3))),
}


def gelu_slope(z):
    scale = (2 / np.pi) ** 0.5
    bend = np.tanh(scale * (z + 0.044715 * z**3))
    return 0.5 * (1 + bend) + 0.5 * z * (1 - bend**2) * scale * (1 + 3 * 0.044715 * z**2)


# g'(z), the slope of g at z. A jump and a corner have none: 0 stands there.
SLOPES = {
    "step": lambda z: np.zeros_like(z),
    "sigmoid": lambda z: FUNCTIONS["sigmoid"](z) * (1 - FUNCTIONS["sigmoid"](z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: np.where(z > 0, 1.0, 0.0),
    "gelu": gelu_slope,
}

NAMES = {"step": "step", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU", "gelu": "GELU"}
REACH = 5.0  # z goes from −5 to 5
FLAT = 0.05  # a smaller slope is shaded


class Activations(Widget):
    """An activation function and its derivative, read at a point z.

    Where the slope is smaller than 0.05 the plots are shaded: there the unit is saturated, and a
    change of z hardly shows in its output. The step, at 0, and ReLU, at 0, have no slope; 0 is
    shown. GELU is the tanh form of Hendrycks and Gimpel (2016).

    Args:
        function: "step", "sigmoid", "tanh", "relu" or "gelu".
        z: the point that is read, −5 to 5.
        compare: whether the other four are drawn too, thin.

    All three are written by the reader's hand too: observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 01.
    """

    function = Checked("sigmoid").tag(sync=True)
    z = Checked(1.0).tag(sync=True)
    compare = Flag(False).tag(sync=True)

    def __init__(self, function="sigmoid", z=1.0, compare=False):
        super().__init__(function=function, z=z, compare=compare)

    def reading(self) -> dict[str, float]:
        """What the page shows at z: the value, the slope, and the slope of ten such in a row."""
        z = np.array(self.z)
        slope = float(SLOPES[self.function](z))
        return {"value": float(FUNCTIONS[self.function](z)), "slope": slope, "ten": slope**10}

    @traitlets.validate("function")
    def _check_function(self, proposal):
        return as_choice("function", proposal["value"], tuple(FUNCTIONS))

    @traitlets.validate("z")
    def _check_z(self, proposal):
        return as_number("z", proposal["value"], -REACH, REACH)

    def describe(self) -> str:
        found = self.reading()
        return (
            f"{NAMES[self.function]} at z = {self.z:.2f} has the value {found['value']:.4f} and "
            f"the slope {found['slope']:.4f}."
        )

    def picture(self) -> str:
        z = np.linspace(-REACH, REACH, 201)
        top = 5.0 if self.function in ("relu", "gelu") else 1.25
        plots = (
            (f"{NAMES[self.function]}, the value g(z)", FUNCTIONS[self.function], -1.25, top),
            ("its slope g′(z)", SLOPES[self.function], -0.25, 1.25),
        )
        flat = np.abs(SLOPES[self.function](z)) < FLAT
        parts = []
        for i, (title, function, low, high) in enumerate(plots):
            parts += still(title, z, function, flat, low, high, 40 + 280 * i, self.z)
        return svg(580, 212, self.describe(), parts)


def still(title, z, function, flat, low, high, left, at) -> list[str]:
    """One plot of the still picture, 240 wide and 140 high, with a square at `at`."""
    across = left + (z + REACH) * 240 / (2 * REACH)
    level = lambda value: 40 + (high - value) / (high - low) * 140  # noqa: E731
    step = across[1] - across[0]
    shaded = "".join(f"M{x - step / 2:.1f} 40h{step:.2f}v140h-{step:.2f}z" for x in across[flat])
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(across, level(function(z)), strict=True))
    x, y = left + (at + REACH) * 24, level(function(np.array(at)))
    parts = [
        svg_text(title, left, 24, font_weight=600),
        f'<path d="{shaded}" fill="#eef1f5"/>',
        f'<path d="M{left} {level(0):.1f}h240M{left + 120} 40v140" stroke="#c9d1da"/>',
        f'<polyline points="{points}" fill="none" stroke="#2a78b0" stroke-width="2.5"/>',
        f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9" fill="#ffffff" '
        'stroke="#1c2430" stroke-width="2"/>',
    ]
    for tick in (-5, 0, 5):
        label = str(tick).replace("-", "−")
        parts.append(svg_text(label, left + (tick + 5) * 24, 196, text_anchor="middle"))
    for tick in (0, 1) if high < 2 else (0, 5):
        parts.append(svg_text(str(tick), left - 8, level(tick) + 4, text_anchor="end"))
    return parts
