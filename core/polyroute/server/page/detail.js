// One model: whether it runs, what is known of it, and every way to run it.

import { html, useEffect, useRef, useState } from "./assets/preact.js";
import { forget, look, of, pin, refOf, star, use } from "./actions.js";
import { CAN, Code, Dot, Icon, Mark, Said, clean, counted, dated, dollars, later, nameOf, placeOf, prices, runs, tokens, withCode } from "./parts.js";
import { address, attempt, close, doc, failure, set, state } from "./store.js";

const Snippet = later(() => import("./snippet.js"));
const Settings = later(() => import("./settings.js"));
const SHOWN = 7;

export default function Detail({ id }) {
  const path = `llm/models/${encodeURIComponent(id)}`;
  const model = doc(path);
  const element = useRef();
  const isNarrow = matchMedia("(max-width: 56rem)").matches;
  useEffect(() => {
    if (isNarrow) element.current?.focus();
  }, [id]);
  if (failure(path)?.status === 404) return html`<section class="detail" tabindex="-1" ref=${element}><h1>No such model</h1><p>No list has ${id}. <a href="#/models">All models</a></p></section>`;
  if (!model) return html`<section class="detail" aria-busy="true" tabindex="-1" ref=${element}><h1 class="visually-hidden">${id}</h1></section>`;
  return html`<section class="detail" aria-label=${clean(model.name)} tabindex="-1" ref=${element}>
    <${Title} model=${model} />
    <${Said} at=${of(model)} />
    <${Verdict} model=${model} />
    <${FactList} model=${model} />
    <${Ways} model=${model} />
    ${model.runs.usable && html`<${Snippet} model=${model} />`}
  </section>`;
}

function Title({ model }) {
  const current = doc("llm/current");
  const isUsed = current?.chosen && `${current.config.provider}/${current.config.model}` === refOf(model);
  const own = model.custom && doc("llm/custom-models")?.models.find((each) => `${each.provider}/${each.name}` === refOf(model) || model.id === `${each.provider}/${each.name}`);
  const isFavorite = model.band === "favorite";
  const first = model.ways[0];
  return html`<header class="detail-head">
    <${Mark} id=${model.id.split("/")[0]} name=${model.name} />
    <div class="detail-title">
      <h1>${clean(model.name)}</h1>
      <p>${nameOf(model.id.split("/")[0])} <${Code} text=${refOf(model)} copy /></p>
    </div>
    <div class="detail-actions">
      ${isUsed
        ? html`<button type="button" class="button" disabled>In use</button>`
        : model.runs.usable
          ? html`<button type="button" class="button primary" onClick=${() => use(model)}>Use this model</button>`
          : first && model.runs.allowed !== false && html`<button type="button" class="button primary" onClick=${() => set({ setting: keyOf(first) })}>Set it up</button>`}
      ${own && html`<button type="button" class="button" onClick=${() => set({ form: { entry: own } })}><${Icon} name="pencil" /> Edit</button>
        <button type="button" class="button" onClick=${() => forget(model, own)}><${Icon} name="trash-2" /> Delete</button>`}
      <button type="button" class="button square" aria-pressed=${isFavorite} aria-label="Favourite" onClick=${() => star(model)}><${Icon} name="star" filled=${isFavorite} /></button>
      <button type="button" class="quiet square" aria-label="Close" onClick=${close}><${Icon} name="x" /></button>
    </div>
  </header>`;
}

function Verdict({ model }) {
  const usable = model.ways.filter((each) => each.usable);
  const [way] = usable;
  const [input, output] = prices(model.price);
  return html`<div class=${way ? "card verdict" : "card verdict no"}>
    <div>
      <p class="says"><${Dot} on=${Boolean(way)} /> ${way ? `Runs ${runs(model)}` : needs(model)}</p>
      <p>${way ? html`${credentialOf(way)} ${usable.length > 1 ? `${counted(usable.length - 1, "more way")} if it fails.` : ""}` : withCode(clean(model.ways[0]?.remedy ?? ""))}</p>
    </div>
    <dl class="price">
      <div><dt>In</dt><dd>${input}</dd></div>
      ${output && html`<div><dt>Out</dt><dd>${output}</dd></div>`}
      ${model.price.cacheRead !== undefined && html`<div><dt>Cached</dt><dd>${dollars(model.price.cacheRead)}</dd></div>`}
    </dl>
  </div>`;
}

