// The models: search, filters, the list, and the model that is open.

import { html, useEffect, useLayoutEffect, useMemo, useRef } from "./assets/preact.js";
import { hidden, of, star, use } from "./actions.js";
import List, { arranged } from "./list.js";
import { CAN, Dot, Icon, Said, clean, copied, counted, later, nameOf } from "./parts.js";
import { address, close, doc, failure, go, link, narrow, set, state } from "./store.js";

const Detail = later(() => import("./detail.js"));
const Begin = later(() => import("./begin.js"));
const CONTEXTS = [["32000", "32K or more"], ["128000", "128K or more"], ["200000", "200K or more"], ["1000000", "1M or more"]];
const PRICES = [["0", "Free"], ["1", "Up to $1"], ["5", "Up to $5"], ["15", "Up to $15"]];
const NONE = [];
const TYPED_AFTER_MS = 60;
const PAGE = 8;

export default function Models() {
  const known = doc("llm/models");
  const { id, filter } = address();
  const models = known?.models ?? NONE;
  const matches = matching(models, filter.get("q"));
  const found = useMemo(() => selected(matches, filter), [matches, String(filter)]);
  const items = useMemo(() => arranged(found, filter), [found, [...hidden].join()]);
  const isBeginning = known && !id && !models.some((each) => each.runs.usable && each.runs.checked !== false);
  return html`<main class=${id ? "models has-detail" : "models"} aria-busy=${!known}>
    <section class="finder" aria-label="Models">
      ${!id && html`<h1 class="visually-hidden">Models</h1>`}
      <${Search} items=${items} total=${known?.total} short=${Boolean(id)} />
      <${Chips} models=${models} filter=${filter} count=${found.length} short=${Boolean(id)} />
      ${Object.keys(state.said).filter((at) => at.startsWith("model") && at !== `model ${id}`).map((at) => html`<${Said} key=${at} at=${at} name=${models.find((each) => of(each) === at)?.name} />`)}
      <${List} items=${items} filter=${filter} open=${id} before=${isBeginning && html`<${Begin} models=${models} />`} />
      ${known && !items.length && html`<${Nothing} typed=${filter.get("q")} />`}
    </section>
    ${id && html`<${Detail} key=${id} id=${id} />`}
  </main>`;
}

// --- What is selected ---------------------------------------------------------------------------------------------

/** Return the models that the filter admits. */
function selected(models, filter) {
  const needed = CAN.filter(([letter]) => (filter.get("can") ?? "").includes(letter)).map(([, name]) => name);
  const [context, price, maker] = [Number(filter.get("ctx")), filter.get("price"), filter.get("maker")];
  return models.filter(
    (each) =>
      (!filter.get("runs") || each.runs.usable) &&
      needed.every((name) => each.can?.includes(name)) &&
      (!context || (each.context ?? 0) >= context) &&
      (!price || isWithin(each.price, Number(price))) &&
      (!maker || each.id.split("/")[0] === maker),
  );
}

const isWithin = (price, most) => ["free", "local"].includes(price.kind) || (most > 0 && (price.input ?? Infinity) <= most);

let answer = null;

/** Return the models that the typed words find, best first. The server searches; until it has answered, what it found before. */
function matching(models, typed) {
  const found = typed?.trim() && doc(`llm/search?${new URLSearchParams({ q: typed })}`);
  if (found) answer = found;
  return useMemo(() => {
    if (!typed?.trim()) return models;
    const byId = new Map(models.map((each) => [each.id, each]));
    return (answer?.models ?? NONE).map((each) => byId.get(each)).filter(Boolean);
  }, [models, Boolean(typed?.trim()), answer]);
}

// --- Search and filters -------------------------------------------------------------------------------------------

function Search({ items, total, short }) {
  const input = useRef();
  const { filter, id } = address();
  const typed = filter.get("q") ?? "";
  useEffect(() => {
    if (!id) input.current.focus();
    const focus = (event) => isCommand(event, "/") && (event.preventDefault(), input.current.focus(), input.current.select());
    document.addEventListener("keydown", focus);
    return () => document.removeEventListener("keydown", focus);
  }, []);
  useLayoutEffect(() => {
    if (document.activeElement !== input.current && input.current.value !== typed) input.current.value = typed;
  }, [typed]);
  const words = total ? `Search ${counted(total, "model")} by name, ID, maker or provider` : "Search";
  return html`<div class="search">
    <${Icon} name="search" />
    <label class="visually-hidden" for="query">Search models</label>
    <input ref=${input} id="query" type="search" role="combobox" autocomplete="off" spellcheck="false" autocapitalize="off" maxlength="200"
      placeholder=${short ? "Search" : words} defaultValue=${typed} aria-expanded="true" aria-haspopup="grid" aria-controls="grid" aria-autocomplete="list"
      aria-activedescendant=${activeOf(items) ? `row-${activeOf(items).key}` : undefined} aria-describedby="keys-hint"
      onInput=${(event) => typing(event.target.value)} onKeyDown=${(event) => moved(event, items, input.current)} />
    <span id="keys-hint" class="visually-hidden">Arrow keys move through the models, Enter opens one, Control and Enter use it, Escape clears.</span>
    <kbd aria-hidden="true">/</kbd>
  </div>`;
}

