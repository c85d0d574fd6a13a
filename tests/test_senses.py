"""The words with two senses of chapter 08, their taggers, and the committed runs."""

import torch

from attend.experiments.provenance import read
from attend.experiments.senses import (
    PLANS,
    SEEDS,
    SENSES,
    WORDS,
    Tagger,
    accuracy,
    tensors,
    train_tagger,
    usual_sense,
    with_two_senses,
)
from attend.text import Vocabulary


def test_each_example_names_the_sense_of_a_word_of_two():
    examples = with_two_senses("test")
    assert len(examples) > 20
    for tokens, place, sense in examples:
        assert tokens[place] in WORDS
        assert list(SENSES.values())[sense].startswith(tokens[place])
    assert {sense for _, _, sense in examples} == set(range(len(SENSES)))


def test_usual_sense_counts_by_word():
    learn = [(["bat"], 0, 4), (["a", "bat"], 1, 4), (["bat"], 0, 5)]
    learn += [([word], 0, sense) for word, sense in (("bank", 2), ("magazine", 0))]
    assert usual_sense(learn, [(["bat"], 0, 4), (["bat"], 0, 5)]) == 0.5
    assert usual_sense(learn, [(["the", "bank"], 1, 2)]) == 1.0


def test_tagger_answers_at_every_word_and_padding_changes_nothing():
    torch.manual_seed(0)
    for _, (n_hidden, options) in PLANS.items():
        tagger = Tagger(11, len(SENSES), n_hidden, **options)
        ids = torch.randint(2, 11, (3, 7))
        alone = tagger(ids[:1, :5])
        padded = tagger(torch.cat([ids[:1, :5], torch.zeros(1, 2).long()], 1), torch.tensor([5]))
        assert tagger(ids).shape == (3, 7, 6)
        torch.testing.assert_close(padded[:, :5], alone)


def test_reading_both_ways_learns_what_reading_forward_cannot():
    """The telling word comes after: x y → 1, x z → 0."""
    examples = [(["x", "y"], 0, 1), (["x", "z"], 0, 0)] * 32
    vocabulary = Vocabulary(tokens for tokens, _, _ in examples)
    ids, lengths, place, sense = tensors(examples[:2], vocabulary)
    assert lengths.tolist() == [2, 2] and place.tolist() == [0, 0] and sense.tolist() == [1, 0]
    assert ids[0, 0] == ids[1, 0] and ids[0, 1] != ids[1, 1]
    both = train_tagger(vocabulary, examples, 5, epochs=20, bidirectional=True)
    forward = train_tagger(vocabulary, examples, 5, epochs=20)
    assert accuracy(both, vocabulary, examples) == 1.0
    assert accuracy(forward, vocabulary, examples) == 0.5


def test_the_committed_runs_are_complete():
    rows = read("senses")
    assert {(row["plan"], row["seed"]) for row in rows} == {(p, s) for p in PLANS for s in SEEDS}
    assert len(rows) == len(PLANS) * len(SEEDS)
