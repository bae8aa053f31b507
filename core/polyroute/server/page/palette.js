// Models, providers and commands in one list.

import { html, useEffect, useRef, useState } from "./assets/preact.js";
import { checkKeys, fetchLists, use } from "./actions.js";
import { Dialog, Icon, Mark, clean, runs } from "./parts.js";
import { doc, go, link, set, state } from "./store.js";

const MOST = 8;

export default function Palette() {
  const [typed, type] = useState(state.early);
  const [at, move] = useState(0);
  const list = useRef();
  const close = () => set({ palette: false });
  const groups = found(typed);
  const items = groups.flatMap(([, each]) => each);
  const active = items[Math.min(at, items.length - 1)];
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  const pressed = (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      move((Math.min(at, items.length - 1) + (event.key === "ArrowDown" ? 1 : -1) + items.length) % Math.max(items.length, 1));
    } else if (event.key === "Enter" && active) {
      event.preventDefault();
      close();
      if ((event.ctrlKey || event.metaKey) && active.model) use(active.model).then((works) => works || active.act());
      else active.act();
    }
  };
  return html`<${Dialog} label="Search models, providers and commands" className="palette" onclose=${close}>
    <div class="search"><${Icon} name="search" /><input role="combobox" aria-label="Search" aria-expanded="true" aria-controls="found" aria-activedescendant=${active ? `found-${items.indexOf(active)}` : undefined} autocomplete="off" spellcheck="false" placeholder="A model, a provider or a command" value=${typed} onInput=${(event) => (type(event.target.value), move(0))} onKeyDown=${pressed} /></div>
    <div id="found" role="listbox" aria-label="Found" ref=${list}>
      ${groups.map(
        ([title, each]) => each.length > 0 && html`<div role="group" aria-label=${title}><p class="group" aria-hidden="true">${title}</p>
          ${each.map((item) => html`<div role="option" id=${`found-${items.indexOf(item)}`} class="option" aria-selected=${item === active} onClick=${() => (close(), item.act())}>
            ${item.mark ? html`<${Mark} id=${item.mark} name=${item.label} />` : html`<${Icon} name=${item.icon} />`}<span>${item.label}</span><span class="soft">${item.state ?? ""}</span></div>`)}
        </div>`,
      )}
      ${!items.length && html`<p class="group">Nothing found.</p>`}
    </div>
    <p class="keys"><kbd>↑</kbd><kbd>↓</kbd> move <kbd>↵</kbd> open <kbd>Ctrl ↵</kbd> use at once <kbd>esc</kbd> close</p>
  </${Dialog}>`;
}

function found(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (text) => words.every((each) => text.toLowerCase().includes(each));
  const commands = COMMANDS.filter((each) => fits(each.label));
  const providers = (words.length ? (doc("llm/providers")?.providers ?? []) : []).filter((each) => fits(`${each.name} ${each.id}`)).slice(0, 4);
  return [
    ["Commands", [...(words.length ? commands : COMMANDS), ...providers.map((each) => ({ label: `${each.usable ? "Look at" : "Set up"} ${clean(each.name)}`, mark: each.id, act: () => go(link("providers", each.id)) }))]],
    ["Models", models(typed).slice(0, MOST)],
  ];
}

function models(typed) {
  const known = doc("llm/models")?.models ?? [];
  const ids = typed.trim() ? doc(`llm/search?${new URLSearchParams({ q: typed })}`)?.models : known.slice(0, MOST).map((each) => each.id);
  return (ids ?? []).slice(0, MOST).map((id) => known.find((each) => each.id === id)).filter(Boolean).map((model) => ({ label: clean(model.name), mark: model.id.split("/")[0], state: runs(model), model, act: () => go(link("models", model.id)) }));
}

const COMMANDS = [
  { label: "Models", icon: "boxes", act: () => go(link("models")) },
  { label: "Providers & keys", icon: "key-round", act: () => go(link("providers")) },
  { label: "Problems", icon: "triangle-alert", act: () => go(link("problems")) },
  { label: "Add a model of your own", icon: "plus", act: () => set({ form: {} }) },
  { label: "Check all keys", icon: "circle-check", act: () => (go(link("providers")), checkKeys()) },
  { label: "Refresh the lists of models", icon: "refresh-cw", act: () => (go(link("providers")), fetchLists()) },
  { label: "Keyboard", icon: "search", act: () => set({ help: true }) },
];
