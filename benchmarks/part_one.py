"""Part I, measured: the numpy networks on the digits, and conv2d beside torch's."""

import time

import numpy as np
import torch

from attend.autograd import Tensor, cross_entropy
from attend.convolution import CNN, conv2d
from attend.data import Batches, digits
from attend.nn import MLP, accuracy
from attend.optimizers import Adam
from attend.training import fit


def train_on_digits(model, epochs, learning_rate):
    """Train on the digits; returns accuracy on the 20 % kept back (0 to 1) and seconds."""
    inputs, labels, test_inputs, test_labels = digits()

    def loss(model, batch):
        return cross_entropy(model(batch[0]), batch[1])

    start = time.perf_counter()
    fit(model, Batches(inputs, labels), loss, Adam(model.parameters(), learning_rate), epochs)
    seconds = time.perf_counter() - start
    return accuracy(model, test_inputs, test_labels), seconds


def digits_mlp():
    """64 → 128 → 10, ReLU, Adam, 30 epochs."""
    score, seconds = train_on_digits(MLP([64, 128, 10]), epochs=30, learning_rate=0.003)
    return [
        ("digits, numpy MLP: test accuracy", f"{score:.1%}", "≥ 95 %"),
        ("digits, numpy MLP: training", f"{seconds:.1f} s", "≤ 15 s"),
    ]


def digits_cnn():
    """Two stages of 3 × 3 kernels, Adam, 10 epochs."""
    score, seconds = train_on_digits(CNN(), epochs=10, learning_rate=0.003)
    return [
        ("digits, numpy CNN: test accuracy", f"{score:.1%}", "≥ 97 %"),
        ("digits, numpy CNN: training", f"{seconds:.1f} s", "≤ 45 s"),
    ]


def best_milliseconds(*functions, repeats=200):
    """The shortest time of each function: the run that the machine's other work disturbed least."""
    times = [[] for _ in functions]
    for _ in range(repeats):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(time.perf_counter() - start)
    return [1000 * min(taken) for taken in times]


def convolution_against_torch():
    """conv2d forward and backward on [64, 8, 8, 8] * [16, 8, 3, 3], float32, in turns."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 8, 8, 8)).astype(np.float32)
    kernels = rng.normal(size=(16, 8, 3, 3)).astype(np.float32)
    gradient = np.ones((64, 16, 6, 6), np.float32)
    torch_x = torch.tensor(x, requires_grad=True)
    torch_kernels = torch.tensor(kernels, requires_grad=True)
    torch_gradient = torch.tensor(gradient)

    def ours():
        conv2d(Tensor(x), Tensor(kernels)).backward(gradient)

    def theirs():
        torch_x.grad = torch_kernels.grad = None
        torch.nn.functional.conv2d(torch_x, torch_kernels).backward(torch_gradient)

    rows, default = [], torch.get_num_threads()
    try:
        for threads in sorted({1, default}):
            torch.set_num_threads(threads)
            numpy_ms, torch_ms = best_milliseconds(ours, theirs)
            name = f"conv2d, numpy ÷ torch on {threads} thread{'s' * (threads > 1)}"
            value = f"{numpy_ms / torch_ms:.1f} × ({numpy_ms:.2f} ms, {torch_ms:.2f} ms)"
            rows.append((name, value, "≤ 5 ×"))
    finally:
        torch.set_num_threads(default)
    return rows


def rows():
    """[(name, value, target)] for `make bench`."""
    return digits_mlp() + digits_cnn() + convolution_against_torch()


if __name__ == "__main__":
    for row in rows():
        print(*row, sep=" | ")
