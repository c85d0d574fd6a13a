// How does a number line become a vector? Draws the traits of PositionalEncoding, writes back what the reader selects.
import {
  bytesOf,
  button,
  canvasPen,
  choice,
  copyButtons,
  css,
  diverging,
  dom,
  figure,
  fitCanvas,
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
  slider,
  table,
  toggle,
  writer,
} from "./common.js";

// --- the computation, as in positional_encoding.py ---

const [MOST_POSITIONS, MOST_DIMENSIONS, MOST_PINNED] = [512, 512, 4];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const each = (count, make) => Array.from({ length: count }, (_, i) => make(i));
const sum = (values) => values.reduce((total, value) => total + value, 0);

const frequenciesOf = ({ d_model: width, base }) => each(width / 2, (i) => base ** (-(2 * i) / width));

// PE, position by position: [n_positions · d_model].
function encodingOf({ n_positions: P, d_model: D }, frequencies) {
  const table = new Float64Array(P * D);
  for (let p = 0; p < P; p++) {
    for (let i = 0; i < D / 2; i++) {
      table[p * D + 2 * i] = Math.sin(p * frequencies[i]);
      table[p * D + 2 * i + 1] = Math.cos(p * frequencies[i]);
    }
  }
  return table;
}

// The dot products of row `position` with every row.
function dotsOf(encoding, { n_positions: P, d_model: D, position }) {
  return each(P, (p) => {
    let total = 0;
    for (let d = 0; d < D; d++) total += encoding[p * D + d] * encoding[position * D + d];
    return total;
  });
}

const pairOf = (i, { d_model: width, pairing }) => (pairing === "half" ? [i, i + width / 2] : [2 * i, 2 * i + 1]);

// What pair i of the turned query and key is, and what it adds to the score.
function turn(vector, [a, b], angle) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return [vector[a] * cos - vector[b] * sin, vector[a] * sin + vector[b] * cos];
}

function clocksOf(traits, frequencies, query, key) {
  return frequencies.map((frequency, i) => {
    const pair = pairOf(i, traits);
    const [q, k] = [turn(query, pair, traits.position * frequency), turn(key, pair, traits.other * frequency)];
    return { pair, frequency, q, k, term: q[0] * k[0] + q[1] * k[1] };
  });
}

// The score at every distance −(n − 1) … n − 1: the query turned by the distance, the key as it is.
function scoresOf(traits, frequencies, query, key) {
  const reach = traits.n_positions - 1;
  const pairs = frequencies.map((_, i) => pairOf(i, traits));
  return each(2 * reach + 1, (at) => {
    let total = 0;
    frequencies.forEach((frequency, i) => {
      const q = turn(query, pairs[i], (at - reach) * frequency);
      total += q[0] * key[pairs[i][0]] + q[1] * key[pairs[i][1]];
    });
    return total;
  });
}

function slopesOf(heads) {
  const power = 2 ** Math.floor(Math.log2(heads));
  const those = each(power, (h) => 2 ** ((-8 * (h + 1)) / power));
  const between = each(power, (h) => 2 ** ((-8 * (2 * h + 1)) / (2 * power)));
  return [...those, ...between].slice(0, heads);
}

// The attention of the query at `position` if all scores are equal.
function sharesOf({ n_positions: P, position }, slope) {
  const powers = each(P, (j) => Math.exp(-slope * Math.abs(position - j)));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

// --- numbers as text ---

const fixed = (number, digits) => {
  const text = (Math.abs(number) < 0.5 * 10 ** -digits ? 0 : number).toFixed(digits);
  return text.replace("-", "−");
};
const grouped = (text) => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
const length = (number) => (number < 99.95 ? number.toFixed(2) : grouped(number.toFixed(number < 999.5 ? 1 : 0)));
const baseText = (base) => grouped(String(Number(base.toPrecision(4))));

// --- drawing: what all panels share ---

const small = (colours) => ({ size: 11, fill: colours.muted });

// A panel's name: smaller where there is less room.
function drawName(pen, text, x, y, room, colours) {
  const size = Math.min(13, (13 * room) / measure(text, 13, 600));
  pen.text(text, x, y, { size, weight: 600, fill: colours.ink });
}

const GUTTER = 40; // for the numbers on an axis
const SHORT = { "−1": -1, 0: 0, 1: 1 };

// Round numbers, few enough for the room, that start at `low` and stop at `high`.
function ticksOf(low, high, room) {
  const most = Math.max(2, Math.floor(room / 46));
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => (high - low) / size <= most) ?? 1000;
  return each(Math.floor(high / step) - Math.ceil(low / step) + 1, (i) => (Math.ceil(low / step) + i) * step);
}

// A panel with its name above and its axes; returns where a value stands in it.
function frame(pen, { x, y, width, height }, { title, low, high, marks, from, to, ticks = true, centred }, colours) {
  const step = centred ? width / (to - from + 1) : width / (to - from || 1);
  const across = (at) => x + (at - from + (centred ? 0.5 : 0)) * step;
  const down = (value) => y + height - ((value - low) / (high - low || 1)) * height;
  drawName(pen, title, x, y - 13, width, colours);
  for (const [text, value] of marks) {
    pen.line([[x, down(value)], [x + width, down(value)]], { stroke: colours.hair });
    pen.text(text, x - 6, down(value), { ...small(colours), align: "right" });
  }
  if (ticks) drawTicks(pen, ticksOf(from, to, width), across, y + height + 10, colours);
  return { across, down };
}

function drawTicks(pen, ticks, across, y, colours) {
  for (const tick of ticks) pen.text(fixed(tick, 0), across(tick), y, { ...small(colours), align: "center" });
}

