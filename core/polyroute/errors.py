"""What can go wrong, as types.

PolyrouteError
├── UsageError               bad input; nothing was done
│   ├── InvalidModelReference    not of the form `provider/model`, or not selectable
│   ├── UnknownProvider          no provider of that name
│   ├── UnknownCustomModel       no custom model of that name
│   ├── CustomModelExists        another custom model has that name already
│   ├── KeyBoundElsewhere        a stored key was saved for another base URL
│   └── UnsupportedRoute         a client can't speak what this route speaks
├── NoEffectiveRoute         a clear no: the model can't be run with what is there
├── RouteFailed              a usable route was taken, and its endpoint said no
│   ├── InsufficientCredits      no credits are left there
│   ├── InvalidCredential        the key is not accepted
│   │   └── MissingSecret            the key can't be had, so nothing was sent
│   ├── ModelNotOffered          the model is not there
│   └── GatewayUnavailable       it is out of order, or can't be reached
├── SecretUnavailable        a credential's secret can't be read
├── WrongEndpoint            a client was about to send a key elsewhere than to its endpoint
└── Unavailable              could not be done: an unreadable file, a full disk
    └── MissingExtra             an optional part of the installation is not there
"""

from __future__ import annotations

from collections.abc import Sequence

from polyroute.answers import Route
from polyroute.logins import Credential
from polyroute.types import DIRECT, ModelRef


class PolyrouteError(Exception):
    """The root of all errors that Polyroute raises on purpose. Its text is meant for people."""


class UsageError(PolyrouteError):
    """Bad input; nothing was done."""


class InvalidModelReference(UsageError):
    """A text that is no model reference, or one whose provider can't be selected."""


class UnknownProvider(UsageError):
    """No provider has this ID or alias."""

    def __init__(self, name: str, suggestions: Sequence[str] = (), why: str = "") -> None:
        self.name = name
        self.suggestions = tuple(suggestions)
        hint = f"Did you mean {' or '.join(self.suggestions)}?" if suggestions else "See `polyroute status --all`."
        super().__init__(f"There is no provider {name!r}. {why or hint}")


class UnknownCustomModel(UsageError):
    """The user has no custom model of this provider and name."""


class CustomModelExists(UsageError):
    """The user has a custom model of this provider and name already."""


class KeyBoundElsewhere(UsageError):
    """The stored key was saved for another base URL, and would now go to a new one."""


class UnsupportedRoute(UsageError):
    """A client can't call what this route leads to; nothing was sent."""

    def __init__(self, route: Route, why: str) -> None:
        self.route = route
        super().__init__(f"The route via {route.via} speaks {route.protocol} at {route.base_url}: {why}.")


class NoEffectiveRoute(PolyrouteError):
    """No route to the model is usable; `routes` says of each why not, and what to do."""

    def __init__(self, model: ModelRef, routes: Sequence[Route]) -> None:
        self.model = model
        self.routes = tuple(routes)
        lines = [f"  {route.via}: {route.reason}. {route.remedy}".rstrip() for route in routes]
        super().__init__("\n".join([f"{model} can't be run now. Routes tried, in order:", *lines]))


class RouteFailed(PolyrouteError):
    """A usable route was taken and can't be taken now; nothing was carried out.

    `error`, what the client library raised, is not in the chain of exceptions: it may quote a key.
    """

    problem = "the route failed"

    def __init__(
        self, model: ModelRef, tried: Sequence[Route], next_route: Route | None, words: str, error: Exception
    ) -> None:
        self.model = model
        self.route = tried[-1]
        """The route that failed."""
        self.tried = tuple(tried)
        """All that were taken, this one last."""
        self.next_route = next_route
        """The route to try after it, if there is one."""
        self.error = error
        after = f"Next would be {_named(next_route)}." if next_route else "No other route is left."
        super().__init__(f"{model} {_named(self.route)}: {self.problem} ({words}). {after}")


class InsufficientCredits(RouteFailed):
    """No credits are left where the route leads."""

    problem = "no credits are left"


class InvalidCredential(RouteFailed):
    """The key of the route is not accepted."""

    problem = "its key is not accepted"


class MissingSecret(InvalidCredential):
    """The key of the route can't be had (an expired login, a locked key store); `error` is the SecretUnavailable."""

    problem = "its key can't be had"


class ModelNotOffered(RouteFailed):
    """The model is not there under the ID that the route has for it."""

    problem = "the model is not offered there"


class GatewayUnavailable(RouteFailed):
    """The endpoint is out of order, or can't be reached."""

    problem = "it is out of order"


class SecretUnavailable(PolyrouteError):
    """The secret of this credential can't be read (any more), or there is no single one."""

    def __init__(self, credential: Credential, why: str, remedy: str = "") -> None:
        self.credential = credential
        self.why = why
        self.remedy = remedy
        """What a user does about it."""
        told = f"{why.removesuffix('.')}. {remedy}" if remedy else why
        super().__init__(f"No secret for {credential.provider} ({credential}): {told}")


class WrongEndpoint(PolyrouteError):
    """A client was about to send a key to another host than the one it is bound to; nothing was sent."""


class Unavailable(PolyrouteError):
    """It could not be done, through no fault of the input; trying again later may help."""


class MissingExtra(Unavailable):
    """A feature needs an extra of the distribution `polyroute` that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part that is not installed: pip install 'polyroute[{extra}]'.")


def _named(route: Route) -> str:
    way = route.via if route.via == DIRECT else f"via {route.via}"
    return f"{way} with {route.credential}"
