"""Do preferences need a reward model? Chapter 18's small decoder goes on from two words; from the
same choices between its sentences it is tuned, or a reward model chooses among them. Chapter 22.

The base has read the 20,000 English sentences of the phrasebook (`pretraining`, "next"). A hidden
judge gives a sentence 3 points if it names something to eat or to drink, and takes 0.3 for each
word and 1 for each two words in a row that are not next to each other in 100,000 sentences of the
grammar. Of two sentences of the base from the same beginning one is chosen with probability
σ(difference of points). `pairs` such choices are all that is known; their beginnings are none of
those that are chosen by or tested on.

method: "base"; "chosen", tuned to say the chosen sentences; "preferred", by `preference_loss` with
this beta; "reward", the base says the best of n of its own sentences by a reward model, its body
with a map to one number; "policy", the base is tuned by the rewards of such a model, on answers
in groups of 4, less beta times the KL to the base. reward_lr: the rate that was best for "reward".
A step has 32 pairs, or 64 sentences of the policy. The rate climbs over 20 steps and falls to 0;
for "policy" it holds, and rows are written under way, at each `step`.

score: points, on average, of 4 sentences from each of 150 new beginnings (n = 64: of one from
each), with their `spread`; wins: how often the judge prefers a sentence to one of the base. A rate
is chosen by the points from 100 other beginnings, `chosen_by`, for "reward" with n = 16. kl: nats a
sentence from the base, Σ ln P/P_base on average; for "reward" the upper bound ln n − (n − 1)/n.
sound: the share without a break of grammar. distinct: of what follows the 150 beginnings, once
each, the share that is not the same. wanted, words: the share that names food or drink, and the
length. right: of 600 other pairs, how many are ordered as the judge chose, by ln P/P_base ("base"
and "chosen": ln P) or by the reward model; ceiling: by the points themselves. proxy: what the
reward model gives on average. multiply_adds: millions for an answer in use, of linear maps.
"""

from copy import deepcopy
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import NamedTuple

import torch
from torch import nn

from attend.decoding import sample
from attend.experiments.pretraining import encoded, known_words, pretrain, vocabulary_of_phrasebook
from attend.finetuning import (
    answer_loss,
    group_advantages,
    log_probability,
    policy_loss,
    preference_loss,
    reward_loss,
)
from attend.phrasebook import lexicon, spell_articles
from attend.phrasebook.writer import Writer
from attend.training import fit

__all__ = [
    "BEST",
    "BETAS",
    "STEPS",
    "WANTED",
    "Choices",
    "N",
    "RewardModel",
    "beginnings",
    "best_of",
    "broken",
    "choices",
    "continue_from",
    "grammar",
    "judged",
    "log_ratio",
    "measure",
    "points",
    "rewarded",
    "runs",
    "train_chosen",
    "train_policy",
    "train_preferred",
    "train_reward",
    "words_of",
]

GROUPS = "fruit snack baked dish noodles hot cool soup".split()
NAMES = {noun.english for group in GROUPS for noun in lexicon.NOUNS[group]}
WANTED = NAMES | {lexicon.plural(name) for name in NAMES}  # food and drink
PROMPT, LONGEST = 3, 24  # <bos> and two words; tokens written at most
N = (1, 2, 4, 16, 64)
BETAS = (0.03, 0.1, 0.3, 1.0)
STEPS, ROWS, GROUP = 120, 32, 4
WATCH = (10, 20, 40, 80)
RATES = {
    "chosen": (0.001, 0.002, 0.004, 0.008),
    "preferred": (0.001, 0.002, 0.004, 0.008),
    "reward": (0.0005, 0.001, 0.002, 0.004),
    "policy": (0.0002, 0.0004, 0.0008, 0.0016),
}
MORE = {  # rates for which a grid had to grow
    ("reward", 2000, 0.0): (0.008,),
    ("reward", 500, 0.0): (0.008,),
    ("chosen", 2000, 0.0): (0.016,),
    ("chosen", 500, 0.0): (0.016, 0.032, 0.064),
    ("preferred", 2000, 0.03): (0.0005, 0.00025, 0.000125),
    ("preferred", 2000, 1.0): (0.0005,),
    ("preferred", 500, 0.1): (0.0005, 0.00025),
    ("policy", 2000, 0.0): (0.0032,),
}
BEST = {  # of method, pairs, beta: the best rate from seed 0, to 0.01 points; the lowest of equals
    ("reward", 2000, 0.0): 0.004,
    ("chosen", 2000, 0.0): 0.008,
    ("chosen", 500, 0.0): 0.032,
    ("preferred", 2000, 0.03): 0.00025,
    ("preferred", 2000, 0.1): 0.002,
    ("preferred", 2000, 0.3): 0.002,
    ("preferred", 2000, 1.0): 0.001,
    ("reward", 500, 0.0): 0.004,
    ("preferred", 500, 0.1): 0.0005,
    ("policy", 2000, 0.0): 0.0004,
    ("policy", 2000, 0.3): 0.0008,
}


