"""From probabilities to a sentence: greedy, beam search, sampling. Taught in chapters 09 and 17.

Every function here takes a translator, `Transformer` or `Seq2Seq`, source ids [B, S] and
max_length, and gives back target ids [B, T] without <bos>: padding after <eos>, cut after
max_length words. A translator is a model with

    encode(source) → memory
    start(memory, cache) → the state before the first word
    step(memory, state, ids) → logits of the next word [B, V], the state after, weights or None

and `pad` and `max_length`; memory and state can `choose` rows. Padding and <bos> are never written.
The model answers in eval mode and is left in the mode it was in.

A `LanguageModel` (chapter 18) keeps the same protocol: its source is the prompt, ids [B, T] without
padding, and what comes back is what follows the prompt. Its <bos> and <eos> are those of its
config.
"""

from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence

from attend import checks
from attend.text import BOS_ID, EOS_ID, pad

__all__ = [
    "Hypothesis",
    "Writer",
    "beam_search",
    "borders",
    "continuations",
    "filter_logits",
    "generate",
    "greedy",
    "hypotheses",
    "inference",
    "log_probabilities",
    "most_likely",
    "next_words",
    "sample",
    "translate",
]


def log_probabilities(logits, never):
    """ln softmax(logits) over the words that may be written: [..., V] → [..., V], −∞ for the ids
    in `never`; in single precision at least.

    Padding and <bos> are tokens to a model, but no words to write. Taught in chapter 17.
    """
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    ids = torch.tensor(sorted(never), dtype=torch.long, device=logits.device)
    return logits.index_fill(-1, ids, -torch.inf).log_softmax(dim=-1)


class Writer:
    """A translator as it writes: asked with all ids so far, it answers with ln P of the next word.
    `weights` [B, S] says where the model looked for it, None where it does not tell. With a cache a
    Transformer computes only the last word, without it all of them again.

    Taught in chapter 17.
    """

    def __init__(self, model, source, cache=True, bos=BOS_ID, eos=EOS_ID):
        self.model, self.never = model, {model.pad, bos} - {eos}
        self.memory = model.encode(source)  # [B, S, D]
        self.state, self.weights = model.start(self.memory, cache), None

    def next(self, ids):
        """ids [B, T], <bos> first → log-probabilities [B, V]."""
        logits, self.state, self.weights = self.model.step(self.memory, self.state, ids)
        return log_probabilities(logits, self.never)

    def choose(self, rows):
        """Go on with these rows [B'] of the batch."""
        self.memory = self.memory.choose(rows)
        self.state = None if self.state is None else self.state.choose(rows)


@torch.no_grad()
def generate(model, source, max_length, choose, cache=True, bos=None, eos=None):
    """The loop of `greedy`, `sample` and `translate`: `choose` makes words [B] of log-probabilities
    [B, V]. Returns ids [B, T] and for each step the weights [B, S], or None.

    Raises ValueError for a max_length below 1 or past the model's. Taught in chapter 17.
    """
    max_length, (bos, eos) = checks.model_length(model, max_length), borders(model, bos, eos)
    with inference(model):
        writer, weights = Writer(model, source, cache, bos, eos), []
        ids = source.new_full((len(source), 1), bos)  # [B, 1]
        ended = torch.zeros(len(source), dtype=torch.bool, device=source.device)  # [B]
        while ids.shape[1] <= max_length and not ended.all():
            word = choose(writer.next(ids)).masked_fill(ended, model.pad)  # [B]
            ended = ended | (word == eos)
            ids = torch.cat([ids, word[:, None]], dim=1)  # [B, T + 1]
            weights.append(writer.weights)
    return ids[:, 1:], weights


def borders(model, bos, eos):
    """The tokens that begin and end what is written: as given, else the model's own, else the
    book's."""
    bos = getattr(model, "bos", BOS_ID) if bos is None else bos
    return bos, getattr(model, "eos", EOS_ID) if eos is None else eos


