"""Fine-tuning against torch's functions, finite differences and sums over all answers: values,
gradients, what learns and what stays."""

import copy
import itertools
import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.func import functional_call
from torch.nn import functional
from torch.testing import assert_close

from attend.attention import MultiplicativeAttention
from attend.checks import tuning
from attend.decoding import greedy
from attend.finetuning import (
    END,
    ROLES,
    LoRA,
    add_lora,
    answer_loss,
    answer_mask,
    group_advantages,
    log_probability,
    merge_lora,
    policy_loss,
    preference_loss,
    reward_loss,
    template,
    token_log_probability,
)
from attend.language import LanguageModel, LanguageModelConfig
from attend.text import BOS, EOS, Vocabulary

B, T, D, H, V = 3, 7, 12, 3, 11
SIZES = {"vocab": V, "d_model": D, "n_heads": H, "n_layers": 2, "d_ff": 5, "max_length": 13}
IDS = torch.tensor([[2, 4, 5, 9, 6, 7, 3], [2, 8, 4, 3, 0, 0, 0], [2, 5, 5, 10, 7, 3, 0]])
LENGTHS = torch.tensor([3, 2, 4])
# rows with the same prompts, of other lengths
OTHERS = torch.tensor([[2, 4, 5, 7, 3], [2, 8, 6, 6, 3], [2, 5, 5, 10, 3]])


def shaken(seed=0, **changes):
    """A model whose every parameter is off its first value, in double precision."""
    torch.manual_seed(seed)
    model = LanguageModel(LanguageModelConfig(**SIZES | changes))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model.double().eval()


def gradients(loss, model):
    learn = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return torch.autograd.grad(loss, learn, retain_graph=True)


def assert_same(ours, theirs, model):
    """Value and gradients."""
    assert_close(ours, theirs)
    for a, b in zip(gradients(ours, model), gradients(theirs, model), strict=True):
        assert_close(a, b)


def by_cross_entropy(model, ids, lengths):
    """ln P of each answer [B], row for row and token for token."""
    sums = []
    for row, length in zip(ids, lengths, strict=True):
        row = row[: (row != 0).sum()]  # without its padding
        logits = model(row[None])[0, length - 1 : -1]
        sums.append(-functional.cross_entropy(logits, row[length:], reduction="sum"))
    return torch.stack(sums)


# -------------------------------------------------------------------------------------------- turns


def test_a_conversation_is_one_row():
    turns = [("user", ["2", "+", "3"]), ("assistant", ["5"]), ("user", ("why", "?"))]
    row = ["<user>", "2", "+", "3", "<end>", "<assistant>", "5", "<end>", "<user>", "why", "?"]
    assert template(turns) == [*row, "<end>"]
    assert template(iter(turns), reply=True) == [*row, "<end>", "<assistant>"]
    assert template([["assistant", []]]) == ["<assistant>", "<end>"]
    assert template([("user", [b"\xe4", "<unk>", "<end >"])])[1:-1] == [b"\xe4", "<unk>", "<end >"]


def test_marks_have_numbers_of_their_own():
    known = Vocabulary([["tea"]], specials=(BOS, EOS, *ROLES, END))
    row = template([("user", ["tea"])], reply=True)
    assert known.encode(row) == [4, 7, 6, 5] and known.decode([4, 7, 6, 5]) == row


@pytest.mark.parametrize("mark", ["<user>", "<assistant>", "<end>", "<pad>", "<bos>", "<eos>"])
def test_nobody_writes_a_mark(mark):
    message = f"words must hold none of <pad> <bos> <eos> <user> <assistant> <end>, got {mark}"
    for role in ("user", "assistant"):
        with pytest.raises(ValueError, match=message):
            template([("user", ["tea"]), (role, ["tea", mark])])


@pytest.mark.parametrize(
    ("turns", "kind", "message"),
    [
        ([("system", ["a"])], ValueError, "role must be one of user, assistant, got 'system'"),
        ([("<user>", ["a"])], ValueError, "role must be one of user, assistant, got '<user>'"),
        ([], ValueError, "turns must hold at least one, got none"),
        (("user", ["a"]), TypeError, r"turns must be a list of pairs \(role, words\), got \['user"),
        ([("user", ["a"], 3)], TypeError, "turns must be a list of pairs"),
        (["ab"], TypeError, "turns must be a list of pairs"),
        (None, TypeError, "turns must be a list of pairs .* got None"),
        ([("user", "2 + 3")], TypeError, "words must be a list of tokens, got '2"),
        ([("user", None)], TypeError, "words must be a list of tokens, got NoneType"),
        ([("user", [2, 3])], TypeError, "words must be tokens, got int"),
    ],
)
def test_turns_that_are_none(turns, kind, message):
    with pytest.raises(kind, match=message):
        template(turns)


# ------------------------------------------------------------------------------ how likely a row is


def test_each_token_is_as_likely_as_cross_entropy_says():
    model = shaken(n_kv_heads=1)
    log_p = token_log_probability(model, IDS)
    theirs = functional.cross_entropy(model(IDS)[:, :-1].mT, IDS[:, 1:], reduction="none")
    assert log_p.shape == (B, T - 1)
    direction = torch.randn(B, T - 1).double()
    assert_close(log_p, -theirs)
    assert_same((log_p * direction).sum(), (-theirs * direction).sum(), model)


