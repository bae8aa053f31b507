"""The errors that Polyroute raises.

PolyrouteError
├── UsageError               the input is invalid; nothing was done
│   ├── InvalidModelReference    not of the form `provider/model`, or not selectable
│   ├── UnknownProvider          no provider has this ID or alias
│   ├── UnknownCustomModel       no custom model has this name
│   ├── CustomModelExists        another custom model already has this name
│   ├── KeyBoundElsewhere        a stored key was saved for another base URL
│   ├── UnsupportedRoute         the client does not support the route's protocol
│   └── LockedPreference         an organisation's policy locks the preference
├── NoEffectiveRoute         no route to the model is usable
├── RouteFailed              a usable route was tried, and the request failed
│   ├── InsufficientCredits      the account has no credits left
│   ├── InvalidCredential        the key was rejected
│   │   └── MissingSecret            the key can't be obtained, so nothing was sent
│   ├── ModelNotOffered          the endpoint does not offer the model
│   └── GatewayUnavailable       the endpoint is down or can't be reached
├── SecretUnavailable        the secret of a credential can't be read
├── WrongEndpoint            a client was about to send a key to a host other than its endpoint
├── Unavailable              the operation failed: an unreadable file, a full disk
│   ├── NotUnderstood            a file's content is invalid, so the file was not changed
│   └── MissingExtra             an optional dependency is not installed
└── InternalError            a defect of Polyroute
"""

from __future__ import annotations

from collections.abc import Sequence

from polyroute.results import Route, named
from polyroute.types import DIRECT, Credential, ModelRef

_NAMED = 3
"""The most references that a message names."""


class PolyrouteError(Exception):
    """The base class of all errors that Polyroute raises. The message is meant for users."""

    remedy: str = ""
    """What the user can do about it, as the message says too; may be empty."""
    suggestions: tuple[str, ...] = ()
    """What may have been meant instead of a misspelled word of the input."""

    def __init__(self, message: str = "", remedy: str = "", suggestions: Sequence[str] = ()) -> None:
        """The message of the error is `message` followed by `remedy`."""
        if remedy:
            self.remedy = remedy
        self.fault = message.rstrip(".:")
        """What is wrong: the message without the remedy."""
        self.suggestions = tuple(suggestions)
        super().__init__(f"{message} {remedy}" if remedy else message)


class UsageError(PolyrouteError):
    """The input is invalid; nothing was done."""


class InvalidModelReference(UsageError):
    """A text is not a valid model reference, or its provider is not selectable."""


class UnknownProvider(UsageError):
    """No provider has this ID or alias."""

    def __init__(self, name: str, suggestions: Sequence[str] = (), why: str = "") -> None:
        self.name = name
        hint = f"Did you mean {' or '.join(suggestions)}?" if suggestions else "See `polyroute status --all`."
        super().__init__(f"There is no provider {name!r}.", why or hint, suggestions)


class UnknownCustomModel(UsageError):
    """The user has no custom model with this provider and name."""


class CustomModelExists(UsageError):
    """The user already has a custom model with this provider and name."""


class KeyBoundElsewhere(UsageError):
    """The stored key was saved for another base URL, and would be sent to a new one."""


class UnsupportedRoute(UsageError):
    """The client can't call this route; nothing was sent."""

    def __init__(self, route: Route, why: str) -> None:
        self.route = route
        super().__init__(f"The route via {route.via} speaks {route.protocol} at {route.base_url}: {why}.")


class LockedPreference(UsageError):
    """An organisation's policy locks the preference, so that no user can change it; nothing was written."""


class NoEffectiveRoute(PolyrouteError):
    """No route to the model is usable; each of `routes` has the reason and a remedy.

    `elsewhere` has the references by which the same model can be run now.
    """

    def __init__(self, model: ModelRef, routes: Sequence[Route], elsewhere: Sequence[ModelRef] = ()) -> None:
        self.model = model
        self.routes = tuple(routes)
        self.elsewhere = tuple(elsewhere)
        others = f" {runs_as(elsewhere)}" if elsewhere else ""
        self.remedy = others.strip() or next((route.remedy for route in routes if route.remedy), "")
        if one := _only_refusal(routes):
            super().__init__(f"{model} can't be run: {one.reason}. {one.remedy}")
            return
        shown, rest, forbidden = named(routes)
        lines = [f"  {route.via}: {route.reason}. {route.remedy}".rstrip() for route in shown]
        if rest:
            lines.append(f"  {', '.join(rest)}: no key. See `polyroute explain {model}`.")
        if forbidden:
            lines.append(f"  {', '.join(forbidden)}: the organisation's policy does not allow them.")
        super().__init__("\n".join([f"{model} can't be run now.{others} Routes tried, in order:", *lines]))


