"""The checkers of chapter 05."""

from itertools import pairwise

import numpy as np
from torch import nn

from attend.autograd import Tensor
from attend.convolution import conv2d, window_counts
from attend.exercises.checking import (
    NotYet,
    array_of,
    exercise,
    looks_like,
    number_of,
    numbers,
    run,
    same,
    same_shape,
)


@exercise("05.1")
def output_size(answer) -> None:
    for n, k, stride, padding in (
        (8, 3, 1, 0),
        (8, 3, 1, 1),
        (9, 4, 2, 1),
        (28, 5, 3, 2),
        (3, 3, 1, 0),
    ):
        (wanted,) = window_counts((n + 2 * padding,), (k,), (stride,))
        when = f"for n={n}, k={k}, stride={stride}, padding={padding}"
        found = number_of(run(answer, n, k, stride, padding), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:g}, expected {wanted}: places come whole")
        same(found, wanted, when)


@exercise("05.2")
def convolve_slowly(answer) -> None:
    for (H, W), (h, w) in (((5, 7), (2, 3)), ((4, 4), (4, 4)), ((3, 6), (1, 1))):
        x, kernel = numbers(H, W), numbers(h, w, 1)[..., 0]
        wanted = conv2d(x[None, None], kernel[None, None]).data[0, 0]
        flipped = conv2d(x[None, None], kernel[None, None, ::-1, ::-1]).data[0, 0]
        found = run(answer, x, kernel)
        if h * w > 1 and looks_like(found, flipped):
            raise NotYet("the kernel is flipped; here it is laid on as it stands")
        same(found, wanted, f"for a picture of {H} × {W} and a kernel of {h} × {w}")


@exercise("05.3")
def move_right(answer) -> None:
    kernel = array_of(run(answer), expected="a kernel of numbers").astype(float)
    same_shape(kernel, np.zeros((3, 3)), "of the kernel")
    x = numbers(5, 7)
    with np.errstate(all="ignore"):
        out = conv2d(x[None, None], kernel[None, None], padding=1).data[0, 0]
    if looks_like(out, np.pad(x, ((0, 0), (0, 1)))[:, 1:]):
        raise NotYet(
            "it moves the picture to the left: each output must take the pixel on its left"
        )
    same(out, np.pad(x, ((0, 0), (1, 0)))[:, :-1], "for a picture of 5 × 7, the output:")


@exercise("05.4")
def count_parameters(answer) -> None:
    cases = (((1, 16, 32), 3), ((3, 5), 2), ((7, 1, 7), 1))
    for channels, size in cases:
        layers = [nn.Conv2d(n, m, size) for n, m in pairwise(channels)]
        each = [p.numel() for layer in layers for p in layer.parameters()]
        found, when = run(answer, channels, size), f"for channels={channels} and size={size}"
        if looks_like(found, sum(each[::2])):
            raise NotYet(
                f"{when} it is {sum(each[::2])}: the biases are missing, one for each kernel"
            )
        same(found, sum(each), when)


@exercise("05.5")
def receptive_field(answer) -> None:
    cases = (
        ((3, 1),),
        ((3, 1), (3, 1)),
        ((3, 1), (2, 2), (3, 1)),
        ((5, 2), (3, 2), (2, 2), (1, 1)),
    )
    for layers in cases:
        width, step = 1, 1
        for size, stride in layers:
            width += (size - 1) * step
            step *= stride
        same(run(answer, layers), width, f"for layers={layers}")


@exercise("05.6")
def kernel_gradient(answer) -> None:
    for (H, W), (h, w) in (((5, 7), (3, 2)), ((4, 4), (1, 4))):
        x, kernel = numbers(H, W), Tensor(np.zeros((1, 1, h, w)))
        upstream = numbers(H - h + 1, W - w + 1, 1)[..., 0]
        conv2d(x[None, None], kernel).backward(upstream[None, None])
        when = f"for a picture of {H} × {W} and a kernel of {h} × {w}"
        same(run(answer, x, upstream), kernel.grad[0, 0], when)