def test_half_precision_is_widened_before_the_sum():
    model = shaken().bfloat16()
    log_p = token_log_probability(model, IDS)
    assert log_p.dtype == torch.float32
    theirs = functional.cross_entropy(model(IDS)[:, :-1].float().mT, IDS[:, 1:], reduction="none")
    assert_close(log_p, -theirs)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 99), st.sampled_from([0, 3]))
def test_what_counts_by_brute_force(rows, wide, seed, padding):
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 5, (rows, wide), generator=draw)
    lengths = torch.randint(1, wide + 1, (rows,), generator=draw)
    for given_lengths in (lengths, None):
        found = answer_mask(ids, given_lengths, padding)
        assert found.shape == (rows, wide - 1) and found.dtype == torch.bool
        for b, place in itertools.product(range(rows), range(1, wide)):
            least = 1 if given_lengths is None else int(lengths[b])
            assert found[b, place - 1] == (place >= least and ids[b, place] != padding)
    assert torch.equal(answer_mask(ids), answer_mask(ids, pad=0))


@pytest.mark.parametrize("lengths", [LENGTHS, None])
def test_the_answer_s_probability_and_the_loss_equal_cross_entropy(lengths):
    model, least = shaken(), torch.ones(B).long() if lengths is None else lengths
    theirs = by_cross_entropy(model, IDS, least)
    direction = torch.tensor([0.3, -2.0, 0.7]).double()
    ours = log_probability(model, IDS, lengths)
    assert ours.shape == (B,)
    assert_close(ours, theirs)
    assert_same(ours @ direction, theirs @ direction, model)
    asked = IDS.masked_fill(IDS == 0, -100)  # what cross_entropy leaves out
    for row, length in zip(asked, least, strict=True):
        row[:length] = -100
    theirs = functional.cross_entropy(model(IDS)[:, :-1].flatten(0, 1), asked[:, 1:].flatten())
    assert_same(answer_loss(model, IDS, lengths), theirs, model)


def test_padding_is_the_model_s_own():
    model = shaken(pad=3)
    theirs = functional.cross_entropy(model(IDS)[:, :-1].mT, IDS[:, 1:], reduction="none")
    behind = torch.arange(1, T) >= LENGTHS[:, None]
    there = behind & (IDS[:, 1:] != 3)
    assert_close(log_probability(model, IDS, LENGTHS), -(theirs * there).sum(1))
    assert_close(answer_loss(model, IDS, LENGTHS), theirs[there].mean())


def test_more_padding_changes_nothing():
    model, wider = shaken(), functional.pad(IDS, (0, 4))
    assert_close(log_probability(model, wider, LENGTHS), log_probability(model, IDS, LENGTHS))
    assert_close(answer_loss(model, wider, LENGTHS), answer_loss(model, IDS, LENGTHS))


def test_a_token_that_cannot_be_written_harms_no_one():
    """−∞ for padding, as a model may have it that never writes any."""
    model = shaken(tie_embeddings=False)
    model.out.register_forward_hook(lambda _, __, logits: logits.index_fill(-1, ZERO, -torch.inf))
    assert token_log_probability(model, IDS).isneginf().any()
    both = answer_loss(model, IDS, LENGTHS), -log_probability(model, IDS, LENGTHS).sum()
    for loss in (*both, policy_loss(model, IDS, LENGTHS, ADVANTAGES, copy.deepcopy(model), 0.3)):
        assert loss.isfinite()
        assert all(gradient.isfinite().all() for gradient in gradients(loss, model))


ZERO = torch.tensor([0])


@pytest.mark.parametrize(
    ("ids", "lengths", "kind", "message"),
    [
        (IDS.float(), None, TypeError, "ids must be a tensor of torch.long, got torch.float32"),
        (IDS[0], None, ValueError, "ids must have at least one row and one word"),
        (IDS, [3, 2, 4], TypeError, "lengths must be a tensor of torch.long, got list"),
        (IDS, LENGTHS.int(), TypeError, "lengths must be a tensor of torch.long, got torch.int32"),
        (IDS, LENGTHS[:2], ValueError, r"lengths must be one a row, \[3\], got shape \[2\]"),
        (IDS, LENGTHS[:, None], ValueError, r"must be one a row, \[3\], got shape \[3, 1\]"),
        (IDS, LENGTHS.to("meta"), ValueError, "on the device of ids, cpu, got meta"),
        (IDS, LENGTHS - 2, ValueError, "lengths must lie in 1 … 7, the length of a row, got 0"),
        (IDS, LENGTHS + 4, ValueError, "lengths must lie in 1 … 7, the length of a row, got 8"),
    ],
)
def test_rows_and_lengths_that_do_not_fit(ids, lengths, kind, message):
    calls = [lambda: answer_mask(ids, lengths)]
    calls += [lambda f=f: f(shaken(), ids, lengths) for f in (log_probability, answer_loss)]
    calls += [lambda: policy_loss(shaken(), ids, lengths, torch.ones(B))]
    for call in calls:
        with pytest.raises(kind, match=message):
            call()
    answer_mask(IDS, torch.tensor([1, 7, 4]))  # the ends are inside


def test_a_row_without_an_answer():
    for lengths, row in (([3, 4, 4], 1), ([3, 2, 7], 2)):
        for f in (log_probability, answer_loss):
            with pytest.raises(
                ValueError,
                match=f"ids must hold a token behind its prompt .* got none in row {row}",
            ):
                f(shaken(), IDS, torch.tensor(lengths))
    with pytest.raises(ValueError, match=r"ids must hold a token after its first .* none in row 0"):
        answer_loss(shaken(), IDS[:, :1])


