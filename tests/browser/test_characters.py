"""A word that is cut short on the page is cut between characters, in any browser."""

import pytest

from attend.widgets.base import characters

WORDS = [
    "cafe\u0301 au lait, s\u0327il vous plai\u0302t",
    "e\u0301\u0323" * 30,
    "👩‍👩‍👧👨‍👩‍👦" * 6,
    "👍🏽👍🏿" * 8,
    "🇫🇷🇩🇪🇮🇹🇪🇸" * 5,
    "❤️✈️" * 9,
    "नमस्ते" * 7,
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢" * 5,
    "x" * 399 + "😀" * 40,
]
CUTS = """(words) => {
  const { shorten, charactersOf } = self.attendWidgets.common((name) => null);
  const rooms = Array.from({ length: 60 }, (_, i) => 4 * i);
  return words.map((word) => [charactersOf(word), rooms.map((room) => shorten(word, 13, room))]);
}"""


@pytest.mark.parametrize("script", ["", "delete Intl.Segmenter"], ids=["segmenter", "none"])
def test_a_label_is_cut_between_characters(visit, script):
    page = visit("book/11_self_attention.html", script=script)
    assert page.evaluate("!!Intl.Segmenter") is not bool(script)
    for word, (whole, cuts) in zip(WORDS, page.evaluate(CUTS, WORDS), strict=True):
        assert "".join(whole) == word
        ends = {0}
        for character in characters(word):
            ends.add(max(ends) + len(character))
        lengths = set()
        for cut in cuts:
            kept = cut.removesuffix("…")
            assert word.startswith(kept) and len(kept) in ends, cut
            lengths.add(len(kept))
        assert len(lengths) > 5
