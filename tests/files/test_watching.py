"""Changes of files that were looked up before, also of those that were missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polyroute._internal.cache import identity_or_none
from polyroute._internal.watching import Watch

NAMES = ["file", "folder/file", "folder/other/file"]


@pytest.fixture
def long_ago(tmp_path: Path) -> Path:
    """A folder that has not changed for long, so that its time tells of every new entry."""
    os.utime(tmp_path, (1e9, 1e9))
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked_before", [0, 1, 2])
def test_a_file_that_was_missing_is_noticed_at_once(long_ago: Path, name: str, asked_before: int) -> None:
    """A missing file is noticed as soon as it is written, also if its folders were missing, however often asked."""
    path = long_ago / name
    watch = Watch({str(path): None, str(long_ago / "folder" / "sibling"): None})
    assert all(watch.is_unchanged() for _ in range(asked_before))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    assert not watch.is_unchanged()


@pytest.mark.parametrize("asked_before", [0, 1, 2])
def test_a_file_in_a_folder_that_changes_all_the_time_is_noticed(tmp_path: Path, asked_before: int) -> None:
    """A folder that has changed just now may change again without another time; its files are looked at."""
    watch = Watch({str(tmp_path / "file"): None})
    for number in range(asked_before):
        (tmp_path / f"another-{number}").touch()
        assert watch.is_unchanged()
    (tmp_path / "file").touch()
    assert not watch.is_unchanged()


@pytest.mark.parametrize("asked_before", [0, 2])
def test_what_a_dangling_link_leads_to_is_noticed(long_ago: Path, asked_before: int) -> None:
    """A link to a file that is missing is followed: its own folder does not tell."""
    (long_ago / "elsewhere").mkdir()
    (long_ago / "link").symlink_to(long_ago / "elsewhere" / "file")
    os.utime(long_ago, (1e9, 1e9))
    watch = Watch({str(long_ago / "link"): None})
    assert all(watch.is_unchanged() for _ in range(asked_before))
    (long_ago / "elsewhere" / "file").touch()
    assert not watch.is_unchanged()


def test_a_file_that_is_changed_or_removed_is_noticed(tmp_path: Path) -> None:
    """A file that existed counts as changed when its text changes, and when it is gone."""
    path = tmp_path / "file"
    path.write_text("one")
    watch = Watch({str(path): identity_or_none(str(path))})
    assert watch.is_unchanged()
    path.write_text("another")
    assert not watch.is_unchanged()
    path.unlink()
    assert not watch.is_unchanged()


def test_a_file_that_is_written_before_it_is_watched_is_a_change(long_ago: Path) -> None:
    """A file that was missing when it was read, and exists when it is watched, counts as changed."""
    (long_ago / "file").touch()
    assert not Watch({str(long_ago / "file"): None}).is_unchanged()


def test_a_path_that_no_file_can_have_stays_missing(long_ago: Path) -> None:
    """A path with a NUL is missing for ever."""
    watch = Watch({str(long_ago / "nul\0" / "file"): None})
    assert [watch.is_unchanged() for _ in range(3)] == [True] * 3
