// What does the state remember? Runs the network of Unrolled in the page and writes back what the reader selects.
import {
  button,
  bytesOf,
  canvasPen,
  copyButtons,
  css,
  diverging,
  dom,
  drawLabel,
  figure,
  fitCanvas,
  isBright,
  isDark,
  isolate,
  keys,
  labelStyle,
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  select,
  sequential,
  shorten,
  table,
  toggle,
  widest,
  writer,
} from "./common.js";

// --- the networks, as in unrolled.py ---

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const QUANTITIES = {
  RNN: ["hidden"],
  LSTM: ["hidden", "cell", "forget", "input", "output", "candidate"],
  GRU: ["hidden", "reset", "update", "candidate"],
};
const GATES = ["forget", "input", "output", "reset", "update"];
const NAMES = {
  hidden: "hidden state h",
  cell: "cell state c",
  forget: "forget gate f",
  input: "input gate i",
  output: "output gate o",
  candidate: "candidate",
  reset: "reset gate r",
  update: "update gate z",
};

// W x + b for a matrix that lies row after row.
function linear(W, x, b) {
  return Array.from(b, (start, row) => {
    let [sum, at] = [0, row * x.length];
    for (let i = 0; i < x.length; i++) sum += W[at + i] * x[i];
    return sum + start;
  });
}

// The weights of the model, and `step`: what a cell makes of a word and the state before, { hidden, … }.
function readNetwork(model) {
  const [V, I, D] = model.get("_sizes");
  const [kind, bend] = model.get("_kind").split(" ");
  const G = { RNN: 1, GRU: 3, LSTM: 4 }[kind] * D;
  const labels = model.get("_labels");
  const all = new Float32Array(bytesOf(model.get("_weights")).slice().buffer);
  let used = 0;
  const take = (count) => all.subarray(used, (used += count));
  const [embed, W_ih, W_hh, b_ih, b_hh] = [V * I, G * I, G * D, G, G].map(take);
  const [W, b] = [labels.length * D, labels.length].map(take);
  const words = model.get("_words");
  const places = new Map(words.map((word, number) => [word, number]));
  const zeros = { hidden: new Array(D).fill(0), cell: new Array(D).fill(0) };

  function step(word, before) {
    const at = (places.get(word) ?? 0) * I;
    const own = linear(W_ih, embed.subarray(at, at + I), b_ih);
    const past = linear(W_hh, before.hidden, b_hh);
    const sums = (part) => own.slice(part * D, (part + 1) * D).map((value, d) => value + past[part * D + d]);
    if (kind === "RNN") return { hidden: sums(0).map(bend ? (x) => Math.max(x, 0) : Math.tanh) };
    if (kind === "GRU") {
      const [reset, update] = [sums(0).map(sigmoid), sums(1).map(sigmoid)];
      const candidate = reset.map((r, d) => Math.tanh(own[2 * D + d] + r * past[2 * D + d]));
      const hidden = candidate.map((n, d) => (1 - update[d]) * n + update[d] * before.hidden[d]);
      return { hidden, reset, update, candidate };
    }
    const [input, forget, output] = [0, 1, 3].map((part) => sums(part).map(sigmoid));
    const candidate = sums(2).map(Math.tanh);
    const cell = candidate.map((g, d) => forget[d] * before.cell[d] + input[d] * g);
    return { hidden: cell.map((c, d) => output[d] * Math.tanh(c)), cell, forget, input, output, candidate };
  }

  function probabilities({ hidden }) {
    const scores = linear(W, hidden, b);
    const most = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - most));
    const total = powers.reduce((sum, power) => sum + power, 0);
    return powers.map((power) => power / total);
  }

  // Every step of a sentence. What was run before is kept as far as the words agree.
  function runner() {
    let [kept, steps] = [[], []];
    return (tokens) => {
      let agree = 0;
      while (agree < tokens.length && agree < kept.length && tokens[agree] === kept[agree]) agree++;
      steps = steps.slice(0, agree);
      for (const word of tokens.slice(agree)) steps.push(step(word, steps.at(-1) ?? zeros));
      kept = tokens;
      return steps;
    };
  }
  return { kind, D, labels, words, probabilities, runner };
}

