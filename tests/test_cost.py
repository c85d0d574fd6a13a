"""What is counted, against torch's counter and against formulas; attention in blocks against
`attend`, values and gradients; rounding, experts and guesses against brute force."""

import pytest
import torch
from test_layers import draw, same, shaken
from torch import nn
from torch.nn.functional import scaled_dot_product_attention
from torch.testing import assert_close
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from attend import masks
from attend.attention import MultiHeadAttention, attend
from attend.cost import (
    MixtureOfExperts,
    attend_in_blocks,
    decoder_costs,
    kept_bytes,
    multiply_adds,
    peak_bytes,
    quantize,
    quantized,
    speculate,
)
from attend.decoding import greedy
from attend.language import LanguageModel, LanguageModelConfig
from attend.layers import EncoderLayer, LayerNorm
from attend.recurrent import GRU, LSTM, RNN

T, S, K, V = 5, 7, 3, 2


def torch_counts(function, *inputs, **options):
    with FlopCounterMode(display=False) as counter:
        function(*inputs, **options)
    return counter.get_total_flops() // 2


# --------------------------------------------------------------------------------------- counting

COUNTED = {
    "a linear map": (nn.Linear(3, 5), (2, 7, 3)),
    "without a bias": (nn.Linear(3, 5, bias=False), (2, 7, 3)),
    "a row": (nn.Linear(3, 5), (3,)),
    "a convolution": (nn.Conv2d(3, 5, (2, 3), stride=2), (2, 3, 7, 11)),
    "in groups": (nn.Conv1d(6, 4, 3, groups=2), (2, 6, 7)),
    "a layer": (EncoderLayer(6, 3, 7), (2, 5, 6)),
    "an RNN": (RNN(3, 5), (2, 7, 3)),
    "an LSTM": (LSTM(3, 5), (2, 7, 3)),
    "a GRU": (GRU(3, 5), (2, 7, 3)),
    "no product": (LayerNorm(3), (2, 3)),
}


@pytest.mark.parametrize("name", COUNTED)
def test_it_counts_what_torch_counts_forward_and_back(name):
    module, shape = COUNTED[name]
    x = torch.randn(shape, requires_grad=True)
    options = {"return_weights": True} if name == "a layer" else {}

    def both(x):
        out = module(x, **options)
        (out[0] if isinstance(out, tuple) else out).square().sum().backward()

    assert multiply_adds(module, x, **options) == torch_counts(module, x, **options)
    if name != "in groups":  # of these torch counts more, going back, than there is
        assert multiply_adds(both, x) == torch_counts(both, x)
    else:
        assert multiply_adds(both, x) == 3 * torch_counts(module, x)


def test_products_by_hand():
    a, b = torch.randn(2, 3), torch.randn(3, 4)
    assert multiply_adds(torch.matmul, a, b) == 24
    assert multiply_adds(torch.matmul, a, b[:, 0]) == 6
    assert multiply_adds(torch.dot, b[:, 0], b[:, 1]) == 3
    assert multiply_adds(torch.addmv, a[:, 0], a, b[:, 0]) == 6
    assert multiply_adds(torch.einsum, "ij,jk->ik", a, b) == 24
    assert multiply_adds(torch.bmm, a.expand(5, 2, 3), b.expand(5, 3, 4)) == 120
    bias = torch.randn(5, 2, 4)
    assert multiply_adds(torch.baddbmm, bias, a.expand(5, 2, 3), b.expand(5, 3, 4)) == 120
    assert multiply_adds(lambda: a.exp().sum()) == 0


@pytest.mark.parametrize("kind, gates", [(nn.RNN, 1), (nn.LSTM, 4), (nn.GRU, 3)])
@pytest.mark.parametrize("learning", [True, False])
def test_torch_s_recurrent_kernels_are_seen(kind, gates, learning):
    x = torch.randn(2, 7, 3)
    with torch.set_grad_enabled(learning):
        assert multiply_adds(kind(3, 5, batch_first=True), x) == 2 * 7 * gates * (3 * 5 + 5 * 5)


@pytest.mark.parametrize("learning", [True, False])
def test_the_fused_kernel_counts_as_the_open_one(learning):
    heads, x = MultiHeadAttention(6, 3), torch.randn(2, 5, 6, requires_grad=learning)
    with torch.set_grad_enabled(learning):
        opened = multiply_adds(heads, x, x, masks.causal(5), True)
        assert multiply_adds(heads, x, x, masks.causal(5), False) == opened
    assert opened == 2 * (4 * 5 * 6 * 6 + 2 * 5 * 5 * 6)


