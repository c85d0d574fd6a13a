// What did each head learn? Draws the traits of Heads and writes back what the reader selects.
import {
  bytesOf,
  canvasPen,
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
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  sequential,
  shorten,
  table,
  toggle,
  widest,
  writer,
} from "./common.js";

// --- data, as heads.py keeps it ---

const UNIT = 10000; // weights and probabilities travel as whole ten-thousandths

const exact = (value) => (value / UNIT).toFixed(4);
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const sum = (values) => values.reduce((total, value) => total + value, 0);

// LEB128: one byte below 128, else two, low bits first.
function decode(bytes) {
  const values = new Uint16Array(bytes.length);
  let count = 0;
  for (let i = 0; i < bytes.length; i++) {
    const low = bytes[i];
    values[count++] = low < 128 ? low : (low & 127) | (bytes[++i] << 7);
  }
  return values.subarray(0, count);
}

const glossed = (tokens, gloss) => tokens.map((token, i) => ({ token, gloss: gloss?.[i] ?? "" }));

function readData(model) {
  const [H, T, S] = model.get("_shape");
  const cells = decode(bytesOf(model.get("_cells")));
  const [tokens, memory, settings] = [model.get("tokens"), model.get("memory_tokens"), model.get("_settings")];
  const words = model.get("_words");
  const flat = decode(bytesOf(model.get("_shares")));
  let at = 0;
  const take = (count) => Array.from(flat.subarray(at, (at += count)));
  const shares = Array.from({ length: words.length ? settings : 0 }, () => words.map((each) => take(each.length)));
  const steps = model.get("steps");
  const maps = Array.from({ length: H }, (_, head) => cells.subarray(head * T * S, (head + 1) * T * S));
  return {
    ...{ H, T, S, maps, settings, words, shares, steps, itself: !memory },
    top: cells.reduce((most, value) => Math.max(most, value), 1),
    rows: glossed(tokens, model.get("gloss")),
    columns: memory ? glossed(memory, model.get("memory_gloss")) : glossed(tokens, model.get("gloss")),
    together: steps.length === tokens.length && steps.every((word, t) => word === tokens[t]),
    about: maps.map((map) => summaryOf(map, T, S, !memory)),
  };
}

// Mean over rows of: entropy in nats, the largest weight, the weight of a word on itself and on the one before.
function summaryOf(map, T, S, itself) {
  const rows = Array.from({ length: T }, (_, t) => Array.from(map.subarray(t * S, (t + 1) * S), (value) => value / UNIT));
  const entropy = (row) => -sum(row.map((p) => (p > 0 ? p * Math.log(p) : 0)));
  const found = { entropy: sum(rows.map(entropy)) / T, most: sum(rows.map((row) => Math.max(...row))) / T };
  if (!itself) return found;
  const before = rows.slice(1).map((row, t) => row[t]);
  return { ...found, itself: sum(rows.map((row, t) => row[t])) / T, before: T > 1 ? sum(before) / (T - 1) : 0 };
}

const MEASURES = [
  ["entropy", "entropy"],
  ["most", "largest weight"],
  ["itself", "on itself"],
  ["before", "word before"],
];

const settingOf = ({ H, settings }, off) =>
  settings === 2 ** H ? sum(off.map((head) => 2 ** head)) : off.length ? 1 + off[0] : 0;

const best = (shares) => shares.indexOf(Math.max(...shares));

// --- drawing: one map, large ---

const level = ({ top }, value) => Math.round(255 * Math.sqrt(value / top));