function reachOf(most) {
  return [1, 2, 5, 10, 20, 50, 100].find((end) => most <= end) ?? most;
}

const distance = (a, b) => Math.hypot(...a.map((value, d) => value - b[d]));
const written = (value, digits = 4) => {
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
};

// All numbers that the page shows, from the traits and the two runs.
function compute(traits, network, runs) {
  const { tokens, show } = traits;
  const original = traits.original?.length === tokens.length ? traits.original : tokens;
  const [steps, first] = [runs.now(tokens), runs.original(original)];
  const largest = (list) => Math.max(...list.map((each) => Math.max(...each[show].map(Math.abs))));
  const gate = GATES.includes(show);
  return {
    ...traits,
    ...{ original, steps, first, gate, kind: network.kind, D: network.D, labels: network.labels, T: tokens.length },
    step: clamp(traits.step, 0, tokens.length - 1),
    edited: tokens.some((word, t) => word !== original[t]),
    reach: gate ? 1 : reachOf(Math.max(largest(steps), largest(first))),
    change: steps.map(({ hidden }, t) => distance(hidden, first[t].hidden)),
    shares: network.labels.length ? steps.map(network.probabilities) : [],
  };
}

// --- layout: every panel shares the columns, one a step ---

const LABELS = 92; // pixels above the columns when the words are turned
const GAP = 34; // above a panel, for its heading
const [LINE, BARS] = [84, 58];

function layoutOf(view, width) {
  const { T, D, labels, words } = view;
  const names = labels.map((label) => Math.min(measure(label, 12), 96));
  const left = Math.max(54, ...names.map((name) => name + 10));
  const pitch = clamp((width - left - 6) / T, 19, 104);
  const style = { ...labelStyle(words, pitch), every: 1, stacked: words.some(({ gloss }) => gloss) };
  const flat = widest(words, style, 200) <= pitch - 6;
  const top = flat ? (style.stacked ? 42 : 26) : Math.min(LABELS, widest(words, style, LABELS - 8) + 12);
  const row = D <= 8 ? 18 : D <= 16 ? 13 : 9;
  const panels = {};
  let y = top + 30; // the chain
  const place = (name, height) => {
    y += GAP;
    panels[name] = { y, height };
    y += height;
  };
  place("map", row * D);
  place("line", LINE);
  place("change", BARS);
  if (labels.length) place("shares", 20 * labels.length);
  return { left, pitch, style, flat, top, row, panels, chain: top + 14, width: left + pitch * T + 6, height: y + 10 };
}

// --- drawing ---

const small = (colours) => ({ size: 11, fill: colours.muted });
const heading = (colours) => ({ size: 13, weight: 600, fill: colours.ink });
const columnOf = ({ left, pitch }, t) => left + t * pitch;
const hidden = ({ so_far: soFar, step }, t) => soFar && t > step;

function drawWords(pen, layout, view) {
  const { pitch, style, flat, top } = layout;
  view.words.forEach((word, t) => {
    if (hidden(view, t)) return;
    const strong = t === view.step;
    const look = { style, colours: view.colours, strong, align: flat ? "center" : "left", turn: flat ? 0 : 90 };
    const middle = columnOf(layout, t) + pitch / 2;
    const y = flat ? top - (style.stacked ? 22 : 12) : top - 6;
    drawLabel(pen, word, middle, y, { ...look, room: flat ? pitch - 4 : LABELS - 8 });
    if (view.tokens[t] !== view.original[t]) {
      const half = Math.min(pitch / 2 - 3, 22);
      pen.line([[middle - half, top - 1], [middle + half, top - 1]], { stroke: view.colours.gold, width: 3 });
    }
  });
}

