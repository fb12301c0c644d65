// Dash builds the children of a component anew at each update: animations start over, selections and focus go. An
// element with data-steady-of="ID" shows what the hidden component ID holds, changing only the nodes that differ.
(function () {
  "use strict";

  const watched = new WeakMap(); // source element -> the element that shows it

  function isSame(before, after) {
    return before.nodeType === after.nodeType && before.nodeName === after.nodeName;
  }

  function copyAttributes(before, after) {
    for (const { name } of [...before.attributes]) if (!after.hasAttribute(name)) before.removeAttribute(name);
    for (const { name, value } of after.attributes) {
      if (before.getAttribute(name) !== value) before.setAttribute(name, value);
    }
  }

  function follow(shown, source) {
    const children = [...source.childNodes];
    children.forEach((after, index) => {
      const before = shown.childNodes[index];
      if (!before) return void shown.append(after.cloneNode(true));
      if (!isSame(before, after)) return void before.replaceWith(after.cloneNode(true));
      if (after.nodeType !== Node.ELEMENT_NODE) {
        if (before.nodeValue !== after.nodeValue) before.nodeValue = after.nodeValue;
        return;
      }
      copyAttributes(before, after);
      follow(before, after);
    });
    while (shown.childNodes.length > children.length) shown.lastChild.remove();
  }

  function connect(shown) {
    const source = document.getElementById(shown.dataset.steadyOf);
    if (!source || watched.get(source) === shown) return;
    watched.set(source, shown);
    const changes = { childList: true, subtree: true, characterData: true, attributes: true };
    new MutationObserver(() => follow(shown, source)).observe(source, changes);
    follow(shown, source);
  }

  function connectAll() {
    for (const shown of document.querySelectorAll("[data-steady-of]")) connect(shown);
  }

  new MutationObserver(connectAll).observe(document.documentElement, { childList: true, subtree: true });
})();
