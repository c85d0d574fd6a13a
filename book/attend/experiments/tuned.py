"""Is LoRA as good as tuning everything, should only answers be learnt, and what is forgotten?
Chapter 18's small decoder is taught to answer. Chapter 22.

The base has read the 20,000 English sentences of the phrasebook (`pretraining`, "next"); to its
vocabulary are added 17 tokens: those of the turns, yes, no, past, sort and ten digits. Their rows
of the table of words, which is also the output's, learn in every arm, as without them no arm could
end an answer: 1,088 weights, which `weights` counts. task: "near" asks about a sentence that is
given, of at most ten words, unknown to base and pupil: "who ?" the words of its subject, "he or
she ?" the pronoun for it, "past ?" and "question ?", yes and no equally often; "far" sorts four
digits. n: examples to learn from, in batches of 32; 200 are others for each seed. before: how many
other sentences stand before the one that is asked about.

arm: what learns besides the new rows. "rows": nothing; "last": the last block and norm; "lora 4":
maps of rank 4 beside W_Q and W_V of both blocks; "lora 8, all": of rank 8 beside all seven maps of
both; "everything". on: the loss counts "answers" with their <end>, or "all" tokens. mix: the share
of the 32 rows, and of the loss, that is text which the base has read. schedule: the rate "falls" to
0 after a climb of 20 steps, or "holds" after it, and rows are written under way, at each `step`.

accuracy: of 800 new questions, how many are answered right to the last token, as `greedy` would;
chosen_by: the same on 400 others, nats: of their answers, a token; a rate is chosen by both in that
order. old: nats a token of 500 held-out sentences of the phrasebook; at step 0, before.
"""

import random
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import torch

from attend.decoding import greedy
from attend.experiments.objectives import Recorder, is_past
from attend.experiments.pretraining import MASK, known_words, pretrain
from attend.finetuning import (
    END,
    add_lora,
    answer_loss,
    answer_mask,
    template,
    token_log_probability,
)
from attend.language import LanguageModel
from attend.phrasebook import pairs, spell_articles
from attend.phrasebook.choices import PRONOUNS
from attend.text import BOS, EOS, Vocabulary, pad
from attend.training import fit

__all__ = [
    "ADDED",
    "ARMS",
    "BEST",
    "QUESTIONS",
    "RATES",
    "STEPS",
    "Exchange",
    "Lesson",
    "accuracy",
    "answer",
    "exchanges",
    "grown",
    "learner",
    "lesson",
    "measure",
    "old_loss",
    "parts",
    "runs",
    "tune",
    "vocabulary",
    "weights_trained",
]

