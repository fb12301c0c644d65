// Whoever works with the keyboard stays where they were: when the control that has the focus is replaced by others,
// as "Cancel run" is at the end of a run, the first one in the same place gets it. Marked by data-keeps-focus.
(function () {
  "use strict";

  const CONTROLS = "a[href], button:not([disabled]), input:not([disabled])";
  let left = null; // the place of the control that had the focus last

  document.addEventListener("focusin", (event) => {
    left = event.target.closest("[data-keeps-focus]");
  });
  // A click beside every control takes the focus away on purpose.
  document.addEventListener("pointerdown", () => {
    left = null;
  });

  new MutationObserver(() => {
    if (!left || !left.isConnected || document.activeElement !== document.body) return;
    left.querySelector(CONTROLS)?.focus();
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
