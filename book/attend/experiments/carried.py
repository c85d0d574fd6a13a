"""Does it help to think step by step? A small decoder does sums and writes its answer in one of
several ways. Chapter 22.

task: "2 digits" and "3 digits", two numbers of so many digits are added, shorter ones are taught
besides, a sum has one digit more, which may be 0, "4 7 + 3 8 =" and "0 8 5"; "chain", the last
digit of the sum of six digits, two and four are taught besides, "4 7 3 9 2 5 =" and "0".

way: "direct" writes the answer; "steps" before it, of two numbers the sum of each column from the
right, with the carry that comes to it, in two digits, of which the first is the carry that goes on,
"1 5 0 8 0 8 5", of the chain the last digit of each sum on the way, "1 4 3 5 0". The controls:
"dots" has as many tokens before the answer, each of them "."; "other steps" has the steps of
another problem; "steps after" the right ones, but after the answer; "reversed" is the answer from
the right, "5 8 0", and no more; "deeper" is "direct" by a model of three layers instead of two,
which takes about as many multiply-adds as "steps" in use.

Every way is taught for as many multiply-adds as STEPS batches of "direct" take, forward and back,
so that longer rows get fewer batches. at: when a model is asked, "1/4" to "4/4" of this budget, and
"examples", after as many batches as "steps" gets in all; steps: that many batches. The weights that
are asked are a moving average of those of about 50 steps.

width: of the problems asked, digits or numbers; the longest taught, and at the end one longer. None
of them was taught, nor the same numbers in another order; carries: in how many columns; n of them.
right: the share whose answer is right to the last digit, at temperature 0. At the end also voted:
by the answer most often drawn of 9 at temperature 1; told and followed, where steps stand before
the answer: they are written for the model, and the answer is right after the right ones, or is
what the steps of another problem lead to. used: multiply-adds of writing one answer. chosen_by: the
share of the answer's digits that are right, of problems of validation.
"""

from functools import cache

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from attend.cost import multiply_adds
from attend.decoding import greedy, sample
from attend.language import LanguageModel, LanguageModelConfig
from attend.text import BOS, EOS, Vocabulary

__all__ = [
    "BEST",
    "RATES",
    "STEPS",
    "VOCABULARY",
    "WAYS",
    "answers",
    "build",
    "carries",
    "columns",
    "cost",
    "drawn",
    "lessons",
    "loss_of",
    "measure",
    "runs",
    "share_right",
    "shown",
    "spell",
    "steps_of",
    "train",
    "training",
]

VOCABULARY = Vocabulary([list("0123456789+=.")], specials=(BOS, EOS))
ZERO, PLUS, EQUALS, DOT = VOCABULARY.encode(list("0+=."))  # the digits stand in order
WAYS = ("direct", "reversed", "dots", "other steps", "steps after", "steps", "deeper")
PARTS = {"test": 1, "valid": 2}  # (a + 1)(b + 1) mod 13, and the rest is taught
SHARES = {  # of the batches, by width
    "2 digits": {1: 0.2, 2: 0.8},
    "3 digits": {1: 0.1, 2: 0.3, 3: 0.6},
    "chain": {2: 0.1, 4: 0.3, 6: 0.6},
}
STEPS = {"2 digits": 500, "3 digits": 1100, "chain": 600}  # of "direct"
RATES = (0.002, 0.004, 0.008, 0.016)
LOWER = {("3 digits", "direct"): 0.001, ("3 digits", "reversed"): 0.001}
BEST = {  # of the chain, all rates were as good
    ("2 digits", "direct"): 0.004,
    ("2 digits", "reversed"): 0.008,
    ("2 digits", "steps"): 0.008,
    ("3 digits", "direct"): 0.002,
    ("3 digits", "reversed"): 0.002,
    ("3 digits", "dots"): 0.008,
    **{("3 digits", way): 0.004 for way in ("other steps", "steps after", "steps", "deeper")},
    **{("chain", way): 0.004 for way in WAYS if way != "reversed"},
}
ROWS, ASKED, VOTES = 64, 500, 9
SIZES = {"d_model": 48, "n_heads": 4, "d_ff": 128, "max_length": 32}


# --------------------------------------------------------------------------------------- the sums


def drawn(n: int, task: str, width: int, part: str, generator):
    """n problems of one width: two numbers of so many digits, or for the chain so many digits:
    [n, numbers]. part: "test", "valid" or "train"; a problem belongs to one of them, whatever the
    order of its numbers."""
    most, count = (10, width) if task == "chain" else (10**width, 2)
    numbers = torch.randint(most, (40 * n + 400, count), generator=generator)
    of_13 = torch.zeros(len(numbers), dtype=torch.long) + 1
    for column in (numbers + 1).T:
        of_13 = of_13 * column % 13
    wanted = of_13 == PARTS[part] if part in PARTS else (of_13 == 0) | (of_13 > 2)
    return numbers[wanted][:n]


