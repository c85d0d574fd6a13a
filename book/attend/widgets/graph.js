// What does each node know? Steps through the graph that graph.py laid out; every number comes from there as text.
import {
  button,
  copyButtons,
  dom,
  figure,
  isolate,
  measure,
  mount,
  numbers,
  onFrame,
  palette,
  shorten,
  slider,
  svgPen,
  table,
  writer,
} from "./common.js";

// --- what is known at a step ---

// Node i's gradient as last changed: [step, brief, full, whole], or undefined.
const gradientAt = (graph, i, step) => graph.nodes[i].gradients.filter(([from]) => from <= step).at(-1);

function isComputed(graph, i, step) {
  const made = graph.steps.findIndex(([kind, node]) => kind === "forward" && node === i);
  return made < 0 || made <= step;
}

// The edges that act at a step, and the nodes at their ends.
function actionAt(graph, step) {
  const [kind, node] = graph.steps[step];
  const active = graph.edges.filter((edge) => edge.child === node && (kind === "forward" || kind === "backward"));
  return { kind, node, active, receivers: kind === "backward" ? active.map(({ parent }) => parent) : [] };
}

// --- drawing ---

function boxLines(pen, { x, y, w, h }, style) {
  pen.line([[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y - (style.width ?? 1) / 2]], style);
}

function drawEdge(pen, edge, style, backward) {
  const { way } = edge;
  for (let i = 1; i < way.length; i++) pen.curve(...way[i - 1], ...way[i], style);
  const [x, y] = backward ? way[0] : way.at(-1);
  const out = backward ? 1 : -1;
  pen.line([[x + out * 8, y - 5], [x, y], [x + out * 8, y + 5]], { ...style, dash: [] });
}

// The middle of an edge's last stretch, where its label stands.
function middleOf({ way }) {
  const [[x1, y1], [x2, y2]] = way.slice(-2);
  return [(x1 + x2) / 2, (y1 + y2) / 2];
}

function drawEdgeLabel(pen, edge, colours) {
  const [x, y] = middleOf(edge);
  const style = { size: 12, align: "center", back: colours.paper, fill: colours.gold };
  if (edge.local === null) return pen.text(edge.share[0], x, y, { ...style, weight: 600 });
  pen.text(`× ${edge.local}`, x, y - 8, { ...style, weight: 600 });
  return pen.text(`= ${edge.share[0]}`, x, y + 8, style);
}

function drawHeading(pen, node, place, colours) {
  const { x, y, w } = place;
  const same = !node.operation || node.label.replace(/[ \d]+$/, "") === node.operation;
  const made = same ? "" : shorten(node.operation, 11, w * 0.6);
  if (made) pen.text(made, x + w - 8, y + 16, { size: 11, fill: colours.muted, align: "right" });
  const space = w - 16 - (made ? measure(made, 11) + 6 : 0);
  pen.text(shorten(node.label, 13.5, space), x + 8, y + 16, { size: 13.5, weight: 600, fill: colours.ink });
}

function drawNode(pen, graph, i, view) {
  const { step, colours, action } = view;
  const node = graph.nodes[i];
  const [w, h] = graph.box;
  const [x, y] = node.place;
  const known = isComputed(graph, i, step);
  const gradient = gradientAt(graph, i, step);
  const receiving = action.receivers.includes(i) || (action.kind === "seed" && action.node === i);
  const acting = action.node === i;
  const stroke = receiving ? colours.gold : acting ? (action.kind === "forward" ? colours.accent : colours.gold) : colours.muted;
  pen.rect(x, y, w, h, { fill: colours.paper });
  boxLines(pen, { x, y, w, h }, { stroke, width: acting || receiving ? 2.5 : 1, dash: known ? [] : [4, 4] });
  drawHeading(pen, node, { x, y, w }, colours);
  const row = (name, text, down, style) => {
    pen.text(name, x + 8, y + down, { size: 11, fill: colours.muted });
    const space = w - 22 - measure(name, 11);
    pen.text(shorten(text, 13, space), x + w - 8, y + down, { size: 13, align: "right", ...style });
  };
  row("value", known ? node.value[0] : "·", 38, { fill: known ? colours.ink : colours.muted });
  const text = gradient ? (gradient[3] ? gradient[1] : `${gradient[1]} + …`) : "·";
  const weight = receiving ? 650 : 400;
  row("grad", text, 57, { fill: gradient ? colours.gold : colours.muted, weight });
}

