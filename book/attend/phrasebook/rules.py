"""Reads the rules of grammar.py, a table, into slots to fill. Chapter 06."""

from typing import NamedTuple

from attend.phrasebook import grammar, lexicon

AGREEING = {  # I · you, we, they · he, she, it
    "be": ("am", "are", "is"),
    "was": ("was", "were", "was"),
    "isn't": ("am not", "aren't", "isn't"),
    "do": ("do", "do", "does"),
    "don't": ("don't", "don't", "doesn't"),
    "have": ("have", "have", "has"),
}
VERB_FORMS = ("base", "third", "past", "done", "ing", "present")


class Slot(NamedTuple):
    name: str
    method: str
    arguments: tuple


class Rule(NamedTuple):
    """A rule, read: Chinese items are (token, gloss) or the name of a slot, English items
    (forms by agreement, who to agree with, names of the Chinese words) or the name of a slot."""

    kind: str
    chinese: tuple
    english: tuple
    slots: tuple


# Slots that need no recipe
USUAL = {
    "who": ("who", ("person",)),
    "where": ("where", ()),
    "with": ("company", ()),
    "whom": ("whom", ("who",)),
    "owner": ("owner", ()),
}


def read_slot(text: str) -> Slot:
    name, *recipe = text.split(":")
    if recipe:
        return Slot(name, recipe[0], tuple(recipe[1:]))
    return Slot(name, *USUAL.get(name, ("", ())))


def read_rule(line: str, kind: str = "") -> Rule:
    """One line of grammar.py."""
    chinese, english = (side.split() for side in line.split("→"))
    slots = {}
    for item in [*chinese, *english]:
        if item[0] == "{":
            slot = read_slot(item[1:-1])
            slots.setdefault(slot.name, slot)
    sides = [], []
    for item in chinese:
        token, _, gloss = item.partition("=")
        name = read_slot(item[1:-1]).name
        sides[0].append(name if item[0] == "{" else (token, gloss.replace("_", " ")))
    for item in english:
        name = read_slot(item[1:-1]).name
        sides[1].append(name if item[0] == "{" else read_english(item))
    spelt = {*VERB_FORMS, "owner's", "owners"}  # from another slot, when all are filled
    to_fill = [s for s in slots.values() if s.method and s.name not in spelt]
    to_fill.sort(key=lambda slot: slot.name != "verb")  # the verb chooses its subject and object
    return Rule(kind, tuple(sides[0]), tuple(sides[1]), tuple(to_fill))


def read_english(item: str):
    """put/放 → the word in its three forms, the slot it agrees with, the words it comes from."""
    word, _, source = item.partition("/") if item[0] != "/" else ("/", "", "")
    slot = "who"
    forms = (word,) * 3
    if word[0] == "<":
        word, _, other = word[1:-1].partition(":")
        slot = other or slot
        forms = AGREEING.get(word) or (word, word, lexicon.forms(word)["third"])
    return (
        tuple(tuple(form.split()) for form in forms),
        slot,
        tuple(filter(None, source.split("+"))),
    )


def read_rules(table: str, kind: str = "", weighted: bool = False) -> tuple[Rule, ...]:
    """The rules of a table, each as many times as its weight says."""
    rules = []
    for line in table.strip().split("\n"):
        weight, line = line.split(None, 1) if weighted else (1, line)
        rules += [read_rule(line, kind)] * int(weight)
    return tuple(rules)


def named_rules(table: str) -> dict[str, Rule]:
    named = (line.split(":", 1) for line in table.strip().split("\n"))
    return {name.strip(): read_rule(line) for name, line in named}


NOUN_PHRASES = named_rules(grammar.NOUN_PHRASES)
PARTS = {name: read_rules(table) for name, table in grammar.PARTS.items()}
TIMES = {name: read_rules(table) for name, table in grammar.TIMES.items()}
CLAUSES = {name: read_rules(table, name, True) for name, table in grammar.CLAUSES.items()}
SENTENCES = {name: read_rules(table, name, True) for name, table in grammar.SENTENCES.items()}
KINDS = tuple(kind for kind, weight in grammar.WEIGHTS.items() for _ in range(weight))
OWN = read_rule("{owner} 的=of → {owners}")
WITH = read_rule("跟=with {x} 一起=together → with/跟+一起 {x}")
PLAIN = read_rule("{noun} → {noun}")
A_LOT = read_rule("很多=many {noun} → a/很多 lot/很多 of/很多 {noun}")
OF = read_rule("{a} 的=of → {a}")
VERY_OF = read_rule("很=very {a} 的=of → very/很 {a}")
