"""Unrolled: its networks are torch's, its change is a distance, bad input is named."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch import nn

from attend.recurrent import GRU, LSTM, RNN, NumpyRNN
from attend.text import Vocabulary
from attend.widgets import Unrolled
from attend.widgets.base import HEAVY
from attend.widgets.unrolled import LONGEST, QUANTITIES, WIDEST

SVG = "{http://www.w3.org/2000/svg}"
WORDS = ["the", "film", "was", "not", "good", "苹果", "<script>alert(1)</script>"]
HOSTILE = ["<img src=x onerror=alert(1)>", "&amp;]]>", "x" * 200, "مرحبا", "😀", ""]
SENTENCE = ["the", "film", "was", "not", "good"]
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def built(kind, width=7, n_in=3, words=WORDS, tokens=SENTENCE, seed=0, **options):
    """A widget, its cell, and the vectors of its words."""
    torch.manual_seed(seed)
    cell, embed = CELLS[kind](n_in, width), torch.randn(len(words), n_in)
    return Unrolled(cell, tokens, words, embed, **options), cell, embed


def reading(cell, embed, tokens, words=WORDS):
    """What torch makes of the tokens: every h [T, D]."""
    with torch.no_grad():
        return cell(embed[[words.index(token) for token in tokens]][None])[0][0].numpy()


# --- the numbers ---


@pytest.mark.parametrize("kind", CELLS)
def test_hidden_states_are_those_of_the_cell(kind):
    widget, cell, embed = built(kind)
    np.testing.assert_allclose(widget.run()["hidden"], reading(cell, embed, SENTENCE), atol=1e-6)
    other = ["good", "good", "苹果"]
    np.testing.assert_allclose(widget.run(other)["hidden"], reading(cell, embed, other), atol=1e-6)


@pytest.mark.parametrize("theirs", [nn.RNN, nn.LSTM, nn.GRU])
def test_torchs_own_cells_will_do(theirs):
    cell, embed = theirs(3, 5, bias=False, batch_first=True), torch.randn(len(WORDS), 3)
    widget = Unrolled(cell, SENTENCE, WORDS, embed)
    np.testing.assert_allclose(widget.run()["hidden"], reading(cell, embed, SENTENCE), atol=1e-6)


def test_relu_cells_are_read_as_such():
    cell, embed = RNN(3, 5, nonlinearity="relu"), torch.randn(len(WORDS), 3)
    widget = Unrolled(cell, SENTENCE, WORDS, embed)
    np.testing.assert_allclose(widget.run()["hidden"], reading(cell, embed, SENTENCE), atol=1e-6)
    assert widget.describe().startswith("RNN of 5 units")


def test_gates_and_cell_state_make_the_hidden_state():
    lstm = built("lstm")[0].run()
    before = np.vstack([np.zeros(7), lstm["cell"][:-1]])
    cell = lstm["forget"] * before + lstm["input"] * lstm["candidate"]
    np.testing.assert_allclose(lstm["cell"], cell)
    np.testing.assert_allclose(lstm["hidden"], lstm["output"] * np.tanh(cell))
    gru = built("gru")[0].run()
    before = np.vstack([np.zeros(7), gru["hidden"][:-1]])
    mixed = (1 - gru["update"]) * gru["candidate"] + gru["update"] * before
    np.testing.assert_allclose(gru["hidden"], mixed)


def test_gates_are_those_of_torch():
    widget, cell, embed = built("lstm")
    x, h = embed[0], torch.zeros(7)  # the first word, from a state of zeros
    with torch.no_grad():
        sums = cell.weight_ih_l0 @ x + cell.bias_ih_l0 + cell.weight_hh_l0 @ h + cell.bias_hh_l0
    parts = dict(zip(("input", "forget", "candidate", "output"), sums.chunk(4), strict=True))
    for name, part in parts.items():
        wanted = part.tanh() if name == "candidate" else part.sigmoid()
        np.testing.assert_allclose(widget.run()[name][0], wanted.numpy(), atol=1e-6)


@pytest.mark.parametrize("kind", CELLS)
def test_every_quantity_can_be_shown(kind):
    widget, _, _ = built(kind)
    names = QUANTITIES[kind.upper()]
    assert tuple(widget.run()) == names
    for name in names:
        widget.show = name
        np.testing.assert_array_equal(widget.shown(), widget.run()[name])


def test_a_numpy_network_brings_its_own_readout():
    net = NumpyRNN(len(WORDS), 5, 2, seed=1)
    widget = Unrolled(net, SENTENCE, WORDS, readout=["no", "yes"])
    y, _ = net(np.eye(len(WORDS))[[WORDS.index(token) for token in SENTENCE]][None])
    powers = np.exp(y[0])
    wanted = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(widget.probabilities(), wanted, atol=1e-6)


def test_readouts_of_three_kinds_agree():
    head = nn.Linear(7, 3)
    labels = ["a", "b", "c"]
    whole = built("gru", readout=(labels, head))[0].probabilities()
    parts = built("gru", readout=(labels, head.weight, head.bias))[0].probabilities()
    np.testing.assert_array_equal(whole, parts)
    np.testing.assert_allclose(whole.sum(axis=1), 1)
    assert built("gru", readout=(labels, head.weight))[0].probabilities().shape == (5, 3)
    assert built("gru")[0].probabilities().shape == (5, 0)


def test_change_is_nothing_before_the_word_and_a_distance_after_it():
    widget, cell, embed = built("rnn")
    assert not widget.change().any()
    widget.tokens = ["the", "film", "was", "苹果", "good"]
    states = [reading(cell, embed, tokens) for tokens in (widget.tokens, SENTENCE)]
    wanted = np.linalg.norm(states[0] - states[1], axis=1)
    np.testing.assert_allclose(widget.change(), wanted, atol=1e-6)
    assert not widget.change()[:3].any() and widget.change()[3:].all()
    assert widget.original == SENTENCE


def test_a_sentence_of_another_length_is_a_new_original():
    widget, _, _ = built("rnn", step=4)
    widget.tokens = ["good", "film"]
    assert widget.original == ["good", "film"] and widget.step == 1 and not widget.change().any()


def test_weights_travel_whole():
    widget, cell, embed = built("gru", readout=(["a", "b"], nn.Linear(7, 2)))
    sent = np.frombuffer(widget.get_state()["_weights"], "<f4")
    V, n_in, D = widget.get_state()["_sizes"]
    assert (V, n_in, D) == (7, 3, 7) and len(sent) == V * n_in + 3 * D * (n_in + D + 2) + 2 * (
        D + 1
    )
    np.testing.assert_array_equal(sent[: V * n_in].reshape(V, n_in), embed.numpy())
    start = V * n_in
    np.testing.assert_array_equal(
        sent[start : start + 3 * D * n_in], cell.weight_ih_l0.detach().numpy().ravel()
    )


def test_vocabulary_objects_and_embeddings_will_do():
    vocabulary = Vocabulary([SENTENCE])
    embed = nn.Embedding(len(vocabulary), 3)
    widget = Unrolled(RNN(3, 5), SENTENCE, vocabulary, embed, gloss={"film": "Film"})
    assert widget.get_state()["_words"] == vocabulary.tokens
    assert widget.get_state()["_gloss"] == {"film": "Film"}
    assert built("rnn", gloss=list("abcde"))[0].get_state()["_gloss"]["film"] == "b"


# --- what it refuses ---

NAN = torch.full((7, 3), float("nan"))
BAD = {
    "two layers": (lambda: Unrolled(RNN(3, 5, 2), SENTENCE, WORDS), ValueError, "one layer"),
    "both ways": (
        lambda: Unrolled(RNN(3, 5, bidirectional=True), SENTENCE, WORDS),
        ValueError,
        "one direction",
    ),
    "no cell": (lambda: Unrolled(nn.Linear(3, 5), SENTENCE, WORDS), TypeError, "got Linear"),
    "too wide": (lambda: built("rnn", WIDEST + 1), ValueError, "cell has 33 units"),
    "unknown word": (lambda: built("rnn", tokens=["a"]), ValueError, r"tokens\[0\]='a'"),
    "no words": (lambda: built("rnn", tokens=[]), ValueError, "tokens is empty"),
    "a string": (lambda: built("rnn", tokens="the"), TypeError, "tokens must be a list"),
    "too long": (lambda: built("rnn", tokens=["the"] * (LONGEST + 1)), ValueError, "has 65 words"),
    "a word twice": (lambda: Unrolled(RNN(3, 5), ["a"], ["a", "a"]), ValueError, "'a' twice"),
    "one-hot": (lambda: Unrolled(RNN(3, 5), SENTENCE, WORDS), ValueError, "expected 3 words"),
    "embed": (
        lambda: Unrolled(RNN(3, 5), SENTENCE, WORDS, torch.ones(7, 2)),
        ValueError,
        r"embed has shape \[7, 2\], expected \[7, 3\]",
    ),
    "NaN": (lambda: Unrolled(RNN(3, 5), SENTENCE, WORDS, NAN), ValueError, "embed .*nan"),
    "gloss": (lambda: built("rnn", gloss=["a"]), ValueError, "gloss has 1"),
    "gloss of numbers": (lambda: built("rnn", gloss={"the": 1}), TypeError, "gloss must map"),
    "readout": (lambda: built("rnn", readout=["a", "b", "c", "d"]), TypeError, "readout must"),
    "one label": (lambda: built("rnn", readout=(["a"], np.ones((1, 7)))), ValueError, "1 labels"),
    "readout's matrix": (
        lambda: built("rnn", readout=(["a", "b"], np.ones((2, 5)))),
        ValueError,
        r"W of readout has shape \[2, 5\], expected \[2, 7\]",
    ),
    "show": (lambda: built("rnn", show="cell"), ValueError, "show='cell'"),
    "show of a GRU": (lambda: built("gru", show="forget"), ValueError, "show='forget'"),
    "step": (lambda: built("rnn", step=5), ValueError, "step=5"),
    "unit": (lambda: built("rnn", unit=7), ValueError, "unit=7"),
    "unit type": (lambda: built("rnn", unit=0.5), TypeError, "unit must be an int"),
    "so_far": (lambda: built("rnn", so_far=1), TypeError, "so_far"),
    "title": (lambda: built("rnn", title=7), TypeError, "title"),
}


@pytest.mark.parametrize("build, error, message", BAD.values(), ids=BAD)
def test_bad_arguments_are_named_in_one_line(build, error, message):
    with pytest.raises(error, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name, value", [("tokens", ["a"]), ("step", 9), ("original", ["the"])])
def test_a_refused_assignment_changes_nothing(name, value):
    widget, _, _ = built("lstm", step=2)
    before = widget.get_state()
    with pytest.raises(ValueError, match=name):
        setattr(widget, name, value)
    assert widget.get_state() == before


# --- size and stills ---


def test_the_largest_is_light():
    words = [f"w{i}" for i in range(300)]
    readout = (words[:12], nn.Linear(WIDEST, 12))
    widget, _, _ = built("lstm", WIDEST, 32, words, words[:LONGEST], readout=readout)
    assert widget.state_size() < HEAVY


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("tokens", [SENTENCE, HOSTILE, ["good"]], ids=["plain", "hostile", "one"])
def test_it_stands_as_text_and_as_a_picture(kind, tokens):
    words = list(dict.fromkeys([*WORDS, *HOSTILE]))
    show = QUANTITIES[kind.upper()][-1]
    gloss = {"苹果": "apple", "": "<b>nothing</b>"}
    options = {"gloss": gloss, "step": len(tokens) - 1, "unit": 3, "show": show}
    widget, _, _ = built(kind, words=words, tokens=tokens, **options)
    root = ET.fromstring(widget.picture())
    shown = [text.text for text in root.findall(f"{SVG}text")]
    assert sum("unit" in text for text in shown) == 2 and len(shown) == len(tokens) + 2
    assert f"{widget.shown()[-1, 3]:.4f}" in widget.describe()
    assert widget.describe() in root[0].text
