"""The checkers behind the exercises: `check("11.1", answer)` says *not attempted*, *right*, or what
is wrong and why."""

import torch

from attend.attention import attend

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


def run(function, *arguments):
    """What the reader's function returns for copies of the arguments."""
    arguments = [
        argument.clone() if isinstance(argument, torch.Tensor) else argument
        for argument in arguments
    ]
    try:
        result = function(*arguments)
    except Exception as error:
        raise NotYet(f"it stops with {type(error).__name__}: {error}") from error
    if result is None or result is ...:
        raise NotAttempted
    return result


def same(found, wanted, when: str) -> None:
    """`found` must be `wanted`: the type first, then the shape, then every number."""
    wanted = torch.as_tensor(wanted)
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


@exercise("11.1")
def one_query(answer) -> None:
    query, keys, values = draw(3), draw(5, 3), draw(5, 2)
    wanted, _ = attend(query[None], keys, values)
    same(
        run(answer, query, keys, values),
        wanted[0],
        "for a query of 3 numbers, 5 keys and values of 2 numbers",
    )
    wanted, _ = attend(query[None] * 1000, keys, values)
    same(
        run(answer, query * 1000, keys, values),
        wanted[0],
        "for scores in the thousands (shift them before exp)",
    )


@exercise("11.2")
def neighbours(answer) -> None:
    for length, reach in ((5, 1), (7, 2), (3, 0), (2, 9)):
        place = torch.arange(length)
        wanted = (place[:, None] - place[None, :]).abs() <= reach
        same(run(answer, length, reach), wanted, f"for {length} words and a reach of {reach}")


@exercise("11.3")
def silent_queries(answer) -> None:
    for words, width in ((5, 3), (1, 2)):
        values = draw(words, width)
        wanted, _ = attend(torch.zeros_like(values), torch.zeros_like(values), values)
        same(run(answer, values), wanted, f"for {words} values of {width} numbers")


@exercise("11.4")
def softmax_backward(answer) -> None:
    scores = draw(3, 5).requires_grad_()
    weights = torch.softmax(scores, dim=-1)
    upstream = draw(5, 3).T.contiguous()
    (wanted,) = torch.autograd.grad(weights, scores, upstream)
    same(run(answer, weights.detach(), upstream), wanted, "for 3 rows of 5 weights")


@exercise("11.5")
def multiplications(answer) -> None:
    for T, S, K, V in ((2, 3, 5, 7), (11, 11, 64, 64), (1, 1, 1, 1)):
        same(run(answer, T, S, K, V), T * S * K + T * S * V, f"for T={T}, S={S}, K={K}, V={V}")


@exercise("11.6")
def heard_from(answer) -> None:
    first, second = (torch.softmax(draw(size, 5), dim=-1)[:5] for size in (5, 6))
    wanted = second @ (first + torch.eye(5)) / 2
    same(run(answer, first, second), wanted, "for two rounds over 5 words")