// The network once for every word: the same box each time, and what it hands on.
function drawChain(pen, layout, view) {
  const { pitch, chain } = layout;
  const { colours, T, step, kind } = view;
  const half = Math.min(pitch / 2 - 5, 20);
  for (let t = 0; t < T; t++) {
    if (hidden(view, t)) continue;
    const middle = columnOf(layout, t) + pitch / 2;
    if (t) pen.line([[middle - pitch + half, chain], [middle - half, chain]], { stroke: colours.muted, width: 1.5 });
    if (t && half > 7) {
      const tip = middle - half;
      pen.line([[tip - 4, chain - 3.5], [tip, chain], [tip - 4, chain + 3.5]], { stroke: colours.muted, width: 1.5 });
    }
    const now = t === step;
    const look = { fill: now ? colours.accent : colours.paper, stroke: now ? colours.accent : colours.edge, width: 1.5 };
    pen.rect(middle - half, chain - 10, 2 * half, 20, look);
    if (half < 16) continue;
    const text = { size: 10.5, weight: 600, align: "center", fill: now ? colours.paper : colours.muted };
    pen.text(kind, middle, chain, text);
  }
}

function drawScale(pen, layout, view, y) {
  const { colours, gate, reach } = view;
  const [length, right] = [72, layout.width - 6];
  const ramp = gate ? colours.sequential : colours.diverging;
  const start = right - length - 26;
  for (let i = 0; i < 24; i++) {
    pen.rect(start + (i * length) / 24, y - 4, length / 24 + 0.5, 8, { fill: css(ramp[Math.round((i / 23) * 255)]) });
  }
  pen.text(gate ? "0" : `−${reach}`, start - 5, y, { ...small(colours), align: "right" });
  pen.text(String(gate ? 1 : reach), start + length + 5, y, small(colours));
}

// A colour for every step and row. On the page it is one picture, a pixel each, drawn large: many cells cost no more.
function drawCells(pen, layout, view, { y, row, count, paint }) {
  const { left, pitch } = layout;
  const seen = view.so_far ? view.step + 1 : view.T;
  if (pen.vector) {
    for (let t = 0; t < seen; t++) {
      for (let d = 0; d < count; d++) {
        pen.rect(columnOf(layout, t), y + d * row, pitch, row, { fill: css(paint(t, d)) });
      }
    }
  } else {
    const small = dom("canvas", { width: seen, height: count });
    const pixels = new ImageData(seen, count);
    for (let t = 0; t < seen; t++) {
      for (let d = 0; d < count; d++) pixels.data.set([...paint(t, d), 255], 4 * (d * seen + t));
    }
    small.getContext("2d").putImageData(pixels, 0, 0);
    pen.image(small, left, y, seen * pitch, count * row);
  }
  for (let t = 1; t <= seen; t++) {
    const x = columnOf(layout, t) - 0.5;
    pen.line([[x, y], [x, y + count * row]], { stroke: view.colours.paper });
  }
}

function drawMap(pen, layout, view) {
  const { row, pitch, left, panels, width } = layout;
  const { colours, steps, show, gate, reach, D, unit, step, T } = view;
  const { y, height } = panels.map;
  const ramp = gate ? colours.sequential : colours.diverging;
  const title = width > 420 ? `${NAMES[show]}, ${D} units` : NAMES[show];
  pen.text(title, 2, y - 17, heading(colours));
  drawScale(pen, layout, view, y - 17);
  const paint = (t, d) => ramp[Math.round(clamp(gate ? steps[t][show][d] : (steps[t][show][d] / reach + 1) / 2, 0, 1) * 255)];
  drawCells(pen, layout, view, { y, row, count: D, paint });
  pen.rect(left, y, T * pitch - 1, height, { stroke: colours.hair });
  const every = row < 14 ? 4 : 2;
  for (let d = 0; d < D; d += every) {
    if (Math.abs(d - unit) < (row < 14 ? 2 : 1)) continue;
    pen.text(String(d), left - 6, y + (d + 0.5) * row, { ...small(colours), align: "right" });
  }
  const chosen = { size: 12, weight: 600, fill: colours.gold, align: "right" };
  pen.text(`unit ${unit}`, left - 6, y + (unit + 0.5) * row, { ...chosen, back: colours.paper });
  pen.rect(left, y + unit * row, T * pitch - 1, row, { stroke: colours.gold, width: 1 });
  const cell = [columnOf(layout, step), y + unit * row, pitch - 1, row];
  pen.rect(...cell, { stroke: colours.paper, width: 5 });
  pen.rect(...cell, { stroke: colours.gold, width: 3 });
}

