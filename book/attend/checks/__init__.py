"""The checks that stand before the work: one line that names the argument, what was expected and
what came. `numbers` and `arrays` need no torch; `tensors` and `tuning` are loaded when the first of
their checks is called, so that the chapters on numpy need not wait for torch.

Modules write `from attend import checks`, then `checks.whole_numbers(d_model=d_model)`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from attend.checks.arrays import *  # noqa: F403
from attend.checks.numbers import *  # noqa: F403

if TYPE_CHECKING:  # so that editors know the names
    from attend.checks.tensors import *  # noqa: F403
    from attend.checks.tuning import *  # noqa: F403


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    tensors = import_module("attend.checks.tensors")
    found = tensors if hasattr(tensors, name) else import_module("attend.checks.tuning")
    return getattr(found, name)