def digits_of(x, n: int):
    """The last n digits of whole numbers, the first of them in front: [...] → [..., n]."""
    return x[..., None] // 10 ** torch.arange(n - 1, -1, -1) % 10


def columns(numbers, width: int):
    """The sum of each column of two numbers with the carry that comes to it, from the right:
    [B, 2] → [B, width]."""
    found, carry = [], 0
    for k in range(width):
        found.append((numbers // 10**k % 10).sum(dim=1) + carry)
        carry = found[-1] // 10
    return torch.stack(found, dim=1)


def carries(numbers, width: int):
    """How many columns of a sum of two numbers carry: [B, 2] → [B]."""
    return (columns(numbers, width) > 9).sum(dim=1)


def spell(numbers, task: str, width: int, way: str):
    """Problems [B, numbers] as ids in four parts: the prompt [B, P], what is written before the
    answer [B, E], the answer [B, A], and what is written after it [B, F], where E or F are 0 in
    some ways. The "other steps" are those of the row before.

    Taught in chapter 22.
    """
    sign = {of: torch.full((len(numbers), 1), of) for of in (PLUS, EQUALS)}
    if task == "chain":
        prompt = torch.cat([ZERO + numbers, sign[EQUALS]], dim=1)
        steps = ZERO + numbers.cumsum(dim=1)[:, 1:] % 10
        steps, answer = steps[:, :-1], steps[:, -1:]
    else:
        a, b = (ZERO + digits_of(numbers, width)).unbind(dim=1)
        prompt = torch.cat([a, sign[PLUS], b, sign[EQUALS]], dim=1)
        steps = ZERO + digits_of(columns(numbers, width), 2).flatten(1)  # [B, 2 width]
        answer = ZERO + digits_of(numbers.sum(dim=1), width + 1)  # [B, width + 1]
    answer = answer.flip(1) if way == "reversed" else answer
    before = {"steps": steps, "other steps": steps.roll(1, 0), "dots": torch.full_like(steps, DOT)}
    nothing = steps[:, :0]
    after = steps if way == "steps after" else nothing
    return prompt, before.get(way, nothing), answer, after


def shown(ids) -> list[str]:
    """Ids [B, T] as text: B strings."""
    return [" ".join(VOCABULARY.decode(row)) for row in ids.tolist()]


# ------------------------------------------------------------------------------------- the models


def build(way: str) -> LanguageModel:
    """A new model of the size that this way has."""
    layers = 3 if way == "deeper" else 2
    return LanguageModel(LanguageModelConfig(len(VOCABULARY), n_layers=layers, **SIZES))


def loss_of(model, parts):
    """Nats of a token that is written. parts: as `spell` makes them."""
    ids, asked = torch.cat(parts, dim=1), parts[0].shape[1]
    logits = model.out(model.states(ids[:, :-1])[:, asked - 1 :])  # [B, written, V]
    return cross_entropy(logits.flatten(0, 1), ids[:, asked:].flatten())


def lessons(way: str, task: str, steps: int, seed: int):
    """The batches: `steps` times ROWS sums of one width of a task, spelled."""
    draw, widths = torch.Generator().manual_seed(seed), list(SHARES[task])
    shares = torch.tensor(list(SHARES[task].values()))
    for place in torch.multinomial(shares, steps, replacement=True, generator=draw).tolist():
        width = widths[place]
        yield spell(drawn(ROWS, task, width, "train", draw), task, width, way)


@cache
def cost(way: str, task: str) -> float:
    """Multiply-adds of a step of training, forward and back, a mean over the widths."""
    model, draw, total = build(way), torch.Generator().manual_seed(0), 0.0
    for width, share in SHARES[task].items():
        parts = spell(drawn(ROWS, task, width, "train", draw), task, width, way)
        total += share * multiply_adds(lambda parts=parts: loss_of(model, parts).backward())
    return total


def steps_of(way: str, task: str) -> int:
    """How many steps a way gets for the budget."""
    return round(STEPS[task] * cost("direct", task) / cost(way, task))


def training(way: str, task: str, lr: float, seed: int, marks):
    """Teach a model to answer in a way, with AdamW and, after a climb of 50 steps, one rate: yields
    (step, model) at the steps in `marks`, the weights of this model a moving average."""
    torch.manual_seed(seed)
    model = build(way)
    optimizer = torch.optim.AdamW(model.parameters(), lr, betas=(0.9, 0.98))
    climb = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, (step + 1) / 50))
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.98))
    for step, parts in enumerate(lessons(way, task, max(marks), seed), 1):
        optimizer.zero_grad()
        loss_of(model, parts).backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        climb.step()
        average.update_parameters(model)
        if step in marks:
            yield step, average.module


