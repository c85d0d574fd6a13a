// How does an index find what is near without comparing all? Draws the traits of IndexWalk and writes back what the
// reader sets.
import {
  button,
  canvasPen,
  choice,
  copyButtons,
  dom,
  figure,
  fitCanvas,
  followQuery,
  keys,
  measure,
  mount,
  named,
  numbers,
  onFrame,
  palette,
  planeOf,
  slider,
  table,
  writer,
} from "./common.js";

// --- the computation, as in attend/retrieval.py: the same operations in the same order, in float32 ---

const [REACH, NEAREST, PARTS] = [3, 5, 10];
const f = Math.fround;

const gap = (a, b) => f(f(f(a) - f(b)) * f(f(a) - f(b))); // squared
const squared = ([x, y], [a, b]) => f(gap(x, a) + gap(y, b));
const nearer = (one, other) => one.far - other.far || one.id - other.id;
const measured = ({ points, query }, ids) => ids.map((id) => ({ id, far: squared(points[id], query) }));
const count = (size) => Array.from({ length: size }, (_, i) => i);

// Keeps the account of a search. A step is { what, fresh: the pairs { id, far } compared in it, compared: all so far,
// nearest: the best so far, … }.
function accountOf() {
  const steps = [];
  let [seen, compared] = [[], 0];
  const note = (what, fresh, { others = 0, nearest, ...more } = {}) => {
    compared += fresh.length + others;
    seen = seen.concat(fresh).sort(nearer).slice(0, NEAREST);
    steps.push({ what, fresh, compared, nearest: nearest ?? seen, ...more });
  };
  return { steps, note };
}

const SEARCH = {
  "every point"(data) {
    const { steps, note } = accountOf();
    const size = Math.ceil(data.points.length / PARTS);
    const all = measured(data, count(data.points.length));
    for (let at = 0; at < all.length; at += size) note("points", all.slice(at, at + size));
    return steps;
  },

  cells(data) {
    const { steps, note } = accountOf();
    const { centres, lists } = data.cells;
    const order = centres.map((centre, id) => ({ id, far: squared(centre, data.query) })).sort(nearer);
    note("centres", [], { others: centres.length, order, read: 0 });
    order.slice(0, data.probes).forEach(({ id }, i) => {
      note("cell", measured(data, lists[id]), { order, read: i + 1, cell: id });
    });
    return steps;
  },

  codes(data) {
    const { steps, note } = accountOf();
    const tables = data.codes.values.map((values, axis) => values.map((value) => gap(value, data.query[axis])));
    const looked = data.codes.codes.map(([i, j], id) => ({ id, far: f(tables[0][i] + tables[1][j]) }));
    note("tables", [], { tables });
    note("codes", looked, { tables });
    if (!data.again) return steps;
    const best = [...looked].sort(nearer).slice(0, Math.max(data.again, NEAREST));
    const exact = measured(data, best.map(({ id }) => id)).sort(nearer);
    note("again", exact, { tables, nearest: exact.slice(0, NEAREST) });
    return steps;
  },

  graph(data) {
    const { steps, note } = accountOf();
    const { entry, layers } = data.graph;
    const [top, hops] = [layers.length - 1, []];
    let near = measured(data, [entry]);
    note("enter", near, { layer: top, opened: entry, kept: near, hops: [] });
    for (let layer = top; layer > 0; layer--) near = walkLayer(data, near, layer, 1, hops, note);
    near = walkLayer(data, near, 0, Math.max(data.breadth, NEAREST), hops, note);
    note("end", [], { layer: 0, opened: null, nearest: near.slice(0, NEAREST), kept: near, hops: [...hops] });
    return steps;
  },
};

