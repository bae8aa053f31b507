"""The policy of the organisation for all users of a server: read again when its file has changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from polyroute import Environment, Plugins, Problem, UsageError
from polyroute._internal.cache import identity_or_none
from polyroute.environment import PROCESS
from polyroute.named_tuples import NamedTuple
from polyroute.organisation import MemberEnvironment, OrganisationPolicy
from polyroute.organisation.policy_file import PolicyFile, read
from polyroute.server.measures import Measure

_FRESH_SECONDS = 0.01
"""How long the file is not looked at again."""


class _InForce(NamedTuple):
    """What is in force now."""

    policy: OrganisationPolicy
    unlisted: int = 0
    """How many of its patterns matched no listed model when it was read."""
    problem: Problem | None = None
    """What is wrong with a newer version of the file."""


class PolicySource:
    """The policy that a host passed, or that of a file, of which a new version that is wrong leaves the former one."""

    def __init__(
        self,
        given: OrganisationPolicy | PolicyFile,
        plugins: Callable[[], Plugins],
        say: Callable[[str], object],
        *,
        has_many_users: bool,
    ) -> None:
        """`plugins` returns those that the file is checked against; `say` is told what is odd, for the operator.

        Raises UsageError if the file is wrong.
        """
        process = Environment.load()
        self._given, self._plugins, self._say, self._has_many_users = given, plugins, say, has_many_users
        self._variables = {name: process.setting(name, layer=PROCESS) or "" for name in process.names}
        self._seen, self._fresh_until = self._identity(), 0.0
        self._in_force = self._loaded()
        self._lock = threading.Lock()

    def given_to(self, environment: Environment) -> MemberEnvironment:
        """Return a user's environment with the policy as it is now. It may read the file."""
        with self._lock:
            if (now := self._identity()) != self._seen:
                self._seen = now
                self._renew()
            policy, _, problem = self._in_force
        own = environment.own if isinstance(environment, MemberEnvironment) else environment
        member = MemberEnvironment(own, policy, self._variables)
        if problem is not None:
            member.report(problem)
        return member

    def is_current(self, policy: OrganisationPolicy | None) -> bool:
        """Return whether this is still the policy to use, and nothing new is wrong with its file."""
        if (now := time.monotonic()) > self._fresh_until:
            if self._identity() != self._seen:
                return False
            self._fresh_until = now + _FRESH_SECONDS
        return policy is self._in_force.policy

    def _renew(self) -> None:
        try:
            self._in_force = self._loaded()
        except UsageError as error:
            self._say(f"{error}\nThe former version stays in force.")
            policy = self._in_force.policy._replace()  # another object, so that every user is told
            message = "the new version of the organisation's policy is wrong; the former one stays in force"
            problem = Problem(message, f"Tell {policy.contact}.", code="policy")
            self._in_force = self._in_force._replace(policy=policy, problem=problem)

    def measures(self) -> Iterable[Measure]:
        """Return what metrics say of the file."""
        is_latest = self._in_force.problem is None
        yield Measure("policy_latest", "Whether the newest version of the policy is in force.", is_latest)
        about = "Patterns of the policy that matched no listed model when it was read."
        yield Measure("policy_unlisted", about, self._in_force.unlisted)

    @property
    def _path(self) -> str:
        return self._given.path if isinstance(self._given, PolicyFile) else ""

    def _identity(self) -> object:
        return identity_or_none(self._path) if self._path else None

    def _loaded(self) -> _InForce:
        given, warnings = self._given, tuple[str, ...]()
        if isinstance(given, PolicyFile):
            given, warnings = read(given.path, self._plugins(), self._variables)
        for each in warnings:
            self._say(f"warning: {self._path}: {each}")
        return _InForce(given.for_many if self._has_many_users else given, len(warnings))
