"""What code outside the book may rely on: names, arguments in their order, defaults, and shapes."""

import importlib
import inspect

import pytest
import torch

from attend.decoding import greedy
from attend.seq2seq import Seq2Seq
from attend.transformer import Transformer, TransformerConfig

SURFACE = {
    "attention.attend": "queries, keys, values, mask=None",
    "attention.MultiHeadAttention": "d_model, n_heads, dropout=0.0",
    "attention.MultiHeadAttention.forward": "self, queries, memory, mask=None",
    "attention.AdditiveAttention": "d_query, d_key, d_hidden",
    "attention.MultiplicativeAttention": "d_query, d_key=None, score='dot'",
    "positions.sinusoidal": "n_positions, d_model",
    "positions.rotate": "x, positions, pairing='half'",
    "positions.alibi": "n_heads, T, S",
    "masks.padding": "ids, pad=0",
    "masks.causal": "T",
    "transformer.TransformerConfig": (
        "source_vocab, target_vocab, d_model=512, n_heads=8, n_layers=6, d_ff=2048, dropout=0.1, "
        "norm='pre', positions='sinusoidal', tie_embeddings=False, pad=0, max_length=512"
    ),
    "transformer.Transformer": "config",
    "transformer.Transformer.forward": "self, source, target",
    "transformer.Transformer.encode": "self, source",
    "transformer.Transformer.decode": "self, memory, source, target",
    "transformer.Transformer.step": "self, memory, state, ids",
    "language.LanguageModelConfig": (
        "vocab, d_model, n_heads, n_layers, d_ff, n_kv_heads=None, norm='rms', "
        "feed_forward='swiglu', positions='rotary', causal=True, tie_embeddings=True, "
        "dropout=0.0, max_length=512"
    ),
    "language.LanguageModel": "config",
    "language.LanguageModel.forward": "self, ids, mask=None, return_weights=False",
    "language.LanguageModel.states": "self, ids",
    "language.mask_tokens": "ids, mask_id, vocab, p=0.15, generator=None",
    "language.load_gpt2": "path",
    "decoding.greedy": "model, source, max_length, cache=True",
    "decoding.beam_search": "model, source, max_length, beams=4, length_penalty=0.6",
    "decoding.sample": "model, source, max_length, temperature=1.0, top_k=None, top_p=None",
    "seq2seq.Seq2Seq": "source_vocab, target_vocab, attention=None",
    "seq2seq.Seq2Seq.forward": "self, source, target",
    "seq2seq.Seq2Seq.decode": "self, memory, source, target",
    "seq2seq.Seq2Seq.step": "self, memory, state, ids",
    "metrics.bleu": "hypotheses, references",
    "metrics.perplexity": "nll, tokens",
    "metrics.alignment_error_rate": "weights, gold",
    "metrics.pass_at_k": "n, correct, k",
    "training.fit": "model, batches",
    "vision.patches": "images, size",
    "vision.ViT.forward": "self, images",
    "vision.SqueezeExcite": "channels, reduction=4",
    "vision.ECA": "channels, kernel=3",
    "vision.SpatialAttention": "kernel=7",
    "vision.CBAM": "channels, reduction=4",
    "cost.multiply_adds": "module",
    "cost.attend_in_blocks": "queries, keys, values, block, mask=None",
    "retrieval.Flat": "width",
    "retrieval.IVF": "width, cells=64, probes=8",
    "retrieval.PQ": "width, pieces=8",
    "retrieval.HNSW": "width, links=16, breadth=64",
    "finetuning.add_lora": "model, rank, names",
    "finetuning.merge_lora": "model",
    "finetuning.preference_loss": "policy, reference, chosen, rejected, beta",
}
KEYWORDS = {"attention", "max_length"}  # they come after options that the surface leaves out


def found(path):
    module, *names = path.split(".")
    thing = importlib.import_module(f"attend.{module}")
    for name in names:
        thing = getattr(thing, name)
    return thing


@pytest.mark.parametrize("path", SURFACE)
def test_the_promised_arguments_come_first_and_in_order(path):
    parameters = inspect.signature(found(path)).parameters
    for place, promise in enumerate(SURFACE[path].split(", ")):
        name, _, default = promise.partition("=")
        if name not in KEYWORDS:
            assert list(parameters)[place] == name
        if default:
            assert repr(parameters[name].default) == default
        else:
            assert parameters[name].default is inspect.Parameter.empty


