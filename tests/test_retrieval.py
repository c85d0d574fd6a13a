"""attend.retrieval against brute force, against FAISS, and against bad input."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import attend
from attend.retrieval import (
    HNSW,
    IVF,
    PQ,
    Flat,
    Index,
    k_means,
    k_smallest,
    nearest,
    normalised,
    recall,
    search_layer,
    select_neighbours,
    squared_distances,
)
from conftest import assert_one_line

faiss.omp_set_num_threads(1)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def clustered(n, width, clusters=20, spread=0.3, seed=0):
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(clusters, width))
    around = spread * rng.normal(size=(n, width))
    return (middles[rng.integers(clusters, size=n)] + around).astype(np.float32)


def brute_force(vectors, queries, k):
    """All distances in float64, sorted."""
    distances = ((queries[:, None].astype(float) - vectors) ** 2).sum(axis=2)  # [Q, N]
    ids = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(distances, ids, axis=1), ids


def filled(index, vectors):
    index.add(vectors)
    return index


def same(ours, theirs):
    """Equal ids, and distances but for rounding."""
    assert ours[0].dtype == np.float32 and ours[1].dtype == np.int64
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(ours[1], theirs[1])


KINDS = {
    "Flat": lambda width: Flat(width),
    "IVF": lambda width: IVF(width, cells=7, probes=3),
    "PQ": lambda width: PQ(width, pieces=5, n_centres=11),
    "HNSW": lambda width: HNSW(width, links=8, breadth=31),
}
EXACT = ("Flat", "IVF", "HNSW")  # the distances that these tell are those of the vectors
kinds = pytest.mark.parametrize("kind", KINDS)


# ------------------------------------------------------------------------------------- the same


def test_flat_is_brute_force_and_faiss():
    vectors, queries = noise(53, 5), noise(11, 5, seed=1)
    theirs = faiss.IndexFlatL2(5)
    theirs.add(vectors)
    index = filled(Flat(5), vectors)
    for k in (1, 7, 53):
        found = index.search(queries, k)
        assert found[0].shape == found[1].shape == (11, k)
        same(found, brute_force(vectors, queries, k))
        same(found, theirs.search(queries, k))
    assert index.compared == 11 * 53
    assert index.nbytes == 4 * 53 * 5 and len(index) == 53


def judged(index, vectors):
    """FAISS's inverted file with the centres of ours."""
    quantizer = faiss.IndexFlatL2(index.width)
    quantizer.add(index.centres)
    theirs = faiss.IndexIVFFlat(quantizer, index.width, index.cells)
    theirs.is_trained = True
    theirs.add(vectors)
    return theirs


def test_ivf_is_faiss_with_the_same_centres():
    vectors, queries = noise(311, 5), noise(11, 5, seed=1)
    index = filled(IVF(5, cells=13, probes=3), vectors)
    theirs = judged(index, vectors)
    for probes in (1, 3, 13):
        index.probes = theirs.nprobe = probes
        faiss.cvar.indexIVF_stats.reset()
        same(index.search(queries, 7), theirs.search(queries, 7))
        assert index.compared == 11 * 13 + faiss.cvar.indexIVF_stats.ndis
    same(index.search(queries, 7), brute_force(vectors, queries, 7))  # all cells were read
    assert index.nbytes == 4 * 311 * 5 + 8 * 311 + 4 * 13 * 5


def test_ivf_keeps_its_cells_when_more_comes():
    first, later = noise(101, 5), noise(53, 5, seed=1)
    index = filled(IVF(5, cells=7, probes=2), first)
    centres = index.centres.copy()
    np.testing.assert_array_equal(centres, k_means(first, 7))
    index.add(later)
    np.testing.assert_array_equal(index.centres, centres)
    queries, both = noise(11, 5, seed=2), np.concatenate([first, later])
    theirs = judged(index, both)
    theirs.nprobe = 2
    same(index.search(queries, 5), theirs.search(queries, 5))
    assert sorted(np.concatenate(index.lists)) == list(range(154))


