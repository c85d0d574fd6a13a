"""From probabilities to a sentence: greedy, beam, sampling, and the cache that makes them quick.
Taught in chapter 17.

Every function here takes a `Transformer`, source ids [B, S] and max_length, and gives back target
ids [B, T] without <bos>: padding after <eos>, cut after max_length words. The model answers in eval
mode and is left in the mode it was in.
"""

from contextlib import contextmanager
from typing import NamedTuple

import torch

from attend import checks
from attend.text import pad


class KeyValues:
    """The keys and values [B, H, S, K] of the words that a layer has seen. Taught in chapter 17."""

    def __init__(self):
        self.keys = self.values = None

    def __len__(self):
        return 0 if self.keys is None else self.keys.shape[2]

    def extend(self, keys, values):
        """Those of more words put behind; all of them come back."""
        if self.keys is not None:
            keys = torch.cat([self.keys, keys], dim=2)  # [B, H, S + 1, K]
            values = torch.cat([self.values, values], dim=2)
        self.keys, self.values = keys, values
        return keys, values

    def choose(self, rows):
        """Keep these rows of the batch, in this order: a beam may go on in another's place."""
        if self.keys is not None:
            self.keys, self.values = self.keys[rows], self.values[rows]


class LayerCache:
    """One decoder layer: what its words said of themselves, and the source, which never changes."""

    def __init__(self):
        self.own, self.cross = KeyValues(), KeyValues()


class Cache:
    """What a decoder need not compute again: a `LayerCache` for each layer. Its length is the
    number of target words it knows. Taught in chapter 17."""

    def __init__(self, n_layers):
        self.layers = [LayerCache() for _ in range(n_layers)]

    def __len__(self):
        return len(self.layers[0].own)

    def choose(self, rows):
        for layer in self.layers:
            layer.own.choose(rows), layer.cross.choose(rows)

    def bytes(self):
        """How much memory the keys and values take."""
        stores = [store for layer in self.layers for store in (layer.own, layer.cross)]
        full = [store for store in stores if len(store)]
        return sum(2 * store.keys.numel() * store.keys.element_size() for store in full)


class Writer:
    """The model as it writes: asked with all ids so far, it answers with ln P of the next word.

    With a cache it reads only the last word, without it all of them again. Taught in chapter 17.
    """

    def __init__(self, model, source, cache=True):
        self.model, self.source = model, source
        self.memory = model.encode(source)  # [B, S, D]
        self.cache = Cache(model.config.n_layers) if cache else None

    def next(self, ids):
        """ids [B, T], <bos> first → log-probabilities [B, V]."""
        new = ids if self.cache is None else ids[:, len(self.cache) :]
        logits = self.model.decode(self.memory, self.source, new, self.cache)  # [B, T, V]
        return logits[:, -1].log_softmax(dim=-1)

    def choose(self, rows):
        """Go on with these rows [B'] of the batch."""
        self.source, self.memory = self.source[rows], self.memory[rows]
        if self.cache is not None:
            self.cache.choose(rows)


def greedy(model, source, max_length, cache=True, bos=2, eos=3):
    """At each step the likeliest word. Raises ValueError for a max_length below 1 or past the
    model's. Taught in chapter 17."""
    return write(model, source, max_length, lambda log_p: log_p.argmax(-1), cache, bos, eos)


def sample(
    model,
    source,
    max_length,
    temperature=1.0,
    top_k=None,
    top_p=None,
    generator=None,
    cache=True,
    bos=2,
    eos=3,
):
    """At each step a word drawn from `reshape`d probabilities; `generator` makes the draw repeat.
    Raises ValueError as `reshape` does. Taught in chapter 17."""
    check_reshape(temperature, top_k, top_p)

    def draw(log_p):
        shares = reshape(log_p, temperature, top_k, top_p).exp()  # [B, V]
        return torch.multinomial(shares, 1, generator=generator)[:, 0]

    return write(model, source, max_length, draw, cache, bos, eos)


