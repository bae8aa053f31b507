"""Going on by the next route when one can't be taken, as far as the host lets us."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, NamedTuple, TypeVar

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
from polyroute.fallback.failures import Failure, Rules, classify
from polyroute.results import Route
from polyroute.types import DIRECT, ModelRef

T = TypeVar("T")

Policy = Literal["never", "ask", "auto"]
"""Whether to go on: not at all, where the callback says True, or always."""

_LOG = logging.getLogger("polyroute")
_ERRORS = {
    "no_credit": InsufficientCredits,
    "invalid": InvalidCredential,
    "no_secret": MissingSecret,
    "not_offered": ModelNotOffered,
    "unavailable": GatewayUnavailable,
}
_OF_THE_KEY = ("no_credit", "invalid", "no_secret")
"""What fails with one key, by whatever route it goes."""


class Switch(NamedTuple):
    """One route failed, and another could be taken."""

    model: ModelRef
    error: RouteFailed
    """What is wrong with the route that failed."""
    to: Route
    """The route to take next."""

    @property
    def spends_credits(self) -> bool:
        """Whether this moves from the person's own key to a gateway's credits."""
        return self.error.route.via == DIRECT != self.to.via


OnSwitch = Callable[[Switch], object]


class FallbackPlan:
    """The routes to one model in order, and how far we have come: all that is decided, without calling anything."""

    def __init__(
        self,
        model: ModelRef,
        routes: Sequence[Route],
        policy: Policy,
        environment: Environment,
        rules: Callable[[Route], Rules] = lambda route: (),
    ) -> None:
        """`rules` gives what is known of a route's errors beyond the general.

        Raises NoEffectiveRoute where none of `routes` is usable; UsageError for another policy.
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

    @property
    def route(self) -> Route:
        """The route to take now."""
        return self._tried[-1]

    def switch(self, error: Exception) -> Switch:
        """What could be done about `error`. Raises it where it is not the route's, RouteFailed where nothing can."""
        failure = classify(error, self._rules(self.route))
        if failure is None:
            raise error
        if failure.means == "invalid" and self.route.credential:
            self._environment.forget(self.route.credential)
        following = self._following(failure)
        failed = _ERRORS[failure.means](self.model, self._tried, following, self._words(failure), error)
        if following is None or self._policy == "never":
            raise failed
        return Switch(self.model, failed, following)

    def take(self, switch: Switch, said: object) -> None:
        """Go on, if the policy or what the callback `said` allows it; else raise what was wrong."""
        if self._policy != "auto" and said is not True:
            raise switch.error
        _LOG.warning("%s Going on with %s.", str(switch.error).partition(" Next would")[0], switch.to.via)
        del self._left[: self._left.index(switch.to) + 1]
        self._tried.append(switch.to)

    def _following(self, failure: Failure) -> Route | None:
        """The next route; not one with the same key, where it is the key or its credits that failed."""
        used = [route.credential for route in self._tried] if failure.means in _OF_THE_KEY else []
        return next((route for route in self._left if route.credential not in used), None)

    def _words(self, failure: Failure) -> str:
        words = self._environment.without_secrets(failure.words)
        return f"HTTP {failure.status}: {redacted(words)}" if failure.status else redacted(words)


def run(course: FallbackPlan, call: Callable[[Route], T], on_switch: OnSwitch | None) -> T:
    """Call along the course until it succeeds."""
    while True:
        try:
            return call(course.route)
        except Exception as error:
            failed = error
        switch = course.switch(failed)
        course.take(switch, on_switch(switch) if on_switch else None)


async def run_async(course: FallbackPlan, call: Callable[[Route], Awaitable[T]], on_switch: OnSwitch | None) -> T:
    """The same with a call that is awaited, and a callback that may be."""
    while True:
        try:
            return await call(course.route)
        except Exception as error:
            failed = error
        switch = course.switch(failed)
        said = on_switch(switch) if on_switch else None
        course.take(switch, await said if inspect.isawaitable(said) else said)
