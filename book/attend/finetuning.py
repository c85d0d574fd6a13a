"""From a model that continues to one that answers: turns, a loss on the answers alone, few weights
in the place of many, preferences, and rewards. Taught in chapter 22.

A row of token ids [T] is a prompt, an answer, and padding on the right; lengths [B] says how many
tokens of each row are its prompt. The model is a `LanguageModel` that is causal.
"""

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from attend import checks
from attend.decoding import inference
from attend.text import BOS, EOS, PAD, PAD_ID

__all__ = [
    "END",
    "MARKS",
    "ROLES",
    "LoRA",
    "add_lora",
    "answer_loss",
    "answer_mask",
    "group_advantages",
    "log_probability",
    "merge_lora",
    "policy_loss",
    "preference_loss",
    "reward_loss",
    "template",
    "token_log_probability",
]

ROLES, END = ("<user>", "<assistant>"), "<end>"
MARKS = (PAD, BOS, EOS, *ROLES, END)  # no word of a turn may be one


def template(turns, reply=False):
    """A conversation as one row of tokens: for each turn the mark of who speaks, the words, and
    <end>. turns: pairs (role, words), the role "user" or "assistant" → a list of tokens. With
    reply, <assistant> stands at the end, for a model to go on from.
    [("user", ["2", "+", "3"])] → ["<user>", "2", "+", "3", "<end>"].

    Words must be no marks: who may write <end> <assistant> speaks for the model. A vocabulary knows
    the marks by Vocabulary(sentences, specials=(BOS, EOS, *ROLES, END)). Raises ValueError for
    another role, a mark among the words and no turns, TypeError for turns that are no pairs and
    words that are no list of tokens. Taught in chapter 22.
    """
    tokens = []
    for role, words in checks.turns(turns, ("user", "assistant"), MARKS):
        tokens += [f"<{role}>", *words, END]
    return [*tokens, ROLES[1]] if reply else tokens


# ------------------------------------------------------------------------------ how likely a row is


def token_log_probability(model, ids):
    """ln P(ids[:, t + 1] | ids[:, : t + 1]): how likely each token but the first is after those
    before it. ids [B, T] → [B, T − 1], in single precision at least.

    Padding and <bos> are tokens here as any other; `attend.decoding` never writes them, and shares
    what they have among the rest. Raises TypeError for what is no language model, ValueError for
    one that is not causal, and what `LanguageModel` raises for ids. Taught in chapter 22.
    """
    checks.rows_of("model", model, "ids", ids)
    logits = model(ids)[:, :-1]  # [B, T − 1, V]
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    return logits.log_softmax(dim=-1).gather(-1, ids[:, 1:, None]).squeeze(-1)  # [B, T − 1]


def answer_mask(ids, lengths=None, pad=PAD_ID):
    """Which tokens are the answer's: those behind the prompt's lengths[b] that are no padding.
    ids [B, T], lengths [B] → boolean [B, T − 1], at t for the token ids[:, t + 1], as in
    `token_log_probability`. Without lengths: all but the first.

    Raises TypeError for ids and lengths that are not torch.long, ValueError for lengths of another
    shape, below 1 or above T. Taught in chapter 22.
    """
    checks.prompt_lengths(ids, lengths)
    answer = ids[:, 1:] != pad  # [B, T − 1]
    if lengths is None:
        return answer
    places = torch.arange(1, ids.shape[1], device=ids.device)  # [T − 1]
    return answer & (places >= lengths[:, None])


def log_probability(model, ids, lengths=None):
    """ln P(answer | prompt) = Σ_t ln P(token t | all before it), over the tokens of the
    `answer_mask`: ids [B, T], lengths [B] → [B].

    Raises what `answer_mask` and `token_log_probability` raise, ValueError for a row in which no
    token counts. Taught in chapter 22.
    """
    checks.answers_of("model", model, "ids", ids, lengths)
    answer = answer_mask(ids, lengths, model.config.pad)  # [B, T − 1]
    return token_log_probability(model, ids).masked_fill(~answer, 0.0).sum(dim=1)  # [B]


