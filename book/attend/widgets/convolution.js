// What does a kernel see? Draws the traits of Convolution and writes back what the reader changes.
import {
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
  keys,
  measure,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  select,
  sequential,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in convolution.py ---

const HUNDREDTHS = 100;
const LARGEST = 1000;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const grid = (rows, columns, make) =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => make(i, j)));
const whole = (number) => Math.round(number * HUNDREDTHS);
const sizeOf = (rows) => [rows.length, rows[0].length];

// Rows and columns of the output; below 1 where the kernel is larger than the padded picture.
function placesOf({ pixels, kernel, stride, padding }) {
  const [size, window] = [sizeOf(pixels), sizeOf(kernel)];
  return size.map((n, i) => Math.floor((n + 2 * padding - window[i]) / stride) + 1);
}

// Everything the numbers say: the padded picture, the output, and the products under the window. Sums are of whole
// hundredths of hundredths, and so exact.
function compute(traits) {
  const { pixels, kernel, divisor, stride, padding } = traits;
  const [[H, W], [h, w], [rows, columns]] = [sizeOf(pixels), sizeOf(kernel), placesOf(traits)];
  const place = traits.place.map((at, i) => clamp(at, 0, [rows, columns][i] - 1));
  const padded = grid(H + 2 * padding, W + 2 * padding, (i, j) => pixels[i - padding]?.[j - padding] ?? 0);
  const pairs = (i, j) => grid(h, w, (u, v) => [padded[i * stride + u][j * stride + v], kernel[u][v]]);
  const total = (i, j) => pairs(i, j).flat().reduce((sum, [x, k]) => sum + whole(x) * whole(k), 0) / HUNDREDTHS ** 2;
  const output = grid(rows, columns, (i, j) => total(i, j) / divisor + 0); // + 0: no −0
  const here = { place, pairs: pairs(...place), sum: total(...place) + 0 };
  return { ...traits, ...{ H, W, h, w, rows, columns, padded, output }, ...here };
}

// Up to four decimals: 3, −0.25, 4.4444. Python's `written` gives the same.
function written(number) {
  const text = (Math.floor(Math.abs(number) * 10000 + 0.5) / 10000).toFixed(4).replace(/\.?0+$/, "");
  return number < 0 && text !== "0" ? `−${text}` : text;
}

// The same with as many digits as `room` pixels hold.
function brief(number, size, room) {
  const full = written(number);
  if (measure(full, size) <= room) return full;
  for (const digits of [2, 1, 0]) {
    const text = written(Number(number.toFixed(digits)));
    if (measure(text, size) <= room || !digits) return text;
  }
  return full;
}

const sameNumbers = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const inBrackets = (number) => (number < 0 ? `(${written(number)})` : written(number));

function nameOf(kernels, { kernel, divisor }) {
  const known = Object.entries(kernels).find(([, [each, over]]) => sameNumbers(each, kernel) && over === divisor);
  return known ? known[0] : "custom";
}

// --- layout: the three blocks in a row where there is room, else the output below, else one above the other ---

const HEAD = 26; // a block's name
const PRODUCT = { width: 62, height: 46, sum: 30 };
const GAP = 26;

function layoutOf(view, width) {
  const { padded, rows, columns, h, w } = view;
  const [tall, wide] = sizeOf(padded);
  const products = { width: w * PRODUCT.width, height: h * PRODUCT.height + PRODUCT.sum };
  const fit = (count, others) => Math.floor((width - others - 4) / count);
  const [three, two] = [fit(wide + columns, products.width + 2 * GAP), fit(wide, products.width + GAP)];
  const one = clamp(fit(Math.max(wide, columns), 0), 14, 34);
  const cell = three >= 19 ? Math.min(three, 34) : two >= 19 ? Math.min(two, 34, one) : one;
  const picture = { width: wide * cell, height: tall * cell };
  const output = { width: columns * cell, height: rows * cell };
  if (three >= 19) {
    const gap = Math.min((width - 4 - picture.width - products.width - output.width) / 2, 2 * GAP);
    Object.assign(picture, { x: 2, y: HEAD });
    Object.assign(products, { x: 2 + picture.width + gap, y: HEAD });
    Object.assign(output, { x: products.x + products.width + gap, y: HEAD });
  } else {
    const below = (block) => block.y + block.height + 14 + HEAD;
    Object.assign(picture, { x: 2, y: HEAD });
    Object.assign(products, two >= 19 ? { x: 2 + picture.width + GAP, y: HEAD } : { x: 2, y: below(picture) });
    Object.assign(output, { x: 2, y: Math.max(below(picture), below(products)) });
  }
  const blocks = [picture, products, output];
  const right = Math.max(...blocks.map(({ x, width: its }) => x + its)) + 2;
  const bottom = Math.max(...blocks.map(({ y, height }) => y + height)) + 4;
  return { cell, blocks, width: Math.max(width, right), height: bottom };
}

