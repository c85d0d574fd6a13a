"""Codec, PairBatches, the loss and the score: nothing lost, nothing counted twice, and what
sacrebleu and torch say of the same sentences."""

import math
from itertools import pairwise

import pytest
import torch
from sacrebleu import corpus_bleu
from torch.testing import assert_close

from attend.data import Codec, PairBatches, in_tokens
from attend.phrasebook import pairs
from attend.seq2seq import Seq2Seq
from attend.text import SentencePair
from attend.translation import next_word_loss, score, train


@pytest.fixture(scope="module")
def some_pairs():
    return pairs("valid")[:150]


@pytest.fixture(scope="module")
def codec(some_pairs):
    return Codec(some_pairs)


def small(codec, **options):
    torch.manual_seed(0)
    return Seq2Seq(len(codec.source), len(codec.target), d_model=6, dropout=0.0, **options)


def test_sentences_come_back(codec, some_pairs):
    source, target = codec.encode(some_pairs)
    assert (target[:, 0] == 2).all() and ((target == 3).sum(dim=1) == 1).all()
    assert [codec.source.decode(row) for row in source] == [pair.source for pair in some_pairs]
    assert codec.decode(target[:, 1:]) == [pair.target for pair in some_pairs]
    assert codec.decode(torch.tensor([[4, 5, 3, 6], [4, 5, 6, 7]])) == [
        codec.target.decode([4, 5]),
        codec.target.decode([4, 5, 6, 7]),
    ]


def test_a_pass_holds_each_pair_once_and_little_padding(codec, some_pairs):
    batches = PairBatches(codec, some_pairs, size=11, seed=3)
    seen, filled = [], []
    for source, target in batches:
        seen += [
            (tuple(codec.source.decode(s)), tuple(codec.decode(t[None, 1:])[0]))
            for s, t in zip(source, target, strict=True)
        ]
        filled.append((source != 0).float().mean())
    assert sorted(seen) == sorted((tuple(p.source), tuple(p.target)) for p in some_pairs)
    assert len(batches) == len(filled) == math.ceil(150 / 11)
    assert torch.stack(filled).mean() > 0.8


def test_passes_differ_and_seeds_repeat(codec, some_pairs):
    def first(batches):
        return next(iter(batches))[0]

    batches = PairBatches(codec, some_pairs, seed=1)
    one, two = first(batches), first(batches)
    assert one.shape != two.shape or not torch.equal(one, two)
    assert torch.equal(one, first(PairBatches(codec, some_pairs, seed=1)))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_words_that_are_there(codec, some_pairs, smoothing):
    model, batch = small(codec), codec.encode(some_pairs[:7])
    logits = model(batch[0], batch[1][:, :-1])
    wrong, count = 0.0, 0
    for row, words in zip(logits.log_softmax(-1), batch[1][:, 1:], strict=True):
        for log_p, word in zip(row, words, strict=True):
            if word != 0:
                right = (1 - smoothing) * log_p[word] + smoothing * log_p.mean()
                wrong, count = wrong - right, count + 1
    assert_close(next_word_loss(model, batch, smoothing), wrong / count)


def test_training_lowers_the_loss_to_the_last_step(codec, some_pairs):
    model = small(codec, attention="dot")
    losses = train(model, PairBatches(codec, some_pairs[:8], 4), epochs=60, lr=0.03)
    assert len(losses) == 60 and losses[-1] < 0.5 * losses[0]


def test_a_right_translator_scores_100_and_a_wrong_one_what_sacrebleu_says(codec, some_pairs):
    answers = {tuple(codec.source.encode(p.source)): codec.encode([p])[1][0] for p in some_pairs}

    def right(model, source, max_length):
        rows = [answers[tuple(row[row != 0].tolist())][1:] for row in source]
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), None

    def without_second(model, source, max_length):
        ids, _ = right(model, source, max_length)
        return torch.cat([ids[:, :1], ids[:, 2:]], dim=1), None

    found = score(right, None, codec, some_pairs, size=37)
    assert found.bleu == pytest.approx(100) and found.quarters == pytest.approx([100] * 4)
    assert found.hypotheses == [" ".join(pair.target) for pair in some_pairs]
    found = score(without_second, None, codec, some_pairs)
    cut = [" ".join(p.target[:1] + p.target[2:]) for p in some_pairs]
    whole = [" ".join(p.target) for p in some_pairs]
    assert found.hypotheses == cut
    assert found.bleu == pytest.approx(corpus_bleu(cut, [whole], tokenize="none").score)
    longest = sorted(range(150), key=lambda i: len(some_pairs[i].source))[112:]
    expected = corpus_bleu(
        [cut[i] for i in longest], [[whole[i] for i in longest]], tokenize="none"
    )
    assert found.quarters[3] == pytest.approx(expected.score)


def test_real_pairs_become_tokens():
    (pair,) = in_tokens([SentencePair("I'm OK.", "我沒事。")])
    assert pair.source == ["我", "沒", "事", "。"] and pair.target == ["i'm", "ok", "."]


WRONG = [
    (lambda codec, some: Codec([]), ValueError, "pairs must hold at least one pair, got none"),
    (lambda codec, some: PairBatches(codec, []), ValueError, "pairs must hold at least one pair"),
    (
        lambda codec, some: PairBatches(codec, some, 0),
        ValueError,
        "size must be a whole number, at least 1, got 0",
    ),
    (
        lambda codec, some: score(None, None, codec, some[:3]),
        ValueError,
        "pairs must be at least 4, one a quarter, got 3",
    ),
]


@pytest.mark.parametrize("call, kind, message", WRONG)
def test_bad_arguments_are_named(codec, some_pairs, call, kind, message):
    with pytest.raises(kind, match=message):
        call(codec, some_pairs)


def rates(batches, **options):
    """The learning rate of Adam at each step of `train`, read from what a weight of constant
    gradient moves: Adam's step is then lr · g / (|g| + ε), and g is 1."""
    model = torch.nn.Linear(1, 1, bias=False).double()
    weights = []

    def loss(model, batch):
        weights.append(model.weight.item())
        return model.weight.sum()

    train(model, batches, loss=loss, **options)
    weights.append(model.weight.item())
    return [a - b for a, b in pairwise(weights)]


def test_the_rate_falls_in_a_straight_line_to_0_after_the_last_step():
    expected = [0.5 * (1 - step / 12) for step in range(12)]  # 3 epochs of 4 batches
    assert rates([1, 2, 3, 4], epochs=3, lr=0.5) == pytest.approx(expected, rel=1e-6)
    assert rates([1, 2], epochs=1)[0] == pytest.approx(0.003, rel=1e-6)


def test_with_a_warmup_the_rate_first_climbs_in_a_straight_line():
    found = rates([1, 2, 3, 4, 5], epochs=4, lr=0.5, warmup=4)
    climbing = [0.5 * step / 5 for step in (1, 2, 3, 4)]
    falling = [0.5 * (1 - step / 20) for step in range(4, 20)]
    assert found == pytest.approx(climbing + falling, rel=1e-6)


def test_the_gradient_of_a_translator_is_clipped_to_length_1(codec, some_pairs):
    model, lengths = small(codec), []

    def loss(model, batch):
        gradients = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        lengths.extend([torch.cat(gradients).norm().item()] if gradients else [])
        return 1000 * next_word_loss(model, batch)

    batches = [codec.encode(some_pairs[start : start + 4]) for start in (0, 4, 8)]
    train(model, batches, epochs=1, loss=loss)
    assert lengths == pytest.approx([1.0, 1.0], rel=1e-4)
