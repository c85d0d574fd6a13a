"""NumpyRNN, RNN, LSTM and GRU against torch.nn with the same weights: values and gradients."""

import copy
import itertools
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.testing import assert_close

from attend.optimizers import SGD
from attend.recurrent import GRU, LSTM, RNN, NumpyRNN, Recurrent, scan

B, T, I, D, O = 3, 5, 2, 7, 11
CELLS = [(RNN, nn.RNN), (LSTM, nn.LSTM), (GRU, nn.GRU)]
LENGTHS = [4, 1, 5]


def draw(*shape, dtype=torch.double, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.double).to(dtype)


# ------------------------------------------------------------------------------------- by hand


def same_as_torch(n_rows, n_steps, n_in, n_hidden, n_out, seed):
    ours = NumpyRNN(n_in, n_hidden, n_out, seed=seed)
    theirs = nn.RNN(n_in, n_hidden, batch_first=True, dtype=torch.double)
    head = nn.Linear(n_hidden, n_out, dtype=torch.double)
    copies = {
        "W_xh": theirs.weight_ih_l0,
        "W_hh": theirs.weight_hh_l0,
        "b_h": theirs.bias_ih_l0,
        "W_hy": head.weight,
        "b_y": head.bias,
    }
    with torch.no_grad():
        theirs.bias_hh_l0.zero_()
        for name, parameter in copies.items():
            parameter.copy_(torch.tensor(getattr(ours, name).data))
    x = draw(n_rows, n_steps, n_in, seed=seed).requires_grad_()
    h = draw(1, n_rows, n_hidden, seed=seed + 1).requires_grad_()
    states, last = theirs(x, h)
    reference = head(states)
    dy, dh = draw(*reference.shape, seed=seed + 2), draw(*last.shape, seed=seed + 3)
    torch.autograd.backward([reference, last], [dy, dh])

    y, h_T = ours.forward(x.detach().numpy(), h[0].detach().numpy())
    dx, dh_0 = ours.backward(dy.numpy(), dh[0].numpy())
    found = {"y": y, "h_T": h_T, "dx": dx, "dh_0": dh_0}
    wanted = {"y": reference, "h_T": last[0], "dx": x.grad, "dh_0": h.grad[0]}
    for name, parameter in copies.items():
        found[name], wanted[name] = getattr(ours, name).grad, parameter.grad
    for name in found:
        np.testing.assert_allclose(
            found[name], wanted[name].detach().numpy(), rtol=1e-10, atol=1e-10, err_msg=name
        )


@settings(deadline=None, max_examples=50)
@given(*(st.integers(1, 7) for _ in range(5)), st.integers(0, 99))
def test_backpropagation_through_time_equals_torch(n_rows, n_steps, n_in, n_hidden, n_out, seed):
    same_as_torch(n_rows, n_steps, n_in, n_hidden, n_out, seed)


def test_fifty_steps_equal_torch():
    same_as_torch(B, 53, I, D, O, seed=1)


def test_gradients_by_hand_equal_finite_differences():
    network = NumpyRNN(I, D, O, seed=2)
    x, dy = draw(B, T, I).numpy(), draw(B, T, O, seed=1).numpy()
    network.forward(x)
    network.backward(dy)
    for parameter in network.parameters():
        data, grad = parameter.data, parameter.grad
        for place in itertools.islice(np.ndindex(*data.shape), 0, None, 5):
            sides = []
            for change in (1e-6, -1e-6):
                data[place] += change
                sides.append((network(x)[0] * dy).sum())
                data[place] -= change
            assert abs((sides[0] - sides[1]) / 2e-6 - grad[place]) < 1e-6


def test_numpy_rnn_is_trained_by_the_optimizers_of_the_book():
    network = NumpyRNN(I, D, 1, seed=3)
    assert [p.shape for p in network.parameters()] == [(D, I), (D, D), (1, D), (D,), (1,)]
    x = draw(B, T, I).numpy()
    target = x.sum(axis=-1, keepdims=True).cumsum(axis=1) / 5
    optimizer, losses = SGD(network.parameters(), learning_rate=0.1), []
    for _ in range(200):
        error = network(x)[0] - target
        losses.append((error**2).mean())
        optimizer.zero_grad()
        network.backward(2 * error / error.size)
        optimizer.step()
    assert losses[-1] < 0.2 * losses[0]