def _only_refusal(routes: Sequence[Route]) -> Route | None:
    """Return one of the routes if an organisation's policy allows none of them, for one reason; else None."""
    is_one = len({(route.reason, route.allowed) for route in routes}) == 1
    return routes[0] if is_one and not routes[0].allowed else None


def runs_as(elsewhere: Sequence[ModelRef]) -> str:
    """Return the sentence that names the references by which the same model can be run."""
    return f"You can run it as {' or '.join(map(str, elsewhere[:_NAMED]))}."


class RouteFailed(PolyrouteError):
    """A usable route was tried and failed; the request was not executed.

    `error` is what the client library raised. It is not chained as the cause, because it may quote a key.
    """

    problem = "the route failed"

    def __init__(
        self,
        model: ModelRef,
        tried: Sequence[Route],
        next_route: Route | None,
        words: str,
        error: Exception,
        remedy: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.model = model
        self.route = tried[-1]
        """The route that failed."""
        self.tried = tuple(tried)
        """All routes that were tried; the last one is `route`."""
        self.next_route = next_route
        """The next route to try, or None."""
        self.error = error
        self.remedy = remedy
        """What the user can do about it; empty if that is not known."""
        self.retry_after = retry_after
        """The seconds after which the endpoint asks to be tried again; None if it does not say."""
        after = f"Next would be {_named(next_route)}." if next_route else "No other route is left."
        advice = f" {remedy}" if remedy and "://" not in words else ""  # the endpoint may name its page itself
        super().__init__(f"{model} {_named(self.route)}: {self.problem} ({words}). {after}{advice}")


class InsufficientCredits(RouteFailed):
    """The account that the route uses has no credits left."""

    problem = "no credits are left"


class InvalidCredential(RouteFailed):
    """The endpoint rejected the key of the route."""

    problem = "its key is not accepted"


class MissingSecret(InvalidCredential):
    """The key can't be obtained (an expired login, a locked key store); `error` is the SecretUnavailable."""

    problem = "its key can't be obtained"


class ModelNotOffered(RouteFailed):
    """The endpoint does not offer the model under the ID that the route uses."""

    problem = "the model is not offered there"


class GatewayUnavailable(RouteFailed):
    """The endpoint is down or can't be reached."""

    problem = "the endpoint is not available"


class SecretUnavailable(PolyrouteError):
    """The secret of this credential can't be read, or the credential has no single secret."""

    def __init__(self, credential: Credential, why: str, remedy: str = "") -> None:
        self.credential = credential
        self.why = why
        self.remedy = remedy
        """What the user can do about it."""
        message = f"{why.removesuffix('.')}. {remedy}" if remedy else why
        super().__init__(f"No secret for {credential.provider} ({credential}): {message}")


class WrongEndpoint(PolyrouteError):
    """A client was about to send a key to a host other than the one it is bound to; nothing was sent."""


class Unavailable(PolyrouteError):
    """The operation failed although the input is valid; a later attempt may succeed."""


class StoreUnavailable(Unavailable):
    """The database that keeps the documents of a team's users does not answer. What it has acknowledged is kept."""


class NotUnderstood(Unavailable):
    """A user's file was not changed, because its content is invalid: no later attempt succeeds before it is fixed."""


class InternalError(PolyrouteError):
    """A defect of Polyroute. The text of what was raised is left out, because it may contain a secret."""


class MissingExtra(Unavailable):
    """A feature needs an extra of the distribution `polyroute` that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra that is not installed:", f"pip install 'polyroute[{extra}]'.")


def _named(route: Route) -> str:
    way = route.via if route.via == DIRECT else f"via {route.via}"
    return f"{way} with {route.credential}"
