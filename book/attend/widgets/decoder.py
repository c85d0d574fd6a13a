"""Why this word? A translator's choices, one word at a time, and the beam as a tree."""

import heapq
import math
from itertools import count
from typing import NamedTuple

import numpy as np
import traitlets

from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    as_number,
    as_words,
    shade,
    shorten,
    svg,
    svg_text,
    text_width,
    uniform,
)

VIEWS = ("words", "tree")
TENTHS = 20  # temperatures 0.1, 0.2, … 2.0
TEMPERATURES = tuple((i + 1) / 10 for i in range(TENTHS))
MOST_BEAMS, MOST_CANDIDATES = 5, 20
PENALTIES = tuple(i / 10 for i in range(11))  # the length penalties of the page
UNIT = 10_000  # an attention weight travels as a whole number of ten-thousandths
OVER = 1e-3  # how far above 1 the probabilities of a node may add up by rounding


class Node(NamedTuple):
    """What the model says after the words `prefix`: the candidates, likeliest first, as ids and
    natural logarithms of their probabilities [K]; rest [20]: for each temperature T of
    `TEMPERATURES` ln Σ p^(1/T) over all other words, −inf where there are none; weights [S] or
    None: where the model looks in the source for this word."""

    prefix: tuple
    ids: np.ndarray
    logs: np.ndarray
    rest: np.ndarray
    weights: np.ndarray | None = None


class Hypothesis(NamedTuple):
    """A beam: its words, ln P of them, and score = ln P / ((5 + length) / 6)^penalty, <eos> counted
    as a word. ended: it stops in <eos>. stuck: the model was not asked what follows."""

    words: tuple
    log_prob: float
    score: float
    ended: bool = False
    stuck: bool = False