def test_a_model_that_cannot_say_how_likely_a_row_is():
    for f in (token_log_probability, log_probability, answer_loss):
        with pytest.raises(ValueError, match="model must be a causal LanguageModel, got one with"):
            f(shaken(causal=False), IDS)
        with pytest.raises(TypeError, match="model must be a LanguageModel, got Linear"):
            f(nn.Linear(2, 3), IDS)
        with pytest.raises(ValueError, match="ids must lie in 0 … 10, got 11"):
            f(shaken(), IDS + 1)
        with pytest.raises(ValueError, match="ids must be at most max_length=13 words long, got 1"):
            f(shaken(), IDS.repeat(1, 2))


# ----------------------------------------------------------------------------- few weights for many


def a_lora(D_out=5, D_in=7, rank=3, alpha=None, bias=True):
    """One off its first values, in double precision."""
    torch.manual_seed(1)
    lora = LoRA(nn.Linear(D_in, D_out, bias), rank, alpha).double()
    nn.init.normal_(lora.B)
    return lora


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("alpha", "scale"), [(None, 1), (6, 2), (0.5, 1 / 6)])
def test_lora_is_a_matrix_written_out(alpha, scale, bias):
    lora = a_lora(alpha=alpha, bias=bias)
    W, b, A, B_ = lora.linear.weight, lora.linear.bias, lora.A, lora.B
    assert A.shape == (3, 7) and B_.shape == (5, 3)
    x = torch.randn(2, 4, 7).double().requires_grad_()
    theirs = functional.linear(x, W + scale * torch.einsum("or,ri->oi", B_, A), b)
    ours, direction = lora(x), torch.randn(2, 4, 5).double()
    assert_close(ours, theirs)
    mine = torch.autograd.grad((ours * direction).sum(), [A, B_, x])
    their = torch.autograd.grad((theirs * direction).sum(), [A, B_, x])
    for a, b_ in zip(mine, their, strict=True):
        assert_close(a, b_)
    assert_close(functional.linear(x, lora.weight, lora.bias), ours)
    assert_close(lora(x[0, 0]), ours[0, 0])
    assert lora.bias is b


def test_at_first_nothing_is_changed_and_a_is_as_large_as_it_says():
    torch.manual_seed(0)
    linear, x = nn.Linear(400, 300), torch.randn(2, 400)
    before = linear(x)
    lora = LoRA(linear, 200)
    assert torch.equal(lora(x), before) and not lora.B.any()
    assert lora.A.std().item() == pytest.approx(400**-0.5, rel=0.02)  # of 80,000 numbers
    assert lora.A.mean().abs().item() < 4 * 400**-0.5 / 80_000**0.5
    learn = {name for name, p in lora.named_parameters() if p.requires_grad}
    assert learn == {"A", "B"}
    assert {name for name, _ in lora.named_parameters()} - learn == {"linear.weight", "linear.bias"}


@pytest.mark.parametrize("mode", [True, False])
def test_lora_is_of_the_kind_of_its_map(mode):
    linear = nn.Linear(7, 5, dtype=torch.float16).train(mode)
    lora = LoRA(linear, torch.tensor([5]).numpy()[0])  # the smaller width, and numpy's number
    assert {p.dtype for p in lora.parameters()} == {torch.float16}
    assert lora.training == linear.training == mode


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_and_autocast(dtype):
    lora = a_lora().float()
    x = torch.randn(2, 7)
    exact = lora(x)
    half = copy.deepcopy(lora).to(dtype)(x.to(dtype))
    assert half.dtype == dtype
    with torch.autocast("cpu", dtype=dtype):
        cast = lora(x)
        read = functional.linear(x, lora.weight, lora.bias)
    assert cast.dtype == dtype
    near = {"atol": 0.1, "rtol": 0.1}
    for other in (half, cast, read):
        assert_close(other.float(), exact, **near)
    cast.float().sum().backward()
    assert lora.A.grad.dtype == lora.B.grad.dtype == torch.float32


def test_merging_one_map_gives_it_back():
    lora, x = a_lora(), torch.randn(2, 7).double()
    linear, before = lora.linear, lora(x)
    merged = lora.merge()
    assert merged is linear and type(merged) is nn.Linear
    assert_close(merged(x), before)
    assert merged.weight.is_leaf and merged.weight.requires_grad
    assert_close(lora(x), before)  # who still holds it finds the same map
    assert lora.merge() is linear
    assert_close(linear(x), before)


NAMES = ("W_Q", "W_V", "W_2")


def adapted(rank=2, names=NAMES, alpha=3, **changes):
    """A model with LoRA maps that have learned something."""
    model = add_lora(shaken(**changes), rank, names, alpha)
    for parameter in model.parameters():
        if parameter.requires_grad:
            nn.init.normal_(parameter, std=0.3)
    return model


@pytest.mark.parametrize("change", [{"n_kv_heads": 1}, {"norm": "layer"}, {"positions": "alibi"}])
def test_a_model_with_lora_equals_one_with_the_matrices_written_out(change):
    """Values and gradients, with n_kv_heads=1 where W_V is only [4, 12]."""
    plain, model = shaken(**change), adapted(**change)
    written = dict(plain.named_parameters())
    of = {name: part for name, part in model.named_modules() if isinstance(part, LoRA)}
    assert set(of) == {
        f"blocks.{n}.{name}" for n in (0, 1) for name in ("attention.W_Q", "attention.W_V", *NET)
    }
    for name, lora in of.items():
        W = written[f"{name}.weight"].detach()
        assert_close(W, lora.linear.weight)
        written[f"{name}.weight"] = W + 3 / 2 * lora.B @ lora.A
    ours, theirs = model(IDS), functional_call(plain, written, IDS)
    direction = torch.randn(ours.shape).double()
    assert_close(ours, theirs)
    assert len(gradients((ours * direction).sum(), model)) == 2 * len(of) == 12
    assert_same((ours * direction).sum(), (theirs * direction).sum(), model)
    assert not torch.allclose(ours, plain(IDS))


