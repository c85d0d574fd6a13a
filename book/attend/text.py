"""From text to rows of token numbers and back. Taught in chapter 06."""

import heapq
import operator
import os
import re
from collections import Counter, defaultdict
from itertools import groupby, pairwise
from pathlib import Path
from typing import NamedTuple

import torch

PAD, UNKNOWN, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
PAD_ID, UNK_ID, BOS_ID, EOS_ID = 0, 1, 2, 3  # their numbers in every vocabulary of the book
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
TOKEN = re.compile(r"<\w+>|\w+(?:['’]\w+)*|[^\w\s]")
TOKEN_OR_HAN = re.compile(rf"<\w+>|[{HAN}]|[^\W{HAN}]+(?:['’][^\W{HAN}]+)*|[^\w\s]")


def tokenise(text: str, split_han: bool = False) -> list[str]:
    """Words with their apostrophes, punctuation marks one by one, and marked tokens such as <bos>.

    "It didn't." → ["It", "didn't", "."]. Chinese is written without spaces: as it stands, "看书。"
    → ["看书", "。"], a run of characters being one word; with split_han each Chinese character is a
    token: ["看", "书", "。"]. Raises TypeError for anything but a string.
    """
    check_text(text)
    return (TOKEN_OR_HAN if split_han else TOKEN).findall(text)


class Vocabulary:
    """Every known token and its number. 0 is padding, 1 stands for every token not known.

    `sentences`: lists of tokens; numbers are given in the order of first appearance, so the same
    sentences make the same vocabulary everywhere. `specials` come before them: with (BOS, EOS),
    <bos> is 2 and <eos> 3. A token seen fewer than `min_count` times is not kept. Raises TypeError
    for sentences that are strings, ValueError for min_count < 1. Taught in chapter 06.
    """

    def __init__(self, sentences, min_count: int = 1, specials=()):
        counts = Counter()
        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError(f"sentences must hold lists of tokens, got {sentence[:20]!r}")
            counts.update(sentence)
        first = [PAD, UNKNOWN, *check_specials(specials)]
        often = [token for token, n in counts.items() if n >= at_least_1("min_count", min_count)]
        self.tokens = list(dict.fromkeys(first + often))
        self.ids = {token: number for number, token in enumerate(self.tokens)}

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token) -> bool:
        return token in self.ids

    def encode(self, tokens) -> list[int]:
        """Tokens to numbers; an unknown token becomes 1."""
        if isinstance(tokens, str):
            raise TypeError(f"tokens must be a list of tokens, got {tokens[:20]!r}")
        return [self.ids.get(token, self.ids[UNKNOWN]) for token in tokens]

    def decode(self, ids) -> list[str]:
        """Numbers to tokens, without the padding."""
        return [self.tokens[number] for number in check_ids(ids, len(self)) if number != 0]


def pad(rows, length: int | None = None) -> torch.Tensor:
    """Rows of token numbers of any length → one tensor [B, T], T the longest, filled up with 0 on
    the right.

    With `length`, T is that, and what is longer is cut off. Raises ValueError for no rows at all
    and for a length below 1. An empty row becomes all padding. Taught in chapter 06.
    """
    rows = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    if not rows:
        raise ValueError("rows must hold at least one row, got none")
    if length is not None:
        n = at_least_1("length", length)
        rows = [torch.nn.functional.pad(row[:n], (0, n - len(row[:n]))) for row in rows]
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)


# ---------------------------------------------------------------------------- byte-pair encoding

# punctuation of ASCII and of Chinese; apostrophes stay in their word, as do accents and joiners
MARKS = r"!-&(-/:-@\[-`{-~\u2010-\u2018\u201a-\u205e\u3001-\u3004\u3008-\u303f"
MARKS += r"\uff01-\uff0f\uff1a-\uff20"
WORD = re.compile(rf" ?[^\s{MARKS}]{{1,24}}| ?[{MARKS}]{{1,24}}|\s")


