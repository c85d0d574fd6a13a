// What does a length cost? Draws the traits of DecoderCosts and writes back what the reader sets.
import {
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
  slider,
  table,
  writer,
} from "./common.js";

// --- the computation, as decoder_costs in attend/cost.py ---

const costsOf = ({ d_model: D, n_heads, n_kv_heads, n_layers, d_ff, vocab, length }) => {
  const shared = (D / n_heads) * n_kv_heads;
  const block = 2 * D ** 2 + 2 * D * shared + 3 * D * d_ff;
  const each = n_layers * block + vocab * D;
  const [linear, scores] = [length * each, n_layers * 2 * length ** 2 * D];
  return {
    weights: each + (2 * n_layers + 1) * D,
    linear,
    scores,
    reading: linear + scores,
    share: scores / (linear + scores),
    next_word: each + n_layers * 2 * (length + 1) * D,
    cache_bytes: 4 * n_layers * shared * length,
    even: Math.round(each / (2 * n_layers * D)),
  };
};

// The largest divisor of `whole` that is not above `most`.
const divisor = (whole, most) => {
  for (let n = Math.min(most, whole); n > 1; n--) if (whole % n === 0) return n;
  return 1;
};

// What must change with a size so that all still go together: heads that divide, a network as wide for its model.
const fitted = (sizes, change) => {
  const next = { ...sizes, ...change };
  if (change.d_model) next.d_ff = Math.max(1, Math.round((sizes.d_ff / sizes.d_model) * change.d_model));
  next.n_heads = divisor(next.d_model, next.n_heads);
  next.n_kv_heads = divisor(next.n_heads, next.n_kv_heads);
  return next;
};

// The place on a ladder that is nearest to a value, by ratio.
const nearest = (ladder, value) => {
  const far = ladder.map((each) => Math.abs(Math.log(each / value)));
  return far.indexOf(Math.min(...far));
};

// The sizes after a slider was moved to a place on its ladder; past those that nothing goes together with.
const moved = (sizes, name, ladder, place) => {
  const step = Math.sign(place - nearest(ladder, sizes[name]));
  for (let at = place; step !== 0 && at >= 0 && at < ladder.length; at += step) {
    const next = fitted(sizes, { [name]: ladder[at] });
    if (next[name] !== sizes[name]) return next;
  }
  return sizes;
};

const decimals = (value) => (value >= 1 ? Math.max(0, 3 - Math.floor(Math.log10(value))) : 3);
const grouped = (value, places = 0) => {
  const [whole, part] = value.toFixed(places).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (part ? `.${part}` : "");
};
const inWords = (count) => {
  const power = count ? Math.min(4, Math.max(0, Math.floor(Math.floor(Math.log10(count)) / 3))) : 0;
  if (power === 0) return grouped(count);
  const value = count / 1000 ** power;
  return `${grouped(value, decimals(value))} ${["", "thousand", "million", "billion", "trillion"][power]}`;
};
const inBytes = (count) => {
  const power = count ? Math.min(4, Math.floor(Math.floor(Math.log2(count)) / 10)) : 0;
  if (power === 0) return `${count} bytes`;
  const value = count / 1024 ** power;
  return `${grouped(value, decimals(value))} ${["", "KiB", "MiB", "GiB", "TiB"][power]}`;
};

// --- drawing ---

const LENGTHS = Array.from({ length: 17 }, (_, i) => 2 ** (i + 4)); // 16 to about a million
const LADDERS = {
  d_model: [32, 64, 128, 256, 512, 768, 1024, 2048, 4096, 8192, 16384],
  n_heads: [1, 2, 4, 8, 12, 16, 32, 64, 128],
  n_kv_heads: [1, 2, 4, 8, 12, 16, 32, 64, 128],
  n_layers: [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128],
  length: LENGTHS,
};
const NAMES = {
  d_model: "Width",
  n_heads: "Heads",
  n_kv_heads: "Sets of keys and values",
  n_layers: "Layers",
  length: "Words",
};
const SIZES = [...Object.keys(LADDERS), "d_ff", "vocab"];

const superscript = (power) => [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("");

// A plot against the length, both axes by powers: curves { name, at(length), style, mark }.
function drawCurves(pen, { x, y, width, height }, { title, curves, length, even, unit, colours }) {
  const [left, right, top, bottom] = [x + 40, x + width - 14, y + 30, y + height - 30];
  const values = curves.flatMap(({ at }) => [at(LENGTHS[0]), at(LENGTHS.at(-1))]).map((value) => Math.log10(value));
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))];
  const [first, last] = [Math.log2(LENGTHS[0]), Math.log2(LENGTHS.at(-1))];
  const across = (n) => left + ((Math.min(Math.max(Math.log2(n), first), last) - first) / (last - first)) * (right - left);
  const down = (value) => bottom - ((Math.log10(value) - low) / (high - low || 1)) * (bottom - top);
  const small = { size: 11, fill: colours.muted };
  pen.text(title, x, y + 10, { size: 13, weight: 600, fill: colours.ink });
  for (let power = low; power <= high; power += Math.max(1, Math.ceil((high - low) / 5))) {
    pen.line([[left, down(10 ** power)], [right, down(10 ** power)]], { stroke: colours.hair });
    pen.text(`10${superscript(power)}`, left - 6, down(10 ** power), { ...small, align: "right" });
  }
  for (const [n, word] of [[16, "16"], [1024, "1,024"], [65536, "65,536"]]) {
    pen.text(word, across(n), bottom + 13, { ...small, align: n === 16 ? "left" : "center" });
  }
  pen.text(unit, right, bottom + 13, { ...small, align: "right" });
  if (even >= LENGTHS[0] && even <= LENGTHS.at(-1)) {
    pen.line([[across(even), bottom - 9], [across(even), bottom + 5]], { stroke: colours.ink, width: 4 });
  }
  pen.line([[across(length), top], [across(length), bottom]], { stroke: colours.muted, dash: [2, 3] });
  curves.forEach(({ name, at, style }, i) => {
    pen.line(LENGTHS.map((n) => [across(n), down(at(n))]), style);
    const [cx, cy] = [across(length), down(at(length))];
    pen.rect(cx - 4, cy - 4, 8, 8, { fill: colours.paper, stroke: style.stroke, width: 2 });
    const line = y + 38 + 16 * i;
    pen.line([[left + 8, line], [left + 34, line]], style);
    pen.text(name, left + 40, line, { size: 12, fill: colours.ink, back: colours.paper });
  });
}

