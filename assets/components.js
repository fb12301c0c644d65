// What needs no server: switching a chart to its table, unfolding a sheet, copying, downloading a chart.
(function () {
  "use strict";

  function tokenPairs() {
    // Each colour of the dark theme with its light counterpart, read from the style sheets themselves.
    const dark = {};
    const light = {};
    for (const sheet of document.styleSheets) {
      let rules;
      try {
        rules = sheet.cssRules;
      } catch (error) {
        continue; // a sheet of another origin cannot hold our tokens
      }
      for (const rule of rules) {
        const target = rule.selectorText === ":root" ? light : rule.selectorText === '[data-bs-theme="dark"]' ? dark : null;
        if (!target) continue;
        for (const name of rule.style) {
          const value = rule.style.getPropertyValue(name).trim().toLowerCase();
          if (name.startsWith("--") && /^#[0-9a-f]{6}$/.test(value)) target[name] = value;
        }
      }
    }
    return Object.keys(dark)
      .filter((name) => light[name])
      .map((name) => [dark[name], light[name]]);
  }

  function channels(color) {
    return [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).join(",");
  }

  function inLight(value, replacements) {
    if (typeof value === "string") {
      const plain = value.toLowerCase();
      if (replacements.has(plain)) return replacements.get(plain);
      const parts = /^rgba\((\d+), ?(\d+), ?(\d+), ?([\d.]+)\)$/.exec(plain);
      const found = parts && replacements.get(parts.slice(1, 4).join(","));
      return found ? `rgba(${found},${parts[4]})` : value;
    }
    if (Array.isArray(value)) return value.map((item) => inLight(item, replacements));
    if (value && typeof value === "object" && !ArrayBuffer.isView(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inLight(item, replacements)]));
    }
    return value;
  }

  async function downloadPicture(card, name) {
    const graph = card.querySelector(".js-plotly-plot");
    if (!graph || !window.Plotly) return;
    const replacements = new Map();
    if (document.documentElement.dataset.bsTheme === "dark") {
      for (const [dark, light] of tokenPairs()) {
        replacements.set(dark, light);
        replacements.set(channels(dark), channels(light));
      }
    }
    const text = (selector) => (card.querySelector(selector) || { innerText: "" }).innerText;
    const width = graph.clientWidth || graph._fullLayout.width; // none while its table is shown instead
    const height = graph.clientHeight || graph._fullLayout.height;
    const data = inLight(JSON.parse(JSON.stringify(graph.data)), replacements);
    const layout = inLight(JSON.parse(JSON.stringify(graph.layout)), replacements);
    const above = 52;
    const below = 28;
    const margin = layout.margin || {};
    layout.width = width;
    layout.height = height + above + below;
    layout.autosize = false;
    layout.paper_bgcolor = "#ffffff";
    layout.margin = { ...margin, t: (margin.t || 0) + above, b: (margin.b || 0) + below };
    const note = (value, size, weight, y, yanchor, shift) => ({
      text: weight ? `<b>${escapeText(value)}</b>` : escapeText(value),
      x: 0, xref: "paper", xanchor: "left", xshift: 8 - (margin.l || 0),
      y, yref: "paper", yanchor, yshift: shift, showarrow: false, align: "left",
      font: { size, color: weight ? "#14181f" : "#5f6977" },
    });
    layout.annotations = [
      ...(layout.annotations || []),
      note(text(".card-title"), 14, true, 1, "bottom", (margin.t || 0) + 26),
      note(text(".card-subtitle"), 12, false, 1, "bottom", (margin.t || 0) + 8),
      note(text(".card-footnote"), 11, false, 0, "top", -(margin.b || 0) - 6),
    ];
    const address = await window.Plotly.toImage({ data, layout }, { format: "png", width, height: layout.height, scale: 2 });
    save(address, `${name}.png`);
  }

  function escapeText(value) {
    return value.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  }

  function downloadData(card, name) {
    const rows = [...card.querySelectorAll(".chart-card-table tr")].map((row) =>
      [...row.children].map((cell) => `"${cell.textContent.replace(/"/g, '""')}"`).join(","),
    );
    const head = [".card-title", ".card-subtitle", ".card-footnote"]
      .map((selector) => (card.querySelector(selector) || {}).textContent)
      .filter(Boolean)
      .concat(`From ${window.location.href} at ${new Date().toISOString()}`)
      .map((line) => `# ${line}`);
    const blob = new Blob([head.concat(rows).join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
    const address = URL.createObjectURL(blob);
    save(address, `${name}.csv`);
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  function save(address, name) {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
  }

  async function copy(button, text) {
    const label = button.querySelector("span:last-child");
    const before = label.textContent;
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch (error) {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      if (!document.execCommand("copy")) said = "Press Ctrl+C in the box";
      area.remove();
    }
    label.textContent = said;
    setTimeout(() => (label.textContent = before), 1500);
  }

  // Figures have a narrow variant: a tab's store knows whether it is wanted and hears when that changes.
  const narrow = window.matchMedia("(max-width: 700px)");
  narrow.addEventListener("change", () => {
    if (document.getElementById("page-width-known")) {
      window.dash_clientside.set_props("page-is-narrow", { data: narrow.matches });
    }
  });
  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    page_width: { is_narrow: () => narrow.matches },
  });

  document.addEventListener("click", (event) => {
    const target = event.target.closest("[data-chart-action], [data-toggle-parent], [data-copy], [data-copy-address]");
    if (!target) return;
    if (target.dataset.copyAddress !== undefined) return void copy(target, window.location.href);
    if (target.dataset.copy !== undefined) return void copy(target, target.dataset.copy);
    if (target.dataset.toggleParent) {
      const open = target.parentElement.classList.toggle(target.dataset.toggleParent);
      target.setAttribute("aria-expanded", String(open));
      return;
    }
    const card = target.closest(".chart-card");
    const name = target.closest("[data-chart-name]").dataset.chartName;
    if (target.dataset.chartAction === "png") return void downloadPicture(card, name);
    if (target.dataset.chartAction === "csv") return downloadData(card, name);
    const isTable = card.classList.toggle("is-table");
    target.setAttribute("aria-pressed", String(isTable));
    if (!isTable) window.dispatchEvent(new Event("resize"));
  });
})();
