// Why this word? Draws the traits of Decoder and writes back what the reader chooses.
import {
  button,
  bytesOf,
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  isolate,
  keys,
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  shorten,
  slider,
  svgNode,
  table,
  uniform,
  writer,
} from "./common.js";

// --- the computation, as in decoder.py ---

const TENTHS = 20; // temperatures 0.1, 0.2, … 2.0
const UNIT = 10000;

const sum = (values) => values.reduce((total, value) => total + value, 0);

// A typed array of a binary trait; the copy puts it where its kind may begin.
const typed = (Kind, data) => new Kind(bytesOf(data).slice().buffer);

// Every explored start: { prefix, ids, logs, rest, looks }, by its ids joined with commas.
function readNodes(model) {
  const links = typed(Int32Array, model.get("_links"));
  const [ids, logs] = [typed(Int32Array, model.get("_ids")), typed(Float32Array, model.get("_logs"))];
  const [rest, looks] = [typed(Float32Array, model.get("_rest")), typed(Uint16Array, model.get("_looks"))];
  const count = links.length / 2;
  const [width, sources] = [ids.length / count, looks.length / count];
  const [list, nodes] = [[], new Map()];
  for (let i = 0; i < count; i++) {
    const [parent, id] = [links[2 * i], links[2 * i + 1]];
    const part = (from, each) => Array.from(from.subarray(i * each, (i + 1) * each));
    const node = {
      ...{ prefix: parent < 0 ? [] : [...list[parent].prefix, id], ids: part(ids, width), logs: part(logs, width) },
      ...{ rest: part(rest, TENTHS), looks: part(looks, sources).map((weight) => weight / UNIT) },
    };
    list.push(node);
    nodes.set(node.prefix.join(), node);
  }
  return nodes;
}

function reshape(node, temperature, topK, topP) {
  const logs = node.logs.map((log) => log / temperature);
  const others = node.rest[Math.round(temperature * 10) - 1];
  const top = Math.max(...logs, others);
  let shares = logs.map((log) => Math.exp(log - top));
  let rest = Math.exp(others - top);
  const total = sum(shares) + rest;
  [shares, rest] = [shares.map((share) => share / total), rest / total];
  const cut = (size) => {
    const kept = sum(shares.slice(0, size));
    [shares, rest] = [shares.map((share, i) => (i < size ? share / kept : 0)), 0];
  };
  if (topK > 0 && topK <= shares.length) cut(topK);
  if (topP < 1) {
    let reached = 0;
    const last = shares.findIndex((share) => (reached += share) >= topP);
    if (last >= 0) cut(last + 1);
  }
  return { shares, rest };
}

const penalised = (logProb, length, penalty) => logProb / ((5 + length) / 6) ** penalty;

function beamSearch(nodes, eos, beams, penalty) {
  const steps = [];
  let kept = [{ words: [], logProb: 0, score: 0, last: 0, ended: false, stuck: false }];
  for (;;) {
    const grown = [];
    for (const beam of kept) {
      const node = nodes.get(beam.words.join());
      if (beam.ended || beam.stuck || !node) {
        grown.push(beam.ended ? beam : { ...beam, stuck: true });
        continue;
      }
      node.ids.forEach((id, i) => {
        const [logProb, words] = [beam.logProb + node.logs[i], [...beam.words, id]];
        const score = penalised(logProb, words.length, penalty);
        const last = node.logs[i];
        if (logProb > -Infinity) grown.push({ words, logProb, score, last, ended: id === eos, stuck: false });
      });
    }
    grown.sort((a, b) => b.score - a.score);
    const before = kept;
    kept = grown.slice(0, beams);
    if (steps.length && kept.every(({ words }, i) => words.join() === before[i]?.words.join())) {
      steps.at(-1).kept = kept;
      return steps;
    }
    steps.push({ kept, dropped: grown.slice(beams, 2 * beams) });
  }
}

// --- numbers as text ---

const minus = (text) => text.replace("-", "−");
const logText = (log) => (log === -Infinity ? "−∞" : minus(log.toFixed(4)));

// --- drawing: each part draws at `top`, returns where it ends, and tells `hit` what can be clicked ---

const ROWS = 12; // candidates seen at a time
const small = (colours) => ({ size: 11.5, fill: colours.muted });

