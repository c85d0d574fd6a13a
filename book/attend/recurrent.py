"""Networks that read one step at a time and remember: RNN, LSTM, GRU. Taught in chapters 07, 08.

`NumpyRNN` goes backward through time by hand. `RNN`, `LSTM` and `GRU` are torch modules that stand
in for those of `torch.nn`: the same arguments, the same names in the state_dict, the same numbers,
always batch first. Each of them is its equations for one step; the rest is in `Recurrent`.
"""

import operator
import warnings

import numpy as np
import torch
from torch import nn
from torch.nn.functional import dropout, linear

from attend import checks
from attend.autograd import Tensor
from attend.nn import Layer

__all__ = ["GRU", "LSTM", "RNN", "NumpyRNN", "Recurrent", "scan"]


class NumpyRNN(Layer):
    """h_t = tanh(W_xh x_t + W_hh h_{t−1} + b_h), y_t = W_hy h_t + b_y: three matrices, two biases,
    the same at every step.
    W_xh [D, I], W_hh [D, D], W_hy [O, D], b_h [D], b_y [O]; all begin between ±1/√D. Call it with x
    [B, T, I] (and a first state [B, D], otherwise 0) for y [B, T, O] and the last state [B, D];
    then `backward` with ∂L/∂y.

    Raises ValueError for sizes below 1, an x of another width, an empty batch, no steps. Source:
    Elman 1990; Werbos 1990 for the way back. Taught in chapter 07.
    """

    def __init__(self, n_in, n_hidden, n_out, seed=0):
        checks.whole_numbers(n_in=n_in, n_out=n_out)
        D, rng = checks.whole_number("n_hidden", n_hidden), np.random.default_rng(seed)
        self.seen = None  # x and the states of the last forward pass
        shapes = {"W_xh": (D, n_in), "W_hh": (D, D), "W_hy": (n_out, D), "b_h": D, "b_y": n_out}
        for name, shape in shapes.items():
            setattr(self, name, Tensor(rng.uniform(-(D**-0.5), D**-0.5, shape)))

    def __call__(self, x, h=None):
        return self.forward(x, h)

    def forward(self, x, h=None):
        """x [B, T, I], h [B, D] → y [B, T, O], h_T [B, D]."""
        W_xh, W_hh, W_hy, b_h, b_y = (parameter.data for parameter in self.parameters())
        x = checks.array("x", x, "B", "T", W_xh.shape[1])
        h = np.zeros((len(x), len(b_h))) if h is None else h
        states = [h := checks.array("h", h, len(x), len(b_h))]
        for t in range(x.shape[1]):
            h = np.tanh(x[:, t] @ W_xh.T + h @ W_hh.T + b_h)  # [B, D]
            states.append(h)
        self.seen = x, np.stack(states, axis=1)  # [B, T, I], [B, T + 1, D]
        return self.seen[1][:, 1:] @ W_hy.T + b_y, h  # [B, T, O], [B, D]

    def backward(self, dy, dh=None):
        """Backpropagation through time: from the last step to the first, each state gets its
        gradient from its own output and from the state after it.

        dy = ∂L/∂y [B, T, O], dh = ∂L/∂h_T [B, D], otherwise 0. Adds to the .grad of the parameters;
        returns ∂L/∂x [B, T, I] and ∂L/∂h_0 [B, D]. Belongs to the last `forward`, and raises
        ValueError when there was none or the shapes are not its.
        """
        if self.seen is None:
            raise ValueError("backward needs a forward before it")
        W_xh, W_hh, W_hy, b_h, b_y = (parameter.data for parameter in self.parameters())
        x, states = self.seen
        dy = checks.array("dy", dy, *x.shape[:2], len(b_y))
        dh = np.zeros_like(states[:, 0]) if dh is None else dh
        dh = checks.array("dh", dh, len(x), len(b_h))
        dx, dW_xh, dW_hh, db_h = (np.zeros_like(array) for array in (x, W_xh, W_hh, b_h))
        for t in reversed(range(x.shape[1])):
            dh = dh + dy[:, t] @ W_hy  # [B, D], from h_{t+1} and from y_t
            da = dh * (1 - states[:, t + 1] ** 2)  # [B, D], through tanh
            dW_xh += da.T @ x[:, t]
            dW_hh += da.T @ states[:, t]  # states[:, t] is h_{t−1}
            db_h += da.sum(axis=0)
            dx[:, t] = da @ W_xh  # [B, I]
            dh = da @ W_hh  # [B, D], on to h_{t−1}
        dW_hy = np.einsum("bto,btd->od", dy, states[:, 1:])
        sums = dW_xh, dW_hh, dW_hy, db_h, dy.sum(axis=(0, 1))
        for parameter, g in zip(self.parameters(), sums, strict=True):
            parameter.grad = g if parameter.grad is None else parameter.grad + g
        return dx, dh


