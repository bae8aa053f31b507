// What is wrong, what it affects, and the button that helps.

import { html } from "./assets/preact.js";
import { checkKeys, fetchLists, removeKey, repair, switchOff } from "./actions.js";
import { Icon, Said, clean, copied, counted, nameOf, problems, withCode } from "./parts.js";
import { doc, failure, go, link, refresh, toast } from "./store.js";

const WORDS = ["", "One", "Two", "Three", "Four"];

export default function Problems() {
  const found = problems();
  return html`<main class="page narrow problems" aria-busy=${!found && !failure("llm/problems")}>
    <header class="page-head">
      <div><h1>Problems</h1><p>${found?.length ? `${WORDS[found.length] ?? found.length} thing${found.length > 1 ? "s need" : " needs"} a look.` : found && "Nothing is amiss."}</p></div>
      <button type="button" class="button" onClick=${() => (refresh(), toast("Checked again."))}><${Icon} name="refresh-cw" /> Check again</button>
    </header>
    <${Said} at="problems" />
    ${found?.length > 0 && html`<ul class="rows">${found.map((each) => html`<${Problem} key=${each.id} problem=${each} />`)}</ul>`}
  </main>`;
}

function Problem({ problem }) {
  const { message, affects, severity, file } = problem;
  const provider = problem.code === "key-refused" && affects[0];
  const known = provider && doc("llm/providers")?.providers.find((each) => each.id === provider);
  const title = clean(provider ? problem.title.replace(provider, nameOf(provider)) : problem.title);
  const at = `problem ${problem.id}`;
  const off = problem.actions.find((each) => each.kind === "disable");
  const place = file && `${file}${problem.line ? `, line ${problem.line}` : ""}`;
  const buttons = provider ? [] : HELP.filter(([pattern]) => problem.actions.some((each) => pattern.test(each.command)));
  const remedy = clean(buttons.length ? buttons[0][3] ?? "" : problem.remedy);
  const details = [title, problem.subject, message, place, problem.remedy].filter(Boolean).join("\n");
  return html`<li class="problem">
    <${Icon} name="triangle-alert" kind=${severity} />
    <div>
      <h2>${title}</h2>
      <p>${clean(message)}</p>
      ${affects.length > 0 && !provider && html`<p class="hint">Affects ${affects.length > 4 ? counted(affects.length, "provider") : affects.map(nameOf).join(", ")}.</p>`}
      ${place && html`<pre tabindex="0" role="group" aria-label="Where"><code dir="ltr">${clean(place)}</code></pre>`}
      ${remedy && html`<p>${withCode(remedy)}</p>`}
      <${Said} at=${at} />
    </div>
    <div class="actions">
      ${provider && html`<button type="button" class="button small" onClick=${() => go(link("providers", provider))}>Replace the key</button>`}
      ${known?.removable && html`<button type="button" class="quiet bad" onClick=${() => removeKey(provider, at)}>Remove it</button>`}
      ${buttons.map(([, label, help]) => html`<button type="button" class="button small" onClick=${() => help(at, file)}>${label}</button>`)}
      ${off && html`<button type="button" class="button small" onClick=${() => switchOff(at, off)}>Switch the plugin off</button>`}
      <button type="button" class="quiet" aria-label=${`Copy details: ${title}`} onClick=${() => copied(details)}>Copy details</button>
    </div>
  </li>`;
}

const HELP = [
  [/^polyroute refresh/, "Refresh the lists", fetchLists],
  [/^polyroute (keys|credential)/, "Providers & keys", () => go(link("providers"))],
  [/^polyroute doctor --repair/, "Repair the file", repair, "What can’t be read is kept: in comments of the file, or in a copy beside it."],
  [/^polyroute verify/, "Check all keys", (at) => checkKeys(at)],
];
/** By the command that the server names, what the page does in its place, and how it helps. */