function needs(model) {
  const count = model.ways.length;
  if (!count) return "No provider that is known lists it.";
  if (model.runs.allowed === false) return "The organisation’s policy does not allow it.";
  if (runs(model) === "not running") return "Its server is not running.";
  const one = model.runs.missing === "settings" ? "Needs some settings." : "Needs one key.";
  return `${one}${count > 1 ? ` Any one of ${count} ways will do.` : ""} The shortest: ${nameOf(model.ways[0].provider)}.`;
}

const credentialOf = ({ credential, source }) =>
  source?.name
    ? html`With <${Code} text=${source.name} /> from ${placeOf(source)}.`
    : credential === "none needed"
      ? "It needs no key."
      : `With ${credential ?? "the login that was found"}.`;

function FactList({ model }) {
  const facts = [
    ["Context", model.context && tokens(model.context)],
    ["Longest answer", model.output && tokens(model.output)],
    ["Released", model.released && dated(model.released, true)],
    ["Knows up to", model.knowledge && dated(model.knowledge)],
    ["Weights", model.openWeights === true ? "open" : model.openWeights === false ? "not published" : ""],
    ["State", model.status],
  ];
  const can = CAN.filter(([, name]) => model.can?.includes(name));
  return html`<dl class="facts">
    ${facts.map(([name, value]) => value && html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
    ${can.length > 0 && html`<div class="wide-fact"><dt>Can</dt><dd>${can.map(([, , , icon, label]) => html`<span class="ability"><${Icon} name=${icon} /> ${label}</span> `)}</dd></div>`}
  </dl>`;
}

/** Return the name of one way among those of a model. */
const keyOf = (way) => `${way.provider} ${way.via} ${way.modelId ?? way.model}`;

function Ways({ model }) {
  const [isWhole, show] = useState(false);
  const usable = model.ways.filter((each) => each.usable);
  const others = sought(model.ways.filter((each) => !each.usable));
  const shown = [...usable, ...(isWhole ? others : others.slice(0, SHOWN))];
  const cheapest = Math.min(...model.ways.map((each) => (each.price.kind === "metered" ? (each.price.input ?? Infinity) : Infinity)));
  const left = model.ways.length - shown.length;
  return html`<section aria-labelledby="ways">
    <h2 id="ways">Ways to run it <small>${model.ways.length}, in the order they are tried</small><small class="end">per million tokens</small></h2>
    <div class="scrolls"><table class="ways">
      <thead><tr><th scope="col">Route</th><th scope="col">ID as sent</th><th scope="col" class="number">In</th><th scope="col" class="number">Out</th><th scope="col" class="number">Cached</th><th scope="col" class="number">Context</th><th scope="col"><span class="visually-hidden">Action</span></th></tr></thead>
      <tbody>${shown.map((way) => html`<${WayRow} key=${keyOf(way)} way=${way} model=${model} isFirst=${way === usable[0]} isCheapest=${way.price.kind === "metered" && way.price.input === cheapest} />`)}</tbody>
    </table></div>
    ${left > 0 && html`<button type="button" class="button" onClick=${() => show(true)}>Show ${counted(left, "more way")}</button>`}
  </section>`;
}

/** Put the ways first whose providers the search names. */
function sought(ways) {
  const words = (address().filter.get("q") ?? "").toLowerCase().split(/\s+/);
  const isNamed = ({ provider }) => words.some((word) => word.length > 2 && `${provider} ${nameOf(provider)}`.toLowerCase().split(/[\s-]+/).includes(word));
  return [...ways].sort((a, b) => isNamed(b) - isNamed(a));
}

