"""Writes sentences: fills the rules of grammar.py with the words of lexicon.py. Chapter 06.

Two trees grow at once, one Chinese and one English. Each Chinese word is made once, as an *atom*
[token, gloss]; each English word carries the atoms it translates. However the two sides are
reordered, the alignment is simply who carries whom.
"""

import random

from attend.phrasebook import lexicon
from attend.phrasebook.choices import (
    AIMS,
    ALL_PLACES,
    AT_ONCE,
    CITIES,
    CLASHES,
    FITTING,
    GRADED,
    JUDGED_PLACES,
    KIN,
    LIMITS,
    MANY,
    MARKETS,
    MEASURING,
    MINE,
    NAMES,
    NATURE,
    NO_ARTICLE,
    PERSON,
    PERSONS,
    PLACES,
    POOL_OF,
    POOLS,
    PRONOUNS,
    QUIET,
    RELATIVE,
    SAID_OF,
    SHAPES,
    SINGLE,
    SURNAMES,
    TITLES,
    TOO_WIDE,
    UNCOUNTED,
    UNFIT,
    VERB_WORDS,
    WORDS,
)
from attend.phrasebook.rules import (
    A_LOT,
    CLAUSES,
    KINDS,
    NOUN_PHRASES,
    OF,
    OWN,
    PARTS,
    PLAIN,
    SENTENCES,
    TIMES,
    VERY_OF,
    WITH,
    Rule,
)

FIRST, PLURAL, THIRD = 0, 1, 2


class Phrase:
    """Chinese atoms and the English words that carry them, with what the grammar asks about them.

    `agreement`: which form of a verb follows; `objective`: the English as an object (him);
    `pronoun`: what refers back to it (Anna: 她); `word`: the noun, verb or adjective at its
    heart; `subject`: of a clause, its subject.
    """

    __slots__ = ("agreement", "chinese", "english", "objective", "pronoun", "subject", "word")

    def __init__(self, chinese, english, agreement=THIRD, objective=None, pronoun=None, word=None):
        self.chinese, self.english, self.agreement = chinese, english, agreement
        self.objective, self.pronoun, self.word = objective or english, pronoun, word
        self.subject = None

    def text(self) -> str:
        return " ".join(token for token, _ in self.chinese)


EMPTY = Phrase([], [])


