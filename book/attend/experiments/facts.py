"""Does retrieval reduce made-up answers? A small decoder learns 200 facts by heart, and to answer
from a sentence that is given with the question. Chapter 21.

A fact is "mira lives in oslo and is a baker .", a question "where does mira live ?" or "what does
mira do ?", and a sentence that is given stands after the question. Names are spelled in two
syllables, so that a new one is made of known tokens. group: 200 people each; "known" were learnt by
heart and are in the store, "stored" are in the store alone, "absent" in neither; the store has 100
more, of validation. reader: "answers" always names a city or a trade; "may abstain" was taught
besides to say "unknown" where nothing is given and it has not learnt the name, and where the
sentence is somebody else's; "by heart" as well, but it has learnt the stored 200 too; "rule" is no
model: it copies the word that follows "in" or "a".

book: what is given: "closed" nothing; "found" the sentence whose counts of words and syllables, the
rarer the heavier, are nearest to those of the question; "near" the same unless it is too far, then
nothing; "found, 16" and "near, 16" likewise with these counts squeezed to 16 numbers; "wrong" the
sentence of somebody else. Too far is where validation people in the store and not in it are told
apart best. Groups "known, edited" and "stored, edited": 50 people each of whom the store, and
nothing else, was told another city; where they live is all that is asked.

right, wrong, abstained: shares of the n answers; of the absent, whatever is named is wrong. copied:
of those given a sentence, how many answers stand in it. old: the answer was right before the edit.
hit: the share that was given the sentence of the one asked for. sure: the mean probability of what
was answered. chosen_by: nats of the answer, with people of validation in place of the fresh ones.
"""

import random
from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from attend.experiments.pretraining import climb_and_fall
from attend.language import LanguageModel, LanguageModelConfig
from attend.retrieval import Flat, normalised
from attend.text import BOS, EOS, EOS_ID, Vocabulary, pad
from attend.training import fit

__all__ = [
    "CITIES",
    "RATES",
    "READERS",
    "SLOTS",
    "STEPS",
    "TRADES",
    "UNKNOWN",
    "VOCABULARY",
    "Person",
    "Store",
    "ask",
    "edited",
    "encode",
    "measure",
    "people",
    "question",
    "rule",
    "runs",
    "sentence",
    "too_far",
    "train",
]

CITIES = """accra ankara athens bari basel bern bogota boston cairo dallas delhi denver dublin hanoi
havana kobe lagos lima lyon milan mumbai osaka oslo paris perth pisa porto prague quito riga rome
seoul sofia sydney tehran tokyo tunis turin vienna warsaw""".split()
TRADES = """baker banker barber broker builder butcher carpenter chemist clerk cook dancer dentist
doctor driver farmer fisher gardener hunter judge lawyer miner monk nurse painter pilot plumber
porter potter priest sailor singer smith soldier surgeon tailor teacher vet waiter weaver
writer""".split()
UNKNOWN = "unknown"
WORDS = {*"lives in and is a . where does live what do ?".split(), *CITIES, *TRADES, UNKNOWN}
SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou" if c + v not in WORDS]
VOCABULARY = Vocabulary([sorted(WORDS), SYLLABLES], specials=(BOS, EOS))
SLOTS = ("city", "trade")
READERS = ("answers", "may abstain", "by heart", "rule")
GROUPS = {"known": 200, "stored": 200, "valid": 100, "absent": 200, "valid, absent": 100}
RATES = (0.001, 0.002, 0.004, 0.008)
SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 128, "max_length": 32}
STEPS, ROWS, EDITS = 1500, 64, 50
KINDS = {"heart": 8, "given": 2, "other": 1, "alike": 1, "nobody": 4}  # of sixteen questions
FIRST, ANSWERED = {"given": 1, "other": 1}, ("heart", "given")


# -------------------------------------------------------------------------------------- the facts


class Person(NamedTuple):
    """Somebody, where they live and what they do: "" of those of whom nobody knows."""

    name: str
    city: str = ""
    trade: str = ""


