// What do the gates of a cell do? Draws the traits of Gates and writes back what the reader moves.
import {
  canvasPen,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  keys,
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  select,
  slider,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in gates.py ---

const EDITABLE = ["value", "input", "forget", "output"];
const lowest = (row) => (row === "value" ? -1 : 0);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const hundredths = (number) => Math.round(100 * number) / 100 + 0; // + 0: no −0

// c, h, and what is left of each value in the last cell.
function compute({ value, input, forget, output }) {
  const cell = [];
  let c = 0;
  value.forEach((g, t) => {
    c = forget[t] * c + input[t] * g;
    cell.push(c);
  });
  const road = new Array(value.length).fill(1);
  for (let t = value.length - 2; t >= 0; t--) road[t] = road[t + 1] * forget[t + 1];
  return { cell, hidden: cell.map((each, t) => output[t] * Math.tanh(each)), left: road.map((each, t) => input[t] * each) };
}

const sameNumbers = (a, b) => a.length === b.length && a.every((number, i) => number === b[i]);

function nameOf(programs, traits) {
  const known = Object.entries(programs).find(([, rows]) =>
    Object.entries(rows).every(([row, each]) => sameNumbers(each, traits[row])),
  );
  return known ? known[0] : "your own";
}

// --- numbers as text: Python's `written` gives the same ---

function written(number, digits) {
  const text = number.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

const inBrackets = (number, digits) => (number < 0 ? `(${written(number, digits)})` : written(number, digits));

// Two decimals; without the 0 before the point where there is no room for it. What is whole needs none.
function brief(number, size, room) {
  const full = Number.isInteger(number) ? written(number, 0) : written(number, 2);
  return measure(full, size) <= room ? full : full.replace("0.", ".");
}

// --- drawing: a column for each step, a row for each quantity ---

const ROWS = [
  { key: "value", name: "value g", signed: true },
  { key: "input", name: "input gate i" },
  { key: "forget", name: "forget gate f" },
  { key: "cell", name: "cell c = f · c + i · g", signed: true },
  { key: "output", name: "output gate o" },
  { key: "hidden", name: "shown h = o · tanh c", signed: true },
  { key: "left", name: "left of g at the end" },
];
const [HEAD, BOX] = [20, 36]; // the line of step numbers; the height of a cell of the table

// Names stand to the left of their rows where there is room, else above them.
function layoutOf(width, steps) {
  const wide = width >= 600;
  const gutter = wide ? 148 : 0;
  const [gap, above] = [wide ? 8 : 5, wide ? 8 : 21];
  const column = clamp(Math.floor((width - gutter - 4) / steps), 31, 72);
  const across = (t) => gutter + 2 + t * column;
  const down = (k) => HEAD + above + k * (BOX + above);
  const total = gutter + 4 + steps * column;
  return { wide, column, box: column - gap, gap, across, down, above, width: total, height: down(ROWS.length) - above + 4 };
}

function drawBox(pen, x, y, wide, number, { signed, reach, editable }, colours) {
  const share = clamp(number / reach, -1, 1);
  const [base, full] = signed ? [y + BOX / 2, BOX / 2] : [y + BOX, BOX];
  const height = Math.abs(share) * full;
  const fill = signed ? (share >= 0 ? colours.positive : colours.negative) : colours.accent;
  pen.rect(x, share >= 0 ? base - height : base, wide, height, { fill, opacity: 0.42 });
  pen.rect(x + 0.5, y + 0.5, wide - 1, BOX - 1, { stroke: editable ? colours.edge : colours.hair });
  const size = wide < 40 ? 11 : 13;
  pen.text(brief(number, size, wide - 2), x + wide / 2, y + BOX / 2, { size, fill: colours.ink, align: "center" });
}

// The road of the cell: what passes from one step to the next, as wide as the forget gate is open.
function drawRoad(pen, layout, y, forget, colours) {
  forget.slice(1).forEach((open, i) => {
    const [x, width] = [layout.across(i) + layout.box, layout.gap];
    pen.line([[x, y + BOX / 2], [x + width, y + BOX / 2]], { stroke: colours.gold, width: 1 + 13 * open, opacity: open });
  });
}

function drawAll(pen, layout, view) {
  const { colours, step, row, value } = view;
  const quiet = { size: 12, fill: colours.muted };
  value.forEach((_, t) => {
    const style = t === step ? { size: 12, weight: 650, fill: colours.accent } : quiet;
    pen.text(String(t + 1), layout.across(t) + layout.box / 2, 10, { ...style, align: "center" });
  });
  if (layout.wide) pen.text("step", 0, 10, quiet);
  ROWS.forEach(({ key, name, signed }, k) => {
    const y = layout.down(k);
    const editable = EDITABLE.includes(key);
    const strong = key === row ? { weight: 650, fill: colours.accent } : { fill: editable ? colours.ink : colours.muted };
    if (layout.wide) pen.text(name, 0, y + BOX / 2, { size: 12.5, ...strong });
    else pen.text(name, 0, y - 9, { size: 12, ...strong });
    const reach = key === "cell" ? view.reach : 1;
    if (key === "cell") drawRoad(pen, layout, y, view.forget, colours);
    view[key].forEach((number, t) => {
      drawBox(pen, layout.across(t), y, layout.box, number, { signed, reach, editable }, colours);
    });
    if (key !== row) return;
    pen.rect(layout.across(step) + 1, y + 1, layout.box - 2, BOX - 2, { stroke: colours.paper, width: 4 });
    pen.rect(layout.across(step), y, layout.box, BOX, { stroke: colours.gold, width: 2.5 });
  });
}

// The place { row, step } of a point of the drawing, and how high in its box it lies, 0 to 1; null outside the boxes.
function placeAt(layout, steps, x, y) {
  const step = Math.floor((x - layout.across(0)) / layout.column);
  const k = Math.floor((y - layout.down(0)) / (BOX + layout.above));
  if (step < 0 || step >= steps || k < 0 || k >= ROWS.length || y > layout.down(k) + BOX) return null;
  return { row: ROWS[k].key, step };
}

const heightIn = (layout, row, y) => {
  const top = layout.down(ROWS.findIndex(({ key }) => key === row));
  return clamp(1 - (y - top) / BOX, 0, 1);
};

function moved({ row, step, value }, event) {
  const place = EDITABLE.indexOf(row);
  const last = value.length - 1;
  const to = {
    ArrowLeft: { step: step - 1 },
    ArrowRight: { step: step + 1 },
    ArrowUp: { row: EDITABLE[Math.max(place - 1, 0)] },
    ArrowDown: { row: EDITABLE[Math.min(place + 1, 3)] },
    Home: { step: 0 },
    End: { step: last },
  }[event.key];
  return to && { row, ...to, step: clamp(to.step ?? step, 0, last) };
}

// --- words and numbers ---

function summary(view) {
  const { step: t, value, input, forget, output, cell, hidden, left } = view;
  const bold = (role, number) => dom("b", { "data-role": role }, written(number, 4));
  const before = t ? cell[t - 1] : 0;
  const sum = `${written(forget[t], 2)} · ${inBrackets(before, 4)} + ${written(input[t], 2)} · ${inBrackets(value[t], 2)} = `;
  const last = cell.length - 1;
  return [
    dom("span", {}, `Step ${t + 1}: c = f · c + i · g = ${sum}`, bold("cell", cell[t])),
    dom("span", {}, `h = o · tanh c = ${written(output[t], 2)} · tanh ${inBrackets(cell[t], 4)} = `, bold("hidden", hidden[t])),
    dom("span", {}, "Of this g, ", bold("left", left[t]), ` is left in the last cell, which is `, bold("last", cell[last]), "."),
  ];
}

function tableOf(view) {
  const columns = ["g", "i", "f", "c", "o", "h", "left at the end"];
  const rows = view.value.map((_, t) => [
    `step ${t + 1}`,
    ...ROWS.map(({ key }) => written(view[key][t], EDITABLE.includes(key) ? 2 : 4)),
  ]);
  return table("One unit, step by step", "", columns, rows);
}

// --- the widget ---

const TRAITS = [...EDITABLE, "step", "row", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Gates", "One unit of an LSTM and its three gates");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-gates", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-gates-scroll" }, stage);
  const programs = model.get("_programs");
  let [width, view, layout, everywhere, said, drag] = [0, null, null, false, "", null];

  const readTraits = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

  // One number of a row, or all of them, becomes `number`.
  function change(row, number, { all = everywhere, step = model.get("step") } = {}) {
    const rounded = hundredths(clamp(number, lowest(row), 1));
    write({ row, [row]: model.get(row).map((old, t) => (all || t === step ? rounded : old)) });
  }

  const bent = (number) => written(number, 2);
  const knob = (row, label) =>
    slider(label, { min: lowest(row), max: 1, step: 0.05, format: bent }, (number) => change(row, number));
  const options = [...Object.keys(programs), "your own"].map((name) => [name, name]);
  const controls = {
    program: select("Gates", options, (name) => (programs[name] ? write(programs[name]) : paint())),
    value: knob("value", "value g"),
    input: knob("input", "input i"),
    forget: knob("forget", "forget f"),
    output: knob("output", "output o"),
    all: toggle("change every step", (all) => (everywhere = all)),
  };

  function paintNow() {
    if (!width) return;
    const traits = readTraits();
    const found = compute(traits);
    const colours = palette(root, ["edge"]);
    view = { ...traits, ...found, colours, reach: Math.max(1, ...found.cell.map(Math.abs)) };
    layout = layoutOf(width, view.value.length);
    controls.program.set(nameOf(programs, view));
    for (const row of EDITABLE) controls[row].set(view[row][view.step]);
    controls.all.set(everywhere);
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const here = `${ROWS.find(({ key }) => key === view.row).name}, step ${view.step + 1} of ${view.value.length}`;
    const label = `${here}: ${written(view[view.row][view.step], 2)}. Arrow keys move, plus and minus change it.`;
    if (stage.getAttribute("aria-label") !== label) stage.setAttribute("aria-label", label);
    const news = JSON.stringify([view.step, ...ROWS.map(({ key }) => view[key])]);
    if (news !== said) readout.replaceChildren(...summary(view));
    said = news;
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  // Keeps the selected column in sight where the table is wider than the page.
  function follow(step) {
    const [left, right] = [layout.across(step), layout.across(step) + layout.column];
    if (left < scroll.scrollLeft) scroll.scrollLeft = left;
    else if (right > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = right - scroll.clientWidth;
  }

  const turned = (row, number) => (row === "value" ? -number : number >= 0.5 ? 0 : 1);

  stage.addEventListener("keydown", (event) => {
    if (!view || event.altKey || event.ctrlKey || event.metaKey) return;
    const place = moved(view, event);
    const [row, step] = [model.get("row"), model.get("step")];
    const by = { "+": 0.1, "=": 0.1, "-": -0.1, _: -0.1 }[event.key];
    if (place) {
      Object.assign(view, place); // the next key may come before the next frame
      write(place);
      follow(place.step);
    } else if (by) change(row, model.get(row)[step] + by);
    else if (event.key === " ") change(row, turned(row, model.get(row)[step]));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const pointOf = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener("pointerdown", (event) => {
    if (!layout || event.button) return;
    const [x, y] = pointOf(event);
    const place = placeAt(layout, view.value.length, x, y);
    if (!place) return;
    const editable = EDITABLE.includes(place.row);
    const again = place.row === model.get("row") && place.step === model.get("step");
    drag = editable ? { ...place, y, again, pulled: false } : null;
    write(editable ? place : { step: place.step });
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag || event.buttons !== 1 || event.pointerType !== "mouse") return;
    const [, y] = pointOf(event);
    if (!drag.pulled && Math.abs(y - drag.y) < 4) return;
    drag.pulled = true;
    const high = heightIn(layout, drag.row, y);
    const number = lowest(drag.row) + high * (1 - lowest(drag.row));
    change(drag.row, Math.round(20 * number) / 20, { step: drag.step });
  });
  // A second tap on the same gate opens or shuts it.
  stage.addEventListener("click", () => {
    if (drag && drag.again && !drag.pulled && drag.row !== "value") {
      change(drag.row, turned(drag.row, model.get(drag.row)[drag.step]), { step: drag.step });
    }
    drag = null;
  });

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tableOf(view));
  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };
  const copy = copyButtons("gates", picture, say);
  const parts = Object.values(controls).map(({ element }) => element);
  const bar = dom("div", { class: "attend-bar" }, ...parts, dom("span", { class: "attend-end" }, shelf.button, copy));
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [
    ...[key("← ↑ ↓ →"), " choose · ", key("+"), " ", key("−"), " change · ", key("Space"), " open or shut · "],
    ...[key("t"), " numbers · drag in a gate to move it, tap it twice to open or shut it"],
  ];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  root.append(caption, bar, readout, scroll, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
