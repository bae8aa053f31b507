// What a person can do: each is sent to the server, told, and followed by another look.

import { post, put, remove } from "./api.js";
import { openCustomForm } from "./custom.js";
import { refresh } from "./looking.js";
import { runs } from "./models.js";
import { toast } from "./notices.js";
import { hidden, store } from "./state.js";

/** Do something at the server, then look again; what it refuses is said. */
export async function attempt(action, said) {
  try {
    await action();
    if (said) toast(said);
  } catch (error) {
    failed(error);
  }
  await refresh();
}

function failed(error) {
  toast(`${error.message} ${error.remedy ?? ""}`);
  shownAnew(); // as it is, not as a control was set
}

/** Show what is known once more. */
const shownAnew = (more) => store.set({ known: { ...store.get("known") }, ...more });

const reference = (model) => ({ provider: model.provider, model: model.id, ...(model.baseURL && { baseURL: model.baseURL }) });

/** Say that a key was set, with what the server has to say of it, and look again. */
export function keySet(answer, choice) {
  toast([`The key of ${choice.name} is set.`, ...answer.notes].join(" "));
  forgetVerified();
  refresh();
}

/** What was said of keys was said of another key. */
const forgetVerified = () => store.set({ verified: {} });

/** What can be done with a model. */
export const actions = {
  keySet,
  use: (model) =>
    attempt(() => post("llm/switch", reference(model)), `Now in use: ${model.name}, ${runs(model, store.get("known"))}.`),
  verify: async (provider) => {
    const told = await post("llm/verify", { providers: [provider] }).catch(failed);
    if (told) store.set({ verified: { ...store.get("verified"), ...told.verifications } });
  },
  close: () => store.set({ chosen: "", routes: null }),
  favorite: (model) => attempt(() => post("llm/model-picker-state/favorites/toggle", reference(model))),
  pin: (target, via) => attempt(() => put("llm/preferences", { pins: { [target]: via } }), via ? `Pinned to ${via}.` : "Unpinned."),
  edit: (model) => openCustomForm({ known: store.get("known"), entry: model.own, ondone: saved }),
  remove: (model) => {
    hidden.add(model.key);
    shownAnew({ chosen: "" });
    toast(`${model.name} was deleted.`, { undo: () => shownAgain(model), onend: () => removed(model) });
  },
};

function shownAgain(model) {
  hidden.delete(model.key);
  shownAnew({ chosen: model.key });
}

async function removed(model) {
  const query = new URLSearchParams({ provider: model.provider });
  const path = `llm/custom-models/${encodeURIComponent(model.id)}?${query}`;
  await attempt(() => remove(path).finally(() => hidden.delete(model.key))); // one that is refused is shown again
}

/** Open the form for a model of one's own, perhaps with an ID to begin with. */
export const add = (id = "") => openCustomForm({ known: store.get("known"), entry: null, draft: id, ondone: saved });

async function saved({ name, pin, isKeySet }) {
  toast(`${name} is saved.`);
  if (isKeySet) forgetVerified();
  if (pin) await attempt(() => put("llm/preferences", { pins: pin }));
  else await refresh();
}