class Writer:
    """Writes sentences without end: the same ones for the same seed, on every machine.

    Only `random.random()` is used, whose numbers Python promises to keep.
    """

    def __init__(self, seed: int = 0):
        self.random = random.Random(seed).random

    def sentence(self, kind=None) -> tuple[str, Phrase]:
        """The kind of a sentence, drawn unless it is given, and the sentence with its last mark."""
        kind = kind or self.pick(KINDS)
        phrase = self.write(self.pick(SENTENCES[kind]))
        if phrase.chinese[-1][0] != "？":
            stop = ["。", "."]
            phrase.chinese.append(stop)
            phrase.english.append((".", (stop,)))
        return kind, phrase

    def pick(self, choices):
        return choices[int(self.random() * len(choices))]

    # ── Rules ──
    def write(self, rule: Rule, **given) -> Phrase:
        """Fill the slots of a rule, then spell both sides."""
        slots = given
        for name, method, arguments in rule.slots:
            if name not in slots:
                slots[name] = self.fill(method, slots, arguments)
        return spell(rule, slots)

    def fill(self, method: str, slots: dict, arguments: tuple) -> Phrase:
        if method in PARTS:
            return self.write(self.pick(PARTS[method]))
        return getattr(self, method)(slots, *arguments)

    def clause(self, slots, groups, who="") -> Phrase:
        """A clause of one of the groups. `who`: "new", someone a pronoun can take up again;
        "other", someone not yet spoken of; the name of a clause or person, to be taken up."""
        rule = self.pick(CLAUSES[self.pick(groups.split("+"))])
        given = {}
        if who == "other":
            given["who"] = self.who(slots, "known", avoid=spoken_of(slots))
        elif who == "new":
            given["who"] = self.who(slots, "known")
        elif who:
            person = slots[who].subject or slots[who]
            given["who"] = self.ref(slots, who) if person.pronoun else self.who(slots, "known")
        given["adults"] = True
        given["before"] = [phrase for phrase in slots.values() if isinstance(phrase, Phrase)]
        given["taken"] = {person.text() for person in people_of(slots)}
        phrase = self.write(rule, **given)
        if given.get("who") and any(item == "who" for item in rule.chinese):
            phrase.subject = given["who"]
        return phrase

    # ── Words ──
    def word(self, slots, table) -> Phrase:
        return leaf(*self.pick(WORDS[table]))

    def time(self, slots, kind, maybe="") -> Phrase:
        if maybe and self.random() < 0.4:
            return EMPTY
        return self.write(self.pick(TIMES[kind]))

    def city(self, slots, other="") -> Phrase:
        avoid = slots[other].word if other else None
        while (row := self.pick(CITIES))[1] == avoid:
            pass
        return leaf(*row, word=row[1])

    # ── People ──
    def who(self, slots, kind, avoid=()) -> Phrase:
        """Someone who does something. kind: person, known (a pronoun can refer to them), asked (not
        the speaker)."""
        verb = slots.get("verb")
        children = kind == "person" and verb is not None and verb.word.subject == "person"
        while True:
            person = self.someone_like(kind, children and "adults" not in slots)
            if person.pronoun not in avoid and person.pronoun not in UNFIT.get(kind, ()):
                return person

    def someone_like(self, kind, children) -> Phrase:
        draw = self.random()
        if kind == "pupil":
            draw *= 0.6
        if draw < 0.42:
            return self.pronoun(self.pick(PERSONS))
        if draw < 0.60:
            chinese, english, pronoun = self.pick(NAMES)
            return leaf(chinese, english, pronoun=pronoun)
        if draw < 0.68:
            return self.titled()
        if draw < 0.82 or kind in ("known", "third", "hoper"):
            return self.kin()
        if children and draw < 0.92:
            return self.thing({}, "child", self.pick(("the", "that", "this")))
        return self.thing({}, "grownup", self.pick(("the", "the", "that", "this")))

    def pronoun(self, name) -> Phrase:
        subject, objective, _, _, _ = PRONOUNS[name]
        atom = [name, subject]
        agreement = {"我": FIRST, "他": THIRD, "她": THIRD, "它": THIRD}.get(name, PLURAL)
        return Phrase([atom], carry([subject], atom), agreement, carry([objective], atom), name)

    def titled(self) -> Phrase:
        """王 先生, Mr Wang."""
        name, title = leaf(*self.pick(SURNAMES)), self.pick(TITLES)
        mister = leaf(*title[:2])
        chinese = name.chinese + mister.chinese
        return Phrase(chinese, mister.english + name.english, pronoun=title[2])

    def kin(self) -> Phrase:
        """我 哥哥, my brother."""
        owner = self.owner({}, kin=True)
        chinese, english, pronoun = self.pick(KIN)
        kin = leaf(chinese, english)
        return Phrase(owner.chinese + kin.chinese, owner.objective + kin.english, pronoun=pronoun)

    def owner(self, slots, kin=False) -> Phrase:
        """Whose: my, or Anna's. `english` is *mine*, `objective` is *my*."""
        if kin or self.random() < 0.8:
            name = self.pick(PERSONS)
            atom = [name, PRONOUNS[name][0]]
            return Phrase(
                [atom], carry([MINE[name]], atom), objective=carry([PRONOUNS[name][2]], atom)
            )
        chinese, english, _ = self.pick(NAMES)
        return leaf(chinese, english + "'s", gloss=english)

    def ref(self, slots, name) -> Phrase:
        """The pronoun that takes up a person again."""
        person = slots[name].subject or slots[name]
        if person.pronoun is None:
            return self.pronoun(self.pick(("他", "她")))
        return self.pronoun(person.pronoun)

    def self(self, slots, name) -> Phrase:
        """自己: myself, yourself, herself … as the subject wants."""
        if slots[name].pronoun is None:  # a teacher: let the Chinese tell who is meant
            slots[name] = self.who({}, "known")
        return leaf("自己", PRONOUNS[slots[name].pronoun][3], gloss="self")

    def whom(self, slots, subject="") -> Phrase:
        """Someone who is not the subject, in the objective case."""
        who = slots.get(subject)
        taken = {who.text(), who.pronoun} if who else ()
        others = slots.get("taken", ())
        while True:
            person = self.who({}, "known" if self.random() < 0.8 else "person")
            alike = who and person.chinese[0][0] in ("我", "我们") and who.pronoun in ("我", "我们")
            if not alike and person.text() not in taken and person.text() not in others:
                return Phrase(person.chinese, person.objective, person.agreement)

    def me(self, slots) -> Phrase:
        before = {phrase.subject.pronoun for phrase in slots.get("before", ()) if phrase.subject}
        choices = ("他", "她") if before & {"我", "我们"} else ("我", "我们", "他", "她")
        person = self.pronoun(self.pick(choices))
        return Phrase(person.chinese, person.objective)

    def company(self, slots, always="") -> Phrase:
        """跟 … 一起, with …"""
        if "with" not in slots["verb"].word.tags or (not always and self.random() > 0.25):
            return EMPTY
        return self.write(WITH, x=self.whom(slots, "who"))

    def person_kind(self, slots) -> Phrase:
        person = self.who({}, "person")
        person.word = PERSON
        return person

    def job(self, slots) -> Phrase:
        """医生, a doctor: one for one, doctors for many."""
        if slots["who"].agreement == PLURAL and slots["who"].pronoun != "你":
            return self.thing(slots, "teacher+student+doctor+worker", "all")
        return self.thing(slots, "job", "a")

    def animal(self, slots, group="animal") -> Phrase:
        noun = self.pick(lexicon.NOUNS[group])
        mine = "my" if noun.group == "pet" else "that"
        return self.noun_phrase(noun, self.pick(("this", "that", mine)))

    def street(self, slots) -> Phrase:
        noun = self.pick(lexicon.NOUNS["street"])
        return self.noun_phrase(noun, "that" if self.random() < 0.5 else "the")

    def wide(self, slots, street) -> Phrase:
        """What can be wrong with a street, a river or a bridge."""
        choices = TOO_WIDE[slots[street].word.english]
        return leaf(*self.pick(choices))

    # ── Things ──
    def act(self, slots, pool) -> Phrase:
        """The verb; its English forms are spelt when the rule asks for them."""
        verb = self.pick(POOLS[pool])
        return Phrase([[verb.chinese, verb.english]], [], word=verb)

    def completed(self, slots) -> Phrase:
        """了, for what was done and is over: 他 昨天 喝 了 茶. A place makes a scene of what lasts:
        他 昨天 在 家 喝 茶; not of what is done at once: 他 昨天 在 家 开 了 灯."""
        scene = slots["where"].chinese and slots["verb"].word.english not in AT_ONCE
        return EMPTY if scene else Phrase([["了", "PAST"]], [])

    def object(self, slots, want) -> Phrase:
        """What the verb does it to, in the shape the sentence wants; nothing for *sleep*."""
        verb = slots["verb"].word
        if not verb.objects:
            return EMPTY
        noun = self.pick(verb.objects)
        if noun.kind == "name":
            return self.noun_phrase(noun, "the" if "the" in verb.tags else "a")
        bare = not any(slots[name].english for name in ("when", "with", "where") if name in slots)
        if want == "full" and bare and "use" in verb.tags and self.random() < 0.6:
            return self.noun_phrase(noun, "rel", verb)  # nothing follows that it could swallow
        return self.noun_phrase(noun, self.shape(noun, want, verb), verb)

    def shape(self, noun, want, verb=None) -> str:
        """The name of the rule in NOUN_PHRASES."""
        tags = verb.tags if verb else ()
        if want == "gen":
            return "a" if verb and verb.generic == "a" else "all"
        if want in ("a", "all", "any"):
            if "the" in tags:
                return "the"
            return "a" if "a" in tags or (verb and verb.generic == "a") else want
        if want not in SHAPES:
            return want
        if want in ("def", "plan") and "new" in tags:
            return self.pick(SHAPES["def" if want == "def" else "few"]["few"])
        limit = next((name for name in LIMITS if name in tags and name in SHAPES[want]), "")
        return self.pick(SHAPES[want][limit])

    def thing(self, slots, groups, want=None) -> Phrase:
        """Something of these groups, in this shape."""
        if want is None:
            groups, _, want = groups.rpartition(".")
        noun = self.pick(POOL_OF[groups])
        return self.noun_phrase(noun, "a" if noun.kind == "name" else self.shape(noun, want))

    def noun_phrase(self, noun, shape, verb=None) -> Phrase:
        """A noun in one of the shapes of NOUN_PHRASES. Mass nouns are measured: a cup of tea."""
        relative = shape.startswith("rel")
        if relative and not (made := RELATIVE["done" if verb is None else "rel"][noun]):
            shape, relative = "this", False
        if noun.group in SINGLE:
            shape = {"these": "this", "those": "that"}.get(shape, shape)
        if shape == "my" and noun.group in NATURE:
            shape = "that"
        if noun.kind != "count":
            shape = UNCOUNTED.get(shape, shape)
        if shape in ("adj", "adjs", "that_adj") and not FITTING[noun.english]:
            shape = "one"
        given = noun_slots(noun, shape in MEASURING)
        if "adj" in shape:
            given["adj"] = self.attribute(noun)
        if relative:
            given["verb"] = Phrase([[(v := self.pick(made)).chinese, v.english]], [], word=v)
            given["adults"] = True
        if (
            shape == "plain"
            or (noun.kind == "name" and shape != "the")
            or (noun.kind != "count" and shape in ("a", "all"))
        ):
            rule = PLAIN
        elif noun.kind == "mass" and shape == "many":
            rule = A_LOT
        else:
            rule = NOUN_PHRASES[shape]
        phrase = self.write(rule, **given)
        plural = shape in MANY if noun.kind == "count" else noun.kind == "plural"
        if noun.unit and shape in MEASURING:
            plural = shape in MANY
        phrase.agreement, phrase.word = PLURAL if plural else THIRD, noun
        return phrase

    def attribute(self, noun) -> Phrase:
        """新, 有趣 的 or 很 贵 的, before a noun."""
        adjective = self.pick(FITTING[noun.english])
        phrase = leaf(adjective.chinese, adjective.english)
        if adjective.direct:
            return phrase
        return self.write(OF if len(adjective.chinese) > 1 else VERY_OF, a=phrase)

    def graded(self, slots, shape, table="compared") -> Phrase:
        """Something, and in {adj} a quality it has: drawn first, so that each comes up."""
        adjective, nouns = self.pick(GRADED[table])
        slots["adj"] = leaf(adjective.chinese, adjective.english, word=adjective)
        noun = self.pick(nouns)
        return self.noun_phrase(noun, self.shape(noun, shape))

    def topped(self, slots) -> Phrase:
        """Something that is the most expensive in the shop."""
        return self.graded(slots, "this", "topped")

    def goal(self, slots) -> Phrase:
        """The place one goes to for what the verb says."""
        return placed(self.pick([p for p in slots["verb"].word.places if p != "home"]), "to")

    def whoever(self, slots, name="") -> Phrase:
        """Someone else than {who}, as a subject."""
        return self.who(slots, "known", avoid=spoken_of(slots))

    def again(self, slots) -> Phrase:
        """The verb once more; in English with -ing, where the rule wants it."""
        verb = slots["verb"].word
        atom = [verb.chinese, verb.english]
        return Phrase([atom], carry(VERB_WORDS[verb.english]["ing"], atom))

    def them(self, slots) -> Phrase:
        """The object of the verb once more, in general: songs, tea."""
        noun = slots["what"].word
        return self.noun_phrase(noun, "all") if noun else EMPTY

    def same(self, slots, name) -> Phrase:
        """The other one, to compare with: this book … that book, mine … yours."""
        noun, first = slots[name].word, slots[name].chinese[0][0]
        shape = {"那": "this", "这": "that"}.get(first, "my")
        if slots[name].chinese[1][0] == "些":
            shape = "those" if first == "这" else "these"
        if shape == "my" and noun.group not in NATURE:
            owner = spell(rule := OWN, {"owner": self.owner({})})
            while owner.chinese[0][0] == first:
                owner = spell(rule, {"owner": self.owner({})})
            return owner
        return self.noun_phrase(noun, shape)

    def fits(self, slots, name, other="") -> Phrase:
        """An adjective that can be said of the noun in a slot."""
        word = slots[name].word
        choices = SAID_OF[word if isinstance(word, str) else word.english]
        adjective = self.pick(choices)
        if other:
            taken = slots[other].word
            adjective = self.pick([a for a in choices if a not in CLASHES.get(taken.english, ())
                                   and a is not taken] or choices)  # fmt: skip
        return leaf(adjective.chinese, adjective.english, word=adjective)

    def er(self, slots, name) -> Phrase:
        """taller, more interesting."""
        return self.grade(slots[name], 0)

    def est(self, slots, name) -> Phrase:
        return self.grade(slots[name], 1)

    def grade(self, adjective, degree) -> Phrase:
        atom = adjective.chinese[0]
        return Phrase([], carry(lexicon.comparative(atom[1])[degree].split(), atom))

    # ── Places ──
    def where(self, slots, always="") -> Phrase:
        """在 图书馆, at the library: one of the places where the verb is done."""
        places = slots["verb"].word.places
        if always == "away":
            places = tuple(place for place in places if place != "home")
        if not places or (not always and self.random() < 0.45):
            return EMPTY
        return located(self.pick(places))

    def where_is(self, slots) -> Phrase:
        return located(self.pick(ALL_PLACES))

    def to(self, slots, kind="") -> Phrase:
        """The place one goes to."""
        been = {token for phrase in slots.get("before", ()) for token, _ in phrase.chinese}
        while PLACES[name := self.pick(MARKETS if kind == "shop" else AIMS)][0][0] in been:
            pass
        return placed(name, "to")

    def place(self, slots, other="") -> Phrase:
        choices = MARKETS if other == "market" else JUDGED_PLACES
        avoid = slots[other].word if other in slots else None
        while (name := self.pick(choices)) == avoid:
            pass
        phrase = placed(name, "")
        phrase.word = name
        return phrase

    def fits2(self, slots, name, other) -> Phrase:
        """An adjective that can be said of both places."""
        both = [adj for adj in SAID_OF[slots[name].word] if adj in SAID_OF[slots[other].word]]
        adjective = self.pick(both or (QUIET,))
        return leaf(adjective.chinese, adjective.english, word=adjective)


