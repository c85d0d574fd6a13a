"""The checkers of every exercise: right answers in any harmless form are right, slips are named,
stubs are not attempted, and no answer, however odd, ends in a traceback.

Right answers are the chapters' folded solutions; slips stand in tests/slips. `judge` is `verdict`
without its last net, so that an error of a checker's own is seen here.
"""

import _thread
import ast
import copy
import dis
import pkgutil
import random
import re
import signal
import threading
import time
from fractions import Fraction
from importlib import import_module

import nbformat
import numpy as np
import pytest
import slips
import torch

import attend.exercises
from attend.autograd import Tensor
from attend.checks import is_node
from attend.exercises import check, checking, verdict
from attend.exercises.checking import CHECKS, array_of, judge
from conftest import ROOT

NUMBERS = sorted(CHECKS)
TABLES = {
    module.name: import_module(f"slips.{module.name}")
    for module in pkgutil.iter_modules(slips.__path__)
}


def table(name):
    return [row for module in TABLES.values() for row in getattr(module, name, [])]


# --------------------------------------------------------------------------- the folded solutions


def solutions() -> dict:
    """The functions of the chapters' cells tagged `solution`, by the number of their exercise."""
    found = {}
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        known = {}
        for cell in cells:
            call = re.search(r'^check\("(\d\d\.\d)", (\w+)\)', cell.source, re.MULTILINE)
            if call and "solution" in cell.metadata.get("tags", []):
                found[call[1]] = defined(call[2], {**known, **definitions(cell.source)})
            known |= {k: v for k, v in definitions(cell.source).items() if not call}
    return found


def definitions(source: str) -> dict:
    """The imports, functions, classes and constants of a cell, each name with its statement."""
    names = {}
    for node in ast.parse(re.sub(r"^( *)[%!].*$", r"\1pass", source, flags=re.MULTILINE)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0]: node for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node
    return names


def defined(name: str, statements: dict):
    """The thing of that name, after running only those statements that it needs."""
    namespace = {}

    def run(name):
        code = compile(ast.Module([statements[name]], []), "<chapter>", "exec")
        namespace[name] = None  # a function may call itself
        for used in global_names(code) & set(statements):
            if used not in namespace:
                run(used)
        exec(code, namespace)

    run(name)
    return namespace[name]


def global_names(code) -> set[str]:
    """The names that the code, or a function in it, looks up outside itself."""
    looked_up = (i for i in dis.get_instructions(code) if i.opname in ("LOAD_NAME", "LOAD_GLOBAL"))
    inner = (const for const in code.co_consts if isinstance(const, type(code)))
    return {i.argval for i in looked_up}.union(*map(global_names, inner))


SOLUTIONS = solutions()


# --------------------------------------------------------------------------- verdicts


def test_every_checker_has_its_solution_its_table_and_a_slip():
    checkers = {module.name for module in pkgutil.iter_modules(attend.exercises.__path__)}
    assert checkers - {"checking"} == set(TABLES)
    assert sorted(SOLUTIONS) == NUMBERS
    assert sorted({number for number, *_ in table("SLIPS")}) == NUMBERS
    assert not {number for number, *_ in table("RIGHT")} - set(NUMBERS)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_stub_is_not_attempted(number, capsys):
    def stub(*arguments):
        """What is asked for."""
        ...

    check(number, lambda *arguments: ...)
    assert capsys.readouterr().out == f"{number}: not attempted\n"
    assert verdict(number, lambda *arguments: None) == "not attempted"
    assert verdict(number, stub) == verdict(number, ...) == "not attempted"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_folded_solution_is_right(number):
    assert judge(number, SOLUTIONS[number]) == "right"


@pytest.mark.parametrize("number, answer", table("RIGHT"))
def test_another_right_answer_is_right(number, answer):
    assert judge(number, answer) == "right"


