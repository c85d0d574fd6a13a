"""What chapter 21's experiments on searches and on a store of states rest on."""

import numpy as np
import pytest

from attend.experiments import remembered, searches
from attend.retrieval import HNSW, IVF, PQ


@pytest.mark.parametrize("data", ["clustered", "noise", "digits"])
def test_no_query_is_stored_and_each_seed_draws_others(data):
    stored, queries = searches.vectors_of(data, 0)
    assert len(queries) == searches.ASKED and stored.shape[1] == queries.shape[1]
    both = np.unique(np.concatenate([stored, queries]), axis=0)
    assert len(both) == len(stored) + len(queries)
    assert not np.array_equal(stored, searches.vectors_of(data, 1)[0])


def test_only_the_clustered_lie_in_clusters():
    near = {}
    for data in ("clustered", "noise"):
        stored, queries = searches.vectors_of(data, 0)
        apart = ((queries[:20, None] - stored[None, :2000]) ** 2).sum(axis=2)
        near[data] = (apart.min(axis=1) / apart.mean(axis=1)).mean()
    assert near["clustered"] < 0.1 < 0.2 < near["noise"]


def test_each_setting_of_each_index_is_asked_once():
    named = [(name, setting) for name, setting, *_ in searches.indices(32, 10, 0)]
    assert len(set(named)) == len(named) == 15
    kinds = {name: type(index) for name, _, index, _ in searches.indices(32, 10, 0)}
    assert kinds == {"cells": IVF, "graph": HNSW, "codes": PQ}


def test_votes_of_neighbours_add_up_and_the_nearest_counts_most():
    distances = np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 9.0]])
    every = remembered.voted(distances, np.ones((2, 3), bool), 2.0)
    np.testing.assert_allclose(every, 1)
    each = [remembered.voted(distances, np.arange(3) == i, 2.0) for i in range(3)]
    np.testing.assert_allclose(sum(each), 1)
    wanted = np.exp([0, -0.5, -1.5]) / np.exp([0, -0.5, -1.5]).sum()
    np.testing.assert_allclose([vote[0] for vote in each], wanted)
    far = remembered.voted(distances + 1e6, np.arange(3) == 0, 2.0)
    np.testing.assert_allclose(far, each[0])
