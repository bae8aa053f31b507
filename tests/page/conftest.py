"""Fixtures for the tests of the page: one browser, and visits that fail on unexpected console messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import STATES, Visitor, chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the page, closed before other tests start; timeouts allow for a busy machine."""
    expect.set_options(timeout=20_000)
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    """Open the page; afterwards, assert that no other host was called and no unexpected error was logged."""
    with contextlib.ExitStack() as stack:
        visitor = Visitor(browser, tmp_path, stack)
        yield visitor
        for each in visitor.visits:
            assert each.foreign == []
            assert each.complaints == []


@pytest.fixture(params=STATES)
def keys(request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables of each of the four states of credentials."""
    return STATES[request.param]