NET = ("network.W_2",)


def test_only_a_and_b_learn_and_all_else_stays():
    model = adapted(names=["W_K"], n_kv_heads=1)
    learn = [name for name, p in model.named_parameters() if p.requires_grad]
    assert learn == [f"blocks.{n}.attention.W_K.{m}" for n in (0, 1) for m in "AB"]
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 2 * 2 * (12 + 4)
    before = copy.deepcopy(model.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), 0.1)
    answer_loss(model, IDS, LENGTHS).backward()
    optimizer.step()
    moved = {name for name, value in model.state_dict().items() if (value != before[name]).any()}
    assert moved == set(learn)


def test_adapting_is_in_place_and_changes_nothing_at_first():
    model = shaken()
    before = model(IDS)
    assert add_lora(model, 2, ("W_Q", "W_V")) is model
    assert torch.equal(model(IDS), before)
    assert model.blocks[0].attention.W_Q.scale == 1.0
    assert not model.blocks[0].attention.W_Q.training


def test_a_state_dict_comes_back():
    model = adapted(n_kv_heads=1)
    fresh = add_lora(shaken(seed=5, n_kv_heads=1), 2, NAMES, 3)
    fresh.load_state_dict(model.state_dict())
    assert torch.equal(fresh(IDS), model(IDS))
    few = {name: value for name, value in model.state_dict().items() if name[-2:] in (".A", ".B")}
    small = add_lora(shaken(n_kv_heads=1), 2, NAMES, 3)
    assert not small.load_state_dict(few, strict=False).unexpected_keys
    assert torch.equal(small(IDS), model(IDS))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_merged_model_says_the_same(dtype):
    model = adapted(n_kv_heads=1).to(dtype)
    names = list(shaken(n_kv_heads=1).state_dict())
    before = model(IDS)
    written = greedy(model, IDS[:, :2], 6)
    parts = {n: copy.deepcopy(p) for n, p in model.named_modules() if isinstance(p, LoRA)}
    assert merge_lora(model) is model
    assert_close(model(IDS), before, atol=1e-6, rtol=1e-6)
    assert torch.equal(greedy(model, IDS[:, :2], 6), written)
    assert torch.equal(greedy(model, IDS[:, :2], 6, cache=False), written)
    assert list(model.state_dict()) == names
    assert all(p.requires_grad for p in model.parameters())
    for name, lora in parts.items():
        linear = model.get_submodule(name)
        assert type(linear) is nn.Linear
        assert_close(linear.weight, lora.linear.weight + 3 / 2 * lora.B @ lora.A)
    assert add_lora(model, 1, ["W_Q"]) is model  # as often as one likes


