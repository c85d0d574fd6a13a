"""Who looks at whom? A matrix of attention weights with the words at its edges."""

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    as_number,
    as_words,
    plain,
    shade,
    shorten,
    svg,
    svg_text,
    text_width,
)

VIEWS = ("matrix", "lines", "heads")
DATA = ("weights", "tokens", "memory_tokens", "gloss", "memory_gloss", "gold")
UNIT = 10_000  # a weight travels as a whole number of ten-thousandths
TOLERANCE = 1e-3  # how far above 1 a weight may be by rounding, as half-precision rows are


class AttentionHeatmap(Widget):
    """Attention weights, read cell by cell: which word (row) looks at which (column), and how much.

    The number shown is exactly the given one rounded to four decimals, as `np.round(weights, 4)`
    does in double precision: `weights[layer, head, t, s]` is shown as `0.8123`. One scale of colour
    serves all layers and heads.

    Args:
        weights: numpy array or torch tensor of numbers from 0 to 1: [T, S], [H, T, S] or
            [N, H, T, S] (N layers, H heads).
        tokens: the T words that look (rows, queries).
        memory_tokens: the S words looked at (columns, keys). None: the tokens themselves.
        gloss, memory_gloss: a translation for each token, set small under it.
        gold: the true alignment, outlined: a boolean [T, S] or pairs (t, s).
        threshold: weights below it are not drawn; they can still be read.
        layer, head, query: what is selected, from 0. query is a row, None (kept as −1) for none.
        view: "matrix", "lines" (words left and right, joined) or "heads" (all of the layer, small).
        title: a line above the picture.

    `layer`, `head`, `query`, `view`, `threshold` and `cell` (the `[t, s]` being read, or `[]`) are
    written by the reader's hand too: observe them, or link them to other widgets. To change weights
    and tokens together, assign them inside `with widget.hold_trait_notifications():`. New weights
    reset a selection that they do not have.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 11.
    """

    weights = Checked()
    tokens = Checked().tag(sync=True)
    memory_tokens = Checked(None).tag(sync=True)
    gloss = Checked(None).tag(sync=True)
    memory_gloss = Checked(None).tag(sync=True)
    gold = Checked(None).tag(sync=True)
    threshold = Checked(0.0).tag(sync=True)
    layer = Checked(0).tag(sync=True)
    head = Checked(0).tag(sync=True)
    query = Checked(-1).tag(sync=True)
    cell = Checked([]).tag(sync=True)
    view = Checked("matrix").tag(sync=True)
    title = Text("").tag(sync=True)
    _cells = traitlets.Bytes().tag(sync=True)
    _shape = traitlets.List().tag(sync=True)

    def __init__(
        self,
        weights,
        tokens,
        memory_tokens=None,
        *,
        gloss=None,
        memory_gloss=None,
        gold=None,
        threshold=0.0,
        layer=0,
        head=0,
        query=None,
        view="matrix",
        title="",
    ):
        data = check_data(weights, tokens, memory_tokens, gloss, memory_gloss, gold)
        super().__init__(
            **data, threshold=threshold, layer=layer, head=head, query=query, view=view, title=title
        )
        self._warn_if_heavy()

    @property
    def maps(self) -> np.ndarray:
        """The weights with layer and head axes, whether given or not: [N, H, T, S]."""
        weights = as_array("weights", self.weights)
        return weights.reshape((1,) * (4 - weights.ndim) + weights.shape)

    def shown(self) -> np.ndarray:
        """The numbers that the page shows for the selected layer and head: [T, S]."""
        return np.round(self.maps[self.layer, self.head], 4)

    @traitlets.validate(*DATA)
    def _check_data(self, proposal):
        name = proposal["trait"].name
        data = {each: getattr(self, each) for each in DATA} | {name: proposal["value"]}
        return check_data(**data)[name]

    @traitlets.validate("layer", "head", "query")
    def _check_index(self, proposal):
        name, value = proposal["trait"].name, proposal["value"]
        if name == "query" and value is None:
            return -1
        size = dict(zip(("layer", "head", "query"), self.maps.shape, strict=False))[name]
        return as_index(name, value, size, first=-1 if name == "query" else 0)

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        cell = plain(proposal["value"])
        if not isinstance(cell, list | tuple) or len(cell) not in (0, 2):
            raise WrongValue(f"cell={cell!r} must be [t, s], or [] for none")
        return [as_index(f"cell[{i}]", each, self.maps.shape[2 + i]) for i, each in enumerate(cell)]

    @traitlets.validate("threshold")
    def _check_threshold(self, proposal):
        return as_number("threshold", proposal["value"], 0, 1)

    @traitlets.validate("view")
    def _check_view(self, proposal):
        return as_choice("view", proposal["value"], VIEWS)

    @traitlets.observe("weights")
    def _encode(self, change):
        layers, heads, rows, columns = self.maps.shape
        if self.layer >= layers:
            self.layer = 0
        if self.head >= heads:
            self.head = 0
        if self.query >= rows:
            self.query = -1
        if self.cell and (self.cell[0] >= rows or self.cell[1] >= columns):
            self.cell = []
        self._shape = list(self.weights.shape)
        self._cells = encode(self.weights)

    def describe(self) -> str:
        layers, heads, rows, columns = self.maps.shape
        shown, keys = self.shown(), self.memory_tokens or self.tokens
        row = self.query if self.query >= 0 else int(shown.max(axis=1).argmax())
        column = int(shown[row].argmax())
        where = (
            f", layer {self.layer} of {layers}, head {self.head} of {heads}"
            if layers * heads > 1
            else ""
        )
        return (
            f"attention of {rows} tokens over {columns}{where}; {shorten(self.tokens[row], 40)!r} "
            f"looks most at {shorten(keys[column], 40)!r}, with weight {shown[row, column]:.4f}."
        )

    def picture(self) -> str:
        return draw(
            self.maps[self.layer, self.head],
            top=float(self.maps.max()),
            rows=labels(self.tokens, self.gloss),
            columns=labels(self.memory_tokens or self.tokens, self._key_gloss()),
            gold=self.gold or [],
            title=self.describe(),
        )

    def _key_gloss(self):
        return self.gloss if self.memory_tokens is None else self.memory_gloss


