"""Checks of an executable. It is run as a normal host runs it, and with unusual input."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from polyroute._internal import platform
from polyroute.conformance import response_form
from polyroute.conformance.harness import SECONDS, Run, Subject, Transcript, line
from polyroute.conformance.manifest import path_of
from polyroute.conformance.terms import CANARY
from polyroute.plugins.executables import permissions, responses
from polyroute.plugins.executables.event_loop import Session, run
from polyroute.plugins.executables.jsonrpc import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL,
    RpcError,
    RpcResponse,
)
from polyroute.plugins.manifests import loader
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.manifests.parser import parse
from polyroute.plugins.manifests.validators import InvalidDocument, place
from polyroute.results import Finding

_END_SECONDS = 1.0
_BIGGEST_ID = 2**31 - 1
_BIG_BYTES = 1 << 20
"""How long a big request is."""
_OFFER = {"protocols": [1], "host": "polyroute-kit"}
_DOCUMENT = "See docs/protocol.md."
_START = "Is it executable (chmod +x), and does the interpreter in its first line exist?"


def check(path: str) -> list[Finding]:
    """Return the findings about the executable of a manifest or of the one in a folder; empty if it has none."""
    path = path_of(path)
    manifest = Manifest(path, loader.read(path))
    if not manifest.description.executable:
        return []
    if not platform.RUNS_PROGRAMS:
        told = f"it is a program, which {platform.NEEDS_POSIX}, so it was not run"
        return [Finding("unsupported", "error", told, "Check it there.")]
    with tempfile.TemporaryDirectory() as home:
        subject = Subject(manifest, home, [])
        try:
            first = subject.run(line("describe", _OFFER))
        except RpcError as fault:
            return [Finding("describe-missing", "error", f"it {fault}", "Set argv to a path or a program on PATH.")]
        if first.fault or not first.lines:
            why = first.fault or f"ended with status {first.status}"
            said = first.errors.decode(errors="replace")[-300:]
            told = f"it did not respond to describe: it {why} {said}".strip()
            return [Finding("describe-missing", "error", told, _START if first.status is None else _DOCUMENT)]
        habits = [each for each in _habits(subject) if each]
        return [*_described(subject, first), *response_form.findings(subject.heard), *habits]


def _described(subject: Subject, first: Run) -> Iterator[Finding]:
    try:
        found = responses.result(RpcResponse(first.result(1)))
        said = parse(found, strict=False)
        permissions.check(said, subject.manifest)
    except (RpcError, InvalidDocument) as wrong:
        why = response_form.why(subject.heard[:1]) or str(wrong)
        yield Finding("describe-refused", "error", f"its description can't be used: {why}", _DOCUMENT)
    else:
        from polyroute.conformance import declarations
        from polyroute.conformance.terms import EXECUTABLE

        yield from _unknown_keys(found)
        yield from declarations.findings(said._replace(methods=subject.manifest.description.methods), EXECUTABLE)
    if first.status != 0:
        yield Finding("exit-status", "error", f"it ended with status {first.status} at the end of its input", "Exit 0.")


def _unknown_keys(description: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the keys of a valid description that hosts ignore."""
    try:
        parse(description)
    except InvalidDocument as wrong:
        for where, what in wrong.faults:
            yield Finding("key-unknown", "warning", f"{place(where)} {what}", "Hosts ignore it: correct its name.")


def _habits(subject: Subject) -> Iterator[Finding | None]:
    for code, severity, message, holds in _HABITS:
        before = len(subject.heard)
        try:
            why = "" if holds(subject) else message
        except RpcError as fault:
            why = f"{message}: {fault}"
        reason = response_form.why(subject.heard[before:])
        yield Finding(code, severity, _with(why, reason), _DOCUMENT) if why else None
    for method in subject.manifest.description.methods:
        try:
            yield from _method(subject, method)
        except RpcError as fault:
            yield Finding("answer-refused", "error", f"its response to {method} can't be used: it {fault}", _DOCUMENT)


def _with(fault: str, reason: str) -> str:
    return f"{fault}: {reason}" if reason else fault


def _method(subject: Subject, method: str) -> Iterator[Finding | None]:
    params, accepted = _PARAMS[method]
    found = subject.run(line(method, params, 5), values=subject.secrets(CANARY))
    if found.answer(5) is None or found.error(5) in (METHOD_NOT_FOUND, INVALID_PARAMS):
        fault = _with(f"it does not support {method}, which its manifest names", response_form.why(subject.heard[-1:]))
        yield Finding("method-missing", "error", fault, _DOCUMENT)
    elif found.error(5) is None:
        try:
            result = responses.result(RpcResponse(found.result(5)))
            responses.seconds(result)
            accepted(result, subject.manifest)
        except RpcError as fault:
            yield Finding("answer-refused", "error", f"its response to {method} can't be used: it {fault}", _DOCUMENT)
    if _tells(found):
        yield Finding(
            "secret-told", "error", f"its output for {method} contains the value of a variable", "Return names."
        )


_PARAMS: Mapping[str, tuple[Mapping[str, Any], Callable[[Mapping[str, Any], Manifest], object]]] = {
    "detect": ({"env_present": []}, responses.detections),
    "models": ({"providers": ["no-such-provider"]}, responses.models),
    "map": (
        {"gateway": "x", "models": [{"provider": "x", "id": f"made-up-{number}"} for number in range(10_000)]},
        lambda result, _: responses.mappings(result),
    ),
    "verify": ({"refs": {}, "secrets": {}}, lambda result, _: responses.verifications(result, ())),
    "secret": ({"provider": "no-such-provider", "ref": "no-such-ref"}, responses.secret),
}


