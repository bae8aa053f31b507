"""All executables together: describing and detecting stand before every answer of a catalog, so all are asked at once.

They share one deadline, and one process where neither is known. Everything else is asked when it is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from polyroute import json_form
from polyroute._internal.problems import Problems, Reporter
from polyroute.environment import Environment
from polyroute.executables import grants
from polyroute.executables.jsonrpc import Fault, Request
from polyroute.executables.plugin import ExecutablePlugin, answered
from polyroute.executables.remembering import DESCRIBED_SECONDS, Said, save
from polyroute.manifests.manifests import Manifest
from polyroute.plugin import Plugin

if TYPE_CHECKING:
    from polyroute.executables.calls import Call, Outcome

START_SECONDS = 2.0
"""For describing and detecting together."""

Detected = dict[tuple[str, str], Said]
"""What was detected, by plugin and by what the answer depends on."""


class Programs:
    """The approved executables among the loaded plugins."""

    def __init__(self, members: Mapping[Plugin, tuple[Manifest, str]], environment: Environment) -> None:
        """`members` are manifests with the fingerprints under which they were approved; `environment` is that of
        whoever loads them.
        """
        self.problems = Problems()
        self._environment = environment
        self._each = [ExecutablePlugin(plugin, *each, self) for plugin, each in members.items()]
        self._first: Detected = {}
        self._detected: WeakKeyDictionary[Environment, Detected] = WeakKeyDictionary()
        self._lock = threading.RLock()

    def described(self) -> list[ExecutablePlugin]:
        """Each that can be used; of the others `problems` says why not."""
        unknown = [each for each in self._each if each.memory.fresh("describe") is None]
        self._first = _ask(unknown, self._environment, self.problems.report)
        for each in self._each:
            if fault := each.undescribed:
                self.problems.report(fault)
        return self.remembered()

    def remembered(self) -> list[ExecutablePlugin]:
        """Each that has ever said anything usable of itself. Nothing is run."""
        return [each for each in self._each if each.remembered()]

    def refresh(self) -> None:
        """Ask all of them anew, whatever is remembered."""
        for each in self._each:
            each.memory.forget()
            each.lists.forget()
        save(each.lists for each in self._each)
        _ask(self._each, self._environment, self.problems.report)

    def detected(self, plugin: ExecutablePlugin, environment: Environment) -> Said:
        """What one detects in an environment: the first that is asked has all others asked too."""
        question = plugin.question(environment)
        if known := plugin.memory.fresh(question):
            return known
        with self._lock:
            if environment not in self._detected:
                first, self._first = self._first, {}
                self._detected[environment] = {**first, **self._ask_unknown(environment, first)}
            return self._detected[environment].get((plugin.plugin.name, question), Said([]))

    def _ask_unknown(self, environment: Environment, first: Detected) -> Detected:
        asked = [(each, each.question(environment)) for each in self._each if each.detects]
        unknown = [
            each
            for each, question in asked
            if (each.plugin.name, question) not in first and each.memory.fresh(question) is None
        ]
        return _ask(unknown, environment, environment.report)


def _ask(each: Sequence[ExecutablePlugin], environment: Environment, report: Reporter) -> Detected:
    """Have programs describe themselves where that is not known, and detect; return what they detected."""
    if not each:
        return {}
    from polyroute.executables.calls import CALLS, Call

    calls: list[tuple[ExecutablePlugin, Call]] = []
    detected: Detected = {}
    for one in each:
        try:
            program = grants.program(one.manifest, environment)
            calls.append((one, Call(program, tuple(one.requests(environment)))))
        except Fault as fault:
            for request in tuple(one.requests(environment)):
                _fail(one, request, environment, fault, detected)
    outcomes = CALLS.make([call for _, call in calls], START_SECONDS, _prepare) if calls else []
    for (one, call), outcome in zip(calls, outcomes, strict=True):
        if outcome.noise and not outcome.fault:
            lines = f"printed {outcome.noise} line{'s' if outcome.noise > 1 else ''} on stdout that are no answer"
            report(one.failed(lines, "", "stdout_noise"))
        _take(one, call, outcome, environment, detected)
    save(one.memory for one in each)
    return detected


def _prepare() -> None:
    """Import what is expensive and needed for the answers, while the programs think."""
    from polyroute.manifests import reading  # noqa: F401


def _take(one: ExecutablePlugin, call: Call, outcome: Outcome, environment: Environment, detected: Detected) -> None:
    from polyroute.executables import replies

    for request in call.requests:
        try:
            found = replies.result(answered(outcome, request.method))
            if request.method == "describe":
                one.memory.keep("describe", _described(found, one.manifest), DESCRIBED_SECONDS, for_ever=True)
            else:
                rows = [json_form.plain(row) for row in replies.detections(found, one.manifest)]
                question = one.question(environment)
                detected[one.plugin.name, question] = Said(rows)
                one.memory.keep(question, rows, replies.seconds(found))
        except Fault as fault:
            _fail(one, request, environment, fault, detected)


def _fail(one: ExecutablePlugin, request: Request, environment: Environment, fault: Fault, detected: Detected) -> None:
    question = one.question(environment) if request.method == "detect" else request.method
    one.memory.fail(question, str(fault), fault.code)
    if request.method == "detect":
        detected[one.plugin.name, question] = Said(None, str(fault), fault.code)


def _described(found: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    from polyroute.executables.calls import shown
    from polyroute.manifests.reader import Wrong
    from polyroute.manifests.reading import parse

    try:
        said = parse(found, strict=False)
    except Wrong as wrong:
        raise Fault("schema", f"describes itself wrongly: {shown(str(wrong))}") from None
    grants.check(said, manifest)
    plain: dict[str, Any] = json_form.plain(said._replace(executable=None))
    return plain
