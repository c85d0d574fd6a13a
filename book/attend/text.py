"""From text to rows of token numbers and back. Taught in chapter 06."""

import heapq
import re
import unicodedata
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from typing import NamedTuple

import torch

from attend import checks

__all__ = [
    "BOS",
    "BOS_ID",
    "COMBINING",
    "EOS",
    "EOS_ID",
    "HAN",
    "MARKS",
    "PAD",
    "PAD_ID",
    "TOKEN",
    "TOKEN_OR_HAN",
    "UNKNOWN",
    "UNK_ID",
    "WORD",
    "BytePairEncoder",
    "Merge",
    "PairCounts",
    "SentencePair",
    "Vocabulary",
    "merge",
    "pad",
    "read_pairs",
    "tokenise",
    "words",
]

PAD, UNKNOWN, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
PAD_ID, UNK_ID, BOS_ID, EOS_ID = 0, 1, 2, 3  # their numbers in every vocabulary of the book

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# accents and vowel signs belong to the letter before them
COMBINING = "".join(c for c in map(chr, range(0x300, 0x20000)) if unicodedata.category(c)[0] == "M")
LETTER = rf"\w[{COMBINING}]*"
LETTER_NOT_HAN = rf"[^\W{HAN}][{COMBINING}]*"
SIGN = rf"[^\w\s][{COMBINING}]*"
TOKEN = re.compile(rf"<\w+>|(?:{LETTER})+(?:['’](?:{LETTER})+)*|{SIGN}")
WORD_NOT_HAN = rf"(?:{LETTER_NOT_HAN})+(?:['’](?:{LETTER_NOT_HAN})+)*"
TOKEN_OR_HAN = re.compile(rf"<\w+>|[{HAN}][{COMBINING}]*|{WORD_NOT_HAN}|{SIGN}")


def tokenise(text: str, split_han: bool = False) -> list[str]:
    """Words with their apostrophes and accents, punctuation marks one by one, and marked tokens
    such as <bos>.
    "It didn't." → ["It", "didn't", "."]. Chinese is written without spaces: as it stands, "看书。"
    → ["看书", "。"], a run of characters being one word; with split_han each Chinese character is a
    token: ["看", "书", "。"].

    Raises TypeError for anything but a string, ValueError for half a surrogate pair. Taught in
    chapter 06.
    """
    checks.string("text", text)
    return (TOKEN_OR_HAN if split_han else TOKEN).findall(text)


class Vocabulary:
    """Every known token and its number. 0 is padding, 1 stands for every token not known.
    `sentences`: lists of tokens; numbers are given in the order of first appearance, so the same
    sentences make the same vocabulary everywhere. `specials` come before them: with (BOS, EOS),
    <bos> is 2 and <eos> 3. A token seen fewer than `min_count` times is not kept.

    Raises TypeError for sentences that are strings, ValueError for min_count < 1 and for a token
    with half a surrogate pair. Taught in chapter 06.
    """

    def __init__(self, sentences, min_count: int = 1, specials=()):
        checks.whole_number("min_count", min_count)
        counts = Counter()
        for i, sentence in enumerate(sentences):
            counts.update(checks.tokens(f"sentences[{i}]", sentence))
        first = [PAD, UNKNOWN, *checks.tokens("specials", specials)]
        often = [token for token, n in counts.items() if n >= min_count]
        self.tokens = list(dict.fromkeys(first + often))
        self.ids = {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token) -> bool:
        return token in self.ids

    def encode(self, tokens) -> list[int]:
        """Tokens to numbers; an unknown token becomes 1."""
        return [self.ids.get(token, UNK_ID) for token in checks.tokens("tokens", tokens)]

    def decode(self, ids) -> list[str]:
        """Numbers to tokens, without the padding."""
        ids = checks.token_numbers("ids", ids, len(self))
        return [self.tokens[number] for number in ids if number != PAD_ID]


def pad(rows, length: int | None = None) -> torch.Tensor:
    """Rows of token numbers of any length → one tensor [B, T], T the longest, filled up with 0 on
    the right. With `length`, T is that, and what is longer is cut off.

    Raises ValueError for no rows at all and for a length below 1. An empty row becomes all padding.
    Taught in chapter 06.
    """
    rows = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    if not rows:
        raise ValueError("rows must hold at least one row, got none")
    if length is not None:
        n = checks.whole_number("length", length)
        cut = [row[:n] for row in rows]
        rows = [torch.nn.functional.pad(row, (0, n - len(row)), value=PAD_ID) for row in cut]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=PAD_ID)