class Decoder(Widget):
    """What a model that writes word by word would write next, after each start explored.

    The reader follows the likeliest word or takes another and sees what comes of it; changes
    temperature, top-k and top-p; draws; or watches beam search keep and drop. Everything is
    computed in the page from the explored starts ("nodes"); where they end, it says so.

    Args:
        nodes: a list of `Node`, the first with an empty prefix, each other one a word longer than
            a node before it.
        vocabulary: the tokens by id: a `Vocabulary` or a list of strings.
        source: the words that are translated [S]; gloss: a translation for each of them.
        reference: the words of a known translation, or None.
        eos: the id that ends a sentence.
        path: the ids written so far; the last may leave the explored nodes.
        candidate: which of the candidates is pointed at, 0 the likeliest.
        view: "words" or "tree".
        temperature: 0.1 to 2, in tenths. top_k: 0 (all) to 20. top_p: above 0, to 1.
        seed, draws: the next draw takes the (draws + 1)-th number of the seed's sequence.
        beams: 1 to 5. length_penalty: 0 to 1, in tenths. step: how many steps of the search the
            tree shows; 0: all.
        title: a line above the picture.

    All from `path` on are written by the reader's hand too: observe or link them.
    `Decoder.explore` makes the nodes from a model.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 09; chapters 16 and 17 use it. Length penalty: Wu et al. 2016, section 7.
    """

    source = Checked().tag(sync=True)
    gloss = Checked(None).tag(sync=True)
    reference = Checked(None).tag(sync=True)
    path = Checked([]).tag(sync=True)
    candidate = Checked(0).tag(sync=True)
    view = Checked("words").tag(sync=True)
    temperature = Checked(1.0).tag(sync=True)
    top_k = Checked(0).tag(sync=True)
    top_p = Checked(1.0).tag(sync=True)
    seed = Checked(0).tag(sync=True)
    draws = Checked(0).tag(sync=True)
    beams = Checked(3).tag(sync=True)
    length_penalty = Checked(0.6).tag(sync=True)
    step = Checked(0).tag(sync=True)
    title = Text("").tag(sync=True)
    _eos = traitlets.Int().tag(sync=True)
    _vocabulary_size = traitlets.Int().tag(sync=True)
    _words = traitlets.Dict().tag(sync=True)  # the tokens that occur, by id
    _links = traitlets.Bytes().tag(sync=True)  # int32 [N, 2]: parent and id, −1 −1 for the first
    _ids = traitlets.Bytes().tag(sync=True)  # int32 [N, K]
    _logs = traitlets.Bytes().tag(sync=True)  # float32 [N, K]
    _rest = traitlets.Bytes().tag(sync=True)  # float32 [N, 20]
    _looks = traitlets.Bytes().tag(sync=True)  # uint16 [N, S], or nothing

    def __init__(
        self,
        nodes,
        vocabulary,
        source,
        *,
        gloss=None,
        reference=None,
        eos=3,
        path=(),
        candidate=0,
        view="words",
        temperature=1.0,
        top_k=0,
        top_p=1.0,
        seed=0,
        draws=0,
        beams=3,
        length_penalty=0.6,
        step=0,
        title="",
    ):
        source = as_words("source", source)
        tokens = as_words("vocabulary", getattr(vocabulary, "tokens", vocabulary))
        self._eos_id = as_index("eos", eos, len(tokens))
        self.nodes = check_nodes(nodes, len(tokens), len(source))
        self._tokens = tokens
        super().__init__(
            source=source,
            **{"gloss": gloss, "reference": reference, "view": view, "title": title},
            **{"temperature": temperature, "top_k": top_k, "top_p": top_p},
            **{"seed": seed, "draws": draws, "beams": beams, "length_penalty": length_penalty},
            step=step,
            **self._wire(),
        )
        self.path = path
        self.candidate = candidate
        self._warn_if_heavy()

    def _wire(self) -> dict:
        nodes = list(self.nodes.values())
        places = {prefix: i for i, prefix in enumerate(self.nodes)}
        links = [(places[p[:-1]], p[-1]) if p else (-1, -1) for p in self.nodes]
        used = {self._eos_id}.union(*(node.ids.tolist() for node in nodes))
        looks = b""
        if nodes[0].weights is not None:
            looks = np.rint(np.stack([n.weights for n in nodes]) * UNIT).astype("<u2").tobytes()
        return {
            "_eos": self._eos_id,
            "_vocabulary_size": len(self._tokens),
            "_words": {str(i): self._tokens[i] for i in sorted(used)},
            "_links": np.array(links, dtype="<i4").tobytes(),
            "_ids": np.stack([n.ids for n in nodes]).astype("<i4").tobytes(),
            "_logs": np.stack([n.logs for n in nodes]).astype("<f4").tobytes(),
            "_rest": np.stack([n.rest for n in nodes]).astype("<f4").tobytes(),
            "_looks": looks,
        }

    @classmethod
    def explore(
        cls,
        next_log_probs,
        vocabulary,
        source,
        gloss=None,
        *,
        eos=3,
        budget=250,
        candidates=MOST_CANDIDATES,
        max_length=40,
        follow=(),
        **options,
    ):
        """The widget for a model, which is asked what follows after up to `budget` starts.

        next_log_probs(prefixes): lists of ids without <bos>, of any length → ln P of the next word
        [n, V], or that and the attention weights [n, S]. `candidates` words are kept for each
        start, at most 20. The starts asked for are those on the way of `follow` (ids, such as the
        right translation), then all that beam search with 1 to 5 beams and any length penalty of
        the page needs, then the most probable of the others. options: as of the class.
        """
        tokens = as_words("vocabulary", getattr(vocabulary, "tokens", vocabulary))
        budget = as_index("budget", budget, 100_000, first=1)
        candidates = as_index("candidates", candidates, MOST_CANDIDATES + 1, first=1)
        words = as_words("source", source)
        ask = Asker(next_log_probs, len(tokens), len(words), candidates, budget, max_length, eos)
        ask([()])
        follow = tuple(follow)
        for i, word in enumerate(follow):  # as far as its words are among the candidates
            if follow[:i] not in ask.nodes or word not in ask.nodes[follow[:i]].ids:
                break
            ask([follow[: i + 1]])
        for beams in range(1, MOST_BEAMS + 1):
            for penalty in PENALTIES:
                while True:
                    final = beam_search(ask.nodes, eos, beams, penalty)[-1]["kept"]
                    if not ask([each.words for each in final if each.stuck]):
                        break
        ask.best_first()
        return cls(list(ask.nodes.values()), tokens, words, gloss=gloss, eos=eos, **options)

    # --- what the page computes, in numpy ---

    @property
    def node(self) -> Node | None:
        """The node after `path`; None where the sentence has ended or was not explored."""
        return self.nodes.get(tuple(self.path))

    def probabilities(self, temperature=None, top_k=None, top_p=None, path=None):
        """The candidates' probabilities after `path` [K], and that of all other words together, as
        the page shows them: softmax of ln p / temperature, then cut to the top_k likeliest, then to
        the fewest whose sum reaches top_p, the rest each time divided by its sum. If top_p is not
        reached within the stored candidates, that cut takes nothing away. None for an argument: the
        present trait. Raises ValueError where no node is."""
        node = self.nodes.get(tuple(self.path if path is None else path))
        if node is None:
            raise WrongValue(f"path={list(self.path if path is None else path)} was not explored")
        temperature = self.temperature if temperature is None else as_tenths(temperature)
        top_k = self.top_k if top_k is None else as_index("top_k", top_k, MOST_CANDIDATES + 1)
        top_p = self.top_p if top_p is None else as_share(top_p)
        return filter_logits(node, temperature, top_k, top_p)

    def beam_steps(self, beams=None, length_penalty=None) -> list[dict]:
        """Step by step the beams "kept", best first, and the next best, which were "dropped"."""
        beams = self.beams if beams is None else as_index("beams", beams, MOST_BEAMS + 1, first=1)
        penalty = self.length_penalty if length_penalty is None else as_penalty(length_penalty)
        return beam_search(self.nodes, self._eos_id, beams, penalty)

    def best_beams(self, beams=None, length_penalty=None) -> list[Hypothesis]:
        """The beams that beam search ends with, best first."""
        return self.beam_steps(beams, length_penalty)[-1]["kept"]

    def shown_steps(self) -> list[dict]:
        """The steps of the search that the tree shows, as of `beam_steps`."""
        steps = self.beam_steps()
        return steps[: self.step or len(steps)]

    def drawn(self) -> int | None:
        """The index of the candidate that the next draw takes; None: one of the other words."""
        shares, rest = self.probabilities()
        point = uniform(self.seed, self.draws) * (shares.sum() + rest)
        above = np.flatnonzero(np.cumsum(shares) > point)
        return int(above[0]) if len(above) else None

    def words(self, ids=None) -> list[str]:
        """The words of `ids`, or of the path."""
        return [self._tokens[i] for i in (self.path if ids is None else ids)]

    # --- checks ---

    @traitlets.validate("source")
    def _check_source(self, proposal):
        node = next(iter(self.nodes.values()))
        expected = None if node.weights is None else len(node.weights)
        return as_words("source", proposal["value"], expected)

    @traitlets.validate("gloss")
    def _check_gloss(self, proposal):
        gloss = proposal["value"]
        return None if gloss is None else as_words("gloss", gloss, len(self.source))

    @traitlets.validate("reference")
    def _check_reference(self, proposal):
        reference = proposal["value"]
        return None if reference is None else as_words("reference", reference)

    @traitlets.validate("path")
    def _check_path(self, proposal):
        value = proposal["value"]
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            raise WrongType(f"path must be a list of ids, got {type(value).__name__}")
        path = [as_index(f"path[{i}]", each, len(self._tokens)) for i, each in enumerate(value)]
        for end in range(len(path)):
            node = self.nodes.get(tuple(path[:end]))
            if node is None:
                raise WrongValue(f"path={path} leaves the explored nodes after {path[:end]}")
            if path[end] not in node.ids:
                raise WrongValue(f"path[{end}]={path[end]} is no candidate after {path[:end]}")
        return path

    @traitlets.observe("path")
    def _point_at_the_likeliest(self, change):
        node = self.node
        if self.candidate and (node is None or self.candidate >= len(node.ids)):
            self.candidate = 0

    @traitlets.validate("candidate")
    def _check_candidate(self, proposal):
        size = 1 if self.node is None else len(self.node.ids)
        return as_index("candidate", proposal["value"], size)

    @traitlets.validate("view")
    def _check_view(self, proposal):
        return as_choice("view", proposal["value"], VIEWS)

    @traitlets.validate("temperature")
    def _check_temperature(self, proposal):
        return as_tenths(proposal["value"])

    @traitlets.validate("top_k")
    def _check_top_k(self, proposal):
        return as_index("top_k", proposal["value"], MOST_CANDIDATES + 1)

    @traitlets.validate("top_p")
    def _check_top_p(self, proposal):
        return as_share(proposal["value"])

    @traitlets.validate("seed", "draws")
    def _check_seed(self, proposal):
        return as_index(proposal["trait"].name, proposal["value"], 2**31)

    @traitlets.validate("beams")
    def _check_beams(self, proposal):
        return as_index("beams", proposal["value"], MOST_BEAMS + 1, first=1)

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], 1000)

    @traitlets.validate("length_penalty")
    def _check_length_penalty(self, proposal):
        return as_penalty(proposal["value"])

    # --- where no script runs ---

    def describe(self) -> str:
        start = shorten(" ".join(self.words()), 80)
        what = f"after {start!r}" if self.path else "at the start"
        of = f"translating {len(self.source)} words, {len(self.nodes)} starts explored"
        if self.view == "tree":
            steps = self.shown_steps()
            best, beams = steps[-1]["kept"][0], f"{self.beams} beam{'s' * (self.beams > 1)}"
            sentence = shorten(" ".join(self.words(best.words)), 80)
            return f"{of}; {beams}, {len(steps)} steps: best {sentence!r}, score {best.score:.4f}."
        if self.node is None:
            return f"{of}; {what} the sentence has ended or was not explored."
        shares, _ = self.probabilities()
        best = int(shares.argmax())
        word = shorten(self._tokens[self.node.ids[best]], 40)
        return f"{of}; {what} the likeliest next word is {word!r}, with {shares[best]:.4f}."

    def picture(self) -> str:
        tree = self.view == "tree"
        weights = None if tree or self.node is None else self.node.weights
        parts, y = draw_source(self.source, self.gloss or [""] * len(self.source), weights)
        if tree:
            drawn, y = draw_tree(self.shown_steps(), self._tokens, y + 4)
            return svg(620, y + 8, self.describe(), [*parts, *drawn])
        written, line = [], "→"
        for word in [*self.words(), "…"]:
            if text_width(f"{line} {word}", 14) > 580:
                written, line = [*written, line], ""
            line = f"{line} {shorten(word, 40)}".strip()
        for each in [*written, line]:
            parts.append(svg_text(each, 16, y, font_size=14))
            y += 20
        if self.node is not None:
            shares, _ = self.probabilities()
            rows = [(self._tokens[i], p) for i, p in zip(self.node.ids, shares, strict=True)][:10]
            parts += draw_bars([*rows, ("others", max(0.0, 1 - sum(p for _, p in rows)))], y)
            y += 22 * (len(rows) + 1)
        return svg(620, y + 12, self.describe(), parts)