// From where one is to the `breadth` nearest that can be met on a layer. `hops` gets the links taken.
function walkLayer(data, near, layer, breadth, hops, note) {
  const [met, via, links] = [new Set(near.map(({ id }) => id)), new Map(), data.graph.layers[layer]];
  const [ahead, best] = [[...near], [...near]];
  const before = (one, other) => one.far > other.far || (one.far === other.far && one.id < other.id);
  const farthest = () => best.reduce((most, each) => (before(each, most) ? each : most));
  while (ahead.length) {
    ahead.sort(nearer);
    if (ahead[0].far > farthest().far) break;
    const { id: here } = ahead.shift();
    if (via.has(here)) hops.push([via.get(here), here, layer]);
    const fresh = measured(data, links.get(here).filter((id) => !met.has(id)));
    for (const each of fresh) {
      met.add(each.id);
      via.set(each.id, here);
      if (best.length === breadth && each.far >= farthest().far) continue;
      ahead.push(each);
      best.push(each);
      if (best.length > breadth) best.splice(best.indexOf(farthest()), 1);
    }
    const kept = [...best].sort(nearer);
    const more = { layer, opened: here, nearest: kept.slice(0, NEAREST), kept, hops: [...hops] };
    if (fresh.length) note("open", fresh, more);
  }
  return best.sort(nearer);
}

// What the page shows: the steps of the search, the true nearest, how many of them were found.
function walkOf(data) {
  const steps = SEARCH[data.index](data);
  const found = steps.at(-1).nearest;
  const truth = measured(data, count(data.points.length)).sort(nearer).slice(0, NEAREST);
  const ids = new Set(found.map(({ id }) => id));
  const missed = truth.filter(({ id }) => !ids.has(id));
  return { steps, found, truth, missed, compared: steps.at(-1).compared, recall: (NEAREST - missed.length) / NEAREST };
}

// The part of the plane that is nearer to one centre than to any other: the corners of a polygon.
function cellOf(centres, own) {
  let corners = [[-REACH, -REACH], [REACH, -REACH], [REACH, REACH], [-REACH, REACH]];
  const [a, b] = centres[own];
  for (const [c, d] of centres) {
    if (c === a && d === b) continue;
    const side = ([x, y]) => (x - (a + c) / 2) * (c - a) + (y - (b + d) / 2) * (d - b); // below 0: nearer to its own
    corners = corners.flatMap((here, n) => {
      const next = corners[(n + 1) % corners.length];
      const [s, t] = [side(here), side(next)];
      const between = () => here.map((each, axis) => each + ((next[axis] - each) * s) / (s - t));
      return [...(s <= 0 ? [here] : []), ...(s * t < 0 ? [between()] : [])];
    });
  }
  return corners;
}

// --- drawing ---

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const minus = (text) => text.replace("-", "−");
const four = (number) => number.toFixed(4);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const [ROW, BESIDE] = [19, 620];

const CIRCLE = count(13).map((i) => [Math.cos((i * Math.PI) / 6), Math.sin((i * Math.PI) / 6)]);
const circle = ([x, y], radius) => CIRCLE.map(([a, b]) => [x + radius * a, y + radius * b]);
const disc = (pen, place, radius, stroke) => pen.line(circle(place, radius / 2), { stroke, width: radius });
const ring = (pen, place, radius, style) => pen.line(circle(place, radius), style);
const box = (pen, [x, y], arm, style) => {
  pen.line([[x - arm, y - arm], [x + arm, y - arm], [x + arm, y + arm], [x - arm, y + arm], [x - arm, y - arm]], style);
};
const cross = (pen, [x, y], arm, style) => {
  pen.line([[x - arm, y - arm], [x + arm, y + arm]], style);
  pen.line([[x - arm, y + arm], [x + arm, y - arm]], style);
};
const plus = (pen, [x, y], arm, style) => {
  pen.line([[x - arm, y], [x + arm, y]], style);
  pen.line([[x, y - arm], [x, y + arm]], style);
};
const diamond = ([x, y], arm) => [[x, y - arm], [x + arm, y], [x, y + arm], [x - arm, y], [x, y - arm]];

