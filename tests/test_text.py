"""Tokens, vocabularies, padding, byte-pair encoding, and files of sentence pairs."""

import os
import random
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.text import (
    BOS,
    EOS,
    PAD,
    UNKNOWN,
    BytePairEncoder,
    Vocabulary,
    merge,
    pad,
    read_pairs,
    tokenise,
    words,
)


def test_words_keep_their_apostrophes_and_marks_stand_alone():
    assert tokenise("The animal didn't cross.") == ["The", "animal", "didn't", "cross", "."]
    assert tokenise("<bos> 我 看书。 <eos>") == ["<bos>", "我", "看书", "。", "<eos>"]
    assert tokenise("") == []
    with pytest.raises(TypeError, match="text must be a string, got list"):
        tokenise(["a"])


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),
        ("e\u0301te\u0301 s'e\u0301te\u0301", ["e\u0301te\u0301", "s'e\u0301te\u0301"]),
        ("हिन्दी में।", ["हिन्दी", "में", "।"]),
        ("❤\ufe0f!", ["❤\ufe0f", "!"]),
        ("\u0301a", ["\u0301", "a"]),
    ],
)
@pytest.mark.parametrize("split_han", [False, True])
def test_accents_stay_with_their_letter(text, tokens, split_han):
    assert tokenise(text, split_han) == tokens


def test_accents_stay_with_their_chinese_character():
    assert tokenise("看\u0301书", split_han=True) == ["看\u0301", "书"]


@given(st.text())
def test_tokens_hold_all_that_is_not_space(text):
    assert "".join(tokenise(text)) == "".join(text.split())


@given(st.lists(st.lists(st.text(min_size=1), max_size=5), max_size=5))
def test_known_tokens_come_back(sentences):
    sentences = [[token for token in tokens if token != "<pad>"] for tokens in sentences]
    vocabulary = Vocabulary(sentences)
    for tokens in sentences:
        assert vocabulary.decode(vocabulary.encode(tokens)) == tokens
    assert vocabulary.encode(["<pad>", "<unk>"]) == [0, 1]


def test_unknown_tokens_and_wrong_arguments():
    vocabulary = Vocabulary([["a", "b"], ["b", "c"]])
    assert len(vocabulary) == 5 and "c" in vocabulary and "d" not in vocabulary
    assert vocabulary.encode(["c", "d"]) == [4, 1]
    assert vocabulary.decode([2, 0, 1]) == ["a", "<unk>"]
    for wrong in (-1, 5):
        with pytest.raises(ValueError, match=rf"ids must lie in 0 … 4, got {wrong}"):
            vocabulary.decode([2, wrong])
    with pytest.raises(TypeError, match="tokens must be a list of tokens, got 'ab'"):
        vocabulary.encode("ab")
    with pytest.raises(TypeError, match=r"sentences\[0\] must be a list of tokens, got 'ab'"):
        Vocabulary(["ab"])


@given(st.lists(st.lists(st.integers(1, 9), max_size=7), min_size=1, max_size=5))
def test_padding_fills_the_right_with_zeros(rows):
    padded = pad(rows)
    assert padded.shape == (len(rows), max(map(len, rows))) and padded.dtype == torch.long
    for row, line in zip(rows, padded.tolist(), strict=True):
        assert line == row + [0] * (padded.shape[1] - len(row))


def test_no_rows_is_an_error():
    with pytest.raises(ValueError, match="rows must hold at least one row"):
        pad([])


# --------------------------------------------------------------------------- Chinese, vocabularies


def test_chinese_may_be_split_into_characters():
    text = "我2020年在IBM看書。<bos> didn't 𠀀々〇!"
    characters = "我 2020 年 在 IBM 看 書 。 <bos> didn't 𠀀 々 〇 !".split()
    assert tokenise(text, split_han=True) == characters
    assert tokenise("看书。") == ["看书", "。"]
    assert tokenise("It didn't.", split_han=True) == ["It", "didn't", "."]


@given(st.text())
def test_characters_hold_all_that_is_not_space(text):
    assert "".join(tokenise(text, split_han=True)) == "".join(text.split())


