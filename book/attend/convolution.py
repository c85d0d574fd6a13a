"""Convolution and pooling by matrix product, on `attend.autograd`. Taught in chapter 05.

Pictures are [B, C, H, W]: B of them with C channels of H rows and W columns. `unfold` lays every
patch that a kernel covers out as a column; the convolution is then one matrix product, and its
gradient two. Nothing loops over pixels.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attend import checks
from attend.autograd import Tensor, as_tensor, relu
from attend.nn import Layer, Linear, initial_weights

__all__ = [
    "CNN",
    "Conv2d",
    "MaxPool2d",
    "conv2d",
    "fold",
    "max_pool2d",
    "pad",
    "unfold",
    "window_counts",
]


def window_counts(shape, size, stride):
    """How many positions a window has, [rows, columns]: (n − k) // stride + 1 for k of n.
    Chapter 05.
    """
    return [(n - k) // s + 1 for n, k, s in zip(shape[-2:], size, stride, strict=True)]


def unfold(x, size, stride=(1, 1)):
    """Every patch of x as a column (elsewhere: im2col). x [B, C, H, W] -> [B, C·h·w, P].
    size (h, w): what the window covers; it moves by stride (down, right), row by row, and stops at
    P positions. x is a numpy array. Chapter 05.
    """
    windows = sliding_window_view(x, size, axis=(2, 3))  # [B, C, H − h + 1, W − w + 1, h, w]
    windows = windows[:, :, :: stride[0], :: stride[1]]  # [B, C, H', W', h, w]
    columns = windows.transpose(0, 1, 4, 5, 2, 3)  # [B, C, h, w, H', W']
    return columns.reshape(len(x), x.shape[1] * size[0] * size[1], -1)  # [B, C·h·w, P]


def fold(columns, shape, size, stride=(1, 1)):
    """Put columns back where `unfold` took them, adding where patches overlap (elsewhere: col2im).
    columns [B, C·h·w, P], shape (B, C, H, W) -> [B, C, H, W]. It is unfold's transpose, and so its
    gradient: a pixel that was copied n times gets n gradients. Loops over the h·w places in the
    kernel only. Chapter 05.
    """
    (h, w), (down, right) = size, stride
    height, width = window_counts(shape, size, stride)  # H', W'
    columns = columns.reshape(*shape[:2], h, w, height, width)
    x = np.zeros(shape, columns.dtype)
    for i, j in np.ndindex(h, w):
        rows, across = slice(i, i + down * height, down), slice(j, j + right * width, right)
        x[:, :, rows, across] += columns[:, :, i, j]  # [B, C, H', W']
    return x


def conv2d(x, kernels, bias=None, stride=1, padding=0):
    """out[b, f, i, j] = bias[f] + Σ kernels[f, c, u, v] · x[b, c, i·stride + u, j·stride + v].
    The sum is over c, u, v. x [B, C, H, W], kernels [F, C, h, w], bias [F] -> [B, F, H', W'] with
    H' = (H + 2·padding − h) // stride + 1 and W' likewise. stride and padding (zeros around x): a
    whole number, or two for (down, right). The kernel is not flipped: what everybody calls
    convolution is cross-correlation.

    Raises ValueError when the channels differ, the kernel is larger than the padded x, a stride is
    below 1 or a padding below 0. Source: LeCun et al. 1989. Chapter 05.
    """
    x, kernels = as_tensor(x), as_tensor(kernels)
    stride, padding = checks.pair("stride", stride), checks.pair("padding", padding, least=0)
    checks.convolution(x, kernels, bias, padding)
    size = kernels.shape[2:]
    padded = pad(x, padding)  # [B, C, H + 2p, W + 2p]
    columns = unfold(padded.data, size, stride)  # [B, C·h·w, P]
    flat = kernels.data.reshape(len(kernels), -1)  # [F, C·h·w]
    out = flat @ columns  # [B, F, P]
    out = out.reshape(len(x), -1, *window_counts(padded.shape, size, stride))  # [B, F, H', W']

    def to_x(g):
        return fold(flat.T @ g.reshape(*g.shape[:2], -1), padded.shape, size, stride)

    def to_kernels(g):
        g = g.reshape(*g.shape[:2], -1)  # [B, F, P]
        return (g @ columns.swapaxes(1, 2)).sum(axis=0).reshape(kernels.shape)

    out = Tensor(out, ((padded, to_x), (kernels, to_kernels)))
    return out if bias is None else out + as_tensor(bias).reshape(-1, 1, 1)


def max_pool2d(x, size, stride=None):
    """The largest number of each window, channel by channel. x [B, C, H, W] -> [B, C, H', W'].
    size and stride (the size itself when left out): a whole number or (down, right). The gradient
    goes to the winner; in a tie to the first, row by row, as in torch.

    Raises ValueError when the window is larger than x. Chapter 05.
    """
    x, size = as_tensor(x), checks.pair("size", size)
    stride = size if stride is None else checks.pair("stride", stride)
    checks.pooling(x, size)
    B, C, H, W = x.shape
    columns = unfold(x.data.reshape(B * C, 1, H, W), size, stride)  # [B·C, h·w, P]
    winners = columns.argmax(axis=1, keepdims=True)  # [B·C, 1, P]
    out = np.take_along_axis(columns, winners, axis=1)
    out = out.reshape(B, C, *window_counts(x.shape, size, stride))  # [B, C, H', W']

    def pull(g):
        scattered = np.zeros_like(columns)
        np.put_along_axis(scattered, winners, g.reshape(winners.shape), axis=1)
        return fold(scattered, (B * C, 1, H, W), size, stride).reshape(x.shape)

    return Tensor(out, ((x, pull),))


def pad(x, padding):
    """Zeros around the last two axes, (rows, columns) on each side. Chapter 05."""
    x, (p, q) = as_tensor(x), padding
    if p == q == 0:
        return x
    H, W = x.shape[2:]
    padded = np.zeros((*x.shape[:2], H + 2 * p, W + 2 * q), x.data.dtype)
    padded[:, :, p : p + H, q : q + W] = x.data
    return Tensor(padded, ((x, lambda g: g[:, :, p : p + H, q : q + W]),))


class Conv2d(Layer):
    """`conv2d` with kernels that are learned. x [B, n_in, H, W] -> [B, n_out, H', W'].
    size (of the kernels), stride, padding: a whole number, or two for (down, right). n_in·h·w·n_out
    weights and n_out biases, whatever H and W.

    Raises ValueError as conv2d does. Chapter 05.
    """

    def __init__(self, n_in, n_out, size, stride=1, padding=0, initialisation="he", seed=0):
        checks.whole_numbers(n_in=n_in, n_out=n_out)
        self.stride = checks.pair("stride", stride)
        self.padding = checks.pair("padding", padding, least=0)
        shape = (n_out, n_in, *checks.pair("size", size))
        self.kernels = Tensor(initial_weights(shape, initialisation, np.random.default_rng(seed)))
        self.bias = Tensor(np.zeros(n_out))

    def __call__(self, x):
        return conv2d(x, self.kernels, self.bias, self.stride, self.padding)


class MaxPool2d(Layer):
    """`max_pool2d` as a layer, without parameters. Chapter 05."""

    def __init__(self, size, stride=None):
        self.size, self.stride = size, stride

    def __call__(self, x):
        return max_pool2d(x, self.size, self.stride)


class CNN(Layer):
    """Stages of 3 × 3 kernels, ReLU and pooling by 2; then one linear layer to the logits.
    image (C, H, W); channels: how many kernels each stage has -> [B, n_classes]. Takes
    [B, C, H, W], or rows [B, C·H·W].

    Raises ValueError for pictures of another shape, and for more stages than the picture can be
    halved. Source: LeCun et al. 1998, smaller. Chapter 05.
    """

    def __init__(
        self, image=(1, 8, 8), channels=(16, 32), n_classes=10, initialisation="he", seed=0
    ):
        self.image = checks.image(image, channels)
        rng = np.random.default_rng(seed)  # one for all, so that no two stages begin alike
        ins = (self.image[0], *channels[:-1])
        self.stages = [
            Conv2d(n, m, 3, padding=1, initialisation=initialisation, seed=rng)
            for n, m in zip(ins, channels, strict=True)
        ]
        H, W = (n // 2 ** len(channels) for n in self.image[1:])  # each stage halves them
        self.output = Linear(int(channels[-1]) * H * W, n_classes, initialisation, rng)

    def feature_maps(self, x):
        """What each stage makes, before pooling: a list of [B, channels, H, W], H and W halving."""
        checks.pictures(x, self.image)
        x, maps = as_tensor(x).reshape(len(x), *self.image), []
        for convolution in self.stages:
            maps.append(relu(convolution(x)))
            x = max_pool2d(maps[-1], 2)
        return maps

    def __call__(self, x):
        x = max_pool2d(self.feature_maps(x)[-1], 2)  # [B, C, H, W]
        return self.output(x.reshape(len(x), -1))  # [B, n_classes]
