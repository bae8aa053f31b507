"""Reading model references."""

from __future__ import annotations

from polyroute.errors import InvalidModelReference, UnknownProvider
from polyroute.plugins.loaded import Plugins
from polyroute.types import ModelRef, Provider

_ALIKE = 0.75
"""How like two texts are, from 0 to 1, before one is shown for the other."""


def parse(model: str | ModelRef, plugins: Plugins) -> tuple[Provider, ModelRef]:
    """The provider that `model` names, and the reference with that provider's ID in place of an alias.

    A text is split at its first `/`; the model ID is never changed. Raises InvalidModelReference where there is no ID
    or the provider is not selectable, UnknownProvider where there is no such provider.
    """
    if not isinstance(model, str | ModelRef):
        raise InvalidModelReference(f"A model is a text, provider/model, or a ModelRef; not {type(model).__name__}.")
    name, model_id = given = ModelRef.parse(model) if isinstance(model, str) else model
    if not (name and model_id):
        raise InvalidModelReference(_incomplete(str(model), plugins))
    known = plugins.names.get(name)
    if known is None:
        raise _unknown(given, plugins)
    provider = plugins.providers[known]
    if not provider.selectable:
        raise InvalidModelReference(
            f"{provider.id} is a way to run other providers' models, not a provider to select. Write the provider"
            f" whose model it is: it runs via {provider.id} where that is usable. See `polyroute models --available`."
        )
    return provider, given if known == name else ModelRef(known, model_id)


def canonical(model: str | ModelRef, plugins: Plugins) -> ModelRef:
    """The reference with the provider's ID in place of an alias. Raises as `parse` does."""
    return parse(model, plugins)[1]


def listed_alike(ref: ModelRef, plugins: Plugins) -> tuple[ModelRef, ...]:
    """The models in the provider's own list that are spelled much like `ref`; none where it is in the list itself."""
    listed = plugins.models(ref.provider)
    if ref.id in listed:
        return ()
    import difflib

    return tuple(ModelRef(ref.provider, each) for each in difflib.get_close_matches(ref.id, listed, 3, _ALIKE))


def _unknown(given: ModelRef, plugins: Plugins) -> UnknownProvider:
    """A namespace of a gateway's list: then the gateway's own reference is what is meant."""
    name = given.provider
    offering = [gateway for gateway, rule in plugins.rules.items() if name in rule.offered]
    selectable = [gateway for gateway in offering if plugins.providers[gateway].selectable]
    if selectable:
        return UnknownProvider(name, [f"{gateway}/{given}" for gateway in selectable])
    return plugins.unknown(name)


def _incomplete(text: str, plugins: Plugins) -> str:
    wanted = "A model is written provider/model"
    if text.strip("/") in plugins.names:
        return f"{wanted}: {text!r} lacks the model. See `polyroute models --provider {text.strip('/')}`."
    models = [model for model in plugins.all_models() if model.id == text]
    models.sort(key=lambda model: plugins.providers[model.provider].kind != "vendor")
    same = [str(model.ref) for model in models]
    hint = f"Did you mean {' or '.join(same[:3])}?" if same else "See `polyroute models`."
    return f"{wanted}: {text!r} lacks the provider. {hint}"