def test_gradients_by_hand_add_up_until_forgotten_and_no_state_is_zero():
    network, x = NumpyRNN(I, D, O), draw(B, T, I).numpy()
    y, last = network.forward(x)
    again, same = network(x, np.zeros((B, D)))
    np.testing.assert_array_equal(y, again)
    np.testing.assert_array_equal(last, same)
    network.backward(y)
    once = [p.grad.copy() for p in network.parameters()]
    network.backward(y)
    for parameter, g in zip(network.parameters(), once, strict=True):
        np.testing.assert_allclose(parameter.grad, 2 * g)


def test_numpy_rnn_names_bad_arguments():
    network, x = NumpyRNN(I, D, O), draw(B, T, I).numpy()
    with pytest.raises(ValueError, match="backward needs a forward before it"):
        network.backward(np.zeros((B, T, O)))
    network.forward(x)
    wrong = [
        (lambda: NumpyRNN(0, D, O), "n_in must be a whole number, at least 1, got 0"),
        (lambda: NumpyRNN(I, 2.5, O), "n_hidden must be a whole number, at least 1, got 2.5"),
        (lambda: NumpyRNN(I, D, True), "n_out must be a whole number, at least 1, got True"),
        (lambda: network(x[:, :, :1]), r"x must have shape \[B, T, 2\] .*got \[3, 5, 1\]"),
        (lambda: network(x[:0]), r"x must have .*got \[0, 5, 2\]"),
        (lambda: network(x[:, :0]), r"x must have .*got \[3, 0, 2\]"),
        (lambda: network(x[0]), r"x must have .*got \[5, 2\]"),
        (lambda: network(x, np.zeros(D)), r"h must have shape \[3, 7\], got \[7\]"),
        (lambda: network.backward(x), r"dy must have shape \[3, 5, 11\], got \[3, 5, 2\]"),
        (
            lambda: network.backward(np.zeros((B, T, O)), np.zeros((B, O))),
            r"dh must have shape \[3, 7\], got \[3, 11\]",
        ),
    ]
    for call, message in wrong:
        with pytest.raises(ValueError, match=message):
            call()


# --------------------------------------------------------------------------------- torch modules


def twins(ours, theirs, dtype=torch.double, **options):
    theirs = theirs(I, D, batch_first=True, dtype=dtype, **options)
    ours = ours(I, D, dtype=dtype, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def first_states(module, dtype=torch.double, rows=(B,)):
    shape = (module.num_layers * (1 + module.bidirectional), *rows, D)
    h = draw(*shape, dtype=dtype, seed=5).requires_grad_()
    c = draw(*shape, dtype=dtype, seed=6).requires_grad_()
    return (h, c) if isinstance(module, LSTM | nn.LSTM) else (h,)


def flat(answer):
    output, states = answer
    return [output, *(states if isinstance(states, tuple) else [states])]


def compare(ours, theirs, x, states=None, lengths=None):
    """Outputs, last states, and the gradients of all weights, of the input and of the first
    states."""
    grads = []
    answers = []
    for module in (ours, theirs):
        x_copy = x.detach().clone().requires_grad_()
        copies = [s.detach().clone().requires_grad_() for s in states or ()]
        hx = None if not copies else tuple(copies) if len(copies) > 1 else copies[0]
        if module is ours:
            answer = flat(module(x_copy, hx) if lengths is None else module(x_copy, hx, lengths))
        elif lengths is None:
            answer = flat(module(x_copy, hx))
        else:
            packed = pack_padded_sequence(x_copy, lengths, batch_first=True, enforce_sorted=False)
            output, *last = flat(module(packed, hx))
            padded = pad_packed_sequence(output, batch_first=True, total_length=x.shape[-2])[0]
            answer = [padded, *last]
        upstream = [draw(*a.shape, dtype=a.dtype, seed=7 + i) for i, a in enumerate(answer)]
        torch.autograd.backward(answer, upstream)
        answers.append(answer)
        grads.append([x_copy.grad, *(s.grad for s in copies)])
        grads[-1] += [p.grad for _, p in sorted(module.named_parameters())]
    tight = {"rtol": 1e-10, "atol": 1e-10} if x.dtype == torch.double else {}
    for a, b in zip(answers[0] + grads[0], answers[1] + grads[1], strict=True):
        assert_close(a, b, **tight)


@pytest.mark.parametrize("ours, theirs", CELLS)
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_values_and_gradients_equal_torch(ours, theirs, num_layers, bidirectional, lengths):
    options = {"num_layers": num_layers, "bidirectional": bidirectional}
    ours, theirs = twins(ours, theirs, **options)
    x = draw(B, T, I)
    compare(ours, theirs, x, lengths=lengths)
    ours.zero_grad(), theirs.zero_grad()
    compare(ours, theirs, x, first_states(ours), lengths)


@pytest.mark.parametrize("ours, theirs", CELLS)
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"num_layers": 2, "bidirectional": True}])
def test_float32_no_bias_and_one_sequence(ours, theirs, options):
    for dtype in (torch.float, torch.double):
        a, b = twins(ours, theirs, dtype, **options)
        compare(a, b, draw(B, T, I, dtype=dtype), first_states(a, dtype))
        a.zero_grad(), b.zero_grad()
        compare(a, b, draw(T, I, dtype=dtype), first_states(a, dtype, ()))