def test_specials_have_fixed_numbers_and_rare_tokens_go():
    sentences = [["b", "a", "b"], ["a", "c", EOS]]
    vocabulary = Vocabulary(sentences, min_count=2, specials=(BOS, EOS))
    assert vocabulary.tokens == [PAD, UNKNOWN, BOS, EOS, "b", "a"]
    assert vocabulary.encode([BOS, "a", "c", EOS]) == [2, 5, 1, 3]
    assert vocabulary.decode([2, 5, 1, 3, 0]) == [BOS, "a", UNKNOWN, EOS]
    assert Vocabulary(sentences).tokens == [PAD, UNKNOWN, "b", "a", "c", EOS]
    assert len(Vocabulary([])) == 2 and Vocabulary([[]]).encode([]) == []
    for wrong in (0, -1, 1.5, True):
        with pytest.raises(
            ValueError, match=f"min_count must be a whole number, at least 1, got {wrong}"
        ):
            Vocabulary(sentences, min_count=wrong)
    with pytest.raises(TypeError, match="specials must be a list of tokens, got '<bos>'"):
        Vocabulary(sentences, specials=BOS)
    for wrong in ([1.5], ["a"], 3):
        with pytest.raises(TypeError, match="ids must be whole numbers"):
            vocabulary.decode(wrong)
    assert vocabulary.decode(torch.tensor([2, 4])) == [BOS, "b"]


def test_a_million_characters():
    text = "The animal didn't cross the street. 动物没有过街。\n" * 21_000
    assert len(text) > 1_000_000 * 0.8
    vocabulary = Vocabulary([tokenise(text)])
    assert vocabulary.decode(vocabulary.encode(tokenise(text))) == tokenise(text)


def test_rows_are_cut_to_length():
    rows = [[1, 2, 3], [], [4]]
    assert pad(rows, length=2).tolist() == [[1, 2], [0, 0], [4, 0]]
    assert pad(rows, length=5).tolist() == [[1, 2, 3, 0, 0], [0] * 5, [4, 0, 0, 0, 0]]
    with pytest.raises(ValueError, match="length must be a whole number, at least 1, got 0"):
        pad(rows, length=0)


# ------------------------------------------------------------------------------ byte-pair encoding


ENGLISH = (
    "low low low low low lower lower newest newest newest newest newest newest widest widest widest"
)


def merges_slowly(text, n_merges):
    """Every pair counted anew before every merge."""
    spellings = [list(word) for word in words(text)]
    found = []
    for _ in range(n_merges):
        counts = Counter(pair for spelling in spellings for pair in pairwise(spelling))
        if not counts or max(counts.values()) < 2:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        found.append((*best, counts[best]))
        spellings = [merge(spelling, best) for spelling in spellings]
    return found


@settings(deadline=None)
@given(st.one_of(st.text("ab", max_size=60), st.text("abc \n。é", max_size=60), st.text()))
def test_merges_are_those_of_counting_anew(text):
    assert BytePairEncoder(text, 30).merges == merges_slowly(text, 30)


def test_the_example_of_the_paper():
    """Sennrich et al. 2016, algorithm 1: low 5 times, lower 2, newest 6, widest 3."""
    encoder = BytePairEncoder(ENGLISH)
    assert encoder.split("lowest") == list("lowest")
    assert encoder.learn(4) == [("e", "s", 9), ("es", "t", 9), ("l", "o", 7), ("lo", "w", 7)]
    assert encoder.split("lowest") == ["low", "est"]
    assert encoder.split("lowest", n_merges=2) == ["l", "o", "w", "est"]


def test_merge():
    assert merge(list("ababa"), ("a", "b")) == ["ab", "ab", "a"]
    assert merge(list("aaa"), ("a", "a")) == ["aa", "a"]
    assert merge([], ("a", "b")) == [] and merge(["a"], ("a", "b")) == ["a"]


TRICKY = [
    "",
    " ",
    "\n\r\n\t  a  b \n",
    "e\u0301 हिन्दी ไทย",
    "👩‍👩‍👧‍👦 🇨🇳 😀",
    "我在图书馆看書。",
    "<bos> <pad> <0xE6>",
    "\x00\x1c\u2028\u3000\ufeff",
    "ﬁ Å ẞ" + "x" * 999,
]


