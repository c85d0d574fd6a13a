"""Gaps shows what the model says: its candidates, its weights, what it refuses, how it stands."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.language import LanguageModel, LanguageModelConfig, logit_lens
from attend.text import BOS, EOS, Vocabulary
from attend.widgets import Gaps
from attend.widgets.base import HEAVY
from attend.widgets.gaps import CANDIDATES, LONGEST, MOST_SENTENCES

SVG = "{http://www.w3.org/2000/svg}"
MASK = "<mask>"
HOSTILE = ["<img src=x onerror=alert(1)>", "&amp;]]>", "x" * 200, "مرحبا", "😀", "苹果"]
SENTENCES = [[BOS, "we", "drink", "tea", ".", EOS], [BOS, "cats", "drink", ".", EOS]]


def vocabulary():
    return Vocabulary([*SENTENCES, HOSTILE], specials=(BOS, EOS, MASK))


def model_of(words, n_layers=2, causal=False, seed=0):
    torch.manual_seed(seed)
    config = LanguageModelConfig(len(words), 14, 7, n_layers, 9, positions="learned", causal=causal)
    model = LanguageModel(config)
    with torch.no_grad():
        model.out.weight.mul_(4)  # so that some words are likelier than others
    return model


def built(sentences=SENTENCES, n_layers=2, **options):
    words = vocabulary()
    model = model_of(words, n_layers)
    return Gaps(model, sentences, words, **options), model, words


def covered(widget, words):
    """The ids that the model reads now: [1, T]."""
    tokens = [MASK if word == "▢" else word for word in widget.tokens()]
    return torch.tensor([words.encode(tokens)])


@pytest.mark.parametrize("n_layers", [1, 3])
def test_every_gap_has_the_candidates_that_the_model_gives(n_layers):
    widget, model, words = built(n_layers=n_layers)
    for sentence, tokens in enumerate(SENTENCES):
        widget.sentence = sentence
        for place in range(1, len(tokens) - 1):
            widget.place = place
            with torch.no_grad():
                shares = logit_lens(model, covered(widget, words))[:, 0, place].softmax(-1)
            found = widget.guesses()
            assert len(found) == n_layers + 1
            truth = words.ids[tokens[place]]
            for depth, row in zip(found, shares, strict=True):
                top = row.topk(CANDIDATES)
                assert depth["words"] == [words.tokens[i] for i in top.indices.tolist()]
                np.testing.assert_allclose(depth["shares"], top.values, atol=5.1e-5)
                assert abs(depth["share"] - row[truth].item()) < 5.1e-5
                order = row.argsort(descending=True).tolist()
                assert depth["rank"] == order.index(truth) + 1


def test_the_last_depth_is_the_models_own_answer():
    widget, model, words = built(place=3)
    with torch.no_grad():
        own = model(covered(widget, words))[0, 3].softmax(-1)
    assert abs(widget.guesses()[-1]["shares"][0] - own.max().item()) < 5.1e-5


def test_looks_are_the_weights_of_the_gap():
    widget, model, words = built(sentence=1, place=2)
    with torch.no_grad():
        _, weights = model(covered(widget, words), return_weights=True)  # [N, 1, H, T, T]
    gap = weights[:, 0, :, 2].numpy()  # [N, H, T]
    np.testing.assert_allclose(widget.looks(), gap.mean(axis=1), atol=5.1e-5)
    widget.head = 6
    np.testing.assert_allclose(widget.looks(), gap[:, 6], atol=5.1e-5)


def test_weights_travel_in_order():
    widget, _, _ = built()
    sent = np.frombuffer(widget.get_state()["_weights"], "<u2")
    np.testing.assert_array_equal(sent, np.concatenate([w.ravel() for w in widget.weights]))
    assert [w.shape for w in widget.weights] == [(4, 2, 7, 6), (3, 2, 7, 5)]


def test_the_model_is_left_as_it_was():
    words = vocabulary()
    model = model_of(words).train()
    before = torch.random.get_rng_state()
    Gaps(model, SENTENCES, words)
    assert model.training and torch.equal(before, torch.random.get_rng_state())


def test_another_sentence_keeps_the_nearest_gap():
    widget, _, _ = built(place=4)
    widget.sentence = 1
    assert widget.place == 3 and widget.tokens() == [BOS, "cats", "drink", "▢", EOS]


BAD = {
    "no model": (lambda w, m: Gaps(torch.nn.Linear(2, 2), SENTENCES, w), TypeError, "got Linear"),
    "causal": (
        lambda w, m: Gaps(model_of(w, causal=True), SENTENCES, w),
        ValueError,
        "must not be causal",
    ),
    "no sentences": (lambda w, m: Gaps(m, [], w), ValueError, "sentences has 0"),
    "too many": (
        lambda w, m: Gaps(m, SENTENCES[:1] * (MOST_SENTENCES + 1), w),
        ValueError,
        "sentences has 13",
    ),
    "a string": (lambda w, m: Gaps(m, "we drink", w), TypeError, "sentences must be"),
    "strings": (lambda w, m: Gaps(m, ["we"], w), TypeError, r"sentences\[0\] must be a list"),
    "an empty one": (lambda w, m: Gaps(m, [[]], w), ValueError, r"sentences\[0\] is empty"),
    "too long": (
        lambda w, m: Gaps(m, [["we"] * (LONGEST + 1)], w),
        ValueError,
        r"sentences\[0\] has 25 tokens",
    ),
    "unknown": (lambda w, m: Gaps(m, [["dogs"]], w), ValueError, "holds 'dogs'"),
    "nothing to cover": (lambda w, m: Gaps(m, [[BOS, EOS]], w), ValueError, "holds no word"),
    "mask": (lambda w, m: Gaps(m, SENTENCES, w, "[MASK]"), ValueError, r"mask='\[MASK\]'"),
    "sentence": (lambda w, m: Gaps(m, SENTENCES, w, sentence=2), ValueError, "sentence=2"),
    "place": (lambda w, m: Gaps(m, SENTENCES, w, place=6), ValueError, "place=6"),
    "a mark": (lambda w, m: Gaps(m, SENTENCES, w, place=0), ValueError, "place=0 is <bos>"),
    "head": (lambda w, m: Gaps(m, SENTENCES, w, head=7), ValueError, "head=7"),
    "head's name": (lambda w, m: Gaps(m, SENTENCES, w, head="all"), ValueError, "head='all'"),
    "title": (lambda w, m: Gaps(m, SENTENCES, w, title=3), TypeError, "title must be a string"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    make, error, message = BAD[name]
    words = vocabulary()
    with pytest.raises(error, match=message):
        make(words, model_of(words))


def test_a_refused_place_changes_nothing():
    widget, _, _ = built(place=2)
    with pytest.raises(ValueError, match="place=9"):
        widget.place = 9
    assert widget.place == 2


def test_the_largest_is_light_enough():
    words = vocabulary()
    sentence = [BOS, *["drink"] * 14, EOS]  # one candidate is 200 characters long
    widget = Gaps(model_of(words, n_layers=3), [sentence] * 6, words)
    assert widget.state_size() < HEAVY


@pytest.mark.parametrize("sentences", [SENTENCES, [HOSTILE]])
def test_it_stands_as_a_picture_and_as_words(sentences):
    widget, _, _ = built(sentences)
    root = ET.fromstring(widget.picture())
    assert root.tag == f"{SVG}svg" and root.find(f"{SVG}title").text == widget.describe()
    shown = [text.text for text in root.iter(f"{SVG}text")]
    assert "as embedded" in shown and "after block 2" in shown
    last = widget.guesses()[-1]
    assert f"{last['shares'][0]:.4f}" in repr(widget) and f"number {last['rank']}" in repr(widget)
