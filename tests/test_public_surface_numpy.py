"""The names that HOUSE promises to code outside, for the modules on numpy, text and recurrence."""

import importlib
import inspect

import numpy as np
import pytest
import torch

from attend.autograd import Tensor
from attend.phrasebook import Pair, pairs
from attend.recurrent import GRU, LSTM, RNN, NumpyRNN
from attend.text import BytePairEncoder, Vocabulary, read_pairs

MODULES = "autograd convolution data embeddings nn optimizers recurrent retrieval text".split()


def parameters(function):
    return {name: p.default for name, p in inspect.signature(function).parameters.items()}


@pytest.mark.parametrize("name", MODULES)
def test_all_names_what_is_public_and_nothing_of_a_library(name):
    module = importlib.import_module(f"attend.{name}")
    defined = {
        each
        for each, value in vars(module).items()
        if not each.startswith("_") and getattr(value, "__module__", None) == module.__name__
    }
    assert defined <= set(module.__all__)
    assert all(hasattr(module, each) for each in module.__all__)
    assert not any(inspect.ismodule(getattr(module, each)) for each in module.__all__)
    for each in module.__all__:
        value = getattr(module, each)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__ == module.__name__ and value.__doc__


@pytest.mark.parametrize("name", MODULES)
def test_definitions_are_short(name):
    module = importlib.import_module(f"attend.{name}")
    for each in module.__all__:
        value = getattr(module, each)
        functions = vars(value).values() if inspect.isclass(value) else [value]
        for function in functions:
            if inspect.isfunction(function):
                lines, first = inspect.getsourcelines(function)
                code = len(lines) - (function.__doc__ or "").count("\n")
                assert code <= 40, f"{name}.py, line {first}: {function.__qualname__}"


def test_a_tensor_of_the_engine():
    assert next(iter(parameters(Tensor))) == "data"
    x = Tensor(np.ones((2, 3)))
    loss = (((x + 1) * x - x) / 2 ** (x * 0 + 1) @ np.ones((3, 1))).sum()
    loss.backward()
    assert x.grad.shape == (2, 3)
    for name in "exp log abs sigmoid tanh relu gelu sum mean max reshape transpose softmax".split():
        assert callable(getattr(x, name))


@pytest.mark.parametrize("ours", [RNN, LSTM, GRU])
def test_recurrent_modules_stand_in_for_torch_s(ours):
    theirs = getattr(torch.nn, ours.__name__)
    options = {"num_layers": 2, "bidirectional": True, "batch_first": True}
    a, b = ours(3, 5, **options), theirs(3, 5, **options)
    assert list(a.state_dict()) == list(b.state_dict())
    b.load_state_dict(a.state_dict())
    x = torch.randn(2, 7, 3)
    torch.testing.assert_close(a(x)[0], b(x)[0])
    assert list(parameters(ours.forward))[1:3] == ["input", "hx"]


def test_the_network_of_numpy_goes_backward_by_hand():
    assert list(parameters(NumpyRNN)) == ["n_in", "n_hidden", "n_out", "seed"]
    network = NumpyRNN(2, 5, 3)
    y, h = network.forward(np.ones((7, 4, 2)))
    dx, dh = network.backward(y)
    assert y.shape == (7, 4, 3) and dx.shape == (7, 4, 2) and dh.shape == h.shape == (7, 5)


def test_text_and_phrasebook():
    assert parameters(read_pairs) == {"path": inspect.Parameter.empty, "limit": None}
    assert parameters(pairs) == {"split": inspect.Parameter.empty, "seed": 0}
    assert Pair._fields == ("source", "target", "alignment", "gloss")
    for kind in (Vocabulary, BytePairEncoder):
        assert callable(kind.encode) and callable(kind.decode) and callable(kind.__len__)