def scan(step, x, state, weights, present=None, backwards=False):
    """Go through a sequence, from the first step to the last or from the last to the first.
    step(inputs, hidden, state) is a cell's; the weights are W_ih [G, I], W_hh [G, D], b_ih, b_hh
    [G], G its gates times D; state is a tuple of tensors [B, D], h first. x [B, T, I] → every h
    [B, T, D], and the last state. present [B, T, 1]: boolean, False where there is only padding.
    Taught in chapter 08.
    """
    weight_ih, weight_hh, bias_ih, bias_hh = weights
    inputs = linear(x, weight_ih, bias_ih).unbind(1)  # all steps at once: T times [B, G]
    outputs, times = [None] * len(inputs), range(len(inputs))
    for t in reversed(times) if backwards else times:
        new = step(inputs[t], linear(state[0], weight_hh, bias_hh), state)
        if present is not None:  # where there is only padding, nothing happens
            new = tuple(torch.where(present[:, t], n, s) for n, s in zip(new, state, strict=True))
        outputs[t], state = new[0], new
    output = torch.stack(outputs, dim=1)  # [B, T, D]
    return output if present is None else output.masked_fill(~present, 0.0), state


class Recurrent(nn.Module):
    """Layers of cells, each read forward and perhaps backward: what RNN, LSTM and GRU share.
    input [B, T, I], or [T, I] for one sequence → output [B, T, D] (two directions: 2 D) and the
    last states [layers · directions, B, D], for an LSTM a pair of them. hx: the first states, in
    that form, otherwise 0. lengths [B]: how many steps of each padded sequence count; the rest
    changes nothing, and its output is 0 (torch wants PackedSequence for this).

    A cell says how many gates it has and computes one `step`. Weights are named and begin as in
    torch.nn, ±1/√D.

    Raises TypeError for an input that is no floating-point tensor of the weights' dtype, ValueError
    for an empty batch, no steps, another width, states of another shape, lengths outside 1 … T,
    batch_first=False. Chapters 07 and 08.
    """

    gates, n_states = 1, 1

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=True,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.input_size = checks.whole_number("input_size", input_size)
        self.hidden_size = checks.whole_number("hidden_size", hidden_size)
        self.num_layers = checks.whole_number("num_layers", num_layers)
        self.dropout = _check_options(batch_first, dropout, num_layers)
        self.bias, self.bidirectional, self.batch_first = bias, bidirectional, batch_first
        self.passes = [  # one reading of a sequence each
            f"l{layer}{way}"
            for layer in range(self.num_layers)
            for way in ("", "_reverse")[: 1 + bidirectional]
        ]
        height = self.gates * self.hidden_size
        for name in self.passes:
            below = self.input_size if name[:2] == "l0" else self.hidden_size * (1 + bidirectional)
            shapes = {"weight_ih": (height, below), "weight_hh": (height, self.hidden_size)}
            if bias:
                shapes |= {"bias_ih": (height,), "bias_hh": (height,)}
            for kind, shape in shapes.items():
                weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
                setattr(self, f"{kind}_{name}", weight)
        self.reset_parameters()

    def reset_parameters(self):
        for weight in self.parameters():
            nn.init.uniform_(weight, -(self.hidden_size**-0.5), self.hidden_size**-0.5)

    def forward(self, input, hx=None, lengths=None):
        x, states, present = _prepare(self, input, hx, lengths)  # [B, T, I], -, [B, T, 1]
        finals, ways = [], 1 + self.bidirectional
        for layer in range(self.num_layers):
            outputs = []
            for way in range(ways):
                i = layer * ways + way
                weights = self.weights(self.passes[i])
                output, final = scan(self.step, x, states[i], weights, present, way)
                outputs.append(output)
                finals.append(final)
            x = torch.cat(outputs, dim=-1)  # [B, T, D · ways]
            if layer < self.num_layers - 1:
                x = dropout(x, self.dropout, self.training)
        return _finish(self, x, finals, unbatched=input.dim() == 2)

    def weights(self, name):
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self, f"{kind}_{name}", None) for kind in kinds]

    def step(self, inputs, hidden, state):
        """inputs = W_ih x_t + b_ih and hidden = W_hh h_{t−1} + b_hh [B, gates · D], and the state
        before → the state after, h_t first."""
        raise NotImplementedError(f"{type(self).__name__} must say what happens in one step")

    def extra_repr(self):
        return f"{self.input_size}, {self.hidden_size}, num_layers={self.num_layers}"


