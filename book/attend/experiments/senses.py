"""Which magazine, which bank, which bat? A tagger that reads forward, or in both directions.
Chapter 08.

Four taggers are trained from five seeds each.
"""

from collections import Counter

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.phrasebook import pairs
from attend.recurrent import LSTM
from attend.text import Vocabulary, pad
from attend.training import fit

__all__ = [
    "PLANS",
    "SENSES",
    "accuracy",
    "measure",
    "runs",
    "train_tagger",
    "usual_sense",
    "with_two_senses",
]

# English words with two senses, told apart by the Chinese word for each.
WORDS = ("magazine", "bank", "bat")
SENSES = {
    "杂志": "magazine, to read",
    "弹匣": "magazine, of a gun",
    "银行": "bank, for money",
    "河岸": "bank, of a river",
    "蝙蝠": "bat, the animal",
    "球棒": "bat, to hit with",
}
# Units, and the options of the LSTM; 15 units both ways have about the parameters of 24 forward.
PLANS = {
    "forward, 24 units": (24, {}),
    "forward, 2 layers": (24, {"num_layers": 2}),
    "both ways, 15 units": (15, {"bidirectional": True}),
    "both ways, 24 units": (24, {"bidirectional": True}),
}
SEEDS = range(5)


def with_two_senses(split: str) -> list[tuple]:
    """(English words, where one of WORDS stands, the number of its sense): all of a split."""
    return [
        (pair.target, t, list(SENSES).index(pair.source[s]))
        for pair in pairs(split)
        for s, t in pair.alignment
        if pair.source[s] in SENSES and pair.target[t] in WORDS
    ]


class Tagger(nn.Module):
    """Embeds the words, reads them with an LSTM, and answers at every word. ids [B, T],
    lengths [B] or None → logits [B, T, n_tags].

    options: of the LSTM: num_layers, bidirectional. Taught in chapter 08.
    """

    def __init__(self, vocabulary_size: int, n_tags: int, n_hidden: int, **options):
        super().__init__()
        self.embed = nn.Embedding(vocabulary_size, 24)
        self.lstm = LSTM(24, n_hidden, **options)
        self.answer = nn.Linear(n_hidden * (1 + self.lstm.bidirectional), n_tags)

    def forward(self, ids, lengths=None):
        states, _ = self.lstm(self.embed(ids), lengths=lengths)  # [B, T, D · directions]
        return self.answer(states)


def tensors(examples, vocabulary: Vocabulary) -> tuple[torch.Tensor, ...]:
    """ids [B, T], lengths [B], where the words stand [B], their senses [B]."""
    ids = pad([vocabulary.encode(tokens) for tokens, _, _ in examples])
    lengths = torch.tensor([len(tokens) for tokens, _, _ in examples])
    return ids, lengths, *(torch.tensor([each[k] for each in examples]) for k in (1, 2))


def train_tagger(vocabulary, examples, n_hidden, seed=0, epochs=5, **options) -> Tagger:
    """A tagger trained on the examples with Adam (0.01) in batches of 64."""
    torch.manual_seed(seed)
    model = Tagger(len(vocabulary), len(SENSES), n_hidden, **options)
    ids, lengths, place, sense = tensors(examples, vocabulary)

    def loss(model, b):
        logits = model(ids[b], lengths[b])[torch.arange(len(b)), place[b]]
        return cross_entropy(logits, sense[b])

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    fit(model, lambda: torch.randperm(len(ids)).split(64), loss, optimizer, epochs, "tagger")
    return model


@torch.no_grad()
def accuracy(model: Tagger, vocabulary: Vocabulary, examples) -> float:
    """How many of the senses are right."""
    ids, lengths, place, sense = tensors(examples, vocabulary)
    predicted = model(ids, lengths)[torch.arange(len(ids)), place].argmax(-1)  # [B]
    return (predicted == sense).float().mean().item()


def usual_sense(learn, examples) -> float:
    """How many are right by the more frequent sense of each word."""
    counts = {word: Counter() for word in WORDS}
    for tokens, place, sense in learn:
        counts[tokens[place]][sense] += 1
    usual = {word: count.most_common(1)[0][0] for word, count in counts.items()}
    return sum(usual[tokens[place]] == sense for tokens, place, sense in examples) / len(examples)


def runs() -> list[dict]:
    """Every plan from five seeds."""
    return [{"plan": plan, "seed": seed} for plan in PLANS for seed in SEEDS]


def measure(plan, seed) -> dict:
    """The share of held-out words whose sense is named."""
    learn, test = with_two_senses("train"), with_two_senses("valid") + with_two_senses("test")
    vocabulary = Vocabulary(tokens for tokens, _, _ in learn)
    n_hidden, options = PLANS[plan]
    model = train_tagger(vocabulary, learn, n_hidden, seed, **options)
    return {"accuracy": accuracy(model, vocabulary, test)}