# --- the model is asked ---


class Asker:
    """Asks the model for nodes, never twice for the same, and never for more than the budget."""

    def __init__(self, next_log_probs, vocabulary, source, candidates, budget, max_length, eos):
        self.next_log_probs, self.vocabulary, self.source = next_log_probs, vocabulary, source
        self.candidates, self.budget, self.max_length = candidates, budget, max_length
        self.eos, self.nodes = eos, {}

    def __call__(self, prefixes) -> bool:
        """Whether any of the prefixes was new, short enough, and within the budget."""
        new = [tuple(p) for p in prefixes if tuple(p) not in self.nodes and self.may(p)]
        new = list(dict.fromkeys(new))[: self.budget - len(self.nodes)]
        if not new:
            return False
        answer = self.next_log_probs([list(prefix) for prefix in new])
        logs, weights = answer if isinstance(answer, tuple) else (answer, None)
        logs = as_array("next_log_probs", logs).astype(np.float64)
        if logs.shape != (len(new), self.vocabulary):
            raise WrongValue(
                f"next_log_probs must give [{len(new)}, {self.vocabulary}], got {list(logs.shape)}"
            )
        if weights is not None:
            weights = as_array("weights", weights).astype(np.float64)
            if weights.shape != (len(new), self.source):
                raise WrongValue(
                    f"weights must be [{len(new)}, {self.source}], got {list(weights.shape)}"
                )
        for i, prefix in enumerate(new):
            looks = None if weights is None else weights[i]
            self.nodes[prefix] = make_node(prefix, logs[i], self.candidates, looks)
        return True

    def may(self, prefix) -> bool:
        return len(prefix) < self.max_length and self.eos not in prefix

    def best_first(self):
        """Spend what is left of the budget on the most probable starts."""
        order, seen, heap = count(), set(), []

        def offer(prefix, log_prob):
            node = self.nodes[prefix]
            for i, log in zip(node.ids.tolist(), node.logs.tolist(), strict=True):
                longer = (*prefix, i)
                if self.may(longer) and longer not in seen and log > -math.inf:
                    seen.add(longer)
                    heapq.heappush(heap, (-(log_prob + log), next(order), longer))

        offer((), 0.0)
        while heap and len(self.nodes) < self.budget:
            minus, _, prefix = heapq.heappop(heap)
            if prefix not in self.nodes:
                near = [each[2] for each in heap[:7]]  # the top of the heap: likely to be next
                self([prefix, *near])
            offer(prefix, -minus)