@pytest.mark.parametrize("number, answer, told", table("SLIPS"))
def test_a_slip_is_named(number, answer, told):
    said = judge(number, answer)
    assert said.startswith("not yet: ") and re.search(told, said) and "\n" not in said, said


def test_an_unknown_number_is_an_error():
    for ask in (check, verdict):
        with pytest.raises(ValueError, match=r"number must be one of .*11\.1"):
            ask("99.9", None)


@pytest.mark.parametrize("answer, what", [(None, "None"), ("x", "a str"), (3.0, "a float")])
def test_what_is_no_function_is_told(answer, what):
    assert verdict("11.1", answer) == f"not yet: it is {what}, expected a function"


# --------------------------------------------------------------------------- harmless variations


def each_number(change, result):
    """The result with `change` applied to each of its tensors, arrays and numbers."""
    if isinstance(result, list | tuple) and not all(type(part) in (int, float) for part in result):
        return type(result)(each_number(change, part) for part in result)
    if is_node(result) or isinstance(result, str):
        return result
    if isinstance(result, int) and result.bit_length() > 63:
        return result  # no array holds it
    return change(np.array(result) if isinstance(result, list | tuple) else result)


def as_array(number):
    return number.numpy() if isinstance(number, torch.Tensor) else np.array(number)


def of_floats(change):
    """Booleans must stay booleans."""
    return lambda number: change(number) if as_array(number).dtype.kind != "b" else number


def backwards_twice(number):
    """A view with negative strides, which torch.as_tensor refuses."""
    array = as_array(number)
    return np.flip(np.flip(array).copy())


def read_only(number):
    array = as_array(number).copy()
    array.flags.writeable = False
    return array


def small_whole_numbers(number):
    array = as_array(number)
    fits = array.dtype.kind == "i" and array.min(initial=0) >= 0 and array.max(initial=0) < 2**16
    return array.astype(np.uint16) if fits else number


def with_gradient(number):
    tensor = torch.as_tensor(as_array(number).copy())
    return tensor.requires_grad_() if tensor.is_floating_point() else tensor


def fraction(number):
    return Fraction(number) if isinstance(number, float) else number


FORMS = {
    "numpy": as_array,
    "a scalar of numpy": lambda number: as_array(number)[()],
    "torch": lambda number: torch.as_tensor(as_array(number).copy()),
    "lists": lambda number: as_array(number).tolist(),
    "float64": of_floats(lambda number: as_array(number).astype(np.float64)),
    "float32": of_floats(lambda number: as_array(number).astype(np.float32)),
    "torch's float64": of_floats(lambda number: torch.as_tensor(as_array(number) * 1.0).double()),
    "torch's float32": of_floats(lambda number: torch.as_tensor(as_array(number) * 1.0).float()),
    "a view": backwards_twice,
    "read only": read_only,
    "objects": lambda number: as_array(number).astype(object),
    "big endian": of_floats(lambda number: as_array(number).astype(">f8")),
    "uint16": small_whole_numbers,
    "with a gradient": with_gradient,
    "a book's Tensor": of_floats(lambda number: Tensor(as_array(number).astype(float))),
    "a fraction": fraction,
}
KEEPS_ITS_KIND = {  # where the kind of the result is what the exercise asks for
    "03.3": "an operation for the book's Tensor",
    "13.4": "a word",
    "15.5": "a tensor of the dtype that is given",
}


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in KEEPS_ITS_KIND])
def test_the_same_numbers_in_another_form_are_right(number):
    said = {}
    for form, change in FORMS.items():
        said[form] = judge(
            number, lambda *given, change=change: each_number(change, SOLUTIONS[number](*given))
        )
    assert said == dict.fromkeys(FORMS, "right")


def spoil(given):
    """Change an argument as thoroughly as can be: what a Tensor was computed to be, cannot."""
    if isinstance(given, torch.Tensor):
        given.zero_() if given.dtype == torch.bool else given.fill_(7)
    elif isinstance(given, Tensor):
        spoil(given.data)
    elif isinstance(given, np.ndarray) and given.flags.writeable:
        given[...] = 7
    elif isinstance(given, list):
        for part in given:
            spoil(part)
        given.clear()
    elif isinstance(given, dict | set):
        given.clear()


