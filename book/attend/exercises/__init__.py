"""The checkers behind the exercises: `check("11.1", answer)` says whether it is right, or why not.

One module a chapter, named by its concept; `checking` is what they share.
"""

from attend.exercises import (  # noqa: F401  (each module registers its checkers)
    backpropagation,
    convolution,
    descent,
    functions,
    generalising,
    self_attention,
)
from attend.exercises.checking import check, verdict

__all__ = ["check", "verdict"]
