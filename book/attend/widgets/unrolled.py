"""What does the state remember? A recurrent network at work, in a sentence that can be edited."""

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
    shade,
    shorten,
    svg,
    svg_text,
)
from attend.widgets.convolution import colour

WIDEST, LONGEST, MOST_LABELS = 32, 64, 12  # units, steps, labels of the readout
# What can be looked at in each kind of cell. Gates lie between 0 and 1, the others around 0.
QUANTITIES = {
    "RNN": ("hidden",),
    "LSTM": ("hidden", "cell", "forget", "input", "output", "candidate"),
    "GRU": ("hidden", "reset", "update", "candidate"),
}
GATES = ("forget", "input", "output", "reset", "update")
ROWS = {"RNN": 1, "GRU": 3, "LSTM": 4}  # parts of W_ih and W_hh, in torch's order


class Unrolled(Widget):
    """A recurrent network run in the page: its state, gates and answer after each word.

    The reader steps through the sentence, changes a word of it and sees how far the state at every
    later step moves, ‖h_t − h_t of the original sentence‖: what of that word is remembered.

    Args:
        cell: attend.recurrent.RNN, LSTM or GRU (or torch.nn's) of one layer and one direction, or
            NumpyRNN; at most 32 units.
        tokens: the T words of the sentence, at most 64, all in the vocabulary.
        vocabulary: the V words a step can hold: a list, or attend.text.Vocabulary.
        embed: the vector of each word, [V, I], I being what the cell reads; an nn.Embedding will
            do. None: one-hot, and V must be I.
        gloss: a translation set small under a token: a dict {token: gloss}, or a list for the T
            tokens.
        readout: (labels, W [O, D]) or (labels, W, b [O]) or (labels, nn.Linear), O from 2 to 12:
            softmax(W h_t + b) is shown at every step. For a NumpyRNN the labels alone will do.
        show: "hidden"; an LSTM has "cell", "forget", "input", "output" and "candidate" too, a GRU
            "reset", "update" and "candidate".
        step, unit: the cell that is read, from 0.
        so_far: whether what comes after the step is left out.
        title: a line above the picture.

    `tokens`, `show`, `step`, `unit` and `so_far` are written by the reader's hand too: observe or
    link them. `original` is what `tokens` were at first; tokens of another length become the new
    original. The weights are taken when the widget is made, in single precision; the sums are
    double, here and in the page.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapters 07 and 08.
    """

    tokens = Checked().tag(sync=True)
    original = Checked().tag(sync=True)
    show = Checked("hidden").tag(sync=True)
    step = Checked(0).tag(sync=True)
    unit = Checked(0).tag(sync=True)
    so_far = Flag(False).tag(sync=True)
    title = Text("").tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _words = traitlets.List().tag(sync=True)
    _gloss = traitlets.Dict().tag(sync=True)
    _labels = traitlets.List().tag(sync=True)
    _sizes = traitlets.List().tag(sync=True)  # V, I, D
    _weights = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        cell,
        tokens,
        vocabulary,
        embed=None,
        *,
        gloss=None,
        readout=None,
        show="hidden",
        step=0,
        unit=0,
        so_far=False,
        title="",
    ):
        kind, weights = cell_weights(cell)
        words = check_vocabulary(vocabulary)
        vectors = check_embed(embed, len(words), weights[0].shape[1])
        labels, answer = check_readout(readout, cell, weights[1].shape[1])
        self._arrays = [
            np.ascontiguousarray(array, "<f4") for array in (vectors, *weights, *answer)
        ]
        self._places = {word: number for number, word in enumerate(words)}
        tokens = check_tokens("tokens", tokens, self._places)
        super().__init__(
            **{"_kind": kind, "_words": words, "_gloss": check_gloss(gloss, tokens)},
            **{"_labels": labels, "_sizes": [*vectors.shape, weights[1].shape[1]]},
            **{"_weights": b"".join(array.tobytes() for array in self._arrays)},
            **{"tokens": tokens, "original": tokens, "show": show, "step": step, "unit": unit},
            **{"so_far": so_far, "title": title},
        )
        self._warn_if_heavy()

    def run(self, tokens=None) -> dict[str, np.ndarray]:
        """Every quantity after each word of a sentence, that of the page unless told: [T, D]."""
        tokens = self.tokens if tokens is None else check_tokens("tokens", tokens, self._places)
        vectors, *weights = (array.astype(float) for array in self._arrays[:5])
        inputs = vectors[[self._places[word] for word in tokens]]  # [T, I]
        return unroll(self._kind, inputs, *weights)

    def shown(self) -> np.ndarray:
        """The numbers of the heat map: [T, D]."""
        return self.run()[self.show]

    def change(self) -> np.ndarray:
        """How far each state lies from the one that the original sentence had there: [T]."""
        return np.linalg.norm(self.run()["hidden"] - self.run(self.original)["hidden"], axis=1)

    def probabilities(self) -> np.ndarray:
        """softmax(W h_t + b) after every word: [T, O]; no columns where there is no readout."""
        if not self._labels:
            return np.zeros((len(self.tokens), 0))
        W, b = (array.astype(float) for array in self._arrays[5:])
        scores = self.run()["hidden"] @ W.T + b
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    @traitlets.validate("tokens", "original")
    def _check_tokens(self, proposal):
        name = proposal["trait"].name
        tokens = check_tokens(name, proposal["value"], self._places)
        if name == "original" and len(tokens) != len(self.tokens):
            raise WrongValue(f"original has {len(tokens)} words: expected {len(self.tokens)}")
        return tokens

    @traitlets.observe("tokens")
    def _keep_up(self, change):
        if self.original is None or len(self.original) != len(self.tokens):
            self.original = self.tokens
        self.step = min(self.step, len(self.tokens) - 1)

    @traitlets.validate("show")
    def _check_show(self, proposal):
        return as_choice("show", proposal["value"], QUANTITIES[self._kind.split()[0]])

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], len(self.tokens))

    @traitlets.validate("unit")
    def _check_unit(self, proposal):
        return as_index("unit", proposal["value"], self._sizes[2])

    def describe(self) -> str:
        value, word = self.shown()[self.step, self.unit], shorten(self.tokens[self.step], 40)
        what = f"{self.show} {'gate' if self.show in GATES else 'state'}"
        return (
            f"{self._kind.split()[0]} of {self._sizes[2]} units reading {len(self.tokens)} words; "
            f"after {word!r}, step {self.step}, the "
            f"{self.show if self.show == 'candidate' else what} of unit {self.unit} is {value:.4f}."
        )

    def picture(self) -> str:
        shown = self.shown()  # [T, D]
        reach = 1.0 if self.show in GATES else reach_of(np.abs(shown).max())
        cell, row, left, top = 34, 12, 66, 90
        (steps, units), parts = shown.shape, []
        for t, word in enumerate(self.tokens):
            label = shorten(word, 12)
            if word in self._gloss:
                label += f" {shorten(self._gloss[word], 12)}"
            turn = f"translate({left + (t + 0.5) * cell + 4:.0f} {top - 6}) rotate(-60)"
            parts.append(svg_text(label, 0, 0, transform=turn))
        fills = {}
        for t, unit in np.ndindex(steps, units):
            share = round(shown[t, unit] / reach * 16) / 16
            fill = shade(share) if self.show in GATES else colour(share, 1.0)
            outline = f"M{left + t * cell} {top + unit * row}h{cell}v{row}h-{cell}z"
            fills.setdefault(fill, []).append(outline)
        parts += [f'<path fill="{fill}" d="{"".join(cells)}"/>' for fill, cells in fills.items()]
        x, y = left + self.step * cell, top + self.unit * row
        parts.append(
            f'<rect x="{x}" y="{y}" width="{cell}" height="{row}" fill="none" stroke="#c2410c" '
            'stroke-width="2"/>'
        )
        for unit in range(0, units, 4):
            place = {"font_size": 10, "text_anchor": "end"}
            parts.append(svg_text(f"unit {unit}", left - 6, top + unit * row + 10, **place))
        return svg(left + steps * cell + 60, top + units * row + 14, self.describe(), parts)


