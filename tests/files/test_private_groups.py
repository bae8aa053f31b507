"""What a group may write that has no other user, as with a umask of 002 and a group for each user."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from polyroute._internal import file_access, private_group
from tests.support.in_process import Commander

if sys.platform == "win32":
    pytest.skip("Windows has no such groups", allow_module_level=True)

import grp
import pwd

ME, EVE = os.geteuid(), 54321
ME_AND_EVE = {"me": (ME, True), "eve": (EVE, False)}


class UserDatabase:
    """The users and groups of a system, in place of this machine's."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        patch.setattr(private_group, "_only_user", private_group._only_user.__wrapped__)

    def put(self, group: str, members: Sequence[str], users: Mapping[str, tuple[int, bool]]) -> None:
        """Let each group have a name and members, and each user a number; True if that group is their first one."""

        def getpwall() -> list[SimpleNamespace]:
            rows = users.items()
            return [
                SimpleNamespace(pw_name=name, pw_uid=uid, pw_gid=own if is_own else -1) for name, (uid, is_own) in rows
            ]

        def getpwnam(name: str) -> SimpleNamespace:
            return {each.pw_name: each for each in getpwall()}[name]

        own = os.getegid()
        self._patch.setattr(grp, "getgrgid", lambda number: SimpleNamespace(gr_name=group, gr_mem=list(members)))
        self._patch.setattr(pwd, "getpwall", getpwall)
        self._patch.setattr(pwd, "getpwnam", getpwnam)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> UserDatabase:
    """Return a user database that a test fills."""
    return UserDatabase(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that its group may write."""
    path = tmp_path / "file"
    path.touch()
    os.chown(path, -1, os.getegid())
    path.chmod(0o664)
    return path


def is_exposed(path: Path) -> bool:
    """Return whether others could change a file."""
    return file_access.exposure_of(str(path), path.stat()) is not None


@pytest.mark.parametrize("members", [[], ["me"]])
def test_a_group_without_other_users_is_safe(database: UserDatabase, path: Path, members: list[str]) -> None:
    """What the user's own group may write is safe, unless everybody may write it too."""
    database.put("me", members, ME_AND_EVE)
    assert not is_exposed(path)
    path.chmod(0o666)
    assert is_exposed(path)


@pytest.mark.parametrize(
    ("group", "members", "users"),
    [
        pytest.param("me", ["me", "eve"], ME_AND_EVE, id="another member"),
        pytest.param("me", [], {"me": (ME, True), "eve": (EVE, True)}, id="the first group of another user"),
        pytest.param("me", [], {"me": (ME, False)}, id="not the user's first group"),
        pytest.param("staff", ["me"], ME_AND_EVE, id="a group of another name"),
        pytest.param("eve", [], {"me": (ME, False), "eve": (EVE, True)}, id="another user's group"),
        pytest.param("me", [], {}, id="users that are not listed"),
    ],
)
def test_any_other_group_is_not(
    database: UserDatabase, path: Path, group: str, members: list[str], users: Mapping[str, tuple[int, bool]]
) -> None:
    """What a group may write is not safe if others could be in it."""
    database.put(group, members, users)
    assert is_exposed(path)


def test_an_access_control_list_is_somebody_else(
    database: UserDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an access control list, whose limit is shown as the group's mode, users may be named that may write."""
    database.put("me", [], ME_AND_EVE)
    monkeypatch.setattr(os, "listxattr", lambda path: ["system.posix_acl_access"], raising=False)
    assert is_exposed(path)


def test_users_are_looked_up_only_where_a_group_may_write(
    database: UserDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For files that nobody else may write, no user database is asked."""
    monkeypatch.setattr(private_group, "_only_user", None)
    for mode in (0o600, 0o644, 0o755):
        path.chmod(mode)
        assert not is_exposed(path)


@pytest.mark.parametrize("members", [[], ["eve"]])
def test_plugins_are_used_with_a_umask_of_002(
    database: UserDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    members: list[str],
) -> None:
    """A plugin that a user wrote with a umask of 002 is used if the user's group has no other user."""
    database.put("me", members, ME_AND_EVE)
    user = Commander(tmp_path, monkeypatch, capsys)
    for each in (folder := user.put("acme"), *folder.iterdir()):
        os.chown(each, -1, os.getegid())
        each.chmod(each.stat().st_mode | 0o020)
    (found,) = (each for each in user.json("plugins", "list")["plugins"] if each["name"] == "acme")
    assert found["enabled"] == (not members)
