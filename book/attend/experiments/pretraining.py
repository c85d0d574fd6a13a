"""What a model gains by reading sentences without labels before it is taught with few: three
objectives, none at all, and the word vectors of chapter 06. Chapter 18.

Read: the 20,000 English sentences of the phrasebook, once. Taught: of which kind a new sentence is,
with 10 to 1,000 labels, by a linear probe on frozen states ("frozen") or by training all of the
model ("tuned", 40 steps of 32 sentences). The probe is a ridge regression on the kinds, its penalty
chosen on 500 held-out sentences. "sense": which bank, bat or magazine, by a probe on the state at
the word, "sense, end": at the end of the sentence. "counts" is no model, but a probe on word
counts. lr: of the tuning; 0 are the runs that tune nothing.
"""

import copy
from functools import lru_cache
from math import cos, pi

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend import masks
from attend.embeddings import train_word_vectors
from attend.experiments.senses import with_two_senses
from attend.language import LanguageModel, LanguageModelConfig, mask_tokens
from attend.phrasebook import pairs, spell_articles
from attend.phrasebook.writer import Writer
from attend.text import BOS, EOS, Vocabulary, pad
from attend.training import fit

__all__ = [
    "LABELS",
    "MASK",
    "RATES",
    "SIZES",
    "TUNED",
    "batches",
    "climb_and_fall",
    "encoded",
    "known_words",
    "labelled",
    "measure",
    "parts",
    "pretrain",
    "probe",
    "runs",
    "sentence_vectors",
    "vocabulary_of_phrasebook",
]

MASK = "<mask>"
LABELS = (10, 30, 100, 300, 1000)
TUNED = (10, 30, 100, 1000)
RATES = (0.0005, 0.001, 0.002, 0.004, 0.008)
SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 172, "max_length": 32}


# ---------------------------------------------------------------------------------------- the data


@lru_cache(maxsize=1)
def known_words() -> tuple:
    """The English sentences of the phrasebook's train split, lists of words."""
    return tuple(tuple(pair.target) for pair in pairs("train"))


@lru_cache(maxsize=1)
def vocabulary_of_phrasebook() -> Vocabulary:
    """Its words, after <pad>, <unk>, <bos>, <eos> and <mask>."""
    return Vocabulary(map(list, known_words()), specials=(BOS, EOS, MASK))


def encoded(sentences) -> torch.Tensor:
    """Lists of words → ids [B, T], each between <bos> and <eos>."""
    return pad([vocabulary_of_phrasebook().encode([BOS, *words, EOS]) for words in sentences])


@lru_cache(maxsize=1)
def labelled() -> tuple:
    """New sentences and the number of their kind: 1,000 to learn from, 500 to choose by, 1,000 to
    test on, none of them read before."""
    writer, seen, found = Writer(7), set(known_words()), []
    while len(found) < 2500:
        kind, phrase = writer.sentence()
        words = tuple(spell_articles([word for word, _ in phrase.english]))
        if words not in seen and len(words) <= 22:
            seen.add(words)
            found.append((words, kind))
    kinds = sorted({kind for _, kind in found})
    labels = torch.tensor([kinds.index(kind) for _, kind in found])
    return [words for words, _ in found], labels, len(kinds)


def parts(seed: int):
    """Rows to learn from, in an order of their own for each seed, to choose by and to test on."""
    order = torch.randperm(1000, generator=torch.Generator().manual_seed(seed))
    return order, torch.arange(1000, 1500), torch.arange(1500, 2500)


# ------------------------------------------------------------------------------------ pre-training


def batches(ids, size=32):
    """Rows of like length together, without the padding that none of them needs; in any order."""
    near = ((ids != 0).sum(1) + 3 * torch.rand(len(ids))).argsort()
    rows = near.split(size)
    for i in torch.randperm(len(rows)):
        batch = ids[rows[i]]
        yield batch[:, : int((batch != 0).sum(1).max())]


def loss_of(model, objective, ids):
    """The mean loss over what the objective asks for: nats a token."""
    inputs, targets, mask = ids, ids.masked_fill(ids == 0, -100), masks.padding(ids)
    if objective == "masked":
        mask_id = vocabulary_of_phrasebook().ids[MASK]
        inputs, targets = mask_tokens(ids, mask_id, model.config.vocab)
    elif objective == "next":
        inputs, targets, mask = ids[:, :-1], targets[:, 1:], None
    asked = targets != -100
    return cross_entropy(model.out(model.states(inputs, mask)[asked]), targets[asked])