def test_the_fused_kernel_back_computes_the_weights_again():
    queries, keys, values = (torch.randn(2, 3, n, 4, requires_grad=True) for n in (5, 7, 7))

    def both():
        scaled_dot_product_attention(queries, keys, values).sum().backward()

    assert multiply_adds(both) == 2 * 3 * 5 * 7 * 4 * (2 + 5)


SIZES = {"d_model": 12, "n_heads": 6, "n_kv_heads": 2, "n_layers": 3, "d_ff": 7, "vocab": 11}


@pytest.mark.parametrize("change", [{}, {"n_kv_heads": 6}, {"n_kv_heads": 1}, {"n_layers": 1}])
@pytest.mark.parametrize("length", [1, 5])
def test_the_formula_counts_as_a_model_does(length, change):
    sizes = SIZES | change
    model = LanguageModel(LanguageModelConfig(**sizes)).eval()
    found, ids = decoder_costs(length, **sizes, number_bytes=4), torch.ones(1, length).long()
    assert found.weights == sum(p.numel() for p in model.parameters())
    with torch.no_grad():
        assert found.reading == found.linear + found.scores == multiply_adds(model, ids)
        assert found.share == found.scores / found.reading
        prompt = model.encode(ids)
        state = model.start(prompt)
        model.step(prompt, state, torch.ones(1, 1).long())
        assert state.bytes() == found.cache_bytes
        after = torch.ones(1, 2).long()  # <bos> and one word, which the cache does not know
        assert multiply_adds(model.step, prompt, state, after) == found.next_word


def test_llama_3_8b_keeps_128_kib_a_token():
    llama = {"d_model": 4096, "n_heads": 32, "n_layers": 32, "d_ff": 14336, "vocab": 128256}
    assert decoder_costs(1, n_kv_heads=8, **llama).cache_bytes == 128 * 2**10
    assert decoder_costs(1, n_kv_heads=32, **llama).cache_bytes == 512 * 2**10
    its_own_output = 128256 * 4096  # Llama's is not tied
    assert decoder_costs(1, n_kv_heads=8, **llama).weights + its_own_output == 8_030_261_248


@pytest.mark.parametrize(
    "change, told",
    [
        ({"length": 0}, "length must be a whole number"),
        ({"d_ff": 1.5}, "d_ff must be a whole number"),
        ({"n_heads": 5}, "n_heads=5 must divide d_model=12"),
        ({"n_kv_heads": 4}, "n_kv_heads=4 must divide n_heads=6"),
        ({"number_bytes": 0}, "number_bytes must be a whole number"),
    ],
)
def test_sizes_that_do_not_fit(change, told):
    with pytest.raises(ValueError, match=told):
        decoder_costs(**{"length": 3} | SIZES | change)


@pytest.mark.parametrize("count", [multiply_adds, kept_bytes, peak_bytes])
def test_what_cannot_be_called_is_not_counted(count):
    with pytest.raises(TypeError, match="got Tensor"):
        count(torch.zeros(2))


# ----------------------------------------------------------------------------------------- memory


def test_kept_bytes_by_hand():
    x = torch.randn(3, 5, requires_grad=True)
    assert kept_bytes(torch.tanh, x) == 3 * 5 * 4  # what came out
    assert kept_bytes(lambda x: x.tanh().exp(), x) == 2 * 3 * 5 * 4
    assert kept_bytes(lambda x: x + 1, x) == 0
    assert kept_bytes(lambda x: x.square() * x, x) == 2 * 3 * 5 * 4  # x, and its square
    assert kept_bytes(nn.Linear(5, 7), x) == 3 * 5 * 4  # not its weights
    with torch.no_grad():
        assert kept_bytes(torch.tanh, x) == 0


def test_recomputing_keeps_the_input_alone():
    x = torch.randn(3, 5, requires_grad=True)
    deep = nn.Sequential(*(nn.Tanh() for _ in range(9)))
    assert kept_bytes(deep, x) == 9 * 60
    assert kept_bytes(lambda x: checkpoint(deep, x, use_reentrant=False), x) == 60