def make_node(prefix, logs, candidates, weights=None) -> Node:
    """A node from ln P of all words [V]; what is stored is in single precision, as it travels."""
    total = np.exp(logs).sum()  # NaN stays NaN
    if not abs(total - 1) <= OVER:
        raise WrongValue(
            f"next_log_probs must give ln P of every word, got probabilities that add up to "
            f"{total:.4g} after {list(prefix)}"
        )
    order = np.argsort(-logs, kind="stable")
    ids, others = order[:candidates], order[candidates:]
    rest = [log_sum(logs[others] / T) for T in TEMPERATURES]
    return Node(tuple(prefix), ids, np.float32(logs[ids]), np.float32(rest), weights)


def log_sum(logs) -> float:
    top = logs.max() if len(logs) else -math.inf
    return float(top + np.log(np.exp(logs - top).sum())) if top > -math.inf else -math.inf


# --- what the page computes ---


def filter_logits(node, temperature, top_k, top_p) -> tuple[np.ndarray, float]:
    logs = node.logs.astype(np.float64) / temperature
    rest = float(node.rest[round(temperature * 10) - 1])
    top = max(logs.max(), rest)
    shares, rest = np.exp(logs - top), math.exp(rest - top)
    total = shares.sum() + rest
    shares, rest = shares / total, rest / total
    if 0 < top_k <= len(shares):
        shares[top_k:] = 0
        shares, rest = shares / shares.sum(), 0.0
    if top_p < 1:
        reached = np.flatnonzero(np.cumsum(shares) >= top_p)
        if len(reached):
            shares[reached[0] + 1 :] = 0
            shares, rest = shares / shares.sum(), 0.0
    return shares, rest


