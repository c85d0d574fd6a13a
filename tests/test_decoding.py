"""Decoding against brute force: every sentence there is, scored; and with the cache as without."""

import itertools
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_transformer import SIZES, build
from torch.testing import assert_close

from attend.decoding import (
    Writer,
    beam_search,
    continuations,
    filter_logits,
    generate,
    greedy,
    hypotheses,
    log_probabilities,
    most_likely,
    sample,
    translate,
)
from attend.seq2seq import Seq2Seq
from attend.transformer import Transformer, TransformerConfig

SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0], [4, 4, 1, 0, 0]])
KINDS = ["sinusoidal", "learned", "rotary", "alibi"]


def tiny(seed=0, positions="sinusoidal", **options):
    """Five words, <eos> one of them, and opinions: sentences end early and late."""
    torch.manual_seed(seed)
    options = {"max_length": 20, **options}
    config = TransformerConfig(7, 5, **SIZES, positions=positions, **options)
    model = Transformer(config).double().eval()
    torch.nn.init.normal_(model.out.weight, std=1.0)
    return model


def recurrent(seed=0, attention=None, cell="gru", **options):
    """A recurrent translator of five words with opinions."""
    torch.manual_seed(seed)
    options = {"max_length": 20, **options}
    model = Seq2Seq(7, 5, d_model=6, cell=cell, attention=attention, **options)
    torch.nn.init.normal_(model.out.weight, std=4.0)
    return model.double().eval()


MODELS = [tiny, recurrent, *(partial(recurrent, attention=a) for a in ("additive", "general"))]
MODELS.append(partial(recurrent, attention="dot", cell="lstm"))


def probabilities_of(model, source, ids):
    """ln P of each next word [T, V] by one pass; padding and <bos> are no words to write."""
    logits = model(source[None, source != 0], torch.tensor([[2, *ids]]))[0]
    logits[:, [0, 2]] = -torch.inf
    return logits.log_softmax(-1)


def log_p_of(model, source, ids):
    steps = probabilities_of(model, source, ids)
    return sum(steps[t, word].item() for t, word in enumerate(ids))


def endings(max_length, words=(1, 4), eos=3):
    """Every sentence that ends, or is cut, at most max_length words long."""
    for length in range(1, max_length + 1):
        for start in itertools.product(words, repeat=length - 1):
            yield [*start, eos]
            if length == max_length:
                yield from ([*start, word] for word in words)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 2.0])
@pytest.mark.parametrize("make", MODELS)
def test_enough_beams_find_the_best_sentence_there_is(make, length_penalty):
    model = make(1)
    for row in SOURCE:
        scored = {
            tuple(ids): log_p_of(model, row, ids) / ((5 + len(ids)) / 6) ** length_penalty
            for ids in endings(3)
        }
        best = max(scored, key=scored.get)
        (found,) = hypotheses(
            model, row[None, row != 0], 3, beams=125, length_penalty=length_penalty
        )
        assert tuple(found[0].ids) == best and found[0].score == pytest.approx(scored[best])
        for one in found:
            assert one.score == pytest.approx(scored[tuple(one.ids)])
            assert one.log_p == pytest.approx(log_p_of(model, row, one.ids))


@pytest.mark.parametrize("make", MODELS)
def test_what_greedy_writes_is_the_likeliest_word_each_time(make):
    model = make(2)
    found = greedy(model, SOURCE, 7)
    for source, ids in zip(SOURCE, found.tolist(), strict=True):
        so_far = [2]
        for word in ids:
            if so_far[-1] == 3 or (so_far[-1] == 0 and 3 in so_far):
                assert word == 0  # padding after the end
                continue
            likeliest = probabilities_of(model, source, so_far[1:])[-1].argmax().item()
            assert word == likeliest
            so_far.append(word)


@pytest.mark.parametrize("length_penalty", [0.0, 0.6])
@pytest.mark.parametrize("make", MODELS)
def test_one_beam_is_greedy(make, length_penalty):
    for seed in range(5):
        model = make(seed)
        one = beam_search(model, SOURCE, 6, beams=1, length_penalty=length_penalty)
        many = greedy(model, SOURCE, 6)
        assert torch.equal(one, many[:, : one.shape[1]]) and (many[:, one.shape[1] :] == 0).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 99), st.integers(1, 5), st.sampled_from(KINDS), st.integers(1, 7))
