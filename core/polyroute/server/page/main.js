// The model picker: puts the parts together. Nothing here makes elements, and nothing else talks to all parts.

import { ApiError, get, listen, post, put, remove, useToken } from "./api.js";
import { openCustomForm } from "./custom.js";
import { byId, clean, element } from "./dom.js";
import { createList } from "./list.js";
import { flat, passes, prices, runs, sections, tokens, understand, viaName } from "./models.js";
import { banner, toast } from "./notices.js";
import { panelOf } from "./panel.js";
import { createIndex, find } from "./search.js";
import { createStore } from "./store.js";
import { tokenForm, welcome } from "./welcome.js";

const store = createStore({
  known: null,
  index: null,
  preferences: null,
  current: null,
  query: "",
  filter: { usable: false, takes: "", price: "", context: "" },
  chosen: "",
  routes: null,
  seen: null,
});

const query = byId("query");
const panel = byId("panel");
const list = createList(byId("list"), byId("models"), {
  row: (model) => row(model),
  onactivate: (model, isPointer) => choose(model, isPointer),
  onchoose: (model) => use(model),
});

// --- Looking again ------------------------------------------------------------------------------------------------

let looking = null;
let again = false;

/** Look at everything once more; calls while one look is under way become one more. */
function refresh() {
  again = Boolean(looking);
  looking ??= look().finally(() => {
    looking = null;
    if (again) refresh();
  });
  return looking;
}

async function look() {
  const onslow = () => banner("Polyroute takes its time to answer…", "slow");
  try {
    const [catalog, custom, picker, preferences, current] = await Promise.all([
      get("llm/catalog?scope=all", { onslow }),
      get("llm/custom-models"),
      get("llm/model-picker-state"),
      get("llm/preferences"),
      get("llm/current").catch((error) => (error.isPassing ? Promise.reject(error) : null)),
    ]);
    const known = understand(catalog, custom, picker);
    store.set({ known, index: null, preferences, current: current?.chosen ? current.config : null, seen: new Date() });
    banner("");
    requestIdleCallback(indexed); // before anybody types, and after the models are shown
    await lookAtRoutes();
  } catch (error) {
    away(error);
  }
}

/** The index of what is known, made once. */
function indexed() {
  if (!store.get("index")) store.set({ index: createIndex(store.get("known").models) });
  return store.get("index");
}

function away(error) {
  if (error.status === 401) return askForToken();
  const seen = store.get("seen");
  const shown = seen ? ` What you see is from ${seen.toLocaleTimeString()}.` : "";
  banner(`${error instanceof ApiError ? error.message : "Something went wrong."}${shown} Trying again…`, "fault");
  clearTimeout(away.timer);
  away.timer = setTimeout(refresh, 2000);
}

function askForToken() {
  if (byId("token")) return;
  document.body.classList.add("is-beginning");
  panel.replaceChildren(...tokenForm((token) => (useToken(token), invite(), refresh())));
}

async function lookAtRoutes() {
  const model = chosenModel();
  if (!model) return;
  if (model.isMissing) return store.set({ routes: [] });
  try {
    const told = await get(`llm/resolve?${new URLSearchParams({ model: model.ref })}`);
    if (model.key === store.get("chosen")) store.set({ routes: told.routes.map(named) });
  } catch (error) {
    if (error.isPassing) away(error);
    else if (model.key === store.get("chosen")) store.set({ routes: [] });
  }
}

const named = (route) => ({ ...route, viaName: viaName(store.get("known"), route.via) });

// --- Showing ------------------------------------------------------------------------------------------------------

const chosenModel = () => store.get("known")?.models.find((model) => model.key === store.get("chosen"));

