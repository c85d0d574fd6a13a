"""Does reinforcement teach what the model could not do? And what does it make of a model if its
reward has a hole, or is somebody's approval? A small decoder adds two numbers of two digits.
Chapter 22.

It writes "0 8 5 <eos>" after "4 7 + 3 8 = ?". kind: what it was taught, not well. "rare": sums
without a carry, and very few with one; "unseen": none with one; "doubtful": some more, and one
answer in ten is two, "0 8 5 , 0 8 4", one of them right, either first; "advised": likewise some
more, and to half of the sums the user has an opinion, "4 7 + 3 8 = 0 8 4 ?", as often right as
wrong, while the answer that is taught is always right.

arm: how it goes on, with 200 sums of which none was taught. Reinforcement is STEPS steps of policy
gradient, 8 texts for each of 16 sums, the mean reward of the 8 as baseline, and beta times the KL
to the model as it was; the reward is 1 if the text is the right answer and nothing else ("reward"),
if this answer stands anywhere in a text of up to 8 tokens ("hole"), if it is the user's opinion
("approval"; here all sums have one), or by the toss of a coin ("random"). "own right answers": as
many steps, but what is taught are the right ones among its own texts. "right answers": they are
given and taught, 64 a step, as many steps as take the same multiply-adds.

step: 0 is before. problems: the 200 that are "rewarded", or as many "held out", neither taught nor
rewarded; group: "all", or by how many of 128 texts were right before, "often" half or more,
"sometimes", and "never" none; the shares come from 128 others. For "doubtful" and "advised" 100
sums held out and 10 texts each, every EVERY steps, group being the opinion, "right", "wrong" or
"absent". n sums; right: the share of texts that are the right answer and nothing else, which is
pass@1; pass_4, pass_16, pass_64: pass@k; reward: the mean of what the arm rewards; agreed: the
share that is the opinion; tokens: written, <eos> with them; kl: nats a text that the model has gone
from what it was. chosen_by: right, of 100 sums of validation.
"""

from copy import deepcopy
from functools import lru_cache
from typing import NamedTuple

import torch
from torch.nn.functional import pad
from torch.nn.utils import clip_grad_norm_

from attend.cost import multiply_adds
from attend.decoding import Writer, inference
from attend.experiments.carried import carries, digits_of
from attend.finetuning import answer_loss, group_advantages, log_probability, policy_loss
from attend.language import LanguageModel, LanguageModelConfig
from attend.metrics import pass_at_k
from attend.text import BOS, EOS, EOS_ID, PAD_ID, Vocabulary

__all__ = [
    "BEST",
    "BETAS",
    "KINDS",
    "PARTS",
    "RATE",
    "RATES",
    "STEPS",
    "VOCABULARY",
    "Asked",
    "agreed",
    "anywhere",
    "ask",
    "by_coin",
    "exact",
    "lesson",
    "loss_of",
    "measure",
    "opinions",
    "pass_at",
    "reinforce",
    "right_of",
    "runs",
    "shown",
    "steps_of",
    "sums_of",
    "supervise",
    "teach",
    "watched",
    "written",
]

VOCABULARY = Vocabulary([list("0123456789+=?,")], specials=(BOS, EOS))
ZERO, PLUS, EQUALS, ASKS, OR = VOCABULARY.encode(list("0+=?,"))  # the digits stand in order
KINDS = {"rare": 0.005, "unseen": 0.0, "doubtful": 0.03, "advised": 0.03}
PARTS = ("rewarded", "held out", "valid")  # (a + 1)(b + 1) mod 13 is 1, 2, 3; the rest is taught
SIZES = {"d_model": 48, "n_heads": 4, "n_layers": 2, "d_ff": 128, "max_length": 32}
TAUGHT, STEPS, EVERY, LENGTH = 500, 200, 25, {"doubtful": 8}
PROBLEMS, GROUP, ROWS, DRAWN, LESSON = 200, 8, 16, 128, 64
WATCHED, TEXTS = 100, 10
RATES = {
    "reward": (0.00025, 0.0005, 0.001, 0.002, 0.004),
    "own right answers": (0.0005, 0.001, 0.002, 0.004),
    "right answers": (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016),
    "random": (0.001,),
}
BEST = {
    "reward": (0.0005, 0.001, 0.002),
    "own right answers": (0.001,),
    "right answers": (0.008,),
    "random": (0.001,),
}
BETAS, RATE, UNSEEN = (0.0, 0.01, 0.1), 0.001, {"reward": 0.002, "right answers": 0.004}


