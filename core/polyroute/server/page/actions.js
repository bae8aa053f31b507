// What a user does with a model. Each action sends a request, says what was done, and loads what changed.

import { post, put, remove } from "./api.js";
import { clean, counted, nameOf, runs } from "./parts.js";
import { attempt, close, refresh, set, state, toast } from "./store.js";

const reference = (ref) => ({ provider: ref.slice(0, ref.indexOf("/")), model: ref.slice(ref.indexOf("/") + 1) });

/** Return the reference that selects a model: the one that can be run. */
export const refOf = (model) => model.runs.model ?? model.id;

/** Make a model the current one; one that can't be run yet is opened by the caller instead. */
export function use(model, ref = refOf(model)) {
  return attempt(() => post("llm/switch", reference(ref)), `${clean(model.name)} is in use, ${runs(model)}.`);
}

/** Make a model a favourite, or no longer. */
export const star = (model) => attempt(() => post("llm/model-picker-state/favorites/toggle", reference(refOf(model))));

/** Pin a route for a model or a provider; without a route, remove the pin. `replaced`: a model whose pin goes. */
export function pin(target, via, replaced) {
  return attempt(() => put("llm/preferences", { pins: { ...(replaced && { [replaced]: null }), [target]: via } }), via ? `Pinned: ${target} goes ${via === "direct" ? "direct" : `via ${nameOf(via)}`}.` : "Unpinned.");
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
  set({ removedKeys: new Set([...state.removedKeys, id]) });
  const back = () => set({ removedKeys: new Set([...state.removedKeys].filter((each) => each !== id)) });
  const gone = () => attempt(() => remove(`llm/key/${encodeURIComponent(id)}`)).then(back);
  toast(`The key of ${nameOf(id)} was removed.`, { undo: back, onend: gone });
}

/** Ask endpoints whether keys work; without IDs, all. The server keeps what they say until a key changes. */
export const checkKeys = (ids) =>
  attempt(
    () => post("llm/verify", ids ? { providers: ids } : {}),
    ({ verifications }) => {
      const count = Object.values(verifications).filter((each) => each.state === "invalid").length;
      return ids ? "" : count ? `${counted(count, "key")} refused.` : "No key is refused.";
    },
  );

/** Fetch the lists of models, and say what came and went, or why not. */
export const fetchLists = () =>
  attempt(
    () => post("llm/lists/refresh", {}),
    ({ lists, moves }) => {
      const failed = lists.find((each) => each.error || each.state === "offline");
      if (failed) return clean(failed.error ?? "Offline: no list was fetched.");
      return moves ? `${counted(moves.modelsAdded, "new model")}, ${moves.modelsRemoved} gone.` : "The lists are the newest.";
    },
  );

/** Repair a damaged file of the user; `say` tells what can't be done. */
export async function repair(say, file) {
  try {
    const { note, original } = await post("llm/repair", { file });
    toast([note, original && `Kept: ${original.split(/[\\/]/).pop()}`].filter(Boolean).join(" "));
  } catch (error) {
    say(`${error.message} ${error.remedy ?? ""}`);
  } finally {
    refresh();
  }
}

/** Ask the user's own servers whether they run. */
export async function look() {
  const { servers } = await post("llm/local/look");
  set({ servers: Object.fromEntries(servers.map((each) => [each.id, each])) });
}