def words(text: str) -> list[str]:
    """The stretches of text inside which byte-pair encoding merges: a word, or a run of marks, with
    the blank before it; any other blank or line end by itself. Joined, they are the text.

    "It's tea.\\n" → ["It's", " tea", ".", "\\n"]. No stretch is longer than 25 characters, so the
    work grows with the text and not with its square, spaces or none. Taught in chapter 06.
    """
    return WORD.findall(check_text(text))


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

    counts: pair → number; spellings: the symbols of each different word. Source: Sennrich, Haddow
    and Birch 2016, section 3.2. Taught in chapter 06.
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
            (self.holders[pair].add if sign > 0 else self.holders[pair].discard)(word)

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
    order, then the merges. Raises TypeError for text that is no string, ValueError for n_merges
    below 0. Source: Sennrich, Haddow and Birch 2016; byte fallback as in the
    SentencePiece library. Taught in chapter 06.
    """

    def __init__(self, text: str, n_merges: int = 0):
        self.pairs = PairCounts(text)
        self.tokens = [PAD, UNKNOWN, BOS, EOS, *(bytes([n]) for n in range(256))]
        self.tokens += sorted(set(text))
        self.ids = {token: number for number, token in enumerate(self.tokens) if number > 3}
        self.merges, self.ranks, self.known = [], {}, {}
        self.learn(n_merges)

    def __len__(self) -> int:
        return len(self.tokens)

    def learn(self, n_merges: int) -> list[Merge]:
        """Learn this many merges more, and return them: fewer when no pair stands twice."""
        start = len(self.merges)
        for _ in range(not_negative("n_merges", n_merges)):
            if (found := self.pairs.merge_best()) is None:
                break
            self.ranks[found.left, found.right] = len(self.merges)
            self.merges.append(found)
            if (token := found.left + found.right) not in self.ids:
                self.ids[token] = len(self.tokens)
                self.tokens.append(token)
        self.known.clear()
        return self.merges[start:]

    def split(self, text: str, n_merges: int | None = None) -> list:
        """The tokens of a text: strings and single bytes. With n_merges, as the encoder was when it
        had learned only so many."""
        if n_merges is not None:
            limit = not_negative("n_merges", n_merges)
            return [token for word in words(text) for token in self.spell(word, limit)]
        stretches = words(text)
        for word in set(stretches) - self.known.keys():
            self.known[word] = self.spell(word, len(self.merges))
        return [token for word in stretches for token in self.known[word]]

    def spell(self, word: str, limit: int) -> list:
        """One word: its characters, then the merges in the order in which they were learned."""
        symbols = []
        for character in word:
            symbols += [character] if character in self.ids else as_bytes(character)
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
        tokens = [self.tokens[number] for number in check_ids(ids, len(self)) if number > 3]
        runs = [(kind, list(run)) for kind, run in groupby(tokens, type)]
        return "".join("".join(run) if kind is str else from_bytes(run) for kind, run in runs)


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
    columns, bytes that are not UTF-8), and so is a file of 0 lines and a limit below 1. Raises
    FileNotFoundError and IsADirectoryError for a path that is no file. Taught in chapter 09.
    """
    path, limit = check_file(path), None if limit is None else at_least_1("limit", limit)
    pairs = []
    with open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            pairs.append(pair_of(line, f"{path}, line {number}", first=number == 1))
            if number == limit:
                break
    if not pairs:
        raise ValueError(f"{path} must hold at least one pair, got a file of 0 lines")
    return pairs


def pair_of(line: bytes, where: str, first: bool) -> SentencePair:
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


def check_text(text) -> str:
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    return text


def check_specials(specials) -> list[str]:
    if isinstance(specials, str):
        raise TypeError(f"specials must be a list of tokens, got {specials[:20]!r}")
    return list(specials)


def check_ids(ids, size: int) -> list[int]:
    try:
        ids = [operator.index(number) for number in ids]
    except TypeError:
        raise TypeError("ids must be whole numbers, in a list or a tensor [T]") from None
    if wrong := [number for number in ids if not 0 <= number < size]:
        raise ValueError(f"ids must lie in 0 … {size - 1}, got {wrong[0]}")
    return ids


def check_file(path) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be the name of a file, got {type(path).__name__}")
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path must be a file, got the directory {path}")
    if not path.exists():
        raise FileNotFoundError(f"path must be a file that exists, got {path}")
    return path


def at_least_1(name: str, value) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name}={value!r} must be a whole number, at least 1")
    return operator.index(value)


def not_negative(name: str, value) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
        raise ValueError(f"{name}={value!r} must be a whole number, at least 0")
    return operator.index(value)


def as_bytes(character: str) -> list[bytes]:
    """The UTF-8 bytes of a character, one by one; half a surrogate pair has some too."""
    return [bytes([n]) for n in character.encode("utf-8", "surrogatepass")]


def from_bytes(run: list[bytes]) -> str:
    whole = b"".join(run)
    try:
        return whole.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return whole.decode("utf-8", "replace")
