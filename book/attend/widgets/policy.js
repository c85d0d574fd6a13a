// What does a model become when its answers are rewarded? Draws the traits of Policy and writes back what the reader
// sets.
import {
  button,
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  isolate,
  keys,
  measure,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  select,
  shorten,
  slider,
  table,
  uniform,
  writer,
} from "./common.js";

// --- the computation, as in policy.py: the same operations in the same order ---

const [MOST, BIGGEST, STILL] = [500, 32, 1e-5];
const sum = (list) => list.reduce((total, each) => total + each, 0);
const dot = (a, b) => a.reduce((total, each, i) => total + each * b[i], 0);

function logSoftmax(logits) {
  const most = Math.max(...logits);
  const log = most + Math.log(sum(logits.map((each) => Math.exp(each - most))));
  return logits.map((each) => each - log);
}

// Of what is set: the logarithms of policy and reference, and the policy itself.
function policyOf({ logits, reference }) {
  const logPolicy = logSoftmax(logits);
  return { logPolicy, policy: logPolicy.map(Math.exp), logReference: reference.map(Math.log) };
}

function measuresOf({ rewards, beta, ...set }) {
  const { logPolicy, policy, logReference } = policyOf(set);
  const reward = dot(policy, rewards);
  const kl = dot(policy, logPolicy.map((each, i) => each - logReference[i]));
  return { reward, kl, entropy: -dot(policy, logPolicy), objective: reward - beta * kl };
}

// The policy with the largest reward − β KL; for β = 0 what that comes to as β → 0.
function optimumOf({ reference, rewards, beta }) {
  const most = Math.max(...rewards);
  const kept = reference.map((each, i) => (rewards[i] === most ? Math.log(each) : -Infinity));
  const logits = beta > 0 ? reference.map((each, i) => Math.log(each) + rewards[i] / beta) : kept;
  return logSoftmax(logits).map(Math.exp);
}

function drawnOf({ group, seed, steps, ...set }) {
  let total = 0;
  const sums = policyOf(set).policy.map((each) => (total += each));
  return Array.from({ length: group }, (_, i) => {
    const point = uniform(seed, steps * BIGGEST + i);
    return Math.min(sums.filter((each) => point >= each).length, sums.length - 1);
  });
}

function advantagesOf(rewards, kind) {
  if (kind === "reward") return [...rewards];
  const above = rewards.map((each) => each - rewards[0]);
  const mean = sum(above) / above.length;
  const less = above.map((each) => each - mean);
  if (kind === "less the mean") return less;
  const deviation = Math.sqrt(dot(less, less) / less.length);
  return less.map((each) => (deviation > 0 ? each / deviation : 0));
}

// ∂ KL / ∂ logits.
function pullOf(set) {
  const { logPolicy, policy, logReference } = policyOf(set);
  const ratio = logPolicy.map((each, i) => each - logReference[i]);
  const kl = dot(policy, ratio);
  return policy.map((each, i) => each * (ratio[i] - kl));
}

function gradientOf(set) {
  const { policy } = policyOf(set);
  const [mean, pull] = [dot(policy, set.rewards), pullOf(set)];
  return policy.map((each, i) => each * (set.rewards[i] - mean) - set.beta * pull[i]);
}

// The gradient as the next group shows it, and this group: [answer, reward, advantage] of each that is drawn.
function estimateOf(set) {
  const [picked, pull, { policy }] = [drawnOf(set), pullOf(set), policyOf(set)];
  const rewards = picked.map((i) => set.rewards[i]);
  const weights = advantagesOf(rewards, set.advantage);
  const sums = policy.map(() => 0);
  picked.forEach((i, n) => (sums[i] += weights[n] / set.group));
  const whole = sum(sums);
  const found = policy.map((each, i) => sums[i] - each * whole - set.beta * pull[i]);
  return [found, picked.map((i, n) => [i, rewards[n], weights[n]])];
}

