// Who looks at whom? Draws the traits of AttentionHeatmap and writes back what the reader selects.
import {
  bytesOf,
  canvasPen,
  choice,
  copyButtons,
  css,
  dom,
  drawLabel,
  figure,
  fitCanvas,
  follow,
  isBright,
  isDark,
  isolate,
  keys,
  labelStyle,
  labelWidth,
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  select,
  sequential,
  slider,
  table,
  widest,
  writer,
} from "./common.js";

// --- data ---

const UNIT = 10000; // weights travel as whole ten-thousandths

const exact = (value) => (value / UNIT).toFixed(4);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// LEB128 as attention_heatmap.py writes it: one byte below 128, else two, low bits first.
function decode(bytes) {
  const values = new Uint16Array(bytes.length);
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    const low = bytes[i];
    values[count++] = low < 128 ? low : (low & 127) | (bytes[++i] << 7);
  }
  return values.subarray(0, count);
}

const words = (tokens, gloss) => tokens.map((token, i) => ({ token, gloss: gloss?.[i] ?? "" }));

// All that is drawn, or null while traits that belong together arrive one by one.
function readData(model) {
  const shape = model.get("_shape");
  const [N, H, T, S] = [...Array(4 - shape.length).fill(1), ...shape];
  const cells = decode(bytesOf(model.get("_cells")));
  const tokens = model.get("tokens");
  const memory = model.get("memory_tokens");
  if (cells.length !== N * H * T * S || tokens.length !== T || (memory ?? tokens).length !== S) return null;
  const gloss = model.get("gloss");
  return {
    ...{ shape, N, H, T, S, cells },
    top: cells.reduce((most, value) => Math.max(most, value), 1),
    rows: words(tokens, gloss),
    columns: memory ? words(memory, model.get("memory_gloss")) : words(tokens, gloss),
    gold: new Set((model.get("gold") ?? []).map(([t, s]) => t * S + s)),
  };
}

const headOf = ({ cells, H, T, S }, layer, head) => cells.subarray((layer * H + head) * T * S).subarray(0, T * S);

const rowOf = ({ map, S }, t) => Array.from(map.subarray(t * S, (t + 1) * S));
const columnOf = ({ map, T, S }, s) => Array.from({ length: T }, (_, t) => map[t * S + s]);
const largest = (values) => values.indexOf(Math.max(...values));

// Which colour of the scale a weight has; the square root lets small weights be seen, and the legend shows it.
const level = ({ top, threshold }, value) => (value < threshold ? 0 : Math.round(255 * Math.sqrt(value / top)));

