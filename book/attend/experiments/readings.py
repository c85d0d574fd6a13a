"""Two reading tasks for recurrent networks: is 苹果 the fruit or the company, and is an opinion
kind? Chapter 07.

The runs are of the first: a tagger that sees one word, and a recurrent one asked at the word or at
the end of the sentence.
"""

import random
from collections import defaultdict

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from attend.optimizers import Adam
from attend.phrasebook import pairs
from attend.recurrent import RNN, NumpyRNN
from attend.text import Vocabulary, pad
from attend.training import fit

__all__ = [
    "BAD",
    "GOOD",
    "PLAIN",
    "TURNED",
    "accuracy",
    "answer",
    "apples",
    "batches",
    "measure",
    "opinions",
    "runs",
    "tag",
    "told_later",
]

TAGGERS = {  # whether it remembers, and whether it is asked at the end
    "the word alone": (False, False),
    "asked at the word": (True, False),
    "asked at the end": (True, True),
}
SAYING = "说 觉得 知道 听说".split()  # say, think, know, hear: after them nothing has told yet
GOOD, BAD = "good funny clever lovely bright".split(), "bad dull silly awful grim".split()
NOUNS = "film book play song story show".split()
PLAIN = ("{a}", "really {a}", "{a} , not {b}")  # says what a says
TURNED = ("not {a}", "not really {a}", "not {a} but {b}", "not {a} , it was {b}")

# ------------------------------------------------------------------------------- apple or Apple


def apples(*splits: str, seeds=(0, 1)) -> list[tuple]:
    """The phrasebook's sentences with 苹果, each once: (pair, where the word stands, 1 where it is
    the company and else 0)."""
    examples = {}
    for pair in (pair for split in splits for seed in seeds for pair in pairs(split, seed)):
        if "苹果" in pair.source:
            at = pair.source.index("苹果")
            english = next(pair.target[t] for s, t in pair.alignment if s == at)
            examples[" ".join(pair.source)] = (pair, at, int(english == "Apple"))
    return list(examples.values())


def told_later(examples) -> torch.Tensor:
    """Whether nothing before the word tells which it is: boolean [B]."""
    return torch.tensor([pair.source[at - 1] in SAYING for pair, at, _ in examples])


def tensors(examples, vocabulary: Vocabulary, at_end: bool) -> tuple:
    """ids [B, T], lengths [B], the step at which to ask [B, 1], labels [B, 1]."""
    lengths = torch.tensor([len(pair.source) for pair, _, _ in examples])
    at = torch.tensor([place for _, place, _ in examples])
    labels = torch.tensor([[float(company)] for _, _, company in examples])
    ids = pad([vocabulary.encode(pair.source) for pair, _, _ in examples])
    return ids, lengths, (lengths - 1 if at_end else at)[:, None], labels


class Tagger(nn.Module):
    """After each word, how much speaks for the company: ids [B, T], lengths [B] → logits [B, T].

    With `remembers`, from a recurrent network's state there; without, from the word alone.
    """

    def __init__(self, n_words: int, remembers: bool):
        super().__init__()
        self.embed = nn.Embedding(n_words, 16)
        self.rnn = RNN(16, 32) if remembers else None
        self.answer = nn.Linear(32 if remembers else 16, 1)

    def forward(self, ids, lengths):
        x = self.embed(ids)  # [B, T, 16]
        if self.rnn:
            x, _ = self.rnn(x, lengths=lengths)  # [B, T, 32]
        return self.answer(x)[..., 0]