// What is set after one more step.
function advanced(set) {
  const rowOf = (each) => {
    const { reward, kl } = measuresOf(each);
    return [reward, kl];
  };
  const before = set.steps && set._history.length ? set._history : [rowOf(set)];
  const [found, _drawn] = set.update === "every answer" ? [gradientOf(set), []] : estimateOf(set);
  const logits = set.logits.map((each, i) => each + set.learning_rate * found[i]);
  return { ...set, logits, steps: set.steps + 1, _drawn, _history: [...before, rowOf({ ...set, logits })] };
}

const stands = (set) => set.update === "every answer" && gradientOf(set).every((each) => Math.abs(each) < STILL);

// --- numbers as text: Python's are the same ---

function signed(number, digits) {
  const text = number.toFixed(digits);
  return Number(text) ? text.replace("-", "−") : text.replace("-", "");
}

function percent(share) {
  const hundredths = 100 * share;
  if (hundredths < 0.005) return "< 0.01 %";
  return hundredths < 0.095 ? `${hundredths.toFixed(2)} %` : `${hundredths.toFixed(1)} %`;
}

const withSign = (number) => (Number(number.toFixed(2)) > 0 ? `+${signed(number, 2)}` : signed(number, 2));

// --- drawing ---

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const [TWO_LINES, BESIDE, HEAD, CURVE] = [520, 660, 24, 104];

// Where each column of the answers stands, in one line each or in two.
function columnsOf(width, lines, group, answers) {
  if (lines === 2) {
    const wide = Math.round(clamp(width * 0.3, 76, 130));
    const bars = { left: wide + 44, right: width - 52 };
    return { text: width - 96, slider: { left: 0, width: wide }, number: wide + 36, bars };
  }
  const longest = Math.max(...answers.map((answer) => measure(answer, 13, 650)));
  const text = Math.round(clamp(longest + 2, 64, width * 0.26));
  const wide = width > 620 ? 120 : 84;
  const number = text + wide + 42;
  const percentAt = width - (group ? 100 : 62);
  return { text, slider: { left: text + 8, width: wide }, number, bars: { left: number + 10, right: percentAt - 50 } };
}

function layoutOf(width, { answers, update }, finger) {
  const lines = width < TWO_LINES ? 2 : 1;
  const group = update !== "every answer";
  const beside = width >= BESIDE;
  const right = beside ? Math.round(clamp(width * 0.23, 150, 300)) : 0;
  const left = beside ? width - right - 24 : width;
  const slide = finger ? 44 : 30;
  const high = lines === 2 ? 48 : finger ? 44 : 32;
  const rows = answers.map((_, i) => {
    const top = HEAD + i * high;
    return { top, high, middle: lines === 2 ? top + 32 : top + high / 2, slide };
  });
  const under = HEAD + high * rows.length;
  const each = beside ? clamp((under - 8) / 2, 92, 150) : CURVE;
  const across = beside ? right : Math.floor((width - 16) / 2);
  const first = beside ? { x: left + 24, y: 0 } : { x: 0, y: under + 10 };
  const second = beside ? { x: left + 24, y: each + 8 } : { x: across + 16, y: under + 10 };
  const curves = [first, second].map((at) => ({ ...at, width: across, height: each }));
  const height = Math.max(under + 2, curves[1].y + each);
  return { width, height, left, lines, rows, columns: columnsOf(left, lines, group, answers), curves };
}

const MARKS = {
  reference: (pen, x, y, c) => pen.rect(x, y - 4, 14, 7, { stroke: c.muted, width: 1.2 }),
  policy: (pen, x, y, c) => pen.rect(x, y - 5, 14, 10, { fill: c.positive }),
  best: (pen, x, y, c) => pen.line([[x + 8, y - 7], [x + 8, y + 7]], { stroke: c.gold, width: 3 }),
};

