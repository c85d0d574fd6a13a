"""The checks of tensors: bad numbers are named, whoever traces is let through, and no value of a
tensor that is not on the CPU is read."""

import pytest
import torch
from test_transformer import SIZES, build
from torch import nn
from torch.testing import assert_close

from attend import checks
from attend.attention import AdditiveAttention, MultiHeadAttention, MultiplicativeAttention, attend
from attend.data import Codec
from attend.decoding import beam_search, greedy, sample, translate
from attend.finetuning import LoRA, add_lora, answer_loss, answer_mask, policy_loss, preference_loss
from attend.language import LanguageModel, LanguageModelConfig
from attend.phrasebook import pairs
from attend.recurrent import GRU, LSTM
from attend.seq2seq import Seq2Seq
from attend.transformer import Transformer, TransformerConfig
from attend.translation import next_word_loss, score

SOURCE = torch.tensor([[5, 4, 3, 2, 1], [6, 2, 0, 0, 0]])
TARGET = torch.tensor([[2, 4, 7, 5], [2, 8, 3, 0]])
MASK = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [1, 0, 1, 1, 1]]).bool()


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


Q, K, V = draw(2, 3, 4), draw(2, 5, 4, seed=1), draw(2, 5, 6, seed=2)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_finite_numbers_pass_though_their_sum_does_not_stay_finite(dtype):
    large = torch.full((3, 5), torch.finfo(dtype).max, dtype=dtype)
    assert not large.sum().isfinite()
    checks.float_tensor("x", large)
    for wrong, what in ((torch.nan, "NaN"), (torch.inf, "an infinity"), (-torch.inf, "an inf")):
        spoilt = torch.ones(3, 5, dtype=dtype)
        spoilt[1, 2] = wrong
        with pytest.raises(ValueError, match=rf"x must hold finite numbers, got {what}.*\[3, 5\]"):
            checks.float_tensor("x", spoilt)
    both = torch.tensor([torch.inf, -torch.inf])
    with pytest.raises(ValueError, match="x must hold finite numbers, got an infinity"):
        checks.float_tensor("x", both)


MODULES = {
    "attend": lambda: attend,
    "additive": lambda: AdditiveAttention(4, 4, 3),
    "general": lambda: MultiplicativeAttention(4, score="general"),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_compiled_module_has_no_break_in_its_graph(name):
    module = MODULES[name]()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    for ours, other in zip(compiled(Q, K, V, MASK), module(Q, K, V, MASK), strict=True):
        assert_close(ours, other)


def test_a_compiled_transformer_has_no_break_in_its_graph():
    for model in (build("pre", "rotary"), build("post", "alibi")):
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        assert_close(compiled(SOURCE, TARGET), model(SOURCE, TARGET))


@pytest.mark.parametrize("attention", [None, "additive", "dot"])
def test_a_compiled_recurrent_translator_has_no_break_in_its_graph(attention):
    """No value of a length or an id is asked for. (Here, since a mutant cannot be traced.)"""
    model = Seq2Seq(7, 11, d_model=8, attention=attention, dropout=0.0)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert_close(compiled(SOURCE, TARGET), model(SOURCE, TARGET))


@pytest.mark.parametrize("cell", [LSTM, GRU])
def test_a_warning_points_to_the_line_that_was_written(cell):
    """(Here, since a mutant has calls of its own between.)"""
    with pytest.warns(UserWarning, match="num_layers=1 has no between") as caught:
        cell(2, 3, dropout=0.5)
    assert [warning.filename for warning in caught] == [__file__]


def test_vmap_of_attention_is_attention_of_a_batch():
    mapped = torch.vmap(attend)(Q, K, V)
    for ours, other in zip(mapped, attend(Q, K, V), strict=True):
        assert_close(ours, other)
    heads = MultiHeadAttention(4, 2)
    mapped, _ = torch.vmap(lambda q, k: heads(q[None], k[None]))(Q, K)
    assert_close(mapped[:, 0], heads(Q, K)[0])


class Attention(nn.Module):
    def forward(self, queries, keys, values):
        return attend(queries, keys, values)[0]


def test_attention_and_a_transformer_can_be_exported():
    exported = torch.export.export(Attention(), (Q, K, V)).module()
    assert_close(exported(Q, K, V), attend(Q, K, V)[0])
    model = build()
    exported = torch.export.export(model, (SOURCE, TARGET)).module()
    assert_close(exported(SOURCE, TARGET), model(SOURCE, TARGET))


@pytest.mark.parametrize("attention", [None, "additive", "dot", "general", "concat"])
def test_translators_write_under_autocast(attention):
    torch.manual_seed(0)
    model = Seq2Seq(7, 11, d_model=6, attention=attention)
    with torch.autocast("cpu", torch.bfloat16):
        ids, _ = translate(model, SOURCE, 5)
        assert beam_search(model, SOURCE, 5).dtype == ids.dtype == torch.long
        assert greedy(build().float(), SOURCE, 5).shape[0] == 2


# ------------------------------------------------------------- the model is where the CPU is not


@pytest.fixture
def elsewhere(monkeypatch):
    """A device that has no values to read and, as Apple's, no float64. What would be made on the
    CPU beside a model on it fails there by itself."""
    made = []
    to = torch.Tensor.to

    def recorded(tensor, *arguments, **options):
        moved = to(tensor, *arguments, **options)
        made.append(moved)
        return moved

    monkeypatch.setattr(torch.Tensor, "to", recorded)
    yield torch.device("meta")
    assert not [x for x in made if x.device.type == "meta" and x.dtype == torch.double]


@pytest.mark.parametrize("return_weights", [True, False])
@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "rotary", "alibi"])
def test_a_transformer_works_where_no_value_can_be_read(elsewhere, positions, return_weights):
    model = Transformer(TransformerConfig(7, 11, **SIZES, positions=positions)).to(elsewhere)
    source, target = SOURCE.to(elsewhere), TARGET.to(elsewhere)
    found = model(source, target, return_weights=return_weights)
    logits = found[0] if return_weights else found
    assert logits.device == elsewhere and logits.dtype == torch.float32
    memory = model.encode(source)
    state = model.start(memory)
    for T in (1, 2, 3):
        step, state, _ = model.step(memory, state, target[:, :T])
        assert step.device == elsewhere and step.shape == (2, 11)
    assert all(layer.own.keys.device == elsewhere for layer in state.layers)


