"""Every hook that a plugin can implement, on one page.

A plugin is a module or an object whose functions are decorated with `@polyroute.hookimpl`. It implements only the hooks
that it needs. Each hook is called once per plugin and returns everything at once. The core records which plugin each
result comes from, so that an invalid result affects only that plugin. An implementation may leave out parameters that
it does not need. Hook wrappers (`@hookimpl(wrapper=True)`) are refused.

**Environments.** Hooks that declare something take no parameters. Hooks that look something up take the `environment`
of the caller, because one process may serve several users: read variables and files through it, never directly from
the process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

from polyroute.lists.stored import FetchedList
from polyroute.types import (
    Credential,
    Detection,
    FailureRule,
    Mapper,
    Model,
    Probe,
    Provider,
    Routeability,
    Secret,
    Verification,
)

if TYPE_CHECKING:
    from polyroute.environment import Environment

hookspec = pluggy.HookspecMarker("polyroute")


@hookspec
def polyroute_providers() -> Iterable[Provider]:  # type: ignore[empty-body]
    """Declare providers: what they require and where they are called.

    Most plugins need no other hook, since the core finds what `requirement` names.

        @hookimpl
        def polyroute_providers():
            key = Slot("key", (Alternative("ACME_API_KEY"),), secret=True)
            yield Provider("acme", "Acme", "host", (Group((key,)),), "https://api.acme.example/v1")

    Returns the plugin's providers. An ID or alias that another plugin owns is ignored and reported as a problem. Called
    once per `Plugins.load`.
    """


@hookspec
def polyroute_credentials(environment: Environment) -> Iterable[Detection]:  # type: ignore[empty-body]
    """Find credentials that requirements can't describe: logins, token files, key stores.

        @hookimpl
        def polyroute_credentials(environment):
            token = environment.path("~/.acme/token")
            if environment.exists(token):
                yield Detection("acme", "oauth-token", Source("plugin", token), remedy="Run: acme login.")

    Returns for each provider a source, or the reason why there is no login and a remedy. It runs whenever a catalog is
    made, so it must be fast and must not open a network connection. Credentials found by requirements come first.
    Declare the variables that it reads in `Provider.detects`.
    """


@hookspec
def polyroute_routeability() -> Iterable[Routeability]:  # type: ignore[empty-body]
    """Declare which providers' models a gateway carries.

        @hookimpl
        def polyroute_routeability():
            yield Routeability("acme", offered=frozenset({"umbrella", "init-ech"}), namespaces={"initech": "init-ech"})

    Returns one rule per gateway. The gateway is a provider of the same plugin or, with `extends=True`, another plugin's
    provider that has no rule of its own. Called once per `Plugins.load`.
    """


@hookspec
def polyroute_model_ids(  # type: ignore[empty-body]
    listed: Callable[[str], Iterable[str]], environment: Environment
) -> Mapping[str, Mapper]:
    """Return the mappers that translate model IDs for gateways.

        @hookimpl
        def polyroute_model_ids():
            return {"acme": AcmeMapper()}

    Returns a mapping from gateway to `Mapper`. A mapper is called for every model, so build indexes once and look IDs
    up later; a mapper that calls another service should also have `prepare(models)`. `listed(provider_id)` returns the
    IDs in a provider's list, for mapping back to vendors' own IDs. An implementation without the parameter
    `environment` is called once for all environments.
    """


@hookspec
def polyroute_models(  # type: ignore[empty-body]
    provider_ids: frozenset[str], environment: Environment
) -> Iterable[Model]:
    """List the models of those of `provider_ids` that this plugin knows.

        @hookimpl
        def polyroute_models(provider_ids):
            if "acme" in provider_ids:
                yield Model("acme", "acme-large", context=128_000)

    Returns models. If several plugins list the same model of a provider, the first one counts. An implementation that
    takes `environment` may list what one user has (such as cloud deployments); one that does not is called once for all
    environments.
    """


@hookspec
def polyroute_lists() -> Iterable[FetchedList]:  # type: ignore[empty-body]
    """Declare the lists that `polyroute refresh` can fetch. Plugins never fetch; only the user's command does.

        @hookimpl
        def polyroute_lists():
            yield FetchedList("acme", "https://acme.example/models.json", check=len, gateways=("acme",))

    Returns what to fetch and a function that counts the models in a response. The plugin reads the fetched list with
    `polyroute.lists.stored.read` when it lists models. New providers in the list, and models with another base URL, are
    returned here: they are used only if they send no key to a new host, or if the user agrees. Called once per
    `Plugins.load`.
    """


@hookspec
def polyroute_failures() -> Mapping[str, Iterable[FailureRule]]:  # type: ignore[empty-body]
    """Declare how endpoints word errors.

        @hookimpl
        def polyroute_failures():
            return {"acme": [FailureRule("no_credit", (403,), codes=("purse_empty",))]}

    Returns a mapping from provider to rules, of which the first that matches applies, before the general rules. Only
    the rules of the provider's owner are used. Called once for all environments, when the first error is interpreted.
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

    Returns the secret, or a `Secret` with the reason why there is none and a remedy. Only the plugin that found the
    credential is called, and only at the moment of use (`environment.secret(credential)`). A secret with `expires_at`
    is kept in memory until one minute before that time. An implementation without the parameter `environment` is
    refused if the process has several environments.
    """


@hookspec
def polyroute_verifications(  # type: ignore[empty-body]
    credentials: tuple[Credential, ...], environment: Environment
) -> Iterable[Probe | Verification]:
    """Declare the request that checks whether a key works at an endpoint.

        @hookimpl
        def polyroute_verifications():
            yield Probe("acme", "/balance", remaining="credits.left")

    Returns one probe for each provider of this plugin. The core sends it to the endpoint that the key is bound to, and
    only when asked to verify keys. A plugin that has to check in another way returns a `Verification` for each of
    these `credentials` instead.
    """
