"""The checkers of chapter 19."""

import torch
from torch.nn.functional import interpolate

from attend.exercises.checking import draw, exercise, run, same, same_each
from attend.vision import CBAM, patches


@exercise("19.1")
def before_the_blocks(answer) -> None:
    for H, W, C, P, D in ((4, 4, 1, 2, 3), (6, 15, 2, 3, 7), (224, 224, 3, 16, 768)):
        words = (H // P) * (W // P) + 1
        wanted = {"words": words, "numbers": (P * P * C + 1) * D + D + words * D}
        told = f"for {H} × {W} pixels, C={C}, P={P}, D={D}"
        same_each(run(answer, H, W, C, P, D), wanted, told)


@exercise("19.2")
def put_together(answer) -> None:
    for shape, P, told in (
        ((1, 4, 4), 2, "for grey pictures of 4 × 4"),
        ((1, 2, 6), 2, "for grey pictures of 2 × 6"),
        ((3, 6, 4), 2, "for pictures of 3 channels and 6 × 4 pixels"),
        ((2, 6, 9), 3, "for patches of 3 × 3"),
    ):
        images = draw(2, *shape)
        same(run(answer, patches(images, P), shape, P), images, told)


@exercise("19.3")
def turned_table(answer) -> None:
    for n, D in ((2, 3), (3, 2), (5, 7)):
        table = draw(1 + n * n, D)
        squares = table[1:].unflatten(0, (n, n))
        wanted = torch.cat([table[:1], torch.rot90(squares, 1, dims=(0, 1)).flatten(0, 1)])
        same(run(answer, table, n), wanted, f"for pictures of {n} × {n}")


@exercise("19.4")
def channel_gates(answer) -> None:
    for channels, reduction, told in ((4, 2, "for 4 channels"), (6, 3, "for 6 channels")):
        gate = CBAM(channels, reduction)
        W_1, W_2 = draw(channels // reduction, channels), draw(channels, channels // reduction)
        gate.load_state_dict({"W_1.weight": W_1, "W_2.weight": W_2}, strict=False)
        x = draw(2, channels, 3, 5)
        same(run(answer, x, W_1, W_2), gate.gates(x), told)


@exercise("19.5")
def smallest_patch(answer) -> None:
    for side, D, d_ff, budget in (
        (8, 16, 48, 10**9),
        (8, 16, 48, 12_000),
        (8, 16, 48, 60_000),
        (12, 32, 64, 400_000),
        (224, 768, 3072, 2 * 10**9),
        (15, 8, 8, 8_000),
    ):
        costs = {}
        for P in range(1, side + 1):
            if side % P == 0:
                T = (side // P) ** 2 + 1
                costs[P] = 4 * T * D**2 + 2 * T**2 * D + 2 * T * D * d_ff
        wanted = min(P for P, cost in costs.items() if cost <= budget)
        told = f"for side={side}, D={D}, d_ff={d_ff}, budget={budget}"
        same(run(answer, side, D, d_ff, budget), wanted, told)


@exercise("19.6")
def stretched(answer) -> None:
    for old, new, D in ((2, 3, 5), (4, 7, 3), (3, 2, 2)):
        table = draw(1 + old * old, D)
        squares = table[1:].T.reshape(1, D, old, old)
        larger = interpolate(squares, (new, new), mode="bilinear", align_corners=False)
        wanted = torch.cat([table[:1], larger[0].flatten(1).T])
        same(run(answer, table, old, new), wanted, f"from {old} × {old} to {new} × {new} patches")
