// Tells require.js where anywidget is: beside this file in _static, or at the full address given.
(function () {
  const here = document.currentScript;
  const path = new URL(here.dataset.anywidget, here.src).href;
  window.requirejs.config({ paths: { anywidget: path } });
})();
