"""What follows from the plugins alone, so that the catalogs of all environments share it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Shared:
    """Values by key. Each is made once, or in several threads at once, of which all get the first."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[tuple[str, ...], Any] = {}

    def get(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """Return what `make` returned first for this key."""
        found: T | None = self._values.get(key)
        return self._values.setdefault(key, make()) if found is None else found