def greedy(model, source, max_length, cache=True, bos=None, eos=None):
    """At each step the likeliest word: source [B, S] → ids [B, T].

    Raises ValueError for a max_length below 1 or past the model's. Taught in chapter 17.
    """
    return generate(model, source, max_length, most_likely, cache, bos, eos)[0]


def most_likely(log_p):
    """[B, V] → [B]."""
    return log_p.argmax(dim=-1)


def translate(model, source, max_length=40, bos=None, eos=None):
    """`greedy`, and where the model looked: source [B, S] → ids [B, T], weights [B, T, S], None
    where the model does not tell.

    Raises ValueError for a max_length below 1 or past the model's. Taught in chapter 09.
    """
    ids, weights = generate(model, source, max_length, most_likely, bos=bos, eos=eos)
    return ids, None if weights[0] is None else torch.stack(weights, dim=1)


def sample(
    model,
    source,
    max_length,
    temperature=1.0,
    top_k=None,
    top_p=None,
    generator=None,
    cache=True,
    bos=None,
    eos=None,
):
    """At each step a word drawn from the probabilities that `filter_logits` leaves: source [B, S] →
    ids [B, T]. `generator` makes the draw repeat.

    Raises ValueError as `filter_logits` does. Taught in chapter 17.
    """
    temperature, top_k, top_p = checks.filters(temperature, top_k, top_p)

    def draw(log_p):
        probabilities = filter_logits(log_p, temperature, top_k, top_p).exp()  # [B, V]
        return torch.multinomial(probabilities, 1, generator=generator)[:, 0]

    return generate(model, source, max_length, draw, cache, bos, eos)[0]


def filter_logits(logits, temperature=1.0, top_k=None, top_p=None):
    """Logits or log-probabilities [..., V] made sharper or flatter, then cut: log-probabilities
    [..., V] that sum to one, −∞ for what is cut.
    temperature τ: softmax(logits / τ); below 1 the likely become likelier. top_k: only the k
    likeliest. top_p: only the fewest likeliest that together have at least p of the probability.
    Both cut: top_k first, then top_p of what is left.

    Raises ValueError for τ not above 0, top_k below 1, top_p outside (0, 1]. Source: Fan, Lewis and
    Dauphin 2018 for top-k; Holtzman et al. 2020 for top-p. Taught in chapter 17.
    """
    temperature, top_k, top_p = checks.filters(temperature, top_k, top_p)
    limits = torch.finfo(logits.dtype)
    temperature = min(max(temperature, limits.tiny), limits.max)  # else it would become 0 or ∞
    below_best = logits - logits.amax(dim=-1, keepdim=True)  # nothing above 0 can overflow
    log_p = (below_best / temperature).log_softmax(dim=-1)
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


def beam_search(
    model,
    source,
    max_length,
    beams=4,
    length_penalty=0.6,
    cache=True,
    bos=None,
    eos=None,
):
    """Follow the `beams` likeliest beginnings side by side, and take the best ending: source [B, S]
    → ids [B, T]. See `hypotheses`.

    Raises ValueError as `hypotheses` does. Taught in chapter 17.
    """
    endings = hypotheses(model, source, max_length, beams, length_penalty, cache, bos, eos)
    best = [source.new_tensor(of_one[0].ids) for of_one in endings]
    return pad_sequence(best, batch_first=True, padding_value=model.pad)  # [B, T]


