"""Where a word stands, written so that attention can read it. Taught in chapter 13."""

import math

import torch
from torch import nn

from attend import checks

PAIRINGS = ("half", "interleaved")


def sinusoidal(n_positions, d_model, base=10000.0):
    """PE[p, 2i] = sin(p / base^(2i/D)), PE[p, 2i+1] = cos(p / base^(2i/D)): D/2 clocks, each a pair
    of numbers, from one radian a word to one in `base` words.

    Returns [n_positions, D] in the default dtype. Raises ValueError for an odd d_model, sizes below
    1 and a base that is not above 1. Source: Vaswani et al. 2017, section 3.5. Taught in chapter
    13.
    """
    checks.whole_numbers(n_positions=n_positions)
    angles = torch.arange(n_positions)[:, None].double() * frequencies(d_model, base)  # [P, D/2]
    clocks = torch.stack([angles.sin(), angles.cos()], dim=-1)  # [P, D/2, 2]
    return clocks.flatten(1).to(torch.get_default_dtype())  # [P, D]


def frequencies(width, base=10000.0, name="d_model"):
    """base^(−2i/width) for i = 0 … width/2 − 1: radians a position, in float64 [width/2]."""
    checks.whole_numbers(**{name: width})
    if width % 2:
        raise ValueError(f"{name}={width} must be even: each frequency takes two numbers")
    if not 1 < base < math.inf:
        raise ValueError(f"base={base!r} must be a number above 1")
    return base ** (-torch.arange(0, width, 2, dtype=torch.double) / width)


def rotate(x, positions, pairing="half", base=10000.0):
    """Rotary position: each pair of numbers of x turns by position · frequency, so that the dot
    product of a query and a key depends on how far apart they stand, and not on where.

    x [..., T, K], positions [T] → [..., T, K]. pairing says which two numbers are a pair: "half" i
    and i + K/2 (GPT-NeoX, Llama in Hugging Face), "interleaved" 2i and 2i + 1 (the paper, Llama's
    own code). Weights trained with one are wrong with the other. Raises ValueError for an odd K, a
    pairing that is not there, and positions that are not one a row. Source: Su et al. 2021, section
    3.4.2. Taught in chapter 13.
    """
    cos, sin = turns(x, positions, pairing, base)  # [T, K/2] each
    if pairing == "half":
        first, second = x.chunk(2, dim=-1)  # [..., T, K/2] each
    else:
        first, second = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = first * cos - second * sin, first * sin + second * cos
    return torch.cat(turned, -1) if pairing == "half" else torch.stack(turned, -1).flatten(-2)


def turns(x, positions, pairing, base):
    """The cosines and sines of `rotate`, as exact as float64 and then in the dtype of x."""
    checks.floats("x", x, min_dims=2)
    if pairing not in PAIRINGS:
        raise ValueError(f"pairing={pairing!r} must be one of {', '.join(PAIRINGS)}")
    positions = torch.as_tensor(positions, device=x.device)
    if positions.shape != x.shape[-2:-1]:
        got = list(positions.shape)
        raise ValueError(f"positions must be one a row of x, {x.shape[-2]}, got shape {got}")
    turning = frequencies(x.shape[-1], base, "K").to(x.device)
    angles = positions[:, None].double() * turning  # [T, K/2]
    return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


def alibi(n_heads, T, S, device=None):
    """−m_h · |i − j|, added to the scores: each head h is short-sighted in its own measure.

    Returns [H, T, S]. The last query stands where the last key stands, as it does when words are
    written one by one. The slopes m_h are 2^(−8h/H), h = 1 … H; for an H that is no power of 2,
    those of the power below and every other one of the power above. |i − j| serves an encoder too;
    the paper has only what lies behind. Raises ValueError for sizes below 1. Source: Press, Smith
    and Lewis 2022, section 3. Taught in chapter 13.
    """
    checks.whole_numbers(n_heads=n_heads, T=T, S=S)
    queries = torch.arange(S - T, S, device=device)[:, None]  # [T, 1]
    distance = (queries - torch.arange(S, device=device)).abs()  # [T, S]
    return -slopes(n_heads).to(device)[:, None, None] * distance  # [H, T, S]


def slopes(n_heads):
    """The slope of each head [H]."""
    power = 2 ** int(math.log2(n_heads))
    those = [2 ** (-8 * h / power) for h in range(1, power + 1)]
    between = [2 ** (-8 * h / (2 * power)) for h in range(1, 2 * power + 1, 2)]
    return torch.tensor((those + between)[:n_heads])


class Sinusoidal(nn.Module):
    """x + PE[first : first + T]: x [B, T, D] → [B, T, D]. The table is no parameter, and grows as
    far as it is asked. Taught in chapter 13."""

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
    Raises ValueError past the last of them. Source: Gehring et al. 2017. Taught in chapter 13."""

    def __init__(self, d_model, n_positions):
        super().__init__()
        self.table = nn.Parameter(torch.randn(n_positions, d_model) * d_model**-0.5)

    def forward(self, x, first=0):
        last = first + x.shape[1]
        if last > len(self.table):
            raise ValueError(f"x must end before position {len(self.table)}, got {last} positions")
        return x + self.table[first:last]  # [B, T, D]


class Rotary:
    """For `MultiHeadAttention`: turns queries and keys, adds nothing to the scores. Taught in
    chapter 13."""

    def turn(self, heads, first):
        """heads [B, H, T, K], the first of them at position `first`."""
        there = torch.arange(first, first + heads.shape[-2], device=heads.device)
        return rotate(heads, there, pairing="half")

    def bias(self, n_heads, T, S, device=None):
        return None


class Alibi:
    """For `MultiHeadAttention`: turns nothing, adds `alibi` to the scores. Taught in chapter 13."""

    def turn(self, heads, first):
        return heads

    def bias(self, n_heads, T, S, device=None):
        return alibi(n_heads, T, S, device)  # [H, T, S]
