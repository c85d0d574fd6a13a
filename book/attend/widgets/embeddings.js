// Which words are near? A map of word vectors, and the neighbours in the space that the map cannot show.
import {
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
  named,
  numbers,
  onFrame,
  palette,
  shorten,
  table,
  toggle,
  uniqueId,
  writer,
} from "./common.js";

// --- the computation, as in embeddings.py ---

const NEAREST = 10;
const floats = (data) => new Float32Array(bytesOf(data).slice().buffer);
const dot = (a, b) => a.reduce((total, value, d) => total + value * b[d], 0);
const scaled = (vector) => {
  const length = Math.sqrt(dot(vector, vector)) || 1;
  return vector.map((value) => value / length);
};

// Words, their vectors at length 1, in double precision, and their places on the map.
function readSpace(model) {
  const words = model.get("words");
  const [numbers, flat] = [floats(model.get("_vectors")), floats(model.get("_places"))];
  const width = numbers.length / words.length;
  const unit = words.map((_, i) => scaled(Array.from(numbers.subarray(i * width, (i + 1) * width))));
  const places = words.map((_, i) => [flat[2 * i], flat[2 * i + 1]]);
  return { words, width, unit, places, index: new Map(words.map((word, i) => [word, i])) };
}

// All words from the nearest to `target` on: [{ i, cosine }, …].
function byCosine({ unit }, target) {
  const found = unit.map((vector, i) => ({ i, cosine: dot(vector, target) }));
  return found.sort((a, b) => b.cosine - a.cosine || a.i - b.i);
}

function byMap({ places }, chosen) {
  const [x, y] = places[chosen];
  const found = places.map(([u, v], i) => ({ i, apart: Math.hypot(u - x, v - y) }));
  return found.filter(({ i }) => i !== chosen).sort((a, b) => a.apart - b.apart || a.i - b.i);
}

function viewOf(space, { word, analogy, asks, zoom }) {
  const at = (each) => space.index.get(each) ?? 0;
  if (!asks) {
    const chosen = at(word);
    const near = byCosine(space, space.unit[chosen]).filter(({ i }) => i !== chosen);
    const onMap = byMap(space, chosen);
    const rank = new Map(onMap.map(({ i }, k) => [i, k + 1]));
    const list = near.slice(0, NEAREST).map((each) => ({ ...each, rank: rank.get(each.i) }));
    const there = new Set(onMap.slice(0, NEAREST).map(({ i }) => i));
    const shared = list.filter(({ i }) => there.has(i)).length;
    return { asks, zoom, chosen, asked: [chosen], list, onMap: [...there], shared, centre: space.places[chosen] };
  }
  const [a, b, c] = analogy.map(at);
  const target = scaled(space.unit[b].map((value, d) => value - space.unit[a][d] + space.unit[c][d]));
  const order = byCosine(space, target);
  const answer = order.find(({ i }) => i !== a && i !== b && i !== c);
  const goal = [0, 1].map((axis) => space.places[b][axis] - space.places[a][axis] + space.places[c][axis]);
  const asked = [a, b, c];
  return { asks, zoom, chosen: c, asked, list: order.slice(0, NEAREST), answer, goal, onMap: [], centre: space.places[c] };
}

// The next word in a direction on the map: near, and not too far aside.
function neighbourTowards({ places }, chosen, [dx, dy]) {
  const [x, y] = places[chosen];
  let [best, least] = [chosen, Infinity];
  places.forEach(([u, v], i) => {
    const along = (u - x) * dx + (v - y) * dy;
    const aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
    const cost = along + 2 * aside;
    if (i !== chosen && along > 0 && aside <= along && cost < least) [best, least] = [i, cost];
  });
  return best;
}

// --- layout: places to pixels, one scale for both axes ---

const MARGIN = 26;

