"""Checks of a program's replies: each must have the ID of its request, and a result or an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from polyroute._internal.redact import REDACTED
from polyroute._internal.terminal import clean
from polyroute.conformance.harness import Exchange
from polyroute.conformance.terms import CANARY
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.executables.jsonrpc import RpcError, parsed
from polyroute.results import Finding

_SHOWN = 200
"""The most characters of a line in a message."""
_REMEDIES = {
    "reply-id": "Give each reply the `id` of its request.",
    "reply-id-type": "Return the `id` as the same number.",
    "reply-jsonrpc": 'Begin each reply with "jsonrpc": "2.0".',
    "reply-both": "Leave out `error` if there is a `result`, even if the result is null.",
    "reply-neither": "Give a `result`, or an `error` with a code and a message.",
    "reply-error": 'Write "error": {"code": -32000, "message": "…"}.',
}
_REPLY = {"id", "result", "error"}


class InvalidResponse(NamedTuple):
    """A reply that hosts reject."""

    code: str
    words: str
    request: bytes
    reply: dict[str, Any]


def findings(heard: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield the first finding of each kind about the replies."""
    first: dict[str, InvalidResponse] = {}
    for each in _wrong(heard):
        first.setdefault(each.code, each)
    for code, words, request, reply in first.values():
        message = f"{words}. Request: {_shown(request.decode())} Reply: {_shown(_without_secrets(request, reply))}"
        yield Finding(code, "error", message, _REMEDIES[code])


def why(heard: Iterable[Exchange]) -> str:
    """Return what is wrong with the first reply that hosts reject; empty if there is none."""
    return next((each.words for each in _wrong(heard)), "")


def _wrong(heard: Iterable[Exchange]) -> Iterator[InvalidResponse]:
    for said, lines in heard:
        requests = {message["id"]: line for line in said if (message := _object(line))}
        if len(requests) == len(said):  # otherwise it may reply without an ID to a line that is not a request
            yield from _of_one(requests, lines)


def _of_one(waiting: dict[int, bytes], lines: Iterable[bytes]) -> Iterator[InvalidResponse]:
    """Yield the invalid replies to requests that were sent at once."""
    for reply in map(_object, lines):
        if not reply or not _REPLY & reply.keys() or not waiting:
            continue
        number = _meant(reply.get("id"), waiting)
        request = waiting.pop(number)
        for code, words in (*_identified(reply, number), *_formed(reply, number)):
            yield InvalidResponse(code, words, request, reply)


def _meant(number: Any, waiting: Iterable[int]) -> int:
    """Return the ID of the request that a reply belongs to: the same ID, else the first that waits."""
    return next((each for each in waiting if str(each) == str(number)), next(iter(waiting)))


def _identified(reply: dict[str, Any], asked: int) -> Iterator[tuple[str, str]]:
    number = reply.get("id")
    told = f"it answered the request with id {asked}"
    if "id" not in reply:
        yield "reply-id", f"{told} without an id"
    elif type(number) is not int and number is not None:
        yield "reply-id-type", f"{told} with id {json.dumps(number)}, which is not a number in JSON"
    elif number != asked:
        yield "reply-id", f"{told} with id {json.dumps(number)}"


def _formed(reply: dict[str, Any], asked: int) -> Iterator[tuple[str, str]]:
    told = f"its reply to the request with id {asked}"
    if reply.get("jsonrpc") != "2.0":
        yield "reply-jsonrpc", f'{told} does not have "jsonrpc": "2.0"'
    if "result" in reply and "error" in reply:
        yield "reply-both", f"{told} has both a `result` and an `error`"
    elif "result" not in reply and "error" not in reply:
        yield "reply-neither", f"{told} has neither a `result` nor an `error`"
    elif "error" in reply and not _is_error(reply["error"]):
        yield "reply-error", f"{told} has an `error` without a code and a message"


def _is_error(error: Any) -> bool:
    return (
        isinstance(error, dict)
        and type(error.get("code")) is int
        and error["code"] != 0
        and isinstance(error.get("message", ""), str)
    )


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = parsed(line)
    except (ValueError, RpcError):
        return None
    return found if isinstance(found, dict) else None


def _without_secrets(request: bytes, reply: dict[str, Any]) -> str:
    """Return a reply as text, with the result left out if it is a secret."""
    is_secret = (_object(request) or {}).get("method") == "secret" and "result" in reply
    return json.dumps({**reply, "result": "…"} if is_secret else reply, ensure_ascii=False)


def _shown(line: str) -> str:
    text = clean(re.sub(CANARY, REDACTED, line)).strip()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
