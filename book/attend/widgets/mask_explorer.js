// What may each word see? Draws the traits of MaskExplorer and writes back what the reader changes.
import {
  button,
  canvasPen,
  choice,
  copyButtons,
  css,
  diverging,
  dom,
  drawLabel,
  figure,
  fitCanvas,
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
  table,
  toggle,
  uniqueId,
  widest,
  writer,
} from "./common.js";

// --- the computation, as in mask_explorer.py ---

const LARGEST = 1000;
const PAD = "<pad>";
const STEPS = ["scores", "mask", "weights"];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const range = (count) => Array.from({ length: count }, (_, i) => i);
const total = (row) => row.reduce((sum, number) => sum + number, 0);
const rounded = (number) => Math.round(clamp(number, -LARGEST, LARGEST) * 100) / 100 + 0; // + 0: no −0

// e^score over the sum; a row of −∞ alone is 0 / 0, NaN.
function softmax(row) {
  const most = Math.max(...row);
  const powers = row.map((score) => Math.exp(score - most));
  const sum = total(powers);
  return powers.map((power) => power / sum);
}

// The three matrices of one sentence, by what is done with the mask.
function stagesOf(scores, hidden, masking) {
  const put = (rows, value) => rows.map((row, t) => row.map((number, s) => (hidden[t][s] ? value : number)));
  if (masking === "multiplied") {
    const product = put(scores, 0);
    return [scores, product, product.map(softmax)];
  }
  if (masking === "book" || masking === "infinity") {
    const masked = put(scores, -Infinity);
    const weights = masked.map(softmax);
    return [scores, masked, masking === "book" ? put(weights, 0) : weights];
  }
  const shares = scores.map(softmax);
  const kept = put(shares, 0);
  const share = (row) => row.map((number) => number / total(row));
  return [scores, shares, masking === "after" ? kept : kept.map(share)];
}

// A sentence as wide as its batch: { token, gloss, word }, word false where it is padding.
function padded(sentences, glosses, lengths, b, left) {
  const width = Math.max(...sentences.map((words) => words.length));
  const length = lengths[b];
  const first = left ? width - length : 0;
  return range(width).map((place) => {
    const i = place - first;
    const word = i >= 0 && i < length;
    return word ? { token: sentences[b][i], gloss: glosses?.[b][i] ?? "", word } : { token: PAD, gloss: "", word };
  });
}

const SIDES = { self: ["tokens", "gloss", "lengths", "scores"] };
SIDES.cross = ["memory", "memory_gloss", "memory_lengths", "memory_scores"];

// Everything that is shown of the sentence chosen.
function compute(traits) {
  const cross = traits.cross && traits.memory !== null;
  const [tokens, gloss, lengths, scores] = cross ? SIDES.cross : SIDES.self;
  const b = clamp(traits.sentence, 0, traits.tokens.length - 1);
  const rows = padded(traits.tokens, traits.gloss, traits.lengths, b, traits.left);
  const columns = padded(traits[tokens], traits[gloss], traits[lengths], b, traits.left);
  const later = (t, s) => traits.causal && !cross && s > t;
  const reason = (t, s) => (columns[s].word ? (later(t, s) ? "later" : "") : "padding");
  const hidden = range(rows.length).map((t) => range(columns.length).map((s) => reason(t, s)));
  const stages = stagesOf(traits[scores][b], hidden, traits.masking);
  const late = traits.masking === "after" || traits.masking === "renormalised";
  const leaks = traits.masking === "multiplied"; // what is hidden keeps a weight
  const sizes = [rows.length, columns.length];
  const cell = traits.cell.map((at, i) => clamp(at, 0, sizes[i] - 1));
  const names = { tokens, gloss, lengths, scores };
  return { ...traits, cross, b, rows, columns, hidden, stages, late, leaks, cell, names };
}

// Up to `digits` decimals: 3, −0.25, NaN, −∞. Python's `written` gives the same.
function written(number, digits = 4) {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number < 0 ? "−∞" : "∞";
  const unit = 10 ** digits;
  const text = String(Number((Math.floor(Math.abs(number) * unit + 0.5) / unit).toFixed(digits)));
  return number < 0 && text !== "0" ? `−${text}` : text;
}

