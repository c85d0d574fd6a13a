"""Language models against torch's layers and against GPT-2 written from torch's functions alone:
values, gradients, what may be seen, the cache, and checkpoints."""

import json
import struct

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.testing import assert_close

from attend import masks
from attend.decoding import beam_search, greedy, hypotheses, inference, log_probabilities, sample
from attend.language import (
    POSITIONS,
    GeluNetwork,
    LanguageModel,
    LanguageModelConfig,
    load_gpt2,
    logit_lens,
    mask_tokens,
    read_safetensors,
)

B, T, D, H, N, F, V = 2, 5, 12, 3, 2, 7, 11
SIZES = {"vocab": V, "d_model": D, "n_heads": H, "n_layers": N, "d_ff": F, "max_length": 13}


def shaken(**changes):
    """A model whose every parameter is off its first value, in double precision."""
    torch.manual_seed(0)
    model = LanguageModel(LanguageModelConfig(**SIZES | changes))
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    return model.double().eval()


def some_ids(*shape, least=1):
    return torch.randint(least, V, shape, generator=torch.Generator().manual_seed(1))


# -------------------------------------------------------------------------------- against torch


def torch_layers(model, activation):
    """torch's layers with our weights."""
    layers = []
    for ours in model.blocks:
        theirs = nn.TransformerEncoderLayer(
            D, H, F, 0.0, activation, batch_first=True, norm_first=True, dtype=torch.double
        )
        views = (ours.attention.W_Q, ours.attention.W_K, ours.attention.W_V)
        theirs.self_attn.in_proj_weight.data = torch.cat([v.weight.data for v in views])
        theirs.self_attn.in_proj_bias.data = torch.cat([v.bias.data for v in views])
        theirs.self_attn.out_proj.load_state_dict(ours.attention.W_O.state_dict())
        theirs.linear1.load_state_dict(ours.network.inner.state_dict())
        theirs.linear2.load_state_dict(ours.network.outer.state_dict())
        theirs.norm1.load_state_dict(ours.attention_norm.state_dict())
        theirs.norm2.load_state_dict(ours.network_norm.state_dict())
        layers.append(theirs)
    return nn.ModuleList(layers)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "none"])
def test_equals_torch_s_encoder_layers(causal, tied, activation, positions):
    model = shaken(
        norm="layer", feed_forward=activation, positions=positions, causal=causal,
        tie_embeddings=tied,
    )  # fmt: skip
    ids, direction = some_ids(B, T), torch.randn(B, T, V).double()
    layers = torch_layers(model, activation)
    x = functional.embedding(ids, model.embedding.weight)
    if positions == "sinusoidal":
        x = x * D**0.5
    if positions != "none":
        x = x + model.positions.table[:T]
    hidden = nn.Transformer.generate_square_subsequent_mask(T, dtype=torch.double)
    for layer in layers:
        x = layer(x, hidden if causal else None)
    x = functional.layer_norm(x, (D,), model.norm.weight, model.norm.bias)
    theirs = x @ (model.embedding.weight if tied else model.out.weight).T
    ours = model(ids)
    assert_close(ours, theirs)
    assert_close(model.states(ids), x)
    both = [model.embedding.weight, model.norm.weight]
    mine = torch.autograd.grad(
        (ours * direction).sum(), [*both, model.blocks[0].network.inner.weight]
    )
    their = torch.autograd.grad((theirs * direction).sum(), [*both, layers[0].linear1.weight])
    for a, b in zip(mine, their, strict=True):
        assert_close(a, b)


