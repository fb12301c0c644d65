"use strict";

// The server as a child process: started, waited for, given its one-time token, stopped, and never left behind.
// Nothing here knows of Electron.

const { spawn } = require("node:child_process");
const { randomBytes } = require("node:crypto");
const { setTimeout: sleep } = require("node:timers/promises");

const ADDRESS = /^ModelDyno is at (http:\/\/127\.0\.0\.1:\d+) /m;
const START_MS = 60_000;
// The server gives runs 20 s to end and requests 10 s; who finishes cases (--on-stop finish) adds --stop-seconds.
const GRACE_MS = 35_000;
const PROBE_MS = 5_000;
const LOOK_MS = 50;
const LOG_CHARACTERS = 4_000;
const WHAT_SERVERS_ARE_NOT_TOLD = ["ELECTRON_RUN_AS_NODE", "NODE_OPTIONS"];

class ServerError extends Error {
  constructor(message, log) {
    super(log ? `${message}\n\n${log}` : message);
    this.name = "ServerError";
  }
}

/**
 * Start a server on a free port of 127.0.0.1 and wait until it takes work.
 *
 * `command` and `args` start it (python -P -m app, or modeldyno serve); `origin` is that of pages which may use its
 * endpoints. Resolves to { address, secret, pid, exited, log, stop }; rejects with a ServerError that holds the end of
 * what the server said, and leaves no process then. `signal`, an AbortSignal, gives the start up.
 */
async function startServer({
  command,
  args,
  origin,
  role = "operator",
  environment = process.env,
  signal,
  startMs = START_MS,
  graceMs = GRACE_MS,
}) {
  const token = randomBytes(32).toString("base64url");
  const child = new Child(command, [...args, ...serverOptions(origin)], { environment, token, graceMs, signal });
  try {
    const deadline = Date.now() + startMs;
    const address = await child.address(deadline);
    await waitFor(`${address}/healthz`, child, deadline);
    await waitFor(`${address}/readyz`, child, deadline);
    const secret = await tradeToken(address, token, role);
    return {
      address,
      secret,
      pid: child.pid,
      exited: child.exited,
      log: () => child.log,
      stop: () => child.stop(),
    };
  } catch (error) {
    await child.stop();
    throw new ServerError(error.message, child.log);
  }
}

function serverOptions(origin) {
  // --end-with-stdin: this process holds the other end of the pipe, so that the server ends even if we are killed.
  return ["--host", "127.0.0.1", "--port", "0", "--end-with-stdin", ...(origin ? ["--allow-origin", origin] : [])];
}

class Child {
  constructor(command, args, { environment, token, graceMs, signal }) {
    this.log = "";
    this.graceMs = graceMs;
    this.signal = signal;
    this.hasExited = false;
    const passed = { ...environment, MODELDYNO_ONE_TIME_TOKEN: token };
    for (const name of WHAT_SERVERS_ARE_NOT_TOLD) delete passed[name];
    this.process = spawn(command, args, { env: passed, stdio: ["pipe", "pipe", "pipe"] });
    this.process.stdin.on("error", () => {}); // the server may end before we close the pipe
    this.output = "";
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => this.keep(text, stream === this.process.stdout));
    }
    this.exited = new Promise((resolve) => {
      const end = (words) => {
        this.hasExited = true;
        resolve(words);
      };
      this.process.once("error", (error) => end(`The server could not be started: ${error.message}.`));
      this.process.once("exit", async (code, signal) => {
        await Promise.race([new Promise((closed) => this.process.once("close", closed)), sleep(1_000)]);
        end(signal ? `The server was ended by ${signal}.` : `The server ended with status ${code}.`);
      });
    });
  }

  get pid() {
    return this.process.pid;
  }

  keep(text, isOutput) {
    this.log = (this.log + text).slice(-LOG_CHARACTERS);
    if (isOutput && this.output.length < LOG_CHARACTERS) this.output += text;
  }

  /** Where it says that it listens. */
  async address(deadline) {
    while (!ADDRESS.test(this.output)) {
      await this.mustLive(deadline, "say where it listens");
    }
    return ADDRESS.exec(this.output)[1];
  }

  /** A moment's wait; throws when the child has exited or the time is up. */
  async mustLive(deadline, aim, reason = "") {
    if (this.hasExited) throw new Error(await this.exited);
    if (this.signal?.aborted) throw new Error("The start was given up.");
    if (Date.now() > deadline) throw new Error(`The server took too long to ${aim}.${reason && ` ${reason}`}`);
    await Promise.race([this.exited, sleep(LOOK_MS)]);
  }

  /** SIGTERM, then SIGKILL after its own grace period; resolves when the process is gone. */
  async stop() {
    if (this.hasExited) return;
    this.process.stdin.end();
    this.process.kill("SIGTERM");
    const killing = setTimeout(() => this.process.kill("SIGKILL"), this.graceMs);
    await this.exited;
    clearTimeout(killing);
  }
}

async function waitFor(url, child, deadline) {
  for (;;) {
    let reason;
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS) });
      if (answer.ok) return;
      reason = (await problemOf(answer)).detail;
    } catch (error) {
      reason = error.cause?.message ?? error.message;
    }
    await child.mustLive(deadline, `answer ${new URL(url).pathname}`, reason);
  }
}

/** The key that the token buys; a second time it buys nothing. */
async function tradeToken(address, token, role = "operator") {
  const answer = await fetch(`${address}/api/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token, role }),
    signal: AbortSignal.timeout(PROBE_MS),
  });
  if (!answer.ok) throw new Error((await problemOf(answer)).detail);
  return (await answer.json()).secret;
}

/** Cookies of a new session of the dashboard, opened with a key: [{ name, value, httpOnly }]. */
async function signIn(address, secret) {
  const answer = await fetch(`${address}/login`, {
    method: "POST",
    body: new URLSearchParams({ key: secret }),
    redirect: "manual",
    signal: AbortSignal.timeout(PROBE_MS),
  });
  if (answer.status !== 303) throw new Error(`The server refused to sign the window in (status ${answer.status}).`);
  return answer.headers.getSetCookie().map((text) => {
    const [pair, ...attributes] = text.split(";").map((part) => part.trim());
    const at = pair.indexOf("=");
    const httpOnly = attributes.some((name) => name.toLowerCase() === "httponly");
    return { name: pair.slice(0, at), value: pair.slice(at + 1), httpOnly };
  });
}

async function problemOf(answer) {
  const isProblem = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  return isProblem ? answer.json() : { detail: `The server answered with status ${answer.status}.` };
}

module.exports = { GRACE_MS, ServerError, signIn, startServer, tradeToken };
