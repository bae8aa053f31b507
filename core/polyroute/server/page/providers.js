// Providers and keys: what is set up, what could be, and which route comes first.

import { html, useEffect, useRef, useState } from "./assets/preact.js";
import { put } from "./api.js";
import { checkKeys, fetchLists, look, removeKey } from "./actions.js";
import { host, isRunning, stateOf } from "./begin.js";
import { Dot, Icon, Mark, Said, clean, counted, dated, later, nameOf, placeOf } from "./parts.js";
import Settings from "./settings.js";
import { about, address, attempt, doc, state } from "./store.js";

const Shortcuts = later(() => import("./shortcuts.js"));
const SHOWN = 20;
const KINDS = { gateway: "gateway", vendor: "maker", host: "host", cloud: "your cloud", "own-cloud": "your cloud", "own-server": "local server" };
const STATES = { valid: "Works", invalid: "Refused", no_credit: "No credit", rate_limited: "Rate limited", unreachable: "Not reached", unsupported: "Can’t be checked" };
const REMOVED = { usable: false, credential: null, source: null, removable: false };

export default function Providers() {
  const known = doc("llm/providers");
  const models = doc("llm/models")?.models ?? [];
  const [typed, type] = useState("");
  const [isWhole, show] = useState(false);
  if (!known) return html`<main class="page narrow" aria-busy="true"><h1>Providers & keys</h1></main>`;
  const all = known.providers.map((each) => (state.removedKeys.has(each.id) ? { ...each, ...REMOVED } : each));
  const servers = all.filter((each) => each.kind === "own-server" && each.address);
  const ready = all.filter((each) => each.usable && each.credential && !servers.includes(each));
  const others = all.filter((each) => !ready.includes(each) && !servers.includes(each) && `${each.id} ${each.name}`.toLowerCase().includes(typed.trim().toLowerCase()));
  const shown = isWhole || typed ? others : others.filter((each, at) => at < SHOWN || each.id === address().id);
  const running = models.filter((each) => each.runs.usable).length;
  return html`<main class="page narrow">
    <header class="page-head">
      <div><h1>Providers & keys</h1><p>${ready.length} of ${counted(all.length, "provider")} ${ready.length === 1 ? "is" : "are"} set up${models.length > 0 && `; with ${ready.length === 1 ? "it" : "them"} ${running} of ${counted(models.length, "model")} run`}.</p></div>
      ${ready.length > 0 && html`<button type="button" class="button" onClick=${() => checkKeys()}><${Icon} name="circle-check" /> Check all keys</button>`}
    </header>
    <${Said} at="keys" />
    <${First} />
    <${Group} title="Set up" providers=${ready} />
    <${Group} title="On this machine" providers=${servers} />
    <section aria-labelledby="others">
      <h2 id="others">Not set up</h2>
      <input class="input" type="search" aria-label="Find a provider" placeholder="Find a provider" onInput=${(event) => type(event.target.value)} />
      <${Group} providers=${shown} />
      ${shown.length < others.length && html`<button type="button" class="button" onClick=${() => show(true)}>Show all ${others.length}</button>`}
      ${!others.length && html`<p class="hint" role="status">No provider is called “${clean(typed)}”.</p>`}
    </section>
    <${Shortcuts} />
    <${Lists} lists=${known.lists} />
  </main>`;
}

function First() {
  const preferences = doc("llm/preferences");
  if (!preferences) return null;
  const { first, routes } = preferences;
  const usable = new Set(doc("llm/providers").providers.filter((each) => each.kind === "gateway" && each.usable).map((each) => each.id));
  const choices = [...routes.filter((id) => usable.has(id) || id === first), "direct", "cheapest"].filter((id, at, all) => all.indexOf(id) === at);
  const label = (id) => (id === "direct" ? "Direct keys" : id === "cheapest" ? "The cheapest" : nameOf(id));
  const choose = (id) => attempt("first", () => put("llm/preferences", { prefer: id }), about(label(id), " first."));
  return html`<section aria-labelledby="first">
    <h2 id="first">Which route comes first</h2>
    <div class="segments" role="group" aria-labelledby="first">${choices.map((id) => html`<button type="button" aria-pressed=${id === first} onClick=${() => choose(id)}>${label(id)}</button>`)}</div>
    <${Said} at="first" />
    <p class="hint">where a model has several. A single model can be pinned on its own page.</p>
  </section>`;
}