# ── Spelling a rule ────────────────────────────────────────────────────────────────────────────
def carry(words, *atoms) -> list:
    """English words that come from these Chinese atoms."""
    return [(word, atoms) for word in words]


def leaf(chinese, english, pronoun=None, gloss=None, word=None) -> Phrase:
    """One Chinese word and its English."""
    atom = [chinese, gloss or english]
    return Phrase([atom], carry(english.split(), atom), pronoun=pronoun, word=word)


def spell(rule: Rule, slots: dict) -> Phrase:
    """Both sides of a rule, its slots filled."""
    chinese, english, own = [], [], {}
    for item in rule.chinese:
        if type(item) is str:
            chinese += slots[item].chinese
        else:
            atom = [*item]
            own[item[0] + "2" * (item[0] in own)] = atom
            chinese.append(atom)
    for item in rule.english:
        if type(item) is str:
            english += slots[item].english if item in slots else computed(item, slots)
        else:
            forms, subject, sources = item
            atoms = tuple([own[token] for token in sources])
            agreement = slots[subject].agreement if subject in slots else THIRD
            english += [(word, atoms) for word in forms[agreement]]
    return Phrase(chinese, english)


def computed(name: str, slots: dict) -> list:
    """English that another slot gives: the forms of the verb, *my* and *mine* of the owner."""
    if name == "owner's":
        return slots["owner"].objective
    if name == "owners":
        return slots["owner"].english
    verb = slots["verb"]
    if name == "present":
        who = slots.get("who")
        name = "base" if who and who.agreement != THIRD else "third"
    return carry(VERB_WORDS[verb.word.english][name], verb.chinese[0])


