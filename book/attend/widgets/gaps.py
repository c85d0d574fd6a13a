"""Which word was covered? A masked model's guesses after each block, and where it looks."""

import numpy as np
import torch
import traitlets

from attend.language import logit_lens
from attend.text import BOS, EOS
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_choice,
    as_index,
    as_words,
    shade,
    shorten,
    svg,
    svg_text,
)

UNIT = 10_000  # shares and weights travel as whole ten-thousandths
CANDIDATES, LONGEST, MOST_SENTENCES = 5, 24, 12
COVERED = "▢"
MEAN = "mean"


class Gaps(Widget):
    """A masked model asked for one covered word at a time.

    The reader picks a sentence and covers a word of it; shown are the candidates for the gap that
    the stream there holds as embedded and after each block (`attend.language.logit_lens`), and at
    which words the gap looks in each block. All is computed when the widget is made.

    Args:
        model: attend.language.LanguageModel that is not causal.
        sentences: up to 12 lists of at most 24 tokens, as the model was trained to see them;
            <bos> and <eos> among them are never covered.
        vocabulary: attend.text.Vocabulary; every token must be in it.
        mask: the token that stands for a covered word, in the vocabulary.
        sentence, place: which word is covered, counted from 0.
        head: whose weights are shown: "mean", or a number from 0.
        title: a line above.

    `sentence`, `place` and `head` are written by the reader's hand too: observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 18.
    """

    sentence = Checked(0).tag(sync=True)
    place = Checked(None).tag(sync=True)
    head = Checked(MEAN).tag(sync=True)
    title = Text("").tag(sync=True)
    _sentences = traitlets.List().tag(sync=True)
    _gaps = traitlets.List().tag(sync=True)  # of each sentence the places that can be covered
    _words = traitlets.List().tag(sync=True)  # all that are a candidate anywhere
    _guesses = traitlets.List().tag(
        sync=True
    )  # [sentence][gap][depth]: places, shares, rank, share
    _weights = traitlets.Bytes().tag(sync=True)  # sentence, gap, block, head, word
    _sizes = traitlets.List().tag(sync=True)  # N, H

    def __init__(
        self,
        model,
        sentences,
        vocabulary,
        mask="<mask>",
        *,
        sentence=0,
        place=None,
        head=MEAN,
        title="",
    ):
        if not callable(getattr(model, "streams", None)):  # a chapter has the class in a cell
            raise WrongType(f"model must be a LanguageModel, got {type(model).__name__}")
        if model.config.causal:
            raise WrongValue("model must not be causal: it would not see what follows the gap")
        sentences = check_sentences(sentences, vocabulary)
        if mask not in vocabulary.ids:
            raise WrongValue(f"mask={mask!r} is not in the vocabulary")
        gaps = [[t for t, word in enumerate(s) if word not in (BOS, EOS)] for s in sentences]
        for number, places in enumerate(gaps):
            if not places:
                raise WrongValue(f"sentences[{number}] holds no word that could be covered")
        asked = [
            ask(model, [vocabulary.ids[word] for word in words], places, vocabulary.ids[mask])
            for words, places in zip(sentences, gaps, strict=True)
        ]
        self.weights = [weights for _, weights in asked]  # of each sentence [gaps, N, H, T]
        sentence = as_index("sentence", sentence, len(sentences))
        words, guesses = spelt([found for found, _ in asked], vocabulary.tokens)
        super().__init__(
            **{"_sentences": sentences, "_gaps": gaps, "head": head, "title": title},
            **{"_sizes": [model.config.n_layers, model.config.n_heads]},
            **{"_words": words, "_guesses": guesses},
            **{"_weights": b"".join(w.astype("<u2").tobytes() for w in self.weights)},
            **{"sentence": sentence, "place": gaps[sentence][0] if place is None else place},
        )
        self._warn_if_heavy()

    def tokens(self) -> list[str]:
        """The sentence, with the gap in it."""
        words = list(self._sentences[self.sentence])
        words[self.place] = COVERED
        return words

    def guesses(self) -> list[dict]:
        """As embedded and after each block: the likeliest `words` with their `shares`, and the
        `rank` (from 1) and `share` of the word that was covered."""
        found = self._guesses[self.sentence][self._gaps[self.sentence].index(self.place)]
        return [
            {
                "words": [self._words[i] for i in places],
                "shares": [n / UNIT for n in shares],
                "rank": rank,
                "share": share / UNIT,
            }
            for places, shares, rank, share in found
        ]

    def looks(self) -> np.ndarray:
        """Where the gap looks in each block, by the head that is chosen or the mean: [N, T]."""
        gap = self._gaps[self.sentence].index(self.place)
        heads = self.weights[self.sentence][gap] / UNIT  # [N, H, T]
        return heads.mean(axis=1) if self.head == MEAN else heads[:, self.head]

    @traitlets.validate("sentence")
    def _check_sentence(self, proposal):
        return as_index("sentence", proposal["value"], len(self._sentences))

    @traitlets.observe("sentence")
    def _keep_a_gap(self, change):
        places = self._gaps[self.sentence]
        if self.place is not None and self.place not in places:
            self.place = min(places, key=lambda place: abs(place - self.place))

    @traitlets.validate("place")
    def _check_place(self, proposal):
        words = self._sentences[self.sentence]
        place = as_index("place", proposal["value"], len(words))
        if place not in self._gaps[self.sentence]:
            raise WrongValue(f"place={place} is {words[place]}, which is never covered")
        return place

    @traitlets.validate("head")
    def _check_head(self, proposal):
        value, count = proposal["value"], self._sizes[1]
        if isinstance(value, str):
            return as_choice("head", value, [MEAN])
        return as_index("head", value, count)

    def describe(self) -> str:
        last, word = self.guesses()[-1], self._sentences[self.sentence][self.place]
        text = shorten(" ".join(w for w in self.tokens() if w not in (BOS, EOS)), 120)
        return (
            f"“{text}”: the likeliest word is {shorten(last['words'][0], 40)!r} with "
            f"{last['shares'][0]:.4f}; {shorten(word, 40)!r}, which was covered, has "
            f"{last['share']:.4f} and is number {last['rank']}."
        )

    def picture(self) -> str:
        guesses, looks, words = self.guesses(), self.looks(), self.tokens()
        wide, cell, row, left, parts = 140, 34, 22, 76, []
        for depth, found in enumerate(guesses):
            x = 12 + depth * wide
            parts.append(svg_text(name_of(depth), x, 24, font_weight=600))
            for i, (word, share) in enumerate(zip(found["words"], found["shares"], strict=True)):
                y = 34 + i * row
                bar = max(1.0, share * (wide - 20))
                parts.append(
                    f'<rect x="{x}" y="{y}" width="{bar:.1f}" height="18" fill="#bfd9ee"/>'
                )
                parts.append(svg_text(shorten(word, 11), x + 3, y + 13))
                parts.append(svg_text(f"{share:.2f}", x + wide - 48, y + 13))
        top = 34 + CANDIDATES * row + 84
        for t, word in enumerate(words):
            turn = f"translate({left + (t + 0.5) * cell + 4:.0f} {top - 6}) rotate(-60)"
            parts.append(svg_text(shorten(word, 12), 0, 0, transform=turn))
        for n, weights in enumerate(looks):
            parts.append(svg_text(name_of(n + 1), 4, top + n * row + 15, font_size=11))
            for t, weight in enumerate(weights):
                fill = shade(weight)
                parts.append(
                    f'<rect x="{left + t * cell}" y="{top + n * row}" width="{cell - 1}" '
                    f'height="{row - 1}" fill="{fill}"/>'
                )
        width = max(12 + wide * len(guesses), left + cell * len(words) + 50)
        return svg(width, top + row * len(looks) + 12, self.describe(), parts)


