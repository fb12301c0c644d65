(function () {
  "use strict";

  const NARROW = 560; // pixels; below, the figure drawn for phones
  const PRINTED = 680;

  function draw(element, width) {
    const figures = JSON.parse(element.nextElementSibling.textContent);
    const figure = width < NARROW ? figures.narrow : figures.wide;
    const height = figure.layout.height || 260;
    element.style.height = `${height}px`;
    const layout = Object.assign({}, figure.layout, { width, height, autosize: false });
    return Plotly.react(element, figure.data, layout, { displayModeBar: false, staticPlot: false });
  }

  const charts = [...document.querySelectorAll(".chart")];

  function drawAll(width) {
    for (const element of charts) draw(element, width || Math.floor(element.clientWidth));
  }

  let frame = 0;
  let before = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === before) return;
    before = window.innerWidth;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => drawAll());
  });
  window.addEventListener("beforeprint", () => drawAll(PRINTED));
  window.addEventListener("afterprint", () => drawAll());
  document.getElementById("needs-script").remove();
  drawAll();
})();
