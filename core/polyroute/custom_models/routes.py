"""The routes to a person's own model. Its key and its base URL stay bound to each other."""

from __future__ import annotations

from typing import NamedTuple

from polyroute.base_url import same_endpoint
from polyroute.custom_models.models import KEY_FIELD, CustomModel, key_reference
from polyroute.environment import CUSTOM, KEYRING, PROJECT, Environment
from polyroute.results import Route
from polyroute.types import DIRECT, Credential, ModelRef, Provider, Source


class RoutedModel(NamedTuple):
    """A person's own model, and what its routes depend on."""

    model: CustomModel
    provider: Provider
    environment: Environment
    path: str
    """The file that it is in."""
    withheld: tuple[str, str] | None = None
    """Why no key goes to its provider, and what to do about it; None where keys do."""

    @property
    def ref(self) -> ModelRef:
        """The reference that selects it."""
        return ModelRef(self.provider.id, self.model.name)


def adapted(routes: tuple[Route, ...], own: RoutedModel, *, keep_order: bool) -> tuple[Route, ...]:
    """The routes to an own model, made of those that any model of its provider has.

    With a base URL of its own there is the direct one alone; with a key of its own the direct one comes first.
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
        remedy = f"Put it there, or correct it: polyroute custom edit {own.ref} --file-path PATH."
        return route._replace(usable=False, reason=f"its file {model.file_path} does not exist", remedy=remedy)
    return route


def _elsewhere(route: Route, own: RoutedModel) -> Route:
    """The route to the model's own base URL: without a key, but for one that was found for just that."""
    url, found = own.model.base_url, route.credential
    if found and same_endpoint(found.endpoint, url):
        return route._replace(base_url=url, credential=found._replace(endpoint=url))
    if own.provider.kind == "own-server":
        reason = "no key was given for its base URL, and none is sent; whether the server runs is not checked"
        keyless = Credential(own.provider.id, url, "none")
        return route._replace(usable=True, base_url=url, credential=keyless, reason=reason, remedy="")
    remedy = f"Give it one: polyroute custom edit {own.ref} --key-stdin."
    return _unusable(route, url, "no key was given for its base URL", remedy)


def _with_own_key(route: Route, own: RoutedModel) -> Route:
    if own.withheld and not own.model.base_url:
        return _unusable(route, "", *own.withheld)
    source = _source(own)
    url = own.model.base_url or _unsteered(route, own.provider)
    if source is None:
        remedy = f"Store it there, or give another key: polyroute custom edit {own.ref} --key-stdin."
        return _unusable(route, url, f"its key is {own.model.key}, which is not there", remedy)
    if not url:
        reason = f"it has a key of its own, and no base URL of {own.provider.id} is certain enough to send it to"
        return _unusable(route, "", reason, _where_to(own))
    credential = Credential(own.provider.id, url, "api-key", source)
    return route._replace(usable=True, base_url=url, credential=credential, reason=f"found {credential}", remedy="")


def _where_to(own: RoutedModel) -> str:
    """How to make it certain where its key goes."""
    rules = own.provider.custom_models
    if rules and rules.base_url != "no":
        return f"Give it one of its own: polyroute custom edit {own.ref} --base-url URL --keep-key."
    return f"See what is missing: polyroute explain {own.provider.id}."


def _source(own: RoutedModel) -> Source | None:
    """Where the key lies; None for a variable that is not set, or what the keyring does not hold."""
    reference = key_reference(own.model.key)
    if reference is None:
        return Source(CUSTOM, str(own.ref), own.path, field=KEY_FIELD)
    if reference.variable:
        return own.environment.source(reference.variable)
    return Source(KEYRING, reference.keyring) if own.environment.in_keyring(reference.keyring) else None


def _unsteered(route: Route, provider: Provider) -> str:
    """The provider's base URL, unless a project's file may have decided it."""
    found = route.credential
    if found is None or route.base_url == provider.base_url:
        return route.base_url
    steered = found.source is None or found.source.layer == PROJECT
    return "" if steered else route.base_url


def _unusable(route: Route, url: str, reason: str, remedy: str) -> Route:
    return route._replace(usable=False, base_url=url, credential=None, reason=reason, remedy=remedy)
