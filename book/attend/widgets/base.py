"""What widgets share: script and style, checks, and how they stand where no script runs."""

import base64
import json
import operator
import re
import unicodedata
import warnings
from html import escape
from pathlib import Path

import anywidget
import numpy as np
import traitlets

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+\.js)";\n', re.MULTILINE)
DECLARATION = re.compile(r"^export (?=function|const|class|async)", re.MULTILINE)

FORBIDDEN = re.compile("[\x00-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML

JOINER = "\u200d"  # joins two emoji into one
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")  # half of one

HEAVY = 200_000  # bytes of state; a page carries every one of its widgets

# Weight 0 to the largest weight: paper to ink. The same stops stand in common.js.
SCALE = ["#ffffff", "#def5e5", "#8ad9b1", "#40b7ad", "#348fa7", "#37659e", "#413d7b", "#2e1e3b"]
FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Microsoft YaHei', "
    "'Noto Sans CJK SC', 'Noto Sans SC', sans-serif"
)


class WrongValue(traitlets.TraitError, ValueError):
    """A value that cannot be shown. As a TraitError it also rolls a held change back."""


class WrongType(traitlets.TraitError, TypeError):
    """A value of the wrong type. As a TraitError it also rolls a held change back."""


class Checked(traitlets.TraitType):
    """A trait of which every value, None too, goes through the widget's own `@validate`, which
    sees a number or a word of numpy's as Python's."""

    def validate(self, widget, value):
        return plain(value) if isinstance(value, np.generic | str) else value


class Text(traitlets.TraitType):
    """A trait that is a string."""

    def validate(self, widget, value):
        if not isinstance(value, str):
            raise WrongType(f"{self.name} must be a string, got {type(value).__name__}")
        return plain(value)


class Flag(traitlets.TraitType):
    """A trait that is True or False; numpy's count as Python's."""

    def validate(self, widget, value):
        return as_flag(self.name, value)


def bundle(script: Path) -> str:
    """The ES module `script` with its imports written in: the front end loads one module a widget.

    The files stay standard ES modules that an editor, a linter or a browser can load as they are;
    an imported file may only declare (`export function …`, `export const …`) and import nothing
    itself.
    """
    text = script.read_text(encoding="utf8")
    parts = [(script.parent / name).read_text(encoding="utf8") for name in IMPORT.findall(text)]
    return "\n".join(DECLARATION.sub("", part) for part in parts) + IMPORT.sub("", text)


def dressed(script: Path) -> str:
    """The stylesheet of the widget that `script` draws: what all share, then its own."""
    styles = [script.with_name("common.css"), script.with_suffix(".css")]
    return "\n".join(style.read_text(encoding="utf8") for style in styles)


class Widget(anywidget.AnyWidget):
    """A widget of the book: `name.py` holds its traits, `name.js` draws, `name.css` dresses it.

    A subclass says in `describe()` what it shows, in one sentence (`text/plain`), and draws itself
    in `picture()` as an SVG for the places where no script runs: GitHub's viewer, a printed page, a
    saved notebook.
    """

    def __init_subclass__(cls, **kwargs):
        name = cls.__module__.rpartition(".")[2]
        # anywidget gives each instance a subclass of its own, with `_esm` as a trait; a reader's
        # subclass, in a notebook, has no file.
        script = HERE / f"{name}.js"
        if "_esm" not in vars(cls) and script.exists():
            cls._esm, cls._css = bundle(script), dressed(script)
        super().__init_subclass__(**kwargs)

    def describe(self) -> str:
        raise NotImplementedError

    def picture(self) -> str:
        raise NotImplementedError

    def state_size(self) -> int:
        """Bytes added to a saved page: the state, script and style included, binary as base64."""
        in_text = json.dumps(self.get_state(), default=lambda data: base64.b64encode(data).decode())
        return len(in_text)

    def _warn_if_heavy(self) -> None:
        if (size := self.state_size()) > HEAVY:
            warnings.warn(
                f"{type(self).__name__} holds {size / 1000:.0f} kB, more than {HEAVY // 1000} kB; "
                "show fewer tokens, heads or layers",
                stacklevel=3,
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self.describe()}"

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": repr(self), "image/svg+xml": self.picture()}, metadata


# --- checks: one clear line that names the argument, what came and what was expected ---


def plain(value):
    """`value` in Python's own types, whose repr can be read aloud; numpy's words and numbers have
    one such as np.str_('a'), members of an enum have their class in it."""
    if isinstance(value, str):
        return str.__str__(value)
    return value.tolist() if hasattr(value, "tolist") else value