function drawAxis(pen, layout, panel, view, ticks, down) {
  for (const tick of ticks) {
    pen.line([[layout.left, down(tick)], [layout.width - 6, down(tick)]], { stroke: view.colours.hair });
    pen.text(String(tick).replace("-", "−"), layout.left - 6, down(tick), { ...small(view.colours), align: "right" });
  }
}

function drawNow(pen, layout, view, { y, height }) {
  const x = columnOf(layout, view.step);
  pen.rect(x, y, layout.pitch - 1, height, { fill: view.colours.soft });
}

function drawLine(pen, layout, view) {
  const panel = layout.panels.line;
  const { colours, steps, first, show, unit, gate, reach, step, edited, T } = view;
  const [low, high] = [gate ? 0 : -reach, reach];
  const down = (value) => panel.y + ((high - clamp(value, low, high)) / (high - low)) * panel.height;
  const across = (t) => columnOf(layout, t) + layout.pitch / 2;
  pen.text(`unit ${unit} over time`, 2, panel.y - 17, heading(colours));
  drawNow(pen, layout, view, panel);
  drawAxis(pen, layout, panel, view, gate ? [0, 0.5, 1] : [-reach, 0, reach], down);
  const points = (run, count) => run.slice(0, count).map((each, t) => [across(t), down(each[show][unit])]);
  const seen = view.so_far ? step + 1 : T;
  if (edited) {
    pen.line(points(first, seen), { stroke: colours.negative, width: 2, dash: [5, 4] });
    pen.text("- - the original sentence", layout.width - 6, panel.y - 17, { size: 11, fill: colours.negative, align: "right" });
  }
  pen.line(points(steps, seen), { stroke: colours.positive, width: 2.5 });
  points(steps, seen).forEach(([x, y]) => pen.rect(x - 2.5, y - 2.5, 5, 5, { fill: colours.positive }));
  const [x, y] = points(steps, seen)[step];
  pen.rect(x - 4.5, y - 4.5, 9, 9, { fill: colours.paper, stroke: colours.gold, width: 2.5 });
}

function drawChange(pen, layout, view) {
  const panel = layout.panels.change;
  const { colours, change, edited, step } = view;
  const reach = reachOf(Math.max(...change));
  const down = (value) => panel.y + (1 - value / reach) * panel.height;
  const title = layout.width > 480 ? "change: how far the state is from the original sentence’s" : "change from the original";
  pen.text(title, 2, panel.y - 17, heading(colours));
  drawNow(pen, layout, view, panel);
  drawAxis(pen, layout, panel, view, [0, reach], down);
  if (!edited) {
    const note = { size: 12, fill: colours.muted };
    pen.text("nothing: choose another word above", layout.left + 6, panel.y + panel.height / 2, note);
    return;
  }
  change.forEach((value, t) => {
    if (hidden(view, t)) return;
    const inset = Math.max(2, layout.pitch * 0.2);
    const fill = t === step ? colours.gold : colours.positive;
    const box = [columnOf(layout, t) + inset, down(value), layout.pitch - 2 * inset, panel.y + panel.height - down(value)];
    pen.rect(...box, { fill });
    const size = Math.min(11, (11 * (layout.pitch - 3)) / measure(value.toFixed(2), 11));
    if (size < 9) return;
    const y = Math.max(down(value) - 7, panel.y - 2);
    pen.text(value.toFixed(2), columnOf(layout, t) + layout.pitch / 2, y, { size, fill: colours.ink, align: "center" });
  });
}

