"""Layers and networks of layers, on `attend.autograd`. Taught in chapters 03 and 04.

A layer is a function with parameters: call it, ask it for `parameters()`, switch it between
`train()` and `eval()`. Examples are rows: B of them with D numbers each are an array [B, D].
Whatever is random comes from a numpy Generator made of the `seed`, so the same seed gives the same
network, the same dropout and the same order of the examples.
"""

from itertools import pairwise

import numpy as np

from attend import autograd
from attend.autograd import Tensor, as_tensor, is_node, positive

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
        found = {id(value): value for value in vars(self).values() if is_node(value)}
        for layer in self.layers_inside():
            found.update((id(p), p) for p in layer.parameters())
        return list(found.values())

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
    n_in, n_out = fans(shape)
    he, xavier = (2 / n_in) ** 0.5, (2 / (n_in + n_out)) ** 0.5
    spreads = {"he": he, "xavier": xavier, "small": 0.01, "large": 1.0}
    return rng.normal(0.0, spread_of(initialisation, spreads), size=shape)


class Linear(Layer):
    """y = x W + b, for rows x [B, n_in]: each output is a weighted sum of all inputs, and a bias.

    W [n_in, n_out], b [n_out], begins at 0. Raises ValueError for sizes below 1 and rows of another
    width. Chapter 03.
    """

    def __init__(self, n_in, n_out, initialisation="he", seed=0):
        n_in, n_out = count(n_in, "n_in"), count(n_out, "n_out")
        rng = np.random.default_rng(seed)
        self.weight = Tensor(initial_weights((n_in, n_out), initialisation, rng))
        self.bias = Tensor(np.zeros(n_out))

    def __call__(self, x):
        return wide(x, self.weight.shape[0]) @ self.weight + self.bias  # [B, n_out]


class Dropout(Layer):
    """In training each number is 0 with probability p, the rest divided by 1 − p; in use, nothing.

    The division keeps the expected value, so that both modes agree on average. p is in [0, 1), else
    ValueError. Source: Srivastava et al. 2014. Chapter 04.
    """

    def __init__(self, p=0.5, seed=0):
        self.p = probability(p, "p")
        self.rng = np.random.default_rng(seed)

    def __call__(self, x):
        x = as_tensor(x)
        if not self.training or self.p == 0:
            return x
        kept = self.rng.random(x.shape) >= self.p
        return x * (kept / (1 - self.p))


class LayerNorm(Layer):
    """γ (x − mean) / √(variance + ε) + β, over the D numbers of each row by itself.

    x [B, D] -> [B, D]. The same in training and in use. Source: Ba et al. 2016. Chapter 04, and 14.
    """

    def __init__(self, width, epsilon=1e-5):
        self.gamma, self.beta = Tensor(np.ones(count(width, "width"))), Tensor(np.zeros(width))
        self.epsilon = positive(epsilon, "epsilon")

    def __call__(self, x):
        x = wide(x, len(self.gamma))
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred**2).mean(axis=-1, keepdims=True)  # [B, 1]
        return self.gamma * centred / (variance + self.epsilon) ** 0.5 + self.beta


class BatchNorm(Layer):
    """γ (x − mean) / √(variance + ε) + β, over the B rows of each column by itself.

    x [B, D] -> [B, D]. In training mean and variance are the batch's, and running averages of them
    are kept (variance over B − 1); in use those stand in. A batch of one has no variance: in
    training it raises ValueError. Source: Ioffe & Szegedy 2015. Chapter 04, and 14.
    """

    def __init__(self, width, momentum=0.1, epsilon=1e-5):
        self.gamma, self.beta = Tensor(np.ones(count(width, "width"))), Tensor(np.zeros(width))
        self.running_mean, self.running_variance = np.zeros(width), np.ones(width)
        self.momentum, self.epsilon = (
            probability(momentum, "momentum"),
            positive(epsilon, "epsilon"),
        )

    def __call__(self, x):
        x = rows(wide(x, len(self.gamma)), at_least=2 if self.training else 1)
        mean, variance = self.running_mean, self.running_variance
        if self.training:
            mean = x.mean(axis=0)  # [D]
            variance = ((x - mean) ** 2).mean(axis=0)
            unbiased = variance.data * len(x) / (len(x) - 1)
            kept = 1 - self.momentum
            self.running_mean = kept * self.running_mean + self.momentum * mean.data
            self.running_variance = kept * self.running_variance + self.momentum * unbiased
        return self.gamma * (x - mean) / (variance + self.epsilon) ** 0.5 + self.beta


