"""Where a word stands, written so that attention can read it. Taught in chapter 13."""

import math

import torch
from torch import nn

from attend import checks

__all__ = [
    "PAIRINGS",
    "Alibi",
    "Learned",
    "Rotary",
    "Sinusoidal",
    "alibi",
    "frequencies",
    "rotate",
    "sinusoidal",
    "slopes",
]

PAIRINGS = ("half", "interleaved")


def sinusoidal(n_positions, d_model, base=10000.0):
    """PE[p, 2i] = sin(p / base^(2i/D)), PE[p, 2i+1] = cos(p / base^(2i/D)): D/2 clocks, each a pair
    of numbers, from one radian a word to one in `base` words. Returns [n_positions, D].

    Computed in float64 on the CPU, then given in the default dtype on the default device. Raises
    ValueError for an odd d_model, sizes below 1 and a base that is not above 1. Source: Vaswani et
    al. 2017, section 3.5. Taught in chapter 13.
    """
    checks.whole_numbers(n_positions=n_positions)
    positions = torch.arange(n_positions, dtype=torch.double, device="cpu")
    angles = positions[:, None] * frequencies(d_model, base)  # [P, D/2]
    clocks = torch.stack([angles.sin(), angles.cos()], dim=-1)  # [P, D/2, 2]
    return clocks.flatten(1).to(torch.get_default_device(), torch.get_default_dtype())  # [P, D]


def frequencies(width, base=10000.0, name="d_model"):
    """base^(−2i/width) for i = 0 … width/2 − 1: radians a position, in float64 [width/2]."""
    width = checks.whole_number(name, width)
    if width % 2:
        raise ValueError(f"{name} must be even, as each frequency takes two numbers, got {width}")
    if checks.number("base", base) <= 1:
        raise ValueError(f"base must be a number above 1, got {base!r}")
    return float(base) ** (-torch.arange(0, width, 2, dtype=torch.double, device="cpu") / width)


def rotate(x, positions, pairing="half", base=10000.0):
    """Rotary position: each pair of numbers of x turns by position · frequency, so that the dot
    product of a query and a key depends on how far apart they stand, and not on where.
    x [..., T, K], positions [T] → [..., T, K]. pairing says which two numbers are a pair: "half" i
    and i + K/2 (GPT-NeoX, Llama in Hugging Face), "interleaved" 2i and 2i + 1 (the paper, Llama's
    own code). Weights trained with one are wrong with the other.

    The angles are computed in float64 on the CPU, then given the dtype and device of x. Raises
    ValueError for an odd K, another pairing, and positions that are not one a row. Source: Su et
    al. 2021, section 3.4.2. Taught in chapter 13.
    """
    checks.floats("x", x, min_dims=2)
    checks.one_of("pairing", pairing, ("half", "interleaved"))
    positions = checks.rows_positions(positions, x)  # [T]
    angles = positions[:, None].double() * frequencies(x.shape[-1], base, "K")  # [T, K/2]
    cos, sin = (wave.to(x.device, x.dtype) for wave in (angles.cos(), angles.sin()))
    if pairing == "half":
        first, second = x.chunk(2, dim=-1)  # [..., T, K/2] each
    else:
        first, second = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = first * cos - second * sin, first * sin + second * cos
    return torch.cat(turned, -1) if pairing == "half" else torch.stack(turned, -1).flatten(-2)


def alibi(n_heads, T, S, device=None):
    """−m_h · |i − j|, added to the scores: each head h is short-sighted in its own measure.
    Returns [H, T, S]. The last query stands where the last key stands, as it does when words are
    written one by one.

    The slopes m_h are 2^(−8h/H), h = 1 … H; for an H that is no power of 2, those of the power
    below and every other one of the power above. |i − j| serves an encoder too; the paper has only
    what lies behind. Raises ValueError for sizes below 1. Source: Press, Smith and Lewis 2022,
    section 3. Taught in chapter 13.
    """
    T, S = checks.whole_number("T", T), checks.whole_number("S", S)
    queries = torch.arange(S - T, S, device=device)[:, None]  # [T, 1]
    distance = (queries - torch.arange(S, device=device)).abs()  # [T, S]
    return -slopes(n_heads, device)[:, None, None] * distance  # [H, T, S]


def slopes(n_heads, device=None):
    """The slope of each head [H]."""
    n_heads = checks.whole_number("n_heads", n_heads)
    power = 2 ** int(math.log2(n_heads))
    of_power = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    between = [2 ** (-8 * h / (2 * power)) for h in range(1, 2 * power + 1, 2)]
    return torch.tensor((of_power + between)[:n_heads], device=device)


class Sinusoidal(nn.Module):
    """x + PE[first : first + T]: x [B, T, D] → [B, T, D].

    The table is no parameter, and grows when a longer one is needed. Taught in chapter 13.
    """

    def __init__(self, d_model, n_positions=512):
        super().__init__()
        self.register_buffer("table", sinusoidal(n_positions, d_model), persistent=False)

    def forward(self, x, first=0):
        last = first + x.shape[1]
        if last > len(self.table):
            longer = sinusoidal(2 * last, x.shape[2])
            self.table = longer.to(self.table)
        return x + self.table[first:last]  # [B, T, D]


class Learned(nn.Module):
    """x + E[first : first + T], E a table of n_positions learned vectors: x [B, T, D] → [B, T, D].

    Raises ValueError past the last of them. Source: Gehring et al. 2017. Taught in chapter 13.
    """

    def __init__(self, d_model, n_positions):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n_positions, d_model) * d_model**-0.5)

    def forward(self, x, first=0):
        last = first + x.shape[1]
        if last > len(self.table):
            raise ValueError(f"x must end before position {len(self.table)}, got {last} positions")
        return x + self.table[first:last]  # [B, T, D]


class Rotary:
    """The `position` of a `MultiHeadAttention`: rotates queries and keys, adds nothing to the
    scores. base: the slowest clock turns by nearly 1/base radian a word. Taught in chapter 13."""

    def __init__(self, base=10000.0):
        self.base = base

    def rotate(self, heads, first):
        """heads [B, H, T, K], the first of them at position `first`."""
        positions = torch.arange(first, first + heads.shape[-2], device="cpu")
        return rotate(heads, positions, "half", self.base)

    def bias(self, n_heads, T, S, device=None):
        return None


class Alibi:
    """The `position` of a `MultiHeadAttention`: rotates nothing, adds `alibi` to the scores. Taught
    in chapter 13."""

    def rotate(self, heads, first):
        return heads

    def bias(self, n_heads, T, S, device=None):
        return alibi(n_heads, T, S, device)  # [H, T, S]
