"use strict";

// A hand-written Electron: enough of it to see what the shell asks for. Windows go nowhere by themselves.

const { EventEmitter } = require("node:events");

class StandInWindow extends EventEmitter {
  static opened = [];

  constructor(options) {
    super();
    this.options = options;
    this.shown = [];
    this.webContents = new EventEmitter();
    this.webContents.setWindowOpenHandler = (handler) => (this.openAnother = handler);
    StandInWindow.opened.push(this);
  }

  async loadURL(url) {
    this.shown.push(url);
  }

  focus() {}

  /** Whether the window lets its page go to `url`, by the event of this name. */
  goes(url, by = "will-navigate") {
    const event = { url, isPrevented: false, preventDefault: () => (event.isPrevented = true) };
    this.webContents.emit(by, event, url);
    return !event.isPrevented;
  }
}

function standIn() {
  StandInWindow.opened = [];
  const app = new EventEmitter();
  const seen = { quits: 0, cookies: [], schemes: [], isSandboxed: false };
  let isReady;
  const ready = new Promise((resolve) => (isReady = resolve));
  Object.assign(app, {
    isPackaged: true,
    requestSingleInstanceLock: () => true,
    enableSandbox: () => (seen.isSandboxed = true),
    whenReady: () => ready,
    /** As Electron does: whoever listens may keep the program for a while. */
    quit: () => {
      const event = { isPrevented: false, preventDefault: () => (event.isPrevented = true) };
      app.emit("before-quit", event);
      seen.quits += event.isPrevented ? 0 : 1;
    },
  });
  const session = {
    cookies: { set: async (cookie) => seen.cookies.push(cookie) },
    protocol: { handle: (scheme, answer) => (seen.answer = (url, method = "GET") => answer({ url, method })) },
    setPermissionRequestHandler: (handler) => (seen.asksFor = handler),
    setPermissionCheckHandler: (handler) => (seen.checks = handler),
  };
  const electron = {
    app,
    BrowserWindow: StandInWindow,
    protocol: { registerSchemesAsPrivileged: (schemes) => (seen.schemes = schemes) },
    session: { fromPartition: (name) => ((seen.partition = name), session) },
    ipcMain: { handle: (channel, answer) => (seen.ipc = { channel, answer }) },
  };
  isReady();
  return { electron, seen, windows: StandInWindow.opened };
}

module.exports = { standIn };
