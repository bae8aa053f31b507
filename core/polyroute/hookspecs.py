"""Every hook that a plugin can implement, on one page.

A plugin is a module or an object whose functions carry `@polyroute.hookimpl`; it implements the hooks it
needs and no others. Each hook is called once per plugin and answers in bulk; the core keeps the author of
each answer, so that whatever is wrong in it hurts that plugin alone. Arguments may be left out where they
are not needed. Wrappers (`@hookimpl(wrapper=True)`) are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

from polyroute.lists import FetchedList
from polyroute.types import Credential, Detection, Mapper, Model, Probe, Provider, Routeability, Verification

if TYPE_CHECKING:
    from polyroute.environment import Environment

hookspec = pluggy.HookspecMarker("polyroute")
hookimpl = pluggy.HookimplMarker("polyroute")
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def polyroute_providers() -> Iterable[Provider]:  # type: ignore[empty-body]
    """Say which providers exist, what they need and where they are called.

    Most plugins need nothing else: the core looks for what `requirement` names, in all places.

        @hookimpl
        def polyroute_providers():
            key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
            yield Provider("acme", "Acme", "host", (Group((key,)),), "https://api.acme.example/v1")

    Returns providers whose ID nobody else has claimed; a second claim changes nothing and is a problem.
    """


@hookspec
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:  # type: ignore[empty-body]
    """Find credentials beyond what requirements say: logins, token files, key stores.

        @hookimpl
        def polyroute_credentials(environment):
            token = environment.path("~/.acme/token")
            if environment.exists(token):
                yield Detection("acme", "oauth-token", Source("plugin", token))

    Returns, per provider, a source or the reason and remedy. It runs whenever a catalog is made: be quick,
    and open no network connection. What requirements find comes first.
    """


@hookspec
def polyroute_routeability() -> Iterable[Routeability]:  # type: ignore[empty-body]
    """Say whose models a gateway carries, as a rule.

        @hookimpl
        def polyroute_routeability():
            yield Routeability("acme", offered=frozenset({"umbrella", "init-ech"}), namespaces={"initech": "init-ech"})

    Returns one rule per gateway. The gateway must be a provider of the same plugin.
    """


@hookspec
def polyroute_model_ids(listed: Callable[[str], Iterable[str]]) -> Mapping[str, Mapper]:  # type: ignore[empty-body]
    """Give, per gateway, the object that translates model IDs.

        @hookimpl
        def polyroute_model_ids():
            return {"acme": AcmeMapper()}

    Returns mappers by gateway. They are asked for every model: build indexes first, look up later. For those who
    want to lead back to vendors' own IDs, `listed(provider_id)` gives the IDs in a provider's list.
    """


@hookspec
def polyroute_models(provider_ids: frozenset[str]) -> Iterable[Model]:  # type: ignore[empty-body]
    """List the models on offer at those of `provider_ids` that this plugin knows.

        @hookimpl
        def polyroute_models(provider_ids):
            if "acme" in provider_ids:
                yield Model("acme", "acme-large", context=128_000)

    Returns models; the first plugin to name a provider's model wins.
    """


@hookspec
def polyroute_lists() -> Iterable[FetchedList]:  # type: ignore[empty-body]
    """Say which lists `polyroute refresh` can fetch: only the person's wish goes to the network, never a plugin.

        @hookimpl
        def polyroute_lists():
            yield FetchedList("acme", "https://acme.example/models.json", check=len, gateways=("acme",))

    Returns what is to be fetched, and how many models a good answer lists. The plugin reads it by
    `polyroute.lists.read` where it lists models; providers in it, and models that are called elsewhere, it gives here,
    and they are used only where they send no key to a new place, or the person agrees.
    """


@hookspec
def polyroute_secrets(credential: Credential) -> str | None:
    """Read the secret of a credential that this plugin found with the layer `plugin`.

        @hookimpl
        def polyroute_secrets(credential):
            return acme_login.fresh_token()

    Returns the secret, or None where there is none. Only the plugin that found it is asked, and only by
    `environment.reveal(credential)`.
    """


@hookspec
def polyroute_verifications(credentials: tuple[Credential, ...]) -> Iterable[Probe | Verification]:  # type: ignore[empty-body]
    """Say by which request an endpoint tells whether a key works right now.

        @hookimpl
        def polyroute_verifications():
            yield Probe("acme", "/balance", remaining="credits.left")

    Returns one probe per provider of this plugin. The core sends it, to the endpoint that the key is bound to, and only
    when somebody asks. A plugin that must ask in another way returns what it found of these `credentials` itself.
    """