def test_maps_that_are_read_instead_of_called():
    """torch's fused layer reads the weights of its linear maps, and so does Luong's concat."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(12, 2, 5, 0.0, "gelu", batch_first=True).eval()
    add_lora(layer, 2, ("linear1", "linear2", "out_proj"))
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.3)
    x = torch.randn(2, 3, 12)
    slowly = layer(x)  # with gradients, torch takes the other way
    of = [layer.linear1.A, layer.self_attn.out_proj.B]
    grads = torch.autograd.grad(slowly.square().sum(), of)
    assert all(gradient.any() for gradient in grads)
    with torch.no_grad():
        fused = layer(x)
        kind = type(layer.self_attn.out_proj.linear)
        merge_lora(layer)
        assert_close(fused, slowly)
        assert_close(layer(x), slowly)
        assert type(layer.self_attn.out_proj) is kind

    score = add_lora(MultiplicativeAttention(3, 5, "concat"), 2, ["W"])
    nn.init.normal_(score.W.B)
    q, k, v = torch.randn(2, 3), torch.randn(4, 5), torch.randn(4, 2)
    before, _ = score(q, k, v)
    assert_close(merge_lora(score)(q, k, v)[0], before)


def test_a_tied_matrix_is_never_adapted():
    model = shaken()
    with pytest.raises(ValueError, match=r"names must be of maps that share no matrix .* got out"):
        add_lora(model, 2, ("W_Q", "out"))
    add_lora(model, 2, ("W_Q",))
    assert model.out.weight is model.embedding.weight
    nn.init.normal_(model.blocks[0].attention.W_Q.B)
    before, embedded = model(IDS), model.embedding.weight.clone()
    merge_lora(model)
    assert model.out.weight is model.embedding.weight
    assert torch.equal(model.embedding.weight, embedded)
    assert_close(model(IDS), before)

    model = add_lora(shaken(tie_embeddings=False), 2, ["out"])
    nn.init.normal_(model.out.B)
    before, embedded = model(IDS), model.embedding.weight.clone()
    assert_close(merge_lora(model)(IDS), before)
    assert torch.equal(model.embedding.weight, embedded)


def test_a_map_that_stands_twice():
    shared = nn.Linear(5, 5)
    twice = nn.ModuleDict({"W_Q": shared, "W_K": shared})
    with pytest.raises(ValueError, match="share no matrix"):
        add_lora(twice, 2, ["W_K"])
    lora = a_lora(5, 5)
    twice, x = nn.ModuleDict({"a": lora, "b": lora}), torch.randn(2, 5).double()
    before = lora(x)
    merge_lora(twice)
    assert type(twice["a"]) is type(twice["b"]) is nn.Linear
    assert_close(twice["a"](x), before)
    assert twice["a"] is twice["b"]


@pytest.mark.parametrize(
    ("rank", "names", "alpha", "kind", "message"),
    [
        (0, ["W_Q"], None, ValueError, "rank must be a whole number, at least 1, got 0"),
        (2.0, ["W_Q"], None, ValueError, "rank must be a whole number, at least 1, got 2.0"),
        (
            5, ["W_Q", "W_K"], None, ValueError,
            "rank must be at most 4, the smaller width of blocks.0.attention.W_K, got 5",
        ),
        (2, ["W_Q"], 0, ValueError, "alpha must be a number above 0, got 0"),
        (2, ["W_Q"], -1.5, ValueError, "alpha must be a number above 0, got -1.5"),
        (2, "W_Q", None, TypeError, r"names must be a list of names, .* got 'W_Q'"),
        (2, 3, None, TypeError, "names must be a list of names, .* got 3"),
        (
            2, ["W_Q", "W_X"], None, ValueError,
            "names must be of linear maps, W_1, W_2, W_3, W_K, W_O, W_Q, W_V, out, got 'W_X'",
        ),
        (2, ["embedding"], None, ValueError, "names must be of linear maps, .*, got 'embedding'"),
        (2, ["attention.W_Q"], None, ValueError, "names must be of linear maps, .* 'attention.W_Q"),
        (2, [["W_Q"]], None, ValueError, "names must be of linear maps"),
        (2, [], None, ValueError, "names must be of linear maps, .*, got no name"),
        (2, [""], None, ValueError, "names must be of linear maps, .*, got ''"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_adapted_so_stays_as_it_was(rank, names, alpha, kind, message):
    model = shaken(n_kv_heads=1)
    with pytest.raises(kind, match=message):
        add_lora(model, rank, names, alpha)
    assert all(p.requires_grad for p in model.parameters())
    assert not any(isinstance(part, LoRA) for part in model.modules())


def test_the_smaller_width_is_still_a_rank():
    assert add_lora(shaken(n_kv_heads=1), 4, ["W_K"]).blocks[0].attention.W_K.A.shape == (4, 12)


def test_lora_of_what_is_none():
    with pytest.raises(TypeError, match=r"linear must be a torch\.nn\.Linear, got Embedding"):
        LoRA(nn.Embedding(3, 5), 2)
    with pytest.raises(ValueError, match="rank must be at most 5, the smaller width of linear"):
        LoRA(nn.Linear(5, 7), 6)
    with pytest.raises(ValueError, match="rank must be at most 5, the smaller width of linear"):
        LoRA(nn.Linear(7, 5), 6)
    with pytest.raises(ValueError, match="alpha must be a number above 0, got inf"):
        LoRA(nn.Linear(7, 5), 2, math.inf)
    model = adapted()
    with pytest.raises(ValueError, match=r"no LoRA maps yet \(merge_lora\), got blocks.0.att"):
        add_lora(model, 2, ["W_O"])
    with pytest.raises(ValueError, match="model must have LoRA maps in it, got a LanguageModel"):
        merge_lora(shaken())
    with pytest.raises(ValueError, match="model must have LoRA maps in it, got a LoRA without"):
        merge_lora(a_lora())
    for f in (merge_lora, lambda model: add_lora(model, 2, ["W_Q"])):
        with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module, got list"):
            f([])
    with pytest.raises(ValueError, match=r"names must be of linear maps, .*, got 'W_Q'"):
        add_lora(nn.Linear(3, 5), 2, ["W_Q"])


# -------------------------------------------------------------------------------------- preferences


def by_the_answers(policy, reference, beta):
    """The preference loss from torch's functions, with the answers alone."""
    margins = []
    for ids in (IDS, OTHERS):
        with torch.no_grad():
            known = by_cross_entropy(reference, ids, LENGTHS)
        margins.append(by_cross_entropy(policy, ids, LENGTHS) - known)
    logits = beta * (margins[0] - margins[1])
    return functional.binary_cross_entropy_with_logits(logits, torch.ones(B).double())


@pytest.mark.parametrize("beta", [0.1, 2.5])
def test_preference_loss_is_that_of_the_answers_alone(beta):
    """What the prompt adds to the chosen and to the rejected row is the same: it cancels, in the
    loss and in every gradient."""
    policy, reference = shaken(), shaken(seed=3)
    for b, length in enumerate(LENGTHS):
        assert torch.equal(IDS[b, :length], OTHERS[b, :length])
    ours = preference_loss(policy, reference, IDS, OTHERS, beta)
    assert_same(ours, by_the_answers(policy, reference, beta), policy)
    assert all(p.grad is None for p in reference.parameters())
    assert ours != preference_loss(policy, reference, OTHERS, IDS, beta)


def test_a_policy_that_is_its_reference():
    """ln 2, and a gradient that makes chosen rows likelier and rejected ones less."""
    policy = shaken()
    ours = preference_loss(policy, copy.deepcopy(policy), IDS, OTHERS, 0.7)
    assert ours.item() == pytest.approx(math.log(2))
    margin = by_cross_entropy(policy, IDS, LENGTHS) - by_cross_entropy(policy, OTHERS, LENGTHS)
    mine, theirs = gradients(ours, policy), gradients(-0.7 / 2 * margin.mean(), policy)
    for a, b in zip(mine, theirs, strict=True):
        assert_close(a, b)
    assert preference_loss(policy, policy, IDS, OTHERS, 0.7) == ours