@torch.no_grad()
def hypotheses(
    model,
    source,
    max_length,
    beams=4,
    length_penalty=0.6,
    cache=True,
    bos=None,
    eos=None,
) -> list[list[Hypothesis]]:
    """The up to `beams` best endings of each sentence, best first, by score = log P / lp, lp = ((5
    + length) / 6)^length_penalty.
    At each step every live beginning goes on with every word; the `beams` best of those that do not
    end live on, those that end among the `beams` best are kept. It stops when no beginning can
    still beat the best of them. A sum of log-probabilities alone (length_penalty=0) prefers short
    sentences.

    Raises ValueError for beams below 1, a length_penalty below 0 and a max_length below 1 or past
    the model's. Source: Wu et al. 2016, section 7, for the penalty. Taught in chapter 17.
    """
    beams, length_penalty = checks.beams(beams, length_penalty)
    max_length, (bos, eos) = checks.model_length(model, max_length), borders(model, bos, eos)

    def score(log_p, length):
        return log_p / ((5 + length) / 6) ** length_penalty

    with inference(model):
        writer, ended = Writer(model, source, cache, bos, eos), [[] for _ in source]
        ids = source.new_full((len(source), 1, 1), bos)  # [B, beams, T]
        log_p = torch.zeros(len(source), 1, device=source.device)  # [B, beams]
        live = list(range(len(source)))  # the sentences that are still being written
        for length in range(1, max_length + 1):
            step = writer.next(ids.flatten(0, 1))  # [B · beams, V]
            ids, log_p, parents = continuations(step, ids, log_p, beams)
            ends = (ids[..., -1] == eos) | (length == max_length)  # [B, 2 · beams]
            for row, beam in (ends & log_p.isfinite())[:, :beams].nonzero().tolist():
                sentence, total = ids[row, beam, 1:].tolist(), log_p[row, beam].item()
                ended[live[row]].append(Hypothesis(sentence, total, score(total, length)))
            log_p = log_p.masked_fill(ends, -torch.inf)
            log_p, best = log_p.topk(min(beams, log_p.shape[1]), dim=-1)  # [B, beams]
            most = score(log_p[:, 0], max_length)  # no sentence that is still open can get more
            best_so_far = [max((one.score for one in ended[n]), default=-torch.inf) for n in live]
            on = [row for row in range(len(live)) if best_so_far[row] < most[row]]
            if not on:
                break
            live, log_p, best = [live[row] for row in on], log_p[on], best[on]
            ids = ids[on].take_along_dim(best[..., None], dim=1)
            writer.choose(parents[on].take_along_dim(best, dim=1).flatten())
    return [sorted(of_one, key=lambda one: -one.score)[:beams] for of_one in ended]


def continuations(step, ids, log_p, beams):
    """Every beginning with every next word, and of those the 2 · beams best.
    step [B · n, V], ids [B, n, T], log_p [B, n] → ids [B, k, T + 1], log_p [B, k], and in which row
    of step each of them began [B, k].

    Taught in chapter 17.
    """
    (B, n), V = log_p.shape, step.shape[-1]
    total = (log_p[..., None] + step.view(B, n, V)).flatten(1)  # [B, n · V]
    log_p, places = total.topk(min(2 * beams, n * V), dim=-1)  # [B, k]
    parents, words = places // V, places % V  # [B, k] each
    ids = torch.cat([ids.take_along_dim(parents[..., None], dim=1), words[..., None]], dim=-1)
    return ids, log_p, parents + n * torch.arange(B, device=ids.device)[:, None]


@contextmanager
def inference(model):
    """In eval mode for as long as this lasts; then each part is in the mode in which it was."""
    modes = [(part, part.training) for part in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def next_words(model, source, bos=BOS_ID, eos=EOS_ID):
    """For one source [1, S], a function that `widgets.Decoder.explore` can ask: lists of ids
    without <bos>, of any length → ln P of the word that follows [n, V], and where the model looks
    in the source for it [n, S], where it tells; a Transformer on average over its layers and heads.

    Taught in chapters 09 and 16.
    """
    never = {model.pad, bos} - {eos}

    @torch.no_grad()
    def ask(prefixes):
        rows = pad([[bos, *prefix] for prefix in prefixes])  # [n, T]: padding comes after
        with inference(model):
            several = source.expand(len(rows), -1)  # [n, S]
            logits, weights = model(several, rows.to(source.device), return_weights=True)
        each, last = range(len(rows)), [len(prefix) for prefix in prefixes]
        log_p = log_probabilities(logits[each, last].cpu().double(), never)  # [n, V]
        if weights is None:
            return log_p
        if isinstance(weights, tuple):  # a Transformer's Maps; cross: [N, n, H, T, S]
            weights = weights.cross.mean(dim=(0, 2))  # [n, T, S]
        return log_p, weights[each, last].cpu()  # [n, S]

    return ask
