"""What is remembered of an executable between runs, so that it is not run again for what it said already."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from polyroute import cache
from polyroute.executables.jsonrpc import PROTOCOLS

DESCRIBED_SECONDS = 24 * 3600.0
FAILED_SECONDS = 600.0
"""How long a program is left alone after it failed."""

_VERSION = 2

_MOST_KEPT = 64
"""Answers of one program that are kept as its last good ones: one for each user of a process."""


class Said(NamedTuple):
    """An answer that still holds, or what went wrong instead."""

    value: Any
    fault: str = ""
    code: str = ""
    """What kind of fault it is, for programs."""


class Memory:
    """The answers of one executable, as long as it is what was approved."""

    def __init__(self, folder: str, fingerprint: str, name: str = "executables") -> None:
        """What is kept of the program in `folder`, in the file of this name."""
        self.folder = folder
        self.name = name
        self._made_from = [_VERSION, fingerprint, list(PROTOCOLS), sys.platform]
        found = cache.recall(name, folder)
        is_current = isinstance(found, dict) and found.get("made_from") == self._made_from
        self._said: dict[str, list[Any]] = {**found["said"]} if is_current else {}

    def fresh(self, question: str) -> Said | None:
        """What was said to this question, where that still holds."""
        value, fault, code, at, until = self._said.get(question, (None, "", "", 0.0, 0.0))
        return Said(value, fault, code) if at <= time.time() < until else None

    def last(self, question: str) -> Any:
        """The last good answer, however old; None where there is none."""
        return self._said.get(f"last {question}", [None])[0]

    def keep(self, question: str, value: Any, seconds: float, *, for_ever: bool = False) -> None:
        """Keep an answer for as long as it holds, or `for_ever` as the last good one."""
        now = time.time()
        self._said[question] = [value, "", "", now, now + seconds]
        if for_ever:
            self._said[f"last {question}"] = [value, "", "", now, now + 90 * DESCRIBED_SECONDS]

    def fail(self, question: str, fault: str, code: str) -> None:
        """Remember that there was no answer, and why."""
        now = time.time()
        self._said[question] = [None, fault, code, now, now + FAILED_SECONDS]

    def forget(self) -> None:
        """Ask everything anew; the last good answers stay."""
        self._said = {question: each for question, each in self._said.items() if question.startswith("last ")}

    def kept(self) -> dict[str, Any]:
        """What still holds, as it is written down."""
        now = time.time()
        said = {question: each for question, each in self._said.copy().items() if each[3] <= now < each[4]}
        newest = sorted(said, key=lambda question: said[question][3], reverse=True)[: 2 * _MOST_KEPT]
        return {"made_from": self._made_from, "said": {question: said[question] for question in newest}}


def save(memories: Iterable[Memory]) -> None:
    """Write down what still holds: each file once."""
    files: dict[str, dict[str, Any]] = {}
    for each in memories:
        files.setdefault(each.name, {})[each.folder] = each.kept()
    for name, values in files.items():
        cache.remember(name, values)
