"""The phrasebook: sizes, splits, alignment, glosses, and the same sentences everywhere."""

import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.phrasebook import HELD_OUT, LONGEST, LONGEST_IN_TRAIN, SIZES, Pair, lexicon, pairs
from attend.phrasebook.choices import VERB_WORDS
from attend.phrasebook.rules import SENTENCES
from attend.phrasebook.writer import Writer
from attend.text import tokenise

# sha256 of canonical(pairs(split, seed=0)). A change of grammar changes them; print the new ones
# with `python tests/test_phrasebook.py`, and read a hundred pairs before you accept them.
CHECKSUMS = {
    "train": "72d1b9d32664a78a9ff50831c02f110ff9dbe5001f49c53183b4d29822690573",
    "valid": "fcaf463f3d173b5c8f59ce2906ab813a33e47fb5afa2bae2d52a1740ea592f12",
    "test": "897e4cdbc514be7299a118afa3f86f1b3970e32d01a929ee9b0c1785c1c77336",
    "test_long": "f02e60cf70fe3090d537eeeddc1c60f949a062499bf890b026839f22ebbb97cc",
    "test_novel": "24edf2c5fba0a64d106df6e0aa48679a880efff3469d6ec53060b969c275f56b",
}


def canonical(split: list[Pair]) -> str:
    """One line a pair: source, target, alignment and gloss, with nothing left to chance."""
    lines = []
    for pair in split:
        links = " ".join(f"{s}-{t}" for s, t in pair.alignment)
        lines.append("\t".join(map(" ".join, (pair.source, pair.target))) + f"\t{links}")
        lines.append("\t".join(pair.gloss))
    return "\n".join(lines) + "\n"


def checksum(split: str) -> str:
    return hashlib.sha256(canonical(pairs(split)).encode()).hexdigest()


@pytest.fixture(scope="module")
def splits() -> dict[str, list[Pair]]:
    return {split: pairs(split) for split in SIZES}


@pytest.fixture(scope="module")
def everything(splits) -> list[Pair]:
    return [pair for split in splits.values() for pair in split]


def words(split, side="source") -> Counter:
    return Counter(word for pair in split for word in getattr(pair, side))


# ── What is there ──────────────────────────────────────────────────────────────────────────────
def test_sizes_and_lengths(splits):
    assert {split: len(found) for split, found in splits.items()} == SIZES
    for split, found in splits.items():
        for pair in found:
            shorter, longer = sorted((len(pair.source), len(pair.target)))
            assert shorter >= 3 and longer <= LONGEST
            assert (
                shorter > LONGEST_IN_TRAIN if split == "test_long" else longer <= LONGEST_IN_TRAIN
            )
    train = splits["train"]
    assert min(len(p.source) for p in train) == 3
    assert max(len(p.source) for p in train) == LONGEST_IN_TRAIN
    assert max(len(p.source) for p in splits["test_long"]) >= LONGEST - 2


def test_enough_words_each_seen_often_enough(splits):
    source, target = words(splits["train"]), words(splits["train"], "target")
    assert len(source) >= 250 and len(target) >= 300
    assert min(source.values()) >= 10 and min(target.values()) >= 5
    for counts in (source, target):
        assert sum(count >= 10 for count in counts.values()) >= 0.95 * len(counts)


def test_every_word_of_the_other_splits_is_in_train(splits):
    for side in ("source", "target"):
        known = words(splits["train"], side)
        for split in splits.values():
            assert words(split, side).keys() <= known.keys()


def test_splits_share_no_sentence_on_either_side(splits):
    for side in ("source", "target"):
        seen = {}
        for split, found in splits.items():
            for pair in found:
                assert seen.setdefault(" ".join(getattr(pair, side)), split) == split
    for found in splits.values():
        assert len({" ".join(pair.source) for pair in found}) == len(found)