@pytest.mark.parametrize("modes", list(itertools.product([True, False], repeat=3)))
def test_the_reference_answers_in_eval_mode_and_every_mode_stays(modes):
    policy, reference = shaken(), shaken(seed=3, dropout=0.5)
    quiet = preference_loss(policy, reference, IDS, OTHERS, 0.5)
    estimate = policy_loss(policy, IDS, LENGTHS, ADVANTAGES, reference, 0.3)
    policy.train(modes[0])
    reference.train(modes[1])
    reference.blocks[0].train(modes[2])
    asked = []
    reference.register_forward_pre_hook(lambda *_: asked.append(torch.is_grad_enabled()))
    flags = [part.training for part in (*policy.modules(), *reference.modules())]
    assert torch.equal(preference_loss(policy, reference, IDS, OTHERS, 0.5), quiet)
    ours = policy_loss(policy, IDS, LENGTHS, ADVANTAGES, reference, 0.3)
    assert torch.equal(ours, estimate)
    assert [part.training for part in (*policy.modules(), *reference.modules())] == flags
    assert asked == [False, False, False] and torch.is_grad_enabled()


def test_a_reference_that_fails_is_left_as_it_was():
    reference = shaken().train()
    reference.out.register_forward_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        preference_loss(shaken(), reference, IDS, OTHERS, 0.5)
    assert all(part.training for part in reference.modules()) and torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"beta": 0}, ValueError, "beta must be a number above 0, got 0"),
        ({"beta": -0.1}, ValueError, "beta must be a number above 0, got -0.1"),
        ({"policy": nn.Linear(2, 3)}, TypeError, "policy must be a LanguageModel, got Linear"),
        ({"reference": None}, TypeError, "reference must be a LanguageModel, got NoneType"),
        ({"policy": shaken(causal=False)}, ValueError, "policy must be a causal LanguageModel"),
        ({"reference": shaken(causal=False)}, ValueError, "reference must be a causal Language"),
        (
            {"reference": shaken(vocab=13)}, ValueError,
            r"reference must have the vocab and pad of .*, \(11, 0\), got \(13, 0\)",
        ),
        (
            {"reference": shaken(pad=1)}, ValueError,
            r"reference must have the vocab and pad of .*, \(11, 0\), got \(11, 1\)",
        ),
        ({"chosen": IDS[:2]}, ValueError, "rejected must have a row a chosen, 2, got 3"),
        (
            {"rejected": torch.tensor([[2, 4], [4, 5], [1, 2]])}, ValueError,
            "chosen and rejected must begin with the same prompt, got 2 and 4 first in row 1",
        ),
        ({"chosen": IDS + 1}, ValueError, "chosen must lie in 0 … 10, got 11"),
        ({"rejected": OTHERS.int()}, TypeError, "rejected must be a tensor of torch.long"),
        ({"rejected": OTHERS[:, :1]}, ValueError, "rejected must hold a token after its first"),
        ({"chosen": IDS[:, :1]}, ValueError, "chosen must hold a token after its first in every"),
        ({"reference": shaken(max_length=5)}, ValueError, "chosen must be at most max_length=5"),
    ],
)  # fmt: skip
def test_bad_arguments_of_the_preference_loss(arguments, kind, message):
    good = {"policy": shaken(), "reference": shaken(seed=3), "chosen": IDS, "rejected": OTHERS}
    with pytest.raises(kind, match=message):
        preference_loss(**good | {"beta": 0.1} | arguments)


def test_reward_loss_is_cross_entropy_of_their_difference():
    chosen = torch.tensor([0.3, -2.0, 40.0, 1.0, 0.0]).double().requires_grad_()
    rejected = torch.tensor([0.1, 3.0, -70.0, 1.0, 900.0]).double().requires_grad_()
    ours = reward_loss(chosen, rejected)
    theirs = functional.binary_cross_entropy_with_logits(chosen - rejected, torch.ones(5).double())
    assert_close(ours, theirs)
    mine, their = (torch.autograd.grad(loss, [chosen, rejected]) for loss in (ours, theirs))
    assert_close(mine, their)
    assert reward_loss(torch.zeros(2), torch.zeros(2)).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("chosen", "rejected", "kind", "message"),
    [
        ([1.0], torch.ones(1), TypeError, "chosen must be a torch.Tensor, got list"),
        (torch.ones(2), torch.ones(2).long(), TypeError, "rejected must hold floating-point"),
        (torch.ones(2), torch.ones(3), ValueError, r"chosen and rejected must have the same shape"),
        (torch.ones(2, 1), torch.ones(2, 1), ValueError, r"chosen must have shape \[B\]"),
        (torch.ones(2), torch.ones(2, 1), ValueError, r"rejected must have shape \[B\].*\[2, 1\]"),
        (torch.ones(0), torch.ones(0), ValueError, r"chosen must have shape \[B\] with B at least"),
        (torch.tensor([torch.nan]), torch.ones(1), ValueError, "chosen must hold finite .* NaN"),
        (torch.ones(1), torch.tensor([torch.inf]), ValueError, "rejected must .* an infinity"),
    ],
)
def test_bad_arguments_of_the_reward_loss(chosen, rejected, kind, message):
    with pytest.raises(kind, match=message):
        reward_loss(chosen, rejected)


# ------------------------------------------------------------------------------------------ rewards