def train(way: str, task: str, lr: float, seed: int, steps: int) -> LanguageModel:
    """A model that has been taught to answer in a way, see `training`. Taught in chapter 22."""
    ((_, model),) = training(way, task, lr, seed, (steps,))
    return model


def answers(model, parts, given=None, generator=None):
    """What the model answers to prompts, at temperature 0, or drawn if there is a generator:
    [B, width + 1]. given [B, E]: what stands before the answer; without it the model writes."""
    prompt, before, answer, _ = parts
    if given is not None:
        prompt, before = torch.cat([prompt, given], dim=1), given[:, :0]
    length = before.shape[1] + answer.shape[1]
    if generator is None:
        written = greedy(model, prompt, length)
    else:
        written = sample(model, prompt, length, generator=generator)
    return written[:, before.shape[1] :]


def share_right(said, answer) -> float:
    """How many answers are right to the last digit; both [B, T]."""
    return (said == answer).all(dim=1).double().mean().item()


def voted(model, parts, seed: int):
    """The answer most often drawn of VOTES, the one drawn first among equals: [B, width + 1]."""
    draw = torch.Generator().manual_seed(seed)
    ballots = torch.stack([answers(model, parts, generator=draw) for _ in range(VOTES)], dim=1)
    alike = (ballots[:, :, None] == ballots[:, None]).all(dim=-1).sum(dim=-1)  # [B, VOTES]
    return ballots[torch.arange(len(ballots)), alike.argmax(dim=1)]


# -------------------------------------------------------------------------------- what is measured


def asked(model, way: str, task: str, width: int, at_end: bool) -> list[dict]:
    """Problems that were not taught, sums by number of carries."""
    numbers = drawn(ASKED, task, width, "test", torch.Generator().manual_seed(width))
    parts = spell(numbers, task, width, way)
    carried = carries(numbers, width) if task != "chain" else torch.zeros(ASKED, dtype=torch.long)
    right = {"right": (answers(model, parts), parts[2])}
    if at_end:
        right["voted"] = voted(model, parts, 0), parts[2]
    if at_end and way in ("steps", "other steps"):
        steps = spell(numbers, task, width, "steps")[1]
        other, led = steps.roll(1, 0), parts[2].roll(1, 0)
        if task == "chain":
            led = ZERO + (other[:, -1:] - ZERO + numbers[:, -1:]) % 10
        right["told"] = answers(model, parts, steps), parts[2]
        right["followed"] = answers(model, parts, other), led
    rows = []
    for count in range(width + 1 if task != "chain" else 1):
        some = carried == count
        shares = {name: share_right(x[some], y[some]) for name, (x, y) in right.items()}
        rows.append({"width": width, "carries": count, "n": int(some.sum()), **shares})
    return rows


def runs() -> list[dict]:
    """Every way at four rates from one seed, one lower where the lowest was the best of four, and
    at its best from two more; two sums in three ways from four more, as these differ much."""
    few = ("direct", "reversed", "steps")
    ways = {"2 digits": few, "3 digits": WAYS}
    ways["chain"] = tuple(way for way in WAYS if way != "reversed")
    found = []
    for seed in range(5):
        for task, way in ((one, way) for one in ways for way in ways[one]):
            rates = (LOWER.get((task, way)), *RATES) if seed == 0 else (BEST[task, way],)
            if seed < 3 or (task != "chain" and way in few):
                found += [(task, way, lr, seed) for lr in rates if lr]
    return [dict(zip(("task", "way", "lr", "seed"), run, strict=True)) for run in found]


def measure(task: str, way: str, lr: float, seed: int) -> list[dict]:
    """Teach a model, and ask it at every mark."""
    total, rows = steps_of(way, task), []
    marks = {round(total * k / 4): f"{k}/4" for k in range(1, 5)}
    marks = {
        min(total, steps_of("steps", task)): "examples"
    } | marks  # where both, the budget's end
    longest = max(SHARES[task])
    numbers = drawn(ASKED, task, longest, "valid", torch.Generator().manual_seed(longest))
    valid = spell(numbers, task, longest, way)
    for step, model in training(way, task, lr, seed, marks):
        end, took = step == total, step * cost(way, task)
        chosen_by = (answers(model, valid) == valid[2]).double().mean().item()
        length = valid[1].shape[1] + valid[2].shape[1]
        used = multiply_adds(greedy, model, valid[0][:1], length)
        of_mark = {"at": marks[step], "steps": step, "multiply_adds": took, "used": used}
        for width in (longest, longest + 1) if end else (longest,):
            for row in asked(model, way, task, width, end):
                rows.append(of_mark | row | {"chosen_by": chosen_by})
    empty = {"right": None, "voted": None, "told": None, "followed": None}
    names = ("at", "steps", "multiply_adds", "used", "width", "carries", "n", *empty, "chosen_by")
    return [{name: (empty | row)[name] for name in names} for row in rows]
