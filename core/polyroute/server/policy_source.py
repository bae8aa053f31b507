"""The policy of the organisation for all users of a server: read again when its file has changed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from polyroute import Environment, Plugins, Problem, UsageError
from polyroute._internal.cache import identity_or_none
from polyroute.environment import PROCESS
from polyroute.organisation import MemberEnvironment, OrganisationPolicy
from polyroute.organisation.policy_file import PolicyFile, read

_FRESH_SECONDS = 0.01
"""How long the file is not looked at again."""


class _InForce(NamedTuple):
    """What is in force now."""

    policy: OrganisationPolicy
    problem: Problem | None = None
    """What is wrong with a newer version of the file."""


class PolicySource:
    """The policy that a host passed, or that of a file, of which a new version that is wrong leaves the former one."""

    def __init__(
        self, given: OrganisationPolicy | PolicyFile, plugins: Callable[[], Plugins], *, has_many_users: bool
    ) -> None:
        """`plugins` returns those that the file is checked against. Raises UsageError if it is wrong."""
        process = Environment.load()
        self._given, self._plugins, self._has_many_users = given, plugins, has_many_users
        self._variables = {name: process.setting(name, layer=PROCESS) or "" for name in process.names}
        self._seen, self._fresh_until = self._identity(), 0.0
        self._in_force = _InForce(self._loaded())
        self._lock = threading.Lock()

    def given_to(self, environment: Environment) -> MemberEnvironment:
        """Return a user's environment with the policy as it is now. It may read the file."""
        with self._lock:
            if (now := self._identity()) != self._seen:
                self._seen = now
                self._renew()
            policy, problem = self._in_force
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
            self._in_force = _InForce(self._loaded())
        except UsageError as error:
            print(f"polyroute: {error}\nThe former version stays in force.", file=sys.stderr, flush=True)
            policy = self._in_force.policy._replace()  # another object, so that every user is told
            message = "the new version of the organisation's policy is wrong; the former one stays in force"
            self._in_force = _InForce(policy, Problem(message, f"Tell {policy.contact}.", code="policy"))

    def _identity(self) -> object:
        return identity_or_none(self._given.path) if isinstance(self._given, PolicyFile) else None

    def _loaded(self) -> OrganisationPolicy:
        given = self._given
        policy = read(given.path, self._plugins(), self._variables) if isinstance(given, PolicyFile) else given
        return policy.for_many if self._has_many_users else policy
