"use strict";

// Where tests find the server, and a home for it that goes away afterwards.

const { mkdtempSync, rmSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const CHECKOUT = path.resolve(__dirname, "..", "..", "..");

function anotherHome(test) {
  const home = mkdtempSync(path.join(os.tmpdir(), "modeldyno-desktop-"));
  test.after(() => rmSync(home, { recursive: true, force: true }));
  return home;
}

/** Options of startServer for this checkout. */
function serverIn(home, ...more) {
  return {
    command: process.env.MODELDYNO_PYTHON || path.join(CHECKOUT, ".venv", "bin", "python"),
    args: ["-P", "-m", "app", "--home", home, ...more],
    environment: { ...process.env, PYTHONPATH: CHECKOUT },
  };
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error.code === "ESRCH") return false;
    throw error;
  }
}

/** Whether it becomes true in time. */
async function becomes(condition, seconds) {
  for (const deadline = Date.now() + seconds * 1000; Date.now() < deadline; await sleep(50)) {
    if (await condition()) return true;
  }
  return false;
}

module.exports = { CHECKOUT, anotherHome, becomes, isAlive, serverIn };
