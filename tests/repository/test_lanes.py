"""Every test is in a lane, and the lanes keep what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.lanes import SLOW_FOLDERS, TESTS

MADE_UP = """\
import subprocess

import pytest


def test_sound():
    pass


def test_starts_a_process():
    subprocess.run(["true"])


@pytest.mark.slow
def test_may_start_a_process():
    subprocess.run(["true"])


def test_skips():
    pytest.skip("nothing to do")


@pytest.mark.soak
def test_takes_hours():
    pass
"""


def test_the_slow_folders_are_there() -> None:
    """Each slow folder exists, so that renaming one does not change its lane."""
    assert {folder for folder in SLOW_FOLDERS if not (TESTS / folder).is_dir()} == set()


BY_HAND = {Path("page", "screens.py"), Path("page", "pictures.py")}
"""A command for people who change the page."""


def test_tests_and_helpers_are_apart() -> None:
    """Tests are in folders that are named for what they test, and helpers in `tests/support/`."""
    files = {path.relative_to(TESTS) for path in TESTS.rglob("*.py") if TESTS / "data" not in path.parents}
    tests = {path for path in files if path.name.startswith("test_")}
    helpers = {
        path for path in files - tests if path.name not in ("__init__.py", "conftest.py") and path not in BY_HAND
    }
    assert {str(path) for path in tests if path.parts[0] == path.name} == set()
    assert {path.parts[0] for path in tests} & {path.parts[0] for path in helpers} == set()
    assert {path.parts[0] for path in helpers} == {"support"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lane", "ci", "outcome"),
    [
        ("fast", "", "1 failed, 1 passed, 1 skipped, 2 deselected"),
        ("fast", "true", "2 failed, 1 passed, 2 deselected"),
        ("slow", "true", "1 passed, 4 deselected"),
        ("soak", "true", "1 passed, 4 deselected"),
    ],
)
def test_what_holds_in_a_lane(tmp_path: Path, lane: str, ci: str, outcome: str) -> None:
    """A test of the fast lane that starts a process fails, and so does one that is skipped in CI."""
    (tmp_path / "test_made_up.py").write_text(MADE_UP)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  slow\n  fast\n  soak\n")
    own = {"PYTHONPATH": str(TESTS.parent)} | ({"CI": ci} if ci else {})
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.support.lanes", "-m", lane, str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1].startswith(outcome), done.stdout
