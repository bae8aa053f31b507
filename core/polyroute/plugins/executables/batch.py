"""Call `describe` and `detect` of all executables at once, because a catalog needs both before anything else.

The two methods share one deadline, and one process if neither result is known. Other methods are called when needed.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from polyroute._internal.problems import Problems, Reporter
from polyroute.environment import Environment
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.adapter import ExecutablePlugin, answered
from polyroute.plugins.executables.answer_cache import DESCRIBED_SECONDS, CachedAnswer, save
from polyroute.plugins.executables.jsonrpc import RpcError, RpcRequest
from polyroute.plugins.manifests.loader import Manifest
from polyroute.results import Plugin
from polyroute.types import serialization

if TYPE_CHECKING:
    from polyroute.plugins.executables.client import CallResult, MethodCall

START_SECONDS = 2.0
"""The time limit of `describe` and `detect` together."""

Detected = dict[tuple[str, str], CachedAnswer]
"""The results of `detect`, by plugin name and by the key of everything that the answer depends on."""


class Programs:
    """The approved executables among the loaded plugins."""

    def __init__(self, members: Mapping[Plugin, tuple[Manifest, str]], environment: Environment) -> None:
        """Create the executables in `members`: their manifests with the approved fingerprints.

        `environment` is the one in which plugins are loaded.
        """
        self.problems = Problems()
        self._environment = environment
        self._each = [ExecutablePlugin(plugin, *each, self) for plugin, each in members.items()]
        self._first: Detected = {}
        self._detected: WeakKeyDictionary[Environment, Detected] = WeakKeyDictionary()
        self._lock = threading.RLock()

    def described(self) -> list[ExecutablePlugin]:
        """Return the usable executables; `problems` says why others are not."""
        unknown = [each for each in self._each if each.memory.fresh("describe") is None]
        self._first = _ask(unknown, self._environment, self.problems.report)
        for each in self._each:
            if fault := each.undescribed:
                self.problems.report(fault)
        return self.remembered()

    def remembered(self) -> list[ExecutablePlugin]:
        """Return the executables with a good description from an earlier run. No program is run."""
        return [each for each in self._each if each.remembered()]

    def refresh(self) -> None:
        """Discard what is remembered, and ask all executables again."""
        for each in self._each:
            each.memory.forget()
            each.lists.forget()
        save(each.lists for each in self._each)
        _ask(self._each, self._environment, self.problems.report)

    def detected(self, plugin: ExecutablePlugin, environment: Environment) -> CachedAnswer:
        """Return what `plugin` detects in an environment. The first call makes all executables detect at once."""
        question = plugin.question(environment)
        if known := plugin.memory.fresh(question):
            return known
        with self._lock:
            if environment not in self._detected:
                first, self._first = self._first, {}
                self._detected[environment] = {**first, **self._ask_unknown(environment, first)}
            return self._detected[environment].get((plugin.plugin.name, question), CachedAnswer([]))

    def _ask_unknown(self, environment: Environment, first: Detected) -> Detected:
        asked = [(each, each.question(environment)) for each in self._each if each.detects]
        unknown = [
            each
            for each, question in asked
            if (each.plugin.name, question) not in first and each.memory.fresh(question) is None
        ]
        return _ask(unknown, environment, environment.report)


def _ask(each: Sequence[ExecutablePlugin], environment: Environment, report: Reporter) -> Detected:
    """Call `detect`, and `describe` where its result is not known; return the results of `detect`."""
    if not each:
        return {}
    from polyroute.plugins.executables.client import CLIENT, MethodCall

    calls: list[tuple[ExecutablePlugin, MethodCall]] = []
    detected: Detected = {}
    for one in each:
        try:
            program = permissions.program(one.manifest, environment)
            calls.append((one, MethodCall(program, tuple(one.requests(environment)))))
        except RpcError as fault:
            for request in tuple(one.requests(environment)):
                _fail(one, request, environment, fault, detected)
    outcomes = CLIENT.make([call for _, call in calls], START_SECONDS, _prepare) if calls else []
    for (one, call), outcome in zip(calls, outcomes, strict=True):
        if outcome.noise and not outcome.fault:
            lines = f"printed {outcome.noise} line{'s' if outcome.noise > 1 else ''} on stdout that are not answers"
            report(one.failed(lines, "", "stdout_noise"))
        _take(one, call, outcome, environment, detected)
    save(one.memory for one in each)
    return detected


def _prepare() -> None:
    """Import expensive modules that the answers need while the programs are working."""
    from polyroute.plugins.manifests import parser  # noqa: F401


def _take(
    one: ExecutablePlugin, call: MethodCall, outcome: CallResult, environment: Environment, detected: Detected
) -> None:
    from polyroute.plugins.executables import responses

    for request in call.requests:
        try:
            found = responses.result(answered(outcome, request.method))
            if request.method == "describe":
                one.memory.keep("describe", _described(found, one.manifest), DESCRIBED_SECONDS, for_ever=True)
            else:
                rows = [serialization.plain(row) for row in responses.detections(found, one.manifest)]
                question = one.question(environment)
                detected[one.plugin.name, question] = CachedAnswer(rows)
                one.memory.keep(question, rows, responses.seconds(found))
        except RpcError as fault:
            _fail(one, request, environment, fault, detected)


def _fail(
    one: ExecutablePlugin, request: RpcRequest, environment: Environment, fault: RpcError, detected: Detected
) -> None:
    question = one.question(environment) if request.method == "detect" else request.method
    one.memory.fail(question, str(fault), fault.code)
    if request.method == "detect":
        detected[one.plugin.name, question] = CachedAnswer(None, str(fault), fault.code)


def _described(found: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    from polyroute.plugins.executables.client import rendered
    from polyroute.plugins.manifests.parser import parse
    from polyroute.plugins.manifests.validators import InvalidDocument

    try:
        description = parse(found, strict=False)
    except InvalidDocument as wrong:
        raise RpcError("schema", f"has an invalid description: {rendered(str(wrong))}") from None
    permissions.check(description, manifest)
    plain: dict[str, Any] = serialization.plain(description._replace(executable=None))
    return plain
