"""The command `polyroute store`."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute.postgres.migrations import MIGRATIONS
from polyroute.preferences import save
from tests.support.shell import Shell
from tests.support.stored import KEY, OTHER_KEY, Replicas

pytestmark = pytest.mark.team


def test_a_database_is_migrated_and_its_keys_rotated(shell: Shell, replicas: Replicas, tmp_path: Path) -> None:
    """`migrate` creates the tables once, and `rotate` seals everything with the first key of the file."""
    keys = tmp_path / "keys"
    keys.write_text(KEY, encoding="utf-8")
    options = ("--store", replicas.url, "--store-key-file", str(keys))
    assert f"{len(MIGRATIONS)} migration" in shell.run("store", "migrate", *options).stdout
    assert "up to date" in shell.run("store", "migrate", *options).stdout
    save(replicas.start().environment("ann"), "direct")
    keys.write_text(f"{OTHER_KEY}\n{KEY}\n", encoding="utf-8")
    assert "1 documents" in shell.run("store", "rotate", *options).stdout
    environment = replicas.start(OTHER_KEY).environment("ann")
    assert "direct" in (environment.read(environment.config_path) or "")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "POLYROUTE_STORE"),
        (("--store", "postgresql:///x"), 2, "--store-key-file"),
        (("--store", "postgresql:///x", "--store-key-file", "/nowhere"), 3, "can't be read"),
    ],
)
def test_a_command_without_a_store_says_what_it_needs(
    shell: Shell, arguments: tuple[str, ...], status: int, said: str
) -> None:
    """Without an address, a key file or a readable key file, the command names what is missing."""
    done = shell.run("store", "migrate", *arguments)
    assert (done.returncode, said in done.stderr) == (status, True)


def test_a_database_that_is_away_is_told(shell: Shell, tmp_path: Path) -> None:
    """A database that does not answer ends the command with 3, and no password is shown."""
    (tmp_path / "keys").write_text(KEY, encoding="utf-8")
    url = f"postgresql://u:canary@/x?host={tmp_path}"
    done = shell.run("store", "rotate", "--store", url, "--store-key-file", str(tmp_path / "keys"))
    assert (done.returncode, "does not answer" in done.stderr, "canary" in done.stderr + done.stdout) == (
        3,
        True,
        False,
    )