def test_peak_bytes_by_hand():
    x = torch.randn(3, 5)
    assert peak_bytes(lambda: x + 1) == 60
    assert peak_bytes(lambda: (x + 1) + (x + 2)) == 3 * 60
    assert peak_bytes(lambda: x.add(1).exp().exp().exp()) == 2 * 60  # the ones before are gone
    assert peak_bytes(lambda: x.add(1).exp_().exp_()) == 60
    assert peak_bytes(lambda: x.add(1).view(5, 3).T) == 60  # a view takes nothing
    assert peak_bytes(lambda: x.mul_(2)) == 0  # it was there before


# --------------------------------------------------------------------------------------- in blocks


def qkv(*batch, dtype=torch.double):
    torch.manual_seed(0)
    return [
        torch.randn(*batch, rows, width, dtype=dtype, requires_grad=True)
        for rows, width in ((T, K), (S, K), (S, V))
    ]


MASK = torch.tensor([[1, 1, 0, 1, 0, 0, 0], [0] * 7, [0, 0, 0, 0, 1, 1, 0], [1] * 7, [0] * 6 + [1]])
MASKS = {
    "none": None,
    "any": MASK.bool(),
    "one for all": MASK[:1].bool(),
    "of queries": MASK[:, :1].bool(),
}


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_blocks_are_attend_in_values_and_gradients(block, mask):
    given = qkv(2, 3)
    ours = attend_in_blocks(*given, block, MASKS[mask])
    same(ours, attend(*given, MASKS[mask])[0], *given)


def test_blocks_broadcast_as_attend_does():
    queries, keys, values = qkv()
    more = torch.randn(2, 1, S, V, dtype=torch.double, requires_grad=True)
    ours = attend_in_blocks(queries[None, None], keys, more, 3)
    same(ours, attend(queries[None, None], keys, more)[0], queries, keys, more)
    mask = torch.rand(4, 2, T, S) < 0.5
    wide = queries.expand(4, 2, T, K)
    same(
        attend_in_blocks(wide, keys, values, 3, mask), attend(wide, keys, values, mask)[0], queries
    )


def test_whoever_sees_nothing_gets_zeros_and_gives_none_back():
    given = qkv()
    nothing = torch.zeros(T, S, dtype=torch.bool)
    context = attend_in_blocks(*given, 3, nothing)
    assert torch.equal(context, torch.zeros(T, V).double())
    for grad in torch.autograd.grad(context.sum(), given):
        assert torch.equal(grad, torch.zeros_like(grad))
    queries, keys, values = (x[..., :n, :] for x, n in zip(given, (T, 0, 0), strict=True))
    assert torch.equal(attend_in_blocks(queries, keys, values, 3), torch.zeros(T, V).double())


@pytest.mark.parametrize("scale", [1e-3, 30.0])
def test_large_and_small_scores_and_finite_differences(scale):
    queries, keys, values = qkv()
    queries = (queries * scale).detach().requires_grad_()
    same(
        attend_in_blocks(queries, keys, values, 2), attend(queries, keys, values)[0], queries, keys
    )
    if scale < 1:
        assert torch.autograd.gradcheck(
            lambda *given: attend_in_blocks(*given, 2, MASK.bool()), (queries, keys, values)
        )


@pytest.mark.parametrize("dtype", [torch.half, torch.bfloat16, torch.float32])
def test_it_keeps_the_dtype(dtype):
    given = qkv(dtype=dtype)
    context = attend_in_blocks(*given, 2, MASK.bool())
    assert context.dtype == dtype
    assert_close(context, attend(*given, MASK.bool())[0], rtol=2e-2, atol=2e-2)
    grads = torch.autograd.grad(context.float().sum(), given)
    assert [grad.dtype for grad in grads] == [dtype] * 3


def test_long_in_single_precision_and_what_is_alive():
    torch.manual_seed(0)
    n, block = 2048, 128
    given = [torch.randn(n, 16, requires_grad=True) for _ in range(3)]
    ours, theirs = attend_in_blocks(*given, block), attend(*given)[0]
    assert_close(ours, theirs, rtol=0, atol=1e-5)
    down = torch.randn_like(ours)
    pairs = [torch.autograd.grad((f * down).sum(), given) for f in (ours, theirs)]
    for mine, other in zip(*pairs, strict=True):
        assert_close(mine, other, rtol=1e-4, atol=1e-5)

    def back(how):
        torch.autograd.grad(how(*given).sum(), given)

    scores, whole = n * block * 4, n * n * 4
    rest = 12 * n * 17 * 4  # rows of a query's or a key's width
    assert scores < peak_bytes(lambda: attend_in_blocks(*given, block)) < scores + rest
    assert peak_bytes(back, lambda *g: attend_in_blocks(*g, block)) < scores + 2 * rest
    assert peak_bytes(back, lambda *g: attend(*g)[0]) > 2 * whole
    assert kept_bytes(lambda *g: attend_in_blocks(*g, block), *given) == n * (4 * 16 + 1) * 4


