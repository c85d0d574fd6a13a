"""Five readers of the opinions of chapter 07: which of them hears the order of the words, and which
of them can read what is longer, or has a word in a place that training did not show?

Each is trained on the same sentences at four learning rates from three seeds. Twice: on opinions of
all kinds, and on those alone in which *clever* and *awful* never come first.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

from attend.experiments.readings import BAD, GOOD, NOUNS, opinions
from attend.recurrent import RNN
from attend.text import Vocabulary, pad
from attend.training import fit

__all__ = [
    "PLACES",
    "READERS",
    "Concatenation",
    "Recurrence",
    "TextCNN",
    "measure",
    "nine_places",
    "runs",
    "stretched",
    "train_reader",
]

PLACES = 9  # the longest opinion
MOVED = {"clever", "awful"}  # words that come second only, the second time


class Concatenation(nn.Module):
    """The vectors of nine places end to end, through a hidden layer: ids [B, T] → logits [B, 2]."""

    def __init__(self, n_words: int, n_embed: int = 16, n_hidden: int = 32):
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed)
        self.hidden = nn.Linear(PLACES * n_embed, n_hidden)
        self.answer = nn.Linear(n_hidden, 2)

    def forward(self, ids):
        x = self.embed(nine_places(ids)).flatten(1)  # [B, 9 · 16]
        return self.answer(self.hidden(x).relu())


class TextCNN(nn.Module):
    """Kernels that see three words each slide over the sentence; of each the largest answer is
    kept. ids [B, T] → logits [B, 2].

    Source: Kim 2014. Taught in chapter 07.
    """

    def __init__(self, n_words: int, n_embed: int = 16, n_kernels: int = 32):
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed, padding_idx=0)
        self.kernels = nn.Conv1d(n_embed, n_kernels, kernel_size=3, padding=1)
        self.answer = nn.Linear(n_kernels, 2)

    def forward(self, ids):
        found = self.kernels(self.embed(ids).mT).relu()  # [B, 32, T]
        return self.answer(found.amax(dim=-1))  # [B, 32] → [B, 2]


class Recurrence(nn.Module):
    """An RNN that answers from its last state: ids [B, T] → logits [B, 2]."""

    def __init__(self, n_words: int, n_embed: int = 16, n_hidden: int = 32):
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed)
        self.rnn = RNN(n_embed, n_hidden)
        self.answer = nn.Linear(n_hidden, 2)

    def forward(self, ids):
        _, last = self.rnn(self.embed(ids), lengths=(ids > 0).sum(dim=1))  # [1, B, 32]
        return self.answer(last[0])


class Bag(nn.Module):
    """The sum of the words' vectors, through a hidden layer: ids [B, T] → logits [B, 2]."""

    def __init__(self, n_words: int, n_embed: int = 16, n_hidden: int = 32):
        super().__init__()
        self.embed = nn.Embedding(n_words, n_embed, padding_idx=0)
        self.hidden = nn.Linear(n_embed, n_hidden)
        self.answer = nn.Linear(n_hidden, 2)

    def forward(self, ids):
        return self.answer(self.hidden(self.embed(ids).sum(dim=1)).relu())


class OneHots(nn.Module):
    """As `Concatenation`, with one-hot vectors: no place shares anything with another."""

    def __init__(self, n_words: int, n_hidden: int = 32):
        super().__init__()
        self.n_words = n_words
        self.hidden = nn.Linear(PLACES * n_words, n_hidden)
        self.answer = nn.Linear(n_hidden, 2)

    def forward(self, ids):
        x = one_hot(nine_places(ids), self.n_words).float().flatten(1)  # [B, 9 · V]
        return self.answer(self.hidden(x).relu())


def nine_places(ids):
    """ids [B, T] → [B, 9]: padded, and what is longer is cut."""
    return nn.functional.pad(ids[:, :PLACES], (0, max(0, PLACES - ids.shape[1])))


READERS = {
    "bag": Bag,
    "one-hots, end to end": OneHots,
    "concatenation": Concatenation,
    "convolution": TextCNN,
    "RNN": Recurrence,
}


def words() -> Vocabulary:
    return Vocabulary(tokens for tokens, _ in opinions())


def stretched(reallys: int) -> list[tuple[list[str], int]]:
    """Every "the film was really … really good", with `reallys` of them, with *not* and without."""
    found = []
    for kind, adjectives in enumerate((BAD, GOOD)):
        for start, label in (("was", kind), ("was not", 1 - kind)):
            for noun, a in ((noun, a) for noun in NOUNS for a in adjectives):
                found.append((f"the {noun} {start} {'really ' * reallys}{a}".split(), label))
    return found


def first_adjective(tokens: list[str]) -> str:
    return next(word for word in tokens if word in GOOD + BAD)


def tensors(examples) -> tuple[torch.Tensor, torch.Tensor]:
    """ids [B, T], labels [B]."""
    vocabulary = words()
    ids = pad([vocabulary.encode(tokens) for tokens, _ in examples])
    return ids, torch.tensor([label for _, label in examples])


def train_reader(reader: str, examples, lr: float = 0.005, seed: int = 0) -> nn.Module:
    """One of READERS after 12 passes over the examples in batches of 16, with Adam."""
    torch.manual_seed(seed)
    model, (ids, labels) = READERS[reader](len(words())), tensors(examples)
    fit(
        model,
        lambda: torch.randperm(len(ids)).split(16),
        lambda model, b: cross_entropy(model(ids[b]), labels[b]),
        torch.optim.Adam(model.parameters(), lr),
        epochs=12,
        name=reader,
    )
    return model


@torch.no_grad()
def accuracy(model: nn.Module, examples) -> float:
    """The share of opinions judged right."""
    ids, labels = tensors(examples)
    return (model(ids).argmax(-1) == labels).float().mean().item()


def runs() -> list[dict]:
    """Four rates a factor of two apart, three seeds."""
    return [
        {"reader": reader, "lr": lr, "seed": seed}
        for seed in range(3)
        for lr in (0.0025, 0.005, 0.01, 0.02)
        for reader in READERS
    ]


def measure(reader: str, lr: float, seed: int) -> dict:
    """The share judged right of the validation sentences, by which rates are chosen; of unseen
    ones; of longer ones; and of those in which an adjective is where training never had it."""
    known = opinions()
    test, valid, learn = known[:400], known[400:500], known[500:]
    model = train_reader(reader, learn, lr, seed)
    row = {"valid": accuracy(model, valid), "unseen": accuracy(model, test)}
    for reallys in (2, 3, 5, 8):
        row[f"really_{reallys}"] = accuracy(model, stretched(reallys))
    elsewhere = [each for each in learn + valid if first_adjective(each[0]) not in MOVED]
    model = train_reader(reader, elsewhere, lr, seed)
    alone = [each for each in known if len(MOVED & set(each[0])) == sum_of_adjectives(each) == 1]
    return row | {"new_place": accuracy(model, alone)}


def sum_of_adjectives(example) -> int:
    """How many adjectives an opinion has: one, or two."""
    return sum(word in GOOD + BAD for word in example[0])