// --- drawing ---

const largestOf = (rows) => Math.max(...rows.flat().map(Math.abs)) || 1;

function scaleOf(rows, colours, signed) {
  const reach = largestOf(rows);
  const ramp = signed ? colours.diverging : colours.sequential;
  return (number) => ramp[Math.round(clamp(signed ? (number / reach + 1) / 2 : number / reach, 0, 1) * 255)];
}

// One number a square; `paint(i, j)` is its colour, or null for a square that stays empty.
function drawGrid(pen, { x, y }, cell, rows, colours, { paint, quiet }) {
  const size = clamp(cell * 0.42, 8, 13);
  rows.forEach((row, i) =>
    row.forEach((number, j) => {
      const [left, top, colour] = [x + j * cell, y + i * cell, paint(i, j)];
      if (colour) pen.rect(left, top, cell, cell, { fill: css(colour) });
      pen.rect(left + 0.5, top + 0.5, cell - 1, cell - 1, { stroke: colours.hair });
      if (!colour && !quiet) return;
      const fill = !colour ? colours.muted : isBright(colour) ? "#000000" : "#ffffff";
      pen.text(brief(number, size, cell - 3), left + cell / 2, top + cell / 2, { size, fill, align: "center" });
    }),
  );
}

const heading = (colours) => ({ size: 13, weight: 600, fill: colours.ink });

function drawFrame(pen, x, y, width, height, colours) {
  pen.rect(x, y, width, height, { stroke: colours.paper, width: 5 });
  pen.rect(x, y, width, height, { stroke: colours.gold, width: 3 });
}

function drawPicture(pen, block, cell, view, colours) {
  const { padded, padding: p, H, W, h, w, stride, place } = view;
  const scale = scaleOf(padded, colours, padded.flat().some((number) => number < 0));
  const inside = (i, j) => i >= p && j >= p && i < p + H && j < p + W;
  const around = p ? `, ${p} of padding` : "";
  pen.text(`picture ${H} × ${W}${around}`, block.x, 10, { ...heading(colours), dy: block.y - HEAD });
  const paint = (i, j) => (inside(i, j) ? scale(padded[i][j]) : null);
  drawGrid(pen, block, cell, padded, colours, { paint, quiet: true });
  if (p) pen.rect(block.x + p * cell, block.y + p * cell, W * cell, H * cell, { stroke: colours.muted, width: 1 });
  const [x, y] = [block.x + place[1] * stride * cell, block.y + place[0] * stride * cell];
  drawFrame(pen, x, y, w * cell, h * cell, colours);
}

function drawProducts(pen, block, view, colours) {
  const { pairs, divisor, sum, output, place } = view;
  const products = pairs.map((row) => row.map(([x, k]) => x * k));
  const scale = scaleOf(products, colours, true);
  const { width, height } = PRODUCT;
  pen.text("pixel · kernel", block.x, 10, { ...heading(colours), dy: block.y - HEAD });
  pairs.forEach((row, u) =>
    row.forEach(([x, k], v) => {
      const [left, top, colour] = [block.x + v * width, block.y + u * height, scale(products[u][v])];
      const fill = isBright(colour) ? "#000000" : "#ffffff";
      pen.rect(left, top, width, height, { fill: css(colour) });
      pen.rect(left + 0.5, top + 0.5, width - 1, height - 1, { stroke: colours.hair });
      const pair = `${written(x)} · ${written(k)}`;
      const small = { size: Math.min(12, (12 * (width - 6)) / measure(pair, 12)), fill, align: "center" };
      pen.text(pair, left + width / 2, top + 14, small);
      const product = brief(products[u][v], 15, width - 6);
      pen.text(product, left + width / 2, top + 32, { size: 15, weight: 600, fill, align: "center" });
    }),
  );
  const result = written(output[place[0]][place[1]]);
  const text = divisor === 1 ? `sum = ${result}` : `sum ${written(sum)} / ${divisor} = ${result}`;
  pen.text(text, block.x, block.y + block.height - PRODUCT.sum / 2 + 2, { size: 15, weight: 600, fill: colours.ink });
}

