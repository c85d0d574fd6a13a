"""How an answer is tried, and what the reader is told about it."""

import numpy as np
import torch

from attend.autograd import Tensor

CHECKS = {}


class NotAttempted(Exception):
    """The answer is still the stub."""


class NotYet(Exception):
    """What an answer gets wrong, said to the reader."""


def exercise(number: str):
    """Register the checker of one exercise: it calls the answer and raises NotYet where that is
    wrong."""

    def register(checker):
        CHECKS[number] = checker
        return checker

    return register


def check(number: str, answer) -> None:
    """Print the verdict on an answer."""
    if number not in CHECKS:
        raise ValueError(f"number must be one of {', '.join(sorted(CHECKS))}, got {number!r}")
    print(f"{number}: {verdict(number, answer)}")


def verdict(number: str, answer) -> str:
    """`not attempted`, `right`, or `not yet: …`."""
    try:
        CHECKS[number](answer)
    except NotAttempted:
        return "not attempted"
    except NotYet as reason:
        return f"not yet: {reason}"
    return "right"


def fresh(argument):
    """A copy of an array, so that an answer that writes into it spoils nothing."""
    if isinstance(argument, torch.Tensor):
        return argument.clone()
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def run(function, *arguments):
    """What the reader's function returns for copies of the arguments."""
    try:
        result = function(*map(fresh, arguments))
    except Exception as error:
        raise NotYet(f"it stops with {type(error).__name__}: {error}") from error
    if result is None or result is ...:
        raise NotAttempted
    return result


def same(found, wanted, when: str) -> None:
    """`found` must be `wanted`: the type first, then the shape, then every number."""
    wanted = torch.as_tensor(wanted)
    if isinstance(found, Tensor):
        found = found.data
    try:
        found = torch.as_tensor(found)
    except (TypeError, ValueError, RuntimeError):
        raise NotYet(
            f"{when} it returns a {type(found).__name__}, expected a tensor or a number"
        ) from None
    if found.shape != wanted.shape:
        raise NotYet(f"{when} the shape is {list(found.shape)}, expected {list(wanted.shape)}")
    if wanted.dtype == torch.bool and found.dtype != torch.bool:
        raise NotYet(f"{when} the result is {found.dtype}, expected booleans")
    wrong = torch.nonzero(~torch.isclose(found.double(), wanted.double(), atol=1e-5))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        where = f"at {list(place)} " if place else ""
        got, expected = found[place].item(), wanted[place].item()
        raise NotYet(f"{when} the value {where}is {got:.6g}, expected {expected:.6g}")


def draw(*shape: int) -> torch.Tensor:
    """Numbers to try an answer on, the same each time."""
    return torch.randn(
        shape, generator=torch.Generator().manual_seed(len(shape) + sum(shape)), dtype=torch.double
    )
