"""Why divide by √d_k? The softmax of random dot products, at every width of the keys."""

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Flag,
    Widget,
    as_choice,
    as_index,
    as_number,
    svg,
    svg_text,
)

WIDTHS = (1, 4, 16, 64, 256, 512)
HUNDREDTHS = 100  # a vector's numbers have two decimals and travel as whole hundredths


class ScaledSoftmax(Widget):
    """Scores of a random query with random keys, and their softmax, with and without √d_k.

    Queries and keys are drawn from a normal distribution with mean 0 and variance 1, 512 numbers
    each, rounded to two decimals; d_k takes the first so many of them. A dot product of d_k such
    pairs has variance d_k (Vaswani et al. 2017, section 3.2.1, footnote 4), so one key decides its
    softmax once d_k is large.

    Args:
        n_keys: keys that compete, 2 to 16.
        draws: independent queries, each with keys of its own, 1 to 32.
        seed: of the draws.
        d_k: one of 1, 4, 16, 64, 256, 512.
        temperature: 0.1 to 10; the scores are divided by it before softmax.
        scaled: whether scores are divided by √d_k.
        draw: the one whose bars are shown.

    `d_k`, `temperature`, `scaled` and `draw` are written by the reader's hand too: observe or link
    them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 11.
    """

    d_k = Checked(64).tag(sync=True)
    temperature = Checked(1.0).tag(sync=True)
    scaled = Flag(True).tag(sync=True)
    draw = Checked(0).tag(sync=True)
    _vectors = traitlets.Bytes().tag(sync=True)
    _shape = traitlets.List().tag(sync=True)

    def __init__(self, n_keys=6, draws=8, seed=0, d_k=64, temperature=1.0, scaled=True, draw=0):
        n_keys = as_index("n_keys", n_keys, 17, first=2)
        draws = as_index("draws", draws, 33, first=1)
        vectors = np.random.default_rng(seed).standard_normal((draws, 1 + n_keys, max(WIDTHS)))
        # The first of each draw is its query, the others its keys.
        self._whole = np.rint(vectors * HUNDREDTHS).astype("<i2")
        super().__init__(
            **{"_vectors": self._whole.tobytes(), "_shape": list(vectors.shape)},
            **{"d_k": d_k, "temperature": temperature, "scaled": scaled, "draw": draw},
        )
        self._warn_if_heavy()

    @property
    def queries(self) -> np.ndarray:
        """The drawn queries, [draws, 512]."""
        return self._whole[:, 0] / HUNDREDTHS

    @property
    def keys_drawn(self) -> np.ndarray:
        """The drawn keys, [draws, n_keys, 512]. (`keys` is a widget's list of traits.)"""
        return self._whole[:, 1:] / HUNDREDTHS

    def all_scores(self) -> np.ndarray:
        """q·k, over √d_k if scaled, of every query with every draw's keys: [draws, draws, n_keys].

        Their variance is near d_k, or near 1 if scaled.
        """
        whole = self._whole[..., : self.d_k].astype(
            np.int64
        )  # sums are exact: the page finds the same ones
        dots = np.einsum("qk,dsk->qds", whole[:, 0], whole[:, 1:])
        return dots / HUNDREDTHS**2 / (self.d_k**0.5 if self.scaled else 1.0)

    def scores(self) -> np.ndarray:
        """The scores of the selected draw, as the page shows them: [n_keys]."""
        return self.all_scores()[self.draw, self.draw]

    def weights(self) -> np.ndarray:
        """softmax(scores / temperature) of the selected draw: [n_keys]."""
        return softmax(self.scores() / self.temperature)

    def consequences(self) -> dict[str, float]:
        """What the page says of these weights, and of the scores of all draws together."""
        weights = self.weights()
        return {
            "largest": float(weights.max()),
            "effective_keys": effective_keys(weights),
            "gradient": gradient_norm(weights),
            "variance": float(self.all_scores().var()),
        }

    @traitlets.validate("d_k")
    def _check_width(self, proposal):
        return as_choice("d_k", proposal["value"], WIDTHS)

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal):
        return as_number("temperature", proposal["value"], 0.1, 10)

    @traitlets.validate("draw")
    def _check_draw(self, proposal):
        return as_index("draw", proposal["value"], len(self._whole))

    def describe(self) -> str:
        found = self.consequences()
        how = "divided by √d_k" if self.scaled else "not divided by √d_k"
        return (
            f"with d_k = {self.d_k}, scores {how} and temperature {self.temperature:g}, the "
            f"largest of {self._shape[1] - 1} softmax weights is {found['largest']:.4f} and the "
            f"gradient let through has norm {found['gradient']:.4f}."
        )

    def picture(self) -> str:
        weights, scores, parts = self.weights(), self.scores(), []
        parts.append(svg_text("scores", 70, 22, font_weight=600))
        parts.append(svg_text("softmax weights", 330, 22, font_weight=600))
        reach = np.abs(scores).max() or 1.0
        for i, (score, weight) in enumerate(zip(scores, weights, strict=True)):
            y = 34 + 24 * i
            length = 80 * abs(score) / reach
            colour = "#2a78b0" if score >= 0 else "#b85c14"
            parts += [
                svg_text(f"key {i}", 14, y + 13),
                bar(150 - (length if score < 0 else 0), y, length, colour),
                svg_text(f"{score:.2f}", 240, y + 13),
                bar(330, y, 160 * weight, "#37659e"),
                svg_text(f"{weight:.4f}", 336 + 160 * weight, y + 13),
            ]
        return svg(560, 48 + 24 * len(weights), self.describe(), parts)


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def effective_keys(weights: np.ndarray) -> float:
    """exp(H): 1 when one key has all the weight, n when n keys share it equally."""
    some = weights[weights > 0]
    return float(np.exp(-(some * np.log(some)).sum()))


def gradient_norm(weights: np.ndarray) -> float:
    """The Frobenius norm of softmax's Jacobian diag(p) − p pᵀ: what a gradient must pass."""
    return float(np.linalg.norm(np.diag(weights) - np.outer(weights, weights)))


def bar(x: float, y: float, length: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y}" width="{length:.1f}" height="17" fill="{colour}"/>'
