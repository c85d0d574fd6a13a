"""Which numbers are averaged? A batch of sentences, normalised over one choice of its axes."""

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Flag,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    as_words,
    plain,
    shorten,
    svg,
    svg_text,
    text_width,
)

SENTENCES, WORDS, FEATURES = 4, 6, 8  # as many as can be shown
LARGEST = 1000  # of a number of the batch
HUNDREDTHS = 100  # they have two decimals
EPSILON, MOMENTUM = 1e-5, 0.1
TOLERANCE = 1e-3  # an output has changed when it moved by more
PAD = "<pad>"
NORMS = {
    "layer": "LayerNorm",
    "batch": "BatchNorm",
    "instance": "InstanceNorm",
    "group": "GroupNorm",
}

EXAMPLE = [
    [[2, 0, 1, 5, 3, 1], [4, 1, 0, 3, 6, 2], [1, 3, 2, 0, 2, 4], [7, 2, 5, 1, 0, 3]],
    [[0, 4, 2, 2, 1, 3], [5, 2, 6, 0, 4, 1], [3, 1, 1, 4, 2, 0], [0, 0, 0, 0, 0, 0]],
    [[6, 3, 4, 1, 0, 2], [1, 0, 3, 2, 5, 4], [2, 5, 0, 6, 3, 1], [3, 2, 4, 0, 1, 5]],
]
EXAMPLE_TOKENS = [
    ["we", "drink", "hot", "tea"],
    ["she", "reads", "books"],
    ["they", "like", "old", "trains"],
]


