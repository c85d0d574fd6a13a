"""The widget Policy: its gradient is autograd's, its groups are fair, its page computes what Python
computes; what it refuses; how it stands where no script runs."""

import itertools
import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from torch.nn.functional import kl_div

from attend.finetuning import group_advantages
from attend.widgets import Policy
from attend.widgets.base import HEAVY, HERE
from attend.widgets.policy import (
    ADVANTAGES,
    GIVEN,
    MOST,
    PRESETS,
    UPDATES,
    advantages,
    drawn,
    log_softmax,
    percent,
    push,
    signed,
)

SVG = "{http://www.w3.org/2000/svg}"
node = pytest.mark.skipif(not shutil.which("node"), reason="no node to read the script with")
EIGHT = {"update": "a group", "group": 8, "beta": 0.0}


def texts(count):
    return [f"answer {i}" for i in range(count)]


def anywhere(seed):
    """A policy of two to nine answers that has left its reference: now and then with rewards that
    are all the same, of which two are the best, or with an answer that is all but impossible."""
    rng = np.random.default_rng(seed)
    count = 2 + seed % 8
    reference = rng.dirichlet(np.full(count, 0.5 + seed % 3)) * 0.99 + 0.01 / count
    rewards = rng.integers(-20, 21, count) / 10
    if seed % 5 == 0:
        rewards[:] = rewards[0]
    if seed % 7 == 0:
        rewards[-2:] = 2
    widget = Policy(
        "Which?",
        texts(count),
        reference,
        rewards,
        update=UPDATES[seed % 2],
        advantage=ADVANTAGES[seed % 3],
        group=int(rng.integers(2, 33)),
        learning_rate=float(rng.choice([0.01, 0.3, 1.0, 5.0])),
        beta=float(rng.choice([0.0, 0.01, 0.1, 1.0, 2.0])),
        seed=int(rng.integers(10000)),
    )
    widget.logits = rng.normal(0, 1 + 20 * (seed % 11 == 0), count)
    widget.steps = int(rng.integers(MOST))
    return widget


MANY = range(120)


# --- the mathematics ---


@pytest.mark.parametrize("seed", MANY[:40])
def test_the_gradient_is_autograds(seed):
    widget = anywhere(seed)
    logits = torch.tensor(widget.logits, requires_grad=True, dtype=torch.float64)
    log_policy = torch.log_softmax(logits, dim=0)
    log_reference = torch.tensor(widget.reference).log()
    kl = kl_div(log_reference, log_policy, reduction="sum", log_target=True)
    reward = log_policy.exp() @ torch.tensor(widget.rewards, dtype=torch.float64)
    (reward - widget.beta * kl).backward()
    np.testing.assert_allclose(widget.gradient(), logits.grad.numpy(), rtol=1e-9, atol=1e-12)
    found = widget.measures()
    np.testing.assert_allclose([found.reward, found.kl], [reward.item(), kl.item()], atol=1e-12)
    entropy = torch.distributions.Categorical(logits=logits).entropy().item()
    assert found.entropy == pytest.approx(entropy, abs=1e-12)
    assert found.objective == found.reward - widget.beta * found.kl


@pytest.mark.parametrize("seed", MANY[:40])
def test_no_policy_is_better_than_the_optimum(seed):
    widget = anywhere(seed)
    best = widget.optimum()
    assert best.sum() == pytest.approx(1)
    if widget.beta == 0:
        kept = np.array(widget.rewards) == max(widget.rewards)
        wanted = widget.reference * kept / widget.reference[kept].sum()
        np.testing.assert_allclose(best, wanted, atol=1e-12)
        return
    most = widget.measures(np.log(best + 1e-300)).objective
    terms = np.log(widget.reference) + np.array(widget.rewards) / widget.beta
    assert most == pytest.approx(widget.beta * np.logaddexp.reduce(terms))
    rng = np.random.default_rng(seed)
    for _ in range(50):
        other = np.log(best + 1e-9) + rng.normal(0, rng.choice([0.01, 1.0]), len(best))
        assert widget.measures(other).objective <= most + 1e-9
    widget.logits = np.log(best + 1e-300)
    np.testing.assert_allclose(widget.gradient(), 0, atol=1e-9)


def test_small_steps_lead_to_the_optimum():
    widget = Policy.preset("agree with the user", update="every answer", learning_rate=5, beta=0.5)
    widget.advance(MOST)
    np.testing.assert_allclose(widget.policy(), widget.optimum(), atol=1e-4)