// The marks, each { text, draw(pen, place, colours) }; what is drawn on the plane is drawn here, so that both agree.
const MARKS = {
  rest: { text: "not compared", draw: (pen, at, c) => ring(pen, at, 2.6, { stroke: c.muted, width: 1.2 }) },
  done: { text: "compared", draw: (pen, at, c) => disc(pen, at, 4, c.positive) },
  fresh: {
    text: "in this step",
    draw: (pen, at, c) => {
      disc(pen, at, 4, c.positive);
      ring(pen, at, 6.5, { stroke: c.ink, width: 1.5 });
    },
  },
  nearest: { text: "nearest found", draw: (pen, at, c) => box(pen, at, 8, { stroke: c.gold, width: 2.2 }) },
  missed: { text: "nearer, missed", draw: (pen, at, c) => cross(pen, at, 7, { stroke: c.ink, width: 2.4 }) },
  query: {
    text: "query",
    draw: (pen, at, c) => {
      pen.line(diamond(at, 9), { stroke: c.paper, width: 8 });
      pen.line(diamond(at, 9), { stroke: c.gold, width: 4 });
    },
  },
  centre: { text: "centre of a cell", draw: (pen, at, c) => plus(pen, at, 6, { stroke: c.ink, width: 2 }) },
  read: {
    text: "cell that is read",
    draw: (pen, [x, y], c) => {
      const corners = [[x - 8, y - 7], [x + 8, y - 7], [x + 8, y + 7], [x - 8, y + 7]];
      hatch(pen, corners, c);
      pen.line([...corners, corners[0]], { stroke: c.positive, width: 2 });
    },
  },
  code: {
    text: "a point and where its code puts it",
    draw: (pen, [x, y], c) => {
      pen.line([[x - 7, y + 4], [x + 7, y - 4]], { stroke: c.negative, width: 1.2 });
      ring(pen, [x - 7, y + 4], 2.6, { stroke: c.muted, width: 1.2 });
      plus(pen, [x + 7, y - 4], 4, { stroke: c.ink, width: 1.5 });
    },
  },
  stands: {
    text: "stands on this layer",
    draw: (pen, at, c) => box(pen, at, 4.5, { stroke: c.muted, width: 1.2 }),
  },
  way: {
    text: "link that is taken",
    draw: (pen, [x, y], c) => hop(pen, [[x - 8, y + 4], [x + 8, y - 4]], c),
  },
  kept: {
    text: "candidate kept",
    draw: (pen, at, c) => ring(pen, at, 9, { stroke: c.negative, width: 1.6, dash: [3, 2] }),
  },
};
const OWN = { "every point": [], cells: ["centre", "read"], codes: ["code"], graph: ["stands", "way", "kept"] };
const keyOf = (index) => ["query", "rest", "done", "fresh", "nearest", "missed", ...OWN[index]];

function hop(pen, ends, { paper, accent }) {
  pen.line(ends, { stroke: paper, width: 6 });
  pen.line(ends, { stroke: accent, width: 3 });
}

// Slanting lines across a convex polygon of pixels.
function hatch(pen, corners, { positive }) {
  const heights = corners.map(([x, y]) => x + y);
  for (let at = Math.ceil(Math.min(...heights) / 8) * 8; at < Math.max(...heights); at += 8) {
    const ends = corners.flatMap(([x, y], n) => {
      const [a, b] = corners[(n + 1) % corners.length];
      const [s, t] = [x + y - at, a + b - at];
      return s < 0 !== t < 0 ? [[x + ((a - x) * s) / (s - t), y + ((b - y) * s) / (s - t)]] : [];
    });
    if (ends.length === 2) pen.line(ends, { stroke: positive, opacity: 0.45 });
  }
}

// The legend in lines no longer than `width`: places of the marks and their words.
function keyIn(index, width) {
  let [x, line] = [0, 0];
  const places = keyOf(index).map((name) => {
    const wide = 26 + measure(MARKS[name].text, 12) + 14;
    if (x && x + wide > width) [x, line] = [0, line + 1];
    x += wide;
    return [name, x - wide, line * 22];
  });
  return { places, height: (line + 1) * 22 };
}

