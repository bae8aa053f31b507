// The user's actions. Each sends a request, shows a message and reloads the data.

import { post, put, remove } from "./api.js";
import { openCustomForm } from "./custom.js";
import { refresh } from "./loading.js";
import { runs } from "./models.js";
import { toast } from "./notices.js";
import { hidden, store } from "./state.js";

/** Run `action`, show `message` or the error, and reload the data. */
export async function attempt(action, message) {
  try {
    await action();
    if (message) toast(message);
  } catch (error) {
    failed(error);
  }
  await refresh();
}

function failed(error) {
  toast(`${error.message} ${error.remedy ?? ""}`);
  rerender(); // controls show the state of the server again
}

/** Render the known data again, with changes to other values. */
const rerender = (more) => store.set({ known: { ...store.get("known") }, ...more });

const reference = (model) => ({ provider: model.provider, model: model.id, ...(model.baseURL && { baseURL: model.baseURL }) });

/** Show that a key was set, with the notes of the server, and reload the data. */
export function keySet(response, choice) {
  toast([`The key of ${choice.name} is set.`, ...response.notes].join(" "));
  clearVerified();
  refresh();
}

/** Results of checks belong to the previous key. */
const clearVerified = () => store.set({ verified: {} });

/** The actions on a model. */
export const actions = {
  keySet,
  use: (model) =>
    attempt(() => post("llm/switch", reference(model)), `Now in use: ${model.name}, ${runs(model, store.get("known"))}.`),
  verify: async (provider) => {
    const response = await post("llm/verify", { providers: [provider] }).catch(failed);
    if (response) store.set({ verified: { ...store.get("verified"), ...response.verifications } });
  },
  close: () => store.set({ chosen: "", routes: null }),
  favorite: (model) => attempt(() => post("llm/model-picker-state/favorites/toggle", reference(model))),
  pin: (target, via) => attempt(() => put("llm/preferences", { pins: { [target]: via } }), via ? `Pinned to ${via}.` : "Unpinned."),
  edit: (model) => openCustomForm({ known: store.get("known"), entry: model.own, ondone: saved }),
  remove: (model) => {
    hidden.add(model.key);
    rerender({ chosen: "" });
    toast(`${model.name} was deleted.`, { undo: () => restore(model), onend: () => removeNow(model) });
  },
};

function restore(model) {
  hidden.delete(model.key);
  rerender({ chosen: model.key });
}

async function removeNow(model) {
  const query = new URLSearchParams({ provider: model.provider });
  const path = `llm/custom-models/${encodeURIComponent(model.id)}?${query}`;
  await attempt(() => remove(path).finally(() => hidden.delete(model.key))); // if the server refuses, the model is shown again
}

/** Open the form for a new custom model, with an ID filled in if given. */
export const add = (id = "") => openCustomForm({ known: store.get("known"), entry: null, draft: id, ondone: saved });

async function saved({ name, pin, isKeySet }) {
  toast(`${name} is saved.`);
  if (isKeySet) clearVerified();
  if (pin) await attempt(() => put("llm/preferences", { pins: pin }));
  else await refresh();
}
