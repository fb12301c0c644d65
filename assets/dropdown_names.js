// Dash's dropdowns begin with an input that takes the keyboard focus and hands it to the button; only the button carries
// the label. Whoever lands on the input hears the same name.
(function () {
  "use strict";

  function name(target) {
    const button = target.parentElement.querySelector("button.dash-dropdown");
    const label = button && button.labels && button.labels[0];
    const words = label ? label.textContent.trim() : button && button.getAttribute("aria-label");
    if (words) target.setAttribute("aria-label", words);
  }

  function nameAll() {
    for (const target of document.querySelectorAll(".dash-dropdown-focus-target:not([aria-label])")) name(target);
  }

  new MutationObserver(nameAll).observe(document.documentElement, { childList: true, subtree: true });
})();
