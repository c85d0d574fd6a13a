"""Answers to the exercises of chapter 21: other right ones, and slips."""

import numpy as np


def squares(a, b):
    return ((a[:, None] - b[None]) ** 2).sum(axis=2)


def in_cells(query, vectors, centres, cell_of, probes, k, centroids=True, inside_only=True):
    near = squares(query[None], centres)[0].argsort()[:probes]
    inside = np.flatnonzero(np.isin(cell_of, near))
    order = inside[squares(query[None], vectors[inside])[0].argsort()[:k]]
    places = order if inside_only else np.searchsorted(inside, order)
    return places, len(inside) + centroids * len(centres)


def by_codes(query, codes, books, own=True):
    pieces, _, width = books.shape
    cut = query.reshape(pieces, 1, width) if own else np.tile(query[:width], (pieces, 1))[:, None]
    tables = ((books - cut) ** 2).sum(axis=2)
    return sum(tables[m, codes[:, m]] for m in range(pieces))


def bytes_of(N, D, pieces, links, book=256, both=2):
    return N * D * 4, N * pieces + book * D * 4, N * D * 4 + N * both * links * 4


def lifted(query, keys, sign=-1):
    size = (keys**2).sum(axis=1)
    extra = np.sqrt(size.max() + sign * size)
    return np.append(query, 0.0), np.column_stack([keys, extra])


# A right answer, told in another way: exercise, answer.
RIGHT = [
    ("21.1", lambda q, v, k: sorted(range(len(v)), key=lambda i: ((v[i] - q) ** 2).sum())[:k]),
    ("21.2", in_cells),
    ("21.3", by_codes),
    ("21.4", bytes_of),
    ("21.5", lifted),
    ("21.6", lambda q, v: (lambda d: d.min() / d.max())(np.linalg.norm(v - q, axis=1))),
]
# A slip, and words of what the reader is told of it: exercise, answer, pattern.
SLIPS = [
    ("21.1", lambda q, v, k: (v @ q).argsort()[::-1][:k], "the 1 nearest of 5"),
    ("21.1", lambda q, v, k: ((v - q) ** 2).sum(axis=1).argsort()[::-1][:k], "nearest of 5"),
    ("21.2", lambda *of: in_cells(*of, centroids=False), "the distances"),
    ("21.2", lambda *of: in_cells(*of, inside_only=False), "the numbers"),
    ("21.3", lambda *of: by_codes(*of, own=False), "for 4 vectors of 2 codes"),
    ("21.3", lambda q, c, b: np.sqrt(by_codes(q, c, b)), "for 4 vectors"),
    ("21.4", lambda *of: bytes_of(*of, book=0), "codes"),
    ("21.4", lambda *of: bytes_of(*of, both=1), "graph"),
    ("21.5", lambda q, keys: (q, keys), r"must be \[more than 2\], got shape \[2\]"),
    ("21.5", lambda q, keys: lifted(q, keys, sign=1), "the order by distance"),
    ("21.6", lambda q, v: (lambda d: d.min() / d.max())(((v - q) ** 2).sum(axis=1)), "for 5"),
    ("21.6", lambda q, v: (lambda d: d.max() / d.min())(np.linalg.norm(v - q, axis=1)), "for 5"),
]
