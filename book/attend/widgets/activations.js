// What does a unit do? Draws the traits of Activations and writes back what the reader selects.
import {
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  keys,
  mount,
  numbers,
  onFrame,
  palette,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in activations.py ---

const REACH = 5;
const FLAT = 0.05;
const SCALE = Math.sqrt(2 / Math.PI);
const bend = (z) => Math.tanh(SCALE * (z + 0.044715 * z ** 3));
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const geluSlope = (z) => {
  const b = bend(z);
  return 0.5 * (1 + b) + 0.5 * z * (1 - b * b) * SCALE * (1 + 3 * 0.044715 * z * z);
};
const FUNCTIONS = {
  step: { name: "step", value: (z) => (z >= 0 ? 1 : 0), slope: () => 0 },
  sigmoid: { name: "sigmoid", value: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)) },
  tanh: { name: "tanh", value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  relu: { name: "ReLU", value: (z) => Math.max(z, 0), slope: (z) => (z > 0 ? 1 : 0) },
  gelu: { name: "GELU", value: (z) => 0.5 * z * (1 + bend(z)), slope: geluSlope },
};
const NAMES = Object.keys(FUNCTIONS);
const GRID = Array.from({ length: 401 }, (_, i) => -REACH + i / 40);

// Never "-0.0000", and a minus sign as wide as a plus.
const decimals = (value, digits = 4) =>
  value.toFixed(digits).replace(/^-(?=0\.0*$)/, "").replace("-", "−");
const small = (value) => (value !== 0 && Math.abs(value) < 0.0001 ? value.toExponential(1).replace("-", "−") : decimals(value));
const nearest = (z) => Math.min(Math.max(Math.round(z * 20) / 20, -REACH), REACH); // to the next twentieth

// The stretches of z in which the slope is nearly nothing: [[from, to], …].
function flatParts(slope) {
  const parts = [];
  GRID.forEach((z, i) => {
    if (Math.abs(slope(z)) >= FLAT) return;
    const last = parts.at(-1);
    if (last && last[2] === i - 1) last.splice(1, 2, z, i);
    else parts.push([z, z, i]);
  });
  return parts;
}

// --- drawing ---

const PLOT = 236;
const label = (colours) => ({ size: 11, fill: colours.muted });

function frameOf({ x, y, width }, low, high) {
  const [left, right, top, bottom] = [x + 30, x + width - 10, y + 30, y + PLOT - 30];
  return {
    ...{ left, right, top, bottom },
    across: (z) => left + ((z + REACH) / (2 * REACH)) * (right - left),
    down: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
  };
}

function drawAxes(pen, { left, right, top, bottom, across, down }, { title, ticks, box, colours }) {
  pen.text(title, box.x, box.y + 10, { size: 13, weight: 600, fill: colours.ink });
  for (const tick of ticks) {
    const ink = tick === 0 ? colours.muted : colours.hair;
    pen.line([[left, down(tick)], [right, down(tick)]], { stroke: ink });
    pen.text(String(tick).replace("-", "−"), left - 6, down(tick), { ...label(colours), align: "right" });
  }
  for (const z of [-4, -2, 0, 2, 4]) {
    pen.line([[across(z), top], [across(z), bottom]], { stroke: z === 0 ? colours.muted : colours.hair });
    pen.text(String(z).replace("-", "−"), across(z), bottom + 13, { ...label(colours), align: "center" });
  }
  pen.text("z", right + 6, bottom + 13, { ...label(colours), align: "center" });
}

// A curve; a step is drawn with its jump open.
function drawCurve(pen, { across, down, left, right }, get, style) {
  let piece = [];
  const flush = () => {
    if (piece.length > 1) pen.line(piece, style);
    piece = [];
  };
  GRID.forEach((z, i) => {
    const value = get(z);
    if (i && Math.abs(value - get(GRID[i - 1])) > 0.5) flush();
    const x = Math.min(Math.max(across(z), left), right);
    piece.push([x, down(value)]);
  });
  flush();
}