def test_with_the_cache_as_without(seed, beams, positions, max_length):
    model = tiny(seed, positions)
    assert torch.equal(
        greedy(model, SOURCE, max_length), greedy(model, SOURCE, max_length, cache=False)
    )
    found, other = (
        hypotheses(model, SOURCE, max_length, beams, cache=cache) for cache in (True, False)
    )
    for a, b in zip(found, other, strict=True):
        assert [one.ids for one in a] == [one.ids for one in b]
        assert [one.score for one in a] == pytest.approx([one.score for one in b])


@pytest.mark.parametrize("make", MODELS)
def test_a_sentence_is_written_alike_alone_and_in_a_batch(make):
    model = make(3)
    for write in (greedy, beam_search):
        together = write(model, SOURCE, 8)
        for row, ids in zip(SOURCE, together, strict=True):
            alone = write(model, row[None, row != 0], 8)[0]
            assert torch.equal(ids[: len(alone)], alone) and (ids[len(alone) :] == 0).all()


def test_more_beams_never_score_worse_here_than_the_sum_they_report():
    model = tiny(4)
    for those in hypotheses(model, SOURCE, 5, beams=4):
        assert len(those) <= 4 and those == sorted(those, key=lambda one: -one.score)


def test_a_writer_says_what_the_model_says():
    model = tiny(5)
    with torch.no_grad():
        writer, ids = Writer(model, SOURCE), torch.full((3, 1), 2)
        for word in (4, 1, 2):
            logits = model(SOURCE, ids)[:, -1]
            logits[:, [0, 2]] = -torch.inf
            assert_close(writer.next(ids), logits.log_softmax(-1))
            ids = torch.cat([ids, torch.full((3, 1), word)], dim=1)
        assert writer.state.bytes() == 2 * 2 * 8 * 12 * (
            3 * 3 + 3 * 5
        )  # N, K and V, bytes, D, words


def test_filter_logits_by_hand():
    log_p = torch.tensor([0.5, 0.25, 0.15, 0.1]).log()
    assert_close(filter_logits(log_p).exp(), log_p.exp())
    squares = torch.tensor([0.25, 0.0625, 0.0225, 0.01])
    assert_close(filter_logits(log_p, temperature=0.5).exp(), squares / squares.sum())
    assert_close(filter_logits(log_p, top_k=2).exp(), torch.tensor([2 / 3, 1 / 3, 0, 0]))
    assert_close(filter_logits(log_p, top_p=0.75).exp(), torch.tensor([2 / 3, 1 / 3, 0, 0]))
    assert_close(filter_logits(log_p, top_p=0.76).exp(), torch.tensor([5, 2.5, 1.5, 0]) / 9)
    assert_close(filter_logits(log_p, top_p=1e-9).exp(), torch.tensor([1.0, 0, 0, 0]))
    assert_close(filter_logits(log_p, top_k=9, top_p=1).exp(), log_p.exp())


def test_draws_have_the_shares_they_are_drawn_from():
    model = tiny(6)
    source = SOURCE[:1].expand(4000, -1)
    drawn = sample(model, source, 1, 1.7, 4, 0.9, torch.Generator().manual_seed(0))[:, 0]
    shares = filter_logits(probabilities_of(model, SOURCE[0], [])[-1], 1.7, 4, 0.9).exp()
    assert_close(drawn.bincount(minlength=5) / 4000, shares.float(), atol=0.04, rtol=0)
    again = sample(model, source, 1, 1.7, 4, 0.9, torch.Generator().manual_seed(0))[:, 0]
    assert torch.equal(drawn, again)


def test_a_cold_draw_is_greedy():
    model = tiny(7)
    assert torch.equal(sample(model, SOURCE, 6, temperature=1e-6), greedy(model, SOURCE, 6))
    assert torch.equal(sample(model, SOURCE, 6, top_k=1), greedy(model, SOURCE, 6))


def test_top_p_cuts_what_is_drawn():
    model = tiny(7)
    assert torch.equal(sample(model, SOURCE, 6, top_p=1e-9), greedy(model, SOURCE, 6))


def test_when_nothing_is_said_words_are_drawn_as_the_model_weighs_them():
    model = tiny(6)
    drawn = sample(
        model, SOURCE[:1].expand(4000, -1), 1, generator=torch.Generator().manual_seed(0)
    )
    shares = probabilities_of(model, SOURCE[0], [])[-1].exp()
    assert_close(drawn[:, 0].bincount(minlength=5) / 4000, shares.float(), atol=0.04, rtol=0)


