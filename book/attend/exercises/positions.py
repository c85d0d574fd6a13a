"""The checkers of chapter 13."""

import math

import torch

from attend.exercises.checking import draw, exercise, run, same, tensor_of
from attend.positions import frequencies, rotate, sinusoidal


@exercise("13.1")
def position_vector(answer) -> None:
    for p, d_model, base in ((3, 4, 10000), (0, 6, 10000), (50, 8, 7)):
        wanted = sinusoidal(p + 1, d_model, base)[p]
        same(run(answer, p, d_model, base), wanted, f"for p={p}, d_model={d_model}, base={base}")


@exercise("13.2")
def wavelength(answer) -> None:
    for dimension, d_model, base in ((0, 4, 10000), (1, 4, 10000), (6, 8, 10000), (5, 64, 100)):
        wanted = 2 * math.pi / frequencies(d_model, float(base))[dimension // 2].item()
        when = f"for dimension {dimension} of {d_model} and base {base}"
        same(run(answer, dimension, d_model, base), wanted, when)


@exercise("13.3")
def steps_between(answer) -> None:
    table = sinusoidal(1000, 64)
    for p, q in ((5, 8), (8, 5), (700, 411), (250, 540), (9, 9)):
        found = run(answer, table[p], table[q])
        same(found, q - p, f"for positions {p} and {q}")


@exercise("13.4")
def for_half(answer) -> None:
    for width in (4, 8):
        x, W_Q, W_K = draw(5, 6), draw(width, 6), draw(6, width).T.contiguous()
        places = torch.arange(5)

        def scores(query_map, key_map, pairing, x=x, places=places):
            queries = rotate(x @ query_map.T, places, pairing)
            return queries @ rotate(x @ key_map.T, places, pairing).T

        when = f"for weights [{width}, 6]"
        moved = [tensor_of(run(answer, matrix), matrix, when) for matrix in (W_Q, W_K)]
        wanted = scores(W_Q, W_K, "interleaved")
        same(scores(*moved, "half"), wanted, f"for a head of {width} numbers, the score")


@exercise("13.5")
def steps(answer) -> None:
    for T, reach in ((5, 2), (3, 0), (4, 9)):
        place = torch.arange(T)
        wanted = (place - place[:, None]).clamp(-reach, reach) + reach
        same(run(answer, T, reach), wanted, f"for T={T} and a reach of {reach}")


@exercise("13.6")
def squeezed(answer) -> None:
    for length, trained in ((8, 4), (4, 4), (3, 16), (7, 5)):
        wanted = torch.arange(length) * min(1.0, trained / length)
        same(run(answer, length, trained), wanted, f"for {length} words, trained on {trained}")