function drawSource(pen, view, top, hit) {
  const { colours, source, gloss, width, node } = view;
  let [x, y] = [0, top + 10];
  source.forEach((word, i) => {
    const note = gloss ? shorten(gloss[i], 11.5, width - 16) : "";
    const shown = shorten(word, 15, width - 16);
    const wide = Math.max(measure(shown, 15), measure(note, 11.5)) + 8;
    if (x > 0 && x + wide > width) [x, y] = [0, y + 46];
    const look = node?.looks[i] ?? 0;
    if (node?.looks.length) {
      pen.rect(x, y - 12, wide, 36, { fill: colours.accent, opacity: 0.3 * look });
      pen.rect(x + 1, y + 26, (wide - 2) * look, 3, { fill: colours.accent });
    }
    pen.text(shown, x + 4, y, { size: 15, fill: colours.ink });
    if (note) pen.text(note, x + 4, y + 17, small(colours));
    x += wide + 5;
  });
  return y + (gloss || node?.looks.length ? 36 : 18);
}

// Words one after the other, in lines; `each(i, x, y, wide)` is told where they stand.
function drawLine(pen, words, label, view, top, style, each = () => {}) {
  const { colours, width } = view;
  let [x, y] = [measure(label, 12.5) + 10, top + 11];
  pen.text(label, 0, y, { size: 12.5, fill: colours.muted });
  words.forEach((word, i) => {
    const shown = shorten(word, 14, width - 12);
    const wide = measure(shown, 14, style.weight ?? 400) + 10;
    if (x > 0 && x + wide > width) [x, y] = [0, y + 25];
    each(i, x, y, wide);
    pen.text(shown, x + 5, y, { size: 14, ...style });
    x += wide + 2;
  });
  return y + 16;
}

function drawWritten(pen, view, top, hit) {
  const { colours, path, word } = view;
  const written = [...path.map(word), view.node ? "…" : ""];
  const end = drawLine(pen, written, "Written", view, top + 6, { fill: colours.ink, weight: 600 }, (i, x, y, wide) => {
    if (i === path.length) return;
    pen.rect(x, y - 11, wide, 22, { stroke: colours.hair, fill: colours.paper });
    hit(`written-${i}`, x, y - 11, wide, 22);
  });
  if (!view.reference) return end + 4;
  return drawLine(pen, view.reference, "Reference", view, end + 2, { fill: colours.muted }) + 4;
}

function drawBars(pen, view, top, hit) {
  const { colours, node, now, plain, candidate, width, word } = view;
  const label = Math.min(130, Math.max(74, width * 0.24));
  const full = width - label - 62;
  const first = Math.max(0, Math.min(candidate - ROWS + 2, node.ids.length - ROWS));
  const rows = node.ids.slice(first, first + ROWS).map((id, i) => ({
    ...{ i: first + i, text: word(id), share: now.shares[first + i], before: plain.shares[first + i] },
  }));
  const unseen = node.ids.map((_, i) => i).filter((i) => i < first || i >= first + ROWS);
  const rest = (shares) => shares.rest + sum(unseen.map((i) => shares.shares[i]));
  rows.push({ i: -1, text: view.otherWords(unseen.length), share: rest(now), before: rest(plain) });
  rows.forEach(({ i, text, share, before }, row) => {
    const y = top + 14 + row * 24;
    const pointed = i === candidate;
    if (pointed) pen.rect(0.5, y - 11.5, width - 1, 23, { stroke: colours.accent, width: 1.5 });
    const style = { size: i < 0 ? 11.5 : 13.5, weight: pointed ? 600 : 400, align: "right" };
    const room = label - 8;
    pen.text(shorten(text, style.size, room), label, y, { ...style, fill: i < 0 ? colours.muted : colours.ink });
    pen.rect(label + 8, y - 7, full * share, 14, { fill: i < 0 ? colours.muted : colours.positive, opacity: i < 0 ? 0.5 : 1 });
    if (Math.abs(share - before) > 5e-5)
      pen.rect(label + 8, y - 7, Math.max(full * before, 0.5), 14, { stroke: colours.ink, width: 1.25 });
    const end = label + 8 + full * Math.max(share, Math.abs(share - before) > 5e-5 ? before : 0);
    pen.text(share.toFixed(4), end + 5, y, { size: 12, fill: colours.ink });
    if (i >= 0) hit(`candidate-${i}`, 0, y - 12, width, 24);
  });
  return top + 14 + rows.length * 24;
}

