"""Who may use what Polyroute writes, and whose files it believes: owners and modes, as ssh checks them."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyroute import Environment, Unavailable
from polyroute._internal import cache, file_access, files, platform
from polyroute.lists import changes, stored
from polyroute.lists.decisions import Change
from polyroute.plugins.trust.approvals import Approvals
from tests.support.in_process import Commander, give_away
from tests.support.manifests import ACME

pytestmark = pytest.mark.usefixtures("shared_group")

UMASKS = [0o000, 0o002, 0o022, 0o077]


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commander:
    """Return a user who runs commands."""
    return Commander(tmp_path, monkeypatch, capsys)


@pytest.fixture(params=UMASKS, ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set a umask for the test."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def wider(*places: Path) -> dict[str, str]:
    """Return the files and folders that others than their owner may use, with their modes."""
    paths = [each for place in places for each in (place, *place.rglob("*"))]
    modes = {str(path): stat.S_IMODE(path.lstat().st_mode) for path in paths}
    return {path: oct(mode) for path, mode in modes.items() if mode & 0o077}


def test_what_commands_write_is_private_under_any_umask(user: Commander, umask: int) -> None:
    """Keys, custom models, approvals, plugins, preferences, caches and locks, and all their folders, are private."""
    folder = user.download("acme", ACME, notes_txt="x")
    assert user.run("plugins", "add", str(folder), "--yes").status == 0
    assert user.run("keys", "set", "acme", given="k" * 20).status == 0
    model = ("custom", "add", "openai-compatible/x", "--base-url", "http://127.0.0.1:1/v1")
    assert user.run(*model).status == 0
    assert user.run("prefer", "direct").status == 0
    assert user.run("status").status == 0
    written = (user.ours, user.home / ".dexto")
    assert {each.name for place in written for each in place.rglob("*")} >= {
        ".env",
        "custom-models.json",
        "plugins.json",
        "config.toml",
        "cache",
        "plugin.toml",
        ".plugins.json.lock",
    }
    assert wider(*written) == {}


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    """A private file in a folder that others may read is private; the folder stays as the user made it."""
    folder = tmp_path / "wide"
    folder.mkdir()
    folder.chmod(0o755)
    files.replace(str(folder / "a" / "b" / "file"), b"x")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755
    assert wider(folder / "a") == {}


def test_a_program_stays_a_program_under_any_umask(user: Commander, umask: int) -> None:
    """What is executable in the source is executable for its owner in the copy."""
    folder = user.download("acme", ACME, run="#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    assert user.run("plugins", "add", str(folder), "--yes").status == 0
    assert stat.S_IMODE((user.folder / "acme" / "run").stat().st_mode) == 0o700


PLACES = {
    "the manifest": "ours/plugins/acme/plugin.toml",
    "its folder": "ours/plugins/acme",
    "the plugin folder": "ours/plugins",
    "the folder above": "ours",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("mode", [0o020, 0o002], ids=["group", "all"])
def test_a_plugin_below_what_others_may_write_is_not_used(user: Commander, place: str, mode: int) -> None:
    """A plugin is refused if others may write it or any folder above it; the command in the remedy fixes that."""
    user.put("acme")
    path = user.home / place
    path.chmod(path.stat().st_mode | mode)
    document = user.json("plugins", "list")
    (found,) = (each for each in document["plugins"] if each["name"] == "acme")
    assert f"users other than its owner may write {path}" in found["reason"]
    (problem,) = (each for each in document["problems"] if each["code"] == "unsafe")
    os.system(problem["remedy"].partition("Run: ")[2])  # noqa: S605 - the command is Polyroute's own remedy
    assert all(each["enabled"] for each in user.json("plugins", "list")["plugins"] if each["name"] == "acme")


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_plugin_of_another_user_is_not_used(user: Commander, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin that belongs to neither the user nor root is refused, as is one below such a folder."""
    user.put("acme")
    give_away(user.home / place, monkeypatch)
    (problem,) = (each for each in user.json("plugins", "list")["problems"] if each["code"] == "unsafe")
    assert "belongs to" in problem["message"]
    assert "chown" in problem["remedy"]


def test_a_folder_for_all_with_the_sticky_bit_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a folder such as `/tmp`, in which only owners rename files, the user's own folders are safe."""
    shared = tmp_path / "shared"
    (shared / "mine").mkdir(parents=True)
    shared.chmod(0o1777)
    assert file_access.exposure(str(shared / "mine"), str(tmp_path)) is None
    shared.chmod(0o777)
    assert file_access.exposure(str(shared / "mine"), str(tmp_path)) is not None


def test_a_link_is_as_safe_as_where_it_stands_and_leads(tmp_path: Path) -> None:
    """A link in a safe folder to one that others may change is not safe, and neither is the other way round."""
    for name in ("safe", "open"):
        (tmp_path / name / "inner").mkdir(parents=True)
    (tmp_path / "safe" / "link").symlink_to(tmp_path / "open" / "inner")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "safe" / "inner")
    (tmp_path / "open").chmod(0o777)
    for name in ("safe", "open"):
        found = file_access.exposure(str(tmp_path / name / "link" / "file"), str(tmp_path))
        assert found is not None
        assert str(tmp_path / "open") in found.why


def test_a_home_is_where_the_check_ends(tmp_path: Path) -> None:
    """As for ssh, folders above the user's home don't matter."""
    home = tmp_path / "open" / "home"
    home.mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    assert file_access.exposure(str(home / "file"), str(home)) is None
    assert file_access.exposure(str(home / "file"), str(tmp_path)) is not None