function drawShares(pen, layout, view) {
  const panel = layout.panels.shares;
  if (!panel) return;
  const { colours, labels, shares, step } = view;
  const title = layout.width > 330 ? "answer: its probability after each word" : "answer after each word";
  pen.text(title, 2, panel.y - 17, heading(colours));
  const paint = (t, i) => colours.sequential[Math.round(shares[t][i] * 255)];
  drawCells(pen, layout, view, { y: panel.y, row: 20, count: labels.length, paint });
  const fits = Math.min(12, (12 * (layout.pitch - 4)) / measure("0.00", 12));
  labels.forEach((label, i) => {
    const y = panel.y + i * 20;
    const end = [[layout.left, y + 19.5], [columnOf(layout, view.T) - 1, y + 19.5]];
    pen.line(end, { stroke: colours.paper });
    pen.text(shorten(label, 12, 96), layout.left - 6, y + 10, { size: 12, fill: colours.ink, align: "right" });
    if (fits < 8.5) return;
    shares.forEach((row, t) => {
      if (hidden(view, t)) return;
      const look = { size: fits, fill: isBright(paint(t, i)) ? "#000000" : "#ffffff", align: "center" };
      pen.text(row[i].toFixed(2), columnOf(layout, t) + layout.pitch / 2, y + 10, look);
    });
  });
  const x = columnOf(layout, step);
  pen.rect(x, panel.y - 1, layout.pitch - 1, panel.height + 1, { stroke: colours.gold, width: 2 });
}

function drawAll(pen, layout, view) {
  for (const part of [drawWords, drawChain, drawMap, drawLine, drawChange, drawShares]) part(pen, layout, view);
}

// The step, and on the map the unit, that a point of the drawing means.
function placeAt({ left, pitch, row, panels }, { T, D }, x, y) {
  if (x < left || x >= left + T * pitch) return null;
  const step = clamp(Math.floor((x - left) / pitch), 0, T - 1);
  const { y: top, height } = panels.map;
  if (y < top || y >= top + height) return { step };
  return { step, unit: clamp(Math.floor((y - top) / row), 0, D - 1) };
}

function moved({ step, unit, T, D }, { key, ctrlKey, metaKey }) {
  const far = ctrlKey || metaKey;
  const to = {
    ArrowLeft: [step - 1, unit],
    ArrowRight: [step + 1, unit],
    ArrowUp: [step, unit - 1],
    ArrowDown: [step, unit + 1],
    Home: [0, far ? 0 : unit],
    End: [T - 1, far ? D - 1 : unit],
  }[key];
  return to && { step: clamp(to[0], 0, T - 1), unit: clamp(to[1], 0, D - 1) };
}

// --- words and numbers ---

function summary(view) {
  const { step, unit, steps, show, words, edited, original, change, labels, shares } = view;
  const { token, gloss } = words[step];
  const value = dom("b", { "data-role": "value" }, written(steps[step][show][unit]));
  const quoted = (word) => ["“", isolate(shorten(word, 14, 220)), "”"];
  const parts = [`Step ${step}, after `, ...quoted(token), gloss ? ` (${shorten(gloss, 14, 160)})` : ""];
  if (token !== original[step]) parts.push(" instead of ", ...quoted(original[step]));
  parts.push(`: ${NAMES[show]}, unit ${unit} = `, value, ".");
  if (edited) parts.push(" State changed by ", dom("b", { "data-role": "change" }, written(change[step])), ".");
  if (labels.length) {
    const best = shares[step].indexOf(Math.max(...shares[step]));
    const share = dom("b", { "data-role": "share" }, written(shares[step][best]));
    parts.push(" Answer: ", ...quoted(labels[best]), " with ", share, ".");
  }
  return parts;
}

