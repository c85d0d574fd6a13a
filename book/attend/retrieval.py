"""Finding the vectors nearest to a query, exactly and nearly, on numpy alone. Taught in chapter 21.

N vectors of D numbers are stored, under the ids 0, 1, 2, … in the order they came; Q queries each
want their k nearest. Distances are squared Euclidean ones, in float32, as FAISS gives them.
"""

import math
from heapq import heappop, heappush

import numpy as np

from attend import checks

__all__ = [
    "HNSW",
    "IVF",
    "PQ",
    "Flat",
    "Index",
    "k_means",
    "k_smallest",
    "nearest",
    "normalised",
    "recall",
    "search_layer",
    "select_neighbours",
    "squared_distances",
]


# -------------------------------------------------------------------------------------- distances


def squared_distances(vectors, query):
    """Σ_d (x_d − q_d)²: how far each vector is from the query, squared.
    vectors [..., D], query [D] → [...], or whatever broadcasts.

    The square keeps the order and spares a root. No check of the arguments: this is the innermost
    step of a search. Taught in chapter 21.
    """
    return ((vectors - query) ** 2).sum(axis=-1)


def k_smallest(distances, ids, k):
    """The k smallest distances and their ids, in ascending order; of equal ones the lower id comes
    first. distances [n], ids [n] → two arrays [min(k, n)].

    Taught in chapter 21.
    """
    if len(ids) > k:
        close = distances <= np.partition(distances, k - 1)[k - 1]
        distances, ids = distances[close], ids[close]
    order = np.lexsort((ids, distances))[:k]
    return distances[order], ids[order]


def normalised(vectors):
    """x / |x|: the same direction, length 1, so that a · b is the cosine and |a − b|² = 2 − 2 cos.
    vectors [..., D] → float32 [..., D].

    Raises ValueError for numbers that are not finite and for a vector of zeros, which has no
    direction. Taught in chapter 21.
    """
    vectors = checks.float_array("vectors", vectors).astype(np.float64)
    checks.has_shape("vectors", vectors, "...", "D")
    largest = np.abs(vectors).max(axis=-1, keepdims=True)  # [..., 1]
    if not np.isfinite(largest).all():
        raise ValueError(f"vectors must be finite numbers, got {largest[~np.isfinite(largest)][0]}")
    if not largest.all():
        place = np.argwhere(largest[..., 0] == 0)[0].tolist()
        raise ValueError(f"vectors must not be zero, which has no direction, got zeros at {place}")
    vectors = vectors / largest  # so that no square overflows or vanishes
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)).astype(np.float32)


def recall(found, true):
    """|found ∩ true| / |true|: which share of the true neighbours was found, all queries together.
    found [Q, n], true [Q, k], both ids → a number from 0 to 1. The order plays no part.

    Raises ValueError for other shapes, and for ids below 0 among the true ones: −1 in `found`
    stands for nothing found. Taught in chapter 21.
    """
    true = checks.array("true", true, "Q", "k")
    found = checks.array("found", found, len(true), "n")
    if true.min() < 0:
        raise ValueError(f"true must be ids, at least 0, got {true.min()}")
    return float((true[:, :, None] == found[:, None, :]).any(axis=2).mean())  # of [Q, k, n]


# ---------------------------------------------------------------------------------------- k-means


def nearest(vectors, centres):
    """argmin_c |x − c|² = argmin_c |c|² / 2 − x · c: which centre is nearest to each vector.
    vectors [N, D], centres [C, D] → [N].

    In float64, so that nothing is lost where long vectors lie close together, and a block of
    vectors at a time. No check of the arguments. Taught in chapter 21.
    """
    centres = centres.astype(np.float64)
    half = (centres**2).sum(axis=1) / 2  # [C]
    blocks = [vectors[at : at + 512] for at in range(0, len(vectors), 512)]
    return np.concatenate([(half - block @ centres.T).argmin(axis=1) for block in blocks])