def test_relu():
    compare(*twins(RNN, nn.RNN, nonlinearity="relu", num_layers=2), draw(B, T, I))
    with pytest.raises(ValueError, match="nonlinearity must be one of tanh, relu, got 'gelu'"):
        RNN(I, D, nonlinearity="gelu")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=4), st.sampled_from(CELLS), st.booleans())
def test_any_lengths_equal_packed_sequences(lengths, cells, bidirectional):
    ours, theirs = twins(*cells, num_layers=2, bidirectional=bidirectional)
    compare(ours, theirs, draw(len(lengths), 6, I), lengths=torch.tensor(lengths))


@pytest.mark.parametrize("ours, theirs", CELLS)
def test_what_pads_has_no_influence(ours, theirs):
    ours, _ = twins(ours, theirs, num_layers=2, bidirectional=True)
    x = draw(B, T, I).requires_grad_()
    plain = flat(ours(x, lengths=LENGTHS))
    padding = torch.arange(T) >= torch.tensor(LENGTHS)[:, None]  # [B, T]
    for other in (7.0, float("nan")):
        filled = x.detach().masked_fill(padding[..., None], other).requires_grad_()
        for a, b in zip(flat(ours(filled, lengths=torch.tensor(LENGTHS))), plain, strict=True):
            assert_close(a, b, rtol=0, atol=0)
    assert (plain[0][padding] == 0).all()
    plain[0].sum().backward()
    assert (x.grad[padding] == 0).all()
    for row, length in enumerate(LENGTHS):  # and each sequence is as it would be alone
        assert_close(plain[0][row, :length], ours(x[row, :length])[0])


@pytest.mark.parametrize("ours, theirs", CELLS)
def test_names_and_first_weights_are_those_of_torch(ours, theirs):
    modules = []
    for cell in (ours, theirs):
        torch.manual_seed(3)
        modules.append(cell(I, D, num_layers=2, bidirectional=True, batch_first=True))
    a, b = (module.state_dict() for module in modules)
    assert list(a) == list(b) and "weight_hh_l1_reverse" in a
    assert_close(a, b, rtol=0, atol=0)
    modules[1].load_state_dict(a)
    compare(copy.deepcopy(modules[0]), modules[1], draw(B, T, I, dtype=torch.float))


def test_gates_cost_one_four_three():
    counts = [sum(p.numel() for p in cell(I, D).parameters()) for cell in (RNN, LSTM, GRU)]
    assert counts == [counts[0], 4 * counts[0], 3 * counts[0]]