function tableOf({ words, steps, show, D, change, labels, shares }) {
  const named = ({ token, gloss }) => dom("span", { title: token }, isolate(token), gloss ? ` (${gloss})` : "");
  const rows = Array.from({ length: D }, (_, d) => [`unit ${d}`, ...steps.map((each) => written(each[show][d]))]);
  rows.push(["change of h", ...change.map((value) => written(value))]);
  labels.forEach((label, i) => rows.push([isolate(label), ...shares.map((row) => written(row[i]))]));
  return table(`The ${NAMES[show]} after each word`, "", words.map(named), rows);
}

// --- the widget ---

const TRAITS = ["tokens", "original", "show", "step", "unit", "so_far", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Unrolled", "A recurrent network reads a sentence, step by step");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { class: "attend-unrolled-said", "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-unrolled", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-unrolled-scroll" }, stage);
  const network = readNetwork(model);
  const runs = { now: network.runner(), original: network.runner() };
  const gloss = model.get("_gloss");
  let [width, view, layout, said, tabled] = [0, null, null, "", ""];
  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };

  const readTraits = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const replace = (word) => {
    const { tokens, step } = readTraits();
    write({ tokens: tokens.map((old, t) => (t === step ? word : old)) });
  };
  const options = network.words.map((word) => [word, gloss[word] ? `${word} (${gloss[word]})` : word || "(empty)"]);
  const controls = {
    word: select("Word at step 0", options, replace),
    show: select("Show", QUANTITIES[network.kind].map((name) => [name, NAMES[name]]), (show) => write({ show })),
    so_far: toggle("only what is read", (so_far) => write({ so_far })),
  };
  const wordLabel = controls.word.element.firstChild;
  const restore = button("Original words", () => write({ tokens: model.get("original") }));

  function paintNow() {
    if (!width) return;
    const traits = readTraits();
    const colours = palette(root, ["edge", "soft"]);
    Object.assign(colours, { diverging: diverging(isDark()), sequential: sequential(isDark()) });
    view = { ...compute(traits, network, runs), colours };
    view.words = view.tokens.map((token) => ({ token, gloss: gloss[token] ?? "" }));
    layout = layoutOf(view, width);
    wordLabel.textContent = `Word at step ${view.step}`;
    controls.word.set(view.tokens[view.step]);
    controls.show.set(view.show);
    controls.so_far.set(view.so_far);
    restore.disabled = !view.edited;
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const label = `${view.kind}, ${view.T} steps, ${view.D} units. Left and right: step. Up and down: unit.`;
    if (stage.getAttribute("aria-label") !== label) stage.setAttribute("aria-label", label);
    const data = JSON.stringify([view.tokens, view.original, view.show]);
    if (data !== tabled) shelf.refresh();
    tabled = data;
    const news = JSON.stringify([data, view.step, view.unit]);
    if (news !== said) readout.replaceChildren(...summary(view));
    said = news;
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || !view) return;
    const place = moved(view, event);
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    Object.assign(view, place); // the next key may come before the next frame
    write(place);
    const [start, end] = [columnOf(layout, place.step), columnOf(layout, place.step + 1)];
    if (start < scroll.scrollLeft || end > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = start - layout.left;
  });
  const point = (event) => {
    if (!layout || (event.type === "pointermove" && !event.buttons)) return;
    const box = canvas.getBoundingClientRect();
    const place = placeAt(layout, view, event.clientX - box.left, event.clientY - box.top);
    if (place) write(place);
  };
  stage.addEventListener("pointermove", point);
  stage.addEventListener("pointerdown", point);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("unrolled", picture, say);
  const bar = dom(
    "div",
    { class: "attend-bar" },
    ...[controls.word.element, restore, network.kind === "RNN" ? "" : controls.show.element, controls.so_far.element],
    dom("span", { class: "attend-end" }, shelf.button, copy),
  );
  const chooser = controls.word.element.querySelector("select");
  keys(root, { t: () => shelf.turn(), w: () => chooser.focus() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← →"), " step · ", key("↑ ↓"), " unit · ", key("w"), " change the word · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  root.append(caption, bar, readout, scroll, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
