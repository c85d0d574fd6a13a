"""What is a warm-up worth, and what does smoothing the labels do? A small Transformer with other
recipes. Chapter 16.

Width 64, two layers on each side, 6,000 sentences of the phrasebook: two passes with and without a
warm-up, pre-norm and post-norm, at five learning rates; four passes with and without smoothing.
"""

import torch

from attend.data import Codec, PairBatches
from attend.decoding import greedy
from attend.experiments.translators import by_recipe, next_words
from attend.phrasebook import pairs
from attend.transformer import Transformer, TransformerConfig
from attend.translation import score

__all__ = ["measure", "runs"]

SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 256}
SENTENCES = 6_000
STEPS = -(-SENTENCES // 64)  # of a pass
RATES = (0.002, 0.004, 0.008, 0.016, 0.032)


def runs() -> list[dict]:
    """Norms, warm-ups and rates; then smoothing."""
    climbs = [
        {"norm": norm, "warmup": warmup, "smoothing": 0.1, "passes": 2, "lr": lr, "seed": 0}
        for norm in ("pre", "post")
        for warmup in (2 * STEPS // 5, 0)
        for lr in RATES
    ]
    usual = {"norm": "pre", "warmup": 4 * STEPS // 5}
    smooth = [
        usual | {"smoothing": smoothing, "passes": 4, "lr": 0.008, "seed": seed}
        for seed in range(4)
        for smoothing in (0.1, 0)
    ]
    return climbs + smooth


def measure(norm, warmup, smoothing, passes, lr, seed) -> dict:
    """On valid: the loss of the next word in nats, not smoothed, the share named right, and BLEU of
    the first 500 sentences (only where smoothing is asked about)."""
    learn, valid = pairs("train"), pairs("valid")
    codec = Codec(learn)
    torch.manual_seed(seed)
    words = len(codec.source), len(codec.target)
    model = Transformer(TransformerConfig(*words, norm=norm, **SIZES))
    batches = PairBatches(codec, learn[:SENTENCES], seed=seed)
    by_recipe(model, batches, passes, lr, warmup, smoothing)
    model.eval()
    found = next_words(model, codec, valid)
    if passes > 2:
        found["bleu"] = score(greedy, model, codec, valid[:500]).bleu
    return found