def test_filter_logits_takes_each_row_by_itself_and_numbers_of_any_size():
    logits = torch.tensor([[3e38, -3e38, 3e38], [2.0, 1.0, 0.0]])
    found = filter_logits(logits, temperature=0.01).exp()
    assert_close(found[0], torch.tensor([0.5, 0.0, 0.5]))
    assert_close(found[1], (100 * logits[1]).softmax(-1))


def test_a_top_p_of_1_keeps_what_rounding_would_cut():
    assert filter_logits(torch.tensor([0.0, -40.0, -41.0]), top_p=1).isfinite().all()


def test_log_probabilities_are_those_of_the_last_axis_in_single_precision():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0)).bfloat16()
    found = log_probabilities(logits, {0, 2})
    assert found.dtype == torch.float32 and (found[..., [0, 2]] == -torch.inf).all()
    assert_close(found[..., [1, 3, 4]], logits[..., [1, 3, 4]].float().log_softmax(-1))


@pytest.mark.parametrize("beams", [1, 2, 4])
def test_continuations_are_the_best_of_all_there_are(beams):
    torch.manual_seed(0)
    step, log_p = torch.randn(2 * 3, 4), torch.randn(2, 3)
    begun = torch.randint(9, (2, 3, 2))
    ids, found, parents = continuations(step, begun, log_p, beams)
    assert ids.shape == (2, min(2 * beams, 3 * 4), 3)
    for b in range(2):
        every = [
            ((log_p[b, n] + step[3 * b + n, word]).item(), 3 * b + n, [*begun[b, n].tolist(), word])
            for n in range(3)
            for word in range(4)
        ]
        best = sorted(every, reverse=True)[: 2 * beams]
        assert found[b].tolist() == pytest.approx([total for total, _, _ in best])
        assert parents[b].tolist() == [row for _, row, _ in best]
        assert ids[b].tolist() == [sentence for _, _, sentence in best]


@pytest.mark.parametrize("attention", ["additive", "dot", "general", "concat"])
@pytest.mark.parametrize("max_length", [1, 6])
def test_translate_says_where_the_model_looked(attention, max_length):
    model = recurrent(2, attention)
    ids, weights = translate(model, SOURCE, max_length)
    assert torch.equal(ids, greedy(model, SOURCE, max_length))
    assert weights.shape == (*ids.shape, 5)
    given = torch.cat([torch.full((3, 1), 2), ids[:, :-1]], dim=1)
    assert_close(weights, model(SOURCE, given, return_weights=True)[1])


@pytest.mark.parametrize("make", [tiny, recurrent])
def test_translate_has_no_weights_where_the_model_tells_none(make):
    ids, weights = translate(make(2), SOURCE, 6)
    assert torch.equal(ids, greedy(make(2), SOURCE, 6)) and weights is None


def test_translate_writes_forty_words_unless_told_otherwise():
    model = recurrent(max_length=50)
    model.out.bias.data[3] = -1e6  # it never ends
    assert translate(model, SOURCE)[0].shape == (3, 40)


def test_a_beam_search_of_which_nothing_is_said_has_four_beams_and_a_penalty_of_0_6():
    assert len(hypotheses(tiny(1), SOURCE[:1], 8)[0]) == 4
    other_with_five_beams, other_with_another_penalty = recurrent(13), tiny(13)
    for model in (tiny(0), other_with_five_beams, other_with_another_penalty):
        assert hypotheses(model, SOURCE, 8) == hypotheses(model, SOURCE, 8, 4, 0.6)
        assert torch.equal(beam_search(model, SOURCE, 8), beam_search(model, SOURCE, 8, 4, 0.6))


def test_a_beginning_that_can_only_draw_level_is_not_followed():
    model = recurrent()
    torch.nn.init.zeros_(model.out.weight)
    model.out.bias.data[:] = torch.tensor([0, 0, 0, 0, -torch.inf])  # half word 1, half <eos>
    (found,) = hypotheses(model, SOURCE[:1], 5, beams=2, length_penalty=0)
    assert [one.ids for one in found] == [[3]]


