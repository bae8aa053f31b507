"""Run an executable for the conformance kit, as a normal host runs it or with unusual input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from polyroute.environment import Environment
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.executables import permissions
from polyroute.plugins.executables.event_loop import Program, Session, run
from polyroute.plugins.executables.jsonrpc import parsed
from polyroute.plugins.manifests.loader import Manifest

SECONDS = 10.0
"""The time limit of everything without its own."""
_PAUSE_SECONDS = 0.05


class Transcript:
    """The lines that a program prints; complete after `enough` lines, if given."""

    def __init__(self, enough: int | None = None) -> None:
        self.lines: list[bytes] = []
        self._enough = enough

    @property
    def is_done(self) -> bool:
        """Whether enough lines were received."""
        return self._enough is not None and len(self.lines) >= self._enough

    def receive(self, line: bytes, /) -> None:
        """Store a line."""
        self.lines.append(line)


class Run(NamedTuple):
    """The result of one run."""

    lines: list[bytes]
    status: int | None
    fault: str
    """A message saying what went wrong; empty if the program just exited."""
    errors: bytes

    def answer(self, number: int) -> Any:
        """Return the message with this ID; None if there is not exactly one."""
        found = [message for message in map(message_in, self.lines) if message and message.get("id") == number]
        return found[0] if len(found) == 1 else None

    def result(self, number: int) -> Any:
        """Return the result with this ID, or None."""
        return (self.answer(number) or {}).get("result")

    def error(self, number: int) -> Any:
        """Return the code of the error with this ID, or None."""
        error = (self.answer(number) or {}).get("error")
        return error.get("code") if isinstance(error, dict) else None


class Exchange(NamedTuple):
    """The lines sent to a program at once, and the lines that it printed."""

    said: tuple[bytes, ...]
    lines: list[bytes]


class Subject(NamedTuple):
    """The program to check, with an empty home folder."""

    manifest: Manifest
    home: str
    heard: list[Exchange]
    """Everything received so far."""

    def run(self, *lines: bytes, values: Mapping[str, str] | None = None) -> Run:
        """Send all lines at once, and read until the program exits."""
        heard, talk = Transcript(), Session(self.program(values))
        talk.start([b"".join(lines)], heard, SECONDS)
        run([talk])
        self.heard.append(Exchange(lines, heard.lines))
        fault = str(talk.fault) if talk.fault and talk.fault.code != "exited" else ""
        return Run(heard.lines, talk.returncode, fault, talk.errors)

    def rounds(self, *parts: tuple[bytes, int]) -> list[list[bytes]]:
        """Send parts one after another to a long-lived process; each part has the number of lines to wait for."""
        talk, found = Session(self.program(None)), []
        for said, wanted in parts:
            heard = Transcript(wanted)
            talk.start([said], heard, SECONDS if wanted else _PAUSE_SECONDS, stays=True)
            run([talk])
            found.append(heard.lines)
        talk.end()
        return found

    def program(self, values: Mapping[str, str] | None) -> Program:
        """Return the program as a host runs it, with `values` added to its variables."""
        program = permissions.program(self.manifest, Environment({"HOME": self.home}))
        return program._replace(variables={**program.variables, **(values or {})}, parent=self.home)

    def declared(self, value: str) -> dict[str, str]:
        """Return all declared variables, each with `value`."""
        granted = self.manifest.description.executable
        return {name: value for name in (granted.variables if granted else ()) if name != "HOME"}

    def secrets(self, value: str) -> dict[str, str]:
        """Return all declared variables that may hold a secret, each with `value`."""
        granted = self.manifest.description.executable
        return {name: each for name, each in self.declared(value).items() if granted and name not in granted.settings}


def line(method: str, params: Mapping[str, Any], number: int = 1) -> bytes:
    """Return a request as the host writes it."""
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def message_in(line: bytes) -> dict[str, Any] | None:
    """Return the message in a line; None if it is not a message."""
    try:
        found = parsed(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("jsonrpc") == "2.0" else None
