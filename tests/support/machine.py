"""What the machine that the tests run on has."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

IN_CI = "CI" in os.environ  # read before the tests replace the environment
"""Whether the tests run in CI: then nothing may be missing, and the same examples are used each time."""

_NOBODY = 65534


def needed(*names: str) -> str:
    """Return the path of the first of these programs that exists; otherwise skip the test, which fails it in CI."""
    found = next(filter(None, map(shutil.which, names)), "")
    if not found:
        pytest.skip(f"{names[0]} is not installed")
    return found


@contextlib.contextmanager
def folder_as_nobody() -> Iterator[Path]:
    """Return a folder in which the tests have no special rights, even if root runs them.

    pytest's own folders are closed to other users, so this is another one.
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