function drawAll(pen, graph, view) {
  const { colours, action, step } = view;
  const backward = action.kind === "backward";
  const back = graph.steps.findIndex(([kind]) => kind === "seed");
  for (const edge of graph.edges) {
    if (action.active.includes(edge)) continue;
    const sent = step > back && edge.step <= step;
    const dash = isComputed(graph, edge.child, step) ? [] : [4, 4];
    drawEdge(pen, edge, { stroke: sent ? colours.gold : colours.muted, width: 1.25, opacity: 0.75, dash }, sent);
  }
  const strong = { stroke: backward ? colours.gold : colours.accent, width: 2.75 };
  action.active.forEach((edge) => drawEdge(pen, edge, strong, backward));
  graph.nodes.forEach((_, i) => drawNode(pen, graph, i, view));
  if (backward) action.active.forEach((edge) => drawEdgeLabel(pen, edge, colours));
}

// --- words ---

const strong = (text) => dom("b", {}, text);

function joined(parts, between) {
  return parts.flatMap((part, i) => (i ? [between, ...part] : part));
}

function sending(graph, edge, gradient) {
  const to = [" to ", isolate(graph.nodes[edge.parent].label), ": "];
  const share = strong(edge.share[1]);
  const sum = edge.before ? [`; with the ${edge.before[1]} it had, `, strong(edge.after[1])] : [];
  if (edge.local !== null) return [...to, `${gradient} × ${edge.local} = `, share, ...sum];
  const shape = edge.share[1].split(":")[0];
  const added = shape !== edge.pulled && shape.startsWith("[") ? `${edge.pulled} added up to ` : "";
  return [...to, added, share, ...sum];
}

function sentence(graph, { kind, node, active }, step) {
  const name = node < 0 ? "" : isolate(graph.nodes[node].label);
  if (kind === "given") return ["The inputs are given. A step forward computes the next node from its inputs."];
  if (kind === "forward") {
    const { operation, value } = graph.nodes[node];
    const from = active.map((edge) => [isolate(graph.nodes[edge.parent].label)]);
    const infix = from.length === 2 && /^\W$/.test(operation);
    const how = infix ? joined(from, ` ${operation} `) : [`${operation}(`, ...joined(from, ", "), ")"];
    return ["Forward: ", name, " = ", ...how, " = ", strong(value[1]), "."];
  }
  const gradient = gradientAt(graph, node, step)[2];
  if (kind === "seed") return ["Backward begins: the gradient of ", name, " with respect to itself is ", strong(gradient), "."];
  const sends = joined(active.map((edge) => sending(graph, edge, gradient)), "; and");
  const rule = active.every(({ local }) => local !== null) ? " (gradient × local derivative)" : "";
  return ["Backward: ", name, " has its gradient whole, ", strong(gradient), `. It sends${rule}`, ...sends, "."];
}

function tableOf(graph, step) {
  const rows = graph.nodes.map((node, i) => {
    const gradient = gradientAt(graph, i, step);
    const value = isComputed(graph, i, step) ? node.value[1] : "·";
    const sum = gradient ? (gradient[3] ? gradient[2] : `${gradient[2]} + …`) : "·";
    return [isolate(node.label), node.operation || "given", value, sum];
  });
  return table(`Step ${step} of ${graph.steps.length - 1}; “+ …” means that more will be added.`, "node", ["made by", "value", "gradient"], rows);
}

// --- the widget ---

