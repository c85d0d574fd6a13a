"""What may be chosen where: which words go together, and which verbs suit which sentence. Tables,
made of the words of lexicon.py. Chapter 06."""

from attend.phrasebook import lexicon

WORDS = {name: tuple(map(tuple, lexicon.rows(t))) for name, t in lexicon.WORDS.items()}
PRONOUNS = {row[0]: row[1:] for row in lexicon.rows(lexicon.PRONOUNS + "|" + lexicon.IT)}
PERSONS = tuple(name for name in PRONOUNS if name != "它")
NAMES = tuple(map(tuple, lexicon.rows(lexicon.NAMES)))
TITLES = tuple(map(tuple, lexicon.rows(lexicon.TITLES)))
SURNAMES = tuple(map(tuple, lexicon.rows(lexicon.SURNAMES)))
KIN = tuple(map(tuple, lexicon.rows(lexicon.KIN)))
CITIES = tuple(map(tuple, lexicon.rows(lexicon.CITIES)))
PLACES = {row[2]: (row[0].split("+"), row[1]) for row in lexicon.rows(lexicon.PLACES)}
VERB_WORDS = {
    verb.english: {name: form.split() for name, form in lexicon.forms(verb.english).items()}
    for verb in lexicon.ALL_VERBS
}


# ── Which words go together ────────────────────────────────────────────────────────────────────
def fitting(name: str, group: str) -> tuple:
    """The adjectives that fit a noun, by its name or its group."""
    names = {name, group, *(g for g, parts in lexicon.GROUPS.items() if group in parts.split())}
    return tuple(adj for adj in lexicon.ALL_ADJECTIVES if names & set(adj.fits))


COLOURS = {english for _, english in WORDS["colours"]}
FITTING = {noun.english: fitting(noun.english, noun.group) for noun in
           dict.fromkeys(n for nouns in lexicon.NOUNS.values() for n in nouns)}  # fmt: skip
FITTING.update({name: fitting(name, "place") for name in PLACES})
FITTING["person"] = tuple(adj for adj in lexicon.ALL_ADJECTIVES if "person" in adj.fits)
SAID_OF = {  # the same without colours, for sentences such as 这 本 书 很 有趣
    name: tuple(adj for adj in adjs if adj.english not in COLOURS) for name, adjs in FITTING.items()
}
JUDGED_PLACES = tuple(name for name in PLACES if SAID_OF[name])
ALL_PLACES = tuple(PLACES)
AIMS = tuple(name for name in PLACES if name != "home")  # one does not 去 home, one 回
MARKETS = tuple("shop market supermarket".split())
RELATIVE = {  # the verbs of a relative clause about a noun: where it comes from; what became of it
    tag: {
        noun: tuple(v for v in lexicon.ALL_VERBS if noun in v.objects and tag in v.tags)
        for noun in dict.fromkeys(n for nouns in lexicon.NOUNS.values() for n in nouns)
    }
    for tag in ("rel", "done")
}


def verbs(condition) -> tuple:
    return tuple(verb for verb in lexicon.ALL_VERBS if condition(verb))


def countable(verb) -> bool:
    return any(noun.kind != "name" for noun in verb.objects)


def usable(verb) -> bool:
    """May be told of one occasion: not a skill, not done by thieves alone."""
    return "habit" not in verb.tags and verb.subject != "thief"


def askable(verb) -> bool:
    """什么 may stand for its object, and the English verb is then still plain."""
    return (
        verb.objects
        and verb.english in ASKABLE
        and verb.chinese not in ("看", "做")
        and not soup(verb)
    )


def soup(verb) -> bool:
    return verb.chinese == "喝" and verb.english == "eat"


ASKABLE = "buy sell write paint eat drink sing repair study teach bring".split()
AT_ONCE = {"open", "close", "turn on", "turn off", "buy"}  # no scene to be in the middle of
LASTING = ("read", "watch", "listen to", "play", "study", "teach")
LONG_WORK = "read watch write paint repair make wash do"
POOLS = {
    "past": verbs(lambda v: usable(v) and "sudden" not in v.tags),
    "past_ask": verbs(askable),
    "past_object": verbs(lambda v: usable(v) and v.objects and v.english not in ("see", "use")),
    "the": verbs(lambda v: "the" in v.tags),
    "past_placed": verbs(lambda v: usable(v) and v.places and "sudden" not in v.tags),
    "past_long": verbs(lambda v: usable(v) and v.objects and v.english in LONG_WORK.split()),
    "bare": verbs(lambda v: usable(v) and (v.generic != "-" or "the" in v.tags)),
    "habit": verbs(lambda v: v.generic != "-"),
    "generic": verbs(lambda v: v.generic != "-" and v.objects),
    "future": verbs(lambda v: usable(v) and not v.tags & {"past", "sudden"}),
    "placed": verbs(lambda v: usable(v) and v.places and v.generic != "-"),
    "placed_full": verbs(lambda v: usable(v) and v.places and v.objects),
    "can": verbs(lambda v: "can" in v.tags),
    "done": verbs(lambda v: v.objects and ("done" in v.tags or v.english in ("see", "sing"))),
    "buy": verbs(lambda v: v.english == "buy"),
    "ask": verbs(lambda v: askable(v) and v.generic != "-"),
    "counted": verbs(lambda v: usable(v) and countable(v) and not v.tags & {"one", "the", "a"}),
    "lasting": verbs(lambda v: usable(v) and v.english in LASTING),
    "liked": verbs(lambda v: usable(v) and v.places and v.generic == "s" and "few" not in v.tags),
    "outing": verbs(
        lambda v: usable(v) and v.generic == "s" and "with" in v.tags and set(v.places) - {"home"}
    ),
    "ride": verbs(lambda v: v.generic == "a"),
    "speak": verbs(lambda v: v.english == "speak"),
    "cry": verbs(lambda v: "sudden" in v.tags),
    "alone": verbs(lambda v: not v.objects and v.places),
}  # fmt: skip