def penalised(log_prob: float, length: int, penalty: float) -> float:
    return log_prob / ((5 + length) / 6) ** penalty


def beam_search(nodes, eos, beams, penalty) -> list[dict]:
    """All continuations of the beams kept are ranked by score, together with the sentences that
    have ended; the best go on. It stops when each has ended or the model was not asked."""
    kept, steps = [Hypothesis((), 0.0, 0.0)], []
    while True:
        grown = []
        for beam in kept:
            node = nodes.get(beam.words)
            if beam.ended or beam.stuck or node is None:
                grown.append(beam if beam.ended else beam._replace(stuck=True))
                continue
            for i, log in zip(node.ids.tolist(), node.logs.tolist(), strict=True):
                total = beam.log_prob + log
                if total > -math.inf:
                    words = (*beam.words, i)
                    score = penalised(total, len(words), penalty)
                    grown.append(Hypothesis(words, total, score, i == eos))
        grown.sort(key=lambda each: -each.score)  # stable: of equals the first stays first
        kept, before = grown[:beams], kept
        if steps and [each.words for each in kept] == [each.words for each in before]:
            steps[-1]["kept"] = kept  # nothing moved: the last step is final
            return steps
        steps.append({"kept": kept, "dropped": grown[beams : 2 * beams]})


