"""What turns executables into hooks like a Python plugin's. All of them are asked at once, and only what is not known.

Describing and detecting stand before every answer of a catalog: they share one deadline, and one process where neither
is known. Everything else is asked when it is wanted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from polyroute.environment import Environment
from polyroute.executables import grants
from polyroute.executables.executable import Executable, Member, answered, mappers
from polyroute.executables.jsonrpc import PROTOCOLS, Fault, Request
from polyroute.executables.remembering import DESCRIBED_SECONDS, Said, save
from polyroute.manifests import adapters, description
from polyroute.manifests.adapters import Hooks
from polyroute.manifests.description import Description
from polyroute.manifests.manifests import Manifest
from polyroute.types import Detection, Problem, Source

if TYPE_CHECKING:
    from polyroute.executables.calls import Call, Outcome

START_SECONDS = 2.0
"""For describing and detecting together."""

Detected = dict[tuple[str, str], Said]
"""What was detected, by plugin and by what the answer depends on."""


class Executables:
    """All executables of one person."""

    def __init__(self, members: Iterable[Member], environment: Environment) -> None:
        self.environment = environment
        self.problems: list[Problem] = []
        self._each = [Executable(member, environment) for member in members]
        self._first: Detected = {}
        self._asked = threading.local()

    def hooks(self) -> list[tuple[Member, Hooks]]:
        """The hooks of each that can be used; of the others `problems` says why not."""
        unknown = [each for each in self._each if each.memory.fresh("describe") is None]
        self._first = _ask(unknown, self.environment, self.problems.append)
        found = [(each, each.description(self.problems)) for each in self._each]
        return [(each.member, self._hooks(each, said)) for each, said in found if said]

    def remembered(self) -> list[tuple[Member, Hooks]]:
        """What each has said of itself, as far as it is remembered. Nothing is run."""
        said = [(each.member, each.memory.last("describe")) for each in self._each]
        return [(member, adapters.described(description.restored(plain), None)) for member, plain in said if plain]

    def refresh(self) -> None:
        """Ask all of them anew, whatever is remembered."""
        for each in self._each:
            each.forget()
        save(each.lists for each in self._each)
        _ask(self._each, self.environment, self.problems.append)

    def _hooks(self, each: Executable, said: Description) -> Hooks:
        methods = each.member.manifest.description.methods
        models = each.models if "models" in methods else partial(tuple, said.models)
        found = dict(adapters.described(said, models if "models" in methods or said.models else None))
        if "detect" in methods:
            found["polyroute_credentials"] = (partial(self._detections, each), ("environment",))
        if "map" in methods:
            found["polyroute_model_ids"] = (partial(mappers, each, said), ())
        if "secret" in methods:
            found["polyroute_secrets"] = (each.secret, ("credential",))
        if "verify" in methods:
            found["polyroute_verifications"] = (each.verifications, ("credentials",))
        return found

    def _detections(self, each: Executable, environment: Environment) -> Iterable[Detection]:
        """What one detects: the first that is asked has all others asked too."""
        if getattr(self._asked, "environment", None) is not environment:
            self._asked.found, self._first = {**self._first, **self._detected(environment)}, {}
            self._asked.environment = environment
        question = each.question(environment)
        said = each.memory.fresh(question) or self._asked.found.get((each.member.name, question), Said([]))
        if said.fault:
            environment.report(each.member.failed(said.fault, "polyroute_credentials"))
        return [_detection(row) for row in said.value or ()]

    def _detected(self, environment: Environment) -> Detected:
        able = [each for each in self._each if each.detects]
        questions = [(each, each.question(environment)) for each in able]
        unknown = [
            each
            for each, question in questions
            if each.memory.fresh(question) is None and (each.member.name, question) not in self._first
        ]
        return _ask(unknown, environment, environment.report)


def _ask(each: Sequence[Executable], environment: Environment, report: Callable[[Problem], object]) -> Detected:
    """Have programs describe themselves where that is not known, and detect; return what they detected."""
    if not each:
        return {}
    from polyroute.executables.calls import CALLS, Call

    calls: list[tuple[Executable, Call]] = []
    detected: Detected = {}
    for one in each:
        try:
            program = grants.program(one.manifest, environment)
            calls.append((one, Call(program, tuple(_requests(one, environment)))))
        except Fault as fault:
            _fail(one, environment, str(fault))
    outcomes = CALLS.make([call for _, call in calls], START_SECONDS, _prepare) if calls else []
    for (one, call), outcome in zip(calls, outcomes, strict=True):
        if outcome.noise and not outcome.fault:
            lines = f"printed {outcome.noise} line{'s' if outcome.noise > 1 else ''} on stdout that are no answer"
            report(one.member.failed(lines))
        _take(one, call, outcome, environment, detected)
    save(one.memory for one in each)
    return detected


def _prepare() -> None:
    """What is dear to import and needed for the answers: the programs think meanwhile."""
    from polyroute.manifests import describe  # noqa: F401


def _requests(one: Executable, environment: Environment) -> Iterable[Request]:
    known = one.memory.fresh("describe")
    if known is None:
        yield Request("describe", {"protocols": list(PROTOCOLS), "host": "polyroute"})
    if "detect" in one.manifest.description.methods:
        yield Request("detect", {"env_present": grants.present(one.manifest, environment)})


def _take(one: Executable, call: Call, outcome: Outcome, environment: Environment, detected: Detected) -> None:
    from polyroute.executables import replies

    for request in call.requests:
        try:
            found = replies.result(answered(outcome, request.method))
            if request.method == "describe":
                one.memory.keep("describe", _described(found, one.manifest), DESCRIBED_SECONDS, for_ever=True)
            else:
                rows, seconds = replies.detections(found, one.manifest), replies.seconds(found)
                detected[one.member.name, one.question(environment)] = Said([list(row) for row in rows])
                one.memory.keep(one.question(environment), rows, seconds)
        except Fault as fault:
            one.memory.fail(_question(one, request, environment), str(fault))


def _fail(one: Executable, environment: Environment, fault: str) -> None:
    for request in _requests(one, environment):
        one.memory.fail(_question(one, request, environment), fault)


def _question(one: Executable, request: Request, environment: Environment) -> str:
    return one.question(environment) if request.method == "detect" else request.method


def _described(found: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    from polyroute.executables.calls import shown
    from polyroute.manifests.describe import Wrong, parse

    try:
        said = parse(found, strict=False)
    except Wrong as wrong:
        raise Fault("schema", f"describes itself wrongly: {shown(str(wrong))}") from None
    grants.check(said, manifest)
    return description.plain(said._replace(executable=None))


def _detection(row: Sequence[Any]) -> Detection:
    provider, kind, source, *rest = row
    return Detection(provider, kind, Source(*source) if source else None, *rest)