# ---------------------------------------------------------------------------- byte-pair encoding

# punctuation of ASCII and of Chinese; apostrophes stay in their word, as do accents and joiners
MARKS = (
    r"!-&(-/:-@\[-`{-~\u2010-\u2018\u201a-\u205e\u3001-\u3004\u3008-\u303f"
    r"\uff01-\uff0f\uff1a-\uff20"
)
WORD = re.compile(rf" ?[^\s{MARKS}]{{1,24}}| ?[{MARKS}]{{1,24}}|\s")


def words(text: str) -> list[str]:
    """The stretches of text inside which byte-pair encoding merges: a word, or a run of marks, with
    the space before it; any other space or line end by itself. Joined, they are the text.
    "It's tea.\\n" → ["It's", " tea", ".", "\\n"]. No stretch is longer than 25 characters, so the
    work grows with the text and not with its square, spaces or none. Taught in chapter 06.
    """
    return WORD.findall(checks.string("text", text))


def merge(symbols: list, pair: tuple) -> list:
    """The symbols with every `pair` of neighbours made one, from left to right.
    merge(["a", "b", "a", "b", "a"], ("a", "b")) → ["ab", "ab", "a"]. Taught in chapter 06.
    """
    merged, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            merged.append(pair[0] + pair[1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


class Merge(NamedTuple):
    """One thing learned: `left` and `right` stood side by side `count` times, and became one."""

    left: str
    right: str
    count: int


class PairCounts:
    """How often each two symbols are neighbours within the words of a text, kept up to date while
    pairs are merged: a merge recounts the words that hold it, and no others.
    counts: pair → number; spellings: the symbols of each different word.

    Source: Sennrich, Haddow and Birch 2016, section 3.2. Taught in chapter 06.
    """

    def __init__(self, text: str):
        times = Counter(words(text))
        self.times = list(times.values())
        self.spellings = [list(word) for word in times]
        self.counts, self.holders = Counter(), defaultdict(set)
        for word in range(len(self.spellings)):
            self.recount(word, +1)
        self.queue = [(-n, pair) for pair, n in self.counts.items()]
        heapq.heapify(self.queue)

    def recount(self, word: int, sign: int) -> None:
        for pair in pairwise(self.spellings[word]):
            self.counts[pair] += sign * self.times[word]
            if sign > 0:
                self.holders[pair].add(word)
            else:
                self.holders[pair].discard(word)

    def merge_best(self) -> Merge | None:
        """Merge the commonest pair, of several the first in the order of their characters; None
        when no pair stands twice."""
        while self.queue and -self.queue[0][0] != self.counts[self.queue[0][1]]:
            heapq.heappop(self.queue)  # written down before its count changed
        if not self.queue or -self.queue[0][0] < 2:
            return None
        count, best = heapq.heappop(self.queue)
        before = {}
        for word in list(self.holders[best]):
            merged = merge(self.spellings[word], best)
            for pair in (*pairwise(self.spellings[word]), *pairwise(merged)):
                before.setdefault(pair, self.counts[pair])
            self.recount(word, -1)
            self.spellings[word] = merged
            self.recount(word, +1)
        for pair, n in before.items():
            if self.counts[pair] != n:
                heapq.heappush(self.queue, (-self.counts[pair], pair))
        return Merge(*best, -count)


class BytePairEncoder:
    """A vocabulary of pieces of words: the characters of `text`, and what the commonest pairs of
    neighbours were merged into, one pair at a time.
    Any text can be encoded and comes back letter for letter: a character that `text` did not hold
    is spelled in its UTF-8 bytes (byte fallback). Tokens are strings, or bytes of length 1. 0 to 3
    are <pad>, <unk> (never needed), <bos>, <eos>; 4 to 259 the bytes; then come the characters in
    order, then the merges.

    Raises TypeError for text that is no string, ValueError for half a surrogate pair and for
    n_merges below 0. Source: Sennrich, Haddow and Birch 2016; byte fallback as in the SentencePiece
    library. Taught in chapter 06.
    """

    def __init__(self, text: str, n_merges: int = 0):
        self.pairs = PairCounts(text)
        self.tokens = [PAD, UNKNOWN, BOS, EOS, *(bytes([n]) for n in range(256))]
        self.tokens += sorted(set(text))
        self.ids = {token: number for number, token in enumerate(self.tokens) if number > EOS_ID}
        self.merges, self.ranks, self.known = [], {}, {}
        self.learn(n_merges)

    def __len__(self) -> int:
        return len(self.tokens)

    def learn(self, n_merges: int) -> list[Merge]:
        """Learn this many merges more, and return them: fewer when no pair stands twice."""
        start = len(self.merges)
        for _ in range(checks.whole_number("n_merges", n_merges, least=0)):
            if (best := self.pairs.merge_best()) is None:
                break
            self.ranks[best.left, best.right] = len(self.merges)
            self.merges.append(best)
            if (token := best.left + best.right) not in self.ids:
                self.ids[token] = len(self.tokens)
                self.tokens.append(token)
        self.known.clear()
        return self.merges[start:]

    def split(self, text: str, n_merges: int | None = None) -> list:
        """The tokens of a text: strings and single bytes. With n_merges, as the encoder was when it
        had learned only so many."""
        if n_merges is not None:
            limit = checks.whole_number("n_merges", n_merges, least=0)
            return [token for word in words(text) for token in self.spell(word, limit)]
        stretches = words(text)
        for word in set(stretches) - self.known.keys():
            self.known[word] = self.spell(word, len(self.merges))
        return [token for word in stretches for token in self.known[word]]

    def spell(self, word: str, limit: int) -> list:
        """One word: its characters, then the merges in the order in which they were learned."""
        symbols = []
        for character in word:
            symbols += [character] if character in self.ids else _bytes_of(character)
        while True:
            ranks = [self.ranks.get(pair, limit) for pair in pairwise(symbols)]
            if min(ranks, default=limit) >= limit:
                return symbols
            symbols = merge(symbols, self.merges[min(ranks)][:2])

    def encode(self, text: str) -> list[int]:
        """A text to numbers."""
        return [self.ids[token] for token in self.split(text)]

    def decode(self, ids) -> str:
        """Numbers to text, without padding, <unk>, <bos> and <eos>. decode(encode(text)) == text;
        bytes that no text has, which only a model can write, become �.

        Raises TypeError for what is not whole numbers, ValueError for a number out of range.
        """
        ids = checks.token_numbers("ids", ids, len(self))
        tokens = [self.tokens[number] for number in ids if number > EOS_ID]
        text = ""
        for kind, run in groupby(tokens, type):
            joined = kind().join(run)
            text += joined if kind is str else joined.decode("utf-8", "replace")
        return text


# ------------------------------------------------------------------------------------ real files


class SentencePair(NamedTuple):
    """A sentence and its translation."""

    english: str
    chinese: str


def read_pairs(path, limit: int | None = None) -> list[SentencePair]:
    """The sentence pairs of a file in Tatoeba's format: English, a tab, Chinese, and perhaps a tab
    and whose sentences they are; one pair a line, UTF-8.
    With `limit`, the first so many lines, and no look at the rest. Blanks around a sentence, a
    byte-order mark and Windows line ends are taken off. No line is dropped: one that cannot be read
    is a ValueError with the path and the line's number (no tab, an empty side, more than three
    columns, bytes that are not UTF-8), and so is a file of 0 lines and a limit below 1.

    Raises FileNotFoundError and IsADirectoryError for a path that is no file. Taught in chapter 09.
    """
    path = checks.existing_file("path", path)
    if limit is not None:
        checks.whole_number("limit", limit)
    pairs = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            pairs.append(_pair_of(line, f"{path}, line {number}", first=number == 1))
            if number == limit:
                break
    if not pairs:
        raise ValueError(f"{path} must hold at least one pair, got a file of 0 lines")
    return pairs


def _pair_of(line: bytes, where: str, first: bool) -> SentencePair:
    """The pair in one line of a file."""
    try:
        text = line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{where}: must be UTF-8, got byte 0x{line[error.start]:02x} at place {error.start + 1}"
        ) from None
    columns = text.removesuffix("\n").removesuffix("\r").split("\t")
    if not 2 <= len(columns) <= 3:
        got = f"{len(columns)} columns" if len(columns) > 1 else f"no tab in {text.strip()[:30]!r}"
        raise ValueError(f"{where}: must be English, a tab, Chinese, got {got}")
    if "\r" in text[:-2]:
        raise ValueError(f"{where}: lines must end in \\n or \\r\\n, got \\r inside one")
    pair = SentencePair(columns[0].strip(), columns[1].strip())
    for side, sentence in zip(("English", "Chinese"), pair, strict=True):
        if not sentence:
            raise ValueError(f"{where}: the {side} side must not be empty")
    return pair


# ------------------------------------------------------- what may come in, and what is said if not


def _bytes_of(character: str) -> list[bytes]:
    """The UTF-8 bytes of a character, one by one."""
    return [bytes([n]) for n in character.encode()]
