"""The checkers of chapter 08."""

import math

import torch

from attend.exercises.checking import NotYet, draw, exercise, looks_like, run, same, same_each


def gates_of(sums):
    i, f, g, o = sums.chunk(4, dim=-1)
    return i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()


@exercise("08.1")
def coupled_step(answer) -> None:
    for units in (1, 3):
        sums, c = draw(2, 3 * units), draw(2, units)
        i, g, o = sums.chunk(3, dim=-1)
        after = (1 - i.sigmoid()) * c + i.sigmoid() * g.tanh()
        wanted = {"h": o.sigmoid() * after.tanh(), "c": after}
        same_each(run(answer, sums, c), wanted, f"for 2 sequences and {units} units")


@exercise("08.2")
def bias_for(answer) -> None:
    for steps in (1, 10, 100):
        share = 0.5 ** (1 / steps)
        wanted = math.log(share / (1 - share))
        found = run(answer, steps)
        when = f"for {steps} steps"
        if looks_like(found, share):
            raise NotYet(f"{when} that is the gate itself, {share:.4g}: which sum has it as its σ?")
        same(found, wanted, when)


@exercise("08.3")
def parameters(answer) -> None:
    kinds = {"RNN": torch.nn.RNN, "LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU}
    gates = {"RNN": 1, "LSTM": 4, "GRU": 3}
    for kind, I, D, layers, both in (
        ("RNN", 2, 3, 1, False),
        ("LSTM", 5, 7, 1, False),
        ("LSTM", 5, 7, 2, False),
        ("GRU", 3, 2, 1, True),
        ("GRU", 3, 2, 3, True),
    ):
        model = kinds[kind](I, D, layers, bidirectional=both)
        wanted = sum(weight.numel() for weight in model.parameters())
        ways = "two directions" if both else "one direction"
        when = f"for {kind} with I={I}, D={D}, {layers} layer{'s' * (layers > 1)}, {ways},"
        same(run(answer, gates[kind], I, D, layers, both), wanted, when)


@exercise("08.4")
def road(answer) -> None:
    for steps in (1, 5):
        forget = draw(steps, 3).sigmoid()
        wanted = torch.stack([forget[t + 1 :].prod(dim=0) for t in range(steps)])
        same(run(answer, forget), wanted, f"for {steps} step{'s' * (steps > 1)} of 3 units")


@exercise("08.5")
def reset_first(answer) -> None:
    x_r, x_z, x_n, h = (draw(2, 3) + k for k in (0.0, 0.3, -0.2, 0.5))
    U_r, U_z, U_n = (draw(3, 3) * scale for scale in (1.0, -0.5, 0.7))
    r, z = (x_r + h @ U_r.T).sigmoid(), (x_z + h @ U_z.T).sigmoid()
    wanted, ours = (
        (1 - z) * (x_n + past).tanh() + z * h for past in ((r * h) @ U_n.T, r * (h @ U_n.T))
    )
    found = run(answer, x_r, x_z, x_n, h, U_r, U_z, U_n)
    when = "for 2 sequences of 3 units"
    if looks_like(found, ours):
        raise NotYet(f"{when} this is torch's GRU: r multiplies after the matrix, not before it")
    same(found, wanted, when)


@exercise("08.6")
def lstm_backward(answer) -> None:
    sums, before = draw(2, 12).requires_grad_(), draw(2, 3).requires_grad_()
    dh, dc = draw(2, 3) + 0.5, draw(2, 3) - 0.5
    i, f, g, o = gates_of(sums)
    c = f * before + i * g
    d_sums, d_before = torch.autograd.grad([o * c.tanh(), c], [sums, before], [dh, dc])
    names = ("the sum of i", "the sum of f", "the sum of g", "the sum of o")
    wanted = {**dict(zip(names, d_sums.chunk(4, dim=-1), strict=True)), "c before": d_before}
    given = [each.detach() for each in (i, f, g, o, before, c)]
    same_each(run(answer, *given, dh, dc), wanted, "for 2 sequences of 3 units")