// A map at one pixel a cell, to be enlarged.
function mapImage(view, head) {
  const { T, S, scale } = view;
  const image = new ImageData(S, T);
  const pixels = new Uint32Array(image.data.buffer);
  const inks = scale.map(([r, g, b]) => (255 << 24) | (b << 16) | (g << 8) | r);
  view.maps[head].forEach((value, i) => (pixels[i] = inks[level(view, value)]));
  const canvas = dom("canvas", { width: S, height: T });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

function layoutOf({ rows, columns, T, S }, width) {
  const room = Math.min(170, width * 0.34);
  let [cell, left, labels] = [24, 0, null];
  for (let pass = 0; pass < 2; pass++) { // labels depend on the cell, the cell on the room that labels leave
    labels = labelStyle(rows, cell);
    left = Math.ceil(widest(rows, labels, room)) + 10;
    const least = Math.max(T, S) <= 24 ? 17 : 9;
    cell = Math.floor(Math.max(least, Math.min(40, (width - left - 3) / S, 520 / T)));
  }
  const above = labelStyle(columns, cell);
  const level = widest(columns, above, 200) <= cell * above.every - 3;
  const high = level ? (above.stacked ? 36 : 22) : widest(columns, above, 120) + 14;
  const top = Math.ceil(high) + 22; // a line for the name of the head
  const size = { width: Math.max(left + S * cell + 4, 210), height: top + T * cell + 4 };
  return { cell, left, top, right: left + S * cell, bottom: top + T * cell, labels, room, above, level, ...size };
}

function drawRow(pen, { left, top, cell, labels, room }, { rows, colours }, t, strong) {
  const style = { style: labels, room, colours, strong, align: "right" };
  drawLabel(pen, rows[t], left - 7, top + (t + 0.5) * cell, style);
}

function drawColumn(pen, { left, top, cell, above, level }, { columns, colours }, s, strong) {
  const y = level ? top - (above.stacked ? 18 : 11) : top - 8;
  const place = level ? { turn: 0, align: "center" } : { turn: 90, align: "left" };
  drawLabel(pen, columns[s], left + (s + 0.5) * cell, y, { style: above, room: level ? 200 : 120, colours, strong, ...place });
}

function drawMap(pen, layout, view) {
  const { cell, left, top, right, bottom, labels, above } = layout;
  const { T, S, head, off, colours, scale } = view;
  const name = `head ${head}${off.includes(head) ? ", switched off" : ""}`;
  pen.text(name, left, 9, { size: 13, weight: 650, fill: off.includes(head) ? colours.gold : colours.ink });
  view.maps[head].forEach((value, i) => {
    if (!value) return;
    const [x, y] = [left + (i % S) * cell, top + Math.floor(i / S) * cell];
    const colour = scale[level(view, value)];
    pen.rect(x, y, cell, cell, { fill: css(colour) });
    if (cell < 34) return;
    const fill = isBright(colour) ? "#000000" : "#ffffff";
    pen.text((value / UNIT).toFixed(2), x + cell / 2, y + cell / 2, { size: 11, align: "center", fill });
  });
  const hair = { stroke: colours.hair };
  for (let t = 1; t < T; t++) pen.line([[left, top + t * cell], [right, top + t * cell]], hair);
  for (let s = 1; s < S; s++) pen.line([[left + s * cell, top], [left + s * cell, bottom]], hair);
  pen.rect(left - 0.5, top - 0.5, right - left + 1, bottom - top + 1, { stroke: colours.muted, opacity: 0.6 });
  for (let t = 0; t < T; t += labels.every) drawRow(pen, layout, view, t, false);
  for (let s = 0; s < S; s += above.every) drawColumn(pen, layout, view, s, false);
}

function drawReading(pen, layout, view) {
  const { cell, left, top, right, bottom } = layout;
  const { reading, colours, step, together } = view;
  if (together) pen.rect(left, top + step * cell, right - left, cell, { stroke: colours.gold, width: 1.5 });
  if (!reading) return;
  const [t, s] = reading;
  const [x, y] = [left + s * cell, top + t * cell];
  pen.rect(left, y, right - left, cell, { stroke: colours.accent, opacity: 0.75 });
  pen.rect(x, top, cell, bottom - top, { stroke: colours.accent, opacity: 0.75 });
  pen.rect(x - 1, y - 1, cell + 2, cell + 2, { stroke: colours.paper, width: 4 });
  pen.rect(x - 1, y - 1, cell + 2, cell + 2, { stroke: colours.accent, width: 2 });
  drawColumn(pen, layout, view, s, true);
  drawRow(pen, layout, view, t, true);
}

// --- drawing: the candidates of one step, with all heads and now ---

const BAR = { row: 40, head: 28, shown: 6 };

// The candidates worth a bar: the likeliest of both settings, in the order in which they travel.
function rankedOf({ words, shares, setting, step }) {
  const [whole, now] = [shares[0][step], shares[setting][step]];
  const most = whole.map((share, i) => Math.max(share, now[i]));
  const order = most.map((_, i) => i).sort((a, b) => most[b] - most[a] || a - b).slice(0, BAR.shown).sort((a, b) => a - b);
  return order.map((i) => ({ word: words[step][i], whole: whole[i], now: now[i], best: i === best(now) }));
}

function drawBars(pen, width, view, { x = 0, y = 0 } = {}) {
  const { colours, steps, step } = view;
  const room = Math.min(120, width * 0.32);
  const [start, end] = [x + room + 8, x + width - 54];
  const bar = (share) => Math.max(((end - start) * share) / UNIT, 1);
  const title = shorten(`right word here: ${steps[step]}`, 13, width - 4);
  pen.text(title, x, y + 9, { size: 13, weight: 650, fill: colours.ink });
  rankedOf(view).forEach(({ word, whole, now, best: chosen }, i) => {
    const top = y + BAR.head + i * BAR.row;
    const name = { size: 13, weight: chosen ? 650 : 400, fill: colours.ink };
    pen.text(shorten(word, 13, room - 4), x, top + 14, name);
    pen.rect(start, top, bar(whole), 11, { fill: colours.muted, opacity: 0.55 });
    pen.rect(start, top + 14, bar(now), 11, { fill: chosen ? colours.positive : colours.negative });
    const number = { size: 11.5, fill: colours.muted, align: "right" };
    pen.text(exact(whole), x + width, top + 6, number);
    pen.text(exact(now), x + width, top + 20, { ...number, fill: colours.ink });
  });
}

const barsHeight = (view) => BAR.head + rankedOf(view).length * BAR.row;

// --- words about what is seen ---

const called = ({ token, gloss }) => (gloss ? [isolate(token), " (", isolate(gloss), ")"] : [isolate(token)]);

function describeCell(view, [t, s]) {
  const number = dom("b", { "data-role": "weight" }, exact(view.maps[view.head][t * view.S + s]));
  const aside = dom("span", { class: "attend-aside" }, ` weights[${view.head}, ${t}, ${s}]`);
  return [...called(view.rows[t]), " → ", ...called(view.columns[s]), " ", number, aside];
}

function verdict({ steps, words, shares, setting, off, settings }) {
  if (!steps.length) return ["Choose a head to see it large."];
  if (!off.length) {
    const many = settings > 2 ? "one or several heads" : "the head";
    return [`All heads are on. Switch ${many} off below and read the sentence again.`];
  }
  const changed = steps.filter((_, t) => best(shares[0][t]) !== best(shares[setting][t])).length;
  const right = steps.filter((word, t) => words[t][best(shares[setting][t])] === word).length;
  const count = dom("b", { "data-role": "changed" }, String(changed));
  const which = off.length > 1 ? `heads ${off.join(", ")}` : `head ${off[0]}`;
  return [`Without ${which}: `, count, ` of ${steps.length} words change, ${right} are right.`];
}

function tablesOf(view) {
  const { about, H, T, S, head, rows, columns, steps, step, words, shares, setting, off } = view;
  const measures = MEASURES.filter(([name]) => name in about[0]);
  const each = Array.from({ length: H }, (_, h) => [`head ${h}`, ...measures.map(([name]) => about[h][name].toFixed(4))]);
  const span = (word) => dom("span", {}, ...called(word));
  const cells = Array.from({ length: T }, (_, t) => [
    span(rows[t]),
    ...Array.from({ length: S }, (_, s) => exact(view.maps[head][t * S + s])),
  ]);
  const tables = [
    table("Each head, mean over its rows (entropy in nats)", "", measures.map(([, name]) => name), each),
    table(`Weights of head ${head}: rows look at columns`, "", columns.map(span), cells),
  ];
  if (steps.length) {
    const candidates = words[step].map((word, i) => [
      ...[isolate(word), exact(shares[0][step][i]), exact(shares[setting][step][i])],
    ]);
    const now = off.length ? `without ${off.join(", ")}` : "now";
    tables.splice(1, 0, table(`Candidates where "${steps[step]}" is right`, "", ["all heads", now], candidates));
  }
  return dom("div", { "data-role": "tables" }, ...tables);
}

const HINT = [["Tab", "next control"], ["← ↑ ↓ →", "read the map"], ["o", "this head on or off"], ["Esc", "all on"], ["t", "numbers"]];

// --- the widget ---

const DATA = ["_cells", "_shape", "_words", "_shares", "_settings", "tokens", "memory_tokens", "gloss", "memory_gloss", "steps"];
const TRAITS = ["head", "off", "step", "cell", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Heads", "The heads of one layer");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const said = dom("output", { "aria-live": "polite", "data-role": "verdict" });
  const cards = dom("div", { class: "attend-cards" });
  const sentence = dom("div", { class: "attend-written", role: "group", "aria-label": "What the model writes" });
  const readout = dom("output", { class: "attend-cell", "aria-live": "polite", "data-role": "readout" });
  const [base, overlay, bars] = [dom("canvas"), dom("canvas"), dom("canvas", { role: "img", "data-role": "bars" })];
  const stage = dom("div", { class: "attend-map", tabindex: 0, role: "application", "data-role": "stage" }, base, overlay);
  const scroll = dom("div", { class: "attend-map-scroll" }, stage);
  const beside = dom("div", { class: "attend-beside" }, bars);
  const box = dom("div", { class: "attend-map-box" }, readout, scroll);
  const large = dom("div", { class: "attend-large" }, box, beside);
  const key = "grey: all heads · colour: now";
  beside.append(dom("p", { class: "attend-hint" }, key));
  const hint = dom("p", { class: "attend-hint" });
  hint.append(...HINT.flatMap(([name, meaning], i) => [i ? " · " : "", dom("kbd", {}, name), ` ${meaning}`]));

  let [width, data, view, layout, barWidth, parts, chips] = [0, null, null, null, 0, [], []];
  let stale = { data: true, map: true };
  const last = { said: "", readout: "", bars: "", picture: "" };

  function readView() {
    const off = model.get("off").filter((head) => head < data.H);
    const [t, s] = model.get("cell");
    return {
      ...{ ...data, off, setting: settingOf(data, off), head: clamp(model.get("head"), 0, data.H - 1) },
      step: clamp(model.get("step"), 0, Math.max(data.steps.length - 1, 0)),
      reading: t >= 0 && t < data.T && s < data.S ? [t, s] : null,
    };
  }

  const turn = (head) => {
    if (!data.steps.length) return;
    const off = model.get("off");
    const many = data.settings === 2 ** data.H;
    const rest = many ? off.filter((each) => each !== head) : [];
    write({ off: off.includes(head) ? off.filter((each) => each !== head) : [...rest, head].sort((a, b) => a - b) });
  };

  function refreshData() {
    data = readData(model);
    parts = data.about.map((about, head) => {
      const open = () => write({ head, cell: [] });
      const image = dom("span", { class: "attend-thumb" });
      const button = dom("button", { type: "button", onclick: open, "data-head": head }, `head ${head}`, image);
      const control = data.steps.length ? toggle("on", () => turn(head)) : null;
      control?.element.querySelector("input").setAttribute("aria-label", `head ${head} on`);
      const lines = MEASURES.filter(([name]) => name in about).map(([name, meaning]) =>
        dom("div", {}, dom("dt", {}, meaning), dom("dd", { "data-measure": name }, about[name].toFixed(3))),
      );
      const card = dom("div", { class: "attend-card" }, button, dom("dl", {}, ...lines));
      if (control) card.append(control.element);
      return { card, button, control, image };
    });
    cards.replaceChildren(...parts.map(({ card }) => card));
    chips = data.steps.map((right, t) => {
      const [now, share, was] = [dom("bdi", { "data-role": "now" }), dom("span"), dom("s", { dir: "auto" })];
      const button = dom("button", { type: "button", onclick: () => write({ step: t }), "data-step": t }, now, share, was);
      return { button, now, share, was };
    });
    sentence.replaceChildren(...chips.map(({ button }) => button));
    sentence.hidden = beside.hidden = !data.steps.length;
    stale = { data: false, map: true };
  }

  const isWide = () => width >= 620 && data.steps.length > 0;

  function drawLarge() {
    view = { ...readView(), colours: palette(root), scale: sequential(isDark()) };
    Object.assign(data, { colours: view.colours, scale: view.scale });
    large.classList.toggle("attend-wide", isWide());
    layout = layoutOf(view, isWide() ? Math.floor(width * 0.58) : width);
    box.style.width = isWide() ? `${layout.width}px` : ""; // the readout breaks its lines instead of pushing the bars
    barWidth = Math.min(isWide() ? width - layout.width - 24 : width, 420);
    drawMap(canvasPen(fitCanvas(base, layout.width, layout.height)), layout, view);
    fitCanvas(overlay, layout.width, layout.height);
    const label = `Map of head ${view.head}: ${data.T} words over ${data.S}. Arrow keys read its cells.`;
    stage.setAttribute("aria-label", label);
    stale.map = false;
  }

  function paintCards() {
    parts.forEach(({ card, button, control }, head) => {
      card.classList.toggle("attend-off", view.off.includes(head));
      button.setAttribute("aria-current", String(head === view.head));
      control?.set(!view.off.includes(head));
    });
  }

  const setText = (node, text) => node.textContent === text || (node.textContent = text);

  function paintSentence() {
    chips.forEach(({ button, now, share, was }, t) => {
      const [first, shares] = [best(data.shares[0][t]), data.shares[view.setting][t]];
      const chosen = best(shares);
      setText(now, data.words[t][chosen]);
      setText(share, exact(shares[chosen]).slice(0, 4));
      setText(was, chosen === first ? "" : data.words[t][first]);
      button.classList.toggle("attend-changed", chosen !== first);
      button.classList.toggle("attend-wrong", data.words[t][chosen] !== data.steps[t]);
      button.setAttribute("aria-pressed", String(t === view.step));
    });
  }

  function paintBars() {
    const news = [view.step, view.setting, barWidth, data.colours.paper].join();
    if (!data.steps.length || news === last.bars) return;
    last.bars = news;
    drawBars(canvasPen(fitCanvas(bars, barWidth, barsHeight(view))), barWidth, view);
    const spoken = rankedOf(view).map(({ word, whole, now }) => `${word} ${exact(whole)}, now ${exact(now)}`);
    bars.setAttribute("aria-label", `Candidates: ${spoken.join("; ")}`);
  }

  function paintNow() {
    if (stale.data) refreshData();
    if (!width) return;
    setText(caption, model.get("title"));
    caption.hidden = !caption.textContent;
    const now = readView();
    const picture = [now.head, now.off.includes(now.head), isDark(), width].join();
    if (stale.map || picture !== last.picture) {
      const coloured = stale.map || !data.scale;
      drawLarge();
      if (coloured || last.dark !== isDark()) parts.forEach(({ image }, head) => image.replaceChildren(mapImage(view, head)));
      Object.assign(last, { picture, bars: "", dark: isDark() });
    }
    view = { ...now, colours: data.colours, scale: data.scale };
    paintCards();
    paintSentence();
    paintBars();
    const context = overlay.getContext("2d");
    context.clearRect(0, 0, layout.width, layout.height);
    drawReading(canvasPen(context), layout, view);
    const spoken = String([view.off, data.steps.length]);
    if (spoken !== last.said) said.replaceChildren(...verdict(view));
    last.said = spoken;
    const read = String([view.head, view.reading]);
    const invitation = "Point at a cell of the map, or walk with the arrow keys.";
    if (read !== last.readout) readout.replaceChildren(...(view.reading ? describeCell(view, view.reading) : [invitation]));
    last.readout = read;
    const shown = String([view.head, view.off, view.step]);
    if (shown !== last.shown) shelf.refresh();
    last.shown = shown;
  }
  const paint = onFrame(paintNow);

  // The large map, and the candidates under it.
  const picture = () => ({
    width: Math.max(layout.width, data.steps.length ? barWidth : 0) + 16,
    height: layout.height + (data.steps.length ? barsHeight(view) + 24 : 8),
    background: data.colours.paper,
    draw(pen) {
      drawMap(pen, layout, view);
      drawReading(pen, layout, view);
      if (data.steps.length) drawBars(pen, barWidth, view, { x: 8, y: layout.height + 16 });
    },
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("heads", picture, (text) => {
    readout.replaceChildren(text);
    last.readout = "";
  });
  const bar = dom("div", { class: "attend-bar" }, said, dom("span", { class: "attend-end" }, shelf.button, copy));

  const read = (cell) => {
    const step = cell.length && data.together ? { step: cell[0] } : {};
    if (String(cell) !== String(model.get("cell"))) write({ cell, ...step });
  };
  const hit = ({ offsetX, offsetY }) => {
    const [t, s] = [Math.floor((offsetY - layout.top) / layout.cell), Math.floor((offsetX - layout.left) / layout.cell)];
    return t >= 0 && t < data.T && s >= 0 && s < data.S ? [t, s] : [];
  };
  const point = (cell) => String(cell) !== String(model.get("cell")) && write({ cell });
  stage.addEventListener("pointermove", (event) => layout && event.pointerType !== "touch" && point(hit(event)));
  stage.addEventListener("pointerleave", (event) => layout && event.pointerType !== "touch" && point([]));
  stage.addEventListener("click", (event) => {
    const cell = hit(event);
    if (cell.length) write({ cell, ...(data.together ? { step: cell[0] } : {}) });
  });
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || !data) return;
    const [t, s] = model.get("cell").length ? model.get("cell") : [-1, -1];
    const corner = event.ctrlKey;
    const to = {
      ArrowUp: [t - 1, s],
      ArrowDown: [t + 1, s],
      ArrowLeft: [t, s - 1],
      ArrowRight: [t, s + 1],
      Home: [corner ? 0 : t, 0],
      End: [corner ? data.T - 1 : t, data.S - 1],
    }[event.key];
    if (!to) return;
    event.preventDefault();
    event.stopPropagation();
    read(t < 0 ? [0, 0] : [clamp(to[0], 0, data.T - 1), clamp(to[1], 0, data.S - 1)]);
    reveal();
  });
  keys(root, { t: () => shelf.turn(), o: () => turn(model.get("head")), Escape: () => write({ off: [], cell: [] }) });

  // Brings the cell that is read into the scrolling box; the page itself stays where it is.
  function reveal() {
    const [, s] = model.get("cell");
    const x = layout.left + s * layout.cell;
    const [first, past] = [scroll.scrollLeft + 4, scroll.scrollLeft + scroll.clientWidth - layout.cell];
    if (x < first || x > past) scroll.scrollLeft = x - scroll.clientWidth / 2;
  }

  root.append(caption, bar, cards, sentence, large, hint, shelf.region);
  const reload = () => {
    stale.data = true;
    paint();
  };
  const restyle = () => {
    stale.map = true;
    paint();
  };
  const onWidth = (now) => {
    width = now;
    stale.map = true;
  };
  const stops = [follow(model, DATA, reload), write.flush];
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, onTheme: restyle, stops });
}

export default { render };
