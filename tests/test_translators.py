"""The experiment of chapter 16: its two machines, sentences in twos, maps exchanged."""

from functools import partial

import pytest
import torch

from attend.data import Codec
from attend.experiments.translators import (
    RATES,
    best_rate,
    build,
    flat,
    in_groups,
    influence,
    kept,
    likeliest,
    next_words,
    other_map,
    other_maps,
    shifted,
    two_in_a_row,
)
from attend.phrasebook import pairs
from attend.text import PAD_ID

KINDS = ("GRU", "Transformer")


@pytest.fixture(scope="module")
def codec():
    return Codec(pairs("train"))


@pytest.fixture(params=KINDS)
def model(request, codec):
    torch.manual_seed(0)
    return build(request.param, codec).eval()


def test_both_have_as_many_weights(codec):
    sizes = [sum(p.numel() for p in build(kind, codec).parameters()) for kind in KINDS]
    assert max(sizes) / min(sizes) < 1.03


def test_two_in_a_row():
    short, twos = two_in_a_row(pairs("test"), longest=7)
    assert len(short) == 2 * len(twos) > 100
    assert max(len(pair.source) for pair in short) <= 7
    for a, b, both in zip(short[::2], short[1::2], twos, strict=True):
        assert both.source == a.source + b.source and both.target == a.target + b.target


def test_changed_maps():
    weights = torch.tensor([[0.1, 0.2, 0.7]])
    torch.testing.assert_close(shifted(weights), torch.tensor([[0.7, 0.1, 0.2]]))
    torch.testing.assert_close(flat(weights), torch.full((1, 3), 1 / 3))


def test_the_same_maps_change_nothing_and_are_taken_back(model, codec):
    source, target = codec.encode(pairs("test")[:1])
    before = model(source, target, return_weights=True)[0]
    if hasattr(model, "decoder_norm"):
        layers = [layer.cross_attention for layer in model.decoder]
        same, other = (partial(other_maps, layers, f) for f in (lambda weights: weights, shifted))
    else:
        same, other = partial(other_map, lambda weights: weights), partial(other_map, shifted)
    with torch.no_grad(), same():
        torch.testing.assert_close(model(source, target, return_weights=True)[0], before)
    with torch.no_grad(), other():
        assert (model(source, target, return_weights=True)[0] - before).abs().max() > 1e-4
    torch.testing.assert_close(model(source, target, return_weights=True)[0], before)


def test_only_the_heads_that_are_named_change(codec):
    torch.manual_seed(0)
    model = build("Transformer", codec).eval()
    source, target = codec.encode(pairs("test")[:1])
    layer = model.decoder[0].cross_attention
    with torch.no_grad():
        as_it_is = model(source, target, return_weights=True)[1].cross[0]  # [B, H, T, S]
        with other_maps([layer], shifted, [2]):
            changed = model(source, target, return_weights=True)[1].cross[0]
    torch.testing.assert_close(changed[:, 2], shifted(as_it_is[:, 2]))
    torch.testing.assert_close(changed[:, [0, 1, 3]], as_it_is[:, [0, 1, 3]])


def test_kept_counts_words_and_sentences(codec):
    torch.manual_seed(0)
    model = build("Transformer", codec).eval()
    groups = in_groups(codec, pairs("test")[:20])
    assert all((source != PAD_ID).all() for source, _ in groups)
    assert sum(len(source) for source, _ in groups) == 20
    cross = [layer.cross_attention for layer in model.decoder]
    usual = likeliest(model, groups)
    same = other_maps(cross, lambda weights: weights)
    assert kept(model, groups, usual, same) == (1, 1)
    words, sentences = kept(model, groups, usual, other_maps(cross, shifted))
    assert 0 <= sentences <= words < 1


def test_influence_is_what_leaving_a_word_out_costs(model, codec):
    pair = pairs("test")[0]
    weights, cost = influence(model, codec, pair)
    assert weights.shape == cost.shape == (len(pair.target), len(pair.source))
    torch.testing.assert_close(weights.sum(-1), torch.ones(len(pair.target)))
    source, target = codec.encode([pair])
    s, t = 3, 2
    shorter = torch.cat([source[:, :s], source[:, s + 1 :]], dim=1)
    with torch.no_grad():
        full, less = (model(x, target[:, :-1]).log_softmax(-1) for x in (source, shorter))
    word = target[0, t + 1]
    torch.testing.assert_close(cost[t, s], (full - less)[0, t, word], atol=1e-5, rtol=1e-4)


def test_the_loss_of_the_next_word_counts_words(model, codec):
    some = pairs("test")[:7]
    found = next_words(model, codec, some)
    alone = [next_words(model, codec, [pair]) for pair in some]
    words = [len(pair.target) + 1 for pair in some]  # <eos> too
    for name in ("loss", "accuracy"):
        mean = sum(n * one[name] for n, one in zip(words, alone, strict=True)) / sum(words)
        assert found[name] == pytest.approx(mean, rel=1e-4)


def test_the_best_rate_waits_for_all_and_goes_by_bleu():
    rows = [
        {"judged": "valid", "kind": "GRU", "sentences": 9, "lr": lr, "positions": "none"}
        | {"valid": bleu, "valid_loss": 1}
        for lr, bleu in zip(RATES, (10, 30, 20, 5, 1), strict=True)
    ]
    assert best_rate(rows[:3], "GRU", 9) is None
    assert best_rate(rows, "GRU", 9) == RATES[1]
    assert best_rate(rows, "Transformer", 9) is None
    rotary = [row | {"kind": "Transformer", "positions": "rotary"} for row in rows]
    assert best_rate(rotary, "Transformer", 9) is None
    assert best_rate(rotary, "Transformer", 9, "rotary") == RATES[1]