# --- checks ---


def as_tenths(value) -> float:
    number = as_number("temperature", value, 0.1, 2)
    if abs(number * 10 - round(number * 10)) > 1e-9:
        raise WrongValue(f"temperature={number} must be a whole number of tenths")
    return round(number * 10) / 10


def as_share(value) -> float:
    number = as_number("top_p", value, 0, 1)
    if number == 0:
        raise WrongValue("top_p=0.0 must be above 0")
    return number


def as_penalty(value) -> float:
    return as_number("length_penalty", value, 0, 1)


def check_nodes(nodes, vocabulary: int, source: int) -> dict:
    """The nodes by prefix, each parent before its children."""
    nodes = list(nodes)
    if not nodes or tuple(nodes[0].prefix):
        raise WrongValue("nodes must begin with one whose prefix is empty")
    width, looks, known = len(nodes[0].ids), nodes[0].weights is not None, {}
    for i, node in enumerate(nodes):
        prefix = tuple(node.prefix)
        if prefix and (prefix[:-1] not in known or prefix[-1] not in known[prefix[:-1]].ids):
            raise WrongValue(f"nodes[{i}] has the prefix {list(prefix)}, which leads from no node")
        ids, logs = as_array("ids", node.ids), as_array("logs", node.logs).astype(np.float32)
        rest = as_array("rest", node.rest).astype(np.float32)
        if not 1 <= width <= MOST_CANDIDATES or {ids.shape, logs.shape} != {(width,)}:
            shapes = f"{list(ids.shape)} and {list(logs.shape)}"
            raise WrongValue(
                f"nodes[{i}] must have as many ids and logs as the first, 1 to {MOST_CANDIDATES}, "
                f"got {shapes}"
            )
        if ids.dtype.kind not in "iu" or ids.min() < 0 or ids.max() >= vocabulary:
            raise WrongValue(f"nodes[{i}] must have whole ids in 0 … {vocabulary - 1}")
        if rest.shape != (TENTHS,) or np.isnan(rest).any() or np.isnan(logs).any():
            raise WrongValue(f"nodes[{i}] must have numbers, and a rest for {TENTHS} temperatures")
        if (logs[1:] > logs[:-1]).any() or not math.isfinite(logs[0]):
            raise WrongValue(f"nodes[{i}] must have its logs in falling order, the first finite")
        total = np.exp(np.float64(logs)).sum() + math.exp(rest[9])
        if abs(total - 1) > OVER:
            raise WrongValue(f"nodes[{i}] has probabilities that add up to {total:.4g}, expected 1")
        if (node.weights is not None) != looks:
            raise WrongValue(f"nodes[{i}] must have weights if the first has, and else none")
        weights = check_weights(i, node.weights, source) if looks else None
        known[prefix] = Node(prefix, ids.astype(np.int64), logs, rest, weights)
    return known