def answer_loss(model, ids, lengths=None):
    """−ln P(token | all before it), on average over the tokens of the `answer_mask`, of all
    rows together: cross-entropy that asks for the answers alone. ids [B, T], lengths [B] → a
    number. Without lengths, for prompts too: the loss of pre-training.

    Raises what `log_probability` raises. Taught in chapter 22.
    """
    checks.answers_of("model", model, "ids", ids, lengths)
    answer = answer_mask(ids, lengths, model.config.pad)  # [B, T − 1]
    return -token_log_probability(model, ids).masked_fill(~answer, 0.0).sum() / answer.sum()


# ----------------------------------------------------------------------------- few weights for many


class LoRA(nn.Module):
    """W x + b + (α / r) B A x: a linear map, W [D_out, D_in], that stays as it is, and beside it
    two thin matrices that learn, A [r, D_in] and B [D_out, r]. x [..., D_in] → [..., D_out]. A
    begins at random, of variance 1 / D_in, and B at 0, so that at first nothing is changed.

    alpha: α, None for r. `weight`, W + (α / r) B A, and `bias` are there for whoever reads a linear
    map instead of calling it; `merge` puts them into it. Raises TypeError for what is no nn.Linear,
    ValueError for a rank below 1 or above the smaller width, and an alpha that is not above 0.
    Source: Hu et al. 2022, section 4.1. Taught in chapter 22.
    """

    def __init__(self, linear, rank, alpha=None):
        super().__init__()
        checks.low_rank("linear", linear, rank, alpha)
        D_out, D_in = linear.weight.shape
        self.linear = linear.requires_grad_(False)
        self.scale = 1.0 if alpha is None else alpha / rank
        self.A = nn.Parameter(linear.weight.new_empty(rank, D_in).normal_(std=D_in**-0.5))
        self.B = nn.Parameter(linear.weight.new_zeros(D_out, rank))
        self.train(linear.training)

    def forward(self, x):
        return self.linear(x) + self.scale * (x @ self.A.mT @ self.B.mT)  # [..., D_out]

    @property
    def weight(self):
        return self.linear.weight + self.scale * (self.B @ self.A)  # [D_out, D_in]

    @property
    def bias(self):
        return self.linear.bias

    def merge(self):
        """The nn.Linear with `weight` for its matrix; B is 0 again."""
        self.linear.weight = nn.Parameter(self.weight.detach())
        nn.init.zeros_(self.B)
        return self.linear


def add_lora(model, rank, names, alpha=None):
    """Every linear map of the model whose last name is in `names`, such as ("W_Q", "W_V"), becomes
    a `LoRA` of this rank. Only its A and B learn from now on, all else is frozen. In place; returns
    the model.

    Raises TypeError for what is no model and for names in one string, ValueError for a name that no
    linear map has, a map whose matrix stands elsewhere too (a tied output), a model that has LoRA
    maps already, a rank below 1 or above the smaller width of a map, and an alpha that is not above
    0; then nothing was changed. Source: Hu et al. 2022. Taught in chapter 22.
    """
    maps = checks.maps_to_adapt(model, rank, names, alpha, LoRA)
    model.requires_grad_(False)
    for name, linear in maps.items():
        put(model, name, LoRA(linear, rank, alpha))
    return model


def merge_lora(model):
    """Every `LoRA` of the model becomes an nn.Linear again, with W + (α / r) B A: the same outputs,
    at the cost of before. All of it can learn again. In place; returns the model.

    Raises TypeError for what is no model, ValueError for one without LoRA maps. Source: Hu et al.
    2022, section 4.1. Taught in chapter 22.
    """
    for name, lora in checks.lora_maps(model, LoRA).items():
        put(model, name, lora.merge())
    return model.requires_grad_(True)


def put(model, name, part):
    """Put a part into the model under this dotted name."""
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, part)


# -------------------------------------------------------------------------------------- preferences


