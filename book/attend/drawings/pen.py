"""What every drawing is made of: boxes, circles, lines with arrowheads, and words.

Ink and letters are `currentColor`, so that a drawing takes the colour of the text around it; each
colour is mixed with that ink, which darkens it on light paper and lightens it on dark, and areas
are tinted. Nothing asks which theme is on, so a page, JupyterLab, VS Code and Colab are all right.
"""

import re
import unicodedata
from html import escape
from typing import NamedTuple

from attend.figures import COLOURS

__all__ = ["Drawing", "Place"]

BLUE, ORANGE, GREEN, PINK, SKY, AMBER = COLOURS
SIZE = 12.5  # of words, in units of the drawing; of symbols 15
SYMBOL = 15
SMALL = 0.72  # an index, in parts of its letter
GROW = 1.12  # the letters of formulas are lower than those of words of the same size
DOWN = 3.5  # and how far it is let down
WIDTHS = {" il.,·'|j": 0.32, "ft-r()[]I": 0.41, "mwW@M": 0.9, "ABCDHKNOQVYαΣ": 0.75}
SANS = "system-ui,-apple-system,'Segoe UI','Noto Sans',sans-serif"
SERIF = "KaTeX_Math,'STIX Two Text','Cambria Math',Georgia,'Times New Roman',serif"
ROMAN = "KaTeX_Main,'STIX Two Text','Cambria Math',Georgia,'Times New Roman',serif"
PIECE = re.compile(r"_\{(.*?)\}|_(.)|([^_]+)")  # an index of several letters, of one, or none
LETTERS = re.compile(r"([^\W\d_]\u0303?)|(.)", re.DOTALL)
TIP = 8  # length of an arrowhead


class Place(NamedTuple):
    """Where a box or a circle stands: its middle and its size. Lines begin and end at its edges."""

    x: float
    y: float
    w: float
    h: float

    def top(self, dx: float = 0) -> tuple[float, float]:
        return self.x + dx, self.y - self.h / 2

    def bottom(self, dx: float = 0) -> tuple[float, float]:
        return self.x + dx, self.y + self.h / 2

    def left(self, dy: float = 0) -> tuple[float, float]:
        return self.x - self.w / 2, self.y + dy

    def right(self, dy: float = 0) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + dy