function drawOutput(pen, block, cell, view, colours) {
  const { output, rows, columns, place, so_far: soFar } = view;
  const [row, column] = place;
  const scale = scaleOf(output, colours, true);
  const passed = (i, j) => !soFar || i < row || (i === row && j <= column);
  pen.text(`output ${rows} × ${columns}`, block.x, 10, { ...heading(colours), dy: block.y - HEAD });
  const paint = (i, j) => (passed(i, j) ? scale(output[i][j]) : null);
  drawGrid(pen, block, cell, output, colours, { paint, quiet: false });
  drawFrame(pen, block.x + column * cell, block.y + row * cell, cell, cell, colours);
}

function drawAll(pen, layout, view) {
  const { blocks, cell } = layout;
  drawPicture(pen, blocks[0], cell, view, view.colours);
  drawProducts(pen, blocks[1], view, view.colours);
  drawOutput(pen, blocks[2], cell, view, view.colours);
}

// The place in the output that a point of the drawing means: its own square, or the window around a pixel.
function placeAt({ blocks, cell }, view, x, y) {
  const [picture, , output] = blocks;
  const inside = (block) => x >= block.x && y >= block.y && x < block.x + block.width && y < block.y + block.height;
  const square = (block) => [Math.floor((y - block.y) / cell), Math.floor((x - block.x) / cell)];
  if (inside(output)) return square(output);
  if (!inside(picture)) return null;
  const [size, last] = [[view.h, view.w], [view.rows - 1, view.columns - 1]];
  return square(picture).map((at, i) => clamp(Math.round((at - (size[i] - 1) / 2) / view.stride), 0, last[i]));
}

function moved({ place, rows, columns }, event) {
  const [i, j] = place;
  const far = event.ctrlKey || event.metaKey;
  const next = Math.min(i * columns + j + 1, rows * columns - 1);
  const to = {
    ArrowLeft: [i, j - 1],
    ArrowRight: [i, j + 1],
    ArrowUp: [i - 1, j],
    ArrowDown: [i + 1, j],
    Home: [far ? 0 : i, 0],
    End: [far ? rows - 1 : i, columns - 1],
    " ": [Math.floor(next / columns), next % columns],
  }[event.key];
  return to && [clamp(to[0], 0, rows - 1), clamp(to[1], 0, columns - 1)];
}

// --- words and numbers ---

function summary(view) {
  const { place, output, pairs, divisor } = view;
  const terms = pairs.flat().map(([x, k]) => `${inBrackets(x)}·${inBrackets(k)}`).join(" + ");
  const number = dom("b", { "data-role": "value" }, written(output[place[0]][place[1]]));
  const sum = divisor === 1 ? ` = ${terms}` : ` = (${terms}) / ${divisor}`;
  return [`output[${place.join(", ")}] = `, number, dom("span", { class: "attend-aside", "data-role": "terms" }, sum)];
}

function tablesOf({ output, columns, padded, stride, padding }) {
  const rows = (numbers) => numbers.map((row, i) => [`row ${i}`, ...row.map(written)]);
  const heads = (count) => Array.from({ length: count }, (_, j) => String(j));
  const how = `stride ${stride}, padding ${padding}`;
  return dom(
    "div",
    {},
    table(`The output, ${how}`, "", heads(columns), rows(output)),
    table("The picture, with its padding", "", heads(padded[0].length), rows(padded)),
  );
}

// --- the kernel, to be edited ---

// Number inputs in a grid; what is no number is marked, not taken, and gone when the focus leaves.
function kernelEditor(onKernel, onDivisor) {
  const cells = dom("div", { class: "attend-kernel", role: "group", "aria-label": "Numbers of the kernel" });
  let [inputs, kernel, divisor] = [[], [[]], 1];
  const field = (label, take, attributes) => {
    const read = () => {
      const value = input.value.trim() === "" ? NaN : Number(input.value);
      if (take(value)) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    };
    const input = dom("input", { type: "number", "aria-label": label, oninput: read, ...attributes });
    return input;
  };
  const takeNumber = (u, v) => (value) => {
    if (!(Math.abs(value) <= LARGEST)) return false;
    const rounded = whole(value) / HUNDREDTHS + 0;
    onKernel(kernel.map((row, i) => row.map((old, j) => (i === u && j === v ? rounded : old))));
    return true;
  };
  const takeDivisor = (value) => {
    const good = Number.isInteger(value) && value >= 1 && value <= LARGEST;
    if (good) onDivisor(value);
    return good;
  };
  const over = field("Divisor of the sum", takeDivisor, { min: 1, max: LARGEST, step: 1 });
  const show = (input, value) => {
    if (input.matches(":focus")) return; // "1." or "−" while it is typed
    input.value = value;
    input.removeAttribute("aria-invalid");
  };
  const set = (...now) => {
    [kernel, divisor] = now;
    const [h, w] = sizeOf(kernel);
    if (inputs.length !== h || inputs[0].length !== w) {
      // not a step of 1: the browser would call 0.5 invalid
      inputs = grid(h, w, (u, v) => field(`Kernel, row ${u}, column ${v}`, takeNumber(u, v), { step: "any" }));
      cells.replaceChildren(...inputs.flat());
      cells.style.gridTemplateColumns = `repeat(${w}, 3.4rem)`;
    }
    inputs.forEach((row, u) => row.forEach((input, v) => show(input, kernel[u][v])));
    show(over, divisor);
  };
  const label = dom("label", { class: "attend-control" }, dom("span", {}, "sum divided by"), over);
  const element = dom("div", { class: "attend-kernel-row" }, cells, label);
  element.addEventListener("focusout", () => setTimeout(() => set(kernel, divisor)));
  return { element, set, focus: () => inputs[0][0].focus() };
}

