// What is amiss, what it affects, and the button that helps.

import { html } from "./assets/preact.js";
import { post } from "./api.js";
import { removeKey } from "./actions.js";
import { Icon, clean, copied } from "./parts.js";
import { attempt, doc, failure, go, link, refresh, toast } from "./store.js";

const COUNTED = ["Nothing is amiss.", "One thing needs a look.", "Two things need a look.", "Three things need a look.", "Four things need a look."];

export default function Problems() {
  const found = doc("llm/problems");
  const problems = found?.problems ?? [];
  return html`<main class="page narrow problems" aria-busy=${!found && !failure("llm/problems")}>
    <header class="page-head"><div><h1>Problems</h1><p>${found && (COUNTED[problems.length] ?? `${problems.length} things need a look.`)}</p></div></header>
    ${problems.length > 0 && html`<ul class="rows">${problems.map((each) => html`<${Problem} key=${each.id} problem=${each} />`)}</ul>`}
  </main>`;
}

function Problem({ problem }) {
  const place = problem.file && `${problem.file}${problem.line ? `, line ${problem.line}` : ""}`;
  return html`<li class="problem">
    <${Icon} name="triangle-alert" />
    <div>
      <h2>${clean(problem.subject)}</h2>
      <p>${clean(problem.message)}</p>
      ${problem.affects && html`<p class="hint">${clean([problem.affects].flat().join(", "))}</p>`}
      ${place && html`<pre tabindex="0"><code dir="ltr">${clean(place)}</code></pre>`}
      ${problem.remedy && html`<p>${clean(problem.remedy)}</p>`}
    </div>
    <div class="actions">${(problem.actions ?? []).map((each) => html`<${Action} problem=${problem} action=${each} />`)}
      <button type="button" class="quiet" aria-label=${`Copy details of: ${clean(problem.subject)}`} onClick=${() => copied([problem.subject, problem.message, place, problem.remedy].filter(Boolean).join("\n"))}>Copy details</button></div>
  </li>`;
}

const ACTIONS = {
  refresh: ["Refresh the lists", () => attempt(() => post("llm/lists/refresh", {}), "The lists were refreshed.")],
  look: ["Look again", () => attempt(() => post("llm/local/look", {}))],
  replace: ["Replace the key", ({ provider }) => go(link("providers", provider))],
  setup: ["Set it up", ({ provider }) => go(link("providers", provider))],
  remove: ["Remove it", ({ provider }) => removeKey(provider)],
  check: ["Check again", () => (refresh(), toast("Checked again."))],
};

const Action = ({ problem, action }) => {
  const [label, act] = ACTIONS[action.kind ?? action] ?? [];
  return label ? html`<button type="button" class="button small" onClick=${() => act({ ...problem, ...action })}>${label}</button>` : null;
};
