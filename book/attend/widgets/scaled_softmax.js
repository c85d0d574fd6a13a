// Why divide by √d_k? Draws the traits of ScaledSoftmax and writes back what the reader selects.
import {
  bytesOf,
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  keys,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  select,
  slider,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in scaled_softmax.py ---

const WIDTHS = [1, 4, 16, 64, 256, 512];
const sum = (values) => values.reduce((total, value) => total + value, 0);
const mean = (values) => sum(values) / values.length;

// dots[width][query][draw][key]: every query with the keys of every draw, at every width, once for all. The vectors
// travel as whole hundredths, so that the sums are exact.
function readDots(model) {
  const [draws, vectors, length] = model.get("_shape");
  const whole = new Int16Array(bytesOf(model.get("_vectors")).slice().buffer);
  const vector = (draw, i) => whole.subarray((draw * vectors + i) * length).subarray(0, length);
  const each = (count, make) => Array.from({ length: count }, (_, i) => make(i));
  const dot = (width, query, draw, key) => {
    const [a, b] = [vector(query, 0), vector(draw, key + 1)];
    let total = 0;
    for (let i = 0; i < width; i++) total += a[i] * b[i];
    return total / 10000;
  };
  const row = (width, query, draw) => each(vectors - 1, (key) => dot(width, query, draw, key));
  const at = (width) => each(draws, (query) => each(draws, (draw) => row(width, query, draw)));
  return new Map(WIDTHS.map((width) => [width, at(width)]));
}

// The scores of every pair of a query and a draw of keys: [draws * draws][n_keys].
function scoresOf(dots, width, scaled) {
  const divisor = scaled ? Math.sqrt(width) : 1;
  return dots.get(width).flat().map((row) => row.map((value) => value / divisor));
}

function softmax(scores) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

const effectiveKeys = (weights) => Math.exp(-sum(weights.map((p) => (p > 0 ? p * Math.log(p) : 0))));

// Frobenius norm of diag(p) − p pᵀ, term by term.
function gradientNorm(weights) {
  let total = 0;
  weights.forEach((p, i) => weights.forEach((q, j) => (total += ((i === j ? p : 0) - p * q) ** 2)));
  return Math.sqrt(total);
}

function variance(values) {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

const MEASURES = [
  { name: "Largest weight", of: (weights) => Math.max(...weights), high: () => 1, ticks: [0, 0.5, 1] },
  { name: "Effective keys", of: effectiveKeys, high: (n) => n, ticks: [1, 3, 6] },
  { name: "Gradient let through", of: gradientNorm, high: () => 0.5, ticks: [0, 0.25, 0.5] },
];

// Each measure at each width, averaged over all pairs, with and without √d_k: the curves.
function curvesOf(dots, temperature) {
  const along = (scaled) =>
    WIDTHS.map((width) => {
      const weights = scoresOf(dots, width, scaled).map((scores) => softmax(scores.map((score) => score / temperature)));
      return MEASURES.map(({ of }) => mean(weights.map(of)));
    });
  const [scaled, unscaled] = [along(true), along(false)];
  const curve = (measured, i) => measured.map((all) => all[i]);
  return MEASURES.map((_, i) => ({ scaled: curve(scaled, i), unscaled: curve(unscaled, i) }));
}

// The variance of the scores, which no temperature changes.
function spreadOf(dots) {
  const along = (scaled) => WIDTHS.map((width) => variance(scoresOf(dots, width, scaled).flat()));
  return { scaled: along(true), unscaled: along(false) };
}

// --- drawing ---

const ROW = 26;
const small = (colours) => ({ size: 11, fill: colours.muted });
const heading = (colours) => ({ size: 13, weight: 600, fill: colours.ink });

// One bar a key, from `zero`; its number stands at the far right, where it never meets a bar.
function drawBars(pen, { x, y, width }, { title, values, low, high, digits, colours }) {
  const [start, end] = [x + 44, x + width - 56];
  const place = (value) => start + ((value - low) / (high - low)) * (end - start);
  const bottom = y + 30 + values.length * ROW;
  pen.text(title, x, y + 10, heading(colours));
  for (const tick of [low, (low + high) / 2, high]) {
    pen.line([[place(tick), y + 26], [place(tick), bottom]], { stroke: colours.hair });
    pen.text(String(tick).replace("-", "−"), place(tick), bottom + 10, { ...small(colours), align: "center" });
  }
  values.forEach((value, i) => {
    const top = y + 30 + i * ROW;
    const [from, to] = [place(Math.min(value, 0)), place(Math.max(value, 0))];
    pen.text(`key ${i}`, x, top + ROW / 2 - 2, { size: 12, fill: colours.muted });
    pen.rect(from, top, Math.max(to - from, 1), ROW - 7, { fill: value < 0 ? colours.negative : colours.positive });
    const number = value.toFixed(digits).replace("-", "−");
    pen.text(number, x + width, top + ROW / 2 - 2, { size: 12.5, fill: colours.ink, align: "right" });
  });
}

const PLOT = 190;

// A measure against d_k: the mean of all draws as two curves, this draw as a small square.
function drawPlot(pen, { x, y, width }, plot, { colours, at, scaled }) {
  const [left, right, top, bottom] = [x + 30, x + width - 12, y + 52, y + PLOT - 26];
  const across = (i) => left + (i / (WIDTHS.length - 1)) * (right - left);
  const down = (value) => bottom - plot.scale(value) * (bottom - top);
  pen.text(plot.name, x, y + 10, { ...heading(colours), size: width < 140 ? 11 : 13 });
  pen.text(plot.number, x, y + 32, { size: 18, weight: 600, fill: scaled ? colours.positive : colours.negative });
  for (const tick of plot.ticks) {
    pen.line([[left, down(tick)], [right, down(tick)]], { stroke: colours.hair });
    pen.text(String(tick), left - 6, down(tick), { ...small(colours), align: "right" });
  }
  const every = width < 170 ? 2 : 1;
  WIDTHS.forEach((each, i) => {
    if (i % every === 0) pen.text(String(each), across(i), bottom + 13, { ...small(colours), size: 10, align: "center" });
  });
  pen.line([[across(at), top], [across(at), bottom]], { stroke: colours.muted, dash: [2, 3] });
  const curve = (values, style) => pen.line(values.map((value, i) => [across(i), down(value)]), style);
  curve(plot.curve.unscaled, { stroke: colours.negative, width: scaled ? 1.5 : 3, dash: [6, 4] });
  curve(plot.curve.scaled, { stroke: colours.positive, width: scaled ? 3 : 1.5 });
  const [cx, cy] = [across(at), down(plot.value)];
  pen.rect(cx - 4.5, cy - 4.5, 9, 9, { fill: colours.paper, stroke: colours.ink, width: 2 });
}

// What the curves and the square are, set in as many lines as they need.
function drawKey(pen, { x, y, width }, colours) {
  const label = { size: 12, fill: colours.ink };
  const narrow = width < 310 ? [0, 40] : [80, 20];
  const place = width > 600 ? [[0, 0], [150, 0], [280, 0], [360, 0]] : [[0, 0], [150, 0], [0, 20], narrow];
  const [solid, dashed, square, note] = place.map(([dx, dy]) => [x + dx, y + dy]);
  const stroke = ([left, top], style) => pen.line([[left, top], [left + 28, top]], { width: 3, ...style });
  stroke(solid, { stroke: colours.positive });
  pen.text("divided by √d_k", solid[0] + 34, solid[1], label);
  stroke(dashed, { stroke: colours.negative, dash: [6, 4] });
  pen.text("not divided", dashed[0] + 34, dashed[1], label);
  pen.rect(square[0], square[1] - 4.5, 9, 9, { fill: colours.paper, stroke: colours.ink, width: 2 });
  pen.text("this draw", square[0] + 16, square[1], label);
  pen.text("curves: mean of all draws, by d_k", note[0] + 16, note[1], { ...label, fill: colours.muted });
}

// The whole figure at a given width: bars side by side and plots in a row where there is room.
function layoutOf(width, count) {
  const [wide, gap] = [width >= 560, 28];
  const barWidth = wide ? (width - gap) / 2 : width;
  const barHeight = 30 + count * ROW + 26;
  const second = wide ? { x: barWidth + gap, y: 4 } : { x: 0, y: 4 + barHeight + 12 };
  const keyY = second.y + barHeight + 22;
  const across = width >= 720 ? 4 : 2;
  const plotWidth = (width - (across - 1) * 20) / across;
  const plotsY = keyY + (width > 600 ? 24 : width < 310 ? 64 : 44);
  const plots = Array.from({ length: 4 }, (_, i) => ({
    ...{ x: (i % across) * (plotWidth + 20), y: plotsY + Math.floor(i / across) * (PLOT + 14), width: plotWidth },
  }));
  const bars = [{ x: 0, y: 4, width: barWidth }, { ...second, width: barWidth }];
  return { bars, keyY, plots, width, height: plots[3].y + PLOT };
}

// A round end for the axis, so that growing scores are seen to grow.
function reachOf(scores) {
  const most = Math.max(...scores.map(Math.abs));
  return [3, 10, 30, 100, 300].find((reach) => most <= reach) ?? 1000;
}

function drawAll(pen, layout, view) {
  const { scores, weights, colours, scaled, d_k: width, temperature } = view;
  const reach = reachOf(scores);
  const title = scaled ? `Scores q·k / √${width}` : "Scores q·k";
  drawBars(pen, layout.bars[0], { title, values: scores, low: -reach, high: reach, digits: 2, colours });
  const weightsTitle = temperature === 1 ? "softmax(scores)" : `softmax(scores / ${temperature.toFixed(2)})`;
  drawBars(pen, layout.bars[1], { title: weightsTitle, values: weights, low: 0, high: 1, digits: 4, colours });
  drawKey(pen, { x: 0, y: layout.keyY, width: layout.width }, colours);
  const place = { colours, scaled, at: WIDTHS.indexOf(width) };
  plotsOf(view).forEach((plot, i) => drawPlot(pen, layout.plots[i], plot, place));
}

function plotsOf({ weights, curves, spread }) {
  const n = weights.length;
  const plots = MEASURES.map(({ name, of, high, ticks }, i) => {
    const top = high(n);
    const low = name === "Effective keys" ? 1 : 0;
    const value = of(weights);
    const marks = low ? [1, (1 + n) / 2, n] : ticks;
    const scale = (each) => (each - low) / (top - low);
    return { name, value, number: value.toFixed(4), ticks: marks, curve: curves[i], scale };
  });
  const logarithm = (value) => (Math.log2(Math.max(value, 0.25)) + 2) / 12; // 1/4 to 1024
  const last = { value: spread, number: spread.toFixed(2), ticks: [1, 16, 256], scale: logarithm };
  return [...plots, { name: "Variance of scores", curve: curves[3], ...last }];
}

// --- the widget ---

const TRAITS = ["d_k", "temperature", "scaled", "draw"];

function tableOf({ scores, weights, d_k: width, scaled, temperature, draw }) {
  const how = [
    `d_k = ${width}`,
    `${scaled ? "divided" : "not divided"} by √d_k`,
    `temperature ${temperature.toFixed(2)}`,
    `draw ${draw}`,
  ].join(", ");
  const rows = scores.map((score, i) => [`key ${i}`, score.toFixed(4), weights[i].toFixed(4)]);
  return table(how, "", ["score", "weight"], rows);
}

function summary(view) {
  const [largest, effective, gradient] = plotsOf(view).map(({ number }) => dom("b", {}, number));
  return [
    ...["The largest weight is ", largest, ", as if ", effective, " keys shared the attention; "],
    ...["softmax lets a gradient of norm ", gradient, " through."],
  ];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("ScaledSoftmax", "Why scores are divided by the square root of d_k");
  const canvas = dom("canvas", { role: "img" });
  const stage = dom("div", { class: "attend-softmax", "data-role": "stage" }, canvas);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const dots = readDots(model);
  const draws = dots.get(1).length;
  const spread = spreadOf(dots);
  let [width, view, layout, curves] = [0, null, null, { temperature: null }];

  const controls = {
    d_k: choice("d_k", WIDTHS.map((each) => [each, String(each)]), (each) => write({ d_k: each })),
    scaled: toggle("divide by √d_k", (scaled) => write({ scaled })),
    temperature: slider(
      "Temperature",
      { min: -1, max: 1, step: 0.02, format: (power) => (10 ** power).toFixed(2) },
      (power) => write({ temperature: Number((10 ** power).toFixed(3)) }),
    ),
    draw: select("Draw", Array.from({ length: draws }, (_, i) => [i, String(i)]), (draw) => write({ draw })),
  };

  function readView() {
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const draw = Math.min(Math.max(traits.draw, 0), draws - 1);
    const { temperature } = traits;
    if (curves.temperature !== temperature) curves = { temperature, each: [...curvesOf(dots, temperature), spread] };
    const pairs = scoresOf(dots, traits.d_k, traits.scaled);
    const scores = pairs[draw * draws + draw];
    return {
      ...{ ...traits, draw, scores, curves: curves.each, colours: palette(root) },
      weights: softmax(scores.map((score) => score / traits.temperature)),
      spread: variance(pairs.flat()),
    };
  }

  function paintNow() {
    if (!width) return;
    view = readView();
    layout = layoutOf(width, view.scores.length);
    const shown = { ...view, temperature: Math.log10(view.temperature) };
    for (const [name, control] of Object.entries(controls)) control.set(shown[name]);
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    readout.replaceChildren(...summary(view));
    canvas.setAttribute("aria-label", readout.textContent);
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("scaled-softmax", picture, (text) => readout.replaceChildren(text));
  const widths = named("d_k", controls.d_k);
  const rest = [controls.scaled, controls.temperature, controls.draw].map(({ element }) => element);
  const bar = dom("div", { class: "attend-bar" }, widths, ...rest, dom("span", { class: "attend-end" }, shelf.button, copy));
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("Tab"), " next control · ", key("← →"), " change it · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  root.append(bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
