// A table whose page decides which columns show, and whose browser remembers their order and width.
(() => {
  "use strict";

  // The grid tells its columns' state whenever they change and once when it starts, which may be after the page has
  // hidden some; it would then bring back what was remembered.
  const hiddenAsDefined = (columns, state) => {
    const { no_update } = window.dash_clientside;
    if (!columns || !state || !state.length) return no_update;
    const hides = new Map(columns.map((column) => [column.field, Boolean(column.hide)]));
    const differs = (column) => hides.has(column.colId) && hides.get(column.colId) !== Boolean(column.hide);
    if (!state.some(differs)) return no_update;
    return state.map((column) => (differs(column) ? { ...column, hide: hides.get(column.colId) } : column));
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    data_grid: { hidden_as_defined: hiddenAsDefined },
  });
})();