@pytest.mark.parametrize("text", TRICKY)
@pytest.mark.parametrize("training", ["", ENGLISH, "own"])
def test_tricky_texts_come_back(text, training):
    encoder = BytePairEncoder(text * 3 if training == "own" else training, 50)
    ids = encoder.encode(text)
    assert encoder.decode(ids) == text and all(4 <= number < len(encoder) for number in ids)


@settings(deadline=None)
@given(st.text(), st.text(), st.integers(0, 40))
def test_any_text_comes_back(training, text, n_merges):
    encoder = BytePairEncoder(training, n_merges)
    for each in (training, text, training + text):
        assert "".join(words(each)) == each
        assert encoder.decode(encoder.encode(each)) == each


def test_merges_can_be_seen_one_at_a_time():
    at_once, stepwise = BytePairEncoder(ENGLISH, 12), BytePairEncoder(ENGLISH)
    for n in range(12):
        now = stepwise.split("lowest newest")
        assert at_once.split("lowest newest", n_merges=n) == now
        assert stepwise.learn(1) == at_once.merges[n : n + 1]
    assert stepwise.tokens == at_once.tokens
    lengths = [len(at_once.split(ENGLISH, n)) for n in range(13)]
    saved = [a - b for a, b in pairwise(lengths)]
    assert saved == [found.count for found in at_once.merges]  # no pair here overlaps itself


def test_learning_ends_when_no_pair_stands_twice():
    encoder = BytePairEncoder("abab", 99)
    assert encoder.merges == [("a", "b", 2)] and encoder.learn(5) == []
    assert len(encoder) == 4 + 256 + 2 + 1
    assert BytePairEncoder("", 5).merges == []


HALF = "half a pair: \ud83d"


@pytest.mark.parametrize(
    "call",
    [
        lambda: tokenise(HALF),
        lambda: words(HALF),
        lambda: BytePairEncoder(HALF),
        lambda: BytePairEncoder(ENGLISH, 5).encode(HALF),
        lambda: BytePairEncoder(ENGLISH, 5).split(HALF, 3),
        lambda: Vocabulary([["half", HALF]]),
        lambda: Vocabulary([["half"]]).encode(["half", HALF]),
    ],
)
def test_half_a_surrogate_pair_is_named(call):
    with pytest.raises(ValueError, match=r"half a surrogate pair, '\\ud83d', at position 13"):
        call()


def test_special_and_broken_ids():
    encoder = BytePairEncoder(ENGLISH, 5)
    assert encoder.tokens[:4] == [PAD, UNKNOWN, BOS, EOS]
    assert encoder.decode([2, *encoder.encode("low"), 3, 0, 0]) == "low"
    assert encoder.decode([4 + 0xE6, 4 + 0x88]) == "\ufffd"
    assert encoder.decode(torch.tensor(encoder.encode("我"))) == "我"
    with pytest.raises(ValueError, match=rf"ids must lie in 0 … {len(encoder) - 1}, got -1"):
        encoder.decode([-1])
    with pytest.raises(TypeError, match="ids must be whole numbers"):
        encoder.decode([1.0])
    for call in (encoder.encode, encoder.split, BytePairEncoder):
        with pytest.raises(TypeError, match="text must be a string, got list"):
            call(["low"])
    for wrong in (-1, 1.5, True):
        with pytest.raises(
            ValueError, match=f"n_merges must be a whole number, at least 0, got {wrong}"
        ):
            encoder.learn(wrong)


def test_a_million_letters_with_and_without_spaces():
    rng = random.Random(0)
    lexicon = ["".join(rng.choices("abcdefghij", k=rng.randint(1, 9))) for _ in range(2000)]
    for text in (" ".join(rng.choices(lexicon, k=190_000)), "a" * 1_000_000):
        encoder = BytePairEncoder(text, 50)
        ids = encoder.encode(text)
        assert len(text) > 900_000 and len(ids) < 0.8 * len(text) and encoder.decode(ids) == text


# ------------------------------------------------------------------------------------- real files


