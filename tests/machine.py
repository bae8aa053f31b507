"""What the machine that the tests run on has."""

from __future__ import annotations

import os
import shutil

import pytest

IN_CI = "CI" in os.environ  # asked before the tests' own environment is made
"""Whether changes are judged here: then nothing may be missing, and the same examples are tried each time."""


def needed(*names: str) -> str:
    """Where a program is that goes by one of these names. A developer's machine may have none, and skips the test."""
    found = next(filter(None, map(shutil.which, names)), "")
    if not found:
        (pytest.fail if IN_CI else pytest.skip)(f"{names[0]} is not installed")
    return found
