"""What Decoder.explore asks of a Transformer is what the Transformer says."""

import torch
from test_transformer import build
from torch.testing import assert_close

from attend.decoding import next_words

SOURCE = torch.tensor([[5, 4, 3, 6]])
PREFIXES = [(), (4,), (4, 7, 9), (5, 5)]


def test_next_words_of_any_length_at_once():
    model = build().train()
    logs, looks = next_words(model, SOURCE)(PREFIXES)
    assert logs.shape == (4, 11) and looks.shape == (4, 4) and model.training
    for prefix, log_p, look in zip(PREFIXES, logs, looks, strict=True):
        target = torch.tensor([[2, *prefix]])
        logits, maps = model.eval()(SOURCE, target, return_weights=True)
        logits[..., [0, 2]] = -torch.inf  # padding and <bos> are no words to write
        assert_close(log_p, logits[0, -1].log_softmax(-1))
        assert_close(look, maps.cross[:, 0, :, -1].mean(dim=(0, 1)))
    assert_close(looks.sum(-1), torch.ones(4, dtype=looks.dtype))