def test_the_same_chinese_has_one_english():
    writer, english = Writer(seed=3), {}
    for _ in range(4000):
        _, phrase = writer.sentence()
        target = [word for word, _ in phrase.english]
        assert english.setdefault(phrase.text(), target) == target, phrase.text()


def test_novel_combinations_are_new_and_their_words_are_not(splits):
    held_out = [entry.split() for entry in HELD_OUT.replace("\n", "·").strip("·").split("·")]
    together = defaultdict(int)
    for split, found in splits.items():
        for pair in found:
            present = set(pair.source)
            hits = sum(first in present and second in present for first, second in held_out)
            assert (hits > 0) == (split == "test_novel"), " ".join(pair.source)
            for first, second in held_out:
                together[first, second] += first in present and second in present
    known = words(splits["train"])
    for first, second in held_out:
        assert known[first] >= 10 and known[second] >= 10, (first, second)
        assert together[first, second] > 0, (first, second)


def test_no_kind_of_sentence_dominates():
    writer = Writer(seed=1)
    kinds = Counter(writer.sentence()[0] for _ in range(3000))
    assert kinds.keys() == SENTENCES.keys()
    assert max(kinds.values()) < 0.2 * 3000 and min(kinds.values()) > 0.01 * 3000


# ── The English ────────────────────────────────────────────────────────────────────────────────
def test_english_is_made_of_the_tokens_of_the_book(everything):
    for pair in everything:
        assert tokenise(" ".join(pair.target)) == pair.target
        assert pair.target[-1] in ".?" and pair.source[-1] in "。？"
        assert (pair.target[-1] == "?") == (pair.source[-1] == "？")


def test_articles_agree_with_the_sound_that_follows(everything):
    after_articles = set()
    for pair in everything:
        for word, following in zip(pair.target, pair.target[1:], strict=False):
            if word in ("a", "an"):
                vowel = following[0] in "aeio" or following in ("uncle", "umbrella", "hour")
                assert (word == "an") == vowel, " ".join(pair.target)
                after_articles.add(following)
    assert {"useful", "umbrella", "hour"} <= after_articles


@pytest.mark.parametrize(
    "wrong",
    [
        r"\b(?!that\b)(\w+) \1\b",
        r"\b(the|a|an) (the|a|an|this|that|my|your|his|their|our)\b",
        r"\b(I|you|we|they) (is|has|does|doesn't|isn't)\b",
        r"\b(he|she|it) (am|are|don't|aren't)\b",
        r"\b(didn't|won't|can't|can|must|should|don't|doesn't) [a-z]+ed\b",
        r" [,.?] [,.?]",
        r"\b(at|with|from) [.?]",
        r"\b(two|three|four|five|many|these|those) [a-z]*(book|apple|child|man|car|dog)\b",
    ],
)
def test_no_slip_of_grammar(everything, wrong):
    for pair in everything:
        text = " ".join(pair.target)
        assert not re.search(wrong, text), text


# ── The alignment ──────────────────────────────────────────────────────────────────────────────
def test_alignment_is_in_range_and_in_order(everything):
    for pair in everything:
        assert len(pair.gloss) == len(pair.source) and all(pair.gloss)
        assert list(pair.alignment) == sorted(set(pair.alignment))
        assert all(
            0 <= s < len(pair.source) and 0 <= t < len(pair.target) for s, t in pair.alignment
        )


UNALIGNED = set(
    """the a an of to any and that for be is am are was were do does did have has will would
    in at on about it ' there or as wear in meeting been by you your cost costs""".split()
)


def test_every_english_word_of_content_has_a_source(everything):
    for pair in everything:
        linked = {t for _, t in pair.alignment}
        bare = {word for t, word in enumerate(pair.target) if t not in linked}
        assert bare <= UNALIGNED | {",", "did"}, (bare - UNALIGNED, pair)