# --- the networks, one step after the other ---


def unroll(kind: str, inputs, W_ih, W_hh, b_ih, b_hh) -> dict[str, np.ndarray]:
    """Every quantity of a cell after each row of inputs [T, I], from a state of zeros: [T, D]."""
    name, _, bend = kind.partition(" ")
    h = c = np.zeros(W_hh.shape[1])
    steps = []
    for x in inputs:
        a, b = np.split(W_ih @ x + b_ih, ROWS[name]), np.split(W_hh @ h + b_hh, ROWS[name])
        if name == "RNN":
            h = np.maximum(a[0] + b[0], 0) if bend else np.tanh(a[0] + b[0])
            now = (h,)
        elif name == "GRU":
            reset, update = sigmoid(a[0] + b[0]), sigmoid(a[1] + b[1])
            candidate = np.tanh(a[2] + reset * b[2])
            h = (1 - update) * candidate + update * h
            now = h, reset, update, candidate
        else:
            i, f, g, o = (u + v for u, v in zip(a, b, strict=True))
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            c = f * c + i * g
            h = o * np.tanh(c)
            now = h, c, f, i, o, g
        steps.append(now)
    parts = (np.stack(part) for part in zip(*steps, strict=True))
    return dict(zip(QUANTITIES[name], parts, strict=True))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reach_of(most: float) -> float:
    """A round end for a scale: 1, 2, 5, 10, …"""
    return next((end for end in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0) if most <= end), most)


