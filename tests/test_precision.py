"""Every switch in every precision, and numbers as numpy gives them."""

import itertools

import numpy as np
import pytest
import torch
from test_transformer import SIZES
from torch import nn
from torch.testing import assert_close

from attend.attention import AdditiveAttention, MultiHeadAttention, MultiplicativeAttention, attend
from attend.data import Codec, PairBatches
from attend.decoding import beam_search, filter_logits, greedy, hypotheses, sample, translate
from attend.layers import BatchNorm, DecoderLayer, EncoderLayer, FeedForward, LayerNorm, Residual
from attend.masks import causal
from attend.metrics import alignment_error_rate, links
from attend.phrasebook import pairs
from attend.positions import Learned, Sinusoidal, alibi, rotate, sinusoidal, slopes
from attend.seq2seq import Seq2Seq
from attend.training import fit
from attend.transformer import Transformer, TransformerConfig, noam, parameters_of
from attend.translation import next_word_loss, train

SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0], [0, 0, 0, 0, 0]])
TARGET = torch.tensor([[2, 4, 7, 5], [2, 8, 3, 0], [2, 9, 9, 3]])
DTYPES = [torch.float32, torch.float64, torch.bfloat16, torch.float16]
SWITCHES = list(
    itertools.product(
        ("pre", "post"), ("sinusoidal", "learned", "rotary", "alibi"), (False, True), DTYPES
    )
)


@pytest.mark.parametrize("norm, positions, tied, dtype", SWITCHES)
def test_every_switch_in_every_precision(norm, positions, tied, dtype):
    switches = {"norm": norm, "positions": positions, "tie_embeddings": tied}
    torch.manual_seed(0)
    exact = Transformer(TransformerConfig(7, 11, **SIZES, **switches)).double().eval()
    model = Transformer(TransformerConfig(7, 11, **SIZES, **switches)).eval()
    model.load_state_dict(exact.state_dict())
    model = model.to(dtype)
    near = {"rtol": 0.1, "atol": 0.15} if dtype.itemsize < 4 else {"rtol": 1e-4, "atol": 1e-4}
    expected = exact(SOURCE, TARGET)
    logits, maps = model(SOURCE, TARGET, return_weights=True)
    assert {logits.dtype, *(one.dtype for one in maps)} == {dtype}
    assert_close(logits.double(), expected, **near)
    fused = model(SOURCE, TARGET)
    assert fused.dtype == dtype
    assert_close(fused.double(), expected, **near)
    memory = model.encode(SOURCE)
    for cache in (True, False):
        state = model.start(memory, cache)
        for T in (1, 2, 3, 4):
            step, state, _ = model.step(memory, state, TARGET[:, :T])
            assert step.dtype == dtype
            assert_close(step.double(), expected[:, T - 1], **near)
        assert greedy(model, SOURCE, 3, cache).dtype == torch.long
        assert beam_search(model, SOURCE, 3, beams=2, cache=cache).shape[0] == 3


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("attention", [None, "additive", "dot", "general", "concat"])
def test_a_recurrent_translator_in_half_precision(attention, dtype):
    torch.manual_seed(0)
    model = Seq2Seq(7, 11, d_model=6, attention=attention).eval()
    expected = model(SOURCE[:2], TARGET[:2])
    near = model.to(dtype)(SOURCE[:2], TARGET[:2])
    assert near.dtype == dtype
    assert_close(near.float(), expected, rtol=0.1, atol=0.05)
    ids, weights = translate(model, SOURCE[:2], 4)
    assert (weights is None) == (attention is None) and ids.dtype == torch.long


def test_halves_whose_products_are_too_large_for_them():
    halves = torch.full((3, 8), 300.0, dtype=torch.float16)
    halves[1] = -300
    context, weights = attend(halves, halves, halves)
    expected, _ = attend(halves.float(), halves.float(), halves.float())
    assert context.dtype == weights.dtype == torch.float16
    assert_close(context.float(), expected)
    for score in ("dot", "general"):
        module = MultiplicativeAttention(8, score=score).half()
        context, weights = module(halves, halves, halves)
        assert context.isfinite().all() and weights.isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("temperature", [1e-40, 1e-300, 1e-6, 1e40])
def test_no_temperature_gives_nan(dtype, temperature):
    log_p = torch.tensor([0.5, 0.25, 0.15, 0.1, 0.0]).log().to(dtype)
    p = filter_logits(log_p, temperature).exp()
    assert_close(p.sum().float(), torch.tensor(1.0), atol=0.01, rtol=0)
    if temperature < 1:
        assert p[0] == 1
    ties = torch.tensor([0.4, 0.4, 0.2]).log().to(dtype)
    assert filter_logits(ties, 1e-40).exp().tolist() == [0.5, 0.5, 0.0]


def test_maps_in_half_precision_make_links():
    weights = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.4, 0.5]])
    for dtype in DTYPES:
        assert links(weights.to(dtype)) == {(0, 0), (1, 2)}
        several = [weights.to(dtype), weights.to(dtype)]
        assert alignment_error_rate(several, [[(0, 0), (1, 2)]] * 2) == 0
        assert alignment_error_rate(torch.stack(several), [[(0, 0), (1, 2)]] * 2) == 0