function layoutFor(width) {
  const wide = width >= 620;
  const each = wide ? (width - 24) / 2 : width;
  const height = 250;
  const second = wide ? { x: each + 24, y: 0 } : { x: 0, y: height + 14 };
  const box = { width: each, height };
  return { width, height: second.y + height, first: { x: 0, y: 0, ...box }, second: { ...second, ...box } };
}

function drawBoth(pen, layout, { sizes, found, colours }) {
  const at = (name) => (n) => costsOf({ ...sizes, length: n })[name];
  const { length } = sizes;
  const linear = { name: "linear maps", at: at("linear"), style: { stroke: colours.positive, width: 2.5 } };
  const dashed = { stroke: colours.negative, width: 2.5, dash: [6, 4] };
  const scores = { name: "scores and averages", at: at("scores"), style: dashed };
  const rest = { length, unit: "words", colours };
  const work = { title: "Multiply-adds of reading", curves: [linear, scores], even: found.even };
  drawCurves(pen, layout.first, { ...rest, ...work });
  const cache = { name: "keys and values", at: at("cache_bytes"), style: { stroke: colours.negative, width: 2.5 } };
  const weights = { name: "the weights", at: () => 2 * found.weights, style: { stroke: colours.muted, width: 2, dash: [6, 4] } };
  const full = 2 * found.weights * (length / found.cache_bytes);
  drawCurves(pen, layout.second, { ...rest, title: "Bytes, two a number", curves: [cache, weights], even: full });
}

// --- the widget ---

function tableOfCosts({ sizes, found }) {
  const rows = LENGTHS.filter((_, i) => i % 2 === 0).concat(sizes.length).sort((a, b) => a - b);
  const columns = ["linear maps", "scores and averages", "share of scores", "next word", "keys and values"];
  const caption = `${inWords(found.weights)} weights: width ${sizes.d_model}, ${sizes.n_heads} heads, ${sizes.n_kv_heads} sets, ${sizes.n_layers} layers`;
  const lines = [...new Set(rows)].map((length) => {
    const each = costsOf({ ...sizes, length });
    const share = `${(100 * each.share).toFixed(1)} %`;
    return [grouped(length), inWords(each.linear), inWords(each.scores), share, inWords(each.next_word), inBytes(each.cache_bytes)];
  });
  return table(caption, "words", columns, lines);
}

function told({ sizes, found }) {
  const bold = (text) => dom("b", {}, text);
  return [
    ...["A model of ", bold(inWords(found.weights)), " weights reads ", bold(grouped(sizes.length)), " words in "],
    ...[bold(inWords(found.reading)), " multiply-adds, of which scores and averages are "],
    ...[bold(`${(100 * found.share).toFixed(1)} %`), ". Keys and values take ", bold(inBytes(found.cache_bytes))],
    ...[", the next word ", bold(inWords(found.next_word)), ". Half and half at ", bold(grouped(found.even)), " words."],
  ];
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("DecoderCosts", "What a length costs");
  const canvas = dom("canvas", { role: "img" });
  const stage = dom("div", { class: "attend-costs", "data-role": "stage" }, canvas);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  let [width, view, layout] = [0, null, null];

  const sizesNow = () => Object.fromEntries(SIZES.map((name) => [name, model.get(name)]));
  const controls = Object.entries(LADDERS).map(([name, ladder]) => {
    const range = { min: 0, max: ladder.length - 1, step: 1, format: () => grouped(model.get(name)) };
    const control = slider(NAMES[name], range, (place) => {
      write(moved(sizesNow(), name, ladder, place));
      control.set(nearest(ladder, model.get(name)));
    });
    control.element.querySelector("input").dataset.size = name;
    return { control, set: () => control.set(nearest(ladder, model.get(name))) };
  });

  function paintNow() {
    if (!width) return;
    const sizes = sizesNow();
    view = { sizes, found: costsOf(sizes), colours: palette(root) };
    layout = layoutFor(width);
    controls.forEach(({ set }) => set());
    drawBoth(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    readout.replaceChildren(...told(view));
    canvas.setAttribute("aria-label", readout.textContent);
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawBoth(pen, layout, view),
  });
  const shelf = numbers(() => tableOfCosts(view));
  const copy = copyButtons("decoder-costs", picture, (text) => readout.replaceChildren(text));
  const sliders = controls.map(({ control }) => control.element);
  const bar = dom("div", { class: "attend-bar" }, ...sliders, dom("span", { class: "attend-end" }, shelf.button, copy));
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("Tab"), " next control · ", key("← →"), " change it · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, " · thick marks: where two curves meet");
  root.append(bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: SIZES, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