@pytest.mark.parametrize("number", NUMBERS)
def test_an_answer_may_print_draw_and_change_what_it_was_given(number, capsys):
    def answer(*given):
        print("looking at", len(given))
        random.seed(0), np.random.seed(0), torch.manual_seed(0)
        random.random(), np.random.rand(), torch.rand(1)
        result = SOLUTIONS[number](*given)
        kept = result if is_node(result) else copy.deepcopy(result)
        for each in given:
            spoil(each)
        return kept

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert judge(number, answer) == "right"
    assert "looking at" in capsys.readouterr().out
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    assert after == states, "the reader's random numbers"


@pytest.mark.parametrize("number", NUMBERS)
def test_a_reader_without_gradients_or_in_float64_is_judged_alike(number):
    with torch.no_grad():
        assert judge(number, SOLUTIONS[number]) == "right"
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert judge(number, SOLUTIONS[number]) == "right"
    finally:
        torch.set_default_dtype(usual)


def test_a_generator_is_read_as_a_list():
    def one_epoch(n, size, rng):
        order = rng.permutation(n)
        for start in range(0, n, size):
            yield order[start : start + size]

    assert judge("02.4", one_epoch) == "right"


# --------------------------------------------------------------------------- odd answers


def stops(*arguments):
    raise KeyError("no such word")