// --- the widget ---

const TRAITS = ["pixels", "kernel", "divisor", "stride", "padding", "place", "so_far", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Convolution", "A kernel slides over a picture");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { class: "attend-terms", "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-window", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-window-scroll" }, stage);
  const kernels = model.get("_kernels");
  let [width, view, layout, said, custom] = [0, null, null, "", false];
  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };

  // Changes that leave room for the kernel are made, and the window stays in the picture.
  const change = (traits) => {
    const after = { ...readTraits(), ...traits };
    const size = placesOf(after);
    if (Math.min(...size) < 1) {
      say("That kernel is larger than the picture with its padding.");
      return paintControls();
    }
    return write({ ...traits, place: after.place.map((at, i) => clamp(at, 0, size[i] - 1)) });
  };
  const choose = (name) => {
    custom = name === "custom";
    if (custom) {
      paintControls();
      editor.focus();
    } else change({ kernel: kernels[name][0], divisor: kernels[name][1] });
  };
  const edited = (traits) => {
    custom = false;
    change(traits);
  };
  const counted = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => [from + i, String(from + i)]);
  const options = [...Object.keys(kernels), "custom"].map((name) => [name, name]);
  const controls = {
    kernel: select("Kernel", options, choose),
    stride: choice("Stride", counted(1, 3), (stride) => change({ stride })),
    padding: choice("Padding", counted(0, 2), (padding) => change({ padding })),
    so_far: toggle("fill step by step", (so_far) => write(so_far ? { so_far, place: [0, 0] } : { so_far })),
  };
  const editor = kernelEditor((kernel) => edited({ kernel }), (divisor) => edited({ divisor }));

  const readTraits = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));

  function paintControls() {
    const traits = readTraits();
    const name = custom ? "custom" : nameOf(kernels, traits);
    for (const [trait, control] of Object.entries(controls)) control.set(trait === "kernel" ? name : traits[trait]);
    editor.set(traits.kernel, traits.divisor);
  }

  function paintNow() {
    if (!width) return;
    const colours = { ...palette(root), diverging: diverging(isDark()), sequential: sequential(isDark()) };
    view = { ...compute(readTraits()), colours };
    layout = layoutOf(view, width);
    paintControls();
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const label = `${view.H} by ${view.W} pixels, output ${view.rows} by ${view.columns}. Arrow keys move the window.`;
    if (stage.getAttribute("aria-label") !== label) stage.setAttribute("aria-label", label);
    shelf.refresh();
    const news = JSON.stringify([view.place, view.pairs, view.divisor]);
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
    view.place = place; // the next key may come before the next frame
    write({ place });
  });
  const point = (event) => {
    if (!layout) return;
    const box = canvas.getBoundingClientRect();
    const place = placeAt(layout, view, event.clientX - box.left, event.clientY - box.top);
    if (place && !sameNumbers(place, model.get("place"))) write({ place });
  };
  stage.addEventListener("pointermove", point);
  stage.addEventListener("pointerdown", point);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("convolution", picture, say);
  const bar = dom(
    "div",
    { class: "attend-bar" },
    ...[controls.kernel.element, named("Stride", controls.stride), named("Padding", controls.padding)],
    controls.so_far.element,
  );
  editor.element.append(dom("span", { class: "attend-end" }, shelf.button, copy));
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← ↑ ↓ →"), " move the window · ", key("Space"), " next place · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  root.append(caption, bar, editor.element, readout, scroll, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
