// The form for a provider's key, or for all settings that it needs.

import { html, useLayoutEffect, useRef, useState } from "./assets/preact.js";
import { post } from "./api.js";
import { Said, clean, counted } from "./parts.js";
import { about, attempt, doc, say, state } from "./store.js";

/** A field for each setting of a provider. Secrets are sent once and kept nowhere in the page. `at`: what notes are said of. */
export default function Settings({ provider, at, onclose, label = "Set", focus = true }) {
  const known = doc("llm/providers")?.providers.find((each) => each.id === provider);
  const form = useRef();
  const own = `key ${provider}`;
  const fault = state.said[own]?.isFault && state.said[own].text;
  const [isSent, send] = useState(false);
  useLayoutEffect(() => {
    if (focus && known) form.current?.querySelector("input")?.focus();
  }, [Boolean(known), provider]);
  if (!known) return null;
  const needs = known.needs;
  if (!needs.length) return html`<div class="card inset"><p>${clean(known.remedy ?? known.reason)}</p><${Link} known=${known} /></div>`;
  const submit = async (event) => {
    event.preventDefault();
    const data = new FormData(event.target);
    const values = Object.fromEntries([...data].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
    send(true);
    let notes = [];
    if (await attempt(own, async () => ({ notes } = await post("llm/key", { provider, values })), about(clean(known.name), " is set."), "Nothing was stored.")) {
      event.target.reset();
      say(at, notes.join(" "));
      onclose?.();
    }
    send(false);
  };
  return html`<form class="card inset settings" ref=${form} onSubmit=${submit} onKeyDown=${(event) => event.key === "Escape" && onclose?.()}>
    <div class="fields">
      ${needs.map(
        (each, place) => html`<label key=${each.name}><span>${each.name}</span>
          <input class="input" name=${each.name} type=${each.secret ? "password" : "text"} required=${!each.found} placeholder=${each.found ? "unchanged" : ""} autocomplete="off" spellcheck="false" maxlength="1000" aria-invalid=${Boolean(fault) && (needs.length === 1 || fault.includes(each.name))} aria-describedby=${fault ? `said-key-${provider}` : place === 0 ? `about-${provider}` : undefined} /></label>`,
      )}
      <button class="button primary" disabled=${isSent}>${needs.length > 1 ? "Set up" : `${label} key`}</button>
    </div>
    <${Said} at=${own} />
    <p class="hint" id=${`about-${provider}`}>Kept in your keyring, or in a file that only you can read; never in this page. ${known.models > 0 && `It lists ${counted(known.models, "model")}. `}<${Link} known=${known} /></p>
  </form>`;
}

const Link = ({ known }) => {
  const page = known.keysPage ?? known.documentation;
  return page && /^https:/.test(page) ? html`<a href=${page} target="_blank" rel="noreferrer noopener">Where to get ${known.needs.length > 1 ? "them" : "one"}</a>` : null;
};
