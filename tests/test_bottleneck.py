"""Scores tried beside those of the package, and how weights are compared with influence."""

import pytest
import torch
from torch.testing import assert_close

from attend.attention import attend
from attend.data import Codec
from attend.experiments import bottleneck
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq


@pytest.fixture(scope="module")
def some():
    test = pairs("test")[:7]
    return Codec(pairs("train")), test


def test_the_scaled_dot_product_is_that_of_chapter_11():
    torch.manual_seed(0)
    queries, keys, values = torch.randn(2, 3, 5), torch.randn(2, 7, 5), torch.randn(2, 7, 4)
    ours = bottleneck.ScaledDot(5)(queries, keys, values)
    assert_close(ours, attend(queries, keys, values))


def test_a_cosine_leaves_lengths_out():
    torch.manual_seed(0)
    cosine = bottleneck.Cosine(5)
    queries, keys = torch.randn(2, 3, 5), torch.randn(2, 7, 5)
    scores = cosine.scores(queries, keys)
    assert scores.abs().max() <= 1
    assert_close(scores, cosine.scores(3 * queries, 0.1 * keys))
    assert_close(cosine.scores(keys, keys).diagonal(dim1=1, dim2=2), torch.ones(2, 7))


@pytest.mark.parametrize("kind", [*bottleneck.KINDS, *bottleneck.OTHER_DOTS])
def test_every_kind_is_built(some, kind):
    model = bottleneck.build(kind, some[0])
    assert isinstance(model, Seq2Seq)
    assert (model.kind is None) == (kind in ("last", "transform", "all"))


def test_agreement_leaves_the_largest_weight_out():
    weights = torch.tensor([[0.7, 0.1, 0.05, 0.15], [0.1, 0.2, 0.3, 0.4]])
    cost = torch.tensor([[9.0, 2.0, 1.0, 3.0], [9.0, 2.0, 1.0, 3.0]])
    top, rest = bottleneck.agreement(weights, cost)
    assert top.tolist() == [1.0, 0.0]
    assert_close(rest, torch.tensor([1.0, -1.0]))


def test_influence_is_what_is_lost(some):
    codec, test = some
    torch.manual_seed(0)
    model = bottleneck.build("additive", codec).eval()
    for pair in test[:3]:
        weights, hidden, dropped = bottleneck.influence(model, codec, pair)
        T, S = len(pair.target), len(pair.source)
        assert weights.shape == hidden.shape == dropped.shape == (T, S)
        assert_close(weights.sum(dim=1), torch.ones(T))
        source, target = codec.encode([pair])
        full, _ = bottleneck.log_probability(model, source, target)
        without = torch.cat([source[:, :1], source[:, 2:]], dim=1)
        less, _ = bottleneck.log_probability(model, without, target)
        assert_close(dropped[:, 1], (full - less)[0, :T])
        keep = torch.ones(1, S, dtype=torch.bool)
        keep[0, 1] = False
        less, seen = bottleneck.log_probability(model, source, target, keep=keep)
        assert_close(hidden[:, 1], (full - less)[0, :T])
        assert (seen[0, :, 1] == 0).all()
