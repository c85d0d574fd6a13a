"""Answers to the exercises of chapter 21: other right ones, and slips."""

import numpy as np


def by_each(query, vectors, order=(0, 1, 2), cosine=True):
    """The nearest by dot product, cosine and distance, by way of lengths."""
    size = np.linalg.norm(vectors, axis=1)
    found = [
        (vectors @ query).argmax(),
        (vectors @ query / (size if cosine else 1)).argmax(),
        np.linalg.norm(vectors - query, axis=1).argmin(),
    ]
    return [found[i] for i in order]


def cells_for(N, probes, least=True, times=True):
    tried = range(probes if least else 1, N + 1)
    costs = [C + (probes if times else 1) * N / C for C in tried]
    return tried[int(np.argmin(costs))], min(costs)


def again(query, vectors, by_code, best, k, first=True, places=False):
    order = np.argsort(by_code)
    some = order[:best] if first else order[-best:]
    near = np.argsort([np.sum((vectors[i] - query) ** 2) for i in some])[:k]
    return near if places else [some[i] for i in near]


def bytes_of(N, D, pieces, links, book=256, both=2):
    return N * D * 4, N * pieces + book * D * 4, N * D * 4 + N * both * links * 4


def lifted(query, keys, sign=-1):
    size = (keys**2).sum(axis=1)
    extra = np.sqrt(size.max() + sign * size)
    return np.append(query, 0.0), np.column_stack([keys, extra])


# A right answer, told in another way: exercise, answer.
RIGHT = [
    ("21.1", by_each),
    ("21.2", cells_for),
    ("21.3", again),
    ("21.4", bytes_of),
    ("21.5", lifted),
    ("21.6", lambda q, v: (lambda d: d.min() / d.max())(np.linalg.norm(v - q, axis=1))),
]
# A slip, and words of what the reader is told of it: exercise, answer, pattern.
SLIPS = [
    ("21.1", lambda *of: by_each(*of, order=(0, 2, 1)), "for 3 vectors, by the cosine"),
    ("21.1", lambda *of: by_each(*of, cosine=False), "for 3 vectors, by the cosine"),
    ("21.2", lambda *of: cells_for(*of, times=False), "for N=10000, probes=9, the cells"),
    ("21.2", lambda *of: cells_for(*of)[::-1], "for N=10000, probes=1, the cells"),
    ("21.3", lambda *of: again(*of, first=False), "the 2 nearest of the best 4 by code"),
    ("21.3", lambda *of: again(*of, places=True), "the 2 nearest of the best 4 by code"),
    ("21.4", lambda *of: bytes_of(*of, book=0), "codes"),
    ("21.4", lambda *of: bytes_of(*of, both=1), "graph"),
    ("21.5", lambda q, keys: (q, keys), r"must be \[more than 2\], got shape \[2\]"),
    ("21.5", lambda q, keys: lifted(q, keys, sign=1), "the order by distance"),
    ("21.6", lambda q, v: (lambda d: d.min() / d.max())(((v - q) ** 2).sum(axis=1)), "for 5"),
    ("21.6", lambda q, v: (lambda d: d.max() / d.min())(np.linalg.norm(v - q, axis=1)), "for 5"),
]