// The same with as many digits as `room` pixels hold; nothing where not even one fits.
function brief(number, size, room) {
  for (const digits of [2, 1, 0]) {
    const text = written(number, digits);
    if (measure(text, size) <= room) return text;
  }
  return "";
}

const NAMES = ["1 · scores", "2 · masked", "3 · softmax"];
const LATE = ["1 · scores", "2 · softmax", "3 · masked"];
const OF_ONE = 1e-9; // how far from 1 a sum may be by rounding
const strange = (sum) => !(Math.abs(sum - 1) <= OF_ONE);

// --- layout: the three matrices in a row where there is room, else the one of this step ---

const SUMS = 50; // the column of sums
const HEAD = 22; // a matrix's name

// Words above their columns: level where they fit, else steep.
function headLabels(columns, cell) {
  const style = { ...labelStyle(columns, cell), stacked: false };
  const wide = widest(columns, style, 110);
  if (wide <= cell * style.every - 3) return { style, turn: 0, above: 20, beyond: 0 };
  return { style, turn: 60, above: wide * 0.87 + 16, beyond: Math.max(0, wide * 0.5 + 8 - cell / 2) };
}

function layoutOf(view, width) {
  const { rows, columns, late } = view;
  const step = STEPS.indexOf(view.step);
  const [T, S] = [rows.length, columns.length];
  const room = Math.min(120, width * 0.26);
  const sums = [false, late, true];
  const attempt = (shown, least, most) => {
    let [cell, labels, left, heads] = [most, null, 0, null];
    for (let pass = 0; pass < 3; pass++) { // labels depend on the cell, the cell on the room that labels leave
      labels = labelStyle(rows, cell);
      left = Math.ceil(widest(rows, labels, room)) + 10;
      heads = headLabels(columns, cell);
      const beside = total(shown.map((k) => Math.max(sums[k] ? SUMS : 0, heads.beyond)));
      const free = width - left - beside - (shown.length - 1) * 20 - 4;
      cell = clamp(Math.floor(free / (shown.length * S)), least, most);
    }
    const top = HEAD + Math.ceil(heads.above);
    let x = left;
    const blocks = shown.map((k) => {
      const block = { k, x, y: top, width: S * cell, height: T * cell, sums: sums[k] };
      x += block.width + Math.max(sums[k] ? SUMS : 0, heads.beyond) + 20;
      return block;
    });
    return { cell, labels, heads, room, blocks, width: Math.max(width, x - 20), height: top + T * cell + 4 };
  };
  const three = attempt([0, 1, 2], 28, 46);
  if (three.width <= width) {
    three.blocks = three.blocks.slice(0, step + 1);
    return three;
  }
  return attempt([step], T > 24 || S > 24 ? 7 : 24, 46);
}

// --- drawing ---

// The colour [r, g, b] of each cell, row by row; null for one that is hidden or no number.
function coloursOf({ stages, hidden, late, leaks, colours }, k) {
  const hides = (k === 2 && !leaks) || (k === 1 && !late);
  const shares = k === 2 || (k === 1 && late);
  const reach = stages[0].reduce((most, row) => row.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0) || 1;
  const ramp = shares ? colours.sequential : colours.diverging;
  return stages[k].map((row, t) =>
    row.map((number, s) => {
      if ((hides && hidden[t][s]) || Number.isNaN(number)) return null;
      return ramp[Math.round(clamp(shares ? number : (number / reach + 1) / 2, 0, 1) * 255)];
    }),
  );
}

// Cells too small for a number, as an image of one pixel each.
function imageOf(rows, painted, colours) {
  const [height, width] = [rows.length, rows[0].length];
  const image = dom("canvas", { width, height });
  const context = image.getContext("2d");
  const data = context.createImageData(width, height);
  const [hidden, wrong] = [colours.hiddenRgb, colours.goldRgb];
  rows.forEach((row, t) =>
    row.forEach((number, s) => {
      const colour = painted[t][s] ?? (Number.isNaN(number) ? wrong : hidden);
      data.data.set([...colour, 255], (t * width + s) * 4);
    }),
  );
  context.putImageData(data, 0, 0);
  return image;
}