function drawHead(pen, { left, lines, columns }, { colours, beta, update }) {
  const small = { size: 11, fill: colours.muted };
  const shown = beta > 0 ? ["reference", "policy", "best"] : ["reference", "policy"];
  let x = lines === 2 ? 0 : columns.bars.left;
  for (const name of shown) {
    MARKS[name](pen, x, 10, colours);
    pen.text(name, x + 18, 10, small);
    x += measure(name, 11) + 28;
  }
  const group = update !== "every answer";
  const heading = lines === 2 ? (group ? "drawn, advantage" : "advantage") : "advantage";
  if (left - measure(heading, 11) > x) pen.text(heading, left, 10, { ...small, align: "right" });
  if (lines === 2) return;
  pen.text("reward", columns.number, 10, { ...small, align: "right" });
  if (group) pen.text("drawn", left - 64, 10, { ...small, align: "right" });
}

function drawAnswer(pen, i, layout, view) {
  const { colours, answers, rewards, reference, policy, best, beta, counts, weights } = view;
  const { lines, columns, left } = layout;
  const { top, high, middle } = layout.rows[i];
  const { bars } = columns;
  const [plain, right] = [{ size: 13, fill: colours.ink }, { align: "right" }];
  const words = lines === 2 ? top + 9 : middle;
  const strong = policy[i] === Math.max(...policy) ? 650 : 400;
  pen.line([[0, top], [left, top]], { stroke: colours.hair });
  pen.text(shorten(answers[i], 13, columns.text), 0, words, { ...plain, weight: strong });
  const digits = Number.isInteger(10 * rewards[i]) ? 1 : 2;
  pen.text(signed(rewards[i], digits), columns.number, middle, { ...plain, ...right });
  const across = (share) => share * (bars.right - bars.left);
  const [above, below] = [middle - 12, middle - 1];
  pen.rect(bars.left, above, across(reference[i]), 8, { stroke: colours.muted, width: 1.2 });
  pen.rect(bars.left, below, across(policy[i]), 12, { fill: colours.positive });
  pen.line([[bars.left, above - 2], [bars.left, below + 14]], { stroke: colours.edge });
  if (beta > 0) {
    const at = bars.left + across(best[i]);
    pen.line([[at, above - 2], [at, below + 14]], { stroke: colours.gold, width: 3 });
  }
  pen.text(percent(reference[i]), bars.right + 50, above + 4, { size: 11, fill: colours.muted, ...right });
  pen.text(percent(policy[i]), bars.right + 50, below + 6, { size: 12, weight: 600, fill: colours.ink, ...right });
  const weight = weights[i];
  const text = weight === null ? "–" : withSign(weight);
  const ink = { "+": colours.positive, "−": colours.negative }[text[0]] ?? colours.muted;
  pen.text(text, left, words, { size: 12, weight: 600, fill: ink, ...right });
  const times = counts?.[i] ? `${counts[i]} ×` : "–";
  if (counts) pen.text(times, left - 64, words, { size: 12, fill: colours.ink, ...right });
  if (i === answers.length - 1) pen.line([[0, top + high], [left, top + high]], { stroke: colours.hair });
}

// One curve by step: the values so far, what it is now, and a dashed line where the best policy has it.
function drawCurve(pen, box, { title, values, now, best, low, high, colours }) {
  const [left, right, top, bottom] = [box.x + 36, box.x + box.width - 5, box.y + 28, box.y + box.height - 18];
  const small = { size: 11, fill: colours.muted };
  const span = Math.max(20, values.length - 1);
  const across = (n) => left + ((right - left) * n) / span;
  const down = (value) => bottom - ((bottom - top) * (value - low)) / (high - low);
  pen.text(shorten(title, 12, box.width - 52), box.x, box.y + 9, { size: 12, weight: 600, fill: colours.ink });
  pen.text(signed(now, 3), right + 5, box.y + 9, { size: 12, fill: colours.ink, align: "right" });
  for (const value of [low, high]) {
    pen.line([[left, down(value)], [right, down(value)]], { stroke: colours.hair });
    pen.text(signed(value, Math.abs(value) < 10 ? 1 : 0), left - 8, down(value), { ...small, align: "right" });
  }
  if (low < 0 && high > 0) pen.line([[left, down(0)], [right, down(0)]], { stroke: colours.edge, dash: [1, 3] });
  pen.text("0", left, bottom + 11, { ...small, align: "center" });
  pen.text(`step ${span}`, right, bottom + 11, { ...small, align: "right" });
  if (best !== null) {
    pen.line([[left, down(best)], [right, down(best)]], { stroke: colours.gold, width: 2, dash: [6, 4] });
  }
  const last = Math.max(values.length - 1, 0);
  const points = [...values.map((value, n) => [across(n), down(value)]), [across(last), down(now)]];
  if (values.length) pen.line(points, { stroke: colours.positive, width: 2 });
  const [x, y] = points.at(-1);
  pen.rect(x - 4, y - 4, 8, 8, { fill: colours.positive, stroke: colours.ink, width: 1.5 });
}

