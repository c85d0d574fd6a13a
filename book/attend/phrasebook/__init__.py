"""The phrasebook: Chinese–English sentence pairs with their gold word alignment and a gloss.

    pairs("train")[0].source, .target, .alignment, .gloss

A synchronous grammar writes both sides of a sentence at once, so it knows which word became which.
`lexicon` has the words and `grammar` the rules, tables to read; `rules` reads the rules, `choices`
says which words go together, `writer` writes the sentences.
DATASHEET says what the data are, and what they are not. Taught in chapter 06; the translators of
chapters 09, 10 and 16 learn from it.
"""

import zlib
from functools import lru_cache
from numbers import Integral
from typing import NamedTuple

from attend import checks
from attend.phrasebook.lexicon import SAID_WITH_Y
from attend.phrasebook.writer import Writer

__all__ = ["DATASHEET", "SIZES", "Pair", "pairs"]

DATASHEET = """
Motivation. A translator that trains in a minute on two CPU cores needs sentences that are short,
clean and plentiful; a chapter on attention needs to know which word became which. Collections of
real sentences give neither. These pairs were made for this book, to teach and to measure with.

Composition. Chinese sentences cut into words, their English translations in words as
attend.text.tokenise finds them, the alignment, and a gloss for each Chinese word. English is in
lower case but for I, names, days, languages and Apple; every sentence ends in its mark. Fifteen
kinds of sentence: statements and denials in the past, present and future, questions, descriptions
and comparisons, gifts, orders, durations, reasons and conditions, reports, relative clauses, and
sentences whose words mean one thing or another by a word far away.

    train       20 000 pairs, at most 22 words on either side
    valid        1 000 pairs like them
    test         1 000 pairs like them
    test_long      500 pairs of 23 to 30 words on both sides
    test_novel   1 000 pairs of at most 22 words, each with a combination of words that no
                 other split has in one sentence (HELD_OUT)

No two splits share a sentence, Chinese or English. Within a split no Chinese sentence comes twice.
The English of a sentence is fixed by its Chinese, but the same English may render two Chinese
sentences.

How they were made. By random draws from the rules in attend.phrasebook.grammar. Which of train,
valid and test a pair belongs to is decided by a checksum of its English, not by the seed: no
sentence of train under one seed is in test under another. The draws were read by the authors of
the book, not by a panel of native speakers.

The alignment. Pairs (s, t): source word s and target word t, both counted from 0. Words of content
are aligned, and words of grammar where one renders another: 没 to didn't, 会 to will, 那 to
that, 比 to than, the 的 of 我 的 书 to my, a preposition and its localiser to the preposition
(在 … 里 to in), a mark to its mark, 吗 to the auxiliary that opens the question. Not aligned: the,
a (unless it renders 一), of, to before a verb, and words that Chinese does without (is very tall,
there, costs); and in Chinese 了, 把, measure words (unless they become cup, glass, pair …), 所以
after 因为, the 的 after an adjective and the 的 of 在 哪里 买 的.

What is over. An action that is over carries 了, after the verb or at the end of its clause: 打 了
电话, 打 电话 了. It does without 了 after 没, with 过, in a clause with 的, in the question 为什么,
and where a place makes a scene of it (昨天 在 家 看 书); asked for its place it takes 的.

What they are not. They are not a sample of Chinese or of English: some hundreds of words and of
rules, no idioms, no rare words, no noise, one translation for each sentence, and nobody to tell the
sentence to: what happens is often odd, though never ungrammatical on purpose. A score on them says
how models compare, not how well one translates. People, places and events are invented.

Licence. MIT, as the code that makes them. There is no file to download: call pairs.
"""

SIZES = {"train": 20_000, "valid": 1_000, "test": 1_000, "test_long": 500, "test_novel": 1_000}
LONGEST_IN_TRAIN, LONGEST = 22, 30  # words, on both sides

# Pairs of words that never stand in one sentence of train, valid, test or test_long. Each of the
# words is there with others: tea is drunk and milk is bought, but only test_novel drinks milk.
HELD_OUT = """
喝 牛奶 · 喝 啤酒 · 吃 香蕉 · 吃 面条 · 买 照相机 · 买 草莓 · 买 报纸 · 看 小说 · 写 诗
画 马 · 学 历史 · 教 英语 · 说 法语 · 骑 马 · 洗 杯子 · 做 蛋糕 · 修 电脑 · 丢 伞 · 找 钥匙
用 地图 · 穿 外套 · 卖 花 · 开 灯 · 关 窗户 · 送 手表 · 借 词典 · 红 外套 · 蓝 毛衣
白 衬衫 · 新 椅子 · 旧 杂志 · 小 盒子 · 无聊 小说 · 甜 西瓜 · 好吃 蛋糕 · 便宜 手机
"""