store.subscribe(["known", "query", "filter"], () => {
  const known = store.get("known");
  if (!known) return;
  const fits = passes(store.get("filter"));
  const passing = (model) => !hidden.has(model.key) && fits(model);
  const typed = store.get("query").trim();
  const items = typed ? flat(find(indexed(), typed).filter(passing)) : sections(known, passing);
  list.show(items, list.key);
  const count = items.filter((item) => item.model).length;
  byId("count").textContent = `${count.toLocaleString()} ${count === 1 ? "model" : "models"}`;
  byId("empty").hidden = count > 0;
  byId("empty").replaceChildren(...emptiness(typed));
  markActive();
});

/** Tell those who hear the page which row the keys are on. */
function markActive() {
  for (const each of [query, byId("models")]) {
    if (list.activeId) each.setAttribute("aria-activedescendant", list.activeId);
    else each.removeAttribute("aria-activedescendant");
  }
}

function emptiness(typed) {
  return [
    element("p", {}, typed ? `No model matches “${typed}”.` : "No model passes the filters."),
    element("button", { type: "button", className: "button", onclick: () => byId("filters").reset() }, "Reset the filters"),
    element("button", { type: "button", className: "button", onclick: () => add(typed) }, "Add it as your own model"),
  ];
}

store.subscribe(["known", "chosen", "routes", "preferences", "current"], () => {
  const model = chosenModel();
  document.body.classList.toggle("has-panel", Boolean(model));
  if (document.activeElement.type === "password" && document.activeElement.value) return; // somebody is typing
  if (!model) return invite();
  const parts = panelOf(model, {
    known: store.get("known"),
    routes: store.get("routes"),
    preferences: store.get("preferences"),
    isCurrent: isCurrent(model),
    actions,
  });
  keepingFocus(() => panel.replaceChildren(...parts));
});

/** Show the panel anew; the focus stays on the control of the same name, or in the panel where that is gone. */
function keepingFocus(show) {
  const before = panel.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  show();
  if (before === null) return;
  ([...panel.querySelectorAll("button, input, select")].find((each) => nameOf(each) === before) ?? panel).focus();
}

const nameOf = (control) => control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.textContent;

/** What stands where no model is chosen: how to begin, or what this place is for. */
function invite() {
  const begin = store.get("known") ? welcome(store.get("known"), { keySet }) : [];
  document.body.classList.toggle("is-beginning", begin.length > 0);
  panel.replaceChildren(...(begin.length ? begin : [element("p", { className: "hint" }, "Choose a model to see how it runs, and why.")]));
}

store.subscribe(["known", "preferences", "current"], () => {
  const known = store.get("known");
  if (!known) return;
  byId("credits").hidden = !known.auth.hasDextoKey;
  byId("credits-input").checked = known.auth.preferDextoCredits;
  const current = store.get("current");
  byId("current").replaceChildren(...(current ? ["In use: ", element("code", {}, `${current.provider}/${current.model}`)] : []));
});

function row(model) {
  const known = store.get("known");
  const star = element("span", { className: "star", "aria-hidden": "true", onclick: (event) => (event.stopPropagation(), actions.favorite(model)) }, known.favorites.has(model.key) ? "★" : "☆");
  return element(
    "div",
    { className: "row-content" },
    star,
    element("div", { className: "row-name" }, element("span", { className: "name" }, model.name), element("span", { className: "ref" }, clean(model.ref))),
    element("span", { className: "fact" }, tokens(model.context)),
    element("span", { className: "fact" }, prices(model.price)),
    element("span", { className: "fact takes" }, model.takes.join(", ")),
    element("span", { className: model.usable ? "runs" : "runs no" }, isCurrent(model) ? "in use" : runs(model, known)),
  );
}

function isCurrent(model) {
  const current = store.get("current");
  return current?.provider === model.provider && current?.model === model.id && (current.baseURL ?? "") === (model.baseURL ?? "");
}

// --- Doing --------------------------------------------------------------------------------------------------------

/** Do something at the server, then look again; what it refuses is said. */
async function attempt(action, said) {
  try {
    await action();
    if (said) toast(said);
  } catch (error) {
    toast(`${error.message} ${error.remedy ?? ""}`);
  }
  await refresh();
}

