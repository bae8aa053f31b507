"""Protocol 1 as lines: JSON-RPC 2.0 over a program's stdin and stdout, what is tolerated in it and what is not.

Pure text in and out; `processes` moves it. `docs/protocol.md` tells it to authors of executables.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

PROTOCOLS = (1,)
"""The protocols that this host offers."""

PARSE_ERROR = -32700
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNSUPPORTED_PROTOCOL = -32001
"""None of the protocols offered; `data.supported` lists the plugin's own."""
NOT_CONFIGURED = -32002
"""A key, a login or a setting is missing."""
AUTH_INVALID = -32003
"""The credential is refused."""
NETWORK = -32004
"""The endpoint can't be reached."""
RATE_LIMITED = -32005
"""Too many requests; `data.retry_after` says for how many seconds."""
UPSTREAM = -32006
"""The endpoint answered with an error of its own."""
NEEDS_INTERACTION = -32007
"""A user has to do something, such as to log in again."""

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
"""What can be wrong with an executable from where the host stands."""

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
"""What an executable says is wrong."""
Code = HostCode | PluginCode

MAX_NODES = 250_000
"""JSON nodes of a line. They are counted before parsing: 4 MiB of `{}` would cost 100 MiB parsed."""
MAX_NOISE = 200
"""Lines on stdout that are no answer, and are passed over."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Fault(Exception):
    """What went wrong between the host and one executable."""

    def __init__(self, code: Code, detail: str, remedy: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy
        """What the plugin says a user does about it."""


class Request(NamedTuple):
    """One method to call."""

    method: str
    params: Mapping[str, Any]


class Answer(NamedTuple):
    """What a plugin answered to one request: a result, or an error (then `code` is not 0)."""

    result: Any = None
    code: int = 0
    message: str = ""
    data: Any = None


def encoded(requests: Sequence[Request], first_id: int = 1) -> bytes:
    """The requests, one a line: compact, in a fixed order of keys, with IDs that count up."""
    return b"".join(map(_encoded, requests, range(first_id, first_id + len(requests))))


def _encoded(request: Request, number: int) -> bytes:
    message = {"jsonrpc": "2.0", "id": number, "method": request.method, "params": request.params}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class Answers:
    """The answers to requests with IDs from `first_id` on, picked out of all that a program prints."""

    def __init__(self, requests: Sequence[Request], first_id: int = 1) -> None:
        self._open = dict(zip(range(first_id, first_id + len(requests)), requests, strict=True))
        self.found: dict[str, Answer] = {}
        """By method."""
        self.noise = 0
        self.is_torn = False
        """Whether a line looked like an answer and was no JSON."""

    @property
    def is_done(self) -> bool:
        """Whether every request is answered."""
        return not self._open

    def receive(self, line: bytes) -> None:
        """Take one line. Raises Fault where nothing more should be heard of this program."""
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
            raise Fault("stdout_noise", f"printed more than {MAX_NOISE} lines that are no answer")


def parsed(line: bytes) -> Any:
    """The JSON of a line. Raises ValueError where it is none; Fault where it is too much to parse."""
    if sum(map(line.count, (b",", b"{", b"["))) > MAX_NODES:
        raise Fault("json_too_complex", f"sent a line with more than {MAX_NODES:,} JSON values")
    try:
        message = json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise Fault("json_too_complex", "sent a line that is nested too deep") from None
    if _SURROGATE.search(line):
        json.dumps(message, ensure_ascii=False).encode()  # half a character alone is no text
    return message


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _is_answer(message: Any) -> bool:
    return (
        isinstance(message, dict)
        and message.get("jsonrpc") == "2.0"
        and type(message.get("id")) is int
        and ("result" in message) != ("error" in message)
    )


def _answer(message: Mapping[str, Any]) -> Answer:
    if "result" in message:
        return Answer(message["result"])
    error = message["error"]
    code, text = (error.get("code"), error.get("message", "")) if isinstance(error, dict) else (None, None)
    if type(code) is not int or code == 0 or not isinstance(text, str):
        raise Fault("schema", "sent an error without a code and a message")
    return Answer(None, code, text, error.get("data"))