MODELS = {
    "Transformer": lambda: Transformer(TransformerConfig(7, 9, **SIZES)),
    "post": lambda: Transformer(TransformerConfig(7, 9, **SIZES, norm="post", positions="alibi")),
    "one vector": lambda: Seq2Seq(7, 9, d_model=6),
    "additive": lambda: Seq2Seq(7, 9, d_model=6, attention="additive"),
    "dot": lambda: Seq2Seq(7, 9, d_model=6, attention="dot", cell="lstm"),
}


@pytest.mark.parametrize("name", MODELS)
def test_padding_and_bos_are_never_written_as_words(name):
    source = SOURCE[:2].repeat(20, 1)
    for seed in range(3):
        torch.manual_seed(seed)
        model = MODELS[name]()
        with torch.no_grad():  # an untrained model that likes them best
            nn.init.normal_(model.out.weight, std=2.0)
            model.out.weight[[0, 2]] *= 3
        generator = torch.Generator().manual_seed(seed)
        written = [
            greedy(model, source, 9),
            translate(model, source, 9)[0],
            sample(model, source, 9, generator=generator),
            beam_search(model, source, 9),
        ]
        for ids in written:
            after_end = (ids == 3).cumsum(dim=1) - (ids == 3).long() > 0
            assert (ids != 2).all() and ((ids == 0) == after_end).all()
        for best in hypotheses(model, source[:2], 5):
            for one in best:
                assert not {0, 2} & set(one.ids) and np.isfinite(one.log_p)


# --------------------------------------------------------------------------- numbers of numpy


def whole(value):
    return np.int64(value)


def real(value):
    return np.float32(value)


x = torch.randn(2, 3, 4)
BUILT = {
    "MultiHeadAttention": lambda n, r: MultiHeadAttention(n(4), n(2), r(0.5))(x, x)[0],
    "AdditiveAttention": lambda n, r: AdditiveAttention(n(4), n(4), n(3))(x, x, x)[0],
    "MultiplicativeAttention": lambda n, r: MultiplicativeAttention(n(4), n(4))(x, x, x)[0],
    "LayerNorm": lambda n, r: LayerNorm(n(4), r(0.5))(x),
    "BatchNorm": lambda n, r: BatchNorm(n(4), r(0.5), r(0.25))(x),
    "FeedForward": lambda n, r: FeedForward(n(4), n(5))(x),
    "Residual": lambda n, r: Residual(n(4), r(0.5))(x, lambda x: x)[0],
    "EncoderLayer": lambda n, r: EncoderLayer(n(4), n(2), n(5), r(0.5))(x)[0],
    "DecoderLayer": lambda n, r: DecoderLayer(n(4), n(2), n(5), r(0.5))(x, x)[0],
    "Sinusoidal": lambda n, r: Sinusoidal(n(4), n(2))(x, n(1)),
    "Learned": lambda n, r: Learned(n(4), n(5))(x, n(1)),
    "sinusoidal": lambda n, r: sinusoidal(n(3), n(4), r(16.0)),
    "rotate": lambda n, r: rotate(x, np.arange(3), base=r(16.0)),
    "alibi": lambda n, r: alibi(n(3), n(2), n(5)),
    "slopes": lambda n, r: slopes(n(3)),
    "causal": lambda n, r: causal(n(3), n(2)),
    "Seq2Seq": lambda n, r: Seq2Seq(n(7), n(11), n(6), dropout=r(0.5), max_length=n(9))(
        SOURCE[:2], TARGET[:2]
    ),
    "filter_logits": lambda n, r: filter_logits(torch.arange(5.0), r(0.5), n(3), r(0.75)),
    "noam": lambda n, r: torch.tensor(float(noam(n(3), n(64), n(10)))),
}


@pytest.mark.parametrize("name", BUILT)
def test_numpys_numbers_are_taken_where_pythons_are(name):
    torch.manual_seed(0)
    ours = BUILT[name](whole, real)
    torch.manual_seed(0)
    assert_close(ours, BUILT[name](int, float))


def test_a_config_of_numpys_numbers_is_one_of_pythons():
    sizes = {name: whole(size) for name, size in SIZES.items() if name != "dropout"}
    config = TransformerConfig(
        whole(7), whole(11), **sizes, dropout=real(0.5), pad=whole(0), max_length=whole(20)
    )
    assert type(config.d_model) is type(config.pad) is int and type(config.dropout) is float
    model = Transformer(config)
    assert sum(parameters_of(config).values()) == sum(p.numel() for p in model.parameters())
    model(SOURCE, TARGET).sum().backward()
    assert greedy(model, SOURCE, whole(4)).shape[1] <= 4
    assert beam_search(model, SOURCE, whole(4), whole(2), real(0.5)).shape[1] <= 4
    generator = torch.Generator().manual_seed(0)
    sample(model, SOURCE, whole(3), real(0.5), whole(4), real(0.5), generator)


def test_training_takes_numpys_numbers():
    some = pairs("valid")[:6]
    codec = Codec(some, min_count=whole(1))
    model = Seq2Seq(len(codec.source), len(codec.target), d_model=6)
    batches = PairBatches(codec, some, whole(3))
    assert len(train(model, batches, whole(2), lr=real(0.01), warmup=whole(1))) == 2
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    assert len(fit(model, batches, next_word_loss, optimizer, whole(1), clip=real(0.5))) == 1
    assert next_word_loss(model, codec.encode(some), smoothing=real(0.5)).isfinite()