def preference_loss(policy, reference, chosen, rejected, beta):
    """−ln σ(β (ln [P(c) / P_ref(c)] − ln [P(r) / P_ref(r)])), on average over pairs of a chosen row
    c and a rejected row r that begin with the same prompt: chosen [B, T], rejected [B, T′] → a
    number. P is of the whole row, as in `log_probability`: what the prompt adds is the same on both
    sides of the minus, and cancels.

    It cancels only on average where the policy drops out. The reference answers in eval mode and
    without gradient, and is left in the mode it was in. Raises what `log_probability` raises, and
    ValueError for a reference of another vocab or pad, another number of rows, first tokens that
    differ within a pair, and a beta that is not above 0. Source: Rafailov et al. 2023, equation 7.
    Taught in chapter 22.
    """
    checks.preference_pairs(policy, reference, chosen, rejected)
    beta = checks.above_0("beta", beta)
    learned = log_probability(policy, chosen) - log_probability(policy, rejected)  # [B]
    with inference(reference), torch.no_grad():
        known = log_probability(reference, chosen) - log_probability(reference, rejected)  # [B]
    return -logsigmoid(beta * (learned - known)).mean()


def reward_loss(chosen, rejected):
    """−ln σ(c − r), on average over pairs: how surprising it is that the answer with reward c was
    preferred to the one with reward r, if that happens with probability σ(c − r). chosen [B],
    rejected [B] → a number.

    Raises TypeError for rewards that are not floating point, ValueError for other shapes, no pair
    and, on the CPU, NaN and infinities. Source: Bradley and Terry 1952, as in Ouyang et al. 2022,
    equation 1. Taught in chapter 22.
    """
    checks.rewards_of("chosen", chosen, "B")
    checks.rewards_of("rejected", rejected, "B")
    checks.same_shape(chosen=chosen, rejected=rejected)
    return -logsigmoid(chosen - rejected).mean()


# ------------------------------------------------------------------------------------------ rewards


def group_advantages(rewards, scaled=False):
    """r − mean(r), over the G answers to one prompt: by how much each is better than they are on
    average. rewards [..., G] → [..., G]. scaled: (r − mean(r)) / std(r), and 0 where all are
    rewarded alike; std²(r) is the mean of (r − mean(r))², divided by G and not by G − 1.

    Raises TypeError for rewards that are not floating point, ValueError for none and, on the CPU,
    for NaN and infinities. Source: Shao et al. 2024, section 4.1; not scaled, Liu et al. 2025.
    Taught in chapter 22.
    """
    checks.rewards_of("rewards", rewards, "...", "G")
    above = rewards - rewards[..., :1]  # [..., G], 0 to the last bit where all are alike
    above = above - above.mean(dim=-1, keepdim=True)
    if not scaled:
        return above
    std = above.square().mean(dim=-1, keepdim=True).sqrt()  # [..., 1]
    return torch.where(std > 0, above / std, 0.0)


def policy_loss(model, ids, lengths, advantages, reference=None, beta=0.0):
    """−A ln P(answer | prompt), on average over rows: a step down makes an answer likelier, or less
    likely, by as much as its advantage A. ids [B, T], lengths [B], advantages [B] → a number. With
    answers that the model itself drew from P, the gradient is on average minus that of the expected
    reward. With beta, + β KL: how far the model has gone from a reference, estimated as
    Σ (q − 1 − ln q) over a row's counted tokens, with q = P_ref / P, on average over rows.

    The estimate is never negative, and with the model's own answers it is on average KL(P ‖ P_ref)
    of whole answers. Its gradient is not: it is that of KL(P_ref ‖ P), token by token after the
    beginnings that were drawn, and the same only close to P = P_ref. The reference answers in eval
    mode and without gradient. Raises what `log_probability` raises, TypeError for advantages that
    are not floating point, ValueError for another shape, NaN and infinities, a beta below 0, and
    one above 0 with no reference, or with one of another vocab or pad. Source: Williams 1992;
    Schulman 2020 for the estimate; Shao et al. 2024 for both in one loss. Taught in chapter 22.
    """
    checks.policy_rows(model, ids, lengths, advantages, reference, beta)
    answer = answer_mask(ids, lengths, model.config.pad)  # [B, T − 1]
    log_p = token_log_probability(model, ids).masked_fill(~answer, 0.0)
    loss = -(advantages.detach() * log_p.sum(dim=1)).mean()
    if beta == 0:
        return loss
    with inference(reference), torch.no_grad():
        known = token_log_probability(reference, ids).masked_fill(~answer, 0.0)
    log_q = known - log_p  # [B, T − 1]
    return loss + beta * (log_q.expm1() - log_q).sum(dim=1).mean()
