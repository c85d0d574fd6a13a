"""Decoder: its probabilities are softmax's, its beams are beam search's, it explores what it needs,
bad input is named."""

import itertools
import math
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch

from attend.decoding import next_words, translate
from attend.seq2seq import Seq2Seq
from attend.widgets import Decoder
from attend.widgets.base import HEAVY
from attend.widgets.decoder import TEMPERATURES, Node, make_node, uniform

WORDS = ["<pad>", "?", "<bos>", "<eos>", "a", "b", "c", "d", "e", "f", "g"]
EOS, V = 3, len(WORDS)


def language(prefixes, sharp=1.5):
    """A model: what follows depends on all words before, and the end is the surer the later."""
    logs = []
    for prefix in prefixes:
        rng = np.random.default_rng([7, *prefix])
        scores = rng.standard_normal(V) * sharp
        scores[:3] = -30
        scores[EOS] += len(prefix) - 4
        logs.append(scores - np.log(np.exp(scores).sum()))
    return np.array(logs)


def decoder(budget=250, candidates=20, **options):
    return Decoder.explore(
        language, WORDS, ["x", "y"], budget=budget, candidates=candidates, max_length=12, **options
    )


# --- probabilities ---


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("candidates", [2, 5, 11])
def test_temperature_is_exact_though_not_all_words_are_stored(temperature, candidates):
    widget = decoder(candidates=candidates)
    logs = language([[]])[0]
    wanted = np.exp(logs / temperature) / np.exp(logs / temperature).sum()
    order = np.argsort(-logs, kind="stable")[: min(candidates, V)]
    shares, rest = widget.probabilities(temperature=temperature)
    np.testing.assert_array_equal(widget.node.ids, order)
    np.testing.assert_allclose(shares, wanted[order], atol=1e-6)
    np.testing.assert_allclose(rest, 1 - wanted[order].sum(), atol=1e-6)


def test_top_k_and_top_p_cut_and_divide_by_the_sum():
    widget = decoder()
    plain, _ = widget.probabilities()
    shares, rest = widget.probabilities(top_k=3)
    np.testing.assert_allclose(shares[:3], plain[:3] / plain[:3].sum())
    assert not shares[3:].any() and rest == 0
    for top_p in (0.1, 0.5, 0.9, 0.99):
        shares, _ = widget.probabilities(top_p=top_p)
        n = int((np.cumsum(plain) < top_p).sum()) + 1  # the fewest whose sum reaches it
        assert plain[:n].sum() >= top_p > plain[: n - 1].sum()
        np.testing.assert_allclose(shares[:n], plain[:n] / plain[:n].sum())
        assert not shares[n:].any()


def test_top_p_cuts_what_top_k_left():
    widget = decoder()
    three, _ = widget.probabilities(top_k=3)
    both, _ = widget.probabilities(top_k=3, top_p=three[0])
    np.testing.assert_allclose(both, [1, *[0] * 10])


def test_top_p_beyond_the_stored_words_takes_nothing_away():
    widget = decoder(candidates=2)
    plain, others = widget.probabilities()
    shares, rest = widget.probabilities(top_p=min(0.999, plain.sum() + 0.01))
    np.testing.assert_allclose(shares, plain)
    assert rest == others > 0


# --- beams ---


def plain_beam_search(beams, penalty, max_length=12):
    """By the book, asking the model anew for each word."""
    kept = [((), 0.0, 0.0)]
    while not all(words[-1:] == (EOS,) for words, *_ in kept):
        grown = []
        for words, log_prob, score in kept:
            if words[-1:] == (EOS,):
                grown.append((words, log_prob, score))
                continue
            for i, log in enumerate(language([words])[0]):
                total = log_prob + log
                longer = (*words, i)
                grown.append((longer, total, total / ((5 + len(longer)) / 6) ** penalty))
        kept = sorted(grown, key=lambda each: -each[2])[:beams]
        assert max(len(words) for words, *_ in kept) < max_length
    return kept


@pytest.mark.parametrize("beams, penalty", list(itertools.product((1, 2, 3, 5), (0.0, 0.6, 1.0))))
def test_beams_are_those_of_beam_search(beams, penalty):
    ours = decoder().best_beams(beams, penalty)
    theirs = plain_beam_search(beams, penalty)
    assert [each.words for each in ours] == [words for words, *_ in theirs]
    np.testing.assert_allclose([each.score for each in ours], [s for *_, s in theirs], atol=1e-5)
    assert all(each.ended and not each.stuck for each in ours)


def test_kept_and_dropped_are_ranked_and_dropped_are_worse():
    for step in decoder().beam_steps(3, 0.6):
        scores = [each.score for each in step["kept"] + step["dropped"]]
        assert scores == sorted(scores, reverse=True)
        assert len(step["kept"]) == 3 and len(step["dropped"]) <= 3


def test_where_exploration_ends_the_beam_is_stuck():
    widget = decoder(budget=2)
    assert len(widget.nodes) == 2
    final = widget.best_beams(3)
    assert any(each.stuck for each in final)


