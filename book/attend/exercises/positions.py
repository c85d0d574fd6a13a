"""The checkers of chapter 13."""

import math

import numpy as np
import torch

from attend.exercises.checking import NotYet, array_of, described, draw, exercise, run, same
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
def which_pairing(answer) -> None:
    K, T = 6, 7
    query, key = draw(K), draw(K).flip(0)
    turned = {
        pairing: [rotate(x.expand(T, K), torch.arange(T), pairing) for x in (query, key)]
        for pairing in ("half", "interleaved")
    }
    cases = {pairing: q @ k.T for pairing, (q, k) in turned.items()}
    plain = (query @ key).expand(T, T)
    cases["neither"] = plain - (torch.arange(T)[:, None] - torch.arange(T)).abs()
    for wanted, scores in cases.items():
        when = (
            "for the scores of ALiBi" if wanted == "neither" else f"for scores made with {wanted}"
        )
        found = run(answer, query.clone(), key.clone(), scores.clone())
        if not isinstance(found, str) or found not in cases:
            raise NotYet(
                f'{when} it returns {described(found)}, expected "half", "interleaved" or "neither"'
            )
        if found != wanted:
            raise NotYet(f'{when} it returns "{found}"')


@exercise("13.5")
def ranges(answer) -> None:
    distances = torch.tensor([0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 40, 64, 100, 127, 128, 500])
    for n, furthest in ((16, 130), (8, 100), (32, 130)):
        half = n // 2
        wanted = []
        for d in distances.tolist():
            far = half + math.floor(
                half * math.log(max(d, half) / half) / math.log(furthest / half)
            )
            wanted.append(d if d < half else min(far, n - 1))
        when = f"for {n} numbers, the furthest {furthest},"
        found = array_of(run(answer, distances.clone(), n, furthest), when)
        if found.shape == (len(wanted),) and np.isfinite(found).all() and found.max() >= n:
            raise NotYet(f"{when} it gives {found.max():g}: the last number is {n - 1}")
        same(found, torch.tensor(wanted), when)


@exercise("13.6")
def squeezed(answer) -> None:
    for length, trained in ((8, 4), (4, 4), (3, 16), (7, 5)):
        wanted = torch.arange(length) * min(1.0, trained / length)
        same(run(answer, length, trained), wanted, f"for {length} words, trained on {trained}")