function drawCurves(pen, { curves }, view) {
  const { colours, _history: history, now, rewards, beta, best, bestKl } = view;
  const [gains, far] = [0, 1].map((i) => history.map((row) => row[i]));
  const ends = [0, ...rewards, ...gains];
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const title = curves[0].width < 160 ? "Reward" : "Expected reward";
  const reward = { title, values: gains, now: now.reward, best: dot(best, rewards), colours };
  drawCurve(pen, curves[0], { ...reward, low, high: high > low ? high : low + 1 });
  const most = Math.max(0.1, now.kl, ...far, beta > 0 ? bestKl : 0);
  const kl = { title: "KL, nats", values: far, now: now.kl, best: beta > 0 ? bestKl : null, colours };
  drawCurve(pen, curves[1], { ...kl, low: 0, high: Math.ceil(most * 10 - 1e-9) / 10 });
}

function drawAll(pen, layout, view) {
  drawHead(pen, layout, view);
  view.answers.forEach((_, i) => drawAnswer(pen, i, layout, view));
  drawCurves(pen, layout, view);
}

// A pen that draws lower on the page, which leaves room for a line above.
function lowered(pen, by) {
  return {
    ...pen,
    rect: (x, y, ...rest) => pen.rect(x, y + by, ...rest),
    line: (points, style) => pen.line(points.map(([x, y]) => [x, y + by]), style),
    text: (text, x, y, style) => pen.text(text, x, y + by, style),
  };
}

// --- words and numbers ---

const quoted = (text) => dom("span", {}, "“", isolate(shorten(text, 14, 170)), "”");

function bestsOf({ answers, rewards }) {
  const most = Math.max(...rewards);
  return answers.map((_, i) => i).filter((i) => rewards[i] === most);
}

function objectiveOf(view, bold) {
  const { beta, now, rewards, answers, bests, bestObjective } = view;
  if (beta > 0) {
    const most = bold("most", signed(bestObjective, 3));
    return ["Reward − β KL: ", bold("objective", signed(now.objective, 3)), ", at best ", most, "."];
  }
  if (bests.length === answers.length) return ["All rewards are the same and β is 0: no policy is better."];
  const ways = ["With β = 0 the best policy gives all to ", quoted(answers[bests[0]]), ": "];
  const many = [`With β = 0 the best policies keep to the ${bests.length} best rewarded: `];
  return [...(bests.length > 1 ? many : ways), "expected reward ", bold("most", signed(rewards[bests[0]], 3)), "."];
}

function outcomeOf(view, bold) {
  const { steps, update, still, beta, answers, bests, policy, group, _drawn: drawn } = view;
  if (steps >= MOST) return [`${MOST} steps are the most. Run begins anew.`];
  if (update === "every answer") {
    if (still) return ["It stands still: no answer is pushed any more."];
    const back = beta > 0 ? ", and pulled back to the reference" : "";
    return [`Each answer is pushed by its probability times its advantage${back}.`];
  }
  const idle = drawn.length > 0 && drawn.every(([, , weight]) => weight === 0);
  const nothing = idle ? "The last group taught nothing" : "";
  if (bests.length === answers.length) {
    return [idle ? `${nothing}: equal rewards.` : "Whatever is drawn earns the same."];
  }
  const share = bold("chance", percent(1 - (1 - sum(bests.map((i) => policy[i]))) ** group));
  const whom = bests.length > 1 ? ["one of the ", String(bests.length), " best rewarded"] : [quoted(answers[bests[0]])];
  return [idle ? `${nothing}. ` : "", `A group of ${group} has `, ...whom, " in it with probability ", share, "."];
}

