"use strict";

// All that the own page gets from this program: where the server is, and the key to it.

const { contextBridge, ipcRenderer } = require("electron");

contextBridge.exposeInMainWorld("modeldyno", {
  connection: () => ipcRenderer.invoke("modeldyno:connection"),
});