@pytest.mark.parametrize("block", [0, -1, 1.5, True, None, "4"])
def test_a_block_must_be_whole(block):
    with pytest.raises(ValueError, match="block must be a whole number, at least 1, got"):
        attend_in_blocks(*qkv(), block)


def test_other_bad_arguments_are_told_as_attend_tells_them():
    queries, keys, values = (x.detach() for x in qkv())
    with pytest.raises(ValueError, match=r"keys must be as wide as queries, 3, got shape \[7, 2\]"):
        attend_in_blocks(queries, values, values, 2)
    with pytest.raises(ValueError, match="values must have one row a key, 7"):
        attend_in_blocks(queries, keys, values[:5], 2)
    with pytest.raises(ValueError, match="keys must hold finite numbers, got NaN"):
        attend_in_blocks(queries, keys * torch.nan, values, 2)
    with pytest.raises(TypeError, match="mask must be boolean"):
        attend_in_blocks(queries, keys, values, 2, MASK)
    with pytest.raises(ValueError, match="mask must broadcast"):
        attend_in_blocks(queries, keys, values, 2, MASK[:, :3].bool())
    with pytest.raises(TypeError, match="queries must hold floating-point numbers"):
        attend_in_blocks(queries.long(), keys, values, 2)


# -------------------------------------------------------------------------------------- fewer bits


@pytest.mark.parametrize("per", ["row", "tensor"])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_rounding_is_off_by_half_a_scale_at_most(bits, per):
    weight = draw(5, 7).detach()
    weight[2] *= 100
    codes, scales = quantize(weight, bits, per)
    most = 2 ** (bits - 1) - 1
    assert codes.dtype == torch.int8 and codes.abs().max() == most
    assert scales.shape == ((5, 1) if per == "row" else (1, 1))
    assert ((codes * scales - weight).abs() <= scales / 2 * (1 + 1e-9)).all()
    for row, scale in zip(weight, scales.expand(5, 1), strict=True):
        wanted = row.abs().max() if per == "row" else weight.abs().max()
        assert_close(scale.item() * most, wanted.item())


def test_by_hand_and_zeros():
    codes, scales = quantize(torch.tensor([[0.7, -0.2, 0.11], [0.0, 0.0, 0.0]]), 4)
    assert codes.tolist() == [[7, -2, 1], [0, 0, 0]]
    assert_close(scales, torch.tensor([[0.1], [1.0]]))


def test_a_model_is_copied_and_its_matrices_rounded():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5), nn.Linear(5, 2))
    before = [p.clone() for p in model.parameters()]
    rounded = quantized(model, 3)
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    for name, p in rounded.named_parameters():
        own = dict(model.named_parameters())[name]
        if p.dim() == 2:
            codes, scales = quantize(own, 3)
            assert torch.equal(p, codes * scales) and not torch.equal(p, own)
        else:
            assert torch.equal(p, own)
    tied = LanguageModel(LanguageModelConfig(**SIZES))
    assert quantized(tied, 4).out.weight is not tied.out.weight


@pytest.mark.parametrize(
    "weight, bits, per, error, told",
    [
        (torch.ones(2, 3), 1, "row", ValueError, "bits must be a whole number, at least 2, got 1"),
        (torch.ones(2, 3), 9, "row", ValueError, "bits must be a whole number from 2 to 8, got 9"),
        (torch.ones(2, 3), 4.0, "row", ValueError, "bits must be a whole number"),
        (torch.ones(2, 3), 4, "column", ValueError, "per must be one of row, tensor, got 'column'"),
        (torch.ones(3), 4, "row", ValueError, r"weight must be a matrix \[R, C\], got shape \[3\]"),
        (torch.ones(2, 3).long(), 4, "row", TypeError, "weight must hold floating-point"),
        (torch.full((2, 3), torch.nan), 4, "row", ValueError, "weight must hold finite"),
    ],
)
def test_what_cannot_be_rounded(weight, bits, per, error, told):
    with pytest.raises(error, match=told):
        quantize(weight, bits, per)


