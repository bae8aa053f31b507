"""Fixtures for the tests of the page: one browser, and visits that fail on unexpected console messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import Kept, Visitor, chromium, visitor


@pytest.fixture(scope="package")
def kept() -> Iterator[Kept]:
    """What a visit hands on to the next, in one browser for all tests of the page, closed before other tests start."""
    expect.set_options(timeout=20_000)  # for a busy machine
    with chromium() as browser, contextlib.closing(Kept(browser)) as kept:
        yield kept


@pytest.fixture
def visit(kept: Kept, tmp_path: Path) -> Iterator[Visitor]:
    """Open the page; afterwards, assert that no other host was called and no unexpected error was logged."""
    with visitor(tmp_path, kept) as opened:
        yield opened
        for each in opened.visits:
            assert each.foreign == []
            assert each.complaints == []
