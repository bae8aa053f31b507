"""Where plugins are added from: which file it was, and that another one needs the user's consent again."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from polyroute._internal import files
from polyroute.plugins.trust import download
from tests.support.file_server import Upstream, drip, drip_headers, running
from tests.support.in_process import Commander
from tests.support.manifests import ACME

pytestmark = pytest.mark.slow


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commander:
    """Return a user who runs commands."""
    return Commander(tmp_path, monkeypatch, capsys)


@pytest.fixture
def server() -> Iterator[Upstream]:
    """Return a server of archives."""
    with running() as found:
        yield found


def archive(version: str = "1") -> bytes:
    """Return an archive of a plugin."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(zipfile.ZipInfo("plugin.toml"), f'name = "acme"\nversion = "{version}"\n' + ACME)
    return packed.getvalue()


def sha256(data: bytes) -> str:
    """Return a digest in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def add(user: Commander, url: str, *more: str, yes: bool = True) -> tuple[int, str]:
    """Add the plugin at an address; return the exit status and what is said."""
    done = user.run("plugins", "add", url, "--insecure", *(["--yes"] if yes else []), *more)
    return done.status, done.out + done.err


def test_the_list_of_plugins_says_where_each_came_from(user: Commander, server: Upstream) -> None:
    """A folder, a file and an address are named, the last two with their digest; a token in the address is not."""
    assert user.run("plugins", "add", str(user.download("one", ACME.replace("acme", "one"))), "--yes").status == 0
    two = user.download("two", ACME.replace("acme", "two")) / "plugin.toml"
    assert user.run("plugins", "add", str(two), "--yes").status == 0
    url = server.put("/acme.zip?token=canary", archive())
    status, said = add(user, url)
    assert (status, "canary" in said) == (0, False)
    assert f"sha256     {sha256(archive())}" in said
    user.put("byhand", ACME.replace("acme", "byhand"))
    found = {each["name"]: each["source"] for each in user.json("plugins", "list")["plugins"]}
    assert found["one"] == {"kind": "folder", "place": str(two.parent.parent / "one"), "sha256": None}
    assert found["two"] == {"kind": "file", "place": str(two), "sha256": sha256(two.read_bytes())}
    address = url.partition("?")[0]
    assert found["acme"] == {"kind": "url", "place": address, "sha256": sha256(archive())}
    assert found["byhand"] is None
    assert f"acme was added from {address} (sha256 {sha256(archive())})" in user.run("plugins", "list").out
    assert user.json("plugins", "info", "acme")["source"] == found["acme"]
    assert f"added      from {address}" in user.run("plugins", "info", "acme").out
    assert all("canary" not in path.read_text() for path in user.ours.rglob("*.json"))


def test_a_file_must_have_the_digest_that_is_given(user: Commander, server: Upstream) -> None:
    """With `--sha256`, a file with another digest is refused, with both digests, and nothing changes."""
    url, wrong = server.put("/acme.zip", archive()), "0" * 64
    status, said = add(user, url, "--sha256", wrong)
    assert (status, wrong in said, sha256(archive()) in said) == (2, True, True)
    assert not user.folder.exists()
    assert add(user, url, "--sha256", f"sha256:{sha256(archive()).upper()}")[0] == 0


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, "0" * 63, "0" * 128])
def test_a_digest_must_be_one(user: Commander, server: Upstream, text: str) -> None:
    """Anything but 64 hexadecimal digits is refused before a request is sent."""
    status, said = add(user, server.put("/acme.zip", archive()), "--sha256", text)
    assert (status, "64 hexadecimal digits" in said, server.seen) == (2, True, [])


def test_a_folder_has_no_digest(user: Commander) -> None:
    """`--sha256` with a folder is refused: there is no file to compare it with."""
    done = user.run("plugins", "add", str(user.download("acme", ACME)), "--yes", "--sha256", "0" * 64)
    assert (done.status, "is a folder" in done.err) == (2, True)


@pytest.mark.parametrize("name", ["acme.zip", "plugin.toml"])
def test_what_is_added_is_what_the_digest_is_of(user: Commander, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is exchanged right after it was read does not get in: it is read once."""
    path = user.home / name
    old, new = (archive("1"), archive("2")) if name == "acme.zip" else (ACME.encode(), b"")
    path.write_bytes(old)
    reads, read = [], files.read

    def read_and_exchange(each: str, *limits: int) -> bytes:
        data = read(each, *limits)
        if each == str(path):
            reads.append(each)
            path.write_bytes(new)
        return data

    monkeypatch.setattr(files, "read", read_and_exchange)
    assert user.run("plugins", "add", str(path), "--yes", "--sha256", sha256(old)).status == 0
    assert reads == [str(path)]
    (added,) = user.folder.glob("*/plugin.toml")
    assert (b'version = "2"' in added.read_bytes(), added.stat().st_size > 0) == (False, True)


