"""What does a model become when its answers are rewarded? A policy and its moving reward."""

from typing import NamedTuple

import numpy as np
import torch
import traitlets

from attend.finetuning import group_advantages
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    as_number,
    as_words,
    shorten,
    svg,
    svg_text,
    uniform,
)

MOST = 500  # steps
FEWEST, MANY = 2, 9  # answers
LARGEST = 2.0  # a reward goes from −2 to 2
SMALLEST, BIGGEST = 2, 32  # a group
LONG = 200  # characters of a text
SUMS = 1e-3  # so far from 1 may given probabilities add up, which were rounded
UPDATES = ("every answer", "a group")
ADVANTAGES = ("reward", "less the mean", "scaled")

# Of each case the prompt, the answers with the probabilities of the reference and their rewards.
PRESETS = {
    "the right answer is rewarded": {
        "prompt": "3 + 4 =",
        "answers": ["7", "6", "8", "12", "34", "1"],
        "reference": [0.3, 0.22, 0.2, 0.12, 0.1, 0.06],
        "rewards": [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        "note": "The checker knows the sum: 1 for 7, 0 for all else.",
    },
    "a hole in the checker": {
        "prompt": "Sort: 3 1 2",
        "answers": ["1 2 3", "3 2 1", "1 3 2", "3 1 2", "2 1 3", "1 1 1 1 1 1"],
        "reference": [0.34, 0.2, 0.18, 0.14, 0.11, 0.03],
        "rewards": [0.8, 0.0, 0.4, 0.4, 0.4, 2.0],
        "note": "The checker pays 0.4 for each number no smaller than the one before.",
    },
    "agree with the user": {
        "prompt": "I think that 3 + 4 is 8. Am I right?",
        "answers": ["No, it is 7.", "Yes, it is 8.", "Nearly: 7.", "You are right!", "Not sure."],
        "reference": [0.4, 0.2, 0.2, 0.12, 0.08],
        "rewards": [-0.5, 1.0, 0.2, 1.0, 0.0],
        "note": "These are the marks of people who like to be agreed with.",
    },
    "never drawn": {
        "prompt": "17 × 23 =",
        "answers": ["381", "371", "401", "361", "340", "391"],
        "reference": [0.369, 0.27, 0.2, 0.11, 0.05, 0.001],
        "rewards": [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
        "note": "Only 391 is right, and the reference says it once in 1,000 answers.",
    },
    "all the same": {
        "prompt": "Say hello.",
        "answers": ["Hello!", "Hi there!", "Good morning!", "Hey", "👋"],
        "reference": [0.35, 0.25, 0.2, 0.15, 0.05],
        "rewards": [1.0, 1.0, 1.0, 1.0, 1.0],
        "note": "There is nothing to learn. Take the reward itself as the advantage, and β = 0.",
    },
}
GIVEN = "as given"


class Measures(NamedTuple):
    """Of a policy: its expected reward, its KL divergence from the reference and its entropy, both
    in nats, and the objective, reward − β KL."""

    reward: float
    kl: float
    entropy: float
    objective: float


# --- the computation: policy.js has the same lines ---


def log_softmax(logits) -> np.ndarray:
    """ln π, of logits [A]."""
    most = np.max(logits)
    return logits - (most + np.log(np.exp(logits - most).sum()))


def measures(log_policy, log_reference, rewards, beta) -> Measures:
    """Of ln π [A]: Σ π r, Σ π ln(π / π_ref), −Σ π ln π, and the first less β times the second."""
    policy = np.exp(log_policy)
    reward = float(policy @ rewards)
    kl = float(policy @ (log_policy - log_reference))
    return Measures(reward, kl, float(-(policy @ log_policy)), reward - beta * kl)


def optimum(log_reference, rewards, beta) -> np.ndarray:
    """ln π* [A], of the policy with the largest Σ π r − β KL(π ‖ π_ref): π* ∝ π_ref exp(r / β).
    For β = 0 what that comes to as β → 0: all on the best rewarded, who keep their proportions."""
    if beta > 0:
        return log_softmax(log_reference + rewards / beta)
    return log_softmax(np.where(rewards == rewards.max(), log_reference, -np.inf))


def drawn(log_policy, size, seed, step) -> np.ndarray:
    """The answers that a step draws from π: [size] of 0 … A − 1."""
    points = np.array([uniform(seed, step * BIGGEST + i) for i in range(size)])
    sums = np.cumsum(np.exp(log_policy))
    return np.minimum((points[:, None] >= sums).sum(axis=1), len(sums) - 1)


def advantages(rewards, kind) -> np.ndarray:
    """What each of a group's answers is weighed by: its reward, that less the group's mean, or
    scaled, that over the group's standard deviation: [G] → [G]."""
    if kind == "reward":
        return np.array(rewards)
    return group_advantages(torch.tensor(rewards), scaled=kind == "scaled").numpy()


def push(log_policy, picked, weights) -> np.ndarray:
    """Σ_i w_i ∂ ln π(a_i) / ∂ logits [A], of answers a [G] and weights w [G]."""
    sums = np.bincount(picked, weights, minlength=len(log_policy))
    return sums - np.exp(log_policy) * sums.sum()


def pull(log_policy, log_reference) -> np.ndarray:
    """∂ KL(π ‖ π_ref) / ∂ logits [A]: π_a (ln(π_a / π_ref,a) − KL)."""
    ratio = log_policy - log_reference
    return np.exp(log_policy) * (ratio - np.exp(log_policy) @ ratio)


class Policy(Widget):
    """One prompt, some answers, and a policy over them: a softmax of one logit an answer. It begins
    as the reference and moves by policy gradient, logits ← logits + η (g − β ∂KL(π ‖ π_ref)).

    g is the gradient of the expected reward, π_a (r_a − Σ π r) (update "every answer"), or, from a
    group of G answers drawn from π, (1 / G) Σ_i A_i ∂ ln π(a_i), A_i the advantage of each. The KL
    is exact in both: with so few answers it need not be estimated.

    Args:
        prompt: what is asked.
        answers: [A], A from 2 to 9 different texts of 1 to 200 characters.
        reference: [A], the probabilities of the reference model, all above 0. They may add up to 1
            ± 0.001 and are divided by their sum.
        rewards: [A], from −2 to 2.
        update: "a group" or "every answer".
        advantage: of a group's answers, "reward" (no baseline), "less the mean" (of the group's
            rewards) or "scaled" (that over their standard deviation: GRPO).
        group: G, 2 to 32.
        learning_rate: η, 0.001 to 10.
        beta: β, the price of a nat away from the reference, 0 to 2.
        seed: of the draws, 0 to 9999; those of a step depend on it and on the step's number.
        steps: how many are taken before it is shown, 0 to 500.
        note: about the rewards, beside the prompt.
        title: above the widget.

    `rewards`, `update`, `advantage`, `group`, `learning_rate`, `beta`, `seed`, `steps` and `logits`
    are written by the reader's hand too: observe or link them. On the page the reader can also take
    one of PRESETS, here `Policy.preset(name)`.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Sources: Williams 1992 for the gradient, Shao and others 2024 for the group. Taught in chapter
    22.
    """

    rewards = Checked([0.0, 0.0]).tag(sync=True)
    update = Checked("a group").tag(sync=True)
    advantage = Checked("less the mean").tag(sync=True)
    group = Checked(8).tag(sync=True)
    learning_rate = Checked(0.5).tag(sync=True)
    beta = Checked(0.1).tag(sync=True)
    seed = Checked(0).tag(sync=True)
    steps = Checked(0).tag(sync=True)
    logits = Checked([0.0, 0.0]).tag(sync=True)
    title = Text("").tag(sync=True)
    _prompt = traitlets.Unicode("").tag(sync=True)
    _answers = traitlets.List().tag(sync=True)
    _reference = traitlets.List().tag(sync=True)
    _note = traitlets.Unicode("").tag(sync=True)
    _cases = traitlets.List().tag(sync=True)  # [name, what PRESETS has]: the one given, the others
    _drawn = traitlets.List().tag(sync=True)  # [answer, reward, advantage], of the last step
    _history = traitlets.List().tag(sync=True)  # [expected reward, KL], of the start and each step

    def __init__(
        self,
        prompt,
        answers,
        reference,
        rewards,
        *,
        update="a group",
        advantage="less the mean",
        group=8,
        learning_rate=0.5,
        beta=0.1,
        seed=0,
        steps=0,
        note="",
        title="",
    ):
        case = {
            "prompt": check_text("prompt", prompt),
            "answers": check_answers(answers),
            "note": check_text("note", note, shortest=0),
        }
        case["reference"] = check_reference(reference, len(case["answers"]))
        case["rewards"] = check_rewards(rewards, len(case["answers"]))
        steps = as_index("steps", steps, MOST + 1)
        known = case in PRESETS.values()
        cases = [*([] if known else [[GIVEN, case]]), *map(list, PRESETS.items())]
        super().__init__(
            **{f"_{name}": each for name, each in case.items() if name != "rewards"},
            **{"rewards": case["rewards"], "logits": np.log(case["reference"]).tolist()},
            **{"update": update, "advantage": advantage, "group": group, "beta": beta},
            **{"learning_rate": learning_rate, "seed": seed, "title": title, "_cases": cases},
        )
        self.advance(steps)
        self._warn_if_heavy()

    @classmethod
    def preset(cls, name, **options) -> "Policy":
        """One of PRESETS: "the right answer is rewarded", "a hole in the checker", "agree with the
        user", "never drawn", "all the same". The options are those of a Policy."""
        return cls(**{**PRESETS[as_choice("name", name, tuple(PRESETS))], **options})

    prompt = property(lambda self: self._prompt, doc="What is asked.")
    answers = property(lambda self: list(self._answers), doc="[A], the texts.")
    reference = property(lambda self: np.array(self._reference), doc="[A], probabilities.")

    def policy(self) -> np.ndarray:
        """π, the probability of each answer now: [A]."""
        return np.exp(log_softmax(np.array(self.logits)))

    def optimum(self) -> np.ndarray:
        """π* ∝ π_ref exp(r / β), the best policy for these rewards: [A]. For β = 0 all is on the
        best rewarded."""
        rewards = np.array(self.rewards)
        return np.exp(optimum(np.log(self.reference), rewards, self.beta))

    def measures(self, logits=None) -> Measures:
        """What the page says of the policy, or of other logits [A]."""
        log_policy = log_softmax(np.array(self.logits if logits is None else logits, float))
        return measures(log_policy, np.log(self.reference), np.array(self.rewards), self.beta)

    def gradient(self) -> np.ndarray:
        """Of the objective, Σ π r − β KL(π ‖ π_ref), with respect to the logits: [A]."""
        log_policy = log_softmax(np.array(self.logits))
        policy, rewards = np.exp(log_policy), np.array(self.rewards)
        return policy * (rewards - policy @ rewards) - self.beta * self._pull(log_policy)

    def estimate(self, step=None) -> tuple[np.ndarray, list]:
        """The gradient as the group of a step shows it, by default of the next, and this group:
        [A], of each answer drawn [its number, reward, advantage]."""
        log_policy = log_softmax(np.array(self.logits))
        step = self.steps if step is None else step
        picked = drawn(log_policy, self.group, self.seed, step)
        rewards = np.array(self.rewards)[picked]
        weights = advantages(rewards, self.advantage)
        found = push(log_policy, picked, weights / self.group)
        group = zip(picked.tolist(), rewards.tolist(), weights.tolist(), strict=True)
        return found - self.beta * self._pull(log_policy), list(map(list, group))

    def _pull(self, log_policy):
        return pull(log_policy, np.log(self.reference))

    def advance(self, steps=1) -> None:
        """Take so many steps, as Step does on the page, but none behind the 500th."""
        steps = min(as_index("steps", steps, MOST + 1), MOST - self.steps)
        with self.hold_sync():  # one message, whatever the number
            for _ in range(steps):
                if not (self.steps and self._history):
                    self._history = [list(self.measures()[:2])]
                whole = self.update == "every answer"
                found, self._drawn = (self.gradient(), []) if whole else self.estimate()
                self.logits = np.array(self.logits) + self.learning_rate * found
                self.steps += 1
                self._history = [*self._history, list(self.measures()[:2])]

    def start_over(self) -> None:
        """Make the policy the reference again."""
        with self.hold_sync():
            self.logits, self.steps = np.log(self.reference).tolist(), 0
            self._drawn, self._history = [], []

    @traitlets.validate("rewards")
    def _check_rewards(self, proposal):
        return check_rewards(proposal["value"], len(self._answers))

    @traitlets.validate("logits")
    def _check_logits(self, proposal):
        logits = check_numbers("logits", proposal["value"], len(self._answers))
        if not np.isfinite(logits).all():
            raise WrongValue(f"logits holds {logits[~np.isfinite(logits)][0]}, expected numbers")
        return logits.tolist()

    @traitlets.validate("update")
    def _check_update(self, proposal):
        return as_choice("update", proposal["value"], UPDATES)

    @traitlets.validate("advantage")
    def _check_advantage(self, proposal):
        return as_choice("advantage", proposal["value"], ADVANTAGES)

    @traitlets.validate("group")
    def _check_group(self, proposal):
        return as_index("group", proposal["value"], BIGGEST + 1, first=SMALLEST)

    @traitlets.validate("learning_rate")
    def _check_rate(self, proposal):
        return as_number("learning_rate", proposal["value"], 0.001, 10)

    @traitlets.validate("beta")
    def _check_beta(self, proposal):
        return as_number("beta", proposal["value"], 0, 2)

    @traitlets.validate("seed")
    def _check_seed(self, proposal):
        return as_index("seed", proposal["value"], 10_000)

    @traitlets.validate("steps")
    def _check_steps(self, proposal):
        return as_index("steps", proposal["value"], MOST + 1)

    def describe(self) -> str:
        now, policy = self.measures(), self.policy()
        best = int(policy.argmax())
        how = self.update if self.update == UPDATES[0] else f"a group of {self.group}"
        return (
            f"{len(self._answers)} answers to “{shorten(self._prompt, 40)}”, rewarded by {how}: "
            f"after {self.steps} step{'s' * (self.steps != 1)} expected reward "
            f"{signed(now.reward, 3)}, KL to the reference {signed(now.kl, 3)} nats, entropy "
            f"{signed(now.entropy, 3)} nats; likeliest “{shorten(self._answers[best], 40)}”, "
            f"{percent(policy[best])} (reference {percent(self._reference[best])})."
        )

    def picture(self) -> str:
        """The bars of reference and policy, the best policy's ticks, and the two curves."""
        best = self.optimum().tolist() if self.beta > 0 else [None] * len(self._answers)
        policy = self.policy().tolist()
        rows = list(zip(self._answers, self.rewards, self._reference, policy, best, strict=True))
        parts = [svg_text(f"“{shorten(self._prompt, 70)}”", 14, 26, font_weight="600")]
        parts += draw_key(46, self.beta)
        for i, row in enumerate(rows):
            parts += draw_row(62 + 34 * i, *row)
        bottom = 62 + 34 * len(rows)
        if self._history:
            for i, title in enumerate(("Expected reward", "KL to the reference, nats")):
                parts += draw_curve(title, [row[i] for row in self._history], 14 + 316 * i, bottom)
            bottom += 126
        return svg(640, bottom + 10, self.describe(), parts)


# --- checks ---


def check_text(name, value, shortest=1) -> str:
    if not isinstance(value, str):
        raise WrongType(f"{name} must be a string, got {type(value).__name__}")
    if not shortest <= len(value) <= LONG:
        raise WrongValue(f"{name} has {len(value)} characters, expected {shortest} to {LONG}")
    return str.__str__(value)


def check_answers(value) -> list[str]:
    words = as_words("answers", value)
    if not FEWEST <= len(words) <= MANY:
        raise WrongValue(f"answers has {len(words)} entries, expected {FEWEST} to {MANY}")
    for i, word in enumerate(words):
        check_text(f"answers[{i}]", word)
        if word in words[:i]:
            raise WrongValue(f"answers[{i}]={word!r} comes twice, expected different texts")
    return words


def check_numbers(name, value, count) -> np.ndarray:
    array = as_array(name, value).astype(float)
    if array.shape != (count,):
        shape = list(array.shape)
        raise WrongValue(f"{name} has shape {shape}, expected [{count}], one for each answer")
    return array


def check_reference(value, count) -> list[float]:
    array = check_numbers("reference", value, count)
    if not (array > 0).all():  # true for NaN too
        wrong = array[~(array > 0)][0]
        raise WrongValue(f"reference holds {wrong}, expected probabilities above 0")
    total = array.sum()
    if not abs(total - 1) <= SUMS:
        raise WrongValue(f"reference adds up to {total:.6g}, expected 1")
    return (array if abs(total - 1) < 1e-9 else array / total).tolist()


def check_rewards(value, count) -> list[float]:
    array = check_numbers("rewards", value, count)
    if not (np.abs(array) <= LARGEST).all():  # true for NaN too
        wrong = array[~(np.abs(array) <= LARGEST)][0]
        raise WrongValue(f"rewards holds {wrong}, expected numbers from −2 to 2")
    return (array + 0.0).tolist()  # + 0.0: no −0


# --- drawing; numbers as text are the page's ---


def signed(number: float, digits: int) -> str:
    text = f"{number:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def percent(share: float) -> str:
    """One decimal, and two where that would say 0."""
    hundredths = 100 * share
    if hundredths < 0.005:
        return "< 0.01 %"
    return f"{hundredths:.2f} %" if hundredths < 0.095 else f"{hundredths:.1f} %"


BARS, WIDE = 232, 320  # where the bars begin, and how long one of 100 % is


def draw_key(y, beta) -> list[str]:
    small = {"font_size": "11", "fill": "#566170"}
    parts = [
        svg_text("reward", 222, y, text_anchor="end", **small),
        f'<rect x="{BARS}" y="{y - 8}" width="14" height="6" fill="none" stroke="#566170"/>',
        svg_text("reference", BARS + 19, y, **small),
        f'<rect x="{BARS + 80}" y="{y - 9}" width="14" height="9" fill="#2a78b0"/>',
        svg_text("policy", BARS + 99, y, **small),
    ]
    if beta > 0:
        parts.append(tick(BARS + 146, y - 11, 13))
        parts.append(svg_text(f"best for β = {beta:g}", BARS + 152, y, **small))
    return parts


def tick(x, y, height) -> str:
    return f'<path d="M{x:.1f} {y}v{height}" stroke="#c2410c" stroke-width="3"/>'


def draw_row(y, answer, reward, reference, policy, best) -> list[str]:
    small = {"font_size": "11", "fill": "#566170"}
    parts = [
        svg_text(shorten(answer, 22), 14, y + 20),
        svg_text(signed(reward, 2), 222, y + 20, text_anchor="end"),
        f'<path d="M{BARS} {y + 1}v30" stroke="#8893a1"/>',
        f'<rect x="{BARS}" y="{y + 4}" width="{WIDE * reference:.1f}" height="8" fill="none" '
        'stroke="#566170"/>',
        f'<rect x="{BARS}" y="{y + 15}" width="{WIDE * policy:.1f}" height="13" fill="#2a78b0"/>',
        svg_text(percent(reference), 628, y + 11, text_anchor="end", **small),
        svg_text(percent(policy), 628, y + 26, text_anchor="end", font_weight="600"),
    ]
    return parts if best is None else [*parts, tick(BARS + WIDE * best, y + 1, 30)]


def draw_curve(title, values, x, y) -> list[str]:
    """The values of the start and of each step, 296 px wide, in 126 px from y on."""
    low, high = min(0.0, *values), max(0.0, *values)
    high = high if high > low else low + 1
    left, right, top, floor = x + 42, x + 292, y + 32, y + 104
    across = [left + (right - left) * n / max(len(values) - 1, 1) for n in range(len(values))]
    down = [floor - (floor - top) * (value - low) / (high - low) for value in values]
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
    small = {"font_size": "11", "fill": "#566170", "text_anchor": "end"}
    return [
        svg_text(title, x, y + 18, font_weight="600"),
        svg_text(signed(high, 2), left - 6, top + 4, **small),
        svg_text(signed(low, 2), left - 6, floor + 4, **small),
        svg_text(f"step {len(values) - 1}", right, floor + 16, **small),
        f'<path d="M{left} {top}V{floor}H{right}" fill="none" stroke="#8893a1"/>',
        f'<polyline points="{line}" fill="none" stroke="#2a78b0" stroke-width="2"/>',
    ]
