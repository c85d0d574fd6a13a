"""The checkers of chapter 07."""

import numpy as np

from attend.exercises.checking import (
    NotYet,
    exercise,
    number_of,
    numbers,
    parts,
    run,
    same,
    same_each,
)
from attend.recurrent import NumpyRNN

NOISE = 0.3  # what comes after the first input of the latch lies between −0.3 and 0.3


@exercise("07.1")
def rnn_step(answer) -> None:
    for batch, n_in, width in ((2, 3, 5), (1, 7, 2)):
        x, h = numbers(batch, n_in), numbers(batch, width)
        W_xh, W_hh, b_h = numbers(width, n_in), numbers(width, width), numbers(width)
        wanted = np.tanh(x @ W_xh.T + h @ W_hh.T + b_h)
        when = f"for {batch} rows, {n_in} inputs and {width} units"
        same(run(answer, x, h, W_xh, W_hh, b_h), wanted, when)


@exercise("07.2")
def parameters(answer) -> None:
    for sizes in ((2, 3, 5), (64, 128, 806), (1, 1, 1)):
        wanted = sum(p.data.size for p in NumpyRNN(*sizes).parameters())
        when = "for {} inputs, {} units and {} outputs".format(*sizes)
        same(run(answer, *sizes), wanted, when)


@exercise("07.3")
def step_backward(answer) -> None:
    net = NumpyRNN(3, 5, 2, seed=1)
    x, h_before = numbers(2, 3), np.tanh(numbers(2, 5))
    net(x[:, None], h_before)
    h, dh = net.seen[1][:, 1], numbers(5, 2).T
    _, dh_before = net.backward(np.zeros((2, 1, 2)), dh)
    gradients = [p.grad for p in net.parameters()]
    wanted = {
        "dW_xh": gradients[0],
        "dW_hh": gradients[1],
        "db_h": gradients[3],
        "dh_before": dh_before,
    }
    found = run(answer, dh, x, h_before, h, net.W_hh.data)
    same_each(found, wanted, "for 2 rows, 3 inputs and 5 units")


@exercise("07.4")
def latch(answer) -> None:
    names = ["w_x", "w_h", "b"]
    found = zip(parts(run(answer), names), names, strict=True)
    w_x, w_h, b = (number_of(part, f"{name}:") for part, name in found)
    rng = np.random.default_rng(0)
    for first in (1.0, -1.0):
        for noise in (NOISE * np.ones(200), -NOISE * np.ones(200), rng.uniform(-NOISE, NOISE, 200)):
            h = np.tanh(w_x * first + b)
            for t, x in enumerate(noise, 1):
                h = np.tanh(w_x * x + w_h * h + b)
                if not h * first > 0.5:
                    raise NotYet(
                        f"after a first input of {first:+.0f}, h is {h:.3f} at step {t}; it should "
                        f"stay {'above 0.5' if first > 0 else 'below −0.5'} whatever comes between "
                        f"−{NOISE} and {NOISE}"
                    )


@exercise("07.5")
def perplexity(answer) -> None:
    for shares, what in (
        ([0.5, 0.125], "two tokens"),
        ([0.01] * 7, "seven tokens of one in a hundred"),
        ([0.001] * 400, "400 tokens of one in a thousand (their product is too small for a float)"),
    ):
        wanted = np.exp(-np.mean(np.log(shares)))
        same(run(answer, shares), wanted, f"for {what}")


@exercise("07.6")
def rounds(answer) -> None:
    for T, N in ((7, 1), (1, 5), (5, 3), (100, 2)):
        ready = np.zeros((N, T), int)  # the round in which layer n has read word t
        for n in range(N):
            for t in range(T):
                below, before = ready[n - 1, t] if n else 0, ready[n, t - 1] if t else 0
                ready[n, t] = 1 + max(below, before)
        same(run(answer, T, N), int(ready[-1, -1]), f"for {T} words and {N} layers")