const LEGIBLE = 18; // pixels of a cell that holds a number

function drawMatrix(pen, { cell }, { k, x, y, width, height }, view) {
  const { colours } = view;
  const rows = view.stages[k];
  const painted = coloursOf(view, k);
  if (cell < LEGIBLE) {
    pen.image(imageOf(rows, painted, colours), x, y, width, height);
    return pen.rect(x, y, width, height, { stroke: colours.hair });
  }
  const size = clamp(cell * 0.36, 9, 13);
  return rows.forEach((row, t) =>
    row.forEach((number, s) => {
      const [left, top, colour, wrong] = [x + s * cell, y + t * cell, painted[t][s], Number.isNaN(number)];
      pen.rect(left, top, cell, cell, { fill: colour ? css(colour) : wrong ? colours.paper : colours.hidden });
      pen.rect(left + 0.5, top + 0.5, cell - 1, cell - 1, { stroke: colours.hair });
      const fill = wrong ? colours.gold : !colour ? colours.muted : isBright(colour) ? "#000000" : "#ffffff";
      const text = brief(number, size, cell - 3);
      pen.text(text, left + cell / 2, top + cell / 2, { size, fill, weight: wrong ? 650 : 400, align: "center" });
    }),
  );
}

function drawSums(pen, { cell, labels }, { k, x, y, width }, view) {
  const { colours } = view;
  const [size, middle] = [clamp(cell * 0.36, 10, 13), x + width + SUMS / 2 + 2];
  pen.text("Σ", middle, y - 11, { size: 13, weight: 600, fill: colours.muted, align: "center" });
  view.stages[k].forEach((row, t) => {
    if (t % labels.every && t !== view.cell[0]) return;
    const sum = total(row);
    const text = brief(sum, size, SUMS - 6);
    const wrong = strange(sum);
    const style = { size, weight: wrong ? 650 : 400, fill: wrong ? colours.gold : colours.ink, align: "center" };
    pen.text(text, middle, y + (t + 0.5) * cell, style);
  });
}

function drawHead(pen, { cell, heads }, { k, x, y }, view) {
  const { colours, columns, late, cell: chosen } = view;
  pen.text((late ? LATE : NAMES)[k], x, 8, { size: 13, weight: 600, fill: colours.ink });
  columns.forEach((word, s) => {
    if (s % heads.style.every && s !== chosen[1]) return;
    const place = heads.turn ? { turn: heads.turn, align: "left" } : { align: "center" };
    const shift = heads.turn ? 3 : 0;
    const shown = { token: word.token, gloss: word.gloss };
    drawLabel(pen, shown, x + (s + 0.5) * cell + shift, y - (heads.turn ? 8 : 11), {
      ...{ style: heads.style, room: 110, strong: s === chosen[1] },
      ...{ colours: word.word ? colours : { ...colours, ink: colours.muted }, ...place },
    });
  });
}

function drawChosen(pen, { cell }, { x, y, width }, { cell: [t, s], colours }) {
  pen.rect(x, y + t * cell, width, cell, { stroke: colours.paper, width: 4 });
  pen.rect(x, y + t * cell, width, cell, { stroke: colours.accent, width: 2 });
  pen.rect(x + s * cell, y + t * cell, cell, cell, { stroke: colours.paper, width: 5 });
  pen.rect(x + s * cell, y + t * cell, cell, cell, { stroke: colours.gold, width: 3 });
}

function drawAll(pen, layout, view) {
  const { blocks, cell, labels, room } = layout;
  const { colours, rows } = view;
  for (const block of blocks) {
    drawMatrix(pen, layout, block, view);
    drawHead(pen, layout, block, view);
    if (block.sums) drawSums(pen, layout, block, view);
    drawChosen(pen, layout, block, view);
  }
  rows.forEach((word, t) => {
    if (t % labels.every && t !== view.cell[0]) return;
    const its = word.word ? colours : { ...colours, ink: colours.muted };
    const style = { style: labels, room, colours: its, strong: t === view.cell[0], align: "right" };
    drawLabel(pen, { token: word.token, gloss: word.gloss }, blocks[0].x - 7, blocks[0].y + (t + 0.5) * cell, style);
  });
}