ADDED = ("<user>", "<assistant>", "<end>", "yes", "no", "past", "sort", *"0123456789")
QUESTIONS = {"who": "who ?", "pronoun": "he or she ?", "past": "past ?", "question": "question ?"}
ALL_MAPS = ("W_Q", "W_K", "W_V", "W_O", "W_1", "W_2", "W_3")
LORA = {f"lora {rank}": (rank, ("W_Q", "W_V")) for rank in (1, 2, 4, 8, 16)}
LORA["lora 8, all"] = (8, ALL_MAPS)
ARMS = ("rows", "last", *LORA, "everything")
ROWS, STEPS, LONGEST, MANY, FEW = 32, 160, 10, 3000, 200
LONG = 480  # steps, where 160 are too few to tell
SKIPPED = ("last", "lora 2", "lora 8")  # with few examples
OFTEN = ("lora 1", "lora 4", "lora 16", "lora 8, all", "everything")  # from five seeds
WATCH = (0, 10, 20, 40, 80, 160, 240)
WAYS = [  # arm, mix, how many times slower than at its best
    ("everything", 0.0, 1),
    ("everything", 0.1, 1),
    ("everything", 0.5, 1),
    ("everything", 0.0, 4),
    ("lora 8", 0.0, 1),
    ("lora 8, all", 0.0, 1),
    ("lora 8, all", 0.0, 4),
]
RATES = {
    "rows": (0.016, 0.032, 0.064, 0.128),
    "last": (0.002, 0.004, 0.008, 0.016),
    ("W_Q", "W_V"): (0.008, 0.016, 0.032, 0.064),
    ALL_MAPS: (0.004, 0.008, 0.016, 0.032),
    "everything": (0.001, 0.002, 0.004, 0.008),
}
MORE = {  # rates for which a grid had to grow
    ("near", "last", 3000, 0, "answers", 160): (0.032,),
    ("near", "lora 1", 3000, 0, "answers", 160): (0.128,),
    ("near", "lora 4", 3000, 0, "answers", 160): (0.128,),
    ("near", "rows", 200, 0, "answers", 160): (0.256, 0.512),
    ("near", "lora 1", 200, 0, "answers", 160): (0.128,),
    ("near", "everything", 200, 0, "answers", 160): (0.016,),
    ("far", "rows", 3000, 0, "answers", 160): (0.256,),
    ("far", "lora 1", 3000, 0, "answers", 160): (0.128,),
    ("far", "lora 4", 3000, 0, "answers", 160): (0.128,),
    ("far", "rows", 200, 0, "answers", 160): (0.256, 0.512),
    ("far", "lora 1", 200, 0, "answers", 160): (0.128,),
    ("near", "everything", 3000, 0, "all", 160): (0.016, 0.032),
    ("near", "everything", 3000, 0, "all", 480): (0.016,),
}
BEST = {  # of task, arm, n, before, on, steps: the best rate from seed 0
    ("near", "rows", 3000, 0, "answers", 160): 0.064,
    ("near", "last", 3000, 0, "answers", 160): 0.016,
    ("near", "lora 1", 3000, 0, "answers", 160): 0.064,
    ("near", "lora 2", 3000, 0, "answers", 160): 0.032,
    ("near", "lora 4", 3000, 0, "answers", 160): 0.064,
    ("near", "lora 8", 3000, 0, "answers", 160): 0.032,
    ("near", "lora 16", 3000, 0, "answers", 160): 0.016,
    ("near", "lora 8, all", 3000, 0, "answers", 160): 0.016,
    ("near", "everything", 3000, 0, "answers", 160): 0.004,
    ("near", "rows", 200, 0, "answers", 160): 0.256,
    ("near", "lora 1", 200, 0, "answers", 160): 0.064,
    ("near", "lora 4", 200, 0, "answers", 160): 0.032,
    ("near", "lora 16", 200, 0, "answers", 160): 0.016,
    ("near", "lora 8, all", 200, 0, "answers", 160): 0.016,
    ("near", "everything", 200, 0, "answers", 160): 0.008,
    ("far", "rows", 3000, 0, "answers", 160): 0.128,
    ("far", "last", 3000, 0, "answers", 160): 0.004,
    ("far", "lora 1", 3000, 0, "answers", 160): 0.064,
    ("far", "lora 2", 3000, 0, "answers", 160): 0.032,
    ("far", "lora 4", 3000, 0, "answers", 160): 0.064,
    ("far", "lora 8", 3000, 0, "answers", 160): 0.032,
    ("far", "lora 16", 3000, 0, "answers", 160): 0.032,
    ("far", "lora 8, all", 3000, 0, "answers", 160): 0.016,
    ("far", "everything", 3000, 0, "answers", 160): 0.004,
    ("far", "rows", 200, 0, "answers", 160): 0.256,
    ("far", "lora 1", 200, 0, "answers", 160): 0.064,
    ("far", "lora 4", 200, 0, "answers", 160): 0.032,
    ("far", "lora 16", 200, 0, "answers", 160): 0.016,
    ("far", "lora 8, all", 200, 0, "answers", 160): 0.016,
    ("far", "everything", 200, 0, "answers", 160): 0.002,
    ("near", "lora 8", 3000, 0, "answers", 480): 0.032,
    ("near", "lora 8, all", 3000, 0, "answers", 480): 0.008,
    ("near", "everything", 3000, 0, "answers", 480): 0.004,
    ("near", "everything", 3000, 0, "all", 160): 0.016,
    ("near", "everything", 3000, 0, "all", 480): 0.008,
    ("near", "everything", 3000, 2, "answers", 160): 0.004,
    ("near", "everything", 3000, 2, "answers", 480): 0.004,
    ("near", "everything", 3000, 2, "all", 160): 0.004,
    ("near", "everything", 3000, 2, "all", 480): 0.004,
}
UNSURE = {"read", "put", "has", "have", "hasn't", "haven't"}  # the present, or the past?


