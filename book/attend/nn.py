"""Layers for numpy, and networks of layers, on `attend.autograd`. Taught in chapters 03 and 04.

A layer is a function with parameters: call it, ask it for `parameters()`, switch it between
`train()` and `eval()`. Examples are rows: B of them with D numbers each are an array [B, D].
Whatever is random comes from a numpy Generator made of the `seed`, so the same seed gives the same
network, the same dropout and the same order of the examples.
"""

import math
from itertools import pairwise

import numpy as np

from attend import autograd, checks
from attend.autograd import Tensor, as_tensor

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "NORMS",
    "BatchNorm",
    "Dropout",
    "Hidden",
    "Layer",
    "LayerNorm",
    "Linear",
    "accuracy",
    "initial_weights",
    "predict",
]

ACTIVATIONS = {
    "identity": as_tensor,
    "sigmoid": autograd.sigmoid,
    "tanh": autograd.tanh,
    "relu": autograd.relu,
    "gelu": autograd.gelu,
}


class Layer:
    """A function with parameters: every Tensor among its attributes is one.
    What is not learned is a plain array. Layers may hold layers, alone or in lists. Chapter 03.
    """

    training = True

    def parameters(self):
        """The Tensors of this layer, then of the layers in it, each once."""
        parameters = [value for value in vars(self).values() if checks.is_node(value)]
        for layer in self.layers_inside():
            parameters += layer.parameters()
        return list({id(parameter): parameter for parameter in parameters}.values())

    def layers_inside(self):
        values = [v if isinstance(v, list | tuple) else [v] for v in vars(self).values()]
        return [v for group in values for v in group if hasattr(v, "parameters")]

    def train(self, training=True):
        """Behave as in training: dropout drops, BatchNorm looks at the batch. Returns the layer."""
        self.training = training
        for layer in self.layers_inside():
            layer.train(training)
        return self

    def eval(self):
        """Behave as in use. Returns the layer."""
        return self.train(False)


def initial_weights(shape, initialisation, rng):
    """Normal numbers of mean 0, spread so that a signal keeps its size on the way, or does not.
    shape [n_in, n_out], or [n_out, n_in, h, w] for kernels. "he": √(2/n_in), for ReLU (He et al.
    2015); "xavier": √(2/(n_in + n_out)), for tanh (Glorot & Bengio 2010); "small": 0.01; "large":
    1; or a number, the standard deviation itself. Any other name, or a negative number, raises
    ValueError. Chapter 04.
    """
    shape = tuple(map(int, shape))
    n_in, n_out = shape if len(shape) == 2 else (shape[1], shape[0])
    area = math.prod(shape[2:])  # a kernel sees n_in channels at each of its h·w positions
    n_in, n_out = n_in * area, n_out * area
    he, xavier = (2 / n_in) ** 0.5, (2 / (n_in + n_out)) ** 0.5
    deviations = {"he": he, "xavier": xavier, "small": 0.01, "large": 1.0}
    deviation = deviations.get(initialisation, initialisation)
    if isinstance(deviation, str):
        checks.one_of("initialisation", initialisation, (*deviations, "a number"))
    return rng.normal(0.0, checks.at_least_0("initialisation", deviation), size=shape)


class Linear(Layer):
    """y = x W + b, for rows x [B, n_in]: each output is a weighted sum of all inputs, and a bias.
    W [n_in, n_out], b [n_out], begins at 0.

    Raises ValueError for sizes below 1 and rows of another width. Chapter 03.
    """

    def __init__(self, n_in, n_out, initialisation="he", seed=0):
        checks.whole_numbers(n_in=n_in, n_out=n_out)
        rng = np.random.default_rng(seed)
        self.weight = Tensor(initial_weights((n_in, n_out), initialisation, rng))
        self.bias = Tensor(np.zeros(n_out))

    def __call__(self, x):
        checks.has_shape("x", x, "...", len(self.weight))
        return x @ self.weight + self.bias  # [B, n_out]


class Dropout(Layer):
    """In training each number is 0 with probability p, the rest divided by 1 − p; in use, nothing.
    The division keeps the expected value, so that both modes agree on average. p is in [0, 1), else
    ValueError.

    Source: Srivastava et al. 2014. Chapter 04.
    """

    def __init__(self, p=0.5, seed=0):
        self.p = checks.probability("p", p)
        self.rng = np.random.default_rng(seed)

    def __call__(self, x):
        x = as_tensor(x)
        if not self.training or self.p == 0:
            return x
        kept = self.rng.random(x.shape) >= self.p
        return x * (kept / (1 - self.p))


class LayerNorm(Layer):
    """γ (x − mean) / √(variance + ε) + β, over the D numbers of each row by itself.
    x [B, D] -> [B, D]. The same in training and in use.

    Source: Ba et al. 2016. Chapter 04, and 14.
    """

    def __init__(self, width, epsilon=1e-5):
        checks.whole_numbers(width=width)
        self.gamma, self.beta = Tensor(np.ones(width)), Tensor(np.zeros(width))
        self.epsilon = checks.above_0("epsilon", epsilon)

    def __call__(self, x):
        checks.has_shape("x", x, "...", len(self.gamma))
        x = as_tensor(x)
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)  # [B, 1]
        return self.gamma * centred / (variance + self.epsilon) ** 0.5 + self.beta


