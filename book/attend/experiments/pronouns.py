"""What is *it*? A small grammar of one ambiguous pronoun, and the models that learn to resolve it.
Chapter 11.

One and two rounds of attention, recurrent networks with as many weights, and attention without the
division by √d_k, at four learning rates.
`python -m attend.experiments.pronouns` draws the picture of the README.
"""

import random

import matplotlib.pyplot as plt
import torch
from torch import nn

from attend.attention import attend
from attend.experiments import provenance
from attend.text import Vocabulary
from attend.training import fit

__all__ = [
    "ANIMALS",
    "IT",
    "NOUNS",
    "OF_ANIMALS",
    "OF_PLACES",
    "PLACE",
    "PLACES",
    "READERS",
    "REASON",
    "SUBJECT",
    "PronounReader",
    "examine",
    "measure",
    "referents",
    "runs",
    "sentence",
    "tensors",
    "train_reader",
]

ANIMALS = """animal dog cat horse cow goat sheep pig fox wolf bear hare mouse duck goose hen
             donkey camel pony lamb frog otter badger tortoise hedgehog squirrel rabbit""".split()
PLACES = """street road bridge river canal field meadow forest park path square yard beach
            valley motorway alley stream ditch""".split()
# what an animal can be too much of, and what a place can
OF_ANIMALS = "tired hungry scared sleepy weak ill shy lazy".split()
OF_PLACES = "wide muddy flooded crowded steep noisy slippery narrow".split()
NOUNS = ANIMALS + PLACES
SUBJECT, PLACE, IT, REASON = 1, 5, 7, 10  # where the words stand that matter


def sentence(animal: str, place: str, reason: str) -> list[str]:
    """The tokens of one sentence: 11 of them, whatever the words."""
    return f"The {animal} didn't cross the {place} because it was too {reason}".split()


