"""What is a query? Keys on a plane, each with a value, and a query that can be dragged."""

from typing import NamedTuple

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongValue,
    as_array,
    as_choice,
    as_number,
    as_words,
    shade,
    shorten,
    svg,
    svg_text,
)

REACH = 3  # the plane goes from −3 to 3 on both axes
MOST = 12  # keys
LARGEST = 1000  # value, above zero or below
COOLEST, HOTTEST = 0.05, 5.0
SCORES = ("dot", "distance")
HUNDREDTHS = 100  # places and values have two decimals: products of places are exact


class Answer(NamedTuple):
    """What the dictionary says: scores and weights [S], the soft answer Σ w v, and the exact
    lookup: which key scores highest (the first of several) and its value."""

    scores: np.ndarray
    weights: np.ndarray
    soft: float
    best: int
    exact: float


class SoftDictionary(Widget):
    """A dictionary that answers any query with an average of its values, Σ w v, where w is the
    softmax of the keys' scores over a temperature.

    Args:
        keys: [S, 2], places on a plane from −3 to 3, one to twelve of them.
        values: S numbers from −1000 to 1000.
        labels: S names; None: key 1, key 2, …
        query: [2], a place on the same plane.
        temperature: 0.05 to 5.
        score: "dot", q·k, or "distance", −½ |q − k|².
        unit: what stands behind a value, such as "mm".
        title: above the widget.

    Places and values are rounded to two decimals. `query`, `temperature` and `score` are written by
    the reader's hand too: observe or link them. `places` holds the keys (`keys` is a widget's list
    of traits); places, values and labels stay as many as they were.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 10.
    """

    places = Checked().tag(sync=True)
    values = Checked().tag(sync=True)
    labels = Checked().tag(sync=True)
    query = Checked([0.0, 0.0]).tag(sync=True)
    temperature = Checked(1.0).tag(sync=True)
    score = Checked("distance").tag(sync=True)
    unit = Text("").tag(sync=True)
    title = Text("").tag(sync=True)

    def __init__(
        self,
        keys,
        values,
        labels=None,
        query=(0.0, 0.0),
        temperature=1.0,
        score="distance",
        unit="",
        title="",
    ):
        places = check_keys("keys", keys)
        self._count = len(places)
        labels = [f"key {i + 1}" for i in range(self._count)] if labels is None else labels
        super().__init__(
            **{"places": places, "values": values, "labels": labels, "query": query},
            **{"temperature": temperature, "score": score, "unit": unit, "title": title},
        )
        self._warn_if_heavy()

    def answer(self, query=None, temperature=None) -> Answer:
        """What the page shows for a query and a temperature, by default those that are set."""
        query = self.query if query is None else check_query(query)
        temperature = check_temperature(self.temperature if temperature is None else temperature)
        scores = scores_of(query, self.places, self.score)  # [S]
        powers = np.exp((scores - scores.max()) / temperature)
        weights, best = powers / powers.sum(), int(scores.argmax())
        return Answer(scores, weights, float(weights @ self.values), best, self.values[best])

    @traitlets.validate("places")
    def _check_places(self, proposal):
        return check_keys("places", proposal["value"], self._count)

    @traitlets.validate("values")
    def _check_values(self, proposal):
        return check_values(proposal["value"], self._count)

    @traitlets.validate("labels")
    def _check_labels(self, proposal):
        labels = as_words("labels", proposal["value"])
        if len(labels) != self._count:
            raise WrongValue(
                f"labels has {len(labels)} entries, expected {self._count}, one for each key"
            )
        return labels

    @traitlets.validate("query")
    def _check_query(self, proposal):
        return check_query(proposal["value"])

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal):
        return check_temperature(proposal["value"])

    @traitlets.validate("score")
    def _check_score(self, proposal):
        return as_choice("score", proposal["value"], SCORES)

    def describe(self) -> str:
        found = self.answer()
        unit = f" {shorten(self.unit, 12)}" if self.unit else ""
        x, y = map(signed, self.query)
        return (
            f"a dictionary of {self._count} keys asked at ({x}, {y}), score by {self.score}, "
            f"temperature {self.temperature:g}: it answers {found.soft:.4f}{unit}; the exact "
            f"lookup, {shorten(self.labels[found.best], 40)!r}, {found.exact:g}{unit}."
        )

    def picture(self) -> str:
        """The plane with its keys and the query on the left, the weights as bars on the right."""
        found, side, parts = self.answer(), 240, []
        low, high = min(self.values), max(self.values)
        frame = f'width="{side}" height="{side}" fill="none" stroke="#dfe4ea"'
        parts.append(f'<rect x="14" y="14" {frame}/>')
        for (x, y), label, value, weight in zip(
            self.places, self.labels, self.values, found.weights, strict=True
        ):
            across, down = on_plane(x, y, side)
            (qx, qy), thick = on_plane(*self.query, side), f"{0.5 + 5 * weight:.1f}"
            ends = f'x1="{qx:.1f}" y1="{qy:.1f}" x2="{across:.1f}" y2="{down:.1f}"'
            parts.append(f'<line {ends} stroke="#8893a1" stroke-width="{thick}"/>')
            share = 0.1 + 0.75 * ((value - low) / (high - low) if high > low else 0.5)
            dot = f'cx="{across:.1f}" cy="{down:.1f}" r="6" stroke="#1c2430"'
            parts.append(f'<circle {dot} fill="{shade(share**2)}"/>')
            parts.append(svg_text(shorten(label, 12), across + 9, down + 4, font_size=11))
        qx, qy = on_plane(*self.query, side)
        box = f'x="{qx - 5:.1f}" y="{qy - 5:.1f}" width="10" height="10" fill="#c2410c"'
        parts.append(f"<rect {box}/>")
        for i, (label, weight) in enumerate(zip(self.labels, found.weights, strict=True)):
            y = 20 + 19 * i
            parts.append(svg_text(shorten(label, 14), 276, y + 11, font_size=11))
            bar = f'x="376" y="{y}" width="{120 * weight:.1f}" height="13" fill="#37659e"'
            parts.append(f"<rect {bar}/>")
            parts.append(svg_text(f"{weight:.4f}", 382 + 120 * weight, y + 11, font_size=11))
        return svg(560, side + 28, self.describe(), parts)