function layoutOf(width, { index, own }) {
  const beside = width >= BESIDE;
  const side = Math.round(clamp(beside ? width * 0.56 : width - 28, 180, 440));
  const plane = { left: 24, top: 6, side };
  const key = { left: 2, top: side + 34, ...keyIn(index, beside ? side + 22 : width - 4) };
  const under = key.top + key.height;
  const panel = beside
    ? { left: side + 54, top: 4, width: Math.min(width - side - 58, 330) }
    : { left: 2, top: under + 14, width: Math.min(width - 4, 400) };
  const tall = 60 + ROW * (NEAREST + 1) + (own.rows.length ? 40 + ROW * own.rows.length : 0);
  return { plane, key, panel, width, height: Math.max(under, panel.top + tall) + 4 };
}

const MAP = planeOf(REACH);

// --- what each index draws below the points ---

const BELOW = {
  "every point"() {},

  cells(pen, at, { cells, step, colours }) {
    const shapes = cells.centres.map((_, i) => cellOf(cells.centres, i).map(at));
    const outline = (corners, style) => corners.length && pen.line([...corners, corners[0]], style);
    shapes.forEach((corners) => outline(corners, { stroke: colours.edge, width: 1 }));
    const read = (step?.order ?? []).slice(0, step?.read);
    for (const { id } of read) {
      hatch(pen, shapes[id], colours);
      outline(shapes[id], { stroke: colours.positive, width: 2.5 });
    }
    cells.centres.forEach((centre) => MARKS.centre.draw(pen, at(centre), colours));
  },

  codes(pen, at, { codes, points, step, colours }) {
    const thin = { stroke: colours.edge, opacity: 0.7, dash: [2, 3] };
    codes.values[0].forEach((x) => pen.line([at([x, -REACH]), at([x, REACH])], thin));
    codes.values[1].forEach((y) => pen.line([at([-REACH, y]), at([REACH, y])], thin));
    if (!step || step.what === "tables") return;
    const crossing = ([i, j]) => [codes.values[0][i], codes.values[1][j]];
    const moved = { stroke: colours.negative };
    codes.codes.forEach((code, id) => pen.line([at(points[id]), at(crossing(code))], moved));
    for (const code of new Map(codes.codes.map((each) => [each.join(), each])).values()) {
      plus(pen, at(crossing(code)), 4, { stroke: colours.ink, width: 1.5 });
    }
  },

  graph(pen, at, { graph, points, step, colours }) {
    const layer = step ? step.layer : graph.layers.length - 1;
    const links = graph.layers[layer];
    const ends = (one, other) => [at(points[one]), at(points[other])];
    const thin = { stroke: colours.edge, width: layer ? 1.2 : 0.8, opacity: 0.75 };
    for (const [id, others] of links) {
      const own = others.filter((other) => other < id || !links.get(other).includes(id)); // each link is drawn once
      own.forEach((other) => pen.line(ends(id, other), thin));
      if (layer) MARKS.stands.draw(pen, at(points[id]), colours);
    }
    for (const [from, to, on] of step?.hops ?? []) {
      if (on === layer) hop(pen, ends(from, to), colours);
      else pen.line(ends(from, to), { stroke: colours.accent, width: 2, dash: [4, 3] });
    }
    if (step?.what !== "open") return;
    for (const { id } of step.fresh) pen.line(ends(step.opened, id), { stroke: colours.ink, width: 1.6 });
  },
};