# --- exploring a model ---


def test_the_path_of_greedy_decoding_is_that_of_translate():
    torch.manual_seed(0)
    source = torch.tensor([[4, 6, 5]])
    for attention in (None, "additive", "dot"):
        model = Seq2Seq(7, V, d_model=6, attention=attention).eval()
        ask = next_words(model, source)
        widget = Decoder.explore(ask, WORDS, ["x", "y", "z"], max_length=9, budget=80)
        ids = translate(model, source, 8)[0][0].tolist()
        ids = ids[: ids.index(EOS) + 1] if EOS in ids else ids
        greedy = widget.best_beams(1, 0.0)[0].words
        assert list(greedy[: len(ids)]) == ids
        assert (widget.node.weights is None) == (attention is None)
        widget.path = ids[:1] if ids[0] != EOS else []
        start = torch.tensor([[2, *widget.path]])
        logits = model.decode(model.encode(source), source, start)[0, -1].double()
        logits[[0, 2]] = -torch.inf  # padding and <bos> are no words to write
        wanted = torch.softmax(logits, -1).detach().numpy()
        np.testing.assert_allclose(widget.probabilities()[0], wanted[widget.node.ids], atol=1e-6)


def test_prefixes_of_any_length_are_answered_alike():
    torch.manual_seed(0)
    ask = next_words(Seq2Seq(7, V, d_model=6, attention="general").eval(), torch.tensor([[4, 5]]))
    together = ask([[], [4, 5, 6], [7]])
    for i, prefix in enumerate(([], [4, 5, 6], [7])):
        for whole, alone in zip(together, ask([prefix]), strict=True):
            torch.testing.assert_close(whole[i], alone[0])


def test_the_right_translation_is_explored():
    follow = [10, 9, 8, 7, EOS]
    widget = decoder(budget=60, follow=follow)
    for end in range(len(follow)):
        assert tuple(follow[:end]) in widget.nodes


def test_the_budget_is_kept_and_spent():
    asked = []

    def counted(prefixes):
        asked.extend(map(tuple, prefixes))
        return language(prefixes)

    widget = Decoder.explore(counted, WORDS, ["x"], budget=77, max_length=8)
    assert len(widget.nodes) == 77 == len(asked) == len(set(asked))


def test_a_full_widget_is_light_and_has_a_picture():
    S = 30

    def wide(prefixes):
        rng = np.random.default_rng(len(prefixes[0]))
        scores = rng.standard_normal((len(prefixes), 800)) * 3
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        looks = rng.random((len(prefixes), S))
        return logs, looks / looks.sum(axis=1, keepdims=True)

    words = [f"word{i}" for i in range(800)]
    widget = Decoder.explore(wide, words, [f"s{i}" for i in range(S)], max_length=25)
    assert len(widget.nodes) == 250 and widget.state_size() < HEAVY
    title = ET.fromstring(widget.picture())[0].text
    shares, _ = widget.probabilities()
    assert title == widget.describe() and f"{shares[0]:.4f}" in title


# --- the tree ---


def test_the_tree_shows_as_many_steps_as_are_asked_for():
    widget = decoder(view="tree", beams=3)
    steps = widget.beam_steps()
    assert widget.shown_steps() == steps  # 0: all
    for widget.step in (1, 2, len(steps), len(steps) + 50):
        assert widget.shown_steps() == steps[: widget.step]


@pytest.mark.parametrize("beams, step", [(1, 0), (3, 0), (5, 2)])
def test_the_picture_of_a_tree_has_every_beam_and_the_best_sentence(beams, step):
    widget = decoder(view="tree", beams=beams, step=step, length_penalty=0.6)
    shown = widget.shown_steps()
    drawing = ET.fromstring(widget.picture())
    kept = sum(len(each["kept"]) for each in shown)
    assert len(drawing.findall("{*}line")) == kept
    best = shown[-1]["kept"][0]
    assert drawing[0].text == widget.describe() and f"score {best.score:.4f}" in drawing[0].text
    assert " ".join(widget.words(best.words)) in drawing[0].text


def test_hostile_tokens_have_a_picture_as_a_tree():
    words = [*WORDS[:4], *HOSTILE]
    widget = Decoder.explore(language, words, HOSTILE, HOSTILE, max_length=8, view="tree", beams=5)
    assert ET.fromstring(widget.picture()).findall(".//*[@onerror]") == []


# --- drawing ---


def test_draws_are_uniform_and_follow_the_bars():
    points = [uniform(seed, n) for seed in range(20) for n in range(50)]
    assert min(points) >= 0 and max(points) < 1
    counts = np.histogram(points, bins=5, range=(0, 1))[0]
    assert (np.abs(counts - 200) < 60).all()
    widget, found = decoder(), []
    for draws in range(400):
        widget.draws = draws
        found.append(widget.drawn())
    shares, _ = widget.probabilities()
    frequency = np.bincount(found, minlength=V) / 400
    np.testing.assert_allclose(frequency, shares, atol=0.08)


