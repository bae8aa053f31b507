"""Collect problems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from polyroute.types import Problem

Reporter = Callable[[Problem], object]
"""A function that receives problems."""


class Problems:
    """Problems in the order in which they were reported, without duplicates."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._all: dict[str, Problem] = {}
        for problem in problems:
            self.report(problem)

    def report(self, problem: Problem) -> None:
        """Record `problem`, unless it was recorded before."""
        self._all.setdefault(str(problem), problem)  # keyed by text: a problem from a plugin may not be hashable

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._all.values()))
