"use strict";

// The windows, over a stand-in of Electron; the server is one too, except in the last test.

const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { test } = require("node:test");

const { runShell } = require("../shell.js");
const serving = require("../server.js");
const { anotherHome, becomes, isAlive, serverIn } = require("./place.js");
const { standIn } = require("./stand_in.js");

const ADDRESS = "http://127.0.0.1:4321";
const PAGE = "app://desktop/";

/** A running shell whose server ends when told to: server.end("words"). */
async function shown(overrides = {}) {
  const stand = standIn();
  const server = { address: ADDRESS, secret: "mdk_secret", stops: 0, log: () => "last <words>", ...overrides };
  server.exited = new Promise((resolve) => (server.end = resolve));
  server.stop = async () => (server.stops += 1);
  const signIns = [];
  const signIn = async (...given) => {
    signIns.push(given);
    return [
      { name: "modeldyno_session_4321", value: "a", httpOnly: true },
      { name: "modeldyno_csrf_4321", value: "b", httpOnly: false },
    ];
  };
  await runShell(stand.electron, {}, { startServer: async () => server, signIn });
  return { ...stand, server, signIns };
}

test("the dashboard and the own page are shown, signed in, and reach nothing of Node", async () => {
  const { seen, windows, signIns } = await shown();
  assert.deepEqual(windows.map((window) => window.shown), [[ADDRESS], [PAGE]]);
  for (const { options } of windows) {
    const { contextIsolation, sandbox, nodeIntegration, webSecurity, webviewTag, devTools } = options.webPreferences;
    assert.deepEqual([contextIsolation, sandbox, webSecurity], [true, true, true]);
    assert.deepEqual([nodeIntegration, webviewTag, devTools], [false, false, false]);
  }
  assert.equal(windows[0].options.webPreferences.preload, undefined, "the dashboard gets nothing of this program");
  assert.equal(path.basename(windows[1].options.webPreferences.preload), "preload.js");
  assert.equal(seen.isSandboxed, true);
  assert.ok(!seen.partition.startsWith("persist:"), "cookies stay in memory");
  assert.deepEqual(signIns, [[ADDRESS, "mdk_secret"]]);
  assert.deepEqual(seen.cookies.map((cookie) => [cookie.url, cookie.httpOnly, cookie.sameSite]), [
    [ADDRESS, true, "strict"],
    [ADDRESS, false, "strict"],
  ]);
});

test("no window leads anywhere else", async () => {
  const [dashboard, page] = (await shown()).windows;
  for (const by of ["will-navigate", "will-redirect", "will-frame-navigate"]) {
    assert.ok(dashboard.goes(`${ADDRESS}/reports`, by) && page.goes(PAGE, by));
    for (const elsewhere of ["https://evil.example/", "http://127.0.0.1:4322/", `${ADDRESS}1/`, "file:///etc/passwd", "javascript:1", ""]) {
      assert.ok(!dashboard.goes(elsewhere, by) && !page.goes(elsewhere, by), elsewhere);
    }
    assert.ok(!dashboard.goes(PAGE, by) && !page.goes(ADDRESS, by));
  }
  assert.ok(!dashboard.goes("", "will-attach-webview"));
  assert.equal(page.openAnother({ url: PAGE }).action, "deny");
  assert.equal(dashboard.openAnother({ url: "https://evil.example" }).action, "deny");
  const report = dashboard.openAnother({ url: `${ADDRESS}/api/benchmark/reports/1` });
  assert.equal(report.overrideBrowserWindowOptions.webPreferences.sandbox, true);
});

test("pages get no permission but to reach this machine, and the dashboard to copy", async () => {
  const { seen } = await shown();
  const granted = (permission, url) => {
    let answer;
    seen.asksFor(null, permission, (given) => (answer = given), { requestingUrl: url });
    assert.equal(seen.checks(null, permission, url), answer);
    return answer;
  };
  assert.ok(granted("loopback-network", PAGE) && granted("clipboard-sanitized-write", ADDRESS));
  for (const permission of ["media", "geolocation", "openExternal", "clipboard-read"]) {
    assert.ok(!granted(permission, PAGE) && !granted(permission, ADDRESS), permission);
  }
  assert.ok(!granted("loopback-network", "https://evil.example"));
});

test("the key is for the main frame of the own page", async () => {
  const { seen } = await shown();
  const asked = (frame) => seen.ipc.answer({ senderFrame: frame });
  assert.deepEqual(asked({ url: PAGE, parent: null }), { address: ADDRESS, secret: "mdk_secret" });
  for (const frame of [null, { url: `${ADDRESS}/`, parent: null }, { url: PAGE, parent: {} }, { url: "app://other/" }]) {
    assert.throws(() => asked(frame), /no connection/);
  }
});