ODD = [
    "a string",
    b"bytes",
    [[1.0], [2.0, 3.0]],
    [[1.0, 2.0], 3.0],
    {"a": 1.0},
    {1.0, 2.0},
    (),
    [],
    (None, None),
    [...] * 2,
    ["a", "b"],
    float("nan"),
    float("inf"),
    10**400,
    2**70,
    -(2**70),
    2.5j,
    object(),
    int,
    print,
    range(0),
    np.zeros((0, 3)),
    np.array(["a", "b"]),
    np.array([None, {}], dtype=object),
    np.array([(1, 2.0)], dtype="i4,f8"),
    np.datetime64("2017-06-12"),
    torch.zeros(2, 3, 4, 5, 6),
    torch.tensor([1 + 2j]),
    torch.full((5,), torch.nan),
    Tensor(np.full(3, np.nan)),
    torch.nn.Linear(2, 3),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_an_odd_result_is_told(number):
    """Alone, and as one of the results where a checker takes several apart."""
    for odd in ODD:
        several = [[odd] * count for count in range(1, 6)]
        for result in (odd, *several, tuple(several[1]), np.array([[odd]], dtype=object)):
            said = judge(number, lambda *arguments, result=result: result)
            assert said.startswith("not yet: ") and "\n" not in said, (result, said)


WORSE = {
    "nan": of_floats(lambda number: as_array(number) * np.nan),
    "infinite": of_floats(lambda number: as_array(number) + np.inf),
    "complex": lambda number: as_array(number) + 1j,
    "strings": lambda number: as_array(number).astype(str),
    "None": lambda number: np.full_like(as_array(number), None, dtype=object),
    "one axis more": lambda number: as_array(number)[None],
    "a dict": lambda number: {"result": number},
    "ragged": lambda number: [as_array(number), [as_array(number), 1.0]],
}


@pytest.mark.parametrize("number", [number for number in NUMBERS if number not in KEEPS_ITS_KIND])
def test_a_right_result_gone_wrong_is_told(number):
    """Right but for one thing: the checkers get as far as they can."""
    for kind, change in WORSE.items():
        results = []

        def answer(*given, change=change, results=results):
            results.append(each_number(change, SOLUTIONS[number](*given)))
            return results[-1]

        said = judge(number, answer)
        if kind in ("nan", "infinite") and said == "right":
            assert array_of(results[-1]).dtype == bool  # has neither
            continue
        assert said.startswith("not yet: ") and "\n" not in said, (kind, said)
        assert kind != "nan" or re.search(r"\b[Nn]a[Nn]\b", said), said


@pytest.mark.parametrize("number", NUMBERS)
def test_an_error_a_forgotten_return_and_an_endless_loop_are_told(number, monkeypatch):
    def no_return(*arguments):
        SOLUTIONS[number](*arguments)

    def endless(*arguments):
        while True:
            pass

    assert judge(number, stops) == "not yet: it stops with KeyError: 'no such word'"
    assert judge(number, no_return) == "not yet: it returns nothing (is `return` forgotten?)"
    monkeypatch.setattr(checking, "LIMIT", 0.05)
    assert judge(number, endless) == "not yet: it runs longer than 0.05 s (an endless loop?)"


def test_recursion_without_end_is_told():
    def deeper(*arguments):
        return deeper(*arguments)

    assert judge("11.1", deeper).startswith("not yet: it stops with RecursionError: maximum")


def test_a_result_that_nobody_foresaw_is_told_too():
    class Odd(list):
        def __iter__(self):
            raise RuntimeError("I am\nodd")

    said = verdict("11.1", lambda *arguments: Odd([1.0]))
    assert said == "not yet: its result could not be read (RuntimeError: I am)"
    with pytest.raises(RuntimeError):
        judge("11.1", lambda *arguments: Odd([1.0]))


# --------------------------------------------------------------------------- the time limit


def catches_everything(*arguments):
    n = 0
    while True:
        try:
            n += 1
        except:  # noqa: E722  (as readers write it)
            continue


def catches_exceptions(*arguments):
    while True:
        try:
            time.sleep(0.001)
        except Exception:
            continue


def counts_for_ever(*arguments):
    n = 0
    while True:
        yield n


@pytest.mark.parametrize("answer", [catches_everything, catches_exceptions, counts_for_ever])
def test_an_endless_loop_is_ended(answer, monkeypatch):
    monkeypatch.setattr(checking, "LIMIT", 0.1)
    before = threading.active_count()
    said = verdict("11.1", answer)
    assert said == "not yet: it runs longer than 0.1 s (an endless loop?)"
    assert threads_end(before)


def threads_end(count: int) -> bool:
    """Whether there are soon no more threads than that."""
    until = time.monotonic() + 5
    while threading.active_count() > count and time.monotonic() < until:
        time.sleep(0.01)
    return threading.active_count() <= count


def test_an_answer_that_cannot_be_stopped_is_given_up(monkeypatch):
    monkeypatch.setattr(checking, "LIMIT", 0.1)
    over = threading.Event()

    def waits(*arguments):  # inside a library, and then catches what is raised in it
        while True:
            try:
                over.wait()
                return
            except:  # noqa: E722
                continue

    for answer in (waits, lambda *arguments: over.wait()):
        begun, before = time.monotonic(), threading.active_count()
        said = verdict("11.1", answer)
        assert said == (
            "not yet: it runs longer than 0.1 s (an endless loop?) and could not be stopped: "
            "the kernel may need a restart"
        )
        assert time.monotonic() - begun < 10
    over.set()
    assert threads_end(before - 1)


def test_a_slow_answer_has_time(monkeypatch):
    def slow(query, keys, values):
        time.sleep(0.2)
        return SOLUTIONS["11.1"](query, keys, values)

    assert checking.LIMIT == 10
    assert verdict("11.1", slow) == "right"


def test_the_reader_can_interrupt():
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of
    try:  # a shell would ignore it
        before = threading.active_count()
        timer = threading.Timer(0.2, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            verdict("11.1", catches_exceptions)
        assert threads_end(before)
    finally:
        signal.signal(signal.SIGINT, usual)


def test_an_answer_that_leaves_python_is_told():
    assert verdict("11.1", lambda *arguments: exit()) == "not yet: it stops with SystemExit: None"
