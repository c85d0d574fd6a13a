"""Answers to the exercises of chapter 05: other right ones, and slips."""

import numpy as np
import torch

from attend.autograd import Tensor
from attend.convolution import conv2d


def by_product(x, kernel):
    return conv2d(x[None, None], kernel[None, None]).data[0, 0]


def as_torch(x, kernel):
    x, kernel = torch.tensor(x)[None, None], torch.tensor(kernel)[None, None]
    return torch.nn.functional.conv2d(x, kernel)[0, 0]


def shift(u, v):
    kernel = np.zeros((3, 3))
    kernel[u, v] = 1
    return kernel


def field(layers):
    width = 1
    for size, stride in reversed(layers):  # from the output back: (w − 1) · stride + size
        width = (width - 1) * stride + size
    return width


RIGHT = [
    ("05.1", lambda n, k, stride, padding: (n - k + 2 * padding) // stride + 1),
    ("05.1", lambda n, k, s, p: len(range(-p, n + p - k + 1, s))),
    ("05.2", by_product),
    ("05.2", as_torch),
    ("05.2", lambda x, kernel: Tensor(by_product(x, kernel))),
    ("05.2", lambda x, kernel: by_product(x, kernel).tolist()),
    ("05.3", lambda: shift(1, 0)),
    ("05.3", lambda: shift(1, 0).tolist()),
    ("05.5", field),
    ("05.6", by_product),
    ("05.6", as_torch),
]


def in_place(x, kernel):
    x *= 2
    return by_product(x, kernel)


SLIPS = [
    (
        "05.1",
        lambda n, k, stride, padding: n - k + 1,
        "stride=1, padding=1 the value is 6, expected 8",
    ),
    (
        "05.1",
        lambda n, k, s, p: (n + 2 * p - k) / s + 1,
        "4.5, expected 4: places come whole",
    ),
    ("05.1", lambda n, k, s, p: (n + 2 * p - k) // (s - 1), "ZeroDivisionError"),
    ("05.2", lambda x, kernel: by_product(x, kernel[::-1, ::-1]), "the kernel is flipped"),
    (
        "05.2",
        lambda x, kernel: by_product(x, kernel).T,
        r"shape is \[5, 4\], expected \[4, 5\]",
    ),
    ("05.2", lambda x, kernel: np.pad(by_product(x, kernel), 1), "the shape is"),
    ("05.2", in_place, r"the value at \[0, 0\]"),
    ("05.3", lambda: shift(1, 2), "to the left"),
    ("05.3", lambda: np.zeros((1, 3)), r"the kernel the shape is \[1, 3\], expected \[3, 3\]"),
    ("05.3", lambda: shift(1, 1), "the value at"),
    ("05.4", lambda channels, size: size**2 * 16 * 33, "biases are missing"),
    ("05.4", lambda channels, size: 9, "the value is 9, expected 4800"),
    ("05.5", lambda layers: sum(size - 1 for size, _ in layers) + 1, "expected 8"),
    ("05.6", lambda x, upstream: by_product(x, upstream[::-1, ::-1]), r"the value at \[0, 0\]"),
    ("05.6", lambda x, upstream: x, r"the shape is \[5, 7\], expected \[3, 2\]"),
]