def estimates(advantage, rewards, groups=1500, size=6, beta=0.0):
    """The gradients of many groups drawn from one policy [groups, A], and the exact one [A]."""
    widget = Policy("?", texts(4), [0.4, 0.3, 0.2, 0.1], rewards, group=size, beta=beta)
    widget.logits, widget.advantage = [0.5, 0.0, -0.3, 0.2], advantage
    return np.array([widget.estimate(step)[0] for step in range(groups)]), widget.gradient()


def test_groups_are_right_on_average_and_a_baseline_takes_noise_away():
    rewards = [2.0, 1.5, 1.0, 1.0]
    plain, exact = estimates("reward", rewards, beta=0.3)
    less, _ = estimates("less the mean", rewards, beta=0.3)
    without, exact_reward = estimates("less the mean", rewards)
    error = plain.std(axis=0) / len(plain) ** 0.5
    assert (np.abs(plain.mean(axis=0) - exact) < 4 * error).all()
    # A mean that each answer is itself a part of takes 1 / G of the gradient of the reward away.
    error = without.std(axis=0) / len(without) ** 0.5
    assert (np.abs(without.mean(axis=0) - exact_reward * 5 / 6) < 4 * error).all()
    assert less.var(axis=0).sum() < plain.var(axis=0).sum() / 4
    np.testing.assert_allclose(less - without, np.broadcast_to(exact - exact_reward, less.shape))


def test_where_all_earn_the_same_only_the_noise_moves_it():
    same = [0.7, 0.7, 0.7, 0.7]
    for advantage in ("less the mean", "scaled"):
        assert not estimates(advantage, same, groups=50)[0].any()  # to the last bit
    noise, exact = estimates("reward", same)
    assert np.abs(exact).max() < 1e-15 and np.abs(noise).max() > 0.05
    assert (np.abs(noise.mean(axis=0)) < 4 * noise.std(axis=0) / len(noise) ** 0.5).all()
    widget = Policy.preset("all the same", steps=100, beta=0)
    np.testing.assert_allclose(widget.policy(), widget.reference)
    widget = Policy.preset("all the same", advantage="reward", steps=100, beta=0)
    assert np.abs(widget.policy() - widget.reference).max() > 0.05


def test_advantages_are_those_of_the_package():
    rewards = np.array([2.0, 0.0, 0.0, -1.0, 0.5])
    for kind, scaled in (("less the mean", False), ("scaled", True)):
        wanted = group_advantages(torch.tensor(rewards), scaled=scaled).numpy()
        np.testing.assert_array_equal(advantages(rewards, kind), wanted)
    np.testing.assert_array_equal(advantages(rewards, "reward"), rewards)
    assert advantages(rewards, "less the mean").sum() == pytest.approx(0)
    assert advantages(rewards, "scaled").std() == pytest.approx(1)


def test_push_is_the_gradient_of_what_was_drawn():
    logits = torch.tensor([0.3, -0.5, 1.0], dtype=torch.float64, requires_grad=True)
    picked, weights = np.array([2, 0, 2, 2]), np.array([0.5, -1.0, 0.25, 2.0])
    (torch.log_softmax(logits, 0)[picked] @ torch.tensor(weights)).backward()
    found = push(log_softmax(logits.detach().numpy()), picked, weights)
    np.testing.assert_allclose(found, logits.grad.numpy())


def test_draws_follow_the_policy_and_depend_on_seed_and_step():
    policy = np.array([0.6, 0.3, 0.095, 0.005])
    picked = np.array([drawn(np.log(policy), 32, seed, 7) for seed in range(500)])
    shares = np.bincount(picked.ravel(), minlength=4) / picked.size
    error = (policy * (1 - policy) / picked.size) ** 0.5
    assert (np.abs(shares - policy) < 4 * error).all()
    first = drawn(np.log(policy), 32, 3, 0).tolist()
    assert drawn(np.log(policy), 9, 3, 0).tolist() == first[:9]  # a larger group has more
    others = [drawn(np.log(policy), 32, *at).tolist() for at in ((3, 1), (4, 0))]
    assert first not in others and drawn(np.log([1 - 1e-12, 1e-12]), 32, 0, 0).max() == 0


