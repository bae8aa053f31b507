"""How models are called that no list has, from what their IDs say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from polyroute import base_url
from polyroute.results import Route
from polyroute.types import AuthHeader, CallRule, Model, Provider
from polyroute.types.declarations import ID_SENT

_FROM_IDS = ("slug", "segment")
"""What a setting from an ID may be: never a host or an address, since IDs come from anywhere."""


def called(route: Route, provider: Provider, model_id: str, values: Mapping[str, str]) -> Route:
    """Return the route to a model that the provider's list does not have, called as its ID says.

    `values` are the provider's settings. A setting in the ID comes before them.
    """
    found = rule(provider, model_id)
    if found is None:
        return route
    match = next(match for match in (_matched(each, model_id) for each in found.models) if match)
    said = match.groupdict()
    route = route._replace(model_id=said.get(ID_SENT, model_id))
    return _by(route, found, provider, {**values, **_settings(said, provider)})


def rule(provider: Provider, model_id: str) -> CallRule | None:
    """Return the first rule for unlisted models that matches an ID; None if none does."""
    return next((rule for rule in provider.unlisted if any(_matched(each, model_id) for each in rule.models)), None)


def at_own_address(route: Route, provider: Provider, model_id: str, model: Model | None) -> Route:
    """Return the route to a model of the user's own cloud at an address that the user set: the same service elsewhere.

    Protocol and path are the model's, from the provider's list or from what the ID says.
    """
    if model is not None:
        whole = model.base_url or provider.base_url
        path = whole.removeprefix(provider.base_url) if whole.startswith(provider.base_url) else ""
        return _below(route, path, model.protocol, model.auth)
    found = rule(provider, model_id)
    return _below(route, found.path, found.protocol, found.auth) if found else route


def _below(route: Route, path: str, protocol: str, auth: AuthHeader | None) -> Route:
    url = f"{route.base_url}{path}" if route.base_url else ""
    credential = route.credential and route.credential._replace(endpoint=url)
    return route._replace(
        protocol=protocol or route.protocol, auth=auth or route.auth, base_url=url, credential=credential
    )


def _by(route: Route, rule: CallRule, provider: Provider, values: Mapping[str, str]) -> Route:
    url = base_url.of_provider(provider, "", values) if route.usable else route.base_url
    return _below(route._replace(base_url=url), rule.path, rule.protocol, rule.auth)


def _settings(found: Mapping[str, str], provider: Provider) -> dict[str, str]:
    checks = {slot.name: slot.check for group in provider.requirement for slot in group.slots if not slot.secret}
    good = {name: value for name, value in found.items() if checks.get(name) in _FROM_IDS}
    return {name: value for name, value in good.items() if base_url.is_bare(value, checks[name])}


def _matched(pattern: str, model_id: str) -> re.Match[str] | None:
    return _compiled(pattern).fullmatch(model_id)


@lru_cache(maxsize=1_000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*|\$\{\w+\})", pattern)
    text = "".join(_part(each) for each in parts)
    return re.compile(text)


def _part(part: str) -> str:
    if part == "*":
        return ".*"
    if part == f"${{{ID_SENT}}}":
        return f"(?P<{ID_SENT}>[^/]+)"
    return f"(?P<{part[2:-1]}>[^/@]+?)" if part.startswith("${") else re.escape(part)
