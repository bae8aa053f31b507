"""The lines of protocol 1: JSON-RPC 2.0 over a program's stdin and stdout.

This module only encodes and parses; `event_loop` does the I/O. `docs/protocol.md` documents the protocol for authors of
executables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from polyroute.named_tuples import NamedTuple

PROTOCOLS = (1,)
"""The protocols that this host supports."""

PARSE_ERROR = -32700
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNSUPPORTED_PROTOCOL = -32001
"""The plugin supports none of the offered protocols; `data.supported` lists its own."""
NOT_CONFIGURED = -32002
"""A key, a login or a setting is missing."""
AUTH_INVALID = -32003
"""The credential is rejected."""
NETWORK = -32004
"""The endpoint can't be reached."""
RATE_LIMITED = -32005
"""Too many requests; `data.retry_after` is the number of seconds to wait."""
UPSTREAM = -32006
"""The endpoint returned an error."""
NEEDS_INTERACTION = -32007
"""The user must do something, such as log in again."""

HostCode = Literal[
    "cannot_start",
    "timeout",
    "exited",
    "closed_stdout",
    "line_too_long",
    "too_much_output",
    "json_too_complex",
    "bad_json",
    "schema",
    "stdout_noise",
    "stderr_flood",
]
"""Errors of an executable that the host detects."""

PluginCode = Literal[
    "failed",
    "method_not_found",
    "unsupported_protocol",
    "not_configured",
    "auth_invalid",
    "network",
    "rate_limited",
    "upstream",
    "needs_interaction",
]
"""Errors that an executable reports."""
Code = HostCode | PluginCode

MAX_NODES = 250_000
"""The maximum number of JSON values in a line. They are counted before parsing: 4 MiB of `{}` would take 100 MiB."""
MAX_NOISE = 200
"""The maximum number of lines on stdout that are not answers and are skipped."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class RpcError(Exception):
    """An error between the host and one executable. The message is a predicate: its subject is the executable."""

    def __init__(self, code: Code, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy
        """What the user can do about it, according to the plugin."""


class RpcRequest(NamedTuple):
    """A call of one method."""

    method: str
    params: Mapping[str, Any]


class RpcResponse(NamedTuple):
    """A plugin's answer to one request: a result, or an error if `code` is not 0."""

    result: Any = None
    code: int = 0
    message: str = ""
    data: Any = None


def encoded(requests: Sequence[RpcRequest], first_id: int = 1) -> bytes:
    """Return the requests, one per line: compact, with a fixed order of keys and ascending IDs."""
    return b"".join(map(_encoded, requests, range(first_id, first_id + len(requests))))


def _encoded(request: RpcRequest, number: int) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": request.method, "params": request.params}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class RpcResponses:
    """Collects the answers to requests with IDs from `first_id` on from the output of a program."""

    def __init__(self, requests: Sequence[RpcRequest], first_id: int = 1) -> None:
        self._open = dict(zip(range(first_id, first_id + len(requests)), requests, strict=True))
        self.found: dict[str, RpcResponse] = {}
        """The answers received, by method."""
        self.noise = 0
        self.is_torn = False
        """Whether a line looked like an answer but was not valid JSON."""

    @property
    def is_done(self) -> bool:
        """Whether every request is answered."""
        return not self._open

    def receive(self, line: bytes) -> None:
        """Process one line. Raises RpcError if the program must not be read any further."""
        message = self._parsed(line)
        request = self._open.get(message["id"]) if _is_answer(message) else None
        if request is None:
            self._pass_over()
        else:
            del self._open[message["id"]]
            self.found[request.method] = _answer(message)

    def _parsed(self, line: bytes) -> Any:
        if not line.lstrip().startswith(b"{"):
            return None
        try:
            return parsed(line)
        except ValueError:
            self.is_torn = True
            return None

    def _pass_over(self) -> None:
        self.noise += 1
        if self.noise > MAX_NOISE:
            raise RpcError("stdout_noise", f"printed more than {MAX_NOISE} lines that are not answers")


def parsed(line: bytes) -> Any:
    """Parse a line of JSON. Raises ValueError if it is not valid, RpcError if it is too complex to parse."""
    if sum(map(line.count, (b",", b"{", b"["))) > MAX_NODES:
        raise RpcError("json_too_complex", f"sent a line with more than {MAX_NODES:,} JSON values")
    try:
        message = json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise RpcError("json_too_complex", "sent a line that is nested too deeply") from None
    if _SURROGATE.search(line):
        json.dumps(message, ensure_ascii=False).encode()  # raises ValueError for a lone surrogate
    return message


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not valid JSON")


def _is_answer(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and message.get("jsonrpc") == "2.0"
        and type(message.get("id")) is int
        and ("result" in message) != ("error" in message)
    )


def _answer(message: Mapping[str, Any]) -> RpcResponse:
    if "result" in message:
        return RpcResponse(message["result"])
    error = message["error"]
    code, text = (error.get("code"), error.get("message", "")) if isinstance(error, dict) else (None, None)
    if type(code) is not int or code == 0 or not isinstance(text, str):
        raise RpcError("schema", "sent an error without a code and a message")
    return RpcResponse(None, code, text, error.get("data"))
