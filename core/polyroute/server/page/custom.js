// The form to add, edit and rename custom models. The server gives advice on an ID; the form only shows it.

import { get, patch, post } from "./api.js";
import { byId, clean, element } from "./dom.js";
import { runs } from "./models.js";

const ADVICE_AFTER_MS = 250;

/** Open the form, empty or for the custom model `entry`. `draft` is the initial ID; `ondone({name, pin, isKeySet})` is called after saving. */
export function openCustomForm({ known, entry, draft = "", ondone }) {
  const dialog = byId("dialog");
  const form = customForm({ known, entry, draft, ondone, close: () => dialog.close() });
  dialog.replaceChildren(form.element);
  dialog.showModal();
  form.focus();
}

const withoutNull = (values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));

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
  const available = [...known.providers.values()].filter((provider) => provider.customModels);
  const initial = [...known.gateways.keys()].find((id) => available.some((each) => each.id === id));
  const provider = element(
    "select",
    { id: "custom-provider", className: "input", onchange: () => adapt() },
    available.map(({ id, name }) => element("option", { value: id, selected: id === (entry?.provider ?? initial) }, name)),
  );
  const name = field("custom-name", "Model ID", { value: entry?.name ?? draft, required: true, oninput: () => advise() });
  const title = field("custom-title", "Display name", { value: entry?.displayName ?? "" }, "Optional.");
  const url = field("custom-url", "Base URL", { type: "url", value: entry?.baseURL ?? "", placeholder: "https://…/v1" });
  const file = field("custom-file", "File", { value: entry?.filePath ?? "" });
  const context = field("custom-context", "Context, in tokens", { type: "number", min: 1, step: 1, value: entry?.maxInputTokens ?? "" }, "Optional.");
  const key = field("custom-key", "Key", { type: "password", placeholder: entry?.apiKey ? "unchanged" : "" });
  const force = element("input", { type: "checkbox", id: "custom-force", onchange: () => adapt() });
  const forced = element("label", { className: "check" }, force, " Use my own key, not the gateway's credits");
  const advice = element("div", { className: "advice", id: "custom-advice", role: "status" });
  const fault = element("p", { className: "fault", role: "alert" });
  name.input.setAttribute("aria-describedby", "custom-advice");
  name.wrapped.append(advice);

  const formElement = element(
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

  /** Show only the fields that this provider's models need. */
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
    timer = setTimeout(showAdvice, ADVICE_AFTER_MS);
  }

  async function showAdvice() {
    const entered = name.input.value;
    if (!entered || (entry && !known.providers.has(entry.provider))) return advice.replaceChildren();
    const response = await adviceOn(entered).catch(() => null);
    if (!response || entered !== name.input.value) return;
    advice.replaceChildren(
      ...response.notes.map((note) => element("p", {}, clean(note))),
      response.usable ? element("p", { className: "good" }, `It would run ${runs(response, known)} now, as ${clean(response.name)}.`) : "",
      ...response.suggestions.map((each) => element("button", { type: "button", className: "chip", onclick: () => take(each) }, clean(each))),
    );
  }

  const adviceOn = (entered) => get(`llm/custom-model-advice?${new URLSearchParams({ provider: provider.value, name: entered })}`);

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
      ondone(await submit(apiKey));
      close();
    } catch (error) {
      fault.textContent = `${error.message} ${error.remedy ?? ""}`;
      fault.scrollIntoView({ block: "nearest" });
    }
  }

  /** Save the model. A gateway's key is stored for all of its models, any other key with the model. */
  async function submit(apiKey) {
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
    else await post("llm/custom-models", { provider: provider.value, ...withoutNull(values) });
    return {
      name: values.displayName ?? values.name,
      pin: force.checked ? { [provider.value]: "direct" } : null,
      isKeySet: Boolean(apiKey),
    };
  }

  provider.disabled = Boolean(entry);
  adapt();
  return { element: formElement, focus: () => name.input.focus() };
}
