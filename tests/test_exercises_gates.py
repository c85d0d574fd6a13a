"""The checkers of chapter 08: a right answer, the untouched stub, and mistakes readers make."""

import math

import pytest
import torch

import attend.exercises.gates  # noqa: F401  (registers its checkers)
from attend.exercises.checking import verdict


def lstm_step(sums, c):
    i, f, g, o = sums.chunk(4, dim=-1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def bias_for(steps):
    share = 0.5 ** (1 / steps)
    return math.log(share / (1 - share))


def parameters(gates, I, D, layers, both):
    ways = 1 + both
    below = [I] + [D * ways] * (layers - 1)
    return sum(ways * gates * (D * width + D * D + 2 * D) for width in below)


def road(forget):
    after = torch.cat([forget[1:], torch.ones_like(forget[:1])])
    return after.flip(0).cumprod(0).flip(0)


def reset_first(x_r, x_z, x_n, h, U_r, U_z, U_n):
    r, z = (x_r + h @ U_r.T).sigmoid(), (x_z + h @ U_z.T).sigmoid()
    return (1 - z) * (x_n + (r * h) @ U_n.T).tanh() + z * h


def reset_after(x_r, x_z, x_n, h, U_r, U_z, U_n):
    r, z = (x_r + h @ U_r.T).sigmoid(), (x_z + h @ U_z.T).sigmoid()
    return (1 - z) * (x_n + r * (h @ U_n.T)).tanh() + z * h


def lstm_backward(i, f, g, o, before, c, dh, dc):
    dc = dc + dh * o * (1 - c.tanh() ** 2)
    return (
        dc * g * i * (1 - i),
        dc * before * f * (1 - f),
        dc * i * (1 - g**2),
        dh * c.tanh() * o * (1 - o),
        dc * f,
    )


RIGHT = {
    "08.1": lstm_step,
    "08.2": bias_for,
    "08.3": parameters,
    "08.4": road,
    "08.5": reset_first,
    "08.6": lstm_backward,
}


@pytest.mark.parametrize("number", RIGHT)
def test_right_answers_are_right(number):
    assert verdict(number, RIGHT[number]) == "right"


@pytest.mark.parametrize("number", RIGHT)
def test_stubs_are_not_attempted(number):
    assert verdict(number, lambda *arguments: None) == "not attempted"
    assert verdict(number, lambda *arguments: ...) == "not attempted"


def swapped_gates(sums, c):
    f, i, g, o = sums.chunk(4, dim=-1)
    return lstm_step(torch.cat([i, f, g, o], dim=-1), c)


def without_dh(i, f, g, o, before, c, dh, dc):
    """Forgets that h also depends on c."""
    right = lstm_backward(i, f, g, o, before, c, dh, dc)
    return (dc * g * i * (1 - i), *right[1:])


WRONG = {
    "the gates in another order": ("08.1", swapped_gates, "the value"),
    "only the cell": ("08.1", lambda sums, c: lstm_step(sums, c)[1], "should return h, c"),
    "the cell first": ("08.1", lambda sums, c: lstm_step(sums, c)[::-1], "for h"),
    "c without tanh": ("08.1", lambda s, c: (s[:, -c.shape[1] :].sigmoid() * c, c), "for h"),
    "the gate itself": ("08.2", lambda steps: 0.5 ** (1 / steps), "the gate itself"),
    "one bias": (
        "08.3",
        lambda gates, I, D, layers, both: gates * D * (I + D + 1),
        "for RNN with I=2",
    ),
    "layers all read the input": (
        "08.3",
        lambda gates, I, D, layers, both: layers * (1 + both) * gates * D * (I + D + 2),
        "2 layers",
    ),
    "its own gate counted too": (
        "08.4",
        lambda forget: forget.flip(0).cumprod(0).flip(0),
        "for 1 step",
    ),
    "from the front": ("08.4", lambda forget: forget.cumprod(0), "the value"),
    "torch's order": ("08.5", reset_after, "this is torch's GRU"),
    "update turned round": (
        "08.5",
        lambda x_r, x_z, *rest: reset_first(x_r, -x_z, *rest),
        "the value",
    ),
    "through the cell only": ("08.6", without_dh, "for the sum of i"),
    "no derivative of the gates": (
        "08.6",
        lambda i, f, g, o, b, c, dh, dc: (dc * g, dc * b, dc * i, dh * c.tanh(), dc * f),
        "for the sum of i",
    ),
    "it stops": ("08.4", lambda forget: forget / None, "it stops with TypeError"),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_named(mistake):
    number, answer, told = WRONG[mistake]
    said = verdict(number, answer)
    assert said.startswith("not yet") and told in said
