"""What may each word see? Scores, mask and softmax of a batch of sentences, step by step."""

import numpy as np
import torch
import traitlets

from attend.attention import weighted_average
from attend.widgets.base import (
    Checked,
    Flag,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_flag,
    as_index,
    as_text,
    as_words,
    plain,
    shade,
    shorten,
    svg,
    svg_text,
    text_width,
)

SENTENCES, WORDS = 8, 64  # in a batch, in a sentence: as many as can be shown
LARGEST = 1000  # of a score
LARGEST_PICTURE = 12  # words of it in the still picture
HUNDREDTHS = 100  # a score has two decimals
PAD = "<pad>"
STEPS = ("scores", "mask", "weights")

# What may be done with the mask; the first is what the book does.
MASKINGS = ("book", "infinity", "multiplied", "after", "renormalised")

DATA = (
    *("tokens", "gloss", "memory", "memory_gloss", "cross"),
    *("scores", "memory_scores", "lengths", "memory_lengths"),
)


class MaskExplorer(Widget):
    """A batch of sentences, and who may attend to whom: scores → mask → softmax, cell by cell.

    Padding is hidden: a key may be seen where it stands within the length of its sentence. With
    causal, what comes later is hidden too. weights() is that of attend.attention.weighted_average
    for masking "book".

    Args:
        tokens: the B sentences, each a list of words; the words ask, and in self-attention answer.
        scores: [B, T, T], T the length of the longest sentence, numbers from −1000 to 1000, rounded
            to two decimals. None: made up, always the same.
        lengths: how many words of each sentence are there, 0 to all; the rest is padding.
        causal: whether a word may see only itself and what came before it; in self-attention only.
        memory: B sentences more, whose words answer in cross-attention. None: self-attention only.
        memory_scores, memory_lengths: as scores, [B, T, S], and as lengths, for memory.
        cross: whether the words of memory answer.
        gloss, memory_gloss: a translation for each token.
        left: whether the padding stands before the words.
        masking: "book": −∞ before the softmax and zeros after it; "infinity": −∞ before, no more,
            and a row with nothing to see is NaN; "multiplied": scores times 1 or 0; "after": zeros
            after the softmax only; "renormalised": the same, and each row divided by its sum.
        sentence: which of the batch is shown.
        cell: [t, s], the query and the key that are read, places in the padded sentence.
        step: how far it is shown: "scores", "mask" or "weights".
        title: above the widget.

    scores, memory_scores, lengths, memory_lengths, causal, cross, left, masking, sentence, cell and
    step are written by the reader's hand too: observe or link them. cell is brought back when what
    is shown becomes smaller. To change sentences, assign all that belongs to them inside `with
    widget.hold_trait_notifications():`.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 15.
    """

    tokens = Checked().tag(sync=True)
    gloss = Checked(None).tag(sync=True)
    memory = Checked(None).tag(sync=True)
    memory_gloss = Checked(None).tag(sync=True)
    scores = Checked().tag(sync=True)
    memory_scores = Checked(None).tag(sync=True)
    lengths = Checked().tag(sync=True)
    memory_lengths = Checked(None).tag(sync=True)
    causal = Flag(False).tag(sync=True)
    cross = Flag(False).tag(sync=True)
    left = Flag(False).tag(sync=True)
    masking = Checked("book").tag(sync=True)
    sentence = Checked(0).tag(sync=True)
    cell = Checked([0, 0]).tag(sync=True)
    step = Checked("weights").tag(sync=True)
    title = Text("").tag(sync=True)

    def __init__(
        self,
        tokens,
        scores=None,
        lengths=None,
        causal=False,
        memory=None,
        memory_scores=None,
        memory_lengths=None,
        cross=False,
        *,
        gloss=None,
        memory_gloss=None,
        left=False,
        masking="book",
        sentence=0,
        cell=(0, 0),
        step="weights",
        title="",
    ):
        given = (tokens, gloss, memory, memory_gloss, cross)
        given += (scores, memory_scores, lengths, memory_lengths)
        super().__init__(
            **check_data(**dict(zip(DATA, given, strict=True))),
            **{"causal": causal, "left": left, "masking": masking, "sentence": sentence},
            **{"cell": list(cell), "step": step, "title": title},
        )
        self._warn_if_heavy()

    def mask(self) -> np.ndarray:
        """Who may attend to whom, True = may: [B, T, S]."""
        B, T, S = np.shape(self._scores())
        lengths = self.memory_lengths if self.cross else self.lengths
        place = np.arange(S)
        first = S - np.array(lengths)[:, None] if self.left else np.zeros((B, 1), int)  # [B, 1]
        words = (place >= first) & (place < first + np.array(lengths)[:, None])  # [B, S]
        mask = np.broadcast_to(words[:, None], (B, T, S))
        if self.causal and not self.cross:
            mask = mask & (place <= np.arange(T)[:, None])
        return mask.copy()

    def masked_scores(self) -> np.ndarray:
        """The scores, −∞ where no one may look, and 0 where masking is "multiplied": [B, T, S]."""
        return np.where(self.mask(), self._scores(), 0 if self.masking == "multiplied" else -np.inf)

    def weights(self) -> np.ndarray:
        """What the page shows last: [B, T, S]. With masking "book", weighted_average's."""
        scores, mask = torch.tensor(self._scores(), dtype=torch.double), torch.tensor(self.mask())
        if self.masking == "book":
            return weighted_average(scores, torch.zeros_like(scores).mT, mask)[1].numpy()
        if self.masking in ("infinity", "multiplied"):
            return torch.softmax(torch.tensor(self.masked_scores()), dim=-1).numpy()
        weights = torch.softmax(scores, dim=-1) * mask
        if self.masking == "renormalised":
            weights = weights / weights.sum(dim=-1, keepdim=True)
        return weights.numpy()

    def words(self, of_memory: bool = False, with_gloss: bool = False) -> list[str]:
        """The words of the sentence shown with its padding, as many as the batch is wide."""
        sentences, glosses, lengths = self.tokens, self.gloss, self.lengths
        if of_memory:
            sentences, glosses, lengths = self.memory, self.memory_gloss, self.memory_lengths
        width, b = max(map(len, sentences)), self.sentence
        there = sentences[b][: lengths[b]]
        if with_gloss and glosses is not None:
            there = [f"{word} {gloss}" for word, gloss in zip(there, glosses[b], strict=False)]
        padding = [PAD] * (width - len(there))
        return padding + there if self.left else there + padding

    def _scores(self) -> list:
        return self.memory_scores if self.cross else self.scores

    @traitlets.validate(*DATA)
    def _check_data(self, proposal):
        name = proposal["trait"].name
        data = {each: getattr(self, each) for each in DATA} | {name: proposal["value"]}
        return check_data(**data)[name]

    @traitlets.validate("masking", "step")
    def _check_choice(self, proposal):
        name = proposal["trait"].name
        return as_choice(name, proposal["value"], MASKINGS if name == "masking" else STEPS)

    @traitlets.validate("sentence")
    def _check_sentence(self, proposal):
        return as_index("sentence", proposal["value"], len(self.tokens))

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        cell = plain(proposal["value"])
        if not isinstance(cell, list | tuple) or len(cell) != 2:
            raise WrongValue(f"cell={cell!r} must be [t, s]")
        sizes = np.shape(self._scores())[1:]
        return [as_index(f"cell[{i}]", each, sizes[i]) for i, each in enumerate(cell)]

    @traitlets.observe("tokens", "memory", "cross")
    def _bring_back(self, change):
        self.sentence = min(self.sentence, len(self.tokens) - 1)
        sizes = np.shape(self._scores())[1:]
        self.cell = [min(at, size - 1) for at, size in zip(self.cell, sizes, strict=True)]

    def describe(self) -> str:
        rows = self.weights()[self.sentence].sum(axis=-1)
        mask = self.mask()[self.sentence]
        kind = "cross" if self.cross else "self"
        masks = "padding and causal masks" if self.causal and not self.cross else "a padding mask"
        sums = ", ".join(dict.fromkeys(written(total) for total in rows))
        return (
            f"{kind}-attention with {masks}, sentence {self.sentence} of {len(self.tokens)}: "
            f"{int(mask.sum())} of {mask.size} cells may be seen; the rows of the weights sum to "
            f"{sums}."
        )

    def picture(self) -> str:
        b = self.sentence
        first = (slice(LARGEST_PICTURE),) * 2
        scores, mask = np.array(self._scores()[b])[first], self.mask()[b][first]
        masked, weights = self.masked_scores()[b][first], self.weights()[b]
        sums, weights = weights.sum(axis=-1), weights[first]
        queries = self.words(with_gloss=True)[:LARGEST_PICTURE]
        keys = self.words(of_memory=self.cross, with_gloss=True)[:LARGEST_PICTURE]
        cell = 40 if len(keys) <= 8 else 14
        label = min(130, 24 + max(text_width(shorten(word, 14), 12) for word in queries))
        top = 44 + min(90, max(text_width(shorten(word, 14), 11) for word in keys))
        block = cell * len(keys)
        width = label + 3 * (block + 26) + 44
        parts, late = [], self.masking in ("after", "renormalised")
        shares = torch.softmax(torch.tensor(self._scores()[b]).double(), dim=-1).numpy()[first]
        second = ("softmax", shares) if late else ("masked", masked)
        stages = [("scores", scores), second, ("masked" if late else "softmax", weights)]
        for k, (name, numbers) in enumerate(stages):
            x = label + k * (block + 26)
            parts.append(svg_text(name, x, 20, font_weight=600))
            hides = (k == 1 and not late) or (k == 2 and self.masking != "multiplied")
            parts += grid(numbers, x, top, cell, mask, hides)
            for s, word in enumerate(keys):
                at = f"{x + (s + 0.65) * cell:.1f} {top - 6:.1f}"
                word = as_text(shorten(word, 14))
                parts.append(f'<text transform="translate({at}) rotate(-60)">{word}</text>')
        for t, word in enumerate(queries):
            y = top + (t + 0.65) * cell
            parts.append(svg_text(shorten(word, 14), label - 8, y, text_anchor="end"))
            parts.append(svg_text(f"Σ {written(sums[t])}", width - 62, y, font_size=11))
        return svg(width, top + cell * len(queries) + 14, self.describe(), parts)


