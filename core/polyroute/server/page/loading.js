// Loading the data from the server: at the start, after changes, and after the server was unavailable.

import { ApiError, get } from "./api.js";
import { understand, viaName } from "./models.js";
import { banner } from "./notices.js";
import { createIndex } from "./search.js";
import { chosenModel, store } from "./state.js";

const RETRY_AFTER_MS = 2000;

let loading = null;
let again = false;
let before = [];

/** Load everything again. Calls while it is loading are combined into one more load. */
export function refresh() {
  again = Boolean(loading);
  loading ??= load().finally(() => {
    loading = null;
    if (again) refresh();
  });
  return loading;
}

async function load() {
  try {
    const texts = await documents();
    if (texts.some((text, at) => text !== before[at])) show(texts.map((text) => JSON.parse(text)));
    before = texts;
    store.set({ seen: new Date(), needsToken: false });
    banner("");
    await loadRoutes();
  } catch (error) {
    unavailable(error);
  }
}

/** Return the documents that the page is made from, as text. Browsers preload them, as `pages.py` declares. */
function documents() {
  const onslow = () => banner("Polyroute is slow to respond…", "slow");
  const text = (path) => get(path, { as: "text", onslow });
  return Promise.all([
    text("llm/catalog?scope=all"),
    text("llm/custom-models"),
    text("llm/model-picker-state"),
    text("llm/preferences"),
    text("llm/current").catch((error) => (error.isTemporary ? Promise.reject(error) : "null")),
  ]);
}

function show([catalog, custom, picker, preferences, current]) {
  const known = understand(catalog, custom, picker);
  store.set({ known, index: null, preferences, current: current?.chosen ? current.config : null });
}

/** Return the search index of the known models, created when it is first needed. */
export function indexed() {
  if (!store.get("index")) store.set({ index: createIndex(store.get("known").models) });
  return store.get("index");
}

function unavailable(error) {
  if (error.status === 401) return store.set({ needsToken: true });
  const seen = store.get("seen");
  const age = seen ? ` The page shows the state of ${seen.toLocaleTimeString()}.` : "";
  banner(`${error instanceof ApiError ? error.message : "Something went wrong."}${age} Trying again…`, "fault");
  clearTimeout(unavailable.timer);
  unavailable.timer = setTimeout(refresh, RETRY_AFTER_MS);
}

/** Load the routes of the chosen model. */
export async function loadRoutes() {
  const model = chosenModel();
  if (!model) return;
  if (model.isMissing) return store.set({ routes: [] });
  try {
    const response = await get(`llm/resolve?${new URLSearchParams({ model: model.ref })}`);
    if (model.key === store.get("chosen")) showRoutes(response.routes.map(named));
  } catch (error) {
    if (error.isTemporary) unavailable(error);
    else if (model.key === store.get("chosen")) store.set({ routes: [] });
  }
}

/** Show routes only if they have changed, so that the user's text selection is not lost. */
function showRoutes(routes) {
  if (JSON.stringify(routes) !== JSON.stringify(store.get("routes"))) store.set({ routes });
}

const named = (route) => ({ ...route, viaName: viaName(store.get("known"), route.via) });

refresh(); // starts before the other modules are loaded; later subscribers are called with the data so far
