"""Which words are near? Word vectors on a map, and the neighbours that the map cannot show."""

import numpy as np
import torch
import traitlets

from attend.embeddings import principal_components
from attend.widgets.base import (
    Checked,
    Flag,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_words,
    plain,
    shorten,
    svg,
    svg_text,
)

NEAREST = 10  # neighbours listed
ZOOMS = (1, 2, 4, 8)


class Embeddings(Widget):
    """Words on the plane that shows most of their vectors, and the neighbours of one of them.

    The map lays every vector, scaled to length 1, on the two principal components of all; most of
    the space does not fit. So the neighbours are found in the full space, by cosine, and listed
    with their numbers; lines join them to the chosen word on the map, where some are far away. Or
    the reader asks a is to b as c is to what: the words nearest to b − a + c.

    Args:
        words: V different words, the important ones first: they get their label first.
        vectors: numpy array or torch tensor [V, D], D and V at least 2 and 3, no row all zeros.
        word: the chosen one. None: the first.
        analogy: the words a, b, c. None: the first three.
        asks: whether the analogy is shown instead of the neighbours.
        zoom: 1, 2, 4 or 8, around the chosen word.
        title: a line above.

    `word`, `analogy`, `asks` and `zoom` are written by the reader's hand too: observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 06.
    """

    words = Checked().tag(sync=True)
    word = Checked(None).tag(sync=True)
    analogy = Checked(None).tag(sync=True)
    asks = Flag(False).tag(sync=True)
    zoom = Checked(1).tag(sync=True)
    title = Text("").tag(sync=True)
    _vectors = traitlets.Bytes().tag(sync=True)
    _places = traitlets.Bytes().tag(sync=True)
    _share = traitlets.Float().tag(sync=True)

    def __init__(self, words, vectors, word=None, analogy=None, asks=False, zoom=1, title=""):
        words = different("words", words)
        given = check_vectors(vectors, len(words)).astype("<f4")  # what the page gets, exactly
        self.unit = given.astype(np.float64)
        self.unit /= np.linalg.norm(self.unit, axis=1, keepdims=True)
        directions, shares = principal_components(torch.from_numpy(self.unit))
        places = (self.unit - self.unit.mean(axis=0)) @ directions.numpy()
        self.places = places.astype("<f4").astype(np.float64)
        super().__init__(
            **{"_vectors": given.tobytes(), "_places": self.places.astype("<f4").tobytes()},
            **{"_share": float(shares.sum()), "words": words, "word": word, "analogy": analogy},
            **{"asks": asks, "zoom": zoom, "title": title},
        )
        self._warn_if_heavy()

    def cosines(self) -> np.ndarray:
        """Of every word with the chosen one, or with b − a + c: [V]."""
        target = self.unit[self.words.index(self.word)]
        if self.asks:
            a, b, c = (self.unit[self.words.index(word)] for word in self.analogy)
            target = (b - a + c) / (np.linalg.norm(b - a + c) or 1.0)
        return self.unit @ target

    def neighbours(self) -> list[tuple[str, float]]:
        """The nearest words by cosine in the full space, as the page lists them. The chosen word is
        not its own neighbour; the words of an analogy are left in."""
        cosines = self.cosines()
        own = None if self.asks else self.words.index(self.word)
        order = [i for i in np.argsort(-cosines, kind="stable").tolist() if i != own]
        return [(self.words[i], float(cosines[i])) for i in order[:NEAREST]]

    def near_on_map(self) -> list[str]:
        """The words nearest to the chosen one on the map."""
        chosen = self.words.index(self.word)
        apart = np.linalg.norm(self.places - self.places[chosen], axis=1)
        order = [i for i in np.argsort(apart, kind="stable").tolist() if i != chosen]
        return [self.words[i] for i in order[:NEAREST]]

    def answer(self) -> str:
        """The first of the neighbours that is no word of the analogy."""
        return next(word for word in self.ordered() if word not in self.analogy)

    def ordered(self) -> list[str]:
        return [self.words[i] for i in np.argsort(-self.cosines(), kind="stable")]

    @traitlets.validate("words")
    def _check_words(self, proposal):
        words = different("words", proposal["value"])
        if 4 * len(words) * self.unit.shape[1] != len(self._vectors):
            raise WrongValue(f"words has {len(words)} entries: the vectors are {len(self.unit)}")
        return words

    @traitlets.validate("word")
    def _check_word(self, proposal):
        word = proposal["value"]
        return self.words[0] if word is None else as_known("word", word, self.words)

    @traitlets.validate("analogy")
    def _check_analogy(self, proposal):
        if proposal["value"] is None:
            return self.words[:3]
        three = as_words("analogy", proposal["value"])
        if len(three) != 3:
            raise WrongValue(f"analogy has {len(three)} words: expected a, b and c")
        return [as_known("analogy", word, self.words) for word in three]

    @traitlets.validate("zoom")
    def _check_zoom(self, proposal):
        return as_choice("zoom", proposal["value"], ZOOMS)

    def describe(self) -> str:
        size = f"{len(self.words)} words of {self.unit.shape[1]} numbers each"
        if self.asks:
            a, b, c = (shorten(word, 30) for word in self.analogy)
            answer = shorten(self.answer(), 30)
            return f"a map of {size}; {a!r} is to {b!r} as {c!r} is to {answer!r}."
        nearest, number = self.neighbours()[0]
        return (
            f"a map of {size}; nearest to {shorten(self.word, 30)!r} is {shorten(nearest, 30)!r}, "
            f"with a cosine of {number:.4f}."
        )

    def picture(self) -> str:
        low, high = self.places.min(axis=0), self.places.max(axis=0)
        scale = 1 / max((high - low) / [520, 340])
        x, y = ((self.places - (low + high) / 2) * scale * [1, -1] + [310, 200]).T
        near = {word for word, _ in self.neighbours()}
        chosen = set(self.analogy) if self.asks else {self.word}
        parts, boxes = [], []
        for i in sorted(range(len(x)), key=lambda i: self.words[i] not in chosen | near):
            word = self.words[i]
            colour = "#c2410c" if word in chosen else "#0b5d8f" if word in near else "#8893a1"
            parts.append(f'<circle cx="{x[i]:.1f}" cy="{y[i]:.1f}" r="2.5" fill="{colour}"/>')
            free = all(abs(y[i] - v) > 12 or abs(x[i] - u) > 62 for u, v in boxes)
            if word in chosen or (free and len(boxes) < 60):
                boxes.append((x[i], y[i]))
                label = shorten(word, 18)
                parts.append(svg_text(label, x[i] + 5, y[i] + 4, font_size=11, fill=colour))
        return svg(640, 400, self.describe(), parts)