# ----------------------------------------------------------------------------------------- experts


@pytest.mark.parametrize("top_k", [1, 2, 5])
def test_a_mixture_word_by_word(top_k):
    experts, x = shaken(MixtureOfExperts(7, 3, 5, top_k)), draw(2, 11, 7)
    ours = experts(x)
    shares = experts.router(x).softmax(-1)
    slowly, counts = torch.zeros_like(x), torch.zeros(5)
    rows = []
    for word, share in zip(x.reshape(-1, 7), shares.reshape(-1, 5), strict=True):
        best = sorted(range(5), key=lambda e: -share[e].item())[:top_k]
        total = sum(share[e] for e in best) if top_k > 1 else 1.0
        rows.append(sum(share[e] / total * experts.experts[e](word) for e in best))
        counts[best] += 1
    slowly = torch.stack(rows).view_as(x)
    same(ours, slowly, x, experts.router.weight, *experts.experts[0].parameters())
    assert_close(experts.load, counts / (22 * top_k))
    wanted = 5 * sum(experts.load[e] * shares[..., e].mean() for e in range(5))
    same(experts.balance, wanted, experts.router.weight)


def test_balance_is_1_when_all_get_alike_and_e_when_one_gets_all():
    experts = MixtureOfExperts(4, 3, 4)
    nn.init.zeros_(experts.router.weight)
    experts(torch.randn(9, 4))
    assert_close(experts.balance.item(), 1.0)
    with torch.no_grad():
        experts.router.weight[2] = 100.0
    experts(torch.ones(9, 4))
    assert_close(experts.balance.item(), 4.0)
    assert experts.load.tolist() == [0, 0, 1, 0]


def test_a_word_meets_top_k_experts_and_the_router():
    experts, x = MixtureOfExperts(7, 3, 5, 2), torch.randn(11, 7)
    assert multiply_adds(experts, x) == 11 * (7 * 5 + 2 * 3 * 7 * 3)
    assert sum(p.numel() for p in experts.parameters()) == 7 * 5 + 5 * 3 * 7 * 3


def test_a_mixture_of_what_does_not_fit():
    with pytest.raises(ValueError, match="top_k must be at most n_experts=3, got 4"):
        MixtureOfExperts(7, 5, 3, 4)
    with pytest.raises(ValueError, match="n_experts must be a whole number"):
        MixtureOfExperts(7, 5, 0)
    with pytest.raises(ValueError, match=r"x must be 7 numbers wide, got shape \[2, 3\]"):
        MixtureOfExperts(7, 5, 2)(torch.zeros(2, 3))


# ---------------------------------------------------------------------------------------- guessing


def small(seed, **changes):
    torch.manual_seed(seed)
    model = LanguageModel(LanguageModelConfig(**{**SIZES, "max_length": 40} | changes))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.4)
    return model.double().eval()


@pytest.mark.parametrize("ahead", [1, 2, 5])
@pytest.mark.parametrize("length", [1, 2, 13])
def test_the_words_are_the_model_s_whoever_guesses(length, ahead):
    prompt = torch.tensor([[4, 5, 6]])
    for seed in range(3):
        model = small(seed)
        wanted = greedy(model, prompt, length, eos=-1)
        for draft in (small(seed + 10, n_layers=1), model):
            words, passes = speculate(model, draft, prompt, length, ahead)
            assert torch.equal(words, wanted) and 1 <= passes <= length
        assert passes == -(-length // (ahead + 1))  # its own guesses are always right


def test_guesses_that_do_not_fit():
    model, prompt = small(0), torch.tensor([[4, 5, 6]])
    with pytest.raises(ValueError, match="ahead must be a whole number, at least 1, got 0"):
        speculate(model, model, prompt, 5, 0)
    with pytest.raises(ValueError, match="draft must know the words of model, 11, got 13"):
        speculate(model, small(0, vocab=13), prompt, 5)
    with pytest.raises(ValueError, match=r"prompt must be one row \[1, T\], got shape \[2, 3\]"):
        speculate(model, model, prompt.expand(2, 3), 5)
    with pytest.raises(ValueError, match="max_length must be at most 7 after this prompt, got 8"):
        speculate(model, small(0, max_length=10), prompt, 8)
    with pytest.raises(TypeError, match=r"prompt must be a tensor of torch\.long"):
        speculate(model, model, prompt.float(), 5)