# --- checks ---


def check_data(
    tokens, gloss, memory, memory_gloss, cross, scores, memory_scores, lengths, memory_lengths
) -> dict:
    """Sentences, and what belongs to them, in plain lists; what is None and may be made is made."""
    tokens = check_sentences("tokens", tokens)
    widths = [len(words) for words in tokens]
    data = {"tokens": tokens, "gloss": check_gloss("gloss", gloss, "tokens", tokens)}
    data["lengths"] = check_lengths("lengths", lengths, "tokens", tokens)
    data["scores"] = check_scores("scores", scores, (len(tokens), max(widths), max(widths)))
    data["cross"] = as_flag("cross", cross)
    others = {"memory_gloss": memory_gloss, "memory_scores": memory_scores}
    others["memory_lengths"] = memory_lengths
    if memory is None:
        for name, value in others.items():
            if value is not None:
                raise WrongValue(f"{name} needs memory, got None for it")
        if cross:
            raise WrongValue("cross=True needs memory, got None for it")
        return {**data, "memory": None, **others}
    memory = check_sentences("memory", memory)
    if len(memory) != len(tokens):
        raise WrongValue(f"memory has {len(memory)} sentences: expected {len(tokens)}, as tokens")
    shape = (len(tokens), max(widths), max(map(len, memory)))
    return {
        **data,
        "memory": memory,
        "memory_gloss": check_gloss("memory_gloss", memory_gloss, "memory", memory),
        "memory_scores": check_scores("memory_scores", memory_scores, shape),
        "memory_lengths": check_lengths("memory_lengths", memory_lengths, "memory", memory),
    }