const [BOX, PITCH] = [36, 58];

// Places as near as can be to the wanted ones (which rise), `gap` apart, within low … high: the least squares of it,
// by pooling neighbours that would overlap.
function spread(wanted, gap, low, high) {
  const pools = [];
  wanted.forEach((want, i) => {
    pools.push({ mean: want - i * gap, size: 1 });
    while (pools.length > 1 && pools.at(-2).mean > pools.at(-1).mean) {
      const [a, b] = pools.splice(-2);
      pools.push({ mean: (a.mean * a.size + b.mean * b.size) / (a.size + b.size), size: a.size + b.size });
    }
  });
  const most = high - (wanted.length - 1) * gap;
  const starts = pools.flatMap(({ mean, size }) => Array(size).fill(Math.max(low, Math.min(mean, most))));
  return starts.map((start, i) => start + i * gap);
}

// The rows of the tree: the hypotheses of each step in the order of their parents, so that no two branches cross, each
// with the middle of its box and that of its parent's.
function treeOf({ steps, beams, width }) {
  const left = 22;
  const dropped = Math.max(0, Math.min(beams, Math.floor((width - left) / 62) - beams));
  const column = Math.min(132, (width - left) / (beams + dropped));
  const root = (left + width) / 2;
  let above = new Map([["", root]]);
  const rows = steps.map((step, i) => {
    const cells = [...step.kept.map((each) => ({ ...each, kept: true })), ...step.dropped.slice(0, dropped)]
      .map((each) => ({ ...each, old: each.words.length <= i }))
      .map((each) => ({ ...each, from: above.get(each.old ? each.words.join() : each.words.slice(0, -1).join()) }));
    cells.sort((a, b) => a.from - b.from); // stable: siblings stay best first
    const wanted = cells.map(({ from }, at) => {
      const siblings = cells.filter((each) => each.from === from);
      return from + (at - cells.findIndex((each) => each.from === from) - (siblings.length - 1) / 2) * column;
    });
    const places = spread(wanted, column, left + column / 2, width - column / 2);
    const row = cells.map((each, at) => ({ ...each, x: places[at] }));
    above = new Map(row.filter(({ kept }) => kept).map(({ words, x }) => [words.join(), x]));
    return row;
  });
  return { root, column, rows };
}

function drawTree(pen, view, top, hit) {
  const { colours, steps, word, path, tree } = view;
  const { root, column, rows } = tree;
  const final = steps.at(-1).kept;
  const leads = (words, others) => others.some((each) => words.every((id, i) => each.words[i] === id));
  const middle = { align: "center" };
  const wide = column - 6;
  const yOf = (step) => top + 24 + (PITCH - BOX) + step * PITCH;
  const lookOf = ({ words, kept }) => {
    const [best, alive] = [kept && leads(words, final.slice(0, 1)), kept && leads(words, final)];
    return { best, alive, stroke: best ? colours.accent : colours.muted, opacity: best || alive ? 1 : 0.5, ...(kept ? {} : { dash: [3, 3] }) };
  };
  rows.forEach((cells, step) => {
    const ends = [step ? yOf(step - 1) + BOX : top + 19, yOf(step)];
    const ordered = [...cells].sort((a, b) => lookOf(a).best - lookOf(b).best); // the winner's way on top
    for (const cell of ordered) {
      const { best, alive, ...look } = lookOf(cell);
      pen.line([[cell.from, ends[0]], [cell.x, ends[1]]], { ...look, width: best ? 3.5 : alive ? 2 : 1.25 });
    }
  });
  pen.text("start", root, top + 9, { ...small(colours), ...middle });
  rows.forEach((cells, step) => {
    const y = yOf(step);
    pen.text(String(step + 1), 17, y + BOX / 2, { ...small(colours), align: "right" });
    cells.forEach((cell, at) => {
      const { words, x, kept, old, score, last, ended, stuck } = cell;
      const { best, alive, ...look } = lookOf(cell);
      const chosen = path.length === words.length && leads(words, [{ words: path }]);
      pen.rect(x - wide / 2, y, wide, BOX, { fill: colours.paper });
      if (best) pen.rect(x - wide / 2, y, wide, BOX, { fill: colours.accent, opacity: 0.12 });
      const border = chosen ? { stroke: colours.gold, width: 2.5 } : { ...look, width: best ? 2 : 1 };
      pen.rect(x - wide / 2, y, wide, BOX, border);
      const text = old ? (ended ? "ended" : "?") : word(words.at(-1));
      const ink = alive && !old ? colours.ink : colours.muted;
      pen.text(shorten(text, 13, wide - 6), x, y + 11, { size: 13, weight: best && !old ? 650 : 400, fill: ink, ...middle });
      const shown = minus(score.toFixed(2)) + (stuck ? " ?" : "");
      if (column < 92 || old) pen.text(shown, x, y + 26, { ...small(colours), ...middle });
      else {
        pen.text(Math.exp(last).toFixed(2), x - wide / 2 + 6, y + 26, small(colours));
        pen.text(shown, x + wide / 2 - 6, y + 26, { ...small(colours), fill: ink, align: "right" });
      }
      if (!old) hit(`beam-${step}-${at}`, x - wide / 2, y, wide, BOX);
    });
  });
  return drawRanking(pen, view, yOf(rows.length - 1) + BOX + 12, hit);
}

