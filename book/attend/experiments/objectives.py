"""What three questions teach at equal steps: to copy, to name covered words, to say the next word;
and what the states of each know. Chapter 18.

Each model reads the 20,000 English sentences of the phrasebook once, as in `pretraining`; "none"
has not read, "counts" is no model but a bag of words. tasks: "kind, frozen" and "kind, tuned", of
which kind a new sentence is, from 30 labels; "question", "past" and "plural", by a linear probe on
the mean state, from 300 labels of balanced sentences: is it a question (its mark taken off), does
it hold a verb in the past, does its subject take the verb of many; "sense", which bank, bat or
magazine, and "role", whether cook, watch or watches is a noun, by a probe on the state at the word
("at the word") or at the last one ("at the end"), from 400 labels (role: 300); for "counts" the
word alone is "at the word". told: whether what stands before the word tells, or what comes after.
lr: of the tuning; the probes have none.
"""

from functools import lru_cache

import torch
from torch import nn

from attend import masks
from attend.experiments.pretraining import (
    encoded,
    known_words,
    labelled,
    parts,
    pretrain,
    probe,
    sentence_vectors,
    tune,
    vocabulary_of_phrasebook,
)
from attend.experiments.senses import with_two_senses
from attend.phrasebook import lexicon, pairs, spell_articles
from attend.phrasebook.writer import FIRST, PLURAL, Writer

__all__ = [
    "BEGINNINGS",
    "GRAMMAR",
    "RATES",
    "grammar",
    "measure",
    "roles",
    "runs",
    "told_later",
]

BEGINNINGS = ("none", "copy", "masked", "next", "counts")
RATES = (0.002, 0.004, 0.008, 0.016)
GRAMMAR = ("question", "past", "plural")
EACH = 900  # sentences with, and as many without
PAST = {"was", "were", "wasn't", "weren't", "didn't"} | {
    lexicon.forms(verb)["past"].split()[0]
    for verb in [*lexicon.PAST, *(verb.english for verb in lexicon.ALL_VERBS)]
}
ALIKE = {"read", "put", "has", "have", "hasn't", "haven't"}  # the present, or the past?
NO_VERBS = {"bed", "red", "tired", "scared"}
SEEN = ("walked", "saw", "opened", "found")  # what follows them may be of either sense
BOTH_ROLES = ("cook", "watch", "watches")


# ---------------------------------------------------------------------------------------- the data


class Recorder(Writer):
    """A writer of which one can ask who the subject of its last sentence was."""

    def sentence(self, kind=None):
        self.top = None
        return super().sentence(kind)

    def fill(self, method, slots, arguments):
        if self.top is None:
            self.top = slots  # of the outermost rule, still being filled
        return super().fill(method, slots, arguments)


def is_past(word: str) -> bool:
    return word in PAST or (word.endswith("ed") and word not in NO_VERBS)


def answers(writer, words) -> dict[str, bool | None]:
    """What is true of a sentence; None where it does not say."""
    subject = (writer.top or {}).get("who")
    first = [word for word, _ in subject.english] if subject else []
    known = first and list(words[: len(first)]) == first and subject.agreement != FIRST
    return {
        "question": words[-1] == "?",
        "past": None if ALIKE & set(words) else any(map(is_past, words)),
        "plural": subject.agreement == PLURAL if known else None,
    }


@lru_cache(maxsize=len(GRAMMAR))
def grammar(task: str) -> tuple:
    """New sentences, their last mark a full stop, and whether the answer is yes: as many of each,
    in random order."""
    writer, seen = Recorder(11), set(known_words())
    found = {True: [], False: []}
    while min(map(len, found.values())) < EACH:
        _, phrase = writer.sentence()
        words = tuple(spell_articles([word for word, _ in phrase.english]))
        answer = answers(writer, words)[task]
        if answer is None or words in seen or len(words) > 22 or len(found[answer]) == EACH:
            continue
        seen.add(words)
        found[answer].append((*words[:-1], "."))
    sentences = [*found[True], *found[False]]
    order = torch.randperm(2 * EACH, generator=torch.Generator().manual_seed(0)).tolist()
    return [sentences[i] for i in order], torch.tensor([int(i < EACH) for i in order])


def told_later(words, place: int) -> bool:
    """Whether nothing before a bank, bat or magazine says which it is."""
    return any(verb in words[max(0, place - 3) : place] for verb in SEEN)


