"""Values that are computed when they are first asked for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING:
    from functools import cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801, as Python calls it
        """Python's own without the lock of Python 3.11, which all instances of a class share.

        With that lock, one user waits for what is computed for another, and threads whose values need each other's in a
        different order wait forever. Without it, two threads may compute a value at once; both get the first result.
        """

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            """Return the value, or this property for a class."""
            if instance is None:
                return self
            return vars(instance).setdefault(self.attrname, self.func(instance))
