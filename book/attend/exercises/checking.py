"""How an answer is tried, and what the reader is told about it.

A checker calls `run` for what the answer returns and `same` to compare it; both raise NotYet with
the reason. What is odd about a result (a dict, ragged rows, NaN) is said here, once for all.
"""

import contextvars
import copy
import ctypes
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Number

import numpy as np
import torch

from attend.checks import is_node

CHECKS: dict[str, Callable] = {}
LIMIT = 10.0  # seconds that one call of an answer may take


class NotAttempted(Exception):
    """The answer is still the stub."""


class NotYet(Exception):
    """What an answer gets wrong, said to the reader."""


# --------------------------------------------------------------------------- the public two


def exercise(number: str):
    """Register the checker of one exercise: it calls the answer and raises NotYet where that is
    wrong."""

    def register(checker):
        CHECKS[number] = checker
        return checker

    return register


def check(number: str, answer) -> None:
    """Print the verdict on an answer. Raises ValueError when there is no exercise of that
    number."""
    print(f"{number}: {verdict(number, answer)}")


def verdict(number: str, answer) -> str:
    """`not attempted`, `right`, or `not yet: …`.

    Raises ValueError when there is no exercise of that number, and nothing else, whatever the
    answer is or does.
    """
    if number not in CHECKS:
        raise ValueError(f"number must be one of {', '.join(sorted(CHECKS))}, got {number!r}")
    try:
        return judge(number, answer)
    except Exception as error:  # a result so odd that no line below foresaw it
        return f"not yet: its result could not be read ({in_a_line(error)})"


def judge(number: str, answer) -> str:
    """The verdict; an error of the checker's own comes through."""
    try:
        if answer is ...:
            raise NotAttempted
        if not callable(answer):
            raise NotYet(f"it is {described(answer)}, expected a function")
        with random_state_kept(), torch.enable_grad():
            CHECKS[number](answer)
    except NotAttempted:
        return "not attempted"
    except NotYet as reason:
        return f"not yet: {str(reason).strip()}"
    return "right"


@contextmanager
def random_state_kept():
    """Whatever is drawn or seeded inside, the reader's random numbers go on as if it had not
    been."""
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


# --------------------------------------------------------------------------- calling an answer


def run(function, *arguments):
    """What the reader's function returns for deep copies of the arguments: it may change them."""
    return call(function, *map(copy.deepcopy, arguments))


def call(function, *arguments):
    """What the reader's function returns. A generator is read to its end, as a list.

    NotYet when it raises, returns nothing or takes longer than LIMIT; NotAttempted when it is the
    stub. It runs in a thread of its own: that is what can be given up after a time on every
    system, even while it sleeps or waits inside a library.
    """
    worker, outcome, done = started(function, arguments)
    given_up = time.monotonic() + LIMIT
    try:
        while not done.wait(0.1) and time.monotonic() < given_up:
            pass  # so that the reader can interrupt the kernel, on Windows too
    finally:
        in_time = done.is_set()
        ended = in_time or stop(worker, outcome)
    if not in_time:
        rest = "" if ended else " and could not be stopped: the kernel may need a restart"
        raise NotYet(f"it runs longer than {LIMIT:g} s (an endless loop?){rest}")
    if "error" in outcome:
        raise answered(outcome["error"])
    return returned(function, outcome["result"])


def started(function, arguments) -> tuple[threading.Thread, dict, threading.Event]:
    """A thread that calls the function, where it puts its result or error, and when it is done."""
    outcome, done = {}, threading.Event()

    def work():
        try:
            try:
                result = function(*arguments)
                outcome["result"] = list(result) if isinstance(result, Iterator) else result
            except BaseException as error:  # exit() as well: it would end this thread in silence
                outcome["error"] = error
            done.set()
        except SystemExit:  # from `stop`, when the answer had just ended
            done.set()

    context = contextvars.copy_context()  # with what np.errstate says
    worker = threading.Thread(target=context.run, args=(work,), daemon=True)
    worker.start()
    return worker, outcome, done