// Words in lines no wider than `room`, `most` of them at most.
function wrap(text, size, room, most) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (lines.at(-1) && measure(longer, size) > room) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  const kept = lines.slice(0, most);
  if (lines.length > most) kept.push(lines.slice(most).join(" "));
  return kept.map((line) => shorten(line, size, room));
}

// What is kept after the last step shown, best first, and how its score comes about.
function drawRanking(pen, view, top, hit) {
  const { colours, steps, word, penalty, width, total } = view;
  const over = steps.length === total;
  pen.text(over ? "At the end, best first" : `After step ${steps.length}, best first`, 0, top + 8, { size: 12.5, fill: colours.muted });
  let y = top + 22;
  steps.at(-1).kept.forEach(({ words, logProb, score, stuck }, rank) => {
    const lines = wrap(words.map(word).join(" "), 13.5, width - 36, 2);
    const high = 28 + lines.length * 18;
    if (!rank) pen.rect(0.75, y, width - 1.5, high, { fill: colours.accent, opacity: 0.12 });
    pen.rect(0.75, y, width - 1.5, high, { stroke: rank ? colours.hair : colours.accent, width: rank ? 1 : 2 });
    pen.text(String(rank + 1), 18, y + 14, { size: 13, fill: colours.muted, align: "right" });
    lines.forEach((line, i) => pen.text(line, 28, y + 14 + 18 * i, { size: 13.5, weight: rank ? 400 : 600, fill: colours.ink }));
    const divisor = ((5 + words.length) / 6) ** penalty;
    const sums = `ln P ${logText(logProb)} ÷ ${divisor.toFixed(3)} (${words.length} word${words.length > 1 ? "s" : ""}) = ${logText(score)}`;
    const note = stuck ? " not explored further" : "";
    pen.text(shorten(sums + note, 12, width - 36), 28, y + high - 13, { size: 12, fill: colours.muted });
    hit(`final-${rank}`, 0, y, width, high);
    y += high + 4;
  });
  return y;
}

// Draws all of it and returns its height.
function drawAll(pen, view, hit = () => {}) {
  let y = drawWritten(pen, view, drawSource(pen, view, 4, hit) + 2, hit);
  pen.line([[0, y], [view.width, y]], { stroke: view.colours.hair });
  y += 4;
  if (view.kind === "tree") return drawTree(pen, view, y + 4, hit) + 4;
  if (view.node) return drawBars(pen, view, y, hit) + 4;
  const text = view.ended ? "The sentence has ended." : "Not explored: nobody asked the model what follows here.";
  pen.text(shorten(text, 13, view.width), 0, y + 18, { size: 13, fill: view.colours.muted });
  return y + 36;
}

// --- the widget ---

const TRAITS = ["path", "candidate", "view", "temperature", "top_k", "top_p", "seed", "draws", "beams", "length_penalty", "step"];
TRAITS.push("source", "gloss", "reference", "title");

const bold = (role, text) => dom("b", { "data-role": role }, text);

