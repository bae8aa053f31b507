// What the server's documents say, as the page shows it: models with how each would run, in sections.

import { clean } from "./dom.js";

const DIRECT = "direct";

/** Everything that can be chosen, from the documents of the catalog, of the person's own models and of the picker. */
export function understand(catalog, custom, picker) {
  const named = Object.entries(catalog.providers).filter(([id, each]) => !each.aliases.includes(id));
  const providers = new Map(named.map(([id, each]) => [id, { ...each, id, name: clean(each.name) }]));
  const own = custom.models.map((entry) => ownModel(providers.get(entry.provider), entry));
  const refs = new Set(own.map((model) => model.ref));
  const listed = [...providers.values()].flatMap((provider) => provider.models.map((model) => listedModel(provider, model)));
  return {
    auth: catalog.auth,
    gateways: new Map(Object.entries(catalog.gateways)),
    providers,
    own,
    listed: listed.filter((model) => !refs.has(model.ref)),
    get models() {
      return [...this.own, ...this.listed];
    },
    favorites: new Set(picker.favorites.map(keyOf)),
    recents: picker.recents.map(keyOf),
  };
}

/** What tells apart the models that a person may mark: several variants of one model differ in their base URL. */
export const keyOf = ({ provider, model, baseURL }) => [provider, model, baseURL].filter(Boolean).join("|");

const listedModel = (provider, { name, displayName, maxInputTokens, pricing, supportedFileTypes, via }) => ({
  ...described(provider.id, provider.name, name, displayName),
  key: keyOf({ provider: provider.id, model: name }),
  context: maxInputTokens,
  price: pricing ? [pricing.inputPerM, pricing.outputPerM] : null,
  takes: supportedFileTypes,
  usable: Boolean(via),
  via,
});

const ownModel = (provider, entry) => ({
  ...described(entry.provider, provider?.name ?? clean(entry.provider), entry.name, entry.displayName),
  key: keyOf({ ...entry, model: entry.name }),
  own: entry,
  isMissing: !provider,
  baseURL: entry.baseURL,
  context: entry.maxInputTokens ?? null,
  price: null,
  takes: [],
  usable: Boolean(entry.via),
  via: entry.via,
});

const described = (provider, providerName, id, name) => ({
  provider,
  providerName,
  id,
  ref: `${provider}/${id}`,
  name: clean(name || id),
});

/** The list without a search: favourites, recents, custom models, then providers, the usable ones first. */
export function sections(known, filter) {
  const byKey = new Map(known.models.map((model) => [model.key, model]));
  const favorites = known.models.filter((model) => known.favorites.has(model.key));
  const recents = known.recents.map((key) => byKey.get(key)).filter(Boolean);
  const groups = [
    ["Favourites", favorites],
    ["Recent", recents],
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
  const usable = ([id, models]) => (isKeyed(providers.get(id)) ? 0 : models.some((model) => model.usable) ? 1 : 2);
  const name = ([id]) => providers.get(id).name.toLowerCase();
  return [...groups]
    .sort((a, b) => usable(a) - usable(b) || name(a).localeCompare(name(b)))
    .map(([id, models]) => [providers.get(id).name, [...models].sort((a, b) => b.usable - a.usable)]);
}

/** Whether some credential runs a provider's models, rather than that it needs none. */
export const isKeyed = ({ routes }) => routes.some((route) => route.usable && route.credential !== "none needed");

function section(title, models) {
  if (!models.length) return [];
  return [{ head: `${title} · ${models.length}` }, ...models.map((model) => ({ key: `${title}|${model.key}`, model }))];
}

/** The same models as a flat list, as a search gives them. */
export const flat = (models) => models.map((model) => ({ key: `found|${model.key}`, model }));

/** Whether a model passes the filters. One whose price or context is not known passes none about it. */
export function passes({ usable, takes, price, context }) {
  return (model) =>
    (!usable || model.usable) &&
    (!takes || model.takes.includes(takes)) &&
    (price === "" || (model.price?.[0] ?? Infinity) <= Number(price)) &&
    (!context || (model.context ?? 0) >= Number(context));
}

/** How a model would run, in two words. */
export const runs = (model, known) => (!model.usable ? "not usable" : model.via === DIRECT ? DIRECT : `via ${viaName(known, model.via)}`);

/** A route's name for people: `direct`, or the gateway's. */
export const viaName = (known, via) => (via === DIRECT ? DIRECT : clean(known.gateways.get(via)?.name ?? via));

/** A number of tokens, short. */
export function tokens(count) {
  if (!count) return "";
  return count >= 1e6 ? `${trimmed(count / 1e6)}M` : `${trimmed(count / 1000)}K`;
}

/** Prices of a million tokens, in and out. */
export function prices(price) {
  if (!price || price[0] === undefined || price[0] === null) return "";
  return price.every((each) => !each) ? "free" : price.map((each) => `$${Number((each ?? 0).toFixed(3))}`).join(" / ");
}

const trimmed = (number) => String(Number(number.toFixed(number < 1 ? 3 : number < 100 ? 1 : 0)));
