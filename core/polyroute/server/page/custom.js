// Adding, editing and renaming a person's own models. The server says what an ID may mean; here it is only shown.

import { get, patch, post } from "./api.js";
import { byId, clean, element } from "./dom.js";
import { runs } from "./models.js";

const ADVICE_AFTER_MS = 250;

/** Open the form: empty, or for one of the person's own models. `draft` begins an ID; `ondone({name, pin, isKeySet})` comes after. */
export function openCustomForm({ known, entry, draft = "", ondone }) {
  const dialog = byId("dialog");
  const form = customForm({ known, entry, draft, ondone, close: () => dialog.close() });
  dialog.replaceChildren(form.element);
  dialog.showModal();
  form.focus();
}

const given = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

const field = (id, label, properties = {}, hint = "") => {
  const input = element("input", { id, className: "input", autocomplete: "off", spellcheck: false, ...properties });
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  const wrapped = element(
    "div",
    { className: "field" },
    element("label", { for: id }, label),
    input,
    hint && element("p", { className: "hint", id: `${id}-hint` }, hint),
  );
  return { input, wrapped };
};

function customForm({ known, entry, draft, ondone, close }) {
  const offered = [...known.providers.values()].filter((provider) => provider.customModels);
  const likely = [...known.gateways.keys()].find((id) => offered.some((each) => each.id === id));
  const provider = element(
    "select",
    { id: "custom-provider", className: "input", onchange: () => adapt() },
    offered.map(({ id, name }) => element("option", { value: id, selected: id === (entry?.provider ?? likely) }, name)),
  );
  const name = field("custom-name", "Model ID", { value: entry?.name ?? draft, required: true, oninput: () => advise() });
  const title = field("custom-title", "Name to show", { value: entry?.displayName ?? "" }, "Optional.");
  const url = field("custom-url", "Base URL", { type: "url", value: entry?.baseURL ?? "", placeholder: "https://…/v1" });
  const file = field("custom-file", "File", { value: entry?.filePath ?? "" });
  const context = field("custom-context", "Context, in tokens", { type: "number", min: 1, step: 1, value: entry?.maxInputTokens ?? "" }, "Optional.");
  const key = field("custom-key", "Key", { type: "password", placeholder: entry?.apiKey ? "kept as it is" : "" });
  const force = element("input", { type: "checkbox", id: "custom-force", onchange: () => adapt() });
  const forced = element("label", { className: "check" }, force, " Use my own key, not the gateway's credits");
  const advice = element("div", { className: "advice", id: "custom-advice", role: "status" });
  const fault = element("p", { className: "fault", role: "alert" });
  name.input.setAttribute("aria-describedby", "custom-advice");
  name.wrapped.append(advice);

  const made = element(
    "form",
    { className: "form", onsubmit: (event) => (event.preventDefault(), save()) },
    element("h2", { id: "dialog-title" }, entry ? "Edit your model" : "Add a model"),
    element("div", { className: "field" }, element("label", { for: "custom-provider" }, "Provider"), provider),
    ...[name, title, url, file, context].map((each) => each.wrapped),
    forced,
    key.wrapped,
    fault,
    element(
      "div",
      { className: "actions" },
      element("button", { type: "submit", className: "button primary" }, entry ? "Save" : "Add"),
      element("button", { type: "button", className: "button", onclick: close }, "Cancel"),
    ),
  );

  const chosen = () => known.providers.get(provider.value);
  const isGateway = () => chosen()?.kind === "gateway";
  const isCarried = () => isGateway() && chosen().routes.some((route) => route.usable && route.via !== "direct");
  const gatewayFirst = () => isCarried() && chosen().routes.find((route) => route.usable)?.via !== "direct";

  /** Ask only for what this provider's models need. */
  function adapt() {
    const rules = chosen()?.customModels ?? {};
    url.wrapped.hidden = rules.baseURL === "no" || !rules.baseURL;
    url.input.required = rules.baseURL === "required";
    file.wrapped.hidden = !rules.fileSuffix;
    file.input.required = Boolean(rules.fileSuffix);
    file.input.placeholder = rules.fileSuffix ? `…/model${rules.fileSuffix}` : "";
    forced.hidden = !gatewayFirst();
    key.wrapped.hidden = (gatewayFirst() && !force.checked) || chosen()?.keyless === true;
    key.wrapped.querySelector("label").textContent = isGateway() ? `${chosen().name} key (optional)` : "Key (optional)";
    key.input.required = gatewayFirst() && force.checked && !chosen().hasDirectKey;
    advise();
  }

  let timer = 0;
  function advise() {
    clearTimeout(timer);
    timer = setTimeout(ask, ADVICE_AFTER_MS);
  }

  async function ask() {
    const typed = name.input.value;
    if (!typed || (entry && !known.providers.has(entry.provider))) return advice.replaceChildren();
    const told = await adviceOn(typed).catch(() => null);
    if (!told || typed !== name.input.value) return;
    advice.replaceChildren(
      ...told.notes.map((note) => element("p", {}, clean(note))),
      told.usable ? element("p", { className: "good" }, `It would run ${runs(told, known)} now, as ${clean(told.name)}.`) : "",
      ...told.suggestions.map((each) => element("button", { type: "button", className: "chip", onclick: () => take(each) }, clean(each))),
    );
  }

  const adviceOn = (typed) => get(`llm/custom-model-advice?${new URLSearchParams({ provider: provider.value, name: typed })}`);

  function take(suggestion) {
    name.input.value = suggestion;
    name.input.focus();
    advise();
  }

  async function save() {
    fault.textContent = "";
    const apiKey = key.wrapped.hidden ? "" : key.input.value;
    key.input.value = "";
    try {
      ondone(await saved(apiKey));
      close();
    } catch (error) {
      fault.textContent = `${error.message} ${error.remedy ?? ""}`;
      fault.scrollIntoView({ block: "nearest" });
    }
  }

  /** A gateway's own key is for all of its models: it is set as such. Others belong to the model. */
  async function saved(apiKey) {
    if (isGateway() && apiKey) await post("llm/key", { provider: provider.value, apiKey });
    const values = {
      name: entry ? name.input.value : (await adviceOn(name.input.value)).name,
      displayName: title.input.value || null,
      baseURL: url.wrapped.hidden ? null : url.input.value || null,
      filePath: file.wrapped.hidden ? null : file.input.value || null,
      maxInputTokens: context.input.value ? Number(context.input.value) : null,
      ...(apiKey && !isGateway() ? { apiKey } : {}),
    };
    if (entry) await patch(`llm/custom-models/${encodeURIComponent(entry.name)}?${new URLSearchParams({ provider: entry.provider })}`, values);
    else await post("llm/custom-models", { provider: provider.value, ...given(values) });
    return {
      name: values.displayName ?? values.name,
      pin: force.checked ? { [provider.value]: "direct" } : null,
      isKeySet: Boolean(apiKey),
    };
  }

  provider.disabled = Boolean(entry);
  adapt();
  return { element: made, focus: () => name.input.focus() };
}
