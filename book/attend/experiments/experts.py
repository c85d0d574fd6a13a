"""What do experts bring to a small language model? The English of the phrasebook, word by word, is
read by a block of today whose feed-forward network is one of four: "dense", as wide as one expert;
"wide", with as many weights as all eight; "experts", eight of them of which each word meets one,
with a loss that balances them; and "unbalanced", without that loss. Chapter 20.

One block, 32 numbers a word, rows of 32 words from anywhere in the text, 16 a step, 200 steps of
Adam. Losses are nats a word, on sentences held out. `busiest`: the share of these words that went
to the busiest expert of the eight; `idle`: how many experts got less than one word in a hundred.
"""

from functools import cache

import torch
from torch.nn.functional import cross_entropy

from attend.cost import MixtureOfExperts, multiply_adds
from attend.language import LanguageModel, LanguageModelConfig
from attend.phrasebook import pairs
from attend.text import BOS, EOS, EOS_ID, Vocabulary
from attend.training import fit

__all__ = ["KINDS", "build", "loss_of", "measure", "runs", "text", "train"]

KINDS = ("dense", "wide", "experts", "unbalanced")
LENGTH, ROWS, STEPS, EXPERTS, WIDTH, INNER = 32, 16, 200, 8, 32, 64


@cache
def text():
    """The vocabulary, and the words of the sentences to learn from and held out, in one row each,
    <eos> after every sentence."""
    learn, held_out = ([pair.target for pair in pairs(split)] for split in ("train", "valid"))
    words = Vocabulary(learn, specials=(BOS, EOS))
    rows = [[i for one in part for i in [*words.encode(one), EOS_ID]] for part in (learn, held_out)]
    return words, *map(torch.tensor, rows)


def build(kind: str, vocab: int) -> LanguageModel:
    """A block of today with one of the four networks."""
    d_ff = EXPERTS * INNER if kind == "wide" else INNER
    sizes = {"d_model": WIDTH, "n_heads": 4, "n_layers": 1, "d_ff": d_ff, "max_length": LENGTH}
    model = LanguageModel(LanguageModelConfig(vocab, **sizes))
    if kind in ("experts", "unbalanced"):
        model.blocks[0].network = MixtureOfExperts(WIDTH, INNER, EXPERTS)
    return model


def loss_of(model, rows):
    """Nats a word; rows [B, T + 1]."""
    return cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


def train(model, words, lr: float, steps: int, balance: float = 0.0, length: int = LENGTH):
    """Adam, the rate falling in a straight line to 0; balance: the weight of that loss."""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    falls = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: 1 - n / steps)

    def loss(model, at):
        found = loss_of(model, torch.stack([words[i : i + length + 1] for i in at]))
        return found + balance * model.blocks[0].network.balance if balance else found

    places = [torch.randint(len(words) - length, (ROWS,)) for _ in range(steps)]
    fit(model, places, loss, optimizer, scheduler=falls)
    return model


def runs() -> list[dict]:
    """Each kind at four rates, those with experts with two seeds."""
    rates = (0.008, 0.016, 0.032, 0.064)
    return [
        {"kind": kind, "rate": rate, "seed": seed}
        for seed in range(2)
        for kind in KINDS[2 * seed :]
        for rate in rates
    ]


def measure(kind: str, rate: float, seed: int) -> dict:
    """Train, and read what was held out."""
    words, learn, held_out = text()
    torch.manual_seed(seed)
    model = build(kind, len(words))
    network = model.blocks[0].network
    train(model, learn, rate, STEPS, 0.02 if kind == "experts" else 0.0)
    rows = held_out[: (len(held_out) - 1) // LENGTH * LENGTH + 1].unfold(0, LENGTH + 1, LENGTH)
    with torch.no_grad():
        loss = loss_of(model, rows).item()
        met = multiply_adds(network, torch.zeros(1, WIDTH))
    load = getattr(network, "load", None)
    if load is not None:
        with torch.no_grad():
            model(rows[:, :-1])
        load = network.load
    return {
        "weights": sum(p.numel() for p in network.parameters()),
        "multiply_adds": met,
        "loss": loss,
        "busiest": 0.0 if load is None else load.max().item(),
        "idle": 0 if load is None else int((load < 0.01).sum()),
    }
