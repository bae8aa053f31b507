"""Remember the answers of executables between runs, so that programs are not run again while answers are valid."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any

from polyroute._internal import cache
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.executables.jsonrpc import PROTOCOLS

DESCRIBED_SECONDS = 24 * 3600.0
FAILED_SECONDS = 600.0
"""How long a program is not run again after a failure."""

_VERSION = 2

_MOST_KEPT = 64
"""How many last good answers of one program are kept: one for each user of a process."""


class CachedAnswer(NamedTuple):
    """An answer that is still valid, or the reason why there is none."""

    value: Any
    fault: str = ""
    code: str = ""
    """The machine-readable code of the fault."""


class Memory:
    """The answers of one executable, valid as long as its fingerprint is the approved one."""

    def __init__(self, folder: str, fingerprint: str, name: str = "executables") -> None:
        """Load the answers of the program in `folder` from the cache entry `name`."""
        self.folder = folder
        self.name = name
        self._made_from = [_VERSION, fingerprint, list(PROTOCOLS), sys.platform]
        found = cache.recall(name, folder)
        is_current = isinstance(found, dict) and found.get("made_from") == self._made_from
        self._said: dict[str, list[Any]] = {**found["said"]} if is_current else {}

    def fresh(self, question: str) -> CachedAnswer | None:
        """Return the answer to `question` if it is still valid, else None."""
        value, fault, code, at, until = self._said.get(question, (None, "", "", 0.0, 0.0))
        return CachedAnswer(value, fault, code) if at <= time.time() < until else None

    def last(self, question: str) -> Any:
        """Return the last good answer, however old, or None."""
        return self._said.get(f"last {question}", [None])[0]

    def keep(self, question: str, value: Any, seconds: float, *, for_ever: bool = False) -> None:
        """Keep an answer for `seconds`; with `for_ever`, also as the last good one."""
        now = time.time()
        self._said[question] = [value, "", "", now, now + seconds]
        if for_ever:
            self._said[f"last {question}"] = [value, "", "", now, now + 90 * DESCRIBED_SECONDS]

    def fail(self, question: str, fault: str, code: str) -> None:
        """Remember that there was no answer, and the reason."""
        now = time.time()
        self._said[question] = [None, fault, code, now, now + FAILED_SECONDS]

    def forget(self) -> None:
        """Discard all answers except the last good ones."""
        self._said = {question: each for question, each in self._said.items() if question.startswith("last ")}

    def kept(self) -> dict[str, Any]:
        """Return all valid answers in the form in which they are stored."""
        now = time.time()
        said = {question: each for question, each in self._said.copy().items() if each[3] <= now < each[4]}
        newest = sorted(said, key=lambda question: said[question][3], reverse=True)[: 2 * _MOST_KEPT]
        return {"made_from": self._made_from, "said": {question: said[question] for question in newest}}


def save(memories: Iterable[Memory]) -> None:
    """Store all valid answers, writing each file once."""
    files: dict[str, dict[str, Any]] = {}
    for each in memories:
        files.setdefault(each.name, {})[each.folder] = each.kept()
    for name, values in files.items():
        cache.remember(name, values)