def stop(worker: threading.Thread, outcome: dict, patience: float = 1.0) -> bool:
    """Raise SystemExit in the thread until it has an outcome, at most for so many seconds.

    `except Exception` does not catch that. A bare `except:` does: so again and again, until it
    meets the loop outside its `try`. A thread that waits inside a library gets it when it comes
    back, and one that cannot be stopped is left behind.
    """
    given_up = time.monotonic() + patience
    while not outcome and time.monotonic() < given_up:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
        )
        time.sleep(0.001)
    return bool(outcome)


def answered(error: BaseException) -> NotYet:
    """What the reader is told about an error in the answer."""
    if isinstance(error, NotYet):  # from a function that the checker handed over
        return error
    told = NotYet(f"it stops with {in_a_line(error)}")
    told.__cause__ = error
    return told


def returned(function, result):
    """The result, if there is one."""
    if result is ... or (result is None and is_empty(function)):
        raise NotAttempted
    if result is None:
        raise NotYet("it returns nothing (is `return` forgotten?)")
    return result


def is_empty(function) -> bool:
    """Whether nothing stands in the body of a function that returned None: `...`, `pass` or a
    docstring."""
    code = getattr(function, "__code__", None)
    return code is not None and len(code.co_code) <= len(empty.__code__.co_code)


def empty(): ...


# --------------------------------------------------------------------------- reading a result


def in_a_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    said = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def described(found) -> str:
    """What a thing is, in a few words: a tensor of shape [2, 3], a list of 4, a dict."""
    if found is None or found is ...:
        return "None" if found is None else "`...`"
    if isinstance(found, torch.Tensor | np.ndarray):
        kind = "a tensor" if isinstance(found, torch.Tensor) else "an array"
        return f"{kind} of shape {list(found.shape)}"
    name = type(found).__name__
    article = "an" if name[0] in "aeiouAEIOU" else "a"
    return f"{article} {name}" + (f" of {len(found)}" if isinstance(found, list | tuple) else "")


def array_of(found, when: str = "", expected: str = "a tensor or a number") -> np.ndarray:
    """The numbers of a result, whatever holds them: a number, a tensor, an array, a book's Tensor,
    rows of these. A copy, in booleans, whole numbers or float64; NotYet when it is no numbers."""
    if is_node(found):
        found = found.data
    if isinstance(found, torch.Tensor):
        found = found.detach().cpu().to_dense().resolve_conj().resolve_neg()
        found = (found.double() if found.is_floating_point() else found).numpy()
    if isinstance(found, np.ndarray) and found.dtype.kind == "O":
        found = found.tolist()
    if isinstance(found, list | tuple | range):
        return rows_of([array_of(row, when, expected) for row in found], when)
    if isinstance(found, int) and found.bit_length() > 63:
        found = large(found, when)
    if isinstance(found, np.ndarray | np.generic | Number):
        array = np.array(found)
        if array.dtype.kind in "biu":
            return array
        if array.dtype.kind in "fO":  # a Fraction or a Decimal is an object to numpy
            return array.astype(float)
    raise NotYet(f"{when} it returns {described(found)}, expected {expected}")


def large(number: int, when: str) -> float:
    """Python's whole numbers know no limit, numpy's do."""
    if number.bit_length() > 1000:
        raise NotYet(f"{when} it returns a number of more than 300 digits")
    return float(number)


def rows_of(rows: list[np.ndarray], when: str) -> np.ndarray:
    """Arrays of one shape as one array with one more axis."""
    shapes = sorted({row.shape for row in rows})
    if len(shapes) > 1:
        these = " and ".join(str(list(shape)) for shape in shapes[:2])
        raise NotYet(f"{when} it returns rows of different shapes, {these}")
    return np.stack(rows) if rows else np.zeros(0)


def tensor_of(found, like: torch.Tensor, when: str) -> torch.Tensor:
    """The result as a tensor of the shape and dtype of `like`, to go on computing with."""
    array = array_of(found, when)
    same_shape(array, like, when)
    return torch.tensor(array, dtype=like.dtype)


def parts(found, names: list[str], when: str = "") -> list:
    """A result that must hold as many things as are named: a tuple, a list, numbers in a row."""
    expected = f"{len(names)} results: {', '.join(names)}"
    results = sequence(found, when, expected)
    if len(results) != len(names) or getattr(found, "ndim", 1) != 1:
        raise NotYet(f"{when} it returns {described(found)}, expected {expected}")
    return results


