"use strict";

// The child process, with real servers.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const path = require("node:path");
const { describe, test } = require("node:test");

const { signIn, startServer, tradeToken } = require("../server.js");
const { anotherHome, becomes, isAlive, serverIn } = require("./place.js");

const RUNS = "/api/benchmark/runs";

async function statusOf(url, headers = {}) {
  return (await fetch(url, { headers, redirect: "manual" })).status;
}

async function answers(address) {
  return fetch(`${address}/healthz`).then(
    () => true,
    () => false,
  );
}

describe("a server", { concurrency: true }, () => {
  test("is started, used with its key alone, and gone when stopped", async (t) => {
    const server = await startServer({ ...serverIn(anotherHome(t)), origin: "app://desktop" });
    try {
      const key = { Authorization: `Bearer ${server.secret}` };
      assert.equal(await statusOf(server.address + RUNS), 401);
      assert.equal(await statusOf(server.address + RUNS, key), 200);
      assert.equal(await statusOf(`${server.address}/api/keys`, key), 403, "an operator's key manages no keys");
      const cookies = await signIn(server.address, server.secret);
      assert.deepEqual(cookies.map((cookie) => cookie.httpOnly).sort(), [false, true]);
      const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
      assert.equal(await statusOf(`${server.address}/reports`, { Cookie: cookie }), 200);
      await assert.rejects(signIn(server.address, "mdk_wrong"), /status 401/);
    } finally {
      await server.stop();
    }
    assert.match(await server.exited, /status 0/);
    assert.equal(isAlive(server.pid), false);
    assert.equal(await answers(server.address), false);
    await server.stop(); // a second time does no harm
  });

  test("that is refused says why, and leaves no process", async (t) => {
    const began = startServer(serverIn(anotherHome(t), "--rate-limit", "0"));
    await assert.rejects(began, { name: "ServerError", message: /status 2\.[^]*0 requests per second let nobody in/ });
  });

  test("that does not exist is said not to", async () => {
    const began = startServer({ command: "/no/such/python", args: [] });
    await assert.rejects(began, { name: "ServerError", message: /could not be started: .*ENOENT/ });
  });

  test("that takes too long, or that nobody waits for any more, is given up and ended", async () => {
    const silent = { command: "/bin/sh", args: ["-c", "echo $$; exec sleep 1000", "--"] }; // which speaks at once
    const late = await startServer({ ...silent, startMs: 1_500 }).then(assert.fail, (error) => error);
    assert.match(late.message, /took too long to say where it listens/);
    assert.equal(isAlive(Number(late.message.trim().split("\n").pop())), false);
    const given = await startServer({ ...silent, signal: AbortSignal.abort() }).then(assert.fail, (error) => error);
    assert.match(given.message, /given up/);
  });

  test("that does not heed SIGTERM is killed after its grace period", async () => {
    const program = "trap '' TERM; echo deaf; while :; do sleep 0.1; done";
    const deaf = { command: "/bin/sh", args: ["-c", program, "--"], startMs: 1_500, graceMs: 300 };
    await assert.rejects(startServer(deaf), /took too long[^]*deaf/);
  });

  test("ends with a program that was killed before it could stop it", async (t) => {
    const options = JSON.stringify({ ...serverIn(anotherHome(t)), environment: undefined });
    const program = `
      const { startServer } = require(${JSON.stringify(path.resolve(__dirname, "../server.js"))});
      startServer(${options}).then(({ pid, address }) => console.log(JSON.stringify({ pid, address })));
    `;
    const environment = { ...serverIn("").environment, NODE_OPTIONS: "" };
    const parent = spawn(process.execPath, ["-e", program], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => parent.kill("SIGKILL"));
    const { pid, address } = JSON.parse(String((await once(parent.stdout, "data"))[0]));
    assert.ok(isAlive(pid) && (await answers(address)));
    parent.kill("SIGKILL");
    assert.ok(await becomes(() => !isAlive(pid), 20), "the server outlived the program that started it");
    assert.equal(await answers(address), false);
  });

  test("takes the token that it was started with once", async (t) => {
    const token = "x".repeat(43);
    const { command, args, environment } = serverIn(anotherHome(t), "--port", "0", "--end-with-stdin");
    const child = spawn(command, args, { env: { ...environment, MODELDYNO_ONE_TIME_TOKEN: token } });
    t.after(() => child.kill("SIGKILL"));
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(String((await once(child.stdout, "data"))[0]))[0];
    await assert.rejects(tradeToken(address, "y".repeat(43)), /opens nothing/);
    assert.match(await tradeToken(address, token), /^mdk_/);
    await assert.rejects(tradeToken(address, token), /was used before/);
    child.stdin.end();
    const [code] = await once(child, "exit");
    assert.equal(code, 0);
  });
});