def check_weights(i: int, weights, source: int) -> np.ndarray:
    weights = as_array("weights", weights).astype(np.float64)
    if weights.shape != (source,):
        raise WrongValue(f"nodes[{i}] has weights {list(weights.shape)}, expected [{source}]")
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.max() > 1 + OVER:
        raise WrongValue(f"nodes[{i}] must have weights from 0 to 1")
    return weights.clip(0, 1)


# --- the still picture ---


def draw_source(source, gloss, weights) -> tuple[list[str], float]:
    """The source in lines, the gloss under each word, a bar as dark as the look at it is strong."""
    parts, x, y = [], 16.0, 24
    for i, (word, note) in enumerate(zip(source, gloss, strict=True)):
        word, note = shorten(word, 24), shorten(note, 24)
        wide = max(text_width(word, 14), text_width(note, 11)) + 6
        if x > 16 and x + wide > 600:
            x, y = 16.0, y + 46
        if weights is not None:
            place = f'x="{x - 3:.1f}" y="{y + 20}" width="{wide:.1f}" height="5"'
            parts.append(f'<rect {place} fill="{shade(float(weights[i]))}"/>')
        parts.append(svg_text(word, x, y, font_size=14))
        parts.append(svg_text(note, x, y + 15, font_size=11, fill="#566170"))
        x += wide + 6
    return parts, y + 52


def draw_tree(steps, tokens, top: float) -> tuple[list[str], float]:
    """The beams kept at each step, best first, a line from each to its parent, the winner's way in
    another colour; and how low it gets."""
    winner, parts, above = steps[-1]["kept"][0].words, [], {(): 310.0}
    width = 600 / max(len(step["kept"]) for step in steps)
    for i, step in enumerate(steps):
        y, here = top + 50 * i, {}
        for rank, each in enumerate(step["kept"]):
            old = len(each.words) <= i
            x = here[each.words] = 10 + width * (rank + 0.5)
            best = each.words == winner[: len(each.words)]
            colour = "#2a78b0" if best else "#8a919c"
            start = above[each.words if old else each.words[:-1]]
            line = f'x1="{start:.1f}" y1="{y - 12:.1f}" x2="{x:.1f}" y2="{y + 2:.1f}"'
            parts.append(f'<line {line} stroke="{colour}" stroke-width="{3 if best else 1}"/>')
            word = "ended" if old else shorten(tokens[each.words[-1]], max(3, int(width / 9)))
            look = {"text_anchor": "middle", "fill": colour if best else "#1c2430"}
            parts.append(svg_text(word, x, y + 16, font_weight=600 if best else 400, **look))
            score = f"{each.score:.2f}".replace("-", "−")
            parts.append(svg_text(score, x, y + 31, text_anchor="middle", font_size=11))
        above = here
    return parts, top + 50 * len(steps) - 10


def draw_bars(rows, top: float) -> list[str]:
    """A bar for each pair of a word and its probability."""
    parts = []
    for i, (word, p) in enumerate(rows):
        y = top + 6 + 22 * i
        parts.append(svg_text(shorten(word, 18), 150, y, text_anchor="end"))
        box = f'x="160" y="{y - 11:.1f}" width="{p * 380:.1f}" height="14"'
        parts.append(f'<rect {box} fill="#2a78b0"/>')
        parts.append(svg_text(f"{p:.4f}", 166 + p * 380, y))
    return parts
