// The model picker: connects all parts of the page.

import { actions, add, attempt, keySet } from "./actions.js";
import { listen, put, useToken } from "./api.js";
import { byId, clean, element } from "./dom.js";
import { createList } from "./list.js";
import { indexed, loadRoutes, refresh } from "./loading.js";
import { defaultGateway, DIRECT, flat, passes, sections } from "./models.js";
import { panelOf } from "./panel.js";
import { rowOf } from "./row.js";
import { find } from "./search.js";
import { chosenModel, hidden, isCurrent, store } from "./state.js";
import { tokenForm, welcome } from "./welcome.js";

const query = byId("query");
const panel = byId("panel");
const list = createList(byId("list"), byId("models"), {
  row: (model) => rowOf(model, { known: store.get("known"), isCurrent: isCurrent(model), onstar: actions.favorite }),
  onactivate: (model, isPointer) => choose(model, isPointer),
  onchoose: (model) => useOrShow(model),
});

// --- Output -------------------------------------------------------------------------------------------------------

store.subscribe(["known", "query", "filter"], () => {
  const known = store.get("known");
  if (!known) return;
  const fits = passes(store.get("filter"));
  const passing = (model) => !hidden.has(model.key) && fits(model);
  const typed = store.get("query").trim();
  const items = typed ? flat(find(indexed(), typed).filter(passing)) : sections(known, passing);
  list.show(items, list.key);
  const count = items.filter((item) => item.model).length;
  byId("count").textContent = `${grouped(count)} ${count === 1 ? "model" : "models"}`;
  byId("empty").hidden = count > 0;
  byId("empty").replaceChildren(...emptyMessage(typed));
  markActive();
});

/** Format a number with commas. The first call of `toLocaleString` takes longer than rendering the whole list. */
function grouped(number) {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Report the active row to screen readers. */
function markActive() {
  for (const each of [query, byId("models")]) {
    if (list.activeId) each.setAttribute("aria-activedescendant", list.activeId);
    else each.removeAttribute("aria-activedescendant");
  }
}

function emptyMessage(typed) {
  return [
    element("p", {}, typed ? `No model matches “${typed}”.` : "No model matches the filters."),
    element("button", { type: "button", className: "button", onclick: () => byId("filters").reset() }, "Reset the filters"),
    element("button", { type: "button", className: "button", onclick: () => add(typed) }, "Add it as your own model"),
  ];
}

store.subscribe(["known", "chosen", "routes", "preferences", "current", "verified", "needsToken"], () => {
  const model = chosenModel();
  document.body.classList.toggle("has-panel", Boolean(model));
  if (store.get("needsToken")) return askForToken();
  keepingFocus(() => panel.replaceChildren(...(model ? about(model) : invitation())));
});

const about = (model) =>
  panelOf(model, {
    known: store.get("known"),
    routes: store.get("routes"),
    verified: store.get("verified"),
    preferences: store.get("preferences"),
    isCurrent: isCurrent(model),
    actions: { ...actions, close },
  });

/** Render the panel again. The focus stays on the control with the same name, or else moves to the panel. */
function keepingFocus(show) {
  const before = panel.contains(document.activeElement) ? nameOf(document.activeElement) : null;
  show();
  if (before === null) return;
  ([...panel.querySelectorAll("button, input, select")].find((each) => nameOf(each) === before) ?? panel).focus();
}

const nameOf = (control) => control.ariaLabel ?? control.labels?.[0]?.textContent ?? control.textContent;

/** Return the panel's content without a chosen model: how to begin, or what the panel shows. */
function invitation() {
  const begin = store.get("known") ? welcome(store.get("known"), { keySet }) : [];
  document.body.classList.toggle("is-beginning", begin.length > 0);
  return begin.length ? begin : [element("p", { className: "hint" }, "Choose a model to see how it runs, and why.")];
}

function askForToken() {
  document.body.classList.add("is-beginning");
  panel.replaceChildren(...tokenForm((token) => (useToken(token), refresh())));
}

store.subscribe(["known", "preferences", "current"], () => {
  const known = store.get("known");
  if (!known) return;
  const gateway = defaultGateway(known);
  byId("credits").hidden = !gateway?.usable;
  byId("credits-label").textContent = `Prefer ${clean(gateway?.name ?? "its")} credits`;
  byId("credits-input").checked = Boolean(gateway?.preferred);
  const current = store.get("current");
  byId("current").replaceChildren(...(current ? ["In use: ", element("code", {}, `${current.provider}/${current.model}`)] : []));
});

// --- Events -------------------------------------------------------------------------------------------------------

function choose(model, isPointer) {
  if (model.key !== store.get("chosen")) store.set({ chosen: model.key, routes: null });
  markActive();
  if (isPointer && narrow.matches) panel.focus();
  loadRoutes();
}

const useOrShow = (model) => (model.usable ? actions.use(model) : choose(model, true));

function close() {
  actions.close();
  query.focus();
}

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
    useOrShow(list.active);
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
    close();
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
  attempt(() => put("llm/preferences", { prefer: target.checked ? defaultGateway(store.get("known")).id : DIRECT })),
);

listen(refresh); // the first event arrives at once and reloads the data, so that no earlier change is missed
query.focus();
store.subscribe(["known"], () => {
  if (store.get("known")) requestAnimationFrame(() => requestIdleCallback(indexed)); // after the models are shown, before the user types
});
