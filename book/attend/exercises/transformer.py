"""The checkers of chapter 16."""

import torch
from torch.nn.functional import cross_entropy

from attend import masks
from attend.exercises.checking import NotYet, draw, exercise, run, same, tensor_of
from attend.layers import DecoderLayer
from attend.transformer import TransformerConfig, parameters_of


@exercise("16.1")
def decoder_layer(answer) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = DecoderLayer(6, 2, 5).eval().requires_grad_(False)
    for T, S in ((4, 4), (3, 5)):
        y, memory, past = draw(2, T, 6), draw(2, S, 6), masks.causal(T)
        words = torch.arange(S) < torch.tensor([[[S]], [[S - 1]]])  # [B=2, 1, S]
        wanted, *_ = layer(y, memory, past, words)
        found = run(answer, layer, y, memory, past, words)
        same(found, wanted, f"for {T} target words and {S} source words")


@exercise("16.2")
def smoothed_loss(answer) -> None:
    for n, V, smoothing in ((5, 7, 0.1), (3, 4, 0.0), (1, 2, 0.5)):
        logits, wanted = draw(n, V), torch.arange(n) % V
        right = cross_entropy(logits, wanted, label_smoothing=smoothing)
        when = f"for {n} places, {V} words and smoothing {smoothing}"
        same(run(answer, logits, wanted, smoothing), right, when)


@exercise("16.3")
def warmup_for(answer) -> None:
    for d_model, highest in ((512, 1 / 512), (128, 0.00625), (32, 0.0125)):
        wanted = 1 / (d_model * highest**2)
        found = run(answer, d_model, highest)
        same(found, wanted, f"for d_model={d_model} and a highest rate of {highest:.5g}")


@exercise("16.4")
def decoder_only(answer) -> None:
    for D, F, N, V in ((512, 2048, 6, 37_000), (6, 5, 2, 7), (4, 3, 1, 5)):
        part = parameters_of(
            TransformerConfig(V, V, D, 1, N, F, tie_embeddings=True, norm="pre", bos=None)
        )
        wanted = part["words"] + part["encoder"] + 2 * D  # a decoder without cross-attention
        same(run(answer, D, F, N, V), wanted, f"for D={D}, F={F}, N={N}, V={V}")


@exercise("16.5")
def sentence_log_p(answer) -> None:
    logits = draw(3, 5, 7)
    wanted = torch.tensor([[4, 6, 5, 1, 3], [5, 3, 0, 0, 0], [6, 2, 4, 3, 0]])
    each = logits.log_softmax(-1).gather(-1, wanted[..., None])[..., 0]
    right = (each * (wanted != 0)).sum(-1)
    same(run(answer, logits, wanted), right, "for 3 sentences of 5, 2 and 4 words")


@exercise("16.6")
def other_weights(answer) -> None:
    for S, K in ((5, 2), (7, 5), (3, 1)):
        values, weights = draw(S, K), torch.softmax(draw(S), dim=0)
        found, when = run(answer, weights, values), f"for {S} values of {K} numbers"
        found = tensor_of(found, weights, when)
        if found.isnan().any():
            raise NotYet(f"{when} a weight is nan")
        if (found < -1e-6).any():
            raise NotYet(f"{when} a weight is {found.min():.4g}, expected none below 0")
        same(found.sum(), 1.0, f"{when}, of the sum of the weights,")
        same(found @ values, weights @ values, f"{when}, of the average,")
        if (found - weights).abs().sum() / 2 < 0.01:
            raise NotYet(f"{when} these are the same weights; at least 0.01 of them must move")
