"""The checkers of chapter 18."""

import math

import torch
from torch.nn.functional import cross_entropy

from attend.exercises.checking import draw, exercise, parts, run, same


@exercise("18.1")
def bits_a_byte(answer) -> None:
    for nats, tokens, text in (
        (2.0, 4, "ten bytes."),
        (0.5, 7, "茶 and tea"),
        (math.log(2), 1, "é"),
    ):
        wanted = nats * tokens / math.log(2) / len(text.encode())
        same(run(answer, nats, tokens, text), wanted, f"for {nats:.2f} nats, {tokens}, {text!r}")


@exercise("18.2")
def masked_loss(answer) -> None:
    logits, ids = draw(2, 5, 7), torch.arange(10).view(2, 5) % 7
    asked = torch.tensor([[False, True, False, False, True], [False, False, True, False, False]])
    wanted = cross_entropy(logits[asked], ids[asked])
    same(run(answer, logits, ids, asked), wanted, "for 3 words of 10 asked for")
    everything = torch.ones_like(asked)
    wanted = cross_entropy(logits.flatten(0, 1), ids.flatten())
    same(run(answer, logits, ids, everything), wanted, "for every word asked for")
    same(run(answer, logits, ids, ~everything), 0.0, "for no word asked for")


@exercise("18.3")
def numbers_in_block(answer) -> None:
    for D, H, H_kv, F in ((12, 2, 1, 32), (64, 4, 4, 170), (35, 5, 1, 11), (4096, 32, 8, 14_336)):
        wanted = 2 * D * D + 2 * D * (D // H) * H_kv + 3 * D * F + 2 * D
        same(run(answer, D, H, H_kv, F), wanted, f"for D={D}, H={H}, H_kv={H_kv}, F={F}")


@exercise("18.4")
def packed(answer) -> None:
    for lengths in ([3], [2, 3], [1, 4, 2]):
        blocks = [torch.ones(n, n, dtype=torch.bool).tril() for n in lengths]
        same(run(answer, lengths), torch.block_diag(*blocks).bool(), f"for lengths {lengths}")


@exercise("18.5")
def power_law(answer) -> None:
    cases = (
        ([10.0, 100.0, 1000.0], [8.0, 4.0, 2.0], "three losses that halve with ten times the size"),
        ([2.0, 3.0, 5.0, 7.0], [3.0, 2.5, 2.4, 1.9], "four losses beside a line"),
    )
    for sizes, losses, told in cases:
        x, y = (torch.tensor(each, dtype=torch.double).log() for each in (sizes, losses))
        slope = (((x - x.mean()) * (y - y.mean())).sum() / (x - x.mean()).square().sum()).item()
        a, b = parts(run(answer, sizes, losses), ["a", "b"], f"for {told}:")
        same(a, math.exp(y.mean().item() - slope * x.mean().item()), f"for {told}, a:")
        same(b, -slope, f"for {told}, b:")


@exercise("18.6")
def right_of_100(answer) -> None:
    for p, n in (([0.5, 0.6, 0.7, 0.8, 0.9], 8), ([0.0, 1.0, 0.25], 2), ([0.3], 1)):
        same(run(answer, p, n), [100 * each**n for each in p], f"for p={p}, n={n}")