# ---------------------------------------------------------------------------------------- the data


class Exchange(NamedTuple):
    """What the user says and what the assistant should, in words."""

    user: tuple[str, ...]
    assistant: tuple[str, ...]


class Lesson(NamedTuple):
    """Exchanges as ids [n, T], and the number of tokens of each prompt [n]."""

    ids: torch.Tensor
    lengths: torch.Tensor


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The words of the phrasebook under their old numbers, and the tokens added."""
    return Vocabulary([*map(list, known_words()), list(ADDED)], specials=(BOS, EOS, MASK))


def said_of(writer, words) -> dict[str, tuple]:
    """The answers that a sentence has, by kind of question."""
    found = {"question": ("yes" if words[-1] == "?" else "no",)}
    subject = (writer.top or {}).get("who")
    first = tuple(word for word, _ in subject.english) if subject else ()
    if first and words[: len(first)] == first:
        found["who"] = first
        if subject.pronoun:
            found["pronoun"] = (PRONOUNS[subject.pronoun][0],)
    if not UNSURE & set(words):
        found["past"] = ("yes" if any(map(is_past, words)) else "no",)
    return found


@lru_cache(maxsize=4)
def exchanges(task: str, before: int = 0, n: int = 4200, seed: int = 0) -> list[Exchange]:
    """n questions with their answers, no two alike. The kinds of "near" take turns, and so do yes
    and no; none of the sentences asked about was read by the base."""
    draw, writer, seen, found = random.Random(seed), Recorder(100 + seed), set(known_words()), []
    if task == "far":
        while len(found) < n:
            digits = tuple(draw.choice("0123456789") for _ in range(4))
            if digits not in seen:
                seen.add(digits)
                found.append(Exchange(("sort", *digits), tuple(sorted(digits))))
        return found
    wanted = [(kind, yes) for yes in ("yes", "no") for kind in QUESTIONS]
    others = [words for words in known_words() if len(words) <= LONGEST]
    while len(found) < n:
        kind, yes = wanted[len(found) % len(wanted)]
        words = tuple(spell_articles([word for word, _ in writer.sentence()[1].english]))
        said = said_of(writer, words).get(kind)
        if said is None or words in seen or len(words) > LONGEST:
            continue
        if said[0] in ("yes", "no") and said[0] != yes:
            continue
        seen.add(words)
        context = [word for _ in range(before) for word in draw.choice(others)]
        found.append(Exchange((*context, *words, *QUESTIONS[kind].split()), said))
    draw.shuffle(found)
    return found


def lesson(some) -> Lesson:
    """Exchanges by the template of the turns, encoded and padded."""
    encode = vocabulary().encode
    prompts = [template([("user", e.user)], reply=True) for e in some]
    whole = [template([("user", e.user), ("assistant", e.assistant)]) for e in some]
    return Lesson(pad([encode(words) for words in whole]), torch.tensor([*map(len, prompts)]))


@lru_cache(maxsize=4)
def parts(task: str, before: int) -> tuple[Lesson, Lesson, Lesson]:
    """3,000 exchanges to learn from, 400 to choose by, 800 to test on."""
    found = exchanges(task, before)
    return lesson(found[:MANY]), lesson(found[MANY : MANY + 400]), lesson(found[MANY + 400 :])


@lru_cache(maxsize=2)
def old_text(split: str) -> torch.Tensor:
    """Sentences of the phrasebook as the base knows them: those it read, "train", or 500 others,
    "valid"; ids [n, T]."""
    sentences = known_words() if split == "train" else [p.target for p in pairs(split)[:500]]
    return pad([vocabulary().encode([BOS, *words, EOS]) for words in sentences])


# ---------------------------------------------------------------------------------------- the model


@lru_cache(maxsize=2)
def grown(seed: int) -> LanguageModel:
    """The base with rows for the added tokens, each near the mean of the known ones, so that it is
    rarely said; and with room for longer rows of tokens."""
    base = pretrain("next", seed)
    torch.manual_seed(seed)
    model = LanguageModel(replace(base.config, vocab=len(vocabulary()), max_length=96))
    state = base.state_dict()
    for name in ("embedding.weight", "out.weight"):  # one table
        old = state[name]
        new = old.mean(0) + 0.3 * old.std() * torch.randn(len(ADDED), old.shape[1])
        state[name] = torch.cat([old, new])
    model.load_state_dict(state)
    return model.eval()


def learner(base: LanguageModel, arm: str, seed: int = 0) -> LanguageModel:
    """A copy of the base in which what `arm` names may learn, and the rows of the added tokens."""
    torch.manual_seed(seed)
    model = deepcopy(base)
    if arm != "everything":
        model.requires_grad_(False)
        if arm in LORA:
            add_lora(model, *LORA[arm])
        elif arm == "last":
            model.blocks[-1].requires_grad_(True)
            model.norm.requires_grad_(True)
        table = model.embedding.weight.requires_grad_(True)
        new = (torch.arange(len(table)) >= len(table) - len(ADDED))[:, None]
        table.register_hook(lambda gradient: gradient * new)
    return model


def weights_trained(model, arm: str) -> int:
    """How many numbers may change."""
    n = sum(p.numel() for p in model.parameters() if p.requires_grad)
    table = model.embedding.weight
    return n if arm == "everything" else n - (len(table) - len(ADDED)) * table.shape[1]


def batches(taught: Lesson, steps: int, mix: float, seed: int):
    """ROWS exchanges at a time, round after round, without padding that none needs, and beside them
    the share `mix` of old sentences instead."""
    draw, n_old = torch.Generator().manual_seed(seed), round(mix * ROWS)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        while len(order) < ROWS - n_old:
            order = torch.cat([order, torch.randperm(len(taught.ids), generator=draw)])
        rows, order = order[: ROWS - n_old], order[ROWS - n_old :]
        text = old_text("train")
        old = text[torch.randint(len(text), (n_old,), generator=draw)]
        yield trimmed(taught.ids[rows]), taught.lengths[rows], trimmed(old)


def trimmed(ids):
    return ids[:, : int((ids != 0).sum(1).max())] if len(ids) else ids


def tune(model, taught: Lesson, lr, steps=STEPS, seed=0, on="answers", mix=0.0, watch=(), see=None):
    """Teach exchanges, with Adam: the rate climbs over 20 steps and falls to 0, or, where `watch`
    names steps, holds; then and there see(model) is called. What it gave, by step."""
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(learning, lr)
    climb = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / 20) * (1 if watch else 1 - s / steps)
    )

    def loss(model, batch):
        ids, lengths, old = batch
        told = answer_loss(model, ids, lengths if on == "answers" else None)
        return (1 - mix) * told + mix * answer_loss(model, old) if mix else told

    rows, seen, done = list(batches(taught, steps, mix, seed)), {}, 0
    for step in watch or (steps,):
        if step > done:
            fit(model, rows[done:step], loss, optimizer, clip=1.0, scheduler=climb)
        done, seen[step] = step, see(model) if see else None
    return seen


# --------------------------------------------------------------------------------------- measuring


@torch.no_grad()
def accuracy(model, asked: Lesson) -> tuple[float, float]:
    """The share of answers whose every token is the likeliest one there, as `greedy` would write
    them, and the nats of an answer's token."""
    log_p = model(asked.ids[:, :-1]).log_softmax(-1)  # [n, T - 1, V]
    due = answer_mask(asked.ids, asked.lengths)  # [n, T - 1]
    right = (log_p.argmax(-1) == asked.ids[:, 1:]) | ~due
    nats = -token_log_probability(model, asked.ids)[due].mean()
    return right.all(1).float().mean().item(), nats.item()