def test_the_gloss_names_what_the_word_became(everything):
    """A noun, verb or adjective of the lexicon is linked to a form of its gloss."""
    forms = {}
    for verb, found in VERB_WORDS.items():
        forms[verb] = {word for form in found.values() for word in form}
    for nouns in lexicon.NOUNS.values():
        for noun in nouns:
            found = {*noun.english.split(), *lexicon.plural(noun.english).split()}
            forms[noun.english] = forms.get(noun.english, set()) | found
    for adjective in lexicon.ALL_ADJECTIVES:
        compared = " ".join(lexicon.comparative(adjective.english)).split()
        forms[adjective.english] = forms.get(adjective.english, set()) | {
            adjective.english,
            *compared,
        }
    checked = 0
    for pair in everything:
        for s, t in pair.alignment:
            if pair.gloss[s] in forms and pair.gloss[s] not in ("make", "call", "see"):
                assert pair.target[t] in forms[pair.gloss[s]] | LOOSE, (pair.gloss[s], pair)
                checked += 1
    assert checked > 1.5 * len(everything)


LOOSE = {"interesting", "called", "call", "on", "in", "under", "by", "phone", "drove", "foot"}


def test_words_are_reordered(splits):
    """Two links cross if the order of their sources is not that of their targets."""

    def crosses(pair):
        links = pair.alignment
        return any(s < u and t > v for s, t in links for u, v in links)

    share = sum(map(crosses, splits["test"])) / len(splits["test"])
    assert share > 0.6, share


def test_one_chinese_word_has_many_meanings(splits):
    glosses = defaultdict(set)
    for pair in splits["train"]:
        for word, gloss in zip(pair.source, pair.gloss, strict=True):
            glosses[word].add(gloss)
    assert glosses["打"] >= {"play", "make", "talk"}
    assert glosses["看"] >= {"read", "watch", "see", "visit"}
    assert glosses["开"] >= {"drive", "open", "turn on", "hold"}
    assert glosses["苹果"] == {"apple", "Apple"}
    assert glosses["花"] == {"flower", "spend"}
    assert glosses["借"] == {"lend", "borrow"}
    targets = defaultdict(set)
    for pair in splits["train"]:
        for s, t in pair.alignment:
            targets[pair.target[t]].add(pair.source[s])
    assert targets["magazine"] >= {"杂志", "弹匣"}
    assert targets["bank"] >= {"银行", "河岸"}
    assert targets["bat"] >= {"蝙蝠", "球棒"}


# ── What is over: 了 ───────────────────────────────────────────────────────────────────────────
def clauses(pair) -> list[list[tuple[str, str]]]:
    """The (word, gloss) of each clause: what stands between two commas."""
    found = [[]]
    for word, gloss in zip(pair.source, pair.gloss, strict=True):
        if word == "，":
            found.append([])
        else:
            found[-1].append((word, gloss))
    return found


LONG_AGO = {"yesterday", "last night", "last", "last year", "ago"}
AT_ONCE = {"open", "close", "turn on", "turn off", "buy"}


def test_a_past_time_has_a_mark_or_a_reason_to_do_without(everything):
    """没, 过 or a mark of the past; or a place that sets a scene, a state, the question why, or a
    clause that tells which one is meant."""
    marked = reasons = 0
    for pair in everything:
        for clause in clauses(pair):
            if LONG_AGO.isdisjoint(gloss for _, gloss in clause):
                continue
            if {("没", "not"), ("过", "ever")} & {*clause} or "PAST" in {g for _, g in clause}:
                marked += 1
                continue
            said = {word for word, _ in clause}
            excused = {"在", "有", "很", "为什么", "到"} & said or ("的", "that") in clause
            assert excused, " ".join(pair.source)
            reasons += 1
    assert marked > 10 * reasons > 0, (marked, reasons)


