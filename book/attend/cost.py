"""What a model costs, in multiply-adds, bytes and seconds, and what makes it cost less. Taught in
chapter 20."""

from copy import deepcopy
from typing import NamedTuple

import torch
from torch import nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from attend import checks
from attend.attention import widened
from attend.cache import KeyValues
from attend.decoding import inference, log_probabilities
from attend.layers import SwiGLU

__all__ = [
    "MixtureOfExperts",
    "attend_in_blocks",
    "decoder_costs",
    "kept_bytes",
    "multiply_adds",
    "peak_bytes",
    "quantize",
    "quantized",
    "speculate",
]


# --------------------------------------------------------------------------------------- counting


def product(out, a, b):
    """[..., n, k] times [..., k, m]: each of the numbers that come out takes k."""
    return out.numel() * a.shape[-1]


def fused(out, queries, keys, values):
    """Scores and averages, whichever of them a mask leaves out."""
    return queries[..., 0].numel() * keys.shape[-2] * (queries.shape[-1] + values.shape[-1])


# What a product costs, by torch's name for it: the function of its output and its operands, and
# which arguments these are.
PRODUCTS = {
    "mm": (product, (0, 1)),
    "bmm": (product, (0, 1)),
    "addmm": (product, (1, 2)),
    "baddbmm": (product, (1, 2)),
    "mv": (product, (0, 1)),
    "addmv": (product, (1, 2)),
    "dot": (lambda out, a, b: a.numel(), (0, 1)),
    "convolution": (lambda out, x, kernels: out.numel() * kernels[0].numel(), (0, 1)),
    "_scaled_dot_product_flash_attention_for_cpu": (fused, (0, 1, 2)),
    "_scaled_dot_product_flash_attention": (fused, (0, 1, 2)),
    "_scaled_dot_product_efficient_attention": (fused, (0, 1, 2)),
    "_scaled_dot_product_cudnn_attention": (fused, (0, 1, 2)),
    "_scaled_dot_product_flash_attention_for_cpu_backward": (
        lambda grads, out, *of: 5 * fused(out, *of) // 2,
        (0, 1, 2, 3),
    ),
    "convolution_backward": (
        lambda grads, y, x, kernels: (
            sum(g is not None for g in grads[:2]) * y.numel() * kernels[0].numel()
        ),
        (0, 1, 2),
    ),
    "mkldnn_rnn_layer": (
        lambda out, x, w, r: x[..., 0].numel() * (w.numel() + r.numel()),
        (0, 1, 2),
    ),
}


class Counter(TorchDispatchMode):
    """Adds up the multiply-adds of every product that torch is asked for while this is open."""

    def __init__(self):
        super().__init__()
        self.total, self.by_name = 0, {}

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        out = function(*arguments, **(options or {}))
        name = function._overloadpacket.__name__
        if name in PRODUCTS:
            count, places = PRODUCTS[name]
            first = out if name.endswith("backward") or isinstance(out, torch.Tensor) else out[0]
            found = count(first, *(arguments[place] for place in places))
            self.total += found
            self.by_name[name] = self.by_name.get(name, 0) + found
        return out


def multiply_adds(module, *inputs, **options):
    """How many multiplications, each with its addition, the matrix products and convolutions take
    when module(*inputs) is called: n · k · m for [n, k] times [k, m]. torch counts, as it computes,
    half of what torch.utils.flop_counter says, and the fused kernel of attention besides, every
    score of it, masked or not. Sums, norms, softmax and activations are no products.

    module may be any function, which may go backward too. Nothing of the module is changed but what
    the call itself changes. Raises TypeError where module cannot be called. Taught in chapter 20.
    """
    if not callable(module):
        raise TypeError(f"module must be a module or a function, got {type(module).__name__}")
    with Counter() as counter:
        module(*inputs, **options)
    return counter.total


class Alive(TorchDispatchMode):
    """Follows the storages that operations make: the most bytes that lived at one time."""

    def __init__(self):
        super().__init__()
        self.living, self.known, self.most = {}, {}, 0

    def __torch_dispatch__(self, function, types, arguments=(), options=None):
        for storage in storages((arguments, options)):  # what was there before is not counted
            if storage._cdata not in self.living:
                self.known[storage._cdata] = StorageWeakRef(storage)
        out = function(*arguments, **(options or {}))
        self.living = {at: one for at, one in self.living.items() if not one[0].expired()}
        for storage in storages(out):
            if storage._cdata not in self.known and storage._cdata not in self.living:
                self.living[storage._cdata] = StorageWeakRef(storage), storage.nbytes()
        self.most = max(self.most, sum(size for _, size in self.living.values()))
        return out


