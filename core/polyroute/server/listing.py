"""The catalog as clients list it: every model with the route that it would take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from polyroute import Catalog, Model, ModelRef, Problem, Provider, ProviderStatus, Status
from polyroute.dexto_compat import GATEWAY, GATEWAY_SELECTION, auth_fields
from polyroute.dexto_compat.http import CURATED, KEYS_QUERY, UNKNOWN_CONTEXT, assumed_file_types, file_types
from polyroute.dexto_compat.types import FileType, GatewayAuth
from polyroute.documents import catalog as documents
from polyroute.documents.http_types import Flat, Gateway, Grouped, ListedModel, ListedProvider, ProviderDetails, Verdict
from polyroute.model_list.order import prominence_of
from polyroute.model_list.purpose import converses, is_general
from polyroute.requirements.places import secret_variables, variables
from polyroute.results import as_run
from polyroute.server.model_lookup import verdict
from polyroute.server.schemas import CatalogQuery

_CURATED_MODELS = 12


class Listing:
    """All selectable providers with their models, computed once for each catalog."""

    def __init__(self, catalog: Catalog, problems: tuple[Problem, ...]) -> None:
        """`problems` are those to show in the status."""
        self.status = catalog.status()._replace(problems=problems)
        self.names = catalog.plugins.names
        selectable = {name: each for name, each in self.status.providers.items() if each.provider.selectable}
        self.models: dict[str, list[ListedModel]] = {name: [] for name in selectable}
        listed: dict[str, list[Model]] = {name: [] for name in selectable}
        for model in catalog.plugins.all_models():
            if model.provider in listed:
                listed[model.provider].append(model)
        spread = _spread(listed, catalog)
        self._plain = {name: _plain(models, spread) for name, models in listed.items()}
        self._talking = {name: {each.id for each in models if converses(each)} for name, models in listed.items()}
        catalog.prepare(model.ref for models in listed.values() for model in models)
        for name, models in listed.items():
            own = verdict(selectable[name].routes)
            default = next(iter(self._plain[name]), "")
            self.models[name] = [_model(each, catalog, own, each.id == default) for each in models]
        self._newest = {name: _newest(models) for name, models in listed.items()}
        self.providers = {
            name: _provider(each, self.models.get(name, [])) for name, each in self.status.providers.items()
        }
        self.gateways = {name: _gateway(name, catalog, self.status) for name in _in_order(catalog)}

    @property
    def count(self) -> int:
        """The number of models."""
        return sum(map(len, self.models.values()))

    @property
    def auth(self) -> GatewayAuth:
        """Whether the default gateway can be used, and whether it is preferred."""
        gateway = self.status.providers.get(GATEWAY)
        return auth_fields(gateway is not None and gateway.has_direct_key, self.status.preferred)

    def well_known(self) -> list[tuple[str, str]]:
        """Return one model of each well-known provider that can be used, with the provider named as clients know it.

        That is the provider's default model, or else the likeliest usable one. If no model is usable, the default model
        of every well-known provider is returned.
        """
        named = [(name, self.names[name]) for name in CURATED if self.names.get(name) in self.models]
        plain = {name: self._plain[provider] for name, provider in named}
        usable = {name: self._usable(provider) for name, provider in named}
        offered = usable if any(usable.values()) else plain
        return [(name, models[0]) for name, models in offered.items() if models]

    def _usable(self, provider: str) -> list[str]:
        """Return the provider's usable plain models; none without a credential: clients show those as locked."""
        listed = self.models[provider] if self.providers[provider]["hasApiKey"] else ()
        usable = {model["name"] for model in listed if model["usable"]}
        return [name for name in self._plain[provider] if name in usable]

    def default(self, provider: str) -> str:
        """Return the ID of the model to use if only its provider is chosen: a usable one if possible; else empty."""
        name = self.names.get(provider, "")
        return next(iter([*self._usable(name), *self._plain[name]]), "") if name in self.models else ""

    def listing(self, model_id: str) -> list[str]:
        """Return the providers whose list has a model."""
        return [name for name, models in self.models.items() if any(each["name"] == model_id for each in models)]

    def find(self, provider: str, model_id: str) -> ListedModel | None:
        """Return a model as it is listed; None if it is in no list."""
        name = self.names.get(provider, "")
        return next((each for each in self.models.get(name, ()) if each["name"] == model_id), None)

    def document(self, query: CatalogQuery) -> Grouped | Flat:
        """Return the part of the catalog that a query selects."""
        chosen = {written: name for written, name in self._selected(query) if self._matches(name, query)}
        models = {written: list(self._models(name, query)) for written, name in chosen.items()}
        if query.mode == "flat":
            flat: list[ListedModel] = [
                {**each, "provider": written} for written, found in models.items() for each in found
            ]
            return {"auth": self.auth, "gateways": self.gateways, "models": flat}
        listed = query.includeModels not in ("false", "0")
        is_for_keys = query.model_fields_set == KEYS_QUERY and not listed
        grouped: dict[str, ListedProvider] = {
            written: {**self._about(name, is_for_keys=is_for_keys), "models": models[written] if listed else []}
            for written, name in chosen.items()
        }
        return {"auth": self.auth, "gateways": self.gateways, "providers": grouped}

    def _about(self, name: str, *, is_for_keys: bool) -> ProviderDetails:
        """Return a provider; for the list of keys, `hasApiKey` is about its own key."""
        found = self.providers[name]
        return {**found, "hasApiKey": found["hasDirectKey"]} if is_for_keys else found

    def _selected(self, query: CatalogQuery) -> Iterable[tuple[str, str]]:
        """Return the selected providers: each as the client names it, and its ID."""
        if query.provider.strip(", "):
            written = [name.strip() for name in query.provider.split(",")]
            return [(name, self.names[name]) for name in written if self.names.get(name) in self.providers]
        names: Iterable[str] = CURATED if query.scope == "curated" else self.models
        if query.mode != "flat":  # clients look up each provider under the name that they know
            names = dict.fromkeys((*names, *CURATED, GATEWAY_SELECTION))
        return [(name, self.names[name]) for name in names if self.names.get(name) in self.providers]

    def _matches(self, name: str, query: CatalogQuery) -> bool:
        return query.hasKey is None or self.providers[name]["hasApiKey"] == _is_true(query.hasKey)

    def _models(self, name: str, query: CatalogQuery) -> Iterable[ListedModel]:
        for model in self.models.get(name, ()):
            if model["name"] not in self._talking[name] and not _is_true(query.allKinds or ""):
                continue
            if query.scope == "curated" and model["name"] not in self._newest[name]:
                continue
            if query.fileType and query.fileType not in model["supportedFileTypes"]:
                continue
            if query.defaultOnly is not None and _is_true(query.defaultOnly) and not model.get("default"):
                continue
            if query.usable is None or model["usable"] == _is_true(query.usable):
                yield model