def test_pq_is_faiss_with_the_same_centres():
    vectors, queries = noise(601, 15), noise(11, 15, seed=1)
    index = filled(PQ(15, pieces=5), vectors)
    theirs = faiss.IndexPQ(15, 5, 8)
    faiss.copy_array_to_vector(index.centres.ravel(), theirs.pq.centroids)
    theirs.is_trained = True
    theirs.add(vectors)
    codes = faiss.vector_to_array(theirs.codes).reshape(601, 5)
    np.testing.assert_array_equal(index.codes, codes)
    found = index.search(queries, 7)
    assert (np.diff(found[0]) > 1e-5).all()  # no ties, which rounding would break at will
    same(found, theirs.search(queries, 7))
    rebuilt = index.centres[np.arange(5), index.codes].reshape(601, 15)
    same(found, brute_force(rebuilt, queries, 7))
    assert index.compared == 11 * 601
    assert index.nbytes == 5 * 601 + 4 * 256 * 15


def test_pq_of_as_many_centres_as_vectors_loses_nothing():
    vectors, queries = noise(31, 6), noise(7, 6, seed=1)
    index = filled(PQ(6, pieces=3, n_centres=31), vectors)
    same(index.search(queries, 31), brute_force(vectors, queries, 31))


def test_pq_keeps_its_centres_when_more_comes():
    index = filled(PQ(6, pieces=2, n_centres=5), noise(31, 6))
    before = index.centres.copy()
    index.add(noise(7, 6, seed=1))
    np.testing.assert_array_equal(index.centres, before)
    for piece, part in enumerate(np.split(noise(7, 6, seed=1), 2, axis=1)):
        apart = ((part[:, None] - before[piece]) ** 2).sum(axis=2)
        np.testing.assert_array_equal(index.codes[31:, piece], apart.argmin(axis=1))


@pytest.mark.parametrize("data", [clustered, noise])
def test_hnsw_finds_as_much_as_faiss_by_as_many_comparisons(data):
    vectors, queries = np.split(data(1700, 16), [1500])
    index = filled(HNSW(16, links=8, breadth=20), vectors)
    theirs = faiss.IndexHNSWFlat(16, 8)
    theirs.hnsw.efConstruction = theirs.hnsw.efSearch = 20
    theirs.add(vectors)
    faiss.cvar.hnsw_stats.reset()
    _, true = brute_force(vectors, queries, 10)
    ours, reference = (recall(each.search(queries, 10)[1], true) for each in (index, theirs))
    assert abs(ours - reference) < 0.03
    assert index.compared == pytest.approx(faiss.cvar.hnsw_stats.ndis, rel=0.1)


def test_hnsw_finds_nearly_all_by_comparing_few():
    vectors, queries = np.split(clustered(2100, 32), [2000])
    index = filled(HNSW(32), vectors)
    _, found = index.search(queries, 10)
    assert recall(found, brute_force(vectors, queries, 10)[1]) >= 0.99
    assert index.compared <= 0.1 * len(queries) * len(vectors)
    wide, index.breadth = index.compared, 10  # less is met, and less is found
    assert recall(index.search(queries, 10)[1], found) < 1
    assert index.compared < 0.8 * wide


def test_ivf_finds_much_where_vectors_cluster_and_little_where_not():
    for data, least, most in ((clustered, 0.8, 1), (noise, 0, 0.5)):
        vectors, queries = np.split(data(3100, 32), [3000])
        index = filled(IVF(32, cells=20, probes=1), vectors)
        _, true = brute_force(vectors, queries, 10)
        shares = []
        for index.probes in (1, 2, 5, 20):
            shares.append(recall(index.search(queries, 10)[1], true))
        assert least <= shares[0] <= most
        assert shares == sorted(shares) and shares[-1] == 1


# --------------------------------------------------------------------------------- what must hold


@kinds
def test_what_an_index_offers(kind):
    index = KINDS[kind](15)
    assert isinstance(index, Index) and len(index) == 0 == index.compared
    assert index.nbytes == 0
    index.add(noise(101, 15))
    distances, ids = index.search(noise(3, 15, seed=1), 7)
    assert distances.shape == ids.shape == (3, 7)
    assert (np.diff(distances) >= 0).all()
    assert index.compared > 0 and index.nbytes > 0 and len(index) == 101
    assert all(len(set(row)) == 7 for row in ids.tolist())
    once = index.compared
    index.search(np.repeat(noise(3, 15, seed=1), 2, axis=0), 7)
    assert index.compared == 2 * once  # of the last search, all queries together
    index.add(noise(3, 15))
    assert index.compared == 0


