"use strict";

const electron = require("electron");
const { existsSync } = require("node:fs");
const path = require("node:path");

const { runShell } = require("./shell.js");

const checkout = path.resolve(__dirname, "..", "..");
const python = process.env.MODELDYNO_PYTHON || path.join(checkout, ".venv", "bin", "python");

runShell(electron, {
  command: python,
  args: ["-P", "-m", "app"],
  environment: existsSync(path.join(checkout, "pyproject.toml"))
    ? { ...process.env, PYTHONPATH: checkout }
    : process.env,
});
