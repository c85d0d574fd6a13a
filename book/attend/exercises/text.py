"""The checkers of chapter 06."""

import torch

from attend.embeddings import skip_gram_gradients
from attend.exercises.checking import (
    NotYet,
    array_of,
    draw,
    exercise,
    run,
    same,
    same_each,
    same_shape,
    sequence,
    short,
)
from attend.text import PairCounts


@exercise("06.1")
def one_hot(answer) -> None:
    for ids, size in (([2, 0, 4], 5), ([1], 2), ([3, 3], 7)):
        wanted = torch.eye(size)[ids]
        same(run(answer, ids, size), wanted, f"for ids {ids} and {size} words")


@exercise("06.2")
def padded(answer) -> None:
    for rows, length, wanted in (
        ([[2, 7, 3], [2, 8, 9, 3]], 5, [[2, 7, 3, 0, 0], [2, 8, 9, 3, 0]]),
        ([[2, 5, 6, 7, 8, 3], [2, 3]], 4, [[2, 5, 6, 3], [2, 3, 0, 0]]),
        ([[2, 9, 3]], 3, [[2, 9, 3]]),
    ):
        same(run(answer, rows, length), wanted, f"for {rows} and a length of {length}")


@exercise("06.3")
def best_pair(answer) -> None:
    for text, hint in (
        ("no no no no an ant pan", ""),
        ("tea team eat", ""),
        ("ba ab ba ab", " (of several, the first in the order of their letters)"),
        ("aaa aaa", ""),
    ):
        words = {}
        for word in text.split():
            words[tuple(word)] = words.get(tuple(word), 0) + 1
        best = PairCounts(text.replace(" ", "\n")).merge_best()
        found, wanted = run(answer, words), (best.left, best.right)
        pair = tuple(sequence(found, "", "a pair of strings"))
        if len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            raise NotYet(f"it returns {short(found)}, expected a pair of strings")
        if pair != wanted:
            raise NotYet(f"for {words} it returns {pair}, expected {wanted}{hint}")


@exercise("06.4")
def skip_gram_step(answer) -> None:
    u, v = draw(5), draw(1, 5)[0]
    for label, kind in ((1, "a true neighbour"), (0, "a drawn word")):
        others = v[None, None] if label else torch.stack([0 * v, v])[None]
        by_u, by_v = skip_gram_gradients(u[None], others)
        wanted = {"the new u": u - 0.5 * by_u[0], "the new v": v - 0.5 * by_v[0, -1]}
        same_each(run(answer, u, v, label, 0.5), wanted, f"for {kind}")


@exercise("06.5")
def nearest(answer) -> None:
    table = draw(11, 5)
    table[3] *= 9  # long, but in nobody's direction
    table[7] = 0.2 * table[2] + 0.01 * draw(5)
    unit = table / table.norm(dim=1, keepdim=True)
    cosines = unit @ unit.T - 2 * torch.eye(11)
    for row in (2, 3, 9):
        same(run(answer, table, row), cosines[row].argmax(), f"for row {row} of a table [11, 5]")


@exercise("06.6")
def sentence_vectors(answer) -> None:
    table = draw(7, 3)
    ids = torch.tensor([[2, 5, 0, 0], [1, 6, 2, 2], [0, 0, 0, 0]])
    wanted = torch.stack([table[[2, 5]].mean(0), table[[1, 6, 2, 2]].mean(0), 0 * table[0]])
    found = array_of(run(answer, ids, table))
    same_shape(found, wanted, "for 3 sentences")
    same(found[:2], wanted[:2], "for sentences of 2 and 4 words, padded to 4,")
    same(found, wanted, "with a last row that is all padding (zeros are wanted)")