// The block and the cell [t, s] under a point of the drawing, or null.
function placeAt({ blocks, cell }, view, x, y) {
  const { length: last } = view.columns;
  for (const block of blocks) {
    const [t, s] = [Math.floor((y - block.y) / cell), Math.floor((x - block.x) / cell)];
    if (t >= 0 && t < view.rows.length && s >= 0 && s < last) return { k: block.k, cell: [t, s] };
  }
  return null;
}

function moved({ cell: [t, s], rows, columns }, event) {
  const far = event.ctrlKey || event.metaKey;
  const [T, S] = [rows.length - 1, columns.length - 1];
  const to = {
    ArrowLeft: [t, s - 1],
    ArrowRight: [t, s + 1],
    ArrowUp: [t - 1, s],
    ArrowDown: [t + 1, s],
    Home: [far ? 0 : t, 0],
    End: [far ? T : t, S],
  }[event.key];
  return to && [clamp(to[0], 0, T), clamp(to[1], 0, S)];
}

// --- words ---

const WHY = { later: "it comes later", padding: "it is padding" };
const LISTED = 24; // words of a row that are named one by one

const glossed = ({ token, gloss }) => [isolate(token), ...(gloss ? [" (", isolate(gloss), ")"] : [])];
const spoken = ({ token, gloss }) => dom("span", {}, dom("b", {}, isolate(token)), ...glossed({ token, gloss }).slice(1));

// One cell through the three steps.
function ofCell(view) {
  const { cell: [t, s], rows, columns, hidden, stages, late } = view;
  const [score, middle, weight] = stages.map((rows) => rows[t][s]);
  const value = dom("b", { "data-role": "value" }, written(weight, 6));
  const why = hidden[t][s] ? ` (${WHY[hidden[t][s]]})` : "";
  const between = late ? [` → share ${written(middle, 6)}`] : [` → ${written(middle, 2)}${why}`];
  const end = late ? [" → weight ", value, why] : [" → weight ", value];
  return [spoken(rows[t]), " asks, ", spoken(columns[s]), ` answers: score ${written(score, 2)}`, ...between, ...end, "."];
}

// A row: whom the word may look at and how much it takes, and from whom it may not.
function ofRow(view) {
  const { cell: [t], rows, columns, hidden, stages, leaks } = view;
  const weights = stages[2][t];
  const sum = total(weights);
  const list = (reason, say) => {
    const found = columns.map((word, s) => [word, weights[s], s]).filter(([, , s]) => hidden[t][s] === reason);
    const words = found.slice(0, LISTED).flatMap(([word, weight], i) => [i ? ", " : "", ...say(word, weight)]);
    return found.length > LISTED ? [...words, ` and ${found.length - LISTED} more`] : words;
  };
  const seen = list("", (word, weight) => [...glossed(word), ` ${written(weight, 3)}`]);
  const later = list("later", (word, weight) => [...glossed(word), ...(leaks ? [` ${written(weight, 3)}`] : [])]);
  const pads = weights.filter((_, s) => hidden[t][s] === "padding");
  const taken = leaks ? `, with ${written(total(pads), 3)} in all` : "";
  const out = [...(later.length ? [" Later: ", ...later, "."] : [])];
  if (pads.length) out.push(` Padding: ${pads.length}${taken}.`);
  const number = dom("b", { "data-role": "sum", class: strange(sum) ? "attend-strange" : "" }, written(sum, 6));
  return [
    ...(seen.length ? [spoken(rows[t]), " may look at ", ...seen, "."] : [spoken(rows[t]), " may look at nothing."]),
    ...[dom("span", { class: "attend-aside" }, ...out), " Its row sums to ", number, "."],
  ];
}