def today(model, ids):
    """The block of today from its formulas: root mean squares, rotated pairs, shared keys and
    values, gates; for every head alone."""
    w = dict(model.named_parameters())
    x, K = w["embedding.weight"][ids], D // H

    def norm(x, weight):
        return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt() * weight

    def turn(x):
        out = torch.empty_like(x)
        for t in range(T):
            for i in range(K // 2):
                angle = torch.tensor(t * 10000.0 ** (-2 * i / K)).double()
                a, b = x[:, t, i], x[:, t, i + K // 2]
                out[:, t, i] = a * angle.cos() - b * angle.sin()
                out[:, t, i + K // 2] = a * angle.sin() + b * angle.cos()
        return out

    for n in range(N):
        read = norm(x, w[f"blocks.{n}.attention_norm.weight"])
        q, k, v = (read @ w[f"blocks.{n}.attention.W_{name}.weight"].T for name in "QKV")
        heads = []
        for h in range(H):
            at = slice(h * K, (h + 1) * K)
            scores = turn(q[..., at]) @ turn(k).mT / K**0.5  # one key and value for all heads
            scores = scores + torch.full((T, T), -torch.inf).double().triu(1)
            heads.append(scores.softmax(-1) @ v)
        x = x + torch.cat(heads, -1) @ w[f"blocks.{n}.attention.W_O.weight"].T
        read = norm(x, w[f"blocks.{n}.network_norm.weight"])
        one, two, three = (w[f"blocks.{n}.network.W_{i}.weight"] for i in (1, 2, 3))
        x = x + (functional.silu(read @ one.T) * (read @ three.T)) @ two.T
    return norm(x, w["norm.weight"]) @ w["embedding.weight"].T


def test_the_block_of_today_is_its_formulas():
    model = shaken(n_kv_heads=1)
    assert not any("bias" in name for name, _ in model.named_parameters())
    ids, direction = some_ids(B, T), torch.randn(B, T, V).double()
    ours, theirs = model(ids), today(model, ids)
    assert_close(ours, theirs)
    parameters = list(model.parameters())
    mine = torch.autograd.grad((ours * direction).sum(), parameters)
    for a, b in zip(mine, torch.autograd.grad((theirs * direction).sum(), parameters), strict=True):
        assert_close(a, b)


@pytest.mark.parametrize(("by_tanh", "how"), [(False, "none"), (True, "tanh")])
def test_gelu_network_is_its_formula(by_tanh, how):
    net, x = GeluNetwork(D, F, by_tanh).double(), torch.randn(B, D).double().requires_grad_()
    inner = x @ net.inner.weight.T + net.inner.bias
    if by_tanh:
        bent = 0.5 * inner * (1 + ((2 / torch.pi) ** 0.5 * (inner + 0.044715 * inner**3)).tanh())
    else:
        bent = inner * torch.distributions.Normal(0, 1).cdf(inner)
    theirs = bent @ net.outer.weight.T + net.outer.bias
    assert_close(net(x), theirs)
    grads = [torch.autograd.grad((y**3).sum(), x, retain_graph=True)[0] for y in (net(x), theirs)]
    assert_close(*grads)


# ------------------------------------------------------------------------------ what may be seen

KINDS = [{"positions": positions, "n_kv_heads": kv} for positions in POSITIONS for kv in (None, 1)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_no_token_sees_a_later_one_and_the_cache_changes_nothing(kind):
    model, ids = shaken(**kind), some_ids(B, T, least=4)
    logits = model(ids)
    other = ids.clone()
    other[:, 3] = 4 + (ids[:, 3] - 3) % (V - 4)
    changed = model(other) != logits
    assert not changed[:, :3].any() and changed[:, 3:].any(-1).all()
    for cache in (True, False):
        prompt = model.encode(ids[:, :1])
        state = model.start(prompt, cache)
        for t in range(T):
            written = torch.cat([torch.full((B, 1), 2), ids[:, 1 : t + 1]], dim=1)
            step, state, weights = model.step(prompt, state, written)
            assert_close(step, logits[:, t])
            assert weights is None and (state is None) != cache
    assert torch.equal(model.streams(ids)[-1], model._run(ids)[0][-1])
    assert model.streams(ids).shape == (N + 1, B, T, D)


def test_tokens_given_in_parts_with_a_cache_get_the_logits_of_the_whole():
    model, ids = shaken(), some_ids(B, T)
    seen = torch.ones(B, 1, T, dtype=torch.bool)
    seen[0, 0, 1] = False
    cache = model.start(None)
    parts = [(slice(0, 2), 2), (slice(2, 3), 3), (slice(3, 5), 5)]
    with torch.no_grad():
        found = [model(ids[:, at], seen[..., :known], cache=cache) for at, known in parts]
        assert_close(torch.cat(found, dim=1), model(ids, seen))
    with pytest.raises(ValueError, match=r"mask must broadcast to the scores' shape \[2, 1, 6\]"):
        model(ids[:, :1], seen, cache=cache)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_masked_model_sees_both_sides_and_no_padding(kind):
    model, ids = shaken(causal=False, **kind), some_ids(B, T)
    logits, weights = model(ids, return_weights=True)
    assert weights.shape == (N, B, H, T, T)
    assert_close(weights.sum(-1), torch.ones(N, B, H, T).double())
    assert_close(logits, model(ids))
    other = ids.clone()
    other[:, 3] = ids[:, 3] % (V - 1) + 1
    assert (model(other) != logits).any(-1).all()
    padded = torch.cat([ids, torch.zeros(B, 3).long()], dim=1)
    mask = masks.padding(padded)
    assert_close(model(padded, mask)[:, :T], logits)
    assert_close(model.states(padded, mask)[:, :T], model.states(ids))
    assert not torch.allclose(model(padded)[:, :T], logits)  # a token unless the mask says so


@pytest.mark.parametrize("positions", ["rotary", "alibi", "none"])
def test_documents_in_one_row_do_not_see_each_other(positions):
    model, ids = shaken(positions=positions), some_ids(B, T)
    document = torch.tensor([0, 0, 1, 1, 1])
    mask = document[:, None] == document  # [T, T]
    assert_close(model(ids, mask)[:, 2:], model(ids[:, 2:]))
    assert_close(model(ids, mask)[:, :2], model(ids[:, :2]))
    assert_close(model(ids, mask.expand(B, T, T)), model(ids, mask))
    _, weights = model(ids, mask, return_weights=True)
    assert not weights[..., 2:, :2].any() and not weights.triu(1).any()


def test_padding_on_the_left_harms_nobody():
    model = shaken(positions="alibi")
    ids = torch.cat([torch.zeros(B, 2).long(), some_ids(B, T)], dim=1)
    logits = model(ids, masks.padding(ids))
    assert logits.isfinite().all()
    assert_close(logits[:, 2:], model(ids[:, 2:]))


def test_dropout_is_off_in_eval_mode_alone():
    model, ids = shaken(dropout=0.5), some_ids(B, T)
    assert torch.equal(model(ids), model(ids))
    model.train()
    assert not torch.equal(model(ids), model(ids))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab": 0}, "vocab must be a whole number, at least 1, got 0"),
        ({"n_heads": 5}, "n_heads=5 must divide d_model=12"),
        ({"n_kv_heads": 2}, "n_kv_heads=2 must divide n_heads=3"),
        ({"norm": "post"}, "norm must be one of rms, layer, got 'post'"),
        ({"feed_forward": "tanh"}, "feed_forward must be one of swiglu, gelu, relu, gelu_tanh"),
        ({"positions": "absolute"}, "positions must be one of rotary, learned, sinusoidal, alibi"),
        ({"n_heads": 4}, "d_model must give each of n_heads=4 heads an even number"),
        ({"d_model": 9, "positions": "sinusoidal"}, "d_model must be even for sinusoidal"),
        ({"dropout": 1.0}, "dropout must be a number, at least 0 and below 1"),
        ({"pad": -1}, "pad must be a whole number, at least 0, got -1"),
        ({"max_length": 2.5}, "max_length must be a whole number"),
    ],
)
def test_a_config_that_does_not_go_together(change, message):
    with pytest.raises(ValueError, match=message):
        LanguageModelConfig(**SIZES | change)


def test_a_switch_is_true_or_false():
    with pytest.raises(TypeError, match="causal must be True or False, got 1"):
        LanguageModelConfig(**SIZES, causal=1)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((torch.zeros(B, T),), TypeError, "ids must be a tensor of torch.long, got torch.float32"),
        ((torch.zeros(B, 0).long(),), ValueError, "ids must have at least one row and one word"),
        ((some_ids(B, 14),), ValueError, "ids must be at most max_length=13 words long, got 14"),
        ((torch.full((B, T), V),), ValueError, r"ids must lie in 0 … 10, got 11"),
        ((some_ids(B, T), torch.ones(T, T)), TypeError, "mask must be boolean"),
        (
            (some_ids(B, T), torch.ones(T, 3).bool()),
            ValueError,
            r"mask must broadcast .*\[2, 5, 5\]",
        ),
    ],
)
def test_inputs_that_do_not_fit(arguments, kind, message):
    with pytest.raises(kind, match=message):
        shaken()(*arguments)


