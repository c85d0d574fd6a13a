// Tells require.js where anywidget and the widget manager are: beside this file, or at the address given.
(function () {
  const here = document.currentScript;
  const at = (path) => new URL(path, here.src).href;
  window.requirejs.config({
    paths: {
      anywidget: at(here.dataset.anywidget),
      "@jupyter-widgets/html-manager": at(here.dataset.manager), // where it looks for its fonts
    },
  });
})();