def noun_slots(noun, measured: bool) -> dict[str, Phrase]:
    """{noun}, {nouns} and {measure} for NOUN_PHRASES; 一 杯 茶 is a cup *of tea*."""
    word, measure = [noun.chinese, noun.english], [noun.measure, noun.unit or "M"]
    one = carry(noun.english.split(), word)
    many = one if noun.kind != "count" else carry(lexicon.plural(noun.english).split(), word)
    if measured and noun.unit:
        of = [("of", ()), *one]
        one = carry([noun.unit], measure) + of
        many = carry([lexicon.plural(noun.unit)], measure) + of
    return {
        "noun": Phrase([word], one),
        "nouns": Phrase([word], many),
        "measure": Phrase([measure], []),
    }


def placed(name: str, preposition: str) -> Phrase:
    """A place as the aim of a journey, *to the library*, or by itself, *the library*."""
    chinese = PLACES[name][0][0]
    place = [chinese, name]
    article = [] if name in NO_ARTICLE and preposition else [("the", ())]
    english = [*[(word, ()) for word in preposition.split()], *article, (name, (place,))]
    return Phrase([place], english)


def located(name: str) -> Phrase:
    """在 图书馆, at the library; 在 花园 里, in the garden."""
    (chinese, *inside), preposition = PLACES[name]
    at, place = ["在", "at"], [chinese, name]
    after = [[word, "inside"] for word in inside]
    article = [] if name in NO_ARTICLE else [("the", ())]
    english = [*carry([preposition], at, *after), *article, *carry([name], place)]
    return Phrase([at, place, *after], english)


def spoken_of(slots: dict) -> set:
    """The pronouns of everyone in these slots, and the speaker where there is none."""
    return {person.pronoun for person in people_of(slots) if person.pronoun} or {"我", "我们"}


def people_of(slots: dict) -> list:
    """Everyone in these slots: persons, and the subjects of clauses."""
    phrases = [phrase for phrase in slots.values() if isinstance(phrase, Phrase)]
    return [phrase.subject or phrase for phrase in phrases]