def test_what_is_done_at_once_is_marked_even_in_a_place(everything):
    found = 0
    for pair in everything:
        for clause in clauses(pair):
            glosses = [gloss for _, gloss in clause]
            if not LONG_AGO & {*glosses} or not AT_ONCE & {*glosses} or ("在", "at") not in clause:
                continue
            if ("没", "not") in clause or {"的", "为什么"} & {word for word, _ in clause}:
                continue
            assert "PAST" in glosses, " ".join(pair.source)
            found += 1
    assert found > 50, found


def test_a_gift_is_given(everything):
    """送 给 了 and 借 给 了, but not in a request, nor in 你 送 给 我 的 书."""
    given = set()
    for pair in everything:
        for i, word in enumerate(pair.source[:-1]):
            if word in ("送", "借") and pair.source[i + 1] == "给":
                open_ended = pair.source[0] == "请" or ("的", "that") in zip(
                    pair.source, pair.gloss, strict=True
                )
                assert (pair.source[i + 2] == "了") != open_ended, " ".join(pair.source)
                given.add((word, open_ended))
    assert given == {("送", False), ("送", True), ("借", False), ("借", True)}


def test_denied_lived_through_or_asked_for_its_place_there_is_no_le(everything):
    """没 看, 看 过, 在 哪里 看 的: none of them with the 了 of the past."""
    found = Counter()
    for pair in everything:
        for clause in clauses(pair):
            if ("没", "not") in clause or ("过", "ever") in clause:
                assert ("了", "PAST") not in clause, " ".join(pair.source)
                found["没"] += 1
            if ("的", "PAST") in clause:
                assert ("哪里", "where") in clause and ("了", "PAST") not in clause
                assert "did" in pair.target, " ".join(pair.target)
                found["的"] += 1
    assert found["没"] > 1000 and found["的"] > 50, found


def test_le_is_linked_to_nothing(everything):
    for pair in everything:
        linked = {s for s, _ in pair.alignment}
        assert all(gloss != "PAST" or s not in linked for s, gloss in enumerate(pair.gloss))


# ── The same everywhere ────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("split", SIZES)
def test_checksums(split):
    assert checksum(split) == CHECKSUMS[split]


def test_the_order_of_hashes_does_not_matter():
    code = "import sys; sys.path.insert(0, 'tests'); from test_phrasebook import checksum"
    code += "; print(checksum('test'))"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PATH": ""},
        cwd=__file__.rsplit("tests", 1)[0],
    )
    assert run.stdout.strip() == CHECKSUMS["test"]


def test_a_pair_may_be_changed_without_harm():
    first = pairs("valid")[0]
    first.source.append("!")
    assert pairs("valid")[0].source[-1] != "!"


@pytest.mark.parametrize("split", ["dev", "", None, 3])
def test_a_wrong_split(split):
    with pytest.raises(
        ValueError, match="split must be one of train, valid, test, test_long, test_novel"
    ):
        pairs(split)


@pytest.mark.parametrize("seed", [1.0, "0", None, True])
def test_a_wrong_seed(seed):
    with pytest.raises(TypeError, match="seed must be a whole number, got"):
        pairs("train", seed)


@settings(max_examples=20, deadline=None)
@given(st.integers(min_value=0, max_value=10**9))
def test_any_seed_writes_whole_sentences(seed):
    writer, again = Writer(seed), Writer(seed)
    for _ in range(30):
        _, phrase = writer.sentence()
        atoms = {id(atom) for atom in phrase.chinese}
        assert len(atoms) == len(phrase.chinese), phrase.text()
        assert all(id(atom) in atoms for _, links in phrase.english for atom in links)
        assert all(token and gloss for token, gloss in phrase.chinese)
        assert again.sentence()[1].text() == phrase.text()


def test_no_seed_leaks_from_train_into_test(splits):
    learnt = {" ".join(pair.target) for pair in splits["train"]}
    for split in ("valid", "test"):
        assert not learnt & {" ".join(pair.target) for pair in pairs(split, seed=1)}


if __name__ == "__main__":
    for name in SIZES:
        print(f'    "{name}": "{checksum(name)}",')