function layoutOf(space, view, width) {
  const height = Math.round(Math.min(Math.max(width * 0.72, 260), 460));
  const axis = (k) => space.places.map((place) => place[k]);
  const edges = [0, 1].map((k) => [Math.min(...axis(k)), Math.max(...axis(k))]);
  const spans = edges.map(([low, high]) => high - low || 1);
  const scale = Math.min((width - 2 * MARGIN - 30) / spans[0], (height - 2 * MARGIN) / spans[1]) * view.zoom;
  const middle = edges.map(([low, high]) => (low + high) / 2);
  const [cx, cy] = view.zoom === 1 ? middle : view.centre;
  const place = ([u, v]) => [(u - cx) * scale + width / 2 - 12, height / 2 - (v - cy) * scale];
  return { width, height, place, points: space.places.map(place) };
}

// --- drawing ---

const LABEL = 12;

// Which words get their name: those that matter here, then the others in their order, where there is room.
function labelsOf(space, view, { points, width, height }) {
  const first = [...view.asked, ...(view.answer ? [view.answer.i] : []), ...view.list.map(({ i }) => i), ...view.onMap];
  const order = [...new Set([...first, ...points.keys()])];
  const [rows, labels] = [new Map(), []];
  for (const i of order) {
    const [x, y] = points[i];
    if (x < -20 || y < 6 || x > width || y > height - 6) continue;
    const strong = view.asked.includes(i);
    const text = shorten(space.words[i], LABEL, 130);
    const wide = measure(text, LABEL, strong ? 650 : 400);
    const left = x + 6 + wide > width ? x - 6 - wide : x + 6;
    const row = Math.floor(y / 15);
    const near = [row - 1, row, row + 1].flatMap((each) => rows.get(each) ?? []);
    const clear = near.every((box) => Math.abs(box.y - y) > 13 || left > box.right + 3 || left + wide < box.left - 3);
    if (!clear && !strong) continue;
    const box = { i, text, left, right: left + wide, y, strong };
    if (!rows.has(row)) rows.set(row, []);
    rows.get(row).push(box);
    labels.push(box);
  }
  return labels;
}

function drawAll(pen, space, view, layout, colours) {
  const { points, place, width, height } = layout;
  const { asked, list, onMap } = view;
  const near = new Set(list.map(({ i }) => i));
  const inside = ([x, y]) => x > -5 && y > -5 && x < width + 5 && y < height + 5;
  points.forEach((point, i) => {
    if (!inside(point) || near.has(i) || asked.includes(i)) return;
    pen.rect(point[0] - 1.5, point[1] - 1.5, 3, 3, { fill: colours.edge });
  });
  if (view.asks) {
    const [a, b, c] = asked.map((i) => points[i]);
    const goal = place(view.goal);
    pen.line([a, b], { stroke: colours.gold, width: 2 });
    pen.line([c, goal], { stroke: colours.gold, width: 2, dash: [5, 4] });
    pen.line([[goal[0] - 5, goal[1] - 5], [goal[0] + 5, goal[1] + 5]], { stroke: colours.gold, width: 2 });
    pen.line([[goal[0] - 5, goal[1] + 5], [goal[0] + 5, goal[1] - 5]], { stroke: colours.gold, width: 2 });
  } else for (const { i } of list) pen.line([points[view.chosen], points[i]], { stroke: colours.accent, width: 1, opacity: 0.6 });
  for (const i of onMap) pen.rect(points[i][0] - 5, points[i][1] - 5, 10, 10, { stroke: colours.gold, width: 1.5 });
  for (const { i } of list) pen.rect(points[i][0] - 3, points[i][1] - 3, 6, 6, { fill: colours.accent });
  for (const i of asked) pen.rect(points[i][0] - 4, points[i][1] - 4, 8, 8, { fill: colours.gold, stroke: colours.paper });
  for (const { i, text, left, y, strong } of labelsOf(space, view, layout)) {
    const own = strong || i === view.answer?.i;
    const fill = strong ? colours.gold : near.has(i) ? colours.accent : onMap.includes(i) ? colours.ink : colours.muted;
    const look = { size: LABEL, weight: strong ? 650 : 400, fill, back: own ? colours.paper : null };
    pen.text(text, left, y, look);
  }
}

