"""What does a length cost? Multiply-adds and bytes of a model of today, at the reader's sizes."""

import math

import traitlets

from attend.cost import decoder_costs
from attend.widgets.base import Checked, Widget, WrongValue, as_index, svg, svg_text

SIZES = ("d_model", "n_heads", "n_kv_heads", "n_layers", "d_ff", "vocab", "length")
MOST = 10_000_000  # of any size
PREFIXES = ("", "thousand", "million", "billion", "trillion")


class DecoderCosts(Widget):
    """The counts of `attend.cost.decoder_costs` against the length of a text: multiply-adds of the
    linear maps, of scores and averages, and of the next word, and the bytes of keys and values, two
    for each number.

    Args:
        d_model, n_heads, n_kv_heads, n_layers, d_ff, vocab: the model.
        length: words to read, up to ten million.

    All are written by the reader's hand too: observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 20.
    """

    d_model = Checked(4096).tag(sync=True)
    n_heads = Checked(32).tag(sync=True)
    n_kv_heads = Checked(8).tag(sync=True)
    n_layers = Checked(32).tag(sync=True)
    d_ff = Checked(14336).tag(sync=True)
    vocab = Checked(128256).tag(sync=True)
    length = Checked(8192).tag(sync=True)

    def __init__(
        self,
        d_model=4096,
        n_heads=32,
        n_kv_heads=8,
        n_layers=32,
        d_ff=14336,
        vocab=128256,
        length=8192,
    ):
        super().__init__(
            **{"d_model": d_model, "n_heads": n_heads, "n_kv_heads": n_kv_heads},
            **{"n_layers": n_layers, "d_ff": d_ff, "vocab": vocab, "length": length},
        )

    @traitlets.validate(*SIZES)
    def _check(self, proposal):
        name = proposal["trait"].name
        value = as_index(name, proposal["value"], MOST + 1, first=1)
        try:
            decoder_costs(**{**self.sizes(), name: value})
        except ValueError as error:
            raise WrongValue(str(error)) from None
        return value

    def sizes(self) -> dict[str, int]:
        """The model and the length, as `decoder_costs` takes them."""
        return {name: getattr(self, name) for name in SIZES}

    def costs(self):
        """What the page shows: a `Costs`."""
        return decoder_costs(**self.sizes())

    def even(self) -> int:
        """The length at which scores and averages are as many multiply-adds as the linear maps."""
        return round(self.costs().linear / self.length / (2 * self.n_layers * self.d_model))

    def describe(self) -> str:
        found = self.costs()
        return (
            f"{self.length:,} words of a model with {in_words(found.weights)} weights take "
            f"{in_words(found.reading)} multiply-adds to read, {100 * found.share:.1f} % of them "
            f"scores and averages; their keys and values take {in_bytes(found.cache_bytes)}, and "
            f"the next word {in_words(found.next_word)} multiply-adds."
        )

    def picture(self) -> str:
        found = self.costs()
        parts = [
            svg_text(f"{self.length:,} words, width {self.d_model:,}", 14, 24, font_weight=600)
        ]
        rows = (
            ("linear maps", found.linear, "#2a78b0"),
            ("scores and averages", found.scores, "#b85c14"),
        )
        for i, (name, count, colour) in enumerate(rows):
            y = 40 + 30 * i
            bar = 260 * count / max(found.linear, found.scores)
            parts += [
                svg_text(name, 14, y + 14),
                f'<rect x="150" y="{y}" width="{bar:.1f}" height="18" fill="{colour}"/>',
                svg_text(in_words(count), 158 + bar, y + 14),
            ]
        told = f"keys and values: {in_bytes(found.cache_bytes)}; both bars alike at {self.even():,}"
        return svg(560, 128, self.describe(), [*parts, svg_text(f"{told} words", 14, 114)])


def in_words(count: int) -> str:
    """4,181,000,000 as "4.181 billion": four digits, as the page writes it."""
    power = min(len(PREFIXES) - 1, max(0, int(math.log10(count)) // 3)) if count else 0
    if power == 0:
        return f"{count:,}"
    return f"{count / 1000**power:,.{digits(count / 1000**power)}f} {PREFIXES[power]}"


def in_bytes(count: int) -> str:
    """131,072 as "128.0 KiB"."""
    power = min(4, int(math.log2(count)) // 10) if count else 0
    if power == 0:
        return f"{count} bytes"
    value = count / 1024**power
    return f"{value:,.{digits(value)}f} {('', 'KiB', 'MiB', 'GiB', 'TiB')[power]}"


def digits(value: float) -> int:
    """How many decimals make four digits."""
    return max(0, 3 - int(math.log10(value))) if value >= 1 else 3