function drawPlane(pen, { plane }, view) {
  const { colours, points, query, step, shown, walk, last, index, cells } = view;
  const { left, top, side } = plane;
  const at = (place) => MAP.onScreen(plane, place);
  const small = { size: 11, fill: colours.muted };
  for (const tick of [-2, 0, 2]) {
    const [x, y] = at([tick, tick]);
    pen.text(minus(String(tick)), x, top + side + 10, { ...small, align: "center" });
    pen.text(minus(String(tick)), left - 5, y, { ...small, align: "right" });
  }
  BELOW[index](pen, at, view);
  pen.rect(left, top, side, side, { stroke: colours.muted });
  const fresh = new Set(step?.fresh.map(({ id }) => id));
  points.forEach((place, id) => {
    const mark = fresh.has(id) ? "fresh" : shown.has(id) ? "done" : "rest";
    MARKS[mark].draw(pen, at(place), colours);
  });
  step?.kept?.forEach(({ id }) => MARKS.kept.draw(pen, at(points[id]), colours));
  step?.nearest.forEach(({ id }) => MARKS.nearest.draw(pen, at(points[id]), colours));
  if (last) walk.missed.forEach(({ id }) => MARKS.missed.draw(pen, at(points[id]), colours));
  (step?.order ?? []).slice(0, step?.read).forEach(({ id }, i) => {
    const [x, y] = at(cells.centres[id]);
    pen.text(String(i + 1), x, y, { size: 13, weight: 650, fill: colours.ink, back: colours.paper, align: "center" });
  });
  MARKS.query.draw(pen, at(query), colours);
}

function drawKey(pen, { key }, { index, colours }) {
  for (const [name, x, y] of key.places) {
    MARKS[name].draw(pen, [key.left + x + 11, key.top + y + 10], colours);
    pen.text(MARKS[name].text, key.left + x + 26, key.top + y + 10, { size: 12, fill: colours.ink });
  }
}

// How much was compared as a bar, the nearest so far, and what the index knows.
function drawPanel(pen, { panel }, view) {
  const { left, top, width } = panel;
  const { colours, step, points, walk, last, own } = view;
  const [head, plain] = [{ size: 12, weight: 600, fill: colours.ink }, { size: 12, fill: colours.ink }];
  const compared = step?.compared ?? 0;
  const most = Math.max(points.length, walk.compared);
  pen.text("Compared so far", left, top + 8, head);
  pen.text(`${compared} (every point: ${points.length})`, left + width, top + 8, { ...plain, align: "right" });
  pen.rect(left, top + 20, width, 14, { stroke: colours.edge });
  pen.rect(left, top + 20, (width * compared) / most, 14, { fill: colours.positive });
  const all = left + (width * points.length) / most;
  pen.line([[all, top + 16], [all, top + 38]], { stroke: colours.ink, width: 2 });
  const stops = [left, left + 22, left + width * 0.52, left + width * 0.62];
  const y = top + 56;
  pen.text(last ? "Found" : "So far", left, y, head);
  pen.text("|x − q|²", stops[2], y, { ...head, align: "right" });
  if (last) pen.text("in truth", stops[3], y, head);
  for (const i of count(NEAREST)) {
    const [line, found, real] = [y + ROW * (i + 1), step?.nearest[i], walk.truth[i]];
    pen.text(`${i + 1}`, left, line, { ...plain, fill: colours.muted });
    if (found) pen.text(`point ${found.id}`, stops[1], line, plain);
    if (found) pen.text(four(found.far), stops[2], line, { ...plain, align: "right" });
    if (!last) continue;
    const missed = walk.missed.includes(real);
    pen.text(`${missed ? "✕" : "✓"} point ${real.id}`, stops[3], line, { ...plain, weight: missed ? 650 : 400 });
  }
  if (own.rows.length) drawOwn(pen, { left, width, top: y + ROW * (NEAREST + 1) + 12 }, own, { head, plain, colours });
}

function drawOwn(pen, { left, width, top }, { title, heads, rows, strong }, { head, plain, colours }) {
  const place = (i) => (i ? [left + (width * (i + 1)) / heads.length, { align: "right" }] : [left, {}]);
  pen.text(title, left, top, head);
  [heads, ...rows].forEach((row, r) => {
    const look = r ? { ...plain, weight: strong.includes(r - 1) ? 650 : 400 } : { ...plain, fill: colours.muted };
    row.forEach((text, i) => pen.text(text, place(i)[0], top + ROW * (r + 1), { ...look, ...place(i)[1] }));
  });
}

function drawAll(pen, layout, view) {
  drawPlane(pen, layout, view);
  drawKey(pen, layout, view);
  drawPanel(pen, layout, view);
}