class RNN(Recurrent):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh). Equal to torch.nn.RNN.
    nonlinearity: "tanh" or "relu", else ValueError. All else as in `Recurrent`.

    Source: Elman 1990. Taught in chapter 07.
    """

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", **options):
        super().__init__(input_size, hidden_size, num_layers, **options)
        self.nonlinearity = checks.one_of("nonlinearity", nonlinearity, ("tanh", "relu"))

    def step(self, inputs, hidden, state):
        return (getattr(torch, self.nonlinearity)(inputs + hidden),)  # [B, D]


class LSTM(Recurrent):
    """A cell c that is kept, added to and looked at through three soft switches between 0 and 1:
    i = σ(…), f = σ(…), g = tanh(…), o = σ(…), each of its own part of W_ih x_t + b_ih + W_hh
    h_{t−1} + b_hh; c_t = f · c_{t−1} + i · g, h_t = o · tanh(c_t). Equal to torch.nn.LSTM; its
    states are (h, c). All else as in `Recurrent`.

    Source: Hochreiter and Schmidhuber 1997; the forget gate f: Gers et al. 2000. Taught in chapter
    08.
    """

    gates, n_states = 4, 2

    def step(self, inputs, hidden, state):
        _, c = state  # [B, D]
        i, f, g, o = (inputs + hidden).chunk(4, dim=-1)  # input, forget, candidate, output [B, D]
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class GRU(Recurrent):
    """One state, two switches: r, how much of the past the candidate n sees; z, how much stays.
    r = σ(x_r + h_r), z = σ(x_z + h_z), n = tanh(x_n + r · h_n), h_t = (1 − z) · n + z · h_{t−1},
    where x_r, x_z, x_n are the parts of W_ih x_t + b_ih, and h_r, h_z, h_n of W_hh h_{t−1} + b_hh.
    Equal to torch.nn.GRU. (Cho et al. 2014 put r before the matrix: W_hh (r · h_{t−1}).) All else
    as in `Recurrent`.

    Source: Cho et al. 2014. Taught in chapter 08.
    """

    gates = 3

    def step(self, inputs, hidden, state):
        (h,) = state  # [B, D]
        (x_r, x_z, x_n), (h_r, h_z, h_n) = inputs.chunk(3, dim=-1), hidden.chunk(3, dim=-1)
        r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()  # [B, D]
        n = (x_n + r * h_n).tanh()
        return ((1 - z) * n + z * h,)


# ------------------------------------------------------------- into layers and passes, and back out


def _prepare(module, input, hx, lengths):
    """What `Recurrent.forward` works on: x [B, T, I], for each pass a tuple of states [B, D], and
    which steps are there, [B, T, 1], or None for all."""
    _check_input(module, input)
    x = input if input.dim() == 3 else input[None]  # [B, T, I]
    states = _first_states(module, x, hx, input.dim() == 2)
    if lengths is None:
        return x, states, None
    if input.dim() == 2:
        raise ValueError("lengths must be left out for one sequence [T, I]")
    lengths = _check_lengths(lengths, x)  # [B]
    present = (torch.arange(x.shape[1], device=x.device) < lengths[:, None])[..., None]
    return x.masked_fill(~present, 0.0), states, present  # what pads may be anything, even NaN


def _first_states(module, x, hx, unbatched):
    shape = [len(module.passes), len(x), module.hidden_size]
    if hx is None:
        return [(x.new_zeros(shape[1:]),) * module.n_states] * shape[0]
    parts = hx if module.n_states > 1 else (hx,)
    if not isinstance(parts, tuple | list) or len(parts) != module.n_states:
        raise TypeError(f"hx must be a pair (h, c) of tensors, got {type(hx).__name__}")
    expected = shape[:1] + shape[2:] if unbatched else shape
    for part in parts:
        if not isinstance(part, torch.Tensor) or part.dtype != x.dtype:
            got = part.dtype if isinstance(part, torch.Tensor) else type(part).__name__
            raise TypeError(f"hx must hold tensors of {x.dtype}, as input is, got {got}")
        if list(part.shape) != expected:
            raise ValueError(f"hx must have shape {expected}, got {list(part.shape)}")
    return list(zip(*(part.reshape(shape).unbind(0) for part in parts), strict=True))


def _finish(module, output, finals, unbatched):
    """The answer in torch's form."""
    states = tuple(torch.stack(parts) for parts in zip(*finals, strict=True))  # [passes, B, D]
    if unbatched:
        output, states = output[0], tuple(part[:, 0] for part in states)
    return output, states if module.n_states > 1 else states[0]


