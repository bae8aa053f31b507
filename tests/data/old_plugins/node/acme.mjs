#!/usr/bin/env node
// One JSON-RPC request a line comes in, one answer a line goes out; at the end of input it ends.
import { createInterface } from "node:readline";

const provider = {
  name: "Acme",
  env: ["ACME_API_KEY"],
  base_url: "https://api.acme.example/v1",
  models: [{ id: "acme-large", name: "Acme Large", context: 128000, output: 8192 }],
};

const methods = {
  describe({ protocols = [] } = {}) {
    if (!protocols.includes(1)) throw { code: -32001, message: "only protocol 1", data: { supported: [1] } };
    return { name: "acme", version: "1.0.0", protocol: 1, providers: { "acme": provider } };
  },
};

function answer(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    return { id: null, error: { code: -32700, message: "no JSON" } };
  }
  const { id, method, params } = request;
  if (!Object.hasOwn(methods, method)) return { id, error: { code: -32601, message: "no such method" } };
  try {
    return { id, result: methods[method](params) };
  } catch ({ code = -32603, message, data }) {
    return { id, error: { code, message, data } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...answer(line) }) + "\n");
}
