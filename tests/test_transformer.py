"""The Transformer against torch.nn.Transformer with copied weights, and what it promises of itself:
causality, padding that changes nothing, one word at a time the same as all at once."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_layers import copy_layer, shaken
from torch import nn
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from attend.cache import Cache
from attend.transformer import Embedding, Transformer, TransformerConfig, noam, parameters_of

SIZES = {"d_model": 12, "n_heads": 3, "n_layers": 2, "d_ff": 10, "dropout": 0.0}
KINDS = [
    (norm, where)
    for norm in ("pre", "post")
    for where in ("sinusoidal", "learned", "rotary", "alibi")
]
SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0], [0, 0, 0, 0, 0]])  # a row of padding too
TARGET = torch.tensor([[2, 4, 7, 5], [2, 8, 3, 0], [2, 9, 9, 3]])


def build(norm="pre", positions="sinusoidal", **changed):
    sizes = {"source_vocab": 7, "target_vocab": 11, **SIZES, "norm": norm, "positions": positions}
    return shaken(Transformer(TransformerConfig(**{**sizes, **changed}))).eval()


@pytest.mark.parametrize("norm", ["pre", "post"])
def test_between_embedding_and_output_it_is_torchs(norm):
    ours = build(norm)
    options = {
        "dropout": 0.0,
        "batch_first": True,
        "norm_first": norm == "pre",
        "dtype": torch.double,
    }
    theirs = nn.Transformer(12, 3, 2, 2, 10, **options)
    for stack, mine in ((theirs.encoder, ours.encoder), (theirs.decoder, ours.decoder)):
        for layer, other in zip(mine, stack.layers, strict=True):
            copy_layer(layer, other)
    if norm == "pre":
        theirs.encoder.norm.load_state_dict(ours.encoder_norm.state_dict())
        theirs.decoder.norm.load_state_dict(ours.decoder_norm.state_dict())
    else:
        theirs.encoder.norm = theirs.decoder.norm = None  # the paper has none
    source, target = SOURCE[:2], TARGET[:2]
    x, y = (
        embed(ids).detach().requires_grad_()
        for embed, ids in ((ours.source_embedding, source), (ours.target_embedding, target))
    )
    expected = (
        theirs(
            x,
            y,
            tgt_mask=~torch.ones(4, 4).tril().bool(),
            src_key_padding_mask=source == 0,
            memory_key_padding_mask=source == 0,
        )
        @ ours.out.weight.T
    )
    found = ours(source, target)
    assert_close(found, expected)
    loss, other = (
        cross_entropy(logits.flatten(0, 1), target.flatten()) for logits in (found, expected)
    )
    loss.backward()
    other.backward()
    for layer, twin in zip(ours.encoder, theirs.encoder.layers, strict=True):
        assert_close(layer.feed_forward.inner.weight.grad, twin.linear1.weight.grad)
        views = [getattr(layer.attention, f"W_{name}").weight.grad for name in "QKV"]
        assert_close(torch.cat(views), twin.self_attn.in_proj_weight.grad)
    for layer, twin in zip(ours.decoder, theirs.decoder.layers, strict=True):
        assert_close(
            layer.cross_attention.W_O.weight.grad, twin.multihead_attn.out_proj.weight.grad
        )
        assert_close(layer.residuals[0].norm.weight.grad, twin.norm1.weight.grad)
    words = ours.source_embedding.words.weight.grad  # through √D
    assert_close(words[5], x.grad[0, 0] * 12**0.5)


@pytest.mark.parametrize("norm, positions", KINDS)
def test_maps_and_the_fused_path_agree(norm, positions):
    model = build(norm, positions)
    logits, maps = model(SOURCE, TARGET, return_weights=True)
    assert_close(model(SOURCE, TARGET), logits)
    assert logits.shape == (3, 4, 11) and logits.isfinite().all()
    assert maps.encoder.shape == (2, 3, 3, 5, 5)
    assert maps.decoder.shape == (2, 3, 3, 4, 4) and maps.cross.shape == (2, 3, 3, 4, 5)
    assert (maps.decoder.triu(1) == 0).all()
    assert (maps.cross[:, 1, ..., 2:] == 0).all() and (maps.encoder[:, 2] == 0).all()
    sums = maps.cross[:, :2].sum(-1)
    assert_close(sums, torch.ones_like(sums))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from(KINDS),
    st.integers(0, 999),
)
def test_no_word_sees_a_later_one(B, S, T, kind, seed):
    model = build(*kind)
    torch.manual_seed(seed)
    source, target = torch.randint(1, 7, (B, S)), torch.randint(1, 11, (B, T))
    target[:, 0] = 2
    logits = model(source, target)
    t = int(torch.randint(T, ()))
    other = target.clone()
    other[:, t + 1 :] = torch.randint(1, 11, (B, T - t - 1))
    assert_close(model(source, other)[:, : t + 1], logits[:, : t + 1])
    memory = model.encode(source)
    assert_close(model.decode(memory, source, target), logits)
    cache = Cache(2)  # in two pieces, the second after what the cache knows
    pieces = [target[:, : t + 1], target[:, t + 1 :]]
    steps = [model.decode(memory, source, piece, cache) for piece in pieces if piece.shape[1]]
    assert_close(torch.cat(steps, dim=1), logits)
    assert len(cache) == T


@pytest.mark.parametrize("norm, positions", KINDS)
def test_padding_changes_nothing(norm, positions):
    model = build(norm, positions)
    logits = model(SOURCE, TARGET)
    longer = nn.functional.pad(SOURCE, (0, 3)), nn.functional.pad(TARGET, (0, 2))
    assert_close(model(*longer)[:, :4], logits)
    assert_close(model(SOURCE[1:2, :2], TARGET[1:2, :3])[0], logits[1, :3])


def test_without_positions_the_source_is_a_bag_of_words():
    model = build()
    model.source_embedding.positions = None
    shuffled = SOURCE[:1, [3, 0, 4, 2, 1]]
    assert_close(model(shuffled, TARGET[:1]), model(SOURCE[:1], TARGET[:1]))
    assert not torch.allclose(build()(shuffled, TARGET[:1]), build()(SOURCE[:1], TARGET[:1]))


def test_bfloat16_stays_near():
    model = build()
    near = copy.deepcopy(model).bfloat16()(SOURCE, TARGET)
    assert near.dtype == torch.bfloat16 and near.isfinite().all()
    assert_close(near.double(), model(SOURCE, TARGET), rtol=0.1, atol=0.15)


def test_a_row_of_padding_gives_finite_gradients():
    model = build()
    model(SOURCE, TARGET).square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@pytest.mark.parametrize("norm, positions", KINDS)
@pytest.mark.parametrize("tied, vocab", [(False, 11), (True, 11), (True, 7)])
def test_the_formula_counts_every_parameter_once(norm, positions, tied, vocab):
    config = TransformerConfig(
        7, vocab, **SIZES, norm=norm, positions=positions, tie_embeddings=tied, max_length=20
    )
    model = Transformer(config)
    assert sum(parts := parameters_of(config).values()) == sum(
        p.numel() for p in model.parameters()
    ), parts


def test_the_papers_base_model_has_about_65_million():
    base = TransformerConfig(37_000, 37_000, norm="post", tie_embeddings=True)
    count = sum(parameters_of(base).values())
    assert 62e6 < count < 66e6


def test_tied_embeddings_are_one_matrix():
    model = build(tie_embeddings=True, source_vocab=11)
    words = model.out.weight
    assert model.target_embedding.words.weight is words
    assert model.source_embedding.words.weight is words
    assert build(tie_embeddings=True).source_embedding.words.weight is not words


def test_noam_climbs_and_falls():
    rates = [noam(step, 512, 4000) for step in range(1, 20_000)]
    assert max(rates) == rates[3999] == pytest.approx(512**-0.5 * 4000**-0.5)
    assert rates[999] == pytest.approx(rates[3999] / 4)
    assert rates[15_999] == pytest.approx(rates[3999] / 2)


def config(**changed):
    return TransformerConfig(**{"source_vocab": 7, "target_vocab": 11, **SIZES, **changed})


WRONG = [
    (lambda m: config(n_heads=5), ValueError, "n_heads=5 must divide d_model=12"),
    (
        lambda m: config(d_model=9),
        ValueError,
        "d_model must be even for sinusoidal positions, got 9",
    ),
    (
        lambda m: config(d_model=9, positions="rotary"),
        ValueError,
        "d_model must give each of n_heads=3 .* got 9",
    ),
    (lambda m: config(norm="both"), ValueError, "norm must be one of pre, post"),
    (lambda m: config(positions="none"), ValueError, "positions must be one of sinusoidal"),
    (
        lambda m: config(n_layers=0),
        ValueError,
        "n_layers must be a whole number, at least 1, got 0",
    ),
    (
        lambda m: config(dropout=-0.1),
        ValueError,
        r"dropout must be a number, at least 0 and below 1, got -0",
    ),
    (lambda m: config(target_vocab=2), ValueError, "bos must lie in 0 … 1 .* got 2"),
    (lambda m: m(SOURCE.float(), TARGET), TypeError, "source must be a tensor of torch.long, got"),
    (
        lambda m: m(SOURCE[0], TARGET),
        ValueError,
        r"source must have at least one row .* got shape \[5\]",
    ),
    (lambda m: m(SOURCE[:, :0], TARGET), ValueError, r"source must have at least one .*\[3, 0\]"),
    (lambda m: m(SOURCE + 2, TARGET), ValueError, "source must lie in 0 … 6, got 8"),
    (lambda m: m(-SOURCE, TARGET), ValueError, "source must lie in 0 … 6, got -6"),
    (lambda m: m(SOURCE, TARGET + 2), ValueError, "target must lie in 0 … 10, got 11"),
    (lambda m: m(SOURCE, TARGET[:2]), ValueError, "target must have a row a source, 3, got 2"),
    (
        lambda m: m(SOURCE, TARGET[:, 1:]),
        ValueError,
        "target must begin with <bos>, 2, .* got 4 in row 0",
    ),
    (
        lambda m: build(max_length=4)(SOURCE, TARGET),
        ValueError,
        "source must be at most max_length=4 words long, got 5",
    ),
    (lambda m: noam(0, 512, 10), ValueError, "step must be a whole number, at least 1, got 0"),
    (lambda m: noam(1, 0, 10), ValueError, "d_model must be a whole number, at least 1, got 0"),
    (lambda m: noam(1, 512, 0), ValueError, "warmup must be a whole number, at least 1, got 0"),
]


@pytest.mark.parametrize("call, kind, message", WRONG)
def test_bad_arguments_are_named_in_one_line(call, kind, message):
    with pytest.raises(kind, match=message) as caught:
        call(build())
    assert "\n" not in str(caught.value)


def test_the_words_begin_at_length_1_and_padding_stays_at_0():
    embedding = Embedding(2000, config(d_model=64, n_heads=2, pad=1, bos=2))
    x = embedding(torch.arange(2000)[None])[0] - embedding.positions(torch.zeros(1, 2000, 64))[0]
    assert x[2:].std().item() == pytest.approx(1, rel=0.02)  # through √D, as large as positions
    assert (embedding.words.weight[1] == 0).all()
    embedding(torch.tensor([[5, 1, 1]])).square().sum().backward()
    assert (embedding.words.weight.grad[1] == 0).all()
    assert (embedding.words.weight.grad[5] != 0).any()


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary", "alibi"])
def test_the_order_of_the_source_counts_and_alibi_cannot_tell_a_mirror_image(positions):
    model, source, target = build(positions=positions), SOURCE[:1], TARGET[:1]
    logits = model(source, target)
    assert not torch.allclose(model(source[:, [3, 0, 4, 2, 1]], target), logits)
    assert torch.allclose(model(source.flip(1), target), logits) == (positions == "alibi")


def test_padding_may_have_any_number():
    model = build(pad=1)
    numbers = torch.arange(7)
    numbers[[0, 1]] = numbers[[1, 0]]
    source = numbers[SOURCE]  # padded with 1
    logits = model(source, TARGET)
    assert_close(model(source[1:2, :2], TARGET[1:2])[0], logits[1])
    states = model.encode(source).states  # their padding is where the source has it
    assert_close(model.decode(states, source, TARGET), logits)
    assert_close(model.decode(states.flip(0), source.flip(0), TARGET.flip(0)), logits.flip(0))


def test_a_sentence_of_max_length_is_the_longest():
    model = build(max_length=4)
    source = SOURCE[:, :4]
    logits = model(source, TARGET)
    memory = model.encode(source)
    assert_close(model.decode(memory, source, TARGET), logits)
    cache, state, longer = Cache(2), model.start(memory), nn.functional.pad(TARGET, (0, 1), value=4)
    for t in range(4):
        assert_close(model.decode(memory, source, TARGET[:, t : t + 1], cache)[:, 0], logits[:, t])
        step, state, _ = model.step(memory, state, TARGET[:, : t + 1])
        assert_close(step, logits[:, t])
    for past in (
        lambda: model(source, longer),
        lambda: model.decode(memory, source, longer),
        lambda: model.decode(memory, source, longer[:, 4:], cache),
        lambda: model.step(memory, state, longer),
        lambda: model.step(memory, None, longer),
    ):
        with pytest.raises(ValueError, match="target must be at most max_length=4 words long"):
            past()


def test_a_translation_starts_with_a_cache_unless_it_is_to_do_without():
    model = build()
    memory = model.encode(SOURCE)
    state = model.start(memory)
    assert isinstance(state, Cache) and len(state) == 0 and len(state.layers) == 2
    assert model.start(memory, cache=False) is None
    logits = model(SOURCE, TARGET)
    for state in (model.start(memory), model.start(memory, cache=False)):
        for t in range(4):
            step, state, weights = model.step(memory, state, TARGET[:, : t + 1])
            assert_close(step, logits[:, t])
            assert weights is None


def test_the_maps_are_made_only_where_they_are_asked_for():
    """Without them every attention is torch's fused one: 2 layers read, and 2 of 2 kinds write."""
    model = build()
    memory = model.encode(SOURCE)
    for call, fused in (
        (lambda: model.encode(SOURCE), 2),
        (lambda: model.decode(memory, SOURCE, TARGET), 4),
        (lambda: model.step(memory, model.start(memory), TARGET[:, :1]), 4),
        (lambda: model(SOURCE, TARGET), 6),
        (lambda: model(SOURCE, TARGET, return_weights=True), 0),
    ):
        with torch.profiler.profile() as profile:
            call()
        counts = {event.key: event.count for event in profile.key_averages()}
        assert counts.get("aten::scaled_dot_product_attention", 0) == fused


@pytest.mark.parametrize("norm, positions", KINDS)
def test_what_has_no_values_has_a_shape(norm, positions):
    model = build(norm, positions).to("meta")
    logits = model(SOURCE.to("meta"), TARGET.to("meta"))
    assert logits.shape == (3, 4, 11) and logits.device.type == "meta"


@pytest.mark.parametrize("norm, positions", KINDS)
def test_the_formula_names_the_parts_that_it_counts(norm, positions):
    sizes = TransformerConfig(7, 11, **SIZES, norm=norm, positions=positions, max_length=20)
    model = Transformer(sizes)
    embeddings = model.source_embedding, model.target_embedding
    parts = {
        "words": [*(embedding.words for embedding in embeddings), model.out],
        "positions": [embedding.positions for embedding in embeddings if embedding.positions],
        "encoder": [model.encoder],
        "decoder": [model.decoder],
        "last norms": [model.encoder_norm, model.decoder_norm],
    }
    counts = {
        name: sum(p.numel() for module in modules for p in module.parameters())
        for name, modules in parts.items()
    }
    assert parameters_of(sizes) == counts
