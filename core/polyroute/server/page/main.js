// The page: its header, the view that the address names, messages and keys.

import { html, render, useEffect } from "./assets/preact.js";
import { look } from "./actions.js";
import { useToken } from "./api.js";
import Models from "./models.js";
import { Icon, Mark, clean, later, moreMarks, nameOf, problems } from "./parts.js";
import { address, arrival, doc, follow, go, link, refresh, set, start, state } from "./store.js";

const DRAWN_AFTER_MS = 150;
const Providers = later(() => import("./providers.js"));
const Problems = later(() => import("./problems.js"));
const Palette = later(() => import("./palette.js"));
const Form = later(() => import("./custom.js"));
const Help = later(() => import("./help.js"));
const SHOWN = { models: Models, providers: Providers, problems: Problems };
const TITLES = { models: "Models", providers: "Providers & keys", problems: "Problems" };
const TABS = { models: "boxes", providers: "key-round", problems: "triangle-alert" };

function App() {
  const { view, id } = address();
  const View = SHOWN[view];
  const known = doc("llm/models");
  const open = known?.models.find((each) => view === "models" && each.id === id);
  useEffect(() => set({ drawn: true }), []);
  useEffect(() => {
    document.title = `${open ? clean(open.name) : TITLES[view]} · Polyroute`;
    if (known) follow();
  });
  if (state.needsToken) return html`<${Header} /><${Token} />`;
  return html`
    <${Header} view=${view} />
    <${View} />
    ${state.banner && html`<div class=${`banner ${state.banner.kind}`} role="status">${state.banner.text} ${state.banner.kind === "fault" && html`<button type="button" class="link" onClick=${refresh}>Try now</button>`}</div>`}
    <${Toasts} />
    ${state.palette && html`<${Palette} />`}
    ${state.form && html`<${Form} ...${state.form} />`}
    ${state.help && html`<${Help} />`}
  `;
}

const Header = ({ view }) => html`
  <header class="top">
    <a class="brand" href=${link("models")} onClick=${follows}><svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M7 16h5c5 0 4-7 9-7h4M12 16c5 0 4 7 9 7h4M7 16h.01M25 9h.01M25 23h.01" /></svg><span>Polyroute</span></a>
    ${view && html`<${Tabs} view=${view} /><${InUse} />`}
    ${view &&
    html`<button type="button" class="quiet" aria-label="Search models, providers and commands" onClick=${() => set({ palette: true, early: "" })}>
      <${Icon} name="search" /><kbd>${isMac ? "⌘" : "Ctrl"} K</kbd>
    </button>`}
  </header>
`;

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

const Tabs = ({ view }) => html`
  <nav class="tabs" aria-label="Views">
    ${Object.keys(TITLES).map(
      (each) => html`<a href=${link(each)} onClick=${follows} aria-current=${each === view ? "page" : undefined}>
        <${Icon} name=${TABS[each]} /><span>${TITLES[each]}</span>${each === "problems" && html`<${Count} />`}
      </a>`,
    )}
  </nav>
`;

const Count = () => {
  const count = doc("llm/models") && problems()?.length; // the models come first
  return count ? html`<span class="badge bad">${count}</span>` : null;
};

const InUse = () => {
  const { config, routing, chosen } = doc("llm/current") ?? {};
  if (!chosen) return html`<span class="in-use"></span>`;
  const ref = `${config.provider}/${config.model}`;
  const model = doc("llm/models")?.models.find((each) => each.id === ref || each.runs.model === ref);
  const name = clean(model?.name ?? config.displayName ?? config.model);
  return html`<a class="in-use" href=${link("models", model?.id ?? ref)} onClick=${follows}>
    <${Mark} id=${config.provider} /><span class="wide">In use </span><strong>${name}</strong>
    <span class="wide">${routing?.via ? (routing.via === "direct" ? " direct" : ` via ${nameOf(routing.via)}`) : " can’t run"}</span>
  </a>`;
};

/** Open a link of the page without loading the page. */
function follows(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(event.currentTarget.getAttribute("href"));
}

function Token() {
  const give = (event) => {
    event.preventDefault();
    useToken(new FormData(event.target).get("token").trim());
    event.target.reset();
    set({ needsToken: false });
    refresh();
  };
  return html`<main class="page"><form class="card token" onSubmit=${give}>
    <h1>This page needs the server’s token</h1>
    <p>The token in the address is missing, or is not the server’s. Tokens change when the server starts again. The command
      that started it prints an address with the present one.</p>
    <label>Token<input class="input" type="password" name="token" required autocomplete="off" /></label>
    <button class="button primary">Continue</button>
  </form></main>`;
}

const Toasts = () => html`<div class="toasts" role="status">
  ${state.toasts.map(
    (each) => html`<div class="toast" key=${each.id}>
      <span>${each.text}</span>
      ${each.undo && html`<button type="button" class="link" onClick=${each.undo}>Undo</button>`}
      <button type="button" class="quiet square" aria-label="Dismiss" onClick=${each.end}><${Icon} name="x" /></button>
    </div>`,
  )}
</div>`;

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (!state.needsToken) set({ palette: !state.palette, early: "" });
  } else if (state.palette && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !document.querySelector("dialog[open]")) {
    state.early += event.key; // the palette is still being loaded: nothing typed is lost
  } else if (event.key === "?" && !event.target.closest?.("input, select, textarea, dialog")) {
    set({ help: true });
  }
});

// The browser asks for the models early, so they are mostly there by now: the page is drawn once, with them.
await Promise.race([arrival("llm/models"), new Promise((resolve) => setTimeout(resolve, DRAWN_AFTER_MS))]);
start(() => render(html`<${App} />`, document.getElementById("app")));

/** Ask the user's own servers while somebody looks: at the start, when the page gets the focus, and each minute. */
const asks = () => document.hasFocus() && !state.needsToken && look().catch(() => {}); // nothing else depends on it
addEventListener("focus", asks);
setInterval(asks, 60_000);
setTimeout(asks, 1000);
(window.requestIdleCallback ?? setTimeout)(moreMarks);