@pytest.mark.parametrize("name", ["acme.zip", "acme.tar.gz", "plugin.toml"])
def test_what_is_no_file_or_too_large_is_not_added(user: Commander, name: str) -> None:
    """A pipe is not waited for, and a file beyond the limit of downloads is not read."""
    path = user.home / name
    os.mkfifo(path)
    done = user.run("plugins", "add", str(path), "--yes")
    assert (done.status, str(path) in done.err) == (2, True)
    path.unlink()
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    done = user.run("plugins", "add", str(path), "--yes")
    assert (done.status, "larger than 64 MiB" in done.err) == (2, True)


def test_another_file_at_the_same_address_is_asked_about(user: Commander, server: Upstream) -> None:
    """If the file at an address is not the one whose digest the user gave, `--yes` alone is not consent.

    Both digests are shown. The digest stays noted, also when the same file is added again without it.
    """
    old, new = archive("1"), archive("2")
    url = server.put("/acme.zip", old)
    assert add(user, url, "--sha256", sha256(old))[0] == 0
    assert add(user, url)[0] == 0
    server.put("/acme.zip", new)
    status, said = add(user, url)
    assert (status, sha256(old) in said, f"--sha256 {sha256(new)}" in said) == (2, True, True)
    assert user.json("plugins", "info", "acme")["version"] == "1"
    assert add(user, url, "--sha256", sha256(new))[0] == 0
    assert user.json("plugins", "info", "acme")["version"] == "2"
    server.put("/acme.zip", old)
    assert add(user, url)[0] == 2


def test_without_a_given_digest_an_update_needs_no_other_consent(user: Commander, server: Upstream) -> None:
    """A user who gave no digest updates with `--yes` as before; the digest in the list is the new one."""
    url = server.put("/acme.zip", archive("1"))
    assert add(user, url)[0] == 0
    server.put("/acme.zip", archive("2"))
    assert add(user, url)[0] == 0
    assert user.json("plugins", "info", "acme")["source"]["sha256"] == sha256(archive("2"))


def test_what_was_changed_by_hand_did_not_come_from_there(user: Commander, server: Upstream) -> None:
    """After an edit that the user trusts, the plugin is not said to come from the file that was added."""
    assert add(user, server.put("/acme.zip", archive()))[0] == 0
    (user.folder / "acme" / "more.txt").write_text("x")
    assert user.run("plugins", "trust", "acme", "--yes").status == 0
    assert user.json("plugins", "info", "acme")["source"] is None


@pytest.mark.parametrize("answer", [drip, drip_headers])
def test_a_dripping_download_is_bounded(
    user: Commander, server: Upstream, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sends a byte now and then, in the headers or the body, is given up after the whole time."""
    monkeypatch.setattr(download, "MOST_SECONDS", 0.5)
    server.answers["/acme.zip"] = answer  # type: ignore[assignment]
    status, said = add(user, f"{server.url}/acme.zip")
    assert (status, "no complete response within 0.5 seconds" in said) == (3, True)
