// What does the learning rate do? Draws the traits of Descent and writes back what the reader sets.
import {
  button,
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  isDark,
  keys,
  mount,
  numbers,
  onFrame,
  palette,
  select,
  sequential,
  slider,
  table,
  writer,
} from "./common.js";

// --- the computation, as in descent.py and attend/optimizers.py: the same operations in the same order ---

const [MOST, FAR, CLOSE, WIDE, HIGH] = [300, 1000, 1e-6, 2.5, 2];

const SURFACES = {
  bowl: {
    loss: (x, y) => 0.5 * (x * x + y * y),
    gradient: (x, y) => [x, y],
    ...{ lowest: [[0, 0]], middle: 0, start: [-2, 1.4] },
  },
  valley: {
    loss: (x, y) => 0.5 * (x * x + 25 * y * y),
    gradient: (x, y) => [x, 25 * y],
    ...{ lowest: [[0, 0]], middle: 0, start: [-2, 0.8] },
  },
  "turned valley": {
    loss: (x, y) => 6.5 * (x * x + y * y) - 12 * x * y,
    gradient: (x, y) => [13 * x - 12 * y, 13 * y - 12 * x],
    ...{ lowest: [[0, 0]], middle: 0, start: [-2, -0.8] },
  },
  bend: {
    loss: (x, y) => 0.5 * (1 - x) * (1 - x) + 5 * (y - x * x) * (y - x * x),
    gradient: (x, y) => [x - 1 - 20 * x * (y - x * x), 10 * (y - x * x)],
    ...{ lowest: [[1, 1]], middle: 1, start: [-1.6, 2.4] },
  },
  saddle: {
    loss: (x, y) => 0.5 * x * x - 0.5 * y * y + 0.25 * y * y * y * y,
    gradient: (x, y) => [x, y * y * y - y],
    ...{ lowest: [[0, 1], [0, -1]], middle: 0, start: [1.8, 0.02] },
  },
};

// Each rule is made anew for each parameter: a function of its gradient that says how far it moves.
const RULES = {
  SGD: ({ rate }) => (g) => rate * g,
  momentum: ({ rate, momentum }) => {
    let v = 0;
    return (g) => {
      v = momentum * v + g;
      return rate * v;
    };
  },
  RMSProp: ({ rate }) => {
    let s = 0;
    return (g) => {
      s = 0.99 * s + (1 - 0.99) * (g * g);
      return (rate * g) / (Math.sqrt(s) + 1e-8);
    };
  },
  Adam: ({ rate, momentum: beta1 }) => {
    const beta2 = 0.999;
    let [m, s, t] = [0, 0, 0];
    return (g) => {
      t += 1;
      m = beta1 * m + (1 - beta1) * g;
      s = beta2 * s + (1 - beta2) * (g * g);
      const mean = m / (1 - beta1 ** t);
      const square = s / (1 - beta2 ** t);
      return (rate * mean) / (Math.sqrt(square) + 1e-8);
    };
  },
};

const farthest = (point) => Math.max(...point.map(Math.abs));

// Every point from the start to the last step, or to divergence.
function pathOf({ surface, start, learning_rate: rate, optimiser, momentum, steps }) {
  const rules = [0, 1].map(() => RULES[optimiser]({ rate, momentum }));
  const points = [start];
  while (points.length <= steps && farthest(points.at(-1)) <= FAR) {
    const point = points.at(-1);
    const slopes = SURFACES[surface].gradient(...point);
    points.push(point.map((each, i) => each - rules[i](slopes[i])));
  }
  return points;
}

function outcomeOf({ form, path }) {
  const last = path.at(-1);
  if (farthest(last) > FAR) return "diverged";
  if (form.loss(...last) - form.loss(...form.lowest[0]) <= CLOSE) return "arrived";
  const before = path.at(-2) ?? last;
  const moved = farthest(last.map((each, i) => each - before[i]));
  return Math.max(farthest(form.gradient(...last)), moved) <= CLOSE ? "stands still" : "under way";
}

