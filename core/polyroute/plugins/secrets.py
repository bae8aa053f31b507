"""Ask plugins for secrets and for checks of keys, for one environment at a time."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from typing import TYPE_CHECKING, cast

from polyroute._internal.secret_memory import secret_in
from polyroute.environment import Environment
from polyroute.plugins.hook_calls import Hooks, call_items, call_secret, problem, takes_environment
from polyroute.plugins.registered import author
from polyroute.requirements import places
from polyroute.requirements.slots import command_name
from polyroute.results import Failed, Plugin
from polyroute.types import Credential, Probe, Provider, Secret, Verification

if TYPE_CHECKING:
    from polyroute.plugins.registered import Implementation

_SECRETS, _VERIFICATIONS = "polyroute_secrets", "polyroute_verifications"
_KNOWN = cast("tuple[type[Probe | Verification], ...]", (Probe, Verification))
_SEVERAL = "and this process has several environments"


class Secrets:
    """The plugins' secrets and verifications. One that does not take the environment serves one environment only."""

    def __init__(self, hooks: Hooks, owners: Mapping[str, Plugin], users: Collection[Hashable]) -> None:
        """`users` has one entry for each user whose environments have asked so far."""
        self._hooks, self._owners, self._users = hooks, owners, users
        self._probes: dict[Implementation, list[Probe | Verification]] = {}

    def secret(self, credential: Credential, environment: Environment) -> Secret:
        """Return the secret of a credential that a plugin owns, or the reason why there is none."""
        asked = (each for each in self._hooks.implementing(_SECRETS) if author(each).label == credential.plugin)
        each = next(asked, None)
        if each is None:
            return Secret(reason="its plugin returns no secrets", remedy="Update the plugin.")
        if not takes_environment(each) and self._are_several:
            why = f"returns secrets without asking for which environment, {_SEVERAL}"
            remedy = "Update the plugin: its hook `polyroute_secrets` has to take `environment`."
            environment.report(problem(each, why, "whose-secret", remedy, credential.provider))
            return Secret(reason=f"its plugin {why}", remedy=remedy)
        found = call_secret(each, environment.report, {"credential": credential, "environment": environment})
        if found.endpoint and self._owners.get(credential.provider) != author(each):
            fault = f"sent a key of {credential.provider} to another endpoint, which only the provider's owner may do"
            environment.report(problem(each, fault, "not-owner", "Correct the plugin.", credential.provider))
            return Secret(reason=f"its plugin {fault}", remedy="Correct the plugin.")
        return found

    def verifications(
        self, credentials: tuple[Credential, ...], environment: Environment
    ) -> dict[str, Probe | Verification]:
        """Return by provider how to check its key, or what its plugin found; only from the provider's owner."""
        found: dict[str, Probe | Verification] = {}
        for each in self._hooks.implementing(_VERIFICATIONS):
            for answer in self._known(each, credentials, environment):
                if self._owners.get(answer.provider) == author(each):
                    found.setdefault(answer.provider, answer)
                elif answer.provider in self._owners:
                    fault = f"verified the key of {answer.provider!r}, which only the provider's owner may do"
                    environment.report(problem(each, fault, "not-owner", "Correct the plugin.", answer.provider))
        return found

    @property
    def _are_several(self) -> bool:
        return len(self._users) > 1

    def _known(
        self, each: Implementation, credentials: tuple[Credential, ...], environment: Environment
    ) -> list[Probe | Verification]:
        """Return what one implementation yields; probes of one without parameters hold for all environments."""
        if each in self._probes:
            return self._probes[each]
        arguments = {"credentials": credentials, "environment": environment}
        answers = call_items(each, _KNOWN, environment.report, arguments)
        if each.argnames:
            return answers
        found = [answer for answer in answers if isinstance(answer, Probe)]
        if len(found) == len(answers):
            self._probes[each] = answers
        elif self._are_several:
            why = f"reports whether keys work without asking which keys, {_SEVERAL}"
            remedy = "Update the plugin: its hook `polyroute_verifications` has to take `credentials`."
            environment.report(problem(each, why, "whose-secret", remedy))
            return list(found)
        return answers


def command_secret(provider: Provider, credential: Credential, environment: Environment) -> Secret:
    """Return the secret that the command in a provider's requirement prints, or why it printed none."""
    from polyroute.plugins.executables.secret_command import output

    source = credential.source
    for place in places.alternatives(provider):
        if source and place.command and command_name(place.command) == source.name:
            try:
                found = secret_in(output(place, environment), place.json_field, place.expires_field)
            except Failed as failed:
                return Secret(reason=str(failed), remedy=credential.remedy or f"Run it by hand: {source.name}")
            return found if found.value else Secret(reason=f"{place.command[0]} printed no secret")
    return Secret()
