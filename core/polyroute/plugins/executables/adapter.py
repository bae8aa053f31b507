"""An executable as a plugin: hooks that call its program with the variables of the caller's environment."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from polyroute._internal import cache
from polyroute._internal.terminal import quoted
from polyroute.environment import Environment
from polyroute.errors import SecretUnavailable
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.answer_cache import FAILED_SECONDS, CachedAnswer, Memory, save
from polyroute.plugins.executables.jsonrpc import PROTOCOLS, RpcError, RpcRequest, RpcResponse
from polyroute.plugins.manifests.adapter import Described
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.marker import hookimpl
from polyroute.results import Failed, Plugin
from polyroute.types import (
    Credential,
    Detection,
    IdMapping,
    Mapper,
    Model,
    ModelRef,
    Probe,
    Problem,
    Secret,
    Verification,
    serialization,
)

if TYPE_CHECKING:
    from polyroute.model_ids.plain_mappers import Listed
    from polyroute.plugins.executables.client import CallResult

METHOD_SECONDS = 10.0
"""The time limit of each method except `describe` and `detect`, which have their own."""
MOST_MODELS = 10_000
"""The maximum number of models in one request."""

_HOOKS = {
    "detect": "polyroute_credentials",
    "models": "polyroute_models",
    "map": "polyroute_model_ids",
    "secret": "polyroute_secrets",
    "verify": "polyroute_verifications",
}


class Detector(Protocol):
    """Detects the logins of all executables at once."""

    def detected(self, plugin: ExecutablePlugin, environment: Environment) -> CachedAnswer:
        """Return what one of them detects in an environment."""


class ExecutablePlugin(Described):
    """One approved executable, limited to what its manifest grants."""

    def __init__(self, plugin: Plugin, manifest: Manifest, fingerprint: str, detector: Detector) -> None:
        super().__init__(plugin, Description(), None)
        self.manifest = manifest
        self.memory = Memory(manifest.folder, fingerprint)
        self.lists = Memory(manifest.folder, fingerprint, cache.own("executable-lists", manifest.folder))
        """The memory of its models, in a separate file because they may be many and are rarely needed."""
        self._detector = detector

    @property
    def hook_names(self) -> Iterable[str]:
        """The hooks to register: those of its description and of the methods that its manifest grants."""
        return {*super().hook_names, *(_HOOKS[method] for method in self.manifest.description.methods)}

    def answers(self, method: str) -> bool:
        """Return whether its manifest declares a method."""
        return method in self.manifest.description.methods

    def failed(self, message: str, hook: str, code: str, provider: str = "") -> Problem:
        """Return a problem of this executable."""
        remedy = f"For details: `polyroute plugins check {quoted(self.manifest.folder)}`."
        return self.plugin.problem(f"executable {message}", remedy, hook, code=code, provider=provider)

    @property
    def undescribed(self) -> Problem | None:
        """The problem of its current description, and whether the last good one is used; None if it is valid."""
        answer = self.memory.fresh("describe") or CachedAnswer(None, "can't be remembered", "cannot_start")
        if not answer.fault:
            return None
        stale = "; its last good description is used" if self.memory.last("describe") else "; it was left out"
        return self.failed(answer.fault + stale, "polyroute_providers", answer.code)

    def remembered(self) -> bool:
        """Apply its last good description; return False if there is none."""
        answer = self.memory.fresh("describe")
        plain = (answer and answer.value) or self.memory.last("describe")
        if plain:
            self.said = serialization.restored(Description, plain)
            self.listing = (lambda: self.said.models) if self.said.models else None
        return bool(plain)

    @property
    def detects(self) -> bool:
        """Whether to call `detect`: if its manifest declares it and its description is valid."""
        described = self.memory.fresh("describe")
        return self.answers("detect") and bool(described and not described.fault)

    def question(self, environment: Environment) -> str:
        """Return a key of everything that the answer to `detect` depends on."""
        granted = self.manifest.description.executable
        names = ["detect", environment.home, *permissions.present(self.manifest, environment)]
        settings = granted.settings if granted else ()
        return "\0".join([*names, permissions.digest(settings, environment)] if settings else names)

    def requests(self, environment: Environment) -> Iterable[RpcRequest]:
        """Yield the requests that a catalog needs first and whose answers are not known yet."""
        if self.memory.fresh("describe") is None:
            yield RpcRequest("describe", {"protocols": list(PROTOCOLS), "host": "polyroute"})
        if self.answers("detect"):
            yield RpcRequest("detect", {"env_present": permissions.present(self.manifest, environment)})

    @hookimpl
    def polyroute_credentials(self, environment: Environment) -> Iterable[Detection]:
        """Return the logins that it detects. The first call makes all executables detect at once."""
        answer = self._detector.detected(self, environment)
        if answer.fault:
            environment.report(self.failed(answer.fault, "polyroute_credentials", answer.code))
        return [serialization.restored(Detection, row) for row in answer.value or ()]

    @hookimpl
    def polyroute_models(self, provider_ids: frozenset[str], environment: Environment) -> Iterable[Model]:
        """Return the models that it lists in this environment; it is asked only if they are no longer known."""
        if not self.answers("models"):
            return self.models(provider_ids)
        if provider_ids.isdisjoint(each.id for each in self.said.providers):
            return []
        granted = self.manifest.description.executable
        question = f"models {permissions.digest(granted.variables if granted else (), environment)}"
        answer = self.lists.fresh(question) or self._list(question, environment)
        found = answer.value or self.lists.last(question)
        if answer.fault and not found:
            raise Failed(f"executable {answer.fault}", answer.code)
        if answer.fault:
            stale = f"{answer.fault}; its last good list is used"
            environment.report(self.failed(stale, "polyroute_models", answer.code))
        for provider, words, remedy, code in found["errors"]:
            message = f"lists no models of {provider}: {words}. {remedy}".rstrip()
            environment.report(self.failed(message, "polyroute_models", code, provider))
        models = (serialization.restored(Model, row) for row in found["models"])
        return [model for model in models if model.provider in provider_ids]

    def _list(self, question: str, environment: Environment) -> CachedAnswer:
        from polyroute.plugins.executables import responses

        try:
            found = self.result("models", {"providers": [each.id for each in self.said.providers]}, environment)
            models, seconds = responses.models(found, self.manifest), responses.seconds(found)
            errors = [list(each) for each in responses.errors(found)]
        except (RpcError, Failed) as fault:
            self.lists.fail(question, str(fault), fault.code)
            save([self.lists])
            return CachedAnswer(None, str(fault), fault.code)
        value = {"models": [serialization.plain(each) for each in models], "errors": errors}
        self.lists.keep(question, value, seconds, for_ever=True)
        save([self.lists])
        return CachedAnswer(value)

    @hookimpl
    def polyroute_model_ids(self, listed: Listed, environment: Environment) -> Mapping[str, Mapper]:
        """Return a mapper for each gateway that it describes."""
        if not self.answers("map"):
            return self.mappers(listed)
        return {rule.gateway: ExecutableMapper(self, rule.gateway, environment) for rule in self.said.routeability}

    @hookimpl
    def polyroute_secrets(self, credential: Credential, environment: Environment) -> Secret:
        """Return the secret of a login that it detected, or the reason why it can't be obtained."""
        from polyroute.plugins.executables import responses

        params = {"provider": credential.provider, "ref": credential.source.name if credential.source else ""}
        try:
            return responses.secret(self.result("secret", params, environment), self.manifest)
        except (RpcError, Failed) as fault:
            environment.report(self.failed(str(fault), "polyroute_secrets", fault.code, credential.provider))
            return Secret(reason=f"its plugin {fault}", remedy=getattr(fault, "remedy", ""))

    @hookimpl
    def polyroute_verifications(
        self, credentials: tuple[Credential, ...], environment: Environment
    ) -> Iterable[Probe | Verification]:
        """Return whether the credentials of its own providers work now."""
        if not self.answers("verify"):
            return self.said.probes
        from polyroute.plugins.executables import responses

        own = {each.id for each in self.said.providers}
        asked = {each.provider: each for each in credentials if each.provider in own}
        if not asked:
            return []
        kinds = {name: {"kind": each.kind, "endpoint": each.endpoint} for name, each in asked.items()}
        secrets = dict(self._secrets(asked, environment))
        sent = tuple(secrets.values())
        params = {"refs": kinds, "secrets": secrets}
        return responses.verifications(self.result("verify", params, environment, sent), sent)

    def _secrets(self, asked: Mapping[str, Credential], environment: Environment) -> Iterable[tuple[str, str]]:
        """Yield the secrets in variables that it is granted, if they can be read."""
        granted = self.manifest.description.executable
        for name, credential in asked.items():
            if granted and credential.source and credential.source.name in granted.variables:
                try:
                    yield name, environment.reveal(credential)
                except SecretUnavailable:
                    continue

    def result(
        self, method: str, params: Mapping[str, Any], environment: Environment, secrets: tuple[str, ...] = ()
    ) -> Mapping[str, Any]:
        """Return its result of a method in this environment. Raises Failed."""
        from polyroute.plugins.executables import responses
        from polyroute.plugins.executables.client import CLIENT, MethodCall

        try:
            program = permissions.program(self.manifest, environment, with_values=True)
            hidden = (*secrets, *permissions.values(self.manifest, program.variables))
            call = MethodCall(program, (RpcRequest(method, params),), "persistent" in self.said.features, hidden)
            (outcome,) = CLIENT.make([call], METHOD_SECONDS)
            return responses.result(answered(outcome, method), hidden)
        except RpcError as fault:
            raise Failed(str(fault), fault.code, fault.remedy) from None


