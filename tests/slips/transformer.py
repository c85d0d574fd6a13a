"""Answers to the exercises of chapter 16: other right ones, and slips."""

from torch.nn.functional import cross_entropy


def decoder_only(D, F, N, V):
    return V * D + N * (4 * (D * D + D) + 2 * D * F + F + D + 4 * D) + 2 * D


def sentence_log_p(logits, wanted):
    each = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
    return (each * (wanted != 0)).sum(-1)


def no_padding(logits, wanted):
    return logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0].sum(-1)


def sub_layers(layer, y, own, cross):
    y = y + own(layer.attention, layer.residuals[0].norm(y))
    y = y + cross(layer.cross_attention, layer.residuals[1].norm(y))
    return y + layer.feed_forward(layer.residuals[2].norm(y))


def by_residuals(layer, y, memory, past, words):
    y, _ = layer.residuals[0](y, lambda a: layer.attention(a, a, past))
    y, _ = layer.residuals[1](y, lambda a: layer.cross_attention(a, memory, words))
    y, _ = layer.residuals[2](y, layer.feed_forward)
    return y


def as_printed(layer, y, memory, past, words):
    return sub_layers(layer, y, lambda f, a: f(a, a, words)[0], lambda f, a: f(memory, a, past)[0])


def one_mask_mended(layer, y, memory, past, words):
    return sub_layers(layer, y, lambda f, a: f(a, a, past)[0], lambda f, a: f(a, memory, past)[0])


def memory_asks(layer, y, memory, past, words):
    return sub_layers(layer, y, lambda f, a: f(a, a, past)[0], lambda f, a: f(memory, a)[0])


def no_padding_mask(layer, y, memory, past, words):
    return sub_layers(layer, y, lambda f, a: f(a, a, past)[0], lambda f, a: f(a, memory)[0])


RIGHT = [("16.1", by_residuals)]
SLIPS = [
    ("16.1", as_printed, "for 4 target words and 4 source words"),
    ("16.1", one_mask_mended, "for 4 target words and 4 source words"),
    ("16.1", memory_asks, "for 4 target words and 4 source words"),
    ("16.1", no_padding_mask, "for 4 target words and 4 source words"),
    ("16.2", lambda logits, wanted, s: cross_entropy(logits, wanted), "smoothing 0.1"),
    ("16.2", lambda logits, wanted, s: -logits.log_softmax(-1).mean(-1), r"shape is \[5\]"),
    ("16.3", lambda d_model, highest: d_model * highest**2, "d_model=512"),
    ("16.4", lambda D, F, N, V: decoder_only(D, F, N, V) - 2 * D, "D=512, F=2048"),
    ("16.5", no_padding, r"at \[1\]"),
    ("16.5", lambda logits, wanted: sentence_log_p(logits, wanted).mean(), r"shape is \[\]"),
    ("16.6", lambda weights, values: weights, "the same weights"),
    ("16.6", lambda weights, values: weights * 1.1, "sum of the weights"),
    ("16.6", lambda weights, values: weights.flip(0), "of the average"),
    ("16.6", lambda weights, values: weights - 1, "expected none below 0"),
    ("16.6", lambda weights, values: weights[1:], r"shape is \[4\], expected \[5\]"),
]
