// Which word was covered? Draws the traits of Gaps and writes back what the reader selects.
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
  measure,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  select,
  sequential,
  shorten,
  table,
  widest,
  writer,
} from "./common.js";

// --- the numbers, as in gaps.py ---

const UNIT = 10000;
const COVERED = "▢";
const MEAN = "mean";
const nameOf = (depth) => (depth ? `after block ${depth}` : "as embedded");
const exact = (share) => share.toFixed(4);
const nearest = (places, to) => places.reduce((best, p) => (Math.abs(p - to) < Math.abs(best - to) ? p : best));

// Of every sentence and gap the weights [N][H][T], which travel one after the other as 16-bit numbers.
function readWeights(model) {
  const [N, H] = model.get("_sizes");
  const whole = new Uint16Array(bytesOf(model.get("_weights")).slice().buffer);
  const sentences = model.get("_sentences");
  let used = 0;
  const each = (count, make) => Array.from({ length: count }, make);
  return model.get("_gaps").map((gaps, s) => {
    const T = sentences[s].length;
    const row = () => Array.from(whole.subarray(used, (used += T)), (value) => value / UNIT);
    return gaps.map(() => each(N, () => each(H, row)));
  });
}

// Everything that is shown: { sentence, place, head, words, gaps, guesses, looks, heads }.
function compute(traits, data) {
  const sentence = Math.min(Math.max(traits.sentence, 0), data.sentences.length - 1);
  const gaps = data.gaps[sentence];
  const place = gaps.includes(traits.place) ? traits.place : nearest(gaps, traits.place ?? 0);
  const gap = gaps.indexOf(place);
  const guesses = data.guesses[sentence][gap].map(([places, shares, rank, share]) => ({
    ...{ words: places.map((i) => data.known[i]), shares: shares.map((each) => each / UNIT), rank, share: share / UNIT },
  }));
  const heads = data.weights[sentence][gap];
  const mean = (rows) => rows[0].map((_, t) => rows.reduce((sum, row) => sum + row[t], 0) / rows.length);
  const looks = heads.map((rows) => (traits.head === MEAN ? mean(rows) : (rows[traits.head] ?? mean(rows))));
  const whole = data.sentences[sentence];
  const words = whole.map((word, t) => (t === place ? COVERED : word));
  return { ...traits, sentence, place, gaps, words, truth: whole[place], guesses, heads, looks };
}

// --- layout: the candidates by depth, and below them where the gap looks ---

const [ROW, HEAD, GAP] = [24, 26, 18];
const LABELS = 84; // pixels above the columns when the words are turned

function layoutOf({ guesses, looks, words }, width) {
  const across = Math.max(1, Math.min(guesses.length, Math.floor((width + GAP) / 150)));
  const wide = Math.min(260, (width - (across - 1) * GAP) / across);
  const high = HEAD + (guesses[0].words.length + 1) * ROW + 8;
  const blocks = guesses.map((_, depth) => ({
    ...{ x: (depth % across) * (wide + GAP), y: 4 + Math.floor(depth / across) * high, width: wide },
  }));
  const below = 4 + Math.ceil(guesses.length / across) * high + 12;
  const left = 58;
  const pitch = Math.max(19, Math.min((width - left - 4) / words.length, 84));
  const list = words.map((token) => ({ token }));
  const style = { ...labelStyle(list, pitch), every: 1 };
  const flat = widest(list, style, 200) <= pitch - 6;
  const top = below + 22 + (flat ? 24 : Math.min(LABELS, widest(list, style, LABELS - 8) + 12));
  const cell = Math.max(22, Math.min(pitch, 30));
  const map = { left, pitch, top, cell, style, flat, list, titleY: below + 6 };
  return { blocks, map, width: Math.max(width, left + pitch * words.length + 4), height: top + cell * looks.length + 8 };
}

// --- drawing ---

const heading = (colours) => ({ size: 13, weight: 600, fill: colours.ink });