def storages(tree):
    """Where the numbers of all tensors in a tuple, list or dict lie."""
    return [x.untyped_storage() for x in tree_leaves(tree) if isinstance(x, torch.Tensor)]


def peak_bytes(function, *inputs, **options):
    """The most memory, in bytes, that tensors made by function(*inputs) take at one time; what was
    there before is not counted, nor what a kernel of torch uses inside.

    Raises TypeError where function cannot be called. Taught in chapter 20.
    """
    if not callable(function):
        raise TypeError(f"function must be a function, got {type(function).__name__}")
    with Alive() as alive:
        function(*inputs, **options)
    return alive.most


def kept_bytes(function, *inputs, **options):
    """The bytes that function(*inputs) keeps for the way back, every tensor once. The parameters of
    a module are not counted: they are there anyway.

    Raises TypeError where function cannot be called. Taught in chapter 20.
    """
    if not callable(function):
        raise TypeError(f"function must be a module or a function, got {type(function).__name__}")
    kept, own = {}, getattr(function, "parameters", tuple)()
    own = {parameter.untyped_storage()._cdata for parameter in own}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage  # held, so that no other gets its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = function(*inputs, **options)
    total = sum(storage.nbytes() for storage in kept.values())
    del out
    return total


class Costs(NamedTuple):
    """What `decoder_costs` finds: numbers learnt; multiply-adds of all linear maps, of the scores
    and averages, and of the next word; bytes of the keys and values."""

    weights: int
    linear: int
    scores: int
    next_word: int
    cache_bytes: int

    @property
    def reading(self):
        """Multiply-adds of reading all words at once."""
        return self.linear + self.scores

    @property
    def share(self):
        """How much of reading is scores and averages, from 0 to 1."""
        return self.scores / self.reading


def decoder_costs(length, d_model, n_heads, n_kv_heads, n_layers, d_ff, vocab, number_bytes=2):
    """The costs of a `LanguageModel` with norm="rms", "swiglu", "rotary" and tied embeddings, by
    formula. A block learns 2 D² + 2 D K H_kv + 3 D d_ff, and 2 D for its norms; T words take as
    many multiply-adds each, and 2 T² D for scores and averages, masked or not; keys and values take
    2 N H_kv K T numbers.

    Raises ValueError for sizes below 1 and heads that do not divide. Taught in chapter 20.
    """
    checks.whole_numbers(length=length, n_layers=n_layers, d_ff=d_ff, vocab=vocab)
    checks.whole_numbers(number_bytes=number_bytes)
    checks.heads(d_model, n_heads, 0.0)
    shared = d_model // n_heads * checks.kv_heads(n_heads, n_kv_heads)
    block = 2 * d_model**2 + 2 * d_model * shared + 3 * d_model * d_ff
    words = n_layers * block + vocab * d_model  # for one word, without scores
    return Costs(
        weights=words + (2 * n_layers + 1) * d_model,
        linear=length * words,
        scores=n_layers * 2 * length**2 * d_model,
        next_word=words + n_layers * 2 * (length + 1) * d_model,
        cache_bytes=2 * n_layers * shared * length * number_bytes,
    )


# --------------------------------------------------------------------------- attention in blocks


def attend_in_blocks(queries, keys, values, block, mask=None):
    """softmax(Q Kᵀ / √K) V, as `attend` computes it, with the keys taken `block` at a time: never
    more than T · block scores are there, forward or back.
    queries [..., T, K], keys [..., S, K], values [..., S, V] → context [..., T, V]; mask as in
    `attend`. There are no weights to return.

    Equal to `attend` in values and gradients, up to rounding. Raises ValueError for a block that is
    no whole number above 0, and otherwise what `attend` raises. Source: Rabe and Staats 2021; Dao
    et al. 2022, algorithm 1. Taught in chapter 20.
    """
    block = checks.whole_number("block", block)
    checks.attention_arguments(queries, keys, values, mask)
    batch = torch.broadcast_shapes(queries.shape[:-2], keys.shape[:-2], values.shape[:-2])
    given = [x.expand(*batch, *x.shape[-2:]) for x in (queries, keys, values)]
    if mask is not None:
        mask = mask.expand(*batch, queries.shape[-2], keys.shape[-2])  # [..., T, S], not copied
    return InBlocks.apply(*given, block, mask)


