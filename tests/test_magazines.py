"""The sentences with words of two meanings: whole, held out, and open until a later word."""

import torch

from attend.experiments.magazines import (
    MEANINGS,
    OPEN,
    examples,
    exchanged,
    open_examples,
    train_reader,
    twins,
)


def test_examples_hold_the_word_and_what_it_means():
    found = examples("test")
    assert len(found) > 20
    for one in found:
        assert one.word in one.source and one.meant in one.target
        assert one.meant in MEANINGS[one.word] and len(one.gloss) == len(one.target)


def test_open_examples_are_held_out_and_hold_both_meanings():
    found = open_examples()
    learnt = {" ".join(one.source) for one in examples("train")}
    english = [" ".join(one.source) for one in found]
    assert len(set(english)) == len(english) > 80 and not learnt & set(english)
    assert all(any(words in each for words in OPEN) for each in english)
    for word, both in MEANINGS.items():
        counts = [sum(one.meant == each for one in found if one.word == word) for each in both]
        assert min(counts) > 0.3 * sum(counts)


def test_what_stands_before_the_word_does_not_tell():
    """Up to the ambiguous word, both meanings begin with the same kinds of words."""
    found = [one for one in open_examples() if one.word in ("magazine", "bank")]
    for one in found:
        words = one.source[: one.source.index(one.word)]
        assert not {"bullet", "bullets", "photos", "money", "fish", "ducks"} & set(words)


def test_a_reader_is_of_the_kind_named():
    codec, model = train_reader(examples("test"), "dot", epochs=1)
    assert model.kind == "dot" and not model.training
    assert codec.target.encode(["杂志"]) != codec.target.encode(["弹匣"])


def test_twins_differ_in_one_word_and_are_held_out():
    learnt = {" ".join(one.source) for one in examples("train")}
    found = twins()
    assert len(found) >= 10
    held_out = {" ".join(one.source) for one in open_examples()}
    for poem, bullet, before in found:
        different = [pair for pair in zip(poem, bullet, strict=True) if pair[0] != pair[1]]
        assert different == [("poem", "bullet")] and "magazine" in poem
        assert not {"杂志", "弹匣"} & {*before} and before
        assert any(each.startswith(" ".join(poem[:-3])) for each in held_out - learnt)


def test_an_encoder_of_one_direction_does_not_know_what_comes():
    torch.manual_seed(0)
    _, model = train_reader(examples("test"), None, epochs=1, directions=1)
    model.eval()
    source = torch.tensor([[4, 5, 6, 7], [4, 5, 6, 8], [4, 5, 0, 0]])
    memory = model.encode(source)
    torch.testing.assert_close(memory.states[0, :3], memory.states[1, :3])
    assert not torch.allclose(memory.context[0], memory.context[1])
    alone = model.encode(source[2:, :2])  # padding changes nothing
    torch.testing.assert_close(memory.context[2:], alone.context)
    torch.testing.assert_close(memory.states[2:, :2], alone.states)


def test_to_exchange_no_state_turns_nothing():
    codec, model = train_reader(examples("test"), "additive", epochs=1)
    assert exchanged(codec, model, ()) == 0
    assert exchanged(codec, model, ("no such word",)) == 0
