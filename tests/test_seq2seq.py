"""Seq2Seq: teacher forcing equals step by step, padding changes nothing, it learns, and it names
bad arguments."""

import itertools

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from attend.decoding import translate
from attend.seq2seq import SCORES, Seq2Seq
from attend.training import fit

ATTENTIONS = [None, "additive", "dot", "general", "concat"]
SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0], [3, 3, 4, 0, 0]])  # [B, S] = [3, 5]
TARGET = torch.tensor([[2, 4, 7, 5], [2, 8, 3, 0], [2, 9, 9, 3]])  # [B, T] = [3, 4]
KINDS = [
    *(("gru", attention, "transform") for attention in ATTENTIONS),
    *(("gru", None, context) for context in ("last", "all")),
    *itertools.product(("rnn", "lstm"), (None, "additive", "general"), ("all",)),
]


def build(cell="gru", attention=None, context="last", **options):
    torch.manual_seed(0)
    options = {"d_model": 6, **options}
    return Seq2Seq(7, 11, cell=cell, attention=attention, context=context, **options).double()


@pytest.mark.parametrize("cell, attention, context", KINDS)
def test_teacher_forcing_equals_step_by_step(cell, attention, context):
    model = build(cell, attention, context).eval()
    logits, weights = model(SOURCE, TARGET, return_weights=True)
    assert logits.shape == (3, 4, 11) and torch.equal(model(SOURCE, TARGET), logits)
    memory = model.encode(SOURCE)
    assert memory.shape == (3, 5, 6)
    assert_close(model.decode(memory, SOURCE, TARGET), logits)
    state = model.start(memory)
    for t in range(4):
        step, state, looks = model.step(memory, state, TARGET[:, : t + 1])
        assert_close(step, logits[:, t])
        if attention:
            assert_close(looks, weights[:, t])
    if attention is None:
        assert weights is None
    else:
        assert_close(weights.sum(-1), torch.ones(3, 4).double())
        assert (weights.masked_select((SOURCE == 0)[:, None]) == 0).all()


@pytest.mark.parametrize("cell, attention, context", KINDS)
def test_padding_changes_nothing(cell, attention, context):
    model = build(cell, attention, context).eval()
    together = model(SOURCE, TARGET)
    for row, length in enumerate([5, 2, 3]):
        alone = model(SOURCE[row : row + 1, :length], TARGET[row : row + 1])
        assert_close(together[row : row + 1], alone)


@pytest.mark.parametrize("cell, attention, context", KINDS)
def test_later_words_change_nothing_earlier_and_every_weight_counts(cell, attention, context):
    model = build(cell, attention, context).eval()
    before, other = model(SOURCE, TARGET), TARGET.clone()
    other[:, 2:] = 1
    assert_close(model(SOURCE, other)[:, :2], before[:, :2], rtol=0, atol=0)
    before.pow(2).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_translate_is_greedy(attention):
    model = build(attention=attention).train()
    ids, weights = translate(model, SOURCE, max_length=7)
    assert model.training and ids.shape[1] <= 7
    assert (weights is None) == (attention is None)
    model.eval()
    given = torch.cat([torch.full((3, 1), 2), ids[:, :-1]], dim=1)
    logits = model(SOURCE, given)
    logits[..., [0, 2]] = -torch.inf  # padding and <bos> are no words to write
    best = logits.argmax(-1)
    ended = (ids == 3).cumsum(1) - (ids == 3).long() > 0
    assert torch.equal(best.masked_fill(ended, 0), ids)


def test_it_learns_to_turn_a_sentence_round():
    torch.manual_seed(1)
    words = torch.randint(4, 9, (256, 4))
    bos, eos = torch.full((256, 1), 2), torch.full((256, 1), 3)
    target = torch.cat([bos, words.flip(1), eos], dim=1)
    model = Seq2Seq(9, 9, d_model=32, attention="general", dropout=0.0)
    fit(
        model,
        batches=lambda: torch.randperm(192).split(32),
        loss=lambda m, rows: cross_entropy(
            m(words[rows], target[rows, :-1]).flatten(0, 1), target[rows, 1:].flatten()
        ),
        optimizer=torch.optim.Adam(model.parameters(), lr=0.01),
        epochs=25,
    )
    found, _ = translate(model, words[192:], max_length=5)
    assert (found[:, :4] == words[192:].flip(1)).double().mean() > 0.9