function summary(view) {
  const bold = (role, text) => dom("b", { "data-role": role }, text);
  const { now, steps } = view;
  const line = (role, parts) => dom("span", { "data-role": role }, ...parts);
  const first = ["Step ", bold("step", String(steps)), ": expected reward ", bold("reward", signed(now.reward, 3))];
  const second = [", KL ", bold("kl", signed(now.kl, 3)), " nats, entropy "];
  const third = [bold("entropy", signed(now.entropy, 3)), " nats."];
  const said = line("said", [...first, ...second, ...third]);
  return [said, line("best", objectiveOf(view, bold)), line("outcome", outcomeOf(view, bold))];
}

function tablesOf(view) {
  const { answers, rewards, reference, policy, best, counts, weights, steps, _drawn: drawn, _history: history } = view;
  const six = (number) => signed(number, 6);
  const rows = answers.map((answer, i) => {
    const shares = [reference, policy, best].map((each) => six(each[i]));
    const own = counts ? [String(counts[i])] : [];
    return [isolate(answer), ...shares, signed(rewards[i], 2), ...own, weights[i] === null ? "" : six(weights[i])];
  });
  const heads = ["reference", "policy", "best policy", "reward", ...(counts ? ["drawn"] : []), "advantage"];
  const all = [table(`The answers after ${steps} steps`, "answer", heads, rows)];
  if (drawn.length) {
    const group = drawn.map(([i, reward, weight], n) => {
      return [String(n + 1), isolate(answers[i]), signed(reward, 2), six(weight)];
    });
    all.push(table("The last group, as it was drawn", "draw", ["answer", "reward", "advantage"], group));
  }
  if (history.length) {
    const lines = history.map((row, n) => [`step ${n}`, ...row.map(six)]);
    all.push(table("Step by step", "step", ["expected reward", "KL, nats"], lines));
  }
  return dom("div", {}, ...all);
}

// --- the widget ---

const SETTINGS = ["rewards", "update", "advantage", "group", "learning_rate", "beta", "seed", "title"];
const STATE = ["logits", "steps", "_drawn", "_history"];
const TRAITS = [...SETTINGS, ...STATE, "_prompt", "_answers", "_reference", "_note"];
const JUMP = 100; // steps that Run takes at once where motion is unwelcome
const TICK = 50; // ms
const SAVE = 10; // steps between two messages to a kernel while it runs

const rateOf = (power) => Number((10 ** power).toPrecision(2));
const UPDATES = [["every answer", "every answer"], ["a group", "a group"]];
const ADVANTAGES = [["reward", "r"], ["less the mean", "r − mean"], ["scaled", "(r − mean) / std"]];

const start = (reference) => ({ logits: reference.map(Math.log), steps: 0, _drawn: [], _history: [] });

function readView(model) {
  const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const set = { ...traits, answers: traits._answers, reference: traits._reference };
  const { policy } = policyOf(set);
  const [best, now, bests] = [optimumOf(set), measuresOf(set), bestsOf(set)];
  const bestKl = sum(best.map((each, i) => (each ? each * Math.log(each / set.reference[i]) : 0)));
  const bestObjective = dot(best, set.rewards) - set.beta * bestKl;
  const more = { policy, best, now, bests, bestKl, bestObjective, still: stands(set) };
  if (set.update === "every answer") {
    return { ...set, ...more, counts: null, weights: set.rewards.map((each) => each - now.reward) };
  }
  const counts = set.answers.map((_, i) => set._drawn.filter(([each]) => each === i).length);
  const weights = set.answers.map((_, i) => set._drawn.find(([each]) => each === i)?.[2] ?? null);
  return { ...set, ...more, counts, weights };
}

