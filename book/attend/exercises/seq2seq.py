"""The checkers of chapter 09."""

import math
from collections import Counter

import torch

from attend.exercises.checking import (
    NotYet,
    draw,
    exercise,
    looks_like,
    parts,
    run,
    same,
    whole_numbers,
)

BOS, EOS = 2, 3


@exercise("09.1")
def sentence_loss(answer) -> None:
    for T, V in ((2, 3), (5, 7)):
        logits = draw(T, V)
        wanted_words = torch.arange(T) * 2 % V
        wanted = torch.nn.functional.cross_entropy(logits, wanted_words)
        probabilities = torch.softmax(logits, dim=-1)
        found = run(answer, probabilities, wanted_words)
        if looks_like(found, -wanted):
            raise NotYet("it is negative: a loss is −ln P, and ln P of a probability is below 0")
        if looks_like(found, wanted * T):
            raise NotYet("it is the sum over the words, expected the mean")
        same(found, wanted, f"for {T} words out of {V}")


@exercise("09.2")
def given_and_wanted(answer) -> None:
    for words in ([7, 5, 9], [4]):
        found = parts(run(answer, words), ["what is given", "what is wanted"])
        for name, row, right in zip(
            ("given", "wanted"), found, ([BOS, *words], [*words, EOS]), strict=True
        ):
            when = f"for the words {words}, as what is {name}"
            row = whole_numbers(row, when, "a list of ids")
            if row != right:
                raise NotYet(f"for the words {words}, what is {name} is {row}, expected {right}")


@exercise("09.3")
def mean_of_words(answer) -> None:
    for B, S, D in ((3, 5, 2), (1, 4, 7)):
        states, lengths = draw(B, S, D), torch.tensor([S, 2, 3][:B])
        there = (torch.arange(S) < lengths[:, None])[..., None]
        states = states.masked_fill(~there, 9.0)  # padding must not count, whatever stands there
        wanted = (states * there).sum(dim=1) / lengths[:, None]
        found = run(answer, states, lengths)
        for wrong, why in (
            (states.mean(dim=1), "padding counts as well"),
            ((states * there).mean(dim=1), "the sum is divided by S, not by the number of words"),
        ):
            if B > 1 and looks_like(found, wrong):
                raise NotYet(f"{why}: rows of {lengths.tolist()} words, padded to {S}")
        same(found, wanted, f"for rows of {lengths.tolist()} words, padded to {S},")


@exercise("09.4")
def write_greedily(answer) -> None:
    """A step that counts up to its state, then ends; and one that never does."""

    def counting(word, state):
        following = 4 if word == BOS else word + 1
        shares = torch.full((12,), 0.02)
        shares[EOS if following > state else following] = 0.8
        return shares, state

    for state, max_length, wanted in ((7, 20, [4, 5, 6, 7]), (3, 20, []), (11, 3, [4, 5, 6])):
        found = whole_numbers(run(answer, counting, state, max_length), "", "a list of ids")
        when = f"for a model that ends after {max(0, state - 3)} words and max_length={max_length}"
        if found == [*wanted, EOS]:
            raise NotYet(f"{when} <eos> is among the words: it ends them, and is none")
        if found[:1] == [BOS]:
            raise NotYet(f"{when} <bos> is among the words: it opens them, and is none")
        if found != wanted:
            raise NotYet(f"{when} the words are {found}, expected {wanted}")

    def moving(word, state):  # the state must be handed on
        shares = torch.zeros(12)
        shares[EOS if state == 3 else 5 + state] = 1.0
        return shares, state + 1

    found = whole_numbers(run(answer, moving, 0, 6), "", "a list of ids")
    if found != [5, 6, 7]:
        raise NotYet(f"each step must get the state that the last one returned; got {found}")


def clipped(hypothesis, reference, n):
    """How many n-grams of the hypothesis the reference holds too, and how many there are."""
    ours, theirs = (
        Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))
        for words in (hypothesis, reference)
    )
    return sum((ours & theirs).values()), max(0, len(hypothesis) - n + 1)


@exercise("09.5")
def n_gram_matches(answer) -> None:
    pairs = (
        ("the the the", "the cat is the dog", 1),
        ("the zoo is small .", "the zoo is very small .", 2),
        ("a b a b a", "a b a", 2),
        ("a b", "a b c", 3),
    )
    for hypothesis, reference, n in pairs:
        wanted = clipped(hypothesis.split(), reference.split(), n)
        when = f"for {hypothesis!r} against {reference!r} and n={n}"
        found = run(answer, hypothesis.split(), reference.split(), n)
        parts(found, ["the matches", "the n-grams there are"])
        found = tuple(whole_numbers(found, when, "two whole numbers"))
        if found != wanted:
            raise NotYet(
                f"{when} it returns {found}, "
                f"expected {wanted} (no n-gram matches more often than it stands in the reference)"
            )


@exercise("09.6")
def bleu_of(answer) -> None:
    """From the matches and totals of each n and both lengths, to BLEU."""
    cases = (
        ([5, 3, 2, 1], [5, 4, 3, 2], 5, 6),
        ([7, 6, 5, 4], [7, 6, 5, 4], 7, 7),
        ([6, 4, 3, 2], [9, 8, 7, 6], 9, 7),
        ([4, 2, 1, 0], [5, 4, 3, 2], 5, 5),
    )
    for matches, totals, ours, theirs in cases:
        brevity = min(1.0, math.exp(1 - theirs / ours))
        shares = [m / t for m, t in zip(matches, totals, strict=True)]
        wanted = 100 * brevity * math.prod(shares) ** 0.25
        found = run(answer, matches, totals, ours, theirs)
        if brevity < 1 and looks_like(found, wanted / brevity):
            raise NotYet("a text shorter than its reference must be marked down")
        if wanted and looks_like(found, wanted / 100):
            raise NotYet("BLEU is told from 0 to 100")
        when = f"for matches {matches} of {totals}, {ours} words against {theirs},"
        same(found, wanted, when)