def referents(seed: int = 0) -> tuple[list, list, list]:
    """Sentences to learn from, to choose by and to be tested on: each a pair (tokens, what *it*
    stands for).

    A quarter of the (animal, place) pairs is held out, half of it for the test, the animal and the
    street of the title among them: the model has read each of those words, and never the two
    together.
    """
    pairs = [(animal, place) for animal in ANIMALS for place in PLACES]
    random.Random(seed).shuffle(pairs)
    pairs.sort(key=lambda pair: pair != ("animal", "street"))
    cut = len(pairs) // 4

    def spell(chosen):
        answers = [(OF_ANIMALS, 0), (OF_PLACES, 1)]
        return [
            (sentence(*pair, word), pair[k])
            for pair in chosen
            for words, k in answers
            for word in words
        ]

    return spell(pairs[cut:]), spell(pairs[cut // 2 : cut]), spell(pairs[: cut // 2])


class PronounReader(nn.Module):
    """Reads a sentence in rounds of self-attention and names the noun that *it* stands for.
    ids [B, T] → logits over NOUNS [B, 45], weights [B, rounds, T, T].

    In every round each word takes three views of itself, attends to all words, and adds what it
    heard to what it was. The answer is read off what *it* took away in the last round. No
    positions, no masks, one head. factor: of the scores; √d_model undoes their division. Taught in
    chapter 11.
    """

    def __init__(
        self, vocabulary_size: int, d_model: int = 32, rounds: int = 2, factor: float = 1.0
    ):
        super().__init__()
        self.factor = factor
        self.embed = nn.Embedding(vocabulary_size, d_model)
        self.views = nn.ModuleList(
            nn.Linear(d_model, 3 * d_model, bias=False) for _ in range(rounds)
        )
        self.answer = nn.Linear(d_model, len(NOUNS))

    def forward(self, ids):
        x = self.embed(ids)  # [B, T, D]
        rounds = []
        for views in self.views:
            queries, keys, values = views(x).chunk(3, dim=-1)  # three times [B, T, D]
            context, weights = attend(queries * self.factor, keys, values)  # [B, T, D], [B, T, T]
            x = x + context
            rounds.append(weights)
        return self.answer(context[:, IT]), torch.stack(rounds, dim=1)


class RecurrentReader(nn.Module):
    """A GRU that names the noun: after the last word, or, reading both ways, at *it*.
    ids [B, T] → logits over NOUNS [B, 45], None."""

    def __init__(self, vocabulary_size: int, both_ways: bool = False, d_embed: int = 32):
        super().__init__()
        width = 19 if both_ways else 32  # about as many weights as the reader of two rounds
        self.embed = nn.Embedding(vocabulary_size, d_embed)
        self.gru = nn.GRU(d_embed, width, batch_first=True, bidirectional=both_ways)
        self.place = IT if both_ways else -1
        self.answer = nn.Linear(width * (1 + both_ways), len(NOUNS))

    def forward(self, ids):
        states, _ = self.gru(self.embed(ids))  # [B, T, width]
        return self.answer(states[:, self.place]), None


READERS = {
    "one round": {"rounds": 1},
    "two rounds": {},
    "two rounds, no scale": {"factor": 32**0.5},
    "GRU": {"both_ways": False},
    "GRU both ways": {"both_ways": True},
}


def tensors(examples, vocabulary: Vocabulary) -> tuple[torch.Tensor, torch.Tensor]:
    """Examples as numbers: ids [B, T] and the number of the noun meant [B]."""
    ids = torch.tensor([vocabulary.encode(tokens) for tokens, _ in examples])  # [B, T]
    return ids, torch.tensor([NOUNS.index(noun) for _, noun in examples])  # [B]


def train_reader(
    vocabulary: Vocabulary, examples, kind: str = "two rounds", lr: float = 0.003, seed: int = 0
) -> nn.Module:
    """A reader of one of the kinds in READERS, trained on the examples with Adam in batches of 64
    for 15 passes."""
    torch.manual_seed(seed)
    ids, nouns = tensors(examples, vocabulary)
    build = RecurrentReader if "GRU" in kind else PronounReader
    reader = build(len(vocabulary), **READERS[kind])
    fit(
        reader,
        batches=lambda: torch.randperm(len(ids)).split(64),
        loss=lambda model, rows: nn.functional.cross_entropy(model(ids[rows])[0], nouns[rows]),
        optimizer=torch.optim.Adam(reader.parameters(), lr=lr),
        epochs=15,
        name=kind,
    )
    return reader


@torch.no_grad()
def examine(reader: nn.Module, vocabulary: Vocabulary, examples) -> dict[str, float]:
    """How often a reader is right, and where *it* looks in the last round of one that attends:
    shares of all sentences, and mean weights."""
    ids, nouns = tensors(examples, vocabulary)
    logits, weights = reader(ids)
    found = {"accuracy": (logits.argmax(-1) == nouns).float().mean().item()}
    if weights is None:
        return found
    looks = weights[:, -1, IT]  # [B, T]
    meant = torch.where(nouns < len(ANIMALS), SUBJECT, PLACE)  # [B]
    other = SUBJECT + PLACE - meant
    share = looks.gather(1, torch.stack([meant, other], dim=1)).mean(0)
    return found | {
        "looks_first_at_meant": (looks.argmax(-1) == meant).float().mean().item(),
        "looks_first_at_other": (looks.argmax(-1) == other).float().mean().item(),
        "share_of_meant": share[0].item(),
        "share_of_other": share[1].item(),
    }


def draw(reader, vocabulary, path) -> None:
    """The picture of the README: where *it* looks in the last round, for the two endings."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), facecolor="#fbfaf7", layout="constrained")
    for axis, reason in zip(axes, ("tired", "wide"), strict=True):
        words = sentence("animal", "street", reason)
        with torch.no_grad():
            looks = reader(torch.tensor([vocabulary.encode(words)]))[1][0, -1, IT]  # [T]
        for place, (word, share) in enumerate(zip(words, looks.tolist(), strict=True)):
            bold = "bold" if place == IT else "normal"
            axis.text(-0.05, -place, word, ha="right", va="center", weight=bold)
            axis.text(1.05, -place, word, ha="left", va="center")
            axis.plot([0, 1], [-IT, -place], color="#0072B2", alpha=share, linewidth=5 * share)
        axis.set(xlim=(-0.6, 1.6), title=f"… because it was too {reason}.")
        axis.axis("off")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


RATES = (0.003, 0.006, 0.012, 0.024)
ONCE = ("one round", "GRU both ways")  # the answer is clear: one seed at each rate


def runs() -> list[dict]:
    """Four rates, from two seeds where the answer is not clear, and two rounds at a good rate from
    ten."""
    grid = [
        (kind, lr, seed)
        for seed in range(2)
        for kind in READERS
        for lr in RATES
        if not (seed and kind in ONCE)
    ]
    grid += [("GRU", 0.048, 0)]  # it is best at the edge
    grid += [("two rounds", 0.006, seed) for seed in range(2, 10)]
    return [{"reader": kind, "lr": lr, "seed": seed} for kind, lr, seed in grid]


def measure(reader, lr, seed) -> dict:
    """How often the reader is right, and where *it* looks; the accuracy on the sentences to choose
    by; and of how many weights it is made."""
    learn, valid, test = referents()
    vocabulary = Vocabulary(tokens for tokens, _ in learn)
    trained = train_reader(vocabulary, learn, reader, lr, seed)
    return {
        "parameters": sum(parameter.numel() for parameter in trained.parameters()),
        "valid_accuracy": examine(trained, vocabulary, valid)["accuracy"],
        **examine(trained, vocabulary, test),
    }


if __name__ == "__main__":
    learn, _, _ = referents()
    vocabulary = Vocabulary(tokens for tokens, _ in learn)
    picture = provenance.HERE.parents[1] / "assets" / "it.svg"
    draw(train_reader(vocabulary, learn), vocabulary, picture)
    print(picture)