// The controls above the answers, and set(view), which makes them true. `restart` begins anew with what it is given.
function controlsOf(model, write, take, restart) {
  const setting = (name, label, [min, max, step], format, of = (value) => value) =>
    slider(label, { min, max, step, format }, (value) => write({ [name]: of(value) }));
  const cases = model.get("_cases");
  const options = cases.map(([name, each]) => [each, name]);
  const update = choice("Update", UPDATES, (each) => write({ update: each }));
  const advantage = choice("Advantage", ADVANTAGES, (each) => write({ advantage: each }));
  const seed = dom("input", { type: "number", min: 0, max: 9999, step: 1, "aria-label": "Seed of the draws" });
  const reading = () => (/^\d{1,4}$/.test(seed.value) ? Number(seed.value) : null);
  seed.addEventListener("input", () => {
    seed.toggleAttribute("aria-invalid", reading() === null);
    if (reading() !== null) restart({ seed: reading() });
  });
  seed.addEventListener("blur", () => {
    seed.removeAttribute("aria-invalid");
    seed.value = model.get("seed");
  });
  const parts = {
    cases: select("Case", options, take),
    ...{ update, advantage },
    group: setting("group", "Group", [2, BIGGEST, 1], String),
    learning_rate: setting("learning_rate", "Rate", [-2, 1, 0.05], (power) => String(rateOf(power)), rateOf),
    beta: setting("beta", "β", [0, 2, 0.05], (value) => value.toFixed(2)),
  };
  const luck = dom("label", { class: "attend-control" }, dom("span", {}, "Seed"), seed);
  const draws = [parts.group.element, luck, named("Advantage", advantage)];
  const drawing = dom("span", { class: "attend-policy-draws" }, ...draws);
  const nothing = "The exact gradient: no draws, and a baseline changes nothing.";
  const exact = dom("span", { class: "attend-policy-exact" }, nothing);
  const key = ({ prompt, answers, reference }) => JSON.stringify([prompt, answers, reference]);
  const set = (view) => {
    const found = cases.find(([, each]) => key(each) === key({ ...view, prompt: view._prompt }));
    parts.cases.set(found?.[1]);
    update.set(view.update);
    advantage.set(view.advantage);
    parts.group.set(view.group);
    parts.learning_rate.set(Math.log10(view.learning_rate));
    parts.beta.set(view.beta);
    if (reading() !== view.seed && document.activeElement !== seed) seed.value = view.seed;
    drawing.hidden = view.update === "every answer";
    exact.hidden = !drawing.hidden;
  };
  const first = [named("Update", update), parts.learning_rate.element, parts.beta.element];
  return { cases: parts.cases.element, first, second: [drawing, exact], set };
}

