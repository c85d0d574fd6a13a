"""The checkers behind the exercises: `check("11.1", answer)` says whether it is right, or why not.

One module a chapter, named by its concept; `checking` is what they share.
"""

from attend.exercises import (  # noqa: F401  (each module registers its checkers)
    attention,
    backpropagation,
    block,
    convolution,
    decoding,
    descent,
    functions,
    gates,
    generalising,
    masks,
    multi_head,
    positions,
    recurrent,
    self_attention,
    seq2seq,
    text,
    transformer,
)
from attend.exercises.checking import check, verdict

__all__ = ["check", "verdict"]