WRONG = [
    (lambda m: m(SOURCE[:0], TARGET[:0]), ValueError, r"target must have at least .* \[0, 4\]"),
    (lambda m: m(SOURCE[:, :0], TARGET), ValueError, r"source must have at least one .* \[3, 0\]"),
    (lambda m: m(SOURCE, TARGET[:, :0]), ValueError, r"target must have at least one .* \[3, 0\]"),
    (lambda m: m(SOURCE * 0, TARGET), ValueError, "at least one word a row, got none in row 0"),
    (lambda m: m(SOURCE.flip(1), TARGET), ValueError, "padding on the right, got a word after"),
    (lambda m: m(SOURCE + 3, TARGET), ValueError, r"source must lie in 0 … 6, got 9"),
    (lambda m: m(SOURCE, TARGET - 3), ValueError, r"target must lie in 0 … 10, got -3"),
    (lambda m: m(SOURCE, TARGET[:2]), ValueError, "target must have a row a source, 3, got 2"),
    (lambda m: m(SOURCE.int(), TARGET), TypeError, r"torch\.long, got torch\.int32"),
    (lambda m: m(SOURCE, [[1]]), TypeError, r"target must be a tensor of torch\.long, got list"),
    (
        lambda m: build(max_length=4)(SOURCE, TARGET),
        ValueError,
        "source must be at most max_length=4 words long, got 5",
    ),
    (
        lambda m: build(max_length=3)(SOURCE[:, :3], TARGET),
        ValueError,
        "target must be at most max_length=3 words long, got 4",
    ),
    (
        lambda m: build(max_length=0),
        ValueError,
        "max_length must be a whole number, at least 1, got 0",
    ),
    (lambda m: translate(m, SOURCE, max_length=0), ValueError, "max_length must be"),
    (lambda m: build(cell="tcn"), ValueError, "cell must be one of rnn, lstm, gru"),
    (lambda m: build(attention="soft"), ValueError, "attention must be one of None, add"),
    (lambda m: build(context="first"), ValueError, "context must be one of last, trans"),
    (lambda m: build(d_model=7), ValueError, "d_model must be even, .* got 7"),
    (lambda m: Seq2Seq(0, 3), ValueError, "source_vocab must be a whole number, at least 1, got 0"),
    (lambda m: Seq2Seq(3, 0), ValueError, "target_vocab must be a whole number, at least 1, got 0"),
    (
        lambda m: build(dropout=1.0),
        ValueError,
        "^dropout must be a number, at least 0 and below 1, got 1.0",
    ),
    (lambda m: build(d_model=0), ValueError, "d_model must be a whole number, at least 1, got 0"),
    (
        lambda m: m.decode(m.encode(SOURCE).states, SOURCE, TARGET),
        TypeError,
        "memory must be what encode returns, got a Tensor",
    ),
    (
        lambda m: m.decode(m.encode(SOURCE[:2]), SOURCE, TARGET),
        ValueError,
        "memory must",
    ),
    (
        lambda m: m.decode(m.encode(SOURCE), SOURCE, TARGET[:2]),
        ValueError,
        "target must have a row a source, 3, got 2",
    ),
]


