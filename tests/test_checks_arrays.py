"""The checks of arrays, strings and tokens, and numpy's numbers wherever Python's are taken."""

import subprocess
import sys

import numpy as np
import pytest

from attend import checks
from attend.autograd import Tensor
from attend.convolution import CNN, Conv2d, MaxPool2d
from attend.data import Batches, digits
from attend.embeddings import SkipGram, context_pairs
from attend.nn import MLP, BatchNorm, Dropout, LayerNorm, Linear
from attend.optimizers import SGD, Adam, AdamW, RMSProp, clip_gradients, soft_threshold
from attend.phrasebook import pairs
from attend.recurrent import LSTM, NumpyRNN
from attend.text import BytePairEncoder, Vocabulary, pad


@pytest.mark.parametrize(
    ("shape", "expected", "fits"),
    [
        ((2, 3), (2, 3), True),
        ((2, 3), (3, 2), False),
        ((2, 3), ("B", 3), True),
        ((0, 3), ("B", 3), False),
        ((0, 3), (0, 3), True),
        ((2, 3), ("B", "T", 3), False),
        ((5, 2, 3), ("...", 3), True),
        ((3,), ("...", 3), True),
        ((), ("...", 3), False),
        ((5, 2, 3), ("...", "T", 3), True),
        ((), (), True),
    ],
)
@pytest.mark.parametrize("kind", [np.zeros, lambda shape: Tensor(np.zeros(shape))])
def test_a_shape_is_the_expected_one_or_an_error(kind, shape, expected, fits):
    if fits:
        checks.has_shape("x", kind(shape), *expected)
    else:
        with pytest.raises(ValueError, match=r"^x must have shape \[.*, got \[") as caught:
            checks.has_shape("x", kind(shape), *expected)
        assert str(list(shape)) in str(caught.value)


@pytest.mark.parametrize(
    ("value", "least", "both"),
    [(3, 1, (3, 3)), ((2, 5), 1, (2, 5)), ([np.int64(2), 5], 0, (2, 5)), (0, 0, (0, 0))],
)
def test_one_number_stands_for_two(value, least, both):
    assert checks.pair("size", value, least) == both


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "a", None, (1,), (1, 2, 3), (1, 0), (1, "a")])
def test_what_is_no_pair_is_named(value):
    with pytest.raises(ValueError, match=r"^size must be a whole number or two, at least 1, got "):
        checks.pair("size", value)


def test_ids_and_tokens():
    assert checks.token_numbers("ids", np.array([0, 2]), 3) == [0, 2]
    assert checks.tokens("tokens", np.array(["a", "b"])) == ["a", "b"]
    with pytest.raises(ValueError, match="a token of tokens must be whole characters"):
        checks.tokens("tokens", ["a", "\udc00"])


WHOLE = [np.int8(4), np.int64(4), np.uint16(4)]
REAL = [np.float16(0.5), np.float32(0.5), np.float64(0.5)]


@pytest.mark.parametrize("n", WHOLE)
def test_numpy_s_whole_numbers_are_sizes(n):
    x = np.ones((n, n))
    for make in (Linear, Vocabulary_of, SkipGram, Conv2d_of, LSTM):
        assert make(n, n)
    for make in (LayerNorm, BatchNorm, MaxPool2d, BytePairEncoder_of, pairs_of):
        assert make(n)
    assert MLP([n, n, n])(x).shape == (4, 4) and len(Batches(x, x[0], size=n)) == 1
    assert CNN((n, n, n), (n,), n)(np.ones((n, 4, 4, 4))).shape == (4, 4)
    y, _ = NumpyRNN(n, n, n)(np.ones((1, 2, 4)))
    assert y.shape == (1, 2, 4)
    assert context_pairs([[1, 2]], n)[0].tolist() == [1, 2]


def Vocabulary_of(n, _):
    vocabulary = Vocabulary([["a"] * 4], min_count=n)
    return pad([vocabulary.encode(["a"])], length=n).shape == (1, 4) and "a" in vocabulary


def Conv2d_of(n, _):
    return Conv2d(n, n, n, stride=n, padding=n)


def BytePairEncoder_of(n):
    return BytePairEncoder("low low lower", n).split("low", n_merges=n)


def pairs_of(n):
    return pairs("valid", seed=n)


@pytest.mark.parametrize("p", REAL)
def test_numpy_s_real_numbers_are_rates(p):
    one = Tensor([1.0])
    one.grad = np.ones(1)
    for optimizer in (
        SGD([one], p, momentum=p, weight_decay=p),
        RMSProp([one], p, decay=p, epsilon=p),
        Adam([one], p, betas=(p, p), epsilon=p),
        AdamW([one], weight_decay=p),
    ):
        optimizer.step()
        assert np.isfinite(one.data).all()
    clip_gradients([one], p)
    soft_threshold([one], p)
    for layer in (Dropout(p), BatchNorm(2, momentum=p, epsilon=p), Linear(2, 2, initialisation=p)):
        assert layer(np.ones((3, 2))).shape == (3, 2)
    assert LSTM(2, 2, num_layers=2, dropout=p)
    assert len(digits(test_share=p)[0]) in (898, 899)


def test_the_modules_on_numpy_do_not_load_torch():
    code = (
        "import sys, attend.checks, attend.autograd, attend.nn, attend.optimizers, "
        "attend.convolution; print('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "False\n", result.stderr
