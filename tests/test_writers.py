"""The language models of chapter 08: what they are made of, and what is counted."""

import pytest
import torch

from attend.experiments.writers import Writer, surprise


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_a_writer_reads_from_the_left(cell):
    torch.manual_seed(0)
    model, ids = Writer(cell, 11, 5), torch.randint(3, 11, (2, 7))
    logits = model(ids)
    assert logits.shape == (2, 7, 11)
    changed = ids.clone()
    changed[:, 4] = 3 + (ids[:, 4] - 2) % 8
    torch.testing.assert_close(model(changed)[:, :4], logits[:, :4])
    assert not torch.allclose(model(changed)[:, 4:], logits[:, 4:])


def test_padding_is_not_counted():
    torch.manual_seed(0)
    model, ids = Writer("rnn", 11, 5), torch.randint(3, 11, (2, 7))
    padded = torch.cat([ids, torch.zeros(2, 3, dtype=torch.long)], dim=1)
    torch.testing.assert_close(surprise(model, padded), surprise(model, ids))
    torch.testing.assert_close(surprise(model, ids, "sum"), 12 * surprise(model, ids))


def test_the_smaller_lstm_has_the_weights_of_the_rnn():
    rnn, small = (
        sum(weight.numel() for weight in Writer(cell, 806, width).parameters())
        for cell, width in (("rnn", 128), ("lstm", 88))
    )
    assert abs(small / rnn - 1) < 0.02
