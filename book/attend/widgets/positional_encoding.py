"""How does a number line become a vector? Sinusoids, rotary turns and ALiBi, by position."""

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Flag,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_choice,
    as_index,
    as_number,
    svg,
    svg_text,
)

SCHEMES = ("sinusoidal", "rotary", "alibi")
PAIRINGS = ("half", "interleaved")
MOST_POSITIONS, MOST_DIMENSIONS, MOST_HEADS = 512, 512, 16
LEAST_BASE, MOST_BASE = 2.0, 1e7
MOST_PINNED = 4
HUNDREDTHS = 100  # the query's and the key's numbers have two decimals and travel whole
STILL = 64  # positions and dimensions that the still picture shows at most


class PositionalEncoding(Widget):
    """Three ways to write a position, to be turned over in the hand.

    "sinusoidal": PE[p, 2i] = sin(p · f_i), PE[p, 2i+1] = cos(p · f_i), f_i = base^(−2i/d_model)
    (Vaswani et al. 2017, section 3.5): the whole table, one dimension along the positions, the dot
    product of one position with all others, and every dimension's wavelength 2π / f_i.

    "rotary": a query at `position` and a key at `other`, d_model numbers each; pair i of both turns
    by its position times f_i, and the score is their dot product (Su et al. 2021, section 3.4.2).

    "alibi": −m_h · |i − j| for the query at i = `position` and the key at j = `other`, in each of
    n_heads heads (Press et al. 2022, section 3).

    Args:
        scheme: "sinusoidal", "rotary" or "alibi".
        d_model: even, 2 to 512; for "rotary" the width of one head.
        n_positions: 2 to 512, those from 0.
        base: 2 to 1e7.
        position, other: two of the positions.
        dimension: of the table; its pair is the one that turns.
        pinned: up to 4 further dimensions whose curves stay.
        pairing: of "rotary": "half" pairs i with i + d_model/2, "interleaved" 2i with 2i + 1.
        alike: whether the key has the numbers of the query, or its own.
        n_heads, head: of "alibi".
        title: of the figure.
        seed: of the query and the key, whose numbers are 0.5 to 1.5 in size, of either sign.

    What is told to change in the page (all but the title and the seed) is written by the reader's
    hand too: observe or link it. Choices that no longer fit after d_model, n_positions or n_heads
    shrank are moved to the nearest that does.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 13.
    """

    scheme = Checked("sinusoidal").tag(sync=True)
    d_model = Checked(64).tag(sync=True)
    n_positions = Checked(64).tag(sync=True)
    base = Checked(10000.0).tag(sync=True)
    position = Checked(20).tag(sync=True)
    other = Checked(26).tag(sync=True)
    dimension = Checked(8).tag(sync=True)
    pinned = Checked().tag(sync=True)
    pairing = Checked("half").tag(sync=True)
    alike = Flag(True).tag(sync=True)
    n_heads = Checked(8).tag(sync=True)
    head = Checked(0).tag(sync=True)
    title = Text("").tag(sync=True)
    _vectors = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        scheme="sinusoidal",
        d_model=64,
        n_positions=64,
        base=10000.0,
        *,
        position=20,
        other=26,
        dimension=None,
        pinned=(),
        pairing="half",
        alike=True,
        n_heads=8,
        head=0,
        title="",
        seed=0,
    ):
        rng, size = np.random.default_rng(seed), (2, MOST_DIMENSIONS)
        vectors = rng.uniform(0.5, 1.5, size) * rng.choice([-1, 1], size)
        self._whole = np.rint(vectors * HUNDREDTHS).astype("<i2")
        d_model = even_width(d_model)
        n_positions = as_index("n_positions", n_positions, MOST_POSITIONS + 1, first=2)
        n_heads = as_index("n_heads", n_heads, MOST_HEADS + 1, first=1)
        dimension = min(8, d_model - 1) if dimension is None else dimension
        super().__init__(
            **{"scheme": scheme, "d_model": d_model, "n_positions": n_positions, "base": base},
            **{"position": as_index("position", position, n_positions)},
            **{"other": as_index("other", other, n_positions)},
            **{"dimension": as_index("dimension", dimension, d_model), "n_heads": n_heads},
            **{"pinned": dimensions("pinned", pinned, d_model), "pairing": pairing},
            **{"alike": alike, "head": as_index("head", head, n_heads), "title": title},
            _vectors=self._whole.tobytes(),
        )
        self._warn_if_heavy()

    # --- what the page shows ---

    def frequencies(self) -> np.ndarray:
        """Radians a position, of each pair: [d_model / 2]."""
        return float(self.base) ** (-np.arange(0, self.d_model, 2) / self.d_model)

    def wavelengths(self) -> np.ndarray:
        """Positions until a dimension comes round again: [d_model]."""
        return np.repeat(2 * np.pi / self.frequencies(), 2)

    def encoding(self) -> np.ndarray:
        """The table of sinusoids: [n_positions, d_model]."""
        angles = np.arange(self.n_positions)[:, None] * self.frequencies()  # [P, D/2]
        return np.stack([np.sin(angles), np.cos(angles)], axis=-1).reshape(self.n_positions, -1)

    def dot_products(self) -> np.ndarray:
        """Of the chosen position's row with every row: [n_positions]."""
        table = self.encoding()
        return table @ table[self.position]

    def pairs(self) -> list[tuple[int, int]]:
        """Which two numbers of a head turn together, under the present pairing."""
        return pairs_of(self.d_model, self.pairing)

    @property
    def query(self) -> np.ndarray:
        """The query before it is turned: [d_model]."""
        return self._whole[0, : self.d_model] / HUNDREDTHS

    @property
    def key(self) -> np.ndarray:
        """The key before it is turned, the query's twin if `alike`: [d_model]."""
        return self._whole[0 if self.alike else 1, : self.d_model] / HUNDREDTHS

    def turned(self) -> tuple[np.ndarray, np.ndarray]:
        """The query turned to `position` and the key turned to `other`: [d_model] each."""
        return self._turn(self.query, self.position), self._turn(self.key, self.other)

    def terms(self) -> np.ndarray:
        """What each pair adds to the score of the turned query and key: [d_model / 2]."""
        query, key = self.turned()
        products = query * key
        return np.array([products[a] + products[b] for a, b in self.pairs()])

    def score(self) -> float:
        """The dot product of the turned query and the turned key."""
        return float(self.terms().sum())

    def scores_by_distance(self) -> np.ndarray:
        """The score at position − other = −(n_positions − 1) … n_positions − 1."""
        reach = self.n_positions - 1
        query = [self._turn(self.query, distance) for distance in range(-reach, reach + 1)]
        return np.array(query) @ self.key

    def slopes(self) -> np.ndarray:
        """The slope of each head: [n_heads]."""
        power = 2 ** int(np.log2(self.n_heads))
        those = [2.0 ** (-8 * h / power) for h in range(1, power + 1)]
        between = [2.0 ** (-8 * h / (2 * power)) for h in range(1, 2 * power + 1, 2)]
        return np.array((those + between)[: self.n_heads])

    def bias(self) -> np.ndarray:
        """−m · |i − j| of every head: [n_heads, n_positions, n_positions]."""
        place = np.arange(self.n_positions)
        return -self.slopes()[:, None, None] * np.abs(place[:, None] - place)

    def shares(self) -> np.ndarray:
        """The attention of the query at `position` if all scores are equal, in the chosen head:
        softmax of its row of the bias, [n_positions]."""
        powers = np.exp(self.bias()[self.head, self.position])
        return powers / powers.sum()

    def _turn(self, vector: np.ndarray, position: int) -> np.ndarray:
        turned = vector.copy()
        for (a, b), frequency in zip(self.pairs(), self.frequencies(), strict=True):
            cos, sin = np.cos(position * frequency), np.sin(position * frequency)
            turned[a] = vector[a] * cos - vector[b] * sin
            turned[b] = vector[a] * sin + vector[b] * cos
        return turned

    # --- checks ---

    @traitlets.validate("scheme")
    def _check_scheme(self, proposal):
        return as_choice("scheme", proposal["value"], SCHEMES)

    @traitlets.validate("pairing")
    def _check_pairing(self, proposal):
        return as_choice("pairing", proposal["value"], PAIRINGS)

    @traitlets.validate("d_model")
    def _check_d_model(self, proposal):
        return even_width(proposal["value"])

    @traitlets.validate("n_positions")
    def _check_n_positions(self, proposal):
        return as_index("n_positions", proposal["value"], MOST_POSITIONS + 1, first=2)

    @traitlets.validate("base")
    def _check_base(self, proposal):
        return as_number("base", proposal["value"], LEAST_BASE, MOST_BASE)

    @traitlets.validate("position", "other")
    def _check_positions(self, proposal):
        return as_index(proposal["trait"].name, proposal["value"], self.n_positions)

    @traitlets.validate("dimension")
    def _check_dimension(self, proposal):
        return as_index("dimension", proposal["value"], self.d_model)

    @traitlets.validate("pinned")
    def _check_pinned(self, proposal):
        return dimensions("pinned", proposal["value"], self.d_model)

    @traitlets.validate("n_heads")
    def _check_n_heads(self, proposal):
        return as_index("n_heads", proposal["value"], MOST_HEADS + 1, first=1)

    @traitlets.validate("head")
    def _check_head(self, proposal):
        return as_index("head", proposal["value"], self.n_heads)

    @traitlets.observe("d_model", "n_positions", "n_heads")
    def _keep_choices_inside(self, change):
        self.position = min(self.position, self.n_positions - 1)
        self.other = min(self.other, self.n_positions - 1)
        self.dimension = min(self.dimension, self.d_model - 1)
        self.pinned = [d for d in self.pinned or [] if d < self.d_model]
        self.head = min(self.head, self.n_heads - 1)

    # --- without a script ---

    def describe(self) -> str:
        p, q = self.position, self.other
        if self.scheme == "sinusoidal":
            value = self.encoding()[p, self.dimension]
            wave = self.wavelengths()
            return (
                f"sinusoidal encoding of {self.n_positions} positions in {self.d_model} "
                f"dimensions, base {self.base:g}: wavelengths {wave[0]:.2f} to {wave[-1]:.4g} "
                f"positions; PE[{p}, {self.dimension}] = {value:.4f}, "
                f"PE({p})·PE({q}) = {self.dot_products()[q]:.4f}."
            )
        if self.scheme == "rotary":
            return (
                f"rotary positions, {self.pairing} pairing, {self.d_model} numbers a head: the "
                f"query at {p} and the key at {q} have the score {self.score():.4f}, by their "
                f"distance {p - q} alone."
            )
        bias = self.bias()[self.head, p, q] + 0
        return (
            f"ALiBi for {self.n_heads} heads: head {self.head} has the slope "
            f"{self.slopes()[self.head]:.4g}, and adds {bias:.4f} to the score of the query at {p} "
            f"and the key at {q}."
        )

    def picture(self) -> str:
        return {"sinusoidal": still_map, "rotary": still_clocks, "alibi": still_bias}[self.scheme](
            self
        )