class Drawing:
    """A drawing `width` × `height` units large: an SVG that follows the page's light or dark, with
    a title, and words for those who listen.

    A notebook shows it as HTML; `svg()` is the same on light paper, to be saved as a file.
    """

    def __init__(self, width: float, height: float, title: str, words: str):
        self.width, self.height, self.title, self.words = width, height, title, words
        self.parts, self.linked = [], False

    # --- what is drawn ---

    def box(self, x, y, w, h, text="", colour=None, *, tint=0.14, round=5, size=None, link=None):
        """A box around its middle (x, y)."""
        shape = f'<rect x="{n(x - w / 2)}" y="{n(y - h / 2)}" width="{n(w)}" height="{n(h)}" '
        self._shape(shape + f'rx="{n(round)}"', x, y, text, colour, tint, size, link)
        return Place(x, y, w, h)

    def circle(self, x, y, r, text="", colour=None, *, tint=0.14, size=None):
        """A circle, as an operation or a number has."""
        self._shape(f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}"', x, y, text, colour, tint, size)
        return Place(x, y, 2 * r, 2 * r)

    def plus(self, x, y, colour=None):
        """A circle with a plus in it: what comes in is added."""
        arms = f"M{n(x - 5)} {n(y)}H{n(x + 5)}M{n(x)} {n(y - 5)}V{n(y + 5)}"
        return self._operation(x, y, arms, colour)

    def times(self, x, y, colour=None):
        """A circle with a dot in it: what comes in is multiplied, number by number."""
        place = self.circle(x, y, 9.5, "", colour)
        self.dot(x, y, 2.4)
        return place

    def frame(self, left, top, right, bottom, text=""):
        """A dashed frame around what belongs together, its name in the corner."""
        self.parts.append(
            f'<rect x="{n(left)}" y="{n(top)}" width="{n(right - left)}" '
            f'height="{n(bottom - top)}" rx="9" fill="none" stroke="currentColor" '
            'stroke-opacity="0.5" stroke-dasharray="4 4"/>'
        )
        if text:
            self.label(left + 9, top + 14, text, anchor="start", faint=True)
        return Place((left + right) / 2, (top + bottom) / 2, right - left, bottom - top)

    def line(self, *points, colour=None, width=1.5, dashed=False, tip=False, over=()):
        """A line through points, its corners rounded; `over`: the x of lines that it bridges."""
        path = trace(points, TIP - 2 if tip else 0, over)
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        pen = f'stroke="currentColor" stroke-width="{n(width)}"{dash}'
        parts = f'<path d="{path}" fill="none" {pen}/>'
        if tip:
            parts += f'<path d="{head(points[-2], points[-1])}" fill="currentColor"/>'
        self.parts.append(f"<g{ink(colour)}>{parts}</g>" if colour else parts)

    def arrow(self, *points, **kind):
        """The same with a head at its end."""
        self.line(*points, tip=True, **kind)

    def dot(self, x, y, r=3.0, colour=None):
        """Where a line branches: both ways carry the same numbers."""
        ink_of = ink(colour)
        circle = f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(r)}" fill="currentColor"{ink_of}/>'
        self.parts.append(circle)

    def strip(self, x, y, w, h, colours):
        """A vector, cut into as many equal pieces as there are colours."""
        piece = w / len(colours)
        for i, colour in enumerate(colours):
            left = x - w / 2 + i * piece
            self.box(left + piece / 2, y, piece, h, "", colour, tint=0.3, round=0)
        return Place(x, y, w, h)

    def label(self, x, y, text, *, anchor="middle", size=None, bold=False, faint=False):
        """Words beside the lines, centred in height on y; what stands between $ is a symbol."""
        lines = text.split("\n")
        for i, line in enumerate(lines):
            big = size or (SYMBOL if line.startswith("$") and line.endswith("$") else SIZE)
            middle = y + (i - (len(lines) - 1) / 2) * (big + 3)
            extra = f' text-anchor="{anchor}"' if anchor != "start" else ""
            extra += ' font-weight="600"' if bold else ""
            extra += ' fill-opacity="0.75"' if faint else ""
            where = f'x="{n(x)}" y="{n(middle + 0.35 * big)}" font-size="{n(big)}"'
            self.parts.append(f"<text {where}{extra}>{spans(line, big)}</text>")

    def _shape(self, shape, x, y, text, colour, tint, size, link=None):
        fill = f' fill="currentColor" fill-opacity="{n(tint if colour else 0.04)}"'
        self.parts.append(f'<a href="{link}">' if link else "")
        self.linked |= bool(link)
        self.parts.append(f'{shape}{fill} stroke="currentColor" stroke-width="1.5"{ink(colour)}/>')
        if text:
            self.label(x, y, text, size=size)
        self.parts.append("</a>" if link else "")

    def _operation(self, x, y, arms, colour):
        place = self.circle(x, y, 9.5, "", colour)
        self.parts.append(f'<path d="{arms}" stroke="currentColor" stroke-width="1.5"/>')
        return place

    # --- how it is shown ---

    def svg(self) -> str:
        """The drawing as a file: dark ink on light paper, which reads on a dark page too."""
        size = f'width="{n(1.3 * self.width)}" height="{n(1.3 * self.height)}" color="#1c2430"'
        paper = f'<rect width="{n(self.width)}" height="{n(self.height)}" rx="6" fill="#fbfaf7"/>'
        return self._svg(f'xmlns="http://www.w3.org/2000/svg" {size}', paper)

    def _svg(self, attributes: str, paper: str = "") -> str:
        box = f'viewBox="0 0 {n(self.width)} {n(self.height)}"'
        role = "group" if self.linked else "img"  # in a picture links would be hidden
        return (
            f'<svg {attributes} {box} role="{role}" font-family="{SANS}" fill="currentColor">'
            f"<title>{escape(self.title)}</title><desc>{escape(self.words)}</desc>"
            f"{paper}{''.join(self.parts)}</svg>"
        )

    def _repr_html_(self) -> str:
        size = f"width:100%;max-width:{n(1.3 * self.width)}px;height:auto"
        return self._svg(f'style="display:block;{size};margin:0.5rem auto"')

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        return f"Drawing: {self.title}. {self.words}"


