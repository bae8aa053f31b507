"""One executable: what it is remembered to have said, and its answers to whatever is asked when it is wanted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute import cache
from polyroute.environment import Environment
from polyroute.executables import grants
from polyroute.executables.jsonrpc import Answer, Fault, Request
from polyroute.executables.remembering import Memory, Said, save
from polyroute.manifests import description
from polyroute.manifests.adapters import Failed
from polyroute.manifests.description import Description
from polyroute.manifests.manifests import Manifest
from polyroute.system.plain import quoted
from polyroute.types import Credential, IdMapping, Mapper, Model, ModelRef, Problem, Source, Verification

if TYPE_CHECKING:
    from polyroute.executables.calls import Outcome

METHOD_SECONDS = 10.0
"""For each method but those that stand before every answer of a catalog."""


class Member(NamedTuple):
    """One approved executable."""

    name: str
    manifest: Manifest
    fingerprint: str
    problem: Callable[[str, str, str], Problem]
    """Makes a problem of a message, a remedy and a hook."""

    def failed(self, message: str, hook: str = "") -> Problem:
        """The problem of an executable that did not answer as it should."""
        remedy = f"More: `polyroute plugins check {quoted(self.manifest.folder)}`."
        return self.problem(f"executable {message}", remedy, hook)


class Executable:
    """One executable of a person."""

    def __init__(self, member: Member, environment: Environment) -> None:
        self.member = member
        self.manifest = member.manifest
        self.environment = environment
        self.memory = Memory(self.manifest.folder, member.fingerprint)
        self.stays = False

    @cached_property
    def lists(self) -> Memory:
        """Its models, which may be many and are seldom wanted."""
        folder = self.manifest.folder
        return Memory(folder, self.member.fingerprint, cache.own("executable-lists", folder))

    def forget(self) -> None:
        """Ask everything anew."""
        self.memory.forget()
        self.lists.forget()

    @property
    def detects(self) -> bool:
        """Whether it is asked for logins: where its manifest says so, and it could describe itself."""
        described = self.memory.fresh("describe")
        return "detect" in self.manifest.description.methods and bool(described and not described.fault)

    def question(self, environment: Environment) -> str:
        """What an answer to `detect` depends on."""
        return " ".join(["detect", environment.home, *grants.present(self.manifest, environment)])

    def description(self, problems: list[Problem]) -> Description | None:
        """What it says of itself; where it fails, what it said last; None where it never said anything usable."""
        said = self.memory.fresh("describe") or Said(None, "can't be remembered")
        plain = said.value or self.memory.last("describe")
        if said.fault:
            stale = "; its last good description is used" if plain else "; it was left out"
            problems.append(self.member.failed(said.fault + stale, "polyroute_providers"))
        found = description.restored(plain) if plain else None
        self.stays = found is not None and "persistent" in found.features
        return found

    def models(self) -> list[Model]:
        """The models that it lists, asked for where they are not known any more."""
        said = self.lists.fresh("models") or self._listed()
        if said.fault:
            said = said._replace(value=self.lists.last("models"))
        if said.fault and not said.value:
            raise Failed(said.fault)
        if said.fault:
            stale = f"{said.fault}; its last good list is used"
            self.environment.report(self.member.failed(stale, "polyroute_models"))
        return [description.model(row) for row in said.value]

    def _listed(self) -> Said:
        from polyroute.executables import replies

        plain = self.memory.last("describe") or {"providers": []}
        try:
            found = self._result("models", {"providers": [row[0] for row in plain["providers"]]})
            rows, seconds = replies.models(found, self.manifest), replies.seconds(found)
        except (Fault, Failed) as fault:
            self.lists.fail("models", str(fault))
            save([self.lists])
            return Said(None, str(fault))
        self.lists.keep("models", rows, seconds, for_ever=True)
        save([self.lists])
        return Said(rows)

    def mapped(self, gateway: str, refs: Sequence[ModelRef]) -> dict[ModelRef, IdMapping]:
        """How a gateway of this plugin spells models."""
        from polyroute.executables import replies

        models = [{"provider": ref.provider, "id": ref.id} for ref in refs]
        return replies.mappings(self._result("map", {"gateway": gateway, "models": models}))

    def secret(self, credential: Credential) -> str | None:
        """The secret of a login that it found."""
        from polyroute.executables import replies

        ref = credential.source.name if credential.source else ""
        return replies.secret(self._result("secret", {"provider": credential.provider, "ref": ref})) or None

    def verifications(self, credentials: tuple[Credential, ...]) -> list[Verification]:
        """Whether credentials of its own providers work right now."""
        from polyroute.executables import replies

        plain = self.memory.last("describe") or {"providers": []}
        own = {row[0] for row in plain["providers"]}
        asked = {each.provider: each for each in credentials if each.provider in own}
        if not asked:
            return []
        kinds = {name: {"kind": each.kind, "endpoint": each.endpoint} for name, each in asked.items()}
        secrets = {name: self.environment.reveal(each) for name, each in asked.items() if self._may_see(each.source)}
        told = tuple(secrets.values())
        return replies.verifications(self._result("verify", {"refs": kinds, "secrets": secrets}, told), told)

    def _may_see(self, source: Source | None) -> bool:
        granted = self.manifest.description.executable
        return source is not None and granted is not None and source.name in granted.variables

    def _result(self, method: str, params: Mapping[str, Any], secrets: tuple[str, ...] = ()) -> Mapping[str, Any]:
        from polyroute.executables import replies
        from polyroute.executables.calls import CALLS, Call

        try:
            program = grants.program(self.manifest, self.environment, with_values=True)
            call = Call(program, (Request(method, params),), self.stays, (*secrets, *self._values(program.variables)))
            (outcome,) = CALLS.make([call], METHOD_SECONDS)
            return replies.result(answered(outcome, method), call.secrets)
        except Fault as fault:
            raise Failed(str(fault)) from None

    def _values(self, variables: Mapping[str, str]) -> tuple[str, ...]:
        granted = self.manifest.description.executable
        return tuple(variables.get(name, "") for name in (granted.variables if granted else ()) if name != "HOME")


def answered(outcome: Outcome, method: str) -> Answer:
    """The answer to one method. Raises Fault, whose text says all that a person wants to know.

    Nothing is shown of what was said to `secret`: it may hold the secret.
    """
    if found := outcome.answers.get(method):
        return found._replace(message="") if method == "secret" else found
    fault = outcome.fault or Fault("exited", "gave no answer")
    said = f"; its stderr ends: {outcome.errors}" if outcome.errors and method != "secret" else ""
    raise Fault(fault.code, f"{fault} to `{method}` after {outcome.seconds:.1f} s{said}")


def mappers(executable: Executable, said: Description) -> Mapping[str, Mapper]:
    """For each gateway that it describes, what spells models."""
    return {rule.gateway: _Spelling(executable, rule.gateway) for rule in said.routeability}


class _Spelling:
    """A gateway's spelling as its executable says it, asked once a model."""

    def __init__(self, executable: Executable, gateway: str) -> None:
        self._executable = executable
        self._gateway = gateway
        self._known: dict[ModelRef, IdMapping] = {}
        self._back: dict[str, ModelRef] = {}

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """The ID by which the gateway knows `model`."""
        if model not in self._known:
            found = self._executable.mapped(self._gateway, [model])
            self._known[model] = found.get(model, IdMapping(None, "unknown", "its plugin does not know it"))
            if gateway_id := self._known[model].id:
                self._back.setdefault(gateway_id, model)
        return self._known[model]

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """The model of a gateway's ID that was found before; nothing else is certain."""
        return self._back.get(gateway_id)
