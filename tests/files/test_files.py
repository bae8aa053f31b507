"""Writing a user's files: whole or not at all, durably, one process at a time; and what is said where it fails."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polyroute import MissingExtra, Unavailable
from polyroute._internal import files

_HOLDING = """\
import sys, time
from polyroute._internal import files

with files.locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""
_WRITING_AS_NOBODY = """\
import os, sys
from polyroute import Unavailable
from polyroute._internal import files

path = sys.argv[1]
with files.locked(sys.argv[2]):  # what this needs is imported while it may be read
    pass
if os.getuid() == 0:
    os.setuid(65534)
try:
    with files.readable_errors(path), files.locked(path):
        files.replace(path, b"new")
except Unavailable as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file that holds some content."""
    path = tmp_path / "file.json"
    path.write_bytes(b"old")
    return path


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", _HOLDING, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def others(path: Path) -> list[str]:
    """Return the other files in the same folder."""
    return sorted(each.name for each in path.parent.iterdir() if each != path)


def test_a_symbolic_link_stays_one(path: Path, tmp_path: Path) -> None:
    """The target of a symbolic link is replaced, also through two links and from another directory."""
    (tmp_path / "elsewhere").mkdir()
    one, two = tmp_path / "elsewhere" / "one", tmp_path / "two"
    one.symlink_to(path)
    two.symlink_to(one)
    with files.locked(str(two), links=True):
        files.replace(str(two), b"new")
    assert path.read_bytes() == b"new"
    assert one.is_symlink()
    assert two.is_symlink()


def test_a_file_of_polyroutes_own_is_no_link(tmp_path: Path) -> None:
    """Only files that users keep elsewhere may be links: any other link is refused before anything is written."""
    (tmp_path / "target").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(Unavailable, match="is a link"), files.locked(str(tmp_path / "link")):
        pass
    assert others(tmp_path / "link") == ["target"]


def test_a_link_to_another_users_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to another user's file is refused, and a lock file is not created beside that file."""
    (tmp_path / "target").write_bytes(b"theirs")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.setattr("polyroute._internal.platform.user_id", lambda: (tmp_path / "target").stat().st_uid + 1)
    with pytest.raises(Unavailable, match="another user"), files.locked(str(tmp_path / "link"), links=True):
        pass
    assert others(tmp_path / "link") == ["target"]


def test_what_is_no_regular_file(tmp_path: Path) -> None:
    """A named pipe in place of a file is refused, directly and through a link, and not waited for."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for name in ("pipe", "link"):
        with pytest.raises(Unavailable, match="regular file"), files.locked(str(tmp_path / name), links=True):
            pass


def test_a_link_to_what_is_not_there_yet(tmp_path: Path) -> None:
    """For a dangling link, the file is created at the link's target."""
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "target")
    files.replace(str(tmp_path / "link"), b"new")
    assert (tmp_path / "folder" / "target").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("before", "asked", "after"), [(None, None, 0o600), (0o644, None, 0o644), (0o644, 0o600, 0o600)]
)
def test_modes(tmp_path: Path, before: int | None, asked: int | None, after: int) -> None:
    """A new file has mode 0600, an existing one keeps its mode, and a requested mode is set."""
    path = tmp_path / "file"
    if before is not None:
        path.touch(before)
        path.chmod(before)
    files.replace(str(path), b"x", mode=asked)
    assert stat.S_IMODE(path.stat().st_mode) == after


def test_the_order_of_what_makes_it_durable(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synced to disk before it is renamed, and the directory afterwards."""
    calls: list[str] = []

    def watch(name: str) -> None:
        original = getattr(os, name)

        def called(*arguments: Any, **named: Any) -> Any:
            kind = ""
            if name == "fsync":
                kind = " directory" if stat.S_ISDIR(os.fstat(arguments[0]).st_mode) else " file"
            calls.append(name + kind)
            return original(*arguments, **named)

        monkeypatch.setattr(os, name, called)

    for name in ("fsync", "replace", "chmod"):
        watch(name)
    files.replace(str(path), b"new", mode=0o600)
    assert calls == ["chmod", "fsync file", "replace", "fsync directory"]


@pytest.mark.parametrize("failing", ["fsync", "replace", "chmod"])
def test_a_step_that_fails(path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    """If a step fails, the old file is intact, no temporary file is left, and the error names the reason."""

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(Unavailable, match="was not changed: No space left"), files.readable_errors(str(path)):
        files.replace(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert others(path) == []


def test_a_file_that_may_grow_no_larger(path: Path) -> None:
    """If the system accepts only a part of the data, the old file is intact and no temporary file is left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(Unavailable, match="was not changed"), files.readable_errors(str(path)):
            files.replace(str(path), b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"old"
    assert others(path) == []


def test_a_before_that_objects(path: Path) -> None:
    """If `before` raises, the old file is kept although the new one is completely written."""
    with pytest.raises(ZeroDivisionError):
        files.replace(str(path), b"new", before=lambda: 1 / 0)
    assert path.read_bytes() == b"old"
    assert others(path) == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_directory_that_can_not_be_written(mode: int) -> None:
    """A directory without write permission is reported, and nothing has changed."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o711)
        inner = Path(folder, "inner")
        inner.mkdir()
        path = inner / "file"
        path.write_bytes(b"old")
        inner.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", _WRITING_AS_NOBODY, path, str(Path(folder, "loads-filelock"))],
            capture_output=True,
            text=True,
            check=True,
        )
        inner.chmod(0o700)
        assert "was not changed: Permission denied" in done.stdout
        assert path.read_bytes() == b"old"


def test_strays_are_swept(path: Path) -> None:
    """The next lock removes temporary files of killed writers of this file and of its backup copy, and nothing else."""
    strays = [path.with_name(f".file.json{name}.tmp") for name in ("-a1", "-b2", ".broken-c3")]
    kept = [
        path.with_name(name) for name in (".other.json-a1.tmp", "file.json.tmp", ".file.json-a1", ".file.json2-a.tmp")
    ]
    for each in (*strays, *kept):
        each.touch()
    with files.locked(str(path)):
        assert others(path) == sorted([".file.json.lock", *(each.name for each in kept)])


@pytest.mark.slow
def test_a_lock_that_is_held(path: Path, holder: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for a lock times out with an error that names the cause, and nothing is changed."""
    monkeypatch.setattr(files, "LOCK_TIMEOUT_SECONDS", 0.1)
    with pytest.raises(Unavailable, match="another process"), files.locked(str(path)):
        pass
    assert path.read_bytes() == b"old"


@pytest.mark.slow
def test_a_lock_whose_holder_is_dead(path: Path, holder: subprocess.Popen[str]) -> None:
    """The lock of a dead process is free at once, although its file exists."""
    holder.kill()
    holder.wait()
    assert path.with_name(".file.json.lock").exists()
    with files.locked(str(path)):
        files.replace(str(path), b"new")
    assert path.read_bytes() == b"new"


def test_without_the_extra(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no lock library is installed, the error names the extra that installs it."""
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(MissingExtra, match=r"polyroute\[store\]"), files.locked(str(path)):
        pass
