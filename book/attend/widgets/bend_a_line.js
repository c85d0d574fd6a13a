// How do ReLUs make a curve? Draws the traits of BendALine and writes back what the reader drags.
import {
  button,
  bytesOf,
  choice,
  copyButtons,
  dom,
  figure,
  keys,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  select,
  slider,
  svgPen,
  table,
  writer,
} from "./common.js";

// --- the computation, as in bend_a_line.py ---

const POINTS = 201;
const GRID = Array.from({ length: POINTS }, (_, i) => i / 200);
const [MOST, STEEPEST, RIDGE] = [8, 1000, 1e-8];
const relu = (z) => Math.max(z, 0);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const rounded = (value, digits) => Number(value.toFixed(digits)) || 0; // never −0

const heightAt = ({ kinks, slopes, start }, x) => start + sum(kinks.map((kink, i) => slopes[i] * relu(x - kink)));
// The slope of the sum just right of x.
const slopeAfter = ({ kinks, slopes }, x) => sum(slopes.filter((_, i) => kinks[i] <= x));

function errorOf(sums, target) {
  const apart = sums.map((value, i) => Math.abs(value - target[i]));
  return { mean: sum(apart.map((each) => each * each)) / POINTS, largest: Math.max(...apart) };
}

// Gaussian elimination with pivoting: matrix · answer = right.
function solve(matrix, right) {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r][c]) > Math.abs(rows[best][c])) best = r;
    [rows[c], rows[best]] = [rows[best], rows[c]];
    for (let r = c + 1; r < n; r++) {
      const share = rows[r][c] / rows[c][c];
      for (let k = c; k <= n; k++) rows[r][k] -= share * rows[c][k];
    }
  }
  const answer = Array(n).fill(0);
  for (let r = n - 1; r >= 0; r--) {
    const known = sum(answer.map((value, k) => (k > r ? rows[r][k] * value : 0)));
    answer[r] = (rows[r][n] - known) / rows[r][r];
  }
  return answer;
}

// Start and slopes of least mean squared error, the kinks left where they are.
function fitted(kinks, target) {
  const parts = [GRID.map(() => 1), ...kinks.map((kink) => GRID.map((x) => relu(x - kink)))];
  const dot = (a, b) => a.reduce((total, value, i) => total + value * b[i], 0);
  const square = parts.map((a, i) => parts.map((b, j) => dot(a, b) + (i === j ? RIDGE : 0)));
  const [start, ...slopes] = solve(square, parts.map((part) => dot(part, target)));
  return { start: rounded(start, 4), slopes: slopes.map((slope) => rounded(clamp(slope, -STEEPEST, STEEPEST), 4)) };
}

// Where one more unit has most room.
function roomiest(kinks) {
  const places = [0, ...kinks, 1].sort((a, b) => a - b);
  const gaps = places.slice(1).map((place, i) => [place - places[i], (place + places[i]) / 2]);
  return rounded(gaps.reduce((best, gap) => (gap[0] > best[0] + 1e-9 ? gap : best))[1], 2);
}

// --- drawing ---

const [MAIN, PARTS, ARM] = [300, 170, 46];
const RIGHT = 1.1; // the curve is drawn a little past the interval, where nothing asks for it
const FIRST = ["0.00", "0.25", "0.50", "0.75", "1.00"];

const decimals = (value, digits) => value.toFixed(digits).replace(/^-(?=0\.?0*$)/, "").replace("-", "−");
const short = (value) => (Math.abs(value) >= 100 ? decimals(value, 1) : decimals(value, 2));
const small = (colours) => ({ size: 11, fill: colours.muted });

function frameOf({ y, height, width }, low, high) {
  const [left, right, top, bottom] = [54, width - 8, y + 26, y + height - 26];
  return {
    ...{ left, right, top, bottom, low, high },
    across: (x) => left + (x / RIGHT) * (right - left),
    down: (value) => bottom - ((value - low) / (high - low)) * (bottom - top),
    x: (px) => ((px - left) / (right - left)) * RIGHT,
    value: (py) => low + ((bottom - py) / (bottom - top)) * (high - low),
  };
}

