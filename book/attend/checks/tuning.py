"""Checks of what a model is tuned with: turns, rows with a prompt and an answer, rewards, and the
maps that are adapted."""

from collections import Counter

import torch
from torch import nn

from attend.checks.arrays import has_shape
from attend.checks.numbers import above_0, at_least_0, one_of, tokens, whole_number
from attend.checks.tensors import float_tensor, readable, shape, token_ids

__all__ = [
    "answers_of",
    "lora_maps",
    "low_rank",
    "maps_to_adapt",
    "policy_rows",
    "preference_pairs",
    "prompt_lengths",
    "rewards_of",
    "rows_of",
    "turns",
]


def turns(some, roles, marks):
    """Turns as a list of pairs (role, list of words), none of them one of the marks."""
    some = list(some) if hasattr(some, "__iter__") else some
    if not isinstance(some, list) or any(
        not isinstance(turn, tuple | list) or len(turn) != 2 for turn in some
    ):
        raise TypeError(f"turns must be a list of pairs (role, words), got {some!r}")
    if not some:
        raise ValueError("turns must hold at least one, got none")
    return [(one_of("role", role, roles), _words(words, marks)) for role, words in some]


def _words(words, marks):
    if not hasattr(words, "__iter__"):
        raise TypeError(f"words must be a list of tokens, got {type(words).__name__}")
    words = tokens("words", words)
    for word in words:
        if not isinstance(word, str | bytes):
            raise TypeError(f"words must be tokens, got {type(word).__name__}")
        if word in marks:
            raise ValueError(f"words must hold none of {' '.join(marks)}, got {word}")
    return words


def rows_of(name, model, ids_name, ids):
    """A causal language model, and ids that it knows."""
    config = getattr(model, "config", None)
    if not hasattr(config, "causal"):
        raise TypeError(f"{name} must be a LanguageModel, got {type(model).__name__}")
    if not config.causal:
        raise ValueError(f"{name} must be a causal LanguageModel, got one with causal=False")
    token_ids(ids_name, ids, config.vocab, config.max_length)


def prompt_lengths(ids, lengths):
    """Rows of whichever vocabulary, and how long their prompts are."""
    token_ids("ids", ids, torch.iinfo(torch.long).max)
    if lengths is None:
        return
    if not isinstance(lengths, torch.Tensor) or lengths.dtype != torch.long:
        got = lengths.dtype if isinstance(lengths, torch.Tensor) else type(lengths).__name__
        raise TypeError(f"lengths must be a tensor of torch.long, got {got}")
    B, T = ids.shape
    if lengths.shape != (B,):
        raise ValueError(f"lengths must be one a row, [{B}], got shape {shape(lengths)}")
    if lengths.device != ids.device:
        raise ValueError(
            f"lengths must be on the device of ids, {ids.device}, got {lengths.device}"
        )
    if readable(lengths) and ((lengths < 1) | (lengths > T)).any():
        wrong = int(lengths[(lengths < 1) | (lengths > T)][0])
        raise ValueError(f"lengths must lie in 1 … {T}, the length of a row, got {wrong}")


def answers_of(name, model, ids_name, ids, lengths=None):
    """Rows that the model knows, with a token that is no padding behind each prompt."""
    rows_of(name, model, ids_name, ids)
    prompt_lengths(ids, lengths)
    places = torch.arange(ids.shape[1], device=ids.device)  # [T]
    last = ((ids != model.config.pad) * places).amax(dim=1)  # [B], the last place not padded
    there = last >= (1 if lengths is None else lengths)  # [B]
    if readable(there) and not there.all():
        row = int((~there).nonzero()[0])
        what = "after its first" if lengths is None else "behind its prompt"
        raise ValueError(f"{ids_name} must hold a token {what} in every row, got none in row {row}")


def _same_tokens(model, reference):
    ours, others = ((one.config.vocab, one.config.pad) for one in (model, reference))
    if ours != others:
        raise ValueError(
            f"reference must have the vocab and pad of the model that learns, {ours}, got {others}"
        )


def preference_pairs(policy, reference, chosen, rejected):
    """Rows that both models know, a pair each, with the same first token."""
    for name, model in (("policy", policy), ("reference", reference)):
        answers_of(name, model, "chosen", chosen)
        answers_of(name, model, "rejected", rejected)
    _same_tokens(policy, reference)
    if len(chosen) != len(rejected):
        raise ValueError(f"rejected must have a row a chosen, {len(chosen)}, got {len(rejected)}")
    if readable(chosen) and (chosen[:, 0] != rejected[:, 0]).any():
        row = int((chosen[:, 0] != rejected[:, 0]).nonzero()[0])
        first = f"{int(chosen[row, 0])} and {int(rejected[row, 0])}"
        raise ValueError(
            f"chosen and rejected must begin with the same prompt, got {first} first in row {row}"
        )


def rewards_of(name, rewards, *wanted):
    """Rewards or advantages: finite, and of this shape."""
    float_tensor(name, rewards)
    has_shape(name, rewards, *wanted)


def policy_rows(model, ids, lengths, advantages, reference, beta):
    """Rows with an answer and its advantage; with beta, a reference of the same tokens."""
    answers_of("model", model, "ids", ids, lengths)
    rewards_of("advantages", advantages, len(ids))
    if at_least_0("beta", beta):
        if reference is None:
            raise ValueError(f"reference must be a model with beta={beta}, got None")
        rows_of("reference", reference, "ids", ids)
        _same_tokens(model, reference)


def low_rank(name, linear, rank, alpha):
    """A linear map beside which a LoRA of this rank can stand."""
    if not isinstance(linear, nn.Linear):
        raise TypeError(f"{name} must be a torch.nn.Linear, got {type(linear).__name__}")
    smaller = min(linear.weight.shape)
    if whole_number("rank", rank) > smaller:
        raise ValueError(f"rank must be at most {smaller}, the smaller width of {name}, got {rank}")
    if alpha is not None:
        above_0("alpha", alpha)


def _parts(model):
    """Every part of a model by its dotted names, which may be several."""
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    return dict(model.named_modules(remove_duplicate=False))


def lora_maps(model, kind):
    """The parts of a model that are of this kind, by their dotted names."""
    found = {name: part for name, part in _parts(model).items() if isinstance(part, kind) and name}
    if not found:
        raise ValueError(f"model must have LoRA maps in it, got a {type(model).__name__} without")
    return found


def maps_to_adapt(model, rank, names, alpha, kind):
    """The linear maps whose last name is among the names, by their dotted names; none of the parts
    may be of this kind already."""
    parts = _parts(model)
    if isinstance(names, str) or not hasattr(names, "__iter__"):
        raise TypeError(f"names must be a list of names, such as ('W_Q', 'W_V'), got {names!r}")
    if there := [name for name, part in parts.items() if isinstance(part, kind)]:
        raise ValueError(f"model must have no LoRA maps yet (merge_lora), got {there[0]}")
    linear = {name: part for name, part in parts.items() if isinstance(part, nn.Linear) and name}
    names, known = list(names), sorted({name.rpartition(".")[2] for name in linear})
    if not names or (unknown := [name for name in names if name not in known]):
        got = repr(unknown[0]) if names else "no name"
        raise ValueError(f"names must be of linear maps, {', '.join(known)}, got {got}")
    found = {name: part for name, part in linear.items() if name.rpartition(".")[2] in names}
    places = Counter(weight for _, weight in model.named_parameters(remove_duplicate=False))
    for name, part in found.items():
        low_rank(name, part, rank, alpha)
        if places[part.weight] > 1:
            raise ValueError(f"names must be of maps that share no matrix (tied), got {name}")
    return found
