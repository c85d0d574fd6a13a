"""Show, attend and tell, in small: a strip of handwritten digits is read out, word by word, by a
decoder that looks at the places of the picture. Chapter 10."""

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy, relu

from attend.attention import AdditiveAttention
from attend.training import fit

__all__ = ["DIGITS", "HIGH", "WIDE", "WORDS", "Captioner", "caption", "strips", "train_captioner"]

WORDS = [*"zero one two three four five six seven eight nine".split(), "<eos>", "<bos>"]
EOS, BOS = 10, 11
HIGH, WIDE = 8, 36  # pixels of a strip
DIGITS = 3


def strips(count: int, part: str, seed: int = 0):
    """Pictures [B, 8, 36], what they show [B, 4], and the column at which each digit begins [B, 3].

    Three scans of scikit-learn's digits stand from left to right at random distances; the
    labels end with <eos>. part: "train" draws from the first 1,400 scans, "test" from the others.
    """
    if part not in ("train", "test"):
        raise ValueError(f"part must be train or test, got {part!r}")
    scans, labels = load_digits(return_X_y=True)
    pool = torch.arange(1400) if part == "train" else torch.arange(1400, len(labels))
    generator = torch.Generator().manual_seed(seed)
    chosen = pool[torch.randint(len(pool), (count, DIGITS), generator=generator)]  # [B, 3]
    scans = torch.tensor(scans, dtype=torch.float32).unflatten(1, (8, 8))[chosen] / 16
    spare = WIDE - 8 * DIGITS + 1
    starts = torch.randint(spare, (count, DIGITS), generator=generator).sort(dim=1).values
    starts = starts + 8 * torch.arange(DIGITS)  # [B, 3]
    pictures = torch.zeros(count, HIGH, WIDE)
    for digit in range(DIGITS):
        for row, start in enumerate(starts[:, digit].tolist()):
            pictures[row, :, start : start + 8] = scans[row, digit]
    said = torch.cat([torch.tensor(labels)[chosen], torch.full((count, 1), EOS)], dim=1)
    return pictures, said, starts


class Captioner(nn.Module):
    """Pictures [B, 8, 36] and the words so far [B, T] → logits [B, T, 11], maps [B, T, 4, 18].

    Two convolutions make a vector for each of 4 × 18 places; before every word the decoder's state
    attends over the places (Bahdanau's order). Source: Xu et al. 2015. Taught in chapter 10.
    """

    def __init__(self, d_model: int = 64):
        super().__init__()
        self.see = nn.Conv2d(1, 32, 4, stride=2, padding=1)
        self.look = nn.Conv2d(32, d_model, 3, padding=1)
        self.place = nn.Parameter(torch.randn(HIGH // 2 * WIDE // 2, d_model) / 2)
        self.embed = nn.Embedding(len(WORDS), d_model)
        self.attention = AdditiveAttention(d_model, d_model, d_model)
        self.step = nn.GRUCell(2 * d_model, d_model)
        self.tell = nn.Linear(2 * d_model, len(WORDS) - 1)

    def forward(self, pictures, words):
        places = relu(self.look(relu(self.see(pictures[:, None]))))  # [B, D, 4, 18]
        places = places.flatten(2).mT + self.place  # [B, S, D], S = 72
        state, logits, maps = places.mean(1), [], []  # [B, D]
        for word in self.embed(words).unbind(1):  # T times [B, D]
            context, weights = self.attention(state[:, None], places, places)  # [B, 1, D]
            state = self.step(torch.cat([word, context[:, 0]], dim=-1), state)
            logits.append(self.tell(torch.cat([state, context[:, 0]], dim=-1)))
            maps.append(weights.unflatten(2, (HIGH // 2, WIDE // 2)))  # [B, 1, 4, 18]
        return torch.stack(logits, dim=1), torch.cat(maps, dim=1)


def train_captioner(count: int = 1500, epochs: int = 8, seed: int = 0) -> Captioner:
    """A captioner trained with teacher forcing and Adam (0.01), in batches of 64 strips."""
    torch.manual_seed(seed)
    pictures, said, _ = strips(count, "train", seed)
    begun = torch.cat([torch.full((count, 1), BOS), said[:, :-1]], dim=1)  # [B, 4]
    model = Captioner()

    def loss(model, rows):
        logits, _ = model(pictures[rows], begun[rows])
        return cross_entropy(logits.flatten(0, 1), said[rows].flatten())

    fit(
        model,
        batches=lambda: torch.randperm(count).split(64),
        loss=loss,
        optimizer=torch.optim.Adam(model.parameters(), lr=0.01),
        epochs=epochs,
        name="captions",
    )
    return model


@torch.no_grad()
def caption(model, pictures):
    """What the model says of pictures [B, 8, 36], and where it looks: words [B, 4], maps [B, 4, 4,
    18]. At each step the likeliest word."""
    words = torch.full((len(pictures), 1), BOS)
    for _ in range(DIGITS + 1):
        logits, maps = model(pictures, words)
        words = torch.cat([words, logits[:, -1:].argmax(-1)], dim=1)
    return words[:, 1:], maps