const EXPLAINED = {
  book: "Where a word may not look its score becomes −∞, and e to the power −∞ is 0. A row with nothing to see becomes zeros.",
  infinity: "The same, without the zeros at the end: a row of −∞ alone is 0 / 0, which is NaN.",
  multiplied: "Where a word may not look its score becomes 0, and e to the power 0 is 1: what was hidden keeps a part.",
  after: "Softmax first, zeros afterwards: what was hidden had its part in the sum, and the rows no longer sum to 1.",
  renormalised: "Softmax, zeros, then each row over its sum: right again, until what is left has been rounded to 0.",
};

function tablesOf({ stages, columns, rows, late }) {
  const head = (word) => dom("span", {}, ...glossed(word));
  const of = (name, numbers, digits, sums) => {
    const lines = numbers.map((row, t) => {
      const shown = row.map((number) => written(number, digits));
      return [head(rows[t]), ...shown, ...(sums ? [written(total(row), digits)] : [])];
    });
    return table(name, "", [...columns.map(head), ...(sums ? ["sum"] : [])], lines);
  };
  const [first, second, third] = late ? LATE : NAMES;
  return dom("div", {}, of(third, stages[2], 6, true), of(second, stages[1], late ? 6 : 2, late), of(first, stages[0], 2));
}

// --- the batch: which sentence is shown, and how long each of them is ---

function batchOf(onSentence, onLength) {
  const element = dom("div", { class: "attend-batch", role: "group", "aria-label": "The batch" });
  const name = uniqueId("batch");
  let [lines, built] = [[], ""];
  const build = (sentences) => {
    lines = sentences.map((words, b) => {
      const radio = dom("input", { type: "radio", name, onchange: () => onSentence(b) });
      const text = dom("span", { class: "attend-words" });
      const slider = dom("input", {
        ...{ type: "range", min: 0, max: words.length, step: 1, "aria-label": `Length of sentence ${b}` },
        oninput: () => onLength(b, Number(slider.value)),
      });
      const number = dom("span", { class: "attend-number", "aria-hidden": "true" });
      const line = dom("div", { class: "attend-sentence" }, dom("label", {}, radio, text));
      line.append(dom("span", { class: "attend-control" }, slider, number));
      return { line, radio, text, slider, number, said: "" };
    });
    element.replaceChildren(...lines.map(({ line }) => line));
  };
  const chip = ({ token, gloss, word }) => {
    const parts = [dom("bdi", {}, token), ...(gloss ? [dom("small", { dir: "auto" }, gloss)] : [])];
    return dom("span", { class: word ? "attend-word" : "attend-word attend-pad" }, ...parts);
  };
  const set = (view) => {
    const { tokens, gloss, lengths } = view.names;
    const sentences = view[tokens];
    const key = JSON.stringify(sentences);
    if (key !== built) build(sentences);
    built = key;
    lines.forEach((line, b) => {
      const words = padded(sentences, view[gloss], view[lengths], b, view.left);
      const said = JSON.stringify(words);
      if (said !== line.said) {
        line.text.replaceChildren(...words.map(chip));
        line.radio.setAttribute("aria-label", `Show sentence ${b}: ${words.map(({ token }) => token).join(" ")}`);
      }
      line.said = said;
      line.radio.checked = b === view.b;
      line.line.classList.toggle("attend-shown", b === view.b);
      line.slider.value = view[lengths][b];
      line.number.textContent = `${view[lengths][b]} of ${sentences[b].length}`;
      line.slider.setAttribute("aria-valuetext", `${view[lengths][b]} of ${sentences[b].length} words`);
    });
  };
  return { element, set };
}

// --- the widget ---