def sequence(found, when: str, expected: str) -> list:
    """A result that must be several things in a row."""
    if is_node(found):
        found = found.data
    if isinstance(found, torch.Tensor | np.ndarray) and found.ndim:
        return list(found)
    if isinstance(found, list | tuple | range):
        return list(found)
    raise NotYet(f"{when} it returns {described(found)}, expected {expected}")


def whole_numbers(found, when: str, expected: str) -> list[int]:
    """A row of whole numbers: ids, indices."""
    array = array_of(sequence(found, when, expected), when, expected)
    if array.ndim != 1 or not (np.isfinite(array) & (array == np.floor(array))).all():
        raise NotYet(f"{when} it returns {short(found)}, expected {expected}")
    return [int(number) for number in array]


def number_of(found, when: str) -> int | float:
    """A single number, neither NaN nor infinite."""
    array = array_of(found, when, "a number")
    same_shape(array, np.zeros(()), when)
    number = array.item()
    if not math.isfinite(number):
        raise NotYet(f"{when} the value is {number:g}")
    return number


def short(found) -> str:
    """How a thing is written, cut off when long."""
    written = " ".join(repr(found).split())
    return written if len(written) <= 60 else written[:59] + "…"


# --------------------------------------------------------------------------- comparing


def same(found, wanted, when: str) -> None:
    """`found` must be `wanted`: numbers first, then the shape, then every value.

    Whole numbers must be those; others may be off by what float32 rounds.
    """
    wanted, found = array_of(wanted), array_of(found, when)
    same_shape(found, wanted, when)
    if wanted.dtype == bool and found.dtype != bool:
        raise NotYet(f"{when} the result is {found.dtype}, expected booleans")
    lost = np.argwhere(np.isnan(found)) if found.dtype == float else []
    wrong = lost if len(lost) else np.argwhere(~near(found, wanted))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        where = f"at {list(place)} " if place else ""
        got, expected = written(found[place].item(), wanted[place].item())
        raise NotYet(f"{when} the value {where}is {got}, expected {expected}")


def same_shape(found: np.ndarray, wanted, when: str) -> None:
    if found.shape != tuple(wanted.shape):
        raise NotYet(f"{when} the shape is {list(found.shape)}, expected {list(wanted.shape)}")


def same_each(found, wanted: dict, when: str) -> None:
    """`found` must hold as many results as `wanted` names, in that order, each the same. One
    array may hold them as its rows."""
    if isinstance(found, torch.Tensor | np.ndarray) and found.ndim > 1:
        shapes = {np.shape(right) for right in wanted.values()}
        found = list(found) if shapes == {tuple(found.shape[1:])} else found
    for result, (name, right) in zip(parts(found, list(wanted), when), wanted.items(), strict=True):
        same(result, right, f"{when}, {name}:")


def looks_like(found, slip) -> bool:
    """Whether a result is what a known slip gives. What is no numbers is for `same` to say."""
    try:
        found, slip = array_of(found), array_of(slip)
    except NotYet:
        return False
    return found.shape == slip.shape and bool(near(found, slip).all())


def near(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where two arrays of one shape hold the same numbers, up to rounding."""
    if wanted.dtype == float:
        return np.isclose(found, wanted, rtol=1e-4, atol=1e-5)
    if found.dtype == float:
        return np.isclose(found, wanted, rtol=1e-6, atol=1e-3)
    return found == wanted


def written(got, expected) -> tuple[str, str]:
    """Two different numbers as text, with as many digits as it takes to tell them apart."""
    for digits in (6, 9, 17):
        pair = [f"{x:d}" if isinstance(x, int) else f"{x:.{digits}g}" for x in (got, expected)]
        if pair[0] != pair[1]:
            break
    return pair[0], pair[1]


# --------------------------------------------------------------------------- what to try it on


def draw(*shape: int, dtype=None) -> torch.Tensor:
    """Numbers to try an answer on, the same each time: a tensor in the dtype that torch makes
    tensors in."""
    generator = torch.Generator().manual_seed(len(shape) + sum(shape))
    return torch.randn(shape, generator=generator, dtype=dtype)


def numbers(*shape: int) -> np.ndarray:
    """The same as an array of float64, which is what numpy makes."""
    return draw(*shape, dtype=torch.double).numpy()