def people(seed: int = 0) -> dict[str, list[Person]]:
    """The groups, no name in two of them, and under "fresh" the rest, to teach with."""
    draw = random.Random(seed)
    names = [first + second for first in SYLLABLES for second in SYLLABLES]
    names = [name for name in names if name not in WORDS]
    draw.shuffle(names)
    groups = {}
    for group, n in {**GROUPS, "fresh": len(names) - sum(GROUPS.values())}.items():
        here, names = names[:n], names[n:]
        known = group in ("known", "stored", "valid")
        groups[group] = [invented(name, draw) if known else Person(name) for name in here]
    return groups


def invented(name: str, draw: random.Random) -> Person:
    """Somebody of this name, in any city and trade."""
    return Person(name, draw.choice(CITIES), draw.choice(TRADES))


def edited(person: Person, draw: random.Random) -> Person:
    """The same person in another city."""
    return person._replace(city=draw.choice([city for city in CITIES if city != person.city]))


def sentence(person: Person) -> str:
    """What the store keeps of somebody."""
    return f"{person.name} lives in {person.city} and is a {person.trade} ."


def question(name: str, slot: str, given: Person | None = None) -> str:
    """What is asked about a name, and the sentence that is given with it, if any."""
    asked = f"where does {name} live ?" if slot == "city" else f"what does {name} do ?"
    return asked if given is None else f"{asked} {sentence(given)}"


def encode(text: str) -> list[int]:
    """<bos>, then words as they are and names in their two syllables, as numbers."""
    parts = [[word] if word in WORDS else [word[:2], word[2:]] for word in text.split()]
    return VOCABULARY.encode([BOS, *(token for part in parts for token in part)])


# -------------------------------------------------------------------------------------- the store


def terms(text: str) -> list[str]:
    """The words of a text, and of names the beginning and the end too."""
    words = text.split()
    names = [word for word in words if word not in WORDS]
    return words + [part for name in names for part in (f"{name[:2]}-", f"-{name[2:]}")]


class Store:
    """The sentences of people. `find` names for each text the one whose sentence is nearest, and
    how far it is, by the counts of terms, times ln(N / in how many sentences the term stands); a
    term that stands in none tells nothing. With `width`, a random matrix makes so many numbers of
    them."""

    def __init__(self, stored: list[Person], width: int | None = None, seed: int = 0):
        self.people = list(stored)
        texts = [terms(sentence(person)) for person in stored]
        columns = sorted({term for text in texts for term in text})
        self.columns = {term: column for column, term in enumerate(columns)}
        counts = self.counts(texts)  # [N, terms]
        rarity = np.log(len(texts) / (counts > 0).sum(axis=0))  # [terms]
        draw = np.random.default_rng(seed)
        squeeze = np.eye(len(rarity)) if width is None else draw.normal(size=(len(rarity), width))
        self.matrix = rarity[:, None] * squeeze  # [terms, width]
        self.index = Flat(self.matrix.shape[1])
        self.index.add(normalised(counts @ self.matrix))

    def counts(self, texts) -> np.ndarray:
        """Lists of terms → how often each stands there [n, terms]."""
        counts = np.zeros((len(texts), len(self.columns)))
        for row, text in enumerate(texts):
            for term in text:
                if term in self.columns:
                    counts[row, self.columns[term]] += 1
        return counts

    def find(self, texts) -> tuple[np.ndarray, list[Person]]:
        """How far the nearest is from each text [n], and whose sentence it is."""
        vectors = normalised(self.counts([terms(text) for text in texts]) @ self.matrix)
        distances, ids = self.index.search(vectors, 1)
        return distances[:, 0], [self.people[i] for i in ids[:, 0]]


def too_far(store: Store, there: list[Person], absent: list[Person]) -> float:
    """The distance that tells best who is in the store from who is not."""
    near, far = (
        store.find([question(person.name, slot) for person in group for slot in SLOTS])[0]
        for group in (there, absent)
    )
    limits = np.unique(np.concatenate([near, far]))
    limits = (limits[1:] + limits[:-1]) / 2
    told = [(near < limit).mean() + (far > limit).mean() for limit in limits]
    return float(limits[int(np.argmax(told))])


# ------------------------------------------------------------------------------------ the readers