def states_of(write, **options):
    """What a Transformer has as its state at each step of `write`."""
    model, states = tiny(2), []
    step = model.step
    model.step = lambda memory, state, ids: states.append(state) or step(memory, state, ids)
    write(model, SOURCE, 4, **options)
    return states


ONE_WORD_AT_A_TIME = [
    partial(generate, choose=most_likely),
    greedy,
    sample,
    beam_search,
    hypotheses,
]


@pytest.mark.parametrize("write", ONE_WORD_AT_A_TIME)
def test_a_cache_is_used_unless_it_is_refused(write):
    for options in ({}, {"cache": True}):
        states = states_of(write, **options)
        assert states and None not in states
    assert set(states_of(write, cache=False)) == {None}


NAMES = torch.tensor([3, 0, 4, 1, 2, 5, 6])  # the new ids of 0, 1, 2 …


def renamed(make, seed):
    """The same translator with other ids: 3 for padding, 4 for <bos>, 1 for <eos>."""
    model = make(seed, pad=3, **({"bos": 4} if make is tiny else {}))
    model.load_state_dict(make(seed).state_dict())
    for part in (*(p for p in model.modules() if isinstance(p, torch.nn.Embedding)), model.out):
        for tensor in part.parameters():
            tensor.data[NAMES[: len(tensor)]] = tensor.data.clone()
    return model


@pytest.mark.parametrize("make", MODELS)
def test_words_may_have_any_ids(make):
    certain = partial(sample, top_k=1)
    for seed in range(3):
        model, other = make(seed), renamed(make, seed)
        for write in (greedy, certain, beam_search, lambda *a, **ids: translate(*a, **ids)[0]):
            expected = NAMES[write(model, SOURCE, 6)]
            assert torch.equal(write(other, NAMES[SOURCE], 6, bos=4, eos=1), expected)


@pytest.mark.parametrize("make", MODELS)
def test_one_token_may_begin_and_end_a_sentence(make):
    model = make()
    model.out.register_forward_hook(lambda _, inputs, logits: logits + torch.eye(5)[2] * 1e3)
    for write in (greedy, sample, beam_search, lambda *a, **ids: translate(*a, **ids)[0]):
        assert write(model, SOURCE, 4, bos=2, eos=2).tolist() == [[2]] * 3


@pytest.mark.parametrize("make", MODELS)
def test_everything_lies_where_the_source_lies_wherever_torch_would_put_it(make):
    certain, model = partial(sample, top_k=1), make(3)
    for write in (greedy, certain, beam_search):
        expected = write(model, SOURCE, 5)
        with torch.device("meta"):
            assert torch.equal(write(model, SOURCE, 5), expected)


def test_the_model_is_left_as_it_was():
    model = tiny().train()
    for write in (greedy, beam_search, sample):
        write(model, SOURCE, 3)
        assert model.training
    with pytest.raises(ValueError):
        greedy(model, SOURCE + 5, 3)
    assert model.training


WRONG = [
    (lambda m: greedy(m, SOURCE, 0), "max_length must be a whole number, at least 1, got 0"),
    (lambda m: greedy(m, SOURCE, 21), "max_length must be at most the model's, 20, got 21"),
    (lambda m: greedy(m, SOURCE[:0], 5), "source must have at least one row"),
    (
        lambda m: beam_search(m, SOURCE, 5, beams=0),
        "beams must be a whole number, at least 1, got 0",
    ),
    (
        lambda m: beam_search(m, SOURCE, 5, length_penalty=-1),
        "length_penalty must be a number, at least 0, got -1",
    ),
    (lambda m: sample(m, SOURCE, 5, temperature=0), "temperature must be a number above 0, got 0"),
    (lambda m: sample(m, SOURCE, 5, temperature=float("nan")), "temperature must be .* got nan"),
    (lambda m: sample(m, SOURCE, 5, top_k=0), "top_k must be a whole number, at least 1, got 0"),
    (
        lambda m: sample(m, SOURCE, 5, top_p=0.0),
        r"top_p must be a number above 0 and at most 1, got 0\.0",
    ),
    (
        lambda m: sample(m, SOURCE, 5, top_p=1.1),
        r"top_p must be a number above 0 and at most 1, got 1\.1",
    ),
]


@pytest.mark.parametrize("call, message", WRONG)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(tiny())


def test_the_fixture_of_the_other_tests_can_write_too():
    assert greedy(build(), SOURCE, 3).shape[0] == 3