def k_means(vectors, n_centres, rounds=20, seed=0):
    """Centres that are each the mean of the vectors nearest to it: begin at C of the vectors, find
    the nearest centre of each vector, move each centre to the mean of its own, and again. No round
    makes Σ |x − its centre|² larger. vectors [N, D] → [C, D], float32.

    It ends early when nothing moves; a centre that is nearest to none begins anew at one of the
    vectors. Raises ValueError for fewer vectors than centres, numbers that are not finite and sizes
    below 1. Source: Lloyd 1982. Taught in chapter 21.
    """
    vectors = checks.vectors("vectors", vectors)
    checks.whole_numbers(n_centres=n_centres, rounds=rounds)
    checks.enough_vectors(vectors, n_centres)
    rng = np.random.default_rng(checks.whole_number("seed", seed, least=0))
    centres = vectors[rng.permutation(len(vectors))[:n_centres]]  # [C, D]
    for _ in range(rounds):
        cell, before = nearest(vectors, centres), centres.copy()  # [N], [C, D]
        size = np.bincount(cell, minlength=n_centres)  # [C]
        total = [np.bincount(cell, column, n_centres) for column in vectors.T]  # D times [C]
        centres[size > 0] = np.stack(total, axis=1)[size > 0] / size[size > 0, None]
        centres[size == 0] = vectors[rng.integers(len(vectors), size=(size == 0).sum())]
        if (centres == before).all():
            break
    return centres


# ------------------------------------------------------------------------------ all, cells, codes


class Index:
    """What the four indices share: `add` stores vectors [N, D], `search` finds for each query the k
    nearest, queries [Q, D] → distances [Q, k], ascending, and ids [Q, k]. `compared` is how many
    distances the last search computed, for all its queries together; `nbytes` is what the index
    keeps, in bytes; len() is how many vectors.

    Where fewer than k are found, the rest has id −1 and distance infinity, as in FAISS. A kind of
    index says in `_place` how it stores, and in `_find` how it looks for one query. Raises
    ValueError for vectors of another width or numbers that are not finite, for a search before the
    first `add`, and for a k below 1 or above what is stored. Taught in chapter 21.
    """

    def __init__(self, width):
        self.width = checks.whole_number("width", width)
        self.vectors = np.empty((0, self.width), np.float32)  # [N, D]
        self.size = self.compared = 0

    def __len__(self):
        return self.size

    def add(self, vectors):
        vectors = checks.vectors("vectors", vectors, self.width)  # [N, D]
        self._place(vectors)
        self.size, self.compared = self.size + len(vectors), 0

    def search(self, queries, k):
        k = checks.neighbours(k, self.size)
        queries = checks.vectors("queries", queries, self.width)  # [Q, D]
        distances = np.full((len(queries), k), np.inf, np.float32)  # [Q, k]
        ids, self.compared = np.full((len(queries), k), -1), 0  # [Q, k]
        for row, query in enumerate(queries):
            near, which = self._find(query, k)
            distances[row, : len(near)], ids[row, : len(which)] = near, which
        return distances, ids


class Flat(Index):
    """The k nearest of all: every vector is compared, so that none is missed.
    `add` [N, D]; `search` [Q, D] → distances [Q, k], ids [Q, k]. Compared: Q N distances. Kept:
    4 N D bytes.

    Raises what `Index` raises. Taught in chapter 21.
    """

    def _place(self, vectors):
        self.vectors = np.concatenate([self.vectors, vectors])

    def _find(self, query, k):
        self.compared += len(self)
        return k_smallest(squared_distances(self.vectors, query), np.arange(len(self)), k)

    @property
    def nbytes(self):
        return self.vectors.nbytes


class IVF(Index):
    """An inverted file: k-means cuts the space into C cells, each with a list of the vectors in it,
    and a search reads only the lists of the few cells (`probes`) with the nearest centres.
    `add` [N, D]; `search` [Q, D] → distances [Q, k], ids [Q, k]. Compared: Q C centres, and what
    stands in the lists that are read. Kept: 4 N D bytes, 8 N of ids, 4 C D of centres.

    The first `add` learns the centres; what comes later goes to the nearest of them. Raises what
    `Index` raises, and ValueError for more probes than cells and fewer first vectors than cells.
    Source: Sivic & Zisserman 2003; Jégou, Douze & Schmid 2011. Taught in chapter 21.
    """

    def __init__(self, width, cells=64, probes=8, seed=0):
        super().__init__(width)
        checks.whole_numbers(cells=cells, probes=probes)
        if probes > cells:
            raise ValueError(f"probes must be at most cells={cells}, got {probes}")
        self.cells, self.probes = cells, probes
        self.seed = checks.whole_number("seed", seed, least=0)
        self.centres = np.empty((0, self.width), np.float32)  # [C, D]
        self.lists = [np.empty(0, np.int64)] * cells  # the ids in each cell

    def _place(self, vectors):
        if not self.size:
            self.centres = k_means(vectors, self.cells, seed=self.seed)
        cell = nearest(vectors, self.centres)  # [N]
        for c, ids in enumerate(self.lists):
            self.lists[c] = np.append(ids, self.size + np.flatnonzero(cell == c))
        self.vectors = np.concatenate([self.vectors, vectors])

    def _find(self, query, k):
        to_centres = squared_distances(self.centres, query)  # [C]
        _, probed = k_smallest(to_centres, np.arange(self.cells), self.probes)  # [probes]
        ids = np.concatenate([self.lists[c] for c in probed])  # [n]
        self.compared += self.cells + len(ids)
        return k_smallest(squared_distances(self.vectors[ids], query), ids, k)

    @property
    def nbytes(self):
        return sum(array.nbytes for array in (self.vectors, self.centres, *self.lists))