# The shapes an object may take: by what the sentence wants, and what the verb allows
SHAPES = {
    "full": {
        "": "one one num some many this that my these adj adj adj adjs that_adj",
        "one": "one this that my adj adj that_adj", "few": "one num adj adjs",
        "many": "num some many adjs", "the": "the the that", "a": "one",
    },
    "def": {
        "": "this that my these those that_adj", "one": "this that my that_adj", "few": "this that",
        "many": "these those", "the": "the that", "a": "that",
    },
    "plan": {
        "": "a one num some this that my adj", "one": "a one this that my adj", "few": "a one num",
        "many": "num some many", "the": "the that", "a": "one",
    },
    "few": {
        "": "one num some adj", "one": "one adj", "few": "one num", "many": "num some",
        "the": "the", "a": "one",
    },
    "rich": {
        "": "adj adjs that_adj", "one": "adj that_adj my", "few": "adj adjs", "many": "adjs many",
        "the": "the that", "a": "one",
    },
    "point": {"": "this that my"},
    "compared": {"": "this that my my these"},
    "sub": {"": "this that the my this that my rel_when"},
    "seen": {"": "one num some many adj"},
    "seen1": {"": "one one adj"},
    "one_of": {"": "one adj"},
}  # fmt: skip
SHAPES = {want: {tag: tuple(t.split()) for tag, t in by.items()} for want, by in SHAPES.items()}
LIMITS = ("one", "few", "many", "the", "a")
MEASURING = {"one", "num", "this", "that", "rel", "rel_when", "how", "adj", "adjs", "that_adj"}
MANY = {"num", "some", "many", "how", "these", "those", "all", "any", "adjs"}
UNFIT = {
    "asked": {"我", "我们"},
    "third": {"我", "我们", "你"},
    "pupil": {"我们", "他们"},
    "hoper": {"你"},
}
SINGLE = {"door", "transport", "lake"}  # 这 些 门 would be a strange thing to open
NATURE = {"street", "mountain", "tree", "transport", "lake", "door"}


class Groups(dict):
    """The nouns of several groups, collected when first asked for."""

    def __missing__(self, names):
        nouns = [noun for name in names.split("+") for noun in lexicon.NOUNS[name]]
        self[names] = tuple(noun for noun in nouns if names != "judged" or SAID_OF[noun.english])
        return self[names]


POOL_OF = Groups()


def graded(allowed) -> list:
    """Adjectives that can be compared, each with the nouns of which it can be said."""
    rows = []
    for adjective in lexicon.ALL_ADJECTIVES:
        nouns = tuple(n for n in POOL_OF["judged"] if adjective in SAID_OF[n.english])
        if nouns and (nouns := allowed(adjective, nouns)):
            rows.append((adjective, nouns))
    return rows


def sold(adjective, nouns) -> tuple:
    """What can be the most expensive in the shop."""
    if adjective.english not in TOPPED:
        return ()
    return tuple(noun for noun in nouns if noun.group not in NEVER_SOLD)


TOPPED = "expensive cheap beautiful good big small new comfortable interesting useful".split()
NEVER_SOLD = {*NATURE, "house", "song", "show"}
GRADED = {"compared": graded(lambda adjective, nouns: nouns), "topped": graded(sold)}
NO_ARTICLE = {"home", "school"}
MINE = {"我": "mine", "你": "yours", "他": "his", "她": "hers", "我们": "ours", "他们": "theirs"}
UNCOUNTED = {"these": "this", "those": "that", "adj": "one", "adjs": "num", "that_adj": "that"}
TOO_WIDE = {
    "street": (("宽", "wide"), ("滑", "slippery"), ("吵", "noisy")),
    "road": (("宽", "wide"), ("滑", "slippery"), ("长", "long")),
    "river": (("宽", "wide"), ("深", "deep"), ("脏", "dirty")),
    "bridge": (("窄", "narrow"), ("滑", "slippery"), ("长", "long")),
}
PERSON = lexicon.Noun("人", "person", "个", "", "count", "person")
QUIET = next(adj for adj in lexicon.ALL_ADJECTIVES if adj.english == "quiet")
OPPOSITE = (
    "big small · new old · long short · expensive cheap · heavy light · hot cold · clean dirty · "
    "quiet noisy · difficult easy · interesting boring · wide narrow · fast slow · quiet lively"
)


def clashes() -> dict[str, set]:
    """For each adjective of OPPOSITE by its English: the adjectives that say the opposite."""
    opposites = {}
    for first, second in map(str.split, OPPOSITE.split(" · ")):
        opposites.setdefault(first, set()).add(second)
        opposites.setdefault(second, set()).add(first)
    return {
        name: {adj for adj in lexicon.ALL_ADJECTIVES if adj.english in others}
        for name, others in opposites.items()
    }


CLASHES = clashes()