def name_of(depth: int) -> str:
    return f"after block {depth}" if depth else "as embedded"


@torch.no_grad()
def ask(model, ids: list[int], places: list[int], mask: int) -> tuple:
    """Of each place covered by itself: the candidates after each block (ids, shares, and the rank
    and share of the true word), and the weights of the gap [gaps, N, H, T] in whole units."""
    training = model.training
    covered = torch.tensor([ids] * len(places), device=model.out.weight.device)
    rows, at = torch.arange(len(places)), torch.tensor(places)
    truth = covered[rows, at].clone()
    covered[rows, at] = mask
    model.eval()
    shares = logit_lens(model, covered)[:, rows, at].softmax(-1)  # [N + 1, gaps, V]
    weights = model(covered, return_weights=True)[1][:, rows, :, at]  # [gaps, N, H, T]
    model.train(training)
    top = shares.topk(min(CANDIDATES, shares.shape[-1]), dim=-1)
    of_truth = shares[:, rows, truth]  # [N + 1, gaps]
    rank = 1 + (shares > of_truth[..., None]).sum(-1)
    found = [
        [
            (top.indices[n, gap], top.values[n, gap], rank[n, gap], of_truth[n, gap])
            for n in range(len(shares))
        ]
        for gap in range(len(places))
    ]
    return found, np.rint(weights.float().cpu().numpy() * UNIT).astype(np.int64)


def spelt(found, tokens: list[str]) -> tuple[list[str], list]:
    """Every word that is a candidate somewhere, and for each sentence, gap and depth the places of
    its candidates among them, the shares, the rank and the share of the truth, as whole numbers."""
    places = {}  # id → place

    def depth(ids, shares, rank, share):
        at = [places.setdefault(i, len(places)) for i in ids.tolist()]
        return [
            at,
            [round(s * UNIT) for s in shares.tolist()],
            rank.item(),
            round(share.item() * UNIT),
        ]

    guesses = [[[depth(*d) for d in gap] for gap in sentence] for sentence in found]
    return [tokens[i] for i in places], guesses


def check_sentences(sentences, vocabulary) -> list[list[str]]:
    if isinstance(sentences, str) or not hasattr(sentences, "__iter__"):
        raise WrongType(
            f"sentences must be a list of lists of tokens, got {type(sentences).__name__}"
        )
    sentences = list(sentences)
    if not 1 <= len(sentences) <= MOST_SENTENCES:
        raise WrongValue(f"sentences has {len(sentences)}: expected 1 to {MOST_SENTENCES}")
    found = []
    for number, sentence in enumerate(sentences):
        words = as_words(f"sentences[{number}]", sentence)
        if len(words) > LONGEST:
            raise WrongValue(
                f"sentences[{number}] has {len(words)} tokens: expected at most {LONGEST}"
            )
        for word in words:
            if word not in vocabulary.ids:
                raise WrongValue(
                    f"sentences[{number}] holds {shorten(word, 40)!r}, "
                    "which is not in the vocabulary"
                )
        found.append(words)
    return found
