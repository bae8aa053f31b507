// Setting a key, for whatever route lacks one. A key is sent once, and stays nowhere in the page.

import { clean, element } from "./dom.js";
import { post } from "./api.js";

let forms = 0;
let shown = { of: "", form: element("form") };

/** A form that sets the key of one of `choices` (`{provider, name, variable, note}`); `ondone(answer, choice)` comes after.
 *  While a form is on the page, the same choices get the same form, with what was chosen and typed. */
export function keyForm(choices, { ondone, title }) {
  const of = JSON.stringify([title, choices]);
  if (shown.of !== of || !shown.form.isConnected) shown = { of, form: newForm(choices, ondone, title) };
  return shown.form;
}

function newForm(choices, ondone, title) {
  const id = `key-${(forms += 1)}`;
  const field = element("input", {
    type: "password", id, "aria-describedby": `${id}-note`, autocomplete: "off", spellcheck: false, required: true, className: "input",
  });
  const which = element(
    "select",
    { id: `${id}-for`, className: "input", onchange: () => told() },
    choices.map((choice, at) => element("option", { value: at }, choice.name)),
  );
  const note = element("p", { className: "hint", id: `${id}-note` });
  const fault = element("p", { className: "fault", role: "alert" });
  const told = () => {
    const { variable, note: more } = choices[which.value || 0];
    note.textContent = [variable && `The same as setting ${variable}.`, more].filter(Boolean).join(" ");
  };
  told();
  const form = element(
    "form",
    { className: "form", onsubmit: (event) => (event.preventDefault(), submit()) },
    element("h3", {}, title),
    element("label", { for: `${id}-for` }, "Key of"),
    which,
    element("label", { for: id }, "Key"),
    field,
    note,
    fault,
    element("button", { type: "submit", className: "button primary" }, "Set key"),
  );

  async function submit() {
    const choice = choices[which.value || 0];
    const apiKey = field.value;
    field.value = "";
    fault.textContent = "";
    try {
      ondone(await post("llm/key", { provider: choice.provider, apiKey }), choice);
    } catch (error) {
      fault.textContent = `${error.message} ${error.remedy ?? ""}`;
      field.focus();
    }
  }
  return form;
}

/** The choice of a gateway's key. */
export const gatewayChoice = (id, { name, primaryEnvVar, carries }) =>
  primaryEnvVar
    ? { provider: id, name: clean(name), variable: primaryEnvVar, note: `It runs the models of ${carries} providers.` }
    : null;