def climb_and_fall(optimizer, steps):
    """A rate that climbs over 50 steps and falls to 0 like half a cosine: its scheduler."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 50) * (1 + cos(pi * step / steps)) / 2
    )


@lru_cache(maxsize=2)
def pretrain(objective: str, seed: int) -> LanguageModel:
    """A model that has read, or begun with word vectors, or done nothing yet."""
    torch.manual_seed(seed)
    vocabulary = vocabulary_of_phrasebook()
    model = LanguageModel(
        LanguageModelConfig(vocab=len(vocabulary), causal=objective == "next", **SIZES)
    )
    if objective == "word2vec":
        vectors = train_word_vectors(map(list, known_words()), dimension=64, epochs=2, seed=seed)
        rows = [vocabulary.ids[word] for word in vectors.words]
        model.embedding.weight.data[rows] = vectors.vectors
    if objective in ("copy", "masked", "next"):
        ids, total = encoded(known_words()), len(known_words()) / 32
        optimizer = torch.optim.AdamW(model.parameters(), 0.003)
        climb = climb_and_fall(optimizer, total)

        def loss(model, batch):
            return loss_of(model, objective, batch)

        fit(model, lambda: batches(ids), loss, optimizer, clip=1.0, scheduler=climb)
    return model.eval()


# --------------------------------------------------------------------------------- what it is worth


def sentence_vectors(model, ids):
    """The mean state of the words of each sentence: ids [B, T] → [B, D]."""
    there = masks.padding(ids)  # [B, 1, T]
    states = model.states(ids, None if model.config.causal else there)
    return (there.float() @ states)[:, 0] / there.sum(-1)


def probe(vectors, labels, learn, choose, *tests) -> list[float]:
    """Ridge regression on vectors [n, D] that stay as they are, the penalty by `choose`: accuracy
    on each of tests."""
    x = vectors.double()
    x = (x - x[learn].mean(0)) / (x[learn].std(0) + 1e-6)
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    wanted, best = nn.functional.one_hot(labels).double(), (-1.0, None)
    for penalty in (1.0, 10.0, 100.0, 1000.0):
        square = x[learn].T @ x[learn] + penalty * torch.eye(x.shape[1])
        right = (x @ torch.linalg.solve(square, x[learn].T @ wanted[learn])).argmax(1) == labels
        score = right[choose].float().mean().item()
        if score > best[0]:
            best = score, right
    return [best[1][test].float().mean().item() for test in tests]


def tune(model, ids, labels, n_kinds, rows, lr, seed) -> dict:
    """Train everything for 40 steps: accuracy on the sentences to choose by, and to test on."""
    learn, choose, test = rows
    torch.manual_seed(seed)
    pupil, head = copy.deepcopy(model), nn.Linear(model.config.d_model, n_kinds)
    optimizer = torch.optim.AdamW([*pupil.parameters(), *head.parameters()], lr)

    def loss(pupil, some):
        batch = ids[some][:, : int((ids[some] != 0).sum(1).max())]
        return cross_entropy(head(sentence_vectors(pupil, batch)), labels[some])

    fit(pupil, [learn[torch.randperm(len(learn))[:32]] for _ in range(40)], loss, optimizer)
    with torch.no_grad():
        right = [
            (head(sentence_vectors(pupil, ids[of])).argmax(-1) == labels[of]).float().mean().item()
            for of in (choose, test)
        ]
    return {"chosen_by": right[0], "accuracy": right[1]}


@torch.no_grad()
def senses(model, seed, at_end=False) -> float:
    """Which of six senses, by a probe on one state, from 200 labelled words."""
    learn, test = with_two_senses("train"), with_two_senses("valid") + with_two_senses("test")
    examples = learn + test
    ids = encoded([words for words, _, _ in examples])
    mask = None if model.config.causal else masks.padding(ids)
    ends = (ids != 0).sum(1) - 1
    at = ends if at_end else torch.tensor([place + 1 for _, place, _ in examples])
    vectors = model.states(ids, mask)[torch.arange(len(ids)), at]
    labels = torch.tensor([sense for _, _, sense in examples])
    order = torch.randperm(len(learn), generator=torch.Generator().manual_seed(seed))
    tested = torch.arange(len(learn), len(examples))
    test = torch.cat([order[500:], tested])
    (right,) = probe(vectors, labels, order[:200], order[200:500], test)
    return right


BEST = {"none": (0.008,), "masked": (0.004,)}


def runs() -> list[dict]:
    """Two seeds each, probed; no reading and masked words also tuned, at five rates from the first
    seed and at the best of them from the second."""
    return [
        {"objective": objective, "seed": seed, "lr": lr}
        for objective in ("none", "masked", "word2vec", "counts")
        for seed, rates in enumerate((RATES, BEST.get(objective)))
        for lr in (0.0, *(rates if objective in BEST else ()))
    ]


def measure(objective: str, seed: int, lr: float) -> list[dict]:
    """Accuracy on 1,000 new sentences by the number of labels, and on words of two senses."""
    sentences, labels, n_kinds = labelled()
    order, choose, test = parts(seed)
    ids = encoded(sentences)
    if lr:
        model = pretrain(objective, seed)
        return [
            {"way": "tuned", "labels": n}
            | tune(model, ids, labels, n_kinds, (order[:n], choose, test), lr, seed)
            for n in TUNED
        ]
    if objective == "counts":
        vectors = nn.functional.one_hot(ids, len(vocabulary_of_phrasebook())).sum(1)
        vectors = vectors[:, 1:]  # without the padding
    else:
        model = pretrain(objective, seed)
        with torch.no_grad():
            vectors = sentence_vectors(model, ids)
    found = []
    for n in LABELS:
        (right,) = probe(vectors, labels, order[:n], choose, test)
        found.append({"way": "frozen", "labels": n, "accuracy": right})
    if objective != "counts":
        for way, at_end in (("sense", False), ("sense, end", True)):
            right = senses(model, seed, at_end)
            found.append({"way": way, "labels": 200, "accuracy": right})
    return found