# ---------------------------------------------------------------------------------- who judges what


class Choices(NamedTuple):
    """Sentences from the same beginnings, and which of two was chosen: ids [n, T] each, from <bos>
    to <eos>."""

    chosen: torch.Tensor
    rejected: torch.Tensor


def points(words) -> float:
    """What the judge gives a sentence, a list of words with its last mark."""
    return 3.0 * bool(WANTED & set(words)) - 0.3 * len(words) - broken(words)


def words_of(ids) -> list[list[str]]:
    """Sentences ids [n, T] → their words, without <bos> and <eos>."""
    decode = vocabulary_of_phrasebook().decode
    return [[w for w in decode(row) if w not in ("<bos>", "<eos>")] for row in ids.tolist()]


def judged(ids) -> torch.Tensor:
    """The points of sentences ids [n, T] → [n]."""
    return torch.tensor([points(words) for words in words_of(ids)])


@lru_cache(maxsize=1)
def beginnings() -> dict[str, torch.Tensor]:
    """<bos> and the first two words of sentences that the base has read, ids [n, 3]: to "learn"
    from, 100 to choose by ("valid"), 150 to "test" on, none of them in two."""
    found = sorted({words[:2] for words in known_words() if len(words) > 4})
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(0))
    ids = encoded(found)[order][:, :PROMPT]
    return {"test": ids[:150], "valid": ids[150:250], "learn": ids[250:]}


def continue_from(model, prompts, n: int = 1, seed: int = 0) -> torch.Tensor:
    """n sentences drawn from the model for each prompt, one after the other: ids [B, 3] →
    [B · n, T]."""
    draw, rows = torch.Generator().manual_seed(seed), prompts.repeat_interleave(n, dim=0)
    said = [sample(model, some, LONGEST, generator=draw) for some in rows.split(2400)]
    said = [nn.functional.pad(ids, (0, LONGEST - ids.shape[1])) for ids in said]
    return trimmed(torch.cat([rows, torch.cat(said)], dim=1))


def trimmed(ids):
    return ids[:, : int((ids != 0).sum(1).max())]


def choices(base, n: int, prompts, seed: int = 0) -> Choices:
    """n pairs of sentences of the base, each from one of the prompts, in the order of the judge."""
    draw = torch.Generator().manual_seed(seed)
    some = prompts[torch.randint(len(prompts), (n,), generator=draw)]
    ids = continue_from(base, some, 2, seed)
    first, second = ids[::2], ids[1::2]
    better = torch.rand(n, generator=draw) < (judged(first) - judged(second)).sigmoid()
    return Choices(
        *(torch.where(better[:, None], a, b) for a, b in ((first, second), (second, first)))
    )


@lru_cache(maxsize=2)
def known_choices(seed: int) -> tuple[Choices, Choices]:
    """2,000 pairs to learn from and 600 others, of the base of this seed."""
    base, prompts = pretrain("next", seed), beginnings()
    learn = choices(base, 2000, prompts["learn"], seed)
    return learn, choices(base, 600, prompts["valid"], seed + 100)


@lru_cache(maxsize=1)
def grammar() -> frozenset:
    """Every two words in a row, borders included, of 100,000 sentences."""
    writer, found = Writer(23), set()
    for _ in range(100_000):
        _, phrase = writer.sentence()
        found |= twos(spell_articles([word for word, _ in phrase.english]))
    return frozenset(found)


def twos(words) -> set[tuple]:
    return set(pairwise(["<bos>", *words, "<eos>"]))


def broken(words) -> int:
    """How many two words in a row, of a sentence, the grammar never writes."""
    return len(twos(words) - grammar())


# ---------------------------------------------------------------------------------------- learning


class RewardModel(nn.Module):
    """A number for a sentence: the base's body, and a linear map from the state at its last token.
    ids [B, T] → [B]."""

    def __init__(self, base):
        super().__init__()
        self.body, self.head = deepcopy(base), nn.Linear(base.config.d_model, 1)

    def forward(self, ids):
        states = self.body.states(ids)  # [B, T, D]
        last = (ids != 0).sum(1) - 1  # [B]
        return self.head(states[torch.arange(len(ids)), last]).squeeze(-1)  # [B]


def drawn(known: Choices, n: int, steps: int, seed: int):
    """32 of the first n pairs at a time, round after round."""
    draw, order = torch.Generator().manual_seed(seed), torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        while len(order) < ROWS:
            order = torch.cat([order, torch.randperm(n, generator=draw)])
        rows, order = order[:ROWS], order[ROWS:]
        yield trimmed(known.chosen[rows]), trimmed(known.rejected[rows])


