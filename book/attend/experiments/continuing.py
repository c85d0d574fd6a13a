"""Three readers of the same English that say what comes next, with as many weights and as much time
each. Chapter 18.

The text is that of the standard library (`pydoc_data.topics`), which differs by version of Python;
every tenth topic is held out. Its pieces are those of a `BytePairEncoder` with 500 merges. "today"
is the block of today, "2017, pre-norm" torch's encoder with a causal mask, "RNN" torch's; all tie
their embeddings. Rows of 128 pieces, AdamW, warm-up, cosine, clipping. `seconds`: of CPU time for
training; `steps`: of eight rows each; 0 where the other is the budget.
"""

import time
from functools import lru_cache
from math import cos, log, pi

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from attend.language import LanguageModel, LanguageModelConfig
from attend.text import BytePairEncoder

__all__ = ["KINDS", "bits_per_byte", "build", "measure", "numbers", "runs", "texts", "train"]

KINDS = ("today", "2017, pre-norm", "RNN")
LENGTH, ROWS = 128, 8


@lru_cache(maxsize=1)
def texts():
    """The encoder, and the pieces of the text to learn from and of the text held out."""
    from pydoc_data.topics import topics

    documents = [topics[name] for name in sorted(topics)]
    learn = "\n".join(text for i, text in enumerate(documents) if i % 10 != 6)
    held_out = "\n".join(documents[6::10])
    encoder = BytePairEncoder(learn, 500)
    return encoder, torch.tensor(encoder.encode(learn)), held_out


class Torch2017(nn.Module):
    """torch.nn.TransformerEncoder with a causal mask: ids [B, T] → logits [B, T, V]."""

    def __init__(self, vocab, width):
        super().__init__()
        self.embed, self.place = nn.Embedding(vocab, width), nn.Embedding(LENGTH, width)
        layer = nn.TransformerEncoderLayer(
            width, 4, 3 * width, 0.0, batch_first=True, norm_first=True
        )
        last = nn.LayerNorm(width)
        self.encoder = nn.TransformerEncoder(layer, 2, last, enable_nested_tensor=False)
        for table in (self.embed, self.place):
            nn.init.normal_(table.weight, std=width**-0.5)

    def forward(self, ids):
        x = self.embed(ids) + self.place.weight[: ids.shape[1]]  # [B, T, D]
        hidden = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        return self.encoder(x, hidden, is_causal=True) @ self.embed.weight.T


class Recurrent(nn.Module):
    """One layer of torch's: ids [B, T] → logits [B, T, V]."""

    def __init__(self, vocab, width, kind, units):
        super().__init__()
        self.embed, self.cell = nn.Embedding(vocab, width), kind(width, units, batch_first=True)
        self.back = nn.Linear(units, width)
        nn.init.normal_(self.embed.weight, std=width**-0.5)

    def forward(self, ids):
        return self.back(self.cell(self.embed(ids))[0]) @ self.embed.weight.T


def build(kind: str, vocab: int, width: int) -> nn.Module:
    """A reader; at width 64 all three have the same number of weights, to 3 %."""
    if kind == "today":
        d_ff = 8 * width // 3
        sizes = {"d_model": width, "n_heads": 4, "n_layers": 2, "d_ff": d_ff, "n_kv_heads": 2}
        return LanguageModel(LanguageModelConfig(vocab, max_length=LENGTH, **sizes))
    if kind == "2017, pre-norm":
        return Torch2017(vocab, width)
    return Recurrent(vocab, width, nn.RNN, 244)


def numbers(model) -> int:
    """How many numbers a model learns."""
    return sum(p.numel() for p in model.parameters())


def loss_of(model, rows):
    """Nats a piece; rows [B, T + 1]."""
    return cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


@torch.no_grad()
def bits_per_byte(model, encoder, text: str) -> float:
    """−log₂ P of the text, a row of 128 pieces after the other, over its bytes."""
    ids = torch.tensor(encoder.encode(text))
    rows = ids[: (len(ids) - 1) // LENGTH * LENGTH + 1].unfold(0, LENGTH + 1, LENGTH)
    nats = sum(loss_of(model.eval(), some).item() * some[:, 1:].numel() for some in rows.split(32))
    read = encoder.decode(rows[:, 1:].flatten())
    return nats / log(2) / len(read.encode())


def train(model, pieces, lr: float, seconds: float = 0, steps: int = 0) -> int:
    """AdamW on rows from anywhere in the text, for so long: the number of steps taken."""
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.95), weight_decay=0.1)
    model.train()
    begun, done, taken = time.process_time(), 0.0, 0
    while done < 1:
        for group in optimizer.param_groups:
            group["lr"] = lr * min(1, done / 0.05 + 0.01) * (1 + cos(pi * done)) / 2
        at = torch.randint(len(pieces) - LENGTH, (ROWS,))
        loss = loss_of(model, torch.stack([pieces[i : i + LENGTH + 1] for i in at]))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        taken += 1
        done = taken / steps if steps else (time.process_time() - begun) / seconds
    return taken


def runs() -> list[dict]:
    """Each kind at three rates."""
    return [
        {"kind": kind, "width": 64, "seconds": 8, "steps": 0, "lr": lr, "seed": 0}
        for kind in KINDS
        for lr in (0.004, 0.008, 0.016)
    ]


def measure(kind: str, width: int, seconds: float, steps: int, lr: float, seed: int) -> dict:
    """Train, and read the held-out text: weights without the embedding's, steps, bits a byte."""
    encoder, pieces, held_out = texts()
    torch.manual_seed(seed)
    model = build(kind, len(encoder), width)
    warm = torch.stack([pieces[: LENGTH + 1]] * ROWS)
    loss_of(model, warm).backward()  # so that what torch prepares once is no part of the time
    taken = train(model, pieces, lr, seconds, steps)
    return {
        "weights": numbers(model),
        "in_embedding": len(encoder) * width,
        "taken": taken,
        "bits": bits_per_byte(model, encoder, held_out),
    }