# ------------------------------------------------------- what may come in, and what is said if not


def _check_options(batch_first, dropout, num_layers):
    if not batch_first:
        raise ValueError("batch_first must be True, got False: transpose to [B, T, I] and back")
    if checks.at_least_0("dropout", dropout) > 1:
        raise ValueError(f"dropout must be a number from 0 to 1, got {dropout}")
    if dropout and num_layers == 1:
        warnings.warn(
            f"dropout={dropout} acts between layers, and num_layers=1 has no between", stacklevel=3
        )
    return float(dropout)


def _check_input(module, input):
    if not isinstance(input, torch.Tensor):
        hint = "; give a padded tensor and lengths=" if hasattr(input, "batch_sizes") else ""
        raise TypeError(f"input must be a torch.Tensor, got {type(input).__name__}{hint}")
    weight = module.weight_ih_l0
    if input.dtype != weight.dtype:
        raise TypeError(f"input must have the weights' dtype, {weight.dtype}, got {input.dtype}")
    if input.device != weight.device:
        raise ValueError(
            f"input must be on the weights' device, {weight.device}, got {input.device}"
        )
    if input.dim() not in (2, 3) or input.shape[-1] != module.input_size or 0 in input.shape:
        raise ValueError(
            f"input must be [B, T, {module.input_size}] or [T, {module.input_size}], B and T at "
            f"least 1, got shape {list(input.shape)}"
        )


def _check_lengths(lengths, x):
    """The lengths as a tensor [B] where x is; their range is checked where values may be read."""
    if not isinstance(lengths, torch.Tensor):
        try:
            whole = [operator.index(length) for length in lengths]
        except TypeError:
            raise TypeError("lengths must be whole numbers, one a sequence [B]") from None
        lengths = torch.tensor(whole, dtype=torch.long)
    if lengths.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        raise TypeError("lengths must be whole numbers, one a sequence [B]")
    if lengths.shape != (len(x),):
        got = len(lengths) if lengths.dim() == 1 else f"shape {list(lengths.shape)}"
        raise ValueError(f"lengths must be as many as sequences, {len(x)}, got {got}")
    if checks.readable(lengths):
        wrong = lengths[(lengths < 1) | (lengths > x.shape[1])]
        if len(wrong):
            raise ValueError(f"lengths must lie in 1 … {x.shape[1]}, got {wrong[0].item()}")
    return lengths.to(x.device)