// --- words and numbers ---

// The index's own small table: { title, heads, rows, strong: the rows that count in this step }.
const OWN_TABLE = {
  "every point": () => ({ title: "", heads: [], rows: [], strong: [] }),
  cells: ({ cells, walk, step, probes }, all = false) => {
    const { order } = walk.steps[0];
    const rows = order.slice(0, all ? order.length : Math.min(order.length, Math.max(6, probes)));
    return {
      title: "Cells, by their centre's distance",
      heads: ["cell", "|c − q|²", "points", "read"],
      rows: rows.map(({ id, far }, i) => {
        const read = i < (step?.read ?? 0) ? "yes" : i < probes ? "to come" : "no";
        return [String(id), step ? four(far) : "", String(cells.lists[id].length), read];
      }),
      strong: step?.what === "cell" ? [step.read - 1] : [],
    };
  },
  codes: ({ codes, step }) => ({
    title: "Two tables, one an axis",
    heads: ["code", "x", "(x − q)²", "y", "(y − q)²"],
    rows: codes.values[0].map((x, i) => {
      const y = codes.values[1][i];
      const [a, b] = step ? [four(step.tables[0][i]), four(step.tables[1][i])] : ["", ""];
      return [String(i), minus(x.toFixed(2)), a, minus(y.toFixed(2)), b];
    }),
    strong: [],
  }),
  graph: ({ graph, walk, at, step }) => {
    const layers = graph.layers.map((_, layer) => layer).reverse();
    const done = walk.steps.slice(0, at);
    return {
      title: "Layers",
      heads: ["layer", "points", "opened", "compared"],
      rows: layers.map((layer) => {
        const own = done.filter((each) => each.layer === layer);
        const fresh = own.reduce((sum, each) => sum + each.fresh.length, 0);
        const opened = own.filter(({ what }) => what === "open").length;
        return [layer, graph.layers[layer].size, opened, fresh].map(String);
      }),
      strong: step ? [layers.indexOf(step.layer)] : [],
    };
  },
};

const many = (number, one, more = `${one}s`) => `${number} ${number === 1 ? one : more}`;

const SAID = {
  points: ({ fresh }) => `Points ${fresh[0].id} to ${fresh.at(-1).id} are compared, one after another.`,
  centres: ({ order }) => `The query is compared with the ${order.length} centres; cell ${order[0].id} is nearest.`,
  cell: ({ cell, read, fresh }) => {
    const which = read > 1 ? `number ${read} by nearness` : "the nearest";
    return `Cell ${cell}, ${which}, is read: ${many(fresh.length, "point")} compared.`;
  },
  tables: ({ tables }) =>
    `Two tables are made: how far the query is from each of the ${tables[0].length} values of x, and of y.`,
  codes: ({ fresh }) => `All ${fresh.length} codes are looked up: a point is as far as the two entries add up to.`,
  again: ({ fresh }) => `The best ${fresh.length} by code are measured exactly.`,
  enter: ({ opened, layer }) => `The walk enters at point ${opened}, on layer ${layer}, the top.`,
  open: ({ layer, opened, fresh, nearest }) =>
    `Layer ${layer}: point ${opened} is opened, ${many(fresh.length, "new link")} compared; ` +
    (nearest[0].id === opened ? "none is nearer." : `the nearest is point ${nearest[0].id}.`),
  end: ({ kept }) => `No candidate is left that is nearer than the farthest of the ${kept.length} kept: the walk ends.`,
};

const partsOf = ({ index, cells, step: { compared }, points }) => {
  const centres = cells.centres.length;
  if (index === "cells") return ` (${many(centres, "centre")}, ${many(compared - centres, "point")})`;
  if (index !== "codes" || !compared) return "";
  return ` (${many(points.length, "code")} by look-up, ${many(compared - points.length, "point")} by distance)`;
};