@pytest.mark.parametrize("ours, theirs", CELLS)
def test_gradcheck(ours, theirs):
    module = ours(2, 3, num_layers=2, bidirectional=True, dtype=torch.double)
    x = draw(2, 3, 2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: flat(module(x, lengths=[3, 2])), (x,))


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
def test_dropout_acts_between_layers_and_in_training_alone(cell):
    module, x = cell(I, D, 2, dropout=0.5, dtype=torch.double), draw(B, T, I)
    torch.manual_seed(0)
    first, second = module(x)[0], module(x)[0]
    assert not torch.allclose(first, second)
    module.eval()
    assert_close(module(x)[0], module(x)[0], rtol=0, atol=0)
    whole = cell(I, D, 2, dropout=1.0, dtype=torch.double)  # nothing gets from layer to layer
    assert_close(whole(x)[0][0], whole(draw(B, T, I, seed=1))[0][0], rtol=0, atol=0)
    with pytest.warns(UserWarning, match="num_layers=1 has no between"):
        cell(I, D, dropout=0.5)


@pytest.mark.parametrize("ours, theirs", CELLS)
def test_dropout_is_that_of_torch(ours, theirs):
    """With one seed, the same numbers are dropped: at one step, where the axes' order, which torch
    swaps inside, does not count."""
    ours, theirs = twins(ours, theirs, num_layers=3, dropout=0.4)
    outputs = []
    for module in (ours, theirs):
        torch.manual_seed(1)
        outputs.append(module(draw(B, 1, I))[0])
    assert_close(*outputs)
    assert not torch.allclose(outputs[0], ours.eval()(draw(B, 1, I))[0])