# -------------------------------------------------------------------------------------- writing


def by_hand(model, prompt, n):
    """The likeliest next token again and again, all of the text anew each time."""
    rows = []
    for row in prompt:
        text = row.tolist()
        for _ in range(n):
            with torch.no_grad():
                log_p = model(torch.tensor([text]))[0, -1].clone()
            log_p[[model.pad, model.bos]] = -torch.inf
            text.append(int(log_p.argmax()))
            if text[-1] == model.eos:
                break
        text = text[len(row) :]
        rows.append(text + [model.pad] * (n - len(text)))
    return torch.tensor(rows)


@pytest.mark.parametrize("positions", POSITIONS)
def test_what_is_written_goes_on_from_the_prompt(positions):
    model, prompt = shaken(positions=positions), some_ids(3, 4, least=4)
    expected = by_hand(model, prompt, 6)
    for cache in (True, False):
        found = greedy(model, prompt, 6, cache=cache)
        assert torch.equal(found, expected[:, : found.shape[1]])
        assert not expected[:, found.shape[1] :].any()
    assert torch.equal(beam_search(model, prompt, 6, beams=1), greedy(model, prompt, 6))
    drawn = sample(model, prompt, 6, top_k=1)
    assert torch.equal(drawn, greedy(model, prompt, 6))


