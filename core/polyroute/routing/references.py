"""Reading model references."""

from __future__ import annotations

from polyroute.dexto_compat import GATEWAY_SELECTION, LIST_GATEWAY
from polyroute.errors import InvalidModelReference, UnknownProvider
from polyroute.plugins.loaded import Plugins
from polyroute.plugins.registry import nicknamed
from polyroute.results import Route
from polyroute.types import ModelRef, Provider

_ALIKE = 0.75
"""The minimum similarity of a suggestion, from 0 to 1."""


def parse(model: str | ModelRef, plugins: Plugins) -> tuple[Provider, ModelRef]:
    """Return the provider that `model` names, and the reference with that provider's ID in place of an alias.

    A text is split at its first `/`; the model ID is never changed. Raises InvalidModelReference if the ID is missing
    or the provider is not selectable, UnknownProvider if the provider is unknown.
    """
    if not isinstance(model, str | ModelRef):
        raise InvalidModelReference(f"A model is a text, provider/model, or a ModelRef; not {type(model).__name__}.")
    name, model_id = given = ModelRef.parse(model) if isinstance(model, str) else model
    if not (name and model_id):
        raise _incomplete(str(model), plugins)
    known = plugins.names.get(name)
    if known is None:
        raise _unknown(given, plugins)
    provider = plugins.providers[known]
    if only_via(given, plugins) and LIST_GATEWAY in plugins.providers:
        return plugins.providers[LIST_GATEWAY], ModelRef(LIST_GATEWAY, model_id)
    if not provider.selectable:
        raise InvalidModelReference(
            f"{provider.id} runs other providers' models and can't be selected.",
            f"Write the model's own provider: the model runs via {provider.id} if that route is usable."
            " See `polyroute models --available`.",
        )
    return provider, given if known == name else ModelRef(known, model_id)


def canonical(model: str | ModelRef, plugins: Plugins) -> ModelRef:
    """Return the reference with the provider's ID in place of an alias. Raises as `parse` does."""
    return parse(model, plugins)[1]


def only_via(model: str | ModelRef, plugins: Plugins) -> str:
    """Return the gateway through which alone a model runs, because its reference says so; usually empty.

    Such a model is the one with that ID in the list of another gateway, which has the same IDs.
    """
    name = (ModelRef.parse(model) if isinstance(model, str) else model).provider
    gateway = plugins.names.get(name, "") if name == GATEWAY_SELECTION else ""
    return gateway if gateway and not plugins.providers[gateway].selectable else ""


def selected(routes: tuple[Route, ...], model: str | ModelRef, plugins: Plugins) -> tuple[Route, ...]:
    """Return those of a model's routes that its reference allows."""
    only = only_via(model, plugins)
    return tuple([route for route in routes if route.via == only]) if only else routes


def listed_alike(ref: ModelRef, plugins: Plugins) -> tuple[ModelRef, ...]:
    """Return similarly spelled models in the provider's own list; none if `ref` is in the list."""
    listed = plugins.models(ref.provider)
    if ref.id in listed:
        return ()
    import difflib

    return tuple(ModelRef(ref.provider, each) for each in difflib.get_close_matches(ref.id, listed, 3, _ALIKE))


def _unknown(given: ModelRef, plugins: Plugins) -> UnknownProvider:
    """Return the error for an unknown provider. If a gateway's list has such a namespace, suggest its reference."""
    name = given.provider
    offering = [gateway for gateway, rule in plugins.rules.items() if name in rule.offered]
    selectable = [gateway for gateway in offering if plugins.providers[gateway].selectable]
    if selectable:
        return UnknownProvider(name, [f"{gateway}/{given}" for gateway in selectable])
    return plugins.unknown(name)


def _incomplete(text: str, plugins: Plugins) -> InvalidModelReference:
    from polyroute._internal.spelling import did_you_mean
    from polyroute.model_ids.normalize import without_separators

    form = "A model is written provider/model"
    name = text.strip("/ ").lower()
    if known := plugins.names.get(name) or nicknamed(name, plugins.providers):
        return InvalidModelReference(
            f"{form}: {text!r} lacks the model.", f"See `polyroute models --provider {known}`."
        )
    wanted = without_separators(text.strip())
    models = [model for model in plugins.all_models() if without_separators(model.id) == wanted]
    models.sort(key=lambda model: (plugins.providers[model.provider].kind != "vendor", model.id != text))
    same = [str(model.ref) for model in models[:3]]
    remedy = did_you_mean(same, "See `polyroute models`.")
    return InvalidModelReference(f"{form}: {text!r} lacks the provider.", remedy, same)