function WayRow({ way, model, isFirst, isCheapest }) {
  const isOpen = state.setting === keyOf(way);
  const open = (wanted) => set({ setting: wanted ? keyOf(way) : "" });
  const [input, output] = prices(way.price);
  const at = `way ${keyOf(way)}`;
  const kind = way.via !== "direct" ? "gateway" : "direct";
  return html`
    <tr class=${isFirst ? "first-way" : way.usable ? "" : "blocked"}>
      <th scope="row">
        <span class="route"><${Mark} id=${way.provider} name=${nameOf(way.provider)} />
          <span class="lines"><span class="first"><span class="name">${nameOf(way.provider)}</span><span class="label plain">${kind}</span></span>
          <span class="second"><${Dot} on=${way.usable} /> ${way.usable ? sourceOf(way) : lacks(way)}</span></span></span>
      </th>
      <td>${way.modelId ? html`<${Code} text=${way.modelId} copy />` : "–"}${way.otherIds.length > 0 && html`<span class="more" title=${way.otherIds.join("\n")}>and ${counted(way.otherIds.length, "more name")}</span>`}</td>
      <td class=${isCheapest ? "number cheapest" : "number"} data-label="In">${input}${isCheapest && html`<span class="visually-hidden"> (the cheapest)</span>`}</td>
      <td class=${isCheapest ? "number cheapest" : "number"} data-label=${output ? "Out" : undefined}>${output}</td>
      <td class="number" data-label="Cached">${way.price.cacheRead === undefined ? "–" : dollars(way.price.cacheRead)}</td>
      <td class="number" data-label="Context">${tokens(way.context)}</td>
      <td class="action"><${Action} ...${{ at, way, model, isFirst, isOpen, open }} /></td>
    </tr>
    ${(isOpen || state.said[at]) && html`<tr class="under"><td colspan="7"><${Said} at=${at} />${isOpen && html`<${Settings} provider=${way.provider} at=${at} onclose=${() => open(false)} />`}</td></tr>`}
  `;
}

const sourceOf = ({ source, credential }) => (source?.name ? html`<code>${source.name}</code>` : credential);
const lacks = ({ missing, reason }) => (missing.length ? html`needs <code>${missing.map((each) => each.name).join(", ")}</code>` : reason);

function Action({ at, way, model, isFirst, isOpen, open }) {
  const target = way.model;
  const name = nameOf(way.provider);
  if (way.pinned) {
    const pins = doc("llm/preferences")?.pins;
    const pinned = [target, way.provider].find((each) => pins?.[each] === way.via);
    return html`<button type="button" class="button small" disabled=${!pinned} onClick=${() => pin(at, pinned, null)}><${Icon} name="pin" filled /> Unpin</button>
      ${pinned === target && html`<button type="button" class="quiet" onClick=${() => pin(at, way.provider, way.via, target)}>for all of ${name}</button>`}`;
  }
  if (isFirst) return html`<span class="soft">used first</span>`;
  if (way.allowed === false) return html`<span class="soft">not allowed</span>`;
  if (way.price.kind === "local" && !way.usable && !way.missing.length) return html`<button type="button" class="button small" aria-label=${`Look again for ${name}`} onClick=${() => attempt(at, look)}>Look again</button>`;
  if (!way.usable) return html`<button type="button" class="button small" aria-expanded=${isOpen} aria-label=${`Set up ${name}`} onClick=${() => open(!isOpen)}>${way.missing.length === 1 ? "Add key" : "Set up"}</button>`;
  if (target === refOf(model)) return html`<button type="button" class="button small" aria-label=${`Pin ${name} for this model`} onClick=${() => pin(at, target, way.via)}><${Icon} name="pin" /> Pin</button>`;
  return html`<button type="button" class="button small" aria-label=${`Use it at ${name}`} onClick=${() => use(model, target, at)}>Use</button>`;
}
