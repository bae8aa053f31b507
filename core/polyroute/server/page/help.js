// The keys of the keyboard that the page knows.

import { html } from "./assets/preact.js";
import { Dialog } from "./parts.js";
import { set } from "./store.js";

const KEYS = [
  ["/", "search"],
  ["↑ ↓ PgUp PgDn", "move through the models"],
  ["↵", "open the model"],
  ["Ctrl ↵", "use the model"],
  ["Esc", "clear the search, then close the model"],
  ["Ctrl K", "models, providers and commands"],
  ["f", "favourite"],
  ["c", "copy the ID"],
  ["?", "this help"],
];

export default function Help() {
  const close = () => set({ help: false });
  return html`<${Dialog} label="Keyboard" onclose=${close}>
    <h2>Keyboard</h2>
    <dl class="keys-list">${KEYS.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <div class="actions"><button type="button" class="button" onClick=${close}>Close</button></div>
  </${Dialog}>`;
}