def test_the_best_beam_is_as_likely_as_it_says_and_no_worse_than_greedy():
    model, prompt = shaken(), some_ids(3, 4, least=4)
    with inference(model), torch.no_grad():
        for row, best in zip(prompt, hypotheses(model, prompt, 5, 7, 0.0), strict=True):
            for one in best:
                text = torch.cat([row, torch.tensor(one.ids)])[None]
                log_p = log_probabilities(model(text)[0, 3:-1], {model.pad, model.bos})
                total = log_p.gather(1, torch.tensor(one.ids)[:, None]).sum().item()
                assert one.log_p == pytest.approx(total)
            assert best == sorted(best, key=lambda one: -one.log_p)


def test_a_prompt_with_padding_has_no_end_to_go_on_from():
    with pytest.raises(ValueError, match="prompt must hold no padding, 0, as rows go on"):
        greedy(shaken(), torch.tensor([[4, 5, 0]]), 3)


def test_a_text_may_not_outgrow_the_model():
    with pytest.raises(ValueError, match="ids must be at most max_length=13 words long, got 14"):
        greedy(shaken(eos=V), some_ids(1, 9, least=4), 6)


# ------------------------------------------------------------------------------------- masking


def test_mask_tokens_asks_for_a_share_and_hides_eight_of_ten():
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(1, 500, (200, 501), generator=generator)
    ids[:, -50:] = 0
    inputs, targets = mask_tokens(ids, 7, 500, 0.2, generator)
    asked = targets != -100
    assert not asked[:, -50:].any() and torch.equal(targets[asked], ids[asked])
    assert torch.equal(inputs[~asked], ids[~asked])
    of = asked.sum().item()
    assert of / (ids != 0).sum() == pytest.approx(0.2, abs=0.01)
    hidden, same = inputs[asked] == 7, inputs[asked] == ids[asked]
    assert hidden.sum() / of == pytest.approx(0.8, abs=0.02)
    assert same.sum() / of == pytest.approx(0.1, abs=0.02)
    others = inputs[asked][~hidden & ~same]
    assert others.min() >= 1 and others.max() < 500 and len(others.unique()) > 400
    again = mask_tokens(ids, 7, 500, 0.2, torch.Generator().manual_seed(3))
    assert torch.equal(again[0], mask_tokens(ids, 7, 500, 0.2, torch.Generator().manual_seed(3))[0])


