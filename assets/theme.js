// Light or dark. Loaded in the head, before anything is painted: the system's preference until a person chooses.
(function () {
  "use strict";

  const KEY = "modeldyno-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;

  function chosen() {
    try {
      const theme = window.localStorage.getItem(KEY);
      return theme === "light" || theme === "dark" ? theme : null;
    } catch (error) {
      return null; // storage is switched off: the system decides
    }
  }

  function remember(theme) {
    try {
      window.localStorage.setItem(KEY, theme);
    } catch (error) {
      console.info("The theme cannot be remembered in this browser.");
    }
  }

  function show(theme) {
    root.dataset.bsTheme = theme;
    root.dataset.agThemeMode = theme;
    return theme;
  }

  function follow() {
    const theme = chosen() || (system.matches ? "dark" : "light");
    if (theme === root.dataset.bsTheme) return;
    show(theme);
    const dash = window.dash_clientside;
    if (dash && dash.set_props) dash.set_props("theme", { data: theme });
  }

  follow();
  system.addEventListener("change", follow);
  window.addEventListener("storage", (event) => event.key === KEY && follow());

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    theme: {
      toggle(clicks) {
        if (clicks) remember(show(root.dataset.bsTheme === "dark" ? "light" : "dark"));
        return root.dataset.bsTheme;
      },
    },
  });
})();