# --- checks ---


def different(name: str, value) -> list[str]:
    words = as_words(name, value)
    if len(words) < 3:
        raise WrongValue(f"{name} has {len(words)} entries: expected at least 3")
    if len(set(words)) < len(words):
        twice = next(word for i, word in enumerate(words) if word in words[:i])
        raise WrongValue(f"{name} holds {shorten(twice, 30)!r} twice: expected different words")
    return words


def check_vectors(value, count: int) -> np.ndarray:
    vectors = as_array("vectors", value).astype(np.float64)
    shape = list(vectors.shape)
    if vectors.ndim != 2 or shape[0] != count or shape[1] < 2:
        raise WrongValue(f"vectors has shape {shape}: expected [{count}, D], D at least 2")
    if not np.isfinite(vectors).all():
        raise WrongValue("vectors has NaN or infinite values: expected finite numbers")
    small = np.abs(vectors).max(axis=1) < 1e-30
    if small.any():
        raise WrongValue(f"vectors[{int(small.argmax())}] is all zeros: it points nowhere")
    return vectors


def as_known(name: str, word, words: list[str]) -> str:
    if not isinstance(word, str):
        raise WrongType(f"{name} must hold strings, got {type(word).__name__}")
    word = plain(word)
    if word not in words:
        raise WrongValue(f"{name}: {shorten(word, 30)!r} is not among the {len(words)} words")
    return word
