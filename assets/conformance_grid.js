// The Coverage page: a family's heading across the grid, Enter for a click, Escape for closing, and the panel in view.
(function () {
  "use strict";

  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

  components.FamilyRow = function FamilyRow({ data }) {
    const part = (className, text) => window.React.createElement("span", { className }, text);
    return window.React.createElement(
      "div",
      { className: "conformance-family" },
      part("conformance-family-name", data.family),
      part("conformance-family-detail", data.detail),
    );
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const cell = event.target.closest(".conformance-grid .ag-cell");
    if (cell && event.key === "Enter") {
      event.preventDefault();
      cell.click();
    }
    const close = document.getElementById("coverage-close");
    if (close && event.key === "Escape" && !event.target.closest("input, [role='listbox']")) close.click();
  });
})();