@pytest.mark.parametrize("call, kind, message", WRONG)
def test_bad_arguments_are_named_in_one_line(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(build())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("attention", [None, "additive", "dot"])
def test_nothing_is_read_elsewhere(attention):
    """No value of a length or an id is asked for, so a GPU need not wait: what has no values at
    all, on "meta", has a shape."""
    model = Seq2Seq(11, 13, 8, attention=attention, dropout=0.0).to("meta")
    source, target = torch.randint(4, 11, (3, 5)), torch.randint(4, 13, (3, 7))
    logits = model(source.to("meta"), target.to("meta"))
    assert logits.shape == (3, 7, 13) and logits.device.type == "meta"


@pytest.mark.parametrize("cell, theirs", [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
@pytest.mark.parametrize("context", ["last", "transform", "all"])
def test_the_encoder_is_torchs_network_over_each_sentence_alone(cell, theirs, context):
    encoder = build(cell, context=context).eval().encode
    twin = theirs(6, 3, batch_first=True, bidirectional=True, dtype=torch.double)
    twin.load_state_dict(encoder.cell.state_dict())
    memory = encoder(SOURCE)
    assert torch.equal(memory.mask, (SOURCE != 0)[:, None])
    for row, length in enumerate([5, 2, 3]):
        states, last = twin(encoder.embed(SOURCE[row : row + 1, :length]))
        last = [torch.cat([*part], dim=-1)[0] for part in (last if cell == "lstm" else [last])]
        expected = states[0].mean(dim=0) if context == "all" else last[0]
        if context != "last":
            expected = torch.tanh(encoder.transform.weight @ expected + encoder.transform.bias)
        assert_close(memory.states[row, :length], states[0])
        assert_close(memory.context[row], expected)
        assert_close(memory.first_state.h[0, row], expected)
        if cell == "lstm":
            assert_close(memory.first_state.c[0, row], last[1])
        else:
            assert memory.first_state.c is None


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_padding_has_a_vector_of_0_and_learns_nothing(attention):
    model = build(attention=attention, pad=1)
    source, target = SOURCE.masked_fill(SOURCE == 0, 1), TARGET.masked_fill(TARGET == 0, 1)
    source[0, 4] = 4  # the one real 1
    model(source, target).square().sum().backward()
    for embed in (model.embed, model.encode.embed):
        assert (embed.weight[1] == 0).all() and (embed.weight.grad[1] == 0).all()
        assert (embed.weight.grad[2] != 0).any()
    model.eval()
    alone = model(source[1:2, :2], target[1:2])
    assert_close(model(source, target)[1:2], alone)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_decode_gives_the_weights_where_they_are_asked_for(attention):
    model = build(attention=attention).eval()
    logits, weights = model.decode(model.encode(SOURCE), SOURCE, TARGET, return_weights=True)
    expected, maps = model(SOURCE, TARGET, return_weights=True)
    assert torch.equal(logits, expected)
    assert weights is maps is None if attention is None else torch.equal(weights, maps)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_under_autocast_it_stays_near(cell, attention):
    model = build(cell, attention).float().eval()
    with torch.autocast("cpu", torch.bfloat16):
        near = model(SOURCE, TARGET)
    assert_close(near.float(), model(SOURCE, TARGET), rtol=0.1, atol=0.1)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_dropout_is_in_training_alone_and_as_often_as_it_says(attention):
    model, x = build(attention=attention, dropout=0.5), torch.ones(1000)
    for dropout in (model.dropout, model.encode.dropout):
        assert 0.4 < (dropout(x) == 0).double().mean() < 0.6
    assert not torch.equal(model(SOURCE, TARGET), model(SOURCE, TARGET))
    for part in (model, model.encode):  # each has its own
        model.eval()
        part.dropout.train()
        assert not torch.equal(model(SOURCE, TARGET), model(SOURCE, TARGET))
    model.eval()
    assert torch.equal(model(SOURCE, TARGET), model(SOURCE, TARGET))


def test_the_sizes_where_only_the_vocabularies_are_named():
    model = Seq2Seq(7, 11)
    sizes = model.embed.weight.shape, model.encode.embed.weight.shape, model.out.weight.shape
    assert sizes == ((11, 128), (7, 128), (11, 128))
    assert model.encode(torch.ones(1, 512, dtype=torch.long)).shape == (1, 512, 128)
    with pytest.raises(ValueError, match="source must be at most max_length=512 words long"):
        model.encode(torch.ones(1, 513, dtype=torch.long))


SCORE = {  # of a query [D] and keys [S, D] → [S]
    "additive": lambda a, q, keys: torch.tanh(a.W(q) + a.U(keys)) @ a.v.weight[0],
    "dot": lambda a, q, keys: keys @ q,
    "general": lambda a, q, keys: keys @ (a.W.weight.T @ q),
    "concat": lambda a, q, keys: (
        torch.tanh(torch.cat([q.expand_as(keys), keys], dim=1) @ a.W.weight.T) @ a.v.weight[0]
    ),
}


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_the_decoder_by_its_equations_word_by_word(attention):
    model = build(attention=attention, context="all").eval()
    cell = nn.GRUCell(model.decoder.input_size, 6, dtype=torch.double)
    cell.load_state_dict({name[:-3]: w for name, w in model.decoder.state_dict().items()})
    memory = model.encode(SOURCE)
    logits, weights = model(SOURCE, TARGET, return_weights=True)
    for row, length in enumerate([5, 2, 3]):
        keys, h, c = memory.states[row, :length], memory.context[row], memory.context[row]
        for t in range(4):
            x = model.embed(TARGET[row, t])
            if attention == "additive":  # h_{t−1} asks
                shares = SCORE[attention](model.attention, h, keys).softmax(0)
                c = shares @ keys
            h = cell(x if attention in SCORES else torch.cat([x, c]), h)
            if attention in SCORES:  # h_t asks
                shares = SCORE[attention](model.attention, h, keys).softmax(0)
                c = shares @ keys
            expected = model.out(model.mix(torch.cat([h, c])).tanh())
            assert_close(logits[row, t], expected)
            if attention is not None:
                assert_close(weights[row, t, :length], shares)