function choose(model, isPointer) {
  if (model.key !== store.get("chosen")) store.set({ chosen: model.key, routes: null });
  markActive();
  if (isPointer && narrow.matches) panel.focus();
  lookAtRoutes();
}

const reference = (model) => ({ provider: model.provider, model: model.id, ...(model.baseURL && { baseURL: model.baseURL }) });

async function use(model) {
  if (!model.usable) return choose(model, true);
  await attempt(() => post("llm/switch", reference(model)), `Now in use: ${model.name}, ${runs(model, store.get("known"))}.`);
  return attempt(() => post("llm/model-picker-state/recents", reference(model)));
}

const keySet = (answer, choice) => {
  toast(answer.note ?? `The key of ${choice.name} is set.`);
  refresh();
};

const actions = {
  use,
  keySet,
  close: () => {
    store.set({ chosen: "", routes: null });
    query.focus();
  },
  favorite: (model) => attempt(() => post("llm/model-picker-state/favorites/toggle", reference(model))),
  pin: (target, via) => attempt(() => put("llm/preferences", { pins: { [target]: via } }), via ? `Pinned to ${via}.` : "Unpinned."),
  edit: (model) => openCustomForm({ known: store.get("known"), entry: model.own, ondone: saved }),
  remove: (model) => {
    hidden.add(model.key);
    store.set({ known: { ...store.get("known") }, chosen: "" });
    toast(`${model.name} was deleted.`, { undo: () => shownAgain(model), onend: () => removed(model) });
  },
};

/** Models that are deleted as soon as nobody can want them back any more: until then they keep all that they have. */
const hidden = new Set();

function shownAgain(model) {
  hidden.delete(model.key);
  store.set({ known: { ...store.get("known") }, chosen: model.key });
}

async function removed(model) {
  const query = new URLSearchParams({ provider: model.provider });
  await attempt(() => remove(`llm/custom-models/${encodeURIComponent(model.id)}?${query}`));
  hidden.delete(model.key);
}

const add = (id = "") =>
  openCustomForm({ known: store.get("known"), entry: null, draft: id, ondone: saved });

async function saved({ name, pin }) {
  toast(`${name} is saved.`);
  if (pin) await attempt(() => put("llm/preferences", { pins: pin }));
  else await refresh();
}

// --- Listening ----------------------------------------------------------------------------------------------------

const narrow = matchMedia("(max-width: 56rem)");
const steps = { ArrowDown: () => list.move(1), ArrowUp: () => list.move(-1), PageDown: () => list.page(1), PageUp: () => list.page(-1) };

query.addEventListener("input", () => store.set({ query: query.value }));
for (const each of [query, byId("models")]) each.addEventListener("keydown", move);

function move(event) {
  if (event.isComposing) return;
  if (steps[event.key]) {
    event.preventDefault();
    steps[event.key]();
  } else if (event.key === "Enter" && list.active) {
    use(list.active);
  } else if (event.key === "Escape") {
    query.value = "";
    store.set({ query: "" });
  }
}

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, select, textarea, dialog");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    query.focus();
    query.select();
  } else if (event.key === "Escape" && !byId("dialog").open && panel.contains(event.target)) {
    actions.close();
  }
});

const filters = byId("filters");
const readFilters = () => {
  const filter = {
    usable: byId("filter-usable").checked,
    takes: byId("filter-modality").value,
    price: byId("filter-price").value,
    context: byId("filter-context").value,
  };
  byId("filters-reset").hidden = !Object.values(filter).some(Boolean);
  store.set({ filter });
};
filters.addEventListener("input", readFilters);
filters.addEventListener("reset", () => setTimeout(readFilters));
filters.addEventListener("submit", (event) => event.preventDefault());
byId("add-custom").addEventListener("click", () => add());
byId("credits-input").addEventListener("change", ({ target }) =>
  attempt(() => put("llm/preferences", { preferDextoCredits: target.checked })),
);

listen(refresh, (isUp) => (isUp ? refresh() : store.get("seen") && refresh()));
refresh();
query.focus();
