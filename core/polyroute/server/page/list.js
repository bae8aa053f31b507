// The list of models: a grid of which only the rows near the visible part are in the page.

import { html, useLayoutEffect, useMemo, useRef, useState } from "./assets/preact.js";
import { hidden, star, use } from "./actions.js";
import { activeOf, moved } from "./models.js";
import { Abilities, Dot, Icon, Mark, clean, counted, dated, grouped, prices, runs, tokens } from "./parts.js";
import { address, go, link, narrow, set, state } from "./store.js";

const HEAD = 44;
const BEYOND = 6; // rows kept above and below the visible part, once that is drawn
const BANDS = { favorite: "Favourites", recent: "Recent", own: "Your own", runs: "Runs now", setup: "Needs setting up" };
const narrowScreen = matchMedia("(max-width: 56rem)");
const HEADINGS = [
  ["", "Model", "name"],
  ["", "Runs", ""],
  ["", "Can", ""],
  ["number", "Context", "context"],
  ["number", "In", "price"],
  ["number", "Out", "out"],
  ["number", "Released", "released"],
];

const VALUES = {
  name: (each) => each.name.toLowerCase(),
  context: (each) => (each.context ? -each.context : undefined),
  price: (each) => (["free", "local"].includes(each.price.kind) ? 0 : each.price.input),
  out: (each) => (["free", "local"].includes(each.price.kind) ? 0 : each.price.output),
  released: (each) => (each.released ? -Number(each.released.padEnd(10, "-01").replaceAll("-", "")) : undefined),
};
/** The fact of each way to sort; the lowest is the best. Unknown ones come last. */

/** Return models as items: bands with their headings, or in one row while one searches. */
export function arranged(models, filter) {
  const items = sortedBy(filter.get("sort"), models.filter((each) => !hidden.has(each.id))).map((model) => ({ key: model.id, model }));
  if (filter.get("q")) return items;
  const bands = new Map(Object.keys(BANDS).map((band) => [band, []]));
  for (const item of items) bands.get(item.model.band)?.push(item);
  const filled = [...bands].filter(([, found]) => found.length);
  return filled.flatMap(([band, found]) => [{ key: band, head: filled.length === 1 && band === "setup" ? "All models" : BANDS[band], count: found.length }, ...found]);
}

function sortedBy(sort, models) {
  const value = VALUES[sort?.replace("-", "")];
  if (!value) return models;
  const sign = sort.startsWith("-") ? -1 : 1;
  const known = models.filter((each) => value(each) !== undefined);
  known.sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : 0));
  return [...known, ...models.filter((each) => value(each) === undefined)];
}

export default function List({ items, filter, open, before }) {
  const frame = useRef();
  const [view, look] = useState({ top: 0, height: innerHeight });
  const beyond = state.drawn ? BEYOND : 0;
  const rowHeight = narrowScreen.matches && !open ? 68 : 52;
  const tops = useMemo(() => topsOf(items, rowHeight), [items, rowHeight]);
  const active = activeOf(items);
  const offset = useRef(0);
  const see = () => {
    const [top, height] = [frame.current.scrollTop - offset.current, frame.current.clientHeight];
    look((last) => (last.top === top && last.height === height ? last : { top, height }));
  };
  useLayoutEffect(() => {
    const grid = frame.current.querySelector(".grid-body");
    const measure = () => ((offset.current = grid.offsetTop), see());
    const observer = new ResizeObserver(measure);
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (history.state?.scroll !== undefined) frame.current.scrollTop = history.state.scroll;
  }, [Boolean(open), items.length > 0, String(filter)]);
  useLayoutEffect(() => {
    if (active && (state.active || open)) reveal(frame.current, offset.current, tops[items.indexOf(active)], rowHeight);
  }, [active?.key]);
  const first = Math.max(at(tops, view.top) - beyond, 0);
  const last = Math.min(at(tops, view.top + view.height) + beyond, items.length - 1);
  const shown = [];
  for (let index = first; index <= last; index += 1) shown.push(index);
  if (active && !shown.includes(items.indexOf(active))) shown.push(items.indexOf(active));
  return html`<div class=${items.length ? "list" : "list is-empty"} ref=${frame} onScroll=${() => (see(), remember(frame.current))}>
    ${before}
    <div id="grid" class="grid" role="grid" aria-label="Models" aria-rowcount=${items.length + 1} tabindex="0"
      aria-activedescendant=${active ? `row-${active.key}` : undefined}
      onKeyDown=${(event) => event.target === event.currentTarget && moved(event, items, document.getElementById("query"))}>
      ${!open && html`<${Headings} sort=${filter.get("sort") ?? ""} />`}
      <div class="grid-body" role="rowgroup" style=${{ height: `${tops[items.length]}px` }}>
        ${shown.map((index) => {
          const item = items[index];
          const place = { key: item.key, top: tops[index], index: index + 2 };
          return item.head ? html`<${Head} ...${place} item=${item} />` : html`<${Row} ...${place} model=${item.model} short=${Boolean(open)} isActive=${item === active} isOpen=${item.model.id === open} />`;
        })}
      </div>
    </div>
  </div>`;
}

