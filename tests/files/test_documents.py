"""The documents of users as files: what holds wherever they are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute import Environment
from tests.support.documents_contract import DocumentsContract


class _Homes:
    """A home for each user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment(self, user: str) -> Environment:
        """Return the environment of the user's home."""
        return Environment({}, home=self._folder / user)

    def path(self, user: str, name: str) -> str:
        """Return a path in the user's home."""
        return str(self._folder / user / name)


class TestFiles(DocumentsContract):
    """The suite, on files."""

    @pytest.fixture
    def keeping(self, tmp_path: Path) -> _Homes:
        """Return homes below a temporary folder."""
        return _Homes(tmp_path)
