// Starts a deck: reveal.js without its scaling, so that widgets keep their own pixels.
(function () {
  "use strict";
  const inWidget = (target) => target instanceof Element && target.closest("[data-widget]");

  Reveal.initialize({
    plugins: [RevealNotes],
    disableLayout: true, // deck.css sets the size of the type by the size of the screen
    scrollActivationWidth: null,
    hash: true,
    slideNumber: "c/t",
    transition: "none",
    keyboardCondition: (event) => !inWidget(event.target), // its arrow keys are its own
  });

  // Escape leaves a widget and hands the keys back to the deck.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && inWidget(event.target)) event.target.blur();
  });

  // What is taller than the screen scrolls; a keyboard must be able to reach it.
  const scrollable = ({ currentSlide }) => {
    if (currentSlide && currentSlide.scrollHeight > currentSlide.clientHeight) currentSlide.tabIndex = 0;
  };
  Reveal.on("ready", scrollable);
  Reveal.on("slidechanged", scrollable);
})();