def test_what_is_never_drawn_is_never_learnt():
    """One in a thousand: 24 groups of 8 miss it in 82 of 100 runs, and then nothing has moved."""
    missed = 0
    for seed in range(30):
        widget = Policy.preset("never drawn", **EIGHT, seed=seed, steps=24)
        found = widget.policy()[-1]
        missed += found == pytest.approx(0.001)
        assert found == pytest.approx(0.001) or found > 0.001
    assert 16 <= missed < 30  # 25 of 30, and the others have met it
    exact = Policy.preset("never drawn", update="every answer", learning_rate=10, beta=0, steps=499)
    assert exact.policy()[-1] > 0.4


def test_a_hole_in_the_checker_is_found_by_some_runs_and_closed_by_beta():
    """Whether a run meets the answer of three in a hundred often decides what it becomes."""
    options = {**EIGHT, "advantage": "scaled", "steps": 200}
    ends = [Policy.preset("a hole in the checker", **options, seed=seed) for seed in range(12)]
    assert {int(end.policy().argmax()) for end in ends} == {0, 5}
    found = [Policy.preset("a hole in the checker", beta=beta).optimum() for beta in (0, 0.1, 1)]
    assert [int(best.argmax()) for best in found] == [5, 5, 0]


# --- the presets ---


def paid(answer):
    numbers = list(map(int, answer.split()))
    rises = sum(after >= before for before, after in itertools.pairwise(numbers))
    return 0.4 * rises


def test_the_presets_are_what_their_notes_say():
    for name, case in PRESETS.items():
        assert sum(case["reference"]) == pytest.approx(1, abs=1e-12)
        widget = Policy.preset(name)
        assert [each for each, _ in widget._cases] == list(PRESETS)
        assert widget.rewards == case["rewards"] and widget.prompt == case["prompt"]
        assert case["reference"] == sorted(case["reference"], reverse=True)
    hole = PRESETS["a hole in the checker"]
    assert hole["rewards"] == pytest.approx([paid(each) for each in hole["answers"]])
    right = PRESETS["the right answer is rewarded"]
    assert right["rewards"] == [float(each == str(3 + 4)) for each in right["answers"]]
    rare = PRESETS["never drawn"]
    assert rare["rewards"] == [float(each == str(17 * 23)) for each in rare["answers"]]
    assert rare["reference"][rare["rewards"].index(1)] == 0.001
    assert len(set(PRESETS["all the same"]["rewards"])) == 1
    with pytest.raises(ValueError, match="name='gamed' must be one of 'the right answer is"):
        Policy.preset("gamed")


# --- steps ---


def simple(**options):
    return Policy("3 + 4 =", ["7", "6", "8"], [0.5, 0.3, 0.2], [1, 0, 0], **options)


def test_steps_are_counted_and_kept():
    widget = simple(update="every answer", learning_rate=1, beta=0)
    assert widget.steps == 0 and widget._history == [] and widget._drawn == []
    wanted = np.log(widget.reference) + widget.gradient()
    widget.advance()
    np.testing.assert_allclose(widget.logits, wanted)
    assert widget.steps == 1 and len(widget._history) == 2 and widget._drawn == []
    assert widget._history[0] == [0.5, 0.0]
    assert widget._history[1] == list(widget.measures()[:2])
    widget.advance(100)
    assert widget.steps == 101 and len(widget._history) == 102
    rewards = [row[0] for row in widget._history]
    assert rewards == sorted(rewards) and rewards[-1] > 0.9
    widget.advance(MOST)
    assert widget.steps == MOST  # and no further
    last = widget.logits
    widget.advance()
    assert widget.logits == last
    widget.start_over()
    np.testing.assert_allclose(widget.policy(), [0.5, 0.3, 0.2])
    assert widget.steps == 0 and widget._history == [] and widget._drawn == []


def test_a_changed_reward_counts_from_the_next_step_on():
    widget = simple(steps=60, beta=0)
    assert widget.policy()[0] > 0.9
    widget.rewards = [-1, 0, 1]
    before = widget.policy()
    widget.advance(200)
    after = widget.policy()
    assert after[0] < before[0] - 0.5 and after[2] > 0.8
    kept = widget._history[:61]
    assert kept == simple(steps=60, beta=0)._history  # what was stays as it was


def test_a_group_is_kept_with_its_rewards_and_advantages():
    widget = simple(steps=3, advantage="scaled", group=5)
    again = simple(steps=2, advantage="scaled", group=5)
    found, group = again.estimate()
    assert widget._drawn == group and len(group) == 5
    np.testing.assert_allclose(widget.logits, np.array(again.logits) + 0.5 * found)
    for answer, reward, _ in group:
        assert reward == widget.rewards[answer]
    shares = [advantage for *_, advantage in group]
    np.testing.assert_allclose(shares, advantages(np.array([r for _, r, _ in group]), "scaled"))


