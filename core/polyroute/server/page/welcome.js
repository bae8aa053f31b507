// The introduction that is shown while no key is set, and the form for the server's token.

import { element } from "./dom.js";
import { gatewayChoice, keyForm } from "./keys.js";
import { isKeyed } from "./models.js";

/** Return the introduction with a form for a key; nothing if a key is set. */
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
      "A model runs with a key for its provider, or with a key for a gateway, which carries the models of many providers. " +
        "Set one key here, and the list shows at once which models run, and by which route.",
    ),
    keyForm(choices.filter(Boolean), { ondone: keySet, title: "Begin with one key" }),
  ];
}

/** Return the form for the server's token; `onenter(token)` receives what the user enters. */
export function tokenForm(onenter) {
  const field = element("input", { type: "password", id: "token", className: "input", autocomplete: "off", required: true });
  const submit = (event) => {
    event.preventDefault();
    const given = field.value;
    field.value = "";
    onenter(given);
  };
  return [
    element("h2", {}, "This server requires a token"),
    element("p", {}, "Enter the token that the server was started with. The page keeps it in memory only, until it is closed."),
    element(
      "form",
      { className: "form", onsubmit: submit },
      element("label", { for: "token" }, "Token"),
      field,
      element("button", { type: "submit", className: "button primary" }, "Continue"),
    ),
  ];
}
