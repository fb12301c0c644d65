// A session that has ended while a page was open: the visitor signs in again, and comes back to the same page.
(function () {
  "use strict";

  const UNAUTHORIZED = 401;
  const ask = window.fetch;
  let isLeaving = false;

  window.fetch = async function (...request) {
    const answer = await ask.apply(this, request);
    const isOwn = new URL(answer.url, window.location.href).origin === window.location.origin;
    if (answer.status === UNAUTHORIZED && isOwn && !isLeaving) {
      isLeaving = true;
      const here = window.location.pathname + window.location.search;
      window.location.assign(`/login?next=${encodeURIComponent(here)}`);
    }
    return answer;
  };
})();