function drawAxes(pen, frame, { title, y, ticks, colours }) {
  const { left, right, top, bottom, across, down } = frame;
  pen.text(title, 0, y + 9, { size: 13, weight: 600, fill: colours.ink });
  for (const tick of ticks) {
    pen.line([[left, down(tick)], [right, down(tick)]], { stroke: tick === 0 ? colours.muted : colours.hair });
    pen.text(String(tick).replace("-", "−"), left - 24, down(tick), { ...small(colours), align: "right" });
  }
  for (const place of FIRST) {
    const x = across(Number(place));
    pen.line([[x, top], [x, bottom]], { stroke: colours.hair });
    pen.text(place, x, bottom + 13, { ...small(colours), align: "center" });
  }
  if (right - across(1) > 32) pen.text("x", right - 2, bottom + 13, { ...small(colours), align: "right" });
}

// A curve through points [x, value], cut off where it leaves the frame.
function drawCurve(pen, { low, high, across, down }, points, style) {
  let piece = [];
  const flush = () => {
    if (piece.length > 1) pen.line(piece, style);
    piece = [];
  };
  const edge = (inside, outside) => {
    const bound = outside[1] > high ? high : low;
    const share = (bound - inside[1]) / (outside[1] - inside[1]);
    piece.push([across(inside[0] + share * (outside[0] - inside[0])), down(bound)]);
  };
  const within = ([, value]) => value >= low && value <= high;
  points.forEach((point, i) => {
    const before = points[i - 1];
    if (within(point)) {
      if (before && !within(before)) edge(point, before);
      piece.push([across(point[0]), down(point[1])]);
    } else if (before && within(before)) {
      edge(before, point);
      flush();
    }
  });
  flush();
}

const square = (pen, [x, y], fill, stroke, size = 11) =>
  pen.rect(x - size / 2, y - size / 2, size, size, { fill, stroke, width: 2 });

// The corners of the sum, in order: it is straight between them.
function cornersOf(view) {
  const places = [0, ...view.kinks, 1, RIGHT].filter((x, i, all) => all.indexOf(x) === i).sort((a, b) => a - b);
  return places.map((x) => [x, heightAt(view, x)]);
}

// Where the handles are, in pixels: of each kink, of the selected unit's slope, of the start.
function handlesOf(frame, view) {
  const inside = (value) => clamp(frame.down(value), frame.top, frame.bottom);
  const kinks = view.kinks.map((kink) => [frame.across(kink), inside(heightAt(view, kink))]);
  const [x, y] = kinks[view.unit];
  const steep = slopeAfter(view, view.kinks[view.unit]);
  const [dx, dy] = [frame.across(1) - frame.across(0), steep * (frame.down(1) - frame.down(0))];
  const long = ARM / Math.hypot(dx, dy);
  return { kinks, arm: [x + dx * long, y + dy * long], start: [frame.left - 12, inside(view.start)] };
}

function drawMain(pen, layout, view) {
  const { colours, target } = view;
  const frame = mainFrame(layout, view);
  drawAxes(pen, frame, { title: "Target and sum of the units", y: 0, ticks: view.ticks, colours });
  const cut = (value) => frame.down(clamp(value, frame.low, frame.high));
  const comb = GRID.flatMap((x, i) => {
    const ends = [[frame.across(x), cut(target[i])], [frame.across(x), cut(view.sums[i])]];
    return i % 2 ? ends : ends.reverse();
  });
  pen.line(comb, { stroke: colours.muted, width: 1, opacity: 0.3 });
  drawCurve(pen, frame, GRID.map((x, i) => [x, target[i]]), { stroke: colours.ink, width: 2, dash: [7, 4] });
  drawCurve(pen, frame, cornersOf(view), { stroke: colours.positive, width: 3 });
  const { kinks, arm, start } = handlesOf(frame, view);
  pen.line([kinks[view.unit], arm], { stroke: colours.gold, width: 2.5 });
  square(pen, arm, colours.paper, colours.gold, 10);
  kinks.forEach((place, i) => i !== view.unit && square(pen, place, colours.paper, colours.ink));
  square(pen, kinks[view.unit], colours.gold, colours.ink, 13);
  kinks.forEach(([x, y], i) => {
    const strong = i === view.unit;
    const style = { size: 11, weight: strong ? 650 : 400, fill: strong ? colours.ink : colours.muted, align: "center" };
    pen.text(String(i + 1), x, y < frame.top + 24 ? y + 17 : y - 16, { ...style, back: colours.paper });
  });
  square(pen, start, colours.paper, colours.ink, 11);
}