// How often the slope along one axis changed its sign: the point had jumped across the valley.
function turnsOf({ form, path }) {
  const slopes = path.map((point) => form.gradient(...point));
  const turned = (i) => slopes.slice(1).filter((slope, n) => slope[i] * slopes[n][i] < 0).length;
  return Math.max(turned(0), turned(1));
}

// --- drawing ---

const minus = (text) => text.replaceAll("-", "−");
const four = (value) => {
  const size = Math.abs(value);
  return minus(size >= 1e5 || (size > 0 && size < 1e-4) ? value.toExponential(2) : value.toFixed(4));
};
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const rounded = (value, digits) => Number(value.toFixed(digits)) || 0; // never −0

// The map at the left, or on top where it is narrow; the loss by step beside it, or below.
function layoutOf(width) {
  const beside = width >= 620;
  const mapWidth = (beside ? Math.min(width * 0.6, 560) : Math.min(width, 560)) - 26;
  const map = { left: 26, top: 6, width: mapWidth, height: (mapWidth * HIGH) / WIDE };
  const under = map.top + map.height + 26;
  const curve = beside
    ? { left: map.left + map.width + 62, right: width - 8, top: 34, bottom: map.top + map.height }
    : { left: 44, right: width - 8, top: under + 54, bottom: under + 54 + 120 };
  const keyY = under + 6;
  return { map, curve, keyY, width, height: beside ? keyY + 18 : curve.bottom + 34 };
}

const scalesOf = ({ left, top, width, height }, middle) => ({
  across: (x) => left + ((x + WIDE) / (2 * WIDE)) * width,
  down: (y) => top + ((middle + HIGH - y) / (2 * HIGH)) * height,
  x: (px) => ((px - left) / width) * 2 * WIDE - WIDE,
  y: (py) => middle + HIGH - ((py - top) / height) * 2 * HIGH,
});

// The part of the segment a–b inside the box, or null (Liang and Barsky).
function clip([ax, ay], [bx, by], { left, top, width, height }) {
  let [from, to] = [0, 1];
  const [dx, dy] = [bx - ax, by - ay];
  const sides = [[-dx, ax - left], [dx, left + width - ax], [-dy, ay - top], [dy, top + height - ay]];
  for (const [p, q] of sides) {
    if (p === 0 && q < 0) return null;
    if (p < 0) from = Math.max(from, q / p);
    if (p > 0) to = Math.min(to, q / p);
  }
  return from > to ? null : [[ax + from * dx, ay + from * dy], [ax + to * dx, ay + to * dy]];
}

