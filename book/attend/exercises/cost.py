"""The checkers of chapter 20."""

import math

import torch

from attend.exercises.checking import draw, exercise, number_of, parts, run, same, same_each


def read_part(scores, values) -> tuple:
    """The three numbers of a running softmax over scores [n] and values [n, V]."""
    top = scores.max()
    weights = (scores - top).exp()
    return top.item(), weights.sum().item(), weights @ values


@exercise("20.1")
def together(answer) -> None:
    for n, m, V, shift in ((1, 1, 2, 0.0), (3, 2, 5, 0.0), (2, 7, 3, -50.0), (4, 3, 1, 50.0)):
        scores, values = draw(n + m) * 3, draw(n + m, V)
        scores[n:] += shift
        blocks = [read_part(scores[at], values[at]) for at in (slice(n), slice(n, None))]
        top, below, above = read_part(scores, values)
        wanted = {"the largest": top, "below the line": below, "above it": above}
        which = "the first" if blocks[0][0] > blocks[1][0] else "the second"
        same_each(
            run(answer, *blocks), wanted, f"for {n} and {m} scores, the largest in {which} block"
        )


@exercise("20.2")
def longest_text(answer) -> None:
    for room, D, H in ((1000, 4, 2), (2**20, 64, 4), (2**30, 64, 4), (2**34, 512, 8)):
        numbers = room // 4
        with_maps = (math.isqrt((5 * D) ** 2 + 4 * H * numbers) - 5 * D) // (2 * H)
        wanted = {"with its maps": with_maps, "without": numbers // (5 * D)}
        same_each(run(answer, room, D, H), wanted, f"for room={room}, D={D}, H={H}")


@exercise("20.3")
def round_rows(answer) -> None:
    for R, C, bits in ((2, 3, 4), (3, 5, 3), (5, 2, 8)):
        weight = draw(R, C)
        weight[0] = -weight[0].abs() * 5  # a row whose largest number is negative
        scale = weight.abs().amax(dim=1, keepdim=True) / (2 ** (bits - 1) - 1)
        when = f"for {R} × {C} numbers in {bits} bits"
        same(run(answer, weight, bits), (weight / scale).round() * scale, when)


@exercise("20.4")
def balance_of(answer) -> None:
    for n, E in ((4, 2), (5, 3), (11, 5)):
        logits = draw(n, E)
        logits[:, E - 1] -= 9.0  # an expert that nobody is sent to
        f = logits.argmax(dim=1).bincount(minlength=E) / n
        wanted = E * (f * logits.softmax(dim=1).mean(dim=0)).sum()
        same(run(answer, logits), wanted, f"for {n} words and {E} experts")


@exercise("20.5")
def factors(answer) -> None:
    for each in ((32, 32), (40, 24, 7), (1, 2, 3, 5)):
        wanted = torch.tensor([len(each) * n / sum(each) for n in each])
        same(run(answer, each), wanted, f"for parts of {' and '.join(map(str, each))}")


@exercise("20.6")
def best_ahead(answer) -> None:
    for a, c in ((0.8, 0.05), (0.8, 0.2), (0.5, 0.4), (0.95, 0.01), (0.1, 0.5)):
        times = [(1 + k * c) / sum(a**i for i in range(k + 1)) for k in range(21)]
        when = f"for a={a}, c={c}"
        ahead, time = parts(run(answer, a, c), ["the number of guesses", "the time"], when)
        same(number_of(ahead, when), times.index(min(times)), f"{when}, the number of guesses:")
        same(time, min(times), f"{when}, the time:")
