"""How good a translation is, how surprised a language model, how right an alignment, how often one
answer of several. Taught in chapters 07, 09, 10 and 22."""

import math
import operator

from attend import checks

__all__ = ["alignment_error_rate", "bleu", "links", "pass_at_k", "perplexity"]


def bleu(hypotheses, references, tokenize: str = "13a") -> float:
    """Corpus BLEU, 0 to 100: how many runs of 1 to 4 tokens of the translations the references hold
    too; a text shorter than its references is marked down.
    BLEU = 100 · min(1, exp(1 − r/c)) · (p₁ p₂ p₃ p₄)^¼, where pₙ is the share of the n-grams of all
    hypotheses that stand in their reference (each at most as often as there), c and r the lengths
    of all hypotheses and all references.

    Nothing is smoothed: without one right run of four tokens it is 0. (sacrebleu, left to itself,
    gives such a text a little.) hypotheses, references: equally many strings, one reference a
    hypothesis. tokenize: "13a", "zh" for Chinese, "char" or "none". Raises TypeError for what are
    not lists of strings, ValueError for lists that are empty or not equally long, and for an empty
    reference. Source: Papineni et al. 2002, as computed by sacrebleu (Post 2018). Taught in chapter
    09.
    """
    from sacrebleu import corpus_bleu  # only this function needs it

    hypotheses, references = _strings(hypotheses, references)
    checks.one_of("tokenize", tokenize, ("13a", "zh", "char", "none"))
    options = {"tokenize": tokenize, "smooth_method": "none", "force": True}
    return min(100.0, corpus_bleu(hypotheses, [references], **options).score)  # may be 100 + 4e-14


def perplexity(nll, tokens) -> float:
    """exp(nll / tokens): among how many equally likely tokens the model was, on average, choosing.
    nll: −Σ ln p(token), over all tokens, in nats; tokens: how many there were. 1 is certainty; a
    model that knows nothing has the size of its vocabulary.

    Raises TypeError for what is no
    number, ValueError for an nll that is negative or not finite and for fewer than one token.
    Source: Jelinek et al. 1977. Taught in chapter 07.
    """
    nll, tokens = _total("nll", nll), _count("tokens", tokens)
    try:
        return math.exp(nll / tokens)
    except OverflowError:
        return math.inf


def links(weights) -> set[tuple[int, int]]:
    """A soft alignment made hard: each target word t is linked with the source word it looks at
    most (the first of several). weights [T, S] → pairs (t, s). A row of zeros makes no link.

    Taught in chapter 10.
    """
    weights = checks.alignment(weights)  # [T, S]
    most = weights.argmax(axis=1)  # [T]
    return {(t, int(s)) for t, s in enumerate(most) if weights[t, s] > 0}


def alignment_error_rate(weights, gold) -> float:
    """1 − 2 |A ∩ G| / (|A| + |G|): 0 when the links A of the maps are the gold links G, 1 when none
    of them is.
    weights: a map [T, S], or a list of maps, counted together; A is `links` of it. gold: for each
    map a boolean array [T, S], or pairs (t, s) of target and source places.

    All gold links are sure: Och and Ney's sure and possible links are one set here. A target word
    that gold leaves alone still makes a link, and costs. Raises TypeError for gold that is neither,
    ValueError for shapes that do not fit, places outside the map, weights that are negative or not
    finite, and no links at all. Source: Och and Ney 2003. Taught in chapter 10.
    """
    linked = gold_linked = both = 0
    for one_map, its_gold in checks.alignments(weights, gold):
        its_links = links(one_map)
        linked, gold_linked = linked + len(its_links), gold_linked + len(its_gold)
        both += len(its_links & its_gold)
    if linked + gold_linked == 0:
        raise ValueError("weights and gold must hold at least one link, got none")
    return 1 - 2 * both / (linked + gold_linked)


def pass_at_k(n, correct, k) -> float:
    """1 − C(n − c, k) / C(n, k): how often at least one of k answers is right, if the k are drawn
    without putting back from n answers of which c, `correct`, are right. C(n, k): in how many ways
    k things can be chosen from n.

    If each of n is right with probability p, whatever the others are, its mean is 1 − (1 − p)^k;
    that of 1 − (1 − c / n)^k is less for k > 1. Raises TypeError for what are no whole numbers,
    ValueError for n or k below 1, k above n and correct outside 0 … n. Source: Chen et al. 2021,
    section 2.1. Taught in chapter 22.
    """
    n, k, correct = _count("n", n), _count("k", k), _count("correct", correct, least=0)
    for name, value in (("k", k), ("correct", correct)):
        if value > n:
            raise ValueError(f"{name} must be at most n={n}, got {value}")
    return 1 - math.comb(n - correct, k) / math.comb(n, k)


# ------------------------------------------------------- what may come in, and what is said if not


def _strings(hypotheses, references):
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


def _total(name, value) -> float:
    try:
        value = float(value)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{name} must be one number, got {type(value).__name__}") from None
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} must be finite and at least 0, got {value}")
    return value


def _count(name, value, least=1) -> int:
    try:
        value = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {type(value).__name__}") from None
    return checks.whole_number(name, value, least)
