"""Checks of numbers, names, sizes and files. Numpy's numbers pass wherever Python's do; what passes
comes back as Python's own."""

import math
import operator
import os
from numbers import Integral, Real
from pathlib import Path

__all__ = [
    "above_0",
    "at_least_0",
    "existing_file",
    "heads",
    "image_of_squares",
    "kv_heads",
    "layer_sizes",
    "number",
    "odd",
    "one_of",
    "pair",
    "pieces",
    "probabilities",
    "probability",
    "reduced",
    "string",
    "token_numbers",
    "tokens",
    "whole_number",
    "whole_numbers",
]


def whole_number(name: str, value, least: int = 1) -> int:
    """`value`, which must be a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, got {value!r}")
    return int(value)


def whole_numbers(**sizes) -> None:
    """Each of them must be a whole number, at least 1."""
    for name, value in sizes.items():
        whole_number(name, value)


def number(name: str, value) -> float:
    """`value`, which must be a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number, got {value!r}")
    return value if isinstance(value, int | float) else float(value)


def above_0(name: str, value) -> float:
    """`value`, which must be a finite number above 0."""
    if not is_number(value) or not 0 < value < math.inf:
        raise ValueError(f"{name} must be a number above 0, got {value!r}")
    return number(name, value)


def at_least_0(name: str, value) -> float:
    """`value`, which must be a finite number, at least 0."""
    if not is_number(value) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number, at least 0, got {value!r}")
    return number(name, value)


def probability(name: str, value) -> float:
    """`value`, which must be a number from 0 up to, but not, 1: what is dropped with it leaves
    something."""
    if not is_number(value) or not 0 <= value < 1:
        raise ValueError(f"{name} must be a number, at least 0 and below 1, got {value!r}")
    return number(name, value)


def probabilities(name: str, values, n: int = 2) -> tuple:
    """`values` as a tuple, which must be n numbers from 0 up to, but not, 1."""
    if not isinstance(values, tuple | list) or len(values) != n:
        raise ValueError(f"{name} must be {n} numbers, at least 0 and below 1, got {values!r}")
    return tuple(probability(name, value) for value in values)


def pair(name: str, value, least: int = 1) -> tuple[int, int]:
    """`value` as two whole numbers, (down, right): one stands for both."""
    both = value if isinstance(value, tuple | list) else (value, value)
    try:
        first, second = both
        return whole_number(name, first, least), whole_number(name, second, least)
    except ValueError:
        raise ValueError(
            f"{name} must be a whole number or two, at least {least}, got {value!r}"
        ) from None


def pieces(width: int, pieces: int) -> int:
    """Into how many pieces a vector is cut, which must divide its width."""
    whole_numbers(width=width, pieces=pieces)
    if width % pieces:
        raise ValueError(f"pieces={pieces} must divide width={width}")
    return int(pieces)


def odd(name: str, value) -> int:
    """`value`, which must be an odd whole number: a kernel with a middle."""
    if whole_number(name, value) % 2 == 0:
        raise ValueError(f"{name} must be odd, got {value}")
    return int(value)


def reduced(channels: int, reduction: int) -> int:
    """`channels`, which `reduction` must divide."""
    whole_numbers(channels=channels, reduction=reduction)
    if channels % reduction:
        raise ValueError(f"reduction={reduction} must divide channels={channels}")
    return int(channels)


def image_of_squares(image, size) -> tuple[tuple[int, int, int], int]:
    """The shape (channels, height, width) of a picture, and the side of the squares that fill
    it."""
    if not isinstance(image, tuple | list) or len(image) != 3:
        raise ValueError(f"image must be (channels, height, width), got {image!r}")
    sides, size = tuple(whole_number("image", n) for n in image), whole_number("size", size)
    if any(side % size for side in sides[1:]):
        raise ValueError(f"size={size} must divide height and width of image={sides}")
    return sides, size


def one_of(name: str, value, names: tuple) -> str:
    """`value`, which must be one of `names`."""
    if not any(value is one or value == one for one in names):
        raise ValueError(f"{name} must be one of {', '.join(map(str, names))}, got {value!r}")
    return value


def heads(d_model: int, n_heads: int, dropout: float) -> None:
    """H heads of D/H numbers each, and the probability that a weight is dropped."""
    whole_numbers(d_model=d_model, n_heads=n_heads)
    probability("dropout", dropout)
    if d_model % n_heads:
        raise ValueError(f"n_heads={n_heads} must divide d_model={d_model}")


def kv_heads(n_heads: int, n_kv_heads) -> int:
    """How many heads have keys and values of their own, which must divide n_heads; None is all."""
    if n_kv_heads is None:
        return n_heads
    whole_number("n_kv_heads", n_kv_heads)
    if n_heads % n_kv_heads:
        raise ValueError(f"n_kv_heads={n_kv_heads} must divide n_heads={n_heads}")
    return int(n_kv_heads)


def string(name: str, value) -> str:
    """`value`, which must be a string of whole characters: half a surrogate pair is none, and has
    no UTF-8."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, got {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} must be whole characters, got half a surrogate pair, "
            f"{value[error.start]!r}, at position {error.start}"
        ) from None
    return value


def tokens(name: str, values) -> list[str]:
    """`values` as a list of tokens, not one string, whose letters would be taken for tokens."""
    if isinstance(values, str):
        raise TypeError(f"{name} must be a list of tokens, got {values[:20]!r}")
    values = list(values)
    for value in values:
        if isinstance(value, str):
            string(f"a token of {name}", value)
    return values


def token_numbers(name: str, ids, size: int) -> list[int]:
    """`ids` as a list of whole numbers, each in 0 … size − 1."""
    try:
        ids = [operator.index(number) for number in ids]
    except TypeError:
        raise TypeError(f"{name} must be whole numbers, in a list or a tensor [T]") from None
    if wrong := [number for number in ids if not 0 <= number < size]:
        raise ValueError(f"{name} must lie in 0 … {size - 1}, got {wrong[0]}")
    return ids


def existing_file(name: str, value) -> Path:
    """`value` as a path, which must be that of a file."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{name} must be the name of a file, got {type(value).__name__}")
    path = Path(value)
    if path.is_dir():
        raise IsADirectoryError(f"{name} must be a file, got the directory {path}")
    if not path.exists():
        raise FileNotFoundError(f"{name} must be a file that exists, got {path}")
    return path


def layer_sizes(sizes) -> None:
    """The widths of a network: at least two whole numbers, the first of the input and the last of
    the output."""
    for size in sizes:
        whole_number("sizes", size)
    if len(sizes) < 2:
        raise ValueError(f"sizes must be at least two, input and output, got {list(sizes)}")


def is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
