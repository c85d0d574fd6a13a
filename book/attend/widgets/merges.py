"""Where do subwords come from? Byte-pair encoding on the reader's own text, one merge at a time."""

import traitlets

from attend.text import MARKS, Merge, PairCounts, words
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_index,
    shorten,
    svg,
    svg_text,
    text_width,
)

LONGEST = 4000  # characters: the page learns all merges anew at every letter typed
PAIRS = 8  # of the commonest pairs, so many are listed
SURROGATES = ("\ud800", "\udfff")


class Merges(Widget):
    """The merges that byte-pair encoding learns from a text, one by one.

    Letters are the first tokens. Then the pair of tokens that are neighbours most often, inside
    words, becomes one token, and so on, until no pair stands twice. The reader types a text and
    steps forwards and back; the page finds the same merges, in the same order, as
    `attend.text.BytePairEncoder` does, in any script.

    Args:
        text: at most 4000 characters.
        step: how many merges have been made, from 0.
        title: a line above.

    `text` and `step` are written by the reader's hand too: observe or link them. A new text keeps
    the step, as far as it has so many merges.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 06.
    """

    text = Checked("").tag(sync=True)
    step = Checked(0).tag(sync=True)
    title = Text("").tag(sync=True)
    _marks = traitlets.Unicode(MARKS).tag(sync=True)

    def __init__(self, text, step=0, title=""):
        super().__init__(text=text, step=step, title=title)
        self._warn_if_heavy()

    def learned(self) -> list[Merge]:
        """All merges that the text has, in order, each with how often its pair stood there."""
        pairs = PairCounts(self.text)
        return list(iter(pairs.merge_best, None))

    def counted(self) -> PairCounts:
        """The pairs as they stand after `step` merges."""
        pairs = PairCounts(self.text)
        for _ in range(self.step):
            pairs.merge_best()
        return pairs

    def tokens(self) -> list[str]:
        """The text, split as the page shows it."""
        spelling = {"".join(symbols): symbols for symbols in self.counted().spellings}
        return [symbol for word in words(self.text) for symbol in spelling[word]]

    def commonest(self) -> list[Merge]:
        """The commonest pairs now, at most 8; the first is merged next, if it stands twice."""
        counts = self.counted().counts
        order = sorted((-n, pair) for pair, n in counts.items() if n)
        return [Merge(*pair, -n) for n, pair in order[:PAIRS]]

    @traitlets.validate("text")
    def _check_text(self, proposal):
        text = proposal["value"]
        if not isinstance(text, str):
            raise WrongType(f"text must be a string, got {type(text).__name__}")
        if len(text) > LONGEST:
            raise WrongValue(f"text has {len(text)} characters: expected at most {LONGEST}")
        if any(SURROGATES[0] <= character <= SURROGATES[1] for character in text):
            raise WrongValue("text holds half a surrogate pair: expected whole characters")
        return text

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], len(self.learned()) + 1)

    @traitlets.observe("text")
    def _keep_step(self, change):
        self.step = min(self.step, len(self.learned()))

    def describe(self) -> str:
        tokens, learned = self.tokens(), self.learned()
        last = learned[self.step - 1] if self.step else None
        made = f", the last one {last.left + last.right!r}" if last else ""
        return (
            f"byte-pair encoding of {len(self.text)} characters: after {self.step} of "
            f"{len(learned)} merges{made}, {len(tokens)} tokens, {len(set(tokens))} of them "
            "different."
        )

    def picture(self) -> str:
        parts, x, y = [], 12.0, 30.0
        for token in self.tokens()[:400]:
            shown = shorten(token.replace(" ", "␣").replace("\n", "↵"), 25)
            width = text_width(shown, 14) + 8
            if x + width > 628:
                x, y = 12.0, y + 30
            box = f'x="{x:.1f}" y="{y - 15:.1f}" width="{width - 2:.1f}" height="22" rx="3"'
            parts.append(f'<rect {box} fill="#eef1f5" stroke="#dfe4ea"/>')
            parts.append(svg_text(shown, x + width / 2 - 1, y, font_size=14, text_anchor="middle"))
            x += width + 1
        if len(self.tokens()) > 400:
            parts.append(svg_text("…", x + 4, y))
        return svg(640, y + 22, self.describe(), parts)