const Group = ({ title, providers }) =>
  providers.length
    ? html`<section aria-label=${title ?? "Providers"}>${title && html`<h2>${title}</h2>`}<ul class="rows">${providers.map((each) => html`<${Row} key=${each.id} provider=${each} />`)}</ul></section>`
    : null;

function Row({ provider }) {
  const wanted = address().id === provider.id;
  const [isOpen, open] = useState(wanted);
  const { id, name, kind, source, removable, usable } = provider;
  const models = provider.models || (doc("llm/models")?.models ?? []).filter((each) => each.runs.via === id).length;
  const isLocal = kind === "own-server" && provider.address;
  const page = provider.documentation;
  const at = `key ${id}`;
  const row = useRef();
  useEffect(() => {
    if (wanted) (open(true), row.current.scrollIntoView({ block: "center" }));
  }, [wanted]);
  return html`<li class="provider" ref=${row}>
    <span class="title"><${Mark} id=${id} name=${name} /><span class="lines">
      <span class="first"><span class="name">${clean(name)}</span><span class="label plain">${KINDS[kind] ?? kind}</span></span>
      <span class="second">${models > 0 && !isLocal && `${usable ? "runs" : "would run"} ${counted(models, "model")}`}</span></span></span>
    <span class="lines from">${isLocal ? html`<bdi class="id" dir="ltr">${host(provider.address)}</bdi>` : source ? html`<code>${source.name || provider.credential}</code><span class="second">in ${placeOf(source)}</span>` : html`<span class="second">${provider.needs.length ? html`needs <code>${provider.needs.map((each) => each.name).join(", ")}</code>` : clean(provider.reason)}</span>`}</span>
    <${State} provider=${provider} isLocal=${isLocal} />
    <span class="actions">
      ${isLocal && html`<button type="button" class="quiet" aria-label=${`Look again for ${clean(name)}`} onClick=${() => attempt(at, look)}>Look again</button>`}
      ${source && html`<button type="button" class="button small" aria-label=${`Check the key of ${clean(name)}`} onClick=${() => checkKeys(at, [id])}>Check</button>`}
      ${removable && html`<button type="button" class="quiet" aria-label=${`Replace the key of ${clean(name)}`} onClick=${() => open(!isOpen)}>Replace</button><button type="button" class="quiet bad" aria-label=${`Remove the key of ${clean(name)}`} onClick=${() => removeKey(id)}>Remove</button>`}
      ${!source && !isLocal && html`<button type="button" class="button small" aria-expanded=${isOpen} aria-label=${`Set up ${clean(name)}`} onClick=${() => open(!isOpen)}>${provider.needs.length === 1 ? "Add key" : "Set up"}</button>`}
      ${page && /^https:/.test(page) && html`<a class="quiet square" href=${page} target="_blank" rel="noreferrer noopener" aria-label=${`Documentation of ${clean(name)}`}><${Icon} name="external-link" /></a>`}
    </span>
    <div class="under">${isOpen ? html`<${Settings} provider=${id} at=${at} onclose=${() => open(false)} />` : html`<${Said} at=${at} />`}</div>
  </li>`;
}

function State({ provider, isLocal }) {
  if (isLocal) return html`<span class="state"><${Dot} on=${isRunning(provider.id)} /> ${stateOf(provider.id)}</span>`;
  const found = provider.verified;
  if (!provider.source) return html`<span class="state"></span>`;
  if (!found) return html`<span class="state"><${Dot} /> Not checked yet</span>`;
  const said = found.remaining ? `${found.remaining} left` : found.state === "valid" ? `at ${new Date(found.when).toLocaleTimeString([], { timeStyle: "short" })}` : found.message;
  return html`<span class="state lines">
    <span><${Dot} on=${found.state === "valid"} bad=${["invalid", "no_credit"].includes(found.state)} /> ${STATES[found.state]}</span><span class="second">${clean(said ?? "")}</span>
  </span>`;
}

function Lists({ lists }) {
  return html`<section aria-labelledby="lists">
    <h2 id="lists">Lists of models</h2>
    <p>${lists.date ? `Of ${dated(lists.date, true)}${lists.days > 0 ? `, ${counted(lists.days, "day")} old` : ""}.` : "Their date is not known."}</p>
    <${Said} at="lists" />
    <button type="button" class="button" onClick=${() => fetchLists()}><${Icon} name="refresh-cw" /> Refresh the lists</button>
  </section>`;
}
