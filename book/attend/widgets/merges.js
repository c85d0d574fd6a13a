// Where do subwords come from? Byte-pair encoding of the text that the reader types, one merge at a time.
import {
  button,
  canvasPen,
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
  table,
  writer,
} from "./common.js";

// --- the computation, as in text.py: words, PairCounts, merge ---

// What Python calls blank; JavaScript's \s differs in a few characters.
const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

// A word or a run of marks, with the blank before it; any other blank by itself.
const wordsOf = (text, marks) =>
  text.match(new RegExp(` ?[^${BLANK}${marks}]{1,24}| ?[${marks}]{1,24}|[${BLANK}]`, "gu")) ?? [];

// Strings in the order of their characters, as Python has it; UTF-16 puts the half pairs before U+E000.
const rank = (unit) => (unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit);

function compare(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

// Symbols are numbers; a pair of them is one number too.
const WIDE = 1 << 20;
const keyOf = (left, right) => left * WIDE + right;

function mergePair(symbols, left, right, whole) {
  const merged = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      merged.push(whole);
      i++;
    } else merged.push(symbols[i]);
  }
  return merged;
}

// The merges of a text, as far as they are asked for, and for every different word its spellings: [[the merge that
// made it, symbols], …].
function learn(text, marks) {
  const stretches = wordsOf(text, marks);
  const [names, ids] = [[], new Map()];
  const intern = (name) => {
    if (!ids.has(name)) ids.set(name, names.push(name) - 1);
    return ids.get(name);
  };
  const [numbers, words] = [new Map(), []];
  const order = stretches.map((stretch) => {
    if (!numbers.has(stretch)) {
      numbers.set(stretch, words.length);
      words.push({ times: 0, spellings: [[0, Array.from(stretch, intern)]] });
    }
    const number = numbers.get(stretch);
    words[number].times += 1;
    return number;
  });
  const [counts, holders] = [new Map(), new Map()];
  const recount = (word, sign) => {
    const { times, spellings } = words[word];
    const symbols = spellings[spellings.length - 1][1];
    for (let i = 1; i < symbols.length; i++) {
      const key = keyOf(symbols[i - 1], symbols[i]);
      const count = (counts.get(key) ?? 0) + sign * times;
      if (count) counts.set(key, count);
      else counts.delete(key);
      if (!holders.has(key)) holders.set(key, new Set());
      if (sign > 0) holders.get(key).add(word);
      else holders.get(key).delete(word);
    }
  };
  words.forEach((_, word) => recount(word, 1));
  const found = { text, order, words, names, merges: [], ended: false, advance };
  // Learns on until there are so many merges, or no pair stands twice.
  function advance(limit) {
    while (!found.ended && found.merges.length < limit) {
      const best = commonest(counts, names);
      if (!best || best.count < 2) {
        found.ended = true;
        return;
      }
      const whole = intern(names[best.left] + names[best.right]);
      found.merges.push({ left: names[best.left], right: names[best.right], count: best.count, whole });
      for (const word of [...holders.get(keyOf(best.left, best.right))]) {
        const { spellings } = words[word];
        const symbols = spellings[spellings.length - 1][1];
        recount(word, -1);
        spellings.push([found.merges.length, mergePair(symbols, best.left, best.right, whole)]);
        recount(word, 1);
      }
    }
  }
  return found;
}

const pairOf = (key) => ({ left: Math.floor(key / WIDE), right: key % WIDE });
// The pair with the highest count; of several, the first in the order of their characters.
function commonest(counts, names) {
  let [most, best] = [0, 0];
  for (const [key, count] of counts) {
    if (count > most || (count === most && earlier(key, best, names))) [most, best] = [count, key];
  }
  return most ? { ...pairOf(best), count: most } : null;
}

function earlier(one, other, names) {
  const [left, than] = [Math.floor(one / WIDE), Math.floor(other / WIDE)];
  return (left === than ? compare(names[one % WIDE], names[other % WIDE]) : compare(names[left], names[than])) < 0;
}