const marker = (pen, x, y, colours) =>
  pen.rect(x - 4.5, y - 4.5, 9, 9, { fill: colours.paper, stroke: colours.ink, width: 2 });

function drawPlot(pen, box, { title, get, low, high, ticks, view, tangent }) {
  const { colours, z, name, compare } = view;
  const frame = frameOf(box, low, high);
  for (const [from, to] of view.flat) {
    const [x, end] = [frame.across(from), frame.across(to)];
    pen.rect(x, frame.top, Math.max(end - x, 1), frame.bottom - frame.top, { fill: colours.negative, opacity: 0.14 });
  }
  drawAxes(pen, frame, { title, ticks, box, colours });
  if (compare)
    for (const other of NAMES.filter((each) => each !== name))
      drawCurve(pen, frame, get(FUNCTIONS[other]), { stroke: colours.muted, width: 1, opacity: 0.8, dash: [4, 3] });
  drawCurve(pen, frame, get(FUNCTIONS[name]), { stroke: colours.positive, width: 3 });
  const [x, value] = [frame.across(z), get(FUNCTIONS[name])(z)];
  pen.line([[x, frame.top], [x, frame.bottom]], { stroke: colours.ink, dash: [2, 3] });
  if (tangent) {
    const slope = FUNCTIONS[name].slope(z);
    const [dx, dy] = [frame.across(1) - frame.across(0), (frame.down(1) - frame.down(0)) * slope];
    const long = 44 / Math.hypot(dx, dy); // as long on the screen, however steep
    const [ax, ay] = [dx * long, dy * long];
    const y = frame.down(value);
    pen.line([[x - ax, y - ay], [x + ax, y + ay]], { stroke: colours.gold, width: 2 });
  }
  marker(pen, x, frame.down(value), colours);
  return frame;
}

function drawAll(pen, layout, view) {
  const { name } = FUNCTIONS[view.name];
  const tall = view.compare || view.name === "relu" || view.name === "gelu";
  const value = { title: `${name}: value g(z)`, get: (each) => each.value, tangent: true };
  const range = tall ? { low: -1.25, high: 5, ticks: [-1, 0, 1, 3, 5] } : { low: -1.25, high: 1.25, ticks: [-1, 0, 1] };
  drawPlot(pen, layout.boxes[0], { ...value, ...range, view });
  const slope = { title: `${name}: slope g′(z)`, get: (each) => each.slope };
  drawPlot(pen, layout.boxes[1], { ...slope, low: -0.25, high: 1.25, ticks: [0, 0.25, 1], view });
  const [x, y] = [30, layout.height - 10];
  pen.rect(x, y - 6, 14, 12, { fill: view.colours.negative, opacity: 0.3 });
  pen.text("flat: slope below 0.05", x + 20, y, { size: 12, fill: view.colours.ink });
  const next = layout.width < 400 ? x + 158 : x + 180;
  pen.line([[next, y], [next + 18, y]], { stroke: view.colours.gold, width: 2 });
  pen.text("tangent", next + 24, y, { size: 12, fill: view.colours.ink });
}

function layoutOf(width) {
  const wide = width >= 560;
  const across = wide ? (width - 20) / 2 : width;
  const second = wide ? { x: across + 20, y: 0 } : { x: 0, y: PLOT };
  const boxes = [{ x: 0, y: 0, width: across }, { ...second, width: across }];
  return { boxes, width, height: second.y + PLOT + 22 };
}

// The z under a point of the stage, null beside the plots.
function hit(layout, x, y) {
  for (const box of layout.boxes) {
    const { left, right, top, bottom } = frameOf(box, 0, 1);
    if (x < left - 8 || x > right + 8 || y < top - 12 || y > bottom + 12) continue;
    return nearest(((x - left) / (right - left)) * 2 * REACH - REACH);
  }
  return null;
}

// --- the widget ---

const TRAITS = ["function", "z", "compare"];
const STEPS = { ArrowLeft: -0.1, ArrowDown: -0.1, ArrowRight: 0.1, ArrowUp: 0.1, PageDown: -1, PageUp: 1 };