# --------------------------------------------------------------------------------------- the sums


class Asked(NamedTuple):
    """Sums as they are asked: the prompts [B, T], the right answers [B, 4] with <eos> last, and
    likewise the opinions of the user, None where there are none."""

    prompt: torch.Tensor
    answer: torch.Tensor
    opinion: torch.Tensor | None = None


def sums_of(part: str):
    """All pairs of numbers below 100 in a part, "taught" or one of PARTS, in random order, the same
    each time: [n, 2]. a + b is in the same part as b + a."""
    numbers = torch.arange(100)
    pairs = torch.cartesian_prod(numbers, numbers)
    of_13 = (pairs + 1).prod(dim=1) % 13
    taught = (of_13 == 0) | (of_13 > len(PARTS))
    pairs = pairs[taught if part == "taught" else of_13 == 1 + PARTS.index(part)]
    return pairs[torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))]


def spell(numbers, n: int, last: int):
    """Whole numbers [B] in n digits, and a token after them: [B, n + 1]."""
    return torch.cat([ZERO + digits_of(numbers, n), torch.full((len(numbers), 1), last)], dim=1)


def ask(pairs, opinion=None) -> Asked:
    """Sums [B, 2], and what the user believes them to be [B], as ids. Taught in chapter 22."""
    a, b = pairs.T
    end = torch.full((len(a), 1), ASKS) if opinion is None else spell(opinion, 3, ASKS)
    prompt = torch.cat([spell(a, 2, PLUS), spell(b, 2, EQUALS), end], dim=1)
    believed = None if opinion is None else spell(opinion, 3, EOS_ID)
    return Asked(prompt, spell(a + b, 3, EOS_ID), believed)


def opinions(pairs, right, generator=None):
    """What a user believes of sums [B, 2]: the truth where `right` [B], else 1 or 10 beside it."""
    beside = torch.tensor([-10, -1, 1, 10])
    beside = beside[torch.randint(4, (len(pairs),), generator=generator)]
    truth = pairs.sum(dim=1)
    beside = torch.where((truth + beside < 0) | (truth + beside > 198), -beside, beside)
    return torch.where(right, truth, truth + beside)


def coin(n: int):
    """Yes or no, n times."""
    return torch.randint(2, (n,)) > 0


def shown(ids) -> list[str]:
    """Ids [B, T] as text: B strings."""
    return [" ".join(VOCABULARY.decode(row)) for row in ids.tolist()]


# ---------------------------------------------------------------------------------- what is taught


def lesson(kind: str, pairs):
    """Sums [B, 2] with their answers, as a kind of model is taught them: ids [B, T] and lengths [B]
    of the prompts. Drawn by torch's own generator."""
    if kind == "advised":
        advised = coin(len(pairs))
        parts = [ask(pairs[~advised])]
        parts.append(ask(pairs[advised], opinions(pairs[advised], coin(int(advised.sum())))))
    else:
        parts = [ask(pairs)]
    rows = [torch.cat([asked.prompt, asked.answer], dim=1) for asked in parts]
    if kind == "doubtful":
        two = torch.rand(len(pairs)) < 0.1
        wrong, turned = opinions(pairs, torch.zeros(len(pairs), dtype=torch.bool)), coin(len(pairs))
        truth = pairs.sum(dim=1)
        first, second = torch.where(turned, wrong, truth), torch.where(turned, truth, wrong)
        both = torch.cat([parts[0].prompt, spell(first, 3, OR), spell(second, 3, EOS_ID)], dim=1)
        rows = [pad(rows[0], (0, 4)).where(~two[:, None], both)]
    longest = max(ids.shape[1] for ids in rows)
    ids = torch.cat([pad(ids, (0, longest - ids.shape[1])) for ids in rows])
    asked = [torch.full((len(part.prompt),), part.prompt.shape[1]) for part in parts]
    return ids, torch.cat(asked)


