"""The checkers of chapter 21."""

import numpy as np

from attend.exercises.checking import (
    NotYet,
    array_of,
    exercise,
    number_of,
    numbers,
    parts,
    run,
    same,
    same_each,
)

# The same names as in the chapter: N vectors of D numbers, the k nearest.


@exercise("21.1")
def nearest_by_each(answer) -> None:
    by_hand = np.array([[4.0, 4.0], [2.0, 0.0], [1.0, 0.5]])
    cases = [(np.array([2.0, 1.0]), by_hand)]
    cases += [(numbers(D), numbers(N, D) * lengths(N)) for N, D in ((7, 3), (11, 5), (23, 2))]
    for query, vectors in cases:
        products, squared = vectors @ query, (vectors**2).sum(axis=1)
        wanted = {
            "by the dot product": products.argmax(),
            "by the cosine": (products / np.sqrt(squared)).argmax(),
            "by the distance": squares(query[None], vectors)[0].argmin(),
        }
        same_each(run(answer, query, vectors), wanted, f"for {len(vectors)} vectors")


def lengths(N):
    """Factors [N, 1] that make vectors long and short."""
    return np.exp(np.linspace(-1.0, 1.0, N))[:, None]


@exercise("21.2")
def best_cells(answer) -> None:
    for N, probes in ((10_000, 1), (10_000, 9), (1_797, 4), (50, 30), (7, 7)):
        costs = {C: C + probes * N / C for C in range(probes, N + 1)}
        best = min(costs, key=costs.get)
        when = f"for N={N}, probes={probes}"
        cells, cost = parts(run(answer, N, probes), ["how many cells", "the distances"], when)
        same(number_of(cells, when), best, f"{when}, the cells:")
        same(number_of(cost, when), costs[best], f"{when}, the distances:")


def squares(a, b):
    """Squared distances [A, B] of rows [A, D] and [B, D]."""
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)


@exercise("21.3")
def compared_again(answer) -> None:
    for N, D, best, k in ((9, 3, 4, 2), (20, 2, 7, 3), (11, 5, 11, 4)):
        query, vectors = numbers(D), numbers(N, D)
        squared = squares(query[None], vectors)[0]
        by_code = squared + 2 * np.abs(numbers(N + 1)[:N])  # roughly the same order
        some = by_code.argsort()[:best]
        wanted = some[squared[some].argsort()[:k]]
        when = f"for the {k} nearest of the best {best} by code, of {N}"
        same(run(answer, query, vectors, by_code, best, k), wanted, when)


@exercise("21.4")
def sizes(answer) -> None:
    for N, D, pieces, links in ((1000, 64, 8, 16), (10**9, 768, 64, 32), (7, 6, 3, 2)):
        codes = N * pieces + 256 * D * 4
        wanted = {"flat": N * D * 4, "codes": codes, "graph": N * D * 4 + N * 2 * links * 4}
        when = f"for N={N}, D={D}, pieces={pieces}, links={links}"
        same_each(run(answer, N, D, pieces, links), wanted, when)


@exercise("21.5")
def lifted(answer) -> None:
    for N, D in ((5, 2), (9, 3), (20, 7)):
        query, keys = numbers(D), numbers(N, D) * 3
        when = f"for a query and {N} keys of {D} numbers"
        one, many = parts(run(answer, query, keys), ["the query", "the keys"], when)
        one, many = longer(one, (D,), when, "the query"), longer(many, (N, D), when, "the keys")
        if len(one) != many.shape[1]:
            got = f"{len(one)} numbers and {many.shape[1]}"
            raise NotYet(f"{when} the query and the keys must be equally long, got {got}")
        products, squared = keys @ query, squares(one[None], many)[0]
        same(squared.argsort(), (-products).argsort(), f"{when}, the order by distance:")


def longer(found, shape, when, name):
    """What came, an array of that shape but for more numbers in the last axis."""
    array = array_of(found, when)
    if array.ndim != len(shape) or array.shape[:-1] != shape[:-1] or array.shape[-1] <= shape[-1]:
        wanted = [*shape[:-1], f"more than {shape[-1]}"]
        told = ", ".join(map(str, wanted))
        raise NotYet(f"{when} {name} must be [{told}], got shape {list(array.shape)}")
    if not np.isfinite(array).all():
        raise NotYet(f"{when} {name} must be finite numbers, got NaN or infinity")
    return array


@exercise("21.6")
def contrast(answer) -> None:
    for N, D in ((5, 2), (9, 3), (30, 17)):
        query, vectors = numbers(D), numbers(N, D)
        far = np.sqrt(((vectors - query) ** 2).sum(axis=1))
        same(run(answer, query, vectors), far.min() / far.max(), f"for {N} vectors of {D} numbers")
