// What every widget shares. It only declares: base.py writes it into each widget's module.

// --- nodes: text always enters the page as text ---

const SVG = "http://www.w3.org/2000/svg";

const dress = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
};

// dom("button", { type: "button", onclick: act }, "text", child): strings become text nodes, never markup.
export function dom(tag, attributes = {}, ...children) {
  const element = dress(document.createElement(tag), attributes);
  element.append(...children);
  return element;
}

export function svgNode(tag, attributes = {}, ...children) {
  const element = dress(document.createElementNS(SVG, tag), attributes);
  element.append(...children);
  return element;
}

// A word in its own direction: Arabic and Hebrew do not reorder what stands around them.
export const isolate = (word) => dom("bdi", {}, word);

let instances = 0;
export const uniqueId = (name) => `attend-${name}-${++instances}-${Math.random().toString(36).slice(2, 7)}`;

// --- the model ---

// Calls `react` whenever one of the traits changes; returns the function that stops it.
export function follow(model, names, react) {
  for (const name of names) model.on(`change:${name}`, react);
  return () => names.forEach((name) => model.off(`change:${name}`, react));
}

// write({ head: 2 }) changes traits at once for the page, and for the kernel at most every 40 ms.
export function writer(model) {
  let timer = 0;
  const save = () => {
    timer = 0;
    model.save_changes();
  };
  const write = (traits) => {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    timer ||= setTimeout(save, 40);
  };
  write.flush = () => {
    if (!timer) return;
    clearTimeout(timer);
    save();
  };
  return write;
}