let timer = 0;

/** Keep how far the list is scrolled with the address, for the way back and for loading again. */
function remember(frame) {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState({ ...history.state, scroll: frame.scrollTop }, ""), 150);
}

function topsOf(items, rowHeight) {
  let top = 0;
  return [0, ...items.map((item) => (top += item.head ? HEAD : rowHeight))];
}

/** Return the index of the item at this height, in pixels. */
function at(tops, height) {
  let [low, high] = [0, Math.max(tops.length - 2, 0)];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tops[middle] <= height) low = middle;
    else high = middle - 1;
  }
  return low;
}

function reveal(frame, offset, top, height) {
  const heading = 40;
  if (top + offset - HEAD - heading < frame.scrollTop) frame.scrollTop = Math.max(top + offset - HEAD - heading, 0);
  else if (top + offset + height > frame.scrollTop + frame.clientHeight) frame.scrollTop = top + offset + height - frame.clientHeight;
}

function Headings({ sort }) {
  const next = (name) => (sort === name ? `-${name}` : sort === `-${name}` ? "" : name);
  const order = (name) => (sort === name ? "ascending" : sort === `-${name}` ? "descending" : "none");
  return html`<div class="headings row-grid" role="row" aria-rowindex="1">
    ${HEADINGS.map(([kind, label, name]) =>
      name
        ? html`<span role="columnheader" class=${kind} aria-sort=${order(name)}>
            <button type="button" onClick=${() => narrow({ sort: next(name) })}>${label}${sort.replace("-", "") === name && html`<${Icon} name=${sort[0] === "-" ? "arrow-up" : "arrow-down"} />`}</button>
          </span>`
        : html`<span role="columnheader" class=${kind}>${label}</span>`,
    )}
    <span role="columnheader"><span class="visually-hidden">Favourite</span></span>
  </div>`;
}

const placed = (top) => ({ transform: `translateY(${top}px)` });

const Head = ({ item, top, index }) => html`<div class="head" role="row" aria-rowindex=${index} style=${placed(top)}>
  <span role="gridcell" aria-colspan="8"><strong>${item.head}</strong> ${grouped(item.count)}</span>
</div>`;

function Row({ model, top, index, isActive, isOpen, short }) {
  const show = (event) => {
    if (event.target.closest(".star")) return;
    go(link("models", model.id, address().filter));
    set({ active: model.id });
  };
  const { usable } = model.runs;
  return html`<div id=${`row-${model.id}`} class=${`row row-grid${short ? " short" : ""}${usable ? "" : " blocked"}`} role="row" aria-rowindex=${index} aria-selected=${isActive || isOpen}
    style=${placed(top)} onClick=${show} onDblClick=${() => usable && use(model)}>
    <span role="gridcell" class="title">
      <${Mark} id=${model.id.split("/")[0]} name=${model.name} />
      <span class="lines">
        <span class="first"><span class="name">${clean(model.name)}</span><${Labels} model=${model} /></span>
        ${short ? html`<${Brief} model=${model} />` : html`<span class="second"><bdi class="id" dir="ltr">${model.id}</bdi> <span>${counted(model.providers, "provider")}</span></span><${Brief} model=${model} />`}
      </span>
    </span>
    ${!short && html`<${Facts} model=${model} />`}
  </div>`;
}

const Labels = ({ model }) => {
  const label = model.status === "deprecated" ? "Deprecated" : model.status ? "Beta" : model.price.kind === "local" ? "Local" : model.isNew ? "New" : "";
  return label ? html`<span class=${`label ${label.toLowerCase()}`}>${label}</span>` : null;
};

/** What a phone and the narrow list show of a model, in one line. */
const Brief = ({ model }) => html`<span class="brief"><${Dot} on=${model.runs.usable} /> <span>${[runs(model), prices(model.price).filter(Boolean).join(" / "), model.context && tokens(model.context)].filter((each) => each && each !== "–").join(" · ")}</span></span>`;

function Facts({ model }) {
  const [input, output] = prices(model.price);
  const isFavorite = model.band === "favorite";
  return html`
    <span role="gridcell" class="runs"><${Dot} on=${model.runs.usable} /> ${runs(model)}</span>
    <span role="gridcell" class="can"><${Abilities} can=${model.can} /></span>
    <span role="gridcell" class="number soft">${tokens(model.context)}</span>
    <span role="gridcell" class="number">${input}</span>
    <span role="gridcell" class="number">${output}</span>
    <span role="gridcell" class="number soft">${dated(model.released)}</span>
    <span role="gridcell" class="star-cell"><button type="button" class="star" tabindex="-1" aria-pressed=${isFavorite} aria-label=${`Favourite ${clean(model.name)}`} onClick=${() => star(model)}><${Icon} name="star" filled=${isFavorite} /></button></span>
  `;
}