function summary(view) {
  const { step, at, walk, points, index } = view;
  const bold = (role, text) => dom("b", { "data-role": role }, text);
  const head = `Step ${at} of ${walk.steps.length}. `;
  if (!step) return [dom("span", { "data-role": "said" }, `${head}Nothing is compared yet.`)];
  const said = dom("span", { "data-role": "said" }, head + SAID[step.what](step));
  const distances = index === "codes" ? Math.max(step.compared - points.length, 0) : step.compared;
  const share = dom("span", { "data-role": "share" }, percent(distances / points.length));
  const compared = ["Compared so far: ", bold("compared", String(step.compared)), partsOf(view), "; that is ", share];
  const whole = ` of the ${points.length} distances that comparing every point takes.`;
  return [said, dom("span", {}, ...compared, whole), dom("span", { "data-result": true }, ...outcome(view, bold))];
}

function outcome({ step, walk, last }, bold) {
  const [best] = step.nearest;
  if (!last && !best) return ["No point is found yet."];
  if (!last) return [`Nearest so far: point ${best.id}, squared distance ${four(best.far)}.`];
  const [found, missed] = [NEAREST - walk.missed.length, walk.missed.map(({ id }) => id).join(", ")];
  const share = [" of the ", String(NEAREST), " nearest: recall ", bold("recall", walk.recall.toFixed(2)), "."];
  const lacking = missed ? [` Missed: point${walk.missed.length > 1 ? "s" : ""} ${missed}.`] : [];
  return ["Found ", bold("found", String(found)), ...share, ...lacking];
}

function tablesOf(view) {
  const { index, walk, query, at } = view;
  const lines = walk.steps.slice(0, at).map((step, i) => {
    const [best] = step.nearest;
    const near = best ? [`point ${best.id}`, four(best.far)] : ["", ""];
    return [`step ${i + 1}`, SAID[step.what](step), String(step.compared), ...near];
  });
  const where = `query (${query.map((each) => minus(each.toFixed(2))).join(", ")})`;
  const heading = ["what", "compared so far", "nearest so far", "|x − q|²"];
  const steps = table(`${index}, ${where}: the search by steps`, "step", heading, lines);
  const nearest = count(NEAREST).map((i) => {
    const [found, real] = [view.step?.nearest[i], walk.truth[i]];
    const own = found ? [`point ${found.id}`, four(found.far)] : ["", ""];
    return [String(i + 1), ...own, `point ${real.id}`, four(real.far)];
  });
  const columns = ["found", "|x − q|²", "in truth", "|x − q|²"];
  const both = table(`The ${NEAREST} nearest: found so far, and in truth`, "rank", columns, nearest);
  const { title, heads, rows } = OWN_TABLE[index](view, true);
  const own = rows.length ? [table(title, heads[0], heads.slice(1), rows)] : [];
  return dom("div", {}, both, steps, ...own);
}

// --- the widget ---

const DATA = ["_points", "_cells", "_codes", "_graph"];
const TRAITS = ["query", "index", "probes", "again", "breadth", "step", "title"];
const PARAMETER = { cells: "probes", codes: "again", graph: "breadth" };
const BIGGEST = 40; // breadth and points measured again, on the sliders

function readData(model) {
  const [points, cells, codes, graph] = DATA.map((name) => model.get(name));
  return { points, cells, codes, graph: { ...graph, layers: graph.layers.map((layer) => new Map(layer)) } };
}

function viewOf(traits, data) {
  const walk = walkOf({ ...data, ...traits });
  const at = Math.min(traits.step ?? Infinity, walk.steps.length);
  const step = walk.steps[at - 1] ?? null;
  const shown = new Set(walk.steps.slice(0, at).flatMap(({ fresh }) => fresh.map(({ id }) => id)));
  const view = { ...data, ...traits, walk, at, step, shown, last: at === walk.steps.length };
  return { ...view, own: OWN_TABLE[traits.index](view) };
}

function hintOf() {
  const key = (name) => dom("kbd", {}, name);
  const moves = [key("← ↑ ↓ →"), " on the plane move the query (", key("Shift"), " finely, ", key("Home")];
  const first = [" to the middle) · ", key("s"), " step · ", key("b"), " back · "];
  const steps = [...first, key("w"), " whole · ", key("t"), " numbers"];
  return dom("p", { class: "attend-hint" }, ...moves, ...steps);
}

