"""Do word vectors do arithmetic? Several hundred analogies of six kinds. Chapter 06.

Vectors are trained on the phrasebook's English from five seeds.
"""

from itertools import permutations

from attend.embeddings import WordVectors, train_word_vectors
from attend.phrasebook import pairs

__all__ = ["FORMS", "RELATIONS", "examine", "measure", "questions", "runs"]

# a is to b in every pair of a line; words that the sentences hold often
RELATIONS = {
    "plural": """book books · letter letters · novel novels · camera cameras · computer computers ·
        song songs · film films · magazine magazines · flower flowers · phone phones · car cars ·
        poem poems""",
    "past": """eat ate · sing sang · drink drank · write wrote · play played · watch watched ·
        repair repaired · wear wore · swim swam · dance danced · drive drove · buy bought""",
    "-ing": """eat eating · sing singing · drink drinking · write writing · play playing ·
        watch watching · repair repairing · wear wearing · swim swimming · dance dancing ·
        drive driving · buy buying""",
    "he eats": """eat eats · sing sings · play plays · watch watches · wear wears · drive drives ·
        buy buys · paint paints · cook cooks""",
    "-er": """short shorter · old older · young younger · clever cleverer · friendly friendlier ·
        brave braver · quiet quieter · noisy noisier · small smaller · cold colder · new newer ·
        tall taller""",
    "gender": """father mother · brother sister · grandfather grandmother · uncle aunt ·
        son daughter · boy girl · man woman · he she · himself herself""",
}
FORMS = ("plural", "past", "-ing", "he eats", "-er")  # what grammar does to a word


def questions(relation: str) -> list[tuple[str, str, str, str]]:
    """All (a, b, c, d) of a relation: a is to b as c is to d. A line of n pairs has n (n − 1)."""
    couples = [couple.split() for couple in RELATIONS[relation].split("·")]
    return [(*one, *other) for one, other in permutations(couples, 2)]


def examine(vectors: WordVectors) -> list[dict]:
    """For each relation, the share of its questions that are answered right: by b − a + c with the
    question's words ruled out (`right`), with all words allowed (`raw`), and by the nearest
    neighbour of c, which knows nothing of a and b (`beside`). `own`: the share in which the raw
    answer is a word of the question."""
    rows = []
    for relation in RELATIONS:
        asked = questions(relation)
        raw = [vectors.analogy(a, b, c, raw=True)[0][0] for a, b, c, _ in asked]
        right = [vectors.analogy(a, b, c)[0][0] == d for a, b, c, d in asked]
        beside = [vectors.nearest(c, 1, without=(a, b))[0][0] == d for a, b, c, d in asked]
        own = [word in question[:3] for word, question in zip(raw, asked, strict=True)]
        same = [word == d for word, (*_, d) in zip(raw, asked, strict=True)]
        shares = {"right": right, "raw": same, "beside": beside, "own": own}
        row = {"relation": relation, "questions": len(asked)}
        for name, hits in shares.items():
            row[name] = round(sum(hits) / len(asked), 4)
        rows.append(row)
    return rows


def runs() -> list[dict]:
    """Five seeds; the chapter trains with seed 0."""
    return [{"seed": seed} for seed in range(1, 6)]


def measure(seed) -> list[dict]:
    """A row for each relation."""
    sentences = [pair.target for pair in pairs("train")]
    return examine(train_word_vectors(sentences, seed=seed))