def reshape(log_p, temperature=1.0, top_k=None, top_p=None):
    """Log-probabilities [..., V] made sharper or flatter, then cut, then made to sum to one again.

    temperature τ: softmax(ln p / τ); below 1 the likely become likelier. top_k: only the k
    likeliest. top_p: only the fewest likeliest that together have at least p of the probability.
    Both cut: top_k first, then top_p of what is left. What is cut has −∞. Raises ValueError for τ
    not above 0, top_k below 1, top_p outside (0, 1]. Source: Fan, Lewis and Dauphin 2018 for top-k;
    Holtzman et al. 2020 for top-p. Taught in chapter 17.
    """
    check_reshape(temperature, top_k, top_p)
    log_p = (log_p / temperature).log_softmax(dim=-1)
    if top_k is not None and top_k < log_p.shape[-1]:
        places = log_p.topk(top_k, dim=-1).indices  # [..., k]
        kept = torch.zeros_like(log_p, dtype=torch.bool).scatter(-1, places, True)
        log_p = log_p.masked_fill(~kept, -torch.inf).log_softmax(dim=-1)
    if top_p is not None and top_p < 1:
        ordered, places = log_p.sort(dim=-1, descending=True)  # [..., V]
        before = ordered.exp().cumsum(dim=-1) - ordered.exp()  # what the likelier have
        kept = torch.zeros_like(log_p, dtype=torch.bool).scatter(-1, places, before < top_p)
        log_p = log_p.masked_fill(~kept, -torch.inf).log_softmax(dim=-1)
    return log_p


class Hypothesis(NamedTuple):
    """A sentence that beam search found: its ids, <eos> last unless it was cut, the sum of its
    log-probabilities, and that sum over the length penalty."""

    ids: list[int]
    log_p: float
    score: float


def beam_search(model, source, max_length, beams=4, length_penalty=0.6, cache=True, bos=2, eos=3):
    """Follow the `beams` likeliest beginnings side by side, and take the best ending. See
    `hypotheses`. Taught in chapter 17."""
    found = hypotheses(model, source, max_length, beams, length_penalty, cache, bos, eos)
    best = [torch.tensor(those[0].ids) for those in found]
    ids = torch.nn.utils.rnn.pad_sequence(best, True, model.config.pad)  # [B, T]
    return ids.to(source.device)


@torch.no_grad()
def hypotheses(
    model, source, max_length, beams=4, length_penalty=0.6, cache=True, bos=2, eos=3
) -> list[list[Hypothesis]]:
    """The up to `beams` best endings of each sentence, best first, by score = log P / lp, lp = ((5
    + length) / 6)^length_penalty.

    At each step every live beginning goes on with every word; the `beams` best of those that do not
    end live on, those that end among the `beams` best are kept. It stops when no beginning can
    still beat the best of them. A sum of log-probabilities alone (length_penalty=0) prefers short
    sentences. Raises ValueError for beams below 1, a length_penalty below 0 and a max_length below
    1 or past the model's. Source: Wu et al. 2016, section 7, for the penalty. Taught in chapter 17.
    """
    checks.whole_numbers(beams=beams)
    check_penalty(length_penalty)
    check_length(model, max_length)

    def score(log_p, length):
        return log_p / ((5 + length) / 6) ** length_penalty

    with answering(model):
        writer, kept = Writer(model, source, cache), [[] for _ in source]
        ids = source.new_full((len(source), 1, 1), bos)  # [B, beams, T]
        log_p = torch.zeros(len(source), 1, dtype=torch.double, device=source.device)  # [B, beams]
        live = list(range(len(source)))  # the sentences that are still being written
        for length in range(1, max_length + 1):
            ids, log_p, parents = grow(writer.next(ids.flatten(0, 1)), ids, log_p, beams)
            ends = (ids[..., -1] == eos) | (length == max_length)  # [B, 2 · beams]
            for row, beam in (ends & log_p.isfinite())[:, :beams].nonzero().tolist():
                sentence, total = ids[row, beam, 1:].tolist(), log_p[row, beam].item()
                kept[live[row]].append(Hypothesis(sentence, total, score(total, length)))
            log_p = log_p.masked_fill(ends, -torch.inf)
            log_p, best = log_p.topk(min(beams, log_p.shape[1]), dim=-1)  # [B, beams]
            most = score(log_p[:, 0], max_length)  # no sentence that is still open can get more
            on = [row for row, n in enumerate(live) if best_of(kept[n]) < most[row]]
            if not on:
                break
            live, log_p, best = [live[row] for row in on], log_p[on], best[on]
            ids = ids[on].take_along_dim(best[..., None], dim=1)
            writer.choose(parents[on].take_along_dim(best, dim=1).flatten())
    return [sorted(those, key=lambda found: -found.score)[:beams] for those in kept]