def lesson(kinds, groups, reader: str, draw: random.Random):
    """A question of each kind with its answer, as ids with <eos> last: those with nothing given
    [n, T], those with a sentence [m, T]. kinds: "heart" asks what is learnt by heart, "given" what
    the sentence says; of "other" the sentence is somebody else's, of "alike" somebody's whose name
    has a syllable in common, of "nobody" there is none, and these are answered "unknown"."""
    taught = groups["known"] + (groups["stored"] if reader == "by heart" else [])
    rows = {True: [], False: []}
    for kind in kinds:
        slot, name = draw.choice(SLOTS), draw.choice(groups["fresh"]).name
        person = draw.choice(taught) if kind == "heart" else invented(name, draw)
        if kind in ("other", "alike"):
            name = other_name(name, kind == "alike", groups, draw)
        elif kind == "heart":
            name = person.name
        answer = getattr(person, slot) if kind in ANSWERED else UNKNOWN
        shown = None if kind in ("heart", "nobody") else person
        ids = [*encode(f"{question(name, slot, shown)} {answer}"), EOS_ID]
        rows[shown is not None].append(ids)
    return [torch.tensor(some) for some in rows.values() if some]


def other_name(name: str, alike: bool, groups, draw: random.Random) -> str:
    """Another name than this; if alike, with one of its syllables where it stands."""
    place = draw.choice([slice(0, 2), slice(2, 4)])
    while True:
        other = draw.choice(groups["fresh"]).name
        if other != name and (not alike or other[place] == name[place]):
            return other


def lessons(groups, reader: str, draw: random.Random, steps: int):
    """The batches: in the first third of the steps reading what is given, whose sentence it is and
    what it says; then all kinds. "answers" is taught no others than those that have an answer."""
    for step in range(steps):
        shares = FIRST if step < steps // 3 else KINDS
        kinds = [kind for kind in shares if reader != "answers" or kind in ANSWERED]
        drawn = draw.choices(kinds, [shares[kind] for kind in kinds], k=ROWS)
        yield lesson(drawn, groups, reader, draw)


def loss_of(model, batch):
    """Nats of the answers and the <eos> after them."""
    nats = []
    for ids in batch:
        logits = model.out(model.states(ids[:, :-1])[:, -2:])  # [n, 2, V]
        nats.append(cross_entropy(logits.flatten(0, 1), ids[:, -2:].flatten(), reduction="none"))
    return torch.cat(nats).mean()


def train(reader: str, lr: float, seed: int, steps: int = STEPS) -> LanguageModel:
    """A model that has been taught what `reader` says, with AdamW, a climb of 50 steps and a fall
    like half a cosine."""
    torch.manual_seed(seed)
    model = LanguageModel(LanguageModelConfig(len(VOCABULARY), **SIZES))
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.98))
    batches = lessons(people(seed), reader, random.Random(seed), steps)
    climb = climb_and_fall(optimizer, steps)
    fit(model, batches, loss_of, optimizer, clip=1.0, scheduler=climb)
    return model


@torch.no_grad()
def next_words(model, texts) -> torch.Tensor:
    """ln P of the word after each text [n, V]."""
    rows = [encode(text) for text in texts]
    ids = pad(rows)
    states = model.states(ids)[torch.arange(len(ids)), [len(row) - 1 for row in rows]]
    return model.out(states).log_softmax(-1)


def ask(model, texts) -> tuple[list[str], list[float]]:
    """The likeliest word after each text, and its probability."""
    log_p, words = next_words(model, texts).max(-1)
    return [VOCABULARY.tokens[word] for word in words.tolist()], log_p.exp().tolist()


def rule(texts) -> tuple[list[str], list[float]]:
    """What a reader without weights says: the word after "in", or after "a"."""
    found = []
    for words in map(str.split, texts):
        mark = "in" if words[0] == "where" else "a"
        found.append(words[words.index(mark) + 1] if mark in words else UNKNOWN)
    return found, [1.0] * len(texts)