def test_a_file_system_without_modes_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Windows drive, where `chmod` changes nothing, the remedy is to mount it otherwise or to move the file."""
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:5 / {tmp_path} rw - 9p C:\\134 rw,aname=drvfs\n")
    monkeypatch.setattr(platform, "_MOUNTS", str(mounts))
    tmp_path.chmod(0o777)
    found = file_access.exposure(str(tmp_path), str(tmp_path))
    assert found is not None
    assert "(9p) stores no permissions" in found.remedy
    assert "metadata" in found.remedy
    tmp_path.chmod(0o700)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the cache."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "ours"))
    return tmp_path / "ours" / "cache"


def others_may_write(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let all users write a file."""
    path.chmod(0o666)


@pytest.mark.parametrize("change", [others_may_write, give_away])
def test_a_cache_that_others_could_have_written_is_written_anew(
    folder: Path, tmp_path: Path, change: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry of another owner, or one that others may write, is ignored; the next is believed."""
    source = tmp_path / "source"
    source.touch()
    cache.derived("x", 1, [str(source)], lambda: "mine")
    (entry,) = folder.iterdir()
    entry.write_text(json.dumps({**json.loads(entry.read_text()), "value": "theirs"}))
    assert cache.derived("x", 1, [str(source)], lambda: "mine") == "theirs"
    with monkeypatch.context() as patch:
        change(entry, patch)  # type: ignore[operator]
        assert cache.derived("x", 1, [str(source)], lambda: "mine") == "mine"
    assert cache.derived("x", 1, [str(source)], lambda: "other") == "mine"


def test_a_cache_in_a_folder_of_all_is_not_used(folder: Path, tmp_path: Path, user: Commander) -> None:
    """If others may write the folder of the cache, nothing in it is believed, and a problem says what to do."""
    source = tmp_path / "source"
    source.touch()
    cache.derived("x", 1, [str(source)], lambda: "before")
    folder.chmod(0o777)
    assert cache.derived("x", 1, [str(source)], lambda: "now") == "now"
    (problem,) = (each for each in user.json("plugins", "list")["problems"] if each["code"] == "cache-unsafe")
    assert problem["remedy"] == f"Run: chmod go-w {folder}"


def test_the_key_of_digests_is_secret(folder: Path) -> None:
    """The key of digests is made anew if others may read it."""
    first = cache.digest_key()
    assert cache.digest_key() == first
    (folder / "digest.key").write_bytes(bytes(32))
    (folder / "digest.key").chmod(0o644)
    assert cache.digest_key() != bytes(32)
    assert wider(folder) == {}


def test_a_fetched_list_that_others_could_have_written_is_not_used(folder: Path) -> None:
    """A fetched list of which others could have changed the file counts as never fetched."""
    path = Path(stored.path("acme"))
    file_access.make_folders(str(path.parent))
    path.write_text('{"a": 1}')
    assert stored.read("acme", "") == {"a": 1}
    assert stored.sources("acme") == [str(path)]
    path.chmod(0o664)
    assert (stored.read("acme", ""), stored.fetched_at("acme"), stored.sources("acme")) == (None, None, [])


def test_approvals_that_others_may_write_are_not_used(user: Commander) -> None:
    """If others may change the user's decisions, nothing is approved, and nothing is added to them until that ends."""
    folder = user.put("acme", in_project=True)
    user.approve(folder)
    path = user.ours / "state" / "plugins.json"
    for each in (path, path.parent):
        before = stat.S_IMODE(each.stat().st_mode)
        assert Approvals.load(user.environment()).fingerprints
        each.chmod(before | 0o020)
        found = Approvals.load(user.environment())
        assert not found.fingerprints
        (problem,) = found.problems
        assert problem.remedy == f"Run: chmod go-w {each}"
        assert user.run("plugins", "trust", "acme", "--yes").status == 3
        each.chmod(before)


def test_a_plugin_is_not_added_to_a_folder_of_others(user: Commander) -> None:
    """`plugins add` says that others may write the plugin folder before it copies anything into it."""
    user.folder.mkdir(parents=True)
    user.folder.chmod(0o777)
    done = user.run("plugins", "add", str(user.download("acme", ACME)), "--yes")
    assert (done.status, f"chmod go-w {user.folder}" in done.err, list(user.folder.iterdir())) == (2, True, [])


@pytest.mark.parametrize(("mode", "is_told"), [(0o664, True), (0o646, True), (0o644, False)])
def test_preferences_that_others_may_write_are_told(user: Commander, mode: int, is_told: bool) -> None:
    """A `config.toml` that other users may change is one problem, with the command that ends it; it is still used."""
    assert user.run("prefer", "direct").status == 0
    path = user.ours / "config.toml"
    path.chmod(mode)
    problems = [each for each in user.json("status")["problems"] if each["code"] == "file-mode"]
    assert [each["remedy"] for each in problems] == [f"Run: chmod go-w {path}"] * is_told
    assert user.json("prefer")["prefer"] == "direct"


def test_without_approvals_a_wide_home_is_no_problem_of_theirs(user: Commander) -> None:
    """If there is no file of approvals, nothing is said about who could change it."""
    user.home.chmod(0o777)
    assert "approvals-unsafe" not in {each["code"] for each in user.json("plugins", "list")["problems"]}
    user.home.chmod(0o700)


def test_consent_to_lists_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    """Accepted changes of fetched lists are not believed if others may write them; agreeing again says so."""
    change = Change("acme", "base URL", "a", "b")
    environment = Environment({"POLYROUTE_HOME": str(tmp_path)}, home=tmp_path)
    changes.accept([change], environment.state_directory)
    path = Path(changes.path_in(environment.state_directory))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert changes.accepted(environment.state_directory, environment.home) == {change}
    path.chmod(0o602)
    assert changes.accepted(environment.state_directory, environment.home) == frozenset()
    with pytest.raises(Unavailable, match="chmod go-w"):
        changes.accept([change], environment.state_directory)
