"""What do the dot products of word vectors say? Skip-gram at several rates and widths: who
is beside whom, who is of a kind, and whose arithmetic works. Chapter 06."""

import numpy as np
import torch
from scipy.stats import rankdata, spearmanr

from attend.embeddings import WordVectors, context_pairs, train_skip_gram
from attend.experiments.analogies import FORMS, examine
from attend.phrasebook import pairs
from attend.text import UNK_ID

__all__ = ["KINDS", "measure", "ranked", "runs", "together"]

KINDS = {
    "drinks": "tea coffee juice milk water beer",
    "colours": "red blue white black yellow",
    "numbers": "two three four five six seven eight nine",
    "names": "Tom Anna David Mary Xiaohong Xiaoming",
    "family": "father mother brother sister uncle aunt son daughter grandfather grandmother",
    "fruit": "apple banana orange strawberry watermelon",
}


def together(rows, size, window=3):
    """How often each two tokens are within the window of one another [size, size], and their
    pointwise mutual information: the log of how many times oftener than by chance; −∞ for never."""
    counts = torch.zeros(size, size, dtype=torch.double)
    middle, near = context_pairs(rows, window)
    counts.index_put_((middle, near), torch.ones(len(middle), dtype=torch.double), accumulate=True)
    share = counts / counts.sum()
    by_chance = share.sum(dim=1, keepdim=True) * share.sum(dim=0)
    return counts, (share / by_chance).log()


def ranked(score, holds):
    """The share of all (one that holds, one that does not) in which the score of the first is the
    larger: a coin has one half (the area under the ROC curve)."""
    ranks = torch.as_tensor(rankdata(score.numpy()))
    yes, no = int(holds.sum()), int((~holds).sum())
    return float((ranks[holds].sum() - yes * (yes + 1) / 2) / (yes * no))


def runs():
    """Four rates, two seeds of the middle one, and one change at a time."""
    base = {"rate": 0.01, "width": 32, "window": 3, "seed": 0}
    changes = [{"rate": rate} for rate in (0.0025, 0.005, 0.01, 0.02)]
    changes += [{"seed": 1}, {"width": 8}, {"width": 128}]
    return [base | change for change in changes]


def measure(rate, width, window, seed):
    """pmi_…, count_…: Spearman's correlation of a dot product with the PMI and with the count, over
    pairs together at least 5 times. together_…, kind_…: see `ranked`, over words seen at least 50
    times, and over the words of KINDS. forms_…, gender_…: the shares of analogies right, and right
    by the nearest neighbour alone."""
    sentences = [pair.target for pair in pairs("train")]
    model, vocabulary = train_skip_gram(sentences, width, window, learning_rate=rate, seed=seed)
    first = UNK_ID + 1
    u, v = (table.weight.detach().double()[first:] for table in (model.middle, model.beside))
    rows = [vocabulary.encode(sentence) for sentence in sentences]
    often = torch.tensor([t for row in rows for t in row]).bincount(minlength=len(vocabulary))
    counts, pmi = (each[first:, first:] for each in together(rows, len(vocabulary), window))
    number = {word: i for i, word in enumerate(vocabulary.tokens[first:])}
    of_kind = [number[word] for words in KINDS.values() for word in words.split()]
    kinds = [kind for kind, words in KINDS.items() for word in words.split()]
    alike = torch.tensor([[a == b for b in kinds] for a in kinds])
    common = (often[first:] >= 50).nonzero().flatten()
    met = counts >= 5
    met.fill_diagonal_(False)

    def apart(matrix, of):
        return matrix[of][:, of][~torch.eye(len(of), dtype=torch.bool)]

    found = {}
    for name, scores in {"uv": u @ v.T, "uu": u @ u.T}.items():
        found[f"pmi_{name}"] = spearmanr(scores[met], pmi[met])[0]
        found[f"count_{name}"] = spearmanr(scores[met], counts[met])[0]
        found[f"together_{name}"] = ranked(apart(scores, common), apart(counts, common) > 0)
        found[f"kind_{name}"] = ranked(
            apart(scores, of_kind), alike[~torch.eye(len(kinds), dtype=torch.bool)]
        )
    words = examine(WordVectors(vocabulary.tokens[first:], u.float()))
    forms = [row for row in words if row["relation"] in FORMS]
    (gender,) = [row for row in words if row["relation"] == "gender"]
    weights = [row["questions"] for row in forms]
    for name in ("right", "raw", "beside"):
        found[f"forms_{name}"] = np.average([row[name] for row in forms], weights=weights)
        found[f"gender_{name}"] = gender[name]
    return found