function hintOf() {
  const key = (name) => dom("kbd", {}, name);
  const parts = [key("← →"), " on a reward change it · ", key("s"), " step · ", key("r"), " run or pause · "];
  return dom("p", { class: "attend-hint" }, ...parts, key("z"), " start over · ", key("t"), " numbers");
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Policy", "A policy moved by rewards");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const prompt = dom("bdi", { class: "attend-policy-prompt" });
  const note = dom("bdi", { class: "attend-aside" });
  const asked = dom("div", { class: "attend-policy-asked" }, prompt, " ", note);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas", { role: "img" });
  const stage = dom("div", { class: "attend-policy", "data-role": "stage" }, canvas);
  let [width, view, layout, timer, tabling, sliders, made] = [0, null, null, 0, 0, [], null];

  // --- what changes ---

  const put = (set) => STATE.forEach((name) => model.set(name, set[name]));
  const ended = () => model.get("steps") >= MOST || stands(readView(model));
  function forward(steps) {
    let set = readView(model);
    for (let i = 0; i < steps && set.steps < MOST && !(i && stands(set)); i++) set = advanced(set);
    put(set);
  }
  function step() {
    forward(1);
    write({});
  }
  function halt() {
    clearInterval(timer);
    timer = 0;
    runner.textContent = "Run";
    readout.setAttribute("aria-live", "polite");
    write({});
    paint(); // so that where it stands is spoken
  }
  function tick() {
    forward(1);
    if (model.get("steps") % SAVE === 0) write({});
    if (ended()) halt();
  }
  const restart = (more = {}) => write({ ...more, ...start(model.get("_reference")) });
  function run() {
    if (timer) return halt();
    if (model.get("steps") >= MOST) restart();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      forward(JUMP);
      return write({});
    }
    readout.setAttribute("aria-live", "off");
    runner.textContent = "Pause";
    timer = setInterval(tick, TICK);
    return null;
  }
  function reset() {
    halt();
    restart();
  }
  function take({ prompt: _prompt, answers: _answers, reference: _reference, note: _note, rewards }) {
    halt();
    write({ _prompt, _answers, _reference, _note, rewards, ...start(_reference) });
  }
  const controls = controlsOf(model, write, take, restart);
  const runner = button("Run", run, { class: "attend-button attend-policy-run", title: "Run or pause (r)" });

  // --- the rewards' sliders, which lie on the drawing ---

  function reward(i) {
    const [range, title] = [{ type: "range", min: -2, max: 2, step: 0.1 }, view.answers[i]];
    const input = dom("input", { ...range, title, "aria-label": `Reward of ${title}` });
    input.addEventListener("input", () => {
      const value = Math.round(Number(input.value) * 10) / 10 + 0; // + 0: no −0
      write({ rewards: model.get("rewards").map((each, n) => (n === i ? value : each)) });
    });
    return input;
  }
  function placeSliders() {
    const now = view.answers.join("\n");
    if (made !== now) {
      sliders.forEach((each) => each.remove());
      sliders = view.answers.map((_, i) => reward(i));
      stage.append(...sliders);
      made = now;
    }
    sliders.forEach((input, i) => {
      const { middle, slide } = layout.rows[i];
      const { left, width: wide } = layout.columns.slider;
      const place = { left, top: middle - slide / 2, width: wide, height: slide };
      for (const [side, px] of Object.entries(place)) input.style[side] = `${px}px`;
      input.value = view.rewards[i];
      input.setAttribute("aria-valuetext", signed(view.rewards[i], 2));
    });
  }

  function paintNow() {
    if (!width) return;
    const next = readView(model);
    if ([next.logits, next.rewards].some(({ length }) => length !== next.answers.length)) return; // half a change
    view = { ...next, colours: palette(root, ["edge"]) };
    layout = layoutOf(width, view, matchMedia("(pointer: coarse)").matches);
    controls.set(view);
    caption.textContent = view.title;
    caption.hidden = !view.title;
    prompt.textContent = view._prompt;
    note.textContent = view._note;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    placeSliders();
    const label = `Reference and policy of ${view.answers.length} answers as bars, two curves by step; numbers: t`;
    if (canvas.getAttribute("aria-label") !== label) canvas.setAttribute("aria-label", label);
    readout.replaceChildren(...summary(view));
    clearTimeout(tabling);
    tabling = setTimeout(shelf.refresh, 150); // up to 500 rows: once a drag or a run pauses
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height + 28, background: view.colours.paper },
    draw: (pen) => {
      pen.text(shorten(view._prompt, 14, layout.width), 0, 10, { size: 14, weight: 600, fill: view.colours.ink });
      drawAll(lowered(pen, 28), layout, view);
    },
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("policy", picture, (text) => readout.replaceChildren(text));
  keys(root, { s: step, r: run, z: reset, t: () => shelf.turn() });

  const stepper = button("Step", step, { title: "One step (s)" });
  const back = button("Start over", reset, { title: "The policy is the reference again (z)" });
  const drive = dom("span", { class: "attend-policy-drive" }, runner, stepper, back);
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const bar = (...parts) => dom("div", { class: "attend-bar" }, ...parts);
  root.append(caption, bar(controls.cases, drive, end), bar(...controls.first), bar(...controls.second));
  root.append(asked, readout, stage, hintOf(), shelf.region);
  const onWidth = (each) => (width = each);
  const stops = [write.flush, () => clearInterval(timer), () => clearTimeout(tabling)];
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops });
}

export default { render };
