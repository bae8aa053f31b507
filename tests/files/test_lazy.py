"""Values that are computed when they are first asked for, by several threads."""

from __future__ import annotations

import threading

from polyroute.lazy import cached_property

_PATIENCE_SECONDS = 10.0


class Pair:
    """Has two values, each of which needs the other one of the next pair."""

    def __init__(self, both_begun: threading.Barrier | None = None, needed: Pair | None = None) -> None:
        self._both_begun, self._needed = both_begun, needed

    @cached_property
    def left(self) -> list[object]:
        """Needs the right value of the next pair."""
        self._wait()
        return [self._needed.right] if self._needed else []

    @cached_property
    def right(self) -> list[object]:
        """Needs the left value of the next pair."""
        self._wait()
        return [self._needed.left] if self._needed else []

    def _wait(self) -> None:
        if self._both_begun:
            self._both_begun.wait(_PATIENCE_SECONDS)


def test_threads_do_not_wait_for_each_other() -> None:
    """Threads compute values at once that need each other's kind of value in a different order."""
    pair = Pair(threading.Barrier(2), needed=Pair())
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(pair.left), daemon=True),
        threading.Thread(target=lambda: found.append(pair.right), daemon=True),
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(_PATIENCE_SECONDS)
    assert found == [[[]], [[]]]


def test_all_threads_get_the_same_object() -> None:
    """Threads that compute a value at once get one object."""
    pair = Pair(threading.Barrier(2))
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(pair.left), daemon=True)
    thread.start()
    found.append(pair.left)
    thread.join(_PATIENCE_SECONDS)
    assert found[0] is found[1] is pair.left