// The controls, and set(view), which makes them true.
function controlsOf(model, write, stepTo) {
  const setting = (name, label, [min, max, step], format = String) =>
    slider(label, { min, max, step, format }, (value) => write({ [name]: value }));
  const change = (index) => write({ index, step: null });
  const index = choice("Index", Object.keys(SEARCH).map((name) => [name, name]), change);
  const most = Math.min(BIGGEST, model.get("_points").length);
  const measuredAgain = (size) => (size ? String(Math.max(size, NEAREST)) : "none");
  const parameters = {
    probes: setting("probes", "Cells read", [1, model.get("_cells").centres.length, 1]),
    again: setting("again", "Measured again", [0, most, NEAREST], measuredAgain),
    breadth: setting("breadth", "Candidates kept", [NEAREST, most, 1]),
  };
  let whole = 1;
  const steps = slider("Step", { min: 0, max: 1, step: 1, format: (at) => `${at} of ${whole}` }, stepTo);
  const set = ({ walk, at, ...view }) => {
    index.set(view.index);
    for (const [name, { element, set: setOne }] of Object.entries(parameters)) {
      element.hidden = PARAMETER[view.index] !== name;
      setOne(view[name]);
    }
    whole = walk.steps.length;
    steps.element.querySelector("input").max = whole;
    steps.set(at);
  };
  return { index, parameters: Object.values(parameters).map(({ element }) => element), steps, set };
}

function render({ model, el }) {
  const write = writer(model);
  const root = figure("IndexWalk", "An index walked step by step");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas", { "aria-hidden": "true" });
  const stage = dom("div", { class: "attend-plane attend-walk", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  let [width, data, view, layout] = [0, null, null, null];

  const traitsNow = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  const wholeSteps = () => viewOf(traitsNow(), data).walk.steps.length;
  // A step behind the last is the whole search, and stays so wherever the query goes.
  const stepTo = (at, whole = wholeSteps()) => write({ step: at >= whole ? null : Math.max(at, 0) });
  const move = (next) => {
    const whole = wholeSteps();
    stepTo(next(Math.min(model.get("step") ?? Infinity, whole), whole), whole);
  };
  const step = () => move((now, whole) => (now === whole ? 1 : now + 1));
  const back = () => move((now) => now - 1);
  const wholeWalk = () => write({ step: null });
  data = readData(model);
  const controls = controlsOf(model, write, stepTo);

  function paintNow() {
    if (!width) return;
    view = { ...viewOf(traitsNow(), data), colours: palette(root, ["edge"]) };
    layout = layoutOf(width, view);
    controls.set(view);
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    readout.replaceChildren(...summary(view));
    const where = view.query.map((each) => minus(String(each))).join(", ");
    const label = `Query at ${where} among ${view.points.length} points. Arrow keys move it; s takes a step.`;
    if (stage.getAttribute("aria-label") !== label) stage.setAttribute("aria-label", label);
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const [query, ask] = [() => model.get("query"), (place) => write({ query: place })];
  followQuery(stage, MAP, { plane: () => layout?.plane, query, ask });
  keys(root, { s: step, b: back, w: wholeWalk, t: () => shelf.turn() });

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("index-walk", picture, (text) => readout.replaceChildren(text));
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const buttons = [["Back", back, "b"], ["Step", step, "s"], ["Whole", wholeWalk, "w"]];
  const drive = buttons.map(([name, act, key]) => button(name, act, { title: `${name} (${key})` }));
  const walked = dom("span", { class: "attend-walk-steps" }, ...drive);
  const first = [named("Index", controls.index), ...controls.parameters, controls.steps.element];
  root.append(caption, dom("div", { class: "attend-bar" }, ...first, walked, end));
  root.append(readout, stage, hintOf(), shelf.region);
  const onWidth = (each) => (width = each);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