let timer = 0;

function typing(text) {
  clearTimeout(timer);
  timer = setTimeout(() => narrow({ q: text }), TYPED_AFTER_MS);
}

/** Return whether a key is pressed outside of fields. */
const isCommand = (event, key) => event.key === key && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest?.("input, select, textarea, dialog");

/** Return the active item: the one that was moved to, the open one, or the first result while one types. */
export function activeOf(items) {
  const { id, filter } = address();
  const wanted = state.active || id;
  return (wanted && items.find((each) => each.key === wanted)) || (filter.get("q") ? items[0] : undefined);
}

/** Handle the keys that move through the list. */
export function moved(event, items, input) {
  if (event.isComposing) return;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
  const active = activeOf(items)?.model;
  if (steps[event.key]) {
    event.preventDefault();
    step(items.filter((each) => each.model), active, steps[event.key]);
  } else if (event.key === "Enter" && active) {
    if (event.ctrlKey || event.metaKey) use(active);
    else go(link("models", active.id, address().filter));
  } else if (event.key === "Escape") {
    event.preventDefault();
    if (!address().filter.get("q") && address().id) close();
    input.value = "";
    clearTimeout(timer);
    narrow({ q: "" });
  }
}

function step(rows, active, by) {
  const at = rows.findIndex((each) => each.model === active);
  const next = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (!next) return;
  if (address().id) history.replaceState(history.state, "", link("models", next.model.id, address().filter));
  set({ active: next.model.id, form: null });
}

document.addEventListener("keydown", (event) => {
  const { view, id } = address();
  if (view !== "models") return;
  const name = state.active || id;
  const model = doc("llm/models")?.models.find((each) => each.id === name);
  if (model && isCommand(event, "f")) star(model);
  else if (model && isCommand(event, "c")) copied(model.runs.model ?? model.id);
  else if (id && isCommand(event, "Escape")) close();
});

function Chips({ models, filter, count, short }) {
  const can = filter.get("can") ?? "";
  const toggled = (letter) => narrow({ can: can.includes(letter) ? can.replace(letter, "") : can + letter });
  const known = useMemo(() => (state.drawn ? makers(models) : NONE), [state.drawn, models]); // many, and not seen at first
  const isFiltered = ["runs", "can", "ctx", "price", "maker"].some((name) => filter.get(name));
  if (short) return null;
  return html`<div class="chips" role="group" aria-label="Filters">
    <button type="button" class="chip" aria-pressed=${Boolean(filter.get("runs"))} onClick=${() => narrow({ runs: filter.get("runs") ? "" : "1" })}><${Dot} on /> Runs now</button>
    <span class="rule"></span>
    ${CAN.map(([letter, , label, icon]) => html`<button type="button" class="chip" aria-pressed=${can.includes(letter)} onClick=${() => toggled(letter)}><${Icon} name=${icon} /> ${label}</button>`)}
    <span class="rule"></span>
    <${Choice} label="context" title="Least context" name="ctx" options=${CONTEXTS} filter=${filter} />
    <${Choice} label="price" title="Highest price of input" name="price" options=${PRICES} filter=${filter} />
    <${Choice} label="maker" title="Maker" name="maker" options=${known} filter=${filter} />
    ${isFiltered && html`<button type="button" class="link" onClick=${() => narrow({ runs: "", can: "", ctx: "", price: "", maker: "" })}>Reset</button>`}
    <span class="count" role="status">${models.length > 0 && counted(count, "model")}</span>
    <button type="button" class="chip icon-only" aria-label="Add a model" title="Add a model" onClick=${() => set({ form: {} })}><${Icon} name="plus" /></button>
  </div>`;
}

const Choice = ({ label, title, name, options, filter }) => html`<select class="chip" aria-label=${title} value=${filter.get(name) ?? ""} onChange=${(event) => narrow({ [name]: event.target.value })}>
  <option value="">Any ${label}</option>
  ${options.map(([value, text]) => html`<option value=${value}>${text}</option>`)}
</select>`;

function makers(models) {
  const named = [...new Set(models.map((each) => each.id.split("/")[0]))].map((id) => [id, nameOf(id)]);
  return named.sort((a, b) => a[1].localeCompare(b[1], "en"));
}

function Nothing({ typed }) {
  const path = `llm/search?${new URLSearchParams({ q: typed ?? "" })}`;
  if (typed && !doc(path) && !failure(path)) return null;
  const reset = () => {
    document.getElementById("query").value = "";
    narrow({ q: "", runs: "", can: "", ctx: "", price: "", maker: "" });
  };
  return html`<div class="card empty" role="status">
    <p>${typed ? html`No model is called “${clean(typed)}”${address().filter.size > 1 ? " and has all that the filters ask for" : ""}.` : "No model has all that the filters ask for."}</p>
    <button type="button" class="button" onClick=${reset}>Show all models</button>
    ${typed && html`<button type="button" class="button" onClick=${() => set({ form: { draft: typed } })}><${Icon} name="plus" /> Add it as your own model</button>`}
  </div>`;
}
