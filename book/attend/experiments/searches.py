"""How much of what is near do three indices find, and how much do they compare? Chapter 21.

Stored are 10,000 vectors of 32 numbers, "clustered" around 100 centres or "noise" without any; the
means of the words' vectors (skip-gram, chapter 06) of 10,000 "sentences" of the phrasebook; or the
64 pixels of 1,597 "digits". 200 queries of the same kind, which are not stored, ask for the ten
nearest. Rows: an index with a setting, its recall, the share of the stored vectors whose distance
it computed (centres included), and the bytes that it keeps. "codes" compares no vector but the
codes of all, and "codes, again" besides the 100 that are best by code.
"""

import numpy as np
from sklearn.datasets import load_digits

from attend.embeddings import train_word_vectors
from attend.phrasebook import pairs
from attend.retrieval import HNSW, IVF, PQ, Flat, k_smallest, recall, squared_distances

__all__ = ["KINDS", "indices", "measure", "runs"]

KINDS = ("clustered", "noise", "sentences", "digits")
STORED, ASKED, WIDTH, NEAREST, AGAIN = 10_000, 200, 32, 10, 100
PROBES, BREADTHS, PIECES = (1, 2, 4, 8, 16, 32), (10, 20, 40, 80, 160, 320), (4, 8, 16)


def runs() -> list[dict]:
    """Each kind of vectors from three seeds."""
    return [{"data": kind, "seed": seed} for seed in range(3) for kind in KINDS]


def vectors_of(data: str, seed: int):
    """What is stored [N, D], and the queries [Q, D]."""
    rng = np.random.default_rng(seed)
    if data == "digits":
        found = rng.permutation(load_digits().data)
    elif data == "sentences":
        learn, held_out = ([pair.target for pair in pairs(split)] for split in ("train", "valid"))
        words = train_word_vectors(learn, seed=seed)
        different = list(dict.fromkeys(map(tuple, learn)))[:STORED] + held_out[:ASKED]
        found = [
            np.mean([words[word] for word in one if word in words], axis=0) for one in different
        ]
    else:
        centres = rng.normal(size=(100, WIDTH)) * (data == "clustered")
        spread = 0.3 if data == "clustered" else 1.0
        n = STORED + ASKED
        found = centres[rng.integers(100, size=n)] + spread * rng.normal(size=(n, WIDTH))
    found = np.asarray(found, dtype=np.float32)
    return found[:-ASKED], found[-ASKED:]


def indices(width: int, cells: int, seed: int):
    """The three with each of their settings: name, setting, index, and what changes it."""
    ivf = IVF(width, cells, seed=seed)
    yield from (("cells", probes, ivf, "probes") for probes in PROBES)
    graph = HNSW(width, seed=seed)
    yield from (("graph", breadth, graph, "breadth") for breadth in BREADTHS)
    yield from (("codes", pieces, PQ(width, pieces, seed=seed), None) for pieces in PIECES)


def measure(data: str, seed: int) -> list[dict]:
    """Each index with each setting, judged by comparing all."""
    stored, queries = vectors_of(data, seed)
    flat, rows = Flat(stored.shape[1]), []
    flat.add(stored)
    _, true = flat.search(queries, NEAREST)

    def row(name, setting, ids, compared, kept):
        share = compared / (len(queries) * len(stored))
        about = {"index": name, "setting": setting, "recall": recall(ids, true)}
        rows.append(about | {"compared": share, "bytes": kept, "flat_bytes": flat.nbytes})

    for name, setting, index, changed in indices(stored.shape[1], round(len(stored) ** 0.5), seed):
        if not len(index):
            index.add(stored)
        if changed:
            setattr(index, changed, setting)
        _, ids = index.search(queries, AGAIN if name == "codes" else NEAREST)
        row(name, setting, ids[:, :NEAREST], 0 if name == "codes" else index.compared, index.nbytes)
        if name == "codes":
            best = [
                k_smallest(squared_distances(stored[some], query), some, NEAREST)[1]
                for query, some in zip(queries, ids, strict=True)
            ]
            compared, kept = AGAIN * len(queries), index.nbytes + flat.nbytes
            row("codes, again", setting, np.array(best), compared, kept)
    return rows