def test_everything_can_be_asked_for():
    _, targets = mask_tokens(some_ids(B, T), 1, V, p=1)
    assert torch.equal(targets, some_ids(B, T))


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((some_ids(B, T), V, V), ValueError, r"mask_id must lie in 0 … 10 \(vocab=11\), got 11"),
        ((some_ids(B, T), 1, 1), ValueError, "vocab must be a whole number, at least 2"),
        ((some_ids(B, T), 1, V, 0), ValueError, "p must be a number above 0 and at most 1, got 0"),
        ((some_ids(B, T), 1, 3), ValueError, "ids must lie in 0 … 2"),
        ((torch.zeros(B, T), 1, V), TypeError, "ids must be a tensor of torch.long"),
        (([[1, 2]], 1, V), TypeError, "ids must be a tensor of torch.long, got list"),
    ],
)
def test_what_cannot_be_masked(arguments, kind, message):
    with pytest.raises(kind, match=message):
        mask_tokens(*arguments)


# --------------------------------------------------------------------------------------- GPT-2


def checkpoint(vocab=29, D=10, layers=2, wide=21, length=13):
    """Random numbers by GPT-2's names; no size shares a factor with the next."""
    generator = torch.Generator().manual_seed(5)
    shapes = {"wte.weight": (vocab, D), "wpe.weight": (length, D)}
    for n in range(layers):
        maps = {"attn.c_attn": (D, 3 * D), "attn.c_proj": (D, D)}
        maps |= {"mlp.c_fc": (D, wide), "mlp.c_proj": (wide, D)}
        for name, (into, out) in maps.items():
            shapes |= {f"h.{n}.{name}.weight": (into, out), f"h.{n}.{name}.bias": (out,)}
    for name in ("ln_f", *(f"h.{n}.ln_{i}" for n in range(layers) for i in (1, 2))):
        shapes |= {f"{name}.weight": (D,), f"{name}.bias": (D,)}
    return {name: 0.4 * torch.randn(s, generator=generator) for name, s in shapes.items()}


def write(path, tensors):
    """A safetensors file, from its description."""
    names = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}
    names |= {torch.uint8: "U8", torch.bool: "BOOL", torch.int64: "I64"}
    head, body = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in tensors.items():
        raw = bytes(tensor.contiguous().reshape(-1).view(torch.uint8).tolist())
        head[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(body), len(body) + len(raw)],
        }
        body += raw
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)
    return path