// The text after so many merges: the symbols of all its words, and the commonest pairs.
function stateAt({ order, words, names, merges }, step) {
  const spelled = words.map(({ spellings }) => {
    let at = spellings.length - 1;
    while (spellings[at][0] > step) at -= 1;
    return spellings[at][1];
  });
  const counts = new Map();
  spelled.forEach((symbols, word) => {
    for (let i = 1; i < symbols.length; i++) {
      const key = keyOf(symbols[i - 1], symbols[i]);
      counts.set(key, (counts.get(key) ?? 0) + words[word].times);
    }
  });
  const pairs = [];
  while (counts.size && pairs.length < PAIRS) {
    const { left, right, count } = commonest(counts, names);
    pairs.push({ left: names[left], right: names[right], count });
    counts.delete(keyOf(left, right));
  }
  const tokens = order.flatMap((word) => spelled[word]);
  return { spelled, tokens, pairs, last: step ? merges[step - 1] : null };
}

const PAIRS = 8;
const SHORT = 600; // characters that are learned to the end at every letter typed

// --- tokens as they can be seen ---

const SHOWN = { " ": "␣", "\n": "↵", "\t": "⇥" };
const code = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
const UNSEEN = /^[\p{Cc}\p{Cf}\p{Z}\ufe00-\ufe0f]$/u;

// A blank as a sign, what cannot be seen by its number, an accent on a ring.
function visible(token) {
  if (UNSEEN.test(token) && !(token in SHOWN)) return code(token);
  const ring = /^\p{M}/u.test(token) ? "◌" : "";
  return ring + token.replace(/[ \n\t]/g, (blank) => SHOWN[blank]);
}

const quoted = (token) => dom("span", { class: "attend-token" }, isolate(visible(token)));

// --- drawing ---

const [SIZE, LINE, CHIP, TALLEST] = [15, 30, 24, 330];

// Where each token stands: chips in lines that break where the width or the text ends.
function layoutOf({ order }, { spelled, last }, names, width) {
  const [chips, faces] = [[], new Map()];
  const faceOf = (symbol) => {
    if (!faces.has(symbol)) {
      const text = shorten(visible(names[symbol]), SIZE, width - 10);
      faces.set(symbol, { text, wide: Math.min(measure(text, SIZE) + 9, width - 1) });
    }
    return faces.get(symbol);
  };
  let [x, line] = [0, 0];
  for (const word of order) {
    for (const symbol of spelled[word]) {
      const { text, wide } = faceOf(symbol);
      if (x + wide > width - 1 && x > 0) [x, line] = [0, line + 1];
      chips.push({ text, x, line, wide, symbol, fresh: last !== null && symbol === last.whole });
      x += wide + 2;
      if (names[symbol] === "\n") [x, line] = [0, line + 1];
    }
    x += spelled[word].length ? 1 : 0;
  }
  const lines = chips.length ? chips[chips.length - 1].line + 1 : 1;
  return { chips, width, height: lines * LINE };
}

function drawChips(pen, { chips }, { top, bottom }, colours) {
  for (const { text, x, line, wide, fresh } of chips) {
    const y = line * LINE + 2;
    if (y + CHIP < top || y > bottom) continue;
    const box = { x: x + 0.5, y: y - top + 0.5 };
    pen.rect(x, y - top, wide, CHIP, { fill: fresh ? colours.accent : null });
    pen.rect(box.x, box.y, wide - 1, CHIP - 1, { stroke: fresh ? colours.accent : colours.hair });
    const fill = fresh ? colours.paper : colours.ink;
    pen.text(text, x + wide / 2, y - top + CHIP / 2, { size: SIZE, fill, align: "center" });
  }
}

// --- words and numbers ---

const plural = (count, thing) => `${count} ${thing}${count === 1 ? "" : "s"}`;