@pytest.mark.parametrize("kind", EXACT)
def test_distances_are_those_of_the_ids(kind):
    vectors, queries = noise(101, 15), noise(11, 15, seed=1)
    distances, ids = filled(KINDS[kind](15), vectors).search(queries, 7)
    np.testing.assert_array_equal(distances, ((vectors[ids] - queries[:, None]) ** 2).sum(axis=2))


@pytest.mark.parametrize("kind", EXACT)
def test_each_vector_is_nearest_to_itself(kind):
    vectors = noise(101, 15)
    distances, ids = filled(KINDS[kind](15), vectors).search(vectors, 1)
    assert (distances == 0).all()
    np.testing.assert_array_equal(ids[:, 0], np.arange(101))


@pytest.mark.parametrize("kind", EXACT)
def test_far_from_zero_nothing_is_lost(kind):
    vectors = noise(101, 15) / 8 + 2000
    queries = noise(11, 15, seed=1) / 8 + 2000
    index = KINDS[kind](15)
    if kind == "IVF":
        index.probes = 7
    same(filled(index, vectors).search(queries, 1), brute_force(vectors, queries, 1))


@pytest.mark.parametrize("kind", ["Flat", "HNSW"])
def test_in_parts_or_at_once(kind):
    vectors, queries = noise(101, 5), noise(11, 5, seed=1)
    at_once, in_parts = filled(KINDS[kind](5), vectors), KINDS[kind](5)
    for part in np.split(vectors, [1, 3, 53]):
        in_parts.add(part)
    for one, other in zip(at_once.search(queries, 7), in_parts.search(queries, 7), strict=True):
        np.testing.assert_array_equal(one, other)
    assert at_once.compared == in_parts.compared and at_once.nbytes == in_parts.nbytes


@pytest.mark.parametrize("kind", ["IVF", "PQ"])
def test_later_parts_may_be_parted_as_well(kind):
    first, later, queries = noise(53, 5), noise(31, 5, seed=1), noise(11, 5, seed=2)
    at_once, in_parts = (filled(KINDS[kind](5), first) for _ in range(2))
    at_once.add(later)
    for part in np.split(later, [1, 3]):
        in_parts.add(part)
    for one, other in zip(at_once.search(queries, 7), in_parts.search(queries, 7), strict=True):
        np.testing.assert_array_equal(one, other)


@kinds
def test_what_is_stored_is_a_copy(kind):
    vectors, queries = noise(53, 15), noise(3, 15, seed=1)
    index = filled(KINDS[kind](15), vectors)
    before = index.search(queries, 5)
    vectors[:], queries_before = 0, queries.copy()
    np.testing.assert_array_equal(index.search(queries, 5), before)
    np.testing.assert_array_equal(queries, queries_before)


@pytest.mark.parametrize("kind", ["IVF", "PQ", "HNSW"])
def test_a_seed_says_what_chance_does(kind):
    make = {"IVF": IVF, "PQ": PQ, "HNSW": HNSW}[kind]
    options = {"IVF": {"cells": 13}, "PQ": {"pieces": 5, "n_centres": 13}, "HNSW": {"links": 3}}
    vectors, queries = noise(211, 15), noise(11, 15, seed=1)

    def found(seed):
        index = filled(make(15, **options[kind], seed=seed), vectors)
        return index.search(queries, 5)[0].tolist(), index.compared, index.nbytes

    assert found(3) == found(3) != found(4)


def test_what_holds_when_nothing_is_said():
    ivf, pq, hnsw = IVF(8), PQ(8), HNSW(8)
    assert (ivf.cells, ivf.probes, ivf.seed) == (64, 8, 0)
    assert (pq.pieces, pq.n_centres, pq.seed) == (8, 256, 0)
    assert (hnsw.links, hnsw.breadth) == (16, 64)
    assert hnsw.rng.random() == np.random.default_rng(0).random()
    vectors = noise(211, 5)
    np.testing.assert_array_equal(k_means(vectors, 13), k_means(vectors, 13, rounds=20, seed=0))
    assert (k_means(vectors, 13, rounds=5) != k_means(vectors, 13, rounds=6)).any()


