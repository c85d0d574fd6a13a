"""The readers of the opinions in chapter 07: what each can tell apart, and the committed runs."""

import pytest
import torch

from attend.experiments.provenance import read
from attend.experiments.readers import (
    MOVED,
    PLACES,
    READERS,
    accuracy,
    first_adjective,
    nine_places,
    runs,
    stretched,
    tensors,
    train_reader,
    words,
)
from attend.experiments.readings import opinions


@pytest.fixture
def swapped():
    """Two sentences of the same words."""
    return tensors([("the film was good , not bad".split(), 1)])[0], tensors(
        [("the film was bad , not good".split(), 0)]
    )[0]


@pytest.mark.parametrize("reader", READERS)
def test_all_but_the_bag_hear_order(reader, swapped):
    torch.manual_seed(0)
    model = READERS[reader](len(words()))
    one, two = (model(ids) for ids in swapped)
    assert one.shape == (1, 2)
    assert torch.allclose(one, two, atol=1e-6) == (reader == "bag")


@pytest.mark.parametrize("reader", [name for name in READERS if name != "convolution"])
def test_padding_changes_nothing(reader):
    """A convolution has windows past the end, which may answer too."""
    torch.manual_seed(0)
    model, (ids, _) = READERS[reader](len(words())), tensors(opinions()[:7])
    short = ids[(ids > 0).sum(dim=1) == 5][:1]
    if len(short):
        torch.testing.assert_close(model(short), model(short[:, :5]))


def test_places_are_nine():
    assert max(len(tokens) for tokens, _ in opinions()) == PLACES
    assert nine_places(torch.ones(2, 5, dtype=torch.long)).tolist() == [[1] * 5 + [0] * 4] * 2
    assert nine_places(torch.arange(24).view(2, 12)).tolist() == [
        [*range(9)],
        [*range(12, 21)],
    ]


def test_stretched_opinions_are_labelled_as_their_short_ones():
    known = {" ".join(tokens): kind for tokens, kind in opinions()}
    for tokens, kind in stretched(5):
        assert tokens.count("really") == 5
        assert known[" ".join(tokens).replace(" really" * 5, "")] == kind
    assert {" ".join(tokens) for tokens, _ in stretched(1)} <= set(known)
    assert len(stretched(2)) == 120


def test_words_that_moved_stand_second():
    assert first_adjective("the film was not dull but clever".split()) == "dull"
    assert set(words().tokens) >= MOVED


def test_a_reader_learns():
    learn = [each for each in opinions() if len(each[0]) <= 5]
    assert accuracy(train_reader("convolution", learn * 4, lr=0.02), learn) > 0.95


def test_the_committed_runs_are_complete():
    names = ("reader", "lr", "seed")
    assert {tuple(row[n] for n in names) for row in read("readers")} == {
        tuple(run[n] for n in names) for run in runs()
    }
