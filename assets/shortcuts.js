// Keyboard shortcuts, the help dialog and the arrow keys of the search box.
(function () {
  "use strict";

  const TABS = { o: "/", c: "/comparison", l: "/live-runs", r: "/reports", p: "/predict" };
  const CHORD_MILLISECONDS = 1200;
  let goPressedAt = -Infinity;

  const element = (id) => document.getElementById(id);
  const hits = () => [...document.querySelectorAll("#search-results .search-hit")];

  function isTyping(target) {
    return target.closest("input, textarea, select, [contenteditable='true'], .ag-root, [role='listbox']") !== null;
  }

  function openHelp() {
    const dialog = element("help-dialog");
    if (!dialog.open) dialog.showModal();
  }

  function clearSearch() {
    const input = element("search");
    window.dash_clientside.set_props("search", { value: "" });
    window.dash_clientside.set_props("search-results", { children: null });
    input.blur();
  }

  function goTo(path) {
    const link = [...document.querySelectorAll(".tab-link")].find((tab) => tab.pathname === path);
    if (link) link.click();
  }

  function searchKey(event) {
    const list = hits();
    const at = list.indexOf(document.activeElement);
    if (event.key === "Escape") {
      event.preventDefault();
      clearSearch();
      if (at >= 0) document.activeElement.blur();
    } else if (event.key === "ArrowDown" && list.length) {
      event.preventDefault();
      list[Math.min(at + 1, list.length - 1)].focus();
    } else if (event.key === "ArrowUp" && at >= 0) {
      event.preventDefault();
      (at === 0 ? element("search") : list[at - 1]).focus();
    } else if (event.key === "Enter" && at < 0 && list.length) {
      event.preventDefault();
      list[0].click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(".search")) return searchKey(event);
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (!element("search")) return; // nothing is drawn yet
    const isChord = event.timeStamp - goPressedAt < CHORD_MILLISECONDS;
    goPressedAt = -Infinity;
    if (isChord && TABS[event.key]) {
      event.preventDefault();
      goTo(TABS[event.key]);
    } else if (event.key === "g") {
      goPressedAt = event.timeStamp;
    } else if (event.key === "/") {
      event.preventDefault();
      element("search").focus();
      element("search").select();
    } else if (event.key === "?") {
      event.preventDefault();
      openHelp();
    } else if (event.key === "t") {
      element("theme-button").click();
    }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("#help-button")) openHelp();
    if (event.target.closest("[data-close-dialog]") || event.target.matches("dialog[open]")) {
      event.target.closest("dialog").close();
    }
    if (event.target.closest(".search-hit")) clearSearch();
  });
})();
