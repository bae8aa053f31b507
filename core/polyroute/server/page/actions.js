// What a user does with a model. Each action sends a request, says what was done, and loads what changed. `at` is the
// thing where the page shows why something did not work.

import { post, put, remove } from "./api.js";
import { clean, counted, nameOf, runs } from "./parts.js";
import { about, attempt, close, say, set, state, toast } from "./store.js";

const reference = (ref) => ({ provider: ref.slice(0, ref.indexOf("/")), model: ref.slice(ref.indexOf("/") + 1) });

/** Return the reference that selects a model: the one that can be run. */
export const refOf = (model) => model.runs.model ?? model.id;

/** Return the thing at which the page says what concerns a model. */
export const of = (model) => `model ${model.id}`;

/** Make a model the current one; one that can't be run yet is opened by the caller instead. */
export const use = (model, ref = refOf(model), at = of(model)) => attempt(at, () => post("llm/switch", reference(ref)), about(clean(model.name), ` is in use, ${runs(model)}.`));

/** Make a model a favourite, or no longer. */
export const star = (model) => attempt(of(model), () => post("llm/model-picker-state/favorites/toggle", reference(refOf(model))));

/** Pin a route for a model or a provider; without a route, remove the pin. `replaced`: a model whose pin goes. */
export const pin = (at, target, via, replaced) =>
  attempt(at, () => put("llm/preferences", { pins: { ...(replaced && { [replaced]: null }), [target]: via } }), via ? about(target, ` goes ${via === "direct" ? "direct" : `via ${nameOf(via)}`}.`) : "Unpinned.");

/** Delete a model of the user's own, unless it is undone in time. */
export function forget(model, entry) {
  const path = `llm/custom-models/${encodeURIComponent(entry.name)}?${new URLSearchParams({ provider: entry.provider })}`;
  hidden.add(model.id);
  close();
  set({ active: "" });
  toast(about(clean(model.name), " was deleted."), {
    undo: () => (hidden.delete(model.id), set({})),
    onend: () => attempt(of(model), () => remove(path).finally(() => hidden.delete(model.id)), "", about(clean(model.name), " was not deleted.")),
  });
}

/** IDs of models that are deleted once their message ends. Until then they are only hidden, and lose no data. */
export const hidden = new Set();

/** Remove a provider's stored key, unless it is undone in time. */
export function removeKey(id, at = `key ${id}`) {
  set({ removedKeys: new Set([...state.removedKeys, id]) });
  const back = () => set({ removedKeys: new Set([...state.removedKeys].filter((each) => each !== id)) });
  const gone = () => attempt(at, () => remove(`llm/key/${encodeURIComponent(id)}`), "", about(nameOf(id), ": the key was not removed.")).then(back);
  toast(about(nameOf(id), ": the key was removed."), { undo: back, onend: gone });
}

/** Ask endpoints whether keys work; without IDs, all. The server keeps what they say until a key changes. */
export const checkKeys = (at = "keys", ids) =>
  attempt(
    at,
    () => post("llm/verify", ids ? { providers: ids } : {}),
    ({ verifications }) => {
      const count = Object.values(verifications).filter((each) => each.state === "invalid").length;
      return ids ? "" : count ? `${counted(count, "key")} refused.` : "No key is refused.";
    },
  );

/** Fetch the lists of models, and say what came and went, or why not. */
export const fetchLists = (at = "lists") =>
  attempt(
    at,
    async () => {
      const found = await post("llm/lists/refresh", {});
      const failed = found.lists.find((each) => each.error || each.state === "offline");
      if (failed) throw new Error(failed.error ?? "Offline: no list was fetched.");
      return found;
    },
    ({ moves }) => (moves ? `${counted(moves.modelsAdded, "new model")}, ${moves.modelsRemoved} gone.` : "The lists are the newest."),
  );

/** Repair a damaged file of the user. Afterwards it is no problem any more: what was done is said of all problems. */
export const repair = (at, file) =>
  attempt(
    at,
    async () => {
      const { note, original } = await post("llm/repair", { file });
      say("problems", [file.split(/[\\/]/).pop() + ":", note, original && `Kept: ${original.split(/[\\/]/).pop()}`].filter(Boolean).join(" "));
    },
    "The file is repaired.",
  );

/** Switch a plugin off with the server's `action`, unless it is undone. */
export async function switchOff(at, { plugin, command }) {
  const to = (enabled) => post("plugins/switch", { plugin, enabled });
  if (!(await attempt(at, () => to(false)))) return;
  toast(about(clean(plugin), " is switched off."), { undo: () => attempt("problems", () => to(true)) });
  say("problems", `\`${command.replace("disable", "enable")}\` switches the plugin on again.`);
}

/** Ask the user's own servers whether they run. */
export async function look() {
  const { servers } = await post("llm/local/look");
  set({ servers: Object.fromEntries(servers.map((each) => [each.id, each])) });
}