const circle = (x, y, r) => each(41, (i) => [x + r * Math.cos((i * Math.PI) / 20), y - r * Math.sin((i * Math.PI) / 20)]);

function drawDot(pen, x, y, colours, stroke) {
  pen.rect(x - 4, y - 4, 8, 8, { fill: colours.paper, stroke, width: 2 });
}

const upright = (pen, x, y, height, style) => pen.line([[x, y], [x, y + height]], style);

// An image of `wide` × `high` pixels, one a number; kept until what it depends on changes.
function imageOf(wide, high, paint) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  const image = context.createImageData(wide, high);
  for (let i = 0, at = 0; i < high; i++) {
    for (let j = 0; j < wide; j++, at += 4) {
      const [r, g, b] = paint(i, j);
      image.data[at] = r;
      image.data[at + 1] = g;
      image.data[at + 2] = b;
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

// --- sinusoidal: the table, and under it and beside it what shares its axes ---

const PINS = [
  (colours) => ({ stroke: colours.negative, dash: [6, 4] }),
  (colours) => ({ stroke: colours.ink, dash: [2, 3] }),
  (colours) => ({ stroke: colours.muted, dash: [10, 4, 2, 4] }),
  (colours) => ({ stroke: colours.gold, dash: [1, 2] }),
];

function layoutSinusoidal({ d_model: D, width }) {
  const wide = width >= 520;
  const side = wide ? clamp(width * 0.24, 130, 190) : 0;
  const across = width - GUTTER - 8 - (wide ? side + 26 : 0);
  const map = { x: GUTTER, y: 26, width: across, height: clamp(D * 14, 84, wide ? 256 : 208) };
  const curves = { x: GUTTER, y: map.y + map.height + 54, width: across, height: 96 };
  const dots = { x: GUTTER, y: curves.y + curves.height + 54, width: across, height: 96 };
  const below = dots.y + dots.height + 54;
  const right = GUTTER + across + 26;
  const waves = wide
    ? { x: right, y: map.y, width: side, height: map.height }
    : { x: GUTTER, y: below, width: width - GUTTER - 8 - 118, height: 130 };
  const clock = wide
    ? { x: right + side / 2, y: curves.y + 54, r: Math.min(56, side / 2 - 10) }
    : { x: width - 52, y: below + 46, r: 46 };
  const height = wide ? dots.y + dots.height + 22 : below + 130 + 26;
  return { boxes: { map, curves, dots, waves }, clock, width, height, wide };
}

function drawSinusoidal(pen, layout, view) {
  const { colours, n_positions: P, d_model: D, position: p, other: q, dimension: d, dots } = view;
  const { map, curves, dots: dotBox, waves } = layout.boxes;
  const [cell, row] = [map.width / P, map.height / D];
  const here = map.x + (p + 0.5) * cell;
  drawName(pen, "PE: positions across, dimensions down", map.x, map.y - 13, map.width, colours);
  pen.image(view.image, map.x, map.y, map.width, map.height);
  pen.rect(map.x, map.y, map.width, map.height, { stroke: colours.hair });
  drawTicks(pen, ticksOf(0, P - 1, map.width), (at) => map.x + (at + 0.5) * cell, map.y + map.height + 10, colours);
  for (const at of [0, D / 2, D - 1].filter((at, i, all) => all.indexOf(at) === i && (D > 4 || at !== D / 2))) {
    pen.text(String(at), map.x - 6, map.y + (at + 0.5) * row, { ...small(colours), align: "right" });
  }
  drawSquare(pen, here - cell / 2, map.y + d * row, cell, row, colours);

  const names = [d, ...view.pinned.filter((each) => each !== d)];
  const marks = Object.entries(SHORT);
  const title = `dimension ${d}: ${d % 2 ? "cos" : "sin"}(p / ${length(1 / view.frequencies[d >> 1])})`;
  const plot = { title, low: -1, high: 1, marks, from: 0, to: P - 1, centred: true };
  const { across, down } = frame(pen, curves, plot, colours);
  const styles = new Map(view.pinned.map((each, i) => [each, PINS[i](colours)]));
  const solid = { stroke: colours.positive, width: 2.5 };
  [...names].reverse().forEach((name) => {
    const style = name === d ? solid : { ...styles.get(name), width: 1.75 };
    pen.line(each(P, (at) => [across(at), down(view.encoding[at * D + name])]), style);
  });
  drawPins(pen, curves, names, styles, solid, title, colours);
  upright(pen, here, curves.y, curves.height, { stroke: colours.muted, dash: [2, 3] });
  drawDot(pen, here, down(view.encoding[p * D + d]), colours, colours.positive);

  const low = Math.min(0, ...dots);
  const dotPlot = {
    ...{ title: `PE(${p}) · PE(p)`, low, high: D / 2, from: 0, to: P - 1, centred: true },
    marks: [["0", 0], [fixed(D / 2, 0), D / 2], ...(low < -D / 16 ? [[fixed(low, 1), low]] : [])],
  };
  const at = frame(pen, dotBox, dotPlot, colours);
  upright(pen, here, dotBox.y, dotBox.height, { stroke: colours.muted, dash: [2, 3] });
  pen.line(dots.map((dot, i) => [at.across(i), at.down(dot)]), { stroke: colours.positive, width: 2.5 });
  drawDot(pen, here, at.down(dots[p]), colours, colours.positive);
  drawDot(pen, at.across(q), at.down(dots[q]), colours, colours.gold);
  drawWaves(pen, waves, view, layout.wide);
  drawPair(pen, layout, view);
}

// A cell's frame, no smaller than what can be seen.
function drawSquare(pen, x, y, width, height, colours) {
  const [w, h] = [Math.max(width, 5), Math.max(height, 5)];
  const [left, top] = [x + (width - w) / 2, y + (height - h) / 2];
  pen.rect(left, top, w, h, { stroke: colours.paper, width: 5 });
  pen.rect(left, top, w, h, { stroke: colours.gold, width: 2.5 });
}

// Which line is which dimension, where more than one is drawn.
function drawPins(pen, { x, y, width }, names, styles, solid, title, colours) {
  if (names.length < 2) return;
  let right = x + width;
  const least = x + measure(title, 13, 600) + 12;
  for (const name of [...names].reverse()) {
    const text = String(name);
    const left = right - measure(text, 11) - 22;
    if (left < least) return;
    pen.line([[left, y - 13], [left + 18, y - 13]], { width: 2, ...(styles.get(name) ?? solid), ...(name === names[0] ? solid : {}) });
    pen.text(text, left + 21, y - 13, small(colours));
    right = left - 8;
  }
}

// The wavelength of every dimension, on a logarithmic scale: beside the table its rows are the table's rows.
function drawWaves(pen, { x, y, width, height }, view, wide) {
  const { colours, frequencies, d_model: D, n_positions: P, dimension: d } = view;
  const wave = (i) => (2 * Math.PI) / frequencies[i];
  const top = Math.max(Math.log10(wave(D / 2 - 1)), Math.log10(P), 1.05);
  const across = (value) => x + (Math.log10(value) / top) * width;
  const row = height / D;
  drawName(pen, "wavelength (log)", x, y - 13, width, colours);
  const step = top > 4.2 ? 2 : 1;
  for (let power = 0; power <= top; power += step) {
    const at = across(10 ** power);
    upright(pen, at, y, height, { stroke: colours.hair });
    const text = power < 4 ? grouped(String(10 ** power)) : `10${"⁰¹²³⁴⁵⁶⁷⁸"[power]}`;
    pen.text(text, at, y + height + 10, { ...small(colours), align: "center" });
  }
  upright(pen, across(P), y, height, { stroke: colours.ink, dash: [2, 3] });
  const steps = frequencies.flatMap((_, i) => [[across(wave(i)), y + 2 * i * row], [across(wave(i)), y + (2 * i + 2) * row]]);
  pen.line(steps, { stroke: colours.positive, width: 2.5 });
  const level = y + (2 * (d >> 1) + 1) * row;
  pen.line([[x, level], [across(wave(d >> 1)), level]], { stroke: colours.positive, dash: [2, 3] });
  drawDot(pen, across(wave(d >> 1)), level, colours, colours.positive);
  if (wide) return;
  for (const at of [0, D - 1]) pen.text(String(at), x - 6, y + (at + 0.5) * row, { ...small(colours), align: "right" });
}

// The pair of the chosen dimension as a clock: sine upwards, cosine to the right.
function drawPair(pen, { clock: { x, y, r }, boxes, wide }, view) {
  const { colours, frequencies, position, other, dimension: d } = view;
  const i = d >> 1;
  pen.line(circle(x, y, r), { stroke: colours.muted });
  pen.line([[x - r, y], [x + r, y]], { stroke: colours.hair });
  pen.line([[x, y - r], [x, y + r]], { stroke: colours.hair });
  const tip = (p) => [x + r * Math.cos(p * frequencies[i]), y - r * Math.sin(p * frequencies[i])];
  pen.line([[x, y], tip(other)], { stroke: colours.gold, width: 2, dash: [5, 3] });
  pen.line([[x, y], tip(position)], { stroke: colours.positive, width: 3 });
  const [hx, hy] = tip(position);
  if (d % 2) pen.line([[x, y], [hx, y]], { stroke: colours.ink, width: 4 });
  else pen.line([[hx, y], [hx, hy]], { stroke: colours.ink, width: 4 });
  const name = { size: wide ? 13 : 12, weight: 600, fill: colours.ink, align: "center" };
  pen.text(`${2 * i} sin, ${2 * i + 1} cos`, x, y - r - 13, name);
  if (!wide) {
    pen.text(`at ${position}`, x, y + r + 12, { ...small(colours), align: "center" });
    pen.text(`at ${other}, dashed`, x, y + r + 26, { ...small(colours), align: "center" });
    return;
  }
  pen.text(`at ${position}; dashed: at ${other}`, x, y + r + 14, { ...small(colours), align: "center" });
  const [box, D] = [boxes.dots, view.d_model];
  pen.text(`PE(${position}) · PE(${other})`, x, box.y + 14, { size: 12.5, fill: colours.ink, align: "center" });
  pen.text(fixed(view.dots[other], 2), x, box.y + 40, { size: 20, weight: 600, fill: colours.gold, align: "center" });
  pen.text(`of at most ${D / 2}`, x, box.y + 62, { ...small(colours), align: "center" });
  pen.text(`distance ${fixed(other - position, 0)}`, x, box.y + 78, { ...small(colours), align: "center" });
}

// --- rotary: a clock for each pair, the pairing, and the score by distance ---

const MOST_CLOCKS = 32;

function layoutRotary({ d_model: K, width }) {
  const count = Math.min(K / 2, MOST_CLOCKS);
  const every = Math.ceil(K / 2 / MOST_CLOCKS);
  const shown = each(Math.ceil(K / 2 / every), (i) => i * every).slice(0, count);
  const r = count <= 4 ? 50 : count <= 8 ? 40 : count <= 16 ? 32 : 26;
  const [wide, tall] = [Math.max(2 * r + 16, 74), 2 * r + 42];
  const columns = clamp(Math.floor(width / wide), 1, count);
  const pitch = Math.min(width / columns, wide * 1.6);
  const place = (i) => ({ x: ((i % columns) + 0.5) * pitch, y: 34 + r + Math.floor(i / columns) * tall, r });
  const clocks = { x: 0, y: 20, width: columns * pitch, height: Math.ceil(shown.length / columns) * tall };
  const cell = Math.min((width - 4) / K, 34);
  const strip = { x: 2, y: clocks.y + clocks.height + 84, width: cell * K, height: 24, cell };
  const scores = { x: GUTTER + 6, y: strip.y + strip.height + 50, width: width - GUTTER - 14, height: 120 };
  return { boxes: { clocks, strip, scores }, place, shown, every, tall, pitch, columns, width, height: scores.y + 144 };
}

function drawRotary(pen, layout, view) {
  const { colours, clocks, shownPair: chosen } = view;
  const { boxes, shown, place, every } = layout;
  const longest = Math.max(...clocks.flatMap(({ q, k }) => [Math.hypot(...q), Math.hypot(...k)])) || 1;
  const which = every === 1 ? "every pair" : `every ${every}th of ${clocks.length} pairs`;
  drawName(pen, `${which} as a clock: query solid, key dashed`, 0, 10, layout.width, colours);
  shown.forEach((i, n) => drawClock(pen, place(n), clocks[i], { longest, chosen: i === chosen, colours }));
  drawStrip(pen, boxes.strip, view);
  const { scores, n_positions: P, position, other } = view;
  const reach = P - 1;
  const [low, high] = [Math.min(0, ...scores), Math.max(0, ...scores)];
  const room = (high - low) * 0.12;
  const marks = [["0", 0], ...[low, high].filter((value) => Math.abs(value) > room).map((value) => [fixed(value, 1), value])];
  const plot = { title: "score against distance, query − key", low: low - room / 2, high: high + room / 2, marks };
  const { across, down } = frame(pen, boxes.scores, { ...plot, from: -reach, to: reach }, colours);
  pen.line(scores.map((score, at) => [across(at - reach), down(score)]), { stroke: colours.positive, width: 2.5 });
  const distance = position - other;
  upright(pen, across(distance), boxes.scores.y, boxes.scores.height, { stroke: colours.muted, dash: [2, 3] });
  drawDot(pen, across(distance), down(scores[distance + reach]), colours, colours.gold);
}

function drawClock(pen, { x, y, r }, { pair, q, k, term }, { longest, chosen, colours }) {
  pen.line(circle(x, y, r), { stroke: chosen ? colours.accent : colours.muted, width: chosen ? 3 : 1 });
  pen.line([[x - 3, y], [x + 3, y]], { stroke: colours.muted });
  pen.line([[x, y - 3], [x, y + 3]], { stroke: colours.muted });
  const tip = ([a, b]) => [x + ((r - 3) * a) / longest, y - ((r - 3) * b) / longest];
  pen.line([[x, y], tip(q)], { stroke: colours.positive, width: 3.5 });
  pen.line([[x, y], tip(k)], { stroke: colours.gold, width: 2.5, dash: [5, 3] });
  const [left, right] = pair;
  const weight = chosen ? 650 : 400;
  pen.text(`${left} and ${right}`, x, y + r + 10, { size: 11.5, weight, fill: colours.ink, align: "center" });
  pen.text(`adds ${fixed(term, 2)}`, x, y + r + 24, { ...small(colours), align: "center" });
}

// The numbers of a head in a row, those of a pair joined by an arc.
function drawStrip(pen, { x, y, cell, height }, view) {
  const { colours, clocks, d_model: K, pairing, shownPair: chosen } = view;
  const rule = pairing === "half" ? `half: i with i + ${K / 2}` : "interleaved: 2i with 2i + 1";
  drawName(pen, `numbers that turn together, ${rule}`, 0, y - 56, view.width, colours);
  const middle = (i) => x + (i + 0.5) * cell;
  const arc = ([a, b], style) => {
    const [from, to] = [middle(a), middle(b)];
    const tall = clamp((to - from) / 3, 8, 36);
    const point = (t) => [(from + to) / 2 - ((to - from) / 2) * Math.cos(t), y - 2 - tall * Math.sin(t)];
    pen.line(each(21, (i) => point((i * Math.PI) / 20)), style);
  };
  if (K <= 128) clocks.forEach(({ pair }) => arc(pair, { stroke: colours.muted, opacity: 0.7 }));
  arc(clocks[chosen].pair, { stroke: colours.accent, width: 3 });
  const every = Math.max(1, Math.ceil(17 / cell));
  each(K, (i) => {
    const ours = clocks[chosen].pair.includes(i);
    const fill = ours ? colours.accent : i % 2 && cell > 6 ? colours.soft : null;
    if (fill) pen.rect(x + i * cell, y, cell, height, { fill });
    if (cell > 6) pen.rect(x + i * cell, y, cell, height, { stroke: colours.hair });
    const label = (style) => pen.text(String(i), middle(i), every > 1 ? y + height + 9 : y + height / 2, style);
    const size = cell < 20 ? 10 : 12;
    if (ours) label({ size, weight: 600, align: "center", fill: every > 1 ? colours.accent : colours.paper });
    else if (i % every === 0 && (every === 1 || clocks[chosen].pair.every((at) => Math.abs(at - i) > every))) {
      label({ size, align: "center", fill: colours.ink });
    }
  });
  pen.rect(x, y, K * cell, height, { stroke: colours.muted });
}

// --- ALiBi: the bias of a head, and of all by distance ---

function layoutAlibi({ width }) {
  const wide = width >= 520;
  const side = wide ? Math.min((width - 2 * GUTTER - 30) * 0.48, 300) : width - GUTTER - 8;
  const map = { x: GUTTER, y: 26, width: side, height: wide ? side : Math.min(side, 230) };
  const shares = { x: GUTTER, y: map.y + map.height + 54, width: side, height: 76 };
  const left = wide ? map.x + side + GUTTER + 24 : GUTTER;
  const lines = wide
    ? { x: left, y: 26, width: width - left - 8, height: shares.y + shares.height - 26 }
    : { x: left, y: shares.y + shares.height + 54, width: side, height: 170 };
  const height = (wide ? shares.y + shares.height : lines.y + lines.height) + 24;
  return { boxes: { map, shares, lines }, width, height, wide };
}

const LOWEST = -8; // e^−8 is 0.0003: nothing to see below

function drawAlibi(pen, layout, view) {
  const { colours, n_positions: P, position: i, other: j, slopes, head, shares } = view;
  const { map, shares: shareBox, lines } = layout.boxes;
  const [cell, row] = [map.width / P, map.height / P];
  drawName(pen, "shade: e^bias; queries down, keys across", map.x, map.y - 13, map.width, colours);
  pen.image(view.image, map.x, map.y, map.width, map.height);
  pen.rect(map.x, map.y, map.width, map.height, { stroke: colours.hair });
  const ticks = ticksOf(0, P - 1, map.width);
  drawTicks(pen, ticks, (at) => map.x + (at + 0.5) * cell, map.y + map.height + 10, colours);
  for (const at of ticks) pen.text(String(at), map.x - 6, map.y + (at + 0.5) * row, { ...small(colours), align: "right" });
  pen.line([[map.x, map.y + (i + 0.5) * row], [map.x + map.width, map.y + (i + 0.5) * row]], {
    ...{ stroke: colours.gold, dash: [2, 3] },
  });
  drawSquare(pen, map.x + j * cell, map.y + i * row, cell, row, colours);

  const most = Math.max(...shares);
  const title = `shares of query ${i}, all scores equal`;
  const marks = [["0", 0], [fixed(most, 2), most]];
  const at = frame(pen, shareBox, { title, low: 0, high: most, marks, from: 0, to: P - 1, centred: true }, colours);
  pen.line(shares.map((share, key) => [at.across(key), at.down(share)]), { stroke: colours.positive, width: 2.5 });
  drawDot(pen, at.across(j), at.down(shares[j]), colours, colours.gold);

  const plot = { title: "bias by distance, each head", low: LOWEST, high: 0, from: 0, to: P - 1 };
  const heights = [0, -2, -4, -6, -8].map((value) => [fixed(value, 0), value]);
  const { across, down } = frame(pen, lines, { ...plot, marks: heights }, colours);
  slopes.forEach((slope, h) => {
    const end = Math.min(P - 1, -LOWEST / slope);
    const style = h === head ? { stroke: colours.positive, width: 3 } : { stroke: colours.muted, width: 1 };
    pen.line([[across(0), down(0)], [across(end), down(-slope * end)]], style);
  });
  const distance = Math.abs(i - j);
  const bias = -slopes[head] * distance;
  if (bias >= LOWEST) drawDot(pen, across(distance), down(bias), colours, colours.gold);
  const words = { size: 12, fill: colours.ink, back: colours.paper, align: "right" };
  pen.text(`head ${head}: slope ${slopeText(slopes[head])}`, lines.x + lines.width, lines.y + lines.height - 14, words);
}

const slopeText = (slope) => String(Number(slope.toPrecision(7)));

// --- words and numbers ---

const aside = (...parts) => dom("span", { class: "attend-aside" }, ...parts);
const bold = (role, text) => dom("b", { "data-role": role }, text);

const SUMMARIES = {
  sinusoidal({ position: p, other: q, dimension: d, d_model: D, encoding, dots, frequencies, base }) {
    const exponent = `${2 * (d >> 1)}/${D}`;
    return [
      ...[`PE[${p}, ${d}] = ${d % 2 ? "cos" : "sin"}(${p} / ${baseText(base)}^(${exponent})) = `],
      bold("value", fixed(encoding[p * D + d], 6)),
      aside(" · wavelength ", bold("wavelength", length((2 * Math.PI) / frequencies[d >> 1])), " positions"),
      dom("br"),
      aside(`PE(${p}) · PE(${q}) = `, bold("dot", fixed(dots[q], 6)), ` · distance ${fixed(q - p, 0)}`),
    ];
  },
  rotary({ position: p, other: q, clocks, shownPair, scores, n_positions: P }) {
    const { pair, frequency, term } = clocks[shownPair];
    return [
      `query at ${p}, key at ${q}, distance ${fixed(p - q, 0)}: score `,
      bold("value", fixed(scores[p - q + P - 1], 6)),
      dom("br"),
      aside(
        ...[`numbers ${pair.join(" and ")} turn ${fixed(frequency, 4)} rad a position: query by `],
        ...[`${fixed(p * frequency, 2)}, key by ${fixed(q * frequency, 2)}; they add `, bold("term", fixed(term, 6))],
      ),
    ];
  },
  alibi({ position: i, other: j, head, slopes, shares, n_heads: H }) {
    const slope = slopes[head];
    return [
      `bias[${head}, ${i}, ${j}] = −${slopeText(slope)} · ${Math.abs(i - j)} = `,
      bold("value", fixed(-slope * Math.abs(i - j), 6)),
      dom("br"),
      aside(`head ${head} of ${H}; if all scores were equal, key ${j} would get `, bold("share", fixed(shares[j], 6))),
    ];
  },
};

const TABLES = {
  sinusoidal(view) {
    const { position: p, d_model: D, encoding, frequencies, dots } = view;
    const wave = (d) => length((2 * Math.PI) / frequencies[d >> 1]);
    const row = (d) => [`${d} ${d % 2 ? "cos" : "sin"}`, wave(d), fixed(encoding[p * D + d], 6)];
    const dotRow = (dot, q) => [String(q), fixed(q - p, 0), fixed(dot, 6)];
    return [
      table(`Position ${p}, dimension by dimension`, "dimension", ["wavelength", `PE(${p})`], each(D, row)),
      table(`The dot product of PE(${p}) with every position`, "position", ["distance", "dot product"], dots.map(dotRow)),
    ];
  },
  rotary(view) {
    const { position: p, other: q, clocks, scores, n_positions: P } = view;
    const row = ({ pair, frequency, term }) => {
      return [pair.join(" and "), fixed(p * frequency, 4), fixed(q * frequency, 4), fixed(term, 6)];
    };
    const columns = [`query at ${p}, rad`, `key at ${q}, rad`, "adds"];
    const scoreRow = (score, at) => [fixed(at - P + 1, 0), fixed(score, 6)];
    return [
      table("The pairs", "numbers", columns, clocks.map(row)),
      table("The score by distance", "query − key", ["score"], scores.map(scoreRow)),
    ];
  },
  alibi(view) {
    const { position: i, other: j, slopes, head, shares, n_positions: P } = view;
    const distance = Math.abs(i - j);
    const headRow = (slope, h) => [`${h}${h === head ? " (shown)" : ""}`, slopeText(slope), fixed(-slope * distance, 6)];
    const row = (share, key) => [String(key), fixed(-slopes[head] * Math.abs(i - key), 6), fixed(share, 6)];
    return [
      table(`The heads at distance ${distance}`, "head", ["slope", "bias"], slopes.map(headRow)),
      table(`Head ${head}, query ${i}, all ${P} keys`, "key", ["bias", "share"], shares.map(row)),
    ];
  },
};

const HINTS = {
  sinusoidal: [["← →"], " position · ", ["↑ ↓"], " dimension · ", ["Shift"], " + ", ["← →"], " the other position · ", ["Space"], " keep this curve · "],
  rotary: [["← →"], " query · ", ["Shift"], " + ", ["← →"], " key · ", ["Space"], " both one on · ", ["↑ ↓"], " pair · "],
  alibi: [["← →"], " key · ", ["↑ ↓"], " query · ", ["Shift"], " + ", ["↑ ↓"], " head · "],
};
const LABELS = {
  sinusoidal: "The table of sinusoids. Left and right: position. Up and down: dimension. Shift left and right: other position.",
  rotary: "Clocks of a query and a key. Left and right: query. Shift left and right: key. Up and down: pair. Space: both one on.",
  alibi: "The bias of a head. Left and right: key. Up and down: query. Shift up and down: head.",
};

// --- the widget ---

const TRAITS = [
  ...["scheme", "d_model", "n_positions", "base", "position", "other", "dimension", "pinned", "pairing", "alike"],
  ...["n_heads", "head", "title"],
];
const LAYOUTS = { sinusoidal: layoutSinusoidal, rotary: layoutRotary, alibi: layoutAlibi };
const DRAWINGS = { sinusoidal: drawSinusoidal, rotary: drawRotary, alibi: drawAlibi };

// What a key means in the stage: the traits that it changes, or nothing.
function moved({ key, shiftKey }, view) {
  const { scheme, n_positions: P, d_model: D, n_heads: H, position, other, dimension, head, pinned } = view;
  const [last, step] = [P - 1, { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[key]];
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const at = (name, value, most) => ({ [name]: clamp(value, 0, most) });
  if (scheme === "alibi") {
    if (key === "Home") return { other: 0 };
    if (key === "End") return { other: last };
    if (!step) return null;
    if (sideways) return at("other", other + step, last);
    return shiftKey ? at("head", head + step, H - 1) : at("position", position + step, last);
  }
  const first = shiftKey ? "other" : "position";
  if (key === "Home") return { [first]: 0 };
  if (key === "End") return { [first]: last };
  if (key === " " && scheme === "rotary") {
    const on = Math.max(position, other) < last ? 1 : 0;
    return { position: position + on, other: other + on };
  }
  if (key === " ") {
    const rest = pinned.filter((each) => each !== dimension);
    return { pinned: rest.length < pinned.length ? rest : [...rest, dimension].slice(-MOST_PINNED) };
  }
  if (!step) return null;
  if (sideways) return at(first, (shiftKey ? other : position) + step, last);
  if (scheme === "sinusoidal") return at("dimension", dimension + step, D - 1);
  return at("dimension", 2 * ((dimension >> 1) + step), D - 2);
}

const insideOf = (box, x, y, margin = 0) =>
  x >= box.x - margin && x <= box.x + box.width + margin && y >= box.y - margin && y <= box.y + box.height + margin;

// What a point of the drawing means: the traits that it sets.
function pointed({ boxes, ...layout }, view, x, y) {
  const { scheme, n_positions: P, d_model: D } = view;
  const of = (box, count) => clamp(Math.floor(((x - box.x) / box.width) * count), 0, count - 1);
  const downOf = (box, count) => clamp(Math.floor(((y - box.y) / box.height) * count), 0, count - 1);
  if (scheme === "sinusoidal") {
    if (insideOf(boxes.map, x, y)) return { position: of(boxes.map, P), dimension: downOf(boxes.map, D) };
    if (insideOf(boxes.waves, x, y)) return { dimension: downOf(boxes.waves, D) };
    if (insideOf(boxes.curves, x, y)) return { position: of(boxes.curves, P) };
    if (insideOf(boxes.dots, x, y)) return { other: of(boxes.dots, P) };
  } else if (scheme === "rotary") {
    const { clocks, strip, scores } = boxes;
    if (insideOf(clocks, x, y)) {
      const column = Math.floor((x - clocks.x) / layout.pitch);
      const i = layout.shown[Math.floor((y - clocks.y) / layout.tall) * layout.columns + column];
      return column < layout.columns && i !== undefined ? { dimension: 2 * i } : null;
    }
    if (insideOf(strip, x, y)) {
      const number = of(strip, D);
      return { dimension: 2 * view.clocks.findIndex(({ pair }) => pair.includes(number)) };
    }
    if (insideOf(scores, x, y)) return { apart: Math.round(((x - scores.x) / scores.width) * 2 * (P - 1)) - (P - 1) };
  } else {
    if (insideOf(boxes.map, x, y)) return { position: downOf(boxes.map, P), other: of(boxes.map, P) };
    if (insideOf(boxes.shares, x, y)) return { other: of(boxes.shares, P) };
    if (insideOf(boxes.lines, x, y)) return headAt(boxes.lines, view, x, y);
  }
  return null;
}

// The head whose line passes nearest to a point.
function headAt({ x, y, width, height }, { slopes, n_positions: P }, px, py) {
  const distance = ((px - x) / width) * (P - 1);
  const bias = ((py - y) / height) * LOWEST;
  const gaps = slopes.map((slope) => Math.abs(-slope * distance - bias));
  return { head: gaps.indexOf(Math.min(...gaps)) };
}

// A distance that was pointed at: the key stays if the query can go there, else both move.
function apart(distance, { position, other, n_positions: P }) {
  const q = clamp(other, Math.max(0, -distance), Math.min(P - 1, P - 1 - distance));
  return position - other === distance ? {} : { position: q + distance, other: q };
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("PositionalEncoding", "Positions as vectors");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-positions", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const [query, key] = readVectors(model);
  let [width, view, layout, said, known] = [0, null, null, "", {}];

  // `make()`, or what it made when the key was last the same: moving a mark leaves the table as it is.
  const kept = (name, mark, make) => (known[name]?.mark === mark ? known[name] : (known[name] = { mark, made: make() })).made;

  // Writes, and keeps the choices inside what there is.
  const change = (traits) => {
    const { n_positions: P, d_model: D, n_heads: H, ...now } = { ...readTraits(), ...traits };
    const inside = { position: clamp(now.position, 0, P - 1), other: clamp(now.other, 0, P - 1) };
    const rest = { dimension: clamp(now.dimension, 0, D - 1), head: clamp(now.head, 0, H - 1) };
    const pinned = now.pinned.filter((each) => each < D);
    const all = { ...traits, ...inside, ...rest, pinned };
    const different = Object.entries(all).filter(([name, value]) => String(model.get(name)) !== String(value));
    if (different.length) write(Object.fromEntries(different));
  };
  const widths = [4, 8, 16, 32, 64, 128, 256, 512];
  const listed = [...new Set([...widths, model.get("d_model")])].sort((a, b) => a - b);
  const whole = (min, max) => ({ min, max, step: 1, format: String });
  const powers = { min: 0.5, max: 6, step: 0.25, format: () => baseText(model.get("base")) };
  const toBase = (power) => change({ base: Number((10 ** power).toPrecision(4)) });
  const both = (by) => {
    const { position, other, n_positions: P } = readTraits();
    if (Math.min(position, other) + by < 0 || Math.max(position, other) + by >= P) return;
    change({ position: position + by, other: other + by });
  };
  const controls = {
    scheme: choice("Scheme", [["sinusoidal", "sinusoidal"], ["rotary", "rotary"], ["alibi", "ALiBi"]], (scheme) => change({ scheme })),
    d_model: select("d_model", listed.map((each) => [each, String(each)]), (d_model) => change({ d_model })),
    n_positions: slider("positions", whole(2, MOST_POSITIONS), (n_positions) => change({ n_positions })),
    base: slider("base", powers, toBase),
    pairing: choice("Pairing", [["half", "half"], ["interleaved", "interleaved"]], (pairing) => change({ pairing })),
    alike: toggle("the key has the query's numbers", (alike) => change({ alike })),
    position: slider("query at", whole(0, MOST_POSITIONS - 1), (position) => change({ position })),
    other: slider("key at", whole(0, MOST_POSITIONS - 1), (other) => change({ other })),
    n_heads: select("heads", each(16, (i) => [i + 1, String(i + 1)]), (n_heads) => change({ n_heads })),
    head: slider("head", whole(0, 15), (head) => change({ head })),
  };
  const steps = dom(
    "span",
    { class: "attend-named" },
    ...["both", button("− 1", () => both(-1), { "aria-label": "Both one back" })],
    button("+ 1", () => both(1), { "aria-label": "Both one on" }),
  );
  const belongs = {
    ...{ d_model: "sinusoidal rotary", base: "sinusoidal rotary", pairing: "rotary", alike: "rotary" },
    ...{ position: "rotary alibi", other: "rotary alibi", n_heads: "alibi", head: "alibi" },
  };

  function readTraits() {
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    const last = traits.n_positions - 1;
    return {
      ...traits,
      ...{ position: clamp(traits.position, 0, last), other: clamp(traits.other, 0, last) },
      ...{ dimension: clamp(traits.dimension, 0, traits.d_model - 1), head: clamp(traits.head, 0, traits.n_heads - 1) },
      pinned: (traits.pinned ?? []).filter((each) => each < traits.d_model),
    };
  }

  function compute() {
    const traits = readTraits();
    const { scheme, d_model: D, n_positions: P, base, pairing, alike, n_heads: H, head } = traits;
    const dark = isDark();
    const colours = palette(root, ["soft"]);
    const view = { ...traits, colours, width };
    if (scheme === "alibi") {
      const slopes = slopesOf(H);
      const powers = each(P, (distance) => Math.exp(-slopes[head] * distance));
      const ramp = kept("ramp", String(dark), () => sequential(dark));
      const image = () => imageOf(P, P, (i, j) => ramp[Math.round(255 * powers[Math.abs(i - j)])]);
      return {
        ...{ ...view, slopes, shares: sharesOf(traits, slopes[head]) },
        image: kept("bias", [P, H, head, dark].join(), image),
      };
    }
    const frequencies = kept("frequencies", [D, base].join(), () => frequenciesOf(traits));
    if (scheme === "rotary") {
      const other = alike ? query : key;
      const scores = () => scoresOf(traits, frequencies, query, other);
      return {
        ...{ ...view, frequencies, shownPair: traits.dimension >> 1 },
        clocks: clocksOf(traits, frequencies, query, other),
        scores: kept("scores", [D, base, P, pairing, alike].join(), scores),
      };
    }
    const encoding = kept("encoding", [D, base, P].join(), () => encodingOf(traits, frequencies));
    const ramp = kept("diverging", String(dark), () => diverging(dark));
    const paint = (d, p) => ramp[Math.round((encoding[p * D + d] + 1) * 127.5)];
    return {
      ...{ ...view, frequencies, encoding, dots: dotsOf(encoding, traits) },
      image: kept("image", [D, base, P, dark].join(), () => imageOf(P, D, paint)),
    };
  }

  function paintControls() {
    for (const [name, control] of Object.entries(controls)) {
      control.element.hidden = Boolean(belongs[name]) && !belongs[name].includes(view.scheme);
      if (name === "base") control.set(Math.log10(view.base));
      else control.set(view[name]);
    }
    for (const [name, most] of [["position", view.n_positions - 1], ["other", view.n_positions - 1], ["head", view.n_heads - 1]]) {
      const input = controls[name].element.querySelector("input");
      if (input.max !== String(most)) input.max = most;
      controls[name].set(view[name]);
    }
    controls.d_model.element.firstChild.textContent = view.scheme === "rotary" ? "head width" : "d_model";
    pairingNamed.hidden = view.scheme !== "rotary";
    steps.hidden = view.scheme !== "rotary";
  }

  function paintNow() {
    if (!width) return;
    const before = view?.scheme;
    view = compute();
    layout = LAYOUTS[view.scheme](view);
    paintControls();
    caption.textContent = view.title;
    caption.hidden = !view.title;
    DRAWINGS[view.scheme](canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    if (before !== view.scheme) {
      stage.setAttribute("aria-label", LABELS[view.scheme]);
      const part = (piece) => (Array.isArray(piece) ? dom("kbd", {}, piece[0]) : piece);
      hint.replaceChildren(...HINTS[view.scheme].map(part), dom("kbd", {}, "t"), " numbers");
    }
    shelf.refresh();
    const parts = SUMMARIES[view.scheme](view);
    const news = parts.map((part) => part.textContent ?? part).join("");
    if (news !== said) readout.replaceChildren(...parts);
    said = news;
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !view) return;
    const traits = moved(event, readTraits());
    if (!traits) return;
    event.preventDefault();
    event.stopPropagation();
    change(traits);
  });
  const point = (event) => {
    if (!layout || view.scheme !== model.get("scheme")) return;
    if (event.type === "pointermove" && event.pointerType !== "mouse" && !event.buttons) return;
    const box = canvas.getBoundingClientRect();
    const traits = pointed(layout, view, event.clientX - box.left, event.clientY - box.top);
    if (traits) change("apart" in traits ? apart(traits.apart, readTraits()) : traits);
  };
  stage.addEventListener("pointermove", point);
  stage.addEventListener("pointerdown", point);

  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };
  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => DRAWINGS[view.scheme](pen, layout, view),
  });
  const shelf = numbers(() => dom("div", {}, ...TABLES[view.scheme](view)));
  const copy = copyButtons("positions", picture, say);
  const pairingNamed = named("pairing", controls.pairing);
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const top = dom("div", { class: "attend-bar" }, controls.scheme.element, end);
  const { d_model, n_positions, base, alike, position, other, n_heads, head } = controls;
  const rest = [d_model, n_heads, n_positions, base, head].map(({ element }) => element);
  const more = [pairingNamed, alike.element, position.element, other.element, steps];
  const bar = dom("div", { class: "attend-bar" }, ...rest, ...more);
  keys(root, { t: () => shelf.turn() });
  const hint = dom("p", { class: "attend-hint" });
  root.append(caption, top, bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

// The query and the key travel as whole hundredths: [2, 512].
function readVectors(model) {
  const whole = new Int16Array(bytesOf(model.get("_vectors")).slice().buffer);
  return [0, 1].map((i) => Array.from(whole.subarray(i * MOST_DIMENSIONS, (i + 1) * MOST_DIMENSIONS), (n) => n / 100));
}

export default { render };