test("the preload gives the page one function", async () => {
  const exposed = {};
  const asked = [];
  const electron = {
    contextBridge: { exposeInMainWorld: (name, api) => (exposed[name] = api) },
    ipcRenderer: { invoke: async (...given) => asked.push(given) },
  };
  const file = path.resolve(__dirname, "../preload.js");
  const preload = new Module(file);
  preload.require = (name) => (assert.equal(name, "electron"), electron);
  preload._compile(readFileSync(file, "utf8"), file);
  assert.deepEqual(Object.keys(exposed.modeldyno), ["connection"]);
  await exposed.modeldyno.connection("anything");
  assert.deepEqual(asked, [["modeldyno:connection"]]);
});

test("the own page is three files under a policy that lets it reach this server alone", async () => {
  const { seen } = await shown();
  const page = await seen.answer(PAGE);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /Generate skillsets/);
  const policy = page.headers.get("Content-Security-Policy");
  assert.match(policy, /^default-src 'none'; script-src 'self';.*connect-src http:\/\/127\.0\.0\.1:4321 ws:\/\/127\.0\.0\.1:4321;/);
  assert.ok(!policy.includes("unsafe"));
  for (const name of ["renderer.js", "style.css"]) assert.equal((await seen.answer(PAGE + name)).status, 200);
  for (const name of ["main.js", "../main.js", "..%2fmain.js", "constructor", "ended"]) {
    assert.equal((await seen.answer(PAGE + name)).status, 404, name);
  }
  assert.equal((await seen.answer("app://other/")).status, 404);
  assert.equal((await seen.answer(PAGE, "POST")).status, 404);
});

test("when the server ends by itself every window says so, and nothing is started again", async () => {
  const { seen, server, windows } = await shown();
  server.end("The server was ended by SIGKILL.");
  assert.ok(await becomes(() => windows.every((window) => window.shown.at(-1) === "app://desktop/ended"), 1));
  const said = await (await seen.answer("app://desktop/ended")).text();
  assert.match(said, /ended by SIGKILL[^]*last &lt;words&gt;/);
  assert.equal(windows.length, 2);
});

test("a server that cannot start is told of in a window", async () => {
  const { electron, seen, windows } = standIn();
  const startServer = async () => Promise.reject(new Error("Database in use: by <another> process"));
  await runShell(electron, {}, { startServer, signIn: assert.fail });
  assert.deepEqual(windows.map((window) => window.shown), [["app://desktop/ended"]]);
  assert.match(await (await seen.answer("app://desktop/ended")).text(), /could not start[^]*&lt;another&gt;/);
});

test("a second start of the program leaves the first alone", async () => {
  const { electron, seen, windows } = standIn();
  electron.app.requestSingleInstanceLock = () => false;
  await runShell(electron, {}, { startServer: assert.fail, signIn: assert.fail });
  assert.deepEqual([windows.length, seen.quits], [0, 1]);
});

test("a session that ended is opened anew, once, and not for who signed out", async (t) => {
  const { signIns, windows } = await shown();
  const dashboard = windows[0];
  const arrive = (place) => dashboard.webContents.emit("did-navigate", {}, ADDRESS + place);
  arrive("/login?next=%2Freports");
  assert.equal(signIns.length, 1, "signed in a moment ago: it would go round in circles");
  t.mock.timers.enable({ apis: ["Date"], now: Date.now() + 60_000 });
  arrive("/login");
  arrive("/login?next=%2F%2Fevil.example%2F");
  arrive("/reports?next=%2F");
  assert.equal(signIns.length, 1);
  arrive("/login?next=%2Freports");
  t.mock.timers.reset();
  assert.ok(await becomes(() => dashboard.shown.at(-1) === `${ADDRESS}/reports`, 1));
  assert.equal(signIns.length, 2);
});

test("the program leaves after its server, and only then", async (t) => {
  const { electron, seen, windows } = standIn();
  let server;
  const startServer = async (options) => (server = await serving.startServer(options));
  await runShell(electron, serverIn(anotherHome(t)), { startServer, signIn: serving.signIn });
  assert.equal(windows[0].shown[0], server.address);
  const cookie = seen.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  assert.equal((await fetch(server.address, { headers: { Cookie: cookie }, redirect: "manual" })).status, 200);
  electron.app.emit("window-all-closed");
  assert.equal(seen.quits, 0);
  assert.ok(await becomes(() => seen.quits === 1, 30));
  assert.equal(isAlive(server.pid), false);
  assert.ok(!windows.some((window) => window.shown.includes("app://desktop/ended")), "nobody is told of what was wished");
});
