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
def nearest(answer) -> None:
    for N, D, k in ((5, 2, 1), (7, 3, 4), (11, 5, 11)):
        query, vectors = numbers(D), numbers(N, D)
        vectors[N // 2] = vectors[N - 1]  # a tie: the smaller number comes first
        squared = ((vectors - query) ** 2).sum(axis=1)
        wanted = squared.argsort(kind="stable")[:k]
        when = f"for the {k} nearest of {N} vectors, of which two are alike"
        same(run(answer, query, vectors, k), wanted, when)


@exercise("21.2")
def search_cells(answer) -> None:
    for N, cells, probes, k in ((9, 3, 1, 2), (20, 4, 2, 3), (12, 4, 4, 5)):
        query, vectors, centres = numbers(2), numbers(N, 2), numbers(cells, 2)
        cell_of = squares(vectors, centres).argmin(axis=1)
        near = squares(query[None], centres)[0].argsort()[:probes]
        inside = np.flatnonzero(np.isin(cell_of, near))
        squared = squares(query[None], vectors[inside])[0]
        wanted = inside[squared.argsort()[:k]]
        when = f"for {N} vectors in {cells} cells, {probes} of them looked into, k={k}"
        found, compared = parts(
            run(answer, query, vectors, centres, cell_of, probes, k),
            ["the numbers of the nearest", "how many distances"],
            when,
        )
        same(found, wanted, f"{when}, the numbers:")
        same(number_of(compared, when), cells + len(inside), f"{when}, the distances:")


def squares(a, b):
    """Squared distances [A, B] of rows [A, D] and [B, D]."""
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)


@exercise("21.3")
def distances_by_codes(answer) -> None:
    for N, pieces, width in ((4, 2, 1), (7, 3, 2), (5, 2, 3)):
        books = numbers(pieces, 8, width)
        query = numbers(pieces * width)
        codes = numbers(N, pieces).argsort(axis=0) % 8
        cut = query.reshape(pieces, 1, width)
        tables = ((books - cut) ** 2).sum(axis=2)
        wanted = tables[np.arange(pieces), codes].sum(axis=1)
        when = f"for {N} vectors of {pieces} codes, each for {width} numbers"
        same(run(answer, query, codes, books), wanted, when)


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
