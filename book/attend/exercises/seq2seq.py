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
def write_and_weigh(answer) -> None:
    """A step that counts up to its state, then ends; and one that never does."""

    def counting(word, state):
        following = 4 if word == BOS else word + 1
        shares = torch.full((12,), 0.02)
        shares[EOS if following > state else following] = 0.8
        return shares, state

    cases = ((7, 20, [4, 5, 6, 7], 5), (3, 20, [], 1), (11, 3, [4, 5, 6], 3))
    for state, max_length, wanted, choices in cases:
        when = f"for a model that ends after {max(0, state - 3)} words and max_length={max_length}"
        words, log_p = parts(run(answer, counting, state, max_length), ["the ids", "ln P"])
        found = whole_numbers(words, f"{when}, as ids,", "a list of ids")
        if found == [*wanted, EOS]:
            raise NotYet(f"{when} <eos> is among the words: it ends them, and is none")
        if found[:1] == [BOS]:
            raise NotYet(f"{when} <bos> is among the words: it opens them, and is none")
        if found != wanted:
            raise NotYet(f"{when} the words are {found}, expected {wanted}")
        if choices > len(wanted) and looks_like(log_p, math.log(0.8) * len(wanted)):
            raise NotYet(f"{when} ln P leaves out the end, which is a choice like the others")
        same(log_p, math.log(0.8) * choices, f"{when}, as ln P,")

    def moving(word, state):  # the state must be handed on
        shares = torch.full((12,), 0.01)
        shares[EOS if state == 3 else 5 + state] = 0.8
        return shares, state + 1

    words, _ = parts(run(answer, moving, 0, 6), ["the ids", "ln P"])
    found = whole_numbers(words, "", "a list of ids")
    if found != [5, 6, 7]:
        raise NotYet(f"each step must get the state that the last one returned; got {found}")


def clipped(hypothesis, references, n):
    """How many n-grams of the hypothesis some reference holds too, and how many there are."""

    def count(words):
        return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

    ours, allowed = count(hypothesis), Counter()
    for reference in references:
        allowed |= count(reference)
    return sum((ours & allowed).values()), max(0, len(hypothesis) - n + 1)


@exercise("09.5")
def n_gram_matches(answer) -> None:
    pairs = (
        ("the the the", ["the cat is the dog"], 1),
        ("the the the", ["the cat", "the dog"], 1),
        ("the zoo is small .", ["the zoo is very small .", "a small zoo is small"], 2),
        ("a b a b a", ["a b a", "b b"], 2),
        ("a b", ["a b c"], 3),
    )
    for hypothesis, references, n in pairs:
        wanted = clipped(hypothesis.split(), [each.split() for each in references], n)
        when = f"for {hypothesis!r} against {references} and n={n}"
        found = run(answer, hypothesis.split(), [each.split() for each in references], n)
        parts(found, ["the matches", "the n-grams there are"])
        found = tuple(whole_numbers(found, when, "two whole numbers"))
        if found != wanted:
            raise NotYet(
                f"{when} it returns {found}, expected {wanted} "
                "(an n-gram matches at most as often as in the reference that has it most)"
            )


@exercise("09.6")
def corpus_bleu(answer) -> None:
    """From the counts of each sentence to BLEU of them all."""
    one, two = ([5, 3, 2, 1], [5, 4, 3, 2], 5, 6), ([7, 6, 5, 4], [7, 6, 5, 4], 7, 7)
    long, none = ([6, 4, 3, 2], [9, 8, 7, 6], 9, 7), ([4, 2, 1, 0], [5, 4, 3, 2], 5, 5)
    for counts in ([two], [one], [one, two, none], [long, none], [none]):
        matches, totals = ([sum(column) for column in zip(*part, strict=True)]
                           for part in list(zip(*counts, strict=True))[:2])  # fmt: skip
        ours, theirs = sum(row[2] for row in counts), sum(row[3] for row in counts)
        brevity = min(1.0, math.exp(1 - theirs / ours))
        shares = [m / t for m, t in zip(matches, totals, strict=True)]
        wanted = 100 * brevity * math.prod(shares) ** 0.25
        found = run(answer, counts)
        when = f"for {len(counts)} sentences of {ours} words against {theirs}"
        if brevity < 1 and looks_like(found, wanted / brevity):
            raise NotYet(f"{when}: a text shorter than its references must be marked down")
        if wanted and looks_like(found, wanted / 100):
            raise NotYet("BLEU is told from 0 to 100")
        each = [sentence_bleu(row) for row in counts]
        if len(counts) > 1 and looks_like(found, sum(each) / len(each)):
            raise NotYet(f"{when}: it is the mean of the sentences' BLEU; add up the counts first")
        same(found, wanted, f"{when},")


def sentence_bleu(row) -> float:
    matches, totals, ours, theirs = row
    brevity = min(1.0, math.exp(1 - theirs / ours))
    return 100 * brevity * math.prod(m / t for m, t in zip(matches, totals, strict=True)) ** 0.25
