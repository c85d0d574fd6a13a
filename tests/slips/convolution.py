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


def padding_of(n, k, stride, wanted):
    fits = [p for p in range(200) if (n + 2 * p - k) // stride + 1 == wanted]
    return fits[0] if fits else -1


def largest_padding(n, k, stride, wanted):
    fits = [p for p in range(200) if (n + 2 * p - k) // stride + 1 == wanted]
    return fits[-1] if fits else -1


def by_algebra(n, k, stride, wanted):
    padding = max(0, -(-((wanted - 1) * stride + k - n) // 2))
    return padding if (n + 2 * padding - k) // stride + 1 == wanted else -1


def field(layers):
    width = 1
    for size, stride in reversed(layers):  # from the output back: (w − 1) · stride + size
        width = (width - 1) * stride + size
    return width


RIGHT = [
    ("05.1", padding_of),
    ("05.1", by_algebra),
    ("05.2", by_product),
    ("05.2", as_torch),
    ("05.2", lambda x, kernel: Tensor(by_product(x, kernel))),
    ("05.2", lambda x, kernel: by_product(x, kernel).tolist()),
    ("05.3", lambda: shift(1, 0)),
    ("05.3", lambda: shift(1, 0).tolist()),
    ("05.4", lambda n_in, n_out, size: n_in * (n_out * size**2 - size**2 - n_out)),
    ("05.5", field),
    ("05.6", by_product),
    ("05.6", as_torch),
]


def in_place(x, kernel):
    x *= 2
    return by_product(x, kernel)


SLIPS = [
    ("05.1", lambda n, k, stride, wanted: (k - 1) // 2, "24 wanted the value is 2, expected 0"),
    ("05.1", lambda n, k, s, wanted: ((wanted - 1) * s + k - n) / 2, "0.5, expected 1: pixels"),
    ("05.1", lambda *given: max(padding_of(*given), 0), "expected -1: no padding"),
    ("05.1", largest_padding, "2 is right too, but 1 is smaller"),
    ("05.1", lambda n, k, s, wanted: (n - k) // (s - 1), "ZeroDivisionError"),
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
    ("05.4", lambda n_in, n_out, size: n_in * size**2 * (n_out - 1), "has weights too: 512"),
    ("05.4", lambda n, m, size: n * m * (size**2 - 1) - n * n * size**2, "no other channel's"),
    ("05.4", lambda n, m, size: n * size**2 + n * m, "the value is 656, expected 3952"),
    ("05.5", lambda layers: sum(size - 1 for size, _ in layers) + 1, "expected 8"),
    ("05.6", lambda x, upstream: by_product(x, upstream[::-1, ::-1]), r"the value at \[0, 0\]"),
    ("05.6", lambda x, upstream: x, r"the shape is \[5, 7\], expected \[3, 2\]"),
]