def gpt2(w, ids, n_heads, eps=1e-5):
    """GPT-2 as it was published, from torch's functions alone."""
    T, D = ids.shape[1], w["wte.weight"].shape[1]
    x = w["wte.weight"][ids] + w["wpe.weight"][:T]

    def norm(x, name):
        return functional.layer_norm(x, (D,), w[f"{name}.weight"], w[f"{name}.bias"], eps)

    def linear(x, name):
        return x @ w[f"{name}.weight"] + w[f"{name}.bias"]

    n = 0
    while f"h.{n}.ln_1.weight" in w:
        q, k, v = linear(norm(x, f"h.{n}.ln_1"), f"h.{n}.attn.c_attn").split(D, dim=-1)
        q, k, v = (each.unflatten(-1, (n_heads, -1)).transpose(1, 2) for each in (q, k, v))
        scores = q @ k.mT / (D // n_heads) ** 0.5
        scores = scores.masked_fill(torch.ones(T, T).bool().triu(1), -torch.inf)
        heard = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        x = x + linear(heard, f"h.{n}.attn.c_proj")
        inner = linear(norm(x, f"h.{n}.ln_2"), f"h.{n}.mlp.c_fc")
        x = x + linear(functional.gelu(inner, approximate="tanh"), f"h.{n}.mlp.c_proj")
        n += 1
    return norm(x, "ln_f") @ w.get("lm_head.weight", w["wte.weight"]).T


IDS = torch.tensor([[3, 28, 0, 17, 2], [1, 4, 9, 9, 25]])


@pytest.mark.parametrize("prefix", ["", "transformer."])
@pytest.mark.parametrize("folder", [True, False])
def test_a_gpt2_checkpoint_gives_gpt2_s_numbers(prefix, folder, tmp_path):
    w = checkpoint()
    extra = {"h.0.attn.bias": torch.ones(1, 1, 13, 13).tril().to(torch.uint8)}
    file = write(tmp_path / "model.safetensors", {prefix + k: t for k, t in (w | extra).items()})
    model = load_gpt2(tmp_path if folder else file, n_heads=5)
    assert not model.training and model.config.tie_embeddings and model.max_length == 13
    ours, theirs = model(IDS), gpt2(w, IDS, 5)
    assert_close(ours, theirs)
    leaves = {name: tensor.requires_grad_() for name, tensor in w.items()}
    direction = torch.randn_like(ours)
    names = ["wte.weight", "wpe.weight", "h.1.ln_2.weight", "h.0.ln_1.bias"]
    places = [model.embedding.weight, model.positions.table, model.blocks[1].network_norm.weight]
    places.append(model.blocks[0].attention_norm.bias)
    mine = torch.autograd.grad((ours * direction).sum(), places, retain_graph=True)
    wanted = [leaves[name] for name in names]
    their = torch.autograd.grad((gpt2(leaves, IDS, 5) * direction).sum(), wanted)
    for a, b in zip(mine, their, strict=True):
        assert_close(a, b)
    (grad,) = torch.autograd.grad((ours * direction).sum(), [model.blocks[0].attention.W_K.weight])
    loss = (gpt2(leaves, IDS, 5) * direction).sum()
    (whole,) = torch.autograd.grad(loss, [leaves["h.0.attn.c_attn.weight"]])
    assert_close(grad, whole[:, 10:20].T)


def test_what_the_config_beside_it_says(tmp_path):
    w = checkpoint(D=14)
    w["lm_head.weight"] = torch.randn(29, 14)
    about = {"n_head": 7, "layer_norm_epsilon": 0.1, "bos_token_id": 1, "eos_token_id": 4}
    (tmp_path / "config.json").write_text(json.dumps(about))
    model = load_gpt2(write(tmp_path / "gpt.safetensors", w))
    assert (model.config.n_heads, model.bos, model.eos, model.pad) == (7, 1, 4, 4)
    assert not model.config.tie_embeddings
    assert_close(model(IDS), gpt2(w, IDS, 7, eps=0.1))


def test_half_precision_and_a_head_written_twice(tmp_path):
    w = {name: tensor.half() for name, tensor in checkpoint().items()}
    w["lm_head.weight"] = w["wte.weight"]
    model = load_gpt2(write(tmp_path / "gpt.safetensors", w), n_heads=2)
    assert model.out.weight is model.embedding.weight
    assert_close(model(IDS), gpt2({name: t.float() for name, t in w.items()}, IDS, 2))


def test_it_writes_until_its_own_end(tmp_path):
    w = checkpoint()
    model = load_gpt2(write(tmp_path / "gpt.safetensors", w), n_heads=5)
    text = IDS[:1]
    for _ in range(8):
        best = gpt2(w, text, 5)[:, -1:].argmax(-1)
        text = torch.cat([text, best], dim=1)
        if best.item() == 28:
            break
    assert torch.equal(greedy(model, IDS[:1], 8), text[:, 5:])


def test_heads_are_64_wide_unless_something_says_otherwise(tmp_path):
    model = load_gpt2(write(tmp_path / "gpt.safetensors", checkpoint(D=128, layers=1)))
    assert model.config.n_heads == 2
    with pytest.raises(ValueError, match="n_heads must be given for a checkpoint 10 numbers wide"):
        load_gpt2(write(tmp_path / "gpt.safetensors", checkpoint()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"h.1.ln_1.bias": None}, "does not fit: h.1.ln_1.bias is missing$"),
        ({"h.0.extra": torch.ones(2)}, "does not fit: h.0.extra is surplus$"),
        (
            {"h.0.mlp.c_proj.weight": torch.ones(10, 21), "ln_f.bias": torch.ones(11)},
            r"ln_f.bias must be \[10\], got \[11\]; h.0.mlp.c_proj.weight must be \[21, 10\]",
        ),
        ({"wte.weight": None}, "must hold wte.weight, which is missing"),
        ({"wpe.weight": torch.ones(3)}, r"wpe.weight must have 2 axes, got shape \[3\]"),
    ],
)
def test_each_tensor_that_does_not_fit_is_named(change, message, tmp_path):
    w = {name: tensor for name, tensor in (checkpoint() | change).items() if tensor is not None}
    with pytest.raises(ValueError, match=message):
        load_gpt2(write(tmp_path / "gpt.safetensors", w), n_heads=5)