def best_of(found):
    return max((one.score for one in found), default=-torch.inf)


def grow(step, ids, log_p, beams):
    """Every beginning with every next word, and of those the 2 · beams best.

    step [B · n, V], ids [B, n, T], log_p [B, n] → ids [B, k, T + 1], log_p [B, k], and in which row
    of step each of them began [B, k].
    """
    (B, n), V = log_p.shape, step.shape[-1]
    total = (log_p[..., None] + step.view(B, n, V)).flatten(1)  # [B, n · V]
    log_p, places = total.topk(min(2 * beams, n * V), dim=-1)  # [B, k]
    parents, words = places // V, places % V  # [B, k] each
    ids = torch.cat([ids.take_along_dim(parents[..., None], dim=1), words[..., None]], dim=-1)
    return ids, log_p, parents + n * torch.arange(B, device=ids.device)[:, None]


@torch.no_grad()
def write(model, source, max_length, choose, cache, bos, eos):
    """The loop of greedy and sample: `choose` makes words [B] of log-probabilities [B, V]."""
    check_length(model, max_length)
    with answering(model):
        writer = Writer(model, source, cache)
        ids = source.new_full((len(source), 1), bos)  # [B, 1]
        ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)  # [B]
        while ids.shape[1] <= max_length and not ended.all():
            word = choose(writer.next(ids)).masked_fill(ended, model.config.pad)  # [B]
            ended = ended | (word == eos)
            ids = torch.cat([ids, word[:, None]], dim=1)  # [B, T + 1]
    return ids[:, 1:]


@contextmanager
def answering(model):
    """In eval mode for as long as this lasts."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def next_words(model, source, bos=2):
    """For one source [1, S], a function that `widgets.Decoder.explore` can ask: lists of ids
    without <bos>, of any length → ln P of the word that follows [n, V], and where the decoder looks
    in the source for it [n, S], on average over its layers and heads. Taught in chapter 16."""

    @torch.no_grad()
    def ask(prefixes):
        rows = pad([[bos, *prefix] for prefix in prefixes])  # [n, T]: padding comes after
        with answering(model):
            logits, maps = model(source.expand(len(rows), -1), rows, return_weights=True)
        each, last = range(len(rows)), [len(prefix) for prefix in prefixes]
        logs = logits[each, last].double().log_softmax(dim=-1)  # [n, V]
        return logs, maps.cross.mean(dim=(0, 2))[each, last]  # [N, n, H, T, S] → [n, S]

    return ask


# ------------------------------------------------------- what may come in, and what is said if not


def check_length(model, max_length):
    checks.whole_numbers(max_length=max_length)
    if max_length > model.config.max_length:
        raise ValueError(
            f"max_length={max_length} must be at most the model's, {model.config.max_length}"
        )


def check_penalty(length_penalty):
    number = isinstance(length_penalty, int | float) and not isinstance(length_penalty, bool)
    if not number or not 0 <= length_penalty < float("inf"):
        raise ValueError(f"length_penalty={length_penalty!r} must be a number, at least 0")


def check_reshape(temperature, top_k, top_p):
    checks.above_0("temperature", temperature)
    if top_k is not None:
        checks.whole_numbers(top_k=top_k)
    number = isinstance(top_p, int | float) and not isinstance(top_p, bool)
    if top_p is not None and (not number or not 0 < top_p <= 1):
        raise ValueError(f"top_p={top_p!r} must be above 0 and at most 1")