def n(value: float) -> str:
    """A number as short as it is: 12 and not 12.0."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def ink(colour: str | None) -> str:
    """The colour of a shape, mixed with the ink around it where the browser can do that."""
    if colour is None:
        return ""
    return f' color="{colour}" style="color:color-mix(in srgb,{colour} 76%,currentColor)"'


def trace(points, short: float = 0, over=(), radius: float = 7) -> str:
    """The path through points with rounded corners, ending `short` of the last; each x in `over`
    is passed by a small bridge."""
    points = [*points[:-1], towards(points[-1], points[-2], short)]
    path = f"M{n(points[0][0])} {n(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        r = min(radius, distance(before, corner) / 2, distance(corner, after) / 2)
        (a, b), (c, d) = towards(corner, before, r), towards(corner, after, r)
        path += f"L{n(a)} {n(b)}Q{n(corner[0])} {n(corner[1])} {n(c)} {n(d)}"
    for x in over:
        path += f"H{n(x - 5)}a5 5 0 0 1 10 0"
    return path + f"L{n(points[-1][0])} {n(points[-1][1])}"


def head(before, point) -> str:
    """The arrowhead that points from `before` to `point`."""
    long = distance(before, point)
    dx, dy = (point[0] - before[0]) / long, (point[1] - before[1]) / long
    x, y = point[0] - TIP * dx, point[1] - TIP * dy
    a, b = (x - 3.6 * dy, y + 3.6 * dx), (x + 3.6 * dy, y - 3.6 * dx)
    return f"M{n(point[0])} {n(point[1])}L{n(a[0])} {n(a[1])}L{n(b[0])} {n(b[1])}Z"


def distance(a, b) -> float:
    return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5


def towards(point, other, by: float) -> tuple[float, float]:
    """`point`, moved `by` units towards `other`."""
    long = distance(point, other)
    move = by / long if long else 0
    return point[0] + (other[0] - point[0]) * move, point[1] + (other[1] - point[1]) * move


# --- words and symbols ---


def spans(text: str, size: float) -> str:
    """`text` for inside of <text>: between $ letters are italic and what follows _ is an index."""
    found, low = [], False
    for i, part in enumerate(text.split("$")):
        if i % 2 == 0 and part:
            up = f'<tspan dy="-{DOWN}">{escape(part)}</tspan>'
            found.append(up if low else escape(part))
            low = False
        for several, one, level in PIECE.findall(part) if i % 2 else ():
            index = several or one
            shift = DOWN * (bool(index) - low)
            found.append(symbol(index or level, GROW * size * (SMALL if index else 1), shift))
            low = bool(index)
    return "".join(found)


def symbol(text: str, size: float, shift: float) -> str:
    """A run of a formula: letters in italics, all else upright."""
    runs = []
    for letter, other in LETTERS.findall(text):
        font = SERIF if letter else ROMAN
        if runs and runs[-1][0] == font:
            runs[-1][1] += letter or other
        else:
            runs.append([font, letter or other])
    made = []
    for i, (font, run) in enumerate(runs):
        dy = f' dy="{n(shift)}"' if shift and i == 0 else ""
        slant = ' font-style="italic"' if font == SERIF else ""
        made.append(
            f'<tspan font-family="{font}" font-size="{n(size)}"{slant}{dy}>{escape(run)}</tspan>'
        )
    return "".join(made)


def text_width(text: str, size: float) -> float:
    """About how wide a run of letters is, in a wide font (DejaVu Sans)."""
    return size * sum(letter_width(letter) for letter in text)


def letter_width(letter: str) -> float:
    """In parts of the size of the letters."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if unicodedata.combining(letter):
        return 0.0
    return next((wide for letters, wide in WIDTHS.items() if letter in letters), 0.63)