def even_width(value) -> int:
    width = as_index("d_model", value, MOST_DIMENSIONS + 1, first=2)
    if width % 2:
        raise WrongValue(f"d_model={width} must be even: each frequency takes two numbers")
    return width


def dimensions(name: str, value, d_model: int) -> list[int]:
    """`value` as a list of at most four different dimensions."""
    if value is None:
        return []
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise WrongType(f"{name} must be a list of dimensions, got {type(value).__name__}")
    found = list(dict.fromkeys(as_index(name, each, d_model) for each in value))
    if len(found) > MOST_PINNED:
        raise WrongValue(f"{name} must hold at most {MOST_PINNED} dimensions, got {len(found)}")
    return found


def pairs_of(width: int, pairing: str) -> list[tuple[int, int]]:
    half = width // 2
    return [(i, i + half) if pairing == "half" else (2 * i, 2 * i + 1) for i in range(half)]


# --- the still pictures ---

# −1 to 1: the stops of the diverging scale on a light page, as in common.js.
DIVERGING = ["#8c3c00", "#d9792b", "#f6d3b3", "#ffffff", "#bfd9ee", "#3d8cc4", "#0b4a7d"]


def colour(value: float) -> str:
    """One of 13 shades for a number from −1 to 1: few, so that a still picture stays light."""
    step = round((min(max(value, -1.0), 1.0) + 1) * 6)
    if step % 2 == 0:
        return DIVERGING[step // 2]
    pair = [bytes.fromhex(DIVERGING[i][1:]) for i in (step // 2, step // 2 + 1)]
    return "#" + "".join(f"{(a + b) // 2:02x}" for a, b in zip(*pair, strict=True))


def patches(rows: np.ndarray, x: float, y: float, w: float, h: float) -> list[str]:
    """Numbers from −1 to 1 as coloured patches, one path a shade, equal neighbours as one."""
    paths: dict[str, list[str]] = {}
    for i, row in enumerate(rows):
        shades = [colour(value) for value in row]
        start = 0
        for j in range(1, len(shades) + 1):
            if j < len(shades) and shades[j] == shades[start]:
                continue
            step = (
                f"M{x + start * w:g} {y + i * h:g}h{(j - start) * w:g}v{h:g}h{(start - j) * w:g}z"
            )
            paths.setdefault(shades[start], []).append(step)
            start = j
    return [f'<path d="{"".join(steps)}" fill="{fill}"/>' for fill, steps in paths.items()]


def polyline(values: np.ndarray, box: tuple, low: float, high: float) -> str:
    x, y, width, height = box
    across = x + np.arange(len(values)) * width / max(len(values) - 1, 1)
    down = y + height - (values - low) / ((high - low) or 1) * height
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
    return f'<polyline points="{points}" fill="none" stroke="#0b5d8f" stroke-width="2"/>'


def still_map(widget: PositionalEncoding) -> str:
    table = widget.encoding()[:STILL, :STILL].T  # dimensions down, positions across
    w, h = 480 // table.shape[1], max(2, 192 // table.shape[0])
    width, height = w * table.shape[1], h * table.shape[0]
    dots = widget.dot_products()[: table.shape[1]]
    low, high = min(dots.min(), 0.0), dots.max()
    y = 30 + height + 40
    parts = patches(table, 60, 30, w, h)
    parts += [
        svg_text("PE: dimensions down, positions across", 60, 18, font_weight=600),
        svg_text("0", 50, 40, text_anchor="end"),
        svg_text(str(len(table) - 1), 50, 28 + height, text_anchor="end"),
        svg_text(f"PE({widget.position}) · PE(p)", 60, y - 10, font_weight=600),
        svg_text(f"{high:.1f}", 50, y + 8, text_anchor="end"),
        svg_text(f"{low:.1f}", 50, y + 80, text_anchor="end"),
        polyline(dots, (60 + w / 2, y, width - w, 80), low, high),
        svg_text("position 0", 60, y + 98),
        svg_text(str(table.shape[1] - 1), 60 + width, y + 98, text_anchor="end"),
    ]
    return svg(80 + width, y + 110, widget.describe(), parts)


def still_clocks(widget: PositionalEncoding) -> str:
    query, key = widget.turned()
    parts, shown = [], widget.pairs()[:6]
    for i, (a, b) in enumerate(shown):
        x, y = 70 + 100 * i, 76
        parts.append(f'<circle cx="{x}" cy="{y}" r="40" fill="none" stroke="#8893a1"/>')
        for vector, stroke, dash in ((query, "#0b5d8f", ""), (key, "#c2410c", "5 3")):
            length = np.hypot(vector[a], vector[b]) or 1.0
            end = x + 38 * vector[a] / length, y - 38 * vector[b] / length
            parts.append(
                f'<path d="M{x} {y}L{end[0]:.1f} {end[1]:.1f}" stroke="{stroke}" '
                f'stroke-width="3" stroke-dasharray="{dash}"/>'
            )
        parts.append(svg_text(f"{a} and {b}", x, 136, text_anchor="middle"))
    scores = widget.scores_by_distance()
    parts += [
        svg_text(f"query at {widget.position}, key at {widget.other} (dashed)", 20, 20),
        svg_text("score by distance", 20, 164, font_weight=600),
        polyline(scores, (20, 174, 580, 90), scores.min(), scores.max()),
        svg_text(f"−{widget.n_positions - 1}", 20, 282),
        svg_text("0", 310, 282, text_anchor="middle"),
        svg_text(str(widget.n_positions - 1), 600, 282, text_anchor="end"),
    ]
    return svg(640, 294, widget.describe(), parts)


def still_bias(widget: PositionalEncoding) -> str:
    bias = widget.bias()[widget.head, :STILL, :STILL]
    cell = max(3, 256 // len(bias))
    side = cell * len(bias)
    parts = patches(bias / (np.abs(bias).max() or 1.0), 60, 30, cell, cell)
    shares = widget.shares()[:STILL]
    y = side + 70
    parts += [
        svg_text(f"head {widget.head}: queries down, keys across", 60, 18, font_weight=600),
        svg_text(f"shares of the query at {widget.position}", 60, y - 10, font_weight=600),
        polyline(shares, (60 + cell / 2, y, side - cell, 60), 0.0, shares.max()),
    ]
    return svg(max(80 + side, 340), y + 76, widget.describe(), parts)
