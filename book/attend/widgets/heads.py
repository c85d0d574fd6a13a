"""What did each head learn? The maps of all heads side by side, and what changes without one."""

import numpy as np
import traitlets

from attend.widgets.attention_heatmap import check_weights, coarser, encode, labels, paths
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_index,
    as_words,
    plain,
    shorten,
    svg,
    svg_text,
)

UNIT = 10_000  # weights and probabilities travel as whole ten-thousandths
MOST_HEADS, MOST_WORDS, CANDIDATES = 16, 64, 4


class Heads(Widget):
    """The attention maps of the heads of one layer, what each does on the whole, and which words
    the model would write if some of them were switched off.

    Args:
        weights: [H, T, S], numbers from 0 to 1; at most 16 heads and 64 words on a side.
        tokens: the T words that look.
        memory_tokens: the S words looked at. None: the tokens themselves (self-attention).
        gloss, memory_gloss: a translation for each token, set small under it.
        outputs: what the model gives for the next word with heads switched off, probabilities
            [2**H, steps, V], or [1 + H, steps, V] where at most one is ever off. In the first, the
            row for a set of heads is the sum of 2**h over it; in the second, row 0 has all heads
            and row 1 + h lacks head h. None: nothing can be switched off.
        vocabulary: the V words.
        steps: the words that are right, one for each step of outputs.
        head: the one shown large.
        off: the heads that are switched off.
        step: the one whose candidates are shown.
        title: a line above.

    Only candidates travel: for each step the four likeliest words of every setting. `head`, `off`,
    `step` and `cell` (the `[t, s]` being read, or `[]`) are written by the reader's hand too:
    observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 12.
    """

    head = Checked(0).tag(sync=True)
    off = Checked([]).tag(sync=True)
    step = Checked(0).tag(sync=True)
    cell = Checked([]).tag(sync=True)
    title = Text("").tag(sync=True)
    tokens = traitlets.List().tag(sync=True)
    memory_tokens = traitlets.List(None, allow_none=True).tag(sync=True)
    gloss = traitlets.List(None, allow_none=True).tag(sync=True)
    memory_gloss = traitlets.List(None, allow_none=True).tag(sync=True)
    steps = traitlets.List().tag(sync=True)
    _cells = traitlets.Bytes().tag(sync=True)
    _shape = traitlets.List().tag(sync=True)
    _words = traitlets.List().tag(sync=True)
    _shares = traitlets.Bytes().tag(sync=True)
    _settings = traitlets.Int(1).tag(sync=True)

    def __init__(
        self,
        weights,
        tokens,
        memory_tokens=None,
        *,
        gloss=None,
        memory_gloss=None,
        outputs=None,
        vocabulary=None,
        steps=None,
        head=0,
        off=(),
        step=0,
        title="",
    ):
        weights = check_maps(weights)
        H, T, S = weights.shape
        tokens = words_of("tokens", tokens, T)
        if memory_tokens is None and T != S:
            raise WrongValue(f"memory_tokens is None, but weights {[H, T, S]} is not square")
        memory = None if memory_tokens is None else words_of("memory_tokens", memory_tokens, S)
        self.weights = np.rint(weights * UNIT).astype(np.int64)
        steps, words, shares = check_outputs(outputs, vocabulary, steps, H)
        self.shares = shares  # for each step whole numbers [settings, candidates]
        flat = [share[setting] for setting in range(settings_of(shares)) for share in shares]
        super().__init__(
            **{"tokens": tokens, "memory_tokens": memory, "steps": steps, "_words": words},
            gloss=None if gloss is None else words_of("gloss", gloss, T),
            memory_gloss=None
            if memory_gloss is None
            else words_of("memory_gloss", memory_gloss, S),
            **{"_cells": encode(weights), "_shape": [H, T, S], "_settings": settings_of(shares)},
            _shares=encode(np.concatenate(flat) / UNIT) if flat else b"",
            **{"head": head, "off": off, "step": step, "title": title},
        )
        self._warn_if_heavy()

    def shown(self) -> np.ndarray:
        """The weights of the selected head as the page shows them: [T, S]."""
        return self.weights[self.head] / UNIT

    def summary(self) -> list[dict[str, float]]:
        """What the page says of each head, computed from the weights it shows.

        entropy: −Σ p ln p of a row, mean over rows, in nats; most: the largest weight of a row,
        mean; and in self-attention itself and before: the mean weight of a word on itself, and on
        the word before it.
        """
        found = []
        for weights in self.weights / UNIT:
            logs = np.log(np.where(weights > 0, weights, 1.0))
            about = {
                "entropy": float(-(weights * logs).sum(axis=1).mean()),
                "most": float(weights.max(axis=1).mean()),
            }
            if self.memory_tokens is None:
                about["itself"] = float(weights.diagonal().mean())
                before = weights.diagonal(-1)
                about["before"] = float(before.mean()) if len(before) else 0.0
            found.append(about)
        return found

    def setting(self) -> int:
        """The row of outputs for the heads that are off."""
        if self._settings == 2 ** self._shape[0]:
            return sum(2**head for head in self.off)
        return 1 + self.off[0] if self.off else 0

    def candidates(self, step: int | None = None) -> list[tuple[str, float, float]]:
        """The words that compete at a step, each with its probability with all heads and now."""
        step = self.step if step is None else as_index("step", step, len(self.steps))
        share = self.shares[step] / UNIT
        now = share[self.setting()]
        return list(zip(self._words[step], share[0].tolist(), now.tolist(), strict=True))

    def written(self) -> list[str]:
        """The likeliest word at each step, with the heads that are off."""
        now = [share[self.setting()].argmax() for share in self.shares]
        return [words[best] for words, best in zip(self._words, now, strict=True)]

    @traitlets.validate("head")
    def _check_head(self, proposal):
        return as_index("head", proposal["value"], self._shape[0])

    @traitlets.validate("off")
    def _check_off(self, proposal):
        value = plain(proposal["value"])
        if not isinstance(value, list | tuple | set):
            raise WrongType(f"off must be a list of heads, got {type(value).__name__}")
        heads = sorted({as_index("off", head, self._shape[0]) for head in value})
        if heads and not self.steps:
            raise WrongValue(f"off={heads} needs outputs, which say what then changes")
        if len(heads) > 1 and self._settings != 2 ** self._shape[0]:
            raise WrongValue(f"off={heads} must be one head at most: outputs has no more")
        return heads

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], max(len(self.steps), 1))

    @traitlets.validate("cell")
    def _check_cell(self, proposal):
        cell = plain(proposal["value"])
        if not isinstance(cell, list | tuple) or len(cell) not in (0, 2):
            raise WrongValue(f"cell={cell!r} must be [t, s], or [] for none")
        return [as_index(f"cell[{i}]", each, self._shape[1 + i]) for i, each in enumerate(cell)]

    def describe(self) -> str:
        (H, T, S), found = self._shape, self.summary()
        sharp = min(range(H), key=lambda head: found[head]["entropy"])
        said = (
            f"{H} heads, each a map of {T} tokens over {S}; the sharpest is head {sharp}, with an "
            f"entropy of {found[sharp]['entropy']:.3f} nats."
        )
        if not self.off:
            return said
        changed = sum(
            now != words[0] for now, words in zip(self.written(), self._words, strict=True)
        )
        heads = ", ".join(map(str, self.off))
        return f"{said} Without head {heads}, {changed} of {len(self.steps)} words change."

    def picture(self) -> str:
        H, T, S = self._shape
        across, side = min(H, 4), 150
        rows = labels(self.tokens, self.gloss)
        top, tall = self.weights.max() / UNIT, side * min(T / S, 2)
        parts = []
        for head in range(H):
            x, y = 14 + head % across * (side + 18), 34 + head // across * (tall + 34)
            parts.append(svg_text(f"head {head}" + " (off)" * (head in self.off), x, y - 8))
            drawn = paths(coarser(self.weights[head] / UNIT), top, side, tall)
            parts += [f'<g transform="translate({x} {y:.1f})">', *drawn]
            parts.append(
                f'<rect width="{side}" height="{tall:.1f}" fill="none" stroke="#c9d1da"/></g>'
            )
        bottom = 30 + -(-H // across) * (tall + 34)
        for name, words in (("rows", rows), ("columns", self._columns())):
            parts.append(svg_text(shorten(f"{name}: {' · '.join(words)}", 96), 14, bottom))
            bottom += 18
        return svg(max(28 + across * (side + 18) - 18, 640), bottom, self.describe(), parts)

    def _columns(self):
        memory = self.memory_tokens
        return labels(memory or self.tokens, self.gloss if memory is None else self.memory_gloss)


# --- checks ---


def check_maps(weights) -> np.ndarray:
    weights = check_weights(weights)
    shape = list(weights.shape)
    if weights.ndim != 3:
        raise WrongValue(f"weights has shape {shape}: expected [H, T, S], the heads of one layer")
    if shape[0] > MOST_HEADS or max(shape[1:]) > MOST_WORDS:
        raise WrongValue(
            f"weights has shape {shape}: expected at most {MOST_HEADS} heads and {MOST_WORDS} words"
        )
    return weights


def words_of(name: str, value, expected: int) -> list[str]:
    words = as_words(name, value)
    if len(words) != expected:
        side = "columns" if name.startswith("memory") else "rows"
        raise WrongValue(f"{name} has {len(words)} entries: expected {expected}, the {side}")
    return words


def check_outputs(outputs, vocabulary, steps, H: int):
    """The right words, and for each step its candidates and their shares in ten-thousandths."""
    if outputs is None:
        if vocabulary is not None or steps is not None:
            raise WrongValue("outputs is None: expected it with vocabulary and steps")
        return [], [], []
    outputs = as_array("outputs", outputs).astype(np.float64)
    shape = list(outputs.shape)
    if outputs.ndim != 3 or outputs.shape[0] not in (2**H, 1 + H) or 0 in outputs.shape:
        raise WrongValue(
            f"outputs has shape {shape}: expected [{2**H} or {1 + H}, steps, V] for {H} heads"
        )
    if shape[0] > 64:
        raise WrongValue(f"outputs has shape {shape}: expected at most 64 settings")
    if shape[1] > MOST_WORDS:
        raise WrongValue(f"outputs has shape {shape}: expected at most {MOST_WORDS} steps")
    if not np.isfinite(outputs).all() or outputs.min() < 0 or outputs.max() > 1 + 1e-3:
        raise WrongValue("outputs must hold probabilities, finite numbers from 0 to 1")
    vocabulary = as_words("vocabulary", () if vocabulary is None else vocabulary)
    if len(vocabulary) != shape[2]:
        raise WrongValue(f"vocabulary has {len(vocabulary)} entries: expected {shape[2]}, V")
    steps = as_words("steps", () if steps is None else steps)
    if len(steps) != shape[1]:
        raise WrongValue(f"steps has {len(steps)} entries: expected {shape[1]}, one for each step")
    whole = np.rint(outputs.clip(0, 1) * UNIT).astype(np.int64)  # [settings, steps, V]
    words, shares = [], []
    for step in range(shape[1]):
        likely = np.argsort(-whole[:, step], axis=1, kind="stable")[:, :CANDIDATES]
        found = np.unique(likely)
        found = found[np.argsort(-whole[0, step, found], kind="stable")]  # likeliest first
        words.append([vocabulary[i] for i in found])
        shares.append(whole[:, step, found])
    return steps, words, shares


def settings_of(shares) -> int:
    return len(shares[0]) if shares else 1
