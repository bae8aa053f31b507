"""Asking plugins for secrets and for whether keys work, for one environment at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

import pluggy

from polyroute import requirements
from polyroute.environment import Environment
from polyroute.loading.asking import Hooks, items_of, problem, secret_of, takes_environment
from polyroute.loading.manager import author
from polyroute.logins import Credential, Probe, Secret, Verification
from polyroute.plugin import Failed, Plugin
from polyroute.secret_values import secret_in
from polyroute.slots import command_name
from polyroute.types import Provider

_SECRETS, _VERIFICATIONS = "polyroute_secrets", "polyroute_verifications"
_KNOWN = cast("tuple[type[Probe | Verification], ...]", (Probe, Verification))
_SEVERAL = "and this process has several environments"


class Secrets:
    """What the plugins know of keys. What does not say whose it is, is for one environment alone."""

    def __init__(self, hooks: Hooks, owners: Mapping[str, Plugin], origins: Collection[int]) -> None:
        """`origins` has an entry for each user's environments that have asked so far."""
        self._hooks, self._owners, self._origins = hooks, owners, origins
        self._probes: dict[pluggy.HookImpl, list[Probe | Verification]] = {}

    def secret(self, credential: Credential, environment: Environment) -> Secret:
        """The secret of a credential that a plugin owns, or why there is none."""
        asked = (each for each in self._hooks.implementing(_SECRETS) if author(each).label == credential.plugin)
        each = next(asked, None)
        if each is None:
            return Secret(reason="its plugin gives no secrets", remedy="Update the plugin.")
        if not takes_environment(each) and self._are_several:
            why = f"gives secrets without saying whose, {_SEVERAL}"
            remedy = "Its hook `polyroute_secrets` has to take `environment`: update the plugin."
            environment.report(problem(each, why, "whose-secret", remedy, credential.provider))
            return Secret(reason=f"its plugin {why}", remedy=remedy)
        found = secret_of(each, environment.report, {"credential": credential, "environment": environment})
        if found.endpoint and self._owners.get(credential.provider) != author(each):
            fault = f"gave a key of {credential.provider} another endpoint, which only its owner may"
            environment.report(problem(each, fault, "not-owner", "Correct the plugin.", credential.provider))
            return Secret(reason=f"its plugin {fault}", remedy="Correct the plugin.")
        return found

    def verifications(
        self, credentials: tuple[Credential, ...], environment: Environment
    ) -> dict[str, Probe | Verification]:
        """By provider, how to find out whether its key works, or what its plugin found; only the owner may say."""
        found: dict[str, Probe | Verification] = {}
        for each in self._hooks.implementing(_VERIFICATIONS):
            for answer in self._known(each, credentials, environment):
                if self._owners.get(answer.provider) == author(each):
                    found.setdefault(answer.provider, answer)
                elif answer.provider in self._owners:
                    fault = f"spoke of the key of {answer.provider!r}, which only its owner may"
                    environment.report(problem(each, fault, "not-owner", "Correct the plugin.", answer.provider))
        return found

    @property
    def _are_several(self) -> bool:
        return len(self._origins) > 1

    def _known(
        self, each: pluggy.HookImpl, credentials: tuple[Credential, ...], environment: Environment
    ) -> list[Probe | Verification]:
        """What one implementation says: probes of one that takes nothing hold for all environments."""
        if each in self._probes:
            return self._probes[each]
        arguments = {"credentials": credentials, "environment": environment}
        answers = items_of(each, _KNOWN, environment.report, arguments)
        if each.argnames:
            return answers
        found = [answer for answer in answers if isinstance(answer, Probe)]
        if len(found) == len(answers):
            self._probes[each] = answers
        elif self._are_several:
            why = f"says of keys whether they work without saying whose, {_SEVERAL}"
            remedy = "Its hook `polyroute_verifications` has to take `credentials`: update the plugin."
            environment.report(problem(each, why, "whose-secret", remedy))
            return list(found)
        return answers


def command_secret(provider: Provider, credential: Credential, environment: Environment) -> Secret:
    """What the command prints that a provider's requirement names, or why it prints none."""
    from polyroute.executables.command import output

    source = credential.source
    for place in requirements.alternatives(provider):
        if source and place.command and command_name(place.command) == source.name:
            try:
                found = secret_in(output(place, environment), place.json_field, place.expires_field)
            except Failed as failed:
                return Secret(reason=str(failed), remedy=credential.remedy or f"Run it by hand: {source.name}")
            return found if found.value else Secret(reason=f"{place.command[0]} printed no secret")
    return Secret()