// One row a candidate: a bar as long as its share, the word, the number. The covered word is marked by ✓ and a frame.
function drawBlock(pen, { x, y, width }, found, depth, { colours, truth }) {
  pen.text(nameOf(depth), x, y + 10, heading(colours));
  found.words.forEach((word, i) => {
    const top = y + HEAD + i * ROW;
    const right = word === truth;
    const number = found.shares[i].toFixed(3);
    pen.rect(x, top, Math.max(found.shares[i] * width, 1), ROW - 5, { fill: colours.bar });
    if (right) pen.rect(x, top, width - 1, ROW - 5, { stroke: colours.gold, width: 2 });
    const room = width - measure(number, 12) - 18;
    pen.text(shorten(right ? `✓ ${word}` : word, 13, room), x + 5, top + ROW / 2 - 2, { size: 13, weight: right ? 650 : 400, fill: colours.ink });
    pen.text(number, x + width - 5, top + ROW / 2 - 2, { size: 12, fill: colours.ink, align: "right" });
  });
  if (found.words.includes(truth)) return;
  const last = y + HEAD + found.words.length * ROW + ROW / 2 - 2;
  const number = found.share.toFixed(3);
  const text = shorten(`✓ ${found.rank}. ${truth}`, 12, width - measure(number, 12) - 18);
  pen.text(text, x + 5, last, { size: 12, fill: colours.muted });
  pen.text(number, x + width - 5, last, { size: 12, fill: colours.muted, align: "right" });
}

function drawMap(pen, { left, pitch, top, cell, style, flat, list, titleY }, view) {
  const { colours, looks, place, head } = view;
  const whose = head === MEAN ? "the mean of the heads" : `head ${head}`;
  pen.text(`where ${COVERED} looks, ${whose}`, 0, titleY, heading(colours));
  list.forEach((word, t) => {
    const look = { style, colours, strong: t === place, align: flat ? "center" : "left", turn: flat ? 0 : 90 };
    drawLabel(pen, word, left + (t + 0.5) * pitch, top - (flat ? 12 : 6), { ...look, room: flat ? pitch - 4 : LABELS - 8 });
  });
  looks.forEach((row, n) => {
    const y = top + n * cell;
    pen.text(`block ${n + 1}`, 0, y + cell / 2, { size: 12, fill: colours.muted });
    row.forEach((weight, t) => {
      const colour = colours.scale[Math.round(Math.sqrt(Math.min(weight, 1)) * 255)];
      pen.rect(left + t * pitch, y, pitch - 1, cell - 1, { fill: css(colour), stroke: colours.hair });
      if (pitch < 30) return;
      const fill = isBright(colour) ? "#000000" : "#ffffff";
      pen.text(weight.toFixed(2).replace(/^0/, ""), left + (t + 0.5) * pitch, y + cell / 2, { size: 11, fill, align: "center" });
    });
  });
  pen.rect(left + place * pitch - 1, top - 1, pitch, cell * looks.length + 1, { stroke: colours.gold, width: 2 });
}

function drawAll(pen, layout, view) {
  view.guesses.forEach((found, depth) => drawBlock(pen, layout.blocks[depth], found, depth, view));
  drawMap(pen, layout.map, view);
}

// --- the widget ---

const most = (row) => row.indexOf(Math.max(...row));

function summary({ guesses, looks, truth, words }) {
  const last = guesses.at(-1);
  const place = last.rank === 1 ? "the likeliest" : `number ${last.rank}`;
  const guess = [" At the end the likeliest word is ", dom("b", { "data-role": "guess" }, isolate(last.words[0]))];
  const share = [" (", dom("span", { "data-role": "share" }, exact(last.shares[0])), ")."];
  const own = [" The covered word has ", dom("span", { "data-role": "truth" }, exact(last.share)), `, ${place}.`];
  const targets = looks.flatMap((row, n) => [`${n ? ", in block " : " Most looked at: in block "}${n + 1} “`, isolate(words[most(row)]), "”"]);
  return [`Covered: `, dom("b", {}, isolate(truth)), ".", ...guess, ...share, ...own, ...targets, "."];
}

function tablesOf({ guesses, looks, heads, words, head, truth }) {
  const count = guesses[0].words.length;
  const rows = Array.from({ length: count }, (_, i) => [
    ...[`number ${i + 1}`, ...guesses.flatMap(({ words: each, shares }) => [isolate(each[i]), exact(shares[i])])],
  ]);
  const covered = guesses.flatMap(({ rank, share }) => [`${truth}, number ${rank}`, exact(share)]);
  const columns = guesses.flatMap((_, depth) => [nameOf(depth), "share"]);
  const of = head === MEAN ? "mean of the heads" : `head ${head}`;
  const lines = looks.map((row, n) => [`block ${n + 1}, ${of}`, ...row.map(exact)]);
  const each = heads.flatMap((all, n) => all.map((row, h) => [`block ${n + 1}, head ${h}`, ...row.map(exact)]));
  return dom(
    "div",
    { "data-role": "tables" },
    table("Candidates for the gap, and the covered word", "", columns, [...rows, ["covered", ...covered]]),
    table("Where the gap looks", "", words.map(isolate), [...lines, ...each]),
  );
}

