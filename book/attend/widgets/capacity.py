"""How much freedom is too much? A curve through noisy points, by its degree and by ridge."""

import math

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Flag,
    Widget,
    as_index,
    as_number,
    svg,
    svg_text,
)

DEGREES = 16  # 0 to 15
MOST_POINTS, TEST_POINTS = 40, 200
LEAST_POWER, MOST_POWER = -8, 1  # of ten, for the strength λ
STRENGTHS = tuple(10.0 ** (k / 4) for k in range(4 * LEAST_POWER, 4 * MOST_POWER + 1))
THOUSANDTHS = 1000  # points have three decimals and travel as whole thousandths


class Capacity(Widget):
    """A polynomial fitted to a few noisy points by ridge regression, and how it does on new ones.

    The points come from y = sin(3x) and normal noise, x uniform in [−1, 1]. The curve is
    f(x) = Σ w_k φ_k(x), k = 0 … degree, φ_k Legendre's polynomials scaled to mean square 1 on
    [−1, 1]. The weights make (1/n) Σ (f(x) − y)² + λ Σ w_k² least, the constant w_0 left out of the
    second sum; they are found exactly, not by descent.

    Args:
        degree: 0 to 15. The curve has degree + 1 weights.
        strength: λ, 1e-8 (almost none) to 10.
        points: how many of the drawn points are fitted, 2 to 40.
        draw: which of the draws.
        others: whether the curves through the other draws are shown too.
        noise: the standard deviation of the noise, 0 to 1.
        draws: independent draws, 1 to 16.
        seed: of the draws and of the 200 test points.

    `degree`, `strength`, `points`, `draw` and `others` are written by the reader's hand too:
    observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Ridge: Hoerl & Kennard 1970. Taught in chapter 04.
    """

    degree = Checked(12).tag(sync=True)
    strength = Checked(1e-8).tag(sync=True)
    points = Checked(15).tag(sync=True)
    draw = Checked(0).tag(sync=True)
    others = Flag(False).tag(sync=True)
    _points = traitlets.Bytes().tag(sync=True)
    _draws = traitlets.Int().tag(sync=True)
    _noise = traitlets.Float().tag(sync=True)

    def __init__(
        self,
        degree=12,
        strength=1e-8,
        points=15,
        draw=0,
        others=False,
        *,
        noise=0.3,
        draws=8,
        seed=0,
    ):
        noise = as_number("noise", noise, 0, 1)
        draws = as_index("draws", draws, 17, first=1)
        rng = np.random.default_rng(seed)
        counts = (draws * MOST_POINTS, TEST_POINTS)
        drawn = [noisy_points(rng, count, noise) for count in counts]
        self._whole = np.concatenate(drawn, axis=1)  # x and y: [2, draws · 40 + 200]
        super().__init__(
            **{"_points": self._whole.tobytes(), "_draws": draws, "_noise": noise},
            **{"degree": degree, "strength": strength, "points": points, "draw": draw},
            others=others,
        )
        self._warn_if_heavy()

    def training_points(self, draw: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the points fitted: [points] each."""
        start = (self.draw if draw is None else draw) * MOST_POINTS
        return tuple(self._whole[:, start : start + self.points] / THOUSANDTHS)

    def test_points(self) -> tuple[np.ndarray, np.ndarray]:
        """x and y of the 200 points that no curve was fitted to."""
        return tuple(self._whole[:, self._draws * MOST_POINTS :] / THOUSANDTHS)

    def weights(self, degree: int | None = None, strength: float | None = None) -> np.ndarray:
        """The weights of the curve: [degree + 1]."""
        degree = self.degree if degree is None else degree
        return ridge(*self.training_points(), degree, strength or self.strength)

    def predict(self, x) -> np.ndarray:
        """The curve's height at x [n]: [n]."""
        return features(np.asarray(x, dtype=float), self.degree) @ self.weights()

    def errors(self, degree: int | None = None, strength: float | None = None) -> dict[str, float]:
        """Mean squared error on the points fitted and on the test points, as the page shows."""
        weights = self.weights(degree, strength)
        sets = {"training": self.training_points(), "test": self.test_points()}
        return {
            name: float(((features(x, len(weights) - 1) @ weights - y) ** 2).mean())
            for name, (x, y) in sets.items()
        }

    def by_degree(self) -> dict[str, list[float]]:
        """Both errors at every degree, with the present strength: [16] each."""
        every = [self.errors(degree=degree) for degree in range(DEGREES)]
        return {name: [each[name] for each in every] for name in ("training", "test")}

    def by_strength(self) -> dict[str, list[float]]:
        """Both errors at every λ of `STRENGTHS`, with the present degree: [37] each."""
        every = [self.errors(strength=strength) for strength in STRENGTHS]
        return {name: [each[name] for each in every] for name in ("training", "test")}

    @traitlets.validate("degree")
    def _check_degree(self, proposal):
        return as_index("degree", proposal["value"], DEGREES)

    @traitlets.validate("strength")
    def _check_strength(self, proposal):
        return as_number("strength", proposal["value"], 10.0**LEAST_POWER, 10.0**MOST_POWER)

    @traitlets.validate("points")
    def _check_points(self, proposal):
        return as_index("points", proposal["value"], MOST_POINTS + 1, first=2)

    @traitlets.validate("draw")
    def _check_draw(self, proposal):
        return as_index("draw", proposal["value"], self._draws)

    def describe(self) -> str:
        found = self.errors()
        return (
            f"a polynomial of degree {self.degree} fitted to {self.points} points with "
            f"λ = {self.strength:.2g}: mean squared error {found['training']:.4f} on them and "
            f"{found['test']:.4f} on {TEST_POINTS} new ones."
        )

    def picture(self) -> str:
        x = np.linspace(-1, 1, 161)
        parts = ['<rect x="20" y="14" width="360" height="240" fill="none" stroke="#dfe4ea"/>']
        parts.append(path(x, np.sin(3 * x), 'stroke="#566170" stroke-dasharray="5 4"'))
        parts.append(path(x, self.predict(x), 'stroke="#0b5d8f" stroke-width="2.5"'))
        for a, b in zip(*self.training_points(), strict=True):
            place = f'cx="{across(a):.1f}" cy="{down(min(max(b, -REACH), REACH)):.1f}"'
            parts.append(
                f'<circle {place} r="4" fill="#ffffff" stroke="#c2410c" stroke-width="2"/>'
            )
        found = self.errors()
        words = [f"degree {self.degree}", f"λ = {self.strength:.2g}", f"{self.points} points", ""]
        words += [f"training error {found['training']:.4f}", f"test error {found['test']:.4f}"]
        parts += [svg_text(word, 400, 40 + 22 * i) for i, word in enumerate(words)]
        return svg(570, 268, self.describe(), parts)


def noisy_points(rng, count: int, noise: float) -> np.ndarray:
    """x uniform in [−1, 1] and y = sin(3x) + noise, as whole thousandths: [2, count]."""
    x = np.rint(rng.uniform(-1, 1, count) * THOUSANDTHS) / THOUSANDTHS
    y = np.sin(3 * x) + noise * rng.standard_normal(count)
    return np.rint(np.stack([x, y]) * THOUSANDTHS).astype("<i2")


def features(x: np.ndarray, degree: int) -> np.ndarray:
    """Legendre's polynomials of degree 0 to `degree`, times √(2k + 1): [n] → [n, degree + 1]."""
    return np.polynomial.legendre.legvander(x, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)


def ridge(x: np.ndarray, y: np.ndarray, degree: int, strength: float) -> np.ndarray:
    """The weights that make (1/n) Σ (f(x) − y)² + strength · Σ_{k≥1} w_k² least.

    Solved as one least-squares problem with a row more for each weight, √(n · strength) · w_k = 0,
    which loses fewer digits than the normal equations.
    """
    rows = np.sqrt(len(x) * strength) * np.eye(degree + 1)[1:]
    return np.linalg.lstsq(
        np.vstack([features(x, degree), rows]), np.append(y, np.zeros(degree)), rcond=None
    )[0]


# --- the still picture ---

REACH = 2.0  # y from −2 to 2


def across(x: float) -> float:
    return 30 + 170 * (x + 1)


def down(y: float) -> float:
    return 134 - 57 * y


def path(x: np.ndarray, y: np.ndarray, style: str) -> str:
    """A line that is lifted where it leaves the picture."""
    steps, inside = [], False
    for a, b in zip(x, y, strict=True):
        seen = math.isfinite(b) and abs(b) <= REACH
        if seen:
            steps.append(f"{'L' if inside else 'M'}{across(a):.1f} {down(b):.1f}")
        inside = seen
    return f'<path d="{"".join(steps)}" fill="none" {style}/>'
