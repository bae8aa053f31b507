// The form to set a key for a route without one. A key is sent once and not kept in the page.

import { clean, element } from "./dom.js";
import { post } from "./api.js";

let forms = 0;
let current = { id: "", form: element("form") };

/** Return a form to set the key of one of `choices` (`{provider, name, variable, note}`); `ondone(response, choice)` is called after.
 *  While a form is on the page, the same choices return the same form, so that the user's input is kept. */
export function keyForm(choices, { ondone, title }) {
  const id = JSON.stringify([title, choices]);
  if (current.id !== id || !current.form.isConnected) current = { id, form: newForm(choices, ondone, title) };
  return current.form;
}

function newForm(choices, ondone, title) {
  const id = `key-${(forms += 1)}`;
  const field = element("input", {
    type: "password", id, "aria-describedby": `${id}-note`, autocomplete: "off", spellcheck: false, required: true, className: "input",
  });
  const which = element(
    "select",
    { id: `${id}-for`, className: "input", onchange: () => showNote() },
    choices.map((choice, at) => element("option", { value: at }, choice.name)),
  );
  const note = element("p", { className: "hint", id: `${id}-note` });
  const fault = element("p", { className: "fault", role: "alert" });
  const showNote = () => {
    const { variable, note: more } = choices[which.value || 0];
    note.textContent = [variable && `This is the same as setting ${variable}.`, more].filter(Boolean).join(" ");
  };
  showNote();
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

/** Return the choice for a gateway's key; null if it needs none. */
export const gatewayChoice = (id, { name, primaryEnvVar, carries }) =>
  primaryEnvVar
    ? { provider: id, name: clean(name), variable: primaryEnvVar, note: `It runs the models of ${carries} providers.` }
    : null;