def as_array(name: str, value) -> np.ndarray:
    """`value` as a numpy array; torch tensors of any dtype, device and gradient, too."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = (value.float() if value.is_floating_point() else value).numpy()
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different length
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise WrongType(
            f"{name} must be an array of numbers, got {type(value).__name__} of dtype {array.dtype}"
        )
    return array


def as_flag(name: str, value) -> bool:
    """`value` as a bool; a 1 is not one."""
    if not isinstance(value, bool | np.bool_):
        raise WrongType(f"{name} must be True or False, got {type(value).__name__}")
    return bool(value)


def as_index(name: str, value, size: int, first: int = 0) -> int:
    """`value` as an int in first … size − 1."""
    try:
        index = operator.index(value)
    except TypeError:
        raise WrongType(f"{name} must be an int, got {type(value).__name__}") from None
    if not first <= index < size:
        raise WrongValue(f"{name}={index} is out of range: expected {first} to {size - 1}")
    return index


def as_number(name: str, value, low: float, high: float) -> float:
    """`value` as a float in [low, high]."""
    if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
        raise WrongType(f"{name} must be a number, got {type(value).__name__}")
    if not low <= float(value) <= high:  # false for NaN too
        raise WrongValue(f"{name}={float(value)} must be between {low} and {high}")
    return float(value)


def as_choice(name: str, value, choices) -> object:
    """`value`, which must be one of `choices`."""
    value = plain(value)
    if value not in choices:
        raise WrongValue(f"{name}={value!r} must be one of {', '.join(map(repr, choices))}")
    return next(choice for choice in choices if choice == value)


def as_words(name: str, value, expected: int | None = None) -> list[str]:
    """`value` as a list of strings, `expected` long where that is known."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise WrongType(f"{name} must be a list of strings, got {type(value).__name__}")
    words = [plain(word) for word in value]
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise WrongType(f"{name}[{i}] must be a string, got {type(word).__name__}")
    if not words:
        raise WrongValue(f"{name} is empty: expected at least one token")
    if expected is not None and len(words) != expected:
        raise WrongValue(
            f"{name} has {len(words)} entries: expected {expected}, one for each token"
        )
    return words


# --- chance: draws that the page draws too ---


def uniform(seed: int, n: int) -> float:
    """The n-th number in [0, 1) of the seed's sequence: mulberry32, as in common.js."""
    state = (seed * 0x9E3779B1 + (n + 1) * 0x6D2B79F5) & 0xFFFFFFFF
    mixed = ((state ^ state >> 15) * (state | 1)) & 0xFFFFFFFF
    mixed ^= (mixed + (((mixed ^ mixed >> 7) * (mixed | 61)) & 0xFFFFFFFF)) & 0xFFFFFFFF
    return (mixed ^ mixed >> 14) / 2**32


# --- drawing: the few things that SVG has no word for ---


def shade(fraction: float) -> str:
    """The colour of a weight that is `fraction` of the largest, for a light page.

    The square root lets small weights be seen: in a row of 64 words most are near 1/64.
    """
    place = min(max(fraction, 0.0), 1.0) ** 0.5 * (len(SCALE) - 1)
    lower = min(int(place), len(SCALE) - 2)
    pairs = zip(bytes.fromhex(SCALE[lower][1:]), bytes.fromhex(SCALE[lower + 1][1:]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (place - lower)):02x}" for a, b in pairs)


def characters(text: str) -> list[str]:
    """`text` in what a reader takes for one character each: a letter with its accents, an emoji
    with its skin, a flag of two letters, a family held together by joiners."""
    found = []
    for each in text:
        last = found[-1] if found else ""
        joined = last.endswith(JOINER) or (FLAG.fullmatch(each) and FLAG.fullmatch(last))
        if last and (joined or each == JOINER or is_mark(each)):
            found[-1] += each
        else:
            found.append(each)
    return found


def is_mark(character: str) -> bool:
    """Whether it changes the one before it: a combining mark, or the skin of an emoji."""
    return unicodedata.category(character)[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff"


def shorten(word: str, limit: int) -> str:
    """`word`, with an ellipsis where it is longer than `limit` characters."""
    if len(word) <= limit:
        return word
    whole = characters(word)
    return word if len(whole) <= limit else "".join(whole[: limit - 1]) + "…"


def text_width(text: str, size: float) -> float:
    """About how wide `text` is, on the generous side: Chinese and emoji are as wide as high."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return size * (wide * 1.02 + (len(text) - wide) * 0.6)


def as_text(text: str) -> str:
    """`text` for an XML file: markup in it is shown as it is, what XML forbids is replaced."""
    return escape(FORBIDDEN.sub("�", text))


def svg_text(text: str, x: float, y: float, **attributes) -> str:
    """A `<text>` with further attributes, text_anchor for text-anchor."""
    dressed = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{dressed}>{as_text(text)}</text>'


def svg(width: float, height: float, title: str, parts: list[str]) -> str:
    """A standalone SVG on a light panel, so that it reads on a dark page too."""
    size = f'width="{width:.0f}" height="{height:.0f}"'
    box = f"0 0 {width:.0f} {height:.0f}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} '
        f'viewBox="{box}" font-family="{FONT}" font-size="12" fill="#1c2430">'
        f"<title>{as_text(title)}</title>"
        f'<rect {size} rx="6" fill="#ffffff"/>{"".join(parts)}</svg>'
    )