def check_sentences(name: str, value) -> list[list[str]]:
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise WrongType(f"{name} must be a list of sentences, got {type(value).__name__}")
    sentences = [as_words(f"{name}[{i}]", words) for i, words in enumerate(value)]
    if not 1 <= len(sentences) <= SENTENCES:
        raise WrongValue(f"{name} has {len(sentences)} sentences: expected 1 to {SENTENCES}")
    for i, words in enumerate(sentences):
        if len(words) > WORDS:
            raise WrongValue(f"{name}[{i}] has {len(words)} words: expected at most {WORDS}")
    return sentences


def check_gloss(name: str, value, of: str, sentences) -> list[list[str]] | None:
    if value is None:
        return None
    gloss = check_sentences(name, value)
    if [len(words) for words in gloss] != [len(words) for words in sentences]:
        raise WrongValue(f"{name} must have one entry for each word of {of}")
    return gloss


def check_lengths(name: str, value, of: str, sentences) -> list[int]:
    """How many words of each sentence are there; all of them where nothing else is said."""
    most = [len(words) for words in sentences]
    if value is None:
        return most
    value = plain(value)
    if not isinstance(value, list | tuple):
        raise WrongType(f"{name} must be a list of ints, got {type(value).__name__}")
    if len(value) != len(most):
        raise WrongValue(f"{name} has {len(value)} entries: expected {len(most)}, as {of}")
    pairs = enumerate(zip(value, most, strict=True))
    return [as_index(f"{name}[{i}]", length, size + 1) for i, (length, size) in pairs]