const DATA = ["_sentences", "_gaps", "_words", "_guesses", "_weights", "_sizes"];
const TRAITS = ["sentence", "place", "head", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Gaps", "A masked model's candidates for a covered word");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const bar = dom("div", { class: "attend-bar" });
  const words = dom("div", { class: "attend-gap-words" });
  const readout = dom("output", { class: "attend-gap-said", "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas", { role: "img" });
  const stage = dom("div", { "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-gap-scroll" }, stage);
  const hint = dom("p", { class: "attend-hint" });
  hint.append(dom("kbd", {}, "Tab"), " next control · ", dom("kbd", {}, "← →"), " cover another word · ", dom("kbd", {}, "t"), " numbers");
  let [width, data, view, layout, controls, shown] = [0, null, null, null, {}, {}];

  function refreshData() {
    data = {
      ...{ sentences: model.get("_sentences"), gaps: model.get("_gaps"), guesses: model.get("_guesses") },
      ...{ known: model.get("_words"), weights: readWeights(model), heads: model.get("_sizes")[1] },
    };
    const lines = data.sentences.map((each, s) => [s, data.gaps[s].map((t) => each[t]).join(" ").slice(0, 80)]);
    const go = (sentence) => {
      const place = nearest(data.gaps[sentence], model.get("place"));
      write({ sentence, place });
    };
    const heads = [[MEAN, "mean"], ...Array.from({ length: data.heads }, (_, h) => [h, String(h)])];
    controls = { sentence: select("Sentence", lines, go), head: choice("Head", heads, (head) => write({ head })) };
    const first = data.sentences.length > 1 ? [controls.sentence.element] : [];
    bar.replaceChildren(...first, named("Head", controls.head), dom("span", { class: "attend-end" }, shelf.button, copy));
    shown = {};
  }

  function refreshWords() {
    const whole = data.sentences[view.sentence];
    controls.place = choice("Covered word", view.gaps.map((t) => [t, whole[t]]), (place) => write({ place }));
    controls.place.element.querySelectorAll("label > span").forEach((word) => word.setAttribute("dir", "auto"));
    words.replaceChildren(controls.place.element);
  }

  function paintNow() {
    if (!data) refreshData();
    if (!width) return;
    const traits = Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
    view = { ...compute(traits, data), colours: { ...palette(root, ["bar"]), scale: sequential(isDark()) } };
    layout = layoutOf(view, width);
    if (caption.textContent !== traits.title) caption.textContent = traits.title;
    caption.hidden = !traits.title;
    if (shown.sentence !== view.sentence) refreshWords();
    controls.sentence.set(view.sentence);
    controls.head.set(view.head);
    controls.place.set(view.place);
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const now = String([view.sentence, view.place, view.head]);
    if (now !== shown.now) {
      readout.replaceChildren(...summary(view));
      const spoken = view.guesses.map(({ words: each, shares }, d) => `${nameOf(d)} ${each[0]} ${shares[0].toFixed(3)}`);
      canvas.setAttribute("aria-label", `Likeliest for the gap: ${spoken.join("; ")}. The table has all numbers.`);
      shelf.refresh();
    }
    shown = { now, sentence: view.sentence };
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: layout.width + 16, height: layout.height + 8, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("gaps", picture, (text) => {
    readout.replaceChildren(text);
    shown.now = "";
  });
  // A word of the map is covered by a click, too.
  stage.addEventListener("click", ({ offsetX, offsetY }) => {
    if (!layout || offsetY < layout.map.titleY + 10) return;
    const place = Math.floor((offsetX - layout.map.left) / layout.map.pitch);
    if (view.gaps.includes(place)) write({ place });
  });
  keys(root, { t: () => shelf.turn() });
  root.append(caption, bar, words, readout, scroll, hint, shelf.region);
  const reload = () => {
    data = null;
    paint();
  };
  const onWidth = (now) => (width = now);
  const stops = [follow(model, DATA, reload), write.flush];
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops });
}

export default { render };
