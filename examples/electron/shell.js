"use strict";

// The windows: what they show, where they may go, and what becomes of them when the server ends.
// `electron` is an argument, so that the tests can pass a stand-in.

const { readFile } = require("node:fs/promises");
const path = require("node:path");

const serving = require("./server.js");

const ORIGIN = "app://desktop";
const CONNECTION = "modeldyno:connection";
const SIGN_IN_AGAIN_MS = 10_000;
// Chromium asks before a page may reach this machine's servers; the name has changed with its versions.
const REACHING_THIS_MACHINE = ["local-network-access", "local-network", "loopback-network"];
// All that the own page is made of: a closed list, so that no path leads anywhere else.
const FILES = {
  "/": ["index.html", "text/html"],
  "/renderer.js": ["renderer.js", "text/javascript"],
  "/style.css": ["style.css", "text/css"],
};

/** Run the program. Resolves once the windows are open, or the reason why there is no server is shown. */
async function runShell(electron, options, { startServer, signIn } = serving) {
  const { app, protocol } = electron;
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.enableSandbox();
  const privileges = { standard: true, secure: true, supportFetchAPI: true };
  protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges }]);
  const shell = new Shell(electron, signIn);
  const starting = app.whenReady().then(() => startServer({ ...options, origin: ORIGIN, signal: shell.givenUp.signal }));
  app.on("window-all-closed", () => app.quit());
  app.on("second-instance", () => shell.windows[0]?.focus());
  app.on("before-quit", (event) => shell.quit(event, starting));
  await app.whenReady();
  shell.prepareSession();
  try {
    await shell.show(await starting);
  } catch (error) {
    if (!shell.isQuitting) shell.tell("ModelDyno could not start", error.message);
  }
}

class Shell {
  constructor(electron, signIn) {
    this.electron = electron;
    this.signIn = signIn;
    this.windows = [];
    this.server = null;
    this.isQuitting = false;
    this.mayLeave = false;
    this.ending = null; // what app://desktop/ended says
    this.signedInAt = 0;
    this.givenUp = new AbortController();
  }

  /** In memory, and of these windows alone: nothing of it is on disk, and no other session has its cookies. */
  prepareSession() {
    this.session = this.electron.session.fromPartition("modeldyno");
    this.session.protocol.handle("app", (request) => this.answer(request));
    this.session.setPermissionRequestHandler((contents, permission, decide, details) =>
      decide(this.mayUse(permission, details.requestingUrl)),
    );
    this.session.setPermissionCheckHandler((contents, permission, origin) => this.mayUse(permission, origin));
    this.electron.ipcMain.handle(CONNECTION, (event) => this.connectionFor(event.senderFrame));
  }

  mayUse(permission, url) {
    const from = originOf(url);
    if (permission === "clipboard-sanitized-write") return from === this.server?.address;
    return REACHING_THIS_MACHINE.includes(permission) && from === ORIGIN;
  }

  /** Address and key, for the own page's main frame and no other. */
  connectionFor(frame) {
    if (!frame || frame.parent || originOf(frame.url) !== ORIGIN || !this.server) {
      throw new Error("There is no connection for this page.");
    }
    return { address: this.server.address, secret: this.server.secret };
  }

  async show(server) {
    this.server = server;
    server.exited.then((words) => this.serverEnded(words));
    await this.keepSignedIn();
    const dashboard = this.open(server.address, { width: 1440, height: 900 });
    dashboard.webContents.on("did-navigate", (event, url) => this.afterNavigation(dashboard, url));
    await dashboard.loadURL(server.address);
    const preload = path.join(__dirname, "preload.js");
    await this.open(ORIGIN, { width: 560, height: 620, webPreferences: { preload } }).loadURL(`${ORIGIN}/`);
  }

  /** A window that stays at one origin and reaches nothing of Node. */
  open(home, { webPreferences, ...looks }) {
    const window = new this.electron.BrowserWindow({
      ...looks,
      webPreferences: { ...this.preferences(), ...webPreferences },
    });
    this.confine(window.webContents, home);
    this.windows.push(window);
    window.on("closed", () => this.windows.splice(this.windows.indexOf(window), 1));
    return window;
  }

