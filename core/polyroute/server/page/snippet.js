// How to call a model in code, by the way that is taken.

import { html, useRef, useState } from "./assets/preact.js";
import { refOf } from "./actions.js";
import { Icon, clean, copied, runs } from "./parts.js";
import { doc, failure } from "./store.js";

export default function Snippet({ model }) {
  const [format, choose] = useState("python");
  const path = `llm/snippet?${new URLSearchParams({ model: refOf(model), format })}`;
  const found = doc(path);
  const last = useRef();
  last.current = found ?? last.current;
  const text = found?.text && clean(found.text, "\n");
  return html`<section aria-labelledby="code">
    <h2 id="code">Use it in code <small>${runs(model)}</small></h2>
    <div class="snippet">
      <div class="bar">
        <div class="segments" role="group" aria-label="Language">
          ${Object.entries(last.current?.formats ?? {}).map(([id, name]) => html`<button type="button" aria-pressed=${format === id} onClick=${() => choose(id)}>${name}</button>`)}
        </div>
        ${text && html`<button type="button" class="quiet" onClick=${() => copied(text)}><${Icon} name="copy" /> Copy</button>`}
      </div>
      <pre tabindex="0" role="group" aria-label="Code"><code dir="ltr">${text ?? clean(found?.reason ?? failure(path)?.message ?? "")}</code></pre>
    </div>
  </section>`;
}