# --- checks ---


def cell_weights(cell) -> tuple[str, list[np.ndarray]]:
    """What kind of cell it is, and W_ih [G, I], W_hh [G, D], b_ih, b_hh [G]."""
    if hasattr(cell, "W_xh"):  # NumpyRNN
        kind = "RNN"
        arrays = [cell.W_xh.data, cell.W_hh.data, cell.b_h.data, np.zeros_like(cell.b_h.data)]
    elif hasattr(cell, "weight_ih_l0"):
        kind = next((name for name in ROWS if type(cell).__name__ == name), "")
        if not kind or cell.num_layers != 1 or cell.bidirectional:
            raise WrongValue(
                f"cell must be an RNN, LSTM or GRU of one layer and one direction, got {cell}"
            )
        names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        arrays = [as_array("cell", getattr(cell, name)) for name in names[: 4 if cell.bias else 2]]
        arrays += [np.zeros(len(arrays[0]))] * (4 - len(arrays))
        kind += " relu" if getattr(cell, "nonlinearity", "tanh") == "relu" else ""
    else:
        raise WrongType(f"cell must be an RNN, LSTM, GRU or NumpyRNN, got {type(cell).__name__}")
    if (D := arrays[1].shape[1]) > WIDEST:
        raise WrongValue(f"cell has {D} units: expected at most {WIDEST}")
    return kind, [finite("cell", array) for array in arrays]


def finite(name: str, value, shape=None) -> np.ndarray:
    """`value` as an array of finite numbers, of this shape where one is given."""
    array = as_array(name, getattr(value, "weight", value)).astype(float)
    if shape is not None and array.shape != tuple(shape):
        raise WrongValue(f"{name} has shape {list(array.shape)}, expected {list(shape)}")
    if not np.isfinite(array).all():
        raise WrongValue(f"{name} must hold finite numbers, got {array[~np.isfinite(array)][0]}")
    return array


def check_vocabulary(vocabulary) -> list[str]:
    words = as_words("vocabulary", getattr(vocabulary, "tokens", vocabulary))
    if len(set(words)) < len(words):
        twice = next(word for word in words if words.count(word) > 1)
        raise WrongValue(f"vocabulary must hold each word once, got {twice!r} twice")
    return words


def check_embed(embed, words: int, width: int) -> np.ndarray:
    if embed is None:
        if words != width:
            raise WrongValue(
                f"embed=None is one-hot: expected {width} words, as wide as the cell, got {words}"
            )
        return np.eye(words)
    return finite("embed", embed, (words, width))


def check_readout(readout, cell, width: int) -> tuple[list[str], list[np.ndarray]]:
    if readout is None:
        return [], []
    if hasattr(cell, "W_hy") and all(isinstance(label, str) for label in readout):
        readout = readout, cell.W_hy.data, cell.b_y.data
    if not isinstance(readout, tuple | list) or len(readout) not in (2, 3):
        raise WrongType("readout must be (labels, W [O, D]) or (labels, W, b [O])")
    labels, W, *b = readout
    labels = as_words("labels of readout", labels)
    if not 2 <= len(labels) <= MOST_LABELS:
        raise WrongValue(f"readout has {len(labels)} labels: expected 2 to {MOST_LABELS}")
    if not b:
        b = [getattr(W, "bias", None)]
    b = np.zeros(len(labels)) if b[0] is None else b[0]
    W = finite("W of readout", W, (len(labels), width))
    return labels, [W, finite("b of readout", b, (len(labels),))]


def check_tokens(name: str, value, places: dict) -> list[str]:
    tokens = as_words(name, value)
    if len(tokens) > LONGEST:
        raise WrongValue(f"{name} has {len(tokens)} words: expected at most {LONGEST}")
    for i, token in enumerate(tokens):
        if token not in places:
            raise WrongValue(f"{name}[{i}]={shorten(token, 40)!r} is not in the vocabulary")
    return tokens


def check_gloss(gloss, tokens: list[str]) -> dict[str, str]:
    if gloss is None:
        return {}
    if not isinstance(gloss, dict):
        gloss = dict(zip(tokens, as_words("gloss", gloss, expected=len(tokens)), strict=True))
    for token, text in gloss.items():
        if not isinstance(token, str) or not isinstance(text, str):
            raise WrongType(f"gloss must map strings to strings, got {token!r}: {text!r}")
    return {plain(token): plain(text) for token, text in gloss.items()}
