"""The drawings of networks: boxes, arrows and the book's own letters, drawn by its own code.

Each function gives a `Drawing`. As the last line of a cell it shows itself, in the colours of the
page around it, light or dark; `.svg()` is the same as a file.

    from attend import drawings

    drawings.lstm()
"""

from attend.drawings.machines import multi_head, neuron, residual_block, transformer
from attend.drawings.pen import Drawing
from attend.drawings.recurrent import (
    encoder_decoder,
    encoder_decoder_attention,
    gru,
    lstm,
    rnn,
    sequences,
)

__all__ = [
    "Drawing",
    "encoder_decoder",
    "encoder_decoder_attention",
    "gru",
    "lstm",
    "multi_head",
    "neuron",
    "residual_block",
    "rnn",
    "sequences",
    "transformer",
]