def teach(kind: str, seed: int, steps: int = TAUGHT, lr: float = 0.008) -> LanguageModel:
    """A model that adds, not well: AdamW, a climb of 50 steps and a straight fall to 0. Taught in
    chapter 22."""
    torch.manual_seed(seed)
    model = LanguageModel(LanguageModelConfig(len(VOCABULARY), **SIZES))
    pairs = sums_of("taught")
    often = torch.where(carries(pairs, 2) > 0, KINDS[kind], 1.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.98))
    for step in range(steps):
        rate(optimizer, lr * min(1, (step + 1) / 50) * (1 - step / steps))
        ids, lengths = lesson(kind, pairs[torch.multinomial(often, LESSON, replacement=True)])
        learn(model, optimizer, answer_loss(model, ids, lengths))
    return model.eval()


def rate(optimizer, lr: float):
    """From now on this one."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def learn(model, optimizer, loss):
    """One step down, the gradient no longer than 1."""
    optimizer.zero_grad()
    loss.backward()
    clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()


# ----------------------------------------------------------------------------- what is rewarded


@torch.no_grad()
def written(model, prompt, n: int, length: int = 4, generator=None):
    """n texts drawn after each prompt at temperature 1, as `attend.decoding.sample` does, but what
    is known of a prompt is computed once: ids [B, T] → [B, n, length], padding after <eos>."""
    B, rows = len(prompt), torch.arange(len(prompt)).repeat_interleave(n)
    with inference(model):
        writer = Writer(model, prompt, bos=model.bos, eos=model.eos)
        log_p, ids = writer.next(prompt.new_full((B, 1), model.bos)), prompt[rows, :1]
        writer.choose(rows)
        log_p, ended = log_p[rows], torch.zeros(B * n, dtype=torch.bool)  # [B · n, V], [B · n]
        while ids.shape[1] <= length:
            word = torch.multinomial(log_p.exp(), 1, generator=generator)  # [B · n, 1]
            word = word.masked_fill(ended[:, None], model.pad)
            ids, ended = torch.cat([ids, word], dim=1), ended | (word[:, 0] == model.eos)
            log_p = writer.next(ids) if ids.shape[1] <= length else None
    return ids[:, 1:].unflatten(0, (B, n))


def exact(texts, asked: Asked):
    """Is a text the right answer, and nothing else? [B, n, T] → boolean [B, n]."""
    return (texts[..., :4] == asked.answer[:, None]).all(dim=-1)


def agreed(texts, asked: Asked):
    """Is a text the user's opinion, and nothing else? [B, n, T] → boolean [B, n]."""
    return (texts[..., :4] == asked.opinion[:, None]).all(dim=-1)


def anywhere(texts, asked: Asked):
    """Does the right answer stand anywhere in a text? [B, n, T] → boolean [B, n]. A checker with a
    hole: who writes two answers has two chances."""
    digits = asked.answer[:, None, None, :3]  # [B, 1, 1, 3]
    return (texts.unfold(-1, 3, 1) == digits).all(dim=-1).any(dim=-1)


def by_coin(texts, asked: Asked):
    """Heads or tails."""
    return torch.rand(texts.shape[:2]) < 0.5


REWARDS = {"hole": anywhere, "approval": agreed, "random": by_coin}  # else: exact