def check_scores(name: str, value, shape) -> list:
    """[B, T, S] numbers of two decimals, as lists; some that are always the same for None."""
    if value is None:
        value = np.random.default_rng(15).integers(-20, 31, shape) / 10
    array = as_array(name, value).astype(float)
    if array.shape != tuple(shape):
        raise WrongValue(f"{name} has shape {list(array.shape)}, expected {list(shape)}")
    if not (np.abs(array) <= LARGEST).all():  # false for NaN too
        wrong = array[~(np.abs(array) <= LARGEST)][0]
        raise WrongValue(f"{name} holds {wrong}, expected numbers from −{LARGEST} to {LARGEST}")
    return (np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0).tolist()


# --- drawing ---


def written(number: float, digits: int = 4) -> str:
    """Up to `digits` decimals, as on the page: 3, −0.25, 0.1065, NaN, −∞."""
    if np.isnan(number):
        return "NaN"
    if np.isinf(number):
        return "−∞"
    unit = 10**digits
    text = f"{np.floor(abs(number) * unit + 0.5) / unit:.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return f"−{text}" if number < 0 and text != "0" else text


def grid(numbers, x: float, y: float, cell: int, mask, hides: bool) -> list[str]:
    """A square for each number; what is hidden is grey."""
    parts = []
    weights = np.nan_to_num(numbers).min() >= 0 and np.nan_to_num(numbers).max() <= 1
    for (t, s), number in np.ndenumerate(numbers):
        left, top = x + s * cell, y + t * cell
        hidden = hides and not mask[t, s]
        fill = "#e8ebef" if hidden else "#ffffff"
        if weights and not hidden and not np.isnan(number):
            fill = shade(float(number))
        box = f'width="{cell}" height="{cell}" fill="{fill}" stroke="#dfe4ea"'
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" {box}/>')
        if cell >= 30:
            ink = "#ffffff" if weights and not hidden and number > 0.3 else "#1c2430"
            place = {"font_size": 11, "text_anchor": "middle", "fill": ink}
            parts.append(svg_text(written(number, 2), left + cell / 2, top + cell / 2 + 4, **place))
    return parts
