"""Encoder–decoder: a sentence of S words in, one of T words out. Taught in chapters 09 and 10.

The encoder reads the source in both directions; the decoder writes the target word by word. What
passes between them is one context vector, or, with attention, a fresh one at each word.
"""

import torch
from torch import nn

from attend import checks
from attend.attention import AdditiveAttention, MultiplicativeAttention, weighted_average
from attend.cache import Memory, RecurrentState
from attend.recurrent import GRU, LSTM, RNN
from attend.text import PAD_ID

__all__ = ["CELLS", "CONTEXTS", "SCORES", "Encoder", "Seq2Seq"]

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
SCORES = ("dot", "general", "concat")
CONTEXTS = ("last", "transform", "all")


class Encoder(nn.Module):
    """Source ids [B, S] → `Memory`. Two directions of D/2 numbers each make a state h_j of D. The
    context is h_last, the two last states ("last"); tanh(W h_last) ("transform"); or tanh(W · mean
    of all h_j) ("all").

    Padding changes nothing. Source: Cho et al. 2014; two directions: Bahdanau et al. 2015. Taught
    in chapter 09.
    """

    def __init__(self, vocab, d_model, cell, context, dropout, pad, max_length):
        super().__init__()
        self.pad, self.context, self.max_length = pad, context, max_length
        self.embed = nn.Embedding(vocab, d_model, padding_idx=pad)
        self.dropout = nn.Dropout(dropout)
        self.cell = CELLS[cell](d_model, d_model // 2, bidirectional=True)
        self.transform = None if context == "last" else nn.Linear(d_model, d_model)

    def forward(self, source):
        checks.token_ids("source", source, self.embed.num_embeddings, self.max_length)
        lengths = checks.padding_on_the_right(source, self.pad)  # [B]
        states, last = self.cell(self.dropout(self.embed(source)), lengths=lengths)  # [B, S, D]
        last = last if isinstance(last, tuple) else (last,)  # each [2, B, D/2]
        last = [torch.cat([forth, back], dim=-1) for forth, back in last]  # each [B, D]
        context = last[0]  # [B, D]
        if self.context == "all":
            context = states.sum(dim=1) / lengths[:, None]  # padding's states are 0
        if self.transform is not None:
            context = self.transform(context).tanh()
        first_state = RecurrentState(*(part[None] for part in (context, *last[1:])))  # [1, B, D]
        return Memory(states, (source != self.pad)[:, None], context, first_state)


class Seq2Seq(nn.Module):
    """P(y_t | y_1 … y_{t−1}, x), one target word after the other. Called with source [B, S] and
    target [B, T], which begins with <bos>: logits [B, T, V], at place t for the word after
    target[:, t]; with return_weights also the attention [B, T, S], None without attention.

    This is teacher forcing: the decoder is given the right words so far, whatever it would have
    said itself. `encode` reads the source, `decode` gives the logits of a target that is known,
    `step` those of the next word.

    cell: "rnn", "lstm" or "gru". attention: None, then the decoder sees the same context c at every
    step (Cho et al. 2014; Sutskever et al. 2014 give it only as first state); "additive", then c_t
    is attended with the state before the step (Bahdanau et al. 2015); "dot", "general" or "concat",
    with the state after it (Luong et al. 2015). context: "last", "transform" or "all", see
    `Encoder`; with attention it is still the first state. max_length: no row may be longer. Raises
    ValueError for an option that is not there, an odd d_model, an empty batch, a sentence above
    max_length and, on the CPU, one of length 0, padding before words, ids out of range; TypeError
    for ids that are not torch.long. Taught in chapters 09 and 10.
    """

    def __init__(
        self,
        source_vocab,
        target_vocab,
        d_model=128,
        cell="gru",
        attention=None,
        context="transform",
        dropout=0.1,
        pad=PAD_ID,
        max_length=512,
    ):
        super().__init__()
        checks.whole_numbers(source_vocab=source_vocab, target_vocab=target_vocab)
        checks.whole_numbers(d_model=d_model, max_length=max_length)
        if d_model % 2:
            raise ValueError(f"d_model must be even, half for each direction, got {d_model}")
        checks.one_of("cell", cell, tuple(CELLS))
        checks.one_of("attention", attention, (None, "additive", *SCORES))
        checks.one_of("context", context, CONTEXTS)
        dropout = checks.probability("dropout", dropout)
        self.encode = Encoder(source_vocab, d_model, cell, context, dropout, pad, max_length)
        self.embed = nn.Embedding(target_vocab, d_model, padding_idx=pad)
        self.kind, self.pad, self.max_length = attention, pad, max_length
        self.dropout = nn.Dropout(dropout)
        if attention == "additive":
            self.attention = AdditiveAttention(d_model, d_model, d_model)
        elif attention is not None:
            self.attention = MultiplicativeAttention(d_model, score=attention)
        d_input = d_model if attention in SCORES else 2 * d_model
        self.decoder = CELLS[cell](d_input, d_model)
        self.mix = nn.Linear(2 * d_model, d_model)
        self.out = nn.Linear(d_model, target_vocab)

    def forward(self, source, target, return_weights=False):
        self._check_target(target, source)
        memory = self.encode(source)
        logits, _, weights = self._decode(memory, memory.first_state, target)
        return (logits, weights) if return_weights else logits

    def decode(self, memory, source, target, *, return_weights=False):
        """memory: what `encode` made of source [B, S]; target [B, T] → logits [B, T, V], with
        return_weights also the attention [B, T, S] or None."""
        self._check_target(target, source)
        if isinstance(memory, torch.Tensor):
            raise TypeError("memory must be what encode returns, got a Tensor: it has no context")
        checks.memory_of(memory, source, self.embed.embedding_dim)
        logits, _, weights = self._decode(memory, memory.first_state, target)
        return (logits, weights) if return_weights else logits

    def start(self, memory, cache=True):
        """The state before the first word. There is no way to do without, whatever `cache` says."""
        return memory.first_state

    def step(self, memory, state, ids):
        """ids [B, T], all words so far, <bos> first; the state knows all but the last → logits of
        the next word [B, V], the state after, weights [B, S] or None."""
        logits, state, weights = self._decode(memory, state, ids[:, -1:])  # [B, 1, V]
        return logits[:, -1], state, None if weights is None else weights[:, -1]

    def _decode(self, memory, state, target):
        x, weights = self.dropout(self.embed(target)), None  # [B, T, D]
        if self.kind == "additive":
            output, context, weights, state = self._attend_then_step(x, state, memory)
        elif self.kind is None:
            context = memory.context[:, None].expand_as(x)  # [B, T, D], the same at every step
            output, state = self._run(torch.cat([x, context], dim=-1), state)
        else:
            output, state = self._run(x, state)  # [B, T, D]
            context, weights = self.attention(output, memory.states, memory.states, memory.mask)
        mixed = self.mix(torch.cat([output, context], dim=-1)).tanh()  # [B, T, D]
        return self.out(self.dropout(mixed)), state, weights

    def _attend_then_step(self, x, state, memory):
        """Bahdanau's order: h_{t−1} asks, and the answer is part of the input of step t."""
        outputs, contexts, maps = [], [], []
        keys = self.attention.U(memory.states)  # [B, S, D]
        for word in x.split(1, dim=1):  # T times [B, 1, D]
            scores = self.attention.scores(state.h.transpose(0, 1), keys)  # [B, 1, S]
            context, weights = weighted_average(scores, memory.states, memory.mask)
            output, state = self._run(torch.cat([word, context], dim=-1), state)
            outputs.append(output)
            contexts.append(context)
            maps.append(weights)
        return *(torch.cat(parts, dim=1) for parts in (outputs, contexts, maps)), state

    def _run(self, x, state):
        """The recurrent network, from one `RecurrentState` to the next."""
        h, c = (None if part is None else part.to(x.dtype) for part in state)  # autocast mixes
        output, state = self.decoder(x, h if c is None else (h, c))
        return output, RecurrentState(*state) if isinstance(state, tuple) else RecurrentState(state)

    def _check_target(self, target, source):
        checks.token_ids("target", target, self.embed.num_embeddings, self.max_length)
        checks.row_for_row(target, source)