def tag(learn, test, remembers: bool, at_end: bool, seed: int = 0, lr=0.005) -> torch.Tensor:
    """Train a tagger with Adam and ask it about the test sentences: right or not, [B]."""
    torch.manual_seed(seed)
    vocabulary = Vocabulary(pair.source for pair, _, _ in learn)
    model = Tagger(len(vocabulary), remembers)
    ids, lengths, asked, labels = tensors(learn, vocabulary, at_end)

    def loss(model, i):
        logits = model(ids[i], lengths[i]).gather(1, asked[i])
        return binary_cross_entropy_with_logits(logits, labels[i])

    optimizer = torch.optim.Adam(model.parameters(), lr)
    fit(model, lambda: torch.randperm(len(ids)).split(32), loss, optimizer, epochs=12)
    test_ids, test_lengths, where, test_labels = tensors(test, vocabulary, at_end)
    with torch.no_grad():
        says_company = model(test_ids, test_lengths).gather(1, where) > 0  # [B, 1]
        return (says_company == test_labels.bool())[:, 0]


# ------------------------------------------------------------------------------------- opinions


def opinions(seed: int = 0) -> list[tuple[list[str], int]]:
    """Every sentence of a small grammar with its label, 1 where it is kind, in random order."""
    texts = set()
    for noun in NOUNS:
        for kind, (same, other) in enumerate(((BAD, GOOD), (GOOD, BAD))):
            for a, b in ((a, b) for a in same for b in other):
                for form in PLAIN + TURNED:
                    text = f"the {noun} was {form.format(a=a, b=b)}"
                    texts.add((text, kind if form in PLAIN else 1 - kind))
    examples = [(text.split(), kind) for text, kind in sorted(texts)]
    random.Random(seed).shuffle(examples)
    return examples


def batches(examples, vectors: dict, size: int, rng):
    """Arrays x [B, T, I] and labels [B], up to `size` sentences of one length each, in random
    order. `vectors`: word → [I]."""
    lengths = defaultdict(list)
    for i in rng.permutation(len(examples)):
        lengths[len(examples[i][0])].append(examples[i])
    parts = [same[i : i + size] for same in lengths.values() for i in range(0, len(same), size)]
    for i in rng.permutation(len(parts)):
        tokens, labels = zip(*parts[i], strict=True)
        yield np.array([[vectors[word] for word in words] for words in tokens]), np.array(labels)


def answer(net: NumpyRNN, x) -> tuple[np.ndarray, np.ndarray]:
    """softmax(y) after the last word [B, 2], and every y [B, T, 2]."""
    y, _ = net(x)
    powers = np.exp(y[:, -1] - y[:, -1].max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True), y


def train_judge(examples, vectors: dict, seed: int = 0, epochs: int = 25) -> NumpyRNN:
    """A network that judges after the last word, trained by its own `backward`."""
    width = len(next(iter(vectors.values())))
    net, rng = NumpyRNN(width, 16, 2, seed=seed), np.random.default_rng(seed)
    optimizer = Adam(net.parameters(), 0.01)
    for _ in range(epochs):
        for x, labels in batches(examples, vectors, 16, rng):
            shares, y = answer(net, x)
            dy = np.zeros_like(y)  # ∂L/∂y [B, T, 2]: only the last answer counts
            dy[:, -1] = (shares - np.eye(2)[labels]) / len(labels)
            optimizer.zero_grad()
            net.backward(dy)
            optimizer.step()
    return net


def accuracy(net: NumpyRNN, examples, vectors: dict) -> float:
    """The share of opinions judged right."""
    rng = np.random.default_rng(0)
    hits = [answer(net, x)[0].argmax(1) == y for x, y in batches(examples, vectors, 64, rng)]
    return float(np.concatenate(hits).mean())


def runs() -> list[dict]:
    """Three taggers at four rates a factor of two apart, three seeds each."""
    return [
        {"tagger": tagger, "lr": lr, "seed": seed}
        for seed in range(3)
        for lr in (0.0025, 0.005, 0.01, 0.02)
        for tagger in TAGGERS
    ]


def measure(tagger: str, lr: float, seed: int) -> dict:
    """The share of test sentences right: where a word before tells, and where a later one does."""
    learn, test = apples("train"), apples("valid", "test")
    right, later = tag(learn, test, *TAGGERS[tagger], seed, lr).float(), told_later(test)
    return {"before": right[~later].mean().item(), "later": right[later].mean().item()}
