"""Answers to the exercises of chapter 08: other right ones, and slips."""

import math

import torch


def coupled_step(sums, c):
    i, g, o = sums.chunk(3, dim=-1)
    c = (1 - i.sigmoid()) * c + i.sigmoid() * g.tanh()
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


RIGHT = [
    ("08.1", lambda sums, c: torch.stack(coupled_step(sums, c))),  # the rows of one tensor
    ("08.2", bias_for),
    ("08.3", parameters),
    ("08.4", road),
]


def swapped_gates(sums, c):
    """Writes what it should keep."""
    i, g, o = sums.chunk(3, dim=-1)
    return coupled_step(torch.cat([-i, g, o], dim=-1), c)


def one_less_the_sum(sums, c):
    """Takes 1 − i before σ."""
    i, g, o = sums.chunk(3, dim=-1)
    c = (1 - i).sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def without_dh(i, f, g, o, before, c, dh, dc):
    """Forgets that h also depends on c."""
    right = lstm_backward(i, f, g, o, before, c, dh, dc)
    return (dc * g * i * (1 - i), *right[1:])


SLIPS = [
    ("08.1", swapped_gates, "the value"),  # the gate turned round
    ("08.1", one_less_the_sum, "the value"),  # 1 − i before σ
    ("08.1", lambda sums, c: coupled_step(sums, c)[1], "expected 2 results: h, c"),  # only the cell
    ("08.1", lambda sums, c: coupled_step(sums, c)[::-1], ", h:"),  # the cell first
    ("08.1", lambda s, c: (s[:, -c.shape[1] :].sigmoid() * c, c), ", h:"),  # c without tanh
    ("08.2", lambda steps: 0.5 ** (1 / steps), "the gate itself"),  # the gate itself
    (
        "08.3",
        lambda gates, I, D, layers, both: gates * D * (I + D + 1),
        "for RNN with I=2",
    ),  # one bias
    (
        "08.3",
        lambda gates, I, D, layers, both: layers * (1 + both) * gates * D * (I + D + 2),
        "2 layers",
    ),  # layers all read the input
    (
        "08.4",
        lambda forget: forget.flip(0).cumprod(0).flip(0),
        "for 1 step",
    ),  # its own gate counted too
    ("08.4", lambda forget: forget.cumprod(0), "the value"),  # from the front
    ("08.5", reset_after, "this is torch's GRU"),  # torch's order
    (
        "08.5",
        lambda x_r, x_z, *rest: reset_first(x_r, -x_z, *rest),
        "the value",
    ),  # update turned round
    ("08.6", without_dh, ", the sum of i:"),  # through the cell only
    (
        "08.6",
        lambda i, f, g, o, b, c, dh, dc: (dc * g, dc * b, dc * i, dh * c.tanh(), dc * f),
        ", the sum of i:",
    ),  # no derivative of the gates
    ("08.4", lambda forget: forget / None, "it stops with TypeError"),  # it stops
]
