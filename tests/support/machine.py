"""What the machine that the tests run on has."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_CI = "CI" in os.environ  # asked before the tests' own environment is made
"""Whether changes are judged here: then nothing may be missing, and the same examples are tried each time."""

_NOBODY = 65534


def needed(*names: str) -> str:
    """Where a program is that goes by one of these names. Without it the test is skipped, which fails it in CI."""
    found = next(filter(None, map(shutil.which, names)), "")
    if not found:
        pytest.skip(f"{names[0]} is not installed")
    return found


@contextlib.contextmanager
def folder_as_nobody() -> Iterator[Path]:
    """A folder in which the tests have no more rights than anybody, though the superuser runs them.

    pytest's own folders are closed to others, so this is another one.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        user = os.geteuid()
        if user == 0:
            os.seteuid(_NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(user)