class ExecutableMapper:
    """One gateway's mapper, for one environment."""

    def __init__(self, plugin: ExecutablePlugin, gateway: str, environment: Environment) -> None:
        self._plugin = plugin
        self._gateway = gateway
        self._environment = environment
        self._known: dict[ModelRef, IdMapping] = {}
        self._back: dict[str, ModelRef] = {}
        self._failed: tuple[float, Failed] | None = None

    def prepare(self, models: Sequence[ModelRef], /) -> None:
        """Request the IDs of all unknown models at once. Raises Failed, for a while without a new request."""
        unknown = [each for each in dict.fromkeys(models) if each not in self._known]
        for start in range(0, len(unknown), MOST_MODELS):
            self._ask(unknown[start : start + MOST_MODELS])

    def lookup(self, model: ModelRef, /) -> IdMapping:
        """Return the gateway's ID for `model`."""
        if model not in self._known:
            self.prepare([model])
        return self._known[model]

    def reverse(self, gateway_id: str, /) -> ModelRef | None:
        """Return the model of a gateway's ID if a look-up has found it before, else None: nothing else is certain."""
        return self._back.get(gateway_id)

    def _ask(self, models: Sequence[ModelRef]) -> None:
        from polyroute.plugins.executables import responses

        if self._failed and time.monotonic() < self._failed[0] + FAILED_SECONDS:
            raise self._failed[1]
        rows = [{"provider": ref.provider, "id": ref.id} for ref in models]
        try:
            params = {"gateway": self._gateway, "models": rows}
            found = responses.mappings(self._plugin.result("map", params, self._environment))
        except (RpcError, Failed) as fault:
            failed = Failed(f"executable {fault}", fault.code)
            self._failed = time.monotonic(), failed
            raise failed from None
        for ref in models:
            self._known[ref] = found.get(ref, IdMapping(None, "unknown", "its plugin does not know it"))
            if gateway_id := self._known[ref].id:
                self._back.setdefault(gateway_id, ref)


def answered(outcome: CallResult, method: str) -> RpcResponse:
    """Return the answer to one method. Raises RpcError with a message for the user.

    Of an error of `secret` only the remedy is shown, because the rest may contain the secret.
    """
    if found := outcome.answers.get(method):
        return found._replace(message="") if method == "secret" else found
    fault = outcome.fault or RpcError("exited", "gave no answer")
    stderr = f"; its stderr ends: {outcome.errors}" if outcome.errors and method != "secret" else ""
    raise RpcError(fault.code, f"{fault} to `{method}` after {outcome.seconds:.1f} s{stderr}")