function render({ model, el }) {
  const write = writer(model);
  const graph = model.get("_graph");
  const last = graph.steps.length - 1;
  const half = graph.steps.findIndex(([kind]) => kind === "seed") - 1; // the last step forward
  const root = figure("Graph", "A computation graph, stepped forward and backward");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const stage = dom("div", {
    ...{ class: "attend-graph", "data-role": "stage", tabindex: 0, role: "group" },
    "aria-label": "The graph. Arrow keys step, Home and End go to the ends.",
  });
  const readout = dom("output", { class: "attend-graph-readout", "aria-live": "polite", "data-role": "readout" });
  let [view, width, scale, shown] = [null, 0, 1, -1];

  const now = () => Math.min(Math.max(model.get("step"), 0), last);
  const go = (step) => write({ step: Math.min(Math.max(step, 0), last) });
  const controls = {
    start: button("Start", () => go(0)),
    back: button("◂ Back", () => go(now() - 1), { "aria-label": "One step back" }),
    next: button("Step ▸", () => go(now() + 1), { "aria-label": "One step on" }),
    end: button("End", () => go(last)),
  };
  const place = slider("Step", { min: 0, max: last, step: 1, format: (step) => `${step} of ${last}` }, go);

  // In a narrow place the graph scrolls in its box: to the node that acts, with its inputs if they fit beside it.
  function reveal({ node, active }) {
    const right = (graph.nodes[node].place[0] + graph.box[0] + 4) * scale;
    const lefts = active.map(({ parent }) => (graph.nodes[parent].place[0] - 4) * scale);
    const left = Math.min(...lefts.filter((each) => right - each <= stage.clientWidth), right - 1);
    const spare = right - left > 1 ? stage.clientWidth - (right - left) : 0;
    stage.scrollLeft = Math.max(0, right - stage.clientWidth + spare / 2);
  }

  function paintNow() {
    const step = now();
    view = { step, colours: palette(root), action: actionAt(graph, step) };
    place.set(step);
    controls.back.disabled = controls.start.disabled = step === 0;
    controls.next.disabled = controls.end.disabled = step === last;
    caption.textContent = model.get("title");
    caption.hidden = !model.get("title");
    const pen = svgPen(...graph.size);
    drawAll(pen, graph, view);
    readout.replaceChildren(...sentence(graph, view.action, step));
    scale = width / graph.size[0]; // a little smaller where that spares scrolling
    if (scale < 0.84 || scale > 1) scale = 1;
    pen.root.setAttribute("width", graph.size[0] * scale);
    pen.root.setAttribute("height", graph.size[1] * scale);
    pen.root.setAttribute("role", "img");
    pen.root.setAttribute("aria-label", readout.textContent);
    const scrolls = graph.size[0] * scale > width; // only then ask the page where it is: that lays it out at once
    const { scrollLeft } = scrolls ? stage : { scrollLeft: 0 };
    stage.replaceChildren(pen.root);
    if (scrolls) {
      stage.scrollLeft = scrollLeft;
      if (shown !== step && view.action.node >= 0) reveal(view.action);
      if (shown !== step && step === 0) stage.scrollLeft = 0;
    }
    shown = step;
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  const picture = () => ({
    ...{ width: graph.size[0], height: graph.size[1], background: view.colours.paper },
    draw: (pen) => drawAll(pen, graph, view),
  });
  const shelf = numbers(() => tableOf(graph, now()));
  const copy = copyButtons("graph", picture, (text) => readout.replaceChildren(text));
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -last, End: last };
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inTable = shelf.region.contains(event.target); // there the arrows scroll
    const onSlider = event.target.tagName === "INPUT"; // and here the browser moves it
    if (event.key === "t") shelf.turn();
    else if (event.key in steps && !inTable && !onSlider) go(now() + steps[event.key]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // A click on a node goes to where it acts: in this pass, or in the one backward from the other.
  stage.addEventListener("click", (event) => {
    const box = stage.firstElementChild.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
    const [w, h] = graph.box;
    const hit = graph.nodes.findIndex(({ place: [left, top] }) => x >= left && x <= left + w && y >= top && y <= top + h);
    const kind = now() > half ? "backward" : "forward";
    const at = graph.steps.findIndex(([each, node]) => each === kind && node === hit);
    if (hit < 0) go(now() < last ? now() + 1 : 0);
    else if (at >= 0) go(at);
  });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← →"), " step · ", key("Home End"), " first, last · ", key("t"), " numbers · click a node to see it act"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const moves = dom("span", { class: "attend-copy" }, ...Object.values(controls));
  const bar = dom("div", { class: "attend-bar" }, moves, place.element, end);
  root.append(caption, bar, readout, stage, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: ["step", "title"], paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
