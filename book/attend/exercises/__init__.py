"""The checkers behind the exercises: `check("11.1", answer)` says whether it is right, or why not.

One module a chapter, named by its concept; `checking` is what they share.
"""

from importlib import import_module
from pkgutil import iter_modules

from attend.exercises.checking import check, verdict

__all__ = ["check", "verdict"]

for _module in iter_modules(__path__):  # each registers its checkers
    import_module(f"{__name__}.{_module.name}")