def train(model, batches, loss, lr, steps, falls=True):
    """With Adam, a climb of 20 steps, and a fall to 0."""
    optimizer = torch.optim.Adam(model.parameters(), lr)
    climb = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / 20) * (1 - falls * s / steps)
    )
    fit(model, batches, loss, optimizer, clip=1.0, scheduler=climb)
    return model


def train_chosen(base, known: Choices, n: int, lr, steps=STEPS, seed=0):
    """Plain fine-tuning: the base learns to say what was chosen of the first n pairs."""

    def loss(model, batch):
        chosen, _ = batch
        return answer_loss(model, chosen, torch.full((len(chosen),), PROMPT))

    return train(deepcopy(base), drawn(known, n, steps, seed), loss, lr, steps)


def train_preferred(base, known: Choices, n: int, beta, lr, steps=STEPS, seed=0):
    """The base learns by the preference loss from the first n pairs."""

    def loss(model, batch):
        return preference_loss(model, base, *batch, beta)

    return train(deepcopy(base), drawn(known, n, steps, seed), loss, lr, steps)


def train_reward(base, known: Choices, n: int, lr, steps=STEPS, seed=0) -> RewardModel:
    """A reward model learns from the first n pairs which was chosen."""
    torch.manual_seed(seed)

    def loss(model, batch):
        chosen, rejected = batch
        return reward_loss(model(chosen), model(rejected))

    return train(RewardModel(base), drawn(known, n, steps, seed), loss, lr, steps)


