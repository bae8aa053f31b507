// The first thing to see where nothing is set up: what this is, and how to begin.

import { element } from "./dom.js";
import { gatewayChoice, keyForm } from "./keys.js";
import { isKeyed } from "./models.js";

/** The explanation and a form to begin with; nothing where some key is set. */
export function welcome(known, { keySet }) {
  const providers = [...known.providers.values()];
  if (providers.some(isKeyed)) return [];
  const gateways = [...known.gateways].map(([id, gateway]) => gatewayChoice(id, gateway));
  const vendors = providers.filter((each) => each.kind === "vendor" && each.primaryEnvVar);
  const choices = [...gateways, ...vendors.map(({ id, name, primaryEnvVar }) => ({ provider: id, name, variable: primaryEnvVar }))];
  return [
    element("h2", {}, "Nothing is set up yet"),
    element(
      "p",
      {},
      "A model runs with a key of its own provider, or with one key of a gateway that carries many providers’ models. " +
        "Set one here, and the list shows at once what runs, and by which route.",
    ),
    keyForm(choices.filter(Boolean), { ondone: keySet, title: "Begin with one key" }),
  ];
}

/** What to show where the server asks for its token: `onenter(token)` takes what a person enters. */
export function tokenForm(onenter) {
  const field = element("input", { type: "password", id: "token", className: "input", autocomplete: "off", required: true });
  const submit = (event) => {
    event.preventDefault();
    const given = field.value;
    field.value = "";
    onenter(given);
  };
  return [
    element("h2", {}, "This server asks for its token"),
    element("p", {}, "It is the one that the server was started with. The page keeps it in memory, for as long as it is open."),
    element(
      "form",
      { className: "form", onsubmit: submit },
      element("label", { for: "token" }, "Token"),
      field,
      element("button", { type: "submit", className: "button primary" }, "Continue"),
    ),
  ];
}
