// Asking the server what there is, again and again: at the start, when something has changed, and after it was away.

import { ApiError, get } from "./api.js";
import { understand, viaName } from "./models.js";
import { banner } from "./notices.js";
import { createIndex } from "./search.js";
import { chosenModel, store } from "./state.js";

const AGAIN_AFTER_MS = 2000;

let looking = null;
let again = false;
let before = [];

/** Look at everything once more; calls while one look is under way become one more. */
export function refresh() {
  again = Boolean(looking);
  looking ??= look().finally(() => {
    looking = null;
    if (again) refresh();
  });
  return looking;
}

async function look() {
  try {
    const told = await documents();
    if (told.some((text, at) => text !== before[at])) show(told.map((text) => JSON.parse(text)));
    before = told;
    store.set({ seen: new Date(), needsToken: false });
    banner("");
    await lookAtRoutes();
  } catch (error) {
    away(error);
  }
}

/** What the page is made of, as text. The server has the browser ask for these with the page (`pages.py`). */
function documents() {
  const onslow = () => banner("Polyroute takes its time to answer…", "slow");
  const text = (path) => get(path, { as: "text", onslow });
  return Promise.all([
    text("llm/catalog?scope=all"),
    text("llm/custom-models"),
    text("llm/model-picker-state"),
    text("llm/preferences"),
    text("llm/current").catch((error) => (error.isPassing ? Promise.reject(error) : "null")),
  ]);
}

function show([catalog, custom, picker, preferences, current]) {
  const known = understand(catalog, custom, picker);
  store.set({ known, index: null, preferences, current: current?.chosen ? current.config : null });
}

/** The index of what is known, made once. */
export function indexed() {
  if (!store.get("index")) store.set({ index: createIndex(store.get("known").models) });
  return store.get("index");
}

function away(error) {
  if (error.status === 401) return store.set({ needsToken: true });
  const seen = store.get("seen");
  const shown = seen ? ` What you see is from ${seen.toLocaleTimeString()}.` : "";
  banner(`${error instanceof ApiError ? error.message : "Something went wrong."}${shown} Trying again…`, "fault");
  clearTimeout(away.timer);
  away.timer = setTimeout(refresh, AGAIN_AFTER_MS);
}

export async function lookAtRoutes() {
  const model = chosenModel();
  if (!model) return;
  if (model.isMissing) return store.set({ routes: [] });
  try {
    const told = await get(`llm/resolve?${new URLSearchParams({ model: model.ref })}`);
    if (model.key === store.get("chosen")) showRoutes(told.routes.map(named));
  } catch (error) {
    if (error.isPassing) away(error);
    else if (model.key === store.get("chosen")) store.set({ routes: [] });
  }
}

/** Show routes that differ from those that are shown: nobody's selection is lost to the same words. */
function showRoutes(routes) {
  if (JSON.stringify(routes) !== JSON.stringify(store.get("routes"))) store.set({ routes });
}

const named = (route) => ({ ...route, viaName: viaName(store.get("known"), route.via) });

refresh(); // before the other modules are there: whoever subscribes later is shown what is known by then