def _is_true(text: str) -> bool:
    return text in ("true", "1")


def _provider(status: ProviderStatus, models: list[ListedModel]) -> ProviderDetails:
    provider, rules = status.provider, status.provider.custom_models
    return {
        **documents.provider(status),
        "hasApiKey": status.has_effective_credentials,
        "primaryEnvVar": _primary_variable(provider),
        "supportsBaseURL": rules is not None and rules.base_url != "no",
        "supportedFileTypes": _file_types(provider, models),
        "customModels": {"baseURL": rules.base_url, "fileSuffix": rules.file_suffix} if rules else None,
        "documentation": provider.documentation or None,
    }


def _file_types(provider: Provider, models: list[ListedModel]) -> list[FileType]:
    """Return the file types that any of the models accepts; if none is listed, those that a custom model may accept."""
    if provider.custom_models and not models:
        return assumed_file_types(provider.id)
    return file_types({kind for model in models for kind in model["supportedFileTypes"]})


def _in_order(catalog: Catalog) -> list[str]:
    """Return all gateways, the one that is preferred by default first."""
    plugins = catalog.plugins
    return sorted(plugins.gateways, key=lambda name: name != plugins.default_preference)


def _gateway(name: str, catalog: Catalog, status: Status) -> Gateway:
    """Return the document of a gateway, selectable or not."""
    found = status.providers[name]
    return {
        "name": found.provider.name,
        "usable": found.has_direct_key,
        "primaryEnvVar": _primary_variable(found.provider),
        "carries": sum(name in catalog.plugins.carriers(each) for each in catalog.plugins.providers),
        "preferred": name == status.preferred,
        "preferredByDefault": name == catalog.plugins.default_preference,
    }


def _primary_variable(provider: Provider) -> str:
    """Return the variable to set first: one that holds a secret, if there is one; empty if no variable is needed."""
    secret = secret_variables(provider)
    return min(variables(provider), key=lambda name: name not in secret, default=provider.key_variable)


def _model(listed: Model, catalog: Catalog, own: Verdict, is_default: bool) -> ListedModel:
    route = catalog.route(listed.ref)
    is_allowed = catalog.allowance is None or catalog.allowance.allows(listed.ref)
    is_like_all = route is None and not own["usable"] and is_allowed
    found = own if is_like_all else verdict((route,) if route else catalog.routes(listed.ref))
    model = as_run(listed, route)
    document: ListedModel = {
        "name": model.id,
        "maxInputTokens": model.context or UNKNOWN_CONTEXT,
        "supportedFileTypes": file_types(model.input_modalities),
        "usable": found["usable"],
        "via": found["via"],
    }
    if model.name:
        document["displayName"] = model.name
    if "why" in found and found["why"] != own.get("why"):  # else it would be repeated for hundreds of models
        document["why"] = found["why"]
    if model.input_price is not None and model.output_price is not None:
        document["pricing"] = {"inputPerM": model.input_price, "outputPerM": model.output_price}
    if is_default:
        document["default"] = True
    return document


def _newest(models: list[Model]) -> set[str]:
    return {model.id for model in sorted(models, key=lambda model: model.release_date, reverse=True)[:_CURATED_MODELS]}


def _spread(listed: Mapping[str, Iterable[Model]], catalog: Catalog) -> Mapping[ModelRef, int]:
    """Return how many providers offer each model; those that only one offers are left out."""
    groups = catalog.plugins.groups
    if groups is None:
        return {}
    words = {each.ref: word for models in listed.values() for each in models if (word := groups.shared_word(each.ref))}
    offering = Counter(word for _, word in {(ref.provider, word) for ref, word in words.items()})
    return {ref: offering[word] for ref, word in words.items()}


def _plain(models: list[Model], spread: Mapping[ModelRef, int]) -> list[str]:
    """Return the general models, the likeliest first; the first is the default."""
    fit = sorted(filter(is_general, models), key=lambda model: (len(model.id), model.id))
    likeliest = sorted(fit, key=lambda model: -prominence_of(spread.get(model.ref, 1), model.release_date))
    return [model.id for model in likeliest]
