// How much freedom is too much? Draws the traits of Capacity and writes back what the reader selects.
import {
  bytesOf,
  canvasPen,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  keys,
  mount,
  numbers,
  onFrame,
  palette,
  select,
  slider,
  svgNode,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in capacity.py ---

const [DEGREES, MOST_POINTS, TEST_POINTS] = [16, 40, 200];
const [LEAST_POWER, MOST_POWER] = [-8, 1];
const POWERS = Array.from({ length: 4 * (MOST_POWER - LEAST_POWER) + 1 }, (_, k) => LEAST_POWER + k / 4);
const DEGREE_LIST = Array.from({ length: DEGREES }, (_, i) => i);
const truth = (x) => Math.sin(3 * x);

// Legendre's polynomials of degree 0 to 15 at x, each times √(2k + 1).
function featuresAt(x) {
  const values = [1, x];
  for (let k = 1; k < DEGREES - 1; k++) values.push(((2 * k + 1) * x * values[k] - k * values[k - 1]) / (k + 1));
  return values.map((value, k) => value * Math.sqrt(2 * k + 1));
}

// Points travel as whole thousandths: all x, then all y; the last 200 are the test points.
function readPoints(model) {
  const whole = new Int16Array(bytesOf(model.get("_points")).slice().buffer);
  const count = whole.length / 2;
  const each = (_, i) => {
    const x = whole[i] / 1000;
    return { x, y: whole[count + i] / 1000, features: featuresAt(x) };
  };
  const points = Array.from({ length: count }, each);
  const draws = (count - TEST_POINTS) / MOST_POINTS;
  const drawn = Array.from({ length: draws }, (_, i) => points.slice(i * MOST_POINTS, (i + 1) * MOST_POINTS));
  return { drawn, test: points.slice(draws * MOST_POINTS) };
}

// The weights that make |A w − b|² least, by Householder's reflections. A is a list of rows; both are overwritten.
function leastSquares(A, b) {
  const [height, width] = [A.length, A[0].length];
  for (let k = 0; k < width; k++) {
    let length = 0;
    for (let i = k; i < height; i++) length += A[i][k] * A[i][k];
    length = Math.sqrt(length);
    if (!length) continue;
    const alpha = A[k][k] > 0 ? -length : length;
    const v = Array.from({ length: height - k }, (_, i) => A[k + i][k]);
    v[0] -= alpha;
    const half = v.reduce((total, value) => total + value * value, 0) / 2;
    for (let j = k; j < width; j++) {
      let dot = 0;
      for (let i = k; i < height; i++) dot += v[i - k] * A[i][j];
      for (let i = k; i < height; i++) A[i][j] -= (dot / half) * v[i - k];
    }
    let dot = 0;
    for (let i = k; i < height; i++) dot += v[i - k] * b[i];
    for (let i = k; i < height; i++) b[i] -= (dot / half) * v[i - k];
  }
  const weights = new Array(width).fill(0);
  for (let k = width - 1; k >= 0; k--) {
    let rest = b[k];
    for (let j = k + 1; j < width; j++) rest -= A[k][j] * weights[j];
    weights[k] = rest / A[k][k];
  }
  return weights;
}

// Ridge: a row more for each weight but the constant, √(n λ) · w_k = 0.
function ridge(points, degree, strength) {
  const rows = points.map(({ features }) => features.slice(0, degree + 1));
  const heights = points.map(({ y }) => y);
  const pull = Math.sqrt(points.length * strength);
  for (let k = 1; k <= degree; k++) {
    rows.push(Array.from({ length: degree + 1 }, (_, j) => (j === k ? pull : 0)));
    heights.push(0);
  }
  return leastSquares(rows, heights);
}

const valueAt = (weights, features) => weights.reduce((total, weight, k) => total + weight * features[k], 0);

function errorOn(points, weights) {
  const squares = points.map(({ y, features }) => (valueAt(weights, features) - y) ** 2);
  return squares.reduce((total, square) => total + square, 0) / points.length;
}

// The curve is drawn through 161 places; their features are computed once.
const GRID = Array.from({ length: 161 }, (_, i) => ({ x: i / 80 - 1, features: featuresAt(i / 80 - 1) }));
const curveOf = (weights) => GRID.map(({ x, features }) => [x, valueAt(weights, features)]);

// --- numbers as text ---

const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (whole) => [...String(whole)].map((sign) => RAISED[sign]).join("");

function inWords(strength) {
  if (strength >= 0.00995) return strength.toPrecision(2);
  const [digits, power] = strength.toExponential(1).split("e");
  return digits === "1.0" ? `10${raised(Number(power))}` : `${digits}·10${raised(Number(power))}`;
}

const errorText = (error) => (error < 1000 ? error.toFixed(4) : error.toFixed(1));

// --- drawing ---

const REACH = 2; // y from −2 to 2
const [LEAST_ERROR, MOST_ERROR] = [-3, 2]; // powers of ten in the two error pictures
const small = (colours) => ({ size: 11, fill: colours.muted });
const heading = (colours) => ({ size: 13, weight: 600, fill: colours.ink });

// A line that is cut where it leaves the band from −REACH to REACH.
function drawCurve(pen, points, place, style) {
  let piece = [];
  const end = () => {
    if (piece.length > 1) pen.line(piece, style);
    piece = [];
  };
  points.forEach(([x, y], i) => {
    const [before, inside] = [points[i - 1], Math.abs(y) <= REACH];
    if (before && inside !== Math.abs(before[1]) <= REACH) {
      const edge = Math.sign(inside ? before[1] : y) * REACH;
      const share = (edge - before[1]) / (y - before[1]);
      piece.push(place(before[0] + share * (x - before[0]), edge));
      if (!inside) end();
    }
    if (inside) piece.push(place(x, y));
  });
  end();
}

function drawFit(pen, { x, y, width, height: tall }, { colours, fit, training, others }) {
  const [left, right, top, bottom] = [x + 24, x + width - 6, y + 44, y + tall - 22];
  const place = (a, b) => [left + ((a + 1) / 2) * (right - left), (top + bottom) / 2 - (b / REACH) * ((bottom - top) / 2)];
  pen.text("The curve and its points", x, y + 10, heading(colours));
  for (const tick of [-2, -1, 0, 1, 2]) {
    const [, level] = place(0, tick);
    pen.line([[left, level], [right, level]], { stroke: colours.hair });
    pen.text(String(tick).replace("-", "−"), left - 6, level, { ...small(colours), align: "right" });
  }
  for (const tick of [-1, 0, 1]) {
    const align = ["left", "center", "right"][tick + 1];
    pen.text(tick ? `x = ${tick}`.replace("-", "−") : "0", place(tick, 0)[0], bottom + 13, { ...small(colours), align });
  }
  others.forEach((curve) => drawCurve(pen, curve, place, { stroke: colours.muted, width: 1, opacity: 0.55 }));
  drawCurve(pen, GRID.map(({ x: a }) => [a, truth(a)]), place, { stroke: colours.ink, width: 1.5, dash: [6, 4] });
  drawCurve(pen, fit, place, { stroke: colours.positive, width: 3 });
  for (const { x: a, y: b } of training) {
    const [px, py] = place(a, Math.min(Math.max(b, -REACH), REACH));
    pen.rect(px - 3.5, py - 3.5, 7, 7, { fill: colours.paper, stroke: colours.negative, width: 2 });
  }
  drawKey(pen, left, y + 31, colours, others.length);
}

function drawKey(pen, x, y, colours, others) {
  const label = { size: 11.5, fill: colours.muted };
  pen.rect(x, y - 3.5, 7, 7, { fill: colours.paper, stroke: colours.negative, width: 2 });
  pen.text("points", x + 12, y, label);
  pen.line([[x + 58, y], [x + 80, y]], { stroke: colours.positive, width: 3 });
  pen.text("fit", x + 85, y, label);
  pen.line([[x + 112, y], [x + 134, y]], { stroke: colours.ink, width: 1.5, dash: [6, 4] });
  pen.text("truth", x + 139, y, label);
  if (!others) return;
  pen.line([[x + 178, y], [x + 196, y]], { stroke: colours.muted });
  pen.text("other draws", x + 201, y, label);
}

// Training and test error on a logarithmic scale, along degrees or powers of ten.
function drawErrors(pen, box, plot, { colours, noise }) {
  const { x, y } = box;
  const { left, right, top, bottom } = insideOf(box);
  const across = (at) => left + ((at - plot.low) / (plot.high - plot.low)) * (right - left);
  const power = (error) => Math.min(Math.max(Math.log10(Math.max(error, 1e-12)), LEAST_ERROR), MOST_ERROR);
  const down = (error) => bottom - ((power(error) - LEAST_ERROR) / (MOST_ERROR - LEAST_ERROR)) * (bottom - top);
  pen.text(plot.title, x, y + 10, heading(colours));
  for (let each = LEAST_ERROR; each <= MOST_ERROR; each++) {
    const level = down(10 ** each);
    pen.line([[left, level], [right, level]], { stroke: colours.hair });
    if (each % 2 === 0) pen.text(each ? `10${raised(each)}` : "1", left - 6, level, { ...small(colours), align: "right" });
  }
  for (const [at, text] of plot.ticks) pen.text(text, across(at), bottom + 13, { ...small(colours), align: "center" });
  pen.line([[across(plot.at), top], [across(plot.at), bottom]], { stroke: colours.muted, dash: [2, 3] });
  if (noise > 0) pen.line([[left, down(noise ** 2)], [right, down(noise ** 2)]], { stroke: colours.ink, dash: [1, 3] });
  const curve = (values, style) => pen.line(values.map((value, i) => [across(plot.along[i]), down(value)]), style);
  curve(plot.errors.map(({ training }) => training), { stroke: colours.negative, width: 2, dash: [6, 4] });
  curve(plot.errors.map(({ test }) => test), { stroke: colours.positive, width: 2.5 });
  for (const name of ["training", "test"]) {
    const colour = name === "test" ? colours.positive : colours.negative;
    pen.rect(across(plot.at) - 4, down(plot.now[name]) - 4, 8, 8, { fill: colours.paper, stroke: colour, width: 2 });
  }
}

const insideOf = ({ x, y, width, height: tall }) => {
  return { left: x + 34, right: x + width - 10, top: y + 28, bottom: y + tall - 22 };
};

function drawErrorKey(pen, { x, y }, colours) {
  const label = { size: 11.5, fill: colours.muted };
  pen.line([[x, y], [x + 18, y]], { stroke: colours.positive, width: 2.5 });
  pen.text("test error", x + 22, y, label);
  pen.line([[x + 88, y], [x + 106, y]], { stroke: colours.negative, width: 2, dash: [6, 4] });
  pen.text("training error", x + 110, y, label);
  pen.line([[x + 198, y], [x + 214, y]], { stroke: colours.ink, dash: [1, 3] });
  pen.text("noise", x + 218, y, label);
}

// The fit on the left and the errors on the right, or one under the other where there is less room.
function layoutOf(width) {
  const wide = width >= 620;
  const column = wide ? Math.round(width * 0.42) : width;
  const fit = { x: 0, y: 2, width: wide ? width - column - 24 : width, height: wide ? 372 : 270 };
  const start = wide ? { x: width - column, y: 2 } : { x: 0, y: fit.height + 16 };
  const plots = [0, 1].map((i) => ({ x: start.x, y: start.y + i * 178, width: column, height: 168 }));
  const key = { x: start.x, y: start.y + 178 + 168 + 14, width: column };
  return { fit, plots, key, width, height: key.y + 14 };
}

function plotsOf({ degree, strength, byDegree, byStrength, now }) {
  const tenths = [-8, -6, -4, -2, 0].map((power) => [power, power ? `10${raised(power)}` : "1"]);
  const degrees = [0, 3, 6, 9, 12, 15].map((each) => [each, String(each)]);
  const along = DEGREE_LIST;
  return [
    ...[{ title: "Error by degree, at this λ", ticks: degrees, low: 0, high: 15, at: degree, along, errors: byDegree, now }],
    {
      ...{ title: "Error by λ, at this degree", ticks: tenths, low: LEAST_POWER, high: MOST_POWER, now },
      ...{ at: Math.log10(strength), along: POWERS, errors: byStrength },
    },
  ];
}

function drawAll(pen, layout, view) {
  drawFit(pen, layout.fit, view);
  plotsOf(view).forEach((plot, i) => drawErrors(pen, layout.plots[i], plot, view));
  drawErrorKey(pen, layout.key, view.colours);
}

// --- the widget ---

const TRAITS = ["degree", "strength", "points", "draw", "others"];

function tableOf({ byDegree, strength, points, draw, degree }) {
  const how = `λ = ${inWords(strength)}, ${points} points, draw ${draw}: mean squared errors`;
  const mark = (i) => `degree ${i}${i === degree ? " (shown)" : ""}`;
  const rows = byDegree.map(({ training, test }, i) => [mark(i), errorText(training), errorText(test)]);
  return table(how, "", ["on the points", "on new points"], rows);
}

function summary({ degree, points, now, noise }) {
  const bold = (role, text) => dom("b", { "data-role": role }, text);
  const weights = `${degree + 1} weight${degree ? "s" : ""} for ${points} points. Mean squared error on them `;
  return [
    ...[weights, bold("training", errorText(now.training)), "; on 200 new points "],
    ...[bold("test", errorText(now.test)), ". The noise alone makes ", (noise ** 2).toFixed(4), "."],
  ];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Capacity", "A curve through noisy points: its degree, its penalty and its errors");
  const canvas = dom("canvas", { role: "img" });
  const panels = svgNode("svg", { "aria-hidden": "true" });
  const stage = dom("div", { class: "attend-capacity", "data-role": "stage" }, canvas, panels);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const { drawn, test } = readPoints(model);
  let [width, view, layout] = [0, null, null];
  const known = {};

  // `make()`, or what it made when the key was last the same: a move of one slider leaves one of the curves as it is.
  const kept = (name, key, make) => (known[name]?.key === key ? known[name] : (known[name] = { key, made: make() })).made;

  const whole = (low, high) => ({ min: low, max: high, step: 1, format: String });
  const powers = { min: LEAST_POWER, max: MOST_POWER, step: 0.25, format: (power) => inWords(10 ** power) };
  const controls = {
    degree: slider("Degree", whole(0, DEGREES - 1), (degree) => write({ degree })),
    strength: slider("Penalty λ", powers, (power) => write({ strength: 10 ** power })),
    points: slider("Points", whole(2, MOST_POINTS), (points) => write({ points })),
    draw: select("Draw", drawn.map((_, i) => [i, String(i)]), (draw) => write({ draw })),
    others: toggle("fits of the other draws", (others) => write({ others })),
  };

  function readView() {
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const { degree, strength, points } = traits;
    const draw = Math.min(Math.max(traits.draw, 0), drawn.length - 1);
    const training = drawn[draw].slice(0, points);
    const at = (each, lambda) => {
      const weights = ridge(training, each, lambda);
      return { training: errorOn(training, weights), test: errorOn(test, weights), weights };
    };
    const now = at(degree, strength);
    const rest = traits.others ? drawn.filter((_, i) => i !== draw) : [];
    return {
      ...{ ...traits, draw, training, now, noise: model.get("_noise"), colours: palette(root) },
      fit: curveOf(now.weights),
      others: rest.map((each) => curveOf(ridge(each.slice(0, points), degree, strength))),
      byDegree: kept("byDegree", `${strength} ${points} ${draw}`, () => DEGREE_LIST.map((each) => at(each, strength))),
      byStrength: kept("byStrength", `${degree} ${points} ${draw}`, () => POWERS.map((power) => at(degree, 10 ** power))),
    };
  }

  // An unseen panel over each of the error pictures: a click or a drag on it moves the dashed line.
  function handles() {
    return layout.plots.map((box, i) => {
      const { left, right, top, bottom } = insideOf(box);
      const size = { x: left, y: top, width: right - left, height: bottom - top };
      const choose = (event) => {
        const frame = event.currentTarget.getBoundingClientRect();
        const share = Math.min(Math.max((event.clientX - frame.left) / frame.width, 0), 1);
        if (i === 0) return write({ degree: Math.round(share * (DEGREES - 1)) });
        const power = LEAST_POWER + Math.round(share * 4 * (MOST_POWER - LEAST_POWER)) / 4;
        return write({ strength: 10 ** power });
      };
      const panel = { "data-plot": ["degree", "strength"][i] };
      const drag = (event) => event.buttons === 1 && event.pointerType === "mouse" && choose(event);
      return svgNode("rect", { ...size, ...panel, onclick: choose, onpointermove: drag });
    });
  }

  function paintNow() {
    if (!width) return;
    view = readView();
    const before = layout?.width;
    layout = layoutOf(width);
    controls.strength.set(Math.log10(view.strength));
    for (const name of ["degree", "points", "draw"]) controls[name].set(view[name]);
    controls.others.set(model.get("others"));
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    readout.replaceChildren(...summary(view));
    canvas.setAttribute("aria-label", `Degree ${view.degree}, λ ${inWords(view.strength)}. ${readout.textContent}`);
    if (layout.width !== before) panels.replaceChildren(...handles());
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("capacity", picture, (text) => readout.replaceChildren(text));
  const parts = Object.values(controls).map(({ element }) => element);
  const bar = dom("div", { class: "attend-bar" }, ...parts, dom("span", { class: "attend-end" }, shelf.button, copy));
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("Tab"), " next control · ", key("← →"), " change it · ", key("t"), " numbers · "];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, "click an error picture to go there");
  root.append(bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
