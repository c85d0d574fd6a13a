"""BLEU, perplexity, alignment error rate and pass@k against calculation by hand and by brute
force."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.metrics import alignment_error_rate, bleu, links, pass_at_k, perplexity

# ------------------------------------------------------------------------------------------- BLEU


def test_bleu_by_hand():
    hypothesis, reference = "the cat sat on the mat", "the cat sat on a mat"
    # n-grams right: 5 of 6, 3 of 5, 2 of 4, 1 of 3; equally long, so no penalty
    by_hand = 100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert bleu([hypothesis], [reference]) == pytest.approx(by_hand)
    # one word less: 5 of 5, 4 of 4, 3 of 3, 2 of 2, and exp(1 − 6/5) for being too short
    assert bleu(["the cat sat on a"], [reference]) == pytest.approx(100 * math.exp(1 - 6 / 5))


def bleu_slowly(hypotheses, references):
    right, total, c, r = [0] * 4, [0] * 4, 0, 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        ours, theirs = hypothesis.split(), reference.split()
        c, r = c + len(ours), r + len(theirs)
        for n in range(4):
            grams = [
                Counter(tuple(x[i : i + n + 1]) for i in range(len(x) - n)) for x in (ours, theirs)
            ]
            right[n] += (grams[0] & grams[1]).total()
            total[n] += grams[0].total()
    if not all(right):
        return 0.0
    precisions = [right[n] / total[n] for n in range(4)]
    return 100 * min(1.0, math.exp(1 - r / c)) * math.prod(precisions) ** 0.25


SENTENCE = st.lists(st.sampled_from("a b c dd".split()), min_size=1, max_size=9).map(" ".join)


@settings(deadline=None)
@given(st.lists(st.tuples(SENTENCE, SENTENCE), min_size=1, max_size=4))
def test_bleu_equals_brute_force(pairs):
    hypotheses, references = zip(*pairs, strict=True)
    assert bleu(hypotheses, references) == pytest.approx(bleu_slowly(hypotheses, references))


def test_bleu_is_100_for_the_reference_and_0_for_nothing():
    texts = ["The animal didn't cross.", "我在图书馆看书。"]
    assert bleu(texts[:1], texts[:1]) == pytest.approx(100)
    assert bleu(texts[1:], texts[1:], tokenize="zh") == pytest.approx(100)
    assert bleu([""], texts[:1]) == 0
    assert bleu(["a b c x y"], ["a b c d e"], "none") == 0  # no run of four: nothing is smoothed
    assert bleu(["a b c d e f"], ["a b c d e f"], "none") == 100.0


def test_bleu_says_nothing_of_blanks_before_full_stops(capfd, caplog):
    """sacrebleu suspects a mistake in tokens joined by blanks, on stderr, where no chapter may
    write."""
    texts = ["I read a book at the library ."] * 200
    assert bleu(texts, texts) == pytest.approx(100)
    assert not caplog.records and not capfd.readouterr().err


@pytest.mark.parametrize(
    "hypotheses, references, kind, message",
    [
        ([], [], ValueError, "equally many, at least one, got 0 and 0"),
        (["a"], ["a", "b"], ValueError, "equally many, at least one, got 1 and 2"),
        (["a"], [" "], ValueError, "references must not be empty, got ' ' at 0"),
        ("a", ["a"], TypeError, "hypotheses must be a list of strings, got str"),
        (["a"], "a", TypeError, "references must be a list of strings, got str"),
        (["a"], None, TypeError, "references must be a list of strings, got NoneType"),
        ([["a", "b"]], ["a b"], TypeError, "hypotheses must hold strings, got list"),
        (["a"], [["a"]], TypeError, "references must hold strings, got list"),
    ],
)
def test_bad_arguments_of_bleu(hypotheses, references, kind, message):
    with pytest.raises(kind, match=message):
        bleu(hypotheses, references)


def test_another_tokenizer():
    with pytest.raises(ValueError, match="tokenize must be one of 13a, zh, char, none"):
        bleu(["a"], ["a"], tokenize="mecab")


# ------------------------------------------------------------------------------------- perplexity


@given(st.integers(1, 1000), st.integers(1, 50))
def test_perplexity_of_a_uniform_guess_is_the_number_of_choices(choices, tokens):
    assert perplexity(tokens * math.log(choices), tokens) == pytest.approx(choices)


def test_perplexity_equals_cross_entropy():
    logits = torch.randn(7, 5, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    targets = torch.tensor([0, 1, 2, 3, 4, 0, 2])
    nll = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
    geometric_mean = logits.softmax(-1)[range(7), targets].prod() ** (1 / 7)
    assert perplexity(nll, 7) == pytest.approx(1 / geometric_mean.item())
    assert perplexity(0.0, 3) == 1 and perplexity(1e6, 1) == math.inf
    assert perplexity(torch.tensor(2.0), torch.tensor(2)) == pytest.approx(math.e)


@pytest.mark.parametrize(
    "nll, tokens, kind, message",
    [
        (-1.0, 2, ValueError, "nll must be finite and at least 0, got -1.0"),
        (float("nan"), 2, ValueError, "nll must be finite .* got nan"),
        (float("inf"), 2, ValueError, "nll must be finite .* got inf"),
        ("a", 2, TypeError, "nll must be one number, got str"),
        ([1.0, 2.0], 2, TypeError, "nll must be one number, got list"),
        (torch.ones(2), 2, TypeError, "nll must be one number, got Tensor"),
        (1.0, 0, ValueError, "tokens must be a whole number, at least 1, got 0"),
        (1.0, 2.5, TypeError, "tokens must be a whole number, got float"),
    ],
)
def test_bad_arguments_of_perplexity(nll, tokens, kind, message):
    with pytest.raises(kind, match=message):
        perplexity(nll, tokens)


# ------------------------------------------------------------------------------------- alignment

WEIGHTS = np.array([[0.7, 0.2, 0.1], [0.1, 0.4, 0.5]])  # [T, S] = [2, 3]
GOLD = np.array([[True, True, False], [False, True, False]])


def test_alignment_error_rate_by_hand():
    assert links(WEIGHTS) == {(0, 0), (1, 2)}
    # two links found, three wanted, one in both: 1 − 2 · 1 / (2 + 3)
    assert alignment_error_rate(WEIGHTS, GOLD) == pytest.approx(0.6)
    assert alignment_error_rate(WEIGHTS, [(0, 0), (0, 1), (1, 1)]) == pytest.approx(0.6)
    assert alignment_error_rate(WEIGHTS, [(0, 0), (1, 2)]) == 0
    assert alignment_error_rate(WEIGHTS, [(0, 1)]) == 1
    assert alignment_error_rate(WEIGHTS, []) == 1


def test_maps_are_counted_together():
    other, its_gold = np.eye(5), np.eye(5, dtype=bool)  # 5 found, 5 wanted, 5 right
    together = alignment_error_rate([WEIGHTS, other], [GOLD, its_gold])
    assert together == pytest.approx(1 - 2 * (1 + 5) / (2 + 5 + 3 + 5))
    pairs = [[(0, 0), (0, 1), (1, 1)], [(i, i) for i in range(5)]]
    assert alignment_error_rate([torch.tensor(WEIGHTS), torch.eye(5)], pairs) == together
    batch = torch.tensor(np.stack([WEIGHTS, WEIGHTS]), requires_grad=True)
    assert alignment_error_rate(batch, np.stack([GOLD, GOLD])) == pytest.approx(0.6)
    assert alignment_error_rate(batch, torch.tensor(np.stack([GOLD, GOLD]))) == pytest.approx(0.6)
    assert alignment_error_rate(WEIGHTS.tolist(), GOLD) == pytest.approx(0.6)


def test_a_row_of_zeros_makes_no_link():
    assert links(np.array([[0.0, 0.0], [0.0, 1.0]])) == {(1, 1)}
    assert links(torch.tensor([[0.5, 0.5]])) == {(0, 0)}


@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 99))
def test_alignment_error_rate_equals_brute_force(T, S, seed):
    rng = np.random.default_rng(seed)
    weights, gold = rng.random((T, S)), rng.random((T, S)) < 0.4
    found, both = 0, 0
    for t in range(T):
        best = 0
        for s in range(S):
            if weights[t, s] > weights[t, best]:
                best = s
        found, both = found + 1, both + gold[t, best]
    sure = int(gold.sum())
    expected = 1 - (both + both) / (found + sure)  # 1 − (|A∩S| + |A∩P|) / (|A| + |S|), P = S
    assert alignment_error_rate(weights, gold) == pytest.approx(expected)
    assert 0 <= expected <= 1


@pytest.mark.parametrize(
    "weights, gold, kind, message",
    [
        (WEIGHTS[0], GOLD, ValueError, r"weights must be a map \[T, S\], got shape \[3\]"),
        (WEIGHTS[:0], GOLD, ValueError, r"weights must be a map \[T, S\], got shape \[0, 3\]"),
        ([], [], ValueError, r"weights must be a map \[T, S\], got shape \[0\]"),
        (WEIGHTS * np.nan, GOLD, ValueError, "weights must be finite and at least 0"),
        (-WEIGHTS, GOLD, ValueError, "weights must be finite and at least 0"),
        (WEIGHTS, GOLD.T, ValueError, r"map's shape \[2, 3\], got \[3, 2\]"),
        (WEIGHTS, [(0, 3)], ValueError, r"within the map's shape \[2, 3\], got \(0, 3\)"),
        (WEIGHTS, [(-1, 0)], ValueError, r"within the map's shape \[2, 3\], got \(-1, 0\)"),
        (WEIGHTS, 3, TypeError, "gold must be a boolean array"),
        (WEIGHTS, GOLD.astype(float), TypeError, "gold must be a boolean array"),
        (WEIGHTS, [(0, 1, 2)], TypeError, "gold must be a boolean array"),
        ([WEIGHTS, WEIGHTS], [GOLD], ValueError, "gold must be as many as the maps, 2, got 1"),
        (WEIGHTS * 0, [], ValueError, "must hold at least one link, got none"),
    ],
)
def test_bad_arguments_of_alignment_error_rate(weights, gold, kind, message):
    with pytest.raises(kind, match=message):
        alignment_error_rate(weights, gold)


def test_a_place_one_past_the_end_is_outside():
    for outside in ((2, 0), (0, 3)):  # of [2, 3]
        with pytest.raises(ValueError, match="within the map's shape"):
            alignment_error_rate(WEIGHTS, [outside])
    assert alignment_error_rate(WEIGHTS, [(1, 2)]) < 1


def test_a_list_of_one_map_is_that_map():
    assert alignment_error_rate([WEIGHTS], [GOLD]) == alignment_error_rate(WEIGHTS, GOLD)


# ------------------------------------------------------------------------------------------ pass@k


def test_pass_at_k_by_hand():
    # of 5 answers 2 are right: of the 10 pairs, 3 have two wrong ones
    assert pass_at_k(5, 2, 2) == pytest.approx(7 / 10)
    assert pass_at_k(5, 2, 1) == pytest.approx(2 / 5)
    assert pass_at_k(5, 2, 4) == pass_at_k(5, 2, 5) == pass_at_k(1, 1, 1) == 1
    assert pass_at_k(5, 0, 5) == pass_at_k(1, 0, 1) == 0
    assert pass_at_k(10_000, 1, 64) == pytest.approx(64 / 10_000)  # numbers of 200 digits


@given(st.integers(1, 8), st.integers(0, 8), st.integers(1, 8))
def test_pass_at_k_counts_the_choices_that_hold_a_right_answer(n, correct, k):
    correct, k = min(correct, n), min(k, n)
    choices = list(combinations([True] * correct + [False] * (n - correct), k))
    found = pass_at_k(n, correct, k)
    assert found == pytest.approx(sum(map(any, choices)) / len(choices))
    assert isinstance(found, float)


def test_pass_at_k_is_how_often_one_of_k_drawn_is_right():
    rng, right = np.random.default_rng(0), np.arange(12) < 3
    hits = np.mean([right[rng.permutation(12)[:4]].any() for _ in range(4000)])
    assert hits == pytest.approx(pass_at_k(12, 3, 4), abs=0.03)  # four standard errors


@pytest.mark.parametrize(("n", "k"), [(5, 2), (7, 7), (11, 3), (4, 1)])
def test_pass_at_k_is_right_on_average_where_its_short_cut_is_not(n, k):
    """Over all numbers of right answers, as likely as they are if each is right with p."""
    p = 0.3
    likely = [math.comb(n, c) * p**c * (1 - p) ** (n - c) for c in range(n + 1)]
    mean = sum(w * pass_at_k(n, c, k) for c, w in enumerate(likely))
    assert mean == pytest.approx(1 - (1 - p) ** k)
    short_cut = sum(w * (1 - (1 - c / n) ** k) for c, w in enumerate(likely))
    assert short_cut == pytest.approx(mean) if k == 1 else short_cut < mean - 0.01


def test_pass_at_k_takes_whole_numbers_of_any_kind():
    numbers = np.int64(5), torch.tensor(2), np.uint8(2)
    assert pass_at_k(*numbers) == pass_at_k(5, 2, 2)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((5, 2, 6), ValueError, "k must be at most n=5, got 6"),
        ((5, 6, 2), ValueError, "correct must be at most n=5, got 6"),
        ((0, 0, 1), ValueError, "n must be a whole number, at least 1, got 0"),
        ((5, 2, 0), ValueError, "k must be a whole number, at least 1, got 0"),
        ((5, -1, 2), ValueError, "correct must be a whole number, at least 0, got -1"),
        ((5, 0.4, 2), TypeError, "correct must be a whole number, got float"),
        ((5, [1, 0], 2), TypeError, "correct must be a whole number, got list"),
    ],
)
def test_bad_arguments_of_pass_at_k(arguments, kind, message):
    with pytest.raises(kind, match=message):
        pass_at_k(*arguments)
