"""The checkers behind the exercises: `check("11.1", answer)` says whether it is right, or why not.

One module a chapter, named by its concept; `checking` is what they share.
"""

from attend.exercises import self_attention  # noqa: F401  (each module registers its checkers)
from attend.exercises.checking import check, verdict

__all__ = ["check", "verdict"]