# --- checks ---


def check_data(weights, tokens, memory_tokens, gloss, memory_gloss, gold) -> dict:
    """All that must fit together, in the form that is kept. Checking twice changes nothing."""
    weights = check_weights(weights)
    shape, (rows, columns) = list(weights.shape), weights.shape[-2:]
    tokens = as_words("tokens", tokens)
    if len(tokens) != rows:
        raise WrongValue(
            f"weights {shape} has {rows} rows: expected {len(tokens)}, one for each of tokens"
        )
    if memory_tokens is not None:
        memory_tokens = as_words("memory_tokens", memory_tokens)
    keys, name = (tokens, "tokens") if memory_tokens is None else (memory_tokens, "memory_tokens")
    if len(keys) != columns:
        raise WrongValue(
            f"weights {shape} has {columns} columns: expected {len(keys)}, one for each of {name}"
        )
    return {
        "weights": weights,
        "tokens": tokens,
        "memory_tokens": memory_tokens,
        "gloss": None if gloss is None else as_words("gloss", gloss, rows),
        "memory_gloss": None
        if memory_gloss is None
        else as_words("memory_gloss", memory_gloss, columns),
        "gold": None if gold is None else check_gold(gold, rows, columns),
    }


def check_weights(weights) -> np.ndarray:
    weights = as_array("weights", weights).astype(np.float64)
    shape = list(weights.shape)
    if weights.ndim not in (2, 3, 4):
        raise WrongValue(f"weights has shape {shape}: expected [T, S], [H, T, S] or [N, H, T, S]")
    if weights.size == 0:
        raise WrongValue(f"weights has shape {shape}: expected at least one cell")
    if not np.isfinite(weights).all():
        bad = weights.size - np.isfinite(weights).sum()
        raise WrongValue(f"weights has {bad} NaN or infinite values: expected numbers from 0 to 1")
    if weights.min() < 0:
        raise WrongValue(
            f"weights has a negative value, {weights.min():.4g}: expected 0 to 1, as softmax gives"
        )
    if weights.max() > 1 + TOLERANCE:
        raise WrongValue(
            f"weights has the value {weights.max():.4g}: expected 0 to 1, as softmax gives"
        )
    return weights.clip(0, 1)


def check_gold(gold, rows: int, columns: int) -> list[list[int]]:
    """The pairs (t, s) of a boolean [T, S] or of pairs, each once, in reading order."""
    pairs = (
        list(gold) if isinstance(gold, set | frozenset) or not hasattr(gold, "__len__") else gold
    )
    array = as_array("gold", pairs)
    if array.dtype == bool:
        if array.shape != (rows, columns):
            raise WrongValue(
                f"gold has shape {list(array.shape)}: expected [{rows}, {columns}], that of weights"
            )
        return np.argwhere(array).tolist()
    if array.size == 0:
        return []
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        shape = list(array.shape)
        raise WrongValue(
            f"gold has shape {shape}: expected pairs (t, s) or a boolean [{rows}, {columns}]"
        )
    outside = array[(array < 0).any(axis=1) | (array >= [rows, columns]).any(axis=1)]
    if len(outside):
        raise WrongValue(
            f"gold has the pair {tuple(outside[0].tolist())}: expected t < {rows} and s < {columns}"
        )
    return np.unique(array, axis=0).tolist()


