"use strict";

// A page of another origin than the server's: fetch with a key, a WebSocket with a ticket, a progress bar.

const ENDED = ["completed", "failed", "cancelled", "interrupted"];
const MOST_OPENINGS = 5;
const OPEN_AGAIN_MS = 500;

const element = (id) => document.getElementById(id);
const connection = window.modeldyno.connection();
let underWay = null;

element("request").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(generate);
});
element("cancel").addEventListener("click", () => attempt(cancel));

/** Carry out what a person asked for; what goes wrong is said in the server's words. */
async function attempt(action) {
  element("problem").hidden = true;
  try {
    await action();
  } catch (error) {
    element("problem").textContent = error.message;
    element("problem").hidden = false;
  }
}

async function generate() {
  const models = element("models").value.split(",").map((name) => name.trim()).filter(Boolean);
  busy(true);
  element("outcomes").replaceChildren();
  element("progress").value = 0;
  element("step").textContent = "";
  try {
    const started = await ask("POST", "/api/generator/batch", { models, verify: element("verify").checked });
    underWay = started.operation_id;
    element("cancel").disabled = false;
    show(await follow(underWay, show));
    await showOutcomes(underWay);
  } finally {
    underWay = null;
    busy(false);
  }
}

async function cancel() {
  element("cancel").disabled = true;
  await ask("POST", `/api/generator/cancel/${underWay}`);
}

/** The last status of an operation; `tell` hears each one. A socket that breaks is opened again, a few times. */
async function follow(operation, tell) {
  for (let opening = 1; ; opening += 1) {
    const last = await listen(operation, tell);
    if (last !== null) return last;
    if (opening === MOST_OPENINGS) throw new Error("The connection to the server broke too often.");
    await new Promise((resolve) => setTimeout(resolve, OPEN_AGAIN_MS));
  }
}

/** Through one socket: the last status, or null when it closed before. Browsers send no key with it; hence the ticket. */
async function listen(operation, tell) {
  const { address } = await connection;
  const { protocols } = await ask("POST", "/api/socket-ticket");
  const socket = new WebSocket(`${address.replace("http:", "ws:")}/api/generator/ws/${operation}`, protocols);
  return new Promise((resolve, reject) => {
    socket.addEventListener("message", ({ data }) => {
      const status = JSON.parse(data);
      if (status.error && !status.status) {
        reject(new Error(status.error));
      } else if (ENDED.includes(status.status)) {
        resolve(status);
        socket.close();
      } else {
        tell(status);
      }
    });
    socket.addEventListener("close", () => resolve(null));
  });
}

/** The JSON of an answer; refusals and a server that is not there are errors with a sentence. */
async function ask(method, path, body) {
  const { address, secret } = await connection;
  const headers = { Authorization: `Bearer ${secret}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(address + path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error(`The server at ${address} does not answer.`);
  }
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.detail);
  return said;
}

function show(status) {
  element("progress").value = status.progress;
  element("step").textContent = `${status.status}: ${status.outcomes.done} of ${status.outcomes.total}`;
}

async function showOutcomes(operation) {
  const { results } = await ask("GET", `/api/generator/results/${operation}`);
  const lines = results.map((outcome) => {
    const line = document.createElement("li");
    line.textContent = `${outcome.model_type}: ${outcome.status}${outcome.reason ? ` (${outcome.reason})` : ""}`;
    return line;
  });
  element("outcomes").replaceChildren(...lines);
}

function busy(isBusy) {
  element("start").disabled = isBusy;
  if (!isBusy) element("cancel").disabled = true;
}
