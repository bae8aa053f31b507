"""Running an executable for the conformance kit, as a host would and as the worst host might."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from polyroute.environment import Environment
from polyroute.executables import grants
from polyroute.executables.jsonrpc import parsed
from polyroute.executables.processes import Program, Talk, run
from polyroute.manifests.manifests import Manifest

SECONDS = 10.0
"""For everything that has no bound of its own."""
_PAUSE_SECONDS = 0.05


class Transcript:
    """Everything that a program prints; enough is heard after so many lines."""

    def __init__(self, enough: int | None = None) -> None:
        self.lines: list[bytes] = []
        self._enough = enough

    @property
    def is_done(self) -> bool:
        """Whether enough is heard."""
        return self._enough is not None and len(self.lines) >= self._enough

    def receive(self, line: bytes, /) -> None:
        """Keep a line."""
        self.lines.append(line)


class Run(NamedTuple):
    """What came of one run."""

    lines: list[bytes]
    status: int | None
    fault: str
    """What went wrong in words, but where it just ended."""
    errors: bytes

    def answer(self, number: int) -> Any:
        """The message with this ID; None where there is none."""
        found = [message for message in map(message_in, self.lines) if message and message.get("id") == number]
        return found[0] if len(found) == 1 else None

    def result(self, number: int) -> Any:
        """The result with this ID; None where there is none."""
        return (self.answer(number) or {}).get("result")

    def error(self, number: int) -> Any:
        """The code of the error with this ID."""
        error = (self.answer(number) or {}).get("error")
        return error.get("code") if isinstance(error, dict) else None


class Heard(NamedTuple):
    """What was said to a program at once, and the lines that it printed."""

    said: tuple[bytes, ...]
    lines: list[bytes]


class Subject(NamedTuple):
    """A program under trial, and the home of nobody."""

    manifest: Manifest
    home: str
    heard: list[Heard]
    """All that was heard so far."""

    def run(self, *lines: bytes, values: Mapping[str, str] | None = None) -> Run:
        """Say all of it at once, and listen until the program ends."""
        heard, talk = Transcript(), Talk(self.program(values))
        talk.start([b"".join(lines)], heard, SECONDS)
        run([talk])
        self.heard.append(Heard(lines, heard.lines))
        fault = str(talk.fault) if talk.fault and talk.fault.code != "exited" else ""
        return Run(heard.lines, talk.returncode, fault, talk.errors)

    def rounds(self, *parts: tuple[bytes, int]) -> list[list[bytes]]:
        """Say parts one after another to a program that stays: each part with the number of lines to wait for."""
        talk, found = Talk(self.program(None)), []
        for said, wanted in parts:
            heard = Transcript(wanted)
            talk.start([said], heard, SECONDS if wanted else _PAUSE_SECONDS, stays=True)
            run([talk])
            found.append(heard.lines)
        talk.stop()
        return found

    def program(self, values: Mapping[str, str] | None) -> Program:
        """The program as a host runs it, or with `values` in its environment."""
        program = grants.program(self.manifest, Environment({"HOME": self.home}))
        return program._replace(variables={**program.variables, **(values or {})}, parent=self.home)

    def declared(self, value: str) -> dict[str, str]:
        """All declared variables with one value."""
        granted = self.manifest.description.executable
        return {name: value for name in (granted.variables if granted else ()) if name != "HOME"}

    def secrets(self, value: str) -> dict[str, str]:
        """All declared variables that may hold a secret, with one value."""
        granted = self.manifest.description.executable
        return {name: each for name, each in self.declared(value).items() if granted and name not in granted.settings}


def line(method: str, params: Mapping[str, Any], number: int = 1) -> bytes:
    """A request as the host writes it."""
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def message_in(line: bytes) -> dict[str, Any] | None:
    """The message that a line is; None where it is none."""
    try:
        found = parsed(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and found.get("jsonrpc") == "2.0" else None