WRITERS = {
    "sinusoidal": lambda: build(positions="sinusoidal"),
    "rotary": lambda: build(positions="rotary"),
    "alibi": lambda: build(positions="alibi"),
    "recurrent": lambda: Seq2Seq(7, 11, d_model=6, attention="additive").eval(),
}


@pytest.mark.parametrize("name", WRITERS)
def test_whole_sentences_are_written_on_the_device_of_the_model(name):
    """Every tensor that decoding makes names its device, or takes that of another: under another
    default device, which cannot be mixed with the CPU's, the same words come out."""
    torch.manual_seed(0)
    model, ways = WRITERS[name](), (greedy, beam_search, translate)
    expected = [write(model, SOURCE, 6) for write in ways]
    with torch.device("meta"):
        found = [write(model, SOURCE, 6) for write in ways]
        sample(model, SOURCE, 6, generator=torch.Generator("cpu").manual_seed(0))
        assert next_word_loss(model, (SOURCE, TARGET)).isfinite()
    for ours, other in zip(found[:2], expected[:2], strict=True):
        assert torch.equal(ours, other)
    assert torch.equal(found[2][0], expected[2][0])


def test_a_language_model_is_tuned_where_no_value_can_be_read(elsewhere):
    """Lengths that are wrong, rows that do not begin alike: only the shapes are looked at."""
    sizes = {"vocab": 11, "d_model": 8, "n_heads": 2, "n_layers": 1, "d_ff": 5}
    model = add_lora(LanguageModel(LanguageModelConfig(**sizes)).to(elsewhere), 2, ["W_Q"])
    assert all(p.device == elsewhere for p in model.parameters())
    assert isinstance(model.blocks[0].attention.W_Q, LoRA)
    ids, lengths = TARGET.to(elsewhere), torch.tensor([0, 9], device=elsewhere)
    advantages = torch.ones(2, device=elsewhere)
    for found, size in (
        (answer_mask(ids, lengths), (2, 3)),
        (answer_loss(model, ids, lengths), ()),
        (preference_loss(model, model, ids, SOURCE.to(elsewhere), 0.1), ()),
        (policy_loss(model, ids, lengths, advantages, model, 0.1), ()),
    ):
        assert found.device == elsewhere and found.shape == size


def test_batches_go_to_where_the_model_is():
    class There(nn.Module):
        """A model on the device without values, which sees where its words are."""

        def __init__(self):
            super().__init__()
            self.table = nn.Parameter(torch.zeros(11, device="meta"))

        def forward(self, source, target):
            assert source.device == target.device == self.table.device
            return self.table.expand(*target.shape, -1)

    assert next_word_loss(There(), (SOURCE, TARGET)).device.type == "meta"
    some = pairs("valid")[:4]
    codec = Codec(some)

    def empty(model, source, max_length):
        assert source.device == model.table.device
        return torch.zeros(len(source), 1, dtype=torch.long)

    assert score(empty, There(), codec, some).bleu == 0