function summary({ learned, state, step, characters }) {
  const bold = (role, text) => dom("b", { "data-role": role }, text);
  const { last, tokens, pairs } = state;
  if (!characters) return ["Type a text above."];
  const different = new Set(tokens).size;
  const counts = [
    ...[bold("tokens", plural(tokens.length, "token")), `, ${different} of them different, for `],
    `${plural(characters, "character")}. `,
  ];
  const made = last
    ? [quoted(last.left), " + ", quoted(last.right), " became ", dom("b", {}, quoted(last.left + last.right))]
    : ["Every character is a token"];
  const how = last ? `, ${last.count} times. ` : ". ";
  const next = step < learned.merges.length ? [] : [pairs.length ? "No pair stands twice: the end." : "No pair is left: the end."];
  return [`Merge ${step} of ${learned.ended ? learned.merges.length : "…"}. `, ...made, how, ...counts, ...next];
}

function pairList({ pairs }) {
  const most = pairs.length ? pairs[0].count : 1;
  const rows = pairs.map(({ left, right, count }, i) => {
    const next = i === 0 && count > 1;
    const name = dom("span", {}, quoted(left), " + ", quoted(right));
    const look = { class: next ? "attend-next" : null, style: `--share: ${(100 * count) / most}%` };
    return dom("li", { ...look, "data-role": "pair" }, name, dom("span", {}, `${count}×`));
  });
  return dom("ol", {}, ...rows);
}

function tablesOf({ learned, state, step }) {
  const made = learned.merges.slice(0, step);
  const rows = made.map(({ left, right, count }, i) => [String(i + 1), quoted(left), quoted(right), String(count)]);
  const times = new Map();
  for (const symbol of state.tokens) times.set(symbol, (times.get(symbol) ?? 0) + 1);
  const tokens = [...times].sort(([a, n], [b, m]) => m - n || compare(learned.names[a], learned.names[b]));
  const listed = tokens.map(([symbol, count]) => [quoted(learned.names[symbol]), String(count)]);
  return dom(
    "div",
    {},
    table(`The first ${plural(step, "merge")}`, "merge", ["left", "right", "times"], rows),
    table("The tokens of the text", "token", ["times"], listed),
  );
}

// --- the widget ---

const TRAITS = ["text", "step", "title"];

