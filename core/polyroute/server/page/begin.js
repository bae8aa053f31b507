// What to do first, where nothing can be run yet.

import { html, useState } from "./assets/preact.js";
import Settings from "./settings.js";
import { Dot, Icon, Mark, Said, clean, counted } from "./parts.js";
import { look } from "./actions.js";
import { attempt, doc, go, link, set, state } from "./store.js";

const MAKERS = 8;

export default function Begin({ models }) {
  const known = doc("llm/providers")?.providers ?? [];
  const { routes, first } = doc("llm/preferences") ?? {};
  // Without the order there are none: another one would come first later.
  const gateways = known.filter((each) => routes && each.kind === "gateway" && each.needs.length);
  gateways.sort((a, b) => (b.id === first) - (a.id === first) || routes.indexOf(a.id) - routes.indexOf(b.id));
  const makers = known.filter((each) => each.kind === "vendor" && each.needs.length === 1).sort((a, b) => rank(models, a) - rank(models, b));
  const servers = known.filter((each) => each.kind === "own-server" && each.address);
  return html`<section class="begin" aria-labelledby="begin">
    <h2 id="begin">Which models can you run?</h2>
    <p>None yet. One of these three is enough, and the list below shows at once what runs.</p>
    <div class="cards">
      <${Card} icon="boxes" title="One key for many makers" text="A gateway bills you once and carries the models of many makers." label="Gateway" choices=${gateways} />
      <${Card} icon="key-round" title="A maker’s own key" text="You pay the maker directly." label="Maker" choices=${makers} more />
      <${Servers} servers=${servers} />
    </div>
  </section>`;
}

/** Return where the first model of a maker stands in the order of models. */
const rank = (models, { id }) => {
  const at = models.findIndex((each) => each.id.startsWith(`${id}/`));
  return at < 0 ? Infinity : at;
};

function Card({ icon, title, text, label, choices, more }) {
  const [chosen, choose] = useState("");
  const id = chosen || choices[0]?.id;
  return html`<div class="card">
    <h3><${Icon} name=${icon} /> ${title}</h3>
    <p>${text}</p>
    <label class="field"><span>${label}</span><select class="input" value=${id} onChange=${(event) => choose(event.target.value)}>
      ${choices.map((each) => html`<option value=${each.id}>${clean(each.name)}</option>`)}
    </select></label>
    ${id && html`<${Settings} key=${id} provider=${id} at="model" focus=${false} />`}
    ${more && html`<a class="link" href=${link("providers")} onClick=${(event) => (event.preventDefault(), go(link("providers")))}>All providers</a>`}
  </div>`;
}

function Servers({ servers }) {
  return html`<div class="card">
    <h3><${Icon} name="cpu" /> A server of your own</h3>
    <p>No key and no bill: models that run on this machine or in your network.</p>
    <ul class="servers">
      ${servers.map((each) => html`<li><${Mark} id=${each.id} name=${each.name} /><span>${clean(each.name)} <bdi class="id" dir="ltr">${host(each.address)}</bdi></span><span class="soft"><${Dot} on=${isRunning(each.id)} /> ${stateOf(each.id)}</span></li>`)}
    </ul>
    <${Said} at="servers" />
    <div class="actions">
      <button type="button" class="button" onClick=${() => attempt("servers", look)}><${Icon} name="refresh-cw" /> Look again</button>
      <button type="button" class="button" onClick=${() => set({ form: { provider: "server" } })}>Other address…</button>
    </div>
  </div>`;
}

export const isRunning = (id) => state.servers[id]?.state === "running";

/** Return in words whether one of the user's own servers runs. */
export function stateOf(id) {
  const known = state.servers[id];
  if (isRunning(id)) return `running, ${counted(known.models, "model")}`;
  return known?.state === "not_running" ? "not running" : "not asked yet";
}

export const host = (address) => address.replace(/^https?:\/\//, "").replace(/\/v1\/?$/, "");
