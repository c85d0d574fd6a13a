"""What experiments/heads.py measures: shares, distances and switching off, on maps made by hand."""

import torch
from torch.testing import assert_close

from attend.attention import MultiHeadAttention
from attend.data import Codec
from attend.experiments import heads
from attend.experiments.provenance import read
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


def test_how_much_goes_to_the_word_itself():
    weights, words = maps()

    class Maps:
        encoder = torch.stack([weights, weights.flip(1)])  # the same heads, in another order

    found = heads.to_itself(Maps, words)
    rows = [weights[b, h, t] for b in range(2) for h in range(3) for t in range(5) if words[b, t]]
    at = [t for b in range(2) for h in range(3) for t in range(5) if words[b, t]]
    assert_close(found["itself"], sum(r[t].item() for r, t in zip(rows, at, strict=True)) / 24)
    largest = [r.argmax().item() == t for r, t in zip(rows, at, strict=True)]
    assert_close(found["first"], sum(largest) / 24)
    shares = heads.jobs(weights, words)
    assert_close(found["most"], max(share.max().item() for share in shares.values()))


def test_overlap_is_the_mean_share_of_pairs():
    one = torch.tensor([[True, True, False, False]])
    two = torch.tensor([[True, False, True, False]])
    none = torch.tensor([[False, False, False, True]])
    assert_close(heads.overlap([one, two]), 1 / 3)
    assert_close(heads.overlap([one, one]), 1.0)
    assert_close(heads.overlap([one, two, none]), 1 / 9)


def test_groups_deal_out_every_number_once_as_many_as_a_head_has():
    attention = MultiHeadAttention(12, 3)
    dealt = heads.groups(attention, 0)
    assert [len(part) for part in dealt] == [4, 4, 4]
    assert sorted(number for part in dealt for number in part) == list(range(12))
    assert dealt == heads.groups(attention, 0) != heads.groups(attention, 1)
    assert heads.numbers_of(attention, [0, 2]) == [0, 1, 2, 3, 8, 9, 10, 11]


def test_muted_numbers_are_lost_to_the_output():
    torch.manual_seed(0)
    layer, x = MultiHeadAttention(12, 3), torch.randn(2, 5, 12)
    with torch.no_grad():
        whole = layer(x, x)[0]
        column = layer.W_O.weight[:, 5].clone()
        with heads.muted(layer, [5]):
            less = layer(x, x)[0]
        values = layer.split(layer.W_V(x))
        context = (layer(x, x)[1] @ values).transpose(1, 2).flatten(2)  # [B, T, D]
        assert_close(whole - less, context[..., 5:6] * column)
        assert_close(layer(x, x)[0], whole, rtol=0, atol=0)


def test_broken_words_were_right_and_are_wrong_and_no_padding():
    test = pairs("valid")[:6]
    codec = Codec(test)
    model = heads.small_transformer(codec, test, n_heads=2, epochs=8)
    attention = model.decoder[1].cross_attention
    source, target = codec.encode(test)
    given, wanted = target[:, :-1], target[:, 1:]
    with torch.no_grad():
        before = model(source, given).argmax(-1) == wanted
        with heads.muted(attention, range(64)):
            after = model(source, given).argmax(-1) == wanted
    lost = heads.broken(model, codec, test, attention, list(range(64)))
    assert lost.any() and torch.equal(lost, before & ~after & (wanted != 0))
    assert not heads.broken(model, codec, test, attention, []).any()


def test_the_word_that_is_hit_hardest_is_no_padding_and_not_rare():
    wanted = torch.tensor([[5, 5, 5, 7], [7, 7, 7, 0], [9, 0, 0, 0]])
    lost = torch.tensor([[1, 1, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1]]).bool()
    assert heads.hit_hardest(lost, wanted, least=3) == (5, 2, 3)
    assert heads.hit_hardest(lost, wanted, least=4) == (7, 1, 4)
    assert heads.hit_hardest(lost, wanted, least=1) == (9, 1, 1)


def test_what_is_changed_in_a_translator():
    test = pairs("valid")[:4]
    codec = Codec(test)
    source, target = codec.encode(test)
    model = heads.small_transformer(codec, test, n_heads=2, epochs=0, change="no self")
    _, maps_of = model(source, target, return_weights=True)
    assert maps_of.encoder.diagonal(0, -2, -1).abs().max() < 1e-20
    assert maps_of.decoder.diagonal(0, -2, -1).min() > 0
    model = heads.small_transformer(codec, test, n_heads=2, epochs=0, change="norm")
    normed = [attention.position for attention in heads.attentions(model).values()]
    assert len({id(norm.gain) for norm in normed}) == 6  # learned, one a layer
    x = 5 * torch.randn(2, 3, 16)
    assert_close(normed[0].rotate(x, 0).norm(dim=-1), torch.full((2, 3), 4.0))


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


def test_a_run_names_what_it_found():
    """Columns are the same for every run, whatever it could measure."""
    assert len({tuple(run) for run in heads.runs()}) == 1
    tried = [run for run in read("heads") if (run["n_heads"], run["change"]) == (1, "none")]
    assert min(tried, key=lambda run: run["errors_valid"])["lr"] == heads.BEST
    assert len({run["lr"] for run in tried}) >= 2