@torch.no_grad()
def old_loss(model) -> float:
    """Nats a token of held-out sentences of the phrasebook."""
    return answer_loss(model, old_text("valid")).item()


def answer(model, user) -> list[str]:
    """What the model answers to the words of a user, the likeliest tokens up to its <end>."""
    known = vocabulary()
    prompt = torch.tensor([known.encode(template([("user", user)], reply=True))])
    words = known.decode(greedy(model, prompt, 12, eos=known.ids[END])[0].tolist())
    return words[: words.index(END)] if END in words else words


def run(task, arm, lr, seed, **other) -> dict:
    """A run, in what it does not name as most are."""
    usual = {"n": MANY, "before": 0, "on": "answers", "mix": 0.0, "schedule": "falls"}
    return {"task": task, "arm": arm} | usual | {"steps": STEPS} | other | {"lr": lr, "seed": seed}


def runs() -> list[dict]:
    """Each arm at four rates or more from one seed, and at the best from four more (OFTEN) or two;
    both losses likewise; and the way there, at the rates that were best, from three seeds."""
    found = []
    for task in ("near", "far"):
        for n in (MANY, FEW):
            for arm in ARMS:
                if n == MANY or arm not in SKIPPED:
                    found += at_its_best(task, arm, 5 if n == MANY and arm in OFTEN else 3, n=n)
    for arm in ("lora 8", "lora 8, all", "everything"):
        found += at_its_best("near", arm, 3, steps=LONG)
    for before in (0, 2):
        for on in ("answers", "all"):
            for steps in (STEPS, LONG):
                if before or on == "all":  # the others stand above
                    found += at_its_best("near", "everything", 3, before=before, on=on, steps=steps)
    for task in ("near", "far"):
        for arm, mix, slower in WAYS:
            lr = BEST.get((task, arm, MANY, 0, "answers", STEPS))
            if lr:
                found += [
                    run(task, arm, lr / slower, seed, mix=mix, schedule="holds", steps=WATCH[-1])
                    for seed in range(3)
                ]
    return sorted(found, key=lambda run: run["seed"])


