// Ctrl+Enter (or Cmd+Enter) in the SQL editor presses Run.
(function () {
  "use strict";

  document.addEventListener("keydown", (event) => {
    const inEditor = event.target.id === "sql-editor";
    if (!inEditor || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    const run = document.getElementById("sql-run");
    if (run && !run.disabled) run.click();
  });
})();