@pytest.mark.parametrize(
    "module",
    "attention cache cost data decoding finetuning language layers masks metrics positions "
    "retrieval seq2seq training transformer translation vision".split(),
)
def test_what_is_public_is_there_and_what_is_promised_is_public(module):
    names = found(module).__all__
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert all(getattr(found(module), name).__doc__ or name.isupper() for name in names)
    promised = {path.split(".")[1] for path in SURFACE if path.startswith(f"{module}.")}
    assert promised <= set(names)


SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0]])
TARGET = torch.tensor([[2, 4, 7, 5], [2, 8, 3, 0]])


@pytest.mark.parametrize("recurrent", [False, True])
def test_both_translators_are_read_and_written_alike(recurrent):
    model = Seq2Seq(7, 11, d_model=8, attention="dot") if recurrent else small()
    model.eval()
    logits = model(SOURCE, TARGET)
    memory = model.encode(SOURCE)
    assert logits.shape == (2, 4, 11) and memory.shape == (2, 5, 8)
    torch.testing.assert_close(model.decode(memory, SOURCE, TARGET), logits)
    state = model.start(memory)
    for T in range(1, 5):
        step, state, _ = model.step(memory, state, TARGET[:, :T])
        torch.testing.assert_close(step, logits[:, T - 1])
    rows = torch.tensor([1, 1, 0])
    for part in (memory, state):
        assert part.choose(rows).choose(torch.tensor([2])) is not None
    step, _, _ = model.step(memory.choose(rows), model.start(memory.choose(rows)), TARGET[rows, :1])
    torch.testing.assert_close(step, logits[rows, 0])
    assert greedy(model, SOURCE, 3).shape[0] == 2


def small():
    torch.manual_seed(0)
    sizes = {"d_model": 8, "n_heads": 2, "n_layers": 2, "d_ff": 12, "max_length": 20}
    return Transformer(TransformerConfig(7, 11, **sizes))


def test_memory_of_ones_own_has_its_padding_where_the_source_has_it():
    model = small().eval()
    memory = model.encode(SOURCE)
    assert torch.equal(
        model.decode(memory.states, SOURCE, TARGET), model.decode(memory, SOURCE, TARGET)
    )
    other = SOURCE.clone()
    other[1, 2] = 4  # no padding there
    assert not torch.allclose(
        model.decode(memory.states, other, TARGET)[1], model.decode(memory, SOURCE, TARGET)[1]
    )


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda m, memory: m.decode(memory, SOURCE[:, :4], TARGET), ValueError, r"\[2, 4, 8\]"),
        (lambda m, memory: m.decode(None, SOURCE, TARGET), ValueError, "memory must be .*NoneType"),
        (lambda m, memory: m.decode(memory, SOURCE, TARGET[:1]), ValueError, "a row a source, 2"),
        (lambda m, memory: m.step(memory, None, TARGET + 9), ValueError, "target must lie in"),
    ],
)
def test_what_does_not_belong_together_is_named(call, kind, message):
    model = small()
    with pytest.raises(kind, match=message):
        call(model, model.encode(SOURCE))


def test_a_recurrent_translator_needs_the_memory_that_it_made():
    model = Seq2Seq(7, 11, d_model=8)
    with pytest.raises(TypeError, match="memory must be what encode returns, got a Tensor"):
        model.decode(model.encode(SOURCE).states, SOURCE, TARGET)


def test_names_in_the_state_dict():
    names = set(small().state_dict())
    for name in (
        "source_embedding.words.weight",
        "encoder.0.attention.W_Q.weight",
        "encoder.1.residuals.1.norm.bias",
        "decoder.0.cross_attention.W_O.bias",
        "decoder.1.feed_forward.inner.weight",
        "decoder_norm.weight",
        "out.weight",
    ):
        assert name in names
    names = set(Seq2Seq(7, 11, d_model=8, attention="additive").state_dict())
    for name in (
        "encode.embed.weight",
        "encode.cell.weight_ih_l0_reverse",
        "encode.transform.bias",
        "attention.U.weight",
        "decoder.bias_hh_l0",
        "mix.weight",
        "out.bias",
    ):
        assert name in names
