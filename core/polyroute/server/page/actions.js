// What a user does with a model. Each action sends a request, says what was done, and loads what changed.

import { post, put, remove } from "./api.js";
import { clean, nameOf, runs } from "./parts.js";
import { attempt, close, set, state, toast } from "./store.js";

const reference = (ref) => ({ provider: ref.slice(0, ref.indexOf("/")), model: ref.slice(ref.indexOf("/") + 1) });

/** Return the reference that selects a model: the one that can be run. */
export const refOf = (model) => model.runs.model ?? model.id;

/** Make a model the current one; one that can't be run yet is opened by the caller instead. */
export function use(model, ref = refOf(model)) {
  return attempt(() => post("llm/switch", reference(ref)), `${clean(model.name)} is in use, ${runs(model)}.`);
}

/** Make a model a favourite, or no longer. */
export const star = (model) => attempt(() => post("llm/model-picker-state/favorites/toggle", reference(refOf(model))));

/** Pin a route for a model or a provider; without a route, remove the pin. */
export function pin(target, via) {
  const before = via ? null : undefined;
  return attempt(() => put("llm/preferences", { pins: { [target]: via } }), via ? `Pinned: ${target} goes ${via === "direct" ? "direct" : `via ${nameOf(via)}`}.` : "Unpinned.", before);
}

/** Delete a model of the user's own, unless it is undone in time. */
export function forget(model, entry) {
  const path = `llm/custom-models/${encodeURIComponent(entry.name)}?${new URLSearchParams({ provider: entry.provider })}`;
  hidden.add(model.id);
  close();
  set({ active: "" });
  toast(`${clean(model.name)} was deleted.`, {
    undo: () => (hidden.delete(model.id), set({})),
    onend: () => attempt(() => remove(path).finally(() => hidden.delete(model.id))),
  });
}

/** IDs of models that are deleted once their message ends. Until then they are only hidden, and lose no data. */
export const hidden = new Set();

/** Remove a provider's stored key, unless it is undone in time. */
export function removeKey(id) {
  const gone = state.removedKeys ?? new Set();
  set({ removedKeys: new Set([...gone, id]) });
  const back = () => set({ removedKeys: new Set([...state.removedKeys].filter((each) => each !== id)) });
  toast(`The key of ${nameOf(id)} was removed.`, { undo: back, onend: () => attempt(() => remove(`llm/key/${encodeURIComponent(id)}`)).then(back) });
}

/** Ask endpoints whether keys work; without IDs, all. */
export const check = (ids) => attempt(() => post("llm/verify", ids ? { providers: ids } : {}), ids ? "" : "All keys were checked.");