# --- encoding ---


def encode(weights: np.ndarray) -> bytes:
    """Ten-thousandths as LEB128: one byte below 128, else two, seven bits each, low bits first.

    A row of softmax over many words is made of small numbers, so that 256 × 256 weights take some
    70 kB.
    """
    values = np.rint(weights.ravel() * UNIT).astype(np.uint16)
    wide = values >= 128
    place = (
        np.arange(values.size) + np.cumsum(wide) - wide
    )  # each wide value before moves the next by one
    data = np.empty(values.size + wide.sum(), dtype=np.uint8)
    data[place] = values & 127 | wide.astype(np.uint16) << 7
    data[place[wide] + 1] = values[wide] >> 7
    return data.tobytes()


def decode(data: bytes) -> np.ndarray:
    """The flat weights in `data`, as the page reads them: for tests and for a saved state."""
    raw = np.frombuffer(data, dtype=np.uint8).astype(np.uint16)
    follows = np.concatenate([[False], raw[:-1] >= 128])  # second bytes never exceed 78
    values = raw & 127
    first = np.flatnonzero(~follows)
    values[first[raw[first] >= 128]] += raw[follows] << 7
    return values[first] / UNIT


# --- the still picture ---

BLOCKS = 64  # a picture has no more cells along a side


def labels(tokens: list[str], gloss: list[str] | None) -> list[str]:
    pairs = zip(tokens, gloss or [""] * len(tokens), strict=True)
    return [shorten(f"{token} {note}".strip(), 32) for token, note in pairs]


def coarser(weights: np.ndarray) -> np.ndarray:
    """At most BLOCKS × BLOCKS cells, each the largest of those it covers: no thin line is lost."""
    rows, columns = (
        np.unique(np.linspace(0, n, min(n, BLOCKS), endpoint=False).astype(int))
        for n in weights.shape
    )
    return np.maximum.reduceat(np.maximum.reduceat(weights, rows, axis=0), columns, axis=1)


def draw(weights, top, rows, columns, gold, title) -> str:
    """The matrix as SVG. Cells of one colour are one path, which keeps 64 × 64 of them small."""
    cell = min(26.0, max(360 / max(len(rows), len(columns)), 2.0))
    height, width = cell * len(rows), cell * len(columns)
    every = max(1, round(13 / cell + 0.499))  # labels thin out rather than overlap
    left = 14 + max(text_width(label, 12) for label in rows[::every])
    above = 14 + max(text_width(label, 12) for label in columns[::every])
    parts = [
        f'<g transform="translate({left:.1f} {above:.1f})">',
        f'<rect width="{width:.1f}" height="{height:.1f}" fill="none" stroke="#c9d1da"/>',
        *paths(coarser(weights), top, width, height),
    ]
    for t, s in gold if len(rows) <= BLOCKS and len(columns) <= BLOCKS else []:
        x, y, side = s * cell + 1, t * cell + 1, cell - 2
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" '
            'fill="none" stroke="#c2410c" stroke-width="1.5"/>'
        )
    for t in range(0, len(rows), every):
        parts.append(svg_text(rows[t], -6, (t + 0.5) * cell + 4, text_anchor="end"))
    for s in range(0, len(columns), every):
        turn = f"translate({(s + 0.5) * cell + 4:.1f} -6) rotate(-90)"
        parts.append(svg_text(columns[s], 0, 0, transform=turn))
    return svg(left + width + 12, above + height + 12, title, [*parts, "</g>"])


def paths(weights: np.ndarray, top: float, width: float, height: float) -> list[str]:
    rows, columns = weights.shape
    levels = np.rint(np.sqrt(weights / (top or 1)) * 24).astype(int)
    parts = [f'<g transform="scale({width / columns:.4f} {height / rows:.4f})">']
    for level in range(1, 25):
        cells = np.argwhere((levels == level) & (weights >= 0.005))
        if len(cells):
            outline = "".join(f"M{s} {t}h1v1H{s}z" for t, s in cells.tolist())
            parts.append(f'<path fill="{shade((level / 24) ** 2)}" d="{outline}"/>')
    return [*parts, "</g>"]
