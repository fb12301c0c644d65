// Tells a navigation (link, back, forward, first address) from a tab's own change of its query string.
(function () {
  "use strict";

  const FURTHER_PAGES = {
    "/coverage": { tab: "/", title: "Coverage" },
    "/trust": { tab: "/", title: "Trust" },
  };
  let isMove = true; // the first address counts
  let shownPath = null;
  let count = 0;

  for (const event of ["popstate", "_dashprivate_pushstate"]) {
    window.addEventListener(event, () => {
      isMove = true;
    });
  }

  function markCurrent(address) {
    const path = address.replace(/\/+$/, "") || "/";
    const further = FURTHER_PAGES[path];
    let title = null;
    for (const link of document.querySelectorAll(".tab-link")) {
      if (link.pathname === (further ? further.tab : path)) {
        link.setAttribute("aria-current", further ? "true" : "page");
        title = further ? further.title : link.title;
      } else {
        link.removeAttribute("aria-current");
      }
    }
    document.title = `${title || "Not found"} · ModelDyno`;
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    navigation: {
      follow() {
        const { pathname, search } = window.location;
        if (!isMove && pathname === shownPath) return window.dash_clientside.no_update;
        isMove = false;
        const isOther = shownPath !== null && pathname !== shownPath;
        shownPath = pathname;
        count += 1;
        markCurrent(pathname);
        if (isOther) {
          window.scrollTo(0, 0);
          // A keyboard or screen reader goes on from the top of the new tab.
          document.getElementById("page").focus({ preventScroll: true });
        }
        return { path: pathname, search, count };
      },
    },
  });

  document.addEventListener("click", (event) => {
    const skip = event.target.closest(".skip-link");
    if (!skip) return;
    event.preventDefault(); // a change of the hash would count as a navigation
    document.getElementById("page").focus();
  });
})();
