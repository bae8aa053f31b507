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
├── SecretUnavailable        a credential's secret can't be read
├── WrongEndpoint            a client was about to send a key elsewhere than to its endpoint
└── Unavailable              could not be done: an unreadable file, a full disk
    └── MissingExtra             an optional part of the installation is not there
"""

from __future__ import annotations

from collections.abc import Sequence

from polyroute.answers import Route
from polyroute.types import Credential, ModelRef


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
    """The person has no custom model of this provider and name."""


class CustomModelExists(UsageError):
    """The person has a custom model of this provider and name already."""


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


class SecretUnavailable(PolyrouteError):
    """The secret of this credential can't be read (any more), or there is no single one."""

    def __init__(self, credential: Credential, why: str) -> None:
        self.credential = credential
        super().__init__(f"No secret for {credential.provider} ({credential}): {why}")


class WrongEndpoint(PolyrouteError):
    """A client was about to send a key to another host than the one it is bound to; nothing was sent."""


class Unavailable(PolyrouteError):
    """It could not be done, through no fault of the input; trying again later may help."""


class MissingExtra(Unavailable):
    """A feature needs an extra of the distribution `polyroute` that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional part that is not installed: pip install 'polyroute[{extra}]'.")
