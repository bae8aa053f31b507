"""Switch to the next route when one fails, as far as the host's policy allows."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

from polyroute._internal.redact import redacted
from polyroute.environment import Environment
from polyroute.errors import (
    GatewayUnavailable,
    InsufficientCredits,
    InvalidCredential,
    MissingSecret,
    ModelNotOffered,
    NoEffectiveRoute,
    RouteFailed,
    UsageError,
)
from polyroute.fallback.failures import Failure, classify
from polyroute.fallback.rules import Rules
from polyroute.named_tuples import NamedTuple
from polyroute.results import Route
from polyroute.types import DIRECT, ModelRef

T = TypeVar("T")

Policy = Literal["never", "ask", "auto"]
"""Whether to switch to the next route: never, only if the callback returns True, or always."""

_LOG = logging.getLogger("polyroute")
_ERRORS = {
    "no_credit": InsufficientCredits,
    "invalid": InvalidCredential,
    "no_secret": MissingSecret,
    "not_offered": ModelNotOffered,
    "unavailable": GatewayUnavailable,
}
_OF_THE_KEY = ("no_credit", "invalid", "no_secret")
"""The failures that another route with the same key would have too."""


class Switch(NamedTuple):
    """A possible switch from a failed route to another one."""

    model: ModelRef
    error: RouteFailed
    """The failure of the route."""
    to: Route
    """The route to take next."""

    @property
    def spends_credits(self) -> bool:
        """Whether the switch leads from the user's own key to a gateway's credits."""
        return self.error.route.via == DIRECT != self.to.via


OnSwitch = Callable[[Switch], object]


class FallbackPlan:
    """The routes to one model in order, and those tried so far. It decides on switches, and makes no calls."""

    def __init__(
        self,
        model: ModelRef,
        routes: Sequence[Route],
        policy: Policy,
        environment: Environment,
        rules: Callable[[Route], Rules] = lambda route: (),
        remedy: Callable[[Route, str], str] = lambda route, means: "",
    ) -> None:
        """Start with the first usable route.

        `rules` returns the specific rules for a route's errors, `remedy` what the user can do about a failure of it.

        Raises NoEffectiveRoute if none of `routes` is usable; UsageError if `policy` is unknown.
        """
        if policy not in ("never", "ask", "auto"):
            raise UsageError(f"There is no policy {policy!r}: it is never, ask or auto.")
        self.model = model
        self._left = [route for route in routes if route.usable]
        if not self._left:
            raise NoEffectiveRoute(model, routes)
        self._tried = [self._left.pop(0)]
        self._policy = policy
        self._environment = environment
        self._rules = rules
        self._remedy = remedy

    def reorder(self, order: Callable[[Sequence[Route]], Sequence[Route]]) -> None:
        """Change the order of the routes that are left, including the one to take now."""
        self._tried[-1], *self._left = order([self.route, *self._left])

    @property
    def route(self) -> Route:
        """The route to take now."""
        return self._tried[-1]

    def switch(self, error: Exception) -> Switch:
        """Return the possible switch after `error`.

        Raises `error` itself if it is not a failure of the route, RouteFailed if no switch is possible or allowed.
        """
        failure = classify(error, self._rules(self.route))
        if failure is None:
            raise error
        if failure.means == "invalid" and self.route.credential:
            self._environment.forget(self.route.credential)
        following = self._following(failure)
        remedy = failure.remedy or self._remedy(self.route, failure.means)
        failed = _ERRORS[failure.means](
            self.model, self._tried, following, self._words(failure), error, remedy, failure.retry_after
        )
        if following is None or self._policy == "never":
            raise failed
        return Switch(self.model, failed, following)

    def take(self, switch: Switch, decision: object) -> None:
        """Switch if the policy or the callback's `decision` allows it; else raise the failure."""
        if self._policy != "auto" and decision is not True:
            raise switch.error
        _LOG.warning("%s Continuing with %s.", str(switch.error).partition(" Next would")[0], switch.to.via)
        del self._left[: self._left.index(switch.to) + 1]
        self._tried.append(switch.to)

    def _following(self, failure: Failure) -> Route | None:
        """Return the next route; if the key or its credits failed, the next one with another key."""
        used = [route.credential for route in self._tried] if failure.means in _OF_THE_KEY else []
        return next((route for route in self._left if route.credential not in used), None)

    def _words(self, failure: Failure) -> str:
        message = redacted(self._environment.without_secrets(failure.words))
        return f"HTTP {failure.status}: {message}" if failure.status else message


def run(plan: FallbackPlan, call: Callable[[Route], T], on_switch: OnSwitch | None) -> T:
    """Call `call` with one route after another until it succeeds; return its result."""
    while True:
        try:
            return call(plan.route)
        except Exception as error:
            failed = error
        switch = plan.switch(failed)
        plan.take(switch, on_switch(switch) if on_switch else None)


async def run_async(plan: FallbackPlan, call: Callable[[Route], Awaitable[T]], on_switch: OnSwitch | None) -> T:
    """Do the same with an asynchronous call; the callback may be asynchronous too."""
    while True:
        try:
            return await call(plan.route)
        except Exception as error:
            failed = error
        switch = plan.switch(failed)
        decision = on_switch(switch) if on_switch else None
        plan.take(switch, await decision if inspect.isawaitable(decision) else decision)