def at_its_best(task, arm, seeds, n=MANY, before=0, on="answers", steps=STEPS) -> list[dict]:
    """The grid of rates from seed 0, and the best of them, once it is known, from the others."""
    other = {"n": n, "before": before, "on": on, "steps": steps}
    key = (task, arm, n, before, on, steps)
    rates = (*RATES[arm if arm in RATES else LORA[arm][1]], *MORE.get(key, ()))
    best = [BEST[key]] if key in BEST else []
    return [
        run(task, arm, lr, seed, **other)
        for seed in range(seeds)
        for lr in (best if seed else rates)
    ]


def measure(task, arm, n, before, on, mix, schedule, steps, lr, seed) -> list[dict]:
    """Teach one arm: how right it is, and how much of the old is left, at the end or under way."""
    taught, valid, test = parts(task, before)
    rows = (torch.arange(n) + FEW * seed) % MANY
    taught = Lesson(taught.ids[rows], taught.lengths[rows])
    model = learner(grown(seed), arm, seed)
    n_trained = weights_trained(model, arm)

    def see(model):
        (chosen_by, nats), (right, _) = accuracy(model, valid), accuracy(model, test)
        old = old_loss(model)
        return {"accuracy": right, "chosen_by": chosen_by, "nats": nats, "old": old}

    watch = WATCH if schedule == "holds" else ()
    seen = tune(model, taught, lr, steps, seed, on, mix, watch, see)
    return [{"step": step, "weights": n_trained} | found for step, found in seen.items()]
