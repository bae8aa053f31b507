"""Determine the routes to a custom model. Its key is bound to its base URL."""

from __future__ import annotations

from polyroute.base_url import same_endpoint
from polyroute.custom_models.models import KEY_FIELD, CustomModel, key_reference
from polyroute.environment import CUSTOM, KEYRING, ORGANISATION, PROJECT, Environment
from polyroute.named_tuples import NamedTuple
from polyroute.results import Route
from polyroute.types import DIRECT, Credential, ModelRef, Provider, Source


class RoutedModel(NamedTuple):
    """A custom model with everything that its routes depend on."""

    model: CustomModel
    provider: Provider
    environment: Environment
    withheld: tuple[str, str] | None = None
    """The reason why no key is sent to its provider, and the remedy; None if keys are sent."""

    @property
    def ref(self) -> ModelRef:
        """The reference that selects it."""
        return ModelRef(self.provider.id, self.model.name)


def adapted(routes: tuple[Route, ...], own: RoutedModel, *, keep_order: bool) -> tuple[Route, ...]:
    """Return the routes to a custom model, derived from the `routes` that any model of its provider has.

    A model with its own base URL has only the direct route. For a model with its own key, the direct route comes first
    unless `keep_order`.
    """
    direct = _direct(next(route for route in routes if route.via == DIRECT), own)
    if own.model.base_url:
        return (direct,)
    if own.model.key and direct.usable and not keep_order:
        return (direct, *(route for route in routes if route.via != DIRECT))
    return tuple(direct if route.via == DIRECT else route for route in routes)


def _direct(route: Route, own: RoutedModel) -> Route:
    model = own.model
    if model.base_url:
        route = _elsewhere(route, own)
    if model.key:
        route = _with_own_key(route, own)
    if model.file_path and not own.environment.exists(model.file_path):
        remedy = f"Put it there, or correct the path: polyroute custom edit {own.ref} --file-path PATH."
        return route._replace(usable=False, reason=f"its file {model.file_path} does not exist", remedy=remedy)
    return route


def _elsewhere(route: Route, own: RoutedModel) -> Route:
    """Return the route to the model's own base URL, with the provider's credential only if that is for the same URL."""
    url, found = own.model.base_url, route.credential
    if found and same_endpoint(found.endpoint, url):
        return route._replace(base_url=url, credential=found._replace(endpoint=url))
    if own.provider.kind == "own-server":
        reason = "it has no key for its base URL, and none is sent; whether the server runs is not checked"
        keyless = Credential(own.provider.id, url, "none")
        return route._replace(usable=True, base_url=url, credential=keyless, reason=reason, remedy="")
    remedy = f"Set one: polyroute custom edit {own.ref} --key-stdin."
    return _unusable(route, url, "it has no key for its base URL", remedy)


def _with_own_key(route: Route, own: RoutedModel) -> Route:
    if own.withheld and not own.model.base_url:
        return _unusable(route, "", *own.withheld)
    source = _source(own)
    url = own.model.base_url or _unsteered(route, own.provider)
    if source is None:
        remedy = f"Store the key there, or set another key: polyroute custom edit {own.ref} --key-stdin."
        return _unusable(route, url, f"its key is {own.model.key}, which is not set", remedy)
    if not url:
        reason = f"it has its own key, but no base URL of {own.provider.id} that is certain enough to receive it"
        return _unusable(route, "", reason, _where_to(own))
    credential = Credential(own.provider.id, url, "api-key", source)
    return route._replace(usable=True, base_url=url, credential=credential, reason=f"found {credential}", remedy="")


def _where_to(own: RoutedModel) -> str:
    """Return the remedy for a model without a certain base URL."""
    rules = own.provider.custom_models
    if rules and rules.base_url != "no":
        return f"Set its own base URL: polyroute custom edit {own.ref} --base-url URL --keep-key."
    return f"See what is missing: polyroute explain {own.provider.id}."


def _source(own: RoutedModel) -> Source | None:
    """Return the source of the key; None if its variable is not set or the keyring does not contain it.

    A key of the organisation is for its provider only, wherever a model of a user's own would send it.
    """
    reference = key_reference(own.model.key)
    if reference is None:
        return Source(CUSTOM, str(own.ref), own.model.path, field=KEY_FIELD)
    if reference.variable:
        found = own.environment.source(reference.variable)
        return found if found and found.layer != ORGANISATION else None
    return Source(KEYRING, reference.keyring) if own.environment.in_keyring(reference.keyring) else None


def _unsteered(route: Route, provider: Provider) -> str:
    """Return the provider's base URL, or an empty text if a project's file may have determined it."""
    found = route.credential
    if found is None or route.base_url == provider.base_url:
        return route.base_url
    steered = found.source is None or found.source.layer == PROJECT
    return "" if steered else route.base_url


def _unusable(route: Route, url: str, reason: str, remedy: str) -> Route:
    return route._replace(usable=False, base_url=url, credential=None, reason=reason, remedy=remedy)