class Pair(NamedTuple):
    """A sentence and its translation.

    source: Chinese words [S]; target: English words [T]; alignment: the pairs (s, t) in which
    target word t renders source word s, in order; gloss: an English word or two for each source
    word [S]. AttentionHeatmap has target words as rows: gold=[(t, s) for s, t in alignment].
    """

    source: list[str]
    target: list[str]
    alignment: tuple[tuple[int, int], ...]
    gloss: list[str]


def pairs(split: str, seed: int = 0) -> list[Pair]:
    """The sentence pairs of a split: "train", "valid", "test", "test_long" or "test_novel".

    The same list for the same seed, on every machine. The first call makes all five splits, in
    about a second. Raises ValueError for a split that is not there, TypeError for a seed that is
    not a whole number. Taught in chapter 06.
    """
    checks.one_of("split", split, tuple(SIZES))
    if not isinstance(seed, Integral) or isinstance(seed, bool):
        raise TypeError(f"seed must be a whole number, got {seed!r}")
    copies = make_splits(int(seed))[split]
    return [Pair(p.source[:], p.target[:], p.alignment, p.gloss[:]) for p in copies]


@lru_cache(maxsize=2)
def make_splits(seed: int) -> dict[str, list[Pair]]:
    """One stream of sentences, sorted into five boxes until each is full."""
    writer, boxes = Writer(seed), {split: [] for split in SIZES}
    known, homes = set(), {}
    missing = sum(SIZES.values())
    while missing:
        only_long = missing == SIZES["test_long"] - len(boxes["test_long"])
        _, phrase = writer.sentence("three clauses" if only_long else None)
        source = " ".join([token for token, _ in phrase.chinese])
        if source in known:
            continue
        known.add(source)
        target = spell_articles([word for word, _ in phrase.english])
        split = split_of(source.split(), target)
        if split is None or len(boxes[split]) == SIZES[split]:
            continue
        if homes.setdefault(" ".join(target), split) == split:
            boxes[split].append(as_pair(phrase, target))
            missing -= 1
    return boxes


def split_of(source: list[str], target: list[str]) -> str | None:
    """Where a pair belongs, by its length, its words and a checksum of its English; or None."""
    shorter, longer = sorted((len(source), len(target)))
    if shorter < 3 or longer > LONGEST:
        return None
    if held_out(source):
        return "test_novel" if longer <= LONGEST_IN_TRAIN else None
    if longer > LONGEST_IN_TRAIN:
        return "test_long" if shorter > LONGEST_IN_TRAIN else None
    return {0: "valid", 1: "test"}.get(zlib.crc32(" ".join(target).encode()) % 22, "train")


def held_out(source: list[str]) -> bool:
    """Whether two words of HELD_OUT stand in this sentence."""
    words = set(source)
    return any(not PARTNERS[word].isdisjoint(words) for word in words if word in PARTNERS)


def spell_articles(words: list[str]) -> list[str]:
    """a book, an apple, a useful book: by the sound that follows, not the letter."""
    for i, word in enumerate(words):
        if word == "a" and words[i + 1][0] in "aeiou" and words[i + 1] not in SAID_WITH_Y:
            words[i] = "an"
    return words


def as_pair(phrase, target: list[str]) -> Pair:
    """Atoms become places: which Chinese word, counted from 0, each English word carries."""
    place = {id(atom): s for s, atom in enumerate(phrase.chinese)}
    links = [(place[id(a)], t) for t, (_, atoms) in enumerate(phrase.english) for a in atoms]
    source, gloss = zip(*phrase.chinese, strict=True)
    return Pair(list(source), target, tuple(sorted(links)), list(gloss))


def read_held_out() -> dict[str, set]:
    partners = {}
    for entry in HELD_OUT.replace("\n", "·").strip("·").split("·"):
        first, second = entry.split()
        partners.setdefault(first, set()).add(second)
    return partners


PARTNERS = read_held_out()
