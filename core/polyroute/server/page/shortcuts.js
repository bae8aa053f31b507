// Names of the user's own for models.

import { html } from "./assets/preact.js";
import { put } from "./api.js";
import { Code, Icon, Said, clean } from "./parts.js";
import { about, attempt, doc } from "./store.js";

const PATH = "llm/shortcuts";

export default function Shortcuts() {
  const known = doc(PATH);
  if (!known) return null;
  const { shortcuts } = known;
  const change = (to, text) => attempt("shortcuts", () => put(PATH, { shortcuts: to }), text);
  const drop = (name) => change(Object.fromEntries(Object.entries(shortcuts).filter(([each]) => each !== name)), about(clean(name), " was removed."));
  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    const [name, model] = ["name", "model"].map((each) => form.elements[each].value.trim());
    if (await change({ ...shortcuts, [name]: model }, about(name, " is a shortcut now."))) form.reset();
  };
  const field = (name, label, hint) => html`<label><span>${label}</span><input class="input" name=${name} required maxlength="1000" autocomplete="off" spellcheck="false" placeholder=${hint} /></label>`;
  const row = ([name, model]) => html`<li class="provider shortcut" key=${name}>
    <code>${clean(name)}</code><${Code} text=${model} />
    <button type="button" class="quiet bad square" aria-label=${`Remove ${clean(name)}`} onClick=${() => drop(name)}><${Icon} name="trash-2" /></button>
  </li>`;
  return html`<section aria-labelledby="shortcuts">
    <h2 id="shortcuts">Shortcuts</h2>
    <p class="hint">Names that you may use in place of a model.</p>
    ${Object.keys(shortcuts).length > 0 && html`<ul class="rows">${Object.entries(shortcuts).map(row)}</ul>`}
    <form class="settings" onSubmit=${add}>
      <div class="fields">${field("name", "Name")}${field("model", "Model", "provider/model")}<button class="button">Add</button></div>
      <${Said} at="shortcuts" />
    </form>
  </section>`;
}
