"""The checkers of chapter 05."""

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
def padding_for(answer) -> None:
    for n, k, stride, wanted in (
        (8, 3, 1, 8),
        (8, 3, 2, 4),
        (28, 5, 1, 24),
        (7, 3, 3, 3),
        (8, 2, 1, 8),
        (5, 3, 1, 1),
    ):
        fits = [
            p
            for p in range(k + stride * wanted)
            if window_counts((n + 2 * p,), (k,), (stride,)) == [wanted]
        ]
        padding = min(fits, default=-1)
        when = f"for n={n}, k={k}, stride={stride} and {wanted} wanted"
        found = number_of(run(answer, n, k, stride, wanted), when)
        if found % 1:
            raise NotYet(f"{when} it returns {found:g}, expected {padding}: pixels come whole")
        if found != padding and found in fits:
            raise NotYet(f"{when} {found} is right too, but {padding} is smaller")
        if found != padding and padding < 0:
            raise NotYet(f"{when} it returns {found}, expected -1: no padding gives that length")
        same(found, padding, when)


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
def weights_saved(answer) -> None:
    for n_in, n_out, size in ((16, 32, 3), (3, 5, 2), (7, 1, 5)):
        whole = nn.Conv2d(n_in, n_out, size, bias=False)
        split = (
            nn.Conv2d(n_in, n_in, size, groups=n_in, bias=False),
            nn.Conv2d(n_in, n_out, 1, bias=False),
        )
        ordinary, depthwise, mixing = (layer.weight.numel() for layer in (whole, *split))
        found = run(answer, n_in, n_out, size)
        when = f"for n_in={n_in}, n_out={n_out} and size={size}"
        if looks_like(found, ordinary - mixing - depthwise * n_in):
            raise NotYet(f"{when} each channel has one kernel of its own, and no other channel's")
        if looks_like(found, ordinary - depthwise):
            raise NotYet(f"{when} the 1 × 1 convolution has weights too: {mixing}")
        same(found, ordinary - depthwise - mixing, when)


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