def test_a_single_vector():
    for index in (Flat(3), IVF(3, 1, 1), PQ(3, 3, 1), HNSW(3)):
        index.add([[1, 2, 3]])
        distances, ids = index.search([[1, 2, 5], [1, 2, 3]], 1)
        assert distances.tolist() == [[4], [0]] and ids.tolist() == [[0], [0]]


def test_k_may_be_all():
    vectors, queries = noise(31, 5), noise(7, 5, seed=1)
    whole = brute_force(vectors, queries, 31)
    for index in (Flat(5), IVF(5, 5, 5), HNSW(5, breadth=3)):
        same(filled(index, vectors).search(queries, 31), whole)
    for row in filled(PQ(5, 1, 7), vectors).search(queries, 31)[1]:
        assert sorted(row) == list(range(31))


def test_what_is_not_found_has_no_id():
    index = IVF(2, cells=2, probes=1)
    index.add([[0, 0], [0, 1], [0, 2], [9, 9], [9, 8]])
    distances, ids = index.search([[9, 9], [0, 0]], 4)
    assert ids.tolist() == [[3, 4, -1, -1], [0, 1, 2, -1]]
    assert distances.tolist() == [[0, 1, np.inf, np.inf], [0, 1, 4, np.inf]]


def test_of_equal_distances_the_lower_id_comes_first():
    vectors = np.repeat(noise(11, 5), 3, axis=0)[np.random.default_rng(0).permutation(33)]
    theirs = faiss.IndexFlatL2(5)
    theirs.add(vectors)
    for k in (1, 2, 4, 7, 33):
        whole = brute_force(vectors, vectors, k)
        same(filled(Flat(5), vectors).search(vectors, k), whole)
        same(filled(IVF(5, 3, 3), vectors).search(vectors, k), whole)
        np.testing.assert_array_equal(theirs.search(vectors, k)[1], whole[1])
    codes = np.array([[0], [1], [0], [1]], np.float32)
    assert filled(PQ(1, 1, 2), codes).search([[0]], 3)[1].tolist() == [[0, 2, 1]]