def scores_of(query, places, score) -> np.ndarray:
    """The scores of all keys, from whole hundredths, so that the page finds the same ones: [S]."""
    query, places = (np.rint(np.array(each) * HUNDREDTHS) for each in (query, places))
    if score == "dot":
        return (places * query).sum(axis=-1) / HUNDREDTHS**2 + 0.0
    return -((places - query) ** 2).sum(axis=-1) / (2 * HUNDREDTHS**2) + 0.0  # + 0.0: no −0


# --- checks ---


def check_places(name, value, shape: str) -> np.ndarray:
    array = as_array(name, value).astype(float)
    if not (np.abs(array) <= REACH).all():  # false for NaN too
        wrong = array[~(np.abs(array) <= REACH)][0]
        raise WrongValue(f"{name} holds {wrong}, expected {shape} from −{REACH} to {REACH}")
    return np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0


def check_keys(name, value, count=None) -> list[list[float]]:
    shape = list(as_array(name, value).shape)
    if len(shape) != 2 or shape[1] != 2 or not 1 <= shape[0] <= MOST:
        raise WrongValue(f"{name} has shape {shape}, expected [S, 2], S from 1 to {MOST}")
    if count is not None and shape[0] != count:
        raise WrongValue(f"{name} has {shape[0]} entries, expected {count}, as there were")
    return check_places(name, value, "places").tolist()


def check_query(value) -> list[float]:
    shape = list(as_array("query", value).shape)
    if shape != [2]:
        raise WrongValue(f"query has shape {shape}, expected [2], a place on the plane")
    return check_places("query", value, "two numbers").tolist()


def check_temperature(value) -> float:
    return as_number("temperature", value, COOLEST, HOTTEST)


def check_values(value, count: int) -> list[float]:
    array = as_array("values", value).astype(float)
    if array.shape != (count,):
        raise WrongValue(f"values has shape {list(array.shape)}, expected [{count}], one a key")
    if not (np.abs(array) <= LARGEST).all():
        wrong = array[~(np.abs(array) <= LARGEST)][0]
        raise WrongValue(f"values holds {wrong}, expected numbers from −{LARGEST} to {LARGEST}")
    return (np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0).tolist()


# --- drawing ---


def signed(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def on_plane(x: float, y: float, side: float) -> tuple[float, float]:
    return 14 + (x + REACH) / (2 * REACH) * side, 14 + (REACH - y) / (2 * REACH) * side
