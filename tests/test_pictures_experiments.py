"""What the experiments of chapter 19 show their networks: digits moved, shuffled and strewn with
scraps, and marks on a strip; and that what they compare is of one size."""

import pytest
import torch
from torch.testing import assert_close

from attend.experiments import distant, gated, pictures

X, *_ = pictures.pictures()


def numbers(model):
    return sum(p.numel() for p in model.parameters())


def test_the_digits_are_dealt_once():
    parts = pictures.pictures()
    assert [len(part) for part in parts] == [1250, 1250, 188, 188, 359, 359]
    assert parts[0].shape[1:] == (1, 8, 8) and 0 <= parts[0].min() < parts[0].max() == 1


def test_nine_moves_by_at_most_a_pixel():
    moves = pictures.all_moves(X[:5])
    assert moves.shape == (9, 5, 1, 8, 8) and torch.equal(moves[4], X[:5])
    assert torch.equal(moves[1, ..., 1:, :], X[:5, ..., :7, :])  # down
    assert torch.equal(moves[5, ..., :7], X[:5, ..., 1:]) and not moves[5, ..., 7].any()  # left


def test_one_permutation_for_all():
    mixed = pictures.permuted(X[:9])
    assert not torch.equal(mixed, X[:9])
    assert_close(mixed.flatten(1).sort().values, X[:9].flatten(1).sort().values)
    assert torch.equal(mixed, pictures.permuted(X[:9]))


def test_the_three_readers_are_of_one_size():
    sizes = [numbers(pictures.build(name)) for name in ("dense", "CNN", "ViT")]
    assert max(sizes) < 1.02 * min(sizes)


@pytest.mark.parametrize("name", pictures.NETWORKS)
def test_every_reader_reads(name):
    assert pictures.build(name)(X[:3]).shape == (3, 10)


def test_sheets_hold_the_digit_and_scraps():
    digits = X[:20, 0]
    sheets, places = gated.cluttered(digits, digits, torch.Generator().manual_seed(0))
    again, _ = gated.cluttered(digits, digits, torch.Generator().manual_seed(0))
    assert torch.equal(sheets, again) and sheets.shape == (20, 1, 12, 12)
    more = 0
    for sheet, digit, (i, j) in zip(sheets[:, 0], digits, places.tolist(), strict=True):
        here = sheet[i : i + 8, j : j + 8]
        assert (here >= digit).all()
        more += int((sheet > 0).sum() > (digit > 0).sum())
    assert more > 15


def test_the_wider_network_has_as_many_numbers_as_the_largest_gate():
    sizes = {gate: numbers(gated.build(gate)) for gate in gated.GATES}
    assert sizes["none"] < sizes["ECA"] < sizes["spatial"] < sizes["SE"]
    assert 0.99 < sizes["wider"] / sizes["CBAM"] < 1.01
    assert max(sizes.values()) == sizes["CBAM"]


@pytest.mark.parametrize("ask", ["same", "order"])
def test_strips_answer_their_question(ask):
    for far in distant.FAR:
        strips, answers = distant.strips(50, ask, torch.Generator().manual_seed(far), far)
        assert strips.shape == (50, 1, 4, 16)
        for strip, answer in zip(strips[:, 0], answers.tolist(), strict=True):
            bright = (strip >= 1).nonzero()
            assert len(bright) == 4
            columns = sorted({int(j) // 2 for _, j in bright})
            assert 2 * (columns[1] - columns[0]) == far
            top = int(bright[:, 0].min())
            leans = [bool(strip[top, 2 * column] >= 1) for column in columns]
            if ask == "same":
                assert (leans[0] == leans[1]) == bool(answer)
            else:
                assert leans == [bool(answer), not answer]


@pytest.mark.parametrize("name", distant.NETWORKS)
def test_every_network_answers(name):
    strips, _ = distant.strips(3, "same", torch.Generator().manual_seed(0))
    assert distant.NETWORKS[name]()(strips).shape == (3, 2)


def test_a_place_alone_does_not_see_far():
    network = distant.places_alone()
    x = torch.rand(1, 1, 4, 16, requires_grad=True)
    network[:-1](x)[0, :, 1, 8].sum().backward()
    seen = (x.grad[0, 0] != 0).any(dim=0).nonzero().flatten()
    assert seen.min() >= 6 and seen.max() <= 10