  preferences() {
    return {
      session: this.session,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      navigateOnDragDrop: false,
      devTools: !this.electron.app.isPackaged,
    };
  }

  /** Navigation leads nowhere else; the dashboard may open its own reports in windows that are as confined. */
  confine(contents, home) {
    const stayHome = (event, url) => {
      if (originOf(event.url ?? url) !== home) event.preventDefault();
    };
    for (const leaving of ["will-navigate", "will-redirect", "will-frame-navigate"]) contents.on(leaving, stayHome);
    contents.on("will-attach-webview", (event) => event.preventDefault());
    contents.on("did-create-window", (window) => this.confine(window.webContents, home));
    contents.setWindowOpenHandler(({ url }) => {
      if (home === ORIGIN || originOf(url) !== home) return { action: "deny" };
      return { action: "allow", overrideBrowserWindowOptions: { webPreferences: this.preferences() } };
    });
  }

  async keepSignedIn() {
    this.signedInAt = Date.now();
    for (const { name, value, httpOnly } of await this.signIn(this.server.address, this.server.secret)) {
      const url = this.server.address;
      await this.session.cookies.set({ url, name, value, httpOnly, path: "/", sameSite: "strict" });
    }
  }

  /** Sessions of the dashboard end after hours; its window signs in again. Who signed out has no `next`, and stays. */
  async afterNavigation(window, url) {
    const wanted = new URL(url);
    const next = wanted.searchParams.get("next");
    if (wanted.pathname !== "/login" || next === null || Date.now() - this.signedInAt < SIGN_IN_AGAIN_MS) return;
    const target = new URL(next, this.server.address);
    if (target.origin !== this.server.address) return;
    try {
      await this.keepSignedIn();
      await window.loadURL(target.href);
    } catch (error) {
      if (!this.isQuitting) this.tell("The window could not sign in again", error.message);
    }
  }

  /** Nothing is started again by itself: what was under way is over, and whoever looks should know. */
  serverEnded(words) {
    if (!this.isQuitting) this.tell("ModelDyno's server has ended", `${words}\n\n${this.server.log()}`);
  }

  tell(title, text) {
    this.ending = { title, text };
    if (this.windows.length === 0) this.open(ORIGIN, { width: 720, height: 480 });
    for (const window of this.windows) window.loadURL(`${ORIGIN}/ended`).catch(console.error);
  }

  async answer(request) {
    const { pathname } = new URL(request.url);
    if (originOf(request.url) !== ORIGIN || request.method !== "GET") return new Response("", { status: 404 });
    if (pathname === "/ended" && this.ending) return this.respond(endedPage(this.ending), "text/html");
    if (!Object.hasOwn(FILES, pathname)) return new Response("", { status: 404 });
    const [name, type] = FILES[pathname];
    return this.respond(await readFile(path.join(__dirname, "renderer", name)), type);
  }

  respond(body, type) {
    const server = this.server?.address;
    const reached = server ? `${server} ${server.replace("http:", "ws:")}` : "'none'";
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `connect-src ${reached}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join("; ");
    const headers = {
      "Content-Type": `${type}; charset=utf-8`,
      "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff",
    };
    return new Response(body, { headers });
  }

  /** The program leaves when the server has, even if it was still starting. */
  quit(event, starting) {
    if (this.mayLeave) return;
    event.preventDefault();
    if (this.isQuitting) return;
    this.isQuitting = true;
    this.givenUp.abort();
    starting
      .then(
        (server) => server.stop(),
        () => {}, // it did not start, left no process, and was told of
      )
      .finally(() => {
        this.mayLeave = true;
        this.electron.app.quit();
      });
  }
}

function endedPage({ title, text }) {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="/style.css">
<main>
<h1>${escaped(title)}</h1>
<p>Close this window and start the program again. What the server said last:</p>
<pre>${escaped(text)}</pre>
</main>
</html>
`;
}

function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return text.replace(/[&<>"']/g, (letter) => names[letter]);
}

/** Scheme, host and port; also of app://, whose origin Node calls null. */
function originOf(url) {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  } catch {
    return null;
  }
}

module.exports = { CONNECTION, ORIGIN, originOf, runShell };
