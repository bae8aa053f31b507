"""Collecting what goes wrong."""

from collections.abc import Callable, Iterable, Iterator

from polyroute.types import Problem

Reporter = Callable[[Problem], object]
"""What a problem is reported to."""


class Problems:
    """Problems in the order in which they were reported, each once. Whoever makes a collection owns it."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._all: dict[str, Problem] = {}
        for problem in problems:
            self.report(problem)

    def report(self, problem: Problem) -> None:
        """Record `problem`, unless it was recorded before."""
        self._all.setdefault(str(problem), problem)  # by its text: a plugin's own may not be hashable

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Problem]:
        return iter(tuple(self._all.values()))
