// Which numbers are averaged? Draws the traits of NormAxes and writes back what the reader changes.
import {
  button,
  canvasPen,
  choice,
  copyButtons,
  css,
  diverging,
  dom,
  figure,
  fitCanvas,
  isBright,
  isDark,
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
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in norm_axes.py ---

const EPSILON = 1e-5;
const MOMENTUM = 0.1;
const TOLERANCE = 1e-3; // an output has changed when it moved by more
const LARGEST = 1000;
const PAD = "<pad>";
const NORMS = { layer: "LayerNorm", batch: "BatchNorm", instance: "InstanceNorm", group: "GroupNorm" };

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const rounded = (number) => Math.round(number * 100) / 100 + 0; // + 0: no −0
const cube = (x, make) => x.map((sheet, b) => sheet.map((row, t) => row.map((_, d) => make(b, t, d))));
const meanOf = (list) => list.reduce((sum, number) => sum + number, 0) / list.length;

// Which set of numbers that share a mean and a variance a place belongs to, as a key.
function setOf({ norm, groups, x }, b, t, d) {
  const size = x[0][0].length / groups;
  return { layer: `${b} ${t}`, batch: `${d}`, instance: `${b} ${d}`, group: `${b} ${Math.floor(d / size)}` }[norm];
}

// Mean, variance and count of every set.
function statistics(traits, x) {
  const counts = (b, t) => traits.norm === "layer" || traits.with_padding || t < traits.tokens[b].length;
  const sets = new Map();
  cube(x, (b, t, d) => {
    const key = setOf(traits, b, t, d);
    if (!sets.has(key)) sets.set(key, []);
    if (counts(b, t)) sets.get(key).push(x[b][t][d]);
  });
  for (const [key, list] of sets) {
    const mean = meanOf(list);
    sets.set(key, { mean, variance: meanOf(list.map((number) => (number - mean) ** 2)), count: list.length });
  }
  const running = traits.norm === "batch" && traits.inference;
  const { running_mean: means, running_var: variances } = traits;
  return (b, t, d) =>
    running ? { mean: means[d], variance: variances[d], count: 0 } : sets.get(setOf(traits, b, t, d));
}

function outputsOf(traits, x) {
  const of = statistics(traits, x);
  const outputs = cube(x, (b, t, d) => {
    const { mean, variance } = of(b, t, d);
    return (x[b][t][d] - mean) / Math.sqrt(variance + EPSILON) + 0;
  });
  return { of, outputs };
}

function compute(traits) {
  const { x, before, tokens, norm, inference, with_padding: all } = traits;
  const [B, T, D] = [x.length, x[0].length, x[0][0].length];
  const cell = traits.cell.map((at, i) => clamp(at, 0, [B, T, D][i] - 1));
  const { of, outputs } = outputsOf(traits, x);
  const earlier = outputsOf(traits, before).outputs;
  const running = norm === "batch" && inference;
  const there = (b, t) => t < tokens[b].length;
  const mine = setOf(traits, ...cell);
  const lit = cube(x, (b, t, d) => !running && setOf(traits, b, t, d) === mine && (norm === "layer" || all || there(b, t)));
  const changed = cube(x, (b, t, d) => Math.abs(outputs[b][t][d] - earlier[b][t][d]) > TOLERANCE);
  const edited = cube(x, (b, t, d) => x[b][t][d] !== before[b][t][d]);
  const names = x.map((sheet, b) => sheet.map((_, t) => tokens[b][t] ?? PAD));
  return { ...traits, ...{ B, T, D, cell, of, outputs, running, there, lit, changed, edited, names } };
}

// One step of the running averages: the variance of the batch is divided by n − 1 there.
function takenIn({ x, tokens, with_padding: all, running_mean: means, running_var: variances }) {
  const seen = x.flatMap((sheet, b) => sheet.filter((_, t) => all || t < tokens[b].length));
  if (seen.length < 2) return null;
  const features = means.map((_, d) => seen.map((word) => word[d]));
  const step = (old, now) => (1 - MOMENTUM) * old + MOMENTUM * now;
  return {
    running_mean: means.map((old, d) => step(old, meanOf(features[d]))),
    running_var: variances.map((old, d) => {
      const mean = meanOf(features[d]);
      const squares = features[d].reduce((sum, number) => sum + (number - mean) ** 2, 0);
      return step(old, squares / (seen.length - 1));
    }),
  };
}

// What a change may reach, seen from the chosen number.
const SCOPES = [
  ["number", "this number"],
  ["word", "this word"],
  ["neighbours", "the other words of this sentence"],
  ["sentence", "this sentence"],
  ["others", "the other sentences"],
  ["feature", "this feature, in all words"],
  ["padding", "the padding"],
  ["batch", "the whole batch"],
];

const reached = ({ there, cell: [b, t, d] }, scope) => (i, j, k) =>
  ({
    number: i === b && j === t && k === d,
    word: i === b && j === t,
    neighbours: i === b && j !== t && there(i, j),
    sentence: i === b,
    others: i !== b,
    feature: k === d,
    padding: !there(i, j),
    batch: true,
  })[scope];

// --- numbers in words ---

// Up to four decimals: 3, −0.25, 4.4444. Python's `written` gives the same.
function written(number, digits = 4) {
  const unit = 10 ** digits;
  const text = String(Number((Math.floor(Math.abs(number) * unit + 0.5) / unit).toFixed(digits)));
  return number < 0 && text !== "0" ? `−${text}` : text;
}

// The same with at most so many digits, and as many as `room` pixels hold.
function brief(number, size, room, most = 2) {
  const texts = [2, 1, 0].filter((digits) => digits <= most).map((digits) => written(number, digits));
  return texts.find((text) => measure(text, size) <= room) ?? texts.at(-1);
}

// --- layout: for each sentence two sheets, words × features, beside one another or, where narrow, one below the other ---

const [HEAD, GAP, TITLE] = [22, 14, 26];

function layoutOf(view, width) {
  const { B, T, D, names } = view;
  const size = 13;
  const room = Math.min(100, width * 0.24);
  const left = Math.ceil(Math.max(...names.flat().map((name) => Math.min(measure(name, size, 650), room)))) + 10;
  const beside = width >= left + 2 * D * 34 + 24;
  const free = beside ? (width - left - 24) / 2 : width - left - 2;
  const cell = { width: clamp(Math.floor(free / D), 24, 52), height: 26 };
  const sheet = T * cell.height;
  const right = beside ? left + D * cell.width + 24 : left;
  const blocks = names.map((_, b) => {
    const y = TITLE + HEAD + b * ((beside ? sheet : 2 * sheet + HEAD) + HEAD + GAP);
    return { b, x: left, y, outX: right, outY: beside ? y : y + sheet + HEAD };
  });
  const last = blocks[B - 1];
  return { left, room, size, cell, sheet, beside, blocks, width: right + D * cell.width + 2, height: last.outY + sheet + 4 };
}

// --- drawing ---

function drawCell(pen, x, y, { width, height }, text, { fill, ink, mark, colours, size }) {
  pen.rect(x, y, width, height, { fill });
  pen.rect(x + 0.5, y + 0.5, width - 1, height - 1, { stroke: colours.hair });
  if (mark) pen.rect(x + 2.5, y + 2.5, width - 5, height - 5, { stroke: mark, width: 1.5 });
  pen.text(text, x + width / 2, y + height / 2, { size, fill: ink, align: "center" });
}

function drawInputs(pen, { cell }, { b, x, y }, view) {
  const { colours } = view;
  view.x[b].forEach((row, t) =>
    row.forEach((number, d) => {
      const lit = view.lit[b][t][d];
      const fill = lit ? colours.lit : view.there(b, t) ? colours.paper : colours.absent;
      const ink = !lit && !view.there(b, t) ? colours.muted : colours.ink;
      const look = { fill, ink, mark: lit ? colours.accent : null, colours, size: 12 };
      drawCell(pen, x + d * cell.width, y + t * cell.height, cell, brief(number, 12, cell.width - 7), look);
      if (!view.edited[b][t][d]) return;
      const [right, top] = [x + (d + 1) * cell.width - 4, y + t * cell.height + 4];
      pen.rect(right - 4, top, 4, 4, { fill: colours.gold });
    }),
  );
}

function drawOutputs(pen, { cell }, { b, outX, outY }, view) {
  const { colours } = view;
  view.outputs[b].forEach((row, t) =>
    row.forEach((number, d) => {
      const there = view.there(b, t);
      const colour = colours.diverging[Math.round(clamp((number / 2.5 + 1) / 2, 0, 1) * 255)];
      const fill = there ? css(colour) : colours.absent;
      const ink = there ? (isBright(colour) ? "#000000" : "#ffffff") : colours.muted;
      const [digits, size] = cell.width >= 40 ? [2, 12] : [1, 11];
      const look = { fill, ink, mark: null, colours, size };
      const [x, y] = [outX + d * cell.width, outY + t * cell.height];
      drawCell(pen, x, y, cell, brief(number, size, cell.width - 4, digits), look);
      if (!view.changed[b][t][d]) return;
      pen.rect(x + 2, y + 2, cell.width - 4, cell.height - 4, { stroke: colours.paper, width: 4 });
      pen.rect(x + 2, y + 2, cell.width - 4, cell.height - 4, { stroke: colours.gold, width: 2 });
    }),
  );
}

function drawNames(pen, layout, block, y, view) {
  const { colours, names, cell: [b, t] } = view;
  names[block.b].forEach((name, j) => {
    const strong = block.b === b && j === t;
    const fill = strong ? colours.accent : view.there(block.b, j) ? colours.ink : colours.muted;
    const style = { size: layout.size, weight: strong ? 650 : 400, fill, align: "right" };
    pen.text(shorten(name, layout.size, layout.room), layout.left - 7, y + (j + 0.5) * layout.cell.height, style);
  });
}

function drawChosen(pen, { cell }, x, y, [, t, d], colours) {
  const box = [x + d * cell.width, y + t * cell.height, cell.width, cell.height];
  pen.rect(...box, { stroke: colours.paper, width: 5 });
  pen.rect(...box, { stroke: colours.ink, width: 3 });
}

function drawAll(pen, layout, view) {
  const { colours, cell: chosen, norm, running } = view;
  const heading = { size: 13, weight: 600, fill: colours.ink };
  const name = running ? "BatchNorm, inference" : NORMS[norm];
  pen.text(layout.beside ? "x" : `x, then ${name}`, layout.left, 10, heading);
  if (layout.beside) pen.text(name, layout.blocks[0].outX, 10, heading);
  for (const block of layout.blocks) {
    const small = { size: 12, fill: colours.muted };
    pen.text(`sentence ${block.b}`, block.x, block.y - 10, small);
    pen.text(layout.beside ? "" : "normalised", block.outX, block.outY - 10, small);
    drawInputs(pen, layout, block, view);
    drawOutputs(pen, layout, block, view);
    drawNames(pen, layout, block, block.y, view);
    if (!layout.beside) drawNames(pen, layout, block, block.outY, view);
    if (block.b !== chosen[0]) continue;
    drawChosen(pen, layout, block.x, block.y, chosen, colours);
    drawChosen(pen, layout, block.outX, block.outY, chosen, colours);
  }
}

// The place [sentence, word, feature] under a point of the drawing, or null.
function placeAt({ blocks, cell }, { T, D }, px, py) {
  for (const { b, x, y, outX, outY } of blocks) {
    for (const [left, top] of [[x, y], [outX, outY]]) {
      const [t, d] = [Math.floor((py - top) / cell.height), Math.floor((px - left) / cell.width)];
      if (t >= 0 && t < T && d >= 0 && d < D) return [b, t, d];
    }
  }
  return null;
}

function moved({ cell: [b, t, d], B, T, D }, event) {
  const far = event.ctrlKey || event.metaKey;
  const to = {
    ArrowLeft: [b, t, d - 1],
    ArrowRight: [b, t, d + 1],
    ArrowUp: [b, t - 1, d],
    ArrowDown: [b, t + 1, d],
    PageUp: [b - 1, t, d],
    PageDown: [b + 1, t, d],
    Home: [far ? 0 : b, far ? 0 : t, 0],
    End: [far ? B - 1 : b, far ? T - 1 : t, D - 1],
  }[event.key];
  return to && to.map((at, i) => clamp(at, 0, [B, T, D][i] - 1));
}

// --- words ---

function whose({ norm, running, D, groups, with_padding: all }, count) {
  const left = all ? "" : ", padding left out";
  if (running) return "BatchNorm in inference takes the running averages of this feature, whatever is in the batch";
  return {
    layer: `LayerNorm takes the ${count} numbers of this word`,
    batch: `BatchNorm takes the ${count} numbers of this feature, over all words of the batch${left}`,
    instance: `InstanceNorm takes the ${count} numbers of this feature in this sentence${left}`,
    group: `GroupNorm takes the ${count} numbers of this group of ${D / groups} features in this sentence${left}`,
  }[norm];
}

function ofCell(view) {
  const { cell: [b, t, d], x, outputs, names, of } = view;
  const { mean, variance, count } = of(b, t, d);
  const number = (role, text) => dom("b", { "data-role": role }, text);
  const minus = mean < 0 ? `+ ${written(-mean)}` : `− ${written(mean)}`;
  return [
    ...[`Sentence ${b}, `, dom("b", {}, isolate(names[b][t])), `, feature ${d}: ${written(x[b][t][d])}. `],
    ...[whose(view, count), ": mean ", number("mean", written(mean)), ", variance ", number("variance", written(variance))],
    ...[`. (${written(x[b][t][d])} ${minus}) / √(${written(variance)} + 0.00001) = `],
    ...[number("value", written(outputs[b][t][d])), "."],
  ];
}

// How far a change reached: of words only, since nobody reads what stands in the padding.
function ofChange(view) {
  const { edited, changed, there, B, T, D, cell } = view;
  const count = (marks) => marks.flat(2).filter(Boolean).length;
  const edits = count(edited);
  if (!edits) return ["Nothing is changed yet. Change a number, or choose what to change, and see which outputs move."];
  const words = cube(changed, (b, t, d) => changed[b][t][d] && there(b, t));
  const inWords = cube(changed, (b, t) => there(b, t));
  const moved = dom("b", { "data-role": "changed" }, String(count(words)));
  const others = count(words.filter((_, b) => edited[b].flat().every((mark) => !mark)));
  const untouched = B > 1 && edited.some((sheet) => sheet.flat().every((mark) => !mark));
  const aside = untouched ? ` In sentences that were not touched: ${others}.` : "";
  const numbersOf = edits === 1 ? "1 number of x is" : `${edits} numbers of x are`;
  return [`${numbersOf} changed; `, moved, ` of the ${count(inWords)} outputs of words moved.${aside}`];
}

function tablesOf(view) {
  const { D, x, outputs, names, norm, running, running_mean: means, running_var: variances, changed } = view;
  const heads = () => Array.from({ length: D }, (_, d) => `feature ${d}`);
  const box = dom("div");
  x.forEach((sheet, b) => {
    const name = (t) => dom("span", {}, names[b][t]);
    box.append(table(`x, sentence ${b}`, "", heads(), sheet.map((row, t) => [name(t), ...row.map((n) => written(n))])));
    const shown = (row, t) => row.map((n, d) => written(n) + (changed[b][t][d] ? " *" : ""));
    const caption = `${running ? "BatchNorm in inference" : NORMS[norm]}, sentence ${b} (* changed)`;
    box.append(table(caption, "", heads(), outputs[b].map((row, t) => [name(t), ...shown(row, t)])));
  });
  const rows = [["mean", ...means.map((n) => written(n))], ["variance", ...variances.map((n) => written(n))]];
  if (norm === "batch") box.append(table("Running averages of BatchNorm", "", heads(), rows));
  return box;
}

// --- the widget ---

const TRAITS = [
  ...["x", "before", "tokens", "norm", "groups", "inference", "with_padding", "cell"],
  ...["running_mean", "running_var", "title"],
];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("NormAxes", "Which numbers share a mean and a variance");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const first = dom("div");
  const second = dom("div", { class: "attend-aside" });
  const readout = dom("output", { class: "attend-norm-said", "aria-live": "polite", "data-role": "readout" }, first, second);
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-sheets", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-sheets-scroll" }, stage);
  let [width, view, layout, said, scope] = [0, null, null, "", "word"];
  const say = (text) => {
    first.replaceChildren(text);
    said = "";
  };
  const readTraits = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const fresh = () => compute(readTraits()); // what was written since the last frame is in it

  const put = (make) => {
    const now = fresh();
    write({ x: cube(now.x, (b, t, d) => clamp(rounded(make(now, b, t, d)), -LARGEST, LARGEST)) });
  };
  const setNumber = (value) =>
    put(({ x, cell }, b, t, d) => (b === cell[0] && t === cell[1] && d === cell[2] ? value : x[b][t][d]));
  const apply = (change) =>
    put((now, b, t, d) => (reached(now, scope)(b, t, d) ? change(now.x[b][t][d]) : now.x[b][t][d]));

  const D = model.get("x")[0][0].length;
  const divisors = Array.from({ length: D }, (_, i) => i + 1).filter((n) => D % n === 0);
  const controls = {
    norm: choice("Norm", Object.keys(NORMS).map((name) => [name, name]), (norm) => write({ norm })),
    groups: choice("Groups", divisors.map((n) => [n, String(n)]), (groups) => write({ groups })),
    inference: choice("BatchNorm in", [[false, "training"], [true, "inference"]], (inference) => write({ inference })),
    with_padding: toggle("padding counts", (counts) => write({ with_padding: counts })),
  };
  const groups = named("Groups", controls.groups);
  const inference = named("in", controls.inference);
  const learn = button("Take this batch in", () => {
    const now = takenIn(readTraits());
    if (now) write(now);
    else say("One word alone has no variance to take in.");
  }, { title: "One step of the running averages: a tenth of the way to this batch", "data-role": "learn" });
  const reach = select("Change", SCOPES, (now) => (scope = now));
  reach.set(scope);
  const input = dom("input", { type: "number", step: "any", min: -LARGEST, max: LARGEST, "data-role": "number" });
  input.setAttribute("aria-label", "The chosen number of x");
  input.addEventListener("input", () => {
    const value = input.value.trim() === "" ? NaN : Number(input.value);
    if (!(Math.abs(value) <= LARGEST)) return input.setAttribute("aria-invalid", "true");
    input.removeAttribute("aria-invalid");
    return setNumber(value);
  });
  input.addEventListener("focusout", () => {
    input.removeAttribute("aria-invalid");
    setTimeout(() => view && showNumber());
  });
  const label = dom("label", { class: "attend-control" }, dom("span", {}, "x ="), input);
  const back = button("Set back", () => write({ x: model.get("before") }), { "data-role": "back" });
  const keep = button("Compare from here", () => write({ before: model.get("x") }), { "data-role": "keep" });

  function showNumber() {
    const [b, t, d] = view.cell;
    if (input.matches(":focus") && (input.hasAttribute("aria-invalid") || rounded(Number(input.value)) === view.x[b][t][d])) return;
    input.value = view.x[b][t][d];
    input.removeAttribute("aria-invalid");
  }

  function paintControls() {
    for (const [name, control] of Object.entries(controls)) control.set(view[name]);
    groups.hidden = view.norm !== "group";
    inference.hidden = learn.hidden = view.norm !== "batch";
    controls.with_padding.element.hidden = view.norm === "layer" || view.running;
    showNumber();
  }

  function paintNow() {
    if (!width) return;
    view = fresh();
    view.colours = { ...palette(root, ["lit", "absent"]), diverging: diverging(isDark()) };
    layout = layoutOf(view, width);
    paintControls();
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const text = `${view.B} sentences of ${view.T} words of ${view.D} numbers. Arrow keys choose a word and a feature, Page Up and Page Down a sentence; a number typed takes the place of the chosen one.`;
    if (stage.getAttribute("aria-label") !== text) stage.setAttribute("aria-label", text);
    shelf.refresh();
    const news = JSON.stringify([view.cell, view.x, view.before, view.norm, view.groups, view.inference]) +
      JSON.stringify([view.with_padding, view.running_mean, view.running_var, view.tokens]);
    if (news !== said) {
      first.replaceChildren(...ofCell(view));
      second.replaceChildren(...ofChange(view));
    }
    said = news;
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || !view) return;
    const now = fresh(); // the next key may come before the next frame
    const cell = moved(now, event);
    const plain = !event.ctrlKey && !event.metaKey;
    const [b, t, d] = now.cell;
    if (cell) write({ cell });
    else if (plain && event.key === "+") setNumber(now.x[b][t][d] + 1);
    else if (event.key === "Delete" || event.key === "Backspace") setNumber(0);
    else if (event.key === "Enter" || event.key === "F2") {
      input.focus();
      input.select();
    } else if (plain && /^[-0-9.]$/.test(event.key)) {
      input.focus(); // the key itself then goes into the selected number
      input.select();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    stage.focus();
  });
  stage.addEventListener("pointerdown", (event) => {
    if (!layout) return;
    const box = canvas.getBoundingClientRect();
    const cell = placeAt(layout, view, event.clientX - box.left, event.clientY - box.top);
    if (cell) write({ cell });
  });

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("norm-axes", picture, say);
  const bar = dom(
    "div",
    { class: "attend-bar" },
    ...[named("Norm", controls.norm), groups, inference, learn, controls.with_padding.element],
    dom("span", { class: "attend-end" }, shelf.button, copy),
  );
  const editor = dom(
    "div",
    { class: "attend-bar" },
    ...[label, reach.element],
    button("× 2", () => apply((number) => number * 2), { "aria-label": "Times 2", "data-role": "twice" }),
    button("+ 1", () => apply((number) => number + 1), { "aria-label": "Plus 1", "data-role": "plus" }),
    ...[back, keep],
  );
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← → ↑ ↓"), " feature, word · ", key("Page ↑ ↓"), " sentence · type a number · "];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, key("t"), " numbers");
  root.append(caption, bar, editor, readout, scroll, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