// Bytes of a binary trait, whichever kind of buffer the front end hands over.
export function bytesOf(data) {
  if (!data) return new Uint8Array(0);
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

// --- chance: draws that Python draws too ---

// The n-th number in [0, 1) of the seed's sequence: mulberry32, as in base.py.
export function uniform(seed, n) {
  const state = (Math.imul(seed, 0x9e3779b1) + Math.imul(n + 1, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) | 0;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

// --- theme and colour ---

// Where the reader's own colours are in force (Windows' contrast themes), they count, and not the page's theme.
const FORCED = "(forced-colors: active)";
const DARK = "(prefers-color-scheme: dark)";
const CONTRAST = "(prefers-contrast: more)";
const holds = (query) => matchMedia(query).matches;

export function isDark() {
  if (holds(FORCED)) return holds(DARK);
  const { documentElement: html, body } = document;
  const code = body.classList;
  return (
    html.dataset.theme === "dark" || // Jupyter Book
    html.getAttribute("theme") === "dark" || // Colab
    body.dataset.jpThemeLight === "false" || // JupyterLab
    code.contains("vscode-dark") ||
    (code.contains("vscode-high-contrast") && !code.contains("vscode-high-contrast-light"))
  );
}

// Keeps the class attend-dark on `root`, and calls `onChange` when the page changes its theme, or the reader the colours
// in force.
export function followTheme(root, onChange) {
  const update = () => {
    const dark = root.classList.toggle("attend-dark", isDark());
    return [dark, holds(FORCED), holds(CONTRAST)].join();
  };
  let look = update();
  const changed = () => {
    const before = look;
    look = update();
    if (look !== before) onChange();
  };
  const media = [FORCED, DARK, CONTRAST].map((query) => matchMedia(query));
  media.forEach((each) => each.addEventListener("change", changed));
  const observer = new MutationObserver(changed);
  const attributeFilter = ["data-theme", "theme", "class", "data-jp-theme-light"];
  observer.observe(document.documentElement, { attributes: true, attributeFilter });
  observer.observe(document.body, { attributes: true, attributeFilter });
  return () => {
    media.forEach((each) => each.removeEventListener("change", changed));
    observer.disconnect();
  };
}

const INKS = ["paper", "ink", "muted", "hair", "accent", "gold", "positive", "negative"];

// The custom properties of common.css, and `more` of a widget's own, as #rrggbb: for what is drawn rather than styled.
export function palette(root, more = []) {
  const style = getComputedStyle(root);
  const read = (name) => style.getPropertyValue(`--${name}`).trim();
  const find = holds(FORCED) ? inForce(root) : read;
  return Object.fromEntries([...INKS, ...more].map((name) => [name, find(name)]));
}

// Of a property that names one of the system's colours, or mixes some, what that is on this reader's screen.
function inForce(root) {
  const probe = dom("span", { hidden: true, style: "forced-color-adjust: none" });
  const context = dom("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  const paint = (name) => {
    root.append(probe);
    probe.style.color = `var(--${name})`;
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    probe.remove();
  };
  return (name) => {
    paint("paper"); // a colour may let some of it through
    paint(name);
    const [...rgb] = context.getImageData(0, 0, 1, 1).data.subarray(0, 3);
    return `#${rgb.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
  };
}

// Paper to ink through hues that colour-blind readers can tell by lightness alone; base.py has the light one too.
const SEQUENTIAL = {
  light: ["#ffffff", "#def5e5", "#8ad9b1", "#40b7ad", "#348fa7", "#37659e", "#413d7b", "#2e1e3b"],
  dark: ["#171a21", "#30264a", "#413d7b", "#37659e", "#348fa7", "#40b7ad", "#8ad9b1", "#def5e5"],
};
const DIVERGING = {
  light: ["#8c3c00", "#d9792b", "#f6d3b3", "#ffffff", "#bfd9ee", "#3d8cc4", "#0b4a7d"],
  dark: ["#ffb067", "#c96a1e", "#5b3414", "#171a21", "#16395a", "#3585bf", "#8fcbf5"],
};

const channels = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

// 256 colours [r, g, b] through the stops: a scale is looked up, not computed, cell by cell.
function ramp(stops) {
  const colours = stops.map(channels);
  return Array.from({ length: 256 }, (_, i) => {
    const place = (i / 255) * (colours.length - 1);
    const lower = Math.min(Math.floor(place), colours.length - 2);
    return colours[lower].map((from, c) => Math.round(from + (colours[lower + 1][c] - from) * (place - lower)));
  });
}

export const sequential = (dark) => ramp(SEQUENTIAL[dark ? "dark" : "light"]);
export const diverging = (dark) => ramp(DIVERGING[dark ? "dark" : "light"]);
export const css = ([r, g, b]) => `rgb(${r},${g},${b})`;

// Whether black stands out better than white: on one side of this luminance or the other, one of them has 4.5 : 1.
export const isBright = (colour) => {
  const [r, g, b] = colour.map((channel) => (channel / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
};

// --- text on a canvas ---

export const FONT =
  "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', " +
  "'Noto Sans CJK SC', 'Noto Sans SC', sans-serif";

const ruler = document.createElement("canvas").getContext("2d");
const widths = new Map();

export function measure(text, size, weight = 400) {
  const font = `${weight} ${size}px ${FONT}`;
  const key = font + text;
  if (!widths.has(key)) {
    if (widths.size > 5000) widths.clear();
    ruler.font = font;
    widths.set(key, ruler.measureText(text).width);
  }
  return widths.get(key);
}

// What a reader takes for a character: a letter with its accents, a flag, an emoji with all that is joined to it.
const segmenter = self.Intl?.Segmenter && new Intl.Segmenter(undefined, { granularity: "grapheme" });
const CHARACTER = /\p{RI}{2}|\P{M}[\p{M}\p{EMod}]*(?:\u200d\P{M}[\p{M}\p{EMod}]*)*|\p{M}+/gu;
export const charactersOf = (text) =>
  segmenter ? Array.from(segmenter.segment(text), ({ segment }) => segment) : (text.match(CHARACTER) ?? []);

// `text` cut with an ellipsis to fit `room` pixels, never inside a character.
export function shorten(text, size, room) {
  if (measure(text, size) <= room) return text;
  const characters = charactersOf(text.slice(0, 400)); // the last, which may be half a one, never fits
  let [fits, fails] = [0, characters.length];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (measure(`${characters.slice(0, middle).join("")}…`, size) <= room) fits = middle;
    else fails = middle;
  }
  return `${characters.slice(0, fits).join("")}…`;
}

const RIGHT_TO_LEFT = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/u;
const directionOf = (text) => (RIGHT_TO_LEFT.test(text) ? "rtl" : "ltr");

// --- pens: one drawing, on a canvas for the page or as SVG for a slide ---
//
// rect(x, y, w, h, { fill, stroke, width, opacity })     line(points, { stroke, width, opacity, dash })
// curve(x1, y1, x2, y2, { stroke, width, opacity })      image(canvas, x, y, w, h)
// text(string, x, y, { size, weight, fill, align: "left" | "center" | "right", turn, dx, dy, back })
//
// `turn` is in degrees, counter-clockwise; dx, dy lie in the turned frame; `back` paints a panel behind the text.
// A pen whose drawing can be enlarged without loss says so: `vector`.

const TEXT = { size: 13, weight: 400, fill: "#000", align: "left", turn: 0, dx: 0, dy: 0, back: null };
const textStart = { left: 0, center: 0.5, right: 1 };

export function canvasPen(context) {
  const stroke = ({ stroke: colour, width = 1, opacity = 1, dash = [] }) => {
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke();
    context.globalAlpha = 1;
  };
  return {
    rect(x, y, w, h, { fill, opacity = 1, ...style }) {
      context.globalAlpha = opacity;
      if (fill) {
        context.fillStyle = fill;
        context.fillRect(x, y, w, h);
      }
      context.globalAlpha = 1;
      if (!style.stroke) return;
      context.beginPath();
      context.rect(x, y, w, h);
      stroke({ opacity, ...style });
    },
    line(points, style) {
      context.beginPath();
      points.forEach(([x, y]) => context.lineTo(x, y));
      stroke(style);
    },
    curve(x1, y1, x2, y2, style) {
      const middle = (x1 + x2) / 2;
      context.beginPath();
      context.moveTo(x1, y1);
      context.bezierCurveTo(middle, y1, middle, y2, x2, y2);
      stroke(style);
    },
    image(source, x, y, w, h) {
      context.imageSmoothingEnabled = false;
      context.drawImage(source, x, y, w, h);
    },
    text(string, x, y, style) {
      const { size, weight, fill, align, turn, dx, dy, back } = { ...TEXT, ...style };
      context.save();
      context.translate(x, y);
      if (turn) context.rotate((-turn * Math.PI) / 180);
      if (back) {
        const width = measure(string, size, weight);
        context.fillStyle = back;
        context.fillRect(dx - textStart[align] * width - 2, dy - size * 0.6, width + 4, size * 1.2);
      }
      context.font = `${weight} ${size}px ${FONT}`;
      context.direction = directionOf(string);
      context.textAlign = align;
      context.fillStyle = fill;
      context.fillText(string, dx, dy + size * 0.35);
      context.restore();
    },
  };
}

export function svgPen(width, height, background) {
  const root = svgNode("svg", { xmlns: SVG, viewBox: `0 0 ${width} ${height}`, width, height, "font-family": FONT });
  const add = (tag, attributes, ...children) => root.append(svgNode(tag, attributes, ...children));
  const fixed = (number) => Math.round(number * 100) / 100;
  const stroke = ({ stroke: colour, width: thick = 1, opacity = 1, dash }) => ({
    stroke: colour,
    "stroke-width": fixed(thick),
    opacity: opacity === 1 ? null : fixed(opacity),
    "stroke-dasharray": dash?.join(" "),
    fill: "none",
  });
  if (background) add("rect", { width, height, fill: background });
  return {
    root,
    vector: true,
    rect(x, y, w, h, { fill, ...style }) {
      const box = { x: fixed(x), y: fixed(y), width: fixed(w), height: fixed(h) };
      add("rect", { ...box, ...(style.stroke ? stroke(style) : { opacity: style.opacity }), fill: fill ?? "none" });
    },
    line(points, style) {
      add("polyline", { points: points.map((point) => point.map(fixed).join(",")).join(" "), ...stroke(style) });
    },
    curve(x1, y1, x2, y2, style) {
      const middle = fixed((x1 + x2) / 2);
      const d = `M${fixed(x1)} ${fixed(y1)}C${middle} ${fixed(y1)} ${middle} ${fixed(y2)} ${fixed(x2)} ${fixed(y2)}`;
      add("path", { d, ...stroke(style) });
    },
    image(source, x, y, w, h) {
      const look = "image-rendering: pixelated";
      add("image", { href: source.toDataURL(), x, y, width: w, height: h, preserveAspectRatio: "none", style: look });
    },
    text(string, x, y, style) {
      const { size, weight, fill, align, turn, dx, dy, back } = { ...TEXT, ...style };
      const transform = `translate(${fixed(x)} ${fixed(y)})${turn ? ` rotate(${-turn})` : ""}`;
      if (back) {
        const wide = measure(string, size, weight);
        const corner = { x: dx - textStart[align] * wide - 2, y: dy - size * 0.6 };
        const box = { ...corner, width: wide + 4, height: size * 1.2 };
        add("rect", { transform, ...box, fill: back });
      }
      const rtl = directionOf(string) === "rtl"; // in SVG an anchor counts from where the text begins
      const anchor = { left: rtl ? "end" : "start", center: "middle", right: rtl ? "start" : "end" }[align];
      const place = { x: fixed(dx), y: fixed(dy + size * 0.35), "text-anchor": anchor };
      const font = { "font-size": size, "font-weight": weight === 400 ? null : weight, fill };
      add("text", { transform, ...place, ...font, direction: rtl ? "rtl" : null }, string);
    },
  };
}

// --- labels: a word { token, gloss }, the gloss under it where there is room, else beside it ---

const STRONG = 650; // as wide as a label gets

// How to set labels that stand `pitch` pixels apart: thinned out rather than overlapping.
export function labelStyle(list, pitch) {
  const size = pitch < 15 ? 11 : 13;
  const every = Math.max(1, Math.ceil((size + 2) / pitch));
  return { size, small: size - 1.5, every, stacked: pitch >= size * 2.3 && list.some(({ gloss }) => gloss) };
}

function cut({ token, gloss }, { size, small, stacked }, room) {
  if (!gloss) return { token: shorten(token, size, room), gloss };
  if (stacked) return { token: shorten(token, size, room), gloss: shorten(gloss, small, room) };
  const short = shorten(token, size, room * 0.6);
  return { token: short, gloss: shorten(gloss, small, room - measure(short, size) - 5) };
}

export function labelWidth(word, style, room) {
  const { token, gloss } = cut(word, style, room);
  const [first, second] = [measure(token, style.size, STRONG), gloss ? measure(gloss, style.small) : 0];
  return style.stacked || !gloss ? Math.max(first, second) : first + 5 + second;
}

export const widest = (list, style, room) =>
  list.reduce((most, word) => Math.max(most, labelWidth(word, style, room)), 0);

export function drawLabel(pen, word, x, y, { style, room, colours, strong = false, ...place }) {
  const { token, gloss } = cut(word, style, room);
  const back = strong ? colours.paper : null;
  const fill = strong ? colours.accent : colours.ink;
  const first = { size: style.size, weight: strong ? STRONG : 400, fill, back, ...place };
  const second = { size: style.small, fill: colours.muted, back, ...place };
  const apart = place.align === "right" ? -measure(gloss, style.small) - 5 : measure(token, style.size, first.weight) + 5;
  if (!gloss) return pen.text(token, x, y, first);
  if (style.stacked) {
    pen.text(token, x, y, { ...first, dy: -style.size * 0.55 });
    return pen.text(gloss, x, y, { ...second, dy: style.size * 0.6 });
  }
  pen.text(token, x, y, { ...first, dx: place.align === "right" ? apart : 0 });
  return pen.text(gloss, x, y, { ...second, dx: place.align === "right" ? 0 : apart });
}

// Gives `canvas` as many pixels as the screen has for that size, all blank; returns a context measured in CSS pixels.
export function fitCanvas(canvas, width, height, density = window.devicePixelRatio || 1) {
  const [across, down] = [Math.round(width * density), Math.round(height * density)];
  const context = canvas.getContext("2d");
  if (canvas.width !== across || canvas.height !== down) {
    Object.assign(canvas, { width: across, height: down });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  } else {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, across, down);
  }
  context.scale(density, density);
  return context;
}

// Draws as soon as the handler that asked has ended, so that the very next frame shows it; asked again before that
// frame, it draws once more in it, however often.
export function onFrame(draw) {
  let [frame, soon, again, over] = [0, false, false, false];
  const drawNow = () => {
    soon = again = false;
    if (over) return;
    frame = requestAnimationFrame(() => {
      frame = 0;
      if (again) drawNow();
    });
    draw();
  };
  const request = () => {
    if (frame) again = true;
    else if (!soon) {
      soon = true;
      queueMicrotask(drawNow);
    }
  };
  request.cancel = () => {
    over = true;
    cancelAnimationFrame(frame);
  };
  return request;
}

// --- controls: each is { element, set(value) } ---

export function choice(label, options, onChange) {
  const name = uniqueId("choice");
  const inputs = new Map();
  const element = dom("fieldset", { class: "attend-choice" }, dom("legend", {}, label));
  for (const [value, text] of options) {
    const input = dom("input", { type: "radio", name, value, onchange: () => onChange(value) });
    inputs.set(value, input);
    element.append(dom("label", {}, input, dom("span", {}, text)));
  }
  return { element, set: (value) => inputs.has(value) && (inputs.get(value).checked = true) };
}

export function select(label, options, onChange) {
  const entries = options.map(([value, text]) => dom("option", { value }, text));
  const input = dom("select", { onchange: () => onChange(options[input.selectedIndex][0]) }, ...entries);
  const element = dom("label", { class: "attend-control" }, dom("span", {}, label), input);
  return { element, set: (value) => (input.selectedIndex = options.findIndex(([each]) => each === value)) };
}

export function slider(label, { min, max, step, format }, onInput) {
  const input = dom("input", { type: "range", min, max, step, oninput: () => onInput(Number(input.value)) });
  const number = dom("span", { class: "attend-number", "aria-hidden": "true" });
  const element = dom("label", { class: "attend-control" }, dom("span", {}, label), input, number);
  const set = (value) => {
    input.value = value;
    number.textContent = format(value);
    input.setAttribute("aria-valuetext", format(value));
  };
  return { element, set };
}

export function toggle(label, onChange) {
  const input = dom("input", { type: "checkbox", onchange: () => onChange(input.checked) });
  const element = dom("label", { class: "attend-toggle" }, input, dom("span", {}, label));
  return { element, set: (value) => (input.checked = value) };
}

// A control that bears no name of its own on the page (a fieldset's legend is for those who listen), with one before it.
export const named = (text, { element }) =>
  dom("span", { class: "attend-named" }, dom("span", { "aria-hidden": "true" }, text), element);

export const button = (text, onclick, attributes = {}) =>
  dom("button", { type: "button", class: "attend-button", onclick, ...attributes }, text);

// --- the numbers, as a table ---

// columns and the first of each row are headers: strings or nodes; numbers are strings. A header of no words is none.
// rows: a list, or { length, at(i) } where making all of them at once would take long.
export function table(caption, corner, columns, rows) {
  if (rows.length * (columns.length + 1) > PAGE.most) return tableInPages(caption, corner, columns, rows);
  const all = Array.from({ length: rows.length }, (_, i) => rows.at(i));
  return wholeTable(caption, corner, columns, all);
}

function wholeTable(caption, corner, columns, rows) {
  const headed = (text) => (text ? dom("th", { scope: "col", dir: "auto" }, text) : dom("td"));
  const head = dom("tr", {}, ...[corner, ...columns].map(headed));
  const body = dom("tbody");
  for (const [header, ...numbers] of rows) {
    const row = dom("tr", {}, dom("th", { scope: "row", dir: "auto" }, header));
    for (const number of numbers) row.append(dom("td", {}, number));
    body.append(row);
  }
  return dom("table", {}, dom("caption", {}, caption), dom("thead", {}, head), body);
}

// How many cells a table may have to be shown whole; how many columns, and on a page how many rows, columns, cells.
const PAGE = { most: 2048, wide: 48, side: 32, cells: 1024 };

const pages = new WeakMap(); // the box of a table in pages → { place, show }

// A large table, a part of its rows (and columns, where they are many) at a time, with buttons that turn the page.
// It is empty until numbers() shows the part that was seen before.
function tableInPages(caption, corner, columns, rows) {
  const across = columns.length <= PAGE.wide ? columns.length : PAGE.side;
  const down = Math.max(PAGE.side, Math.floor(PAGE.cells / across));
  const axes = [
    { name: "rows", size: rows.length, step: down },
    { name: "columns", size: columns.length, step: across },
  ].filter(({ size, step }) => size > step);
  const place = { rows: 0, columns: 0 };
  const said = dom("span", { role: "status", class: "attend-spoken" });
  const bar = dom("div", { role: "group", "aria-label": "Pages of the table" }, said);
  const box = dom("div", { class: "attend-paged" }, dom("table"), dom("div", { class: "attend-pages" }, bar));

  for (const axis of axes) {
    const turn = (step) => () => {
      const to = place[axis.name] + step;
      if (to >= 0 && to < axis.size) show({ ...place, [axis.name]: to }, true);
    };
    const control = (sign, word, step) => button(sign, turn(step), { "aria-label": `${word} ${axis.name}` });
    axis.shown = dom("span", { "aria-hidden": "true" });
    axis.back = control("‹", "previous", -axis.step);
    axis.on = control("›", "next", axis.step);
    bar.append(dom("span", { class: "attend-named" }, axis.back, axis.shown, axis.on));
  }
  const copy = () => copyText("table.tsv", textOf(corner, columns, rows), (text) => (said.textContent = text));
  bar.append(button("Copy all", copy, { title: "Copy all rows and columns, as tab-separated text" }));

  function show(to, turned) {
    for (const { name, size, step } of axes) {
      place[name] = Math.max(0, Math.min(to[name], Math.floor((size - 1) / step) * step));
    }
    const [top, left] = [place.rows, place.columns];
    const part = Array.from({ length: Math.min(down, rows.length - top) }, (_, i) => {
      const [header, ...numbers] = rows.at(top + i);
      return [header, ...numbers.slice(left, left + across)];
    });
    const spans = axes.map(({ name, size, step }) => {
      return `${name} ${place[name] + 1}–${Math.min(place[name] + step, size)} of ${size}`;
    });
    const shown = wholeTable(`${caption} · ${spans.join(", ")}`, corner, columns.slice(left, left + across), part);
    markPlaces(shown, rows.length, columns.length, top, left);
    box.firstChild.replaceWith(shown);
    axes.forEach(({ name, size, step, back, on, shown: label }, i) => {
      label.textContent = spans[i];
      back.setAttribute("aria-disabled", String(place[name] === 0));
      on.setAttribute("aria-disabled", String(place[name] + step >= size)); // not disabled: it keeps the focus
    });
    if (!turned) return;
    said.textContent = spans.join(", ");
    box.closest(".attend-numbers")?.scrollTo(0, 0);
  }
  pages.set(box, { place, show });
  return box;
}

// Tells who listens where in the whole table a part of it lies; the headers are its first row and column.
function markPlaces(part, height, width, top, left) {
  dress(part, { "aria-rowcount": height + 1, "aria-colcount": width + 1 });
  [...part.rows].forEach((row, i) => {
    row.setAttribute("aria-rowindex", i ? top + i + 1 : 1);
    [...row.cells].forEach((cell, j) => cell.setAttribute("aria-colindex", j ? left + j + 1 : 1));
  });
}

function textOf(corner, columns, rows) {
  const words = (header) => (header.textContent ?? header).replace(/\s+/g, " ");
  const lines = [[corner, ...columns].map(words).join("\t")];
  for (let i = 0; i < rows.length; i++) {
    const [header, ...numbers] = rows.at(i);
    lines.push([words(header), ...numbers].join("\t"));
  }
  return `${lines.join("\n")}\n`;
}

// A button and the region that it opens; the table is built only while it is seen.
export function numbers(build) {
  const id = uniqueId("numbers");
  const hidden = { id, hidden: true, tabindex: 0, role: "group", "aria-label": "Numbers" };
  const region = dom("div", { class: "attend-numbers", ...hidden });
  const boxes = () => [...region.querySelectorAll(".attend-paged")].map((box) => pages.get(box));
  const buttons = () => [...region.querySelectorAll("button")];
  const refresh = () => {
    if (region.hidden) return;
    const before = boxes().map(({ place }) => place);
    const held = buttons().indexOf(document.activeElement);
    region.replaceChildren(build());
    boxes().forEach(({ show }, i) => show(before[i] ?? { rows: 0, columns: 0 }));
    buttons()[held]?.focus({ preventScroll: true });
  };
  const turn = () => {
    region.hidden = !region.hidden;
    opener.setAttribute("aria-expanded", String(!region.hidden));
    if (region.hidden) region.replaceChildren();
    else refresh();
  };
  const state = { "aria-expanded": "false", "aria-controls": id, title: "Table of the numbers (t)" };
  const opener = button("Numbers", turn, state);
  region.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    turn();
    opener.focus();
  });
  return { button: opener, region, refresh, turn };
}

// --- copying ---

function download(blob, name) {
  const link = dom("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link); // Firefox follows only links in the page
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copyText(file, text, say) {
  try {
    await navigator.clipboard.writeText(text);
    say("All numbers copied.");
  } catch {
    download(new Blob([text], { type: "text/plain" }), file);
    say(`The clipboard is closed here: saved as ${file}.`);
  }
}

// Two buttons that put `picture()` = { width, height, background, draw(pen) } on the clipboard, or else in a file.
export function copyButtons(name, picture, say) {
  const give = async (kind, copy, blob) => {
    try {
      await copy(await blob);
      say(`${kind} copied.`);
    } catch {
      const file = `${name}.${kind.toLowerCase()}`;
      download(await blob, file);
      say(`The clipboard is closed here: saved as ${file}.`);
    }
  };
  const asSvg = () => {
    const { width, height, background, draw } = picture();
    const pen = svgPen(width, height, background);
    draw(pen);
    const text = new XMLSerializer().serializeToString(pen.root);
    const blob = new Blob([text], { type: "image/svg+xml" });
    return give("SVG", () => navigator.clipboard.writeText(text), blob);
  };
  const asPng = () => {
    const { width, height, background, draw } = picture();
    const canvas = dom("canvas");
    const pen = canvasPen(fitCanvas(canvas, width, height, 2));
    pen.rect(0, 0, width, height, { fill: background });
    draw(pen);
    const blob = new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    return give("PNG", (data) => navigator.clipboard.write([new ClipboardItem({ [data.type]: data })]), blob);
  };
  const buttons = [
    button("SVG", asSvg, { "aria-label": "Copy as SVG", title: "Copy as SVG" }),
    button("PNG", asPng, { "aria-label": "Copy as PNG", title: "Copy as PNG" }),
  ];
  return dom("span", { class: "attend-copy" }, dom("span", { "aria-hidden": "true" }, "Copy"), ...buttons);
}

// --- a query on a plane ---

// A square plane from −reach to reach on both axes: what stands where on the screen, what a place on the screen stands
// for, and whether it lies in the plane { left, top, side }.
export const planeOf = (reach) => ({
  reach,
  onScreen: ({ left, top, side }, [x, y]) => [
    left + ((x + reach) / (2 * reach)) * side,
    top + ((reach - y) / (2 * reach)) * side,
  ],
  onPlane: ({ left, top, side }, [x, y]) => [
    (((x - left) / side) * 2 - 1) * reach,
    (1 - ((y - top) / side) * 2) * reach,
  ],
  within: ({ left, top, side }, [x, y]) => x >= left && x <= left + side && y >= top && y <= top + side,
});

// The query goes where the mouse is; a finger taps, or drags the query itself. Arrow keys move it, with Shift finely,
// Home leads to the middle, and `places(key)` may know more. `plane()` is where the plane of `map` stands, null before
// it is drawn, `query()` where the query is; `ask` is told where it shall go, in hundredths.
export function followQuery(stage, map, { plane, query, ask, places = () => null }) {
  const canvas = stage.querySelector("canvas");
  let held = false;
  const inReach = (each) => Math.min(Math.max(each, -map.reach), map.reach);
  const go = (place) => ask(place.map((each) => Math.round(inReach(each) * 100) / 100 + 0));
  const placeAt = ({ clientX, clientY }) => {
    const corner = canvas.getBoundingClientRect();
    return [clientX - corner.left, clientY - corner.top];
  };
  const inside = (event) => plane() && map.within(plane(), placeAt(event));
  const nearQuery = (event) => {
    const [[x, y], [a, b]] = [map.onScreen(plane(), query()), placeAt(event)];
    return Math.hypot(x - a, y - b) < 30;
  };
  const goTo = (event) => go(map.onPlane(plane(), placeAt(event)));
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || !inside(event) || (event.pointerType === "touch" && !nearQuery(event))) return;
    held = true;
    stage.setPointerCapture(event.pointerId);
    goTo(event);
  });
  stage.addEventListener("pointermove", (event) => held && goTo(event));
  const release = () => (held = false);
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(name, release);
  stage.addEventListener("click", (event) => inside(event) && goTo(event));
  const keepFinger = (event) => plane() && nearQuery(event.touches[0]) && event.preventDefault();
  stage.addEventListener("touchstart", keepFinger, { passive: false });
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.ctrlKey || !plane()) return;
    const [[x, y], far] = [query(), event.shiftKey ? 0.01 : 0.1];
    const moves = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowDown: [0, -far], ArrowUp: [0, far] };
    const move = moves[event.key];
    const place = move ? [x + move[0], y + move[1]] : event.key === "Home" ? [0, 0] : places(event.key);
    if (!place) return;
    event.preventDefault();
    event.stopPropagation();
    go(place);
  });
}

// --- the frame ---

// The outermost element of a widget. `data-lm-suppress-shortcuts` keeps JupyterLab from acting on the keys it reads.
export const figure = (kind, label) =>
  dom("div", {
    class: "attend",
    "data-widget": kind,
    "data-lm-suppress-shortcuts": "true",
    role: "group",
    "aria-label": label,
  });

// Runs `act` for single keys pressed anywhere in `root`, except while a select searches by letter.
export function keys(root, actions) {
  root.addEventListener("keydown", (event) => {
    const act = actions[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target.tagName === "SELECT") return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

// Calls `onWidth` with the width inside `root`: at mounting, before the first paint, and when it changes. A strip
// without height is observed, since drawing into an observed element would report its new height in turn.
export function followWidth(root, onWidth) {
  const strip = dom("div", { "aria-hidden": "true" });
  root.append(strip);
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (strip.clientWidth === width) return;
    width = strip.clientWidth;
    onWidth(width);
  });
  observer.observe(strip);
  return () => observer.disconnect();
}

// Puts `root` into the page and keeps it true: drawn at once when its width is first known, then in the next frame
// after a change of the traits, the theme or the width. Returns what takes it out again, `stops` included.
export function mount(el, root, { model, traits, paint, paintNow, onWidth, onTheme = paint, stops = [] }) {
  el.append(root);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return; // the widget has a use for it
    root.querySelector('.attend-button[aria-expanded="true"]')?.click();
  });
  let drawn = false;
  const ends = [
    follow(model, traits, () => paint()),
    followTheme(root, () => onTheme()),
    followWidth(root, (width) => {
      onWidth(width);
      if (drawn) paint();
      else paintNow();
      drawn = true;
    }),
    paint.cancel,
    ...stops,
  ];
  return () => {
    ends.forEach((end) => end());
    root.remove();
  };
}