@settings(deadline=None, max_examples=50)
@given(st.integers(2, 7), st.integers(0, 99))
def test_advantages_are_torch_s_mean_and_deviation(group, seed):
    rewards = torch.randn(5, 3, group, generator=torch.Generator().manual_seed(seed)).double()
    above = rewards - torch.mean(rewards, -1, keepdim=True)
    assert_close(group_advantages(rewards), above)
    scaled = group_advantages(rewards, scaled=True)
    assert_close(scaled, above / torch.std(rewards, -1, correction=0, keepdim=True))
    assert_close(scaled.square().mean(-1), torch.ones(5, 3).double())
    assert_close(group_advantages(7 * rewards + 2, scaled=True), scaled)


@pytest.mark.parametrize("scaled", [True, False])
def test_equal_rewards_teach_nothing_and_spoil_no_other_group(scaled):
    """Though the mean of seven times 0.1 need not be 0.1, in floating point."""
    alike = [torch.full((G,), tenths / 10) for G in range(2, 12) for tenths in range(1, 30)]
    assert any((same - same.mean()).any() for same in alike)
    assert not any(group_advantages(same, scaled).any() for same in alike)
    rewards = torch.tensor([[0.1, 0.1, 0.1], [1.0, 0.0, 0.0]])
    found = group_advantages(rewards, scaled)
    assert not found[0].any() and found.isfinite().all() and found.dtype == torch.float32
    by_hand = [2**0.5, -(2**-0.5), -(2**-0.5)] if scaled else [2 / 3, -1 / 3, -1 / 3]
    assert_close(found[1], torch.tensor(by_hand))
    assert not group_advantages(torch.tensor([[3.0], [5.0]]), scaled).any()  # groups of one


@pytest.mark.parametrize(
    ("rewards", "kind", "message"),
    [
        ([1.0, 0.0], TypeError, "rewards must be a torch.Tensor, got list"),
        (
            torch.tensor([1, 0]),
            TypeError,
            "rewards must hold floating-point numbers, got",
        ),
        (torch.tensor(1.0), ValueError, r"rewards must have shape \[..., G\] .* got \[\]"),
        (torch.ones(3, 0), ValueError, r"rewards must have shape \[..., G\] with G at least 1"),
        (torch.tensor([1.0, torch.nan]), ValueError, "rewards must hold finite numbers, got NaN"),
        (torch.tensor([1.0, -torch.inf]), ValueError, "rewards must hold finite .* an infinity"),
    ],
)
def test_rewards_that_are_none(rewards, kind, message):
    with pytest.raises(kind, match=message):
        group_advantages(rewards)


ADVANTAGES = torch.tensor([0.7, -1.5, 0.2]).double()


@pytest.mark.parametrize("lengths", [LENGTHS, None])
def test_policy_loss_is_its_formula(lengths):
    model, reference = shaken(), shaken(seed=3)
    least = torch.ones(B).long() if lengths is None else lengths
    theirs = -(ADVANTAGES * by_cross_entropy(model, IDS, least)).mean()
    assert_same(policy_loss(model, IDS, lengths, ADVANTAGES), theirs, model)
    assert_close(policy_loss(model, IDS, lengths, ADVANTAGES, reference), theirs)
    total = 0.0
    for row, length in zip(IDS, least, strict=True):
        row = row[: (row != 0).sum()]
        for place in range(length, len(row)):
            p, q = (m(row[None, :place])[0, -1].softmax(-1)[row[place]] for m in (model, reference))
            ratio = q.detach() / p
            total = total + ratio - 1 - ratio.log()
    ours = policy_loss(model, IDS, lengths, ADVANTAGES, reference, 0.3)
    assert_same(ours, theirs + 0.3 * total / B, model)


def test_an_advantage_is_a_number_and_learns_nothing():
    advantages = ADVANTAGES.clone().requires_grad_()
    policy_loss(shaken(), IDS, LENGTHS, advantages).backward()
    assert advantages.grad is None


# A policy small enough to be asked for all its answers: 3 tokens, of which none is padding, and
# answers of 2 tokens after a prompt of 2.
ANSWERS = torch.tensor(list(itertools.product(range(3), repeat=2)))  # [9, 2]
ROWS = torch.cat([torch.tensor([[1, 2]]).expand(9, 2), ANSWERS], dim=1)  # [9, 4]
PROMPTS = torch.full((9,), 2)
REWARDS = torch.tensor([0.3, -1.0, 2.0, 0.0, 0.7, 5.0, -0.4, 1.0, 0.1]).double()


def tiny(seed=0):
    return shaken(seed, vocab=3, d_model=4, n_heads=2, n_layers=1, d_ff=3, pad=3)


def probabilities(model):
    """P of each answer [9], token by token, by softmax."""
    first = model(ROWS[:1, :2])[0, -1].softmax(-1)  # [3]
    second = model(ROWS[::3, :3])[:, -1].softmax(-1)  # [3, 3]
    return (first[:, None] * second).flatten()


def test_all_answers_together_have_probability_1():
    model = tiny()
    p = log_probability(model, ROWS, PROMPTS).exp()
    assert_close(p, probabilities(model))
    assert p.sum().item() == pytest.approx(1)