// An axis that holds every unit's line: 1, 2 or 5 times a power of ten.
function reachOf({ kinks, slopes }) {
  const most = Math.max(...kinks.map((kink, i) => Math.abs(slopes[i]) * (RIGHT - kink)), 0.5);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= most - 1e-9);
}

function drawParts(pen, layout, view) {
  const { colours, kinks, slopes, unit } = view;
  const reach = reachOf(view);
  const frame = frameOf({ y: layout.partsY, height: PARTS, width: layout.width }, -reach, reach);
  const tick = Number(reach.toPrecision(2));
  drawAxes(pen, frame, { title: "Each unit: slope · relu(x − kink)", y: layout.partsY, ticks: [-tick, 0, tick], colours });
  const line = (i, style) => {
    const ends = [[0, 0], [kinks[i], 0], [RIGHT, slopes[i] * (RIGHT - kinks[i])]];
    pen.line(ends.map(([x, value]) => [frame.across(x), frame.down(value)]), style);
  };
  kinks.forEach((_, i) => i !== unit && line(i, { stroke: colours.positive, width: 1.5 }));
  line(unit, { stroke: colours.gold, width: 3 });
}

const mainFrame = (layout, { low, high }) => frameOf({ y: 0, height: MAIN, width: layout.width }, low, high);

function drawKey(pen, { keyY: y, width }, colours) {
  const entries = [
    ["target", { stroke: colours.ink, width: 2, dash: [7, 4] }],
    ["sum", { stroke: colours.positive, width: 3 }],
    [width < 420 ? "chosen" : "chosen unit", { stroke: colours.gold, width: 3 }],
    ["error", { stroke: colours.muted, width: 9, opacity: 0.3 }],
  ];
  const step = Math.min((width - 4) / entries.length, 150);
  const [long, size] = width < 420 ? [16, 11] : [22, 12];
  entries.forEach(([text, style], i) => {
    const x = i * step;
    pen.line([[x, y], [x + long, y]], style);
    pen.text(text, x + long + 5, y, { size, fill: colours.ink });
  });
}

function drawAll(pen, layout, view) {
  drawMain(pen, layout, view);
  drawParts(pen, layout, view);
  drawKey(pen, layout, view.colours);
}

const layoutOf = (width) => ({ width, partsY: MAIN + 8, keyY: MAIN + PARTS + 20, height: MAIN + PARTS + 32 });

// --- the widget ---

const TRAITS = ["target", "kinks", "slopes", "start", "unit"];

function formula({ kinks, slopes, start }) {
  const parts = kinks.map((kink, i) => {
    const sign = slopes[i] < 0 ? " − " : " + ";
    return `${sign}${short(Math.abs(slopes[i]))}·relu(x − ${decimals(kink, 2)})`;
  });
  return `y = ${short(start)}${parts.join("")}`;
}

function tablesOf(view) {
  const units = view.kinks.map((kink, i) => [
    ...[`unit ${i + 1}`, decimals(kink, 2), decimals(view.slopes[i], 4)],
    decimals(view.slopes[i] * relu(1 - kink), 4),
  ]);
  const caption = `The units; start ${decimals(view.start, 4)}`;
  const first = table(caption, "", ["kink", "slope", "adds at x = 1"], units);
  const places = GRID.map((_, i) => i).filter((i) => i % 20 === 0);
  const rows = places.map((i) => {
    const [sums, target] = [view.sums[i], view.target[i]];
    return [decimals(GRID[i], 2), decimals(target, 4), decimals(sums, 4), decimals(sums - target, 4)];
  });
  return dom("div", {}, first, table("The curve", "x", ["target", "sum", "difference"], rows));
}