def test_one_seed_is_one_run():
    assert simple(steps=50, seed=4).logits == simple(steps=50, seed=4).logits
    assert simple(steps=50, seed=4).logits != simple(steps=50, seed=5).logits


def test_the_page_may_change_the_case_and_all_that_goes_with_it():
    """As a message of the page comes: another number of answers, all at once."""
    widget = simple(steps=5)
    case = PRESETS["never drawn"]
    names = ("prompt", "answers", "reference", "note")
    start = {"logits": np.log(case["reference"]).tolist(), "steps": 0}
    more = {"_drawn": [], "_history": [], "rewards": case["rewards"]}
    widget.set_state({**{f"_{name}": case[name] for name in names}, **start, **more})
    assert widget.answers == case["answers"] and widget.prompt == "17 × 23 ="
    assert widget.logits == start["logits"] and widget.rewards == case["rewards"]
    widget.advance(3)
    assert widget.steps == 3 and len(widget._history) == 4


def test_a_case_of_ones_own_is_the_first_of_the_list():
    widget = simple(note="Mine.")
    name, case = widget._cases[0]
    assert name == GIVEN and [each for each, _ in widget._cases[1:]] == list(PRESETS)
    assert case["answers"] == ["7", "6", "8"] and case["note"] == "Mine."
    rounded = Policy("?", texts(3), [0.3333, 0.3333, 0.3333], [0, 0, 1])
    assert rounded.reference.sum() == pytest.approx(1, abs=1e-12)
    assert rounded.measures().kl == pytest.approx(0, abs=1e-12)


# --- the page ---


