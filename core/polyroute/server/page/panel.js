// The details of the chosen model: how it runs and why, what to set if it can't run, and pins.

import { element, clean } from "./dom.js";
import { gatewayChoice, keyForm } from "./keys.js";
import { prices, runs, tokens } from "./models.js";
import { picture } from "./picture.js";

// Of more than twenty gateways most users have one: the others are folded away.
const SHOWN = 3;

/** Return `routes` in two lists: all usable ones and as many others as make `SHOWN`, and the rest. */
function folded(routes) {
  const shut = routes.filter((route) => !route.usable);
  const rest = new Set(shut.slice(Math.max(SHOWN - (routes.length - shut.length), 1)));
  return [routes.filter((route) => !rest.has(route)), [...rest]];
}

/** Return the panel's content for `model`, with its `routes` (null while they are loading) and its actions. */
export function panelOf(model, { routes, known, verified, preferences, isCurrent, actions }) {
  return [
    element(
      "div",
      { className: "panel-head" },
      element("h2", {}, model.name),
      element("button", { type: "button", className: "quiet close", "aria-label": "Close", onclick: actions.close }, "×"),
    ),
    element("p", { className: "ref" }, element("code", {}, model.ref)),
    element("p", { className: model.usable ? "verdict yes" : "verdict no" }, verdict(model, known)),
    buttons(model, { known, isCurrent, actions }),
    facts(model),
    ...(model.usable || !routes ? [] : [blocked(model, routes, known, actions)]),
    ...(routes ? [why(model, routes, { verified, preferences, actions })] : [element("p", { className: "hint" }, "Loading the routes…")]),
  ];
}

function verdict(model, known) {
  if (model.usable) return `Runs ${runs(model, known)}.`;
  if (model.isMissing) return `The provider ${model.providerName} is not available. It works again when its plugin is back.`;
  return "Can't run now: no route to it is set up.";
}

function buttons(model, { known, isCurrent, actions }) {
  const isFavorite = known.favorites.has(model.key);
  return element(
    "div",
    { className: "actions" },
    element(
      "button",
      { type: "button", className: "button primary", disabled: !model.usable || isCurrent, onclick: () => actions.use(model) },
      isCurrent ? "In use" : "Use this model",
    ),
    element(
      "button",
      { type: "button", className: "button", "aria-pressed": String(isFavorite), onclick: () => actions.favorite(model) },
      isFavorite ? "★ Favourite" : "☆ Favourite",
    ),
    model.own && element("button", { type: "button", className: "button", onclick: () => actions.edit(model) }, "Edit"),
    model.own && element("button", { type: "button", className: "button danger", onclick: () => actions.remove(model) }, "Delete"),
  );
}

function facts(model) {
  const rows = [
    ["Provider", model.providerName],
    ["Context", model.context && `${tokens(model.context)} tokens`],
    ["Price", prices(model.price) && `${prices(model.price)}${model.price.some(Boolean) ? " per million tokens, in / out" : ""}`],
    ["Takes", model.takes.join(", ")],
    ["Base URL", model.baseURL],
  ].filter(([, value]) => value);
  return element("dl", { className: "facts" }, rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, clean(value))]));
}

function blocked(model, routes, known, actions) {
  const choices = routes.map((route) => keyChoice(route, model, known)).filter(Boolean);
  const remedies = (some) => element("ul", {}, some.filter((route) => route.remedy).map((route) => element("li", {}, clean(route.remedy))));
  const [shown, rest] = folded(routes);
  return element(
    "section",
    { className: "blocked-help", "aria-label": "What to do" },
    element("h3", {}, "Do one of the following"),
    remedies(shown),
    rest.length > 0 && more(rest, remedies(rest)),
    choices.length > 0 && keyForm(choices, { ondone: actions.keySet, title: "Set it here" }),
  );
}

/** Return the key that would make a route usable: the provider's or the gateway's. */
function keyChoice({ via, usable }, model, known) {
  if (usable) return null;
  if (via !== "direct") return gatewayChoice(via, known.gateways.get(via));
  const { name, primaryEnvVar } = known.providers.get(model.provider) ?? {};
  return primaryEnvVar ? { provider: model.provider, name, variable: primaryEnvVar } : null;
}

const more = (rest, content) =>
  element("details", {}, element("summary", {}, rest.length === 1 ? "One more way" : `${rest.length} more ways`), content);

function why(model, routes, { verified, preferences, actions }) {
  const list = (some) => element("ol", { className: "routes" }, some.map((route) => routeOf(route, model, { verified, preferences, actions })));
  const [shown, rest] = folded(routes);
  return element(
    "section",
    { className: "why", "aria-label": "Why this route" },
    element("h3", {}, "Why this route"),
    shown.length > 0 && picture(shown, model.providerName),
    list(shown),
    rest.length > 0 && more(rest, list(rest)),
  );
}

function routeOf(route, model, { verified, preferences, actions }) {
  const payer = route.via === "direct" ? model.provider : route.via;
  const details = [
    ["sent as", route.modelId],
    ["with", route.usable && route.credential],
    ["because", route.reason !== `found ${route.credential}` && clean(route.reason)],
    ["to do", !route.usable && clean(route.remedy)],
    ["checked", route.usable && checked(verified[payer])],
  ].filter(([, value]) => value);
  return element(
    "li",
    { className: route.usable ? "route" : "route shut" },
    element("p", { className: "route-name" }, element("strong", {}, route.viaName), route.usable ? " usable" : " not usable"),
    element("dl", { className: "facts" }, details.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
    element(
      "div",
      { className: "chips" },
      ...pins(route, model, preferences, actions),
      route.usable && route.credential !== "none needed" && checkButton(route, payer, actions),
    ),
  );
}

const checkButton = (route, payer, actions) =>
  element(
    "button",
    { type: "button", className: "chip", "aria-label": `Check the key for ${route.viaName}`, onclick: () => actions.verify(payer) },
    "Check the key",
  );

const STATES = {
  valid: "the key works",
  invalid: "the key was refused",
  no_credit: "no credit is left",
  rate_limited: "too many requests, try again later",
  unreachable: "can't be reached",
  unsupported: "this provider has no free way to check a key",
};

const checked = (result) => result && [STATES[result.state], result.remaining && `${result.remaining} left`, clean(result.message)].filter(Boolean).join("; ");

function pins(route, model, preferences, actions) {
  const targets = [
    [`${model.provider}/${model.id}`, "this model"],
    [model.provider, `all of ${model.providerName}`],
  ];
  return targets.map(([target, label]) => {
    const isPinned = preferences?.pins?.[target] === route.via;
    return element(
      "button",
      {
        type: "button", className: "chip", "aria-pressed": String(isPinned),
        "aria-label": `Pin ${label} to ${route.viaName}`,
        onclick: () => actions.pin(target, isPinned ? null : route.via),
      },
      isPinned ? `Pinned for ${label}` : `Pin for ${label}`,
    );
  });
}