const TRAITS = [
  ...["tokens", "gloss", "memory", "memory_gloss", "scores", "memory_scores", "lengths", "memory_lengths"],
  ...["causal", "cross", "left", "masking", "sentence", "cell", "step", "title"],
];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("MaskExplorer", "What each word may see");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const first = dom("div", { "data-role": "cell" });
  const second = dom("div", { "data-role": "row" });
  const readout = dom("output", { class: "attend-masked", "aria-live": "polite", "data-role": "readout" }, first, second);
  const explained = dom("p", { class: "attend-hint", "data-role": "explained" });
  const canvas = dom("canvas");
  const stage = dom("div", { class: "attend-matrices", tabindex: 0, role: "application", "data-role": "stage" }, canvas);
  const scroll = dom("div", { class: "attend-matrices-scroll" }, stage);
  let [width, view, layout, said, drag] = [0, null, null, "", null];
  const beginning = { scores: model.get("scores"), memory_scores: model.get("memory_scores") };

  const readTraits = () => Object.fromEntries(TRAITS.map((name) => [name, model.get(name)]));
  // The next key may come before the next frame: what it needs to know is known at once.
  const change = (traits) => {
    write(traits);
    const light = Object.keys(traits).every((name) => ["cell", "scores", "memory_scores"].includes(name));
    if (light) Object.assign(view, traits);
    else view = { ...compute(readTraits()), colours: view.colours };
  };
  const setScore = ([t, s], number) => {
    const { scores: name } = view.names;
    const row = view[name][view.b][t].map((old, i) => (i === s ? rounded(number) : old));
    const sentence = view[name][view.b].map((old, i) => (i === t ? row : old));
    change({ [name]: view[name].map((old, i) => (i === view.b ? sentence : old)) });
  };

  const batch = batchOf(
    (sentence) => change({ sentence }),
    (b, length) => {
      const { lengths } = view.names;
      change({ [lengths]: view[lengths].map((old, i) => (i === b ? length : old)), sentence: b });
    },
  );
  const turnCross = (kind) => {
    const cross = kind === "cross";
    const { columns } = compute({ ...readTraits(), cross });
    change({ cross, cell: [view.cell[0], Math.min(view.cell[1], columns.length - 1)] });
  };
  const controls = {
    kind: choice("Attention", [["self", "self"], ["cross", "cross"]], turnCross),
    causal: toggle("causal", (causal) => change({ causal })),
    left: toggle("padding on the left", (left) => change({ left })),
    masking: select(
      "Mask",
      [
        ["book", "−∞ before softmax, zeros after"],
        ["infinity", "−∞ before softmax, no more"],
        ["multiplied", "scores times 1 or 0"],
        ["after", "zeros after softmax, no more"],
        ["renormalised", "zeros after, rows over their sum"],
      ],
      (masking) => change({ masking }),
    ),
    step: choice("Step", STEPS.map((step, i) => [step, String(i + 1)]), (step) => change({ step })),
  };

  // The score of the chosen cell; what is no number is marked, not taken, and gone when the focus leaves.
  const read = () => {
    const value = input.value.trim() === "" ? NaN : Number(input.value);
    if (Math.abs(value) <= LARGEST) {
      input.removeAttribute("aria-invalid");
      setScore(view.cell, value);
    } else input.setAttribute("aria-invalid", "true");
  };
  const input = dom("input", {
    ...{ type: "number", step: "any", min: -LARGEST, max: LARGEST, "aria-label": "Score of the chosen cell" },
    ...{ "data-role": "score", oninput: read },
  });
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 0.1, ArrowDown: -0.1 }[event.key];
    if (by) {
      event.preventDefault();
      const { names, b, cell: [t, s] } = view;
      setScore([t, s], view[names.scores][b][t][s] + by);
      input.value = view[names.scores][b][t][s];
    } else if (event.key === "Enter" || event.key === "Escape") stage.focus();
    else return;
    event.stopPropagation();
  });
  input.addEventListener("focusout", () => setTimeout(() => view && paint()));
  const reset = button("Reset scores", () => change(beginning));
  const label = dom("label", { class: "attend-control" }, dom("span", {}, "Score"), input);

  function paintControls() {
    const causal = controls.causal.element.querySelector("input");
    controls.kind.set(view.cross ? "cross" : "self");
    kind.hidden = view.memory === null;
    for (const name of ["causal", "left", "masking", "step"]) controls[name].set(view[name]);
    causal.disabled = view.cross;
    controls.causal.element.title = view.cross ? "The whole other sentence is known: nothing comes later" : "";
    batch.set(view);
    if (input.matches(":focus") && input.hasAttribute("aria-invalid")) return; // "−" while it is typed
    const score = view[view.names.scores][view.b][view.cell[0]][view.cell[1]];
    if (!input.matches(":focus") || Number(input.value) !== score) input.value = score;
    input.removeAttribute("aria-invalid");
  }

  function paintNow() {
    if (!width) return;
    const colours = palette(root, ["hidden"]);
    view = compute(readTraits());
    const rgb = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    Object.assign(colours, { hiddenRgb: rgb(colours.hidden), goldRgb: rgb(colours.gold) });
    view.colours = { ...colours, diverging: diverging(isDark()), sequential: sequential(isDark()) };
    layout = layoutOf(view, width);
    paintControls();
    caption.textContent = view.title;
    caption.hidden = !view.title;
    drawAll(canvasPen(fitCanvas(canvas, layout.width, layout.height)), layout, view);
    const size = `${view.rows.length} by ${view.columns.length} words`;
    const text = `${size}. Arrow keys choose a cell, a number typed becomes its score.`;
    if (stage.getAttribute("aria-label") !== text) stage.setAttribute("aria-label", text);
    explained.textContent = EXPLAINED[view.masking];
    shelf.refresh();
    const news = JSON.stringify([view.cell, view.rows[view.cell[0]], view.columns, view.masking, written(view.b)]) +
      view.stages.map((rows) => rows[view.cell[0]].join()).join();
    if (news !== said) {
      first.replaceChildren(...ofCell(view));
      second.replaceChildren(...ofRow(view));
    }
    said = news;
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("keydown", (event) => {
    if (event.altKey || !view || event.target !== stage) return;
    const cell = moved(view, event);
    const { names, b, cell: [t, s] } = view;
    const by = { PageUp: 0.5, PageDown: -0.5 }[event.key];
    if (cell) change({ cell });
    else if (by) setScore([t, s], view[names.scores][b][t][s] + by);
    else if (event.key === "Delete" || event.key === "Backspace") setScore([t, s], 0);
    else if (event.key === "Enter" || event.key === "F2") {
      input.focus();
      input.select();
    } else if (/^[-0-9.]$/.test(event.key) && !event.ctrlKey && !event.metaKey) {
      input.focus(); // the key itself then goes into the selected number
      input.select();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // A press chooses a cell; drawn up or down with the mouse, its score follows.
  const under = (event) => {
    const box = canvas.getBoundingClientRect();
    return layout && placeAt(layout, view, event.clientX - box.left, event.clientY - box.top);
  };
  stage.addEventListener("pointerdown", (event) => {
    const found = under(event);
    if (!found) return;
    change({ cell: found.cell });
    if (found.k !== 0 || event.pointerType === "touch") return;
    const { names, b } = view;
    drag = { y: event.clientY, score: view[names.scores][b][found.cell[0]][found.cell[1]], cell: found.cell };
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener("pointermove", (event) => {
    stage.classList.toggle("attend-drags", Boolean(drag) || under(event)?.k === 0);
    if (!drag || (Math.abs(event.clientY - drag.y) < 4 && !drag.moved)) return;
    drag.moved = true;
    setScore(drag.cell, Math.round((drag.score + (drag.y - event.clientY) * 0.05) * 10) / 10);
  });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) stage.addEventListener(end, () => (drag = null));

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawAll(pen, layout, view),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("masks", picture, (text) => {
    first.replaceChildren(text);
    said = "";
  });
  const kind = named("Attention", controls.kind);
  const bar = dom(
    "div",
    { class: "attend-bar" },
    ...[kind, controls.causal.element, controls.left.element, controls.masking.element, named("Step", controls.step)],
    dom("span", { class: "attend-end" }, shelf.button, copy),
  );
  const editor = dom("div", { class: "attend-bar" }, label, reset);
  keys(root, { t: () => shelf.turn() });

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("← ↑ ↓ →"), " choose a cell · type a number, ", key("Page ↑ ↓"), " or drag: its score · "];
  const hint = dom("p", { class: "attend-hint" }, ...meanings, key("t"), " numbers");
  root.append(caption, batch.element, bar, scroll, explained, readout, editor, hint, shelf.region);
  const onWidth = (now) => (width = now);
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops: [write.flush] });
}

export default { render };
