"""The custom models of one catalog, read once on first use.

If the file does not exist, the modules that parse it are not imported.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyroute.dexto_compat import custom_models_path
from polyroute.environment import Environment
from polyroute.lazy import cached_property
from polyroute.plugins.loaded import Plugins
from polyroute.types import Credential, Model, ModelRef, Problem

if TYPE_CHECKING:
    from polyroute.custom_models.models import CustomModel
    from polyroute.custom_models.store import CustomStore


class OwnModels:
    """The custom models in the user's files, by references with the provider's ID."""

    def __init__(self, environment: Environment, plugins: Plugins) -> None:
        self._paths = custom_models_path(environment.shared_home), own_path(environment)
        self._plugins, self._documents = plugins, environment.documents
        self._problems: tuple[Problem, ...] = ()

    @cached_property
    def store(self) -> CustomStore:
        """The files."""
        from polyroute.custom_models.store import CustomStore

        shared, own = self._paths
        return CustomStore(shared, self._plugins, own, self._documents)

    @cached_property
    def all(self) -> Mapping[ModelRef, CustomModel]:
        """The models whose provider is installed; the others become problems."""
        if self._is_missing():
            return {}
        models, self._problems = self.store.listing()
        names = self._plugins.names
        self._problems += tuple(self._orphan(model) for model in models if model.provider not in names)
        return {ModelRef(names[each.provider], each.name): each for each in models if each.provider in names}

    def key_variables(self) -> frozenset[str]:
        """Return the variables and keyring entries that models refer to for their keys."""
        from polyroute.custom_models.models import key_reference

        found = (key_reference(model.key) for model in self.all.values() if model.key)
        return frozenset(name for each in found if each for name in each if name)

    def _is_missing(self) -> bool:
        """Return whether no file exists. If that can't be determined, reading it reports the error."""
        return all(map(self._documents.is_missing, self._paths))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of the file; empty before its models are read."""
        return self._problems

    def over(self, listed: Iterable[Model], provider_id: str) -> list[Model]:
        """Return the listed models combined with the custom models, of one provider if `provider_id` is not empty."""
        own = {ref: model for ref, model in self.all.items() if self._is_wanted(ref, provider_id)}
        if not own:
            return list(listed)
        models = [_described(model, own.pop(model.ref, None)) for model in listed]
        return models + [_described(Model(*ref), model) for ref, model in own.items()]

    def secret(self, credential: Credential) -> str | None:
        """Return the key in a model's entry, unless the entry has another base URL by now."""
        source = credential.source
        ref = ModelRef.parse(source.name if source else "")
        model = self.all.get(ref)
        return self.store.secret(ref, model.base_url) if model else None

    def found(self, query: str, provider_id: str) -> list[Model]:
        """Return the models of all lists, or of one provider's, combined with the custom models, that a query finds."""
        plugins = self._plugins
        models = self.over(plugins.models(provider_id).values() if provider_id else plugins.all_models(), provider_id)
        if not query.strip():
            return models
        from polyroute.model_ids.search import matching

        return matching(models, query)

    def _is_wanted(self, ref: ModelRef, provider_id: str) -> bool:
        return provider_id in ("", ref.provider) and self._plugins.providers[ref.provider].selectable

    def _orphan(self, model: CustomModel) -> Problem:
        fault = f"custom model {model.ref}: its provider is not available; the model is kept"
        remedy = f"Install the plugin of {model.provider}, or see `polyroute custom remove`."
        return Problem(fault, remedy, path=model.path, code="custom-model", provider=model.provider)


def own_path(environment: Environment) -> str:
    """Return the path of the file of the custom models that only Polyroute can read."""
    return os.path.join(os.path.dirname(environment.config_path), "custom-models.json")


def _described(model: Model, own: CustomModel | None) -> Model:
    """Return a model with the name and the limits of its custom entry."""
    if own is None:
        return model
    return model._replace(
        name=own.display_name or model.name,
        context=own.stored.get("maxInputTokens", model.context),
        output=own.stored.get("maxOutputTokens", model.output),
    )
