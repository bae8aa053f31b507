// The form to add, edit and rename a model of the user's own. The server gives advice on an ID; the form only shows it.

import { html, useEffect, useRef, useState } from "./assets/preact.js";
import { get, patch, post, put } from "./api.js";
import { Dialog, clean, nameOf } from "./parts.js";
import { about, attempt, doc, go, link, refresh, say, set, state, toast } from "./store.js";

const ADVICE_AFTER_MS = 250;

/** `entry`: the model to change; `draft`: the ID to begin with; `provider`: the provider to begin with. */
export default function Form({ entry, draft = "", provider = "" }) {
  const catalog = doc("llm/catalog?scope=all&includeModels=false");
  if (!catalog) return null;
  return html`<${Filled} ...${{ entry, draft, provider, catalog }} />`;
}

function Filled({ entry, draft, provider, catalog }) {
  const available = Object.entries(catalog.providers).filter(([id, each]) => each.customModels && !each.aliases.includes(id)).map(([id, each]) => ({ ...each, id }));
  const initial = entry?.provider ?? (provider === "server" ? available.find((each) => each.customModels.baseURL === "required")?.id : provider) ?? "";
  const [chosenId, choose] = useState(initial || available.find((each) => each.id in catalog.gateways)?.id);
  const [name, rename] = useState(entry?.name ?? draft);
  const [isForced, force] = useState(false);
  const [advice, advise] = useState(null);
  const [fault, blame] = useState({});
  const form = useRef();
  const close = () => set({ form: null });
  const chosen = available.find((each) => each.id === chosenId);
  const rules = chosen?.customModels ?? {};
  const isGateway = chosen?.kind === "gateway";
  const usable = chosen?.routes.filter((route) => route.usable) ?? [];
  const isCarried = isGateway && usable[0] && usable[0].via !== "direct";
  const hasKey = !(isCarried && !isForced) && chosen?.keyless !== true;

  useEffect(() => {
    if (!name.trim() || !chosen) return advise(null);
    let take = advise;
    const timer = setTimeout(() => adviceOn(chosenId, name).catch(() => null).then((found) => take?.(found)), ADVICE_AFTER_MS);
    return () => {
      take = null;
      clearTimeout(timer);
    };
  }, [name, chosenId]);

  const submit = async (event) => {
    event.preventDefault();
    const data = new FormData(form.current);
    const use = event.submitter?.value === "use";
    try {
      const saved = await save({ data, entry, chosen, isGateway, isForced });
      close();
      go(link("models", saved.ref));
      const at = `model ${saved.ref}`;
      if (use) await attempt(at, () => post("llm/switch", { provider: chosenId, model: saved.name }), about(saved.title, " is in use."));
      else toast(about(saved.title, " is saved."));
      if (saved.note && !state.said[at]) say(at, saved.note);
      refresh();
    } catch (error) {
      const fields = form.current?.elements ?? {};
      if (fields.apiKey) fields.apiKey.value = "";
      const field = error.context?.field in fields ? error.context.field : "";
      blame({ field, text: `${error.message} ${error.remedy ?? ""}` });
      fields[field]?.focus();
    }
  };

  const at = (field) => html`<p class="fault" role="alert" id=${`fault-${field}`}>${fault.field === field ? fault.text : ""}</p>`;
  const input = (field, label, properties, hint) => html`<label class="field"><span>${label}</span>
    <input class="input" name=${field} autocomplete="off" spellcheck="false" aria-invalid=${fault.field === field} aria-describedby=${`fault-${field}`} ...${properties} />
    ${hint && html`<small class="hint">${hint}</small>`}${at(field)}</label>`;

  return html`<${Dialog} label=${entry ? "Edit your model" : "Add a model"} onclose=${close}>
    <form class="form" ref=${form} onSubmit=${submit}>
      <h2>${entry ? "Edit your model" : "Add a model"}</h2>
      <label class="field"><span>Provider</span><select class="input" disabled=${Boolean(entry)} value=${chosenId} onChange=${(event) => choose(event.target.value)}>
        ${available.map((each) => html`<option value=${each.id}>${clean(each.name)}</option>`)}
      </select></label>
      ${input("name", "Model ID", { value: name, required: true, autofocus: true, maxlength: 1000, onInput: (event) => rename(event.target.value) })}
      <${Advice} advice=${advice} take=${rename} />
      ${input("displayName", "Display name", { defaultValue: entry?.displayName ?? "" }, "Optional.")}
      ${rules.baseURL && rules.baseURL !== "no" && input("baseURL", "Base URL", { inputmode: "url", required: rules.baseURL === "required", defaultValue: entry?.baseURL ?? "", placeholder: "https://…/v1" })}
      ${rules.fileSuffix && input("filePath", "File", { required: true, defaultValue: entry?.filePath ?? "", placeholder: `…/model${rules.fileSuffix}` })}
      ${input("maxInputTokens", "Context, in tokens", { type: "number", min: 1, step: 1, defaultValue: entry?.maxInputTokens ?? "" }, "Optional.")}
      ${isCarried && html`<label class="check"><input type="checkbox" checked=${isForced} onChange=${(event) => force(event.target.checked)} /> Use my own key, not ${nameOf(usable[0].via)}</label>`}
      ${hasKey && input("apiKey", isGateway ? `${clean(chosen.name)} key (optional)` : "Key (optional)", { type: "password", required: isForced && !chosen.hasDirectKey, placeholder: entry?.apiKey ? "unchanged" : "" })}
      ${at("")}
      <div class="actions">
        ${!entry && html`<button class="button primary" value="use">Add and use</button>`}
        <button class=${entry ? "button primary" : "button"} value="save">${entry ? "Save" : "Add"}</button>
        <button type="button" class="button" onClick=${close}>Cancel</button>
      </div>
    </form>
  </${Dialog}>`;
}

const Advice = ({ advice, take }) => html`<div class="advice" id="custom-advice" role="status">
  ${advice?.notes.map((note) => html`<p>${clean(note)}</p>`)}
  ${advice?.usable && html`<p class="good">It would run ${advice.via === "direct" ? "direct" : `via ${nameOf(advice.via)}`} now, as ${clean(advice.name)}.</p>`}
  ${advice?.suggestions.map((each) => html`<button type="button" class="chip" onClick=${() => take(each)}>${clean(each)}</button>`)}
</div>`;

const adviceOn = (provider, name) => get(`llm/custom-model-advice?${new URLSearchParams({ provider, name })}`);

/** Save the model. A gateway's key is stored for all of its models, any other key with the model. */
async function save({ data, entry, chosen, isGateway, isForced }) {
  const text = (field) => (data.get(field) ?? "").trim();
  const key = text("apiKey");
  if (isGateway && key) await post("llm/key", { provider: chosen.id, apiKey: key });
  const values = {
    name: entry ? text("name") : (await adviceOn(chosen.id, data.get("name"))).name,
    ...Object.fromEntries(["displayName", "baseURL", "filePath"].map((each) => [each, text(each) || null])),
    maxInputTokens: Number(text("maxInputTokens")) || null,
    ...(key && !isGateway ? { apiKey: key } : {}),
  };
  const saved = entry
    ? await patch(`llm/custom-models/${encodeURIComponent(entry.name)}?${new URLSearchParams({ provider: entry.provider })}`, values)
    : await post("llm/custom-models", { provider: chosen.id, ...Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) });
  if (isForced) await put("llm/preferences", { pins: { [chosen.id]: "direct" } });
  return { name: values.name, ref: `${chosen.id}/${values.name}`, title: clean(values.displayName ?? values.name), note: clean(saved.note ?? "") };
}
