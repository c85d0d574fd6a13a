"""Training a translator and scoring its translations. Taught in chapter 09; chapters 10 and 16
train and score theirs with it."""

from itertools import pairwise
from typing import NamedTuple

import torch
from torch.nn.functional import cross_entropy

from attend import checks
from attend.metrics import bleu
from attend.text import PAD_ID
from attend.training import fit

__all__ = ["Score", "next_word_loss", "score", "train"]


def next_word_loss(model, batch, smoothing=0.0, pad=PAD_ID):
    """The mean of −ln P(y_t | y_1 … y_{t−1}, x) over all words of a batch, <eos> among them.
    model(source [B, S], target [B, T]) → logits [B, T, V]; the target goes in without its last
    word and is compared without its first.

    The batch is moved to where the model is. smoothing: the part of the right answer that is spread
    over all words (chapter 16). Taught in chapter 09.
    """
    source, target = (ids.to(checks.device_of(model, ids)) for ids in batch)
    logits = model(source, target[:, :-1])  # [B, T − 1, V]
    right = target[:, 1:].flatten()  # [B · (T − 1)]
    smoothing = float(smoothing)
    return cross_entropy(logits.flatten(0, 1), right, ignore_index=pad, label_smoothing=smoothing)


def train(model, batches, epochs, lr=0.003, warmup=0, loss=next_word_loss, name="translating"):
    """Adam on the loss of the next word; the learning rate falls in a straight line from `lr` to 0
    after the last step, and the gradient is clipped to length 1. With `warmup` (chapter 16) the
    rate first climbs in a straight line for so many steps.

    Returns the mean loss of each epoch. Raises ValueError for epochs below 1, a rate that is not
    above 0, a warm-up below 0, and what `fit` does not take. Taught in chapter 09.
    """
    epochs, warmup = checks.whole_number("epochs", epochs), checks.whole_number("warmup", warmup, 0)
    optimizer = torch.optim.Adam(model.parameters(), checks.above_0("lr", lr))
    total = epochs * len(batches)

    def factor(step):
        return min((step + 1) / (warmup + 1), 1 - step / total)

    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    return fit(model, batches, loss, optimizer, epochs, name, clip=1.0, scheduler=scheduler)


class Score(NamedTuple):
    """BLEU of all sentences, and of the shortest to the longest quarter of them."""

    bleu: float
    quarters: list[float]
    hypotheses: list[str]


def score(translate, model, codec, pairs, max_length=40, size=200):
    """Translate the pairs' sources and compare with their targets, word by word.

    translate(model, source [B, S], max_length) → ids [B, T], alone or first of a tuple. Quarters
    are by the length of the source. Raises ValueError for fewer than four pairs and a size below 1.
    Taught in chapter 09.
    """
    size = checks.whole_number("size", size)
    if len(pairs) < 4:
        raise ValueError(f"pairs must be at least 4, one a quarter, got {len(pairs)}")
    pairs_by_length = sorted(range(len(pairs)), key=lambda i: len(pairs[i].source))
    hypotheses = [""] * len(pairs)
    for start in range(0, len(pairs), size):
        some_places = pairs_by_length[start : start + size]
        source, _ = codec.encode([pairs[i] for i in some_places])
        ids = translate(model, source.to(checks.device_of(model, source)), max_length)
        ids = ids[0] if isinstance(ids, tuple) else ids
        for i, words in zip(some_places, codec.decode(ids), strict=True):
            hypotheses[i] = " ".join(words)
    references = [" ".join(pair.target) for pair in pairs]

    def of(places):
        return bleu([hypotheses[i] for i in places], [references[i] for i in places], "none")

    cuts = [round(len(pairs) * q / 4) for q in range(5)]
    quarters = [of(pairs_by_length[a:b]) for a, b in pairwise(cuts)]
    return Score(of(pairs_by_length), quarters, hypotheses)
