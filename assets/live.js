// Follows every active run through its WebSocket and hands the newest status of each to the store "live".
(function () {
  "use strict";

  const PUBLISH_MILLISECONDS = 250; // changes that come faster are shown together
  const RETRY_MILLISECONDS = [1000, 2000, 5000, 15000];
  const TRY_AGAIN_LATER = 1013; // closing code: every place is taken, one may come free
  const NOT_ALLOWED = 1008; // closing code: the key or session is not good any more
  const FINAL = new Set(["completed", "failed", "cancelled", "interrupted"]);

  const sockets = new Map(); // run id -> open or opening socket
  const failures = new Map(); // run id -> attempts that failed in a row
  const refused = new Set(); // run ids whose open socket was answered with an error
  let wanted = new Set();
  let newest = {};
  let timer = null;

  function publish() {
    timer = null;
    window.dash_clientside.set_props("live", { data: { ...newest } });
    newest = Object.fromEntries(Object.entries(newest).filter(([, status]) => !FINAL.has(status.status)));
  }

  function receive(run, socket, text) {
    const message = JSON.parse(text);
    if (message.error && !message.run_id) {
      refused.add(run); // the closing code says whether asking again would help
      return;
    }
    if (!message.run_id) return;
    failures.delete(run);
    newest[run] = message;
    if (timer === null) timer = setTimeout(publish, PUBLISH_MILLISECONDS);
    if (FINAL.has(message.status)) {
      wanted.delete(run);
      socket.close(1000);
    }
  }

  function open(run) {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${window.location.host}/api/benchmark/ws/${encodeURIComponent(run)}`);
    sockets.set(run, socket);
    socket.onmessage = (event) => receive(run, socket, event.data);
    socket.onclose = (event) => {
      sockets.delete(run);
      if (event.code === NOT_ALLOWED) wanted.delete(run);
      if (refused.delete(run) && event.code !== TRY_AGAIN_LATER) wanted.delete(run);
      if (!wanted.has(run)) return;
      const attempt = failures.get(run) || 0;
      failures.set(run, attempt + 1);
      const pause = RETRY_MILLISECONDS[Math.min(attempt, RETRY_MILLISECONDS.length - 1)];
      setTimeout(() => wanted.has(run) && !sockets.has(run) && open(run), pause);
    };
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    live: {
      watch(runs) {
        // A run that has left the list tells its final status first; its socket closes itself then.
        for (const run of runs || []) {
          wanted.add(run);
          if (!sockets.has(run)) open(run);
        }
        return window.dash_clientside.no_update;
      },
    },
  });
})();
