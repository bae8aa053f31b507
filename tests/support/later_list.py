"""A list of a later day than the bundled one, as `polyroute refresh` would have stored it."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from polyroute import lists

_LIST = Path(__file__).parents[1] / "data" / "list-2026-09-30.json.xz"
"""What models.dev listed on that day: names, dates, prices and canonical IDs of all models, and how they are called."""


def later() -> dict[str, Any]:
    """Return the list."""
    found: dict[str, Any] = json.loads(lzma.decompress(_LIST.read_bytes()))
    return found


@contextmanager
def fetched(home: Path) -> Iterator[dict[str, Any]]:
    """Let Polyroute's own files be in `home`, with the list as the fetched one; yield the list."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("POLYROUTE_HOME", str(home))
        path = Path(lists.path("models-dev"))
        path.parent.mkdir(parents=True)
        path.write_bytes(lzma.decompress(_LIST.read_bytes()))
        yield later()
