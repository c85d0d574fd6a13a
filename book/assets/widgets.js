// Brings a page's widgets to life from the state stored in it, with no kernel behind them.
//
// The book's own widgets are anywidgets: a module that draws a model into an element. This file is all they need;
// their modules stand on `attendWidgets`, put there by scripts that all pages share (tools/widget_files.py).
// A page that holds any other kind of ipywidget gets the full widget manager (require.js, html-manager) instead.
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

  async function mount(script, models, definitions) {
    const id = json(script).model_id;
    const { signal } = new AbortController();
    const state = definitions[id].state;
    dress(state._css);
    let widget = state._module ? self.attendWidgets[state._module] : (await load(state._esm)).default;
    if (typeof widget === "function") widget = await widget();
    if (!models.has(id)) {
      const model = new Model(restored(definitions[id]));
      models.set(id, model);
      await widget.initialize?.({ model, signal });
    }
    const el = document.createElement("div");
    script.replaceWith(el);
    await widget.render?.({ model: models.get(id), el, signal });
    requestAnimationFrame(() => requestAnimationFrame(() => settle(el)));
  }

  /** A widget has measured itself and drawn: its place may show it, and hold no height free any more. */
  const settle = (el) => el.closest(".widget-place")?.classList.add("mounted");

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

  async function fullManager() {
    const at = (path) => new URL(path, here.src).href;
    await fetchScript(here.dataset.require);
    window.requirejs.config({
      paths: {
        anywidget: at(here.dataset.anywidget),
        "@jupyter-widgets/html-manager": at(here.dataset.manager), // where it looks for its fonts
      },
    });
    await fetchScript(`${here.dataset.manager}/dist/embed-amd.js`, {
      "data-jupyter-widgets-cdn": here.dataset.cdn,
    });
    if (document.readyState === "complete") window.dispatchEvent(new Event("load")); // it waits for one
  }

  async function start() {
    const definitions = Object.assign({}, ...[...document.querySelectorAll(STATE)].map((s) => json(s).state));
    const kinds = Object.values(definitions).map((definition) => definition.model_module);
    if (!kinds.every((kind) => PLAIN.has(kind))) return fullManager();
    const models = new Map();
    const waiting = new Set(document.querySelectorAll(VIEW));
    while (waiting.size) {
      const script = nearest([...waiting]);
      waiting.delete(script);
      await mount(script, models, definitions);
      await breath();
    }
  }

  start();
})();