class InBlocks(torch.autograd.Function):
    """Forward: of each query the largest score so far, the sum of the exponentials below the line
    and the weighted values above it. Back: each block's weights are computed again."""

    @staticmethod
    def forward(ctx, queries, keys, values, block, mask):
        scaled = widened(queries) * queries.shape[-1] ** -0.5
        least = torch.finfo(scaled.dtype).min
        top = scaled.new_full((*scaled.shape[:-1], 1), least)  # [..., T, 1]
        below, above = torch.zeros_like(top), scaled.new_zeros(*scaled.shape[:-1], values.shape[-1])
        for at in range(0, keys.shape[-2], block):
            part = slice(at, at + block)
            scores = scaled @ widened(keys[..., part, :]).mT  # [..., T, block]
            hidden = None if mask is None else ~mask[..., part]
            if hidden is not None:
                scores.masked_fill_(hidden, least)
            new = torch.maximum(top, scores.amax(dim=-1, keepdim=True))
            weights = scores.sub_(new).exp_()
            if hidden is not None:
                weights.masked_fill_(hidden, 0.0)
            shrink = (top - new).exp()
            below = below * shrink + weights.sum(dim=-1, keepdim=True)
            above = above * shrink + weights @ widened(values[..., part, :])  # [..., T, V]
            top = new
        below = below.masked_fill(below == 0, 1.0)  # whoever sees nothing gets zeros
        context = above / below
        ctx.save_for_backward(queries, keys, values, mask, context, top + below.log())
        ctx.block = block
        return context.to(values.dtype)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        queries, keys, values, mask, context, log_sum = ctx.saved_tensors
        scale, grad = queries.shape[-1] ** -0.5, widened(grad)
        scaled = widened(queries) * scale
        along = (grad * context).sum(dim=-1, keepdim=True)  # [..., T, 1]
        to_queries = torch.zeros_like(scaled)
        to_keys, to_values = (torch.zeros_like(widened(x)) for x in (keys, values))
        half = max(1, ctx.block // 2)  # the weights and their gradient, both at once
        for at in range(0, keys.shape[-2], half):
            part = slice(at, at + half)
            these, those = widened(keys[..., part, :]), widened(values[..., part, :])
            weights = (scaled @ these.mT).sub_(log_sum).exp_()  # [..., T, half]
            if mask is not None:
                weights.masked_fill_(~mask[..., part], 0.0)
            to_values[..., part, :] = weights.mT @ grad
            to_scores = (grad @ those.mT).sub_(along).mul_(weights)  # [..., T, half]
            to_queries += to_scores @ these
            to_keys[..., part, :] = to_scores.mT @ scaled
        grads, given = (to_queries * scale, to_keys, to_values), (queries, keys, values)
        return *(g.to(x.dtype) for g, x in zip(grads, given, strict=True)), None, None


# -------------------------------------------------------------------------------------- fewer bits


def quantize(weight, bits, per="row"):
    """Numbers as whole numbers of few bits: codes = round(w / s), s = max |w| / (2^(bits − 1) − 1)
    of each row, or of the whole matrix (per="tensor"). weight [R, C] → codes [R, C], int8, and
    scales [R, 1] or [1, 1]; codes · scales is the weight again, off by half a scale at most.

    Raises TypeError for numbers that are not floating-point, ValueError for other than two axes,
    numbers that are not finite, bits outside 2 … 8 and another `per`. Taught in chapter 20.
    """
    if checks.whole_number("bits", bits, least=2) > 8:
        raise ValueError(f"bits must be a whole number from 2 to 8, got {bits}")
    checks.one_of("per", per, ("row", "tensor"))
    checks.float_tensor("weight", weight)
    if weight.dim() != 2:
        raise ValueError(f"weight must be a matrix [R, C], got shape {checks.shape(weight)}")
    size = weight.detach().abs()
    most = size.amax(dim=1, keepdim=True) if per == "row" else size.amax().reshape(1, 1)
    scales = most / (2 ** (bits - 1) - 1)
    scales = scales.masked_fill(scales == 0, 1.0)
    return (weight.detach() / scales).round().to(torch.int8), scales


def quantized(model, bits, per="row"):
    """A copy of the model, every matrix of it rounded to `bits` bits and back; what has one axis
    (norms, biases) is left as it is.

    Raises ValueError as `quantize` does. Taught in chapter 20.
    """
    rounded = deepcopy(model)
    with torch.no_grad():
        for parameter in rounded.parameters():
            if parameter.dim() == 2:
                codes, scales = quantize(parameter, bits, per)
                parameter.copy_(codes * scales)
    return rounded


# ------------------------------------------------------------------------------ more weights


class MixtureOfExperts(nn.Module):
    """Σ over the top_k experts e of a word: p_e · f_e(x), with p = softmax(x W) over all experts: a
    router W [D, E] sends each word to the few of E networks (`SwiGLU`) it thinks best. x [..., D] →
    [..., D]. Of E · 3 D d_ff weights a word meets top_k · 3 D d_ff, and D E of the router.

    With top_k above 1 the p of the chosen are made to sum to one. After a call `load` [E] says what
    share of the choices each expert got, and `balance` is E Σ load_e · (mean p_e): 1 if all get
    alike, up to E if one gets all; added to the loss it pulls towards 1. Raises ValueError for
    sizes below 1 and a top_k above n_experts. Source: Shazeer et al. 2017; Fedus, Zoph and Shazeer
    2022, section 2.2. Taught in chapter 20.
    """

    def __init__(self, d_model, d_ff, n_experts, top_k=1):
        super().__init__()
        checks.whole_numbers(d_model=d_model, d_ff=d_ff, n_experts=n_experts, top_k=top_k)
        if top_k > n_experts:
            raise ValueError(f"top_k must be at most n_experts={n_experts}, got {top_k}")
        self.top_k, self.router = top_k, nn.Linear(d_model, n_experts, bias=False)
        self.experts = nn.ModuleList(SwiGLU(d_model, d_ff) for _ in range(n_experts))
        self.load = self.balance = None

    def forward(self, x):
        checks.width(x, self.router.in_features)
        words = x.reshape(-1, x.shape[-1])  # [n, D]
        shares = self.router(words).softmax(dim=-1)  # [n, E]
        best, chosen = shares.topk(self.top_k, dim=-1)  # [n, k]
        if self.top_k > 1:
            best = best / best.sum(dim=-1, keepdim=True)
        y = torch.zeros_like(words)
        for e, expert in enumerate(self.experts):
            rows, places = (chosen == e).nonzero(as_tuple=True)
            if len(rows):
                y = y.index_add(0, rows, best[rows, places, None] * expert(words[rows]))
        E = len(self.experts)
        self.load = chosen.flatten().bincount(minlength=E) / chosen.numel()  # [E]
        self.balance = E * (self.load * shares.mean(dim=0)).sum()
        return y.view_as(x)


# ------------------------------------------------------------------------------------- guessing


@torch.no_grad()
def speculate(model, draft, prompt, max_length, ahead=4):
    """The words that `greedy` writes with the model, by guesses of a smaller one: the draft writes
    `ahead` words, the model judges them in one pass, keeps those that it would have written, and
    adds its own next one. Two `LanguageModel`s, prompt [1, T] → ids [1, max_length] and how often
    the model was asked. Both keep their keys and values. <eos> ends nothing.

    Raises ValueError for more than one row, an `ahead` below 1, a text longer than either model
    reads, and models of different vocabularies. Source: Leviathan, Kalman and Matias 2023, for
    words that are not drawn. Taught in chapter 20.
    """
    ahead = checks.speculation(model, draft, prompt, max_length, ahead)
    words, passes = prompt, 0  # [1, n]
    with inference(model), inference(draft):
        known, guessed = (one.start(one.encode(prompt)) for one in (model, draft))
        while words.shape[1] < prompt.shape[1] + max_length:
            tried = words
            for _ in range(min(ahead, prompt.shape[1] + max_length - words.shape[1] - 1)):
                tried = torch.cat([tried, _next(draft, guessed, tried)[:, -1:]], dim=1)
            wanted = _next(model, known, tried)[:, words.shape[1] - 1 - tried.shape[1] :]
            guesses = tried[:, words.shape[1] :]  # [1, ahead]
            same = int((wanted[:, : guesses.shape[1]] == guesses).cumprod(dim=1).sum())
            words = torch.cat([words, wanted[:, : same + 1]], dim=1)
            passes += 1
            for cache in (known, guessed):
                _forget(cache, words.shape[1] - 1)
    return words[:, prompt.shape[1] :], passes


def _next(model, cache, words):
    """The likeliest word after each that the cache does not know yet [1, n]."""
    logits = model(words[:, len(cache) :], cache=cache)  # [1, n, V]
    return log_probabilities(logits, {model.pad, model.bos} - {model.eos}).argmax(dim=-1)


def _forget(cache, after):
    """Drop what a cache knows of the words after the first so many: guesses that were wrong."""
    for layer in cache.layers if len(cache) else ():
        layer.own = KeyValues(layer.own.keys[:, :, :after], layer.own.values[:, :, :after])
