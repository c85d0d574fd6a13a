"""Answers to the exercises of chapter 06: other right ones, and slips."""

import torch


def by_one_hot(ids, upstream, size):
    return torch.eye(size, dtype=upstream.dtype)[ids].T @ upstream


def written_once(ids, upstream, size):
    gradient = torch.zeros(size, upstream.shape[1], dtype=upstream.dtype)
    gradient[ids] += upstream
    return gradient


def cut(rows, length):
    return torch.tensor([(row + [0] * length)[:length] for row in rows])


def merged(symbols, pair):
    text = "\0" + "\0".join(symbols) + "\0"
    one, two = pair
    while f"\0{one}\0{two}\0" in text:
        text = text.replace(f"\0{one}\0{two}\0", f"\0{one}{two}\0", 1)
    return text.strip("\0").split("\0")


def needed(word, learned):
    symbols, n = list(word), 0
    while len(symbols) > 1 and n < len(learned):
        symbols, n = merged(symbols, learned[n]), n + 1
    return n if len(symbols) == 1 else -1


def in_pieces(word, learned):
    return n if (n := needed(word, learned)) >= 0 else len(learned)


def step(u, v, label, rate):
    error = torch.sigmoid(u @ v) - label
    return u - rate * error * v, v - rate * error * u


def step_in_turn(u, v, label, rate):
    u = u - rate * (torch.sigmoid(u @ v) - label) * v
    return u, v - rate * (torch.sigmoid(u @ v) - label) * u


def shares(rows, questions, ruled_out=True, unit=True):
    rows = rows / rows.norm(dim=1, keepdim=True) if unit else rows
    right = []
    for arithmetic in (True, False):
        hits = 0
        for a, b, c, d in questions.tolist():
            toward = rows[b] - rows[a] + rows[c] if arithmetic else rows[c]
            cosines = rows @ toward / rows.norm(dim=1)
            if ruled_out:
                cosines[[a, b, c]] = -9.0 * toward.norm()
            hits += int(cosines.argmax()) == d
        right.append(hits / len(questions))
    return tuple(right)


def means(ids, table):
    real = (ids != 0).double()[:, :, None]
    return (table[ids] * real).sum(1) / real.sum(1).clamp(min=1)


def bare_means(ids, table):
    real = (ids != 0).double()[:, :, None]
    return (table[ids] * real).sum(1) / real.sum(1)


def means_by_a_product(ids, table):
    real = (ids != 0).float()
    return (real[:, None] @ table[ids])[:, 0] / real.sum(1, keepdim=True).clamp(min=1)


RIGHT = [
    ("06.1", by_one_hot),
    ("06.3", needed),
    ("06.5", shares),
    ("06.5", lambda *given: list(shares(*given))),
    ("06.4", lambda *given: torch.stack(step(*given))),
    ("06.6", means_by_a_product),
    ("06.6", means),
]


SLIPS = [
    ("06.1", written_once, "gets both gradients, added"),
    ("06.1", lambda ids, upstream, size: by_one_hot(ids, upstream, size).T, "the shape is"),
    ("06.1", lambda ids, upstream, size: upstream, r"shape is \[3, 3\], expected \[5, 3\]"),
    ("06.2", cut, r"length of 4 the value at \[0, 3\] is 7, expected 3"),
    ("06.3", in_pieces, "expected -1: the word is still in pieces"),
    ("06.3", lambda word, learned: len(word) - 1, "the value is 2, expected 3"),
    ("06.3", lambda word, learned: needed(word, learned) - 1, "expected 3"),
    ("06.3", lambda word, learned: word, "a number"),
    ("06.4", lambda u, v, label, rate: u, "a tensor .*expected 2 results: the new u, the new v"),
    ("06.4", lambda u, v, label, rate: step(u, v, 1, rate), "for a drawn word"),
    ("06.4", step_in_turn, "the new v"),
    ("06.5", lambda rows, asked: shares(rows, asked, ruled_out=False), "rule out"),
    ("06.5", lambda rows, asked: shares(rows, asked, unit=False), "the length 1"),
    ("06.5", lambda rows, asked: shares(rows, asked)[0], "2 results"),
    ("06.5", lambda rows, asked: shares(rows, asked)[::-1], "right"),
    ("06.6", lambda ids, table: table[ids].mean(1), "2 and 4 words, padded"),
    ("06.6", bare_means, "all padding"),
    ("06.6", lambda ids, table: ids[9], "it stops with IndexError"),
]