function render({ model, el }) {
  const write = writer(model);
  const root = figure("Merges", "Byte-pair encoding of a text, one merge at a time");
  const caption = dom("div", { class: "attend-caption", dir: "auto" });
  const readout = dom("output", { "aria-live": "polite", "data-role": "readout" });
  const canvas = dom("canvas");
  const long = dom("div", {}, canvas);
  const stage = dom("div", { class: "attend-pieces", tabindex: 0, role: "group", "data-role": "stage" }, long);
  const list = dom("div", { class: "attend-pairs", "data-role": "pairs" });
  let [width, view, layout, learned, timer, given, rest] = [0, null, null, null, 0, null, 0];
  let held = {}; // the height that the stage has had with this text, at this width

  const last = () => learned?.merges.length ?? 0;
  const go = (step) => {
    learned?.advance(step);
    const to = Math.min(Math.max(step, 0), last());
    if (view) view.step = to; // the next key may come before the next frame
    write({ step: to });
  };
  const pause = () => {
    clearInterval(timer);
    timer = 0;
    paintControls();
  };
  const run = () => {
    if (timer) return pause();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go(Infinity);
    if (learned.ended && view.step >= last()) go(0);
    timer = setInterval(() => {
      go(view.step + 1);
      if (learned.ended && view.step === last()) pause();
    }, 450);
    return paintControls();
  };

  const typed = () => {
    given = source.value;
    write({ text: source.value });
  };
  const source = dom("textarea", { rows: 3, maxlength: 4000, dir: "auto", spellcheck: "false", oninput: typed });
  const label = dom("label", { class: "attend-source" }, "Your text: change it, any language, any sign", source);
  const steps = slider("Merges", { min: 0, max: 1, step: 1, format: String }, (step) => go(step));
  const buttons = {
    back: button("Back", () => go(view.step - 1)),
    step: button("Merge", () => go(view.step + 1)),
    run: button("Run", run),
  };

  function paintControls() {
    const [end, step] = [last(), view?.step ?? 0];
    steps.element.querySelector("input").max = end;
    steps.set(step);
    buttons.back.disabled = step === 0;
    buttons.step.disabled = step >= end && (learned?.ended ?? true);
    buttons.run.disabled = end === 0;
    buttons.run.textContent = timer ? "Pause" : "Run";
  }

  function paintVisible() {
    if (!layout) return;
    const height = Math.min(layout.height, TALLEST);
    const top = Math.min(stage.scrollTop, layout.height - height);
    const pen = canvasPen(fitCanvas(canvas, layout.width, height));
    drawChips(pen, layout, { top, bottom: top + height }, view.colours);
  }

  function paintNow() {
    if (!width) return;
    const text = model.get("text");
    if (learned?.text !== text) {
      learned = learn(text, model.get("_marks"));
      clearTimeout(rest);
      const finish = () => learned.advance(Infinity);
      if (text.length <= SHORT) finish();
      else rest = setTimeout(() => [finish(), paint()], 150); // when the typing pauses
    }
    learned.advance(model.get("step") + 1);
    if (given !== text) source.value = text;
    given = text;
    const step = Math.min(Math.max(model.get("step"), 0), learned.merges.length);
    if (step !== model.get("step")) write({ step });
    const state = stateAt(learned, step);
    view = { step, learned, state, colours: palette(root), characters: Array.from(text).length };
    const narrow = width < 620;
    two.classList.toggle("attend-narrow", narrow);
    const room = narrow ? width : width - 268;
    layout = layoutOf(learned, state, learned.names, room);
    if (layout.height > TALLEST) layout = layoutOf(learned, state, learned.names, room - 16); // for the scroll bar
    long.style.height = `${layout.height}px`;
    if (held.text !== text || held.room !== room) held = { text, room, height: 0 };
    held.height = Math.max(held.height, Math.min(layout.height, TALLEST)); // what stands below keeps its place
    stage.style.height = `${held.height}px`;
    caption.textContent = model.get("title");
    caption.hidden = !model.get("title");
    paintVisible();
    paintControls();
    readout.replaceChildren(...summary(view));
    stage.setAttribute("aria-label", `The text in ${plural(state.tokens.length, "token")}. Arrow keys merge and undo.`);
    list.replaceChildren(dom("p", { class: "attend-heading" }, "Commonest pairs now"), pairList(state));
    shelf.refresh();
  }
  const paint = onFrame(paintNow);

  stage.addEventListener("scroll", paintVisible, { passive: true });
  stage.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !view) return;
    const act = {
      ArrowRight: () => go(view.step + 1),
      ArrowLeft: () => go(view.step - 1),
      Home: () => go(0),
      End: () => go(Infinity),
      " ": run,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });

  const picture = () => ({
    ...{ width: layout.width, height: layout.height, background: view.colours.paper },
    draw: (pen) => drawChips(pen, layout, { top: 0, bottom: layout.height }, view.colours),
  });
  const shelf = numbers(() => tablesOf(view));
  const copy = copyButtons("merges", picture, (text) => readout.replaceChildren(text));
  const end = dom("span", { class: "attend-end" }, shelf.button, copy);
  const bar = dom("div", { class: "attend-bar" }, ...Object.values(buttons), steps.element, end);
  const two = dom("div", { class: "attend-two" }, stage, list);

  const key = (name) => dom("kbd", {}, name);
  const meanings = [key("→"), " merge · ", key("←"), " undo · ", key("Space"), " run · ", key("t"), " numbers"];
  const hint = dom("p", { class: "attend-hint" }, ...meanings);
  const lower = dom("div", {}, bar, readout, two, hint, shelf.region); // t is a letter in the text above
  keys(lower, { t: () => shelf.turn() });
  root.append(caption, label, lower);
  const onWidth = (now) => (width = now);
  const stops = [write.flush, () => clearInterval(timer), () => clearTimeout(rest)];
  return mount(el, root, { model, traits: TRAITS, paint, paintNow, onWidth, stops });
}

export default { render };
