"""Language models of the phrasebook's English with an RNN, a GRU or an LSTM inside, after one pass
over the text. Chapter 08 trains them on its page.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.metrics import perplexity
from attend.phrasebook import pairs
from attend.recurrent import GRU, LSTM, RNN
from attend.text import BOS, EOS, Vocabulary, pad
from attend.training import fit

__all__ = ["Writer", "surprise", "trained"]

CELLS = {"rnn": RNN, "gru": GRU, "lstm": LSTM}


class Writer(nn.Module):
    """ids [B, T] → logits of the next token [B, T, V]. Chapter 07's `RNNLanguageModel`, with any
    cell."""

    def __init__(self, cell: str, n_words: int, width: int):
        super().__init__()
        self.embed = nn.Embedding(n_words, 64)
        self.cell = CELLS[cell](64, width)
        self.answer = nn.Linear(width, n_words)

    def forward(self, ids):
        return self.answer(self.cell(self.embed(ids))[0])


def surprise(model: Writer, batch, reduction: str = "mean"):
    """−ln p of every next token, padding left out."""
    logits, wanted = model(batch[:, :-1]), batch[:, 1:]
    return cross_entropy(
        logits.flatten(0, 1), wanted.flatten(), ignore_index=0, reduction=reduction
    )


def trained(cell: str, width: int, lr: float, seed: int = 0) -> dict:
    """A model after one pass: its perplexity on valid and test, and how many numbers it has."""
    text = {split: [pair.target for pair in pairs(split)] for split in ("train", "valid", "test")}
    tongue = Vocabulary(text["train"], specials=(BOS, EOS))
    ids = {split: [tongue.encode([BOS, *words, EOS]) for words in text[split]] for split in text}
    ordered = sorted(ids["train"], key=len)
    batches = [pad(ordered[i : i + 64]) for i in range(0, len(ordered), 64)]
    torch.manual_seed(seed)
    model = Writer(cell, len(tongue), width)
    fit(
        model,
        lambda: [batches[i] for i in torch.randperm(len(batches))],
        surprise,
        torch.optim.Adam(model.parameters(), lr),
        epochs=1,
        name=cell,
        clip=1.0,
    )
    with torch.no_grad():
        found = {
            split: perplexity(
                surprise(model, pad(ids[split]), "sum").item(), sum(len(row) - 1 for row in rows)
            )
            for split, rows in ids.items()
            if split != "train"
        }
    return found | {"weights": sum(weight.numel() for weight in model.parameters())}