@pytest.mark.parametrize("copies, least", [(3, 0.99), (40, 0.75)])
def test_hnsw_with_copies(copies, least):
    """The distances that it finds: which of the copies it is does not count."""
    rng = np.random.default_rng(0)
    vectors = np.repeat(clustered(840 // copies, 16), copies, axis=0)[rng.permutation(840)]
    queries = clustered(53, 16, seed=1)
    found, _ = filled(HNSW(16), vectors).search(queries, 10)
    assert np.isclose(found, brute_force(vectors, queries, 10)[0], rtol=1e-4).mean() >= least


def test_one_vector_over_and_over_hides_no_other():
    vectors = np.concatenate([clustered(300, 16), np.zeros((300, 16), np.float32)])
    vectors = vectors[np.random.default_rng(0).permutation(600)]
    index = filled(HNSW(16), vectors)
    distances, _ = index.search(vectors, 1)
    assert (distances == 0).mean() > 0.99
    assert index.search(np.zeros((1, 16)), 10)[0].max() == 0


whole_numbers = st.integers(-2, 2)  # few, so that there are ties and copies


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_vectors(data):
    n, width, k = data.draw(st.integers(1, 13)), data.draw(st.integers(1, 3)), 1
    vectors = data.draw(arrays(np.float64, (n, width), elements=whole_numbers))
    queries = data.draw(arrays(np.float64, (3, width), elements=whole_numbers))
    k, cells = data.draw(st.integers(1, n)), data.draw(st.integers(1, n))
    whole = brute_force(vectors, queries, k)
    for index in (Flat(width), IVF(width, cells, cells)):
        same(filled(index, vectors).search(queries, k), whole)
    for index in (IVF(width, cells, 1), HNSW(width, links=2, breadth=2)):
        distances, ids = filled(index, vectors).search(queries, k)
        assert ((distances >= whole[0]) | (ids < 0)).all()
        assert (np.isinf(distances) == (ids == -1)).all() and ids[:, 0].min() >= 0
        for row, query in enumerate(queries):
            there = ids[row] >= 0
            true = ((vectors[ids[row][there]] - query) ** 2).sum(axis=1)
            np.testing.assert_array_equal(distances[row][there], true)
            assert len(set(ids[row][there])) == there.sum()


# ------------------------------------------------------------------------------------ the graph


def test_the_layers_of_the_graph():
    index = filled(HNSW(5, links=4, breadth=13), noise(1000, 5))
    sizes = [len(graph) for graph in index.layers]
    assert sizes[0] == 1000
    for below, above in pairwise(sizes[:3]):  # one in four goes up
        assert abs(above - below / 4) < 4 * (below * 3 / 16) ** 0.5
    assert index.entry in index.layers[-1]
    for layer, graph in enumerate(index.layers):
        most = 4 if layer else 8
        for i, ids in graph.items():
            assert i not in ids and len(set(ids)) == len(ids) <= most
            assert set(ids) <= set(graph)
            assert not layer or i in index.layers[layer - 1]
    assert max(map(len, index.layers[0].values())) == 8
    links = sum(len(ids) for graph in index.layers for ids in graph.values())
    assert index.nbytes == 4 * 1000 * 5 + 4 * links


def test_a_search_begins_at_the_first_on_top_and_goes_down_to_one():
    assert filled(HNSW(5, links=10**9), noise(31, 5)).entry == 0  # there is one layer
    index = filled(HNSW(5, links=4, breadth=13), noise(211, 5))
    assert len(index.layers) > 2
    for query in noise(7, 5, seed=1):
        assert len(index._descend(index._measure(query), 0)) == 1


def test_links_are_taken_back_where_there_are_too_many():
    index = filled(HNSW(1, links=2), [[0], [10], [4], [-10], [-4]])
    assert index.layers[0][0] == [1, 2, 3, 4]  # as many as there may be
    index.add([[-1]])
    assert index.layers[0][0] == [5, 2]  # 10 lies behind 4, and the others behind −1


# 0 - 1 - 2 - 3 - 4 - 5 in a row, and 6, which no link leads to
ROW = {0: [1], 1: [0, 2], 2: [1, 3], 3: [2, 4], 4: [3, 5], 5: [4], 6: [5]}


def walked(query, start, breadth, graph=ROW):
    asked = []

    def measure(ids):
        asked.extend(ids)
        return [float((i - query) ** 2) for i in ids]

    found = search_layer(graph, measure, [(float((start - query) ** 2), start)], breadth)
    return found, asked


def test_a_walk_along_a_row():
    assert walked(4, 0, 1) == ([(0, 4)], [1, 2, 3, 4, 5])
    assert walked(4, 0, 3) == ([(0, 4), (1, 3), (1, 5)], [1, 2, 3, 4, 5])
    assert walked(0, 0, 1) == ([(0, 0)], [1])
    assert walked(0, 5, 9) == ([(i**2, i) for i in range(6)], [4, 3, 2, 1, 0])
    assert walked(6, 0, 9)[0] == [((6 - i) ** 2, i) for i in (5, 4, 3, 2, 1, 0)]


def test_whoever_is_no_nearer_is_not_walked_to():
    assert walked(1.5, 1, 1) == ([(0.25, 1)], [0, 2])  # 2 is as near as 1


def test_a_wider_walk_comes_out_of_a_hollow():
    """From 0 the way to 9 leads through 20, which is farther from 9 than 0 is."""
    graph = {0: [20], 20: [0, 9], 9: [20]}
    assert walked(9, 0, 1, graph) == ([(81, 0)], [20])
    assert walked(9, 0, 2, graph) == ([(0, 9), (81, 0)], [20, 9])


def test_links_lead_to_all_sides():
    vectors = np.array([[1, 0], [1.5, 0], [0, 2], [-3, 0], [1, 0]], np.float32)
    near = sorted(zip((vectors**2).sum(axis=1).tolist(), range(5), strict=True))
    assert select_neighbours(near, vectors, 9) == [0, 2, 3]  # 1 and 4 lie behind 0
    assert select_neighbours(near, vectors, 2) == [0, 2]
    assert select_neighbours([], vectors, 2) == []


def test_whoever_lies_as_near_to_one_chosen_as_to_the_vector_is_linked():
    vectors = np.array([[0, 0], [2, 0], [0, 0]], np.float32)
    assert select_neighbours([(0.0, 0), (0.0, 2), (4.0, 1)], vectors, 9) == [0, 1]


# ---------------------------------------------------------------------------------- the rest of it


def test_squared_distances():
    vectors = np.array([[1, 2], [4, 6]])
    assert squared_distances(vectors, np.array([1, 2])).tolist() == [0, 25]
    assert squared_distances(vectors[:, None], vectors).tolist() == [[0, 25], [25, 0]]


def test_the_smallest():
    distances, ids = np.array([3, 1, 2, 1, 1.0]), np.array([9, 8, 7, 6, 5])
    assert k_smallest(distances, ids, 2)[1].tolist() == [5, 6]
    assert k_smallest(distances, ids, 4)[1].tolist() == [5, 6, 8, 7]
    assert k_smallest(distances, ids, 4)[0].tolist() == [1, 1, 1, 2]
    assert k_smallest(distances, ids, 7)[1].tolist() == [5, 6, 8, 7, 9]


def test_the_nearest_centre():
    vectors, centres = noise(1100, 5), noise(13, 5, seed=1)
    apart = ((vectors[:, None] - centres) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest(vectors, centres), apart.argmin(axis=1))
    far = np.float32(4000)  # where float32 has lost what is behind the point
    far_apart = ((vectors[:, None] + far - (centres + far)).astype(float) ** 2).sum(axis=2)
    np.testing.assert_array_equal(nearest(vectors + far, centres + far), far_apart.argmin(axis=1))


def spread(vectors, centres):
    return ((vectors - centres[nearest(vectors, centres)]) ** 2).sum()


def test_k_means_comes_to_rest_at_means():
    vectors = noise(211, 5)
    centres = k_means(vectors, 7, rounds=200)
    assert centres.shape == (7, 5) and centres.dtype == np.float32
    cell = nearest(vectors, centres)
    for c in range(7):
        np.testing.assert_allclose(centres[c], vectors[cell == c].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(k_means(vectors, 7, rounds=300), centres)


def test_k_means_gets_better_with_each_round():
    vectors = clustered(211, 5)
    seen = [spread(vectors, k_means(vectors, 7, rounds=rounds)) for rounds in (1, 2, 3, 5, 20)]
    assert seen == sorted(seen, reverse=True) and seen[-1] < 0.95 * seen[0]
    theirs = faiss.Kmeans(5, 7, niter=20, seed=1)
    theirs.train(vectors)
    assert seen[-1] < 1.3 * spread(vectors, theirs.centroids)


def test_k_means_of_a_few():
    two = [[0, 0], [0, 2], [9, 0], [9, 2]]
    for seed in range(5):
        centres = k_means(two, 2, seed=seed)
        assert sorted(centres.tolist()) in ([[0, 1], [9, 1]], [[4.5, 0], [4.5, 2]])
    assert k_means(two, 1).tolist() == [[4.5, 1]]
    assert sorted(k_means(two, 4).tolist()) == two


def test_a_centre_that_nobody_is_near_begins_anew():
    """Of 31 copies and one other, both centres mostly begin at copies."""
    vectors = np.zeros((32, 2))
    vectors[7] = 3
    found = [sorted(k_means(vectors, 2, rounds=400, seed=seed).tolist()) for seed in range(5)]
    assert found == [[[0, 0], [3, 3]]] * 5
    assert k_means(np.ones((5, 3)), 4).tolist() == [[1] * 3] * 4


def test_normalised():
    vectors = noise(7, 5) * np.array([[1e-20], [1], [1e15], [1], [1], [1], [1]], np.float32)
    unit = normalised(vectors)
    assert unit.dtype == np.float32 and unit.shape == (7, 5)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    wanted = vectors.astype(float) / np.linalg.norm(vectors.astype(float), axis=1)[:, None]
    np.testing.assert_allclose(unit, wanted, rtol=1e-6)
    cosine = unit @ unit.T
    apart = squared_distances(unit[:, None], unit)
    np.testing.assert_allclose(apart, 2 - 2 * cosine, atol=1e-5)
    np.testing.assert_allclose(normalised([3, 4]), [0.6, 0.8])
    np.testing.assert_allclose(normalised([[[1e-300, 0]], [[0, -1e300]]]), [[[1, 0]], [[0, -1]]])


def test_recall():
    true = [[1, 2, 3], [4, 5, 6]]
    assert recall(true, true) == 1
    assert recall([[3, 1, 2], [6, 5, 4]], true) == 1
    assert recall([[3, 1, 9], [-1, 5, -1]], true) == 0.5
    assert recall([[3], [9]], true) == pytest.approx(1 / 6)
    assert recall([[9, 8, 7, 1, 2, 3, 0], [0] * 7], true) == 0.5  # among more than k
    assert recall([[4, 5, 6], [1, 2, 3]], true) == 0  # each query for itself
    assert recall([[1, 1, 1], [4, 4, 4]], true) == pytest.approx(1 / 3)


# ------------------------------------------------------------------------------------- bad input

BAD_VECTORS = [
    (noise(3, 4), ValueError, ["shape [N, 5]", "got [3, 4]"]),
    (noise(5), ValueError, ["shape [N, 5]", "got [5]"]),
    (noise(2, 3, 5), ValueError, ["shape [N, 5]", "got [2, 3, 5]"]),
    (np.empty((0, 5)), ValueError, ["N at least 1", "got [0, 5]"]),
    ([[1, 2, 3, 4, np.nan]], ValueError, ["finite", "got nan"]),
    ([[1, 2, 3, 4, -np.inf]], ValueError, ["finite", "got -inf"]),
    ([[1, 2, 3, 4, 1e16]], ValueError, ["at most 1e15", "got 1e+16"]),
    ([[1, 2, 3, 4, 5j]], TypeError, ["real numbers", "complex"]),
    ([["a"] * 5], TypeError, ["real numbers"]),
    ([[1, 2], [3]], ValueError, ["different lengths"]),
    (None, TypeError, ["real numbers", "NoneType"]),
]


@kinds
@pytest.mark.parametrize("vectors, error, words", BAD_VECTORS)
def test_bad_vectors(kind, vectors, error, words):
    index = KINDS[kind](5)
    assert_one_line(lambda: index.add(vectors), error, ["vectors must", *words])
    assert len(index) == 0
    index.add(noise(13, 5))
    before = index.search(noise(3, 5), 2)
    assert_one_line(lambda: index.add(vectors), error, ["vectors must", *words])
    assert_one_line(lambda: index.search(vectors, 1), error, ["queries must", *words])
    np.testing.assert_array_equal(index.search(noise(3, 5), 2), before)  # nothing has changed


@kinds
@pytest.mark.parametrize("k", [0, -1, 14, 2.0, True, None, "3"])
def test_bad_k(kind, k):
    index = filled(KINDS[kind](5), noise(13, 5))
    told = "at most the number of vectors stored, 13, got 14" if k == 14 else "whole number"
    assert_one_line(lambda: index.search(noise(3, 5), k), ValueError, ["k must be", told, repr(k)])


@kinds
def test_an_empty_index(kind):
    wanted = ["vectors must be added before a search", "empty"]
    assert_one_line(lambda: KINDS[kind](5).search(noise(3, 5), 1), ValueError, wanted)


def test_fewer_first_vectors_than_centres():
    for index in (IVF(4, cells=7, probes=1), PQ(4, pieces=2, n_centres=7)):
        words = ["vectors must be at least as many as the centres, 7", "got 6"]
        assert_one_line(lambda index=index: index.add(noise(6, 4)), ValueError, words)
        assert len(index) == 0
        index.add(noise(7, 4))
        index.add(noise(1, 4))
        assert len(index) == 8


BAD_SIZES = [
    (lambda n: Flat(n), "width", 1),
    (lambda n: IVF(n), "width", 1),
    (lambda n: PQ(n), "width", 1),
    (lambda n: HNSW(n), "width", 1),
    (lambda n: IVF(5, cells=n, probes=1), "cells", 1),
    (lambda n: IVF(5, probes=n), "probes", 1),
    (lambda n: IVF(5, seed=n), "seed", 0),
    (lambda n: PQ(5, pieces=n), "pieces", 1),
    (lambda n: PQ(5, 5, n_centres=n), "n_centres", 1),
    (lambda n: PQ(5, 5, seed=n), "seed", 0),
    (lambda n: HNSW(5, links=n), "links", 2),
    (lambda n: HNSW(5, breadth=n), "breadth", 1),
    (lambda n: HNSW(5, seed=n), "seed", 0),
    (lambda n: k_means(noise(7, 3), n), "n_centres", 1),
    (lambda n: k_means(noise(7, 3), 3, rounds=n), "rounds", 1),
    (lambda n: k_means(noise(7, 3), 3, seed=n), "seed", 0),
]


@pytest.mark.parametrize("call, name, least", BAD_SIZES)
def test_bad_sizes(call, name, least):
    for size in (least - 1, 1.5, None, "3", True):
        words = [f"{name} must be a whole number, at least {least}", repr(size)]
        assert_one_line(lambda size=size: call(size), ValueError, words)


OTHERS = [
    (lambda: IVF(5, cells=3, probes=4), ValueError, ["probes must be at most cells=3", "got 4"]),
    (lambda: PQ(7, pieces=3), ValueError, ["pieces=3 must divide width=7"]),
    (lambda: PQ(5, 5, n_centres=257), ValueError, ["n_centres must be at most 256", "got 257"]),
    (lambda: k_means(noise(3, 2), 4), ValueError, ["vectors", "centres, 4", "got 3"]),
    (lambda: k_means(noise(3), 2), ValueError, ["vectors must have shape [N, D]", "got [3]"]),
    (lambda: k_means([[np.nan], [1]], 1), ValueError, ["vectors must be finite", "got nan"]),
    (lambda: normalised([[1, 2], [0, 0]]), ValueError, ["vectors must not be zero", "at [1]"]),
    (lambda: normalised([[1, np.inf]]), ValueError, ["vectors must be finite", "got inf"]),
    (lambda: normalised([[1, np.nan]]), ValueError, ["vectors must be finite", "got nan"]),
    (lambda: normalised(3), ValueError, ["vectors must have shape [..., D]", "got []"]),
    (lambda: normalised(np.empty((3, 0))), ValueError, ["D at least 1", "got [3, 0]"]),
    (lambda: normalised(["a"]), TypeError, ["vectors must be real numbers"]),
    (lambda: recall([1, 2], [[1, 2]]), ValueError, ["found must have shape [1, n]", "got [2]"]),
    (lambda: recall([[1, 2]], [1, 2]), ValueError, ["true must have shape [Q, k]", "got [2]"]),
    (lambda: recall([[1]] * 3, [[1]] * 2), ValueError, ["found must have shape [2, n]", "[3, 1]"]),
    (lambda: recall([[1, 2]], [[1, -1]]), ValueError, ["true must be ids, at least 0", "got -1"]),
]


@pytest.mark.parametrize("call, error, words", OTHERS)
def test_what_else_is_told(call, error, words):
    assert_one_line(call, error, words)


@kinds
def test_other_kinds_of_numbers(kind):
    """Lists, whole numbers and float64 are stored as float32."""
    whole = np.random.default_rng(0).integers(-9, 9, size=(31, 5))
    index = filled(KINDS[kind](np.int64(5)), whole)
    wanted = index.search(whole[:3].astype(np.float32), 2)
    for queries in (whole[:3], whole[:3].tolist(), whole[:3].astype(float)):
        np.testing.assert_array_equal(index.search(queries, np.int64(2)), wanted)


def test_no_library_but_numpy_is_loaded():
    code = "import sys, attend.retrieval; print(*{'faiss', 'torch', 'sklearn'} & set(sys.modules))"
    paths = {**os.environ, "PYTHONPATH": str(Path(attend.__file__).parents[1])}
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=paths)
    assert out.stdout == "\n" and not out.stderr