class NormAxes(Widget):
    """A batch of sentences as sheets of numbers, and which of them share a mean and a variance.

    output = (x − μ) / √(σ² + 0.00001), with γ = 1 and β = 0. "layer": μ and σ² of one word, over
    its features. "batch": of one feature, over all words of the batch; with inference, the running
    averages. "instance": of one feature of one sentence, over its words. "group": of one group of
    features of one sentence, over its words.

    Args:
        x: [B, T, D] numbers from −1000 to 1000, rounded to two decimals; at most 4 sentences, 6
            words, 8 features. None: an example, 3 × 4 × 6, in which one sentence is padded.
        tokens: the words of each sentence, 1 to T; the rest of a sentence is padding. None: all T
            words are there, and have numbers for names (for the example: its words).
        norm: "layer", "batch", "instance" or "group".
        groups: of features, for "group"; must divide D.
        inference: whether "batch" takes the running averages.
        with_padding: whether padding counts in a mean and a variance over words.
        cell: [sentence, word, feature] that is read.
        running_mean, running_var: [D] the running averages of "batch". None: 0 and 1.
        title: above the widget.

    x, norm, groups, inference, with_padding, cell, running_mean and running_var are written by the
    reader's hand too: observe or link them. `before` is what x is compared with: the x the widget
    was made with, until the reader (or you) sets it.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 14.
    """

    x = Checked().tag(sync=True)
    before = Checked().tag(sync=True)
    tokens = Checked().tag(sync=True)
    norm = Checked("layer").tag(sync=True)
    groups = Checked(1).tag(sync=True)
    inference = Flag(False).tag(sync=True)
    with_padding = Flag(True).tag(sync=True)
    cell = Checked([0, 0, 0]).tag(sync=True)
    running_mean = Checked().tag(sync=True)
    running_var = Checked().tag(sync=True)
    title = Text("").tag(sync=True)

    def __init__(
        self,
        x=None,
        tokens=None,
        norm="layer",
        groups=None,
        inference=False,
        with_padding=True,
        cell=(0, 0, 0),
        running_mean=None,
        running_var=None,
        title="",
    ):
        if x is None:
            x, tokens = EXAMPLE, EXAMPLE_TOKENS if tokens is None else tokens
        x = check_numbers("x", x)
        D = len(x[0][0])
        groups = (2 if D % 2 == 0 else 1) if groups is None else groups
        super().__init__(
            **{"x": x, "before": x, "tokens": check_tokens(tokens, x), "norm": norm},
            **{"groups": check_groups(groups, D), "inference": inference},
            **{"with_padding": with_padding, "cell": check_cell(cell, np.shape(x)), "title": title},
            running_mean=check_average(
                "running_mean", 0 if running_mean is None else running_mean, D
            ),
            running_var=check_average("running_var", 1 if running_var is None else running_var, D),
        )
        self._warn_if_heavy()

    def words(self) -> np.ndarray:
        """Where a word stands, and not padding: [B, T]."""
        lengths = np.array([len(words) for words in self.tokens])
        return np.arange(len(self.x[0])) < lengths[:, None]

    def statistics(self, x=None) -> tuple[np.ndarray, np.ndarray]:
        """The mean and the variance with which each number is normalised: [B, T, D] each."""
        x = np.array(self.x if x is None else x, float)
        B, T, D = x.shape
        if self.norm == "batch" and self.inference:
            return (
                np.broadcast_to(each, x.shape) for each in (self.running_mean, self.running_var)
            )
        there = np.ones((B, T), bool) if self.with_padding else self.words()
        counts = np.ones((B, T, 1)) if self.norm == "layer" else there[:, :, None] * 1.0
        axes = {"layer": (2, 3), "batch": (0, 1), "instance": (1,), "group": (1, 3)}[self.norm]
        G = {"layer": 1, "group": self.groups}.get(self.norm, D)
        grouped = x.reshape(B, T, G, D // G)
        counts = np.broadcast_to(counts[..., None], grouped.shape)
        total = counts.sum(axis=axes, keepdims=True)
        mean = (grouped * counts).sum(axis=axes, keepdims=True) / total
        variance = ((grouped - mean) ** 2 * counts).sum(axis=axes, keepdims=True) / total
        return tuple(
            np.broadcast_to(each, grouped.shape).reshape(x.shape) for each in (mean, variance)
        )

    def outputs(self, x=None) -> np.ndarray:
        """Every number normalised, as the page shows it: [B, T, D]."""
        mean, variance = self.statistics(x)
        x = np.array(self.x if x is None else x, float)
        return (x - mean) / np.sqrt(np.array(variance) + EPSILON) + 0.0  # + 0.0: no −0

    def sharing(self) -> np.ndarray:
        """The numbers whose mean and variance the chosen one is normalised with: [B, T, D]."""
        (B, T, D), (b, t, d) = np.shape(self.x), self.cell
        if self.norm == "batch" and self.inference:
            return np.zeros((B, T, D), bool)
        sentence, word, feature = np.indices((B, T, D))
        size = D // self.groups
        lit = {
            "layer": (sentence == b) & (word == t),
            "batch": feature == d,
            "instance": (sentence == b) & (feature == d),
            "group": (sentence == b) & (feature // size == d // size),
        }[self.norm]
        if self.norm != "layer" and not self.with_padding:
            lit = lit & self.words()[:, :, None]
        return lit

    def changed(self) -> np.ndarray:
        """The outputs that are no longer what they were with `before`: [B, T, D]."""
        return np.abs(self.outputs() - self.outputs(self.before)) > TOLERANCE

    def take_in(self) -> None:
        """One step of BatchNorm's running averages: a tenth of the way to those of this batch, the
        variance divided by n − 1 there."""
        x = np.array(self.x, float)
        seen = x.reshape(-1, x.shape[-1]) if self.with_padding else x[self.words()]
        if len(seen) < 2:
            raise WrongValue(f"x must hold at least two words to be taken in, got {len(seen)}")
        now = {"running_mean": seen.mean(axis=0), "running_var": seen.var(axis=0, ddof=1)}
        with self.hold_trait_notifications():
            for name, value in now.items():
                old = np.array(getattr(self, name))
                setattr(self, name, ((1 - MOMENTUM) * old + MOMENTUM * value).tolist())

    @traitlets.validate("x", "before")
    def _check_x(self, proposal):
        name = proposal["trait"].name
        numbers = check_numbers(name, proposal["value"])
        if np.shape(numbers) != np.shape(self.x):
            shapes = [list(np.shape(each)) for each in (numbers, self.x)]
            raise WrongValue(f"{name} has shape {shapes[0]}, expected {shapes[1]}, as x was made")
        return numbers

    @traitlets.validate("tokens")
    def _check_tokens(self, proposal):
        return check_tokens(proposal["value"], self.x)

    @traitlets.validate("norm")
    def _check_norm(self, proposal):
        return as_choice("norm", proposal["value"], tuple(NORMS))

    @traitlets.validate("groups")
    def _check_groups(self, proposal):
        return check_groups(proposal["value"], len(self.x[0][0]))

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        return check_cell(proposal["value"], np.shape(self.x))

    @traitlets.validate("running_mean", "running_var")
    def _check_average(self, proposal):
        return check_average(proposal["trait"].name, proposal["value"], len(self.x[0][0]))

    def describe(self) -> str:
        B, T, D = np.shape(self.x)
        b, t, d = self.cell
        mean, variance = (each[b, t, d] for each in self.statistics())
        count = int(self.sharing().sum())
        of = "the running averages" if not count else f"{count} numbers"
        return (
            f"{B} sentences of {T} words of {D} numbers, {NORMS[self.norm]}: sentence {b}, word "
            f"{t}, feature {d} is {written(self.x[b][t][d])}; {of}: mean {written(mean)}, variance "
            f"{written(variance)}; it becomes {written(self.outputs()[b, t, d])}."
        )

    def picture(self) -> str:
        (B, T, D), (b, t, d) = np.shape(self.x), self.cell
        lit, outputs, moved = self.sharing(), self.outputs(), self.changed()
        names = [words + [PAD] * (T - len(words)) for words in self.tokens]
        wide = max(text_width(shorten(word, 12), 12) for words in names for word in words)
        left, cell_w, cell_h = 20 + wide, 38, 24
        right = left + D * cell_w + 24
        width, height = right + D * cell_w + 14, 34 + B * (T * cell_h + 16)
        kind = NORMS[self.norm] + (", inference" if self.norm == "batch" and self.inference else "")
        parts = [
            svg_text("x", left, 20, font_weight=600),
            svg_text(kind, right, 20, font_weight=600),
        ]
        for i, j, k in np.ndindex(B, T, D):
            y = 30 + i * (T * cell_h + 16) + j * cell_h
            if k == 0:
                parts.append(
                    svg_text(shorten(names[i][j], 12), left - 8, y + 16, text_anchor="end")
                )
            there = j < len(self.tokens[i])
            chosen = (i, j, k) == (b, t, d)
            fill = "#bfd9ee" if lit[i, j, k] else "#ffffff" if there else "#eef0f3"
            parts += box(
                left + k * cell_w, y, cell_w, cell_h, written(self.x[i][j][k]), fill, chosen
            )
            fill = "#fde3cf" if moved[i, j, k] else "#ffffff" if there else "#eef0f3"
            number = f"{outputs[i, j, k]:.2f}".replace("-", "−")
            parts += box(right + k * cell_w, y, cell_w, cell_h, number, fill, chosen)
        return svg(width, height, self.describe(), parts)


# --- checks ---


def check_numbers(name: str, value) -> list:
    """[B, T, D] finite numbers of at most two decimals, as lists."""
    array = as_array(name, value).astype(float)
    most = (SENTENCES, WORDS, FEATURES)
    fits = array.ndim == 3 and all(1 <= n <= m for n, m in zip(array.shape, most, strict=True))
    if not fits:
        raise WrongValue(
            f"{name} has shape {list(array.shape)}, expected [sentences, words, features], at most "
            f"{list(most)}"
        )
    if not (np.abs(array) <= LARGEST).all():  # false for NaN too
        wrong = array[~(np.abs(array) <= LARGEST)][0]
        raise WrongValue(f"{name} holds {wrong}, expected numbers from −{LARGEST} to {LARGEST}")
    return (np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0).tolist()


def check_tokens(value, x) -> list[list[str]]:
    B, T, _ = np.shape(x)
    if value is None:
        return [[f"word {t}" for t in range(T)] for _ in range(B)]
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise WrongType(f"tokens must be a list of sentences, got {type(value).__name__}")
    sentences = [as_words(f"tokens[{i}]", words) for i, words in enumerate(value)]
    if len(sentences) != B:
        raise WrongValue(f"tokens has {len(sentences)} sentences: expected {B}, as x")
    for i, words in enumerate(sentences):
        if len(words) > T:
            raise WrongValue(f"tokens[{i}] has {len(words)} words: expected at most {T}, as x")
    return sentences


def check_groups(value, D: int) -> int:
    groups = as_index("groups", value, D + 1, first=1)
    if D % groups:
        raise WrongValue(f"groups={groups} must divide the {D} features")
    return groups


def check_cell(value, shape) -> list[int]:
    value = plain(value)
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise WrongValue(f"cell={value!r} must be [sentence, word, feature]")
    return [as_index(f"cell[{i}]", each, shape[i]) for i, each in enumerate(value)]


def check_average(name: str, value, D: int) -> list[float]:
    """[D] finite numbers; one number stands for D of it. A variance is not below 0."""
    array = as_array(name, value).astype(float)
    if array.shape not in ((), (D,)):
        raise WrongValue(f"{name} has shape {list(array.shape)}, expected [{D}], one a feature")
    low = 0 if name == "running_var" else -LARGEST
    if not ((array >= low) & (array <= LARGEST**2)).all():
        raise WrongValue(
            f"{name} must hold numbers from {low} to {LARGEST**2}, got {plain(value)!r}"
        )
    return np.broadcast_to(array, (D,)).tolist()


# --- drawing ---


def written(number: float) -> str:
    """Up to four decimals, as on the page: 3, −0.25, 4.4444."""
    text = f"{np.floor(abs(number) * 10_000 + 0.5) / 10_000:.4f}".rstrip("0").rstrip(".")
    return f"−{text}" if number < 0 and text != "0" else text


def box(x, y, width, height, text: str, fill: str, chosen: bool) -> list[str]:
    edge = 'stroke="#c2410c" stroke-width="3"' if chosen else 'stroke="#dfe4ea"'
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}"'
    number = svg_text(text, x + width / 2, y + 16, font_size=11, text_anchor="middle")
    return [f'<rect {place} fill="{fill}" {edge}/>', number]
