"""The one training loop of the book. Taught in chapter 02; every model since is trained by it."""

import math

from torch.nn.utils import clip_grad_norm_
from tqdm import tqdm

__all__ = ["fit"]


def fit(
    model,
    batches,
    loss,
    optimizer,
    epochs: int = 1,
    name: str = "training",
    clip: float | None = None,
    scheduler=None,
) -> list[float]:
    """Go through `batches` `epochs` times; for each batch compute `loss(model, batch)` and step the
    optimiser. Returns the mean loss of every epoch, each batch counting alike.

    `batches`: anything that can be gone through again (a list, a DataLoader), or a function that
    returns a fresh pass each time it is called (to shuffle). `loss` returns one number that knows
    `backward()`. `clip`: the gradient of all parameters together is made no longer than that
    (chapter 04). `scheduler`: one of torch's, stepped after each batch. Every epoch begins in
    training mode; when the last one has ended, the model is left in eval mode. A progress bar shows
    the loss.

    Raises ValueError for no batches, fewer than one epoch and a clip that is not above 0, and
    FloatingPointError, before the step that would spread it, when the loss is no longer a finite
    number.
    """
    if epochs < 1:
        raise ValueError(f"epochs must be at least 1, got {epochs}")
    if clip is not None and not clip > 0:
        raise ValueError(f"clip must be above 0, got {clip}")
    means = []
    for epoch in range(epochs):
        model.train()
        losses = []
        with tqdm(
            batches() if callable(batches) else batches,
            desc=f"{name} {epoch + 1}/{epochs}",
            leave=False,
        ) as bar:
            for batch in bar:
                value = loss(model, batch)
                losses.append(finite(value.item(), epoch, len(losses)))
                optimizer.zero_grad()
                value.backward()
                if clip is not None:
                    clip_grad_norm_(model.parameters(), clip)
                optimizer.step()
                if scheduler is not None:
                    scheduler.step()
                bar.set_postfix(loss=f"{losses[-1]:.3f}", refresh=False)
        if not losses:
            raise ValueError(f"batches must hold at least one batch, got none in epoch {epoch + 1}")
        means.append(sum(losses) / len(losses))
    model.eval()
    return means


def finite(value: float, epoch: int, step: int) -> float:
    """The loss itself, if training can go on with it."""
    if not math.isfinite(value):
        raise FloatingPointError(
            f"the loss became {value} in epoch {epoch + 1}, step {step + 1}: usual causes are a "
            "learning rate that is too large, a logarithm or a division at 0, and data that is "
            "not finite"
        )
    return value