def written(path, content):
    file = path / "pairs.tsv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    "content",
    [
        "Hi.\t嗨。\nRun.\t跑。\n",
        "Hi.\t嗨。\nRun.\t跑。",
        "Hi.\t嗨。\r\nRun.\t跑。\r\n",
        "Hi.\t嗨。\r\nRun.\t跑。\r",
        "\ufeffHi.\t嗨。\nRun.\t跑。\n",
        "Hi.\t嗨。\tCC-BY 2.0 #1\nRun.\t跑。\tCC-BY\n",
        " Hi. \t 嗨。\u3000\n Run.\t跑。\t\n",
    ],
)
def test_pairs_are_read(tmp_path, content):
    pairs = read_pairs(written(tmp_path, content))
    assert pairs == [("Hi.", "嗨。"), ("Run.", "跑。")]
    assert pairs[1].english == "Run." and pairs[1].chinese == "跑。"
    assert read_pairs(str(tmp_path / "pairs.tsv"), limit=1) == pairs[:1]
    assert read_pairs(tmp_path / "pairs.tsv", limit=9) == pairs


@pytest.mark.parametrize(
    "content, message",
    [
        ("", "must hold at least one pair, got a file of 0 lines"),
        ("Hi.\t嗨。\nRun.\n", "line 2: must be English, a tab, Chinese, got no tab in 'Run.'"),
        ("Hi.\t嗨。\n\nRun.\t跑。\n", "line 2: must be .* got no tab in ''"),
        ("Hi.\t嗨。\n\t跑。\n", "line 2: the English side must not be empty"),
        ("Hi.\t \n", "line 1: the Chinese side must not be empty"),
        ("Hi.\t\r\n", "line 1: the Chinese side must not be empty"),
        ("a\tb\tc\td\n", "line 1: must be English, a tab, Chinese, got 4 columns"),
        ("Hi.\t嗨。\rRun.\t跑。\r", "line 1: .*"),
        ("Hi.\t嗨。\rRun.\n", r"line 1: lines must end in .* got \\r inside one"),
        (b"Hi.\tok\nHi.\t\xff\n", "line 2: must be UTF-8, got byte 0xff at place 5"),
        ("Hi.\t嗨。\n".encode("utf-16"), "line 1: must be UTF-8, got byte 0xff at place 1"),
        ("Hi.\t嗨。\n".encode("gb18030"), "line 1: must be UTF-8, got byte"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path, content, message):
    file = written(tmp_path, content)
    with pytest.raises(ValueError, match=rf"pairs\.tsv.*{message}") as caught:
        read_pairs(file)
    assert "\n" not in str(caught.value)


def test_paths_that_are_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must be a file that exists, got .*nowhere\.tsv"):
        read_pairs(tmp_path / "nowhere.tsv")
    with pytest.raises(IsADirectoryError, match="must be a file, got the directory"):
        read_pairs(tmp_path)
    for wrong in (None, 3, ["a"]):
        with pytest.raises(TypeError, match="path must be the name of a file, got"):
            read_pairs(wrong)
    for wrong in (0, -1, 2.0):
        with pytest.raises(
            ValueError, match=f"limit must be a whole number, at least 1, got {wrong}"
        ):
            read_pairs(written(tmp_path, "a\tb\n"), limit=wrong)


def test_real_sentences(root):
    """The sample of Tatoeba, where there is one."""
    file = Path(os.environ.get("ATTEND_PAIRS", root.parent / "shared/data/tatoeba-cmn-eng.tsv"))
    if not file.exists():
        pytest.skip(f"no real sentences at {file}: name such a file in ATTEND_PAIRS")
    pairs = read_pairs(file)
    assert len(pairs) == file.read_bytes().count(b"\n") and read_pairs(file, 7) == pairs[:7]
    text = "\n".join(f"{pair.english}\n{pair.chinese}" for pair in pairs[::30])
    encoder = BytePairEncoder(text, 100)
    assert encoder.decode(encoder.encode(text)) == text
    held_out = [pair.chinese for pair in pairs[4::30]]
    assert [encoder.decode(encoder.encode(sentence)) for sentence in held_out] == held_out
    longest = max(len(tokenise(sentence, split_han=True)) for sentence in held_out)
    assert longest > max(len(tokenise(sentence)) for sentence in held_out)