const tableOf = (view) => {
  const points = [-5, -4, -3, -2, -1, -0.5, 0, 0.5, 1, 2, 3, 4, 5];
  const columns = NAMES.flatMap((each) => [`${FUNCTIONS[each].name} g`, "g′"]);
  const row = (z) => NAMES.flatMap((each) => [decimals(FUNCTIONS[each].value(z)), decimals(FUNCTIONS[each].slope(z))]);
  const rows = [...new Set([...points, view.z])].sort((a, b) => a - b).map((z) => [decimals(z, 2), ...row(z)]);
  return table("Value g(z) and slope g′(z) of each function", "z", columns, rows);
};

function summary({ name, z }) {
  const { value, slope } = FUNCTIONS[name];
  const bold = (text) => dom("b", {}, text);
  const first = [`${FUNCTIONS[name].name} at z = `, bold(decimals(z, 2)), ": value ", bold(decimals(value(z)))];
  const steep = slope(z);
  const flat = Math.abs(steep) < FLAT ? " (flat)" : "";
  const none = z === 0 && (name === "step" || name === "relu");
  const corner = none ? " (none there; 0 is used)" : flat;
  const aside = dom("span", { class: "attend-aside" }, " Ten such slopes in a row multiply to ", bold(small(steep ** 10)), ".");
  return [...first, ", slope ", bold(decimals(steep)), `${corner}.`, aside];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Activations", "Activation functions and their slopes");
  const slider = { tabindex: 0, role: "slider", "aria-label": "z, the point that is read" };
  const limits = { "aria-valuemin": -REACH, "aria-valuemax": REACH };
  const canvas = dom("canvas", { "aria-hidden": "true" }); // the slider says it
  const stage = dom("div", { class: "attend-plots", ...slider, ...limits, "data-role": "stage" }, canvas);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  let [width, view, layout] = [0, null, null];

  const controls = {
    function: choice("Function", NAMES.map((each) => [each, FUNCTIONS[each].name]), (each) => write({ function: each })),
    compare: toggle("show all five", (compare) => write({ compare })),
  };

  function readView() {
    const name = model.get("function") in FUNCTIONS ? model.get("function") : "sigmoid";
    const [z, compare] = [model.get("z"), model.get("compare")];
    return { name, z, compare, flat: flatParts(FUNCTIONS[name].slope), colours: palette(root) };
  }

  function paintNow() {
    if (!width) return;
    view = readView();
    layout = layoutOf(width);
    controls.function.set(view.name);
    controls.compare.set(view.compare);
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    readout.replaceChildren(...summary(view));
    stage.setAttribute("aria-valuenow", String(view.z));
    stage.setAttribute("aria-valuetext", readout.textContent);
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("activations", picture, (text) => readout.replaceChildren(text));

  const read = (event) => {
    const corner = stage.getBoundingClientRect();
    const z = layout && hit(layout, event.clientX - corner.left, event.clientY - corner.top);
    if (z !== null && z !== model.get("z")) write({ z });
  };
  stage.addEventListener("pointerdown", read);
  stage.addEventListener("pointermove", read);
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const now = model.get("z");
    const step = STEPS[event.key] * (event.shiftKey ? 5 : 1);
    const ends = { Home: -REACH, End: REACH };
    if (event.key in ends) write({ z: ends[event.key] });
    else if (event.key in STEPS) write({ z: nearest(now + step) });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const pick = (i) => () => write({ function: NAMES[i] });
  keys(root, { t: () => shelf.turn(), ...Object.fromEntries(NAMES.map((_, i) => [String(i + 1), pick(i)])) });

  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const bar = dom("div", { class: "attend-bar" }, controls.function.element, controls.compare.element, end);
  const key = (text) => dom("kbd", {}, text);
  const meanings = ["Point, or ", key("← →"), " in the plot: move z · ", key("1"), "–", key("5"), " function · ", key("t"), " numbers"];
  root.append(bar, readout, stage, dom("p", { class: "attend-hint" }, ...meanings), shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
