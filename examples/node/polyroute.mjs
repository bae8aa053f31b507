// A client of Polyroute's HTTP API that starts the server by itself. No dependencies; Node 18 or later.
//
//   import { start } from "./polyroute.mjs";
//   const polyroute = await start();
//   const { route } = await polyroute.resolve("anthropic/claude-sonnet-4-5");
//   await polyroute.stop();

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What the server answered in place of a document: `code`, `status`, `recovery`, and the whole `document`. */
export class PolyrouteError extends Error {
  constructor(status, document) {
    super(document.message);
    this.name = "PolyrouteError";
    this.status = status;
    this.code = document.code;
    this.recovery = document.recovery;
    this.document = document;
  }
}

/** Start a server that ends with this process; `command` is where `polyroute` is. */
export async function start({ command = "polyroute", args = [], env = process.env } = {}) {
  const options = ["serve", "--port", "0", "--ready-json", "--exit-with-parent", ...args];
  const child = spawn(command, options, { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise((resolve) => child.on("close", (status) => resolve(status)));
  const failed = new Promise((_, reject) => child.on("error", reject));
  const ready = new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
  const line = await Promise.race([ready, failed, ended.then(() => undefined)]);
  if (line === undefined) throw new Error(said.trim() || "polyroute serve did not start");
  const stop = async () => {
    child.kill();
    await ended;
  };
  return new Polyroute(JSON.parse(line).url, { token: env.POLYROUTE_TOKEN, stop });
}

/** A server that is running. */
export class Polyroute {
  #headers;
  #stop;

  constructor(url, { token, stop = async () => {} } = {}) {
    this.url = url;
    this.#headers = token ? { authorization: `Bearer ${token}` } : {};
    this.#stop = stop;
  }

  /** The models that can be run now, each with the route it would take. */
  async runnable({ provider = "" } = {}) {
    const query = new URLSearchParams({ mode: "flat", usable: "true", provider });
    return (await this.#ask("GET", `/llm/catalog?${query}`)).models;
  }

  /** The providers, each with its routes; `hasApiKey` says whether any of them is usable. */
  async providers() {
    return (await this.#ask("GET", "/llm/catalog?includeModels=false")).providers;
  }

  /** The route to take for `provider/model`; null where there is none, and then `routes` say why not and what to do. */
  resolve(model) {
    return this.#ask("GET", `/llm/resolve?${new URLSearchParams({ model })}`);
  }

  /** The person's own models. */
  async customModels() {
    return (await this.#ask("GET", "/llm/custom-models")).models;
  }

  /** Add a model of the person's own, or change the one of this provider and name. */
  async addCustomModel(model) {
    return (await this.#ask("POST", "/llm/custom-models", model)).model;
  }

  /** Remove one; its name is encoded once. */
  async removeCustomModel(name, { provider = "" } = {}) {
    const query = new URLSearchParams({ provider });
    return (await this.#ask("DELETE", `/llm/custom-models/${encodeURIComponent(name)}?${query}`)).deleted;
  }

  /** Make a model current; PolyrouteError with `llm_api_key_missing` where it can't be run. */
  async switchTo(choice) {
    return (await this.#ask("POST", "/llm/switch", choice)).config;
  }

  /** Yields whenever something has changed, until the server ends. */
  async *changes() {
    const answer = await fetch(`${this.url}/api/events`, { headers: this.#headers });
    const decoder = new TextDecoder();
    let rest = "";
    for await (const part of answer.body) {
      const events = (rest + decoder.decode(part, { stream: true })).split("\n\n");
      rest = events.pop();
      for (const event of events) if (event.includes("event: changed")) yield;
    }
  }

  /** End the server, if it was started by `start`. */
  stop() {
    return this.#stop();
  }

  async #ask(method, path, body) {
    const headers = { ...this.#headers, ...(body && { "content-type": "application/json" }) };
    const answer = await fetch(`${this.url}/api${path}`, { method, headers, body: body && JSON.stringify(body) });
    const document = await answer.json();
    if (!answer.ok) throw new PolyrouteError(answer.status, document);
    return document;
  }
}