@pytest.mark.parametrize("baseline", [0.0, 1.3])
def test_the_policy_gradient_is_on_average_that_of_the_expected_reward(baseline):
    """Not nearly but exactly, over all answers with their probabilities; with any baseline."""
    model = tiny()
    p = probabilities(model)
    how_often = 9 * p.detach()  # the loss is a mean over the nine
    ours = gradients(policy_loss(model, ROWS, PROMPTS, how_often * (REWARDS - baseline)), model)
    theirs = gradients(p @ REWARDS, model)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(-a, b)
    for seed in range(3):  # and by a finite difference, along three directions
        torch.manual_seed(seed)
        ways = [torch.randn_like(parameter) for parameter in model.parameters()]
        expected = []
        for step in (1e-5, -1e-5):
            moved = copy.deepcopy(model)
            with torch.no_grad():
                for parameter, way in zip(moved.parameters(), ways, strict=True):
                    parameter += step * way
                expected.append((probabilities(moved) @ REWARDS).item())
        along = -sum((a * way).sum() for a, way in zip(ours, ways, strict=True)).item()
        assert (expected[0] - expected[1]) / 2e-5 == pytest.approx(along, rel=1e-6)


def test_the_estimate_of_the_divergence_is_right_on_average_and_never_negative():
    """Over all answers its mean is KL(P ‖ P_ref) of whole answers. Its gradient is that of
    KL(P_ref ‖ P), token by token, after beginnings as likely as they are."""
    model, reference = tiny(), tiny(seed=3)
    p, q = probabilities(model), probabilities(reference).detach()
    nothing, each = torch.zeros(9).double(), []
    for row in range(9):
        one = slice(row, row + 1)
        each.append(policy_loss(model, ROWS[one], PROMPTS[one], nothing[one], reference, 1.0))
        assert each[-1] > 0
    divergence = sum(weight * one for weight, one in zip(p.detach(), each, strict=True))
    assert_close(divergence, (p * (p / q).log()).sum())
    first = [m(ROWS[:1, :2])[:, -1].log_softmax(-1) for m in (model, reference)]
    second = [m(ROWS[::3, :3])[:, -1].log_softmax(-1) for m in (model, reference)]
    reverse = sum(
        (weight * (theirs.detach().exp() * (theirs.detach() - ours)).sum(-1)).sum()
        for weight, (ours, theirs) in ((1.0, first), (first[0].detach().exp(), second))
    )
    for a, b in zip(gradients(divergence, model), gradients(reverse, model), strict=True):
        assert_close(a, b)
    itself = policy_loss(model, ROWS, PROMPTS, nothing, copy.deepcopy(model), 1.0)
    assert itself.item() == pytest.approx(0, abs=1e-15)
    assert max(gradient.abs().max() for gradient in gradients(itself, model)) < 1e-14


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"advantages": [1.0] * 3}, TypeError, "advantages must be a torch.Tensor, got list"),
        ({"advantages": torch.ones(3).long()}, TypeError, "advantages must hold floating-point"),
        ({"advantages": torch.ones(2)}, ValueError, r"advantages must have shape \[3\], got \[2\]"),
        ({"advantages": torch.ones(3, 1)}, ValueError, r"must have shape \[3\], got \[3, 1\]"),
        (
            {"advantages": torch.tensor([1.0, torch.nan, 0.0])}, ValueError,
            "advantages must hold finite numbers, got NaN",
        ),
        ({"beta": -0.1}, ValueError, "beta must be a number, at least 0, got -0.1"),
        ({"beta": 0.1}, ValueError, "reference must be a model with beta=0.1, got None"),
        ({"model": shaken(causal=False)}, ValueError, "model must be a causal LanguageModel, got"),
        (
            {"reference": shaken(causal=False), "beta": 0.1}, ValueError,
            "reference must be a causal LanguageModel",
        ),
        (
            {"reference": shaken(vocab=13), "beta": 0.1}, ValueError,
            r"reference must have the vocab and pad of .*, \(11, 0\), got \(13, 0\)",
        ),
        ({"lengths": LENGTHS + 2}, ValueError, "ids must hold a token behind its prompt in every"),
    ],
)  # fmt: skip
def test_bad_arguments_of_the_policy_loss(arguments, kind, message):
    good = {"model": shaken(), "ids": IDS, "lengths": LENGTHS, "advantages": ADVANTAGES}
    with pytest.raises(kind, match=message):
        policy_loss(**good | arguments)


def test_values_are_checked_only_where_they_may_be_read(monkeypatch):
    """Not on a GPU, nor while the work is traced: then the numbers are believed."""
    model = shaken()
    monkeypatch.setattr(tuning, "readable", lambda tensor: False)
    assert not answer_mask(IDS, LENGTHS + 9).any()
    assert log_probability(model, IDS, torch.tensor([3, 2, 7]))[2] == 0
    assert preference_loss(model, model, IDS[:, 1:], OTHERS, 0.1).isfinite()


def test_everything_is_made_where_the_rows_are():
    """Under another default device, which cannot be mixed with the CPU's."""

    def measured(model, reference):
        yield policy_loss(add_lora(model, 2, ("W_Q",)), IDS, LENGTHS, ADVANTAGES, reference, 0.3)
        yield answer_loss(merge_lora(model), IDS, LENGTHS)
        yield preference_loss(model, reference, IDS, OTHERS, 0.3)
        yield group_advantages(ADVANTAGES, scaled=True)

    expected, (model, reference) = list(measured(shaken(), shaken(3))), (shaken(), shaken(3))
    with torch.device("meta"):
        found = list(measured(model, reference))
    for ours, theirs in zip(found, expected, strict=True):
        assert_close(ours, theirs)


def test_an_error_is_one_line():
    with pytest.raises(ValueError) as caught:
        add_lora(shaken(), 2, ["W_X"])
    assert not re.search(r"\n", str(caught.value))