def roles() -> list[tuple]:
    """(English words, where one of BOTH_ROLES stands, 1 where it is a noun): all sentences."""
    nouns = {(noun.chinese, noun.english) for of in lexicon.NOUNS.values() for noun in of}
    found = []
    for pair in (pair for split in ("train", "valid", "test") for pair in pairs(split)):
        for s, t in pair.alignment:
            if pair.target[t] in BOTH_ROLES:
                noun = (pair.source[s], pair.gloss[s]) in nouns
                found.append((pair.target, t, int(noun)))
    return found


# --------------------------------------------------------------------------------------- measuring


def counts(ids):
    """How often each word stands in a sentence: ids [B, T] → [B, V − 1], without the padding."""
    return nn.functional.one_hot(ids, len(vocabulary_of_phrasebook())).sum(1)[:, 1:]


@torch.no_grad()
def vectors_of(model, ids):
    """The mean state of each sentence [B, D], or its counts where there is no model."""
    return counts(ids) if model is None else sentence_vectors(model, ids)


@torch.no_grad()
def states_at(model, ids, at):
    """The state of a word of each sentence [B, D]; the word itself where there is no model."""
    rows = torch.arange(len(ids))
    if model is None:
        return nn.functional.one_hot(ids[rows, at], len(vocabulary_of_phrasebook()))
    return model.states(ids, None if model.config.causal else masks.padding(ids))[rows, at]


def probe_at(model, examples, seed, n_learn, n_choose, task, told) -> list[dict]:
    """A probe at the word and at the end, by whether what tells stands before or after."""
    ids = encoded([words for words, _, _ in examples])
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(seed))
    learn, choose, test = order.split([n_learn, n_choose, len(ids) - n_learn - n_choose])
    labels = torch.tensor([label for _, _, label in examples])
    later = torch.tensor([told(words, place) for words, place, _ in examples])
    parts_of = {"before": test[~later[test]], "after": test[later[test]]}
    parts_of = {name: some for name, some in parts_of.items() if len(some)}
    places = {
        "at the word": torch.tensor([place + 1 for _, place, _ in examples]),
        "at the end": (ids != 0).sum(1) - 1,
    }
    found = []
    for name, at in places.items():
        bag = model is None and name == "at the end"
        vectors = counts(ids) if bag else states_at(model, ids, at)
        rights = probe(vectors, labels, learn, choose, *parts_of.values())
        for (where, some), right in zip(parts_of.items(), rights, strict=True):
            row = {"task": f"{task}, {name}", "told": where, "n": len(some), "accuracy": right}
            found.append(row)
    return found


def runs() -> list[dict]:
    """Each beginning from three seeds."""
    return [{"beginning": name, "seed": seed} for seed in range(3) for name in BEGINNINGS]


def measure(beginning: str, seed: int) -> list[dict]:
    """Everything that one model is asked: accuracy by task; chosen_by: on sentences of their own,
    for the choice of a rate."""
    model = None if beginning == "counts" else pretrain(beginning, seed)
    sentences, labels, n_kinds = labelled()
    ids, (order, choose, test) = encoded(sentences), parts(seed)
    (right,) = probe(vectors_of(model, ids), labels, order[:30], choose, test)
    found = [{"task": "kind, frozen", "n": len(test), "accuracy": right}]
    for lr in RATES if model else ():
        rows = order[:30], choose, test
        tuned = tune(model, ids, labels, n_kinds, rows, lr, seed)
        found.append({"task": "kind, tuned", "n": len(test), "lr": lr, **tuned})
    for task in GRAMMAR:
        sentences, yes = grammar(task)
        order = torch.randperm(len(yes), generator=torch.Generator().manual_seed(seed))
        learn, choose, test = order.split([300, 500, len(yes) - 800])
        (right,) = probe(vectors_of(model, encoded(sentences)), yes, learn, choose, test)
        found.append({"task": task, "n": len(test), "accuracy": right})
    senses = [one for split in ("train", "valid", "test") for one in with_two_senses(split)]
    found += probe_at(model, senses, seed, 400, 150, "sense", told_later)
    found += probe_at(model, roles(), seed, 300, 100, "role", lambda words, place: False)
    columns = {"task": "", "told": "", "n": 0, "lr": None, "accuracy": 0.0, "chosen_by": None}
    return [columns | row for row in found]
