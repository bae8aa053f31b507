"""The lanes of the tests, as CONTRIBUTING.md lists them: which lane a test is in, and what holds there."""

from __future__ import annotations

import sys
from collections.abc import Collection, Generator, Iterator
from pathlib import Path

import pytest

from tests.support.machine import IN_CI

TESTS = Path(__file__).parents[1]
LANES = ("clients", "team", "soak", "slow", "fast")
"""The lanes; each test is in one. `full`, which runs by default, is `fast` and `slow`."""
SLOW_FOLDERS = {"cli", "conformance", "fallback", "fuzz", "integrations", "page", "passthrough", "server"}
"""Folders below `tests/` whose tests all need processes, servers, a browser or client libraries."""
SLOW_FIXTURES = {"browser", "installation", "node", "serve", "shell"}
"""Fixtures that start a process or a server; other tests that start one have the mark `slow`."""
STARTS = {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "subprocess.Popen"}
"""Audit events that mean that a process starts."""

_started: list[str] = []


@sys.addaudithook
def _note_starts(event: str, arguments: object, starts: Collection[str] = frozenset(STARTS)) -> None:
    if event in starts:  # an argument, since globals are gone when the interpreter ends
        _started.append(event)


@pytest.hookimpl(tryfirst=True)  # before `-m` selects
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test without a mark for a lane into the lane of its folder and fixtures."""
    for item in items:
        if lane_of(item) is None:
            slow = in_slow_folder(item.path) or SLOW_FIXTURES & set(getattr(item, "fixturenames", ()))
            item.add_marker("slow" if slow else "fast")


def lane_of(item: pytest.Item) -> str | None:
    """Return the lane that a test is marked for."""
    return next((lane for lane in LANES if item.get_closest_marker(lane)), None)


def in_slow_folder(path: Path) -> bool:
    """Return whether a folder or file of tests is in one of the slow folders."""
    return path.is_relative_to(TESTS) and bool(SLOW_FOLDERS & set(path.relative_to(TESTS).parts[:1]))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip slow folders in the fast lane, since importing client libraries takes longer than all of its tests."""
    return (config.option.markexpr == "fast" and in_slow_folder(collection_path)) or None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a test of the fast lane that starts a process."""
    before = len(_started)
    yield
    if lane_of(item) == "fast" and len(_started) > before:
        pytest.fail("a test of the fast lane starts a process: mark it with pytest.mark.slow", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI, since a test that is skipped there never runs."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"{item.nodeid} was skipped in CI: {report.longrepr}"
    return report


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run tests that are named by file in this process, so that debuggers and prints work."""
    return 0 if all(".py" in argument for argument in config.args) else None