def _refuses_others(subject: Subject) -> bool:
    found = subject.run(line("describe", {"protocols": [999], "host": "polyroute-kit"}))
    error = (found.answer(1) or {}).get("error")
    data = error.get("data") if isinstance(error, dict) else None
    supported = data.get("supported") if isinstance(data, dict) else None
    return found.error(1) == UNSUPPORTED_PROTOCOL and isinstance(supported, list) and 1 in supported


def _ends_soon(subject: Subject) -> bool:
    heard, talk = Transcript(), Session(subject.program(None))
    talk.start([line("describe", _OFFER)], Transcript(1), SECONDS, stays=True)
    run([talk])
    talk.start([], heard, _END_SECONDS)
    run([talk])
    return talk.returncode == 0


def _empty_prints_nothing(subject: Subject) -> bool:
    found = subject.run()
    return not found.lines and not found.fault and found.status == 0


def _is_alike(subject: Subject, **values: str) -> bool:
    """Return whether describe returns the same bytes both times."""
    asked = line("describe", _OFFER)
    first = subject.run(asked).lines
    return bool(first) and first == subject.run(asked, values=values).lines


def _answers(subject: Subject, params: Mapping[str, Any], number: int = 1) -> bool:
    return subject.run(line("describe", {**_OFFER, **params}, number)).result(number) is not None


def _three_at_once(subject: Subject) -> bool:
    found = subject.run(*(line("describe", _OFFER, number) for number in (1, 2, 3)))
    return all(found.result(number) is not None for number in (1, 2, 3))


def _split(subject: Subject) -> bool:
    asked = line("describe", _OFFER)
    return len(subject.rounds((asked[:20], 0), (asked[20:], 1))[1]) == 1


def _flushes(subject: Subject) -> bool:
    found = subject.rounds((line("describe", _OFFER, 1), 1), (line("describe", _OFFER, 2), 1))
    return [len(lines) for lines in found] == [1, 1]


def _survives_malformed(subject: Subject) -> bool:
    return subject.run(b"{not JSON\n", line("describe", _OFFER, 2)).result(2) is not None


def _is_quiet(subject: Subject) -> bool:
    """Return whether every request gets one well-formed response, and nothing else is printed."""
    methods = ["describe", "no_such_method"]
    found = subject.run(*(line(method, _OFFER, number) for number, method in enumerate(methods, 1)))
    return len(found.lines) == len(methods) and all(found.answer(number) for number in (1, 2))


def _keeps_secrets(subject: Subject) -> bool:
    asked = [line("describe", _OFFER, 1), line("no_such_method", {}, 2), b"{not JSON\n"]
    return not _tells(subject.run(*asked, values=subject.secrets(CANARY)))


def _tells(found: Run) -> bool:
    return CANARY.encode() in b"".join([*found.lines, found.errors])


_Habit = tuple[str, Any, str, Callable[[Subject], bool]]
_HABITS: Sequence[_Habit] = (
    (
        "protocol",
        "error",
        "it does not refuse unsupported protocols with error -32001 and `supported`",
        _refuses_others,
    ),
    ("end-of-input", "error", "it does not exit 0 within a second of the end of its input", _ends_soon),
    ("empty-input", "error", "without input it does not exit with status 0 and without output", _empty_prints_nothing),
    (
        "unknown-method",
        "error",
        "it does not respond to an unknown method with error -32601",
        lambda subject: subject.run(line("no_such_method", {})).error(1) == METHOD_NOT_FOUND,
    ),
    (
        "unknown-params",
        "error",
        "it does not ignore unknown parameters",
        lambda subject: _answers(subject, {"x": [{}]}),
    ),
    (
        "id-in-params",
        "error",
        'it mistakes an "id" in the parameters for the ID of the request',
        lambda subject: _answers(subject, {"id": 9, "text": '"id":9', "deep": {"id": 9, "method": "x"}}),
    ),
    (
        "big-id",
        "error",
        f"it does not respond to a request with the ID {_BIGGEST_ID}",
        lambda subject: _answers(subject, {}, _BIGGEST_ID),
    ),
    ("three-at-once", "error", "it does not respond to three requests sent at once", _three_at_once),
    ("split", "error", "it does not respond to a request sent in two parts", _split),
    ("flush", "error", "it does not respond before the next request arrives: flush after each line", _flushes),
    (
        "big-request",
        "error",
        "it does not respond to a request of one MiB",
        lambda subject: _answers(subject, {"x": "x" * _BIG_BYTES}),
    ),
    (
        "non-ascii",
        "error",
        "it does not respond to a request that is not ASCII",
        lambda subject: _answers(subject, {"x": "é漢😀"}),
    ),
    ("malformed-line", "advice", "it does not continue after a line that is not JSON", _survives_malformed),
    (
        "empty-variable",
        "error",
        "an empty variable changes its description",
        lambda subject: _is_alike(subject, **subject.declared("")),
    ),
    ("describe-changes", "error", "describe does not return the same twice", _is_alike),
    (
        "describe-depends",
        "error",
        "its description depends on the values of variables",
        lambda subject: _is_alike(subject, **subject.declared(CANARY)),
    ),
    ("stdout-noise", "error", "it prints something other than one response to each request on stdout", _is_quiet),
    ("secret-told", "error", "its output contains the value of a variable", _keeps_secrets),
)
