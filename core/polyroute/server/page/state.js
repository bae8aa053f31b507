// What the page knows and shows now, and what follows from it.

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

/** The model that the panel is about, if any. */
export const chosenModel = () => store.get("known")?.models.find((model) => model.key === store.get("chosen"));

/** Whether a model is the one in use. */
export function isCurrent(model) {
  const current = store.get("current");
  return current?.provider === model.provider && current?.model === model.id && (current.baseURL ?? "") === (model.baseURL ?? "");
}

/** Models that are deleted as soon as nobody can want them back any more: until then they keep all that they have. */
export const hidden = new Set();