function aboutWords({ path, word, node, ended, now, plain, candidate, source, gloss, logProb }) {
  const start = path.length ? ["after “", isolate(path.slice(-6).map(word).join(" ")), "”"] : ["at the start"];
  const far = [" ln P so far ", bold("log", logText(logProb)), "."];
  if (ended) return ["The sentence has ended: P = ", bold("probability", Math.exp(logProb).toFixed(4)), ".", ...far];
  if (!node) return ["The model was not asked what follows ", ...start, ". Go back.", ...far];
  const parts = [`Word ${path.length + 1}, `, ...start, ": ", dom("b", { "data-role": "word" }, isolate(word(node.ids[candidate])))];
  const before = plain.shares[candidate];
  const changed = Math.abs(before - now.shares[candidate]) > 5e-5 ? ` (the model's own: ${before.toFixed(4)}, outlined)` : "";
  parts.push(" ", bold("share", now.shares[candidate].toFixed(4)), changed, ".", ...far);
  if (node.looks.length) {
    const most = node.looks.indexOf(Math.max(...node.looks));
    const note = gloss ? [" (", isolate(gloss[most]), ")"] : [];
    parts.push(" It looks most at ", isolate(source[most]), ...note, ", ", bold("look", node.looks[most].toFixed(4)), ".");
  }
  return parts;
}

function aboutTree({ steps, total, word, beams, penalty, path }) {
  const [best] = steps.at(-1).kept;
  const text = best.words.map(word).join(" ");
  const parts = [`${beams === 1 ? "One beam (greedy)" : `${beams} beams`}, penalty ${penalty.toFixed(1)}`];
  if (steps.length < total) parts.push(`, after step ${steps.length} of ${total}`);
  parts.push(": best “");
  parts.push(dom("b", { "data-role": "best" }, isolate(text)), "”, score ", bold("score", logText(best.score)));
  parts.push(", ln P ", bold("log", logText(best.logProb)), ".");
  if (steps.at(-1).kept.some(({ stuck }) => stuck)) parts.push(" ? marks a beam after which the exploration ends.");
  if (path.length) parts.push(` Chosen: ${path.length} words.`);
  return parts;
}

