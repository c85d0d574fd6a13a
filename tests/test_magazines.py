"""The sentences with words of two meanings: whole, held out, and open until a later word."""

from attend.experiments.magazines import MEANINGS, OPEN, examples, open_examples, train_reader


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
