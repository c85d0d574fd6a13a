"""The checkers of chapter 15."""

import numpy as np
import torch

from attend.attention import weighted_average
from attend.exercises.checking import NotYet, described, draw, exercise, run, same
from attend.masks import causal


def there(lengths, T) -> torch.Tensor:
    return torch.arange(T) < torch.tensor(lengths)[:, None]  # [B, T]


@exercise("15.1")
def both_masks(answer) -> None:
    for lengths, T in (([3, 5, 2], 5), ([1], 1), ([2, 0], 3)):
        wanted = there(lengths, T)[:, None] & causal(T)
        same(run(answer, torch.tensor(lengths), T), wanted, f"for lengths {lengths} and T={T}")


@exercise("15.2")
def window_mask(answer) -> None:
    for T, past, window in ((5, 0, 2), (3, 4, 3), (1, 6, 4), (4, 2, 9)):
        wanted = causal(T, past) & ~causal(T, past).tril(past - window)
        told = f"for T={T}, past={past} and a window of {window}"
        same(run(answer, T, past, window), wanted, told)


@exercise("15.3")
def masked_softmax(answer) -> None:
    scores = draw(3, 5)
    mask = torch.tensor([[1, 1, 0, 1, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 1]]).bool()
    told = "for 3 rows of 5 scores"
    same(run(answer, scores, mask), weights_of(scores, mask), told)
    scores[0, 2] = 1000.0
    told = "for a hidden score of 1000"
    same(run(answer, scores, mask), weights_of(scores, mask), told)
    scores[1] += 1000.0
    told = "for scores of about 1000 that may be seen"
    same(run(answer, scores, mask), weights_of(scores, mask), told)
    mask[2] = False
    told = "for a row with nothing to see"
    same(run(answer, scores, mask), weights_of(scores, mask), told)


def weights_of(scores, mask):
    return weighted_average(scores, scores.mT, mask)[1]


@exercise("15.4")
def mean_of_words(answer) -> None:
    x = draw(3, 5, 2)
    ids = torch.tensor([[4, 7, 5, 0, 0], [3, 9, 6, 8, 4], [5, 6, 0, 0, 0]])
    wanted = torch.stack([x[b, : (row != 0).sum()].mean(dim=0) for b, row in enumerate(ids)])
    same(run(answer, x, ids), wanted, "for sentences of 3, 5 and 2 words")
    ids[2] = wanted[2] = 0
    same(run(answer, x, ids), wanted, "for a batch with an empty sentence")


@exercise("15.5")
def additive_mask(answer) -> None:
    given = torch.tensor([[1, 1, 0], [1, 1, 1], [0, 0, 0]])
    for dtype in (torch.float32, torch.float16):
        found = run(answer, given, dtype)
        if isinstance(found, np.ndarray) and found.dtype.kind == "f":
            found = torch.from_numpy(found.copy())
        if not isinstance(found, torch.Tensor) or found.shape != (3, 1, 1, 3):
            raise NotYet(
                f"for 3 sentences of 3 places it returns {described(found)}, "
                "expected a tensor of shape [3, 1, 1, 3]"
            )
        if found.dtype != dtype:
            raise NotYet(f"for dtype={dtype} it returns {found.dtype}")
        if found.isnan().any():
            raise NotYet(f"for dtype={dtype} a value is nan")
        scores = (draw(3, 2, 4, 3) - 50).to(dtype)  # [B, H, T, S]; the softmax minds no 50
        weights = torch.softmax(scores + found, dim=-1)
        if weights.isnan().any():
            raise NotYet(
                f"for dtype={dtype} and scores near -50 the rows of the empty sentence become NaN"
            )
        if weights[0, ..., 2].max() > 1e-6:
            raise NotYet(f"for dtype={dtype} the padding of the first sentence is still seen")
        if weights[1].min() < 1e-6 or (found[1] != found[1, 0, 0, 0]).any():
            raise NotYet(f"for dtype={dtype} words of the second sentence are hidden")


@exercise("15.6")
def reaches(answer) -> None:
    back = torch.arange(7)[:, None] - torch.arange(7)
    window, ring = (back >= 0) & (back <= 2), (back % 7) == 1  # each sees only the one before it
    for name, mask, n_layers in (
        ("a window of 3 and 1 layer", window, 1),
        ("a window of 3 and 2 layers", window, 2),
        ("words that see only the one before, 3 layers", ring, 3),
        ("the causal mask and 4 layers", causal(7), 4),
    ):
        wanted = torch.linalg.matrix_power(mask + torch.eye(7), n_layers) > 0
        same(run(answer, mask, n_layers), wanted, f"for {name}")
