// What is a query? Draws the traits of SoftDictionary and writes back what the reader changes.
import {
  canvasPen,
  choice,
  copyButtons,
  css,
  dom,
  figure,
  fitCanvas,
  followQuery,
  isDark,
  isolate,
  keys,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  planeOf,
  sequential,
  shorten,
  slider,
  table,
  writer,
} from "./common.js";

// --- the computation, as in soft_dictionary.py ---

const REACH = 3;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const toHundredths = (number) => Math.round(number * 100);

// Scores from whole hundredths, so that Python finds the same ones. `q`, `k`: pairs of them.
const SCORE = {
  dot: (q, k) => (q[0] * k[0] + q[1] * k[1]) / 10000 + 0,
  distance: (q, k) => -((q[0] - k[0]) ** 2 + (q[1] - k[1]) ** 2) / 20000 + 0,
};

function weigh(scores, temperature) {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp((score - most) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

const average = (weights, values) => weights.reduce((sum, weight, i) => sum + weight * values[i], 0);

function answerOf({ places, values, query, temperature, score }) {
  const q = query.map(toHundredths);
  const scores = places.map((place) => SCORE[score](q, place.map(toHundredths)));
  const weights = weigh(scores, temperature);
  const best = scores.indexOf(Math.max(...scores));
  return { scores, weights, soft: average(weights, values), best, exact: values[best] };
}

const minus = (text) => text.replace("-", "−");
const four = (number) => minus(number.toFixed(4).replace(/^-(0\.0+)$/, "$1"));
const plain = (number) => minus(String(number));

// --- colour: each value has its own, and so has each answer between them ---

function colouring(values, dark) {
  const ramp = sequential(dark);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => ramp[Math.round(255 * (0.08 + 0.74 * (high > low ? (value - low) / (high - low) : 0.5)))];
}

const GRAIN = 72;

// What the dictionary would answer at every place of the plane, as a picture of GRAIN × GRAIN points. Drawn anew at
// every turn of the temperature, so without a list for each point.
function fieldOf({ places, values, temperature, score }, colour) {
  const canvas = dom("canvas", { width: GRAIN, height: GRAIN });
  const context = canvas.getContext("2d");
  const image = context.createImageData(GRAIN, GRAIN);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const shades = Array.from({ length: 256 }, (_, i) => colour(low + ((high - low) * i) / 255));
  const [scores, at] = [new Float64Array(places.length), (i) => (((i + 0.5) / GRAIN) * 2 - 1) * REACH];
  for (let point = 0; point < GRAIN * GRAIN; point++) {
    const [x, y] = [at(point % GRAIN), -at(Math.floor(point / GRAIN))];
    let [most, total, sum] = [-Infinity, 0, 0];
    for (let i = 0; i < scores.length; i++) {
      const [a, b] = places[i];
      scores[i] = score === "dot" ? x * a + y * b : -((x - a) ** 2 + (y - b) ** 2) / 2;
      most = Math.max(most, scores[i]);
    }
    for (let i = 0; i < scores.length; i++) {
      const power = Math.exp((scores[i] - most) / temperature);
      total += power;
      sum += power * values[i];
    }
    const share = high > low ? (sum / total - low) / (high - low) : 0.5;
    const shade = shades[Math.round(255 * clamp(share, 0, 1))];
    for (let c = 0; c < 3; c++) image.data[4 * point + c] = shade[c];
    image.data[4 * point + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

// --- layout: the plane, and the bars beside it or below it ---

const ROW = 30;
const HEAD = 44;
const SCALE = 46; // below the plane: numbers of the axis, and what the colours mean

function layoutOf(width, count) {
  const side = Math.round(clamp(width >= 620 ? width * 0.46 : width - 30, 200, 400));
  const plane = { left: 22, top: 8, side };
  const wide = width - side - 60 >= 250;
  const bars = wide
    ? { left: side + 52, top: 8, width: Math.min(width - side - 56, 420) }
    : { left: 2, top: side + SCALE + 26, width: Math.max(width - 4, 240) };
  const below = bars.top + HEAD + count * ROW + 10;
  return { plane, bars, width, height: Math.max(below, plane.top + side + SCALE) };
}

const MAP = planeOf(REACH);

// --- drawing ---

function drawPlane(pen, { plane }, view) {
  const { colours, places, labels, weights, query, colour, values, score, best } = view;
  const { left, top, side } = plane;
  const small = { size: 11, fill: colours.muted };
  pen.image(view.field, left, top, side, side);
  for (const at of [-2, 0, 2]) {
    const [x, y] = MAP.onScreen(plane, [at, at]);
    pen.text(minus(String(at)), x, top + side + 9, { ...small, align: "center" });
    pen.text(minus(String(at)), left - 5, y, { ...small, align: "right" });
  }
  const [x0, y0] = MAP.onScreen(plane, [0, 0]);
  const axis = { stroke: colours.muted, opacity: 0.5 };
  pen.line([[left, y0], [left + side, y0]], axis);
  pen.line([[x0, top], [x0, top + side]], axis);
  pen.rect(left, top, side, side, { stroke: colours.muted });
  const [x, y] = MAP.onScreen(plane, query);
  if (score === "dot") drawLine(pen, [[x0, y0], [x, y]], colours, 2.5);
  places.forEach((place, i) => {
    drawLine(pen, [[x, y], MAP.onScreen(plane, place)], colours, 0.5 + 6 * weights[i]);
  });
  places.forEach((place, i) => {
    const [cx, cy] = MAP.onScreen(plane, place);
    const text = shorten(labels[i], 12, side * 0.36);
    const right = cx < left + side * 0.6;
    const style = { size: 12, fill: colours.ink, back: colours.paper, align: right ? "left" : "right" };
    pen.text(text, cx + (right ? 14 : -14), cy, { ...style, weight: i === best ? 650 : 400 });
  });
  places.forEach((place, i) => {
    const [cx, cy] = MAP.onScreen(plane, place);
    const arm = i === best ? 8 : 6;
    pen.rect(cx - arm - 2, cy - arm - 2, 2 * arm + 4, 2 * arm + 4, { fill: colours.paper });
    pen.rect(cx - arm, cy - arm, 2 * arm, 2 * arm, { fill: css(colour(values[i])), stroke: colours.ink, width: 2 });
  });
  drawQuery(pen, x, y, colours);
}

function drawLine(pen, points, colours, width) {
  pen.line(points, { stroke: colours.paper, width: width + 2, opacity: 0.8 });
  pen.line(points, { stroke: colours.ink, width });
}

function drawQuery(pen, x, y, colours) {
  const diamond = (arm) => [[x, y - arm], [x + arm, y], [x, y + arm], [x - arm, y], [x, y - arm]];
  pen.line(diamond(10), { stroke: colours.paper, width: 8 });
  pen.line(diamond(10), { stroke: colours.gold, width: 4 });
}

// From the smallest value to the largest, with the answer marked.
function drawScale(pen, { plane }, view) {
  const { colours, colour, values, soft, unit } = view;
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [top, size] = [plane.top + plane.side + 22, { size: 11, fill: colours.muted }];
  const [first, last] = [plain(low), `${plain(high)} ${unit}`.trim()].map((text) => shorten(text, 11, 70));
  const [from, to] = [plane.left + 46, plane.left + plane.side - 76];
  pen.text(first, from - 6, top + 6, { ...size, align: "right" });
  pen.text(last, to + 6, top + 6, size);
  const steps = 24;
  for (let i = 0; i < steps; i++) {
    const fill = css(colour(low + ((high - low) * (i + 0.5)) / steps));
    pen.rect(from + ((to - from) * i) / steps, top, (to - from) / steps + 0.5, 12, { fill });
  }
  const at = from + (high > low ? (soft - low) / (high - low) : 0.5) * (to - from);
  pen.rect(at - 3, top - 3, 6, 18, { fill: colours.paper });
  pen.rect(at - 1.5, top - 3, 3, 18, { fill: colours.gold });
}

// One row a key: its score, its weight as a bar and as a number.
function drawBars(pen, { bars }, view) {
  const { colours, labels, values, scores, weights, best, score } = view;
  const { left, top, width } = bars;
  const [right, start] = [left + width, left + Math.min(width * 0.52, 190)];
  const end = right - 54;
  const head = { size: 12, weight: 600, fill: colours.ink };
  const form = score === "dot" ? "q·k" : "−½|q−k|²";
  const scoreAt = start - 10;
  pen.text("key, value", left, top + 8, head);
  pen.text("score", scoreAt, top + 8, { ...head, align: "right" });
  pen.text(form, scoreAt, top + 26, { size: 11, fill: colours.muted, align: "right" });
  pen.text("weight", start, top + 8, head);
  pen.text("softmax(score / τ)", start, top + 26, { size: 11, fill: colours.muted });
  labels.forEach((label, i) => {
    const y = top + HEAD + i * ROW;
    const strong = i === best ? 650 : 400;
    const room = scoreAt - left - 62;
    const number = { size: 12, fill: colours.ink, align: "right" };
    pen.text(shorten(label, 12, room), left, y + 6, { size: 12, weight: strong, fill: colours.ink });
    pen.text(shorten(plain(values[i]), 11, room), left, y + 20, { size: 11, fill: colours.muted });
    pen.text(four(scores[i]), scoreAt, y + 11, number);
    pen.line([[start, y], [start, y + ROW - 6]], { stroke: colours.muted });
    pen.rect(start, y + 2, Math.max((end - start) * weights[i], 0.5), ROW - 10, { fill: colours.positive });
    pen.text(four(weights[i]), right, y + 11, number);
  });
}

function drawAll(pen, layout, view) {
  drawPlane(pen, layout, view);
  drawScale(pen, layout, view);
  drawBars(pen, layout, view);
}

// --- words and numbers ---

function summary({ soft, exact, best, labels, unit }) {
  const number = (role, text) => dom("b", { "data-role": role }, text);
  const [mild, strict] = [number("soft", four(soft)), number("exact", plain(exact))];
  const behind = () => (unit ? [" ", isolate(unit.slice(0, 40))] : []);
  const found = dom("span", { "data-role": "best" }, isolate(labels[best].slice(0, 80)));
  const lookup = ["The exact lookup gives ", strict, ...behind(), ", the value of ", found, "."];
  return ["The answer, Σ weight · value, is ", mild, ...behind(), ". ", ...lookup];
}

function tableOf({ places, values, labels, scores, weights, soft, query, temperature, score }) {
  const how = `Query (${query.map(plain).join(", ")}), score by ${score}, temperature ${temperature.toFixed(2)}`;
  const rows = labels.map((label, i) => [
    ...[label, `(${places[i].map(plain).join(", ")})`, plain(values[i])],
    ...[four(scores[i]), four(weights[i]), four(weights[i] * values[i])],
  ]);
  const total = ["together", "", "", "", four(weights.reduce((sum, weight) => sum + weight, 0)), four(soft)];
  return table(how, "", ["key", "value", "score", "weight", "weight · value"], [...rows, total]);
}

// --- the widget ---

const TRAITS = ["places", "values", "labels", "query", "temperature", "score", "unit", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("SoftDictionary", "A dictionary made soft");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const about = { tabindex: 0, role: "application", "data-role": "stage" };
  const stage = dom("div", { class: "attend-plane attend-dictionary", ...about }, canvas);
  let [width, view, layout, drawn] = [0, null, null, { from: "", field: null }];

  const controls = {
    score: choice("Score", [["distance", "distance"], ["dot", "dot product"]], (score) => write({ score })),
    temperature: slider(
      "Temperature",
      { min: -1.3, max: 0.7, step: 0.01, format: (power) => temperatureAt(power).toFixed(2) },
      (power) => write({ temperature: temperatureAt(power) }),
    ),
  };

  function readView() {
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const dark = isDark();
    const colour = colouring(traits.values, dark);
    const from = JSON.stringify([traits.places, traits.values, traits.temperature, traits.score, dark]);
    if (drawn.from !== from) drawn = { from, field: fieldOf(traits, colour) };
    return { ...traits, ...answerOf(traits), colours: palette(root), colour, field: drawn.field };
  }

  function paintNow() {
    if (!width) return;
    view = readView();
    layout = layoutOf(width, view.values.length);
    controls.score.set(view.score);
    controls.temperature.set(Math.log10(view.temperature));
    caption.textContent = view.title;
    caption.hidden = !view.title;
    const context = fitCanvas(canvas, layout.width, layout.height);
    drawAll(canvasPen(context), layout, view);
    const label = `Query at ${view.query.map(plain).join(", ")} among ${view.values.length} keys. Arrow keys move it.`;
    if (stage.getAttribute("aria-label") !== label) stage.setAttribute("aria-label", label);
    readout.replaceChildren(...summary(view));
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  followQuery(stage, MAP, {
    plane: () => layout?.plane,
    query: () => model.get("query"),
    ask: (place) => write({ query: place }),
    places: (key) => view.places[Number(key) - 1],
  });
  keys(root, { t: () => shelf.turn() });

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("soft-dictionary", picture, (text) => readout.replaceChildren(text));
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const bar = dom("div", { class: "attend-bar" }, named("Score", controls.score), controls.temperature.element, end);
  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← ↑ ↓ →"), " on the plane move the query (", key("Shift"), " finely) · "];
  const more = [key("1"), " … put it on a key · ", key("Home"), " to the middle · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, ...more);
  root.append(caption, bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

const temperatureAt = (power) => clamp(Number((10 ** power).toFixed(2)), 0.05, 5);

export default { render };