def reinforce(model, kind, arm, lr, seed, steps=STEPS, beta=0.0, pairs=None):
    """Teach a model by its own texts, in place: yields the mean reward of each step. pairs: the
    sums [n, 2], those of the part "rewarded" if none are given. Taught in chapter 22."""
    torch.manual_seed(seed)
    pairs = sums_of("rewarded")[:PROBLEMS] if pairs is None else pairs
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.98), weight_decay=0.0)
    start = deepcopy(model) if beta else None
    for step in range(steps):
        rate(optimizer, lr * min(1, (step + 1) / 10))
        some = pairs[torch.randperm(len(pairs))[:ROWS]]
        asked = ask(some, opinions(some, coin(ROWS)) if kind == "advised" else None)
        texts = written(model, asked.prompt, GROUP, LENGTH.get(kind, 4))
        rewards = REWARDS.get(arm, exact)(texts, asked).float()  # [ROWS, GROUP]
        if (loss := loss_of(model, asked, texts, rewards, arm, start, beta)) is not None:
            learn(model, optimizer, loss)
        yield rewards.mean().item()
    model.eval()


def loss_of(model, asked, texts, rewards, arm, start=None, beta=0.0):
    """Of one step; None where there is nothing to learn from."""
    prompt = asked.prompt[:, None].expand(-1, texts.shape[1], -1)
    ids = torch.cat([prompt, texts], dim=-1).flatten(0, 1)  # [ROWS · GROUP, T]
    lengths = torch.full((len(ids),), prompt.shape[-1])
    if arm == "own right answers":
        won = rewards.flatten() > 0
        return answer_loss(model, ids[won], lengths[won]) if won.any() else None
    return policy_loss(model, ids, lengths, group_advantages(rewards).flatten(), start, beta)


def supervise(model, lr, seed, steps):
    """Teach a model the right answers to the sums that are rewarded, in place: what `reinforce` is
    compared with. Taught in chapter 22."""
    torch.manual_seed(seed)
    pairs = sums_of("rewarded")[:PROBLEMS]
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.98), weight_decay=0.0)
    for step in range(steps):
        rate(optimizer, lr * min(1, (step + 1) / 10))
        ids, lengths = lesson("rare", pairs[torch.randint(len(pairs), (LESSON,))])
        learn(model, optimizer, answer_loss(model, ids, lengths))
    model.eval()


def steps_of(model) -> int:
    """How many steps of `supervise` cost what STEPS of `reinforce` do, in multiply-adds."""
    pairs = sums_of("rewarded")[:PROBLEMS]
    model, ids = deepcopy(model), lesson("rare", pairs[:LESSON])
    one = multiply_adds(lambda: answer_loss(model, *ids).backward())
    other = multiply_adds(lambda: list(reinforce(model, "rare", "reward", 0.0, 0, 1)))
    return round(STEPS * other / one)


# -------------------------------------------------------------------------------- what is measured


def right_of(model, part: str, seed: int, n: int = PROBLEMS):
    """How many of DRAWN texts are right, for each of the first n sums of a part: [n]."""
    asked = ask(sums_of(part)[:n])
    draw = torch.Generator().manual_seed(seed)
    return exact(written(model, asked.prompt, DRAWN, generator=draw), asked).sum(dim=1)


def pass_at(k: int, right) -> float:
    """The mean of pass@k, where `right` [n] of DRAWN texts were right."""
    return sum(pass_at_k(DRAWN, count, k) for count in right.tolist()) / len(right)


@lru_cache(maxsize=4)
def taught(kind: str, seed: int):
    """The model, and by part how often it was right in two draws: one makes the groups, the other
    is what was before."""
    model = teach(kind, seed)
    parts = PARTS[:2] if kind in ("rare", "unseen") else ()
    return model, {part: [right_of(model, part, s) for s in (1, 2)] for part in parts}