function tableOf(view) {
  const { node, now, plain, word, path, kind, steps } = view;
  if (kind === "tree") {
    const rows = steps.flatMap(({ kept, dropped }, step) =>
      [...kept, ...dropped].map((each, rank) => [
        ...[`${step + 1}.${rank + 1}`, isolate(each.words.map(word).join(" ")), logText(each.score), logText(each.logProb)],
        each.stuck ? "not explored" : rank < kept.length ? (each.ended ? "ended" : "kept") : "dropped",
      ]),
    );
    return table("Beams, step by step, the best first", "step.rank", ["words", "score", "ln P", ""], rows);
  }
  const caption = `Next word after “${path.map(word).join(" ")}”`;
  if (!node) return table(caption, "", ["no candidates here"], []);
  const rows = node.ids.map((id, i) => {
    return [isolate(word(id)), logText(node.logs[i]), plain.shares[i].toFixed(4), now.shares[i].toFixed(4)];
  });
  rows.push([view.otherWords(0), logText(node.rest[9]), plain.rest.toFixed(4), now.rest.toFixed(4)]);
  return table(caption, "word", ["ln p", "p", "as set here"], rows);
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Decoder", "A sentence written word by word, with the candidates for each word");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const canvas = dom("canvas", { "aria-hidden": "true" });
  const overlay = svgNode("svg", { class: "attend-hits", "aria-hidden": "true" });
  const stage = dom("div", { class: "attend-decoder", tabindex: 0, role: "application", "data-role": "stage" }, canvas, overlay);
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const [nodes, eos] = [readNodes(model), model.get("_eos")];
  const names = model.get("_words");
  const word = (id) => names[id] ?? "?";
  let [width, view, height, notice] = [0, null, 0, null];
  const searched = {};

  const change = (traits) => {
    notice = null;
    write(traits);
  };
  const goTo = (path, candidate = 0) => change({ path, candidate });
  const nodeAfter = (path) => nodes.get(path.join());

  function stepsOf(beams, penalty) {
    const key = `${beams} ${penalty}`;
    if (searched.key !== key) Object.assign(searched, { key, steps: beamSearch(nodes, eos, beams, penalty) });
    return searched.steps;
  }

  function readView() {
    const [path, kind, penalty] = [model.get("path"), model.get("view"), model.get("length_penalty")];
    const node = nodeAfter(path) ?? null;
    const logProb = sum(path.map((id, i) => {
      const before = nodeAfter(path.slice(0, i));
      return before.logs[before.ids.indexOf(id)];
    }));
    const beams = model.get("beams");
    const others = model.get("_vocabulary_size") - (node?.ids.length ?? 0);
    const next = {
      ...{ path, kind, penalty, node, logProb, beams, width, word, ended: path.at(-1) === eos },
      ...{ source: model.get("source"), gloss: model.get("gloss"), reference: model.get("reference") },
      candidate: Math.min(model.get("candidate"), (node?.ids.length ?? 1) - 1),
      now: node && reshape(node, model.get("temperature"), model.get("top_k"), model.get("top_p")),
      plain: node && reshape(node, 1, 0, 1),
      otherWords: (more) => `${others + more} others`,
      ...{ colours: palette(root) },
    };
    if (kind !== "tree") return next;
    const all = stepsOf(beams, penalty);
    const steps = all.slice(0, model.get("step") || all.length); // 0: all of them
    return { ...next, total: all.length, steps, tree: treeOf({ ...next, steps }) };
  }

  // --- what the reader can do ---

  const back = () => {
    const path = model.get("path");
    if (!path.length) return;
    const before = nodeAfter(path.slice(0, -1));
    goTo(path.slice(0, -1), before.ids.indexOf(path.at(-1)));
  };
  const forth = () => view.node && goTo([...view.path, view.node.ids[view.candidate]]);
  const point = (by) => {
    if (!view.node) return;
    const last = view.node.ids.length - 1;
    change({ candidate: Math.min(Math.max(view.candidate + by, 0), last) });
  };
  const toEnd = () => {
    let path = [...view.path];
    for (let node = nodeAfter(path); node; node = nodeAfter(path)) path = [...path, node.ids[0]];
    goTo(path);
  };
  const draw = () => {
    if (!view.node) return;
    const draws = model.get("draws");
    const at = uniform(model.get("seed"), draws) * (sum(view.now.shares) + view.now.rest);
    let reached = 0;
    const found = view.now.shares.findIndex((share) => (reached += share) > at);
    write(found < 0 ? { draws: draws + 1 } : { draws: draws + 1, path: [...view.path, view.node.ids[found]], candidate: 0 });
    notice = found < 0 ? "The draw fell on one of the other words, which are not stored here. Draw again." : null;
  };
  const inTree = () => view.tree.rows[view.path.length - 1]?.filter(({ old }) => !old) ?? [];
  const down = () => {
    const starts = (words) => view.path.every((id, i) => words[i] === id);
    const row = view.tree.rows[view.path.length] ?? [];
    const child = row.find(({ words, old }) => !old && starts(words));
    if (child) goTo(child.words);
  };
  const aside = (by) => {
    const row = inTree();
    const at = row.findIndex(({ words }) => words.join() === view.path.join());
    if (at >= 0 && row[at + by]) goTo(row[at + by].words);
  };
  const treeBack = () => view.path.length && goTo(view.path.slice(0, -1));
  const inView = (words, tree) => () => (view.kind === "tree" ? tree() : words());

  function click(event) {
    const name = event.target.getAttribute("data-hit");
    if (!name) return;
    const [kind, ...at] = name.split("-");
    if (kind === "candidate") return goTo([...view.path, view.node.ids[Number(at[0])]]);
    if (kind === "final") return goTo(view.steps.at(-1).kept[Number(at[0])].words);
    if (kind === "beam") return goTo(view.tree.rows[Number(at[0])][Number(at[1])].words);
    const place = Number(at[0]);
    return goTo(view.path.slice(0, place), nodeAfter(view.path.slice(0, place)).ids.indexOf(view.path[place]));
  }
  overlay.addEventListener("click", click);

  const tenth = (value) => Math.round(value * 10) / 10;
  const controls = {
    temperature: slider("Temperature", { min: 0.1, max: 2, step: 0.1, format: (t) => t.toFixed(1) }, (t) => change({ temperature: tenth(t) })),
    top_k: slider("top-k", { min: 0, max: 20, step: 1, format: (k) => (k ? String(k) : "all") }, (top_k) => change({ top_k })),
    top_p: slider("top-p", { min: 0.05, max: 1, step: 0.05, format: (p) => p.toFixed(2) }, (p) => change({ top_p: Math.round(p * 100) / 100 })),
    beams: slider("Beams", { min: 1, max: 5, step: 1, format: String }, (beams) => change({ beams })),
    length_penalty: slider("Length penalty", { min: 0, max: 1, step: 0.1, format: (a) => a.toFixed(1) }, (a) => change({ length_penalty: tenth(a) })),
    step: slider("Step", { min: 1, max: 1, step: 1, format: (n) => `${n} of ${view.total}` }, (n) => change({ step: n < view.total ? n : 0 })),
  };
  const stepInput = controls.step.element.querySelector("input");
  const views = choice("View", [["words", "Words"], ["tree", "Tree"]], (kind) => change({ view: kind }));
  const buttons = {
    back: button("← Back", () => inView(back, treeBack)(), { title: "Take back the last word (←)" }),
    forth: button("Write →", () => forth(), { title: "Write the word pointed at (→)" }),
    draw: button("Draw", () => draw(), { title: "Draw the next word at random (d)" }),
  };

  function paintNow() {
    if (!width) return;
    view = readView();
    const ofTree = view.kind === "tree";
    if (ofTree) stepInput.max = view.total;
    for (const [name, control] of Object.entries(controls)) {
      control.element.hidden = ofTree !== ["beams", "length_penalty", "step"].includes(name);
      if (!control.element.hidden) control.set(name === "step" ? view.steps.length : model.get(name));
    }
    views.set(view.kind);
    for (const name of ["forth", "draw"]) buttons[name].hidden = ofTree;
    legend.hidden = !ofTree;
    for (const [kind, line] of Object.entries(hint)) line.hidden = kind !== view.kind;
    caption.textContent = model.get("title");
    caption.hidden = !model.get("title");
    const hits = [];
    const hit = (name, x, y, w, h) => {
      hits.push(svgNode("rect", { "data-hit": name, x, y, width: w, height: h, fill: view.colours.accent, "fill-opacity": 0 }));
    };
    height = drawAll(BLIND, view, hit); // the first time only to see how high it gets
    drawAll(canvasPen(fitCanvas(canvas, width, height)), view);
    overlay.setAttribute("width", width);
    overlay.setAttribute("height", height);
    overlay.replaceChildren(...hits);
    readout.replaceChildren(...(notice ? [notice] : ofTree ? aboutTree(view) : aboutWords(view)));
    stage.setAttribute("aria-label", ofTree ? "The beams as a tree" : "Candidates for the next word");
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({ width, height, background: view.colours.paper, draw: (pen) => drawAll(pen, view) });
  const shelf = numbers(() => tableOf(view));
  const copy = copyButtons("decoder", picture, (text) => readout.replaceChildren(text));
  const parts = [...Object.values(buttons), ...Object.values(controls).map(({ element }) => element)];
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const bar = dom("div", { class: "attend-bar" }, views.element, ...parts, end);
  keys(stage, {
    ArrowUp: inView(() => point(-1), treeBack),
    ArrowDown: inView(() => point(1), down),
    ArrowLeft: inView(back, () => aside(-1)),
    ArrowRight: inView(forth, () => aside(1)),
    Enter: inView(forth, () => change({ view: "words" })),
    Backspace: inView(back, treeBack),
    Home: () => goTo([]),
    End: inView(toEnd, () => goTo(view.steps.at(-1).kept[0].words)),
  });
  keys(root, { t: () => shelf.turn(), d: () => view.kind === "words" && draw() });

  const key = (name) => dom("kbd", {}, name);
  const common = () => [key("t"), " numbers · or click a word"];
  const hints = {
    words: [key("↑ ↓"), " choose · ", key("→"), " write · ", key("←"), " take back · ", key("End"), " to the end · ", key("d"), " draw · "],
    tree: [key("↑ ↓"), " along a beam · ", key("← →"), " across · ", key("End"), " the best · ", key("Enter"), " back to the words · "],
  };
  const hint = Object.fromEntries(
    Object.entries(hints).map(([kind, parts]) => [kind, dom("p", { class: "attend-hint" }, ...parts, ...common())]),
  );
  const legend = dom("p", { class: "attend-hint" }, "Solid: kept. Dashed: dropped. Thick: the way of the best. In a box: the word, ");
  legend.append("its probability (where there is room), and the score so far.");
  root.append(caption, bar, readout, legend, stage, ...Object.values(hint), shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

// A pen that draws nothing: to learn how high a drawing is and where its parts stand.
const BLIND = Object.fromEntries(["rect", "line", "curve", "image", "text"].map((name) => [name, () => {}]));

export default { render };
