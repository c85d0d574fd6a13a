"""What experiments/heads.py measures: shares, distances and switching off, on maps made by hand."""

import torch
from torch.testing import assert_close

from attend.attention import MultiHeadAttention
from attend.data import Codec
from attend.experiments import heads
from attend.phrasebook import pairs


def maps(B=2, H=3, T=5):
    torch.manual_seed(0)
    words = torch.tensor([[True] * T, [True] * (T - 2) + [False] * 2])
    weights = torch.randn(B, H, T, T).masked_fill(~words[:, None, None], -torch.inf).softmax(-1)
    return weights, words


def test_jobs_are_means_over_words_and_not_over_padding():
    weights, words = maps()
    found = heads.jobs(weights, words)
    rows = [(b, t) for b in range(2) for t in range(5) if words[b, t]]
    for h in range(3):
        itself = [weights[b, h, t, t] for b, t in rows]
        before = [weights[b, h, t, t - 1] for b, t in rows if t]
        after = [weights[b, h, t, t + 1] for b, t in rows if t + 1 < words[b].sum()]
        last = [weights[b, h, t, words[b].sum() - 1] for b, t in rows]
        for name, values in zip(found, (itself, before, after, last), strict=True):
            assert_close(found[name][h], torch.stack(values).mean())


def test_apart_is_0_for_the_same_map_and_1_for_nothing_in_common():
    weights, words = maps()
    distance = heads.apart(weights, weights, words)
    assert_close(distance, distance.T)
    assert (distance.diagonal() == 0).all() and 0 < heads.between(distance) < 1
    one, other = torch.eye(5).expand(2, 1, 5, 5), torch.eye(5).flip(1).expand(2, 1, 5, 5)
    full = torch.ones(2, 5, dtype=torch.bool)
    assert_close(heads.apart(one, other, full)[0, 0].item(), 0.8)  # the middle word is the same
    order = [2, 0, 1]
    assert heads.paired(heads.apart(weights, weights[:, order], words)) == 0


def test_a_head_that_is_switched_off_says_nothing_and_comes_back():
    torch.manual_seed(0)
    layer, x = MultiHeadAttention(12, 3), torch.randn(2, 5, 12)
    whole, before = layer(x, x)[0], layer.W_O.weight.clone()
    with heads.switched_off(layer, [1]):
        assert (layer.W_O.weight[:, 4:8] == 0).all()
        assert not torch.equal(layer(x, x)[0], whole)
    assert torch.equal(layer.W_O.weight, before)
    with heads.switched_off(layer, [0, 1, 2]):
        assert_close(layer(x, x)[0], layer.W_O.bias.expand(2, 5, 12))


def test_all_heads_of_a_model_are_found_and_restored():
    test = pairs("valid")[:4]
    codec = Codec(test)
    model = heads.small_transformer(codec, test, n_heads=2, epochs=0)
    found, right = heads.without_one(model, codec, test), heads.accuracy(model, codec, test)
    assert len(found) == 12 and all(0 <= share <= 1 for share in found.values())
    kept = [weight.clone() for weight in model.parameters()]
    with heads.all_switched_off(model, list(found)):
        assert all((a.W_O.weight == 0).all() for a in heads.attentions(model).values())
    for now, before in zip(model.parameters(), kept, strict=True):
        assert torch.equal(now, before)
    assert heads.accuracy(model, codec, test) == right
    row = heads.examine(model, model, model, codec, test)
    assert row["paired"] == 0 and row["heads"] == 12 and 0 < row["itself"] < 1
