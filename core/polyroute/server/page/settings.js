// The form for a provider's key, or for all settings that it needs.

import { html, useLayoutEffect, useRef, useState } from "./assets/preact.js";
import { post } from "./api.js";
import { clean, counted } from "./parts.js";
import { doc, refresh, toast } from "./store.js";

/** A field for each setting of a provider. Secrets are sent once and kept nowhere in the page. */
export default function Settings({ provider, onclose, label = "Set", focus = true }) {
  const known = doc("llm/providers")?.providers.find((each) => each.id === provider);
  const form = useRef();
  const [fault, say] = useState("");
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
    try {
      const response = await post("llm/key", { provider, values });
      event.target.reset();
      toast([`${clean(known.name)} is set.`, ...response.notes.slice(0, 1)].join(" "));
      refresh();
      onclose?.();
    } catch (error) {
      say(`${error.message} ${error.remedy ?? ""}`);
    } finally {
      send(false);
    }
  };
  return html`<form class="card inset settings" ref=${form} onSubmit=${submit} onKeyDown=${(event) => event.key === "Escape" && onclose?.()}>
    <div class="fields">
      ${needs.map(
        (each, at) => html`<label key=${each.name}><span>${each.name}</span>
          <input class="input" name=${each.name} type=${each.secret ? "password" : "text"} required=${!each.found} placeholder=${each.found ? "unchanged" : ""} autocomplete="off" spellcheck="false" maxlength="1000" aria-describedby=${at === 0 ? `about-${provider}` : undefined} /></label>`,
      )}
      <button class="button primary" disabled=${isSent}>${needs.length > 1 ? "Set up" : `${label} key`}</button>
    </div>
    <p class="fault" role="alert">${fault}</p>
    <p class="hint" id=${`about-${provider}`}>Kept in your keyring, or in a file that only you can read; never in this page. ${known.models > 0 && `It lists ${counted(known.models, "model")}. `}<${Link} known=${known} /></p>
  </form>`;
}

const Link = ({ known }) => {
  const page = known.keysPage ?? known.documentation;
  return page && /^https:/.test(page) ? html`<a href=${page} target="_blank" rel="noreferrer noopener">Where to get ${known.needs.length > 1 ? "them" : "one"}</a>` : null;
};
