"""How good a translation is, how surprised a language model, how right an alignment. Taught in
chapters 07, 09 and 10."""

import math
import operator

import numpy as np


def bleu(hypotheses, references, tokenize: str = "13a") -> float:
    """Corpus BLEU, 0 to 100: how many runs of 1 to 4 tokens of the translations the references hold
    too; a text shorter than its references is marked down.

    BLEU = 100 · min(1, exp(1 − r/c)) · (p₁ p₂ p₃ p₄)^¼, where pₙ is the share of the n-grams of all
    hypotheses that stand in their reference (each at most as often as there), c and r the lengths
    of all hypotheses and all references. hypotheses, references: equally many strings, one
    reference a hypothesis. tokenize: "13a", "zh" for Chinese, "char" or "none". Raises TypeError
    for what are not lists of strings, ValueError for lists that are empty or not equally long, and
    for an empty reference. Source: Papineni et al. 2002, as computed by sacrebleu (Post 2018).
    Taught in chapter 09.
    """
    from sacrebleu import corpus_bleu  # only this function wants it

    hypotheses, references = strings(hypotheses, references)
    tokenizer = one_of(tokenize, "tokenize", ("13a", "zh", "char", "none"))
    return corpus_bleu(hypotheses, [references], tokenize=tokenizer, force=True).score


def perplexity(nll, tokens) -> float:
    """exp(nll / tokens): among how many equally likely tokens the model was, on average, choosing.

    nll: −Σ ln p(token), over all tokens, in nats; tokens: how many there were. 1 is certainty; a
    model that knows nothing has the size of its vocabulary. Raises TypeError for what is no
    number, ValueError for an nll that is negative or not finite and for fewer than one token.
    Source: Jelinek et al. 1977. Taught in chapter 07.
    """
    nll, tokens = finite(nll, "nll"), count(tokens, "tokens")
    try:
        return math.exp(nll / tokens)
    except OverflowError:
        return math.inf


def links(weights) -> set[tuple[int, int]]:
    """A soft alignment made hard: each target word t is linked with the source word it looks at
    most (the first of several). weights [T, S] → pairs (t, s). A row of zeros makes no link.
    Taught in chapter 10."""
    weights = soft_map(weights)  # [T, S]
    most = weights.argmax(axis=1)  # [T]
    return {(t, int(s)) for t, s in enumerate(most) if weights[t, s] > 0}


def alignment_error_rate(weights, gold) -> float:
    """1 − 2 |A ∩ G| / (|A| + |G|): 0 when the links A of the maps are the gold links G, 1 when none
    of them is.

    weights: a map [T, S], or a list of maps, counted together; A is `links` of it. gold: for each
    map a boolean array [T, S], or pairs (t, s) of target and source places. All gold links are
    sure: Och and Ney's sure and possible links are one set here. A target word that gold leaves
    alone still makes a link, and costs. Raises TypeError for gold that is neither, ValueError for
    shapes that do not fit, places outside the map, weights that are negative or not finite, and no
    links at all. Source: Och and Ney 2003. Taught in chapter 10.
    """
    found = both = wanted = 0
    for one, its_gold in maps(weights, gold):
        ours, theirs = links(one), gold_links(its_gold, np.shape(one))
        found, wanted, both = found + len(ours), wanted + len(theirs), both + len(ours & theirs)
    if found + wanted == 0:
        raise ValueError("weights and gold must hold at least one link, got none")
    return 1 - 2 * both / (found + wanted)


# ------------------------------------------------------- what may come in, and what is said if not


def strings(hypotheses, references):
    both = []
    for name, texts in (("hypotheses", hypotheses), ("references", references)):
        if isinstance(texts, str) or not hasattr(texts, "__iter__"):
            raise TypeError(f"{name} must be a list of strings, got {type(texts).__name__}")
        texts = list(texts)
        if wrong := [text for text in texts if not isinstance(text, str)]:
            raise TypeError(f"{name} must hold strings, got {type(wrong[0]).__name__}")
        both.append(texts)
    if len(both[0]) != len(both[1]) or not both[0]:
        raise ValueError(
            "hypotheses and references must be equally many, at least one, "
            f"got {len(both[0])} and {len(both[1])}"
        )
    if empty := [i for i, text in enumerate(both[1]) if not text.strip()]:
        raise ValueError(f"references must not be empty, got {both[1][empty[0]]!r} at {empty[0]}")
    return both


def one_of(value, name, names):
    if value not in names:
        raise ValueError(f"{name}={value!r} must be one of {', '.join(names)}")
    return value


def finite(value, name) -> float:
    try:
        value = float(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} must be one number, got {type(value).__name__}") from None
    if not 0 <= value < math.inf:
        raise ValueError(f"{name}={value} must be finite, and at least 0")
    return value


def count(value, name) -> int:
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}") from None
    if value < 1:
        raise ValueError(f"{name}={value} must be at least 1")
    return value


def array(value) -> np.ndarray:
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)


def soft_map(weights) -> np.ndarray:
    weights = array(weights)
    if weights.ndim != 2 or not weights.size:
        raise ValueError(f"weights must be a map [T, S], got shape {list(weights.shape)}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("weights must be finite and at least 0")
    return weights


def maps(weights, gold):
    """Pairs of one map and its gold, whether one came or several."""
    several = isinstance(weights, list | tuple) and len(weights) and np.ndim(weights[0]) == 2
    if not several and np.ndim(weights) != 3:
        return [(soft_map(weights), gold)]
    weights, gold = [soft_map(one) for one in weights], list(gold)
    if len(weights) != len(gold):
        raise ValueError(f"gold must be as many as the maps, {len(weights)}, got {len(gold)}")
    return list(zip(weights, gold, strict=True))


def gold_links(gold, shape) -> set[tuple[int, int]]:
    """Gold as pairs (t, s), from pairs or a boolean array [T, S]."""
    if hasattr(gold, "shape") and array(gold).dtype == bool:
        if tuple(gold.shape) != tuple(shape):
            raise ValueError(
                f"gold must have the map's shape {list(shape)}, got {list(gold.shape)}"
            )
        return {(int(t), int(s)) for t, s in np.argwhere(array(gold))}
    try:
        pairs = {(operator.index(t), operator.index(s)) for t, s in gold}
    except (TypeError, ValueError):
        raise TypeError("gold must be a boolean array [T, S] or pairs (t, s)") from None
    if wrong := [
        pair for pair in pairs if not (0 <= pair[0] < shape[0] and 0 <= pair[1] < shape[1])
    ]:
        raise ValueError(f"gold must lie within the map's shape {list(shape)}, got {wrong[0]}")
    return pairs