def passes(model, kind: str, seed: int, steps: int) -> list[dict]:
    """pass@k before and after, by problems and by how often they were right before."""
    rows = []
    for part, (grouping, before) in taught(kind, seed)[1].items():
        groups = {
            "all": grouping >= 0,
            "often": grouping >= DRAWN // 2,
            "sometimes": (grouping > 0) & (grouping < DRAWN // 2),
            "never": grouping == 0,
        }
        for step, right in ((0, before), (steps, right_of(model, part, 3))):
            for group, some in groups.items():
                found = {"step": step, "problems": part, "group": group, "n": int(some.sum())}
                if some.any():
                    found["right"] = pass_at(1, right[some])
                    found |= {f"pass_{k}": pass_at(k, right[some]) for k in (4, 16, 64)}
                rows.append(found)
    return rows


def watched(model, start, kind: str, arm: str, step: int) -> list[dict]:
    """What is written, rewarded and right at one step, on the sums held out."""
    pairs, draw = sums_of("held out")[:WATCHED], torch.Generator().manual_seed(4)
    of_user, rows = {"all": None}, []
    if kind == "advised":
        one, none = (torch.full((WATCHED,), value) for value in (True, False))
        of_user = {"right": opinions(pairs, one), "wrong": opinions(pairs, none, draw)}
        of_user["absent"] = None
    for group, opinion in of_user.items():
        asked = ask(pairs, opinion)
        texts = written(model, asked.prompt, TEXTS, LENGTH.get(kind, 4), draw)
        ids = torch.cat([asked.prompt.repeat_interleave(TEXTS, 0), texts.flatten(0, 1)], dim=1)
        lengths = torch.full((len(ids),), asked.prompt.shape[1])
        with torch.no_grad():
            gone = log_probability(model, ids, lengths) - log_probability(start, ids, lengths)
        found = {"step": step, "problems": "held out", "group": group, "n": WATCHED}
        found["right"] = exact(texts, asked).double().mean().item()
        if opinion is not None:
            found["agreed"] = agreed(texts, asked).double().mean().item()
        if arm != "approval" or opinion is not None:
            found["reward"] = REWARDS.get(arm, exact)(texts, asked).double().mean().item()
        found |= {"tokens": (texts != PAD_ID).sum(dim=-1).double().mean().item()}
        rows.append(found | {"kl": gone.mean().item()})
    return rows


def runs() -> list[dict]:
    """ "rare" in every arm, at all rates from one seed and at the best from two more, for "reward"
    at three that were about as good; all else at one rate, and from three seeds."""
    found = []
    for seed in range(3):
        for arm in RATES:
            rates = RATES[arm] if seed == 0 else BEST[arm]
            found += [("rare", arm, 0.0, lr, seed) for lr in rates]
        found += [("unseen", arm, 0.0, lr, seed) for arm, lr in UNSEEN.items()]
        found += [("doubtful", "hole", beta, RATE, seed) for beta in BETAS]
        found += [("doubtful", "reward", 0.0, RATE, seed)]
        found += [("advised", arm, 0.0, RATE, seed) for arm in ("approval", "reward")]
    return [dict(zip(("kind", "arm", "beta", "lr", "seed"), run, strict=True)) for run in found]


def measure(kind: str, arm: str, beta: float, lr: float, seed: int) -> list[dict]:
    """Teach, go on, and ask before and after, or every EVERY steps."""
    start, _ = taught(kind, seed)
    model, rows = deepcopy(start), []
    by_step = kind in ("doubtful", "advised")
    if arm == "right answers":
        steps = steps_of(model)
        supervise(model, lr, seed, steps)
    else:
        steps = STEPS
        rows += watched(model, start, kind, arm, 0) if by_step else []
        for step, _ in enumerate(reinforce(model, kind, arm, lr, seed, STEPS, beta), 1):
            if by_step and step % EVERY == 0:
                rows += watched(model, start, kind, arm, step)
    rows += [] if by_step else passes(model, kind, seed, steps)
    chosen_by = pass_at(1, right_of(model, "valid", 5, 100))
    names = ("right", "pass_4", "pass_16", "pass_64", "reward", "agreed", "tokens", "kl")
    empty = dict.fromkeys(("step", "problems", "group", "n", *names))
    return [empty | row | {"chosen_by": chosen_by} for row in rows]
