"""From text to rows of token numbers and back. Taught in chapter 06."""

import re

import torch

PAD, UNKNOWN = "<pad>", "<unk>"
TOKEN = re.compile(r"<\w+>|\w+(?:['’]\w+)*|[^\w\s]")


def tokenise(text: str) -> list[str]:
    """Words with their apostrophes, punctuation marks one by one, and marked tokens such as <bos>.

    "It didn't." → ["It", "didn't", "."]. Raises TypeError for anything but a string.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, got {type(text).__name__}")
    return TOKEN.findall(text)


class Vocabulary:
    """Every known token and its number. 0 is padding, 1 stands for every token not known.

    `sentences`: lists of tokens; numbers are given in the order of first appearance, so the same
    sentences make the same vocabulary everywhere. Taught in chapter 06.
    """

    def __init__(self, sentences):
        tokens = dict.fromkeys([PAD, UNKNOWN])
        for sentence in sentences:
            if isinstance(sentence, str):
                raise TypeError(f"sentences must hold lists of tokens, got {sentence[:20]!r}")
            tokens.update(dict.fromkeys(sentence))
        self.tokens = list(tokens)
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
        ids = [int(number) for number in ids]
        if wrong := [number for number in ids if not 0 <= number < len(self)]:
            raise ValueError(f"ids must lie in 0 … {len(self) - 1}, got {wrong[0]}")
        return [self.tokens[number] for number in ids if number != 0]


def pad(rows) -> torch.Tensor:
    """Rows of token numbers of any length → one tensor [B, T], T the longest, filled up with 0 on
    the right.

    Raises ValueError for no rows at all. An empty row becomes all padding.
    """
    rows = [torch.as_tensor(row, dtype=torch.long) for row in rows]
    if not rows:
        raise ValueError("rows must hold at least one row, got none")
    return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
