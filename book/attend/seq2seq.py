"""Encoder–decoder: a sentence of S words in, one of T words out. Taught in chapters 09 and 10.

The encoder reads the source in both directions; the decoder writes the target word by word. What
passes between them is one context vector, or, with attention, a fresh one at each word.
"""

from typing import NamedTuple

import torch
from torch import nn

from attend import checks
from attend.attention import AdditiveAttention, MultiplicativeAttention, average
from attend.recurrent import GRU, LSTM, RNN
from attend.text import pad

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
SCORES = ("dot", "general", "concat")
CONTEXTS = ("last", "transform", "all")


class Memory(NamedTuple):
    """What the decoder knows of the source: every state [B, S, D], which of them are words, boolean
    [B, 1, S], and the context, one vector for the whole sentence [B, D]."""

    states: torch.Tensor
    mask: torch.Tensor
    context: torch.Tensor


class Encoder(nn.Module):
    """Source ids [B, S] → Memory and the decoder's first state.

    Two directions of D/2 numbers each make a state h_j of D. The context is h_last, the two last
    states ("last"); tanh(W h_last) ("transform"); or tanh(W · mean of all h_j) ("all"). Padding
    changes nothing. Source: Cho et al. 2014; two directions: Bahdanau et al. 2015. Chapter 09.
    """

    def __init__(self, vocab, d_model, cell, context, dropout, pad, max_length):
        super().__init__()
        self.pad, self.context, self.max_length = pad, context, max_length
        self.embed = nn.Embedding(vocab, d_model, padding_idx=pad)
        self.dropout = nn.Dropout(dropout)
        self.cell = CELLS[cell](d_model, d_model // 2, bidirectional=True)
        self.transform = None if context == "last" else nn.Linear(d_model, d_model)

    def forward(self, source):
        lengths = check_source(self, source)  # [B]
        states, last = self.cell(self.dropout(self.embed(source)), lengths=lengths)  # [B, S, D]
        last = last if isinstance(last, tuple) else (last,)  # each [2, B, D/2]
        last = [torch.cat([forth, back], dim=-1) for forth, back in last]  # each [B, D]
        context = last[0]  # [B, D]
        if self.context == "all":
            context = states.sum(dim=1) / lengths[:, None]  # padding's states are 0
        if self.transform is not None:
            context = self.transform(context).tanh()
        memory = Memory(states, (source != self.pad)[:, None], context)
        state = tuple(part[None] for part in (context, *last[1:]))  # each [1, B, D]
        return memory, state if len(state) > 1 else state[0]


class Seq2Seq(nn.Module):
    """P(y_t | y_1 … y_{t−1}, x), one target word after the other.

    Called with source [B, S] and target [B, T], which begins with <bos>: logits [B, T, V], at place
    t for the word after target[:, t]. This is teacher forcing: the decoder is given the right words
    so far, whatever it would have said itself. With return_weights also the attention [B, T, S],
    None without attention.

    cell: "rnn", "lstm" or "gru". attention: None, then the decoder sees the same context c at every
    step (Cho et al. 2014; Sutskever et al. 2014 give it only as first state); "additive", then c_t
    is attended with the state before the step (Bahdanau et al. 2015); "dot", "general" or "concat",
    with the state after it (Luong et al. 2015). context: "last", "transform" or "all", see
    `Encoder`; with attention it is still the first state. max_length: no row may be longer. Raises
    ValueError for an option that is not there, an odd d_model, an empty batch, a sentence of length
    0 or above max_length, padding before words, ids out of range; TypeError for ids that are not
    torch.long. Taught in chapters 09 and 10.
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
        pad=0,
        max_length=512,
    ):
        super().__init__()
        check_options(source_vocab, target_vocab, d_model, max_length, cell, attention, context)
        self.encode = Encoder(source_vocab, d_model, cell, context, dropout, pad, max_length)
        self.embed = nn.Embedding(target_vocab, d_model, padding_idx=pad)
        self.kind, self.pad, self.dropout = attention, pad, nn.Dropout(dropout)
        if attention == "additive":
            self.attention = AdditiveAttention(d_model, d_model, d_model)
        elif attention is not None:
            self.attention = MultiplicativeAttention(d_model, score=attention)
        d_input = d_model if attention in SCORES else 2 * d_model
        self.decoder = CELLS[cell](d_input, d_model)
        self.mix = nn.Linear(2 * d_model, d_model)
        self.out = nn.Linear(d_model, target_vocab)

    def forward(self, source, target, return_weights=False):
        check_target(self, target, source)
        memory, state = self.encode(source)
        logits, _, weights = self.decode(target, state, memory)
        return (logits, weights) if return_weights else logits

    def decode(self, target, state, memory):
        """Some words on: target ids [B, T], the state before them → logits [B, T, V], the state
        after them, weights [B, T, S] or None."""
        x, weights = self.dropout(self.embed(target)), None  # [B, T, D]
        if self.kind == "additive":
            output, context, weights, state = self.look_then_step(x, state, memory)
        elif self.kind is None:
            context = memory.context[:, None].expand_as(x)  # [B, T, D], the same at every step
            output, state = self.decoder(torch.cat([x, context], dim=-1), state)
        else:
            output, state = self.decoder(x, state)  # [B, T, D]
            context, weights = self.attention(output, memory.states, memory.states, memory.mask)
        mixed = self.mix(torch.cat([output, context], dim=-1)).tanh()  # [B, T, D]
        return self.out(self.dropout(mixed)), state, weights

    def look_then_step(self, x, state, memory):
        """Bahdanau's order: h_{t−1} asks, and what it finds is part of the input of step t."""
        outputs, contexts, maps = [], [], []
        keys = self.attention.U(memory.states)  # [B, S, D]
        for word in x.split(1, dim=1):  # T times [B, 1, D]
            query = (state[0] if isinstance(state, tuple) else state).transpose(0, 1)  # [B, 1, D]
            scores = self.attention.score(query, keys)  # [B, 1, S]
            context, weights = average(scores, memory.states, memory.mask)
            output, state = self.decoder(torch.cat([word, context], dim=-1), state)
            outputs.append(output), contexts.append(context), maps.append(weights)
        return *(torch.cat(parts, dim=1) for parts in (outputs, contexts, maps)), state


@torch.no_grad()
def translate(model, source, max_length=40, bos=2, eos=3):
    """Greedy decoding: at each step the likeliest word, which is the input of the next.

    source [B, S] → ids [B, T] without <bos>, padding after <eos>, and weights [B, T, S] or None. A
    sentence that has not ended after max_length words is cut. The model answers in eval mode and is
    left in the mode it was in. Raises ValueError for max_length below 1. Taught in chapter 09.
    """
    if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 1:
        raise ValueError(f"max_length={max_length!r} must be a whole number, at least 1")
    training = model.training
    model.eval()
    try:
        memory, state = model.encode(source)
        word = source.new_full((len(source), 1), bos)  # [B, 1]
        words, maps, ended = [], [], torch.zeros_like(word, dtype=torch.bool)
        while len(words) < max_length and not ended.all():
            logits, state, weights = model.decode(word, state, memory)
            word = logits.argmax(dim=-1).masked_fill(ended, model.pad)  # [B, 1]
            ended = ended | (word == eos)
            words.append(word), maps.append(weights)
    finally:
        model.train(training)
    return torch.cat(words, dim=1), None if maps[0] is None else torch.cat(maps, dim=1)


def next_words(model, source, bos=2):
    """For one source [1, S], a function that `widgets.Decoder.explore` can ask: lists of ids
    without <bos>, of any length → ln P of the word that follows [n, V], and where attention looks
    for it [n, S], if there is attention. Taught in chapter 09."""

    @torch.no_grad()
    def ask(prefixes):
        rows = pad([[bos, *prefix] for prefix in prefixes])  # [n, T]: padding comes after
        logits, weights = model(source.expand(len(rows), -1), rows, return_weights=True)
        last = [len(prefix) for prefix in prefixes]
        each = range(len(rows))
        logs = logits[each, last].double().log_softmax(dim=-1)  # [n, V]
        return logs if weights is None else (logs, weights[each, last])

    return ask


# ------------------------------------------------------- what may come in, and what is said if not


def check_options(source_vocab, target_vocab, d_model, max_length, cell, attention, context):
    checks.whole_numbers(source_vocab=source_vocab, target_vocab=target_vocab)
    checks.whole_numbers(d_model=d_model, max_length=max_length)
    if d_model % 2:
        raise ValueError(f"d_model={d_model} must be even: half of it for each direction")
    checks.one_of("cell", cell, tuple(CELLS))
    checks.one_of("attention", attention, (None, "additive", *SCORES))
    checks.one_of("context", context, CONTEXTS)


def check_source(encoder, source):
    """The number of words in each row [B]."""
    checks.token_ids("source", source, encoder.embed.num_embeddings, encoder.max_length)
    there = source != encoder.pad  # [B, S]
    lengths = there.sum(dim=1)  # [B]
    if (lengths == 0).any():
        row = int((lengths == 0).nonzero()[0])
        raise ValueError(f"source must hold at least one word a row, got none in row {row}")
    if (there[:, 1:] & ~there[:, :-1]).any():
        raise ValueError("source must have its padding on the right, got a word after padding")
    return lengths


def check_target(model, target, source):
    checks.token_ids("target", target, model.embed.num_embeddings, model.encode.max_length)
    checks.row_for_row(target, source)