def train_policy(base, reward, beta, lr, steps=STEPS, seed=0, watch=(), see=None):
    """A copy of the base learns from the rewards of its own sentences, GROUP from each of 16
    beginnings a step, less beta times its KL from the base; see(model) at the steps in watch."""
    draw, prompts = torch.Generator().manual_seed(seed), beginnings()["learn"]
    model, seen = deepcopy(base), {}
    optimizer = torch.optim.Adam(model.parameters(), lr)

    def loss(model, step):
        some = prompts[torch.randint(len(prompts), (2 * ROWS // GROUP,), generator=draw)]
        ids = continue_from(model, some, GROUP, 1000 * seed + step)
        with torch.no_grad():
            advantages = group_advantages(reward(ids).view(-1, GROUP)).flatten()
        lengths = torch.full((len(ids),), PROMPT)
        return policy_loss(model, ids, lengths, advantages, base, beta)

    climb = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1, (s + 1) / 20))
    for first, last in pairwise((0, *(watch or (steps,)))):
        fit(model, range(first, last), loss, optimizer, clip=1.0, scheduler=climb)
        seen[last] = see(model) if see else None
    return model, seen


# --------------------------------------------------------------------------------------- measuring


@torch.no_grad()
def rewarded(reward, ids) -> torch.Tensor:
    """What a reward model gives sentences ids [n, T] → [n]."""
    return torch.cat([reward(some) for some in ids.split(2400)])


@torch.no_grad()
def log_ratio(model, base, ids) -> torch.Tensor:
    """ln P/P_base of what follows the beginnings, ln P without a base: ids [n, T] → [n]."""
    lengths = torch.full((len(ids),), PROMPT)
    known = 0.0 if base is None else log_probability(base, ids, lengths)
    return log_probability(model, ids, lengths) - known


@lru_cache(maxsize=4)
def of_base(seed: int, part: str, n: int) -> torch.Tensor:
    """n sentences of the base from each beginning of a part, ids [B · n, T]."""
    return continue_from(pretrain("next", seed), beginnings()[part], n, seed + 200)


def share_right(chosen, rejected) -> float:
    return (chosen > rejected).float().mean().item()


def judge(ids, seed: int) -> dict:
    """What is found of sentences from the test beginnings, as many from each: ids [150 · k, T]."""
    words, score = words_of(ids), judged(ids)
    base = judged(of_base(seed, "test", 64)[::16]).view(150, 1, -1)
    k = len(ids) // 150
    ends = [" ".join(some[PROMPT - 1 :]) for some in words]
    return {
        "score": score.mean().item(),
        "spread": score.std().item(),
        "wins": (score.view(150, k, 1) - base).sigmoid().mean().item(),
        "sound": sum(not broken(some) for some in words) / len(words),
        "distinct": sum(len(set(ends[i::k])) for i in range(k)) / len(ends),
        "wanted": sum(bool(WANTED & set(some)) for some in words) / len(words),
        "words": sum(map(len, words)) / len(words),
    }


def cost(base, words: float, n: int = 1) -> float:
    """Millions of multiply-adds, in linear maps, for an answer of so many words with its beginning;
    for the best of n > 1, of n and of a reward model's reading them."""
    blocks = sum(p.numel() for p in base.blocks.parameters() if p.dim() == 2)
    tokens = words + 1  # <bos> and the words are read to write <eos>
    one = tokens * blocks + (tokens - PROMPT + 1) * base.out.weight.numel()
    return n * (one + (n > 1) * (tokens + 1) * blocks) / 1e6


def of_policy(model, base, seed: int, held: Choices, tuned=True) -> dict:
    """All that is found of a model that speaks for itself."""
    ids, valid = (
        continue_from(model, beginnings()[part], 4, seed + 300) for part in ("test", "valid")
    )
    rewards = [log_ratio(model, base if tuned else None, side) for side in held]
    found = judge(ids, seed)
    return found | {
        "chosen_by": judged(valid).mean().item(),
        "kl": log_ratio(model, base, ids).mean().item(),
        "right": share_right(*rewards),
        "multiply_adds": cost(base, found["words"]),
    }


def best_of(ids, rewards, n: int) -> torch.Tensor:
    """Of each n sentences in a row the one with the highest reward: ids [B · n, T], rewards [B · n]
    → [B, T]."""
    best = rewards.view(-1, n).argmax(1)  # [B]
    return ids[torch.arange(len(best)) * n + best]


def of_reward(reward, base, seed: int, held: Choices) -> list[dict]:
    """All that is found of the best of n."""
    ids, valid = of_base(seed, "test", 64), of_base(seed, "valid", 16)
    worth, rows = rewarded(reward, ids), []
    length = judge(ids, seed)["words"]
    same = {
        "chosen_by": judged(best_of(valid, rewarded(reward, valid), 16)).mean().item(),
        "right": share_right(*(rewarded(reward, side) for side in held)),
    }
    for n in N:
        some = (torch.arange(len(ids)) % 64) < 4 * n  # 4 answers for each beginning, or 1
        best = best_of(ids[some], worth[some], n)
        rows.append(
            {"n": n, **judge(best, seed), **same}
            | {"kl": log(n) - (n - 1) / n, "proxy": rewarded(reward, best).mean().item()}
            | {"multiply_adds": cost(base, length, n)}
        )
    return rows


def run(method, n_pairs, beta, lr, seed, steps=STEPS, reward_lr=0.0) -> dict:
    return {
        "method": method,
        "pairs": n_pairs,
        "beta": beta,
        "steps": steps,
        "reward_lr": reward_lr,
        "lr": lr,
        "seed": seed,
    }


def runs() -> list[dict]:
    """Each method at four rates from one seed and at the best of them from two more."""
    found = [run("base", 0, 0.0, 0.0, seed, 0) for seed in range(3)]
    ways = [
        (method, n_pairs, beta)
        for n_pairs, betas in ((2000, BETAS), (500, (0.1,)))
        for method, beta in (("reward", 0.0), ("chosen", 0.0), *(("preferred", b) for b in betas))
    ]
    for key in (*ways, ("policy", 2000, 0.0), ("policy", 2000, 0.3)):
        other = {}
        if key[0] == "policy":
            other = {"steps": WATCH[-1], "reward_lr": BEST.get(("reward", 2000, 0.0), 0.0)}
        if other.get("reward_lr", 1.0):
            best = [BEST[key]] if key in BEST else []
            rates = (*RATES[key[0]], *MORE.get(key, ()))
            found += [
                run(*key, lr, seed, **other)
                for seed in range(3)
                for lr in (best if seed else rates)
            ]
    return sorted(found, key=lambda run: run["seed"])


def measure(method, pairs, beta, steps, reward_lr, lr, seed) -> list[dict]:
    """Tune, or choose, and judge."""
    base, (learn, held) = pretrain("next", seed), known_choices(seed)
    if method == "base":
        found = [of_policy(base, base, seed, held, tuned=False)]
    elif method == "chosen":
        model = train_chosen(base, learn, pairs, lr, steps, seed)
        found = [of_policy(model, base, seed, held, tuned=False)]
    elif method == "preferred":
        model = train_preferred(base, learn, pairs, beta, lr, steps, seed)
        found = [of_policy(model, base, seed, held)]
    elif method == "reward":
        found = of_reward(train_reward(base, learn, pairs, lr, steps, seed), base, seed, held)
    else:
        reward = train_reward(base, learn, pairs, reward_lr, STEPS, seed)

        def see(model):
            ids = continue_from(model, beginnings()["test"], 4, seed + 300)
            proxy = rewarded(reward, ids).mean().item()
            return of_policy(model, base, seed, held) | {"proxy": proxy}

        _, seen = train_policy(base, reward, beta, lr, steps, seed, WATCH, see)
        found = [{"step": step, **row} for step, row in seen.items()]
    ceiling = share_right(*(judged(side) for side in held))
    columns = {"step": steps, "n": 1, "ceiling": ceiling, "proxy": None}
    return [columns | row for row in found]
