// Converts the server's documents into the page's data: models with their routes, in sections.

import { clean } from "./dom.js";

export const DIRECT = "direct";

/** Return all models that can be chosen, from the documents of the catalog, of custom models and of the picker. */
export function understand(catalog, custom, picker) {
  const named = Object.entries(catalog.providers).filter(([id, each]) => !each.aliases.includes(id));
  const providers = new Map(named.map(([id, each]) => [id, { ...each, id, name: clean(each.name) }]));
  const own = custom.models.map((entry) => ownModel(providers.get(entry.provider), entry));
  const refs = new Set(own.map((model) => model.ref));
  const all = [...providers.values()].flatMap((provider) => provider.models.map((model) => modelOf(provider, model)));
  const listed = all.filter((model) => !refs.has(model.ref));
  return {
    auth: catalog.auth,
    gateways: new Map(Object.entries(catalog.gateways)),
    providers,
    own,
    listed,
    models: [...own, ...listed],
    favorites: new Set(picker.favorites.map(keyOf)),
    recents: picker.recents.map(keyOf),
  };
}

/** Return the key that identifies a model; variants of one model differ in their base URL. */
export const keyOf = ({ provider, model, baseURL }) => `${provider}|${model}${baseURL ? `|${baseURL}` : ""}`;

/** Return the model of a listing. It runs thousands of times at start: a single literal takes a fifth of the time of a merged object. */
const modelOf = ({ id: provider, name: providerName }, { name: id, displayName, baseURL, maxInputTokens, pricing, supportedFileTypes, via }) => ({
  key: keyOf({ provider, model: id, baseURL }),
  provider,
  providerName,
  id,
  ref: `${provider}/${id}`,
  name: clean(displayName || id),
  baseURL,
  context: maxInputTokens ?? null,
  price: pricing ? [pricing.inputPerM, pricing.outputPerM] : null,
  takes: supportedFileTypes,
  usable: Boolean(via),
  via,
});

const ownModel = (provider, entry) => ({
  ...modelOf(provider ?? { id: entry.provider, name: clean(entry.provider) }, { ...entry, pricing: null, supportedFileTypes: [] }),
  own: entry,
  isMissing: !provider,
});

/** Return the list without a search: favourites, recents, custom models, then providers, usable ones first. */
export function sections(known, filter) {
  const groups = [
    ["Favourites", known.models.filter((model) => known.favorites.has(model.key))],
    ["Recent", known.recents.map((key) => known.models.find((model) => model.key === key)).filter(Boolean)],
    ["Your own models", known.own],
    ...byProvider(known),
  ];
  return groups.flatMap(([title, models]) => section(title, models.filter(filter)));
}

function byProvider({ providers, listed }) {
  const groups = new Map();
  for (const model of listed) {
    if (!groups.has(model.provider)) groups.set(model.provider, []);
    groups.get(model.provider).push(model);
  }
  const ranked = [...groups].map(([id, models]) => {
    const provider = providers.get(id);
    const usable = models.some((model) => model.usable);
    return { title: provider.name, models, order: `${isKeyed(provider) ? 0 : usable ? 1 : 2}${provider.name.toLowerCase()}` };
  });
  return ranked
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ title, models }) => [title, models.sort((a, b) => b.usable - a.usable)]);
}

/** Return whether a credential was found for a provider; false if it is only usable because it needs none. */
export const isKeyed = ({ routes }) => routes.some((route) => route.usable && route.credential !== "none needed");

function section(title, models) {
  if (!models.length) return [];
  return [{ head: `${title} · ${models.length}` }, ...models.map((model) => ({ key: `${title}|${model.key}`, model }))];
}

/** Return models as list items without sections, for search results. */
export const flat = (models) => models.map((model) => ({ key: `found|${model.key}`, model }));

/** Return a function that reports whether a model matches the filters. An unknown price or context does not match. */
export function passes({ usable, takes, price, context }) {
  return (model) =>
    (!usable || model.usable) &&
    (!takes || model.takes.includes(takes)) &&
    (price === "" || (model.price?.[0] ?? Infinity) <= Number(price)) &&
    (!context || (model.context ?? 0) >= Number(context));
}

/** Return how a model would run, in two words. */
export const runs = (model, known) => (!model.usable ? "not usable" : model.via === DIRECT ? DIRECT : `via ${viaName(known, model.via)}`);

/** Return the gateway that is preferred by default, if there is one. */
export function defaultGateway({ gateways }) {
  const [id, gateway] = [...gateways].find(([, each]) => each.preferredByDefault) ?? [];
  return id && { ...gateway, id };
}

/** Return the display name of a route: `direct`, or the gateway's name. */
export const viaName = (known, via) => (via === DIRECT ? DIRECT : clean(known.gateways.get(via)?.name ?? via));

/** Format a number of tokens, for example "128K". */
export function tokens(count) {
  if (!count) return "";
  return count >= 1e6 ? `${trimmed(count / 1e6)}M` : `${trimmed(count / 1000)}K`;
}

/** Format prices in USD per million tokens, input and output. */
export function prices(price) {
  if (!price || price[0] === undefined || price[0] === null) return "";
  return price.every((each) => !each) ? "free" : price.map((each) => `$${Number((each ?? 0).toFixed(3))}`).join(" / ");
}

const trimmed = (number) => String(Number(number.toFixed(number < 1 ? 3 : number < 100 ? 1 : 0)));