// --- words and numbers ---

const name = (word) => dom("b", {}, isolate(word));

function summary(space, view, share) {
  const { words } = space;
  const first = view.list[0];
  if (view.asks) {
    const [a, b, c] = view.asked.map((i) => words[i]);
    const answer = dom("b", { "data-role": "answer" }, isolate(words[view.answer.i]));
    const how = [name(a), " is to ", name(b), " as ", name(c), " is to ", answer, `, ${view.answer.cosine.toFixed(4)}. `];
    const own = view.asked.includes(first.i);
    const raw = own
      ? ["Nearest of all to b − a + c is ", name(words[first.i]), `, ${first.cosine.toFixed(4)}: a word of the question.`]
      : ["No word is nearer to b − a + c, not even those of the question."];
    return [...how, ...raw];
  }
  const shared = dom("b", { "data-role": "shared" }, String(view.shared));
  return [
    ...["Nearest to ", name(words[view.chosen]), " is ", name(words[first.i]), ", with a cosine of "],
    ...[dom("b", { "data-role": "cosine" }, first.cosine.toFixed(4)), `. Of its ${view.list.length} nearest, `, shared],
    ` ${view.shared === 1 ? "is" : "are"} among its ${view.onMap.length} nearest on the map, which shows ${(100 * share).toFixed(0)} % of the variance.`,
  ];
}

function tableOf({ words, width }, view) {
  const rows = view.list.map(({ i, cosine, rank }) => {
    const last = view.asks ? (view.asked.includes(i) ? "yes" : "no") : String(rank);
    return [isolate(words[i]), cosine.toFixed(4), last];
  });
  const target = view.asks ? "b − a + c" : words[view.chosen];
  const heads = ["cosine", view.asks ? "in the question" : "place on the map"];
  return table(`Nearest to ${target} in ${width} dimensions`, "word", heads, rows);
}

// --- a field for a word ---

function wordField(label, list, space, take, say) {
  const read = (final) => {
    const word = input.value.trim();
    const known = space.index.has(word);
    if (known) take(word);
    if (known || !final) input.removeAttribute("aria-invalid");
    else {
      input.setAttribute("aria-invalid", "true");
      say(`“${word.slice(0, 30)}” is not among the ${space.words.length} words.`);
    }
  };
  const events = { oninput: () => read(false), onchange: () => read(true) };
  const input = dom("input", { type: "text", list, "aria-label": label, autocomplete: "off", spellcheck: "false", dir: "auto", ...events });
  const set = (word) => {
    if (input.matches(":focus") && !space.index.has(input.value.trim())) return; // while it is typed
    input.value = word;
    input.removeAttribute("aria-invalid");
  };
  return { input, set };
}

// --- the widget ---