class PQ(Index):
    """Product quantization: a vector is cut into P pieces, and of each piece only the number of the
    nearest of 256 centres is kept, one byte. Of a query, a table [P, 256] has the squared distances
    of its pieces to the centres; a vector is as far as the P entries that its bytes name add up to.
    `add` [N, D]; `search` [Q, D] → distances [Q, k], to the centres in the vectors' place, and ids
    [Q, k]. Compared: Q N codes, by P look-ups each; a table costs as much as 256 distances more.
    Kept: N P bytes, 1024 D of centres.

    The first `add` learns the centres, `n_centres` for each piece. Raises what `Index` raises, and
    ValueError for pieces that do not divide the width, more than 256 centres and fewer first
    vectors than centres. Source: Jégou, Douze & Schmid 2011. Taught in chapter 21.
    """

    def __init__(self, width, pieces=8, n_centres=256, seed=0):
        super().__init__(width)
        self.pieces = checks.pieces(width, pieces)
        if checks.whole_number("n_centres", n_centres) > 256:
            raise ValueError(f"n_centres must be at most 256, as a byte is, got {n_centres}")
        self.n_centres, self.seed = n_centres, checks.whole_number("seed", seed, least=0)
        self.centres = np.empty((pieces, 0, width // pieces), np.float32)  # [P, 256, D / P]
        self.codes = np.empty((0, pieces), np.uint8)  # [N, P]

    def _place(self, vectors):
        parts = np.split(vectors, self.pieces, axis=1)  # P times [N, D / P]
        if not self.size:
            self.centres = np.stack([k_means(p, self.n_centres, seed=self.seed) for p in parts])
        codes = [nearest(part, c) for part, c in zip(parts, self.centres, strict=True)]
        self.codes = np.concatenate([self.codes, np.stack(codes, axis=1).astype(np.uint8)])

    def _find(self, query, k):
        parts = query.reshape(self.pieces, 1, -1)  # [P, 1, D / P]
        table = squared_distances(self.centres, parts)  # [P, 256]
        distances = table[np.arange(self.pieces), self.codes].sum(axis=1)  # [N, P] → [N]
        self.compared += len(self)
        return k_smallest(distances, np.arange(len(self)), k)

    @property
    def nbytes(self):
        return self.codes.nbytes + self.centres.nbytes


# ----------------------------------------------------------------------------------------- a graph


def search_layer(graph, measure, near, breadth):
    """Walk through a graph to the `breadth` nearest: look at the links of the nearest vector not
    yet looked at, keep the best that were met, and stop when the nearest left is farther than all
    of these. graph {id: ids it is linked to}; measure(ids) → their distances; near, from where to
    walk, and what is found are lists of (distance, id), the latter in ascending order.

    No check of the arguments. Source: Malkov & Yashunin 2018, algorithm 2. Taught in chapter 21.
    """
    met, ahead = {i for _, i in near}, sorted(near)  # ahead is a heap, the nearest on top
    best = sorted((-distance, i) for distance, i in near)  # a heap, the farthest on top
    while ahead and ahead[0][0] <= -best[0][0]:
        _, here = heappop(ahead)
        new = [i for i in graph[here] if i not in met]
        met.update(new)
        for distance, i in zip(measure(new), new, strict=True) if new else ():
            if len(best) < breadth or distance < -best[0][0]:
                heappush(ahead, (distance, i))
                heappush(best, (-distance, i))
            if len(best) > breadth:
                heappop(best)
    return sorted((-distance, i) for distance, i in best)


def select_neighbours(near, vectors, most):
    """Whom to link a vector to: the nearest, then the nearest that lies no closer to one chosen
    than to the vector itself, and so on, so that links lead to all sides.
    near, a list of (distance, id) in ascending order; vectors [N, D] → at most `most` ids.

    Of copies of one vector only the first is chosen. No check of the arguments. Source: Malkov &
    Yashunin 2018, algorithm 4. Taught in chapter 21.
    """
    distances, ids = np.array([d for d, _ in near]), np.array([i for _, i in near])
    chosen = []
    while len(ids) and len(chosen) < most:
        chosen.append(int(ids[0]))
        between = squared_distances(vectors[ids], vectors[ids[0]])
        kept = (between >= distances) & (between > 0)  # neither the chosen one nor a copy of it
        distances, ids = distances[kept], ids[kept]
    return chosen


class HNSW(Index):
    """A hierarchy of graphs to walk through: layer 0 links every vector to near ones; of each layer
    only one in `links` stands on the next as well, so that links are longer there. A search goes
    down from the top, on each layer to the nearest it can reach, and keeps on layer 0 the `breadth`
    best that it meets.
    `add` [N, D]; `search` [Q, D] → distances [Q, k], ids [Q, k]. Compared: those met. Kept: 4 N D
    bytes, 4 a link.

    A vector stands on the layers 0 … ⌊−ln(u) / ln(links)⌋, u uniform in (0, 1], and is linked there
    to `links` others at first, later to as many at most, on layer 0 to twice as many. More copies
    of one vector than that can hide each other. k above `breadth` is searched with k. Raises what
    `Index` raises, and ValueError for links below 2. Source: Malkov & Yashunin 2018, algorithms 1
    and 5. Taught in chapter 21.
    """

    def __init__(self, width, links=16, breadth=64, seed=0):
        super().__init__(width)
        self.links = checks.whole_number("links", links, least=2)
        self.breadth = checks.whole_number("breadth", breadth)
        self.rng = np.random.default_rng(checks.whole_number("seed", seed, least=0))
        self.layers, self.entry = (
            [],
            None,
        )  # of each layer {id: ids it is linked to}; where to begin

    def _place(self, vectors):
        self.vectors = np.concatenate([self.vectors, vectors])
        for new in range(self.size, len(self.vectors)):
            level = int(-math.log(1 - self.rng.random()) / math.log(self.links))
            measure, top = self._measure(self.vectors[new]), len(self.layers) - 1
            near = self._descend(measure, level) if new else []
            for layer in range(min(level, top), -1, -1):
                near = search_layer(self.layers[layer], measure, near, self.breadth)
                self._link(new, near, layer)
            if level > top:
                self.layers += [{new: []} for _ in range(level - top)]
                self.entry = new

    def _find(self, query, k):
        measure = self._measure(query)
        near = self._descend(measure, 0)
        best = search_layer(self.layers[0], measure, near, max(self.breadth, k))[:k]
        return [distance for distance, _ in best], [i for _, i in best]

    def _measure(self, query):
        """The function from ids to distances from the query; it counts them."""

        def measure(ids):
            self.compared += len(ids)
            return squared_distances(self.vectors.take(ids, axis=0), query).tolist()

        return measure

    def _descend(self, measure, level):
        """From the top to the layer above `level`, on each to the nearest: [(distance, id)]."""
        near = [(*measure([self.entry]), self.entry)]
        for graph in self.layers[:level:-1]:
            near = search_layer(graph, measure, near, 1)
        return near

    def _link(self, new, near, layer):
        """Link a new vector to some of those near it, and these to it."""
        graph, most = self.layers[layer], self.links if layer else 2 * self.links
        graph[new] = select_neighbours(near, self.vectors, self.links)
        for other in graph[new]:
            graph[other].append(new)
            if len(graph[other]) > most:
                distances = self._measure(self.vectors[other])(graph[other])
                around = sorted(zip(distances, graph[other], strict=True))
                graph[other] = select_neighbours(around, self.vectors, most)

    @property
    def nbytes(self):
        return self.vectors.nbytes + 4 * sum(len(ids) for g in self.layers for ids in g.values())
