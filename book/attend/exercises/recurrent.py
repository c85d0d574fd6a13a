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

NOISE = 0.3  # what comes after the first input of the latch lies between −0.3 and 0.3


@exercise("07.1")
def jordan(answer) -> None:
    for batch, T, n_in, width, n_out in ((2, 1, 3, 5, 2), (2, 7, 3, 5, 2), (1, 3, 2, 3, 1)):
        x, b_h, b_y = numbers(batch, T, n_in), numbers(width), numbers(n_out)
        W_xh, W_yh, W_hy = numbers(width, n_in), numbers(width, n_out), numbers(n_out, width)
        y, wanted = np.zeros((batch, n_out)), np.zeros((batch, T, n_out))
        for t in range(T):
            y = np.tanh(x[:, t] @ W_xh.T + y @ W_yh.T + b_h) @ W_hy.T + b_y
            wanted[:, t] = y
        when = f"for {batch} rows of {T} words, {n_in} inputs, {width} units and {n_out} answers"
        same(run(answer, x, W_xh, W_yh, W_hy, b_h, b_y), wanted, when)


@exercise("07.2")
def more_weights_from(answer) -> None:
    for n_in, width in ((3, 5), (64, 128), (5, 3), (1, 1), (300, 128)):
        wanted = next(T for T in range(1, 1000) if width * T * n_in > width * n_in + width * width)
        when = f"for {n_in} inputs and {width} units"
        same(run(answer, n_in, width), wanted, when)


@exercise("07.3")
def leaky_backward(answer) -> None:
    x, h_before, dh = numbers(2, 3), np.tanh(numbers(2, 5)), numbers(5, 2).T
    W_xh, W_hh, b_h = numbers(5, 3), numbers(5, 5) / 2, numbers(5)
    for a in (1.0, 0.25):
        new = np.tanh(x @ W_xh.T + h_before @ W_hh.T + b_h)
        da = a * dh * (1 - new**2)
        wanted = {"dW_hh": da.T @ h_before, "dh_before": da @ W_hh + (1 - a) * dh}
        found = run(answer, dh, x, h_before, W_xh, W_hh, b_h, a)
        same_each(found, wanted, f"for 2 rows, 3 inputs, 5 units and a = {a:g}")


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
def together(answer) -> None:
    for perplexities, lengths, what in (
        ([8.0, 32.0], [100, 100], "two texts of one length"),
        ([8.0, 32.0], [300, 100], "two texts, the first three times as long"),
        ([806.0], [7], "one text"),
        ([5.0, 20.0, 80.0], [900, 20, 4000], "three texts of which one is long"),
    ):
        wanted = np.exp(np.average(np.log(perplexities), weights=lengths))
        same(run(answer, perplexities, lengths), wanted, f"for {what}")


@exercise("07.6")
def rounds(answer) -> None:
    for T, N in ((7, 1), (1, 5), (5, 3), (100, 2)):
        ready = np.zeros((N, T), int)  # the round in which layer n has read word t
        for n in range(N):
            for t in range(T):
                below, before = ready[n - 1, t] if n else 0, ready[n, t - 1] if t else 0
                ready[n, t] = 1 + max(below, before)
        same(run(answer, T, N), int(ready[-1, -1]), f"for {T} words and {N} layers")