X = draw(B, T, I, dtype=torch.float)
WRONG = [
    (lambda m: m(X[:0]), ValueError, r"B and T at least 1, got shape \[0, 5, 2\]"),
    (lambda m: m(X[:, :0]), ValueError, r"B and T at least 1, got shape \[3, 0, 2\]"),
    (lambda m: m(X[0, :0]), ValueError, r"got shape \[0, 2\]"),
    (lambda m: m(X[..., :1]), ValueError, r"input must be \[B, T, 2\] or \[T, 2\].*\[3, 5, 1\]"),
    (lambda m: m(X[0, 0]), ValueError, r"got shape \[2\]"),
    (lambda m: m(X[None]), ValueError, r"got shape \[1, 3, 5, 2\]"),
    (lambda m: m(X.double()), TypeError, "weights' dtype, torch.float32, got torch.float64"),
    (lambda m: m(X.long()), TypeError, "got torch.int64"),
    (lambda m: m(X.numpy()), TypeError, "input must be a torch.Tensor, got ndarray"),
    (
        lambda m: m(pack_padded_sequence(X, [5, 4, 2], batch_first=True)),
        TypeError,
        "got PackedSequence; give a padded tensor and lengths=",
    ),
    (lambda m: m(X, lengths=[1, 2]), ValueError, "lengths must be as many as sequences, 3, got 2"),
    (lambda m: m(X, lengths=[]), ValueError, "lengths must be as many as sequences, 3, got 0"),
    (
        lambda m: m(X, lengths=torch.ones(3, 1, dtype=torch.long)),
        ValueError,
        r"lengths must be as many as sequences, 3, got shape \[3, 1\]",
    ),
    (lambda m: m(X, lengths=[1, 2, 6]), ValueError, "lengths must lie in 1 … 5, got 6"),
    (lambda m: m(X, lengths=[1, 0, 5]), ValueError, "lengths must lie in 1 … 5, got 0"),
    (lambda m: m(X, lengths=torch.ones(3)), TypeError, "lengths must be whole numbers"),
    (lambda m: m(X, lengths=3), TypeError, "lengths must be whole numbers"),
    (lambda m: m(X[0], lengths=[5]), ValueError, "lengths must be left out for one sequence"),
    (lambda m: type(m)(0, D), ValueError, "input_size must be a whole number, at least 1, got 0"),
    (
        lambda m: type(m)(I, -1),
        ValueError,
        "hidden_size must be a whole number, at least 1, got -1",
    ),
    (
        lambda m: type(m)(I, D, 0),
        ValueError,
        "num_layers must be a whole number, at least 1, got 0",
    ),
    (
        lambda m: type(m)(I, D, 2, dropout=1.5),
        ValueError,
        "dropout must be a number from 0 to 1, got 1.5",
    ),
    (lambda m: type(m)(I, D, batch_first=False), ValueError, "batch_first must be True, got False"),
]


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
@pytest.mark.parametrize("call, kind, message", WRONG)
def test_bad_arguments_are_named_in_one_line(cell, call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(cell(I, D))
    assert "\n" not in str(caught.value)


def test_first_states_of_another_form():
    h = torch.zeros(1, B, D)
    with pytest.raises(ValueError, match=r"hx must have shape \[1, 3, 7\], got \[3, 7\]"):
        GRU(I, D)(X, h[0])
    with pytest.raises(ValueError, match=r"hx must have shape \[1, 7\], got \[1, 3, 7\]"):
        GRU(I, D)(X[0], h)
    with pytest.raises(ValueError, match=r"hx must have shape \[4, 3, 7\], got \[1, 3, 7\]"):
        LSTM(I, D, 2, bidirectional=True)(X, (h, h))
    with pytest.raises(TypeError, match=r"hx must be a pair \(h, c\) of tensors, got Tensor"):
        LSTM(I, D)(X, h)
    with pytest.raises(TypeError, match=r"hx must hold tensors of torch\.float32.* got tuple"):
        RNN(I, D)(X, (h,))
    with pytest.raises(TypeError, match=r"got torch\.float64"):
        RNN(I, D)(X, h.double())


def test_a_cell_must_have_a_step():
    with pytest.raises(NotImplementedError, match="Recurrent must say what happens"):
        Recurrent(I, D)(X)


def test_the_weights_by_hand_begin_within_their_bounds_and_repeat_with_the_seed():
    network, bound = NumpyRNN(20, 30, 40), 30**-0.5
    for parameter in network.parameters():
        assert -bound <= parameter.data.min() < -0.8 * bound
        assert bound >= parameter.data.max() > 0.8 * bound
    for again in (NumpyRNN(20, 30, 40), NumpyRNN(20, 30, 40, seed=0)):
        np.testing.assert_array_equal(again.W_xh.data, network.W_xh.data)
    assert not np.array_equal(NumpyRNN(20, 30, 40, seed=1).W_xh.data, network.W_xh.data)


def test_the_last_state_is_a_tensor_and_of_an_lstm_a_pair():
    for cell in (RNN, GRU):
        assert isinstance(cell(I, D)(X)[1], torch.Tensor)
    assert isinstance(LSTM(I, D)(X)[1], tuple)
    h = torch.zeros(1, B, D)
    with pytest.raises(TypeError, match="must be a pair"):
        LSTM(I, D)(X, (h, h, h))


def test_one_layer_without_dropout_is_no_reason_to_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        GRU(I, D)
    with pytest.raises(ValueError, match=r"^dropout\b"):
        GRU(I, D, 2, dropout=-0.5)


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
def test_everything_lies_where_the_weights_do(cell):
    module = cell(I, D, num_layers=2, bidirectional=True, device="meta")
    assert all(weight.device.type == "meta" for weight in module.parameters())
    output, *states = flat(module(X.to("meta"), lengths=LENGTHS))
    assert output.device.type == "meta" and all(s.device.type == "meta" for s in states)


def test_an_array_is_told_nothing_of_lengths():
    with pytest.raises(TypeError, match=r"got ndarray$"):
        GRU(I, D)(X.numpy())


@pytest.mark.parametrize("ours, theirs", CELLS)
def test_a_scan_goes_from_the_first_step_to_the_last(ours, theirs):
    ours, theirs = twins(ours, theirs)
    states = (torch.zeros(B, D, dtype=torch.double),) * ours.n_states
    x = draw(B, T, I)
    output, last = scan(ours.step, x, states, ours.weights("l0"))
    assert_close(output, theirs(x)[0])
    assert_close(last[0], output[:, -1])
    back, last = scan(ours.step, x, states, ours.weights("l0"), backwards=True)
    assert_close(back, theirs(x.flip(1))[0].flip(1))
    assert_close(last[0], back[:, 0])