def in_node(expression, given):
    """What the script's computation, cut out of it, makes of what is given."""
    text = (HERE / "policy.js").read_text("utf8")
    text = text.partition("// --- the computation")[2].partition("\n")[2]
    text = text.partition("// --- drawing")[0]
    shared = (HERE / "common.js").read_text("utf8").partition("export function uniform")[2]
    shared = "function uniform" + shared.partition("\n}\n")[0] + "\n}\n"
    code = f"{shared}{text}\nconst given = {json.dumps(given)};"
    code += f"\nconsole.log(JSON.stringify({expression}));"
    done = subprocess.run(["node"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SETTINGS = ("rewards", "update", "advantage", "group", "learning_rate", "beta", "seed")


def set_of(widget):
    """What the script computes with."""
    kept = {name: getattr(widget, name) for name in (*SETTINGS, "steps", "logits")}
    return {**kept, "reference": widget._reference, "_history": [], "_drawn": []}


EACH = """given.map((set) => ({
  measures: measuresOf(set), optimum: optimumOf(set), gradient: gradientOf(set),
  drawn: drawnOf(set), estimate: estimateOf(set),
}))"""


@node
def test_the_page_computes_what_python_computes():
    widgets = [anywhere(seed) for seed in MANY]
    pages = in_node(EACH, [set_of(widget) for widget in widgets])
    for widget, page in zip(widgets, pages, strict=True):
        assert page["measures"] == pytest.approx(widget.measures()._asdict(), abs=1e-12)
        np.testing.assert_allclose(page["optimum"], widget.optimum(), atol=1e-12)
        np.testing.assert_allclose(page["gradient"], widget.gradient(), atol=1e-12)
        gradient, group = widget.estimate()
        assert page["drawn"] == [answer for answer, *_ in group]
        np.testing.assert_allclose(page["estimate"][0], gradient, atol=1e-12)
        np.testing.assert_allclose(page["estimate"][1], group, atol=1e-12)


RUNS = """given.map(({ set, before, rewards, after }) => {
  let now = set;
  for (let i = 0; i < before; i++) now = advanced(now);
  now = { ...now, rewards };
  for (let i = 0; i < after; i++) now = advanced(now);
  return now;
})"""


@node
def test_whole_runs_of_the_page_are_pythons_a_changed_reward_included():
    """With η β below 1: beyond, steps overshoot, and each makes the last digit's error larger."""
    widgets = [anywhere(seed) for seed in range(36)]
    given = []
    for i, widget in enumerate(widgets):
        widget.learning_rate, widget.beta = (0.1, 0.5, 1.0, 2.0)[i % 4], widget.beta / 4
        widget.start_over()
        turned = [-each for each in widget.rewards]
        given.append({"set": set_of(widget), "before": 40, "rewards": turned, "after": 60})
    for widget, task, page in zip(widgets, given, in_node(RUNS, given), strict=True):
        widget.advance(40)
        widget.rewards = task["rewards"]
        widget.advance(60)
        assert page["steps"] == widget.steps == 100
        np.testing.assert_allclose(page["logits"], widget.logits, atol=1e-6)
        np.testing.assert_allclose(page["_history"], widget._history, atol=1e-6)
        np.testing.assert_allclose(page["_drawn"], widget._drawn, atol=1e-6)


@node
def test_the_page_writes_numbers_as_python_does():
    shares = [0, 1e-9, 4e-5, 5e-5, 0.0006, 0.00094, 0.001, 0.0124, 0.5, 0.9996, 1]
    numbers = [0, -0.0, 0.0004, -0.0004, -0.0006, 1.23456, -2, 12.5]
    given = {"shares": shares, "numbers": numbers}
    script = "[given.shares.map(percent), given.numbers.map((each) => signed(each, 3))]"
    page = in_node(script, given)
    assert page == [[percent(each) for each in shares], [signed(each, 3) for each in numbers]]
    assert percent(0.001) == "0.1 %" and percent(0.0006) == "0.06 %" and percent(0) == "< 0.01 %"
    assert signed(-0.0004, 3) == "0.000" and signed(-0.0006, 3) == "−0.001"


# --- what it refuses ---

GOOD = {"prompt": "?", "answers": texts(3), "reference": [0.5, 0.3, 0.2], "rewards": [1, 0, -1]}
NAN = float("nan")
BAD = {
    "no text": ({"prompt": 3}, TypeError, "prompt must be a string, got int"),
    "empty prompt": ({"prompt": ""}, ValueError, "prompt has 0 characters, expected 1 to 200"),
    "long prompt": ({"prompt": "x" * 201}, ValueError, "prompt has 201 characters"),
    "note": ({"note": None}, TypeError, "note must be a string, got NoneType"),
    "one string": ({"answers": "abc"}, TypeError, "answers must be a list of strings, got str"),
    "no answers": ({"answers": []}, ValueError, "answers is empty"),
    "one answer": ({"answers": ["a"]}, ValueError, "answers has 1 entries, expected 2 to 9"),
    "ten answers": ({"answers": texts(10)}, ValueError, "answers has 10 entries, expected 2 to 9"),
    "a number": ({"answers": ["a", 7, "c"]}, TypeError, r"answers\[1\] must be a string, got int"),
    "empty answer": ({"answers": ["a", "", "c"]}, ValueError, r"answers\[1\] has 0 characters"),
    "long answer": ({"answers": ["a", "b", "x" * 201]}, ValueError, r"answers\[2\] has 201 char"),
    "twice": ({"answers": ["a", "b", "a"]}, ValueError, r"answers\[2\]='a' comes twice"),
    "few shares": ({"reference": [0.5, 0.5]}, ValueError, r"reference has shape \[2\], .* \[3\]"),
    "no shares": ({"reference": []}, ValueError, r"reference has shape \[0\]"),
    "sum": ({"reference": [0.5, 0.3, 0.3]}, ValueError, "reference adds up to 1.1, expected 1"),
    "zero": ({"reference": [0.5, 0.5, 0]}, ValueError, "reference holds 0.0, expected prob"),
    "below 0": ({"reference": [0.7, 0.5, -0.2]}, ValueError, "reference holds -0.2"),
    "NaN share": ({"reference": [0.5, NAN, 0.5]}, ValueError, "reference holds nan"),
    "∞": ({"reference": [0.5, np.inf, 0.5]}, ValueError, "reference adds up to inf"),
    "words": ({"reference": ["a", "b", "c"]}, TypeError, "reference must be an array of numbers"),
    "few rewards": ({"rewards": [1, 0]}, ValueError, r"rewards has shape \[2\], expected \[3\]"),
    "much": ({"rewards": [2.5, 0, 0]}, ValueError, "rewards holds 2.5, expected numbers from −2"),
    "NaN reward": ({"rewards": [NAN, 0, 0]}, ValueError, "rewards holds nan"),
    "a word": (
        {"rewards": ["1", 0, 0]},
        TypeError,
        "rewards must be an array of numbers",
    ),
    "update": ({"update": "group"}, ValueError, "update='group' must be one of 'every answer'"),
    "advantage": ({"advantage": "mean"}, ValueError, "advantage='mean' must be one of 'reward'"),
    "group": ({"group": 1}, ValueError, "group=1 is out of range: expected 2 to 32"),
    "half": ({"group": 2.5}, TypeError, "group must be an int, got float"),
    "rate": ({"learning_rate": 0}, ValueError, "learning_rate=0.0 must be between 0.001 and 10"),
    "beta": ({"beta": 2.1}, ValueError, "beta=2.1 must be between 0 and 2"),
    "NaN beta": ({"beta": NAN}, ValueError, "beta=nan must be between 0 and 2"),
    "beta's type": ({"beta": "0.1"}, TypeError, "beta must be a number, got str"),
    "seed": ({"seed": -1}, ValueError, "seed=-1 is out of range: expected 0 to 9999"),
    "steps": ({"steps": 501}, ValueError, "steps=501 is out of range: expected 0 to 500"),
    "title": ({"title": 3}, TypeError, "title must be a string, got int"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_in_one_line(name):
    change, error, message = BAD[name]
    with pytest.raises(error, match=message) as raised:
        Policy(**{**GOOD, **change})
    assert "\n" not in str(raised.value)
    ((trait, value),) = change.items()
    widget = Policy(**GOOD)
    if trait not in widget.traits(sync=True):
        return
    before = getattr(widget, trait)
    with pytest.raises(error, match=message):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


@pytest.mark.parametrize("logits", [[0, 0], [0, 0, NAN], [0, 0, np.inf], "abc"])
def test_logits_are_numbers_one_for_each_answer(logits):
    widget = Policy(**GOOD)
    with pytest.raises((ValueError, TypeError), match="logits"):
        widget.logits = logits


# --- where no script runs ---

HOSTILE = ["<script>alert(1)</script>", "&amp;]]>", "x" * 200, "مرحبا", "👩‍👩‍👧", "\x00\ud800\x1b"]


def bars(root, fill):
    return [
        float(each.get("width")) for each in root.iter(f"{SVG}rect") if each.get("fill") == fill
    ]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("steps, beta", [(0, 0.0), (30, 0.5)])
def test_it_stands_as_a_picture_and_as_words(name, steps, beta):
    widget = Policy.preset(name, steps=steps, beta=beta)
    root = ET.fromstring(widget.picture())
    assert root.tag == f"{SVG}svg" and root.find(f"{SVG}title").text == widget.describe()
    drawn_bars = bars(root, "#2a78b0")[1:]  # the first is the key's
    np.testing.assert_allclose(drawn_bars, 320 * widget.policy(), atol=0.051)
    hollow = [
        float(each.get("width"))
        for each in root.iter(f"{SVG}rect")
        if each.get("stroke") == "#566170" and each.get("height") == "8"
    ]
    np.testing.assert_allclose(hollow, 320 * widget.reference, atol=0.051)
    ticks = [
        float(each.get("d")[1:].split()[0]) - 232
        for each in root.iter(f"{SVG}path")
        if each.get("stroke") == "#c2410c"
    ]
    wanted = 320 * widget.optimum() if beta else []
    np.testing.assert_allclose(ticks[1:], wanted, atol=0.051)
    assert len(list(root.iter(f"{SVG}polyline"))) == (2 if steps else 0)
    said = widget.describe()
    assert repr(widget) == f"Policy: {said}" and "\n" not in said
    found = widget.measures()
    assert (
        f"expected reward {signed(found.reward, 3)}, KL to the reference {signed(found.kl, 3)}"
        in said
    )
    assert f"after {steps} steps" in said and f"entropy {signed(found.entropy, 3)} nats" in said


def test_any_text_is_text():
    widget = Policy("<b>&", HOSTILE, [0.5, 0.1, 0.1, 0.1, 0.1, 0.1], [0] * 6, steps=1)
    root = ET.fromstring(widget.picture())
    words = [each.text for each in root.iter(f"{SVG}text")]
    assert "“<b>&”" in words and "<script>alert(1)</scri…" not in words
    assert any(each and each.startswith("<script>") for each in words)
    assert list(root.iter("script")) == [] and "مرحبا" in words


def test_the_state_is_light_even_at_the_end_of_a_run():
    widget = Policy("?", texts(9), [1 / 9] * 9, [1, *[0] * 8], group=32, steps=MOST)
    assert widget.state_size() < HEAVY
    own = {name: value for name, value in widget.get_state().items() if name[:4] not in ("_esm",)}
    assert len(json.dumps(own, default=str)) - len(widget._css) < 40_000