def test_a_cut_word_is_never_drawn():
    widget = decoder(top_k=2, temperature=2.0)
    for widget.draws in range(50):
        assert widget.drawn() < 2


# --- bad input, hostile input ---

HOSTILE = ["<img src=x onerror=alert(1)>", "&amp;]]>", "x" * 200, "مرحبا", "😀", "", "\x00\ud800"]


def test_hostile_tokens_have_a_picture():
    words = [*WORDS[:4], *HOSTILE]
    widget = Decoder.explore(
        language, words, HOSTILE, HOSTILE, reference=HOSTILE, max_length=8, title=HOSTILE[0]
    )
    widget.path = widget.best_beams(1)[0].words[:3]
    assert ET.fromstring(widget.picture()).findall(".//*[@onerror]") == []


def nodes():
    return list(decoder(budget=3).nodes.values())


@pytest.mark.parametrize(
    "change, error, message",
    [
        ({"nodes": []}, ValueError, "nodes"),
        ({"nodes": nodes()[1:]}, ValueError, "nodes must begin"),
        ({"nodes": [nodes()[0], nodes()[0]._replace(prefix=(4, 4))]}, ValueError, r"nodes\[1\]"),
        ({"nodes": [nodes()[0]._replace(logs=np.zeros(11))]}, ValueError, "add up to 11"),
        ({"nodes": [nodes()[0]._replace(ids=np.arange(11) + 1)]}, ValueError, "whole ids"),
        ({"nodes": [nodes()[0]._replace(logs=nodes()[0].logs[::-1])]}, ValueError, "falling"),
        ({"nodes": [nodes()[0]._replace(rest=np.zeros(3))]}, ValueError, "20 temperatures"),
        ({"nodes": [nodes()[0]._replace(weights=np.ones(3))]}, ValueError, "weights"),
        ({"source": []}, ValueError, "source"),
        ({"gloss": ["x"]}, ValueError, "gloss"),
        ({"reference": [1]}, TypeError, "reference"),
        ({"eos": 11}, ValueError, "eos=11"),
        ({"path": [0]}, ValueError, "no candidate|leaves"),
        ({"path": "ab"}, TypeError, "path"),
        ({"candidate": 11}, ValueError, "candidate=11"),
        ({"view": "beam"}, ValueError, "view"),
        ({"temperature": 0}, ValueError, "temperature"),
        ({"temperature": 0.25}, ValueError, "tenths"),
        ({"temperature": float("nan")}, ValueError, "temperature"),
        ({"top_k": 21}, ValueError, "top_k=21"),
        ({"top_p": 0}, ValueError, "top_p"),
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"draws": 1.5}, TypeError, "draws"),
        ({"beams": 6}, ValueError, "beams=6"),
        ({"length_penalty": 2}, ValueError, "length_penalty"),
        ({"step": -1}, ValueError, "step=-1"),
        ({"step": 1.5}, TypeError, "step"),
        ({"title": 3}, TypeError, "title"),
    ],
)
def test_bad_arguments_are_named_in_one_line(change, error, message):
    arguments = {"nodes": nodes(), "vocabulary": WORDS, "source": ["x", "y"], **change}
    if "path" in change and change["path"] == [0]:
        arguments["nodes"] = list(decoder(budget=3, candidates=5).nodes.values())
    with pytest.raises(error, match=message) as caught:
        Decoder(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "answer, message",
    [
        (lambda prefixes: language(prefixes)[:, :5], r"\[1, 11\], got \[1, 5\]"),
        (lambda prefixes: np.exp(language(prefixes)), "ln P of every word"),
        (lambda prefixes: language(prefixes) * np.nan, "nan"),
        (lambda prefixes: (language(prefixes), np.ones((1, 5))), r"weights .*\[1, 2\]"),
    ],
)
def test_bad_answers_of_the_model_are_named(answer, message):
    with pytest.raises(ValueError, match=message):
        Decoder.explore(answer, WORDS, ["x", "y"])


def test_a_refused_assignment_changes_nothing():
    widget = decoder()
    before = widget.get_state()
    for name, value in (("path", [4, 99]), ("beams", 9), ("temperature", "warm")):
        with pytest.raises((ValueError, TypeError), match=name):
            setattr(widget, name, value)
    assert widget.get_state() == before


def test_a_new_path_takes_the_pointer_back():
    widget = decoder()
    widget.candidate = 10
    widget.path = widget.best_beams(1)[0].words
    assert widget.node is None and widget.candidate == 0
    with pytest.raises(ValueError, match="not explored"):
        widget.probabilities()
    assert "ended or was not explored" in widget.describe()


def test_words_the_model_never_says_do_no_harm():
    logs = np.full(V, -math.inf)
    logs[[EOS, 4]] = np.log([0.25, 0.75])
    node = make_node((), logs, 5)
    widget = Decoder([node], WORDS, ["x"])
    np.testing.assert_allclose(widget.probabilities()[0][:2], [0.75, 0.25])
    assert len(widget.best_beams(5)) == 2
    assert len(node.rest) == len(TEMPERATURES) and isinstance(node, Node)
