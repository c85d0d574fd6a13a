"""The checkers of chapter 14."""

import torch
from torch.nn.functional import layer_norm

from attend.exercises.checking import draw, exercise, parts, run, same, tensor_of


@exercise("14.1")
def norm_words(answer) -> None:
    for x, told in (
        (draw(5), "for one word"),
        (3 * draw(2, 3, 7) + 5, "for 2 sentences of 3 words"),
    ):
        same(run(answer, x, 1e-5), layer_norm(x, x.shape[-1:], eps=1e-5), told)
    same(
        run(answer, torch.full((2, 4), 3.0), 1e-5), torch.zeros(2, 4), "for words of equal numbers"
    )
    x = draw(3, 2)
    same(run(answer, x, 0.5), layer_norm(x, (2,), eps=0.5), "for an eps of 0.5")


def norm_over_words(x, mask, eps):
    variance, mean = torch.var_mean(x[mask], dim=0, correction=0)
    return ((x - mean) / (variance + eps).sqrt()).masked_fill(~mask[:, :, None], 0.0)


@exercise("14.2")
def norm_features(answer) -> None:
    x = draw(3, 5, 2)
    whole = torch.ones(3, 5, dtype=torch.bool)
    told = "for a batch without padding"
    same(run(answer, x, whole, 1e-5), norm_over_words(x, whole, 1e-5), told)
    there = torch.arange(5) < torch.tensor([5, 2, 3])[:, None]
    told = "for sentences of 5, 2 and 3 words"
    same(run(answer, x, there, 1e-5), norm_over_words(x, there, 1e-5), told)
    told = "for an eps of 0.5"
    same(run(answer, x, there, 0.5), norm_over_words(x, there, 0.5), told)


@exercise("14.3")
def gated_width(answer) -> None:
    for D, d_ff in ((512, 2048), (64, 256), (7, 95), (4096, 16_384)):
        wanted = (2 * D * d_ff + d_ff + D) // (3 * D) // 8 * 8
        same(run(answer, D, d_ff), wanted, f"for D={D}, d_ff={d_ff}")


@exercise("14.4")
def norm_backward(answer) -> None:
    for width in (4, 7):
        x = draw(width).requires_grad_()
        normed, upstream = layer_norm(x, (width,), eps=0.0), draw(width, 2)[:, 0]
        (wanted,) = torch.autograd.grad(normed, x, upstream)
        spread = x.detach().var(correction=0).sqrt()
        told = f"for a word of {width} numbers"
        same(run(answer, normed.detach(), spread, upstream), wanted, told)


@exercise("14.5")
def multiplications(answer) -> None:
    for T, D, d_ff in ((2, 3, 5), (7, 512, 2048), (2048, 512, 2048), (1, 1, 1)):
        wanted = 4 * T * D * D + 2 * T * T * D + 2 * T * D * d_ff
        same(run(answer, T, D, d_ff), wanted, f"for T={T}, D={D}, d_ff={d_ff}")


@exercise("14.6")
def swallow(answer) -> None:
    W, b, mean, gamma, beta = draw(3, 5), draw(3), draw(3, 1)[:, 0], draw(3, 2)[:, 0], draw(3, 3)[0]
    var, eps, x = draw(3, 4)[:, 0].square() + 0.1, 0.01, draw(2, 5)
    new_W, new_b = parts(run(answer, W, b, mean, var, gamma, beta, eps), ["W", "b"])
    scale = gamma / (var + eps).sqrt()
    same(new_W, W * scale[:, None], "the first of the pair, W:")
    same(new_b, (b - mean) * scale + beta, "the second of the pair, b:")
    out = x @ tensor_of(new_W, W, "W:").T + tensor_of(new_b, b, "b:")
    same(out, (x @ W.T + b - mean) * scale + beta, "on two words")