class BatchNorm(Layer):
    """γ (x − mean) / √(variance + ε) + β, over the B rows of each column by itself.
    x [B, D] -> [B, D]. In training mean and variance are the batch's, and running averages of them
    are kept (variance over B − 1); in use those stand in. A batch of one has no variance: in
    training it raises ValueError.

    Source: Ioffe & Szegedy 2015. Chapter 04, and 14.
    """

    def __init__(self, width, momentum=0.1, epsilon=1e-5):
        checks.whole_numbers(width=width)
        self.gamma, self.beta = Tensor(np.ones(width)), Tensor(np.zeros(width))
        self.running_mean, self.running_variance = np.zeros(width), np.ones(width)
        self.momentum = checks.probability("momentum", momentum)
        self.epsilon = checks.above_0("epsilon", epsilon)

    def __call__(self, x):
        checks.has_shape("x", x, "B", len(self.gamma))
        x = as_tensor(x)
        mean, variance = self.running_mean, self.running_variance
        if self.training:
            if len(x) < 2:
                raise ValueError(f"x must have at least 2 rows in training, got {len(x)}")
            mean = x.mean(axis=0)  # [D]
            variance = ((x - mean) ** 2).mean(axis=0)
            unbiased = variance.data * len(x) / (len(x) - 1)
            kept = 1 - self.momentum
            self.running_mean = kept * self.running_mean + self.momentum * mean.data
            self.running_variance = kept * self.running_variance + self.momentum * unbiased
        return self.gamma * (x - mean) / (variance + self.epsilon) ** 0.5 + self.beta


NORMS = {None: lambda width: as_tensor, "layer": LayerNorm, "batch": BatchNorm}


class Hidden(Layer):
    """One hidden layer: g(norm(x W + b)), then dropout; with residual, x + α times that.
    x [B, n_in] -> [B, n_out]. α is learned and begins at 0, so a new layer passes its input on.
    (Without α every layer would about double what it is given.) norm: None, "layer" or "batch".
    residual wants n_in = n_out, else ValueError.

    Source of the residual: He et al. 2016, h + F(h); of α: Bachlechner et al. 2021. Chapters 03,
    04.
    """

    def __init__(
        self,
        n_in,
        n_out,
        activation="relu",
        initialisation="he",
        norm=None,
        dropout=0.0,
        residual=False,
        seed=0,
    ):
        if not callable(activation):
            checks.one_of("activation", activation, (*ACTIVATIONS, "a function"))
        checks.one_of("norm", norm, tuple(NORMS))
        if residual and n_in != n_out:
            raise ValueError(f"n_in={n_in} must equal n_out={n_out} for residual=True")
        rng = np.random.default_rng(seed)
        self.activation = ACTIVATIONS.get(activation, activation)
        self.residual = residual
        self.linear = Linear(n_in, n_out, initialisation, rng)
        self.norm = NORMS[norm](n_out)
        self.dropout = Dropout(dropout, rng)
        self.alpha = Tensor(0.0) if residual else None

    def __call__(self, x):
        out = self.dropout(self.activation(self.norm(self.linear(x))))  # [B, n_out]
        return x + self.alpha * out if self.residual else out


class MLP(Layer):
    """A multi-layer perceptron: hidden layers, then a linear one. x [B, n₀] -> logits [B, n_L].
    sizes: the widths n₀ (input), n₁ …, n_L (output), at least two. options: arguments of `Hidden`
    by name, such as activation="tanh" or norm="layer". residual=True adds its input to every hidden
    layer that keeps the width.

    Raises ValueError as the layers do, TypeError for an argument that `Hidden` does not have.
    Chapters 03, 04.
    """

    def __init__(self, sizes, initialisation="he", residual=False, seed=0, **options):
        checks.layer_sizes(sizes)
        rng = np.random.default_rng(seed)
        options.update(initialisation=initialisation, seed=rng)  # one generator for all layers
        self.hidden = [
            Hidden(n, m, residual=residual and n == m, **options) for n, m in pairwise(sizes[:-1])
        ]
        self.output = Linear(sizes[-2], sizes[-1], initialisation, rng)

    def __call__(self, x):
        for layer in self.hidden:
            x = layer(x)
        return self.output(x)  # [B, n_L]


def predict(model, inputs):
    """The class with the largest logit for each example. inputs [B, …] -> [B] integers.
    The model answers in eval mode and is left in the mode it was in. Chapter 03.
    """
    training = model.training
    try:
        logits = model.eval()(inputs).data  # [B, C]
    finally:
        model.train(training)
    return logits.argmax(axis=-1)


def accuracy(model, inputs, labels):
    """The share of examples, 0 to 1, whose predicted class is their label.

    Raises ValueError when inputs and labels are not equally many, or none. Chapter 03.
    """
    inputs, labels = checks.equally_many(inputs, labels)
    return float((predict(model, inputs) == labels).mean())
