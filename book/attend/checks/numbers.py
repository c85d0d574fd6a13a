"""Checks of numbers, names and sizes. Numpy's numbers pass wherever Python's do; what passes comes
back as Python's own."""

import math
from numbers import Integral, Real

__all__ = [
    "above_0",
    "at_least_0",
    "heads",
    "number",
    "one_of",
    "probability",
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


def is_number(value) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
