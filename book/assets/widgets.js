// Brings a page's widgets to life from the state stored in it, with no kernel behind them.
//
// The book's own widgets are anywidgets: a module that draws a model into an element. This file is all they need;
// their modules stand on `attendWidgets`, put there by scripts that all pages share (tools/widget_files.py).
// It does not wait for the page: each widget is mounted as soon as its place has been read, while the rest still is.
// The pages' state stands in their heads; a page that has it elsewhere loads this file with `defer`.
// A page that holds any other kind of ipywidget, or links two of the book's, gets the full widget manager (require.js,
// html-manager) instead; its widgets come into the same places, in the same order.
(function () {
  "use strict";
  const here = document.currentScript; // its data-* say where the full manager is
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const PLAIN = new Set(["anywidget", "@jupyter-widgets/base"]); // base: the Layout that every widget has

  const json = (script) => JSON.parse(script.textContent);

  /** The part of Backbone's model that anywidget promises: get, set, save_changes, on, off, send. */
  class Model {
    constructor(state) {
      this.state = state;
      this.callbacks = {};
    }
    get(name) {
      return this.state[name];
    }
    set(name, value) {
      if (JSON.stringify(this.state[name]) === JSON.stringify(value)) return;
      this.state[name] = value;
      for (const event of [`change:${name}`, "change"]) {
        for (const callback of [...(this.callbacks[event] || [])]) callback(this, value);
      }
    }
    save_changes() {} // there is no kernel to tell
    send() {}
    on(events, callback) {
      for (const event of events.split(" ")) (this.callbacks[event] ||= new Set()).add(callback);
    }
    off(events, callback) {
      for (const event of (events || Object.keys(this.callbacks).join(" ")).split(" ")) {
        if (callback) this.callbacks[event]?.delete(callback);
        else delete this.callbacks[event];
      }
    }
  }

  /** A model's state with its binary parts, which the page holds as base64, put back in their places. */
  function restored({ state, buffers = [] }) {
    for (const { path, data } of buffers) {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const owner = path.slice(0, -1).reduce((part, key) => part[key], state);
      owner[path.at(-1)] = new DataView(bytes.buffer);
    }
    return state;
  }

  const modules = new Map(); // one import for all widgets of a kind
  function load(source) {
    if (!modules.has(source)) {
      const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
      modules.set(source, import(url).finally(() => URL.revokeObjectURL(url)));
    }
    return modules.get(source);
  }

  const styles = new Set();
  function dress(css) {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  const defined = {};
  /** What the script of that name defines. */
  const module = (name) => (defined[name] ||= self.attendWidgets[name](module));

  /** When that script has run; the page's head asks for it, and the scripts come in any order. */
  const arrived = (name) =>
    new Promise((resolve, reject) => {
      if (self.attendWidgets?.[name]) return resolve();
      const script = document.querySelector(`script[data-module="${name}"]`);
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${script.src} did not come`)));
    });

  async function widgetOf({ _module: name, _esm: source }) {
    if (!name) {
      const widget = (await load(source)).default;
      return typeof widget === "function" ? widget() : widget;
    }
    await Promise.all([arrived("common"), arrived(name)]);
    return module(name);
  }

  const models = new Map();

  /** Draws the widget of that id into `el`. */
  async function draw(id, el, definitions) {
    const { signal } = new AbortController();
    dress(definitions[id].state._css);
    const widget = await widgetOf(definitions[id].state);
    if (!models.has(id)) {
      const model = new Model(restored(definitions[id]));
      models.set(id, model);
      await widget.initialize?.({ model, signal });
    }
    await widget.render?.({ model: models.get(id), el, signal });
  }

  async function mount(script, definitions, drawn) {
    const el = document.createElement("div");
    const id = json(script).model_id;
    script.replaceWith(el);
    await drawn(id, el, definitions);
    requestAnimationFrame(() => requestAnimationFrame(() => settle(el.closest(".widget-place"))));
  }

  /** A widget has measured itself and drawn: its place may show it, and hold no height free any more. */
  const settle = (place) => place?.classList.add("mounted");

  /** A widget that could not be mounted leaves its still picture, and the others go on. */
  function giveUp(place, error) {
    console.error(error);
    const picture = place?.querySelector("noscript");
    if (picture) picture.outerHTML = picture.textContent; // where scripts run, its markup is text
    settle(place);
  }

  /** Of some elements the one nearest to the middle of the window: the reader's eyes are there. */
  function nearest(elements) {
    const middle = innerHeight / 2;
    const away = (element) => {
      const { top, bottom } = element.parentElement.getBoundingClientRect();
      return Math.max(top - middle, middle - bottom, 0);
    };
    return elements.reduce((best, element) => (away(element) < away(best) ? element : best));
  }

  const breath = () => new Promise((resolve) => setTimeout(resolve)); // the page may paint and answer

  function fetchScript(src, data = {}) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: new URL(src, here.src).href, onload: resolve, onerror: reject });
      for (const [name, value] of Object.entries(data)) script.setAttribute(name, value);
      document.head.append(script);
    });
  }

  let manager = null; // the full one, fetched once

  async function fullManager(definitions) {
    const at = (path) => new URL(path, here.src).href;
    await fetchScript(here.dataset.require);
    const name = "@jupyter-widgets/html-manager";
    const file = at(`${here.dataset.manager}/dist/`); // beside it lie its fonts
    const paths = { anywidget: at(here.dataset.anywidget), [name]: `${file}index` };
    paths[`${name}/dist/libembed-amd`] = `${file}libembed-amd`;
    window.requirejs.config({ paths });
    document.querySelectorAll(STATE).forEach((state) => state.remove()); // else it would draw all at once, by itself
    await fetchScript(`${here.dataset.manager}/dist/embed-amd.js`, { "data-jupyter-widgets-cdn": here.dataset.cdn });
    const { HTMLManager, requireLoader } = await new Promise((resolve, reject) =>
      window.requirejs([name], resolve, reject),
    );
    const whole = new HTMLManager({ loader: requireLoader });
    await whole.set_state({ version_major: 2, version_minor: 0, state: definitions });
    return whole;
  }

  /** The same as `draw`, for a widget of any kind. */
  async function drawByManager(id, el, definitions) {
    const whole = await (manager ||= fullManager(definitions));
    if (definitions[id].model_module !== "anywidget") el.className = "widget-subarea"; // the theme's name for its panel
    const view = await whole.create_view(await whole.get_model(id));
    await whole.display_view(view, el);
  }

  /** When more of the page has been read. */
  const more = () =>
    new Promise((resolve) => {
      const read = () => [observer.disconnect(), resolve()];
      const observer = new MutationObserver(read);
      observer.observe(document, { childList: true, subtree: true });
      document.addEventListener("readystatechange", read, { once: true });
    });

  const isRead = () => document.readyState !== "loading";
  const isWhole = (script) => isRead() || script.nextSibling; // a script may be read up to its middle

  async function start() {
    while (!document.body) await more();
    const definitions = Object.assign({}, ...[...document.querySelectorAll(STATE)].map((s) => json(s).state));
    const kinds = Object.values(definitions).map((definition) => definition.model_module);
    const drawn = kinds.every((kind) => PLAIN.has(kind)) ? draw : drawByManager;
    for (;;) {
      const waiting = [...document.querySelectorAll(VIEW)].filter(isWhole);
      if (waiting.length) {
        const script = nearest(waiting);
        const place = script.closest(".widget-place");
        await mount(script, definitions, drawn).catch((error) => giveUp(place, error));
        await breath();
      } else if (isRead()) return;
      else await more();
    }
  }

  start();
})();