class Hidden(Layer):
    """One hidden layer: g(norm(x W + b)), then dropout; with residual, x + α times that.

    x [B, n_in] -> [B, n_out]. α is learned and begins at 0, so a new layer passes its input on.
    (Without α every layer would about double what it is given.) norm: None, "layer" or "batch".
    residual wants n_in = n_out, else ValueError. Source of the residual: He et al. 2016, h + F(h);
    of α: Bachlechner et al. 2021. Chapters 03, 04.
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
        rng = np.random.default_rng(seed)
        self.activation, self.residual = function_of(activation), same_width(residual, n_in, n_out)
        self.linear = Linear(n_in, n_out, initialisation, rng)
        self.norm = norm_of(norm)(n_out)
        self.dropout = Dropout(dropout, rng)
        self.alpha = Tensor(0.0) if residual else None

    def __call__(self, x):
        out = self.dropout(self.activation(self.norm(self.linear(x))))  # [B, n_out]
        return x + self.alpha * out if self.residual else out


class MLP(Layer):
    """A multi-layer perceptron: hidden layers, then a linear one. x [B, n₀] -> logits [B, n_L].

    sizes: the widths n₀ (input), n₁ …, n_L (output), at least two. options: arguments of `Hidden`
    by name, such as activation="tanh" or norm="layer". residual=True adds its input to every
    hidden layer that keeps the width. Raises ValueError as the layers do, TypeError for an
    argument that `Hidden` does not have. Chapters 03, 04.
    """

    def __init__(self, sizes, initialisation="he", residual=False, seed=0, **options):
        sizes, rng = widths(sizes), np.random.default_rng(seed)
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
    """The share of examples, 0 to 1, whose predicted class is their label. Chapter 03.

    Raises ValueError when inputs and labels are not equally many, or none.
    """
    inputs, labels = pairs(inputs, labels)
    return float((predict(model, inputs) == labels).mean())


class Batches:
    """Mini-batches: each `for` visits every example once, in a new order, `size` at a time.

    inputs [n, …], labels [n]. Yields (inputs [B, …], labels [B]), the last batch holding the rest;
    len() is how many. shuffle=False keeps the order. Raises ValueError when inputs and labels are
    not equally many or size is below 1. Chapters 02, 03.
    """

    def __init__(self, inputs, labels, size=32, seed=0, shuffle=True):
        self.inputs, self.labels = pairs(inputs, labels)
        self.size, self.shuffle = count(size, "size"), shuffle
        self.rng = np.random.default_rng(seed)

    def __len__(self):
        return -(-len(self.inputs) // self.size)

    def __iter__(self):
        n = len(self.inputs)
        order = self.rng.permutation(n) if self.shuffle else np.arange(n)
        for start in range(0, n, self.size):
            picked = order[start : start + self.size]
            yield self.inputs[picked], self.labels[picked]


def digits(test_share=0.2, seed=0):
    """1 797 scans of handwritten digits, dealt at random into training and test.

    Returns train_inputs [n, 64], train_labels [n], test_inputs [m, 64], test_labels [m]; inputs
    are 8 × 8 grey values from 0 to 1. Nothing is fetched: scikit-learn brings them. Raises
    ValueError unless 0 < test_share < 1. Source: Alpaydin & Kaynak 1998. Chapter 03.
    """
    from sklearn.datasets import load_digits  # slow to import, and only this function wants it

    if not 0 < test_share < 1:
        raise ValueError(f"test_share={test_share} must be between 0 and 1")
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    inputs, labels = data.data[order] / 16, data.target[order]
    n_test = round(test_share * len(labels))
    return inputs[n_test:], labels[n_test:], inputs[:n_test], labels[:n_test]


# ------------------------------------------------------- what may come in, and what is said if not


def count(value, name):
    if not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{name}={value} must be a whole number, at least 1")
    return int(value)


def widths(sizes):
    sizes = [count(n, "sizes") for n in sizes]
    if len(sizes) < 2:
        raise ValueError(f"sizes={sizes} must name at least two widths, input and output")
    return sizes


def fans(shape):
    if len(shape) == 2:
        return shape
    area = int(np.prod(shape[2:]))  # a kernel sees n_in channels at each of its h·w places
    return shape[1] * area, shape[0] * area


def spread_of(initialisation, spreads):
    if isinstance(initialisation, int | float) and initialisation >= 0:
        return initialisation
    if initialisation not in spreads:
        names = ", ".join(spreads)
        raise ValueError(
            f"initialisation={initialisation!r} must be one of {names}, or a number at least 0"
        )
    return spreads[initialisation]


def probability(value, name):
    if not 0 <= value < 1:
        raise ValueError(f"{name}={value} must be in [0, 1)")
    return value


def wide(x, width):
    x = as_tensor(x)
    if x.ndim < 1 or x.shape[-1] != width:
        raise ValueError(f"x has shape {x.shape}, expected [B, {width}]")
    return x


def rows(x, at_least):
    if x.ndim != 2 or len(x) < at_least:
        raise ValueError(f"x has shape {x.shape}, expected [B, D] with B at least {at_least}")
    return x


def function_of(activation):
    if callable(activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation={activation!r} must be a function or one of {', '.join(ACTIVATIONS)}"
        )
    return ACTIVATIONS[activation]


def norm_of(norm):
    norms = {None: lambda width: as_tensor, "layer": LayerNorm, "batch": BatchNorm}
    if norm not in norms:
        raise ValueError(f"norm={norm!r} must be None, 'layer' or 'batch'")
    return norms[norm]


def same_width(residual, n_in, n_out):
    if residual and n_in != n_out:
        raise ValueError(f"residual=True needs n_in = n_out, got n_in={n_in} and n_out={n_out}")
    return residual


def pairs(inputs, labels):
    inputs, labels = np.asarray(inputs), np.asarray(labels)
    if not inputs.ndim or not labels.ndim or len(inputs) != len(labels) or not len(inputs):
        raise ValueError(
            f"inputs {inputs.shape} and labels {labels.shape} must be equally many, at least one"
        )
    return inputs, labels