function summary(view) {
  const bold = (value, digits) => dom("b", {}, decimals(value, digits));
  const { unit, kinks, slopes } = view;
  const aside = ` Unit ${unit + 1}: kink ${decimals(kinks[unit], 2)}, slope ${short(slopes[unit])}.`;
  return [
    ...["Mean squared error ", bold(view.error.mean, 6), ", largest error ", bold(view.error.largest, 4), "."],
    dom("span", { class: "attend-aside" }, aside),
  ];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("BendALine", "A few ReLU units bent to a target curve");
  const role = { tabindex: 0, role: "application", "data-role": "stage" };
  const stage = dom("div", { class: "attend-bend", ...role });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const equation = dom("p", { class: "attend-equation", "data-role": "formula" });
  let [width, view, layout, held] = [0, null, null, null];

  const names = model.get("_names");
  const bytes = bytesOf(model.get("_targets")).slice().buffer;
  const targets = new Map(names.map((name, i) => [name, Array.from(new Float64Array(bytes, i * POINTS * 8, POINTS))]));

  // --- what changes ---

  const now = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const replaced = (list, i, value) => list.map((each, at) => (at === i ? value : each));
  const unitNow = () => clamp(model.get("unit"), 0, model.get("kinks").length - 1);
  const setKink = (value, unit = unitNow()) =>
    write({ kinks: replaced(model.get("kinks"), unit, rounded(clamp(value, 0, 1), 2)) });
  const setSlope = (value, unit = unitNow()) =>
    write({ slopes: replaced(model.get("slopes"), unit, rounded(clamp(value, -STEEPEST, STEEPEST), 2)) });
  const setStart = (value) => write({ start: rounded(clamp(value, -STEEPEST, STEEPEST), 2) });

  function setCount(count) {
    const { kinks, slopes, unit } = now();
    const [places, steep] = [kinks.slice(0, count), slopes.slice(0, count)];
    while (places.length < count) {
      places.push(roomiest(places));
      steep.push(0);
    }
    write({ kinks: places, slopes: steep, unit: Math.min(unit, count - 1) });
  }
  const fit = () => write(fitted(model.get("kinks"), targets.get(model.get("target"))));
  const spread = () => {
    const count = model.get("kinks").length;
    write({ kinks: model.get("kinks").map((_, i) => rounded(i / count, 2)) });
  };
  const flatten = () => write({ slopes: model.get("slopes").map(() => 0), start: 0 });

  const counts = Array.from({ length: MOST }, (_, i) => i + 1);
  const two = (value) => decimals(value, 2);
  const controls = {
    target: select("Target", names.map((name) => [name, name]), (target) => write({ target })),
    count: select("Units", counts.map((each) => [each, String(each)]), setCount),
    unit: choice("Unit", counts.map((each) => [each - 1, String(each)]), (unit) => write({ unit })),
    kink: slider("Kink", { min: 0, max: 1, step: 0.01, format: two }, (value) => setKink(value)),
    slope: slider("Slope", { min: -20, max: 20, step: 0.1, format: short }, (value) => setSlope(value)),
    start: slider("Start", { min: -2, max: 2, step: 0.01, format: two }, setStart),
  };

  function readView() {
    const traits = now();
    const count = Math.min(traits.kinks.length, traits.slopes.length); // two messages may bring them
    const [kinks, slopes] = [traits.kinks.slice(0, count), traits.slopes.slice(0, count)];
    const target = targets.get(traits.target) ?? targets.get(names[0]);
    const units = { kinks, slopes, start: traits.start, unit: clamp(traits.unit, 0, count - 1) };
    const sums = GRID.map((x) => heightAt(units, x));
    const deep = Math.min(...target) < -0.5;
    const range = deep ? { low: -1.5, high: 1.5, ticks: [-1, 0, 1] } : { low: -0.45, high: 1.45, ticks: [0, 0.5, 1] };
    return { ...units, ...range, name: traits.target, target, sums, error: errorOf(sums, target), colours: palette(root) };
  }

  function paintNow() {
    if (!width) return;
    view = readView();
    layout = layoutOf(width);
    const count = view.kinks.length;
    controls.target.set(view.name);
    controls.count.set(count);
    controls.unit.element.querySelectorAll("label").forEach((each, i) => (each.hidden = i >= count));
    controls.unit.set(view.unit);
    controls.kink.set(view.kinks[view.unit]);
    controls.slope.set(view.slopes[view.unit]);
    controls.start.set(view.start);
    const pen = svgPen(layout.width, layout.height);
    drawAll(pen, layout, view);
    pen.root.setAttribute("aria-hidden", "true");
    readout.replaceChildren(...summary(view));
    equation.textContent = formula(view);
    const how = "Left and right move the kink, up and down change the slope, 1 to 8 choose a unit.";
    stage.setAttribute("aria-label", `Target and sum of ${count} units. ${how}`);
    stage.replaceChildren(pen.root);
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("bend-a-line", picture, (text) => readout.replaceChildren(text));

  // --- by pointer: the nearest handle is dragged ---

  const placeOf = ({ clientX, clientY }) => {
    const corner = stage.getBoundingClientRect();
    return [clientX - corner.left, clientY - corner.top];
  };
  function handleAt([x, y], reach) {
    const { kinks, arm, start } = handlesOf(mainFrame(layout, view), view);
    const all = [{ kind: "slope", at: arm }, { kind: "start", at: start }];
    all.push(...kinks.map((at, unit) => ({ kind: "kink", unit, at })));
    const far = ({ at }) => Math.hypot(at[0] - x, at[1] - y);
    const best = all.reduce((near, each) => (far(each) < far(near) ? each : near));
    return far(best) <= reach ? best : null;
  }
  function drag([x, y]) {
    const units = readView();
    const frame = mainFrame(layout, units);
    if (held.kind === "start") return setStart(frame.value(y));
    if (held.kind === "kink") return setKink(frame.x(x), held.unit);
    const kink = units.kinks[held.unit];
    const [kx, ky] = handlesOf(frame, units).kinks[held.unit];
    const run = frame.x(Math.max(x, kx + 3)) - frame.x(kx);
    const total = (frame.value(y) - frame.value(ky)) / run;
    const before = slopeAfter(units, kink) - units.slopes[held.unit];
    return setSlope(clamp(total - before, -60, 60), held.unit);
  }
  const reach = (event) => (event.pointerType === "touch" || event.touches ? 26 : 14);
  stage.addEventListener("pointerdown", (event) => {
    if (!view || event.button) return;
    view = readView();
    const found = handleAt(placeOf(event), reach(event));
    if (!found) return;
    held = { kind: found.kind, unit: found.unit ?? view.unit };
    if (found.kind === "kink") write({ unit: found.unit });
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    if (held) drag(placeOf(event));
    else if (view) stage.classList.toggle("attend-grab", Boolean(handleAt(placeOf(event), reach(event))));
  });
  const release = () => (held = null);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(name, release);
  // A finger on a handle drags it; anywhere else it scrolls the page.
  const keepFinger = (event) => view && handleAt(placeOf(event.touches[0]), 26) && event.preventDefault();
  stage.addEventListener("touchstart", keepFinger, { passive: false });

  // --- by keyboard ---

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const { kinks, slopes } = now();
    const [unit, times] = [unitNow(), event.shiftKey ? 10 : 1];
    const acts = {
      ArrowLeft: () => setKink(kinks[unit] - 0.01 * times),
      ArrowRight: () => setKink(kinks[unit] + 0.01 * times),
      ArrowDown: () => setSlope(slopes[unit] - 0.1 * times),
      ArrowUp: () => setSlope(slopes[unit] + 0.1 * times),
      PageDown: () => setStart(model.get("start") - 0.1),
      PageUp: () => setStart(model.get("start") + 0.1),
    };
    if (!(event.key in acts)) return;
    acts[event.key]();
    event.preventDefault();
    event.stopPropagation();
  });
  const pick = (i) => () => i < model.get("kinks").length && write({ unit: i });
  const digits = Object.fromEntries(counts.map((each) => [String(each), pick(each - 1)]));
  keys(root, { t: () => shelf.turn(), f: fit, e: spread, 0: flatten, ...digits });

  const title = (text) => ({ title: text });
  const buttons = [
    button("Fit slopes", fit, title("Start and slopes of least squared error, kinks as they are (f)")),
    button("Even kinks", spread, title("Space the kinks evenly (e)")),
  ];
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const first = dom("div", { class: "attend-bar" }, controls.target.element, controls.count.element, ...buttons, end);
  const which = named("Unit", controls.unit);
  const rest = [controls.kink, controls.slope, controls.start].map(({ element }) => element);
  const second = dom("div", { class: "attend-bar" }, which, ...rest);
  const key = (text) => dom("kbd", {}, text);
  const meanings = [
    "Drag a kink sideways, the arm of the chosen unit up and down, the square left of the axis for the start. ",
    ...["In the plot: ", key("← →"), " kink · ", key("↑ ↓"), " slope · ", key("Shift"), " ten times · "],
    ...[key("1"), "–", key("8"), " unit · ", key("f"), " fit · ", key("e"), " even · ", key("0"), " flat · "],
    ...[key("t"), " numbers"],
  ];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  root.append(first, second, readout, stage, equation, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
