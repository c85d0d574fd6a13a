"""The checkers of chapter 06."""

import torch

from attend.embeddings import skip_gram_gradients
from attend.exercises.checking import (
    NotYet,
    array_of,
    draw,
    exercise,
    looks_like,
    number_of,
    parts,
    run,
    same,
    same_each,
    same_shape,
)
from attend.text import merge


@exercise("06.1")
def table_gradient(answer) -> None:
    for ids, size, width in (([2, 0, 4], 5, 3), ([3, 1, 3, 3], 7, 2), ([0], 2, 1)):
        ids, upstream = torch.tensor(ids), draw(len(ids), width)
        table = torch.zeros(size, width, dtype=upstream.dtype, requires_grad=True)
        table[ids].backward(upstream)
        once = torch.zeros_like(upstream[:1]).repeat(size, 1)
        once[ids] = upstream
        found = run(answer, ids, upstream, size)
        if looks_like(found, once) and not looks_like(found, table.grad):
            raise NotYet(f"a word that occurs twice gets both gradients, added: ids {ids.tolist()}")
        same(found, table.grad, f"for ids {ids.tolist()} and {size} words")


@exercise("06.2")
def padded(answer) -> None:
    for rows, length, wanted in (
        ([[2, 7, 3], [2, 8, 9, 3]], 5, [[2, 7, 3, 0, 0], [2, 8, 9, 3, 0]]),
        ([[2, 5, 6, 7, 8, 3], [2, 3]], 4, [[2, 5, 6, 3], [2, 3, 0, 0]]),
        ([[2, 9, 3]], 3, [[2, 9, 3]]),
    ):
        same(run(answer, rows, length), wanted, f"for {rows} and a length of {length}")


@exercise("06.3")
def merges_needed(answer) -> None:
    news = [("e", "r"), ("e", "w"), ("n", "ew"), ("new", "er")]
    bananas = [("a", "n"), ("an", "an"), ("b", "anan"), ("banan", "a")]
    for word, learned in (
        ("new", news),
        ("newer", news),
        ("lower", news),
        ("n", news),
        ("er", news[:1]),
        ("banana", bananas),
        ("nan", bananas),
    ):
        symbols, wanted = list(word), -1
        for n, pair in enumerate([None, *learned]):
            symbols = merge(symbols, pair) if pair else symbols
            if len(symbols) == 1 and wanted < 0:
                wanted = n
        when = f"for {word!r} and the merges {' '.join(map('+'.join, learned))}"
        found = number_of(run(answer, word, list(learned)), when)
        if found == len(learned) and wanted < 0:
            raise NotYet(f"{when} it returns {found}, expected -1: the word is still in pieces")
        same(found, wanted, when)


@exercise("06.4")
def skip_gram_step(answer) -> None:
    u, v = draw(5), draw(1, 5)[0]
    for label, kind in ((1, "a true neighbour"), (0, "a drawn word")):
        others = v[None, None] if label else torch.stack([0 * v, v])[None]
        by_u, by_v = skip_gram_gradients(u[None], others)
        wanted = {"the new u": u - 0.5 * by_u[0], "the new v": v - 0.5 * by_v[0, -1]}
        same_each(run(answer, u, v, label, 0.5), wanted, f"for {kind}")


@exercise("06.5")
def examined(answer) -> None:
    table, step = draw(11, 5), draw(5)
    for word in range(4):  # 0 to 4, 1 to 5, … : the same step, but for a little
        table[word + 4] = table[word] / table[word].norm() + step + 0.1 * draw(5)
    table[10] = 3 * table[9] + 0.1 * draw(5)  # near its partner without any step
    table[:8:3] *= 20  # length has no part in it
    couples = [(0, 4), (1, 5), (2, 6), (3, 7), (9, 10), (8, 0)]
    questions = torch.tensor([(*one, *other) for one in couples for other in couples])
    questions = questions[[len(set(question)) == 4 for question in questions.tolist()]]
    unit = table / table.norm(dim=1, keepdim=True)
    a, b, c, d = questions.T

    def share(toward, ruled_out=True):
        cosines = toward @ unit.T
        if ruled_out:
            cosines.scatter_(1, questions[:, :3], -torch.inf)
        return (cosines.argmax(dim=1) == d).double().mean()

    step = unit[b] - unit[a] + unit[c]
    wanted = {"right": share(step), "beside": share(unit[c])}
    found = run(answer, table, questions)
    right = parts(found, list(wanted), "for 11 words")[0]
    if not looks_like(right, wanted["right"]):
        if looks_like(right, share(table[b] - table[a] + table[c])):
            raise NotYet("a long word weighs more than a short one: give all the length 1 first")
        if looks_like(right, share(step, ruled_out=False)):
            raise NotYet("rule out the words of the question, or c itself will often answer")
    same_each(found, wanted, "for 11 words")


@exercise("06.6")
def sentence_vectors(answer) -> None:
    table = draw(7, 3)
    ids = torch.tensor([[2, 5, 0, 0], [1, 6, 2, 2], [0, 0, 0, 0]])
    wanted = torch.stack([table[[2, 5]].mean(0), table[[1, 6, 2, 2]].mean(0), 0 * table[0]])
    found = array_of(run(answer, ids, table))
    same_shape(found, wanted, "for 3 sentences")
    same(found[:2], wanted[:2], "for sentences of 2 and 4 words, padded to 4,")
    same(found, wanted, "with a last row that is all padding (zeros are wanted)")