def validation(model, groups, reader: str) -> float:
    """Nats of the answers to the kinds of question that were taught, each kind counting alike."""
    taught, valid = groups["known"] + groups["stored"] * (reader == "by heart"), groups["valid"]
    kinds = [[(p, slot, None, p) for p in taught for slot in SLOTS]]
    kinds += [[(p, slot, p, p) for p in valid for slot in SLOTS]]
    if reader != "answers":
        pairs = list(zip(groups["valid, absent"], valid, strict=True))
        kinds += [[(p, slot, other, None) for p, other in pairs for slot in SLOTS]]
        kinds += [[(p, slot, None, None) for p, _ in pairs for slot in SLOTS]]
    nats = []
    for kind in kinds:
        log_p = next_words(model, [question(p.name, slot, g) for p, slot, g, _ in kind])
        answers = [UNKNOWN if of is None else getattr(of, slot) for _, slot, _, of in kind]
        right = log_p[torch.arange(len(kind)), VOCABULARY.encode(answers)]
        nats.append(-right.mean().item())
    return sum(nats) / len(nats)


# -------------------------------------------------------------------------------- what is measured


def judged(answer, asked, given, before=None) -> dict:
    """What a reader says to questions, (person, slot) each, with what is given: shares. before: the
    same questions before an edit."""
    texts = [question(p.name, slot, g) for (p, slot), g in zip(asked, given, strict=True)]
    said, sure = answer(texts)
    right, abstained = share_right(said, asked), said.count(UNKNOWN) / len(said)
    shown = [(word, g, p) for word, g, (p, _) in zip(said, given, asked, strict=True) if g]
    return {
        "n": len(asked),
        "right": right,
        "wrong": round(1 - right - abstained, 6),
        "abstained": abstained,
        "copied": np.mean([word in g for word, g, _ in shown]) if shown else None,
        "old": None if before is None else share_right(said, before),
        "hit": sum(g.name == p.name for _, g, p in shown) / len(asked),
        "sure": np.mean(sure),
    }


def share_right(said, asked) -> float:
    """How many of the words are what was asked, (person, slot) each."""
    right = [
        word == getattr(person, slot) for word, (person, slot) in zip(said, asked, strict=True)
    ]
    return sum(right) / len(right)


def books(groups, asked, draw: random.Random) -> dict[str, list]:
    """What each book gives to questions, (person, slot) each: people or None."""
    stored = [person for group in ("known", "stored", "valid") for person in groups[group]]
    given = {"closed": [None] * len(asked)}
    texts = [question(person.name, slot) for person, slot in asked]
    for told, width in (("", None), (", 16", 16)):
        store = Store(stored, width)
        limit = too_far(store, groups["valid"], groups["valid, absent"])
        distances, found = store.find(texts)
        near = distances < limit
        given[f"found{told}"] = found
        given[f"near{told}"] = [p if n else None for p, n in zip(found, near, strict=True)]
    others = [draw.sample(stored, 2) for _ in asked]
    given["wrong"] = [
        a if a.name != p.name else b for (a, b), (p, _) in zip(others, asked, strict=True)
    ]
    return given


def runs() -> list[dict]:
    """Two readers at three rates from three seeds, and once at a fourth; "by heart" at the rate
    that was best for "may abstain"; the rule has none."""
    rates = {"answers": RATES, "may abstain": RATES, "by heart": (0.002,), "rule": (0.0,)}
    return [
        {"reader": reader, "lr": lr, "seed": seed}
        for seed in range(3)
        for reader in READERS
        for lr in rates[reader]
        if lr < RATES[-1] or seed == 0
    ]


def measure(reader: str, lr: float, seed: int) -> list[dict]:
    """Teach a reader, and ask it about everybody, by group and book."""
    groups, draw, answer, nats = people(seed), random.Random(seed + 100), rule, None
    if reader != "rule":
        model = train(reader, lr, seed)
        answer, nats = lambda texts: ask(model, texts), validation(model, groups, reader)
    rows = []
    for group in ("known", "stored", "absent"):
        asked = [(person, slot) for person in groups[group] for slot in SLOTS]
        for book, given in books(groups, asked, draw).items():
            rows.append({"group": group, "book": book, **judged(answer, asked, given)})
    new = {g: [edited(p, draw) for p in groups[g][:EDITS]] for g in ("known", "stored")}
    after = groups | {group: some + groups[group][EDITS:] for group, some in new.items()}
    for group, some in new.items():
        asked, before = ([(p, "city") for p in of] for of in (some, groups[group][:EDITS]))
        for book, given in books(after, asked, draw).items():
            found = judged(answer, asked, given, before)
            rows.append({"group": f"{group}, edited", "book": book, **found})
    return [row | {"chosen_by": nats} for row in rows]
