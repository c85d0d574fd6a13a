"""Strips of digits hold what they say, and the captioner attends over their places."""

import pytest
import torch
from sklearn.datasets import load_digits

from attend.experiments.captions import EOS, HIGH, WIDE, Captioner, caption, strips

SCANS, LABELS = load_digits(return_X_y=True)


@pytest.mark.parametrize("part, pool", [("train", slice(0, 1400)), ("test", slice(1400, None))])
def test_every_digit_stands_where_it_is_said_to(part, pool):
    pictures, said, starts = strips(7, part)
    assert pictures.shape == (7, HIGH, WIDE) and said.shape == (7, 4) and starts.shape == (7, 3)
    assert (said[:, 3] == EOS).all()
    known = {
        (scan.astype(int).tobytes(), label)
        for scan, label in zip(SCANS[pool], LABELS[pool], strict=True)
    }
    for picture, words, places in zip(pictures, said, starts.tolist(), strict=True):
        left = picture.clone()
        for start, word in zip(places, words.tolist(), strict=False):
            scan = (16 * picture[:, start : start + 8]).round().long().reshape(-1)
            assert (scan.numpy().tobytes(), word) in known
            left[:, start : start + 8] = 0
        assert (left == 0).all()  # and nothing stands beside them


def test_digits_do_not_overlap_and_stay_inside():
    _, _, starts = strips(200, "train")
    assert (starts.diff(dim=1) >= 8).all() and starts.min() >= 0 and starts.max() <= WIDE - 8


def test_strips_repeat_by_seed():
    one, same, other = (strips(5, "train", seed)[0] for seed in (3, 3, 4))
    assert torch.equal(one, same) and not torch.equal(one, other)
    with pytest.raises(ValueError, match="part must be train or test, got 'valid'"):
        strips(1, "valid")


def test_captioner_looks_at_places_in_shares_and_feeds_itself():
    torch.manual_seed(0)
    model, pictures = Captioner(d_model=6), strips(5, "test")[0]
    words, maps = caption(model, pictures)
    assert words.shape == (5, 4) and maps.shape == (5, 4, HIGH // 2, WIDE // 2)
    torch.testing.assert_close(maps.sum(dim=(2, 3)), torch.ones(5, 4))
    begun = torch.cat([torch.full((5, 1), 11), words[:, :-1]], dim=1)
    logits, again = model(pictures, begun)
    assert torch.equal(logits.argmax(-1), words)
    torch.testing.assert_close(again, maps)