def test_equal_to_transformers_own(tmp_path):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=29, n_positions=13, n_embd=14, n_layer=2, n_head=7, bos_token_id=28,
        eos_token_id=28,
    )  # fmt: skip
    theirs = transformers.GPT2LMHeadModel(config).eval()
    theirs.save_pretrained(tmp_path)
    model = load_gpt2(tmp_path)
    assert_close(model(IDS), theirs(IDS).logits)


def test_read_safetensors_reads_every_dtype(tmp_path):
    tensors = {
        "half": torch.randn(2, 3).half(),
        "brain": torch.randn(5).bfloat16(),
        "whole": torch.tensor(7),
        "flags": torch.tensor([True, False, True]),
        "nothing": torch.zeros(0, 3),
    }
    found = read_safetensors(str(write(tmp_path / "some.safetensors", tensors)))
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype and torch.equal(found[name], tensor)


def test_files_that_are_none(tmp_path):
    whole = write(tmp_path / "whole.safetensors", {"x": torch.ones(3)}).read_bytes()
    bad = tmp_path / "bad.safetensors"
    for data in (
        b"",
        whole[:5],
        whole[:30],
        b"\x02" + bytes(7) + b"[]",
        b"\x02" + bytes(7) + b"{{",
    ):
        bad.write_bytes(data)
        with pytest.raises(ValueError, match=r"bad.safetensors must be a safetensors file"):
            read_safetensors(bad)
    bad.write_bytes(whole[:-1])
    with pytest.raises(ValueError, match=r"x must lie whole in .*, got 11 bytes after the head"):
        read_safetensors(bad)
    bad.write_bytes(whole.replace(b"F32", b"F31"))
    with pytest.raises(ValueError, match=r"x must be one of F64, F32, .*, got F31"):
        read_safetensors(bad)
    with pytest.raises(FileNotFoundError, match="path must be a file that exists"):
        load_gpt2(tmp_path / "none.safetensors")
    with pytest.raises(TypeError, match="path must be the name of a file, got int"):
        load_gpt2(5)


# ------------------------------------------------------------------------------------ logit lens


@pytest.mark.parametrize("causal", [True, False])
def test_the_lens_ends_in_the_models_own_logits_and_begins_at_the_embedding(causal):
    torch.manual_seed(0)
    model = LanguageModel(LanguageModelConfig(11, 14, 7, 3, 9, causal=causal))
    ids = torch.randint(1, 11, (2, 5))
    mask = torch.ones(2, 1, 5, dtype=torch.bool)
    mask[1, :, 3:] = False
    lens = logit_lens(model, ids, mask)
    assert lens.shape == (4, 2, 5, 11)
    assert_close(lens[-1], model(ids, mask))
    x = model.embedding(ids)
    for n, block in enumerate(model.blocks):
        assert_close(lens[n], model.norm(x) @ model.out.weight.T)
        seen = mask & masks.causal(5) if causal else mask
        x, _ = block(x, seen)
    loss = lens[0].square().sum()  # of no block
    inside = model.blocks[0].attention.W_Q.weight
    assert not torch.autograd.grad(loss, inside)[0].any()
