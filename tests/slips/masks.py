"""Answers to the exercises of chapter 15: other right ones, and slips."""

import torch

LOWEST = torch.finfo(torch.float32).min


def triangle(T):
    return torch.ones(T, T).tril().bool()


def there(lengths, T):
    return torch.arange(T) < lengths[:, None]


def additive(given, dtype, hide=None):
    lowest = torch.finfo(dtype).min / 2 if hide is None else hide
    return torch.zeros(given.shape, dtype=dtype).masked_fill(given == 0, lowest)[:, None, None]


def paths(mask, n):
    step = (mask | torch.eye(len(mask)).bool()).double()
    return torch.linalg.matrix_power(step, n) > 0


def means_by_a_product(x, ids):
    there = (ids != 0).float()
    return (there[:, None] @ x)[:, 0] / there.sum(1, keepdim=True).clamp(min=1)


RIGHT = [
    ("15.5", lambda given, dtype: additive(given, dtype).numpy()),
    ("15.4", means_by_a_product),
    ("15.1", lambda lengths, T: there(lengths, T)[:, None] & triangle(T)),
    ("15.2", lambda T, past, w: torch.ones(T, past + T).tril(past).triu(past - w + 1).bool()),
    ("15.6", paths),
]


SLIPS = [
    ("15.1", lambda n, T: there(n, T)[:, None].expand(-1, T, T), r"at \[0, 0, 1\]"),
    ("15.1", lambda n, T: triangle(T), r"shape is \[5, 5\], expected \[3, 5, 5\]"),
    ("15.1", lambda n, T: ~(there(n, T)[:, None] & triangle(T)), "is 0, expected 1"),
    ("15.1", lambda n, T: (there(n, T)[:, None] & triangle(T)).int(), "expected booleans"),
    ("15.2", lambda T, past, w: torch.ones(T, past + T).tril(past).bool(), "window of 2"),
    ("15.2", lambda T, past, w: torch.ones(T, T).tril().triu(1 - w).bool(), "past=4"),
    ("15.2", lambda T, past, w: torch.ones(T, past + T).tril(past).triu(past - w).bool(), "T=5"),
    ("15.2", lambda T, past, w: torch.ones(T, past + T).tril().triu(1 - w).bool(), "past=4"),
    ("15.3", lambda s, m: torch.softmax(s, -1) * m, "3 rows of 5"),
    (
        "15.3",
        lambda s, m: (lambda k: k / k.sum(-1, keepdim=True))(torch.softmax(s, -1) * m),
        "hidden score of 1000",
    ),
    (
        "15.3",
        lambda s, m: (lambda p: p / p.sum(-1, keepdim=True))(
            torch.exp(s.masked_fill(~m, -torch.inf))
        ),
        "about 1000 that may be seen",
    ),
    (
        "15.3",
        lambda s, m: torch.softmax(s.masked_fill(~m, -torch.inf), -1),
        "row with nothing to see the value at .* is nan, expected 0",
    ),
    ("15.3", lambda s, m: torch.softmax(s.masked_fill(~m, LOWEST), -1), "nothing to see"),
    ("15.4", lambda x, ids: x.mean(1), "sentences of 3, 5 and 2"),
    ("15.4", lambda x, ids: (x * (ids != 0)[..., None]).mean(1), "sentences of 3, 5 and 2"),
    (
        "15.4",
        lambda x, ids: (x * (ids != 0)[..., None]).sum(1) / (ids != 0).sum(1)[:, None],
        "an empty sentence the value at .* is nan",
    ),
    ("15.5", lambda given, dtype: given[:, None, None].to(dtype), "padding .* still seen"),
    ("15.5", lambda given, dtype: additive(1 - given, dtype), "padding .* still seen"),
    ("15.5", lambda given, dtype: additive(given, dtype, -torch.inf), "become NaN"),
    (
        "15.5",  # in float16 -65504 - 50 is −∞
        lambda given, dtype: additive(given, dtype, torch.finfo(dtype).min),
        "dtype=torch.float16 and scores near -50 the rows of the empty sentence become NaN",
    ),
    ("15.5", lambda given, dtype: additive(given, dtype)[:, 0], r"of shape \[3, 1, 3\], expected"),
    ("15.5", lambda given, dtype: additive(given, torch.float32), "returns torch.float32"),
    ("15.5", lambda given, dtype: additive(given, dtype, -1e9), "it stops with RuntimeError"),
    ("15.5", lambda given, dtype: "mask", "returns a str"),
    ("15.6", lambda mask, n: mask, "window of 3 and 2 layers"),
    (
        "15.6",
        lambda mask, n: torch.linalg.matrix_power(mask.double(), n) > 0,
        "only the one before",
    ),
    ("15.6", lambda mask, n: torch.linalg.matrix_power(mask.double(), n), "expected booleans"),
]
