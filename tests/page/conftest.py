"""What the tests of the page share: one browser, and visits in which nothing may be complained of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import STATES, Visitor, chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A browser for all these tests; it ends before others begin. On a busy machine what is to come may take long."""
    expect.set_options(timeout=20_000)
    with chromium() as found:
        yield found


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visitor]:
    """Opens the page. Afterwards no other host was asked, and no page complained of anything it was not told to."""
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
