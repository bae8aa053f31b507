// The current data of the page, and values derived from it.

import { createStore } from "./store.js";

export const store = createStore({
  known: null,
  index: null,
  preferences: null,
  current: null,
  query: "",
  filter: { usable: false, takes: "", price: "", context: "" },
  chosen: "",
  routes: null,
  verified: {},
  seen: null,
  needsToken: false,
});

/** Return the model that the panel shows, if any. */
export const chosenModel = () => store.get("known")?.models.find((model) => model.key === store.get("chosen"));

/** Return whether a model is the current one. */
export function isCurrent(model) {
  const current = store.get("current");
  return current?.provider === model.provider && current?.model === model.id && (current.baseURL ?? "") === (model.baseURL ?? "");
}

/** Keys of models to delete once the undo message ends. Until then they are only hidden, and lose no data. */
export const hidden = new Set();
