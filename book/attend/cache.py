"""What a decoder keeps while it writes: what was read of the source, the state of a recurrent
network, the keys and values of a Transformer. Taught in chapters 09 and 17.

Each of them can `choose` rows: in beam search, some sentences are dropped and others go on in their
place.
"""

from typing import NamedTuple

import torch

__all__ = ["Cache", "KeyValues", "LayerCache", "Memory", "RecurrentState"]


class RecurrentState(NamedTuple):
    """What a recurrent decoder carries from word to word: h [1, B, D], and the cell c [1, B, D] of
    an LSTM. Taught in chapter 09."""

    h: torch.Tensor
    c: torch.Tensor | None = None

    def choose(self, rows):
        """These rows of the batch, in this order."""
        return RecurrentState(self.h[:, rows], None if self.c is None else self.c[:, rows])


class Memory(NamedTuple):
    """What a decoder knows of the source: a state for each word [B, S, D], and a mask that is True
    where there is a word, boolean [B, 1, S].

    A recurrent translator adds the context, one vector for the whole sentence [B, D], and the
    decoder's first state. The shape of the memory is that of its states. Taught in chapter 09.
    """

    states: torch.Tensor
    mask: torch.Tensor
    context: torch.Tensor | None = None
    first_state: RecurrentState | None = None

    @property
    def shape(self):
        return self.states.shape

    def choose(self, rows):
        """These rows of the batch, in this order."""
        return Memory(
            self.states[rows],
            self.mask[rows],
            None if self.context is None else self.context[rows],
            None if self.first_state is None else self.first_state.choose(rows),
        )


class KeyValues:
    """The keys and values [B, H, S, K] of the words that a layer has seen. Taught in chapter 17."""

    def __init__(self, keys=None, values=None):
        self.keys, self.values = keys, values

    def __len__(self):
        return 0 if self.keys is None else self.keys.shape[2]

    def extend(self, keys, values):
        """Append those of new words; return all of them."""
        if self.keys is not None:
            keys = torch.cat([self.keys, keys], dim=2)  # [B, H, S + 1, K]
            values = torch.cat([self.values, values], dim=2)
        self.keys, self.values = keys, values
        return keys, values

    def choose(self, rows):
        """These rows of the batch, in this order."""
        return self if self.keys is None else KeyValues(self.keys[rows], self.values[rows])


class LayerCache:
    """What one decoder layer knows: the keys and values of the target words so far (`own`), and
    those of the source, which never change (`cross`)."""

    def __init__(self, own=None, cross=None):
        self.own = KeyValues() if own is None else own
        self.cross = KeyValues() if cross is None else cross

    def choose(self, rows):
        return LayerCache(self.own.choose(rows), self.cross.choose(rows))


class Cache:
    """What a Transformer's decoder need not compute again: a `LayerCache` for each layer. Its
    length is the number of target words it knows. Taught in chapter 17."""

    def __init__(self, n_layers):
        self.layers = [LayerCache() for _ in range(n_layers)]

    def __len__(self):
        return len(self.layers[0].own)

    def choose(self, rows):
        """These rows of the batch, in this order."""
        chosen = Cache(0)
        chosen.layers = [layer.choose(rows) for layer in self.layers]
        return chosen

    def bytes(self):
        """How much memory the keys and values take."""
        stores = [store for layer in self.layers for store in (layer.own, layer.cross)]
        full = [store for store in stores if len(store)]
        return sum(2 * store.keys.numel() * store.keys.element_size() for store in full)
