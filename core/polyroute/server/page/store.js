// What the page shows: documents of the server, kept up to date; the address; and what the user is doing.

import { ApiError, get, listen } from "./api.js";

const RETRY_AFTER_MS = 2000;

/** What is not in the address: whether the first frame is drawn, messages, what is being typed, and the connection to the server. */
export const state = { drawn: false, toasts: [], said: {}, banner: null, needsToken: false, active: "", setting: "", removedKeys: new Set(), servers: {}, palette: false, early: "", form: null, help: false };

let draw = () => {};
let isScheduled = false;

/** Call `drawing` before the next frame after each change. */
export function start(drawing) {
  draw = drawing;
  schedule();
}

/** Change what the page shows. */
export function set(changes) {
  Object.assign(state, changes);
  schedule();
}

function schedule() {
  if (isScheduled) return;
  isScheduled = true;
  queueMicrotask(() => {
    isScheduled = false;
    used.clear();
    draw();
  });
}

// --- Documents ----------------------------------------------------------------------------------------------------

const documents = new Map();
const used = new Set();
let seen = null;
let retry = 0;

/** Return the server's document at `path`, or undefined until it has arrived. It is kept up to date while it is shown. */
export function doc(path) {
  used.add(path);
  const known = documents.get(path) ?? load(path);
  return known.value;
}

/** Return the error of a document that the server refused, if it did. */
export const failure = (path) => documents.get(path)?.error;

/** Resolve when the first request for a document has ended. */
export const arrival = (path) => load(path).loading;

function load(path) {
  const entry = documents.get(path) ?? { text: null, value: undefined, error: null };
  documents.set(path, entry);
  entry.loading ??= fetched(path, entry).finally(() => {
    entry.loading = null;
    if (entry.again) {
      entry.again = false;
      load(path);
    }
  });
  return entry;
}

async function fetched(path, entry) {
  try {
    const text = await get(path, { as: "text", onslow: () => set({ banner: { text: "Polyroute is slow to respond…", kind: "slow" } }) });
    if (text !== entry.text) {
      Object.assign(entry, { text, value: JSON.parse(text) });
      await new Promise((resolve) => setTimeout(resolve)); // drawing is a task of its own
    }
    entry.error = null;
    seen = new Date();
    set({ banner: null, needsToken: false });
  } catch (error) {
    if (error.status === 401) return set({ needsToken: true });
    entry.error = error;
    if (error.isTemporary ?? true) unavailable(error);
    schedule();
  }
}

function unavailable(error) {
  const age = seen ? ` The page shows the state of ${seen.toLocaleTimeString()}.` : "";
  set({ banner: { text: `${error instanceof ApiError ? error.message : "Something went wrong."}${age} Trying again…`, kind: "fault" } });
  clearTimeout(retry);
  retry = setTimeout(refresh, RETRY_AFTER_MS);
}

/** Load everything that is shown again, and forget what is not. */
export function refresh() {
  for (const path of [...documents.keys()]) {
    const entry = documents.get(path);
    if (!used.has(path)) documents.delete(path);
    else if (entry.loading) entry.again = true;
    else load(path);
  }
}

let following;

/** Begin to follow changes on the server, if that has not begun. */
export const follow = () => (following ??= listen(refresh));

// --- Address ------------------------------------------------------------------------------------------------------

const VIEWS = ["models", "providers", "problems"];

/** Return what the address says: the view, the ID of what is open, and the filters. */
export function address() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [view, ...rest] = path.split("/");
  return {
    view: VIEWS.includes(view) ? view : "models",
    id: rest.map(decoded).join("/"),
    filter: new URLSearchParams(query),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Return the address of a view, of what is open in it, and of a filter. */
export function link(view, id = "", filter = new URLSearchParams()) {
  const opened = id && `/${id.split("/").map(encodeURIComponent).join("/")}`;
  const query = String(filter);
  return `#/${view}${opened}${query && `?${query}`}`;
}

/** Go to an address. The way back leads to the present one. */
export function go(to) {
  if (to === location.hash) return;
  history.pushState({ from: String(address().filter) }, "", to);
  set({ form: null, setting: "" });
}

/** Change the filter. The way back does not lead to the present one. */
export function narrow(changes) {
  const { view, id, filter } = address();
  for (const [name, value] of Object.entries(changes)) {
    if (value) filter.set(name, value);
    else filter.delete(name);
  }
  history.replaceState({ ...history.state, scroll: 0 }, "", link(view, id, filter));
  set({ active: "" });
}

/** Close what is open: the way back, if it was opened from this page and the filter is as it was then. */
export function close() {
  const { view, filter } = address();
  if (history.state?.from === String(filter)) return history.back();
  history.replaceState(null, "", link(view, "", filter));
  set({ form: null, setting: "" });
}

addEventListener("popstate", () => set({ form: null, setting: "" }));

// --- Messages -----------------------------------------------------------------------------------------------------

const TOAST_MS = 8000;
const MOST_TOASTS = 2;
const LONGEST_TOAST = 60;
let lastToast = 0;

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** Return a sentence that begins with a name, which is cut if the sentence is too long for a message. */
export const about = (name, rest) => cut(name, LONGEST_TOAST - rest.length) + rest;

/** Show a sentence for a while. `undo` is offered as a button; `onend` is called when the message ends without it. */
export function toast(text, { undo, onend } = {}) {
  const id = ++lastToast;
  const entry = { id, text: cut(text, LONGEST_TOAST), undo: undo && (() => dismiss(id, undo)), end: () => dismiss(id, onend) };
  for (const old of state.toasts.slice(0, state.toasts.length + 1 - MOST_TOASTS)) old.end();
  set({ toasts: [...state.toasts, entry] });
  const later = () => setTimeout(() => (document.activeElement?.closest(".toast") ? later() : entry.end()), TOAST_MS);
  later();
}

function dismiss(id, then) {
  if (!state.toasts.some((each) => each.id === id)) return;
  set({ toasts: state.toasts.filter((each) => each.id !== id) });
  then?.();
}

addEventListener("pagehide", () => state.toasts.forEach((each) => each.end()));

/** Say something of a thing: it is shown where the page has `Said` for it, until it is dismissed or said anew. */
export function say(at, text, isFault = false, from = document.activeElement) {
  const { [at]: _, ...others } = state.said;
  set({ said: text ? { ...others, [at]: { text, isFault, from } } : others });
}

/** Run `action`, say `message`, or at the thing what went wrong, and load what changed. Returns whether it worked. */
export async function attempt(at, action, message, failed = "That did not work.") {
  const from = document.activeElement;
  say(at);
  try {
    const response = await action();
    const text = typeof message === "function" ? message(response) : message;
    if (text) toast(text);
    return true;
  } catch (error) {
    say(at, [error.message, error.remedy].filter(Boolean).join(" "), true, from);
    toast(failed);
    return false;
  } finally {
    refresh();
  }
}