// A head at one pixel a cell, to be enlarged: thousands of cells cost no more than one.
function headImage(view, head) {
  const { T, S, layer, scale } = view;
  const image = new ImageData(S, T);
  const pixels = new Uint32Array(image.data.buffer);
  const inks = scale.map(([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
  headOf(view, layer, head).forEach((value, i) => (pixels[i] = inks[level(view, value)]));
  const canvas = dom("canvas", { width: S, height: T, class: Math.max(T, S) <= 100 ? "attend-crisp" : null });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

// --- matrix view ---

const LEGEND = { width: 140, height: 34 };
const leastCell = (count) => (count <= 24 ? 16 : count <= 64 ? 8 : count <= 128 ? 4 : 2);
const DIAGONAL = Math.SQRT1_2;

// Words above their columns: level where they fit, else at 45°, else upright.
function columnLabels(columns, cell, span) {
  const style = labelStyle(columns, cell);
  const level = widest(columns, style, 200);
  if (level <= cell * style.every - 3) return { style, turn: 0, room: 200, above: style.stacked ? 36 : 22, beyond: 0 };
  const room = 130;
  const flat = { ...style, stacked: false };
  const width = widest(columns, flat, room);
  const past = (word, s) => labelWidth(word, flat, room) * DIAGONAL - (columns.length - s - 0.5) * cell;
  const last = Math.max(...columns.map(past));
  if (cell >= 22 && last + 12 < span * 0.25)
    return { style: flat, turn: 45, room, above: width * DIAGONAL + 20, beyond: Math.max(0, last + 10) };
  return { style, turn: 90, room, above: widest(columns, style, room) + 12, beyond: 0 };
}

function layoutMatrix({ rows, columns, T, S }, width) {
  const room = Math.min(190, width * 0.36);
  const least = leastCell(Math.max(T, S));
  const density = window.devicePixelRatio || 1;
  let [cell, beyond, left, labels, above] = [24, 0, 0, null, null];
  for (let pass = 0; pass < 3; pass++) { // labels depend on the cell, the cell on the room that labels leave
    labels = labelStyle(rows, cell);
    left = Math.ceil(widest(rows, labels, room)) + 10;
    const fitting = Math.min(54, (width - left - beyond - 3) / S, Math.max(least, 640 / T));
    cell = Math.floor(Math.max(least, fitting) * density) / density; // whole pixels keep the columns even
    above = columnLabels(columns, cell, width);
    beyond = above.beyond;
  }
  const top = Math.ceil(above.above);
  const bottom = top + T * cell;
  const legend = { x: Math.max(2, Math.min(left, width - LEGEND.width - 110)), y: bottom + 12 };
  return {
    ...{ cell, left, top, bottom, labels, room, above, legend, right: left + S * cell },
    width: Math.ceil(Math.max(left + S * cell + beyond + 2, legend.x + LEGEND.width + 110)),
    height: bottom + LEGEND.height,
  };
}

function drawRowLabel(pen, { left, top, cell, labels, room }, { rows, colours }, t, strong, x = left - 7) {
  const align = "right";
  drawLabel(pen, rows[t], x, top + (t + 0.5) * cell, { style: labels, room, colours, strong, align });
}

function drawColumnLabel(pen, { left, top, cell, above }, { columns, colours }, s, strong) {
  const { style, turn, room } = above;
  const y = turn ? top - 8 : top - (style.stacked ? 18 : 11);
  const shift = turn === 45 ? 4 : 0;
  drawLabel(pen, columns[s], left + (s + 0.5) * cell - shift, y, {
    ...{ style, room, colours, strong, turn },
    align: turn ? "left" : "center",
  });
}

function drawCells(pen, { cell, left, top, right, bottom }, view) {
  const { T, S, map, threshold, scale } = view;
  if (T * S > (pen.vector ? 4096 : 1024)) {
    pen.image(headImage(view, view.head), left, top, right - left, bottom - top);
    return;
  }
  map.forEach((value, i) => {
    if (!value || value < threshold) return;
    const [x, y] = [left + (i % S) * cell, top + Math.floor(i / S) * cell];
    const colour = scale[level(view, value)];
    pen.rect(x, y, cell, cell, { fill: css(colour) });
    if (cell < 36) return;
    const fill = isBright(colour) ? "#000000" : "#ffffff";
    pen.text((value / UNIT).toFixed(2), x + cell / 2, y + cell / 2, { size: 11, align: "center", fill });
  });
}

function drawMatrix(pen, layout, view) {
  const { cell, left, top, right, bottom, labels, above } = layout;
  const { T, S, colours, gold } = view;
  drawCells(pen, layout, view);
  const hair = { stroke: colours.hair };
  for (let t = 1; cell >= 8 && t < T; t++) pen.line([[left, top + t * cell], [right, top + t * cell]], hair);
  for (let s = 1; cell >= 8 && s < S; s++) pen.line([[left + s * cell, top], [left + s * cell, bottom]], hair);
  pen.rect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1, { stroke: colours.muted, opacity: 0.6 });
  const inset = cell >= 12 ? 1.5 : 0.5;
  for (const i of gold) {
    const [x, y] = [left + (i % S) * cell + inset, top + Math.floor(i / S) * cell + inset];
    pen.rect(x, y, cell - 2 * inset, cell - 2 * inset, { stroke: colours.gold, width: cell >= 12 ? 2 : 1 });
  }
  for (let t = 0; t < T; t += labels.every) drawRowLabel(pen, layout, view, t, false);
  for (let s = 0; s < S; s += above.style.every) drawColumnLabel(pen, layout, view, s, false);
  drawLegend(pen, layout.legend, view);
}

function drawLegend(pen, { x, y }, { scale, top, colours }) {
  const steps = LEGEND.width;
  const label = { size: 11, fill: colours.muted };
  pen.text("weight 0", x, y + 5, label);
  const start = Math.ceil(x + measure("weight 0", 11) + 6);
  for (let i = 0; i < steps; i++) {
    const fill = css(scale[Math.round(255 * Math.sqrt((i + 0.5) / steps))]);
    pen.rect(start + i, y, 1, 10, { fill });
  }
  pen.rect(start, y, LEGEND.width, 10, { stroke: colours.muted, opacity: 0.6 });
  pen.text(exact(top), start + LEGEND.width + 6, y + 5, label);
}

function drawMatrixReading(pen, layout, view) {
  const { cell, left, top, right, bottom } = layout;
  const { colours, query, reading, scrolled } = view;
  if (query >= 0) {
    const [above, below] = [top + query * cell, top + (query + 1) * cell];
    pen.rect(left, top, right - left, above - top, { fill: colours.paper, opacity: 0.8 });
    pen.rect(left, below, right - left, bottom - below, { fill: colours.paper, opacity: 0.8 });
    pen.rect(left, above, right - left, cell, { stroke: colours.accent, width: 2 });
    drawRowLabel(pen, layout, view, query, true);
  }
  if (!reading) return;
  const [t, s] = reading;
  const [x, y] = [left + s * cell, top + t * cell];
  pen.rect(left, y, right - left, cell, { stroke: colours.accent, opacity: 0.75 });
  pen.rect(x, top, cell, bottom - top, { stroke: colours.accent, opacity: 0.75 });
  pen.rect(x - 1, y - 1, cell + 2, cell + 2, { stroke: colours.paper, width: 4 });
  pen.rect(x - 1, y - 1, cell + 2, cell + 2, { stroke: colours.accent, width: 2 });
  drawColumnLabel(pen, layout, view, s, true);
  drawRowLabel(pen, layout, view, t, true, left - 7 + scrolled); // stays in sight where the box is scrolled
}

function hitMatrix({ cell, left, top }, { T, S }, x, y) {
  const [t, s] = [Math.floor((y - top) / cell), Math.floor((x - left) / cell)];
  return t >= 0 && t < T && s >= 0 && s < S ? { reading: [t, s] } : null;
}

function moveMatrix({ T, S, reading: [t, s] }, key, corner) {
  const to = {
    ArrowUp: [t - 1, s],
    ArrowDown: [t + 1, s],
    ArrowLeft: [t, s - 1],
    ArrowRight: [t, s + 1],
    Home: [corner ? 0 : t, 0],
    End: [corner ? T - 1 : t, S - 1],
    PageUp: [t - 8, s],
    PageDown: [t + 8, s],
  }[key];
  return to && { reading: [clamp(to[0], 0, T - 1), clamp(to[1], 0, S - 1)] };
}

// --- line view: the words that look on the left, those looked at on the right ---

function layoutLines({ rows, columns, T, S }, width) {
  const total = Math.min(width, 620);
  const room = total * 0.31;
  const count = Math.max(T, S);
  const pitch = clamp(640 / count, count <= 40 ? 18 : 4, 32);
  const style = labelStyle([...rows, ...columns], pitch);
  const left = Math.ceil(widest(rows, style, room)) + 14;
  const right = total - Math.ceil(widest(columns, style, room)) - 14;
  return { pitch, style, room, left, right, top: 8, bottom: 8 + count * pitch, width: total, height: 16 + count * pitch };
}

const lineY = ({ top, pitch }, i) => top + (i + 0.5) * pitch;

function drawLine(pen, layout, { top, colours }, value, t, s, colour = colours.positive) {
  const share = value / top;
  const style = { stroke: colour, width: 0.6 + 5 * share, opacity: 0.12 + 0.78 * Math.sqrt(share) };
  pen.curve(layout.left, lineY(layout, t), layout.right, lineY(layout, s), style);
}

function drawSideLabel(pen, layout, { rows, columns, colours }, side, i, strong) {
  const { left, right, style, room } = layout;
  const [list, x, align] = side === "query" ? [rows, left - 8, "right"] : [columns, right + 8, "left"];
  drawLabel(pen, list[i], x, lineY(layout, i), { style, room, colours, strong, align });
}

function drawLines(pen, layout, view) {
  const { map, S, T, threshold, gold, colours } = view;
  const least = Math.max(threshold, 50); // a line below half a percent could not be seen
  map.forEach((value, i) => value >= least && drawLine(pen, layout, view, value, Math.floor(i / S), i % S));
  for (const i of gold) {
    const [y1, y2] = [lineY(layout, Math.floor(i / S)), lineY(layout, i % S)];
    pen.line([[layout.left, y1], [layout.right, y2]], { stroke: colours.gold, width: 1.5, dash: [5, 4] });
  }
  for (let t = 0; t < T; t += layout.style.every) drawSideLabel(pen, layout, view, "query", t, false);
  for (let s = 0; s < S; s += layout.style.every) drawSideLabel(pen, layout, view, "key", s, false);
}

// Only the lines of one word: the one being read, else the selected one.
function drawLinesReading(pen, layout, view) {
  const { reading, query, colours, threshold } = view;
  if (!reading && query < 0) return;
  const side = reading ? view.side : "query";
  const word = reading ? reading[side === "query" ? 0 : 1] : query;
  const { left, right, top, bottom } = layout;
  pen.rect(left - 3, top, right - left + 6, bottom - top, { fill: colours.paper, opacity: 0.93 });
  drawSideLabel(pen, layout, view, side, word, true);
  const values = side === "query" ? rowOf(view, word) : columnOf(view, word);
  const order = values.map((value, i) => [value, i]).filter(([value]) => value >= Math.max(threshold, 1));
  order.sort(([a], [b]) => b - a);
  const taken = [];
  for (const [value, i] of order) {
    const [t, s] = side === "query" ? [word, i] : [i, word];
    const read = reading?.[0] === t && reading?.[1] === s;
    drawLine(pen, layout, view, value, t, s, read ? colours.accent : undefined);
    const y = lineY(layout, i);
    if (taken.some((other) => Math.abs(other - y) < 14)) continue; // numbers never overlap: the largest stand
    taken.push(y);
    const [x, align] = side === "query" ? [right - 1, "right"] : [left + 1, "left"];
    pen.text(exact(value), x, y, { size: 11.5, weight: read ? 650 : 400, fill: colours.ink, align, back: colours.paper });
    if (read) drawSideLabel(pen, layout, view, side === "query" ? "key" : "query", i, true);
  }
}

function hitLines(layout, view, x, y) {
  const side = x < (layout.left + layout.right) / 2 ? "query" : "key";
  const i = Math.floor((y - layout.top) / layout.pitch);
  return i >= 0 && i < (side === "query" ? view.T : view.S) ? readWord(view, side, i) : null;
}

// Reading a word means reading its strongest line.
const readWord = (view, side, i) => ({
  side,
  reading: side === "query" ? [i, largest(rowOf(view, i))] : [largest(columnOf(view, i)), i],
});

function moveLines(view, key) {
  const { side, T, S, reading } = view;
  if (key === "ArrowLeft") return readWord(view, "query", reading[0]);
  if (key === "ArrowRight") return readWord(view, "key", reading[1]);
  const [i, last] = side === "query" ? [reading[0], T - 1] : [reading[1], S - 1];
  const to = { ArrowUp: i - 1, ArrowDown: i + 1, PageUp: i - 8, PageDown: i + 8, Home: 0, End: last }[key];
  return to === undefined ? null : readWord(view, side, clamp(to, 0, last));
}

// --- heads view ---

const HEAD = { side: 150, gap: 16, label: 20 };

function layoutHeads({ H, T, S }, width) {
  const across = clamp(Math.floor(width / (HEAD.side + HEAD.gap)), 1, H);
  const tall = (HEAD.side * T) / S;
  const down = Math.ceil(H / across);
  return { across, tall, width: across * (HEAD.side + HEAD.gap), height: down * (tall + HEAD.label + HEAD.gap) };
}

function drawHeads(pen, { across, tall }, view) {
  for (let head = 0; head < view.H; head++) {
    const x = HEAD.gap / 2 + (head % across) * (HEAD.side + HEAD.gap);
    const y = HEAD.gap / 2 + Math.floor(head / across) * (tall + HEAD.label + HEAD.gap);
    pen.text(`head ${head}`, x, y + 8, { size: 12, fill: view.colours.ink });
    pen.image(headImage(view, head), x, y + HEAD.label, HEAD.side, tall);
    pen.rect(x, y + HEAD.label, HEAD.side, tall, { stroke: view.colours.hair });
  }
}

const VIEWS = {
  matrix: { layout: layoutMatrix, draw: drawMatrix, drawReading: drawMatrixReading, hit: hitMatrix, move: moveMatrix },
  lines: { layout: layoutLines, draw: drawLines, drawReading: drawLinesReading, hit: hitLines, move: moveLines },
  heads: { layout: layoutHeads, draw: drawHeads, drawReading: () => {}, hit: () => null, move: () => null },
};

// --- words about what is read ---

const glossed = ({ token, gloss }) => (gloss ? [isolate(token), " (", isolate(gloss), ")"] : [isolate(token)]);

function describeCell(view, t, s) {
  const value = view.map[t * view.S + s];
  const index = [view.layer, view.head, t, s].slice(4 - view.shape.length);
  const notes = [`weights[${index.join(", ")}]`];
  if (view.gold.has(t * view.S + s)) notes.push("gold");
  if (value < view.threshold) notes.push("hidden");
  const number = dom("b", { "data-role": "weight" }, exact(value));
  const aside = dom("span", { class: "attend-aside" }, ` ${notes.join(" · ")}`);
  return [...glossed(view.rows[t]), " → ", ...glossed(view.columns[s]), " ", number, aside];
}

function describeRow(view, t) {
  const row = rowOf(view, t);
  const order = row.map((_, s) => s).sort((a, b) => row[b] - row[a]);
  const look = (s) => [...glossed(view.columns[s]), " ", dom("b", {}, exact(row[s]))];
  const parts = order.slice(0, 3).flatMap((s, i) => [i ? " · " : "", ...look(s)]);
  return [...glossed(view.rows[t]), " → ", ...parts];
}

const HINT = {
  matrix: [["← ↑ ↓ →", "read"], ["Enter", "one row"], ["Esc", "all"], ["t", "numbers"]],
  lines: [["↑ ↓", "word"], ["← →", "side"], ["Enter", "keep"], ["Esc", "all"], ["t", "numbers"]],
  heads: [["Tab", "next head"], ["Enter", "open"], ["t", "numbers"]],
};

const INVITATION = {
  matrix: "Point at a cell to read its weight; choose it to keep its row.",
  lines: "Point at a word to see its lines; choose it to keep them.",
  heads: "All heads of this layer on one scale. Open one to read its numbers.",
};

const hintOf = (name) => HINT[name].flatMap(([key, meaning], i) => [i ? " · " : "", dom("kbd", {}, key), ` ${meaning}`]);

function tableOf(view) {
  const { T, S, H, N, map, rows, columns, layer, head } = view;
  const where = N * H > 1 ? `, layer ${layer}, head ${head}` : "";
  const row = (t) => [
    dom("span", {}, ...glossed(rows[t])),
    ...Array.from({ length: S }, (_, s) => exact(map[t * S + s])),
  ];
  const header = columns.map((word) => dom("span", {}, ...glossed(word)));
  return table(`Attention weights${where}: rows look at columns`, "", header, { length: T, at: row });
}

// --- the widget ---

const DATA = ["_cells", "_shape", "tokens", "memory_tokens", "gloss", "memory_gloss", "gold", "title"];
const PICTURE = ["layer", "head", "view", "threshold"];
const READING = ["query", "cell"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("AttentionHeatmap", "Attention weights");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const bar = dom("div", { class: "attend-bar" });
  const readout = dom("output", { class: "attend-readout", "aria-live": "polite", "data-role": "readout" });
  const base = dom("canvas");
  const overlay = dom("canvas");
  const stage = dom("div", { class: "attend-stage", tabindex: 0, role: "application", "data-role": "stage" }, base, overlay);
  const scroll = dom("div", { class: "attend-scroll" }, stage);
  const heads = dom("div", { class: "attend-heads", hidden: true });
  const hint = dom("p", { class: "attend-hint" });
  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };

  const stale = { data: true, picture: true };
  let [width, data, view, layout, controls, side, said] = [0, null, null, null, {}, "query", ""];

  function readView() {
    const name = model.get("view");
    const layer = clamp(model.get("layer"), 0, data.N - 1); // a linked slider may run past the end
    const head = clamp(model.get("head"), 0, data.H - 1);
    const query = model.get("query") ?? -1;
    const [t, s] = model.get("cell") ?? [];
    return {
      ...data,
      ...{ name, layer, head, side, map: headOf(data, layer, head), scrolled: scroll.scrollLeft },
      threshold: Math.ceil(model.get("threshold") * UNIT - 1e-6),
      query: query < data.T ? query : -1,
      reading: t >= 0 && t < data.T && s < data.S ? [t, s] : null,
    };
  }

  function buildBar() {
    const count = (n, word) => Array.from({ length: n }, (_, i) => [i, `${word} ${i}`]);
    const names = [["matrix", "Matrix"], ["lines", "Lines"], ...(data.H > 1 ? [["heads", "Heads"]] : [])];
    const step = data.top >= 0.2 * UNIT ? 0.01 : 0.001;
    const max = Math.ceil(data.top / UNIT / step) * step;
    const format = (value) => value.toFixed(step === 0.01 ? 2 : 3);
    controls = {
      view: choice("View", names, (name) => write({ view: name })),
      layer: data.N > 1 && select("Layer", count(data.N, "layer"), (layer) => write({ layer })),
      head: data.H > 1 && select("Head", count(data.H, "head"), (head) => write({ head })),
      threshold: slider("Hide below", { min: 0, max, step, format }, (threshold) => write({ threshold })),
    };
    const shown = Object.values(controls).filter(Boolean).map(({ element }) => element);
    const copy = copyButtons("attention", picture, say);
    bar.replaceChildren(...shown, dom("span", { class: "attend-end" }, shelf.button, copy));
  }

  function refreshData() {
    data = readData(model);
    if (!data) return;
    caption.textContent = model.get("title");
    caption.hidden = !caption.textContent;
    root.setAttribute("aria-label", model.get("title") || "Attention weights");
    const long = [...data.rows, ...data.columns].some(({ token, gloss }) => token.length + gloss.length > 40);
    readout.classList.toggle("attend-long", long);
    buildBar();
    Object.assign(stale, { data: false, picture: true });
  }

  function drawPicture() {
    const { name } = view;
    Object.assign(data, { colours: palette(root), scale: sequential(isDark()) });
    view = readView();
    const shown = { view: name, layer: view.layer, head: view.head, threshold: model.get("threshold") };
    for (const [trait, control] of Object.entries(controls)) if (control) control.set(shown[trait]);
    layout = VIEWS[name].layout(view, width);
    scroll.hidden = name === "heads";
    heads.hidden = name !== "heads";
    hint.replaceChildren(...hintOf(name));
    const label = `Attention of ${data.T} words over ${data.S}, as ${name}. Arrow keys read, Enter keeps a row.`;
    stage.setAttribute("aria-label", label);
    if (name === "heads") fillHeads();
    else VIEWS[name].draw(canvasPen(fitCanvas(base, layout.width, layout.height)), layout, view);
    fitCanvas(overlay, layout.width, layout.height);
    shelf.refresh();
    stale.picture = false;
  }

  function fillHeads() {
    const cards = Array.from({ length: data.H }, (_, head) => {
      const open = () => {
        write({ head, view: "matrix" });
        paintNow(); // at once: what is hidden cannot take the focus
        stage.focus({ preventScroll: true });
      };
      const current = String(head === view.head);
      const attributes = { type: "button", onclick: open, "aria-current": current, "data-head": head };
      return dom("button", attributes, `head ${head}`, headImage(view, head));
    });
    heads.replaceChildren(...cards);
  }

  function drawReading() {
    const context = overlay.getContext("2d");
    context.clearRect(0, 0, layout.width, layout.height);
    VIEWS[view.name].drawReading(canvasPen(context), layout, view);
    const { reading, query, name } = view;
    const news = JSON.stringify([reading, query, name, view.layer, view.head, view.threshold, data.shape]);
    if (news === said) return;
    said = news;
    if (name !== "heads" && reading) readout.replaceChildren(...describeCell(view, ...reading));
    else if (name !== "heads" && query >= 0) readout.replaceChildren(...describeRow(view, query));
    else readout.replaceChildren(INVITATION[name]);
  }

  function paintNow() {
    if (stale.data) refreshData();
    if (!data || !width) return;
    view = readView();
    if (stale.picture) drawPicture();
    drawReading();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: data.colours.paper },
    draw(pen) {
      VIEWS[view.name].draw(pen, layout, view);
      VIEWS[view.name].drawReading(pen, layout, { ...view, scrolled: 0 });
    },
  });

  const shelf = numbers(() => tableOf(view));

  function read(found) {
    if (found?.side) side = found.side;
    const cell = found?.reading ?? [];
    if (String(cell) !== String(model.get("cell"))) write({ cell });
    paint();
  }

  const hit = (event) => VIEWS[view.name].hit(layout, view, event.offsetX, event.offsetY);
  const keep = (row) => write({ query: row === view.query ? -1 : row });

  stage.addEventListener("pointermove", (event) => view && event.pointerType !== "touch" && read(hit(event)));
  stage.addEventListener("pointerleave", (event) => view && event.pointerType !== "touch" && read(null));
  stage.addEventListener("click", (event) => {
    const found = hit(event);
    if (!found) return keep(view.query); // beside the cells: keep no row
    const seen = String(found.reading) === String(view.reading);
    read(found);
    if (event.pointerType !== "touch" || seen) keep(found.reading[0]); // a first touch reads, a second keeps
  });
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey) return;
    view = readView(); // keys may come faster than frames
    const start = [Math.max(view.query, 0), 0];
    const moved = VIEWS[view.name].move({ ...view, reading: view.reading ?? start }, event.key, event.ctrlKey);
    if (moved) read(view.reading ? moved : { reading: start });
    else if (event.key === "Enter" || event.key === " ") keep((view.reading ?? start)[0]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    reveal();
  });
  keys(root, { t: () => shelf.turn(), Escape: () => write({ query: -1, cell: [] }) });

  // Brings the cell that is read into the scrolling box; the page itself stays where it is.
  function reveal() {
    const [, s] = model.get("cell");
    if (s === undefined || view.name !== "matrix") return;
    const x = layout.left + s * layout.cell;
    const [first, last] = [scroll.scrollLeft + layout.left, scroll.scrollLeft + scroll.clientWidth - layout.cell];
    if (x < first || x > last) scroll.scrollLeft = x - (scroll.clientWidth + layout.left) / 2;
  }
  scroll.addEventListener("scroll", () => paint());

  root.append(caption, bar, readout, scroll, heads, hint, shelf.region);
  const restyle = () => {
    stale.picture = true;
    paint();
  };
  const reload = () => {
    stale.data = true;
    paint();
  };
  const onWidth = (now) => {
    width = now;
    stale.picture = true;
  };
  const stops = [follow(model, DATA, reload), follow(model, PICTURE, restyle), write.flush];
  return mount(el, root, { model, traits: READING, paint, paintNow, onWidth, onTheme: restyle, stops });
}

export default { render };