const TRAITS = ["word", "analogy", "asks", "zoom", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Embeddings", "A map of word vectors");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-map", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const list = dom("div", { class: "attend-near", "data-role": "near" });
  const space = readSpace(model);
  let [width, view, layout, said] = [0, null, null, ""];
  const say = (text) => {
    readout.replaceChildren(text);
    said = "";
  };

  const choose = (word) => {
    if (!model.get("asks")) return write({ word });
    const [a, b] = model.get("analogy");
    return write({ analogy: [a, b, word] });
  };
  const options = uniqueId("words");
  const datalist = dom("datalist", { id: options }, ...space.words.map((value) => dom("option", { value })));
  const single = wordField("Word", options, space, (word) => write({ word }), say);
  const three = ["a", "b", "c"].map((letter, k) => {
    const take = (word) => write({ analogy: model.get("analogy").map((old, i) => (i === k ? word : old)) });
    return wordField(`Analogy: ${letter}`, options, space, take, say);
  });
  const asked = dom("span", { class: "attend-asked" }, three[0].input, "is to", three[1].input, "as", three[2].input, "is to …");
  const word = dom("label", { class: "attend-control" }, dom("span", { "aria-hidden": "true" }, "Word"), single.input);
  const controls = {
    asks: toggle("analogy", (asks) => write({ asks })),
    zoom: choice("Zoom", [1, 2, 4, 8].map((each) => [each, `${each}×`]), (zoom) => write({ zoom })),
  };

  function neighbourList() {
    const top = Math.max(view.list[0].cosine, 1e-9);
    const rows = view.list.map(({ i, cosine, rank }) => {
      const note = view.asks ? (view.asked.includes(i) ? "asked " : "") : `map: ${rank}. `;
      const spoken = dom("span", { class: "attend-spoken" }, "cosine ");
      const number = dom("span", {}, dom("small", {}, note), spoken, cosine.toFixed(4));
      const look = { type: "button", style: `--share: ${Math.max((100 * cosine) / top, 0).toFixed(1)}%` };
      const act = () => choose(space.words[i]);
      const inner = dom("span", {}, isolate(space.words[i]));
      return dom("li", { "data-role": "neighbour" }, dom("button", { ...look, onclick: act }, inner, " ", number));
    });
    return dom("ol", {}, ...rows);
  }

  function paintNow() {
    if (!width) return;
    const traits = Object.fromEntries(TRAITS.map((each) => [each, model.get(each)]));
    view = viewOf(space, traits);
    view.colours = palette(root, ["edge"]);
    const narrow = width < 560;
    two.classList.toggle("attend-narrow", narrow);
    layout = layoutOf(space, view, narrow ? width : width - 240);
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), space, view, layout, view.colours);
    controls.asks.set(view.asks);
    controls.zoom.set(view.zoom);
    word.hidden = view.asks;
    asked.hidden = !view.asks;
    single.set(traits.word);
    three.forEach((field, k) => field.set(traits.analogy[k]));
    caption.textContent = traits.title;
    caption.hidden = !traits.title;
    const news = JSON.stringify([view.asks, view.asked]);
    if (news !== said) {
      readout.replaceChildren(...summary(space, view, model.get("_share")));
      const focus = list.contains(document.activeElement);
      const heading = view.asks ? "Nearest to b − a + c" : `Nearest in ${space.width} dimensions`;
      list.replaceChildren(dom("p", { class: "attend-heading" }, heading), neighbourList());
      if (focus) list.querySelector("button").focus();
      const label = `Map of ${space.words.length} words, ${space.words[view.chosen]} is chosen. Arrow keys go to the next word.`;
      stage.setAttribute("aria-label", label);
    }
    said = news;
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !view) return;
    const towards = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!towards) return;
    event.preventDefault();
    event.stopPropagation();
    view.chosen = neighbourTowards(space, view.chosen, towards); // the next key may come before the next frame
    choose(space.words[view.chosen]);
  });
  const point = (event) => {
    if (!layout || (event.type === "pointermove" && event.buttons !== 1)) return;
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const apart = layout.points.map(([u, v]) => Math.hypot(u - x, v - y));
    const nearest = apart.indexOf(Math.min(...apart));
    if (nearest !== view.chosen) choose(space.words[nearest]);
  };
  stage.addEventListener("pointerdown", point);

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, space, view, layout, view.colours),
  });
  const shelf = numbers(() => tableOf(space, view));
  const copy = copyButtons("embeddings", picture, say);
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const zoom = named("Zoom", controls.zoom);
  const bar = dom("div", { class: "attend-bar" }, controls.asks.element, word, asked, zoom, end);
  const two = dom("div", { class: "attend-two" }, stage, list);
  const key = (each) => dom("kbd", {}, each);
  const meanings = [key("← ↑ ↓ →"), " next word on the map · ", key("t"), " numbers · lines and filled squares: nearest by cosine"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, " · open squares: nearest on the map");
  keys(two, { t: () => shelf.turn() }); // in a field it is a letter
  keys(shelf.region, { t: () => shelf.turn() });
  root.append(caption, datalist, bar, readout, two, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