// The surface as bands of equal colour, each about twice as high as the one before, with a line between them.
function contours(form, { width, height }, density, dark) {
  const [columns, rows] = [Math.round(width * density), Math.round(height * density)];
  const canvas = dom("canvas", { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const scale = sequential(dark);
  const lowest = form.loss(...form.lowest[0]);
  const band = new Int8Array((columns + 1) * (rows + 1));
  for (let r = 0; r <= rows; r++) {
    const y = form.middle + HIGH - ((r + 0.5) / rows) * 2 * HIGH;
    for (let c = 0; c <= columns; c++) {
      const x = ((c + 0.5) / columns) * 2 * WIDE - WIDE;
      band[r * (columns + 1) + c] = Math.floor(Math.log2(form.loss(x, y) - lowest + 0.02)) + 6;
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const at = r * (columns + 1) + c;
      const here = band[at];
      const edge = band[at + 1] !== here || band[at + columns + 1] !== here;
      const colour = scale[clamp(Math.round((here * 0.042 + (edge ? 0.16 : 0)) * 255), 0, 255)];
      image.data.set([...colour, 255], (r * columns + c) * 4);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

const square = (pen, [x, y], size, fill, stroke) =>
  pen.rect(x - size / 2, y - size / 2, size, size, { fill, stroke, width: 2 });

function cross(pen, [x, y], colour) {
  pen.line([[x - 5, y], [x + 5, y]], { stroke: colour, width: 2 });
  pen.line([[x, y - 5], [x, y + 5]], { stroke: colour, width: 2 });
}

// From the point, downhill: against the gradient, in pixels.
function arrow(pen, [x, y], [gx, gy], colours) {
  const steep = Math.hypot(gx, gy);
  if (!(steep > CLOSE)) return;
  const [dx, dy] = [-gx / steep, gy / steep]; // y grows downwards on the screen
  const [tx, ty] = [x + 38 * dx, y + 38 * dy];
  const barb = (turn) => [tx - 9 * (dx * 0.87 - dy * turn), ty - 9 * (dy * 0.87 + dx * turn)];
  for (const style of [{ stroke: colours.paper, width: 5 }, { stroke: colours.ink, width: 2 }]) {
    pen.line([[x, y], [tx, ty]], style);
    pen.line([barb(0.5), [tx, ty], barb(-0.5)], style);
  }
}

function drawMap(pen, { map }, view) {
  const { colours, form, path, outcome, background } = view;
  const { across, down } = scalesOf(map, form.middle);
  const { left, top, width, height } = map;
  pen.image(background, left, top, width, height);
  pen.rect(left, top, width, height, { stroke: colours.edge });
  const label = { size: 11, fill: colours.muted };
  for (let tick = -2; tick <= 2; tick++) {
    pen.text(minus(String(tick)), across(tick), top + height + 11, { ...label, align: "center" });
    if (Math.abs(tick) < 2) {
      const y = tick + form.middle;
      pen.text(minus(String(y)), left - 6, down(y), { ...label, align: "right" });
    }
  }
  pen.text("x", left + width - 4, top + height + 11, { ...label, align: "right" });
  pen.text("y", left - 6, top + 5, { ...label, align: "right" });
  form.lowest.forEach(([x, y]) => cross(pen, [across(x), down(y)], colours.ink));
  const bad = outcome === "diverged";
  const points = path.map(([x, y]) => [across(x), down(y)]);
  const pieces = points.slice(1).map((point, i) => clip(points[i], point, map));
  const inside = ([x, y]) => x >= left && x <= left + width && y >= top && y <= top + height;
  const line = (style) => pieces.forEach((piece) => piece && pen.line(piece, style)); // one by one: no spikes at turns
  line({ stroke: colours.paper, width: 5 });
  line({ stroke: colours.gold, width: 2, dash: bad ? [7, 4] : undefined });
  const dots = path.length <= 80 ? points.slice(1).filter(inside) : [];
  dots.forEach(([x, y]) => pen.rect(x - 2.5, y - 2.5, 5, 5, { fill: colours.gold }));
  const now = points.at(-1);
  if (inside(now)) arrow(pen, now, form.gradient(...path.at(-1)), colours);
  if (path.length > 1 && inside(now)) square(pen, now, 11, colours.gold, colours.ink);
  if (inside(points[0])) square(pen, points[0], path.length > 1 ? 11 : 13, colours.paper, colours.ink);
  if (bad || !inside(now)) {
    const text = bad ? `diverged at step ${path.length - 1}` : "outside the map";
    const style = { size: 15, weight: 650, fill: colours.gold, align: "center", back: colours.paper };
    pen.text(text, left + width / 2, top + 18, style);
  }
}

const FLOOR = -8;

// The loss above the lowest, by step, on a scale of powers of ten.
function drawCurve(pen, { curve }, view) {
  const { left, right, top, bottom } = curve;
  const { colours, form, path, outcome } = view;
  const lowest = form.loss(...form.lowest[0]);
  const heights = path.map((point) => Math.log10(Math.max(form.loss(...point) - lowest, 1e-30)));
  const high = clamp(2 * Math.ceil(Math.max(...heights) / 2), 2, 12);
  const span = Math.max(20, path.length - 1);
  const across = (n) => left + (n / span) * (right - left);
  const down = (power) => bottom - ((clamp(power, FLOOR, high) - FLOOR) / (high - FLOOR)) * (bottom - top);
  const label = { size: 11, fill: colours.muted };
  pen.text("Loss above the lowest, by step", left - 36, top - 24, { size: 13, weight: 600, fill: colours.ink });
  const words = new Map([[-8, "1e−8"], [-4, "0.0001"], [-2, "0.01"], [0, "1"], [2, "100"]]);
  for (let power = FLOOR; power <= high; power += high - FLOOR > 12 || bottom - top < 160 ? 4 : 2) {
    pen.line([[left, down(power)], [right, down(power)]], { stroke: colours.hair });
    const text = words.get(power) ?? `1e${minus(String(power))}`;
    pen.text(text, left - 6, down(power), { ...label, align: "right" });
  }
  for (const n of [0, span / 2, span]) {
    pen.text(String(Math.round(n)), across(n), bottom + 12, { ...label, align: n === span ? "right" : "center" });
  }
  const points = heights.map((height, n) => [across(n), down(height)]);
  const dash = outcome === "diverged" ? [7, 4] : undefined;
  if (points.length > 1) pen.line(points, { stroke: colours.gold, width: 2, dash });
  square(pen, points.at(-1), 9, colours.gold, colours.ink);
}

function drawKey(pen, { keyY: y, width }, { colours }) {
  const style = { size: 12, fill: colours.ink };
  const wide = width >= 620;
  const [first, second] = wide ? [0, 76] : [0, 54];
  square(pen, [first + 7, y], 10, colours.paper, colours.ink);
  pen.text("start", first + 18, y, style);
  pen.line([[second, y], [second + 22, y]], { stroke: colours.gold, width: 2.5 });
  square(pen, [second + 22, y], 10, colours.gold, colours.ink);
  pen.text(wide ? "path, and where it is" : "path", second + 34, y, style);
  const at = second + (wide ? 164 : 74);
  pen.line([[at, y], [at + 20, y]], { stroke: colours.ink, width: 2 });
  pen.line([[at + 14, y - 4], [at + 20, y], [at + 14, y + 4]], { stroke: colours.ink, width: 2 });
  pen.text("downhill", at + 26, y, style);
  const last = at + (wide ? 98 : 84);
  cross(pen, [last, y], colours.ink);
  pen.text("lowest", last + 10, y, style);
}

function drawAll(pen, layout, view) {
  drawMap(pen, layout, view);
  drawKey(pen, layout, view);
  drawCurve(pen, layout, view);
}

// --- the widget ---

const TRAITS = ["surface", "start", "learning_rate", "optimiser", "momentum", "steps"];
const precise = (value) => minus(String(Number(value.toPrecision(10))));

function tableOf({ path, form, learning_rate: rate, optimiser, surface }) {
  const rows = path.map((point, n) => [
    `step ${n}`,
    ...[...point, form.loss(...point), ...form.gradient(...point)].map(precise),
  ]);
  const caption = `${optimiser} on the ${surface}, learning rate ${rate}`;
  return table(caption, "", ["x", "y", "loss", "∂L/∂x", "∂L/∂y"], rows);
}

function verdictOf({ outcome, path, turns }) {
  const steps = path.length - 1;
  if (outcome === "diverged") return `Diverged at step ${steps}: a coordinate is beyond 1000. A smaller learning rate?`;
  if (outcome === "arrived") return `Arrived: within a millionth of the lowest loss after ${steps} steps.`;
  if (outcome === "stands still") return "Stands still: the slope is 0 here, but there are lower places.";
  if (turns > 1) return `Under way. It has jumped across ${turns} times.`;
  return "Under way.";
}

function summary({ path, form }) {
  const last = path.at(-1);
  const bold = (value) => dom("b", {}, four(value));
  const pair = ([a, b]) => ["(", bold(a), ", ", bold(b), ")"];
  const loss = ["loss ", bold(form.loss(...last)), ", gradient ", ...pair(form.gradient(...last)), "."];
  return ["Step ", dom("b", {}, String(path.length - 1)), ": at ", ...pair(last), ", ", ...loss];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Descent", "Descend a loss surface");
  const role = { tabindex: 0, role: "application", "data-role": "stage" };
  const canvas = dom("canvas", { "aria-hidden": "true" });
  const stage = dom("div", { class: "attend-descent", ...role }, canvas);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const outcome = dom("span", { class: "attend-aside", "data-role": "outcome" });
  let [width, view, layout, timer, tabling, held, backdrop] = [0, null, null, 0, 0, false, { key: "" }];

  // --- what changes ---

  const setStart = ([x, y]) => {
    const { middle } = SURFACES[model.get("surface")];
    write({ start: [rounded(clamp(x, -WIDE, WIDE), 2), rounded(clamp(y, middle - HIGH, middle + HIGH), 2)] });
  };
  const ended = () => ["diverged", "arrived", "stands still"].includes(outcomeOf(readTraits()));
  const step = () => {
    const { path, steps } = readTraits();
    if (steps < MOST && path.length - 1 === steps) write({ steps: steps + 1 });
  };
  function halt() {
    clearInterval(timer);
    timer = 0;
    runner.textContent = "Run";
    readout.setAttribute("aria-live", "polite");
  }
  function tick() {
    step();
    const { steps } = readTraits();
    if (ended() || steps >= MOST) {
      halt();
      paint(); // so that the end is spoken
    }
  }
  function run() {
    if (timer) return halt();
    if (ended() || model.get("steps") >= MOST) write({ steps: 0 });
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      while (!ended() && model.get("steps") < MOST) write({ steps: model.get("steps") + 1 });
      return null;
    }
    readout.setAttribute("aria-live", "off");
    runner.textContent = "Pause";
    timer = setInterval(tick, 50);
    return null;
  }
  function reset() {
    halt();
    write({ steps: 0 });
  }

  const names = (list) => list.map((name) => [name, name]);
  const rateOf = (power) => Number((10 ** power).toPrecision(3));
  const power = { min: -3, max: 1, step: 0.02, format: (each) => String(rateOf(each)) };
  const share = { min: 0, max: 0.99, step: 0.01, format: (each) => each.toFixed(2) };
  const controls = {
    surface: select("Surface", names(Object.keys(SURFACES)), (surface) => {
      halt();
      write({ surface, start: SURFACES[surface].start, steps: 0 });
    }),
    optimiser: choice("Optimiser", names(Object.keys(RULES)), (each) => write({ optimiser: each })),
    learning_rate: slider("Learning rate", power, (each) => write({ learning_rate: rateOf(each) })),
    momentum: slider("Momentum", share, (momentum) => write({ momentum })),
  };
  const runner = button("Run", run, { class: "attend-button attend-run", title: "Run (r)" });

  function readTraits() {
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const form = SURFACES[traits.surface];
    return { ...traits, form, path: pathOf(traits) };
  }

  function readView() {
    const traits = readTraits();
    const [dark, density] = [isDark(), Math.min(window.devicePixelRatio || 1, 2)];
    const key = [traits.surface, layout.map.width, density, dark].join();
    if (backdrop.key !== key) backdrop = { key, canvas: contours(traits.form, layout.map, density, dark) };
    const found = { outcome: outcomeOf(traits), turns: turnsOf(traits), colours: palette(root, ["edge"]) };
    return { ...traits, ...found, background: backdrop.canvas };
  }

  function paintNow() {
    if (!width) return;
    layout = layoutOf(width);
    view = readView();
    controls.surface.set(view.surface);
    controls.optimiser.set(view.optimiser);
    controls.learning_rate.set(Math.log10(view.learning_rate));
    controls.momentum.set(view.momentum);
    const used = ["momentum", "Adam"].includes(view.optimiser);
    controls.momentum.element.classList.toggle("attend-off", !used);
    controls.momentum.element.querySelector("input").disabled = !used;
    const pen = canvasPen(fitCanvas(canvas, layout.width, layout.height));
    drawAll(pen, layout, view);
    outcome.textContent = verdictOf(view);
    readout.replaceChildren(...summary(view), outcome);
    const how = "Arrow keys move the start; s takes a step, r runs, z goes back to the start.";
    stage.setAttribute("aria-label", `Map of the ${view.surface}, start at ${view.start.join(", ")}. ${how}`);
    root.dataset.outcome = view.outcome;
    clearTimeout(tabling);
    tabling = setTimeout(shelf.refresh, 150); // up to 300 rows: once a drag or a run pauses
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("descent", picture, (text) => readout.replaceChildren(text));

  // --- by pointer: the start goes where the mouse is; a finger taps, or drags the start itself ---

  const placeOf = ({ clientX, clientY }) => {
    const corner = stage.getBoundingClientRect();
    return [clientX - corner.left, clientY - corner.top];
  };
  const onMap = ([x, y], { left, top, width: w, height: h } = layout.map) =>
    x >= left && x <= left + w && y >= top && y <= top + h;
  const moveTo = (place) => {
    const { x, y } = scalesOf(layout.map, view.form.middle);
    setStart([x(place[0]), y(place[1])]);
  };
  const nearStart = ([x, y]) => {
    const { across, down } = scalesOf(layout.map, view.form.middle);
    return Math.hypot(across(view.start[0]) - x, down(view.start[1]) - y) < 30;
  };
  stage.addEventListener("pointerdown", (event) => {
    if (!view || event.button || !onMap(placeOf(event))) return;
    if (event.pointerType === "touch" && !nearStart(placeOf(event))) return;
    held = true;
    stage.setPointerCapture(event.pointerId);
    moveTo(placeOf(event));
  });
  stage.addEventListener("pointermove", (event) => held && moveTo(placeOf(event)));
  const release = () => (held = false);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(name, release);
  stage.addEventListener("click", (event) => view && onMap(placeOf(event)) && moveTo(placeOf(event)));
  const keepFinger = (event) => view && nearStart(placeOf(event.touches[0])) && event.preventDefault();
  stage.addEventListener("touchstart", keepFinger, { passive: false });

  // --- by keyboard ---

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const [x, y] = model.get("start");
    const far = event.shiftKey ? 0.01 : 0.1;
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowDown: [0, -far], ArrowUp: [0, far] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    setStart([x + move[0], y + move[1]]);
  });
  keys(root, { s: step, r: run, z: reset, t: () => shelf.turn() });

  const stepper = button("Step", step, { title: "One step (s)" });
  const back = button("Reset", reset, { title: "Back to the start (z)" });
  const { surface, optimiser, learning_rate: rate, momentum } = controls;
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const drive = dom("span", { class: "attend-steps" }, stepper, runner, back);
  const bars = [
    dom("div", { class: "attend-bar" }, surface.element, optimiser.element, end),
    dom("div", { class: "attend-bar" }, rate.element, momentum.element, drive),
  ];
  const key = (name) => dom("kbd", {}, name);
  const hint = dom("p", { class: "attend-hint" });
  hint.append(key("← → ↑ ↓"), " on the map move the start (", key("Shift"), " finely) · ");
  hint.append(key("s"), " step · ", key("r"), " run · ", key("z"), " reset · ", key("t"), " numbers");
  root.append(...bars, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush, () => clearInterval(timer), () => clearTimeout(tabling)] });
}

export default { render };
