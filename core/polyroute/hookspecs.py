"""Every hook that a plugin can implement, on one page.

A plugin is a module or an object whose functions carry `@polyroute.hookimpl`; it implements the hooks it
needs and no others. Each hook is called once per plugin and answers in bulk; the core keeps the author of
each answer, so that whatever is wrong in it hurts that plugin alone. Arguments may be left out where they
are not needed. Wrappers (`@hookimpl(wrapper=True)`) are refused.

**Whose environment.** A hook that declares takes nothing. A hook that asks takes the `environment` of whoever asks:
one process may serve several users. Read variables and files through it, and never those of the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

from polyroute.lists import FetchedList
from polyroute.logins import (
    Credential,
    Detection,
    Probe,
    Secret,
    Verification,
)
from polyroute.types import Mapper, Model, Provider, Routeability

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

    Returns providers whose ID nobody else has claimed; a second claim changes nothing and is a problem. Called once
    per `Plugins.load`.
    """


@hookspec
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:  # type: ignore[empty-body]
    """Find credentials beyond what requirements say: logins, token files, key stores.

        @hookimpl
        def polyroute_credentials(environment):
            token = environment.path("~/.acme/token")
            if environment.exists(token):
                yield Detection("acme", "oauth-token", Source("plugin", token), remedy="Run: acme login.")

    Returns, per provider, a source or the reason and remedy. It runs whenever a catalog is made: be quick,
    and open no network connection. What requirements find comes first. Variables that it looks at are declared in
    `Provider.detects`.
    """


@hookspec
def polyroute_routeability() -> Iterable[Routeability]:  # type: ignore[empty-body]
    """Say whose models a gateway carries, as a rule.

        @hookimpl
        def polyroute_routeability():
            yield Routeability("acme", offered=frozenset({"umbrella", "init-ech"}), namespaces={"initech": "init-ech"})

    Returns one rule per gateway. The gateway is a provider of the same plugin or, with `extends=True`, one of another
    plugin that gives no rule itself. Called once per `Plugins.load`.
    """


@hookspec
def polyroute_model_ids(  # type: ignore[empty-body]
    listed: Callable[[str], Iterable[str]], environment: Environment
) -> Mapping[str, Mapper]:
    """Give, per gateway, the object that translates model IDs.

        @hookimpl
        def polyroute_model_ids():
            return {"acme": AcmeMapper()}

    Returns mappers by gateway. They are asked for every model: build indexes first, look up later; one that asks
    somebody else has `prepare(models)` too. For those who want to lead back to vendors' own IDs, `listed(provider_id)`
    gives the IDs in a provider's list. An implementation that leaves `environment` out is asked once for all of them.
    """


@hookspec
def polyroute_models(  # type: ignore[empty-body]
    provider_ids: frozenset[str], environment: Environment
) -> Iterable[Model]:
    """List the models on offer at those of `provider_ids` that this plugin knows.

        @hookimpl
        def polyroute_models(provider_ids):
            if "acme" in provider_ids:
                yield Model("acme", "acme-large", context=128_000)

    Returns models; the first plugin to name a provider's model wins. An implementation that takes `environment` may
    list what one user alone has (deployments in a cloud); one that leaves it out is asked once for all.
    """


@hookspec
def polyroute_lists() -> Iterable[FetchedList]:  # type: ignore[empty-body]
    """Say which lists `polyroute refresh` can fetch: only the user's wish goes to the network, never a plugin.

        @hookimpl
        def polyroute_lists():
            yield FetchedList("acme", "https://acme.example/models.json", check=len, gateways=("acme",))

    Returns what is to be fetched, and how many models a good answer lists. The plugin reads it by
    `polyroute.lists.read` where it lists models; providers in it, and models that are called elsewhere, it gives here,
    and they are used only where they send no key to a new place, or the user agrees. Called once per `Plugins.load`.
    """


@hookspec
def polyroute_secrets(credential: Credential, environment: Environment) -> Secret | str | None:
    """Read the secret of a credential that this plugin found with the layer `plugin`.

        @hookimpl
        def polyroute_secrets(credential, environment):
            token = acme_login.exchange(environment.read_now(credential.source.name))
            if token is None:
                return Secret(reason="the login has expired", remedy="Run: acme login.")
            return Secret(token.value, expires_at=token.expires_at)

    Returns the secret, or why there is none and what to do. Only the plugin that found the credential is asked, and
    only at the moment of use (`environment.secret(credential)`); a secret with `expires_at` is kept in memory until a
    minute before. An implementation that leaves `environment` out is refused where a process has several.
    """


@hookspec
def polyroute_verifications(  # type: ignore[empty-body]
    credentials: tuple[Credential, ...], environment: Environment
) -> Iterable[Probe | Verification]:
    """Say by which request an endpoint tells whether a key works right now.

        @hookimpl
        def polyroute_verifications():
            yield Probe("acme", "/balance", remaining="credits.left")

    Returns one probe per provider of this plugin. The core sends it, to the endpoint that the key is bound to, and only
    when somebody asks. A plugin that must ask in another way returns what it found of these `credentials` itself.
    """
